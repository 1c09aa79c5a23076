// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of tests on two samples.
#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "oracle/parity_inputs.hpp"
#include "oracle/parity_looks.hpp"
#include "oracle/parity_table.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/sketch_tests.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using vedette::TestResult;
using Sample = std::vector<double>;

using Floats = std::vector<float>;

/// A test under the name that the oracle gives it, of doubles and of floats.
struct Test {
    template <class Run>
    Test(std::string name, Promise promised, Run ask)
        : key(std::move(name)), promise(std::move(promised)), run(ask), run_f32(ask) {}

    std::string key;
    Promise promise;
    std::function<TestResult(const Sample&, const Sample&)> run;
    std::function<TestResult(const Floats&, const Floats&)> run_f32;
};

bool is_of_ranks(const std::string& key) {
    return key.starts_with("permuted_")
               ? is_of_ranks(key.substr(9))
               : key.starts_with("kolmogorov") || key.starts_with("kuiper") || key.starts_with("mann") ||
                     key.starts_with("cramer") || key.starts_with("anderson");
}

/// What the oracle's answer on doubles is worth for the same values as floats: for every test where none is rounded,
/// for tests of ranks where none moves past another.
enum class AsFloats { no, ranks, all };
AsFloats as_floats(const Sample& reference, const Sample& live) {
    Sample pooled(reference);
    pooled.insert(pooled.end(), live.begin(), live.end());
    std::erase_if(pooled, [](double value) { return std::isnan(value); });
    std::sort(pooled.begin(), pooled.end());
    bool exact = true;
    for (std::size_t i = 0; i < pooled.size(); ++i) {
        exact = exact && static_cast<double>(static_cast<float>(pooled[i])) == pooled[i];
        if (i > 0 && pooled[i - 1] < pooled[i] && static_cast<float>(pooled[i - 1]) == static_cast<float>(pooled[i]))
            return AsFloats::no;
    }
    return exact ? AsFloats::all : AsFloats::ranks;
}

struct Side {
    std::string name;
    drift::Alternative alternative;
};
const Side sides[] = {{"two_sided", drift::Alternative::two_sided},
                      {"less", drift::Alternative::less},
                      {"greater", drift::Alternative::greater}};

drift::TestOptions options(drift::Alternative alternative, drift::Method method) {
    return {.alternative = alternative, .method = method, .nan = drift::NanPolicy::omit};
}

constexpr auto two_sided = drift::Alternative::two_sided;
constexpr auto asymptotic = drift::Method::asymptotic;

void add_rank_tests(std::vector<Test>& tests) {
    for (const Side& side : sides) {
        const auto ks = [side](drift::Method method) {
            return [side, method](const auto& x, const auto& y) {
                return drift::ks_two_sample(x, y, options(side.alternative, method));
            };
        };
        const bool directed = side.alternative != two_sided;
        tests.push_back({"kolmogorov_smirnov_exact_" + side.name,
                         {"Kolmogorov-Smirnov, exact", "whole numbers", same, same,
                          "given the ties, which SciPy's exact p ignores"},
                         ks(drift::Method::exact)});
        tests.push_back({"kolmogorov_smirnov_" + side.name,
                         directed ? Promise{"Kolmogorov-Smirnov, one-sided limit", "SciPy"}
                                  : Promise{"Kolmogorov-Smirnov, two-sided limit", "SciPy", same, 1e-6,
                                            "p: SciPy's finite law is the one in error beyond n = 140"},
                         ks(asymptotic)});
        const auto mann_whitney = [side](drift::Method method) {
            return [side, method](const auto& x, const auto& y) {
                return drift::mann_whitney(x, y, options(side.alternative, method));
            };
        };
        tests.push_back(
            {"mann_whitney_exact_" + side.name,
             {"Mann-Whitney, exact", "whole numbers", same, same, "given the ties, which SciPy's exact p ignores"},
             mann_whitney(drift::Method::exact)});
        tests.push_back({"mann_whitney_" + side.name, {"Mann-Whitney, limit", "SciPy"}, mann_whitney(asymptotic)});
    }
    tests.push_back({"kuiper", {"Kuiper", "mpmath, Stephens' correction"}, [](const auto& x, const auto& y) {
                         return drift::kuiper_two_sample(x, y, options(two_sided, asymptotic));
                     }});
    tests.push_back({"cramer_von_mises_exact",
                     {"Cramer-von Mises, exact", "whole numbers, all assignments", same, same, "given the ties"},
                     [](const auto& x, const auto& y) {
                         return drift::cramer_von_mises(x, y, options(two_sided, drift::Method::exact));
                     }});
    tests.push_back(
        {"cramer_von_mises",
         {"Cramer-von Mises, limit", "mpmath", same, same,
          "with ties F - G runs straight, and the law is given the ties: SciPy's differs"},
         [](const auto& x, const auto& y) { return drift::cramer_von_mises(x, y, options(two_sided, asymptotic)); }});
}

