// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of p-values by permutation beyond two samples of numbers, each from the library's own draws
// replayed, and of exact laws of more values than all assignments could be tried of.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "oracle/parity_inputs.hpp"
#include "oracle/parity_looks.hpp"
#include "oracle/parity_table.hpp"
#include "unit/drift/oracle_cases.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/classifier_test.hpp"
#include "vedette/drift/hotelling.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using vedette::TestResult;
using Sample = std::vector<double>;

json cases(const char* key) {
    return oracle_data("parity_permuted.json")[key];
}

constexpr std::size_t permutations = 199;
constexpr std::uint64_t seed = 7;

drift::TestOptions permuted(drift::Alternative alternative = drift::Alternative::two_sided) {
    return {.alternative = alternative,
            .method = drift::Method::permutation,
            .nan = drift::NanPolicy::omit,
            .permutations = permutations,
            .seed = seed};
}

TestResult run(const drift::CountTable& table, const std::string& key) {
    const drift::ContingencyOptions options{.yates = key.ends_with("_yates"),
                                            .method = drift::Method::permutation,
                                            .permutations = permutations,
                                            .seed = seed};
    if (key.starts_with("chi_square")) return drift::chi_square(table, options);
    if (key.starts_with("g_test")) return drift::g_test(table, options);
    if (key == "fisher_exact") return drift::fisher_exact(table, permuted());
    if (key == "fisher_exact_less") return drift::fisher_exact(table, permuted(drift::Alternative::less));
    if (key == "fisher_exact_greater") return drift::fisher_exact(table, permuted(drift::Alternative::greater));
    throw std::runtime_error("no test for the oracle's " + key);
}

std::string title_of(const std::string& key) {
    const std::string yates = key.ends_with("_yates") ? ", Yates" : "";
    if (key.starts_with("chi_square")) return "chi-square" + yates + ", permutation";
    return (key.starts_with("g_test") ? "G" + yates : "Fisher's exact test") + ", permutation";
}

void compare_permuted_several(Table& table) {
    for (const json& item : cases("several")) {
        std::vector<Sample> samples;
        std::vector<drift::SortedSample<double>> sorted;
        for (const json& spec : item["samples"]) {
            samples.push_back(draw(spec));
            sorted.emplace_back(samples.back(), drift::NanPolicy::omit);
        }
        for (const auto& [name, variant] : {std::pair{"midrank", drift::AndersonDarlingVariant::midrank},
                                            std::pair{"right", drift::AndersonDarlingVariant::right_continuous}})
            table
                .row({"Anderson-Darling of several samples, permutation", "NumPy, the same splits replayed", never,
                      same})
                .add(item["name"], looks(samples),
                     drift::anderson_darling<double>(sorted, drift::AndersonDarlingOptions{permuted(), variant}), {},
                     number(item["p"][name]));
    }
}

void compare_cramer_von_mises(Table& table) {
    for (const json& item : cases("cramer_von_mises")) {
        const Sample x = draw(item["reference"]), y = draw(item["live"]);
        table.row({"Cramer-von Mises, exact", "whole numbers, all sums", same, same, "given the ties"})
            .add(item["name"], looks({x, y}),
                 drift::cramer_von_mises<double>(x, y, {.method = drift::Method::exact, .nan = drift::NanPolicy::omit}),
                 {}, number(item["p"]));
    }
}

}  // namespace

void compare_permuted_samples(Table& table) {
    compare_permuted_several(table);
    compare_cramer_von_mises(table);
}

void compare_permuted_rows(Table& table) {
    for (const json& item : cases("hotelling")) {
        const Rows x(item["reference"]), y(item["live"]);
        table.row({"Hotelling's T2, permutation", "NumPy, the same splits replayed"})
            .add(item["name"], looks(x, y), drift::hotelling_t2(x.view(), y.view(), permuted()).test,
                 number(item["statistic"]), number(item["p"]));
    }
    for (const json& item : cases("classifier")) {
        const Rows x(item["reference"]), y(item["live"]);
        drift::ClassifierTestOptions options{.test = permuted(), .folds = item["folds"]};
        options.test.permutations = item["permutations"];
        table.row({"classifier (AUC), permutation", "scikit-learn, the same folds and splits replayed"})
            .add(item["name"], looks(x, y), drift::classifier_two_sample(x.view(), y.view(), options).test,
                 number(item["area"]), number(item["p"]));
    }
}

void compare_permuted_counts(Table& table) {
    for (const json& item : cases("tables")) {
        const OracleTable counted = oracle_table(item["table"]);
        for (const auto& [key, p] : item["p"].items())
            table.row({title_of(key), "whole numbers, mpmath, the same tables replayed", never, same})
                .add(item["table"].dump(), looks(counted), run(counted.view(), key), {}, number(p));
    }
    for (const json& item : cases("fisher")) {
        const OracleTable counted = oracle_table(item["table"]);
        table.row({"Fisher's exact test, larger tables", "whole numbers, all tables"})
            .add(item["table"].dump(), looks(counted),
                 drift::fisher_exact(counted.view(), {.method = drift::Method::exact}), number(item["log_probability"]),
                 number(item["p"]));
    }
}

}  // namespace parity
