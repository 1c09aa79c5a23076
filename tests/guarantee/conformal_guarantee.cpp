// SPDX-License-Identifier: Apache-2.0
// The false-alarm rates that conformal calibration promises: exact, conditional, by group, and under covariate shift.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/conformal.hpp"

namespace stats = vedette::stats;
using stats::ConformalCalibration;
using stats::ConformalGuarantee;

TEST_CASE("marginal: the rate is exact for continuous scores and for randomised ties, below it for ties") {
    vedette::Random random(41);
    for (const std::size_t n : {19UL, 99UL, 250UL}) {
        Rate continuous, tied, randomised;
        std::vector<double> scores(n), rounded(n);
        for (int run = 0; run < 20'000; ++run) {
            for (std::size_t i = 0; i < n; ++i) {
                scores[i] = random.normal();
                rounded[i] = std::round(scores[i]);
            }
            const double live = random.normal();
            const ConformalCalibration exact(scores), rough(rounded);
            continuous.add(exact.p_value(live) <= 0.1);
            tied.add(rough.p_value(std::round(live)) <= 0.1);
            randomised.add(rough.p_value(std::round(live), 1.0 - random.uniform()) <= 0.1);
        }
        const double attained = std::floor(0.1 * static_cast<double>(n + 1)) / static_cast<double>(n + 1);
        MESSAGE(n, ": continuous ", continuous.value(), ", tied ", tied.value(), ", randomised ", randomised.value());
        CHECK(continuous.at_most(attained));
        CHECK(continuous.at_least(attained));
        CHECK(tied.at_most(0.1));
        CHECK(randomised.at_most(0.1));
        CHECK(randomised.at_least(0.1));
    }
}

// With uniform scores the rate above a threshold is known without drawing live scores.
TEST_CASE("conditional: at all levels at once, no more often broken than promised") {
    vedette::Random random(42);
    for (const std::size_t n : {20UL, 200UL, 1000UL}) {
        Rate dkw_broken, simes_broken, single_broken, marginal_broken;
        std::vector<double> scores(n);
        for (int run = 0; run < 4'000; ++run) {
            for (double& score : scores) score = random.uniform();
            const ConformalCalibration dkw(scores, {ConformalGuarantee::conditional_dkw, 0.1});
            const ConformalCalibration simes(scores, {ConformalGuarantee::conditional_simes, 0.1});
            const ConformalCalibration marginal(scores);
            std::sort(scores.begin(), scores.end());
            const auto is_broken = [&](const ConformalCalibration& calibration) {
                // P(p <= t) jumps where a score just above a calibration score becomes significant.
                return std::any_of(scores.begin(), scores.end(), [&](double score) {
                    return 1.0 - score > calibration.p_value(std::nextafter(score, 2.0));
                });
            };
            dkw_broken.add(is_broken(dkw));
            simes_broken.add(is_broken(simes));
            if (n < 50) continue;
            single_broken.add(1.0 - marginal.single_threshold(0.05, 0.1) > 0.05);
            marginal_broken.add(1.0 - marginal.threshold(0.05) > 0.05);
        }
        MESSAGE(n, ": DKW broken ", dkw_broken.value(), ", Simes ", simes_broken.value());
        CHECK(dkw_broken.at_most(0.1));
        CHECK(simes_broken.at_most(0.1));
        CHECK(simes_broken.at_least(0.05));  // not by being idle
        if (n < 50) continue;
        MESSAGE("  single threshold broken ", single_broken.value(), ", marginal threshold ", marginal_broken.value());
        CHECK(single_broken.at_most(0.1));
        CHECK(single_broken.at_least(0.04));
        CHECK(marginal_broken.at_least(0.3));  // what the marginal guarantee does not promise
    }
}

TEST_CASE("by group: each group keeps its rate where a common calibration gives one group all the alarms") {
    vedette::Random random(43);
    Rate group[2], common[2];
    std::vector<double> scores(198);
    std::vector<std::uint32_t> groups(198);
    for (int run = 0; run < 10'000; ++run) {
        const auto draw = [&](std::uint32_t g) { return random.normal() * (g == 0 ? 1.0 : 3.0); };
        for (std::size_t i = 0; i < scores.size(); ++i) {
            groups[i] = i % 2;
            scores[i] = draw(groups[i]);
        }
        const stats::MondrianCalibration mondrian(scores, groups, 2);
        const ConformalCalibration pooled(scores);
        for (std::uint32_t g = 0; g < 2; ++g) {
            const double live = draw(g);
            group[g].add(mondrian.p_value(live, g) <= 0.05);
            common[g].add(pooled.p_value(live) <= 0.05);
        }
    }
    for (const Rate& rate : group) {
        CHECK(rate.at_most(0.05));
        CHECK(rate.at_least(0.05));
    }
    CHECK(!common[1].at_most(0.05));
}

TEST_CASE("covariate shift: weighted p-values keep the rate, unweighted ones do not") {
    vedette::Random random(44);
    Rate weighted, plain;
    std::vector<double> scores(200), weights(200);
    // x is N(0, 1) in calibration and N(1, 1) live: w(x) = exp(x - 1/2). The score is x plus noise.
    for (int run = 0; run < 10'000; ++run) {
        for (std::size_t i = 0; i < scores.size(); ++i) {
            const double x = random.normal();
            scores[i] = x + 0.5 * random.normal();
            weights[i] = std::exp(x - 0.5);
        }
        const double x = 1.0 + random.normal();
        const double live = x + 0.5 * random.normal();
        weighted.add(stats::WeightedCalibration(scores, weights).p_value(live, std::exp(x - 0.5)) <= 0.1);
        plain.add(ConformalCalibration(scores).p_value(live) <= 0.1);
    }
    MESSAGE("weighted ", weighted.value(), ", unweighted ", plain.value());
    CHECK(weighted.at_most(0.1));
    CHECK(weighted.at_least(0.06));
    CHECK(!plain.at_most(0.2));
}
