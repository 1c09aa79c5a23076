// SPDX-License-Identifier: Apache-2.0
// What judging a window and judging a noised one share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// The median read off the grid, linear inside a cell; the outer cells have no width of their own. Counts below 0, of
/// a noised window, may be among them.
template <class Count>
double grid_median(const stats::Grid& grid, std::span<const Count> counts, Count total) {
    if (total <= 0) return std::numeric_limits<double>::quiet_NaN();
    // Integers: a chain of floating-point sums would take three times as long.
    const Count middle = total / 2 + total % 2;
    const double half = static_cast<double>(total) / 2.0;
    Count below = 0;
    for (std::size_t cell = 0; cell < counts.size(); ++cell) {
        const Count here = counts[cell];
        if (below + here >= middle) {
            if (cell == 0) return grid.minimum;
            if (cell == counts.size() - 1) return grid.maximum;
            const double left = grid.edges[cell - 1];
            if (grid.discrete) return left;
            const double right = std::min(grid.edges[cell], grid.maximum);
            return left + (right - left) * ((half - static_cast<double>(below)) / static_cast<double>(here));
        }
        below += here;
    }
    return grid.maximum;
}

/// Adjusts the p-values of all evidence on features, one family.
void adjust_family(Report& report);
/// Decides on it; the gravest decision, none where there is nothing to decide.
std::optional<Decision> decide_family(Report& report, const Policy& policy);
/// Throws Error(invalid_policy) for rules of a feature that the baseline does not have.
void check_names(const Baseline& baseline, const Policy& policy);

}  // namespace vedette::inline v0
