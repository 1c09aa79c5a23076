// SPDX-License-Identifier: Apache-2.0
// The classifier test against scikit-learn, its folds, what its contributions sum to, and hostile input.
#include "vedette/drift/classifier_test.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "drift/out_of_fold.hpp"
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

namespace {

Eigen::MatrixXd matrix(const std::vector<double>& values, std::size_t columns) {
    const auto d = static_cast<Eigen::Index>(columns);
    return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(
        values.data(), static_cast<Eigen::Index>(values.size()) / d, d);
}

}  // namespace

TEST_CASE("models, areas and variances of given folds match scikit-learn") {
    const auto data = oracle_data("classifier.json");
    REQUIRE(data["cases"].size() == 5);
    for (const auto& row : data["cases"]) {
        const std::size_t d = row["d"];
        const drift::FoldedRows folded =
            drift::fold_rows(matrix(row["reference"], d), matrix(row["live"], d), row["reference_folds"],
                             row["live_folds"], row["folds"].get<std::size_t>());
        drift::ProgressiveClassifier classifier(folded, row["c"], 100);
        const drift::Separation got = classifier.separation(folded.labels);
        double placements = 0.0;
        REQUIRE(got.sums.size() == row["areas"].size());
        for (std::size_t k = 0; k < got.sums.size(); ++k) {
            const auto& model = classifier.models()[k];
            CHECK(model.converged);
            CHECK(model.intercept == doctest::Approx(row["models"][k]["intercept"].get<double>()).epsilon(1e-6));
            for (std::size_t j = 0; j < d; ++j)
                CHECK(std::abs(model.coefficients[static_cast<Eigen::Index>(j)] -
                               row["models"][k]["coefficients"][j].get<double>()) < 1e-6);
            CHECK(got.sums[k].estimate() == doctest::Approx(row["areas"][k].get<double>()).epsilon(1e-12));
            placements += got.weights[k] * got.weights[k] * drift::placement_variance(got.sums[k]);
        }
        CHECK(got.area == doctest::Approx(row["area"].get<double>()).epsilon(1e-12));
        CHECK(got.null_variance == doctest::Approx(row["null_variance"].get<double>()).epsilon(1e-10));
        CHECK(placements == doctest::Approx(row["placements"].get<double>()).epsilon(1e-9));
    }
}

TEST_CASE("contributions are those of scikit-learn's model of all rows, and sum to its margin") {
    const auto data = oracle_data("classifier.json");
    for (const auto& row : data["cases"]) {
        const std::vector<double> x = row["reference"];
        const std::vector<double> y = row["live"];
        const std::size_t d = row["d"];
        const auto got =
            drift::classifier_two_sample(View::row_major(x.data(), row["n"], d), View::row_major(y.data(), row["m"], d),
                                         {.folds = row["folds"], .inverse_regularisation = row["c"]});
        for (std::size_t j = 0; j < d; ++j)
            CHECK(std::abs(got.feature_contributions[j] - row["features"][j].get<double>()) < 1e-6);
        for (std::size_t i = 0; i < got.row_contributions.size(); ++i)
            CHECK(std::abs(got.row_contributions[i] - row["rows"][i].get<double>()) < 1e-6);
        CHECK(sum(got.row_contributions) == doctest::Approx(sum(got.feature_contributions)).epsilon(1e-10));
        CHECK(got.test.effect == got.test.statistic - 0.5);
        CHECK(got.test.effect_interval.lower <= got.test.effect);
        CHECK(got.test.effect_interval.upper >= got.test.effect);
    }
}

TEST_CASE("folds are balanced, a function of the seed, and every row's fold is uniform") {
    std::vector<std::size_t> counts(5, 0);
    for (std::uint64_t seed = 0; seed < 4000; ++seed) {
        const auto folds = drift::assign_folds(17, 5, seed, 0);
        CHECK(folds == drift::assign_folds(17, 5, seed, 0));
        for (std::size_t k = 0; k < 5; ++k) CHECK(std::count(folds.begin(), folds.end(), k) == (k < 2 ? 4 : 3));
        ++counts[folds[3]];
    }
    for (std::size_t k = 0; k < 5; ++k) {
        const double share = (k < 2 ? 4.0 : 3.0) / 17.0;
        CHECK(std::abs(static_cast<double>(counts[k]) - 4000.0 * share) <
              4.5 * std::sqrt(4000.0 * share * (1 - share)));
    }
    CHECK(drift::assign_folds(100, 5, 1, 0) != drift::assign_folds(100, 5, 2, 0));
    CHECK(drift::assign_folds(100, 5, 1, 0) != drift::assign_folds(100, 5, 1, 1));
}

