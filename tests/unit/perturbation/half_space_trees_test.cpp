// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/half_space_trees.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/perturbation/score_checks.hpp"
#include "vedette/core/container.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::HalfSpaceTrees;
using vedette::perturbation::HalfSpaceTreesKind;
using vedette::perturbation::HalfSpaceTreesOptions;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<HalfSpaceTrees>);

// One tree of one split at 0.5 unless told otherwise.
struct File {
    std::uint8_t kind = 1;
    std::uint64_t dimension = 1, height = 1, window = 10, observed = 0, trees = 1;
    std::vector<float> thresholds{0.5F};
    std::vector<std::uint16_t> features{0};
    std::vector<std::uint32_t> masses{10, 9, 1}, latest{0, 0, 0};

    [[nodiscard]] std::vector<std::byte> bytes() const {
        vedette::ContainerWriter writer;
        const std::uint64_t of_splits[] = {trees, features.size() / trees}, of_nodes[] = {trees, masses.size() / trees};
        writer.add("thresholds", std::span<const float>(thresholds), of_splits);
        writer.add("features", std::span<const std::uint16_t>(features), of_splits);
        writer.add("masses", std::span<const std::uint32_t>(masses), of_nodes);
        writer.add("latest", std::span<const std::uint32_t>(latest), of_nodes);
        writer.add_scalar("seed", std::uint64_t{0});
        writer.add_scalar("kind", kind);
        writer.add_scalar("dimension", dimension);
        writer.add_scalar("height", height);
        writer.add_scalar("window", window);
        writer.add_scalar("observed", observed);
        return writer.finish("half_space_trees");
    }
};

constexpr HalfSpaceTreesKind kinds[] = {HalfSpaceTreesKind::paper, HalfSpaceTreesKind::river};

}  // namespace

TEST_CASE("half-space trees: river's trees score and learn as river's") {
    const auto& data = oracle_data("tabular_scores.json")["half_space_trees"];
    File file;
    file.dimension = data["d"];
    file.height = data["height"];
    file.window = data["window"];
    file.observed = data["observed"];
    file.trees = data["trees"];
    file.thresholds = data["thresholds"].get<std::vector<float>>();
    file.features = data["features"].get<std::vector<std::uint16_t>>();
    file.masses = data["masses"].get<std::vector<std::uint32_t>>();
    file.latest = data["latest"].get<std::vector<std::uint32_t>>();
    HalfSpaceTrees score = HalfSpaceTrees::deserialize(file.bytes());
    CHECK(score.serialize() == file.bytes());
    for (const auto& step : data["steps"]) {
        const auto row = step["row"].get<std::vector<float>>();
        CHECK(score.score(row) == doctest::Approx(step["score"].get<double>()).epsilon(1e-12));
        CHECK(score.observe(row));
    }
    CHECK(score.observed() == (11 + 60) % 30);
}

TEST_CASE("half-space trees: by hand") {
    const auto at = [](const HalfSpaceTrees& score, float x) { return score.score(std::vector<float>{x}); };
    File file;
    // Summed: 10 + 2 * 9 of 30, and 10 + 2 * 1.
    const HalfSpaceTrees river = HalfSpaceTrees::deserialize(file.bytes());
    CHECK(at(river, 0.0F) == doctest::Approx(1.0 - 28.0 / 30.0));
    CHECK(at(river, 0.5F) == doctest::Approx(1.0 - 12.0 / 30.0));
    CHECK(river.base() == doctest::Approx(1.0 - 20.0 / 30.0));
    // The last node's alone: 2 * 9 of 20, and 2 * 1.
    file.kind = 0;
    HalfSpaceTrees paper = HalfSpaceTrees::deserialize(file.bytes());
    CHECK(at(paper, 0.0F) == doctest::Approx(0.1));
    CHECK(at(paper, 0.5F) == doctest::Approx(0.9));
    CHECK(paper.base() == 0.5);
    // Nine rows change nothing; the tenth ends the window.
    for (int i = 0; i < 9; ++i) CHECK(paper.observe(std::vector<float>{0.7F}));
    CHECK(at(paper, 0.5F) == doctest::Approx(0.9));
    CHECK_FALSE(paper.observe(std::vector<float>{std::nanf("")}));
    CHECK_FALSE(paper.observe(std::vector<float>{1.0F, 1.0F}));
    CHECK(paper.observed() == 9);
    CHECK(paper.observe(std::vector<float>{std::numeric_limits<float>::infinity()}));
    CHECK(paper.observed() == 0);
    CHECK(at(paper, 0.5F) == 0.0);
    CHECK(at(paper, 0.0F) == 1.0);
}

