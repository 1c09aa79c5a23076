// SPDX-License-Identifier: Apache-2.0
// The logarithm of the complementary error function, where the function itself underflows too.
#pragma once

#include <cmath>
#include <numbers>

namespace vedette::inline v0::privacy {

/// Relative error of erfc, that is absolute error here, within 2^-51 (1 + |x|^2).
inline double log_erfc(double x) noexcept {
    if (x < 25.0) return std::log(std::erfc(x));
    // The asymptotic series; its first omitted term is below 1e-14 at 25.
    const double t = 0.5 / (x * x);
    const double series = 1.0 - t * (1.0 - 3.0 * t * (1.0 - 5.0 * t * (1.0 - 7.0 * t * (1.0 - 9.0 * t))));
    return -x * x - std::log(x) - 0.5 * std::log(std::numbers::pi) + std::log(series);
}

}  // namespace vedette::inline v0::privacy
