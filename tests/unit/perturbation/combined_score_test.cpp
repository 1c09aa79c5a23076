// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/combined_score.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::CombinedScore;
using vedette::testing::code_of;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<CombinedScore>);

constexpr std::size_t width = 3;

// Of three scores the first finds examples, the second only now and then, the third never.
struct Scores {
    std::vector<float> values;
    std::vector<std::uint32_t> labels;

    explicit Scores(std::size_t rows) : labels(rows) {
        vedette::Random random(4);
        for (std::size_t i = 0; i < rows; ++i) {
            labels[i] = i % 4 == 0 ? 1 : 0;
            const double found = labels[i];
            values.push_back(static_cast<float>(random.normal() + 2.0 * found));
            values.push_back(static_cast<float>(random.normal() + 0.5 * found));
            values.push_back(static_cast<float>(random.normal() - 0.5 * found));
        }
    }
    [[nodiscard]] View view() const { return View::row_major(values.data(), labels.size(), width); }
};

}  // namespace

TEST_CASE("combined score: without examples the sum of the tails") {
    const std::vector<float> values{1, 10, 2, 20, 3, 30, 4, 40};
    const CombinedScore score(View::row_major(values.data(), 4, 2));
    CHECK(score.weights()[0] == 1.0);
    const std::vector<float> row{3.0F, 45.0F};  // 2 of 4 at or above, and none
    std::vector<double> contributions(2);
    CHECK(score.score(row, contributions) == doctest::Approx(-std::log(3.0 / 5.0) - std::log(1.0 / 5.0)));
    CHECK(contributions[0] + contributions[1] == score.score(row));
    CHECK(score.score(std::vector<float>{0.0F, 0.0F}) == 0.0);
    const float infinite = std::numeric_limits<float>::infinity();
    CHECK(score.score(std::vector<float>{infinite, infinite}) == doctest::Approx(2.0 * std::log(5.0)));
}

TEST_CASE("combined score: learned weights meet the conditions of the least loss") {
    const Scores data(400);
    const double ridge = 1e-3;
    const CombinedScore score(data.view(), data.labels, {.ridge = ridge});
    // Terms as a combination of weights 1 tells them.
    std::vector<float> benign;
    for (std::size_t i = 0; i < 400; ++i)
        if (data.labels[i] == 0) benign.insert(benign.end(), &data.values[i * width], &data.values[i * width] + width);
    const CombinedScore plain(View::row_major(benign.data(), benign.size() / width, width));
    std::vector<std::vector<double>> terms(400, std::vector<double>(width));
    for (std::size_t i = 0; i < 400; ++i) (void)plain.score(std::span(data.values).subspan(i * width, width), terms[i]);
    const auto slopes = [&](double intercept) {
        std::vector<double> result(width + 1);
        for (std::size_t j = 0; j < width; ++j) result[j] = ridge * score.weights()[j];
        for (std::size_t i = 0; i < 400; ++i) {
            const double sign = data.labels[i] == 1 ? 1.0 : -1.0, share = 0.5 / (data.labels[i] == 1 ? 100.0 : 300.0);
            double margin = intercept;
            for (std::size_t j = 0; j < width; ++j) margin += score.weights()[j] * terms[i][j];
            const double pull = share * sign / (1.0 + std::exp(sign * margin));
            for (std::size_t j = 0; j < width; ++j) result[j] -= pull * terms[i][j];
            result[width] -= pull;
        }
        return result;
    };
    double low = -50.0, high = 50.0;
    for (int i = 0; i < 100; ++i) (slopes((low + high) / 2.0)[width] < 0.0 ? low : high) = (low + high) / 2.0;
    const std::vector<double> slope = slopes(low);
    CHECK(score.weights()[0] > 0.5);
    CHECK(std::abs(slope[0]) < 1e-6);
    CHECK(score.weights()[1] > 0.0);
    CHECK(std::abs(slope[1]) < 1e-6);
    CHECK(score.weights()[2] == 0.0);  // would be negative: a higher score never looks better
    CHECK(slope[2] > 0.0);
}

TEST_CASE("combined score: bytes, misuse, separable examples, no allocation") {
    const Scores data(200);
    const CombinedScore score(data.view(), data.labels);
    const CombinedScore again = CombinedScore::deserialize(score.serialize());
    CHECK(again.serialize() == score.serialize());
    std::vector<double> contributions(width);
    const std::span<const float> row(data.values.data(), width);
    CHECK(again.score(row) == score.score(row));
    const std::size_t before = allocation_count();
    CHECK(std::isfinite(score.score(row) + score.score(row, contributions)));
    CHECK(std::isnan(score.score(row.first(2))));
    CHECK(std::isnan(score.score(row, std::span(contributions).first(2))));
    CHECK(allocation_count() == before);

    const auto code = [&](View view, std::vector<std::uint32_t> labels, double ridge = 1e-3) {
        return code_of([&] { CombinedScore(view, labels, {.ridge = ridge}); });
    };
    CHECK(code(data.view(), {1, 0}) == ErrorCode::dimension_mismatch);
    CHECK(code(data.view(), std::vector<std::uint32_t>(200, 2)) == ErrorCode::invalid_argument);
    CHECK(code(data.view(), std::vector<std::uint32_t>(200, 1)) == ErrorCode::not_enough_data);
    CHECK(code(data.view(), {}, 0.0) == ErrorCode::invalid_argument);
    CHECK(code(View::row_major(data.values.data(), 1, width), {}) == ErrorCode::not_enough_data);
    const std::vector<float> nan(6, std::nanf(""));
    CHECK(code(View::row_major(nan.data(), 2, width), {}) == ErrorCode::invalid_argument);
    // Examples that lie apart from all benign rows: the ridge keeps the weights finite.
    const std::vector<float> apart{0, 1, 2, 3, 100, 101};
    const CombinedScore separable(View::row_major(apart.data(), 6, 1), std::vector<std::uint32_t>{0, 0, 0, 0, 1, 1});
    CHECK(std::isfinite(separable.weights()[0]));
    CHECK(separable.weights()[0] > 0.0);
}
