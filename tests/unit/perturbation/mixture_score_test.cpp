// SPDX-License-Identifier: Apache-2.0
// Mixtures of Gaussians against scikit-learn from the same start, by what is known of them, and as files.
#include "vedette/perturbation/mixture_score.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/perturbation/any_score.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::MixtureCovariance;
using perturbation::MixtureScore;
using perturbation::MixtureScoreKind;
using perturbation::MixtureScoreOptions;
using vedette::ErrorCode;
using vedette::testing::code_of;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<MixtureScore>);

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<float> float_normals(std::size_t count, std::uint64_t seed) {
    const std::vector<double> values = vedette::testing::normals(count, seed);
    return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("mixture score: against scikit-learn from the same start, on a network's digits") {
    const auto& data = oracle_data("embedding_scores.json");
    const std::size_t n = data["n"], d = data["d"];
    const auto rows = data["train"].get<std::vector<float>>(), queries = data["queries"].get<std::vector<float>>();
    const auto labels = data["labels"].get<std::vector<std::uint32_t>>();
    for (const auto& each : data["mixtures"]) {
        MixtureScoreOptions options{
            .components = each["components"],
            .covariance = each["covariance"] == "full" ? MixtureCovariance::full : MixtureCovariance::diagonal,
            .regularisation = each["regularisation"]};
        CAPTURE(each["covariance"]);
        CAPTURE(options.components);
        std::vector<std::uint32_t> start;
        for (const std::uint32_t label : labels)
            start.push_back(label % static_cast<std::uint32_t>(options.components));
        const View view = View::row_major(rows.data(), n, d);
        const MixtureScore score(view, start, options);
        options.kind = MixtureScoreKind::typicality;
        const MixtureScore typicality(view, start, options);
        CHECK(score.converged());
        const double mean_level = each["mean_level"];
        CHECK(std::abs(score.mean_level() - mean_level) < 1e-5 * (1.0 + std::abs(mean_level)));
        const auto expected = each["score"].get<std::vector<double>>();
        REQUIRE(expected.size() == queries.size() / d);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::span<const float> row = std::span(queries).subspan(i * d, d);
            const double tolerance = 1e-5 * (1.0 + std::abs(expected[i]));
            CHECK(std::abs(score.score(row) - expected[i]) < tolerance);
            CHECK(std::abs(typicality.score(row) - std::abs(expected[i] - mean_level)) < 2.0 * tolerance);
        }
    }
}

TEST_CASE("mixture score: three clouds are found from a start of its own; one Gaussian in closed form; seeds") {
    constexpr std::size_t n = 900, d = 3;
    std::vector<float> rows = float_normals(n * d, 5);
    for (std::size_t i = 0; i < n; ++i) rows[i * d + i % 3] += 12.0F;
    const View view = View::row_major(rows.data(), n, d);
    for (const auto covariance : {MixtureCovariance::diagonal, MixtureCovariance::full}) {
        const MixtureScore score(view, {.components = 3, .covariance = covariance});
        CHECK(score.converged());
        // -ln of a third of a standard normal density at a centre, and far away; estimates of 300 rows.
        const double centre = std::log(3.0) + 1.5 * std::log(2.0 * std::numbers::pi);
        for (std::size_t c = 0; c < d; ++c) {
            std::vector<float> x(d, 0.0F);
            x[c] = 12.0F;
            CHECK(std::abs(score.score(x) - centre) < 0.35);
        }
        CHECK(score.score(std::vector<float>(d, 0.0F)) > 50.0);
        CHECK(std::abs(score.mean_level() - (centre + 1.5)) < 0.35);
        const auto bytes = score.serialize();
        CHECK(MixtureScore(view, {.components = 3, .covariance = covariance}).serialize() == bytes);
        CHECK(MixtureScore(view, {.components = 3, .covariance = covariance, .seed = 9}).serialize() != bytes);
    }
    // Typicality: the very centre of a Gaussian of many dimensions is likelier than any row ever is.
    constexpr std::size_t wide = 100;
    const std::vector<float> many = float_normals(2000 * wide, 6);
    const View wide_view = View::row_major(many.data(), 2000, wide);
    const MixtureScore likely(wide_view, {.components = 1});
    const MixtureScore typical(wide_view, {.kind = MixtureScoreKind::typicality, .components = 1});
    const std::vector<float> middle(wide, 0.0F), usual = float_normals(wide, 7);
    CHECK(likely.score(middle) < likely.score(usual) - 20.0);
    CHECK(typical.score(middle) > 30.0);  // half of 100, but for rounding of estimates
    CHECK(typical.score(usual) < 25.0);
}

