// SPDX-License-Identifier: Apache-2.0
// How often each test and preset alarms without drift (its level), and its power over sizes of several kinds of shift
// at one level for all, as JSON. usage: bench_power [runs]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "power_families.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/random_feature_mmd.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/drift/sketch_tests.hpp"
#include "vedette/stats/grid.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace {

using namespace vedette;
using namespace power;
using Json = nlohmann::ordered_json;

constexpr double level = 0.05;
constexpr std::size_t permutations = 199;

// What a method makes of a pair of samples. The smaller the score, the more it speaks for drift: a p-value, or a
// divergence with its sign turned.
struct Outcome {
    double score = std::numeric_limits<double>::infinity();
    double alarms = 0.0;  // by its own rule: 1 or 0; NaN: it has none
};

template <class Pair>
struct Method {
    std::string name;
    std::function<Outcome(const Pair&, std::uint64_t run)> ask;
};

Outcome by_p(double p) {
    return std::isnan(p) ? Outcome{} : Outcome{p, p <= level ? 1.0 : 0.0};
}

Outcome by_threshold(const drift::PresetResult& result) {
    const double alarms = std::isnan(result.threshold) ? result.threshold : result.exceeds ? 1.0 : 0.0;
    return {std::isnan(result.value) ? std::numeric_limits<double>::infinity() : -result.value, alarms};
}

// What the data do not allow is no alarm.
template <class Ask>
Outcome asked(Ask&& ask) {
    try {
        return ask();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_enough_data) throw;
        return {};
    }
}

drift::TestOptions options_of(std::uint64_t run) {
    drift::TestOptions options;
    options.seed = run;
    options.permutations = permutations;
    return options;
}

template <class Pair>
using Methods = std::vector<Method<Pair>>;

template <class Pair>
void add_presets(Methods<Pair>& methods, const Pair& example) {
    for (std::uint8_t p = 0; p < drift::divergence_preset_count; ++p)
        for (std::uint8_t d = 0; d < drift::divergence_count; ++d) {
            const auto preset = static_cast<drift::DivergencePreset>(p);
            const auto divergence = static_cast<drift::Divergence>(d);
            const auto ask = [preset, divergence](const Pair& pair, std::uint64_t) {
                return asked([&] {
                    return by_threshold(drift::preset_divergence(preset, divergence, pair.reference, pair.live));
                });
            };
            std::string name =
                std::string(drift::divergence_preset_name(preset)) + ", " + drift::divergence_name(divergence);
            try {
                const drift::PresetResult result =
                    drift::preset_divergence(preset, divergence, example.reference, example.live);
                if (!std::isnan(result.threshold)) name += " from " + Json(result.threshold).dump();
            } catch (const Error&) {
                continue;  // the package has no such number
            }
            methods.push_back({std::move(name), ask});
        }
}

double p_of_counters(const Numbers& pair, DriftTest test) {
    static const stats::Confidence confidence(1.0 - level);
    std::vector<double> reference(pair.reference.values().begin(), pair.reference.values().end());
    const stats::Grid grid = stats::fit_grid(reference);
    std::vector<std::uint64_t> live(grid.cells(), 0);
    for (const double value : pair.live.values()) ++live[grid.cell(value)];
    // The standard deviation only scales the effect.
    const drift::GridEvidence all = drift::evaluate(drift::GridReference::ordered(grid, 1.0), live, confidence);
    return drift::result_of(all, test)->p_value;
}

// The live sample cut in two by turns: with the reference three samples, which all have one law without drift.
std::array<drift::SortedSample<double>, 3> in_three(const Numbers& pair) {
    std::array<std::vector<double>, 3> parts;
    parts[0].assign(pair.reference.values().begin(), pair.reference.values().end());
    std::size_t i = 0;
    for (const double value : pair.live.values()) parts[1 + i++ % 2].push_back(value);
    return {drift::SortedSample<double>(parts[0]), drift::SortedSample<double>(parts[1]),
            drift::SortedSample<double>(parts[2])};
}

