// SPDX-License-Identifier: Apache-2.0
// Epps-Singleton against SciPy and the formulas, where nothing varies, and on hostile input.
#include "vedette/drift/epps_singleton.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/comparison.hpp"

namespace drift = vedette::drift;
using drift::EppsSingletonCovariance;
using drift::EppsSingletonOptions;
using vedette::ErrorCode;
using Sample = std::vector<double>;

namespace {

EppsSingletonOptions options(drift::Method method, EppsSingletonCovariance covariance = EppsSingletonCovariance::pooled,
                             Sample points = {0.4, 0.8}) {
    return {drift::TestOptions{.method = method}, covariance, std::move(points)};
}

Sample normals(std::size_t count, std::uint64_t seed, double scale = 1.0) {
    vedette::Random random(seed);
    Sample values(count);
    for (double& value : values) value = scale * random.normal();
    return values;
}

ErrorCode code_of(const Sample& reference, const Sample& live, const EppsSingletonOptions& chosen = {}) {
    try {
        (void)drift::epps_singleton(reference, live, chosen);
    } catch (const vedette::Error& error) {
        CHECK(std::string(error.what()).find("epps_singleton") != std::string::npos);
        return error.code();
    }
    return ErrorCode{};
}

doctest::Approx near(const nlohmann::json& value, double tolerance = 1e-9) {
    return doctest::Approx(value.get<double>()).epsilon(tolerance).scale(1e-9);  // a bound may be 0
}

}  // namespace

TEST_CASE("SciPy's values with separate covariances, the formulas' with the pooled one") {
    const auto& cases = oracle_data("epps_singleton.json")["cases"];
    REQUIRE(cases.size() == 11);
    for (const auto& row : cases) {
        CAPTURE(row["name"].get<std::string>());
        const Sample x = row["reference"];
        const Sample y = row["live"];
        const Sample points = row["points"];
        const auto pooled =
            drift::epps_singleton(x, y, options(drift::Method::asymptotic, EppsSingletonCovariance::pooled, points));
        CHECK(pooled.statistic == near(row["pooled"]["statistic"], 1e-7));
        CHECK(pooled.p_value == near(row["pooled"]["p"], 1e-6));
        CHECK(pooled.degrees_of_freedom == row["pooled"]["rank"].get<double>());
        CHECK(pooled.effect_interval.lower == near(row["pooled"]["lower"], 1e-5));
        CHECK(pooled.effect_interval.upper == near(row["pooled"]["upper"], 1e-5));
        CHECK(pooled.effect >= pooled.effect_interval.lower);
        CHECK(pooled.effect <= pooled.effect_interval.upper);
        if (!row.contains("separate")) continue;
        const auto separate =
            drift::epps_singleton(x, y, options(drift::Method::automatic, EppsSingletonCovariance::separate, points));
        CHECK(separate.statistic == near(row["separate"][0], 1e-7));
        CHECK(separate.p_value == near(row["separate"][1], 1e-6));
        CHECK(separate.effect == pooled.effect);
    }
}

TEST_CASE("position and unit of the values do not matter, nor the order of the sides") {
    const Sample x = normals(70, 1), y = normals(45, 2, 1.6);
    Sample far_x, far_y;
    for (const double value : x) far_x.push_back(1000.0 - 1e-3 * value);
    for (const double value : y) far_y.push_back(1000.0 - 1e-3 * value);
    const auto asymptotic = options(drift::Method::asymptotic);
    const auto here = drift::epps_singleton(x, y, asymptotic);
    CHECK(drift::epps_singleton(far_x, far_y, asymptotic).statistic == doctest::Approx(here.statistic).epsilon(1e-8));
    CHECK(drift::epps_singleton(y, x, asymptotic).statistic == doctest::Approx(here.statistic).epsilon(1e-10));
    const std::vector<float> narrow_x(x.begin(), x.end()), narrow_y(y.begin(), y.end());
    CHECK(drift::epps_singleton(narrow_x, narrow_y, asymptotic).statistic ==
          doctest::Approx(here.statistic).epsilon(1e-4));
}

TEST_CASE("samples in which nothing, or next to nothing, varies") {
    const Sample five(60, 5.0), seven(50, 7.0);
    const auto same = drift::epps_singleton(five, Sample(50, 5.0));
    CHECK(same.statistic == 0.0);
    CHECK(same.p_value == 1.0);
    CHECK(same.effect == 0.0);
    // SciPy divides by an interquartile range of 0 here, or leaves the only direction out.
    const auto moved = drift::epps_singleton(five, seven);
    CHECK(moved.p_value == 0.001);
    CHECK(drift::epps_singleton(five, seven, options(drift::Method::asymptotic)).p_value == 0.0);
    CHECK(moved.effect == 1.0);
    CHECK(moved.degrees_of_freedom == 1.0);
    CHECK(moved.statistic == doctest::Approx(110.0));
    const Sample few_fives(5, 5.0), few_sevens(5, 7.0);
    CHECK(drift::epps_singleton(few_fives, few_sevens).p_value > 0.004);  // 2 of 252 relabellings, and the observed one
    CHECK(drift::epps_singleton(few_fives, few_sevens).p_value < 0.02);
    CHECK(code_of(five, seven, options(drift::Method::automatic, EppsSingletonCovariance::separate)) ==
          ErrorCode::not_enough_data);
    // An interquartile range of 0: the zeros' share is the same, what is not 0 has moved.
    Sample zeros(200, 0.0), others(200, 0.0);
    for (std::size_t i = 0; i < 60; ++i) {
        zeros[i] = 5.0 + 0.01 * static_cast<double>(i);
        others[i] = 7.0 + 0.01 * static_cast<double>(i);
    }
    CHECK(drift::epps_singleton(zeros, others).p_value < 1e-6);
    CHECK(drift::epps_singleton(zeros, zeros).p_value > 0.99);
}

