// SPDX-License-Identifier: Apache-2.0
// Other packages' cells and zero rules, step by step in their order of roundings: a cell's edge decides whole values.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "drift/preset_distances.hpp"
#include "drift/preset_edges.hpp"
#include "drift/share_sums.hpp"
#include "drift/tie_groups.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {
namespace {

using presets::count_between;
using presets::doane_edges;
using presets::equal_edges;
using presets::sturges_edges;

using Masses = std::vector<double>;

struct Cells {
    Masses reference;
    Masses live;
};

[[noreturn]] void refuse(const char* what) {
    throw Error(ErrorCode::unsupported, std::string("preset_divergence: ") + what);
}

// ---- cells of two samples ----

template <class T>
Cells between(const SortedSample<T>& reference, const SortedSample<T>& live, const std::vector<double>& edges) {
    Cells cells;
    (void)count_between(reference.values(), edges, cells.reference);
    const double beyond = count_between(live.values(), edges, cells.live);
    if (beyond > 0.0) {
        cells.reference.push_back(0.0);
        cells.live.push_back(beyond);
    }
    return cells;
}

template <class T>
Cells by_value(const SortedSample<T>& reference, const SortedSample<T>& live) {
    Cells cells;
    for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t d) {
        cells.reference.push_back(static_cast<double>(c));
        cells.live.push_back(static_cast<double>(d));
    });
    return cells;
}

template <class T>
Cells vedette_cells(const SortedSample<T>& reference, const SortedSample<T>& live) {
    std::vector<double> values(reference.values().begin(), reference.values().end());
    const stats::Grid grid = stats::fit_grid(values);
    Cells cells{Masses(grid.reference_counts.begin(), grid.reference_counts.end()), Masses(grid.cells(), 0.0)};
    for (const T value : live.values()) cells.live[grid.cell(static_cast<double>(value))] += 1.0;
    return cells;
}

// frouros reads each side's own histogram as a density and takes its masses between ten points of the pooled range.
template <class T>
Masses masses_between(std::span<const T> ascending, double first, double last) {
    const presets::HistogramLaw<T> law(ascending);
    Masses masses(9);
    const double step = (last - first) / 9.0;
    double below = law.share_below(first);
    for (std::size_t i = 0; i < masses.size(); ++i) {
        const double next = law.share_below(i + 1 < masses.size() ? static_cast<double>(i + 1) * step + first : last);
        masses[i] = next - below;
        below = next;
    }
    return masses;
}

template <class T>
Cells numeric_cells(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                    const SortedSample<T>& live) {
    const double first = static_cast<double>(std::min(reference.values().front(), live.values().front()));
    const double last = static_cast<double>(std::max(reference.values().back(), live.values().back()));
    switch (preset) {
        case DivergencePreset::vedette: return vedette_cells(reference, live);
        case DivergencePreset::evidently: {
            std::size_t of_reference = 0;
            std::size_t of_both = 0;
            for_each_tie_group(reference.values(), live.values(), [&](T, std::size_t c, std::size_t) {
                of_reference += c > 0 ? 1 : 0;
                ++of_both;
            });
            if (divergence == Divergence::hellinger)
                return between(reference, live, sturges_edges(first, last, of_both));
            if (of_reference <= 20) return by_value(reference, live);
            return between(reference, live, sturges_edges(first, last, reference.size() + live.size()));
        }
        case DivergencePreset::nannyml: return between(reference, live, doane_edges(reference.values()));
        case DivergencePreset::frouros:
            if (divergence == Divergence::kullback_leibler || divergence == Divergence::jensen_shannon)
                return {masses_between(reference.values(), first, last), masses_between(live.values(), first, last)};
            return between(reference, live, equal_edges(first, last, 10));
        default: refuse("unknown preset");
    }
}

