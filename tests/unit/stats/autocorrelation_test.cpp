// SPDX-License-Identifier: Apache-2.0
// Autocorrelation times against the closed form of autoregressive chains, and against series without any end in sight.
#include "vedette/stats/autocorrelation.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace stats = vedette::stats;

namespace {

std::vector<double> autoregressive(std::size_t n, double memory, std::uint64_t seed) {
    vedette::Random random(seed);
    std::vector<double> values(n);
    double state = random.normal();
    for (double& value : values) value = state = memory * state + std::sqrt(1.0 - memory * memory) * random.normal();
    return values;
}

}  // namespace

TEST_CASE("an autoregressive chain of memory r has the time (1 + r)/(1 - r)") {
    for (const double memory : {0.0, 0.2, 0.5, 0.9}) {
        const double expected = (1.0 + memory) / (1.0 - memory);
        CAPTURE(memory);
        CHECK(stats::autocorrelation_time(autoregressive(100'000, memory, 11)) ==
              doctest::Approx(expected).epsilon(0.1));
    }
    // More memory than the budget of operations reaches in one go.
    CHECK(stats::autocorrelation_time(autoregressive(500'000, 0.998, 12)) == doctest::Approx(999.0).epsilon(0.3));
}

TEST_CASE("the interval is one without memory, and twice the time of ranks with it") {
    CHECK(stats::thinning_interval(autoregressive(20'000, 0.0, 1)) == 1);
    const std::vector<double> chain = autoregressive(100'000, 0.9, 2);
    const std::size_t interval = stats::thinning_interval(chain);
    CHECK(interval >= 30);
    CHECK(interval <= 46);
    std::vector<double> transformed(chain);
    for (double& value : transformed) value = std::exp(20.0 * value);
    CHECK(stats::thinning_interval(transformed) == interval);
}

TEST_CASE("hardly any independent series is taken for one with memory, however short") {
    vedette::Random random(9);
    for (const std::size_t n : {20U, 100U, 1000U}) {
        std::size_t mistaken = 0;
        for (int run = 0; run < 5000; ++run) {
            std::vector<double> values(n);
            for (double& value : values) value = run % 2 == 0 ? random.normal() : std::floor(3.0 * random.uniform());
            mistaken += stats::thinning_interval(values) > 1 ? 1U : 0U;
        }
        CAPTURE(n);
        CHECK(mistaken <= 3);  // 0.1 expected: more than 3 has a probability of 4e-6
    }
    // And hardly one with memory is missed.
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        CHECK(stats::thinning_interval(autoregressive(300, 0.5, 100 + seed)) > 1);
}

TEST_CASE("bursts of extremes count, although the values themselves are uncorrelated") {
    vedette::Random random(5);
    const std::vector<double> spread = autoregressive(50'000, 0.95, 6);
    std::vector<double> values;
    for (const double s : spread) values.push_back(std::exp(s) * random.normal());
    CHECK(stats::autocorrelation_time(values) < 3.0);
    CHECK(stats::thinning_interval(values) > 10);
}

TEST_CASE("a trend has no end of correlation in sight") {
    std::vector<double> trend(300);
    for (std::size_t i = 0; i < trend.size(); ++i) trend[i] = static_cast<double>(i);
    CHECK(stats::thinning_interval(trend) > 100);
    CHECK(stats::thinning_interval(trend) <= trend.size());
}

TEST_CASE("series without anything to measure, huge values, and misuse") {
    CHECK(stats::autocorrelation_time({}) == 1.0);
    CHECK(stats::autocorrelation_time(std::vector<double>{3.0}) == 1.0);
    CHECK(stats::autocorrelation_time(std::vector<double>(100, 0.1)) == 1.0);
    CHECK(stats::thinning_interval(std::vector<double>(100, 7.0)) == 1);
    CHECK(stats::thinning_interval({}) == 1);
    std::vector<double> chain = autoregressive(10'000, 0.5, 3);
    const double time = stats::autocorrelation_time(chain);
    std::vector<double> huge(chain), tiny(chain);
    for (double& value : huge) value *= 0x1p1000;
    for (double& value : tiny) value *= 0x1p-1040;
    CHECK(stats::autocorrelation_time(huge) == doctest::Approx(time));
    CHECK(stats::autocorrelation_time(tiny) == doctest::Approx(time).epsilon(1e-3));
    chain[7] = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(static_cast<void>(stats::autocorrelation_time(chain)), vedette::Error);
    chain[7] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_AS(static_cast<void>(stats::thinning_interval(chain)), vedette::Error);
}
