// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/core/container.hpp"
#include "vedette/perturbation/any_score.hpp"
#include "vedette/perturbation/head_scores.hpp"
#include "vedette/perturbation/matching_score.hpp"
#include "vedette/perturbation/neighbour_score.hpp"
#include "vedette/perturbation/subspace_score.hpp"

namespace {

namespace perturbation = vedette::perturbation;
using perturbation::AnyScore;
using perturbation::HeadScore;
using perturbation::HeadScoreKind;
using perturbation::MatchingScore;
using perturbation::NeighbourScore;
using perturbation::ShapedEnergyKind;
using perturbation::ShapedEnergyScore;
using perturbation::SubspaceScore;
using perturbation::SubspaceScoreKind;
using vedette::ErrorCode;
using vedette::testing::code_of;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<SubspaceScore> && vedette::Score<NeighbourScore>);
static_assert(vedette::Score<MatchingScore> && vedette::Score<HeadScore> && vedette::Score<ShapedEnergyScore>);

std::vector<float> float_normals(std::size_t count, std::uint64_t seed) {
    const std::vector<double> values = vedette::testing::normals(count, seed);
    return {values.begin(), values.end()};
}

// Embeddings of `n` rows, d columns, and a head of c classes.
struct World {
    std::size_t n, d, c;
    std::vector<float> rows = float_normals(n * d, 11), weights = float_normals(c * d, 12), bias = float_normals(c, 13);
    std::vector<std::uint32_t> labels = predicted();

    // As the head classifies, so that each class has correct rows.
    [[nodiscard]] std::vector<std::uint32_t> predicted() const {
        std::vector<std::uint32_t> out;
        for (std::size_t i = 0; i < n; ++i) {
            std::vector<double> logits;
            for (std::size_t k = 0; k < c; ++k) {
                double z = static_cast<double>(bias[k]);
                for (std::size_t j = 0; j < d; ++j)
                    z += static_cast<double>(weights[k * d + j]) * static_cast<double>(rows[i * d + j]);
                logits.push_back(z);
            }
            out.push_back(static_cast<std::uint32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
        }
        return out;
    }
    [[nodiscard]] perturbation::ScoreReference reference() const {
        return {.rows = View::row_major(rows.data(), n, d),
                .labels = labels,
                .head_weights = View::row_major(weights.data(), c, d),
                .head_bias = bias};
    }
};

// The kinds that this file is about.
constexpr const char* embedding_kinds[] = {"residual",
                                           "vim",
                                           "nearest_neighbours",
                                           "local_intrinsic_dimensionality",
                                           "class_prototype",
                                           "fdbd",
                                           "nci",
                                           "react",
                                           "ash_p",
                                           "ash_b",
                                           "ash_s",
                                           "scale"};

bool is_of_neighbours(const std::string& kind) {
    return kind == "nearest_neighbours" || kind == "local_intrinsic_dimensionality";
}

constexpr float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("embedding scores: against NumPy, on a network's digits") {
    const auto& data = oracle_data("embedding_scores.json");
    const World world{data["n"],
                      data["d"],
                      data["classes"],
                      data["train"].get<std::vector<float>>(),
                      data["weights"].get<std::vector<float>>(),
                      data["bias"].get<std::vector<float>>(),
                      data["labels"].get<std::vector<std::uint32_t>>()};
    const auto queries = data["queries"].get<std::vector<float>>();
    for (const auto& each : data["cases"]) {
        const std::string kind = each["kind"];
        if (std::find(std::begin(embedding_kinds), std::end(embedding_kinds), kind) == std::end(embedding_kinds))
            continue;
        CAPTURE(kind);
        CAPTURE(each["options"].dump());
        const AnyScore score = perturbation::fit_score(kind, each["options"].dump(), world.reference());
        const auto expected = each["score"].get<std::vector<double>>();
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double found = score.score(std::span(queries).subspan(i * world.d, world.d));
            CHECK(std::abs(found - expected[i]) < 2e-5 * (1.0 + std::abs(expected[i])));
        }
    }
}

