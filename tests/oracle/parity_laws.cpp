// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of what has a law of its own: p-values on grids, unseen categories, sketches, random
// features, relabelled density differences.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "oracle/parity_inputs.hpp"
#include "oracle/parity_looks.hpp"
#include "oracle/parity_table.hpp"
#include "unit/drift/oracle_cases.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/density_difference.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/drift/sketch_tests.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using vedette::DriftTest;
using vedette::TestResult;
using Sample = std::vector<double>;
using Counts = std::vector<std::uint64_t>;
using Sketch = vedette::stats::KllSketch<double>;
using View = vedette::MatrixView<double>;

const vedette::stats::Confidence confidence(0.95);

json laws(const char* key) {
    return oracle_data("parity_laws.json")[key];
}

drift::GridReference grid_of(const json& item) {
    const Counts reference = item["reference"];
    if (!item["places"].is_null()) return discrete_reference(reference, item["places"]);
    std::vector<double> edges;
    for (std::size_t i = 0; i <= reference.size(); ++i) edges.push_back(static_cast<double>(i));
    return drift::GridReference::ordered(with_outer(reference), edges, edges.front(), edges.back(), 1.0);
}

void compare_grids(Table& table) {
    constexpr double asked = 1e-3;   // the law is asked for to 1e-4, of 1 in its body
    constexpr double matched = 0.5;  // a law of matched moments stands for the limit
    const std::string note = "a law of matched moments for the limit: three cells integrated, more by 2,000,000 draws";
    for (const json& item : laws("grids")) {
        const Counts live = item["live"];
        const auto evidence = drift::evaluate(grid_of(item), with_outer(live), confidence);
        const Looks look = looks(item["reference"], live);
        const auto add = [&](const Promise& promise, const TestResult& result, double statistic, const char* key) {
            TestResult got = result;
            got.statistic = statistic;
            const json& wanted = item["expected"][key];
            table.row(promise).add(item["live"].dump(), look, got, number(wanted[0]), number(wanted[1]));
        };
        add({"grid: Kolmogorov-Smirnov, p", "Durbin's matrix, whole numbers", same, asked,
             "p: asked for to 1e-4, with Broadie, Glasserman and Kou's correction"},
            evidence.ks, evidence.ks.statistic, "kolmogorov_smirnov");
        add({"grid: total variation, p", "the limit law", same, matched, note}, evidence.total_variation,
            evidence.total_variation.effect, "total_variation");
        add({"grid: Wasserstein-1, p", "the limit law", same, matched, note}, evidence.wasserstein,
            evidence.wasserstein.statistic, "wasserstein");
    }
}

struct NamedTest {
    DriftTest test;
    const char* key;
    const char* title;
    bool effect;  // what the oracle calls the statistic
};
const NamedTest tests_of_counts[] = {{DriftTest::chi_square, "grid_chi_square", "chi-square", false},
                                     {DriftTest::g_test, "grid_g", "G", false},
                                     {DriftTest::population_stability, "grid_psi", "population stability", false},
                                     {DriftTest::jensen_shannon, "grid_jensen_shannon", "Jensen-Shannon", false},
                                     {DriftTest::hellinger, "grid_hellinger", "Hellinger", false},
                                     {DriftTest::total_variation, "grid_total_variation", "total variation", true}};

TestResult with_effect(TestResult result, bool effect) {
    if (effect) result.statistic = result.effect;
    return result;
}

void compare_categories(Table& table) {
    for (const json& item : laws("categories")) {
        const Counts reference = item["reference"], live = item["live"];
        for (const NamedTest& named : tests_of_counts) {
            // These two take the table as it is.
            if (named.test == DriftTest::chi_square || named.test == DriftTest::g_test) continue;
            const json& wanted = item["expected"][named.key];
            table
                .row({std::string("categories: ") + named.title, "whole numbers, mpmath", same, same,
                      named.effect ? "p: as on a grid" : "rare ones in one cell"})
                .add(item["live"].dump(), looks(reference, live),
                     with_effect(drift::run_test(named.test, reference, live), named.effect), number(wanted[0]),
                     number(wanted[1]));
        }
    }
}

