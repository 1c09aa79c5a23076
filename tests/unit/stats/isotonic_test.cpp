// SPDX-License-Identifier: Apache-2.0
// Isotonic regression beside scikit-learn's, and by what defines it.
#include "vedette/stats/isotonic.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

using vedette::ErrorCode;
using vedette::stats::IsotonicMap;
using vedette::stats::needs_calibration;
using vedette::testing::code_of;

namespace {

std::vector<double> list(const nlohmann::json& item, double unit = 1.0) {
    std::vector<double> out;
    for (const auto& value : item) out.push_back(value.get<double>() / unit);
    return out;
}

}  // namespace

TEST_CASE("Knots and predictions are scikit-learn's") {
    for (const auto& item : oracle_data("performance.json")["isotonic"]) {
        const IsotonicMap map = IsotonicMap::fit(list(item["x"]), list(item["y"]));
        const auto at = list(item["at"]);
        const auto expected = list(item["predicted"]);
        for (std::size_t i = 0; i < at.size(); ++i) CHECK(map(at[i]) == doctest::Approx(expected[i]).epsilon(1e-13));
        const auto knots = list(item["knots"]);
        REQUIRE(map.knots().size() == knots.size());
        for (std::size_t i = 0; i < knots.size(); ++i) CHECK(map.knots()[i] == knots[i]);
    }
}

TEST_CASE("No other non-decreasing function is nearer") {
    vedette::Random random(3);
    std::vector<double> x(400);
    std::vector<double> y(400);
    for (std::size_t i = 0; i < x.size(); ++i) {
        x[i] = random.uniform();
        y[i] = random.uniform() < x[i] ? 1.0 : 0.0;
    }
    const IsotonicMap map = IsotonicMap::fit(x, y);
    // The optimum's conditions: residuals are orthogonal to the fit, and no indicator of {x >= t} would improve it.
    double orthogonal = 0.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        orthogonal += (y[i] - map(x[i])) * map(x[i]);
        sum += y[i] - map(x[i]);
    }
    CHECK(std::abs(orthogonal) < 1e-10);
    CHECK(std::abs(sum) < 1e-10);
    for (const double t : x) {
        double gain = 0.0;
        for (std::size_t i = 0; i < x.size(); ++i) gain += x[i] >= t ? y[i] - map(x[i]) : 0.0;
        CHECK(gain <= 1e-10);
    }
}

TEST_CASE("Ends, ties, single points and nonsense") {
    const double infinity = std::numeric_limits<double>::infinity();
    const IsotonicMap one = IsotonicMap::fit(std::vector<double>{0.5}, std::vector<double>{1.0});
    CHECK(one(-infinity) == 1.0);
    CHECK(one(infinity) == 1.0);
    CHECK(std::isnan(one(std::nan(""))));
    const IsotonicMap identity;
    for (const double x : {0.0, 0.25, 1.0}) CHECK(identity(x) == x);
    const std::vector<double> two{0.0, 1.0};
    CHECK(code_of([&] { (void)IsotonicMap::fit(two, {}); }) == ErrorCode::dimension_mismatch);
    CHECK(code_of([&] { (void)IsotonicMap::fit({}, {}); }) == ErrorCode::not_enough_data);
    CHECK(code_of([&] {
              (void)IsotonicMap::fit(two, std::vector<double>{0.0, infinity});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)IsotonicMap::from_knots({0.0, 0.0}, {0.0, 1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)IsotonicMap::from_knots({0.0, 1.0}, {1.0, 0.0}); }) == ErrorCode::invalid_argument);
    const IsotonicMap huge = IsotonicMap::fit(std::vector<double>{-1e300, 5e-324, 1e300}, std::vector<double>{3, 1, 2});
    CHECK(huge(0.0) == 2.0);
}

TEST_CASE("Calibration is asked for as NannyML asks, and never where it cannot help") {
    const auto& cases = oracle_data("performance.json")["rule"];
    for (const auto& item : cases)
        CHECK(needs_calibration(list(item["scores"], 1e6), list(item["labels"])) == item["needed"].get<bool>());
    const auto& plain = oracle_data("performance.json")["binary"][1];
    const auto all = list(plain["scores"], 1e6);
    const auto labels = list(plain["labels"]);
    const std::size_t n = plain["n"];
    // Well calibrated: some splits may gain by chance, most do not.
    std::size_t asked = 0;
    for (std::size_t seed = 0; seed < 20; ++seed)
        asked += needs_calibration(std::span(all).first(n), std::span(labels).first(n), seed) ? 1U : 0U;
    CHECK(asked < 20);
    std::vector<double> scores;
    std::vector<double> truth;
    for (std::size_t i = 0; i < 200; ++i) {
        scores.push_back(static_cast<double>(i) / 400.0);
        truth.push_back(i < 100 ? 0.0 : 1.0);
    }
    CHECK_FALSE(needs_calibration(scores, truth));  // perfect order
    CHECK_FALSE(needs_calibration(scores, std::vector<double>(200, 1.0)));
    truth.assign(200, 0.0);
    truth[7] = 1.0;
    CHECK_FALSE(needs_calibration(scores, truth));
    CHECK_FALSE(needs_calibration(std::vector<double>(5, 0.1), std::vector<double>{0, 1, 0, 1, 0}));
    CHECK(vedette::stats::roc_auc(std::vector<double>{0.1, 0.4, 0.4, 0.8}, std::vector<double>{0, 0, 1, 1}) == 0.875);
}
