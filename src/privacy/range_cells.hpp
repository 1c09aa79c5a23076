// SPDX-License-Identifier: Apache-2.0
// Cells of numbers by sign and power of two.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "vedette/privacy/range_bounds.hpp"

namespace vedette::inline v0::privacy {

// On each side of the zero cell.
inline std::size_t side_of(const RangeScale& scale) noexcept {
    return static_cast<std::size_t>(scale.largest - scale.least);
}

inline std::size_t cells_of(const RangeScale& scale) noexcept {
    return 2 * side_of(scale) + 1;
}

/// Throws invalid_argument unless -1022 <= least < largest <= 1023.
void check_scale(const RangeScale& scale);

// Cell 0 is the most negative one; cell `side` is zero's.
inline std::size_t cell_of(double value, const RangeScale& scale) noexcept {
    const std::size_t side = side_of(scale);
    const double size = std::abs(value);
    if (size < std::ldexp(1.0, scale.least)) return side;
    const int exponent = std::isinf(size) ? scale.largest - 1 : std::min(std::ilogb(size), scale.largest - 1);
    const auto step = static_cast<std::size_t>(exponent - scale.least) + 1;
    return value < 0.0 ? side - step : side + step;
}

// The cell's end that is nearer to minus infinity, or to plus infinity.
inline double lower_end(std::size_t cell, const RangeScale& scale) noexcept {
    const auto step = static_cast<int>(cell) - static_cast<int>(side_of(scale));
    if (step > 0) return std::ldexp(1.0, scale.least + step - 1);
    return -std::ldexp(1.0, scale.least - step);
}
inline double upper_end(std::size_t cell, const RangeScale& scale) noexcept {
    return -lower_end(2 * side_of(scale) - cell, scale);
}

}  // namespace vedette::inline v0::privacy
