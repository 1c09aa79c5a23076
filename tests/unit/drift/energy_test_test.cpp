// SPDX-License-Identifier: Apache-2.0
// The energy test against its definition, and on hostile input.
#include "vedette/drift/energy_test.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"

namespace drift = vedette::drift;
using vedette::ErrorCode;
using View = vedette::MatrixView<double>;
using FloatView = vedette::MatrixView<float>;
using vedette::testing::code_of;
using vedette::testing::sum;

TEST_CASE("energy, its effect and contributions match the definition, p the same splits by hand") {
    for (const auto& row : oracle_data("mmd.json")["cases"]) {
        const std::vector<double> x = row["reference"], y = row["live"];
        const std::size_t n = row["n"], m = row["m"], d = row["d"];
        CAPTURE(n);
        CAPTURE(m);
        const drift::EnergyOptions options{.test = {.permutations = 99, .seed = 5}};
        const auto got = drift::energy_test(View::row_major(x.data(), n, d), View::row_major(y.data(), m, d), options);
        const double wanted = row["energy"];
        CHECK(got.test.statistic == doctest::Approx(wanted).epsilon(1e-9));
        CHECK(got.test.effect == doctest::Approx(row["energy_effect"].get<double>()).epsilon(1e-9));
        CHECK(sum(got.row_contributions) == doctest::Approx(wanted).epsilon(1e-9));
        CHECK(sum(got.feature_contributions) == doctest::Approx(wanted).epsilon(1e-8));
        for (std::size_t i = 0; i < m; ++i)
            CHECK(std::fabs(got.row_contributions[i] - row["energy_rows"][i].get<double>()) <= 1e-9 * wanted);
        for (std::size_t j = 0; j < d; ++j)
            CHECK(std::fabs(got.feature_contributions[j] - row["energy_features"][j].get<double>()) <= 1e-8 * wanted);
        if (!row["energy_p"].is_null()) CHECK(got.test.p_value == doctest::Approx(row["energy_p"].get<double>()));
        CHECK(std::fabs(got.test.p_value - row["energy_p_full"].get<double>()) <= 0.041);
        const std::vector<float> short_x(x.begin(), x.end()), short_y(y.begin(), y.end());
        const auto in_float =
            drift::energy_test(FloatView::row_major(short_x.data(), n, d), FloatView::row_major(short_y.data(), m, d));
        // What float data lost in rounding themselves is not the test's to answer for.
        if (row["kind"] != "far") CHECK(in_float.test.statistic == doctest::Approx(wanted).epsilon(1e-4));
        CHECK(sum(in_float.feature_contributions) == doctest::Approx(in_float.test.statistic).epsilon(1e-3));
    }
}

TEST_CASE("constants, single rows and huge values") {
    const std::vector<double> zeros(10, 0.0), ones(10, 1.0);
    const auto a = View::row_major(zeros.data(), 10, 1), b = View::row_major(ones.data(), 10, 1);
    const auto equal = drift::energy_test(a, a);
    CHECK(equal.test.statistic == 0.0);
    CHECK(equal.test.effect == 0.0);
    CHECK(equal.test.p_value == 1.0);
    const auto moved = drift::energy_test(a, b);
    CHECK(moved.test.statistic == doctest::Approx(10.0));
    CHECK(moved.test.effect == doctest::Approx(1.0));
    CHECK(moved.test.p_value == 0.001);
    const auto single = drift::energy_test(View::row_major(ones.data(), 1, 1), a);
    CHECK(single.test.statistic == doctest::Approx(2.0 * 10.0 / 11.0));
    CHECK(single.test.p_value == doctest::Approx(1.0 / 11.0).epsilon(0.5));
    const auto pair = drift::energy_test(View::row_major(ones.data(), 1, 1), View::row_major(ones.data(), 1, 1));
    CHECK(pair.test.p_value == 1.0);
    const std::vector<double> huge{1e308, -1e308, 1e307, 0.0};
    const auto wide = drift::energy_test(View::row_major(huge.data(), 2, 1), View::row_major(huge.data() + 2, 2, 1));
    CHECK(wide.test.effect > 0.0);
    CHECK(wide.test.effect < 1.0);
    CHECK(wide.test.p_value > 0.3);
}

TEST_CASE("misuse is named") {
    std::vector<double> x(40, 1.0);
    const auto view = View::row_major(x.data(), 20, 2);
    const auto call = [&](View a, View b, drift::EnergyOptions o) {
        return [=] { (void)drift::energy_test(a, b, o); };
    };
    CHECK(code_of(call(view, View::row_major(x.data(), 10, 4), {})) == ErrorCode::dimension_mismatch);
    CHECK(code_of(call(view, View::row_major(x.data(), 0, 2), {})) == ErrorCode::not_enough_data);
    CHECK(code_of(call(view, view, {.test = {.method = drift::Method::asymptotic}})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.test = {.permutations = 0}})) == ErrorCode::invalid_argument);
    x[7] = std::nan("");
    CHECK(code_of(call(view, view, {})) == ErrorCode::invalid_argument);
    const auto omitted = drift::energy_test(view, view, {.test = {.nan = drift::NanPolicy::omit}});
    CHECK(std::isnan(omitted.row_contributions[3]));
    x[7] = -std::numeric_limits<double>::infinity();
    CHECK(code_of(call(view, view, {.test = {.nan = drift::NanPolicy::omit}})) == ErrorCode::invalid_argument);
}
