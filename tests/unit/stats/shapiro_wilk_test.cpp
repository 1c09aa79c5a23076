// SPDX-License-Identifier: Apache-2.0
#include "vedette/stats/shapiro_wilk.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

using vedette::stats::shapiro_wilk;
using vedette::stats::ShapiroWilkResult;

TEST_CASE("Shapiro-Wilk: W and p by SciPy, whose normal scores have seven digits") {
    for (const auto& each : oracle_data("shapiro_wilk.json")["cases"]) {
        const auto x = each["x"].get<std::vector<double>>();
        CAPTURE(each["name"].get<std::string>());
        CAPTURE(x.size());
        const ShapiroWilkResult result = shapiro_wilk(x);
        CHECK(result.statistic == doctest::Approx(each["w"].get<double>()).epsilon(2e-7));
        CHECK(result.p_value == doctest::Approx(each["p"].get<double>()).epsilon(1e-5));
    }
    for (const auto& each : oracle_data("shapiro_wilk.json")["long"]) {
        const auto n = each["n"].get<std::size_t>();
        std::vector<double> x(n);
        for (std::size_t i = 0; i < n; ++i)
            x[i] = std::pow(-std::log1p(-(static_cast<double>(i) + 0.5) / static_cast<double>(n)),
                            each["power"].get<double>() / 3.6);
        CAPTURE(n);
        const ShapiroWilkResult result = shapiro_wilk(x);
        CHECK(result.statistic == doctest::Approx(each["w"].get<double>()).epsilon(2e-7));
        if (n <= 5000)
            CHECK(std::abs(result.p_value - each["p"].get<double>()) <= 1e-5 * each["p"].get<double>() + 1e-300);
        else
            CHECK(std::isnan(result.p_value));
    }
}

TEST_CASE("Shapiro-Wilk: scale and place do not matter, and what is no sample has no W") {
    std::vector<double> x = vedette::testing::normals(40, 3);
    std::sort(x.begin(), x.end());
    const double w = shapiro_wilk(x).statistic;
    for (const double scale : {1e-300, 1e-5, 1e300}) {
        std::vector<double> y = x;
        for (double& each : y) each *= scale;
        CHECK(shapiro_wilk(y).statistic == doctest::Approx(w).epsilon(1e-9));
    }
    const auto has_none = [](const std::vector<double>& values) { return std::isnan(shapiro_wilk(values).statistic); };
    CHECK(has_none({}));
    CHECK(has_none({1.0, 2.0}));
    CHECK(has_none({1.0, 1.0, 1.0, 1.0}));
    CHECK(has_none({3.0, 1.0, 2.0}));
    CHECK(has_none({1.0, 3.0, 2.0, 4.0}));
    CHECK(has_none({1.0, 2.0, std::numeric_limits<double>::infinity()}));
    CHECK(has_none({std::numeric_limits<double>::quiet_NaN(), 1.0, 2.0}));
    const double most = std::numeric_limits<double>::max();
    CHECK(shapiro_wilk(std::vector<double>{-most, 0.0, most}).statistic == doctest::Approx(1.0));
}