// deepchecks joins what is rare in the reference, and leaves it out where it is rare on both sides.
Cells joined(const Cells& all) {
    constexpr double rare = 0.01;
    double n = 0.0;
    double m = 0.0;
    for (std::size_t i = 0; i < all.reference.size(); ++i) {
        n += all.reference[i];
        m += all.live[i];
    }
    Cells cells;
    double other_reference = 0.0;
    double other_live = 0.0;
    bool any = false;
    for (std::size_t i = 0; i < all.reference.size(); ++i) {
        if (all.reference[i] / n < rare) {
            other_reference += all.reference[i];
            other_live += all.live[i];
            any = true;
        } else {
            cells.reference.push_back(all.reference[i]);
            cells.live.push_back(all.live[i]);
        }
    }
    if (any && (cells.reference.empty() || other_reference / n > rare || other_live / m > rare)) {
        cells.reference.push_back(other_reference);
        cells.live.push_back(other_live);
    }
    return cells;
}

// ---- zero rules ----

void fill_as_evidently(Masses& shares) {
    double smallest = std::numeric_limits<double>::infinity();
    for (const double share : shares)
        if (share > 0.0) smallest = std::min(smallest, share);
    const double filling = smallest <= 0.0001 ? smallest / 1e6 : 0.0001;
    std::replace(shares.begin(), shares.end(), 0.0, filling);
}

void apply_zero_rule(DivergencePreset preset, Divergence divergence, Masses& shares) {
    switch (preset) {
        case DivergencePreset::evidently:
            if (divergence == Divergence::population_stability || divergence == Divergence::kullback_leibler)
                fill_as_evidently(shares);
            if (divergence == Divergence::kullback_leibler) divide_by_total(shares);
            break;
        case DivergencePreset::deepchecks:
            for (double& share : shares) share = std::max(share, 0.01);
            break;
        case DivergencePreset::frouros:
            if (divergence == Divergence::population_stability)
                std::replace(shares.begin(), shares.end(), 0.0, std::numeric_limits<double>::min());
            break;
        default: break;
    }
}

// ---- what a preset has ----

bool is_distance(Divergence divergence) {
    return divergence == Divergence::wasserstein || divergence == Divergence::energy_distance ||
           divergence == Divergence::kolmogorov_smirnov;
}

void check_support(DivergencePreset preset, Divergence divergence) {
    using D = Divergence;
    if (divergence > D::kolmogorov_smirnov) refuse("unknown divergence");
    switch (preset) {
        case DivergencePreset::vedette: return;
        case DivergencePreset::evidently:
            if (divergence == D::l_infinity || divergence == D::bhattacharyya || divergence == D::cramers_v ||
                divergence == D::kolmogorov_smirnov)
                refuse("evidently has no such number");
            return;
        case DivergencePreset::nannyml:
            if (divergence != D::jensen_shannon && divergence != D::hellinger && divergence != D::wasserstein &&
                divergence != D::l_infinity && divergence != D::kolmogorov_smirnov)
                refuse("nannyml has jensen_shannon, hellinger, wasserstein, l_infinity and kolmogorov_smirnov only");
            return;
        case DivergencePreset::deepchecks:
            if (divergence != D::population_stability && divergence != D::wasserstein && divergence != D::cramers_v &&
                divergence != D::kolmogorov_smirnov)
                refuse("deepchecks has population_stability, cramers_v, wasserstein and kolmogorov_smirnov only");
            return;
        case DivergencePreset::frouros:
            if (divergence == D::l_infinity || divergence == D::cramers_v || divergence == D::kolmogorov_smirnov)
                refuse("frouros has no such number");
            return;
    }
    refuse("unknown preset");
}

// Of numbers alone, or of categories alone, where the package has it for the other kind: or of any.
void check_kind(DivergencePreset preset, Divergence divergence, bool numeric) {
    using D = Divergence;
    if (preset == DivergencePreset::frouros && !numeric) refuse("frouros has no divergence of categories");
    if (is_distance(divergence) && !numeric) refuse("categories have no distance from each other");
    if (!numeric || preset == DivergencePreset::vedette) return;
    const bool of_categories = (preset == DivergencePreset::evidently && divergence == D::total_variation) ||
                               divergence == D::l_infinity || divergence == D::cramers_v ||
                               (preset == DivergencePreset::deepchecks && divergence == D::population_stability);
    if (of_categories) refuse("the package has this number of categories only");
}

// deepchecks takes the larger side for as small as the other, in whole counts.
void balance(Cells& cells) {
    double totals[2] = {0.0, 0.0};
    for (std::size_t i = 0; i < cells.reference.size(); ++i) {
        totals[0] += cells.reference[i];
        totals[1] += cells.live[i];
    }
    const double size = std::min(totals[0], totals[1]);
    for (double& count : cells.reference) count = std::nearbyint(count / totals[0] * size);
    for (double& count : cells.live) count = std::nearbyint(count / totals[1] * size);
}

