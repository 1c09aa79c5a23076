// SPDX-License-Identifier: Apache-2.0
// Edges of histograms as NumPy chooses them, rounding by rounding: an edge decides over whole values.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift::presets {

/// `cells` cells of equal width; a range without width is widened by 1/2 on either side.
inline std::vector<double> equal_edges(double first, double last, std::size_t cells) {
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

/// How many cells of that width, or with the range over `parts`, fill the range; a million unless more are allowed.
inline std::size_t cells_of_width(double first, double last, double width, double most = 1e6) {
    const double range = last - first;
    return width > 0.0 && std::isfinite(range)
               ? static_cast<std::size_t>(std::clamp(std::ceil(range / width), 1.0, most))
               : 1;
}
inline std::size_t cells_over(double first, double last, double parts) {
    return cells_of_width(first, last, (last - first) / parts);
}

inline std::vector<double> sturges_edges(double first, double last, std::size_t values) {
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

/// Counts between edges, the last one included. The values beyond them are returned.
template <class T>
double count_between(std::span<const T> ascending, const std::vector<double>& edges, std::vector<double>& counts) {
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

/// The value below which a share of an ascending sample lies, straight between neighbours: NumPy's quantile.
template <class T>
double linear_quantile(std::span<const T> ascending, double share) {
    const double place = share * static_cast<double>(ascending.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(place));
    const auto a = static_cast<double>(ascending[below]);
    const auto b = static_cast<double>(ascending[std::min(below + 1, ascending.size() - 1)]);
    const double part = place - std::floor(place);
    return part >= 0.5 ? b - (b - a) * (1.0 - part) : a + (b - a) * part;
}

/// A sample's histogram of equal cells read as a density, as SciPy's rv_histogram does: its distribution function.
/// Edges are computed when asked for, since few are and a hostile sample can have any number of cells.
template <class T>
class HistogramLaw {
  public:
    /// Cells by NumPy's "auto" rule before 2.2: the narrower ones of Sturges and of Freedman and Diaconis. Throws
    /// Error(invalid_argument) for a range that no double holds.
    explicit HistogramLaw(std::span<const T> ascending) : values_(ascending) {
        const auto n = static_cast<double>(ascending.size());
        const double range = static_cast<double>(ascending.back()) - static_cast<double>(ascending.front());
        const double of_sturges = range / (std::log2(n) + 1.0);
        const double spread = linear_quantile(ascending, 0.75) - linear_quantile(ascending, 0.25);
        const double of_quartiles = 2.0 * spread / std::pow(n, 1.0 / 3.0);
        const double width = of_quartiles > 0.0 ? std::min(of_quartiles, of_sturges) : of_sturges;
        constexpr double most = 9e15;
        first_ = static_cast<double>(ascending.front());
        last_ = static_cast<double>(ascending.back());
        cells_ = cells_of_width(first_, last_, width, most);
        const std::vector<double> outer = equal_edges(first_, last_, 1);
        first_ = outer.front();
        last_ = outer.back();
        step_ = (last_ - first_) / static_cast<double>(cells_);
    }
    /// O(log n).
    [[nodiscard]] double share_below(double x) const {
        if (x <= first_) return 0.0;
        if (x >= last_) return 1.0;
        auto i = static_cast<std::size_t>(std::clamp((x - first_) / step_, 0.0, static_cast<double>(cells_ - 1)));
        while (i > 0 && edge(i) > x) --i;
        while (edge(i + 1) <= x) ++i;
        const double before = count_below(i);
        const double slope = (count_below(i + 1) - before) / (edge(i + 1) - edge(i));
        return (slope * (x - edge(i)) + before) / static_cast<double>(values_.size());
    }

  private:
    [[nodiscard]] double edge(std::size_t i) const {
        return i == cells_ ? last_ : static_cast<double>(i) * step_ + first_;
    }
    [[nodiscard]] double count_below(std::size_t i) const {
        if (i == cells_) return static_cast<double>(values_.size());
        const double at = edge(i);
        return static_cast<double>(std::partition_point(values_.begin(), values_.end(),
                                                        [&](T value) { return static_cast<double>(value) < at; }) -
                                   values_.begin());
    }

    std::span<const T> values_;
    double first_ = 0.0;
    double last_ = 0.0;
    double step_ = 0.0;
    std::size_t cells_ = 1;
};

}  // namespace vedette::inline v0::drift::presets