TEST_CASE("units, offsets, constant features and float leave the answer as it was") {
    const auto x = normals(60, 1);
    const auto y = normals(40, 2);
    std::vector<double> wide_x, wide_y;
    std::vector<float> float_x, float_y;
    for (std::size_t i = 0; i < 30; ++i) wide_x.insert(wide_x.end(), {x[2 * i] * 1e300, 7.1, x[2 * i + 1] * 1e-310});
    for (std::size_t i = 0; i < 20; ++i) wide_y.insert(wide_y.end(), {y[2 * i] * 1e300, 7.1, y[2 * i + 1] * 1e-310});
    const auto narrow =
        drift::classifier_two_sample(View::row_major(x.data(), 30, 2), View::row_major(y.data(), 20, 2));
    const auto wide =
        drift::classifier_two_sample(View::row_major(wide_x.data(), 30, 3), View::row_major(wide_y.data(), 20, 3));
    CHECK(wide.test.statistic == narrow.test.statistic);
    CHECK(wide.test.p_value == narrow.test.p_value);
    CHECK(wide.feature_contributions[1] == 0.0);
    CHECK(wide.feature_contributions[2] == doctest::Approx(narrow.feature_contributions[1]).epsilon(1e-6));
    for (const double value : x) float_x.push_back(static_cast<float>(value));
    for (const double value : y) float_y.push_back(static_cast<float>(value));
    const auto single = drift::classifier_two_sample(vedette::MatrixView<float>::row_major(float_x.data(), 30, 2),
                                                     vedette::MatrixView<float>::row_major(float_y.data(), 20, 2));
    CHECK(single.test.statistic == doctest::Approx(narrow.test.statistic).epsilon(0.01));
    // The largest values there are, of either sign.
    constexpr double most = std::numeric_limits<double>::max();
    const std::vector<double> huge{most, -most, most, -most, most, -most, most, -most};
    const auto extreme =
        drift::classifier_two_sample(View::row_major(huge.data(), 8, 1), View::row_major(huge.data(), 8, 1));
    CHECK(extreme.test.p_value >= 0.0);
    CHECK(extreme.test.p_value <= 1.0);
    CHECK(std::isfinite(extreme.feature_contributions[0]));
}

TEST_CASE("equal rows everywhere, equal samples, separable samples, least sizes, more features than rows") {
    const std::vector<double> equal(40, 3.3);
    const auto flat =
        drift::classifier_two_sample(View::row_major(equal.data(), 10, 2), View::row_major(equal.data(), 20, 2));
    CHECK(flat.test.statistic == 0.5);
    CHECK(flat.test.p_value == 1.0);
    CHECK(sum(flat.feature_contributions) == 0.0);
    CHECK(sum(flat.row_contributions) == 0.0);
    const auto flat_permuted =
        drift::classifier_two_sample(View::row_major(equal.data(), 10, 2), View::row_major(equal.data(), 20, 2),
                                     {.test = {.method = drift::Method::permutation, .permutations = 19}});
    CHECK(flat_permuted.test.p_value == 1.0);

    auto x = normals(100, 3);
    auto y = x;
    const auto view = View::row_major(x.data(), 50, 2);
    CHECK(drift::classifier_two_sample(view, view).test.p_value > 0.05);
    for (std::size_t i = 0; i < 50; ++i) y[2 * i] += 100.0;
    for (const double c : {1e-6, 1.0, 1e6}) {
        const auto apart =
            drift::classifier_two_sample(view, View::row_major(y.data(), 50, 2), {.inverse_regularisation = c});
        CHECK(apart.test.statistic == 1.0);
        CHECK(apart.test.p_value < 1e-8);
        CHECK(apart.test.effect_interval.upper == 0.5);
        CHECK(apart.test.effect_interval.lower > 0.4);
        CHECK(apart.feature_contributions[0] > std::abs(apart.feature_contributions[1]));
    }

    const auto least = drift::classifier_two_sample(View::row_major(x.data(), 2, 2), View::row_major(y.data(), 2, 2));
    CHECK(least.test.p_value > 0.05);
    CHECK(least.test.effect_interval.lower < 0.0);
    // So few rows cannot say much, and automatic knows: one scored fold of one row against one.
    CHECK(drift::classifier_two_sample(View::row_major(x.data(), 2, 2), View::row_major(y.data(), 2, 2),
                                       {.test = {.method = drift::Method::permutation}})
              .test.p_value == least.test.p_value);
    CHECK(drift::classifier_two_sample(View::row_major(x.data(), 2, 2), View::row_major(y.data(), 2, 2),
                                       {.test = {.method = drift::Method::asymptotic}})
              .test.p_value != least.test.p_value);
    const auto lopsided =
        drift::classifier_two_sample(View::row_major(x.data(), 49, 2), View::row_major(x.data() + 96, 2, 2));
    CHECK(lopsided.test.p_value >= 0.0);
    CHECK(lopsided.test.live_count == 2.0);
    const auto short_wide =
        drift::classifier_two_sample(View::row_major(x.data(), 2, 50), View::row_major(y.data(), 2, 50));
    CHECK(std::isfinite(short_wide.test.p_value));
    CHECK(sum(short_wide.row_contributions) == doctest::Approx(sum(short_wide.feature_contributions)).epsilon(1e-9));
}

