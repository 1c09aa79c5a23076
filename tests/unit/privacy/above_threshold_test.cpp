// SPDX-License-Identifier: Apache-2.0
// The sparse vector technique: its law by enumeration, the loss over neighbours, draws beside the law, halting, misuse.
#include "vedette/privacy/above_threshold.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

#include "fixed_keystream.hpp"
#include "vedette/core/error.hpp"

namespace {

using namespace vedette::privacy;
using Law = std::array<double, 4>;

// P(X >= t) of the discrete Laplace law.
double tail(std::int64_t t, double scale) {
    const double q = std::exp(-1.0 / scale);
    return t > 0 ? std::pow(q, static_cast<double>(t)) / (1.0 + q)
                 : 1.0 - std::pow(q, static_cast<double>(1 - t)) / (1.0 + q);
}

// Threshold 0, one positive answer: the first, second or third query gives it, or none; summed over the threshold's
// noise.
Law law_of(const std::array<std::int64_t, 3>& values, double threshold_scale, double query_scale) {
    const double q = std::exp(-1.0 / threshold_scale);
    Law law{};
    for (std::int64_t z = -300; z <= 300; ++z) {
        double reached = (1.0 - q) / (1.0 + q) * std::pow(q, static_cast<double>(std::abs(z)));
        for (std::size_t i = 0; i < 3; ++i) {
            const double above = tail(z - values[i], query_scale);
            law[i] += reached * above;
            reached *= 1.0 - above;
        }
        law[3] += reached;
    }
    return law;
}

double worst_loss(double threshold_scale, double query_scale) {
    std::array<Law, 125> laws{};
    const auto values = [](int i) { return std::array<std::int64_t, 3>{i % 5 - 2, i / 5 % 5 - 2, i / 25 - 2}; };
    for (int i = 0; i < 125; ++i) laws[static_cast<std::size_t>(i)] = law_of(values(i), threshold_scale, query_scale);
    double worst = 0.0;
    for (int i = 0; i < 125; ++i)
        for (int j = 0; j < 125; ++j) {
            const auto a = values(i), b = values(j);
            if (std::abs(a[0] - b[0]) > 1 || std::abs(a[1] - b[1]) > 1 || std::abs(a[2] - b[2]) > 1) continue;
            for (std::size_t k = 0; k < 4; ++k)
                worst = std::max(worst,
                                 std::log(laws[static_cast<std::size_t>(i)][k] / laws[static_cast<std::size_t>(j)][k]));
        }
    return worst;
}

TEST_CASE("over all neighbours the loss is at most epsilon, and too little noise is found out") {
    for (const double epsilon : {0.5, 1.0, 3.0}) {
        const AboveThreshold m(0, StepSensitivity(1), Epsilon(epsilon), 1);
        CHECK(1.0 / m.threshold_scale() + 2.0 / m.query_scale() <= epsilon * (1.0 + 1e-15));
        CHECK(worst_loss(m.threshold_scale(), m.query_scale()) <= epsilon + 1e-9);
        CHECK(worst_loss(m.threshold_scale() / 3.0, m.query_scale() / 3.0) > epsilon);
    }
}

TEST_CASE("draws follow the law, and another one is found out; queries after the last positive are refused") {
    constexpr int runs = 4000;
    const std::array<std::int64_t, 3> values = {-1, 0, 1};
    FixedKeystream stream(11);
    Law counts{};
    double first = 0.0, second = 0.0;
    for (int run = 0; run < runs; ++run) {
        AboveThreshold m(0, StepSensitivity(1), Epsilon(3.0), 1, stream);
        first = m.threshold_scale();
        second = m.query_scale();
        std::size_t i = 0;
        while (i < 3 && !m.query(values[i], stream)) ++i;
        counts[i] += 1.0;
        if (i == 3) continue;
        REQUIRE(m.left() == 0);
        if (run % 100 == 0) CHECK_THROWS_AS((void)m.query(0, stream), vedette::Error);
    }
    const auto statistic = [&](const Law& law) {
        double sum = 0.0;
        for (std::size_t i = 0; i < 4; ++i)
            sum += (counts[i] - runs * law[i]) * (counts[i] - runs * law[i]) / (runs * law[i]);
        return sum;
    };
    CHECK(statistic(law_of(values, first, second)) < 25.9);  // 3 degrees of freedom: 1e-5
    CHECK(statistic(law_of(values, first, second / 2.0)) > 25.9);
}

TEST_CASE("no copies, and what was moved from refuses") {
    static_assert(!std::is_copy_constructible_v<AboveThreshold> && !std::is_copy_assignable_v<AboveThreshold>);
    AboveThreshold m(0, StepSensitivity(1), Epsilon(1e3), 2);
    AboveThreshold moved = std::move(m);
    CHECK(moved.query(std::numeric_limits<std::int64_t>::max()));
    CHECK_FALSE(moved.query(std::numeric_limits<std::int64_t>::min()));
    CHECK(moved.left() == 1);
    try {
        (void)m.query(0);  // NOLINT(bugprone-use-after-move): that is the point
        FAIL("answered");
    } catch (const vedette::Error& error) {
        CHECK(error.code() == vedette::ErrorCode::budget_exhausted);
    }
}

TEST_CASE("misuse is refused") {
    const auto make = [](std::int64_t threshold, double epsilon, std::size_t positives) {
        return AboveThreshold(threshold, StepSensitivity(1), Epsilon(epsilon), positives).left();
    };
    CHECK_THROWS_AS(make(0, 1.0, 0), vedette::Error);
    CHECK_THROWS_AS(make(0, 1.0, AboveThreshold::most_positives + 1), vedette::Error);
    CHECK_THROWS_AS(make(std::numeric_limits<std::int64_t>::min(), 1.0, 1), vedette::Error);
    CHECK_THROWS_AS(make(0, 0x1p-30, 1), vedette::Error);
    CHECK_THROWS_AS(make(0, std::numeric_limits<double>::quiet_NaN(), 1), vedette::Error);
}

}  // namespace