TEST_CASE("scores of embeddings and logits: against pytorch-ood's own detectors, on a network's digits") {
    const auto& data = oracle_data("embedding_scores.json");
    const std::size_t n = data["n"], d = data["d"], c = data["classes"];
    const auto train = data["train"].get<std::vector<float>>(), queries = data["queries"].get<std::vector<float>>();
    const auto weights = data["weights"].get<std::vector<float>>(), bias = data["bias"].get<std::vector<float>>();
    const auto labels = data["labels"].get<std::vector<std::uint32_t>>();
    const auto logits_of = [&](const std::vector<float>& rows) {
        std::vector<float> out;
        for (std::size_t i = 0; i < rows.size() / d; ++i) {
            for (std::size_t k = 0; k < c; ++k) {
                auto z = static_cast<double>(bias[k]);
                for (std::size_t j = 0; j < d; ++j)
                    z += static_cast<double>(weights[k * d + j]) * static_cast<double>(rows[i * d + j]);
                out.push_back(static_cast<float>(z));
            }
        }
        return out;
    };
    std::size_t compared = 0;
    for (const auto& each : oracle_data("pytorch_ood.json")["cases"]) {
        CAPTURE(each["kind"]);
        CAPTURE(each["options"].dump());
        const bool of_logits = each["takes"] == "logits";
        const std::size_t width = of_logits ? c : d;
        const std::vector<float> known = of_logits ? logits_of(train) : train;
        const std::vector<float> asked = of_logits ? logits_of(queries) : queries;
        const AnyScore score =
            perturbation::fit_score(each["kind"].get<std::string>(), each["options"].dump(),
                                    {.rows = View::row_major(known.data(), n, width),
                                     .labels = labels,
                                     .head_weights = of_logits ? View{} : View::row_major(weights.data(), c, d),
                                     .head_bias = of_logits ? std::span<const float>{} : std::span<const float>(bias)});
        const auto& expected = each["score"];
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (expected[i].is_null()) continue;
            const double ours = score.score(std::span(asked).subspan(i * width, width));
            const double theirs =
                each["factor"].get<double>() * expected[i].get<double>() + each["offset"].get<double>();
            CHECK(std::abs(ours - theirs) < 2e-5 * (1.0 + std::abs(theirs)));
            ++compared;
        }
    }
    CHECK(compared > 600);
}

TEST_CASE("embedding scores: no allocation, NaN for what is no embedding, the same bits after a file") {
    const World world{90, 37, 5};
    for (const char* kind : embedding_kinds) {
        CAPTURE(kind);
        const AnyScore score = perturbation::fit_score(kind, "", world.reference());
        std::vector<float> row = float_normals(38, 14);
        const std::span<const float> good = std::span(row).first(37);
        const std::size_t before = allocation_count();
        const double usual = score.score(good);
        bool holds = std::isfinite(usual) && std::isnan(score.score(row)) && std::isnan(score.score({}));
        holds = holds && std::isnan(score.score(good.first(36)));
        const float last = row[36];
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), infinity, -infinity}) {
            row[36] = bad;
            holds = holds && std::isnan(score.score(good));
        }
        for (const float odd : {std::numeric_limits<float>::max(), -std::numeric_limits<float>::max(),
                                std::numeric_limits<float>::denorm_min(), -0.0F}) {
            row[36] = odd;
            (void)score.score(good);
        }
        row[36] = last;
        holds = holds && score.score(good) == usual;
        CHECK(allocation_count() == before);
        CHECK(holds);
        const auto bytes = score.serialize();
        const AnyScore read = AnyScore::deserialize(bytes);
        CHECK(read.serialize() == bytes);
        CHECK(read.score(good) == usual);
        for (std::size_t cut = 0; cut < bytes.size(); cut += 1 + bytes.size() / 61)
            REQUIRE(code_of([&] { (void)AnyScore::deserialize(std::span(bytes).first(cut)); }) ==
                    ErrorCode::corrupt_data);
    }
}