double p_of_three(const Numbers& pair, bool spread, std::uint64_t run) {
    const auto samples = in_three(pair);
    if (!spread) {
        drift::AndersonDarlingOptions options{options_of(run)};
        return drift::anderson_darling<double>(samples, options).p_value;
    }
    const std::array<ColumnView<double>, 3> views{samples[0].values(), samples[1].values(), samples[2].values()};
    return drift::levene<double>(views, drift::Centre::median, options_of(run)).p_value;
}

// Rows weighted by what has nothing to do with their values: 1/2, 1 and 3/2 in turns.
double p_of_weights(const Numbers& pair, DriftTest test, std::uint64_t run) {
    const auto weights = [](std::size_t n) {
        std::vector<double> list(n);
        for (std::size_t i = 0; i < n; ++i) list[i] = 0.5 * static_cast<double>(1 + (7 * i + 3) % 3);
        return list;
    };
    const std::vector<double> a = weights(pair.reference.size()), b = weights(pair.live.size());
    const drift::WeightedSample x{pair.reference.values(), a}, y{pair.live.values(), b};
    return (test == DriftTest::wasserstein ? drift::wasserstein_1(x, y, options_of(run))
                                           : drift::energy_distance(x, y, options_of(run)))
        .p_value;
}

// What other forms of the tests find: one-sided, by permutation, of weighted rows, of three samples, of a sketch.
void add_variants(Methods<Numbers>& methods) {
    const auto add = [&](std::string name, DriftTest test, drift::Alternative alternative, drift::Method how) {
        methods.push_back(
            {std::move(name), [=](const Numbers& pair, std::uint64_t run) {
                 drift::TestOptions options = options_of(run);
                 options.alternative = alternative;
                 options.method = how;
                 return asked([&] { return by_p(drift::run_test(test, pair.reference, pair.live, options).p_value); });
             }});
    };
    for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::mann_whitney, DriftTest::welch_t})
        add(std::string(drift_test_name(test)) + ", live greater", test, drift::Alternative::greater,
            drift::Method::automatic);
    for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::anderson_darling})
        add(std::string(drift_test_name(test)) + ", permutation", test, drift::Alternative::two_sided,
            drift::Method::permutation);
    for (const DriftTest test : {DriftTest::wasserstein, DriftTest::energy_distance})
        methods.push_back(
            {std::string(drift_test_name(test)) + ", weighted rows", [test](const Numbers& pair, std::uint64_t run) {
                 return asked([&] { return by_p(p_of_weights(pair, test, run)); });
             }});
    for (const bool spread : {false, true})
        methods.push_back({spread ? "brown_forsythe, three samples" : "anderson_darling, three samples",
                           [spread](const Numbers& pair, std::uint64_t run) {
                               return asked([&] { return by_p(p_of_three(pair, spread, run)); });
                           }});
    // A sketch of 200 values is exact up to its k; 64 is small enough to err.
    methods.push_back({"kolmogorov_smirnov, KLL sketch of k = 64", [](const Numbers& pair, std::uint64_t run) {
                           stats::KllSketch<double> sketch(64, run);
                           sketch.update(pair.live.values());
                           return asked([&] { return by_p(drift::ks_two_sample(pair.reference, sketch).p_value); });
                       }});
}

Methods<Numbers> tests_of_numbers() {
    Methods<Numbers> methods;
    for (std::uint8_t i = 1; i < drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        if (!runs_on_samples(test, true)) continue;
        methods.push_back(
            {drift_test_name(test), [test](const Numbers& pair, std::uint64_t run) {
                 return asked(
                     [&] { return by_p(drift::run_test(test, pair.reference, pair.live, options_of(run)).p_value); });
             }});
    }
    // What a window's counters tell, of 64 cells learned from the reference.
    for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::wasserstein})
        methods.push_back(
            {std::string(drift_test_name(test)) + ", counters", [test](const Numbers& pair, std::uint64_t) {
                 return asked([&] { return by_p(p_of_counters(pair, test)); });
             }});
    add_variants(methods);
    return methods;
}

