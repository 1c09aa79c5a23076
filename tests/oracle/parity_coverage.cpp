// SPDX-License-Identifier: Apache-2.0
// That the parity table forgets no test: every name that the library knows, the rows that show it, and on what.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "oracle/parity_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/multivariate.hpp"

namespace parity {
namespace {

namespace drift = vedette::drift;
using Names = std::vector<std::string>;

// Which names a row shows, by the beginning of its title; the longest that fits counts.
const std::map<std::string, Names>& shown() {
    static const std::map<std::string, Names> map{
        {"Kolmogorov-Smirnov", {"samples: kolmogorov_smirnov"}},
        {"Kolmogorov-Smirnov of sketches", {"sketches: kolmogorov_smirnov"}},
        {"Kuiper", {"samples: kuiper"}},
        {"Mann-Whitney", {"samples: mann_whitney"}},
        {"Cramer-von Mises", {"samples: cramer_von_mises"}},
        {"Anderson-Darling", {"samples: anderson_darling"}},
        {"Anderson-Darling of several", {"several samples: anderson_darling"}},
        {"Wasserstein-1", {"samples: wasserstein"}},
        {"Wasserstein-1, weighted", {"weighted samples: wasserstein"}},
        {"energy distance", {"samples: energy_distance"}},
        {"energy distance, weighted", {"weighted samples: energy_distance"}},
        {"Welch's t", {"samples: welch_t"}},
        {"Levene, median", {"samples: brown_forsythe"}},
        {"Levene, mean", {"samples: levene"}},
        {"Levene, trimmed", {"samples: levene"}},
        {"Levene of several samples, median", {"several samples: brown_forsythe"}},
        {"Levene of several samples, mean", {"several samples: levene"}},
        {"Levene of several samples, trimmed", {"several samples: levene"}},
        {"Epps-Singleton", {"samples: epps_singleton"}},
        {"64 cells of samples: chi-square", {"samples: chi_square"}},
        {"64 cells of samples: G", {"samples: g_test"}},
        {"64 cells of samples: population stability", {"samples: population_stability"}},
        {"64 cells of samples: Jensen-Shannon", {"samples: jensen_shannon"}},
        {"64 cells of samples: Hellinger", {"samples: hellinger"}},
        {"64 cells of samples: total variation", {"samples: total_variation"}},
        {"Hotelling's T2", {"rows: hotelling_t2"}},
        {"mean shift from a frozen reference", {"rows: mean_shift"}},
        {"MMD", {"rows: maximum_mean_discrepancy"}},
        {"MMD-FUSE", {"rows: mmd_fuse"}},
        {"MMD of random features", {"rows: random_feature_mmd"}},
        {"energy", {"rows: energy"}},
        {"density difference", {"rows: density_difference"}},
        {"classifier", {"rows: classifier"}},
        {"chi-square", {"categories: chi_square"}},
        {"Cramer's V", {"categories: chi_square"}},
        {"G", {"categories: g_test"}},
        {"Fisher's exact test", {"categories: fisher_exact"}},
        {"two proportions, z", {"rates: two_proportion", "categories: two_proportion"}},
        {"two proportions: Fisher", {"rates: two_proportion", "categories: two_proportion"}},
        {"exceedance", {"rates: exceedance"}},
        {"unseen categories", {"rates: unseen_category"}},
        {"grid: chi-square", {"counters: chi_square"}},
        {"grid: Cramer's V", {"counters: chi_square"}},
        {"grid: G", {"counters: g_test"}},
        {"grid: population stability", {"counters: population_stability"}},
        {"grid: Jensen-Shannon", {"counters: jensen_shannon"}},
        {"grid: Hellinger", {"counters: hellinger"}},
        {"grid: total variation", {"counters: total_variation"}},
        {"grid: Kolmogorov-Smirnov", {"counters: kolmogorov_smirnov"}},
        {"grid: Wasserstein-1", {"counters: wasserstein"}},
        {"categories: population stability", {"categories: population_stability"}},
        {"categories: Jensen-Shannon", {"categories: jensen_shannon"}},
        {"categories: Hellinger", {"categories: hellinger"}},
        {"categories: total variation", {"categories: total_variation"}}};
    return map;
}

Names names_of(const std::string& title) {
    const auto& map = shown();
    auto found = map.upper_bound(title);
    while (found != map.begin()) {
        --found;
        if (title.starts_with(found->first)) return found->second;
    }
    // A package's number is called as its row.
    for (std::uint8_t p = 0; p < drift::divergence_preset_count; ++p)
        if (title.starts_with(drift::divergence_preset_name(static_cast<drift::DivergencePreset>(p)) +
                              std::string(": ")))
            return {"presets: " + title};
    return {};
}

bool has_divergence(drift::DivergencePreset preset, drift::Divergence divergence) {
    const std::vector<double> values{1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0};
    const std::vector<std::uint64_t> counts{10, 20};
    const auto has = [&](const auto& side) {
        try {
            (void)drift::preset_divergence(preset, divergence, side, side);
        } catch (const vedette::Error& error) {
            return error.code() != vedette::ErrorCode::unsupported;
        }
        return true;
    };
    return has(values) || has(counts);
}

// What the library itself says that it knows. Classes and rates have no list of names.
Names known() {
    Names names{"sketches: kolmogorov_smirnov", "rates: two_proportion", "rates: exceedance", "rates: unseen_category"};
    for (std::uint8_t i = 1; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<vedette::DriftTest>(i);
        const std::string name = vedette::drift_test_name(test);
        if (vedette::runs_on_counters(test)) names.push_back("counters: " + name);
        if (vedette::runs_on_samples(test, true)) names.push_back("samples: " + name);
        if (vedette::runs_on_samples(test, false)) names.push_back("categories: " + name);
        if (drift::runs_on_weights(test)) names.push_back("weighted samples: " + name);
        if (drift::runs_on_several(test, true)) names.push_back("several samples: " + name);
        if (drift::runs_on_several(test, false)) names.push_back("categories: " + name);
    }
    for (std::uint8_t i = 0; i < vedette::multivariate_test_count; ++i)
        names.push_back(std::string("rows: ") +
                        vedette::multivariate_test_name(static_cast<vedette::MultivariateTest>(i)));
    for (std::uint8_t p = 0; p < drift::divergence_preset_count; ++p)
        for (std::uint8_t d = 0; d < drift::divergence_count; ++d) {
            const auto preset = static_cast<drift::DivergencePreset>(p);
            const auto divergence = static_cast<drift::Divergence>(d);
            // The two distances of the library's own are effects of its tests, which have rows.
            const bool own = preset == drift::DivergencePreset::vedette && divergence >= drift::Divergence::wasserstein;
            if (!own && has_divergence(preset, divergence))
                names.push_back(fmt::format("presets: {}: {}", drift::divergence_preset_name(preset),
                                            drift::divergence_name(divergence)));
        }
    return names;
}

// What a name must have been shown on.
std::string missing(const std::string& name, const Row::Seen& seen) {
    constexpr double tiny = 50.0, huge = 90000.0;
    std::string text;
    const auto want = [&](bool has, const char* what) {
        text += has ? "" : fmt::format("{}: no case has {}\n", name, what);
    };
    const bool preset = name.starts_with("presets");
    const bool values = name.starts_with("samples") || name.starts_with("weighted") || name.starts_with("several") ||
                        name.starts_with("rows") || name.starts_with("sketches");
    // These compare all pairs of rows: at most 65,536 together, of which the oracle would need hours.
    static const std::set<std::string> pairs{"rows: maximum_mean_discrepancy", "rows: mmd_fuse", "rows: energy"};
    // Of presets that were given numbers, which alone have ties.
    const bool of_numbers = values || (preset && seen.tied > 0);
    want(preset || seen.smallest <= tiny, "few values");
    want((preset && !of_numbers) || seen.largest >= (pairs.count(name) > 0 ? 1000.0 : huge), "many values");
    want(!values || seen.tied > 0, "ties");
    want(!of_numbers || seen.nan > 0, "NaN");
    want(values || seen.zero_cells > 0, "a zero cell");
    return text;
}

}  // namespace

std::string coverage(const std::deque<Table>& tables, std::vector<std::string>& complaints) {
    std::map<std::string, std::pair<std::size_t, Row::Seen>> all;
    for (const std::string& name : known()) all[name];
    for (const Table& table : tables)
        for (const Row& row : table.rows()) {
            const Names names = names_of(row.promise().test);
            if (names.empty()) complaints.push_back(row.promise().test + ": a row that shows no known test\n");
            for (const std::string& name : names) {
                if (all.count(name) == 0) complaints.push_back(name + ": the library knows no such test\n");
                ++all[name].first;
                all[name].second.add(row.seen());
            }
        }
    std::string text =
        "### Every test by name\n\n| test | rows above | cases | ties | NaN | zero cells | smallest n | largest n |\n"
        "|---|---|---|---|---|---|---|---|\n";
    for (const auto& [name, entry] : all) {
        const auto& [rows, seen] = entry;
        if (rows == 0) {
            complaints.push_back(name + ": no row of the table shows this test\n");
            continue;
        }
        if (std::string lacking = missing(name, seen); !lacking.empty()) complaints.push_back(std::move(lacking));
        text += fmt::format("| {} | {} | {} | {} | {} | {} | {:.0f} | {:.0f} |\n", name, rows, seen.cases, seen.tied,
                            seen.nan, seen.zero_cells, seen.smallest, seen.largest);
    }
    return text;
}

}  // namespace parity
