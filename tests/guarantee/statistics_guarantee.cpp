// SPDX-License-Identifier: Apache-2.0
// Promises of mergeable statistics: the error of distinct counts over seeds, that of quantiles always.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/hyper_log_log.hpp"
#include "vedette/stats/log_histogram.hpp"
#include "vedette/stats/value_sample.hpp"

using vedette::Random;
namespace stats = vedette::stats;

TEST_CASE("HyperLogLog: bias and spread of the estimate, for numbers that a column may hold") {
    for (const std::uint64_t n : {100U, 3'000U, 10'000U, 100'000U}) {
        constexpr int runs = 200;
        Rate beyond;
        double sum = 0.0, squares = 0.0;
        for (int run = 0; run < runs; ++run) {
            stats::HyperLogLog sketch;
            // Consecutive integers from anywhere: a hash that mixes badly would show.
            const double first = static_cast<double>(run) * 1e7;
            for (std::uint64_t i = 0; i < n; ++i) sketch.add(stats::hash_of(first + static_cast<double>(i)));
            const double error = sketch.estimate() / static_cast<double>(n) - 1.0;
            sum += error;
            squares += error * error;
            beyond.add(std::abs(error) > 1.96 * stats::HyperLogLog::relative_error);
        }
        const double bias = sum / runs;
        const double spread = std::sqrt(squares / runs);
        MESSAGE(n << " different: bias " << 100 * bias << " %, root mean square error " << 100 * spread << " %, beyond "
                  << beyond.value());
        // Four standard errors of a mean of 200; the spread of 200 is known to a twentieth.
        CHECK(std::abs(bias) < 4 * stats::HyperLogLog::relative_error / std::sqrt(double{runs}));
        CHECK(spread < 1.2 * stats::HyperLogLog::relative_error);
        CHECK(beyond.at_most(0.05));
        // Not better than possible either: at large n the bound is met, not beaten.
        if (n >= 10'000) CHECK(spread > 0.8 * stats::HyperLogLog::relative_error);
    }
}

TEST_CASE("quantiles are never off by more than the stated share") {
    Random random(7);
    for (int run = 0; run < 60; ++run) {
        stats::LogHistogram histogram;
        std::vector<double> values(500 + 100 * static_cast<std::size_t>(run));
        const double scale = std::exp2(20.0 * (random.uniform() - 0.5)), power = 1.0 + 40.0 * random.uniform();
        for (double& x : values) {
            x = scale * std::pow(random.uniform(), power) * (random.uniform() < 0.3 ? -1.0 : 1.0);
            histogram.add(x);
        }
        std::sort(values.begin(), values.end());
        for (int k = 1; k < 200; ++k) {
            const double q = k / 200.0;
            const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
            const double truth = values[std::max<std::size_t>(rank, 1) - 1];
            REQUIRE(std::abs(histogram.quantile(q) - truth) <=
                    histogram.relative_error() * std::abs(truth) + 0x1p-1022);
        }
    }
}