// Cramer's V of the table of counts, less what independent samples have on average (Bergsma 2013); with Yates'
// correction of two columns where `yates`.
double corrected_cramers_v(const Cells& cells, bool yates) {
    double n = 0.0;
    double m = 0.0;
    for (std::size_t i = 0; i < cells.reference.size(); ++i) {
        n += cells.reference[i];
        m += cells.live[i];
    }
    double filled = 0.0;
    for (std::size_t i = 0; i < cells.reference.size(); ++i)
        filled += cells.reference[i] + cells.live[i] > 0.0 ? 1.0 : 0.0;
    double chi_square = 0.0;  // over all items
    for (std::size_t i = 0; i < cells.reference.size(); ++i) {
        const double both = cells.reference[i] + cells.live[i];
        if (both == 0.0) continue;
        // By so much both counts of the column are away from what is expected of them, over all items.
        double excess = std::abs(cells.reference[i] / (n + m) - both / (n + m) * (n / (n + m)));
        if (yates && filled == 2.0) excess -= std::min(0.5 / (n + m), excess);
        chi_square += excess * excess / (both / (n + m)) * ((n + m) / n + (n + m) / m);
    }
    const double others = n + m - 1.0;
    const double excess = std::max(0.0, chi_square - (filled - 1.0) / others);
    const double rows = 2.0 - 1.0 / others;
    const double columns = filled - (filled - 1.0) * (filled - 1.0) / others;
    const double most = std::min(rows, columns) - 1.0;
    return excess > 0.0 && most > 0.0 ? std::min(1.0, std::sqrt(excess / most)) : 0.0;
}

double largest_difference(const Masses& reference, const Masses& live) {
    double largest = 0.0;
    for (std::size_t i = 0; i < reference.size(); ++i) largest = std::max(largest, std::abs(reference[i] - live[i]));
    return largest;
}

double pick(const Divergences& all, DivergencePreset preset, Divergence divergence) {
    const double base = preset == DivergencePreset::nannyml ? 2.0 : std::numbers::e;
    switch (divergence) {
        case Divergence::population_stability: return all.population_stability;
        case Divergence::kullback_leibler:
            return preset == DivergencePreset::frouros ? all.kullback_leibler_live : all.kullback_leibler_reference;
        case Divergence::jensen_shannon: return std::sqrt(all.jensen_shannon_divergence / std::log(base));
        case Divergence::hellinger: return all.hellinger;
        case Divergence::bhattacharyya: return all.hellinger * all.hellinger;
        default: return all.total_variation;
    }
}

PresetResult judged(DivergencePreset preset, Divergence divergence, double value, std::size_t cells) {
    PresetResult result;
    result.value = value;
    result.cells = cells;
    switch (preset) {
        case DivergencePreset::evidently:
            if (divergence == Divergence::total_variation) break;
            result.threshold = 0.1;
            result.exceeds = divergence == Divergence::energy_distance ? value > 0.1 : value >= 0.1;
            break;
        case DivergencePreset::nannyml:
            if (is_distance(divergence)) break;
            result.threshold = 0.1;
            result.exceeds = value > 0.1;
            break;
        case DivergencePreset::deepchecks:
            result.threshold = 0.2;
            result.exceeds = value >= 0.2;
            break;
        default: break;
    }
    return result;
}

PresetResult compare_cells(DivergencePreset preset, Divergence divergence, Cells cells) {
    if (preset == DivergencePreset::deepchecks) cells = joined(cells);
    if (divergence == Divergence::cramers_v) {
        const bool as_deepchecks = preset == DivergencePreset::deepchecks;
        const std::size_t compared = cells.reference.size();
        if (as_deepchecks) balance(cells);
        return judged(preset, divergence, corrected_cramers_v(cells, as_deepchecks), compared);
    }
    for (Masses* side : {&cells.reference, &cells.live}) {
        if (preset == DivergencePreset::vedette)
            for (double& mass : *side) mass += 0.5;
        divide_by_total(*side);
        apply_zero_rule(preset, divergence, *side);
    }
    const double value = divergence == Divergence::l_infinity
                             ? largest_difference(cells.reference, cells.live)
                             : pick(sum_shares(cells.reference, cells.live), preset, divergence);
    return judged(preset, divergence, value, cells.reference.size());
}

}  // namespace

