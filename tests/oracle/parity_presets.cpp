// SPDX-License-Identifier: Apache-2.0
// The parity table's rows of divergences as other packages compute them, beside what the packages returned.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "oracle/parity_looks.hpp"
#include "oracle/parity_table.hpp"
#include "unit/drift/oracle_cases.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/drift/divergences.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using drift::Divergence;
using drift::DivergencePreset;
using nlohmann::json;

constexpr std::pair<const char*, Divergence> numbers[] = {
    {"psi", Divergence::population_stability},    {"kl", Divergence::kullback_leibler},
    {"js", Divergence::jensen_shannon},           {"hellinger", Divergence::hellinger},
    {"tv", Divergence::total_variation},          {"wasserstein", Divergence::wasserstein},
    {"energy", Divergence::energy_distance},      {"l_infinity", Divergence::l_infinity},
    {"bhattacharyya", Divergence::bhattacharyya}, {"cramers_v", Divergence::cramers_v},
    {"ks", Divergence::kolmogorov_smirnov}};

// Null is infinity, a word NaN: such a case has no error, but must be the same.
std::optional<double> finite(const json& wanted, double got) {
    if (wanted.is_number()) return wanted.get<double>();
    if (wanted.is_null() ? !std::isinf(got) : !std::isnan(got)) throw std::runtime_error("a preset's value is finite");
    return {};
}

void add(Table& table, DivergencePreset preset, Divergence divergence, const json& item, const json& wanted,
         const Looks& look, const drift::PresetResult& result) {
    vedette::TestResult got;
    got.statistic = result.value;
    const bool own = preset == DivergencePreset::vedette;
    table
        .row({std::string(drift::divergence_preset_name(preset)) + ": " + drift::divergence_name(divergence),
              own ? "NumPy" : "the package itself", same, never})
        .add(item["name"], look, got, finite(wanted, result.value), {});
}

void compare_numeric(Table& table, DivergencePreset preset) {
    for (const json& item : oracle_data("divergences.json")["numeric"]) {
        const char* package = drift::divergence_preset_name(preset);
        if (!item.contains(package)) continue;
        const std::vector<double> reference = oracle_numbers(item["reference"]), live = oracle_numbers(item["live"]);
        Looks look = looks({reference, live});
        const drift::SortedSample<double> x(reference, drift::NanPolicy::omit), y(live, drift::NanPolicy::omit);
        look.zero_cell = true;  // samples of some hundreds leave cells empty
        for (const auto& [key, divergence] : numbers)
            if (item[package].contains(key))
                add(table, preset, divergence, item, item[package][key][0], look,
                    drift::preset_divergence(preset, divergence, x, y));
    }
}

void compare_categories(Table& table, DivergencePreset preset) {
    for (const json& item : oracle_data("divergences.json")["categories"]) {
        const std::vector<std::uint64_t> x = item["reference"], y = item["live"];
        Looks look;
        double totals[2] = {0.0, 0.0};
        for (std::size_t i = 0; i < x.size(); ++i) {
            totals[0] += static_cast<double>(x[i]);
            totals[1] += static_cast<double>(y[i]);
            look.zero_cell = look.zero_cell || x[i] == 0 || y[i] == 0;
        }
        look.smallest = std::min(totals[0], totals[1]);
        look.largest = std::max(totals[0], totals[1]);
        const char* package = drift::divergence_preset_name(preset);
        for (const auto& [key, divergence] : numbers) {
            // Half a count in every cell, in nats: the formulas themselves.
            if (preset == DivergencePreset::vedette && divergence < Divergence::wasserstein) {
                const json& formulas = item["formulas"]["add"];
                const std::string name = divergence == Divergence::kullback_leibler  ? "kl_reference"
                                         : divergence == Divergence::total_variation ? "total_variation"
                                                                                     : key;
                const double root = divergence == Divergence::jensen_shannon ? 0.5 : 1.0;
                add(table, preset, divergence, item, std::pow(formulas[name].get<double>(), root), look,
                    drift::preset_divergence(preset, divergence, x, y));
            } else if (item.contains(package) && item[package].contains(key)) {
                add(table, preset, divergence, item, item[package][key][0], look,
                    drift::preset_divergence(preset, divergence, x, y));
            }
        }
    }
}

}  // namespace

void compare_presets(Table& table) {
    for (std::uint8_t p = 0; p < drift::divergence_preset_count; ++p) {
        compare_numeric(table, static_cast<DivergencePreset>(p));
        compare_categories(table, static_cast<DivergencePreset>(p));
    }
}

}  // namespace parity
