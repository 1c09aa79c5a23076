// SPDX-License-Identifier: Apache-2.0
// The sums over ordered cells: between two distribution functions, and over the places of the live values.
#pragma once

#include <cstdint>
#include <span>

namespace vedette::inline v0::drift {

/// Both sides of an ordered feature; all spans as long as `live`, but for `widths` and `positions`, which are both
/// empty where distances have no meaning.
struct OrderedCells {
    std::span<const double> reference;  ///< the distribution function at the cells' ends
    std::span<const std::uint64_t> live;
    std::span<const double> widths;
    std::span<const double> positions;
    double m;  ///< total of `live`, below 2^62
    bool discrete;
};

struct OrderedSums {
    double largest_difference = 0.0;  ///< of the distribution functions at the cells' ends
    double distance = 0.0;            ///< area between them, in units of the widths
    double first = 0.0;               ///< live counts times positions
    double second = 0.0;              ///< live counts times squared positions
};

/// One pass, in blocks. O(cells), no allocation. The order of the sums does not depend on the instruction set.
OrderedSums sum_ordered(const OrderedCells& cells) noexcept;

}  // namespace vedette::inline v0::drift
