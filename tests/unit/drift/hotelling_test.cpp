// SPDX-License-Identifier: Apache-2.0
// Hotelling's tests against their formulas, with covariances that lack rank, and on hostile input.
#include "vedette/drift/hotelling.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using View = vedette::MatrixView<double>;
using vedette::ErrorCode;
using vedette::testing::code_of;
using vedette::testing::normals;
using vedette::testing::sum;

TEST_CASE("values near the largest number are a unit like any other") {
    const std::vector<double> x{1.0, 2.0, 3.5, 1.5, 2.5, 0.5, 4.0, 3.0}, y{2.0, 3.0, 4.5, 1.0, 3.5, 2.5};
    std::vector<double> huge_x(x), huge_y(y);
    for (double& value : huge_x) value *= 0x1p1020;
    for (double& value : huge_y) value *= 0x1p1020;
    const auto view = [](const std::vector<double>& v) {
        return vedette::MatrixView<double>::row_major(v.data(), v.size(), 1);
    };
    const auto plain = vedette::drift::hotelling_t2(view(x), view(y));
    const auto huge = vedette::drift::hotelling_t2(view(huge_x), view(huge_y));
    CHECK(huge.test.statistic == doctest::Approx(plain.test.statistic).epsilon(1e-12));
    CHECK(huge.test.p_value == doctest::Approx(plain.test.p_value).epsilon(1e-12));
    CHECK_THROWS_AS(vedette::drift::MahalanobisDistance<double>{view(huge_x)}, vedette::Error);
}

TEST_CASE("T2, p, contributions and interval match the formulas") {
    const auto data = oracle_data("hotelling.json");
    REQUIRE(data["cases"].size() == 4);
    for (const auto& row : data["cases"]) {
        const std::vector<double> x = row["reference"];
        const std::vector<double> y = row["live"];
        const std::size_t d = row["d"];
        const auto reference = View::row_major(x.data(), row["n"], d);
        const auto live = View::row_major(y.data(), row["m"], d);
        const auto got = drift::hotelling_t2(reference, live);
        const auto frozen = drift::MahalanobisDistance<double>(reference).mean_shift(live);
        CHECK(got.test.statistic == doctest::Approx(row["t2"].get<double>()).epsilon(1e-9));
        CHECK(got.test.p_value == doctest::Approx(row["p"].get<double>()).epsilon(1e-9));
        CHECK(got.test.effect_interval.lower == doctest::Approx(row["lower"].get<double>()).epsilon(1e-6));
        CHECK(got.test.effect_interval.upper == doctest::Approx(row["upper"].get<double>()).epsilon(1e-6));
        CHECK(frozen.test.statistic == doctest::Approx(row["frozen_t2"].get<double>()).epsilon(1e-9));
        CHECK(frozen.test.p_value == doctest::Approx(row["frozen_p"].get<double>()).epsilon(1e-9));
        for (std::size_t j = 0; j < d; ++j) {
            CHECK(got.feature_contributions[j] == doctest::Approx(row["contributions"][j].get<double>()).epsilon(1e-8));
            CHECK(frozen.feature_contributions[j] ==
                  doctest::Approx(row["frozen_contributions"][j].get<double>()).epsilon(1e-8));
        }
        for (const auto& result : {got, frozen}) {
            CHECK(sum(result.feature_contributions) == doctest::Approx(result.test.statistic).epsilon(1e-10));
            CHECK(sum(result.row_contributions) == doctest::Approx(result.test.statistic).epsilon(1e-10));
        }
    }
}

TEST_CASE("a duplicated or constant feature leaves T2 as it was; more features than rows permutes") {
    const auto x = normals(60, 1);
    const auto y = normals(50, 2);
    std::vector<double> wide_x;
    std::vector<double> wide_y;
    for (std::size_t i = 0; i < 30; ++i) wide_x.insert(wide_x.end(), {x[2 * i], x[2 * i + 1], x[2 * i], 7.1});
    for (std::size_t i = 0; i < 25; ++i) wide_y.insert(wide_y.end(), {y[2 * i], y[2 * i + 1], y[2 * i], 7.1});
    const auto narrow = drift::hotelling_t2(View::row_major(x.data(), 30, 2), View::row_major(y.data(), 25, 2));
    const auto wide = drift::hotelling_t2(View::row_major(wide_x.data(), 30, 4), View::row_major(wide_y.data(), 25, 4));
    CHECK(wide.test.statistic == doctest::Approx(narrow.test.statistic).epsilon(1e-9));
    CHECK(wide.test.p_value == doctest::Approx(narrow.test.p_value).epsilon(1e-9));
    CHECK(wide.test.degrees_of_freedom == 2.0);
    CHECK(wide.feature_contributions[3] == 0.0);
    for (std::size_t i = 0; i < 25; ++i) wide_y[4 * i + 3] = 8.0;  // the constant moves
    const auto moved =
        drift::hotelling_t2(View::row_major(wide_x.data(), 30, 4), View::row_major(wide_y.data(), 25, 4));
    CHECK(moved.test.p_value == 0.001);
    CHECK(sum(moved.feature_contributions) == doctest::Approx(moved.test.statistic));
    const drift::MahalanobisDistance<double> frozen(View::row_major(wide_x.data(), 30, 4));
    CHECK(frozen.rank() == 2);
    CHECK(frozen.mean_shift(View::row_major(wide_y.data(), 25, 4)).test.p_value == 0.0);
    auto short_wide = drift::hotelling_t2(View::row_major(x.data(), 6, 10), View::row_major(y.data(), 5, 10));
    CHECK(short_wide.test.p_value > 0.0);
    CHECK(std::isnan(short_wide.test.effect));
}

TEST_CASE("misuse is named") {
    auto x = normals(40, 1);
    const auto view = View::row_major(x.data(), 20, 2);
    const auto call = [&](View a, View b, drift::TestOptions o) { return [=] { (void)drift::hotelling_t2(a, b, o); }; };
    CHECK(code_of(call(view, View::row_major(x.data(), 10, 4), {})) == ErrorCode::dimension_mismatch);
    CHECK(code_of(call(view, View::row_major(x.data(), 1, 2), {})) == ErrorCode::not_enough_data);
    CHECK(code_of(call(view, view, {.alternative = drift::Alternative::less})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.confidence = 1.0})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.permutations = 0})) == ErrorCode::invalid_argument);
    x[7] = std::nan("");
    CHECK(code_of(call(view, view, {})) == ErrorCode::invalid_argument);
    const auto omitted = drift::hotelling_t2(view, view, {.nan = drift::NanPolicy::omit});
    CHECK(omitted.test.live_count == 19.0);
    CHECK(std::isnan(omitted.row_contributions[3]));
    x[7] = std::numeric_limits<double>::infinity();
    CHECK(code_of(call(view, view, {.nan = drift::NanPolicy::omit})) == ErrorCode::invalid_argument);
}
