// SPDX-License-Identifier: Apache-2.0
// Adjusted p-values against statsmodels, with NaN, ties and misuse.
#include "vedette/stats/multiple_testing.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"

using vedette::stats::adjust;
using vedette::stats::Correction;

namespace {
constexpr Correction corrections[] = {Correction::bonferroni, Correction::holm, Correction::benjamini_hochberg,
                                      Correction::benjamini_yekutieli};
}

TEST_CASE("adjustments match statsmodels") {
    const auto data = oracle_data("multiple_testing.json");
    for (const auto& family : data["families"]) {
        const std::vector<double> p = family["p"];
        for (const Correction correction : corrections) {
            const std::vector<double> expected = family[vedette::stats::correction_name(correction)];
            const std::vector<double> got = adjust(p, correction);
            REQUIRE(got.size() == expected.size());
            for (std::size_t i = 0; i < p.size(); ++i) CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-12));
        }
        CHECK(adjust(p, Correction::none) == p);
    }
}

TEST_CASE("NaN takes no part in the family and stays NaN") {
    const double nan = std::nan("");
    const std::vector<double> with{nan, 0.01, 0.04, nan, 0.03};
    const std::vector<double> without{0.01, 0.04, 0.03};
    for (const Correction correction : corrections) {
        const auto a = adjust(with, correction);
        const auto b = adjust(without, correction);
        CHECK(std::isnan(a[0]));
        CHECK(std::isnan(a[3]));
        CHECK(a[1] == b[0]);
        CHECK(a[2] == b[1]);
        CHECK(a[4] == b[2]);
    }
    CHECK(std::isnan(adjust(std::vector<double>{nan}, Correction::holm)[0]));
    CHECK(adjust(std::vector<double>{}, Correction::holm).empty());
}

TEST_CASE("in place and without allocation gives the same; short scratch is refused untouched") {
    std::vector<double> p{0.2, 0.001, 0.04};
    const auto expected = adjust(p, Correction::benjamini_hochberg);
    std::vector<std::size_t> order(3);
    std::vector<std::size_t> short_order(2);
    const std::vector<double> before = p;
    CHECK_FALSE(adjust(p, Correction::holm, p, short_order));
    CHECK(p == before);
    CHECK(adjust(p, Correction::benjamini_hochberg, p, order));
    CHECK(p == expected);
}

TEST_CASE("p-values outside [0, 1] are refused") {
    CHECK_THROWS_AS(adjust(std::vector<double>{0.5, 1.5}, Correction::holm), vedette::Error);
    CHECK_THROWS_WITH(adjust(std::vector<double>{0.5, -0.1}, Correction::holm), doctest::Contains("p_values[1]"));
    std::vector<double> p{2.0};
    std::vector<std::size_t> order(1);
    CHECK_FALSE(adjust(p, Correction::none, p, order));
}
