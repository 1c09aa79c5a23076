// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of tests on tables of counts, on grids and on rates.
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
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/rate_tests.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using vedette::TestResult;
using Counts = std::vector<std::uint64_t>;

const vedette::stats::Confidence confidence(0.95);

TestResult effect_of(TestResult result) {
    result.statistic = result.effect;
    return result;
}

TestResult run(const OracleTable& table, const std::string& key) {
    using drift::Alternative;
    const drift::CountTable view = table.view();
    if (key == "chi_square") return drift::chi_square(view);
    if (key == "chi_square_yates") return drift::chi_square(view, {.yates = true});
    if (key == "g_test") return drift::g_test(view);
    if (key == "g_test_yates") return drift::g_test(view, {.yates = true});
    if (key == "two_proportion_z") return drift::two_proportion_z(view);
    if (key == "fisher_exact_less") return drift::fisher_exact(view, {.alternative = Alternative::less});
    if (key == "fisher_exact_greater") return drift::fisher_exact(view, {.alternative = Alternative::greater});
    if (key == "fisher_exact_two_sided") return drift::fisher_exact(view);
    if (key != "cramers_v") throw std::runtime_error("no test for the oracle's " + key);
    TestResult result;
    result.statistic = drift::cramers_v(view).value;
    return result;
}

Promise promise_of(const std::string& key, const std::string& oracle) {
    const auto title = [&]() -> std::string {
        if (key.starts_with("chi_square")) return key == "chi_square" ? "chi-square" : "chi-square, Yates";
        if (key.starts_with("g_test")) return key == "g_test" ? "G" : "G, Yates";
        if (key.starts_with("fisher")) return "Fisher's exact test, 2 x 2";
        return key == "cramers_v" ? "Cramer's V" : "two proportions, z";
    };
    return {title(), oracle};
}

void compare_tables(Table& table) {
    for (const json& item : oracle_data("parity.json")["counts"]["tables"]) {
        const OracleTable counted = oracle_table(item["table"]);
        for (const auto& [key, wanted] : item["expected"].items())
            table.row(promise_of(key, "whole numbers, mpmath"))
                .add(item["table"].dump(), looks(counted), run(counted, key), number(wanted[0]), number(wanted[1]));
    }
    for (const json& item : oracle_data("contingency.json")["tables"]) {
        const OracleTable counted{item["counts"], item["rows"], item["columns"]};
        for (const char* key : {"chi_square", "chi_square_yates", "g_test", "g_test_yates"})
            table.row(promise_of(key, "SciPy"))
                .add(item["counts"].dump(), looks(counted), run(counted, key), number(item[key][0]),
                     number(item[key][1]));
        table.row(promise_of("cramers_v", "SciPy"))
            .add(item["counts"].dump(), looks(counted), run(counted, "cramers_v"), number(item["cramers_v"]), {});
        for (const std::string side : {"two_sided", "less", "greater"})
            if (item.contains("fisher_" + side))
                table.row(promise_of("fisher", "SciPy"))
                    .add(item["counts"].dump(), looks(counted), run(counted, "fisher_exact_" + side), {},
                         number(item["fisher_" + side]));
    }
    for (const json& item : oracle_data("fisher.json")["exact"]) {
        const OracleTable counted = oracle_table(item["table"]);
        table.row({"Fisher's exact test, larger tables", "whole numbers, all tables"})
            .add(item["table"].dump(), looks(counted),
                 drift::fisher_exact(counted.view(), {.method = drift::Method::exact}), number(item["log_probability"]),
                 number(item["p"]));
    }
}

struct GridRow {
    const char* key;
    Promise promise;
    TestResult result;
};

