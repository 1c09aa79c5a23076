// SPDX-License-Identifier: Apache-2.0
// Rate tests against SciPy, against enumeration, and at their edges.
#include "vedette/drift/rate_tests.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/random.hpp"

namespace d = vedette::drift;
using vedette::TestResult;

namespace {
const vedette::stats::Confidence confidence(0.95);
}

TEST_CASE("two_proportion matches Fisher's exact test and the pooled z test of SciPy") {
    const auto data = oracle_data("drift.json");
    for (const char* kind : {"fisher", "pooled_z"})
        for (const auto& row : data[kind]) {
            CAPTURE(row.dump());
            const TestResult result = d::two_proportion(row["k1"], row["n1"], row["k2"], row["n2"], confidence);
            CHECK(result.p_value == doctest::Approx(row["p"].get<double>()).epsilon(1e-7));
            const TestResult mirrored = d::two_proportion(row["k2"], row["n2"], row["k1"], row["n1"], confidence);
            CHECK(mirrored.p_value == doctest::Approx(result.p_value).epsilon(1e-9));
            CHECK(mirrored.effect == -result.effect);
        }
}

TEST_CASE("two_proportion never exceeds its level by enumeration of small tables") {
    // Fisher's test is exact: for any common rate, P(p <= 0.05) <= 0.05.
    constexpr std::uint64_t n = 12;
    constexpr std::uint64_t m = 9;
    for (double rate = 0.05; rate < 1.0; rate += 0.05) {
        double rejected = 0.0;
        for (std::uint64_t k = 0; k <= n; ++k)
            for (std::uint64_t l = 0; l <= m; ++l) {
                const double a = static_cast<double>(k);
                const double b = static_cast<double>(l);
                const double log_probability = std::lgamma(n + 1.0) - std::lgamma(a + 1) - std::lgamma(n - a + 1) +
                                               std::lgamma(m + 1.0) - std::lgamma(b + 1) - std::lgamma(m - b + 1) +
                                               (a + b) * std::log(rate) + (n + m - a - b) * std::log1p(-rate);
                if (d::two_proportion(k, n, l, m, confidence).p_value <= 0.05) rejected += std::exp(log_probability);
            }
        REQUIRE(rejected <= 0.05 + 1e-9);
    }
}

TEST_CASE("two_proportion at its edges") {
    CHECK(d::two_proportion(0, 100, 0, 50, confidence).p_value == 1.0);
    CHECK(d::two_proportion(100, 100, 50, 50, confidence).p_value == 1.0);
    const TestResult vast = d::two_proportion(0, 1'000'000'000'000, 1'000'000'000'000, 1'000'000'000'000, confidence);
    CHECK(vast.p_value == 0.0);
    CHECK(vast.effect == 1.0);
    const TestResult rare = d::two_proportion(0, 1'000'000, 40, 100, confidence);
    CHECK(rare.p_value > 0.0);
    CHECK(rare.p_value < 1e-100);
    CHECK(rare.effect_interval.lower > 0.3);
    CHECK(std::isnan(d::two_proportion(0, 0, 0, 50, confidence).p_value));
    CHECK(std::isnan(d::two_proportion(0, 10, 0, 0, confidence).p_value));
    CHECK(std::isnan(d::two_proportion(11, 10, 0, 5, confidence).effect));
}

TEST_CASE("exceedance is the exact law of values beyond the extremes") {
    // By enumeration of all orders of n reference and m live values, each equally likely.
    constexpr unsigned n = 4;
    constexpr unsigned m = 5;
    std::vector<double> at_least(m + 2, 0.0);
    double orders = 0.0;
    for (unsigned mask = 0; mask < (1U << (n + m)); ++mask) {
        if (__builtin_popcount(mask) != static_cast<int>(n)) continue;  // set bits are the reference values, in order
        const unsigned first = static_cast<unsigned>(__builtin_ctz(mask));
        const unsigned last = 31U - static_cast<unsigned>(__builtin_clz(mask));
        const unsigned outside = first + (n + m - 1 - last);
        for (unsigned b = 0; b <= outside; ++b) at_least[b] += 1.0;
        orders += 1.0;
    }
    for (unsigned b = 0; b <= m; ++b)
        CHECK(d::exceedance(n, b, m, confidence).p_value == doctest::Approx(at_least[b] / orders).epsilon(1e-12));
}

