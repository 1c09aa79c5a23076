// SPDX-License-Identifier: Apache-2.0
// Divisions and conversions that never fall below the exact result.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace vedette::inline v0::privacy {

inline double up(double x) noexcept {
    return std::nextafter(x, std::numeric_limits<double>::infinity());
}

inline double at_least(std::uint64_t x) noexcept {
    const auto rounded = static_cast<double>(x);
    return static_cast<std::uint64_t>(rounded) < x ? up(rounded) : rounded;
}

// The least double t >= amount / rate, both exact: the sign of t rate - amount is exact in a fused operation.
inline double divide_up(double amount, double rate) noexcept {
    double t = amount / rate;
    while (std::fma(t, rate, -amount) < 0.0) t = up(t);
    return t;
}

}  // namespace vedette::inline v0::privacy
