// SPDX-License-Identifier: Apache-2.0
// Chi-square mixtures: moments, quantiles, the law near 0, misuse. Their tails are tested beside the rank tests.
#include "vedette/stats/chi_squared_mixture.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

using vedette::stats::ChiSquaredMixture;

namespace {
constexpr double pi = std::numbers::pi;
}

TEST_CASE("moments and approximate quantiles") {
    const auto limit = ChiSquaredMixture::cramer_von_mises();
    CHECK(limit.mean() == doctest::Approx(1.0 / 6.0).epsilon(1e-12));
    CHECK(limit.variance() == doctest::Approx(1.0 / 45.0).epsilon(1e-9));
    const auto anderson = ChiSquaredMixture::anderson_darling(3.0);
    CHECK(anderson.mean() == doctest::Approx(3.0).epsilon(1e-12));
    CHECK(anderson.variance() == doctest::Approx(3.0 * 2.0 * (std::acos(-1.0) * std::acos(-1.0) / 3.0 - 3.0)));
    for (const double tail : {0.3, 0.05, 0.01})
        CHECK(limit.sf(limit.approximate_quantile(tail)) == doctest::Approx(tail).epsilon(0.05));
}

TEST_CASE("near 0 the tail is one minus a lower tail, not NaN") {
    // Where the two samples interleave more evenly than chance would have them.
    for (const auto& law : {ChiSquaredMixture::cramer_von_mises(), ChiSquaredMixture::anderson_darling(1.0),
                            ChiSquaredMixture::anderson_darling(7.0)}) {
        double previous = 1.0;
        for (double share = 1e-12; share < 1.0; share *= 1.05) {
            const double tail = law.sf(share * law.mean());
            CHECK(tail <= previous);
            CHECK(tail > 0.2);
            if (share < 0.015) CHECK(tail >= 1.0 - 1e-15);
            previous = tail + 1e-12;
        }
    }
    // The lower tail of the first law in closed form to its first term (Anderson and Darling 1952, equation 4.35).
    const double x = 0.02;
    const double q = 1.0 / (16.0 * x);
    const double lower = std::sqrt(1.0 / x) / pi * std::exp(-q) * std::cyl_bessel_k(0.25, q);
    CHECK(1.0 - ChiSquaredMixture::cramer_von_mises().sf(x) == doctest::Approx(lower).epsilon(1e-9));
}

TEST_CASE("equal weights are a scaled chi-square from 1e-30 to far out") {
    for (const double degrees : {0.5, 1.0, 3.0, 40.0})
        for (double x = 1e-30; x < 500.0; x *= 1.7) {
            INFO("degrees ", degrees, " x ", x);
            const double expected = vedette::stats::chi_squared_sf(x, degrees);
            CHECK(std::abs(ChiSquaredMixture({2.0}, degrees).sf(2.0 * x) / expected - 1.0) < 1e-9);
        }
}

TEST_CASE("edges of the domain") {
    const auto law = ChiSquaredMixture::anderson_darling(2.0);
    CHECK(law.sf(0.0) == 1.0);
    CHECK(law.sf(-1.0) == 1.0);
    CHECK(law.sf(1e-4) == doctest::Approx(1.0).epsilon(1e-12));
    CHECK(law.sf(1e9) == 0.0);
    CHECK(law.sf(std::numeric_limits<double>::infinity()) == 0.0);
    CHECK(std::isnan(law.sf(std::numeric_limits<double>::quiet_NaN())));
    CHECK_THROWS_AS(ChiSquaredMixture({}), vedette::Error);
    CHECK_THROWS_AS(ChiSquaredMixture({0.0, -1.0}), vedette::Error);
    CHECK_THROWS_AS(ChiSquaredMixture({std::numeric_limits<double>::infinity()}), vedette::Error);
    CHECK_THROWS_AS(ChiSquaredMixture({1.0}, 0.0), vedette::Error);
}
