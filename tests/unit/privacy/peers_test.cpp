// SPDX-License-Identifier: Apache-2.0
// Beside OpenDP, Google's library (python-dp) and diffprivlib: the same laws, noise, guarantees and probabilities.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "fixed_keystream.hpp"
#include "test_budget.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/privacy/accounting.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/gaussian_calibration.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/partition_selection.hpp"
#include "vedette/privacy/privacy_loss.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/privacy/selection.hpp"
#include "vedette/privacy/staircase.hpp"

namespace {

using namespace vedette::privacy;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);

const nlohmann::json& oracle() {
    return oracle_data("privacy_peers.json");
}

// Two samples of one size, cells of fewer than 20 together: the chi-square statistic in standard deviations from its
// mean. Beyond 8 with a probability below 1e-8 even of few degrees.
template <class Sampler>
double distance(const nlohmann::json& theirs, const Sampler& sampler) {
    std::map<std::int64_t, std::pair<double, double>> cells;
    std::size_t draws = 0;
    for (const auto& pair : theirs) {
        cells[pair[0].get<std::int64_t>()].first = pair[1].get<double>();
        draws += pair[1].get<std::size_t>();
    }
    FixedKeystream stream(61);
    std::vector<std::int64_t> ours(draws);
    sampler.sample(ours, stream);
    for (const std::int64_t x : ours) cells[x].second += 1.0;
    double statistic = 0.0, degrees = -1.0;
    std::pair<double, double> rest{0.0, 0.0};
    const auto add = [&](double a, double b) {
        if (a + b > 0.0) statistic += (a - b) * (a - b) / (a + b);
        degrees += 1.0;
    };
    for (const auto& [x, pair] : cells) {
        if (pair.first + pair.second >= 20.0) {
            add(pair.first, pair.second);
        } else {
            rest.first += pair.first;
            rest.second += pair.second;
        }
    }
    add(rest.first, rest.second);
    return (statistic - degrees) / std::sqrt(2.0 * degrees);
}

TEST_CASE("OpenDP's draws and ours are of one law, and of no other scale") {
    for (const auto& row : oracle()["opendp_laplace_draws"]) {
        const double scale = row[0];
        CAPTURE(scale);
        CHECK(distance(row[1], DiscreteLaplace(scale)) < 8.0);
        CHECK(distance(row[1], DiscreteLaplace(1.25 * scale)) > 8.0);
    }
    for (const auto& row : oracle()["opendp_gaussian_draws"]) {
        const double sigma = row[0];
        CAPTURE(sigma);
        CHECK(distance(row[1], DiscreteGaussian(sigma)) < 8.0);
        CHECK(distance(row[1], DiscreteGaussian(1.25 * sigma)) > 8.0);
    }
}

TEST_CASE("OpenDP's guarantees: epsilon, rho, profiles, how far noise reaches, thresholds") {
    for (const auto& row : oracle()["opendp_laplace_epsilon"]) {
        const NoiseLaw law(Epsilon(row[2].get<double>()), {row[1].get<std::uint64_t>(), 1});
        CHECK(law.scale() == doctest::Approx(row[0].get<double>()).epsilon(1e-13));
    }
    for (const auto& row : oracle()["opendp_gaussian_rho"]) {
        const auto sensitivity = row[1].get<std::uint64_t>();
        const NoiseLaw law(Rho(row[2].get<double>()), {sensitivity, sensitivity * sensitivity});
        CHECK(law.scale() == doctest::Approx(row[0].get<double>()).epsilon(1e-13));
    }
    for (const auto& row : oracle()["opendp_zcdp_epsilon"]) {
        const double ratio = row[1].get<double>() / row[0].get<double>();
        const double ours = zcdp_epsilon(0.5 * ratio * ratio, row[2]);
        CHECK(ours == doctest::Approx(row[3].get<double>()).epsilon(1e-9));
    }
    for (const auto& row : oracle()["opendp_laplace_accuracy"]) {
        const double scale = row[0];
        const NoiseLaw law(Epsilon(1.0 / scale), {});
        CHECK(law.reach(row[1]) == std::ceil(row[2].get<double>()) - 1.0);
    }
    for (const auto& row : oracle()["opendp_gaussian_accuracy"]) {
        const double sigma = row[0];
        const NoiseLaw law(Rho(0.5 / (sigma * sigma)), {});
        CHECK(law.reach(row[1]) >= row[2].get<double>() - 1.0);
        CHECK(law.reach(row[1]) <= row[2].get<double>() + 1.0);
    }
    // A category is told above their threshold, and from ours on.
    for (const auto& row : oracle()["opendp_threshold"]) {
        CAPTURE(row.dump());
        const ThresholdedHistogram histogram(anyone, Epsilon(row[2].get<double>()),
                                             Delta(row[3].get<double>() * (1.0 + 1e-12)));
        CHECK(histogram.threshold() >= row[1].get<std::int64_t>() + 1);
        CHECK(histogram.threshold() <= row[1].get<std::int64_t>() + 2);
    }
}

