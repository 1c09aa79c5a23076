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
using vedette::perturbation::MapStorage;
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
    CHECK(code(view, cyclic_labels(10, 2), 2, {.storage = static_cast<MapStorage>(2)}) == ErrorCode::invalid_argument);
    CHECK(code(view, cyclic_labels(10, 2), 2, {.rank = 2, .storage = MapStorage::int16}) ==
          ErrorCode::invalid_argument);
    CHECK(code(View::row_major(rows.data(), 4, 10), cyclic_labels(4, 2), 2, {.storage = MapStorage::int16}) ==
          ErrorCode::invalid_argument);  // no regular covariance
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

namespace {

// Rows whose covariance is that of few directions and noise: its condition is some 1e5.
std::vector<float> correlated(std::size_t n, std::size_t d, std::uint64_t seed) {
    constexpr std::size_t directions = 5;
    const std::vector<float> basis = normals(directions * d, 99), strengths = normals(n * directions, seed);
    std::vector<float> rows = normals(n * d, seed + 1);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            float x = 0.05F * rows[i * d + j];
            for (std::size_t k = 0; k < directions; ++k) x += strengths[i * directions + k] * basis[k * d + j];
            // Units of features differ by a factor of a million.
            rows[i * d + j] = x * std::pow(10.0F, static_cast<float>(j % 7) - 3.0F);
        }
    }
    return rows;
}

}  // namespace

TEST_CASE("mahalanobis: a map in 16 bits keeps the bound that it tells, in double, for every class") {
    for (const bool relative : {false, true}) {
        for (const std::size_t d : {2UL, 31UL, 33UL, 96UL}) {
            CAPTURE(d);
            CAPTURE(relative);
            const std::size_t n = 4 * d + 60;
            const std::uint32_t classes = 3;
            const std::vector<float> rows = correlated(n, d, 20), queries = correlated(40, d, 30);
            const auto view = View::row_major(rows.data(), n, d);
            const auto labels = cyclic_labels(n, classes);
            const MahalanobisScore exact(view, labels, classes, {.relative = relative});
            const MahalanobisScore compact(view, labels, classes, {.relative = relative, .storage = MapStorage::int16});
            CHECK(exact.storage_error() == 0.0);
            REQUIRE(compact.storage_error() > 0.0);
            // In NumPy such rows of 96 columns give bounds up to 0.0096, and 0.031 and more rounded one by one.
            CHECK(compact.storage_error() < 0.015);
            const MahalanobisScore plain(view, labels, classes);
            for (std::size_t i = 0; i < 40; ++i) {
                const auto row = std::span(queries).subspan(i * d, d);
                const double expected = exact.score(row), seen = compact.score(row);
                // The relative form is a difference: each of its two distances keeps the bound. Floats err by the
                // condition times their rounding.
                const double size = relative ? 2.0 * plain.score(row) + std::abs(expected) : expected;
                CHECK(std::abs(seen - expected) <= (compact.storage_error() + 5e-4) * size);
            }
        }
    }
}

TEST_CASE("mahalanobis: a map in 16 bits is refused where its bound says nothing") {
    // Columns that are nearly the same: float keeps what tells them apart, 16 bits with a scale a row would not.
    const std::size_t n = 400, d = 64;
    std::vector<float> rows = normals(n * d, 8);
    for (std::size_t i = 0; i < n; ++i) rows[i * d + 1] = rows[i * d] + 1.2e-5F * rows[i * d + 1];
    const auto view = View::row_major(rows.data(), n, d);
    const std::vector<std::uint32_t> labels(n, 0);
    const MahalanobisScore exact(view, labels, 1);
    REQUIRE(exact.rank() == d);
    CHECK(code_of([&] { MahalanobisScore(view, labels, 1, {.storage = MapStorage::int16}); }) ==
          ErrorCode::invalid_argument);  // by the bound, 120 %
}

TEST_CASE("mahalanobis: between classes far apart the nearest is found, and its distance") {
    const std::size_t d = 16;
    for (const std::uint32_t classes : {20U, 100U}) {
        CAPTURE(classes);
        const std::size_t n = classes * 30;
        std::vector<float> rows = normals(n * d, 9);
        const auto labels = cyclic_labels(n, classes);
        // Two groups of classes, 200,000 of their spreads apart, which are a few spreads apart themselves.
        const std::vector<float> own = normals(classes * d, 10);
        const auto centre = [&](std::uint32_t c, std::size_t j) {
            return (j == 0 ? (c % 2 == 0 ? 1e5 : -1e5) : 0.0) + 4.0 * static_cast<double>(own[c * d + j]);
        };
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t j = 0; j < d; ++j)
                rows[i * d + j] = static_cast<float>(static_cast<double>(rows[i * d + j]) + centre(labels[i], j));
        const MahalanobisScore score(View::row_major(rows.data(), n, d), labels, classes);
        // Rows lie close to the centre of their own class, 5 spreads and more from others.
        std::size_t own_class = 0;
        for (std::uint32_t c = 0; c < classes; ++c) {
            std::vector<float> row(d);
            for (std::size_t j = 0; j < d; ++j) row[j] = static_cast<float>(centre(c, j));
            own_class += score.nearest(row).label == c ? 1U : 0U;
        }
        CHECK(own_class == classes);
    }
}

