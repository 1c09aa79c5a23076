// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/histogram_score.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/perturbation/score_checks.hpp"
#include "vedette/core/container.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::HistogramScore;
using vedette::perturbation::HistogramScoreKind;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<HistogramScore>);

constexpr std::pair<HistogramScoreKind, const char*> kinds[] = {{HistogramScoreKind::equal_width, "equal_width"},
                                                                {HistogramScoreKind::equal_count, "equal_count"},
                                                                {HistogramScoreKind::pyod, "pyod"}};

}  // namespace

TEST_CASE("histogram scores: against PyOD, and the paper's formulas in NumPy") {
    std::size_t rows = 0;
    for (const auto& each : oracle_data("histogram_score.json")["cases"]) {
        const std::size_t n = each["n"], d = each["d"];
        const auto train = each["train"].get<std::vector<float>>();
        for (const auto& [kind, name] : kinds) {
            const HistogramScore score(View::row_major(train.data(), n, d), {.kind = kind, .bins = each["bins"]});
            for (const auto& query : each["rows"]) {
                CAPTURE(static_cast<int>(score.kind()));
                CAPTURE(rows);
                CHECK(score.score(query["row"].get<std::vector<float>>()) ==
                      doctest::Approx(query[name].get<double>()).epsilon(1e-12));
                ++rows;
            }
        }
    }
    CHECK(rows == 162);
}

TEST_CASE("histogram scores: by hand") {
    const std::vector<float> values{0.0F, 1.0F, 1.5F, 4.0F, 7.0F, 7.0F, 7.0F, 8.0F};
    const auto view = View::row_major(values.data(), 8, 1);
    const auto at = [](const HistogramScore& score, float x) { return score.score(std::vector<float>{x}); };
    // Bins of width 2: 3, 0, 1, 4 rows.
    const HistogramScore equal(view, {.bins = 4});
    CHECK(at(equal, 1.9F) == doctest::Approx(std::log(4.0 / 3.0)));
    CHECK(at(equal, 2.0F) == doctest::Approx(std::log(8.0)));
    CHECK(at(equal, 4.0F) == doctest::Approx(std::log(4.0)));
    CHECK(at(equal, 8.0F) == 0.0);
    CHECK(at(equal, 8.01F) == doctest::Approx(std::log(8.0)));
    CHECK(at(equal, -0.01F) == doctest::Approx(std::log(8.0)));
    // Two values a bin: {0, 1} to 1.5, {1.5, 4} to 7, {7, 7, 7, 8}, the 8 alone joining those before it.
    const HistogramScore dynamic(view, {.kind = HistogramScoreKind::equal_count, .bins = 4});
    CHECK(at(dynamic, 7.5F) == 0.0);
    CHECK(at(dynamic, 0.5F) == doctest::Approx(std::log(4.0 / (2.0 / 1.5))));
    CHECK(at(dynamic, 3.0F) == doctest::Approx(std::log(4.0 / (2.0 / 5.5))));
    CHECK(at(dynamic, 9.0F) == doctest::Approx(std::log(4.0 / (0.5 / 5.5))));
    const std::vector<float> same(10, 3.0F);
    for (const auto kind : {HistogramScoreKind::equal_width, HistogramScoreKind::equal_count}) {
        const HistogramScore flat(View::row_major(same.data(), 10, 1), {.kind = kind});
        CHECK(at(flat, 3.0F) == 0.0);
        CHECK(at(flat, std::nextafter(3.0F, 4.0F)) == doctest::Approx(std::log(20.0)));
        CHECK(at(flat, std::nextafter(3.0F, 2.0F)) == doctest::Approx(std::log(20.0)));
    }
}

