// SPDX-License-Identifier: Apache-2.0
// The least-squares density difference against its formulas, under permutation, and on hostile input.
#include "vedette/drift/density_difference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
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
using vedette::testing::normals;

namespace {

ErrorCode code_of(View reference, View live, const drift::DensityDifferenceOptions& options = {}) {
    try {
        (void)drift::least_squares_density_difference(reference, live, options);
    } catch (const vedette::Error& error) {
        return error.code();
    }
    return ErrorCode{};
}

}  // namespace

TEST_CASE("statistic, effect and contributions match the formulas") {
    const auto data = oracle_data("density_difference.json");
    REQUIRE(data["cases"].size() == 4);
    for (const auto& row : data["cases"]) {
        const std::vector<double> x = row["reference"];
        const std::vector<double> y = row["live"];
        const std::size_t d = row["d"];
        const auto got = drift::least_squares_density_difference(
            View::row_major(x.data(), row["n"], d), View::row_major(y.data(), row["m"], d),
            {.bandwidth = row["bandwidth"], .regularisation = row["regularisation"], .permutations = 9});
        CHECK(got.test.statistic == doctest::Approx(row["statistic"].get<double>()).epsilon(1e-7));
        CHECK(got.test.effect == doctest::Approx(row["effect"].get<double>()).epsilon(1e-7));
        REQUIRE(got.row_contributions.size() == row["rows"].size());
        for (std::size_t i = 0; i < got.row_contributions.size(); ++i)
            CHECK(std::abs(got.row_contributions[i] - row["rows"][i].get<double>()) < 1e-7);
        REQUIRE(got.feature_contributions.size() == d);
        double sum = 0.0;
        for (std::size_t f = 0; f < d; ++f) {
            CHECK(std::abs(got.feature_contributions[f] - row["features"][f].get<double>()) < 1e-7);
            sum += got.feature_contributions[f];
        }
        CHECK(sum == doctest::Approx(row["difference"].get<double>()).epsilon(1e-7));
    }
}

TEST_CASE("the order of rows within a sample changes nothing but the order of the row contributions") {
    auto x = normals(120, 1);
    const auto y = normals(90, 2);
    const auto live = View::row_major(y.data(), 30, 3);
    const drift::DensityDifferenceOptions options{.centres = 20};
    const auto first = drift::least_squares_density_difference(View::row_major(x.data(), 40, 3), live, options);
    for (std::size_t i = 0; i < 20; ++i)
        std::swap_ranges(x.begin() + static_cast<std::ptrdiff_t>(3 * i),
                         x.begin() + static_cast<std::ptrdiff_t>(3 * i + 3),
                         x.end() - static_cast<std::ptrdiff_t>(3 * i + 3));
    const auto turned = drift::least_squares_density_difference(View::row_major(x.data(), 40, 3), live, options);
    CHECK(turned.test.statistic == first.test.statistic);
    CHECK(turned.test.p_value == first.test.p_value);
    CHECK(turned.row_contributions == first.row_contributions);
    CHECK(turned.feature_contributions == first.feature_contributions);
    // Exchanging the samples turns the difference around.
    const auto swapped = drift::least_squares_density_difference(live, View::row_major(x.data(), 40, 3), options);
    CHECK(swapped.test.statistic == doctest::Approx(first.test.statistic).epsilon(1e-9));
    CHECK(swapped.test.effect == doctest::Approx(first.test.effect).epsilon(1e-9));
}

TEST_CASE("rows where live data are new stand out") {
    auto x = normals(400, 3);
    auto y = normals(200, 4);
    for (std::size_t i = 0; i < 35; ++i) y[2 * i] = 6.0 + 0.1 * y[2 * i];
    const auto got =
        drift::least_squares_density_difference(View::row_major(x.data(), 200, 2), View::row_major(y.data(), 100, 2));
    CHECK(got.test.p_value == 0.001);
    CHECK(got.test.effect > 0.02);
    CHECK(got.test.effect < 0.5);
    const auto& rows = got.row_contributions;
    CHECK(*std::min_element(rows.begin(), rows.begin() + 35) > *std::max_element(rows.begin() + 35, rows.end()));
    for (double& value : y) value += 100.0;
    const auto apart =
        drift::least_squares_density_difference(View::row_major(x.data(), 200, 2), View::row_major(y.data(), 100, 2));
    CHECK(apart.test.effect > 0.8);
}