TEST_CASE("order of columns and storage do not matter; permutation p agrees with the normal law") {
    const auto x = normals(300, 5);
    auto y = normals(240, 6);
    for (std::size_t i = 0; i < 80; ++i) y[3 * i + 1] += 0.4;
    const auto reference = View::row_major(x.data(), 100, 3);
    const auto live = View::row_major(y.data(), 80, 3);
    const auto plain = drift::classifier_two_sample(reference, live);
    std::vector<double> transposed(240);
    for (std::size_t i = 0; i < 80; ++i)
        for (std::size_t j = 0; j < 3; ++j) transposed[j * 80 + i] = y[3 * i + j];
    CHECK(drift::classifier_two_sample(reference, View::column_major(transposed.data(), 80, 3)).test.p_value ==
          plain.test.p_value);
    const auto permuted = drift::classifier_two_sample(
        reference, live, {.test = {.method = drift::Method::permutation, .permutations = 999}});
    CHECK(permuted.test.statistic == plain.test.statistic);
    const double deviation = std::sqrt(plain.test.p_value * (1.0 - plain.test.p_value) / 999.0);
    CHECK(std::abs(permuted.test.p_value - plain.test.p_value) < 5.0 * deviation + 0.005);
    const auto again = drift::classifier_two_sample(
        reference, live, {.test = {.method = drift::Method::permutation, .permutations = 999}});
    CHECK(again.test.p_value == permuted.test.p_value);
    const auto& parts = plain.feature_contributions;
    CHECK(std::max_element(parts.begin(), parts.end()) - parts.begin() == 1);
}

TEST_CASE("equal rows have equal scores to the last bit, wherever they stand") {
    const auto few = normals(5 * 7, 9);
    std::vector<double> values;
    for (std::size_t i = 0; i < 43; ++i)
        for (std::size_t j = 0; j < 7; ++j) values.push_back(few[(i * i % 5) * 7 + j]);
    const auto rows = matrix(values, 7);
    const auto folded =
        drift::fold_rows(rows, rows, drift::assign_folds(43, 4, 0, 0), drift::assign_folds(43, 4, 0, 1), 4);
    drift::ProgressiveClassifier classifier(folded, 1.0, 100);
    const auto separation = classifier.separation(folded.labels);
    for (std::size_t k = 1; k < 4; ++k) {
        const Eigen::Index first = folded.begin[k], count = folded.begin[k + 1] - first;
        const Eigen::VectorXd score = drift::scores(folded, classifier.models()[k - 1], first, count);
        for (Eigen::Index i = 0; i < count; ++i)
            for (Eigen::Index j = 0; j < i; ++j)
                CHECK((folded.rows.row(first + i) == folded.rows.row(first + j)) == (score[i] == score[j]));
    }
    CHECK(separation.null_variance > 0.0);
}

TEST_CASE("a fit that is cut short is still a test") {
    const auto x = normals(100, 7);
    auto y = normals(100, 8);
    for (std::size_t i = 0; i < 50; ++i) y[2 * i] += 3.0;
    const auto cut = drift::classifier_two_sample(View::row_major(x.data(), 50, 2), View::row_major(y.data(), 50, 2),
                                                  {.maximum_iterations = 1});
    CHECK(cut.test.p_value < 1e-6);
}

TEST_CASE("misuse is named") {
    auto x = normals(40, 1);
    const auto view = View::row_major(x.data(), 20, 2);
    const auto call = [&](View a, View b, drift::ClassifierTestOptions o) {
        return [=] { (void)drift::classifier_two_sample(a, b, o); };
    };
    CHECK(code_of(call(view, View::row_major(x.data(), 10, 4), {})) == ErrorCode::dimension_mismatch);
    CHECK(code_of(call(view, View::row_major(x.data(), 1, 2), {})) == ErrorCode::not_enough_data);
    CHECK(code_of(call(View{}, View{}, {})) == ErrorCode::not_enough_data);
    CHECK(code_of(call(view, view, {.test = {.alternative = drift::Alternative::greater}})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.test = {.method = drift::Method::exact}})) == ErrorCode::unsupported);
    CHECK(code_of(call(view, view, {.test = {.confidence = 1.0}})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.test = {.permutations = 0}})) == ErrorCode::invalid_argument);
    for (const std::size_t folds : {0UL, 1UL, 101UL})
        CHECK(code_of(call(view, view, {.folds = folds})) == ErrorCode::invalid_argument);
    for (const double c : {0.0, -1.0, 1e7, std::nan(""), std::numeric_limits<double>::infinity()})
        CHECK(code_of(call(view, view, {.inverse_regularisation = c})) == ErrorCode::invalid_argument);
    CHECK(code_of(call(view, view, {.maximum_iterations = 0})) == ErrorCode::invalid_argument);
    x[7] = std::nan("");
    CHECK(code_of(call(view, view, {})) == ErrorCode::invalid_argument);
    const auto omitted = drift::classifier_two_sample(view, view, {.test = {.nan = drift::NanPolicy::omit}});
    CHECK(omitted.test.live_count == 19.0);
    CHECK(std::isnan(omitted.row_contributions[3]));
    CHECK(std::isfinite(omitted.row_contributions[4]));
    x[7] = std::numeric_limits<double>::infinity();
    CHECK(code_of(call(view, view, {.test = {.nan = drift::NanPolicy::omit}})) == ErrorCode::invalid_argument);
}