TEST_CASE("comparing with the reference's own rate of zero would be liberal") {
    // The reason for exceedance: no reference value lies beyond its own extremes.
    vedette::Random random(9);
    constexpr std::uint64_t n = 200;
    constexpr std::uint64_t m = 2000;
    int naive = 0;
    int exact = 0;
    constexpr int runs = 4000;
    for (int run = 0; run < runs; ++run) {
        double low = 1.0;
        double high = 0.0;
        for (std::uint64_t i = 0; i < n; ++i) {
            const double value = random.uniform();
            low = std::min(low, value);
            high = std::max(high, value);
        }
        std::uint64_t outside = 0;
        for (std::uint64_t i = 0; i < m; ++i) {
            const double value = random.uniform();
            outside += value < low || value > high ? 1U : 0U;
        }
        naive += d::two_proportion(0, n, outside, m, confidence).p_value <= 0.05 ? 1 : 0;
        exact += d::exceedance(n, outside, m, confidence).p_value <= 0.05 ? 1 : 0;
    }
    MESSAGE("false alarms at 5 %: two_proportion ", 100.0 * naive / runs, " %, exceedance ", 100.0 * exact / runs,
            " %");
    CHECK(naive > 0.10 * runs);  // twice the level
    CHECK(exact > 0.03 * runs);
    CHECK(exact < 0.065 * runs);
}

TEST_CASE("exceedance and unseen_category at their edges") {
    CHECK(d::exceedance(1000, 0, 500, confidence).p_value == 1.0);
    CHECK(d::exceedance(1000, 500, 500, confidence).p_value < 1e-100);
    CHECK(d::exceedance(1000, 500, 500, confidence).effect == doctest::Approx(1.0 - 2.0 / 1001));
    CHECK(std::isnan(d::exceedance(0, 0, 5, confidence).p_value));
    CHECK(std::isnan(d::exceedance(5, 6, 5, confidence).p_value));
    CHECK(d::unseen_category(0, 0, 1000, 0, 500, confidence).p_value == 1.0);
    CHECK(d::unseen_category(0, 0, 1000, 30, 1000, confidence).p_value < 1e-6);
    CHECK(d::unseen_category(30, 0, 1000, 30, 1000, confidence).p_value > 0.3);
    CHECK(d::unseen_category(0, 0, 1000, 1000, 1000, confidence).effect == 1.0);
    CHECK(std::isnan(d::unseen_category(0, 0, 0, 1, 5, confidence).p_value));
    CHECK(std::isnan(d::unseen_category(6, 0, 5, 1, 5, confidence).p_value));
    CHECK(std::isnan(d::unseen_category(0, 0, 5, 6, 5, confidence).p_value));
}

TEST_CASE("counters of a hostile size cost no more than others") {
    constexpr std::uint64_t huge = 100'000'000'000'000'000U;
    for (const std::uint64_t events : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{50}}) {
        for (const std::uint64_t live : {std::uint64_t{0}, huge, huge * 5, huge * 9, huge * 10}) {
            const auto result = vedette::drift::two_proportion(events, 50, live, huge * 10, confidence);
            CHECK(result.p_value >= 0.0);
            CHECK(result.p_value <= 1.0);
            const auto swapped = vedette::drift::two_proportion(live, huge * 10, events, 50, confidence);
            CHECK(swapped.p_value == doctest::Approx(result.p_value));
        }
    }
    // 5 of 50 where the rate is 1/10 for certain: the binomial probability of no worse is 1.
    CHECK(vedette::drift::two_proportion(5, 50, huge, huge * 10, confidence).p_value == doctest::Approx(1.0));
}
