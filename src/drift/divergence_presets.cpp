// SPDX-License-Identifier: Apache-2.0
// Other packages' cells and zero rules, step by step in their order of roundings: a cell's edge decides whole values.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "drift/share_sums.hpp"
#include "drift/tie_groups.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/stats/grid.hpp"

namespace vedette::inline v0::drift {
namespace {

using Masses = std::vector<double>;

struct Cells {
    Masses reference;
    Masses live;
};

[[noreturn]] void refuse(const char* what) {
    throw Error(ErrorCode::unsupported, std::string("preset_divergence: ") + what);
}

// ---- edges ----

// `cells` cells of equal width; a range without width is widened by 1/2 on either side.
std::vector<double> equal_edges(double first, double last, std::size_t cells) {
    if (first == last) {
        first -= 0.5;
        last += 0.5;
    }
    const double step = (last - first) / static_cast<double>(cells);
    if (!std::isfinite(step))
        throw Error(ErrorCode::invalid_argument, "preset_divergence: the values' range exceeds the largest double");
    std::vector<double> edges(cells + 1);
    for (std::size_t i = 0; i < cells; ++i) edges[i] = static_cast<double>(i) * step + first;
    edges[cells] = last;
    return edges;
}

// A rule names the cells' width as range over `parts`.
std::size_t cells_over(double first, double last, double parts) {
    constexpr double most = 1e6;
    const double range = last - first;
    const double width = range / parts;
    return width > 0.0 && std::isfinite(range)
               ? static_cast<std::size_t>(std::clamp(std::ceil(range / width), 1.0, most))
               : 1;
}

std::vector<double> sturges_edges(double first, double last, std::size_t values) {
    return equal_edges(first, last, cells_over(first, last, std::log2(static_cast<double>(values)) + 1.0));
}

template <class T>
std::vector<double> doane_edges(std::span<const T> values) {
    const auto n = static_cast<double>(values.size());
    const auto first = static_cast<double>(values.front());
    const auto last = static_cast<double>(values.back());
    double parts = 0.0;
    if (values.size() > 2 && first < last) {
        double mean = 0.0;
        for (const T value : values) mean += static_cast<double>(value) / n;
        double variance = 0.0;
        for (const T value : values) variance += std::pow(static_cast<double>(value) - mean, 2.0) / n;
        const double deviation = std::sqrt(variance);
        double skewness = 0.0;
        for (const T value : values) skewness += std::pow((static_cast<double>(value) - mean) / deviation, 3.0) / n;
        const double spread = std::sqrt(6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0)));
        if (deviation > 0.0) parts = 1.0 + std::log2(n) + std::log2(1.0 + std::abs(skewness) / spread);
    }
    return equal_edges(first, last, parts > 0.0 ? cells_over(first, last, parts) : 1);
}

// Counts between edges, the last one included. The values beyond them are returned.
template <class T>
double count_between(std::span<const T> ascending, const std::vector<double>& edges, Masses& counts) {
    counts.assign(edges.size() - 1, 0.0);
    const auto below = [&](double edge) {
        return std::partition_point(ascending.begin(), ascending.end(),
                                    [&](T value) { return static_cast<double>(value) < edge; });
    };
    auto from = below(edges.front());
    double within = 0.0;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
        const auto to = i + 2 < edges.size() ? below(edges[i + 1])
                                             : std::partition_point(ascending.begin(), ascending.end(), [&](T value) {
                                                   return static_cast<double>(value) <= edges.back();
                                               });
        counts[i] = static_cast<double>(std::max<std::ptrdiff_t>(0, to - from));
        within += counts[i];
        from = std::max(from, to);
    }
    return static_cast<double>(ascending.size()) - within;
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
        case DivergencePreset::frouros: return between(reference, live, equal_edges(first, last, 10));
        default: refuse("deepchecks has no such divergence of numbers");
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

void check_support(DivergencePreset preset, Divergence divergence) {
    using D = Divergence;
    if (divergence > D::total_variation) refuse("unknown divergence");
    switch (preset) {
        case DivergencePreset::vedette: return;
        case DivergencePreset::evidently:
            if (divergence == D::total_variation) refuse("evidently has no total_variation");
            return;
        case DivergencePreset::nannyml:
            if (divergence != D::jensen_shannon && divergence != D::hellinger)
                refuse("nannyml has jensen_shannon and hellinger only");
            return;
        case DivergencePreset::deepchecks:
            if (divergence != D::population_stability) refuse("deepchecks has population_stability only");
            return;
        case DivergencePreset::frouros:
            if (divergence != D::population_stability && divergence != D::hellinger)
                refuse("frouros has population_stability and hellinger only");
            return;
    }
    refuse("unknown preset");
}

double pick(const Divergences& all, Divergence divergence, double base) {
    switch (divergence) {
        case Divergence::population_stability: return all.population_stability;
        case Divergence::kullback_leibler: return all.kullback_leibler_reference;
        case Divergence::jensen_shannon: return std::sqrt(all.jensen_shannon_divergence / std::log(base));
        case Divergence::hellinger: return all.hellinger;
        default: return all.total_variation;
    }
}

PresetResult judged(DivergencePreset preset, double value, std::size_t cells) {
    PresetResult result;
    result.value = value;
    result.cells = cells;
    switch (preset) {
        case DivergencePreset::evidently:
            result.threshold = 0.1;
            result.exceeds = value >= 0.1;
            break;
        case DivergencePreset::nannyml:
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
    const double base = preset == DivergencePreset::nannyml ? 2.0 : std::numbers::e;
    if (preset == DivergencePreset::deepchecks) cells = joined(cells);
    for (Masses* side : {&cells.reference, &cells.live}) {
        if (preset == DivergencePreset::vedette)
            for (double& mass : *side) mass += 0.5;
        divide_by_total(*side);
        apply_zero_rule(preset, divergence, *side);
    }
    const Divergences all = sum_shares(cells.reference, cells.live);
    return judged(preset, pick(all, divergence, base), cells.reference.size());
}

}  // namespace

template <class T>
PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                               const SortedSample<T>& live) {
    check_support(preset, divergence);
    for (const auto* side : {&reference, &live}) {
        const char* name = side == &reference ? "reference" : "live";
        if (side->empty())
            throw Error(ErrorCode::not_enough_data, std::string("preset_divergence: the ") + name + " sample is empty");
        if (!side->is_finite())
            throw Error(ErrorCode::invalid_argument,
                        std::string("preset_divergence: the ") + name + " sample has an infinite value; leave it out");
    }
    return compare_cells(preset, divergence, numeric_cells(preset, divergence, reference, live));
}

PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, std::span<const std::uint64_t> reference,
                               std::span<const std::uint64_t> live) {
    check_support(preset, divergence);
    if (preset == DivergencePreset::frouros) refuse("frouros has no divergence of categories");
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