const char* divergence_name(Divergence divergence) noexcept {
    switch (divergence) {
        case Divergence::population_stability: return "population_stability";
        case Divergence::kullback_leibler: return "kullback_leibler";
        case Divergence::jensen_shannon: return "jensen_shannon";
        case Divergence::hellinger: return "hellinger";
        case Divergence::total_variation: return "total_variation";
        case Divergence::wasserstein: return "wasserstein";
        case Divergence::energy_distance: return "energy_distance";
        case Divergence::l_infinity: return "l_infinity";
        case Divergence::bhattacharyya: return "bhattacharyya";
        case Divergence::cramers_v: return "cramers_v";
        case Divergence::kolmogorov_smirnov: return "kolmogorov_smirnov";
    }
    return "unknown";
}

const char* divergence_preset_name(DivergencePreset preset) noexcept {
    switch (preset) {
        case DivergencePreset::vedette: return "vedette";
        case DivergencePreset::evidently: return "evidently";
        case DivergencePreset::nannyml: return "nannyml";
        case DivergencePreset::deepchecks: return "deepchecks";
        case DivergencePreset::frouros: return "frouros";
    }
    return "unknown";
}

template <class T>
PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                               const SortedSample<T>& live) {
    check_support(preset, divergence);
    check_kind(preset, divergence, true);
    for (const auto* side : {&reference, &live}) {
        const char* name = side == &reference ? "reference" : "live";
        if (side->empty())
            throw Error(ErrorCode::not_enough_data, std::string("preset_divergence: the ") + name + " sample is empty");
        if (!side->is_finite())
            throw Error(ErrorCode::invalid_argument,
                        std::string("preset_divergence: the ") + name + " sample has an infinite value; leave it out");
    }
    if (is_distance(divergence))
        return judged(preset, divergence, presets::distance(preset, divergence, reference, live), 0);
    const bool one_point = std::min(reference.values().front(), live.values().front()) ==
                           std::max(reference.values().back(), live.values().back());
    // No mass lies between ten equal points: frouros adds up nothing, or divides it by itself.
    if (preset == DivergencePreset::frouros && one_point &&
        (divergence == Divergence::kullback_leibler || divergence == Divergence::jensen_shannon))
        return judged(preset, divergence, divergence == Divergence::kullback_leibler ? 0.0 : std::nan(""), 9);
    return compare_cells(preset, divergence, numeric_cells(preset, divergence, reference, live));
}

PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, std::span<const std::uint64_t> reference,
                               std::span<const std::uint64_t> live) {
    check_support(preset, divergence);
    check_kind(preset, divergence, false);
    if (reference.size() != live.size())
        throw Error(ErrorCode::dimension_mismatch, "preset_divergence: the reference has " +
                                                       std::to_string(reference.size()) + " counts, the live side " +
                                                       std::to_string(live.size()));
    Cells cells;
    for (std::size_t i = 0; i < reference.size(); ++i) {
        if (reference[i] == 0 && live[i] == 0) continue;
        cells.reference.push_back(static_cast<double>(reference[i]));
        cells.live.push_back(static_cast<double>(live[i]));
    }
    const auto is_empty = [](const Masses& side) {
        return std::none_of(side.begin(), side.end(), [](double count) { return count > 0.0; });
    };
    for (const Masses* side : {&cells.reference, &cells.live})
        if (is_empty(*side))
            throw Error(ErrorCode::not_enough_data, std::string("preset_divergence: the ") +
                                                        (side == &cells.reference ? "reference" : "live") +
                                                        " side is empty");
    return compare_cells(preset, divergence, std::move(cells));
}

template PresetResult preset_divergence<float>(DivergencePreset, Divergence, const SortedSample<float>&,
                                               const SortedSample<float>&);
template PresetResult preset_divergence<double>(DivergencePreset, Divergence, const SortedSample<double>&,
                                                const SortedSample<double>&);

}  // namespace vedette::inline v0::drift
