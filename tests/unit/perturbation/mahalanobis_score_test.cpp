// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/perturbation/embedding_scores.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::MahalanobisOptions;
using vedette::perturbation::MahalanobisScore;
using vedette::testing::code_of;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<MahalanobisScore>);

std::vector<std::uint32_t> cyclic_labels(std::size_t count, std::uint32_t classes) {
    std::vector<std::uint32_t> labels(count);
    for (std::size_t i = 0; i < count; ++i) labels[i] = static_cast<std::uint32_t>(i % classes);
    return labels;
}

std::vector<float> normals(std::size_t count, std::uint64_t seed) {
    const std::vector<double> values = vedette::testing::normals(count, seed);
    return {values.begin(), values.end()};
}

MahalanobisScore fitted(std::size_t n, std::size_t d, std::uint32_t classes, const MahalanobisOptions& options) {
    const std::vector<float> rows = normals(n * d, 3);
    return {View::row_major(rows.data(), n, d), cyclic_labels(n, classes), classes, options};
}

}  // namespace

TEST_CASE("mahalanobis: against NumPy and scikit-learn, plain, relative, normalised, of low rank and singular") {
    std::map<std::string, nlohmann::json> worlds;
    const auto& cases = oracle_data("mahalanobis.json")["cases"];
    for (const auto& each : cases)
        if (each.contains("data")) worlds[each["world"]] = each["data"];
    for (const auto& each : cases) {
        const auto& data = worlds[each["world"]];
        const std::size_t n = data["n"], d = data["d"];
        const std::uint32_t classes = data["classes"];
        CAPTURE(each["world"].get<std::string>());
        CAPTURE(each["relative"].get<bool>());
        CAPTURE(each["normalise"].get<bool>());
        CAPTURE(each["rank"].get<int>());
        const auto train = data["train"].get<std::vector<float>>(), queries = data["queries"].get<std::vector<float>>();
        const MahalanobisScore score(View::row_major(train.data(), n, d), cyclic_labels(n, classes), classes,
                                     {each["relative"], each["normalise"], each["rank"]});
        for (std::size_t i = 0; i < 4; ++i) {
            const double expected = each["score"][i];
            CHECK(score.score(std::span(queries).subspan(i * d, d)) == doctest::Approx(expected).epsilon(1e-4));
        }
    }
}

TEST_CASE("mahalanobis: any invertible linear map leaves it as it was, and the nearest class is found") {
    const std::size_t n = 300, d = 7;
    std::vector<float> rows = normals(n * d, 4), mapped(n * d);
    const auto labels = cyclic_labels(n, 3);
    for (std::size_t i = 0; i < n; ++i) rows[i * d + labels[i]] += 6.0F;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < d; ++j)
            mapped[i * d + j] = 100.0F * (rows[i * d + j] + (j > 0 ? rows[i * d + j - 1] : 0.0F)) + 40.0F;
    const MahalanobisScore a(View::row_major(rows.data(), n, d), labels, 3);
    const MahalanobisScore b(View::row_major(mapped.data(), n, d), labels, 3);
    std::size_t right = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const auto x = a.nearest(std::span(rows).subspan(i * d, d)), y = b.nearest(std::span(mapped).subspan(i * d, d));
        CHECK(x.score == doctest::Approx(y.score).epsilon(1e-4));
        CHECK(x.label == y.label);
        right += x.label == labels[i] ? 1U : 0U;
    }
    CHECK(right >= n * 98 / 100);
}

TEST_CASE("mahalanobis: hostile rows have no score, and none allocates") {
    for (const bool normalise : {false, true}) {
        const MahalanobisScore score = fitted(200, 33, 4, {.relative = true, .normalise = normalise});
        std::vector<float> row = normals(33, 9);
        const std::size_t before = allocation_count();
        CHECK(std::isfinite(score.score(row)));
        CHECK(std::isnan(score.score(std::span(row).first(32))));
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            row[32] = bad;
            CHECK(std::isnan(score.score(row)));
        }
        for (float& x : row) x = 0.0F;
        CHECK(std::isnan(score.score(row)) == normalise);
        for (float& x : row) x = 1e-42F;
        CHECK(std::isfinite(score.score(row)));
        for (float& x : row) x = 3e38F;
        CHECK(std::isnan(score.score(row)) == !normalise);  // its square is beyond a float's range
        CHECK(allocation_count() == before);
    }
}

TEST_CASE("mahalanobis: what cannot be fitted") {
    const std::vector<float> rows = normals(40, 1);
    const auto view = View::row_major(rows.data(), 10, 4);
    const auto code = [&](View embeddings, std::vector<std::uint32_t> labels, std::size_t classes,
                          MahalanobisOptions options) {
        return code_of([&] { MahalanobisScore(embeddings, labels, classes, options); });
    };
    CHECK(code(view, cyclic_labels(9, 2), 2, {}) == ErrorCode::dimension_mismatch);
    CHECK(code(view, cyclic_labels(10, 3), 2, {}) == ErrorCode::invalid_argument);
    CHECK(code(view, cyclic_labels(10, 2), 3, {}) == ErrorCode::not_enough_data);
    CHECK(code(view, cyclic_labels(10, 2), 0, {}) == ErrorCode::not_enough_data);
    CHECK(code(view, cyclic_labels(10, 2), 2, {.rank = 5}) == ErrorCode::invalid_argument);
    CHECK(code(View::row_major(rows.data(), 10, 0), cyclic_labels(10, 2), 2, {}) == ErrorCode::not_enough_data);
    const std::vector<float> constant(40, 2.5F);
    CHECK(code(View::row_major(constant.data(), 10, 4), cyclic_labels(10, 2), 2, {}) == ErrorCode::not_enough_data);
    std::vector<float> bad = rows;
    bad[7] = std::numeric_limits<float>::quiet_NaN();
    CHECK(code(View::row_major(bad.data(), 10, 4), cyclic_labels(10, 2), 2, {}) == ErrorCode::invalid_argument);
    const std::vector<float> zeros(40, 0.0F);
    CHECK(code(View::row_major(zeros.data(), 10, 4), cyclic_labels(10, 2), 2, {.normalise = true}) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("mahalanobis: saved and read, and the same bits") {
    for (const bool relative : {false, true}) {
        const MahalanobisScore score = fitted(150, 41, 35, {.relative = relative, .normalise = true, .rank = 20});
        const auto bytes = score.serialize();
        const MahalanobisScore read = MahalanobisScore::deserialize(bytes);
        CHECK(read.serialize() == bytes);
        CHECK(read.rank() == 20);
        CHECK(read.class_count() == 35);
        const std::vector<float> row = normals(41, 77);
        CHECK(read.score(row) == score.score(row));
        const MahalanobisScore copy = read;
        CHECK(copy.score(row) == score.score(row));
        for (std::size_t cut = 0; cut < bytes.size(); cut += 97)
            REQUIRE(code_of([&] { (void)MahalanobisScore::deserialize(std::span(bytes).first(cut)); }) ==
                    ErrorCode::corrupt_data);
    }
}
