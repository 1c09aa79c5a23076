// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/local_outlier_factor.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/perturbation/score_checks.hpp"
#include "vedette/core/container.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::LocalOutlierFactor;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<LocalOutlierFactor>);

}  // namespace

TEST_CASE("local outlier factor: as scikit-learn's novelty form") {
    std::size_t rows = 0;
    for (const auto& each : oracle_data("tabular_scores.json")["local_outlier_factor"]) {
        const auto train = each["train"].get<std::vector<float>>();
        const LocalOutlierFactor score(View::row_major(train.data(), each["n"], each["d"]),
                                       {.neighbours = each["neighbours"]});
        for (std::size_t i = 0; i < each["rows"].size(); ++i, ++rows) {
            const double expected = each["scores"][i];
            CHECK(std::abs(score.score(each["rows"][i].get<std::vector<float>>()) / expected - 1.0) < 1e-9);
        }
    }
    CHECK(rows == 39);
}

TEST_CASE("local outlier factor: by hand") {
    // At 0, 1 and 3 with one neighbour: k-distances 1, 1, 2; densities 1, 1, 1/2.
    const std::vector<float> line{0.0F, 1.0F, 3.0F};
    const LocalOutlierFactor score(View::row_major(line.data(), 3, 1), {.neighbours = 1});
    const auto at = [&](float x) { return score.score(std::vector<float>{x}); };
    CHECK(at(-1.0F) == doctest::Approx(1.0));
    CHECK(at(-4.0F) == doctest::Approx(4.0));
    CHECK(at(3.5F) == doctest::Approx(1.0));  // reaches 2, the neighbour's own distance
    CHECK(at(9.0F) == doctest::Approx(3.0));
    CHECK(score.options().neighbours == 1);
    CHECK(score.reference_count() == 3);
}

TEST_CASE("local outlier factor: contributions, hostile rows and values") {
    const std::vector<float> reference = float_normals(101 * 6, 2);
    const LocalOutlierFactor score(View::row_major(reference.data(), 101, 6), {.neighbours = 7});
    vedette::testing::check_contributions(score, 200);
    vedette::testing::check_hostile_rows(score);
    std::vector<double> contributions(6);
    std::vector<float> row(6, 0.0F);
    row[4] = 30.0F;
    const double total = score.score(row, contributions);
    CHECK(total > 5.0);
    CHECK(contributions[4] > 0.9 * total);
    row[4] = std::numeric_limits<float>::infinity();
    CHECK(std::isnan(score.score(row)));
    row[4] = std::numeric_limits<float>::max();
    CHECK(std::isfinite(score.score(row, contributions)));
    // Copies of one row: dense without bound but for the floor, and equal parts.
    const std::vector<float> ties(30 * 4, 2.0F);
    const LocalOutlierFactor tied(View::row_major(ties.data(), 30, 4));
    contributions.resize(4);
    CHECK(tied.score(std::span(ties).first(4), contributions) == doctest::Approx(1.0));
    CHECK(contributions[3] == doctest::Approx(0.25));
    CHECK(tied.score(std::vector<float>{2.0F, 2.0F, 2.0F, 3.0F}) == doctest::Approx(1e10));
    CHECK(std::isfinite(tied.score(std::vector<float>(4, std::numeric_limits<float>::max()))));
    // The order of rows changes nothing but ties; nor does the layout.
    std::vector<float> turned(reference.size());
    for (std::size_t i = 0; i < 101; ++i)
        for (std::size_t j = 0; j < 6; ++j) turned[j * 101 + i] = reference[i * 6 + j];
    const LocalOutlierFactor columns(View::column_major(turned.data(), 101, 6), {.neighbours = 7});
    CHECK(columns.serialize() == score.serialize());
}

TEST_CASE("local outlier factor: what cannot be fitted, and files") {
    std::vector<float> values = float_normals(400, 1);
    const auto code = [&](std::size_t n, std::size_t d, std::size_t neighbours) {
        return code_of([&] { LocalOutlierFactor(View::row_major(values.data(), n, d), {.neighbours = neighbours}); });
    };
    CHECK(code(1, 4, 1) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, 1) == ErrorCode::not_enough_data);
    CHECK(code(10, 4, 0) == ErrorCode::invalid_argument);
    CHECK(code(10, 4, 10) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, 257) == ErrorCode::invalid_argument);
    vedette::testing::check_file(LocalOutlierFactor(View::row_major(values.data(), 21, 4)), std::span(values).first(4));
    const auto file = [](std::vector<float> rows, const std::vector<double>& reaches,
                         const std::vector<double>& densities, std::uint64_t neighbours) {
        vedette::ContainerWriter writer;
        const std::uint64_t shape[] = {rows.size(), 1};
        writer.add("rows", std::span<const float>(rows), shape);
        writer.add("reaches", reaches);
        writer.add("densities", densities);
        writer.add_scalar("neighbours", neighbours);
        return code_of([&] { (void)LocalOutlierFactor::deserialize(writer.finish("local_outlier_factor")); });
    };
    CHECK(file({1.0F, 2.0F}, {1.0, 1.0}, {1.0, 1.0}, 1) == ErrorCode{});
    CHECK(file({1.0F, 2.0F}, {1.0, 1.0}, {1.0, 1.0}, 2) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, 1.0}, {1.0, 1.0}, 0) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0}, {1.0, 1.0}, 1) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, -1.0}, {1.0, 1.0}, 1) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, 1.0}, {0.0, 1.0}, 1) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, 1.0}, {1e300, 1.0}, 1) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, std::nanf("")}, {1.0, 1.0}, {1.0, 1.0}, 1) == ErrorCode::corrupt_data);
    values[5] = std::nanf("");
    CHECK(code(10, 4, 1) == ErrorCode::invalid_argument);
}

TEST_CASE("local outlier factor: neighbours that floats cannot tell apart") {
    // Nearest rows at distances that differ by less than a float's rounding, far from 0, huge, and below every float.
    for (const float scale : {1.0F, 1e30F, 1e-30F, 1e-44F}) {
        const std::size_t n = 200, d = 5;
        std::vector<float> rows(n * d);
        vedette::Random random(8);
        for (float& x : rows) x = scale * static_cast<float>(1000.0 + 1e-3 * random.uniform());
        const LocalOutlierFactor score(View::row_major(rows.data(), n, d), {.neighbours = 3});
        const std::vector<float> row(rows.begin(), rows.begin() + d);
        // The same by sorting distances in double.
        const auto nearest = [&](std::size_t left_out, const float* from) {
            std::vector<std::pair<double, std::size_t>> found;
            for (std::size_t i = 0; i < n; ++i) {
                double sum = 0.0;
                for (std::size_t j = 0; j < d; ++j) {
                    const double difference = static_cast<double>(from[j]) - static_cast<double>(rows[i * d + j]);
                    sum += difference * difference;
                }
                if (i != left_out) found.emplace_back(std::sqrt(sum), i);
            }
            std::sort(found.begin(), found.end());
            found.resize(3);
            return found;
        };
        const auto density = [&](std::size_t left_out, const float* from) {
            double sum = 0.0;
            for (const auto& [distance, i] : nearest(left_out, from))
                sum += std::max(distance, nearest(i, &rows[i * d]).back().first);
            return 1.0 / (sum / 3.0 + 1e-10);
        };
        double around = 0.0;
        for (const auto& [distance, i] : nearest(n, row.data())) around += density(i, &rows[i * d]) / 3.0;
        CHECK(score.score(row) == doctest::Approx(around / density(n, row.data())).epsilon(1e-12));
    }
}
