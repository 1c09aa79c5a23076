// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/isolation_forest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/perturbation/score_checks.hpp"
#include "vedette/core/container.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::IsolationForest;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

static_assert(vedette::Score<IsolationForest>);

struct Trees {
    std::vector<float> thresholds;
    std::vector<std::uint16_t> features;
    std::vector<std::uint32_t> counts, sizes;
    std::uint64_t dimension = 1, sample_size = 2;

    [[nodiscard]] std::vector<std::byte> file() const {
        vedette::ContainerWriter writer;
        writer.add("thresholds", thresholds);
        writer.add("features", features);
        writer.add("counts", counts);
        writer.add("sizes", sizes);
        writer.add_scalar("dimension", dimension);
        writer.add_scalar("sample_size", sample_size);
        writer.add_scalar("extension", std::uint64_t{0});
        writer.add_scalar("seed", std::uint64_t{0});
        return writer.finish("isolation_forest");
    }
};

// Mean depth of a search that fails, from the paper.
double mean_depth(double n) {
    return 2.0 * (std::log(n - 1.0) + 0.57721566490153286) - 2.0 * (n - 1.0) / n;
}

}  // namespace

TEST_CASE("isolation forest: scikit-learn's trees score as in scikit-learn") {
    const auto& same = oracle_data("isolation_forest.json")["same_trees"];
    Trees trees;
    trees.thresholds = same["thresholds"].get<std::vector<float>>();
    trees.features = same["features"].get<std::vector<std::uint16_t>>();
    trees.counts = same["counts"].get<std::vector<std::uint32_t>>();
    trees.sizes = same["sizes"].get<std::vector<std::uint32_t>>();
    trees.dimension = same["dimension"];
    trees.sample_size = same["sample_size"];
    const IsolationForest forest = IsolationForest::deserialize(trees.file());
    CHECK(forest.tree_count() == 20);
    CHECK(forest.serialize() == trees.file());
    std::size_t i = 0;
    for (const auto& each : same["rows"]) {
        const auto row = each.get<std::vector<float>>();
        CHECK(forest.score(row) == doctest::Approx(same["scores"][i++].get<double>()).epsilon(1e-12));
    }
    CHECK(i >= 20);
}

TEST_CASE("isolation forest: large forests agree with scikit-learn's, and with the extended paper's in NumPy") {
    const auto& law = oracle_data("isolation_forest.json")["same_law"];
    const std::size_t d = law["d"], trees = law["trees"], size = law["sample_size"];
    const auto train = law["train"].get<std::vector<float>>();
    std::size_t checked = 0;
    for (const auto& each : law["laws"]) {
        const IsolationForest forest(View::row_major(train.data(), train.size() / d, d),
                                     {.trees = trees, .sample_size = size, .extension = each["extension"], .seed = 5});
        for (std::size_t i = 0; i < law["rows"].size(); ++i) {
            const auto row = law["rows"][i].get<std::vector<float>>();
            // Depths of either forest have a standard error of deviation/sqrt(trees).
            const double deviation = each.contains("deviation") ? each["deviation"][i].get<double>() : 2.0;
            const double band = 5.0 * std::max(deviation, 0.3) * std::sqrt(2.0 / static_cast<double>(trees));
            const double unit = mean_depth(static_cast<double>(size));
            CAPTURE(i);
            CHECK(std::abs(unit * std::log2(forest.score(row) / each["scores"][i].get<double>())) < band);
            ++checked;
        }
    }
    CHECK(checked == 45);
}