TEST_CASE("equal, repeated, constant, huge and few rows") {
    const std::vector<double> equal(60, 7.3);
    const auto same = drift::least_squares_density_difference(View::row_major(equal.data(), 10, 3),
                                                              View::row_major(equal.data(), 20, 3));
    CHECK(same.test.statistic == 0.0);
    CHECK(same.test.p_value == 1.0);
    CHECK(same.row_contributions == std::vector<double>(20, 0.0));
    CHECK(same.feature_contributions == std::vector<double>(3, 0.0));
    // Two values alone, one of them in one sample only.
    std::vector<double> two(40, 1.0);
    std::fill(two.begin() + 20, two.end(), -0.0);
    const auto split = drift::least_squares_density_difference(View::row_major(two.data(), 20, 1),
                                                               View::row_major(two.data() + 20, 20, 1));
    CHECK(split.test.p_value == 0.001);
    // With all rows once on each side nothing differs.
    const auto mixed =
        drift::least_squares_density_difference(View::row_major(two.data(), 40, 1), View::row_major(two.data(), 40, 1));
    CHECK(mixed.test.statistic < 1e-20);
    CHECK(mixed.test.effect == 0.0);
    CHECK(mixed.test.p_value > 0.5);
    auto x = normals(60, 5);
    for (std::size_t i = 0; i < 30; ++i) x[2 * i + 1] = 4.0;  // constant
    std::vector<double> narrow;
    for (std::size_t i = 0; i < 30; ++i) narrow.push_back(x[2 * i] * 1e300);
    const auto wide = drift::least_squares_density_difference(View::row_major(x.data(), 15, 2),
                                                              View::row_major(x.data() + 30, 15, 2));
    const auto huge = drift::least_squares_density_difference(View::row_major(narrow.data(), 15, 1),
                                                              View::row_major(narrow.data() + 15, 15, 1));
    CHECK(huge.test.statistic == doctest::Approx(wide.test.statistic).epsilon(1e-9));
    CHECK(huge.test.p_value == wide.test.p_value);
    CHECK(wide.feature_contributions[1] == 0.0);
    CHECK(huge.feature_contributions[0] == doctest::Approx(wide.feature_contributions[0]).epsilon(1e-9));
    // More features than rows, as few rows as may be.
    const auto few = drift::least_squares_density_difference(View::row_major(x.data(), 2, 15),
                                                             View::row_major(x.data() + 30, 2, 15));
    CHECK(few.test.p_value > 0.1);
    std::vector<float> single(x.begin(), x.end());
    const auto in_float =
        drift::least_squares_density_difference(vedette::MatrixView<float>::row_major(single.data(), 15, 2),
                                                vedette::MatrixView<float>::row_major(single.data() + 30, 15, 2));
    CHECK(in_float.test.statistic == doctest::Approx(wide.test.statistic).epsilon(1e-4));
}

TEST_CASE("misuse is named") {
    auto x = normals(40, 1);
    const auto view = View::row_major(x.data(), 20, 2);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    CHECK(code_of(view, View::row_major(x.data(), 10, 4)) == ErrorCode::dimension_mismatch);
    CHECK(code_of(view, View::row_major(x.data(), 1, 2)) == ErrorCode::not_enough_data);
    CHECK(code_of(View::row_major(nullptr, 3, 0), View::row_major(nullptr, 3, 0)) == ErrorCode::not_enough_data);
    CHECK(code_of(view, view, {.bandwidth = -1.0}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view, {.bandwidth = std::nan("")}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view, {.centres = 0}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view, {.centres = 5000}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view, {.regularisation = infinity}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view, {.permutations = 0}) == ErrorCode::invalid_argument);
    CHECK(code_of(view, view) == ErrorCode{});
    x[7] = std::nan("");
    CHECK(code_of(view, view) == ErrorCode::invalid_argument);
    const auto omitted =
        drift::least_squares_density_difference(view, view, {.nan = drift::NanPolicy::omit, .permutations = 9});
    CHECK(omitted.test.live_count == 19.0);
    CHECK(std::isnan(omitted.row_contributions[3]));
    x[7] = infinity;
    CHECK(code_of(view, view, {.nan = drift::NanPolicy::omit}) == ErrorCode::invalid_argument);
}
