// SPDX-License-Identifier: Apache-2.0
// Which features' drift costs performance? Features by what their change does to the accuracy, not by how much they
// changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::drift {

/// One feature, in cells (of a grid, of categories; a cell for nulls or NaN as well). Borrowed; all of one length.
struct FeatureCells {
    std::span<const std::uint64_t> reference;  ///< reference rows in each cell
    std::span<const std::uint64_t> right;      ///< those of them that were predicted rightly
    std::span<const std::uint64_t> live;       ///< live rows in each cell
};

struct PerformanceEffect {
    std::size_t feature = 0;  ///< its place in the list given
    /// The change of accuracy, live minus reference, that the feature's new law alone would bring: the sum over cells
    /// of (live share - reference share) * accuracy in the cell on the reference. Below 0 where rows moved to where the
    /// model is worse.
    double effect = std::numeric_limits<double>::quiet_NaN();
    double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of effect, to first order, of both samples
    Interval interval{};
    double p_value = std::numeric_limits<double>::quiet_NaN();  ///< of no effect, two-sided, by the normal limit
    double live_unseen = 0.0;  ///< share of live rows in cells without a reference row: nothing is known of them
};

/// Ranks features by effect, the most harmful first; those without an effect to tell of (no live rows left, an empty
/// reference) last, NaN. What a change of one feature does that comes with changes of others is counted for each of
/// them, so effects do not add up to the change of the whole; and a change of what a value means for the label shows
/// in none. Live rows in unseen cells are left out (live_unseen). The effect on another metric: give as `right` the
/// rows that count for it. Take p-values through stats::adjust before naming a feature.
///
/// Throws Error: dimension_mismatch for spans of different lengths or none, invalid_argument for more right rows than
/// rows in a cell or a confidence outside (0, 1). Sums must stay below 2^53. O(cells) a feature.
std::vector<PerformanceEffect> rank_by_performance(std::span<const FeatureCells> features, double confidence = 0.95);

}  // namespace vedette::inline v0::drift