TEST_CASE("mixture score: no allocation, what is no embedding, extremes, files and hostile ones") {
    constexpr std::size_t n = 120, d = 7;
    const std::vector<float> rows = float_normals(n * d, 8);
    const View view = View::row_major(rows.data(), n, d);
    for (const char* kind : {"gaussian_mixture", "typicality"}) {
        for (const char* options : {"components=2", "components=2, covariance=full"}) {
            CAPTURE(kind);
            CAPTURE(options);
            const auto score = perturbation::fit_score(kind, options, {.rows = view});
            CHECK(score.kind().name == std::string(kind));
            const std::vector<float> given = float_normals(d + 1, 9);
            std::vector<float> row = given;
            const std::span<const float> good = std::span(row).first(d);
            const std::size_t before = allocation_count();
            const double usual = score.score(good);
            bool holds = std::isfinite(usual) && std::isnan(score.score(row)) && std::isnan(score.score({}));
            for (const float bad : {std::nanf(""), infinity, -infinity}) {
                row[3] = bad;
                holds = holds && std::isnan(score.score(good));
            }
            for (const float far : {1e30F, std::numeric_limits<float>::max(), -std::numeric_limits<float>::max()}) {
                std::fill(row.begin(), row.end(), far);
                holds = holds && score.score(good) > 1e50;
            }
            std::fill(row.begin(), row.end(), std::numeric_limits<float>::denorm_min());
            holds = holds && std::isfinite(score.score(good));
            CHECK(allocation_count() == before);
            CHECK(holds);
            std::copy(given.begin(), given.end(), row.begin());
            auto bytes = score.serialize();
            const auto read = perturbation::AnyScore::deserialize(bytes);
            CHECK(read.serialize() == bytes);
            CHECK(read.score(good) == usual);
            CHECK(read.options_json() == score.options_json());
            for (const std::size_t at : {bytes.size() / 2, bytes.size() - 1}) {
                auto hostile = bytes;
                hostile[at] ^= std::byte{0x41};
                CHECK(code_of([&] { (void)perturbation::AnyScore::deserialize(hostile); }) == ErrorCode::corrupt_data);
            }
            bytes.resize(bytes.size() - 4);
            CHECK(code_of([&] { (void)perturbation::AnyScore::deserialize(bytes); }) == ErrorCode::corrupt_data);
        }
    }
}

TEST_CASE("mixture score: what is refused") {
    std::vector<float> rows = float_normals(40 * 4, 10);
    const View view = View::row_major(rows.data(), 40, 4);
    const auto code = [&](const MixtureScoreOptions& options) {
        return code_of([&] { (void)MixtureScore(view, options); });
    };
    CHECK(code({.kind = static_cast<MixtureScoreKind>(2)}) == ErrorCode::invalid_argument);
    CHECK(code({.covariance = static_cast<MixtureCovariance>(2)}) == ErrorCode::invalid_argument);
    CHECK(code({.components = 0}) == ErrorCode::invalid_argument);
    CHECK(code({.components = 1025}) == ErrorCode::invalid_argument);
    CHECK(code({.components = 41}) == ErrorCode::not_enough_data);
    CHECK(code({.regularisation = -1.0}) == ErrorCode::invalid_argument);
    CHECK(code({.regularisation = std::nan("")}) == ErrorCode::invalid_argument);
    CHECK(code({.tolerance = std::nan("")}) == ErrorCode::invalid_argument);
    CHECK(code({.most_iterations = 0}) == ErrorCode::invalid_argument);
    const auto from = [&](std::vector<std::uint32_t> start) {
        return code_of([&] { (void)MixtureScore(view, start, {.components = 2}); });
    };
    CHECK(from(std::vector<std::uint32_t>(39, 0)) == ErrorCode::dimension_mismatch);
    CHECK(from(std::vector<std::uint32_t>(40, 0)) == ErrorCode::invalid_argument);
    CHECK(from(std::vector<std::uint32_t>(40, 2)) == ErrorCode::invalid_argument);
    for (std::size_t i = 0; i < 40; ++i) rows[i * 4 + 2] = 1.0F;  // a constant column
    CHECK(code({.components = 1, .covariance = MixtureCovariance::full, .regularisation = 0.0}) ==
          ErrorCode::invalid_argument);
    CHECK(code({.components = 1, .regularisation = 0.0}) == ErrorCode::invalid_argument);
    for (std::size_t i = 8; i < rows.size(); ++i) rows[i] = rows[i % 8];  // copies of two rows
    CHECK(code({.components = 3}) == ErrorCode::not_enough_data);
    CHECK(code({.components = 2}) == ErrorCode{});
    rows[5] = infinity;
    CHECK(code({.components = 2}) == ErrorCode::invalid_argument);
    rows[5] = 1e31F;
    CHECK(code({.components = 2}) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)MixtureScore(View::row_major(rows.data(), 0, 4)); }) == ErrorCode::not_enough_data);
    CHECK(code_of([&] { (void)MixtureScore(View::row_major(rows.data(), 1, 4), {.components = 1}); }) ==
          ErrorCode::not_enough_data);
    CHECK(code_of([&] { (void)MixtureScore(View::row_major(rows.data(), 4, 0)); }) == ErrorCode::not_enough_data);
}