TEST_CASE("mahalanobis: of 16 bits, copies and files are the same, and damaged ones are refused") {
    const MahalanobisScore score = fitted(200, 41, 35, {.relative = true, .storage = MapStorage::int16});
    const auto bytes = score.serialize();
    const MahalanobisScore read = MahalanobisScore::deserialize(bytes);
    CHECK(read.serialize() == bytes);
    CHECK(read.options().storage == MapStorage::int16);
    CHECK(read.storage_error() == score.storage_error());
    CHECK(bytes.size() < fitted(200, 41, 35, {.relative = true}).serialize().size());
    std::vector<float> row = normals(41, 77);
    CHECK(read.score(row) == score.score(row));
    const std::size_t before = allocation_count();
    row[40] = std::numeric_limits<float>::infinity();
    CHECK(std::isnan(score.score(row)));
    CHECK(allocation_count() == before);
    for (std::size_t cut = 0; cut < bytes.size(); cut += 97)
        REQUIRE(code_of([&] { (void)MahalanobisScore::deserialize(std::span(bytes).first(cut)); }) ==
                ErrorCode::corrupt_data);
}

TEST_CASE("mahalanobis: among many classes the nearest is found, near ones, equal ones and far requests too") {
    // Distances in double, of the same classes fitted alone, are the oracle: a score of few classes is exhaustive.
    const std::size_t d = 24;
    for (const std::uint32_t classes : {33U, 100U, 1100U}) {
        for (const float spread : {0.0F, 0.001F, 1.0F, 30.0F}) {
            CAPTURE(classes);
            CAPTURE(spread);
            const std::size_t n = 3 * classes;
            const std::vector<float> means = normals(classes * d, 5);
            std::vector<float> rows = normals(n * d, 6);
            const auto labels = cyclic_labels(n, classes);
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < d; ++j) rows[i * d + j] += spread * means[labels[i] * d + j];
            const MahalanobisScore score(View::row_major(rows.data(), n, d), labels, classes);
            // One class a time, of that shared covariance: the score's own answer at each class's mean, moved.
            std::vector<double> centres(classes * d);
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j < d; ++j)
                    centres[labels[i] * d + j] += static_cast<double>(rows[i * d + j]) / 3.0;
            std::vector<double> within(d * d);
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t a = 0; a < d; ++a)
                    for (std::size_t b = 0; b <= a; ++b)
                        within[a * d + b] += (static_cast<double>(rows[i * d + a]) - centres[labels[i] * d + a]) *
                                             (static_cast<double>(rows[i * d + b]) - centres[labels[i] * d + b]) /
                                             static_cast<double>(n);
            // Cholesky's factor, in place.
            for (std::size_t a = 0; a < d; ++a) {
                for (std::size_t b = 0; b <= a; ++b) {
                    for (std::size_t k = 0; k < b; ++k) within[a * d + b] -= within[a * d + k] * within[b * d + k];
                    within[a * d + b] = a == b ? std::sqrt(within[a * d + b]) : within[a * d + b] / within[b * d + b];
                }
            }
            for (const float far : {0.1F, 1.0F, 100.0F}) {
                const std::vector<float> queries = normals(12 * d, 8);
                for (std::size_t q = 0; q < 12; ++q) {
                    std::vector<float> x(d);
                    for (std::size_t j = 0; j < d; ++j)
                        x[j] = far * queries[q * d + j] + spread * means[(q * 7 % classes) * d + j];
                    if (q % 3 == 2) x[q % d] += 1000.0F * far;  // codes tell little of such rows
                    double least = std::numeric_limits<double>::infinity();
                    for (std::size_t c = 0; c < classes; ++c) {
                        double square = 0.0;
                        std::vector<double> z(d);
                        for (std::size_t a = 0; a < d; ++a) {
                            z[a] = static_cast<double>(x[a]) - centres[c * d + a];
                            for (std::size_t k = 0; k < a; ++k) z[a] -= within[a * d + k] * z[k];
                            z[a] /= within[a * d + a];
                            square += z[a] * z[a];
                        }
                        least = std::min(least, square);
                    }
                    CHECK(score.score(x) == doctest::Approx(least).epsilon(1e-4));
                }
            }
        }
    }
}
