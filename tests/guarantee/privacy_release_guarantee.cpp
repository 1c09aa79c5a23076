// SPDX-License-Identifier: Apache-2.0
// Releases under privacy: their intervals' coverage, events on neighbouring data in their odds, noise that is too small
// found out.
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "rate.hpp"
#include "unit/privacy/fixed_keystream.hpp"
#include "unit/privacy/test_budget.hpp"
#include "vedette/core/random.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/quantile.hpp"
#include "vedette/privacy/statistics.hpp"

namespace {

using namespace vedette::privacy;

constexpr std::uint64_t runs = 4000;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);
const PrivacyUnit someone = PrivacyUnit::record(Neighbouring::replace_one);

std::vector<double> values_of(std::size_t size) {
    vedette::Random random(9);
    std::vector<double> values(size);
    for (double& x : values) x = 10.0 * random.uniform() * random.uniform();
    return values;
}

double mean_of(const std::vector<double>& x) {
    double sum = 0.0;
    for (const double v : x) sum += v;
    return sum / static_cast<double>(x.size());
}

double covariance_of(const std::vector<double>& x, const std::vector<double>& y) {
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - mean_of(x)) * (y[i] - mean_of(y));
    return sum / static_cast<double>(x.size());
}

struct Coverage {
    Rate covered;
    double width = 0.0;
    void add(const vedette::Interval& interval, double truth) {
        covered.add(interval.lower <= truth && truth <= interval.upper);
        width += interval.upper - interval.lower;
    }
};

TEST_CASE("intervals of a count and a sum hold their level exactly, those of moments at least") {
    TestBudget budget;
    FixedKeystream fixed(1);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    const std::vector<double> x = values_of(400);
    std::vector<double> y = values_of(400);
    std::reverse(y.begin(), y.end());
    const Bounds bounds(0.0, 10.0);
    for (const double level : {0.8, 0.95}) {
        const vedette::stats::Confidence confidence(level);
        for (const double epsilon : {0.05, 1.0}) {
            CAPTURE(epsilon);
            const PrivateCount count(anyone, Epsilon(epsilon), confidence);
            const PrivateSum sum(anyone, bounds, Epsilon(epsilon), confidence);
            const PrivateMean mean(anyone, bounds, Epsilon(epsilon), confidence),
                fixed_mean(someone, bounds, Epsilon(epsilon), confidence);
            const PrivateVariance variance(anyone, bounds, Epsilon(epsilon), confidence);
            const PrivateCovariance covariance(anyone, bounds, bounds, Epsilon(epsilon), confidence);
            CountPartial rows = count.partial();
            rows.add(400);
            MomentsPartial s = sum.partial(), m = mean.partial(), f = fixed_mean.partial(), v = variance.partial(),
                           c = covariance.partial();
            s.add(x);
            m.add(x);
            f.add(x);
            v.add(x);
            for (std::size_t i = 0; i < x.size(); ++i) c.add(x[i], y[i]);
            Coverage counts, sums, means, fixed_means, variances, covariances;
            for (std::uint64_t i = 0; i < runs; ++i) {
                counts.add(count.release(rows, budget, stream).interval, 400.0);
                sums.add(sum.release(s, budget, stream).interval, 400.0 * mean_of(x));
                means.add(mean.release(m, budget, stream).interval, mean_of(x));
                fixed_means.add(fixed_mean.release(f, budget, stream).interval, mean_of(x));
                if (i % 4 != 0) continue;
                variances.add(variance.release(v, budget, stream).interval, covariance_of(x, x));
                covariances.add(covariance.release(c, budget, stream).interval, covariance_of(x, y));
            }
            // An interval of integers covers more where a step carries much probability.
            const double reach = 0.5 * (counts.width / static_cast<double>(runs)), q = std::exp(-epsilon);
            const double exact = 1.0 - 2.0 * std::pow(q, std::floor(reach + 0.5) + 1.0) / (1.0 + q);
            CHECK((counts.covered.at_most(exact) && counts.covered.at_least(exact)));
            CHECK((sums.covered.at_most(level) && sums.covered.at_least(level)));
            CHECK((fixed_means.covered.at_most(level) && fixed_means.covered.at_least(level)));
            for (const Coverage* each : {&counts, &means, &variances, &covariances})
                CHECK(each->covered.at_least(level));
        }
    }
}

TEST_CASE("the running total's interval and variance") {
    FixedKeystream stream(2);
    constexpr std::uint64_t last = 23;  // 10111: four blocks
    TestBudget budget;
    const vedette::stats::Confidence confidence(0.9);
    Rate covered;
    double squares = 0.0, variance = 0.0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        ContinualCount count(anyone, last, Epsilon(0.5), budget, confidence);
        vedette::privacy::Release release;
        for (std::uint64_t t = 1; t <= last; ++t) release = count.step(2, stream);
        covered.add(release.interval.lower <= 46.0 && 46.0 <= release.interval.upper);
        squares += (release.value - 46.0) * (release.value - 46.0);
        variance = count.variance(last);
    }
    CHECK(covered.at_least(0.9));
    CHECK(covered.value() < 0.995);
    // The fourth moment of a sum of four: 3 + 3 / 4 standardised; six standard deviations.
    CHECK(std::abs(squares / static_cast<double>(runs) / variance - 1.0) <
          6.0 * std::sqrt(2.75 / static_cast<double>(runs)));
}

