// SPDX-License-Identifier: Apache-2.0
// Does a sample look normal? The W of Shapiro and Wilk, and its p-value.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

namespace vedette::inline v0::stats {

struct ShapiroWilkResult {
    double statistic = std::numeric_limits<double>::quiet_NaN();  ///< W, in (0, 1]; 1 for equally spaced normal scores
    double p_value = std::numeric_limits<double>::quiet_NaN();    ///< NaN above 5000 values
};

/// Shapiro and Wilk (1965), with the weights and the p-value of Royston (1995, AS R94), fitted for 3 to 5000 values;
/// above, the weights still serve and W is given alone. W's law depends on the number of values: thresholds of W hold
/// for one number only. The values come in ascending order. NaN for fewer than 3 values, a value that is not finite, a
/// descent, or values that are all equal. O(n); no allocation.
[[nodiscard]] ShapiroWilkResult shapiro_wilk(std::span<const double> sorted) noexcept;

}  // namespace vedette::inline v0::stats
