// SPDX-License-Identifier: Apache-2.0
// The laws that the grid tests share: intervals of divergences, and the tail of a sum of folded normals.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {

// What a divergence needs beyond its value: its null law is factor * D / (1/n+1/m) ~ chi-square, and `spread` is the
// ratio of its variance away from the null to that of the noncentral chi-square (1 for small drift).
struct Noncentral {
    double lower = 0.0;
    double upper = 0.0;
};

// Noncentrality values at which each statistic is the upper or lower normal quantile, Var = 2k + 4 * spread * lambda,
// with the first Cornish-Fisher term for the skewness. Side by side: roots and divisions that wait for one another
// within a bound do not wait between bounds.
template <std::size_t size>
std::array<Noncentral, size> invert_noncentral(const std::array<double, size>& statistics, double degrees, double z,
                                               const std::array<double, size>& spreads) noexcept {
    std::array<double, 2 * size> lambda{};
    std::array<double, 2 * size> statistic;
    std::array<double, 2 * size> spread;
    std::array<double, 2 * size> shift;
    for (std::size_t i = 0; i < size; ++i) {
        statistic[i] = statistic[size + i] = statistics[i];
        spread[i] = spread[size + i] = spreads[i];
        shift[i] = -2.0 * spreads[i] * z;
        shift[size + i] = 2.0 * spreads[i] * z;
    }
    for (int round = 0; round < 2; ++round) {
        for (std::size_t i = 0; i < 2 * size; ++i) {
            const double skew = (2.0 / 3.0) * (degrees + 3.0 * lambda[i]) / (degrees + 2.0 * lambda[i]);
            const double x = statistic[i] - (z * z - 1.0) * skew;
            const double inside = shift[i] * shift[i] + 4.0 * spread[i] * (x - degrees) + 2.0 * degrees;
            const double s = std::max(0.0, shift[i] + std::sqrt(std::max(0.0, inside)));
            lambda[i] = std::max(0.0, (s * s - 2.0 * degrees) / (4.0 * spread[i]));
        }
    }
    std::array<Noncentral, size> bounds;
    for (std::size_t i = 0; i < size; ++i) bounds[i] = {lambda[i], lambda[size + i]};
    return bounds;
}

// P(X >= x) of a non-negative sum of folded normals by a scaled chi law with its mean and variance. Exact in the limit
// for a single term; the degrees of freedom solve variance/mean^2 = k/mu_k^2 - 1 with mu_k^2 ~ k - 1/2 + 1/(8k).
inline double folded_sum_sf(double x, double mean, double variance) noexcept {
    if (!(mean > 0.0) || !(variance > 0.0)) return std::numeric_limits<double>::quiet_NaN();
    const double y = 1.0 + std::min(variance / (mean * mean), 0.5708);
    const double degrees = (0.5 * y + std::sqrt(std::max(0.0, 0.25 * y * y - 0.5 * y * (y - 1.0)))) / (2.0 * (y - 1.0));
    const double mean_square = degrees - 0.5 + 0.125 / degrees;
    const double square = x * x * mean_square / (mean * mean);
    if (degrees < 30.0) return stats::chi_squared_sf(square, degrees);
    // Wilson and Hilferty's (1931) cube root, well within the error of the matched moments.
    const double step = 2.0 / (9.0 * degrees);
    return stats::normal_sf((std::cbrt(square / degrees) - (1.0 - step)) / std::sqrt(step));
}

}  // namespace vedette::inline v0::drift