std::vector<GridRow> grid_rows(const drift::GridEvidence& e, const std::string& oracle) {
    const std::string smoothed = "shares smoothed by half a count per cell";
    return {{"grid_chi_square", {"grid: chi-square", oracle}, e.chi_square},
            {"grid_cramers_v", {"grid: Cramer's V", oracle}, effect_of(e.chi_square)},
            {"grid_g", {"grid: G", oracle, same, same, "p with Williams's correction"}, e.g},
            {"grid_psi", {"grid: population stability", oracle, same, same, smoothed}, e.psi},
            {"grid_jensen_shannon", {"grid: Jensen-Shannon", oracle, same, same, smoothed}, e.jensen_shannon},
            {"grid_hellinger", {"grid: Hellinger", oracle, same, same, smoothed}, e.hellinger},
            {"grid_total_variation",
             {"grid: total variation", oracle, same, same, "p: in a row of its own"},
             effect_of(e.total_variation)},
            {"grid_ks", {"grid: Kolmogorov-Smirnov", oracle, same, same, "p: in a row of its own"}, e.ks},
            {"grid_wasserstein", {"grid: Wasserstein-1", oracle, same, same, "p: in a row of its own"}, e.wasserstein}};
}

void compare_grids(Table& table) {
    for (const json& item : oracle_data("parity.json")["counts"]["grids"]) {
        Counts reference = item["reference"], live = item["live"];
        std::vector<double> places(reference.size());
        for (std::size_t i = 0; i < places.size(); ++i) places[i] = 0.5 * static_cast<double>(i * (i + 1));
        Counts both = reference;
        both.insert(both.end(), live.begin(), live.end());
        const Looks look = looks({both, 2, reference.size()});
        const auto evidence = drift::evaluate(discrete_reference(reference, places), with_outer(live), confidence);
        if (evidence.pooled_cells != reference.size()) throw std::runtime_error("cells of a grid were pooled");
        for (const GridRow& row : grid_rows(evidence, "whole numbers, mpmath")) {
            const json& wanted = item["expected"][row.key];
            table.row(row.promise).add(item["live"].dump(), look, row.result, number(wanted[0]), number(wanted[1]));
        }
    }
    for (const json& item : oracle_data("drift.json")["cases"]) {
        Counts both = item["reference"];
        const Counts live = item["live"];
        const auto evidence = drift::evaluate(discrete_reference(both, item["places"]), with_outer(live), confidence);
        both.insert(both.end(), live.begin(), live.end());
        const Looks look = looks({both, 2, live.size()});
        const auto add = [&](const Promise& promise, const TestResult& result, const char* key,
                             const char* p = nullptr) {
            table.row(promise).add("drift.json", look, result, number(item[key]),
                                   p != nullptr ? number(item[p]) : std::nullopt);
        };
        add({"grid: chi-square", "SciPy"}, evidence.chi_square, "chi_square", "chi_square_p");
        add({"grid: G", "SciPy"}, evidence.g, "g");
        add({"grid: population stability", "SciPy"}, effect_of(evidence.psi), "psi");
        add({"grid: Wasserstein-1", "SciPy"}, evidence.wasserstein, "wasserstein");
    }
}

void compare_rates(Table& table) {
    const json& rates = oracle_data("parity.json")["counts"]["rates"];
    const auto look = [](std::uint64_t n, std::uint64_t m, bool zero) {
        Looks out;
        out.smallest = static_cast<double>(std::min(n, m));
        out.largest = static_cast<double>(std::max(n, m));
        out.zero_cell = zero;
        return out;
    };
    const auto two = [&](const json& rows, const char* oracle) {
        for (const json& item : rows) {
            const std::uint64_t k1 = item["k1"], n1 = item["n1"], k2 = item["k2"], n2 = item["n2"];
            table.row({"two proportions: Fisher, or z where all expect 10", oracle})
                .add(item.dump(), look(n1, n2, k1 == 0 || k2 == 0 || k1 == n1 || k2 == n2),
                     drift::two_proportion(k1, n1, k2, n2, confidence), {}, number(item["p"]));
        }
    };
    two(rates["two_proportion"], "whole numbers, mpmath");
    two(oracle_data("drift.json")["fisher"], "SciPy");
    two(oracle_data("drift.json")["pooled_z"], "SciPy");
    for (const json& item : rates["exceedance"]) {
        const std::uint64_t n = item["n"], outside = item["outside"], m = item["m"];
        table.row({"exceedance", "mpmath"})
            .add(item.dump(), look(n, m, outside == 0), drift::exceedance(n, outside, m, confidence), {},
                 number(item["p"]));
    }
}

}  // namespace

void compare_counts(Table& table) {
    compare_tables(table);
    compare_grids(table);
    compare_rates(table);
    compare_laws_of_counts(table);
    compare_permuted_counts(table);
}

}  // namespace parity