TEST_CASE("isolation forest: large forests agree with isotree's, score by score and in what they find") {
    const auto& law = oracle_data("isolation_forest.json")["same_law"];
    const auto& isotree = oracle_data("isotree.json");
    const std::size_t d = law["d"], trees = law["trees"], size = law["sample_size"];
    const auto train = law["train"].get<std::vector<float>>();
    const IsolationForest forest(View::row_major(train.data(), train.size() / d, d),
                                 {.trees = trees, .sample_size = size, .seed = 6});
    REQUIRE(isotree["scores"].size() == law["rows"].size());
    for (std::size_t i = 0; i < law["rows"].size(); ++i) {
        const auto row = law["rows"][i].get<std::vector<float>>();
        // As above, depths of either have a standard error of at most 2/sqrt(trees). And isotree takes the expected
        // depth below a leaf of n rows from the harmonic number itself, not from the paper's ln(n - 1) + gamma: its
        // depths are larger by what a leaf of three rows differs at most, and the score smaller.
        const double band = 5.0 * 2.0 * std::sqrt(2.0 / static_cast<double>(trees));
        const double leaf = 5.0 / 3.0 - mean_depth(3.0);
        const double deeper =
            mean_depth(static_cast<double>(size)) * std::log2(forest.score(row) / isotree["scores"][i].get<double>());
        CAPTURE(i);
        CHECK(deeper > -band);
        CHECK(deeper < leaf + band);
    }

    const auto& task = isotree["detection"];
    const std::size_t width = task["d"];
    const auto known = task["known"].get<std::vector<float>>(), usual = task["usual"].get<std::vector<float>>(),
               strange = task["strange"].get<std::vector<float>>();
    for (std::size_t extension = 0; extension < 3; ++extension) {
        const IsolationForest own(View::row_major(known.data(), known.size() / width, width),
                                  {.trees = task["trees"], .sample_size = task["sample_size"], .extension = extension});
        const auto scores_of = [&](const std::vector<float>& rows) {
            std::vector<double> scores;
            for (std::size_t at = 0; at < rows.size(); at += width)
                scores.push_back(own.score(std::span(rows).subspan(at, width)));
            return scores;
        };
        const std::vector<double> benign = scores_of(usual), novel = scores_of(strange);
        double above = 0.0;
        for (const double one : novel)
            for (const double other : benign) above += one > other ? 1.0 : 0.0;
        const double auroc = above / static_cast<double>(novel.size() * benign.size());
        // The paper's choice of points and isotree's of thresholds are different laws where features are joined.
        MESSAGE("extension ", extension, ": AUROC ", auroc, ", isotree ",
                task["auroc"][std::to_string(extension)].get<double>());
        CHECK(std::abs(auroc - task["auroc"][std::to_string(extension)].get<double>()) <
              (extension == 0 ? 0.02 : 0.06));
    }
}

TEST_CASE("isolation forest: contributions add up, exactly, and the odd feature stands out") {
    const std::size_t n = 600, d = 7;
    const std::vector<float> reference = float_normals(n * d, 2);
    for (const std::size_t extension : {0U, 1U, 6U}) {
        const IsolationForest forest(View::row_major(reference.data(), n, d), {.extension = extension, .seed = 9});
        vedette::testing::check_contributions(forest, 200);
        CHECK(forest.base() == doctest::Approx(0.5).epsilon(0.1));
        std::vector<double> contributions(d);
        for (const float far : {8.0F, -8.0F}) {
            std::vector<float> row(d, 0.0F);
            row[5] = far;
            CHECK(forest.score(row, contributions) > forest.base());
            CHECK(std::max_element(contributions.begin(), contributions.end()) - contributions.begin() == 5);
            CHECK(contributions[5] > forest.base() / 7.0);
        }
        const std::vector<float> middle(d, 0.0F);
        CHECK(forest.score(middle) < 0.5);
    }
}

TEST_CASE("isolation forest: one cut in two rows, by hand") {
    // Every tree has both rows, cuts between them and ends: each depth is 1, the score 2^-1.
    const std::vector<float> two{1.0F, 5.0F, 2.0F, 5.0F};
    const IsolationForest forest(View::row_major(two.data(), 2, 2), {.trees = 3});
    std::vector<double> contributions(2);
    CHECK(forest.node_count() == 9);
    CHECK(forest.score(std::vector<float>{7.0F, -3.0F}, contributions) == 0.5);
    CHECK(contributions == std::vector<double>{0.25, 0.25});
    // Nothing to cut: a leaf of two rows, c(2) = 1 deep.
    const std::vector<float> same(4, 1.0F);
    const IsolationForest flat(View::row_major(same.data(), 2, 2));
    CHECK(flat.node_count() == 100);
    CHECK(flat.score(std::vector<float>{3.0F, 1.0F}) == 0.5);
    const IsolationForest plane(View::row_major(same.data(), 2, 2), {.extension = 1});
    CHECK(plane.score(std::vector<float>{1.0F, 1.0F}) == 0.25);  // one cut with an empty side: 1 + c(2)
}