void add_anderson_darling(std::vector<Test>& tests) {
    for (const auto& [name, variant] : {std::pair{"midrank", drift::AndersonDarlingVariant::midrank},
                                        std::pair{"right", drift::AndersonDarlingVariant::right_continuous}})
        for (const auto law : {drift::AndersonDarlingLaw::table, drift::AndersonDarlingLaw::limit}) {
            const bool table = law == drift::AndersonDarlingLaw::table;
            const drift::AndersonDarlingOptions chosen{options(two_sided, asymptotic), variant, law};
            tests.push_back({std::string("anderson_darling_") + (table ? "table_" : "") + name,
                             table
                                 ? Promise{"Anderson-Darling, table", "SciPy"}
                                 : Promise{"Anderson-Darling, limit", "SciPy, p: mpmath", same, same, "given the ties"},
                             [chosen](const auto& x, const auto& y) { return drift::anderson_darling(x, y, chosen); }});
        }
}

void add_distances(std::vector<Test>& tests) {
    drift::TestOptions chosen = options(two_sided, drift::Method::permutation);
    chosen.permutations = 199;
    chosen.seed = 7;
    const auto without_p = [chosen](const auto& x) {
        drift::TestOptions out = chosen;
        if (x.size() > 1000) out.permutations = 0;  // then only the distance is compared
        return out;
    };
    const std::string note = "p: the same splits replayed";
    tests.push_back({"wasserstein_1",
                     {"Wasserstein-1", "SciPy", same, same, note},
                     [without_p](const auto& x, const auto& y) { return drift::wasserstein_1(x, y, without_p(x)); }});
    tests.push_back({"energy_distance",
                     {"energy distance", "SciPy", same, same, note},
                     [without_p](const auto& x, const auto& y) { return drift::energy_distance(x, y, without_p(x)); }});
}

void add_moments(std::vector<Test>& tests) {
    for (const Side& side : sides)
        tests.push_back({"welch_t_" + side.name, {"Welch's t", "SciPy"}, [side](const auto& x, const auto& y) {
                             return drift::welch_t<typename std::decay_t<decltype(x)>::value_type>(
                                 x, y, options(side.alternative, drift::Method::automatic));
                         }});
    for (const auto& [name, centre] :
         {std::pair{"median", drift::Centre::median}, std::pair{"mean", drift::Centre::mean},
          std::pair{"trimmed", drift::Centre::trimmed}})
        tests.push_back({std::string("levene_") + name,
                         {std::string("Levene, ") + name, "SciPy"},
                         [centre = centre](const auto& x, const auto& y) {
                             using T = typename std::decay_t<decltype(x)>::value_type;
                             const vedette::ColumnView<T> both[] = {x, y};
                             return drift::levene<T>(both, centre, options(two_sided, drift::Method::automatic));
                         }});
}