TEST_CASE("embedding scores: a head must fit") {
    const World world{60, 9, 4};
    for (const char* kind : embedding_kinds) {
        if (is_of_neighbours(kind)) continue;
        CAPTURE(kind);
        const auto code = [&](auto change) {
            perturbation::ScoreReference reference = world.reference();
            World other = world;
            change(reference, other);
            return code_of([&] { (void)perturbation::fit_score(kind, "", reference); });
        };
        CHECK(code([](auto& r, auto&) { r.head_weights = {}; }) == ErrorCode::invalid_argument);
        CHECK(code([](auto& r, auto&) { r.head_bias = r.head_bias.first(3); }) == ErrorCode::dimension_mismatch);
        if (perturbation::score_kind(kind).needs_reference)  // else the head alone says how many columns
            CHECK(code([](auto& r, auto& w) { r.head_weights = View::row_major(w.weights.data(), 4, 8); }) ==
                  ErrorCode::dimension_mismatch);
        CHECK(code([](auto& r, auto& w) {
                  w.weights[7] = infinity;
                  r.head_weights = View::row_major(w.weights.data(), 4, 9);
              }) == ErrorCode::invalid_argument);
        CHECK(code([](auto& r, auto& w) {
                  w.bias[2] = std::nanf("");
                  r.head_bias = w.bias;
              }) == ErrorCode::invalid_argument);
        if (!perturbation::score_kind(kind).needs_reference) continue;
        CHECK(code([](auto& r, auto& w) {
                  w.rows[30] = 1e31F;
                  r.rows = View::row_major(w.rows.data(), 60, 9);
              }) == ErrorCode::invalid_argument);
        CHECK(code([](auto& r, auto& w) { r.rows = View::row_major(w.rows.data(), 0, 9); }) ==
              ErrorCode::not_enough_data);
    }
}