TEST_CASE("isolation forest: seeds, hostile rows, and no allocation") {
    const std::vector<float> reference = float_normals(300 * 9, 3);
    const auto view = View::row_major(reference.data(), 300, 9);
    CHECK(IsolationForest(view, {.seed = 1}).serialize() == IsolationForest(view, {.seed = 1}).serialize());
    CHECK(IsolationForest(view, {.seed = 1}).serialize() != IsolationForest(view, {.seed = 2}).serialize());
    for (const std::size_t extension : {0U, 2U}) {
        const IsolationForest forest(view, {.trees = 37, .extension = extension});
        vedette::testing::check_hostile_rows(forest);
        std::vector<float> row(9, 0.1F);
        row[8] = std::numeric_limits<float>::max();
        const double far = forest.score(row);
        CHECK(far > forest.base());
        row[8] = std::numeric_limits<float>::infinity();
        if (extension == 0) CHECK(forest.score(row) == far);
        if (extension > 0) CHECK(std::isnan(forest.score(row)));
    }
    // Subnormal and huge values, and columns that never vary.
    std::vector<float> odd(60 * 3, 4.0F);
    for (std::size_t i = 0; i < 60; ++i) {
        odd[3 * i] = static_cast<float>(i % 3) * 1e-45F;
        odd[3 * i + 1] = (i % 2 == 0 ? 1.0F : -1.0F) * std::numeric_limits<float>::max();
    }
    for (const std::size_t extension : {0U, 2U}) {
        const IsolationForest forest(View::row_major(odd.data(), 60, 3), {.trees = 10, .extension = extension});
        CHECK(forest.score(std::span(odd).first(3)) > 0.0);
        CHECK(IsolationForest::deserialize(forest.serialize()).serialize() == forest.serialize());
    }
}

TEST_CASE("isolation forest: what cannot be fitted, and files") {
    std::vector<float> values = float_normals(400, 1);
    const auto code = [&](std::size_t n, std::size_t d, const vedette::perturbation::IsolationForestOptions& options) {
        return code_of([&] { IsolationForest(View::row_major(values.data(), n, d), options); });
    };
    CHECK(code(1, 4, {}) == ErrorCode::not_enough_data);
    CHECK(code(10, 0, {}) == ErrorCode::not_enough_data);
    CHECK(code(100, 4, {.trees = 0}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.trees = 65537}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.sample_size = 1}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.sample_size = 32769}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.sample_size = 4097, .extension = 1}) == ErrorCode::invalid_argument);
    CHECK(code(100, 4, {.extension = 4}) == ErrorCode::invalid_argument);
    for (const std::size_t extension : {0U, 3U}) {
        const IsolationForest forest(View::row_major(values.data(), 100, 4), {.trees = 3, .extension = extension});
        vedette::testing::check_file(forest, std::span(values).first(4));
    }
    values[5] = std::numeric_limits<float>::infinity();
    CHECK(code(10, 4, {}) == ErrorCode::invalid_argument);
}

TEST_CASE("isolation forest: files of trees that are none") {
    constexpr std::uint16_t leaf = 0xFFFF;
    const Trees good{{1.0F, 0.0F, 0.0F}, {0, leaf, leaf}, {2, 1, 1}, {3}};
    const auto code = [](const Trees& trees) {
        return code_of([&] { (void)IsolationForest::deserialize(trees.file()); });
    };
    CHECK(code(good) == ErrorCode{});
    const auto broken = [&](auto&& change) {
        Trees trees = good;
        change(trees);
        return code(trees) == ErrorCode::corrupt_data;
    };
    CHECK(broken([](Trees& t) { t.features = {leaf, 0, leaf}; }));  // a node that no link reaches
    CHECK(broken([](Trees& t) { t.features = {0, 0, leaf}; }));     // children beyond the tree
    CHECK(broken([](Trees& t) { t.features[0] = 1; }));             // a feature beyond the row
    CHECK(broken([](Trees& t) { t.counts[1] = 2; }));
    CHECK(broken([](Trees& t) { t.counts = {3, 2, 1}; }));
    CHECK(broken([](Trees& t) { t.sizes = {2}; }));
    CHECK(broken([](Trees& t) { t.sizes = {4}; }));
    CHECK(broken([](Trees& t) { t.sizes = {0, 3}; }));
    CHECK(broken([](Trees& t) { t.sizes = {}; }));
    CHECK(broken([](Trees& t) { t.sample_size = 1; }));
    CHECK(broken([](Trees& t) { t.dimension = 0; }));
    CHECK(broken([](Trees& t) { t.thresholds[0] = std::numeric_limits<float>::infinity(); }));
    CHECK(broken([](Trees& t) { t.thresholds[1] = 1.0F; }));
    CHECK(broken([](Trees& t) { t.thresholds.pop_back(); }));
    // Deeper than two rows can be.
    CHECK(broken([](Trees& t) {
        t = {{1.0F, 0.0F, 1.0F, 0.0F, 0.0F}, {0, leaf, 0, leaf, leaf}, {2, 0, 2, 1, 1}, {5}};
    }));
}