TEST_CASE("the widest and the narrowest doubles stay numbers") {
    constexpr double largest = std::numeric_limits<double>::max();
    constexpr double smallest = std::numeric_limits<double>::denorm_min();
    for (const double unit : {largest, smallest, 1.0}) {
        Sample x{-unit, -unit, 0.0, unit, unit, -unit, 0.0}, y{unit, unit, unit, 0.0, -unit, unit};
        const auto result = drift::epps_singleton(x, y);
        CHECK(std::isfinite(result.statistic));
        CHECK(result.p_value > 0.0);
        CHECK(result.p_value <= 1.0);
        x.insert(x.end(), {1e-300, 1e300, -1e300, 2e-300});
        CHECK(std::isfinite(drift::epps_singleton(x, y).statistic));
    }
}

TEST_CASE("methods: which one is automatic, and the same p for the same seed") {
    const Sample x = normals(60, 3), y = normals(50, 4), few = normals(10, 5);
    const auto p = [](const Sample& a, const Sample& b, drift::Method method) {
        return drift::epps_singleton(a, b, options(method)).p_value;
    };
    CHECK(p(x, few, drift::Method::automatic) == p(x, few, drift::Method::permutation));
    const Sample many = normals(500, 6), hundred = normals(100, 7);
    CHECK(p(many, few, drift::Method::automatic) == p(many, few, drift::Method::permutation));
    CHECK(p(many, x, drift::Method::automatic) == p(many, x, drift::Method::permutation));
    CHECK(p(many, hundred, drift::Method::automatic) == p(many, hundred, drift::Method::asymptotic));
    CHECK(std::abs(p(x, y, drift::Method::permutation) - p(x, y, drift::Method::asymptotic)) < 0.06);
    auto other = options(drift::Method::permutation);
    other.seed = 9;
    CHECK(drift::epps_singleton(x, y, other).p_value != p(x, y, drift::Method::permutation));
    const drift::SortedSample<double> a(x), b(y);
    CHECK(drift::run_test(vedette::DriftTest::epps_singleton, a, b).p_value == p(x, y, drift::Method::automatic));
}

TEST_CASE("misuse is named") {
    const Sample x = normals(20, 1);
    constexpr auto pooled = EppsSingletonCovariance::pooled;
    CHECK(code_of(x, normals(4, 2)) == ErrorCode::not_enough_data);
    CHECK(code_of({}, x) == ErrorCode::not_enough_data);
    CHECK(code_of(x, x, options(drift::Method::exact)) == ErrorCode::unsupported);
    CHECK(code_of(x, x, options(drift::Method::permutation, EppsSingletonCovariance::separate)) ==
          ErrorCode::unsupported);
    CHECK(code_of(x, x, options(drift::Method::automatic, pooled, {})) == ErrorCode::invalid_argument);
    CHECK(code_of(x, x, options(drift::Method::automatic, pooled, Sample(17, 0.4))) == ErrorCode::invalid_argument);
    CHECK(code_of(x, x, options(drift::Method::automatic, pooled, {0.4, 0.0})) == ErrorCode::invalid_argument);
    CHECK(code_of(x, x, options(drift::Method::automatic, pooled, {std::nan("")})) == ErrorCode::invalid_argument);
    CHECK(code_of(x, x, options(drift::Method::automatic, pooled, {1001.0})) == ErrorCode::invalid_argument);
    const Sample few = normals(6, 4), others = normals(6, 5), points{0.2, 0.7, 1.6, 3.1, 7.3, 19.0, 53.0};
    CHECK(code_of(few, others, options(drift::Method::asymptotic, pooled, points)) == ErrorCode::not_enough_data);
    CHECK(drift::epps_singleton(few, others, options(drift::Method::permutation, pooled, points)).p_value > 0.0);
    EppsSingletonOptions bad;
    bad.alternative = drift::Alternative::less;
    CHECK(code_of(x, x, bad) == ErrorCode::unsupported);
    bad = {};
    bad.confidence = 1.0;
    CHECK(code_of(x, x, bad) == ErrorCode::invalid_argument);
    bad = {};
    bad.permutations = 0;
    CHECK(code_of(x, x, bad) == ErrorCode::invalid_argument);
    Sample hostile = x;
    hostile[3] = std::numeric_limits<double>::infinity();
    CHECK(code_of(hostile, x) == ErrorCode::invalid_argument);
}

TEST_CASE("a NaN is refused, or left out and counted") {
    Sample x = normals(20, 1);
    const auto without = drift::epps_singleton(x, x);
    x.push_back(std::nan(""));
    CHECK_THROWS_AS(drift::epps_singleton(x, x), vedette::Error);
    EppsSingletonOptions omit;
    omit.nan = drift::NanPolicy::omit;
    const auto with = drift::epps_singleton(x, x, omit);
    CHECK(with.p_value == without.p_value);
    CHECK(with.live_count == 20.0);
}
