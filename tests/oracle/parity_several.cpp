// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of tests of several samples, and of weighted rows.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "oracle/parity_inputs.hpp"
#include "oracle/parity_looks.hpp"
#include "oracle/parity_table.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using nlohmann::json;
using Sample = std::vector<double>;

const std::vector<std::pair<std::string, drift::AndersonDarlingVariant>> variants{
    {"midrank", drift::AndersonDarlingVariant::midrank}, {"right", drift::AndersonDarlingVariant::right_continuous}};
const std::vector<std::pair<std::string, drift::Centre>> centres{
    {"median", drift::Centre::median}, {"mean", drift::Centre::mean}, {"trimmed", drift::Centre::trimmed}};

vedette::TestResult anderson_darling(const std::vector<Sample>& samples, drift::AndersonDarlingVariant variant,
                                     drift::AndersonDarlingLaw law = drift::AndersonDarlingLaw::table) {
    std::vector<drift::SortedSample<double>> sorted;
    for (const Sample& sample : samples) sorted.emplace_back(sample, drift::NanPolicy::omit);
    drift::AndersonDarlingOptions options;
    options.method = drift::Method::asymptotic;
    options.variant = variant;
    options.law = law;
    return drift::anderson_darling<double>(sorted, options);
}

vedette::TestResult levene(const std::vector<Sample>& samples, drift::Centre centre) {
    const std::vector<vedette::ColumnView<double>> views(samples.begin(), samples.end());
    return drift::levene<double>(views, centre, {.nan = drift::NanPolicy::omit});
}

void add_anderson_darling(Table& table, const std::string& name, const std::vector<Sample>& samples,
                          drift::AndersonDarlingVariant variant, const json& statistic, const json& p) {
    table.row({"Anderson-Darling of several samples, table", "SciPy"})
        .add(name, looks(samples), anderson_darling(samples, variant), number(statistic), number(p));
}

void compare_committed(Table& table) {
    for (const json& item : oracle_data("sample_tests.json")["several"]) {
        const std::vector<Sample> samples = item["samples"];
        for (const auto& [name, variant] : variants)
            add_anderson_darling(table, name, samples, variant, item[name]["statistic"], item[name]["table"]);
    }
}

void compare_generated(Table& table) {
    for (const json& item : oracle_data("parity_several.json")["several"]) {
        std::vector<Sample> samples;
        for (const json& spec : item["samples"]) samples.push_back(draw(spec));
        const json& expected = item["expected"];
        for (const auto& [name, variant] : variants) {
            const json& wanted = expected["anderson_darling_table_" + name];
            add_anderson_darling(table, item["name"], samples, variant, wanted[0], wanted[1]);
        }
        for (const auto& [name, variant] : variants) {
            if (!expected.contains("anderson_darling_limit_" + name)) continue;
            const json& wanted = expected["anderson_darling_limit_" + name];
            table
                .row({"Anderson-Darling of several samples, limit", "SciPy, p: mpmath, inverted", same, same,
                      "without ties"})
                .add(item["name"], looks(samples), anderson_darling(samples, variant, drift::AndersonDarlingLaw::limit),
                     number(wanted[0]), number(wanted[1]));
        }
        for (const auto& [name, centre] : centres) {
            if (!expected.contains("levene_" + name)) continue;
            const json& wanted = expected["levene_" + name];
            table.row({"Levene of several samples, " + name, "SciPy"})
                .add(item["name"], looks(samples), levene(samples, centre), number(wanted[0]), number(wanted[1]));
        }
    }
}

void compare_weighted(Table& table) {
    for (const json& item : oracle_data("parity_several.json")["weighted"]) {
        const Sample x = draw(item["reference"]), wx = draw(item["reference_weights"]);
        const Sample y = draw(item["live"]), wy = draw(item["live_weights"]);
        using vedette::Column;
        const drift::WeightedColumn reference{Column::numeric(x), Column::numeric(wx)};
        const drift::WeightedColumn live{Column::numeric(y), Column::numeric(wy)};
        for (const vedette::DriftTest test : {vedette::DriftTest::wasserstein, vedette::DriftTest::energy_distance}) {
            const bool energy = test == vedette::DriftTest::energy_distance;
            const json& wanted = item["expected"][energy ? "energy_distance" : "wasserstein_1"];
            drift::TestOptions options;
            options.permutations = wanted[1].is_null() ? 0 : 199;  // without a p only the distance is compared
            options.seed = 7;
            table
                .row({energy ? "energy distance, weighted" : "Wasserstein-1, weighted", "SciPy", same, same,
                      "p: the same splits replayed"})
                .add(item["name"], looks({x, y}), drift::compare_weighted(test, reference, live, options).result,
                     number(wanted[0]), number(wanted[1]));
        }
    }
}

}  // namespace

void compare_several(Table& table) {
    compare_committed(table);
    compare_generated(table);
    compare_weighted(table);
}

}  // namespace parity
