// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/perturbation/tail_scores.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::TailScore;
using vedette::perturbation::TailScoreKind;
using vedette::testing::code_of;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<TailScore>);

constexpr std::pair<TailScoreKind, const char*> kinds[] = {
    {TailScoreKind::ecod, "ecod"}, {TailScoreKind::ecod_pyod, "ecod_pyod"}, {TailScoreKind::copod_pyod, "copod_pyod"}};

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
    const std::vector<double> values = vedette::testing::normals(count, seed);
    return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("tail scores: against PyOD row by row, and the papers' formula") {
    std::size_t rows = 0;
    for (const auto& each : oracle_data("tail_scores.json")["cases"]) {
        const std::size_t n = each["n"], d = each["d"];
        const auto train = each["train"].get<std::vector<float>>();
        for (const auto& [kind, name] : kinds) {
            const TailScore score(View::row_major(train.data(), n, d), kind);
            for (const auto& query : each["rows"]) {
                const auto row = query["row"].get<std::vector<float>>();
                CAPTURE(static_cast<int>(score.kind()));
                CHECK(score.score(row) == doctest::Approx(query[name].get<double>()).epsilon(1e-12));
                ++rows;
            }
        }
    }
    CHECK(rows >= 30);
}

TEST_CASE("tail scores: contributions add up, exactly, and the odd feature stands out") {
    const std::size_t n = 500, d = 13;
    const std::vector<float> reference = normals(n * d, 2);
    for (const auto& [kind, name] : kinds) {
        const TailScore score(View::row_major(reference.data(), n, d), kind);
        std::vector<double> contributions(d);
        for (std::uint64_t seed = 0; seed < 50; ++seed) {
            const std::vector<float> row = normals(d, 100 + seed);
            const double total = score.score(row, contributions);
            CHECK(total == score.score(row));
            CHECK(std::accumulate(contributions.begin(), contributions.end(), 0.0) == total);
        }
        for (const float far : {50.0F, -50.0F}) {
            std::vector<float> row(d, 0.0F);
            row[5] = far;
            (void)score.score(row, contributions);
            if (kind == TailScoreKind::ecod) continue;  // one side for all features, which may be the other
            CHECK(std::max_element(contributions.begin(), contributions.end()) - contributions.begin() == 5);
        }
    }
}

TEST_CASE("tail scores: hostile rows, and no allocation") {
    const std::vector<float> reference = normals(100 * 9, 3);
    for (const auto& [kind, name] : kinds) {
        const TailScore score(View::row_major(reference.data(), 100, 9), kind);
        std::vector<float> row(9, 0.1F);
        std::vector<double> contributions(9, -1.0);
        const std::size_t before = allocation_count();
        CHECK(std::isnan(score.score(std::span(row).first(8))));
        CHECK(std::isnan(score.score(row, std::span(contributions).first(8))));
        row[8] = std::numeric_limits<float>::infinity();
        const double infinite = score.score(row, contributions);
        row[8] = std::numeric_limits<float>::max();
        CHECK(score.score(row) == infinite);
        row[8] = std::numeric_limits<float>::quiet_NaN();
        CHECK(std::isnan(score.score(row, contributions)));
        CHECK(allocation_count() == before);
        const std::vector<float> ties(50, 7.0F);
        const TailScore tied(View::row_major(ties.data(), 25, 2), kind);
        CHECK(tied.score(std::vector<float>{7.0F, 7.0F}) == 0.0);
        CHECK(tied.score(std::vector<float>{7.0F, 8.0F}) == doctest::Approx(std::log(26.0)));
        const std::vector<float> zeros{-0.0F, 0.0F, -0.0F, 1e-42F};
        const TailScore zero(View::row_major(zeros.data(), 4, 1), kind);
        CHECK(zero.score(std::vector<float>{-0.0F}) == zero.score(std::vector<float>{0.0F}));
    }
}

TEST_CASE("tail scores: what cannot be fitted, and files") {
    std::vector<float> values = normals(40, 1);
    const auto code = [&](std::size_t n, std::size_t d, TailScoreKind kind) {
        return code_of([&] { TailScore(View::row_major(values.data(), n, d), kind); });
    };
    CHECK(code(1, 4, TailScoreKind::ecod) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, TailScoreKind::ecod) == ErrorCode::not_enough_data);
    CHECK(code(10, 4, static_cast<TailScoreKind>(3)) == ErrorCode::invalid_argument);
    const TailScore score(View::row_major(values.data(), 10, 4), TailScoreKind::copod_pyod);
    const auto bytes = score.serialize();
    const TailScore read = TailScore::deserialize(bytes);
    CHECK(read.serialize() == bytes);
    CHECK(read.score(std::span(values).first(4)) == score.score(std::span(values).first(4)));
    for (std::size_t cut = 0; cut < bytes.size(); cut += 13)
        REQUIRE(code_of([&] { (void)TailScore::deserialize(std::span(bytes).first(cut)); }) == ErrorCode::corrupt_data);
    values[5] = std::numeric_limits<float>::infinity();
    CHECK(code(10, 4, TailScoreKind::ecod) == ErrorCode::invalid_argument);
}