void compare_numbers(Table& table) {
    for (const json& item : laws("numbers")) {
        const Sample x = draw(item["reference"]), y = draw(item["live"]);
        const Looks look = looks({x, y});
        for (const NamedTest& named : tests_of_counts) {
            const json& wanted = item["expected"][named.key];
            const TestResult got = drift::run_test(named.test, vedette::ColumnView<double>(x),
                                                   vedette::ColumnView<double>(y), {.nan = drift::NanPolicy::omit});
            table
                .row({std::string("64 cells of samples: ") + named.title, "whole numbers, mpmath", same, same,
                      named.effect ? "p: as on a grid" : ""})
                .add(item["name"], look, with_effect(got, named.effect), number(wanted[0]), number(wanted[1]));
        }
    }
}

void compare_unseen(Table& table) {
    for (const json& item : laws("unseen")) {
        Looks look;
        const std::uint64_t n = item["n"], m = item["m"], unseen = item["unseen"];
        look.smallest = static_cast<double>(std::min(n, m));
        look.largest = static_cast<double>(std::max(n, m));
        look.zero_cell = unseen == 0 || item["singletons"] == 0;
        table.row({"unseen categories", "mpmath"})
            .add(item.dump(), look,
                 drift::unseen_category(item["singletons"], item["doubletons"], n, unseen, m, confidence),
                 number(item["statistic"]), number(item["p"]));
    }
}

Sketch sketch_of(const json& spec, std::uint32_t k, std::uint64_t seed) {
    Sketch sketch(k, seed);
    sketch.update(draw(spec));
    return sketch;
}

void compare_sketches(Table& table) {
    for (const json& item : laws("sketches")) {
        const std::uint32_t k = item["k"], reference_k = item["reference_k"];
        Sample live_values;
        std::optional<Sketch> live;
        std::uint64_t seed = 11;
        for (const json& part : item["live"]) {
            const Sample values = draw(part);
            live_values.insert(live_values.end(), values.begin(), values.end());
            const Sketch own = sketch_of(part, k, seed++);
            if (live) {
                live->merge(own);
            } else {
                live = own;
            }
        }
        const Sample reference = draw(item["reference"]);
        const auto got = reference_k > 0 ? drift::ks_two_sample(sketch_of(item["reference"], reference_k, 5), *live)
                                         : drift::ks_two_sample(
                                               drift::SortedSample<double>(reference, drift::NanPolicy::omit), *live);
        TestResult result;
        result.statistic = got.statistic;
        result.p_value = got.p_value;
        table.row({"Kolmogorov-Smirnov of sketches", "NumPy, Durbin's matrix", same, same, "the sketch replayed"})
            .add(item["name"], looks({reference, live_values}), result, number(item["expected"][0]),
                 number(item["expected"][1]));
    }
}

void compare_density_differences(Table& table) {
    for (const json& item : laws("density_differences")) {
        const Rows reference(item["reference"]), live(item["live"]);
        const drift::DensityDifferenceOptions options{
            .nan = drift::NanPolicy::omit, .permutations = item["permutations"], .seed = item["seed"]};
        table
            .row({"density difference, p", "NumPy", same, same,
                  "p: the same splits replayed; lambda chosen, of many rows 200 centres"})
            .add(item["name"], looks(reference, live),
                 drift::least_squares_density_difference(reference.view(), live.view(), options).test,
                 number(item["expected"][0]), number(item["expected"][1]));
    }
}

void compare_features(Table& table) {
    // Waves are floats, summed in units of 2^-20; what that does to each is tested for itself.
    constexpr double rounded = 1e-5;
    for (const json& item : laws("features")) {
        const Rows reference(item["reference"]), live(item["live"]);
        const drift::RandomFeatureMmd<double> frozen(reference.view(), {.features = item["features"],
                                                                        .whitening = item["whitening"],
                                                                        .nan = drift::NanPolicy::omit,
                                                                        .seed = item["seed"]});
        drift::FeatureWindow window = frozen.window();
        if (!frozen.observe(window, live.view())) throw std::runtime_error("rows were not observed");
        table
            .row({"MMD of random features", "NumPy", rounded, rounded,
                  "frequencies replayed; ours sums floats in units of 2^-20"})
            .add(item["name"], looks(reference, live), frozen.test(window).test, number(item["expected"][0]),
                 number(item["expected"][1]));
    }
}

}  // namespace

void compare_laws_of_samples(Table& table) {
    compare_numbers(table);
    compare_sketches(table);
}

void compare_laws_of_rows(Table& table) {
    compare_density_differences(table);
    compare_features(table);
}

void compare_laws_of_counts(Table& table) {
    compare_grids(table);
    compare_categories(table);
    compare_unseen(table);
}

}  // namespace parity