TEST_CASE("subspace score: what lies in the subspace has no residual") {
    // Rows in a plane of four dimensions, no bias: the origin is zero.
    std::vector<float> rows;
    const std::vector<float> z = float_normals(80, 21);
    for (std::size_t i = 0; i < 40; ++i) rows.insert(rows.end(), {z[2 * i], z[2 * i + 1], z[2 * i], 0.0F});
    const std::vector<float> weights{1, 0, 0, 0, 0, 1, 0, 0}, bias{0, 0};
    const View view = View::row_major(rows.data(), 40, 4), head = View::row_major(weights.data(), 2, 4);
    const SubspaceScore score(SubspaceScoreKind::residual, view, head, bias, {.dimension = 2});
    CHECK(score.score(std::vector<float>{3, -2, 3, 0}) < 1e-6);
    CHECK(score.score(std::vector<float>{3, -2, 3, 5}) == doctest::Approx(5.0));
    CHECK(score.score(std::vector<float>{1, 7, -1, 0}) == doctest::Approx(std::sqrt(2.0)));
    CHECK(score.options().dimension == 2);
    CHECK(code_of([&] { (void)SubspaceScore(SubspaceScoreKind::vim, view, head, bias, {.dimension = 2}); }) ==
          ErrorCode::not_enough_data);
    CHECK(code_of([&] { (void)SubspaceScore(SubspaceScoreKind::residual, view, head, bias, {.dimension = 4}); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)SubspaceScore(static_cast<SubspaceScoreKind>(2), view, head, bias); }) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("head scores: what cannot be told, and what is refused") {
    const World world{60, 4, 3};
    const View rows = View::row_major(world.rows.data(), 60, 4), head = View::row_major(world.weights.data(), 3, 4);
    const auto code = [&](HeadScoreKind kind, View weights, const std::vector<std::uint32_t>& labels,
                          const perturbation::HeadScoreOptions& options = {}) {
        return code_of([&] { (void)HeadScore(kind, rows, labels, weights, world.bias, options); });
    };
    auto labels = world.labels;
    CHECK(code(HeadScoreKind::nci, head, {}, {.alpha = -1.0}) == ErrorCode::invalid_argument);
    CHECK(code(HeadScoreKind::nci, head, {}, {.alpha = std::nan("")}) == ErrorCode::invalid_argument);
    CHECK(code(HeadScoreKind::react, head, {}, {.percentile = 0.0}) == ErrorCode::invalid_argument);
    CHECK(code(HeadScoreKind::react, head, {}, {.percentile = 1.1}) == ErrorCode::invalid_argument);
    CHECK(code(static_cast<HeadScoreKind>(4), head, labels) == ErrorCode::invalid_argument);
    CHECK(code(HeadScoreKind::class_prototype, head, {}) == ErrorCode::dimension_mismatch);
    labels[5] = 3;
    CHECK(code(HeadScoreKind::class_prototype, head, labels) == ErrorCode::invalid_argument);
    for (auto& label : labels) label = (label + 1) % 3;  // nothing is classified correctly
    CHECK(code(HeadScoreKind::class_prototype, head, labels) == ErrorCode::not_enough_data);
    auto twins = world.weights;
    std::copy_n(twins.begin(), 4, twins.begin() + 8);
    CHECK(code(HeadScoreKind::fdbd, View::row_major(twins.data(), 3, 4), {}) == ErrorCode::invalid_argument);
    CHECK(code_of([&] {
              (void)HeadScore(HeadScoreKind::fdbd, rows, {}, View::row_major(twins.data(), 1, 4),
                              std::span(world.bias).first(1));
          }) == ErrorCode::not_enough_data);
    // At the mean there is no direction.
    const std::vector<float> pair{1, 2, 3, 4, -1, -2, -3, -4};
    for (const HeadScoreKind kind : {HeadScoreKind::fdbd, HeadScoreKind::nci})
        CHECK(std::isnan(HeadScore(kind, View::row_major(pair.data(), 2, 4), {}, head, world.bias)
                             .score(std::vector<float>(4, 0.0F))));
}

TEST_CASE("shaped energies: of equal activations the first, as many as the percentile says") {
    // One class without bias: the energy is minus the weighted sum of what is left.
    const std::vector<float> weights{1, 10, 100, 1000}, bias{0}, row{2, 5, 2, 2};
    const View head = View::row_major(weights.data(), 1, 4);
    const auto value = [&](ShapedEnergyKind kind) {
        return ShapedEnergyScore(kind, head, bias, {.percentile = 0.5}).score(row);
    };
    CHECK(value(ShapedEnergyKind::ash_p) == doctest::Approx(-52.0));
    CHECK(value(ShapedEnergyKind::ash_b) == doctest::Approx(-5.5 * 11.0));
    CHECK(value(ShapedEnergyKind::ash_s) == doctest::Approx(-52.0 * std::exp(11.0 / 7.0)));
    CHECK(value(ShapedEnergyKind::scale) == doctest::Approx(-2252.0 * std::exp(11.0 / 7.0)));
    const ShapedEnergyScore scale(ShapedEnergyKind::scale, head, bias);
    CHECK(std::isnan(scale.score(std::vector<float>(4, 0.0F))));  // nothing to scale by
    CHECK(std::isnan(scale.score(std::vector<float>{-1, -1, -1, -1})));
    for (const double percentile : {-0.1, 1.0, 0.95, std::nan("")})
        CHECK(code_of([&] { (void)ShapedEnergyScore(ShapedEnergyKind::ash_p, head, bias, {percentile}); }) ==
              ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)ShapedEnergyScore(static_cast<ShapedEnergyKind>(4), head, bias); }) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("nearest neighbours: as all distances, sorted; ties, copies and near copies, of any scale") {
    constexpr std::size_t n = 531, d = 19;
    std::vector<float> rows = float_normals(n * d, 31);
    std::copy_n(rows.begin(), 40 * d, rows.begin() + 100 * d);                                        // ties
    for (std::size_t i = 200 * d; i < 300 * d; ++i) rows[i] = rows[5 * d + i % d] + 1e-6F * rows[i];  // near copies
    for (std::size_t i = 0; i < 20 * d; ++i) rows[i] *= 1e20F;
    const auto unit = [&](const float* x) {
        double square = 0.0;
        for (std::size_t k = 0; k < d; ++k) square += static_cast<double>(x[k]) * static_cast<double>(x[k]);
        std::vector<float> out;
        for (std::size_t k = 0; k < d; ++k)
            out.push_back(static_cast<float>(static_cast<double>(x[k]) / std::sqrt(square)));
        return out;
    };
    for (const std::size_t k : {std::size_t{1}, std::size_t{17}, std::size_t{120}, n}) {
        const NeighbourScore score(View::row_major(rows.data(), n, d), {.neighbours = k});
        const NeighbourScore floats(View::row_major(rows.data(), n, d),
                                    {.neighbours = k, .scan = perturbation::NeighbourScan::float32});
        CHECK(score.size() == n);
        for (const std::size_t query : {3U, 5U, 120U, 250U, 400U}) {
            const std::vector<float> x = unit(&rows[query * d]);
            std::vector<double> all;
            for (std::size_t i = 0; i < n; ++i) {
                const std::vector<float> r = unit(&rows[i * d]);
                double square = 0.0;
                for (std::size_t j = 0; j < d; ++j) {
                    const double gap = static_cast<double>(x[j]) - static_cast<double>(r[j]);
                    square += gap * gap;
                }
                all.push_back(std::sqrt(square));
            }
            std::sort(all.begin(), all.end());
            // Only the unit vectors' own rounding lies between.
            CHECK(std::abs(score.score(std::span(rows).subspan(query * d, d)) - all[k - 1]) < 3e-7);
            CHECK(score.score(std::span(rows).subspan(query * d, d)) ==
                  floats.score(std::span(rows).subspan(query * d, d)));
        }
        CHECK(std::isnan(score.score(std::vector<float>(d, 0.0F))));
    }
    const View view = View::row_major(rows.data(), n, d);
    CHECK(code_of([&] { (void)NeighbourScore(view, {.neighbours = 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)NeighbourScore(view, {.neighbours = 1025}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)NeighbourScore(view, {.neighbours = n + 1}); }) == ErrorCode::not_enough_data);
    std::fill_n(rows.begin() + 7 * d, d, 0.0F);
    CHECK(code_of([&] { (void)NeighbourScore(view, {.neighbours = 3}); }) == ErrorCode::invalid_argument);
}

TEST_CASE("nearest neighbours: codes lose none that floats find, on rows of any shape, bit for bit") {
    const auto& data = oracle_data("embedding_scores.json");
    const auto digits = data["train"].get<std::vector<float>>();
    const std::size_t digit_columns = data["d"];
    struct Rows {
        const char* name;
        std::size_t n, d;
        std::vector<float> values;
    };
    std::vector<Rows> cases{{"digits", digits.size() / digit_columns, digit_columns, digits}};
    for (const auto& [n, d] : {std::pair{33UL, 1UL}, {300UL, 3UL}, {700UL, 130UL}, {9000UL, 16UL}, {2000UL, 64UL}})
        cases.push_back({"normal", n, d, float_normals(n * d, n)});
    Rows clustered{"clustered", 3000, 24, float_normals(3000UL * 24, 41)};
    for (std::size_t i = 0; i < clustered.values.size(); ++i)
        clustered.values[i] = 1e-3F * clustered.values[i] + clustered.values[i % (24UL * 7)];
    Rows lopsided{"one large element, heavy tails, zeros", 3000, 24, float_normals(3000UL * 24, 42)};
    for (std::size_t i = 0; i < lopsided.values.size(); ++i) {
        float& x = lopsided.values[i];
        x = std::max(0.0F, x * x * x * x * x);
        if (i % 24 == i / 24 % 5) x += 30.0F;
    }
    cases.push_back(clustered);
    cases.push_back(lopsided);
    for (const Rows& rows : cases) {
        CAPTURE(rows.name);
        CAPTURE(rows.n);
        const View view = View::row_major(rows.values.data(), rows.n, rows.d);
        for (const std::size_t k : {1UL, 2UL, 3UL, 4UL, 5UL, 6UL, 7UL, 8UL, 9UL, 10UL, 33UL, 300UL}) {
            if (k > rows.n || (k % 2 == 0 && rows.n > 5000)) continue;
            for (const auto kind : {perturbation::NeighbourScoreKind::distance,
                                    perturbation::NeighbourScoreKind::intrinsic_dimensionality}) {
                const NeighbourScore codes(view, {.kind = kind, .neighbours = k});
                const NeighbourScore floats(
                    view, {.kind = kind, .neighbours = k, .scan = perturbation::NeighbourScan::float32});
                const auto query = float_normals(3 * rows.d, k);
                for (std::size_t i = 0; i < 6; ++i) {
                    const std::span<const float> x =
                        i < 3 ? std::span(query).subspan(i * rows.d, rows.d)
                              : std::span(rows.values).subspan(i * (rows.n / 6) * rows.d, rows.d);
                    const double found = codes.score(x);
                    REQUIRE(found == floats.score(x));
                    REQUIRE(!std::isnan(found));
                }
            }
        }
    }
}

TEST_CASE(
    "nearest neighbours: a coreset covers, spreads, is drawn by its seed, and keeps the score when it keeps all") {
    constexpr std::size_t n = 400, d = 5, kept = 40;
    const std::vector<float> rows = float_normals(n * d, 51);
    const View view = View::row_major(rows.data(), n, d);
    const auto row = [&](std::size_t i) { return std::span(rows).subspan(i * d, d); };
    const NeighbourScore all(view, {.neighbours = 1}), core(view, {.neighbours = 1, .coreset = kept});
    CHECK(all.coverage_radius() == 0.0);
    CHECK(core.size() == kept);
    double farthest = 0.0;
    std::size_t own = 0;
    std::vector<float> centres;
    for (std::size_t i = 0; i < n; ++i) {
        const double gap = core.score(row(i));
        farthest = std::max(farthest, gap);
        if (gap != 0.0) continue;
        ++own;
        centres.insert(centres.end(), row(i).begin(), row(i).end());
    }
    CHECK(own == kept);
    CHECK(farthest == core.coverage_radius());
    // Centres lie at least the radius apart: kept + 1 rows that no kept balls of less than half of it can cover.
    const NeighbourScore among(View::row_major(centres.data(), kept, d), {.neighbours = 2});
    for (std::size_t i = 0; i < kept; ++i)
        CHECK(among.score(std::span(centres).subspan(i * d, d)) >= core.coverage_radius());
    for (std::size_t i = 0; i < 20; ++i) {
        const std::vector<float> x = float_normals(d, 52 + i);
        CHECK(core.score(x) >= all.score(x));
        CHECK(core.score(x) <= all.score(x) + core.coverage_radius() + 1e-6);
    }
    const NeighbourScore every(view, {.neighbours = 7, .coreset = n}), plain(view, {.neighbours = 7});
    CHECK(every.coverage_radius() == 0.0);
    CHECK(every.score(std::vector<float>(d, 1.0F)) == plain.score(std::vector<float>(d, 1.0F)));
    CHECK(NeighbourScore(view, {.neighbours = 1, .coreset = kept}).serialize() == core.serialize());
    CHECK(NeighbourScore(view, {.neighbours = 1, .coreset = kept, .seed = 2}).serialize() != core.serialize());
    const auto read = NeighbourScore::deserialize(core.serialize());
    CHECK(read.coverage_radius() == core.coverage_radius());
    CHECK(read.options().coreset == kept);
    const auto code = [&](const perturbation::NeighbourScoreOptions& options) {
        return code_of([&] { (void)NeighbourScore(view, options); });
    };
    CHECK(code({.neighbours = 5, .coreset = 4}) == ErrorCode::invalid_argument);
    CHECK(code({.neighbours = 5, .coreset = n + 1}) == ErrorCode::not_enough_data);
    CHECK(code({.kind = static_cast<perturbation::NeighbourScoreKind>(2)}) == ErrorCode::invalid_argument);
    CHECK(code({.scan = static_cast<perturbation::NeighbourScan>(2)}) == ErrorCode::invalid_argument);
}

TEST_CASE("local intrinsic dimensionality: that of a sphere, copies left out, nothing but copies, equal distances") {
    const perturbation::NeighbourScoreOptions options{
        .kind = perturbation::NeighbourScoreKind::intrinsic_dimensionality, .neighbours = 100};
    // Directions in a subspace of m + 1 dimensions lie on a sphere of m.
    for (const std::size_t m : {2UL, 5UL}) {
        constexpr std::size_t n = 20'000, d = 12;
        std::vector<float> rows(n * d, 0.0F);
        const std::vector<float> z = float_normals(n * (m + 1), 61 + m);
        for (std::size_t i = 0; i < n; ++i) std::copy_n(&z[i * (m + 1)], m + 1, &rows[i * d]);
        const NeighbourScore score(View::row_major(rows.data(), n, d), options);
        double sum = 0.0;
        constexpr std::size_t queries = 60;
        for (std::size_t i = 0; i < queries; ++i) {
            std::vector<float> x(d, 0.0F);
            const std::vector<float> own = float_normals(m + 1, 70 + i);
            std::copy(own.begin(), own.end(), x.begin());
            sum += 1.0 / score.score(x);  // 1 / estimate has mean (1 - 1/k) / m where the density is flat
        }
        const auto expected = 0.99 / static_cast<double>(m);
        // A relative deviation of 0.1 each; the curvature and the density's slope add a little.
        CHECK(std::abs(sum / queries / expected - 1.0) < 4.0 * 0.1 / std::sqrt(double{queries}) + 0.03);
    }
    std::vector<float> rows{1, 0, 1, 0, 1, 1, 0, 1, 0, -1};
    const auto of = [&](std::size_t k, std::size_t n, std::vector<float> x) {
        return NeighbourScore(View::row_major(rows.data(), n, 2), {.kind = options.kind, .neighbours = k}).score(x);
    };
    CHECK(of(2, 2, {1, 0}) == 0.0);                                      // copies alone
    CHECK(of(2, 2, {0, 1}) == std::numeric_limits<double>::infinity());  // equal distances
    const double nearest = 2.0 - std::sqrt(2.0), next = 2.0;             // squares, of (1, 1) and (0, +-1)
    CHECK(of(5, 5, {1, 0}) == doctest::Approx(3.0 / (0.5 * std::log(next / nearest))).epsilon(1e-6));
}

TEST_CASE("kl-matching: against NumPy, certain predictions, the same bits after a file, hostile files") {
    const auto& data = oracle_data("embedding_scores.json");
    const std::size_t d = data["d"], classes = data["classes"];
    const auto weights = data["weights"].get<std::vector<float>>(), bias = data["bias"].get<std::vector<float>>();
    const auto logits_of = [&](const std::vector<float>& rows) {
        std::vector<float> out;
        for (std::size_t i = 0; i < rows.size() / d; ++i) {
            for (std::size_t c = 0; c < classes; ++c) {
                double z = static_cast<double>(bias[c]);
                for (std::size_t k = 0; k < d; ++k)
                    z += static_cast<double>(weights[c * d + k]) * static_cast<double>(rows[i * d + k]);
                out.push_back(static_cast<float>(z));
            }
        }
        return out;
    };
    const auto known = logits_of(data["train"].get<std::vector<float>>());
    const auto queries = logits_of(data["queries"].get<std::vector<float>>());
    const MatchingScore score(View::row_major(known.data(), known.size() / classes, classes));
    CHECK(score.template_count() == classes);
    for (const auto& each : data["cases"]) {
        if (each["kind"] != "kl_matching") continue;
        const auto expected = each["score"].get<std::vector<double>>();
        REQUIRE(expected.size() == queries.size() / classes);
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(std::abs(score.score(std::span(queries).subspan(i * classes, classes)) - expected[i]) < 2e-6);
    }
    const auto bytes = score.serialize();
    CHECK(MatchingScore::deserialize(bytes).serialize() == bytes);
    std::vector<float> row(queries.begin(), queries.begin() + static_cast<std::ptrdiff_t>(classes));
    CHECK(MatchingScore::deserialize(bytes).score(row) == score.score(row));
    CHECK(std::isnan(score.score(std::span(row).first(classes - 1))));
    for (const float bad : {infinity, -infinity, std::nanf("")}) {
        row[1] = bad;
        CHECK(std::isnan(score.score(row)));
    }
    // Certain of either of two classes, of which one was never predicted: log of the least share.
    const std::vector<float> certain{500, -500}, other{-500, 500};
    const MatchingScore one(View::row_major(certain.data(), 1, 2));
    CHECK(one.template_count() == 1);
    CHECK(one.score(certain) == 0.0);
    CHECK(one.score(other) == doctest::Approx(30.0 * std::log(10.0)));
    const auto file = [](std::uint64_t width, std::vector<float> logarithms) {
        vedette::ContainerWriter writer;
        writer.add_scalar("classes", width);
        writer.add("logarithms", logarithms);
        const auto written = writer.finish("matching_score");
        return code_of([&] { (void)MatchingScore::deserialize(written); });
    };
    for (const std::uint64_t width : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, ~std::uint64_t{0}})
        CHECK(file(width, {-1.0F, -1.0F}) == ErrorCode::corrupt_data);
    for (const float x : {std::nanf(""), -infinity, 0.5F, -71.0F})
        CHECK(file(2, {-1.0F, x}) == ErrorCode::corrupt_data);
    CHECK(file(2, {}) == ErrorCode::corrupt_data);
}