void add_epps_singleton(std::vector<Test>& tests) {
    for (const bool pooled : {true, false})
        tests.push_back({pooled ? "epps_singleton" : "epps_singleton_separate",
                         pooled ? Promise{"Epps-Singleton", "NumPy, SciPy's F law"}
                                : Promise{"Epps-Singleton, separate covariances", "SciPy"},
                         [pooled](const auto& x, const auto& y) {
                             using drift::EppsSingletonCovariance;
                             return drift::epps_singleton(
                                 x, y,
                                 drift::EppsSingletonOptions{
                                     options(two_sided, asymptotic),
                                     pooled ? EppsSingletonCovariance::pooled : EppsSingletonCovariance::separate,
                                     {0.4, 0.8}});
                         }});
}

drift::TestOptions permuted(drift::Alternative alternative) {
    drift::TestOptions out = options(alternative, drift::Method::permutation);
    out.permutations = 199;
    out.seed = 7;
    return out;
}

// Tests that have another law, too: p from the same splits, replayed.
void add_permutations(std::vector<Test>& tests) {
    const auto promise = [](const char* test) { return Promise{test, "NumPy, the same splits replayed", never, same}; };
    for (const Side& side : sides) {
        tests.push_back(
            {"permuted_kolmogorov_smirnov_" + side.name, promise("Kolmogorov-Smirnov, permutation"),
             [side](const auto& x, const auto& y) { return drift::ks_two_sample(x, y, permuted(side.alternative)); }});
        tests.push_back(
            {"permuted_mann_whitney_" + side.name, promise("Mann-Whitney, permutation"),
             [side](const auto& x, const auto& y) { return drift::mann_whitney(x, y, permuted(side.alternative)); }});
    }
    tests.push_back({"permuted_kuiper", promise("Kuiper, permutation"),
                     [](const auto& x, const auto& y) { return drift::kuiper_two_sample(x, y, permuted(two_sided)); }});
    tests.push_back({"permuted_cramer_von_mises", promise("Cramer-von Mises, permutation"),
                     [](const auto& x, const auto& y) { return drift::cramer_von_mises(x, y, permuted(two_sided)); }});
    for (const auto& [name, variant] : {std::pair{"midrank", drift::AndersonDarlingVariant::midrank},
                                        std::pair{"right", drift::AndersonDarlingVariant::right_continuous}}) {
        const drift::AndersonDarlingOptions chosen{permuted(two_sided), variant};
        tests.push_back({std::string("permuted_anderson_darling_") + name, promise("Anderson-Darling, permutation"),
                         [chosen](const auto& x, const auto& y) { return drift::anderson_darling(x, y, chosen); }});
    }
    tests.push_back(
        {"permuted_epps_singleton", promise("Epps-Singleton, permutation"), [](const auto& x, const auto& y) {
             return drift::epps_singleton(x, y, drift::EppsSingletonOptions{permuted(two_sided)});
         }});
}

const Test& test_of(const std::vector<Test>& tests, const std::string& key) {
    const auto found = std::find_if(tests.begin(), tests.end(), [&](const Test& test) { return test.key == key; });
    if (found == tests.end()) throw std::runtime_error("no test for the oracle's " + key);
    return *found;
}

Promise of_floats(Promise promise) {
    promise.test += ", f32";
    return promise;
}

void compare_generated(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("parity.json")["samples"]) {
        const Sample x = draw(item["reference"]), y = draw(item["live"]);
        const Looks look = looks({x, y});
        const AsFloats floats = as_floats(x, y);
        const Floats x_f32(x.begin(), x.end()), y_f32(y.begin(), y.end());
        for (const auto& [key, wanted] : item["expected"].items()) {
            const Test& test = test_of(tests, key);
            table.row(test.promise).add(item["name"], look, test.run(x, y), number(wanted[0]), number(wanted[1]));
            if (floats == AsFloats::all || (floats == AsFloats::ranks && is_of_ranks(key)))
                table.row(of_floats(test.promise))
                    .add(item["name"], look, test.run_f32(x_f32, y_f32), number(wanted[0]), number(wanted[1]));
        }
    }
}