Methods<Counts> tests_of_counts() {
    Methods<Counts> methods;
    const auto add = [&](DriftTest test, drift::Method how, const char* suffix) {
        methods.push_back(
            {std::string(drift_test_name(test)) + suffix, [test, how](const Counts& pair, std::uint64_t run) {
                 drift::TestOptions options = options_of(run);
                 options.method = how;
                 using Span = std::span<const std::uint64_t>;
                 return asked([&] {
                     return by_p(drift::run_test(test, Span(pair.reference), Span(pair.live), options).p_value);
                 });
             }});
    };
    for (std::uint8_t i = 1; i < drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        if (!runs_on_samples(test, false)) continue;
        add(test, drift::Method::automatic, "");
        if (test == DriftTest::chi_square || test == DriftTest::g_test)
            add(test, drift::Method::permutation, ", permutation");
    }
    return methods;
}

// Every feature by itself, Bonferroni: what a univariate guard would see.
double each_by_itself(const Rows& pair) {
    const std::size_t rows_a_side = pair.reference.size() / pair.features;
    std::vector<double> a(rows_a_side), b(rows_a_side);
    double least = 1.0;
    for (std::size_t j = 0; j < pair.features; ++j) {
        for (std::size_t i = 0; i < rows_a_side; ++i) {
            a[i] = pair.reference[i * pair.features + j];
            b[i] = pair.live[i * pair.features + j];
        }
        least = std::min(least, drift::run_test(DriftTest::kolmogorov_smirnov, drift::SortedSample<double>(a),
                                                drift::SortedSample<double>(b))
                                    .p_value);
    }
    return std::min(1.0, least * static_cast<double>(pair.features));
}

Methods<Rows> tests_of_rows() {
    Methods<Rows> methods{{"each by itself (KS, Bonferroni)",
                           [](const Rows& pair, std::uint64_t) { return by_p(each_by_itself(pair)); }}};
    for (std::uint8_t i = 0; i < multivariate_test_count; ++i) {
        const auto test = static_cast<MultivariateTest>(i);
        if (test == MultivariateTest::random_feature_mmd) continue;  // below, with fewer features
        methods.push_back(
            {multivariate_test_name(test), [test](const Rows& pair, std::uint64_t run) {
                 const auto view = [&](const std::vector<double>& side) {
                     return MatrixView<double>::row_major(side.data(), side.size() / pair.features, pair.features);
                 };
                 return asked([&] {
                     return by_p(
                         drift::run_test(test, view(pair.reference), view(pair.live), options_of(run)).test.p_value);
                 });
             }});
    }
    // Features enough for so few rows; 512 functions of 256 would be learned from 200.
    methods.push_back(
        {"RandomFeatureMmd, 64 features", [](const Rows& pair, std::uint64_t run) {
             const auto view = [&](const std::vector<double>& side) {
                 return MatrixView<double>::row_major(side.data(), side.size() / pair.features, pair.features);
             };
             const drift::RandomFeatureMmd<double> frozen(view(pair.reference), {.features = 64, .seed = run});
             drift::FeatureWindow window = frozen.window();
             frozen.observe(window, view(pair.live));
             return by_p(frozen.test(window).test.p_value);
         }});
    return methods;
}

// The largest score that at most `level` of the null scores reach; NaN where not even the smallest is so rare.
double matched_cut(std::vector<double> null_scores) {
    std::sort(null_scores.begin(), null_scores.end());
    auto place = static_cast<std::size_t>(std::floor(level * static_cast<double>(null_scores.size()) + 1e-9));
    // `place` scores may be at or below the cut; ties with the next one are not.
    while (place > 0 && null_scores[place - 1] == null_scores[place]) --place;
    return place == 0 ? std::nan("") : null_scores[place - 1];
}