TEST_CASE("a quantile's rank is within its stated error") {
    FixedKeystream fixed(3);
    TestBudget budget;
    const vedette::stats::Confidence confidence(0.9);
    const std::vector<double> x = values_of(2000);
    const PrivateQuantile quantile(anyone, QuantileGrid(Bounds(0.0, 10.0), 64), QuantileRank(9, 10), Epsilon(0.5),
                                   confidence);
    QuantilePartial partial = quantile.partial();
    partial.add(x);
    Rate within;
    for (std::uint64_t run = 0; run < 400; ++run) {
        const QuantileRelease release = quantile.release(partial, budget, &static_cast<detail::Keystream&>(fixed));
        const double half_step = 10.0 / 128.0;
        std::uint64_t below = 0, at = 0;
        for (const double v : x) {
            below += v < release.value - half_step ? 1U : 0U;
            at += std::abs(v - release.value) <= half_step ? 1U : 0U;
        }
        const double missed =
            std::max({0.0, static_cast<double>(below) - 1800.0, 1800.0 - static_cast<double>(below + at)});
        within.add(missed <= release.rank_error);
    }
    CHECK(within.at_least(0.9));
}

// P(event | data) <= e^epsilon P(event | neighbour) + delta for thresholds of the released value, in binomial bands.
double worst_odds(const std::function<double(bool)>& release, const std::vector<double>& thresholds, double delta) {
    constexpr std::uint64_t times = 20'000;
    std::vector<std::vector<double>> released(2);
    for (std::uint64_t i = 0; i < times; ++i)
        for (const bool neighbour : {false, true}) released[neighbour ? 1 : 0].push_back(release(neighbour));
    double worst = 0.0;
    for (const double threshold : thresholds)
        for (const bool above : {false, true}) {
            std::vector<std::uint64_t> hits(2);
            for (std::size_t side = 0; side < 2; ++side)
                hits[side] = static_cast<std::uint64_t>(
                    std::count_if(released[side].begin(), released[side].end(),
                                  [&](double v) { return above ? v >= threshold : v < threshold; }));
            for (std::size_t side = 0; side < 2; ++side) {
                const double low = vedette::stats::clopper_pearson(hits[side], times, band).lower - delta;
                const double high = vedette::stats::clopper_pearson(hits[1 - side], times, band).upper;
                if (low > 0.0) worst = std::max(worst, std::log(low / high));
            }
        }
    return worst;
}

TEST_CASE("on neighbours by one user no event's odds prove a loss above epsilon; noise for a third of the rows does") {
    FixedKeystream fixed(4);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    TestBudget budget;
    const double epsilon = 1.0;
    const PrivacyUnit three = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = 3, .rows = 1});
    const auto data = [](const PrivacyUnit& unit, bool neighbour) {
        Contributions rows(unit);
        for (int user = 0; user < 4; ++user) rows.add(std::to_string(user), 0.5 * user, "a");
        if (neighbour)
            for (const char* shop : {"a", "b", "c"}) rows.add("the one", 1e9, shop);
        return rows;
    };
    const Contributions without = data(three, false), with = data(three, true);
    const PrivateCount count(three, Epsilon(epsilon));
    const auto counts = [&](const PrivateCount& mechanism, CountPartial partial, CountPartial other) {
        return worst_odds(
            [&](bool neighbour) { return mechanism.release(neighbour ? other : partial, budget, stream).value; },
            {2.0, 4.0, 5.0, 6.0, 8.0}, 0.0);
    };
    CHECK(counts(count, count.partial(without), count.partial(with)) <= epsilon);
    // The same rows, limited to three a user, under noise for one.
    CountPartial four = PrivateCount(anyone, Epsilon(epsilon)).partial(), seven = four;
    four.add(4);
    seven.add(7);
    CHECK(counts(PrivateCount(anyone, Epsilon(epsilon)), four, seven) > epsilon);

    const Bounds bounds(0.0, 2.0);
    const PrivateSum sum(three, bounds, Epsilon(epsilon));
    const PrivateMean mean(three, bounds, Epsilon(epsilon));
    const MomentsPartial s = sum.partial(without), t = sum.partial(with), m = mean.partial(without),
                         n = mean.partial(with);
    CHECK(worst_odds([&](bool neighbour) { return sum.release(neighbour ? t : s, budget, stream).value; },
                     {0.0, 3.0, 6.0, 9.0, 12.0}, 0.0) <= epsilon);
    CHECK(worst_odds([&](bool neighbour) { return mean.release(neighbour ? n : m, budget, stream).value; },
                     {0.5, 0.9, 1.1, 1.5, 2.0}, 0.0) <= epsilon);
    const ThresholdedHistogram open(three, Epsilon(epsilon), Delta(0.1));
    const OpenHistogramPartial o = open.partial(without), p = open.partial(with);
    // How many categories are told: none of the user's own may be, but for delta.
    CHECK(worst_odds(
              [&](bool neighbour) {
                  return static_cast<double>(open.release(neighbour ? p : o, budget, stream).categories.size());
              },
              {1.0, 2.0, 3.0}, 0.1) <= epsilon);
}

}  // namespace
