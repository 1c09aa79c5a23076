// SPDX-License-Identifier: Apache-2.0
// Tests of means and spreads: SciPy's values, extreme magnitudes, and samples too small or too constant to judge.
#include "vedette/drift/moment_tests.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"

namespace drift = vedette::drift;
using vedette::ColumnView;
using vedette::TestResult;
using Values = std::vector<double>;

namespace {

doctest::Approx near(double value, double tolerance = 1e-9) {
    return doctest::Approx(value).epsilon(tolerance).scale(0.0);
}

TestResult welch(const Values& reference, const Values& live, const drift::TestOptions& options = {}) {
    return drift::welch_t<double>(reference, live, options);
}

}  // namespace

TEST_CASE("SciPy's values of Welch and Levene") {
    for (const auto& row : oracle_data("contingency.json")["moments"]) {
        const auto x = row["reference"].get<Values>();
        const auto y = row["live"].get<Values>();
        const auto check_welch = [&](drift::Alternative side, const nlohmann::json& expected) {
            const TestResult result = welch(x, y, {.alternative = side});
            CHECK(result.statistic == near(expected[0].get<double>()));
            CHECK(result.p_value == near(expected[1].get<double>()));
            CHECK(result.degrees_of_freedom == near(expected[2].get<double>()));
        };
        check_welch(drift::Alternative::two_sided, row["welch_two_sided"]);
        check_welch(drift::Alternative::less, row["welch_less"]);
        check_welch(drift::Alternative::greater, row["welch_greater"]);
        Values third(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2 + 1));
        for (double& value : third) value *= 2.0;
        const std::array<ColumnView<double>, 3> views{x, y, third};
        const auto check_levene = [&](std::size_t samples, drift::Centre centre, const nlohmann::json& expected) {
            const TestResult result = drift::levene<double>(std::span(views).first(samples), centre);
            CHECK(result.statistic == near(expected[0].get<double>()));
            CHECK(result.p_value == near(expected[1].get<double>()));
        };
        check_levene(2, drift::Centre::median, row["median"]);
        check_levene(2, drift::Centre::mean, row["mean"]);
        check_levene(2, drift::Centre::trimmed, row["trimmed"]);
        check_levene(3, drift::Centre::median, row["three"]);
    }
}

TEST_CASE("the unit of measurement does not matter, however extreme") {
    const Values x{1, 2, 4, 7, 9};
    const Values y{3, 8, 8, 12};
    const TestResult expected = welch(x, y);
    const TestResult spread = drift::brown_forsythe<double>(x, y);
    for (const double unit : {0x1p1018, 0x1p-1070}) {
        Values a = x;
        Values b = y;
        for (double& value : a) value *= unit;
        for (double& value : b) value *= unit;
        CHECK(welch(a, b).statistic == expected.statistic);
        CHECK(welch(a, b).effect == expected.effect);
        CHECK(drift::brown_forsythe<double>(a, b).statistic == spread.statistic);
    }
    const std::vector<float> f{1, 2, 4, 7, 9};
    const std::vector<float> g{3, 8, 8, 12};
    CHECK(drift::welch_t<float>(f, g).p_value == expected.p_value);
    CHECK(expected.effect_interval.lower < expected.effect);
    CHECK(expected.effect < expected.effect_interval.upper);
}

TEST_CASE("too few or constant values are not judged") {
    const Values some{1, 2, 4};
    for (const Values& thin : {Values{}, Values{1.0}}) {
        CHECK(std::isnan(welch(thin, some).p_value));
        CHECK(std::isnan(welch(some, thin).effect));
    }
    CHECK(std::isnan(welch({0.1, 0.1, 0.1}, {0.3, 0.3}).p_value));
    CHECK(std::isfinite(welch({0.1, 0.1, 0.1}, some).p_value));
    CHECK(std::isnan(drift::brown_forsythe<double>(Values{}, some).p_value));
    const TestResult constant = drift::brown_forsythe<double>(Values{5, 5, 5}, some);
    CHECK(std::isfinite(constant.p_value));
    CHECK(std::isnan(constant.effect));
    CHECK(std::isnan(drift::brown_forsythe<double>(Values{5, 5}, Values{6, 6}).p_value));
    // Two values lie equally far from their median, but not after rounding: SciPy has p near 0.
    CHECK(std::isnan(drift::brown_forsythe<double>(Values{0.1, 0.4}, Values{0.1, 0.7}).p_value));
}

TEST_CASE("NaN as asked, infinities and misuse are errors") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const Values some{1, 2, 4};
    CHECK_THROWS_AS(static_cast<void>(welch({1, nan, 2}, some)), vedette::Error);
    CHECK(welch({1, nan, 2}, some, {.nan = drift::NanPolicy::omit}).reference_count == 2.0);
    CHECK_THROWS_AS(static_cast<void>(welch({1, std::numeric_limits<double>::infinity()}, some)), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(welch(some, some, {.method = drift::Method::exact})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(welch(some, some, {.confidence = 0.0})), vedette::Error);
    const std::array<ColumnView<double>, 1> one{some};
    CHECK_THROWS_AS(static_cast<void>(drift::levene<double>(one, drift::Centre::mean)), vedette::Error);
    CHECK_THROWS_AS(
        static_cast<void>(drift::brown_forsythe<double>(some, some, {.alternative = drift::Alternative::less})),
        vedette::Error);
}
