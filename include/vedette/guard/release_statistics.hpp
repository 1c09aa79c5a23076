// SPDX-License-Identifier: Apache-2.0
// Statistics of a table's columns that may leave the house: noised counts, and what follows from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0 {

/// A noisy count with its interval; may be negative.
struct ReleasedCount {
    double value = 0.0;
    Interval interval{};
};

/// Of one column. Texts have the lengths of theirs as numbers.
struct ReleasedColumn {
    ReleasedCount nulls, nans, positive_infinities, negative_infinities;
    /// Finite numbers by sign and power of two, from the most negative to the most positive, zero in the middle.
    std::vector<ReleasedCount> cells;
    /// The sum of all of them.
    ReleasedCount rows;
    /// The least and the largest power of two that numbers reach (see PrivateRange); none where no cell has enough.
    std::optional<privacy::Bounds> bounds;

    /// Nulls over rows, and its interval within [0, 1]: both counts must lie in theirs, so that it holds at
    /// 1 - 2 (1 - confidence).
    [[nodiscard]] Interval null_rate() const noexcept;
};

struct ReleasedStatistics {
    std::map<std::string, ReleasedColumn, std::less<>> columns;
    privacy::RangeScale scale;
    privacy::Guarantee spent{};
    double rho = 0.0;          ///< as privacy::Release::rho
    double noise_scale = 0.0;  ///< of each count's discrete Laplace noise, or the discrete Gaussian's sigma

    /// Between which powers of two the quantile of a column's finite numbers seems to lie: noisy counts of the cells
    /// within its bounds, those below 0 as 0, summed up; noise beyond them would pass for tails. None where there are
    /// no bounds. Throws Error(invalid_argument) for q outside [0, 1] or an unknown column.
    [[nodiscard]] std::optional<privacy::Bounds> quantile(std::string_view column, double q) const;
};

/// Noises the statistics of the columns named, under one loss, paid once before noise is drawn. A row changes one count
/// of each column, so that noise grows with their number, or its root under Gaussian noise. Sums, extremes, distinct
/// and commonest values have no bounded sensitivity and are not told; neither is how fine the histogram is, which
/// depends on all values: cells are whole powers of two. `rows_per_user`: as in ReleasePolicy. Columns are chosen
/// without looking at the values; one that the statistics do not have reads as one without rows. Of lists only the
/// lengths of the outermost are released ("tags[]", unless there is a "tags[][]"): of values a row may have any number.
/// All counts of a column lie within their intervals each at the confidence. Throws Error: invalid_argument for no
/// column, one named twice, one of lists' values or parameters out of range, what the budget throws, io_error.
/// `keystream` is for the library's own use.
[[nodiscard]] ReleasedStatistics release_statistics(const validation::TableStatistics& statistics,
                                                    const std::vector<std::string>& columns,
                                                    const privacy::RangeScale& scale, std::uint64_t rows_per_user,
                                                    const privacy::ReleaseLoss& loss, privacy::ReleaseBudget& budget,
                                                    const stats::Confidence& confidence = stats::Confidence(0.95),
                                                    privacy::detail::Keystream* keystream = nullptr);

}  // namespace vedette::inline v0