TEST_CASE("histogram scores: contributions, hostile rows and values") {
    const std::vector<float> reference = float_normals(300 * 11, 2);
    for (const auto& [kind, name] : kinds) {
        const HistogramScore score(View::row_major(reference.data(), 300, 11), {.kind = kind});
        CHECK(score.kind() == kind);
        CHECK(std::string(histogram_score_name(kind)).starts_with("hbos"));
        vedette::testing::check_hostile_rows(score);
        std::vector<double> contributions(11);
        for (std::size_t i = 0; i < 100; ++i) {
            const std::vector<float> row = float_normals(11, 50 + i);
            const double total = score.score(row, contributions);
            CHECK(total == score.score(row));
            CHECK(std::accumulate(contributions.begin(), contributions.end(), 0.0) == total);
        }
        std::vector<float> row(11, 0.0F);
        row[5] = 50.0F;
        const double far = score.score(row, contributions);
        CHECK(std::max_element(contributions.begin(), contributions.end()) - contributions.begin() == 5);
        row[5] = std::numeric_limits<float>::infinity();
        CHECK(score.score(row) == far);
        constexpr float most = std::numeric_limits<float>::max();
        const std::vector<float> odd{-most, 1e-45F, most, 0.0F, 0.0F, 1e-45F, 3.0F, -0.0F};
        const HistogramScore extreme(View::row_major(odd.data(), 4, 2), {.kind = kind});
        for (const float x : {-most, 0.0F, 1e-45F, most}) CHECK(std::isfinite(extreme.score(std::vector<float>{x, x})));
        vedette::testing::check_file(extreme, std::vector<float>{0.0F, 0.0F});
    }
}

TEST_CASE("histogram scores: names") {
    CHECK(std::string(histogram_score_name(HistogramScoreKind::equal_width)) == "hbos");
    CHECK(std::string(histogram_score_name(HistogramScoreKind::pyod)) == "hbos_pyod");
    CHECK(std::string(histogram_score_name(static_cast<HistogramScoreKind>(3))) == "unknown");
}

TEST_CASE("histogram scores: what cannot be fitted, and files") {
    std::vector<float> values = float_normals(40, 1);
    const auto code = [&](std::size_t n, std::size_t d, HistogramScoreKind kind, std::size_t bins) {
        return code_of([&] { HistogramScore(View::row_major(values.data(), n, d), {.kind = kind, .bins = bins}); });
    };
    const auto usual = HistogramScoreKind::equal_width;
    CHECK(code(1, 4, usual, 0) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, usual, 0) == ErrorCode::not_enough_data);
    CHECK(code(10, 4, static_cast<HistogramScoreKind>(3), 0) == ErrorCode::invalid_argument);
    CHECK(code(10, 4, usual, 4097) == ErrorCode::invalid_argument);
    CHECK(code(10, 4, HistogramScoreKind::pyod, 1) == ErrorCode::invalid_argument);
    for (const auto& [kind, name] : kinds)
        vedette::testing::check_file(HistogramScore(View::row_major(values.data(), 10, 4), {.kind = kind}),
                                     std::span(values).first(4));
    const auto file = [](const std::vector<float>& bounds, const std::vector<double>& scores, std::uint8_t kind) {
        vedette::ContainerWriter writer;
        const std::uint64_t of_bounds[] = {1, bounds.size()}, of_scores[] = {1, scores.size()};
        writer.add("bounds", std::span<const float>(bounds), of_bounds);
        writer.add("scores", std::span<const double>(scores), of_scores);
        writer.add_scalar("kind", kind);
        writer.add_scalar("bins", std::uint64_t{0});
        return code_of([&] { (void)HistogramScore::deserialize(writer.finish("histogram_score")); });
    };
    CHECK(file({1.0F, 2.0F}, {1.0, 0.0, 1.0}, 0) == ErrorCode{});
    CHECK(file({2.0F, 1.0F}, {1.0, 0.0, 1.0}, 0) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, 0.0}, 0) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, std::nan(""), 1.0}, 0) == ErrorCode::corrupt_data);
    CHECK(file({std::nanf(""), 2.0F}, {1.0, 0.0, 1.0}, 0) == ErrorCode::corrupt_data);
    CHECK(file({1.0F, 2.0F}, {1.0, 0.0, 1.0}, 3) == ErrorCode::corrupt_data);
    CHECK(file({}, {1.0}, 0) == ErrorCode::corrupt_data);
    values[5] = std::numeric_limits<float>::infinity();
    CHECK(code(10, 4, usual, 0) == ErrorCode::invalid_argument);
}