// SciPy's values, where ties do not make the definition another one, and those of all assignments.
void compare_committed(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("sample_tests.json")["cases"]) {
        const Sample x = item["reference"], y = item["live"];
        const Looks look = looks({x, y});
        const auto add = [&](const std::string& key, Promise promise, std::optional<double> statistic,
                             std::optional<double> p) {
            table.row(promise).add(item["name"], look, test_of(tests, key).run(x, y), statistic, p);
        };
        const auto exact = [&](const std::string& scipy_key, const std::string& key, const std::string& title) {
            if (!look.tied && item.contains(scipy_key) && item[scipy_key].contains("exact"))
                add(key, {title, "SciPy", same, same, "without ties"}, number(item[scipy_key]["statistic"]),
                    number(item[scipy_key]["exact"]));
            if (item.contains("all_assignments") && item["all_assignments"].contains(scipy_key) &&
                !key.starts_with("cramer"))
                add(key, test_of(tests, key).promise, std::nullopt, number(item["all_assignments"][scipy_key]));
        };
        for (const Side& side : sides) {
            if (item.contains("ks_" + side.name) && !look.tied)
                exact("ks_" + side.name, "kolmogorov_smirnov_exact_" + side.name, "Kolmogorov-Smirnov, exact");
            exact("mann_whitney_" + side.name, "mann_whitney_exact_" + side.name, "Mann-Whitney, exact");
        }
        exact("cramer_von_mises", "cramer_von_mises_exact", "Cramer-von Mises, exact");
    }
}

void compare_sketches(Table& table) {
    for (const json& item : oracle_data("sketch.json")["ks"]) {
        const Sample x = item["reference"], y = item["live"];
        vedette::stats::KllSketch<double> sketch(1000, 1);
        sketch.update(y);
        const auto got = drift::ks_two_sample(drift::SortedSample<double>(x), sketch);
        TestResult result;
        result.statistic = got.statistic;
        result.p_value = got.p_value;
        table.row({"Kolmogorov-Smirnov of sketches that still hold all", "SciPy"})
            .add("sketch", looks({x, y}), result, number(item["d"]), number(item["p_asymptotic"]));
    }
}

void compare_epps_singleton(Table& table, const std::vector<Test>& tests) {
    for (const json& item : oracle_data("epps_singleton.json")["cases"]) {
        if (item["points"].size() != 2) continue;
        const Sample x = item["reference"], y = item["live"];
        const Test& pooled = test_of(tests, "epps_singleton");
        table.row(pooled.promise)
            .add(item["name"], looks({x, y}), pooled.run(x, y), number(item["pooled"]["statistic"]),
                 number(item["pooled"]["p"]));
        if (!item.contains("separate")) continue;
        const Test& separate = test_of(tests, "epps_singleton_separate");
        table.row(separate.promise)
            .add(item["name"], looks({x, y}), separate.run(x, y), number(item["separate"][0]),
                 number(item["separate"][1]));
    }
}

}  // namespace

void compare_samples(Table& table) {
    std::vector<Test> tests;
    add_rank_tests(tests);
    add_anderson_darling(tests);
    add_distances(tests);
    add_moments(tests);
    add_epps_singleton(tests);
    add_permutations(tests);
    for (const Test& test : tests) table.row(test.promise);
    for (const Test& test : tests) table.row(of_floats(test.promise));
    compare_generated(table, tests);
    compare_committed(table, tests);
    compare_several(table);
    compare_permuted_samples(table);
    compare_epps_singleton(table, tests);
    compare_sketches(table);
    compare_laws_of_samples(table);
}

}  // namespace parity