TEST_CASE("Google's library: noise, and which categories are kept with which probability") {
    for (const auto& row : oracle()["google_gaussian"]) {
        const double ours =
                         gaussian_noise_multiplier(Epsilon(row[0].get<double>()), Delta(row[1].get<double>())).value(),
                     theirs = row[2];
        CHECK(ours <= theirs);  // theirs is the upper end of a bisection to 1e-3
        CHECK(ours >= theirs * (1.0 - 2e-3));
    }
    for (const auto& row : oracle()["google_laplace"]) {
        const LaplaceSum sum(Bounds(0.0, 1.0), Neighbouring::add_remove, Epsilon(row[0].get<double>()));
        CHECK(sum.scale() == doctest::Approx(row[1].get<double>()).epsilon(1e-8));
    }
    for (const auto& row : oracle()["google_partitions"]) {
        CAPTURE(row[0].dump());
        const PrivacyUnit unit =
            PrivacyUnit::user(Neighbouring::add_remove, {.partitions = row[2].get<std::uint64_t>(), .rows = 1});
        const PartitionSelection ours(unit, Epsilon(row[0].get<double>()), Delta(row[1].get<double>()));
        std::uint64_t users = 0;
        for (const auto& theirs : row[3]) {
            ++users;
            CAPTURE(users);
            CHECK(ours.probability(users) == doctest::Approx(theirs.get<double>()).epsilon(1e-7));
            CHECK(ours.probability(users) <= theirs.get<double>() * (1.0 + 1e-7));
        }
    }
}

TEST_CASE("diffprivlib: discrete Gaussian calibration, geometric variance, the staircase's edge, the exponential law") {
    for (const auto& row : oracle()["diffprivlib_discrete_gaussian"]) {
        CAPTURE(row.dump());
        const double epsilon = row[0], delta = row[1], sigma = row[3];
        const auto sensitivity = row[2].get<std::uint32_t>();
        const vedette::Interval exact =
            PrivacyLossDistribution::discrete_gaussian(sigma, sensitivity).delta(epsilon, {.error = 1e-3});
        CHECK(exact.lower <= delta * 1.01);  // their scale is found to about 1e-3
        CHECK(exact.upper >= delta * 0.99);
        // Our bound in closed form, which is for noise of many grains, is above it.
        CHECK(std::exp(discrete_gaussian_log_delta(sigma, sensitivity, epsilon)) >= exact.lower);
    }
    for (const auto& row : oracle()["diffprivlib_geometric_variance"])
        CHECK(NoiseLaw(Epsilon(row[0].get<double>()), {}).variance() ==
              doctest::Approx(row[1].get<double>()).epsilon(1e-12));
    for (const auto& row : oracle()["diffprivlib_staircase_gamma"]) {
        const Staircase staircase(WholeSensitivity(std::uint64_t{1} << 20U), Epsilon(row[0].get<double>()));
        CHECK(static_cast<double>(staircase.edge()) / 0x1p20 == doctest::Approx(row[1].get<double>()).epsilon(1e-4));
    }
    for (const auto& row : oracle()["diffprivlib_exponential"]) {
        const std::vector<std::int64_t> utilities = row[1];
        const ExponentialMechanism mechanism(UtilityGrid(0, 10), StepSensitivity(1), Epsilon(row[0].get<double>()));
        constexpr int draws = 25'000;
        FixedKeystream stream(71);
        std::vector<double> chosen(utilities.size());
        for (int i = 0; i < draws; ++i) chosen[mechanism.choose(utilities, stream)] += 1.0;
        double statistic = 0.0;
        for (std::size_t i = 0; i < chosen.size(); ++i) {
            const double expected = draws * row[2][i].get<double>();
            statistic += (chosen[i] - expected) * (chosen[i] - expected) / expected;
        }
        CHECK(statistic < 25.9);  // 3 degrees of freedom: 1e-5
    }
}

}  // namespace