template <class Pair>
Json measure(const char* title, const Methods<Pair>& methods, const std::vector<Null<Pair>>& nulls,
             const std::vector<Family<Pair>>& families, std::size_t runs) {
    const std::size_t null_runs = 4 * runs;
    std::vector<Json> rates(methods.size());
    std::vector<std::vector<double>> cuts;  // [null][method]
    for (std::size_t n = 0; n < nulls.size(); ++n) {
        std::vector<std::vector<double>> scores(methods.size());
        std::vector<double> alarms(methods.size(), 0.0);
        for (std::size_t run = 0; run < null_runs; ++run) {
            Random random(1000 + n, run);
            const Pair pair = nulls[n].draw(random);
            for (std::size_t m = 0; m < methods.size(); ++m) {
                const Outcome outcome = methods[m].ask(pair, run);
                scores[m].push_back(outcome.score);
                alarms[m] += outcome.alarms;
            }
        }
        std::vector<double>& of_null = cuts.emplace_back();
        for (std::size_t m = 0; m < methods.size(); ++m) {
            const double rate = alarms[m] / static_cast<double>(null_runs);
            rates[m]["levels"].push_back(std::isnan(rate) ? Json(nullptr) : Json(rate));
            of_null.push_back(matched_cut(std::move(scores[m])));
        }
    }
    Json list = Json::array();
    for (std::size_t f = 0; f < families.size(); ++f) {
        const Family<Pair>& family = families[f];
        list.push_back({{"name", family.name}, {"sizes", family.sizes}, {"level", nulls[family.null].name}});
        for (std::size_t m = 0; m < methods.size(); ++m) rates[m]["power"].push_back(Json::array());
        for (std::size_t s = 0; s < family.sizes.size(); ++s) {
            std::vector<std::size_t> found(methods.size(), 0);
            for (std::size_t run = 0; run < runs; ++run) {
                Random random(2000 + 100 * f + s, run);
                const Pair pair = family.draw(random, family.sizes[s]);
                for (std::size_t m = 0; m < methods.size(); ++m)
                    found[m] += methods[m].ask(pair, run).score <= cuts[family.null][m] ? 1U : 0U;
            }
            for (std::size_t m = 0; m < methods.size(); ++m)
                rates[m]["power"][f].push_back(std::isnan(cuts[family.null][m])
                                                   ? Json(nullptr)
                                                   : Json(static_cast<double>(found[m]) / static_cast<double>(runs)));
        }
    }
    Json out{{"title", title}, {"levels", Json::array()}, {"families", std::move(list)}, {"methods", Json::array()}};
    for (const Null<Pair>& null : nulls) out["levels"].push_back(null.name);
    for (std::size_t m = 0; m < methods.size(); ++m) {
        Json method{{"name", methods[m].name}};
        method.update(rates[m]);
        out["methods"].push_back(std::move(method));
    }
    std::fprintf(stderr, "%s\n", title);
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t runs = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 400;
    if (runs < 20) {
        std::fputs("usage: bench_power [runs, at least 20]\n", stderr);
        return 2;
    }
    Random random(1);
    Methods<Numbers> number_presets;
    add_presets(number_presets, nulls_of_numbers().front().draw(random));
    Methods<Counts> count_presets;
    add_presets(count_presets, nulls_of_counts().front().draw(random));
    const Json groups{
        measure("one feature", tests_of_numbers(), nulls_of_numbers(), families_of_numbers(), runs),
        measure("one feature, by preset", number_presets, nulls_of_numbers(), families_of_numbers(), runs),
        measure("categories", tests_of_counts(), nulls_of_counts(), families_of_counts(), runs),
        measure("categories, by preset", count_presets, nulls_of_counts(), families_of_counts(), runs),
        measure("a rate", tests_of_counts(), nulls_of_rates(), families_of_rates(), runs),
        measure("several features", tests_of_rows(), nulls_of_rows(), families_of_rows(), runs / 4)};
    const Json out{
        {"level", level}, {"rows", rows}, {"categorical_rows", categorical_rows}, {"runs", runs}, {"groups", groups}};
    std::puts(out.dump(1).c_str());
}