TEST_CASE("embedding scores: files that no score writes") {
    const auto neighbours = [](std::vector<std::uint64_t> settings, std::vector<float> known, double radius = 0.0) {
        vedette::ContainerWriter writer;
        writer.add("settings", settings);
        writer.add_scalar("coverage_radius", radius);
        writer.add("known", known);
        const auto bytes = writer.finish("neighbour_score");
        return code_of([&] { (void)NeighbourScore::deserialize(bytes); });
    };
    // Unit vectors (1, 0). Kind, neighbours, scan, coreset, seed, columns.
    std::vector<float> known(64, 0.0F);
    for (std::size_t i = 0; i < known.size(); i += 2) known[i] = 1.0F;
    for (const auto& settings : std::vector<std::vector<std::uint64_t>>{{0, 2, 0, 0, 1, 2}, {1, 32, 1, 32, 9, 2}})
        CHECK(neighbours(settings, known) == ErrorCode{});
    CHECK(neighbours({0, 2, 1, 32, 1, 2}, known, 0.5) == ErrorCode{});
    for (const auto& settings : std::vector<std::vector<std::uint64_t>>{{0, 0, 0, 0, 1, 2},
                                                                        {0, 33, 0, 0, 1, 2},
                                                                        {0, ~0ULL, 0, 0, 1, 2},
                                                                        {2, 2, 0, 0, 1, 2},
                                                                        {0, 2, 2, 0, 1, 2},
                                                                        {0, 2, 0, 31, 1, 2},
                                                                        {0, 2, 0, 0, 1, 0},
                                                                        {0, 2, 0, 0, 1, 3},
                                                                        {0, 2, 0, 0, 1, 4},
                                                                        {0, 2, 0, 0, 1, ~0ULL},
                                                                        {2, 32, 2}})
        CHECK(neighbours(settings, known) == ErrorCode::corrupt_data);
    CHECK(neighbours({0, 2, 1, 0, 1, 2}, known, 0.5) == ErrorCode::corrupt_data);
    for (const double radius : {-0.1, 2.1, std::nan("")})
        CHECK(neighbours({0, 2, 1, 32, 1, 2}, known, radius) == ErrorCode::corrupt_data);
    known[3] = 0.5F;  // no unit vector
    CHECK(neighbours({0, 2, 1, 0, 1, 2}, known) == ErrorCode::corrupt_data);
    known[3] = std::nanf("");
    CHECK(neighbours({0, 2, 1, 0, 1, 2}, known) == ErrorCode::corrupt_data);

    const auto subspace = [](std::vector<std::uint64_t> settings, std::vector<float> origin, std::size_t complement) {
        vedette::ContainerWriter writer;
        writer.add("settings", settings);
        writer.add("origin", origin);
        writer.add("complement", std::vector<float>(complement, 0.5F));
        const auto bytes = writer.finish("subspace_score");
        return code_of([&] { (void)SubspaceScore::deserialize(bytes); });
    };
    for (const auto& settings : std::vector<std::vector<std::uint64_t>>{{2, 1}, {1, 1}, {0, 2}, {0, ~0ULL}, {0, 1, 1}})
        CHECK(subspace(settings, {0.0F, 1.0F}, 64) == ErrorCode::corrupt_data);
    CHECK(subspace({0, 1}, {0.0F, infinity}, 64) == ErrorCode::corrupt_data);
    CHECK(subspace({0, 1}, {0.0F, 1.0F}, 63) == ErrorCode::corrupt_data);
    CHECK(subspace({0, 0}, {}, 64) == ErrorCode::corrupt_data);

    const auto head = [](const char* kind, std::vector<std::uint64_t> settings, std::size_t weights, float bias) {
        vedette::ContainerWriter writer;
        writer.add("settings", settings);
        if (kind[1] == 'e')
            writer.add("numbers", std::vector<double>{1e-4, 0.9});
        else
            writer.add_scalar("percentile", 0.5);
        if (kind[1] == 'e') writer.add("kept", std::vector<float>{0.5F, 0.5F});
        std::vector<float> values(weights, 1.0F);
        values[0] = 0.0F;
        writer.add("head_weights", values);
        writer.add("head_bias", std::vector<float>{bias, 0.0F});
        const auto bytes = writer.finish(kind);
        return code_of([&] { (void)AnyScore::deserialize(bytes); });
    };
    for (const char* kind : {"head_score", "shaped_energy_score"}) {
        CAPTURE(kind);
        CHECK(head(kind, {1, 2}, 5, 0.0F) == ErrorCode::corrupt_data);
        CHECK(head(kind, {1, 2}, 4, infinity) == ErrorCode::corrupt_data);
        CHECK(head(kind, {4, 2}, 4, 0.0F) == ErrorCode::corrupt_data);
        CHECK(head(kind, {1, 0}, 4, 0.0F) == ErrorCode::corrupt_data);
        CHECK(head(kind, {1, ~0ULL}, 4, 0.0F) == ErrorCode::corrupt_data);
    }
    CHECK(head("head_score", {0, 2}, 4, 0.0F) == ErrorCode::corrupt_data);  // a prototype for each class
    CHECK(head("head_score", {3, 2}, 4, 0.0F) == ErrorCode::corrupt_data);  // one threshold
}