TEST_CASE("half-space trees: contributions, hostile rows and values") {
    const std::vector<float> reference = float_normals(600 * 5, 2);
    const auto view = View::row_major(reference.data(), 600, 5);
    for (const auto kind : kinds) {
        HalfSpaceTrees score(view, {.kind = kind, .trees = 50});
        CHECK(score.observed() == 100);
        CHECK(score.options().kind == kind);
        CHECK(std::string(half_space_trees_name(kind)).starts_with("half_space_trees"));
        vedette::testing::check_contributions(score, 200);
        vedette::testing::check_hostile_rows(score);
        std::vector<double> contributions(5);
        std::vector<float> row(5, 0.0F);
        const double usual = score.score(row);
        row[3] = 4.5F;
        CHECK(score.score(row, contributions) > usual);
        CHECK(std::max_element(contributions.begin(), contributions.end()) - contributions.begin() == 3);
        CHECK(contributions[3] > score.base() / 5.0);
        const auto before = allocation_count();
        for (int i = 0; i < 300; ++i) (void)score.observe(row);
        CHECK(allocation_count() == before);
        CHECK(score.score(row) < score.score(std::span(reference).first(5)));
        CHECK(HalfSpaceTrees(view, {.kind = kind, .seed = 1}).serialize() ==
              HalfSpaceTrees(view, {.kind = kind, .seed = 1}).serialize());
        CHECK(HalfSpaceTrees(view, {.kind = kind, .seed = 1}).serialize() !=
              HalfSpaceTrees(view, {.kind = kind, .seed = 2}).serialize());
    }
    constexpr float most = std::numeric_limits<float>::max();
    const std::vector<float> odd{-most, 1e-45F, 7.0F, most, 0.0F, 7.0F};
    const HalfSpaceTrees extreme(View::row_major(odd.data(), 2, 3), {.height = 15, .window = 2});
    CHECK(extreme.score(std::span(odd).first(3)) >= 0.0);
    vedette::testing::check_file(extreme, std::span(odd).first(3));
}

TEST_CASE("half-space trees: what cannot be fitted, and files") {
    std::vector<float> values = float_normals(400, 1);
    const auto code = [&](std::size_t n, std::size_t d, const HalfSpaceTreesOptions& options) {
        return code_of([&] { HalfSpaceTrees(View::row_major(values.data(), n, d), options); });
    };
    CHECK(code(1, 4, {.window = 1}) == ErrorCode::not_enough_data);
    CHECK(code(99, 4, {.window = 100}) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, {.window = 1}) == ErrorCode::not_enough_data);
    CHECK(code(100, 4, {.kind = static_cast<HalfSpaceTreesKind>(2)}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.trees = 1025}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.height = 16}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.height = 0}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.window = 0}) == ErrorCode::invalid_argument);
    vedette::testing::check_file(
        HalfSpaceTrees(View::row_major(values.data(), 100, 4), {.trees = 2, .height = 3, .window = 30}),
        std::span(values).first(4));
    const auto broken = [](auto&& change) {
        File file;
        change(file);
        return code_of([&] { (void)HalfSpaceTrees::deserialize(file.bytes()); }) == ErrorCode::corrupt_data;
    };
    CHECK_FALSE(broken([](File&) {}));
    CHECK(broken([](File& f) { f.kind = 2; }));
    CHECK(broken([](File& f) { f.height = 16; }));
    CHECK(broken([](File& f) { f.height = 2; }));
    CHECK(broken([](File& f) { f.window = 11; }));
    CHECK(broken([](File& f) { f.observed = 1; }));
    CHECK(broken([](File& f) { f.observed = 10; }));
    CHECK(broken([](File& f) { f.features = {1}; }));
    CHECK(broken([](File& f) { f.thresholds = {std::nanf("")}; }));
    CHECK(broken([](File& f) { f.masses = {10, 10, 1}; }));
    CHECK(broken([](File& f) { f.latest = {0, 1, 0xFFFFFFFF}; }));
    CHECK(broken([](File& f) { f.dimension = 0; }));
    values[5] = std::nanf("");
    CHECK(code(10, 4, {.window = 2}) == ErrorCode::invalid_argument);
}
