// SPDX-License-Identifier: Apache-2.0
#include "vedette/stats/e_values.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

namespace stats = vedette::stats;
using vedette::ErrorCode;
using vedette::testing::code_of;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
const double not_a_number = std::nan("");
}  // namespace

TEST_CASE("calibrators have mean 1 and are what they are the mean of") {
    // By substitution p = u^k, so that the midpoint rule meets no pole.
    constexpr int steps = 200'000;
    double power = 0.0;
    for (int i = 0; i < steps; ++i) {
        const double u = (i + 0.5) / steps;
        power += stats::power_calibrator(u * u * u * u, 0.5) * 4.0 * u * u * u / steps;
    }
    CHECK(power == doctest::Approx(1.0).epsilon(1e-6));
    for (const double p : {1e-12, 1e-3, 0.05, 0.5, 0.98, 0.9899, 0.9901, 0.9999}) {
        double mean = 0.0;
        for (int i = 0; i < steps; ++i) mean += stats::power_calibrator(p, (i + 0.5) / steps) / steps;
        CHECK(stats::mixture_calibrator(p) == doctest::Approx(mean).epsilon(1e-7));
    }
    CHECK(stats::mixture_calibrator(1.0) == 0.5);
    CHECK(stats::mixture_calibrator(0.0) == infinity);
    CHECK(std::isfinite(stats::mixture_calibrator(1e-300)));
    CHECK(stats::p_from_e(20.0) == 0.05);
    CHECK(stats::p_from_e(0.2) == 1.0);
    CHECK(stats::p_from_e(infinity) == 0.0);
}

TEST_CASE("merging neither runs over nor under on the way") {
    CHECK(stats::average_e_values(std::vector<double>{0.0, 1.0, 5.0}) == doctest::Approx(2.0));
    CHECK(stats::average_e_values(std::vector<double>{1e308, 1e308}) == 1e308);
    CHECK(stats::multiply_e_values(std::vector<double>{2.0, 3.0, 0.5}) == 3.0);
    CHECK(stats::multiply_e_values(std::vector<double>{1e300, 1e300, 1e-300, 1e-300}) == doctest::Approx(1.0));
    CHECK(stats::multiply_e_values(std::vector<double>{1e300, 1e300}) == infinity);
    CHECK(stats::multiply_e_values(std::vector<double>{infinity, 0.0}) == 0.0);
    CHECK(stats::multiply_e_values(std::vector<double>{infinity, 0.1}) == infinity);
    CHECK(stats::multiply_e_values(std::vector<double>(500, 5e-324)) == 0.0);
}

TEST_CASE("e-BH rejects the k largest where the k-th is at least m/(k level)") {
    // Wang and Ramdas (2022): 1/e as p-values. Of 5 at 10 %: 1 needs 50, 2 need 25, 3 need 16.7.
    const auto adjusted = stats::adjust_e_values(std::vector<double>{26.0, 17.0, 0.0, 12.0, 25.5});
    CHECK(adjusted[0] == doctest::Approx(5.0 / (3.0 * 17.0)));
    CHECK(adjusted[0] <= 0.1);
    CHECK(adjusted[1] <= 0.1);
    CHECK(adjusted[4] <= 0.1);
    CHECK(adjusted[3] > 0.1);
    CHECK(adjusted[2] == 1.0);
    const auto with_missing = stats::adjust_e_values(std::vector<double>{not_a_number, infinity, 1.0});
    CHECK(std::isnan(with_missing[0]));
    CHECK(with_missing[1] == 0.0);
    CHECK(stats::adjust_e_values({}).empty());
}

TEST_CASE("calibrators, merging and e-BH are those of the papers, computed from the definitions") {
    const auto& oracle = oracle_data("e_values.json");
    for (const auto& item : oracle["power"]) {
        CAPTURE(item.dump());
        CHECK(stats::power_calibrator(item["p"], item["exponent"]) ==
              doctest::Approx(item["e"].get<double>()).epsilon(1e-12).scale(0.0));
    }
    for (const auto& item : oracle["mixture"]) {
        CAPTURE(item.dump());
        CHECK(stats::mixture_calibrator(item["p"]) ==
              doctest::Approx(item["e"].get<double>()).epsilon(1e-11).scale(0.0));
    }
    for (const auto& item : oracle["merged"]) {
        const auto e_values = item["e_values"].get<std::vector<double>>();
        CAPTURE(e_values.size());
        CHECK(stats::average_e_values(e_values) ==
              doctest::Approx(item["mean"].get<double>()).epsilon(1e-13).scale(0.0));
        CHECK(std::log(stats::multiply_e_values(e_values)) ==
              doctest::Approx(item["log_product"].get<double>()).epsilon(1e-12));
    }
    for (const auto& item : oracle["e_bh"]) {
        const auto e_values = item["e_values"].get<std::vector<double>>();
        const auto adjusted = stats::adjust_e_values(e_values);
        for (const auto& test : item["rejected"]) {
            CAPTURE(e_values.size());
            CAPTURE(test["level"].get<double>());
            std::vector<std::size_t> rejected;
            for (std::size_t i = 0; i < adjusted.size(); ++i)
                if (adjusted[i] <= test["level"].get<double>()) rejected.push_back(i);
            CHECK(rejected == test["indices"].get<std::vector<std::size_t>>());
        }
    }
}

TEST_CASE("what is no e-value or p-value is refused") {
    for (const double bad : {-1.0, not_a_number, -infinity}) {
        CHECK(code_of([&] { stats::average_e_values(std::vector<double>{1.0, bad}); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { stats::multiply_e_values(std::vector<double>{bad}); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { stats::p_from_e(bad); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { stats::mixture_calibrator(bad); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { stats::power_calibrator(0.5, bad); }) == ErrorCode::invalid_argument);
    }
    CHECK(code_of([] { stats::adjust_e_values(std::vector<double>{-1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { stats::average_e_values({}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { stats::power_calibrator(1.5, 0.5); }) == ErrorCode::invalid_argument);
}
