// SPDX-License-Identifier: Apache-2.0
// The counters that statistics of columns are released as, and what is made of them after their noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vedette/guard/release.hpp"

namespace vedette::inline v0::released {

/// Throws invalid_argument for no column, more than 4096, one named twice, or a scale that is none.
void check_columns(const std::vector<std::string>& columns, const privacy::RangeScale& scale);
/// Throws invalid_argument for statistics that cannot be released: without quantiles, or where a row may have many
/// values of one of these columns.
void check_statistics(const validation::TableStatistics& statistics, const std::vector<std::string>& columns);
/// Of one column.
std::size_t counters(const privacy::RangeScale& scale) noexcept;
/// The exact counters of all columns, one behind the other.
void count(const validation::TableStatistics& statistics, const std::vector<std::string>& columns,
           const privacy::RangeScale& scale, std::span<std::int64_t> into);
/// From those after their noise: the columns and the scale of it, not what was spent.
ReleasedStatistics statistics_of(std::span<const std::int64_t> noisy, const std::vector<std::string>& columns,
                                 const privacy::RangeScale& scale, const ReleaseNoise& noise, double alpha);

}  // namespace vedette::inline v0::released
