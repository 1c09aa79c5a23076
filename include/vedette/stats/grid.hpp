// SPDX-License-Identifier: Apache-2.0
// The frozen equal-mass grid: edges learned once from the reference, so that live values are only ever counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// The floating-point type in which a feature arrives, and in which its edges are exact.
enum class Precision : std::uint8_t { f32 = 0, f64 = 1 };

inline constexpr std::size_t minimum_grid_cells = 4;
inline constexpr std::size_t maximum_grid_cells = 1024;
inline constexpr std::size_t default_grid_cells = 64;

/// Cells over the real line: cell(x) = number of edges <= x, from 0 (below every reference value) to edges.size()
/// (above every one). The first edge is the reference's minimum, the last is the next number after its maximum, and
/// each edge between is a reference value at which a cell begins.
struct Grid {
    Precision precision = Precision::f64;
    std::vector<double> edges;                    ///< strictly ascending, exact in `precision`, at least 2
    std::vector<std::uint64_t> reference_counts;  ///< one per cell; the two outer cells are 0
    double minimum = 0.0;                         ///< of the reference
    double maximum = 0.0;
    bool discrete = false;             ///< every inner cell holds one distinct reference value
    double largest_inner_share = 0.0;  ///< largest share of the reference in one cell

    [[nodiscard]] std::size_t cells() const noexcept { return edges.size() + 1; }

    /// The cell of x, O(log cells). NaN gives 0: count it apart.
    [[nodiscard]] std::size_t cell(double x) const noexcept;
};

/// Learns a grid of at most `cells` cells in all (the two outer ones included) from finite reference values, which are
/// reordered (and rounded to float for f32). A value with a cell's share of the mass or more gets a cell of its own;
/// few distinct values get one cell each. Throws Error: not_enough_data when `values` is empty, invalid_argument for
/// cells outside [4, 1024] or a value that is not finite in `precision`. O(n log n).
Grid fit_grid(std::span<double> values, std::size_t cells = default_grid_cells, Precision precision = Precision::f64);

}  // namespace vedette::inline v0::stats
