// SPDX-License-Identifier: Apache-2.0
// Binomial and multinomial draws for simulation, the same on every platform up to its logarithms.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

#include "vedette/core/random.hpp"

namespace vedette::inline v0::stats {

namespace detail {

// log k! less Stirling's approximation.
inline double stirling_rest(double k) noexcept {
    constexpr double table[] = {0.08106146679532726,  0.04134069595540929, 0.02767792568499834, 0.02079067210376509,
                                0.01664469118982119,  0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
                                0.009255462182712733, 0.008330563433362871};
    if (k < 10.0) return table[static_cast<std::size_t>(k)];
    const double next = k + 1.0, square = next * next;
    return (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / square) / square) / next;
}

// Gaps between successes are geometric: n p + 1 steps on average.
inline double binomial_by_gaps(Random& random, double n, double p) noexcept {
    const double rate = std::log1p(-p);
    double successes = 0.0, place = 0.0;
    for (;;) {
        place += std::floor(std::log(1.0 - random.uniform()) / rate) + 1.0;
        if (!(place <= n)) return successes;
        successes += 1.0;
    }
}

// Transformed rejection (Hoermann 1993, BTRS): n p >= 10, p <= 1/2.
inline double binomial_by_rejection(Random& random, double n, double p) noexcept {
    const double spread = std::sqrt(n * p * (1.0 - p)), b = 1.15 + 2.53 * spread;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p, centre = n * p + 0.5, inner = 0.92 - 4.2 / b;
    const double odds = p / (1.0 - p), alpha = (2.83 + 5.1 / b) * spread, mode = std::floor((n + 1.0) * p);
    for (;;) {
        const double u = random.uniform() - 0.5;
        double v = random.uniform();
        const double edge = 0.5 - std::abs(u), k = std::floor((2.0 * a / edge + b) * u + centre);
        if (edge >= 0.07 && v <= inner) return k;
        if (!(k >= 0.0 && k <= n)) continue;
        v = std::log(v * alpha / (a / (edge * edge) + b));
        const double bound = (mode + 0.5) * std::log((mode + 1.0) / (odds * (n - mode + 1.0))) +
                             (n + 1.0) * std::log((n - mode + 1.0) / (n - k + 1.0)) +
                             (k + 0.5) * std::log(odds * (n - k + 1.0) / (k + 1.0)) + stirling_rest(mode) +
                             stirling_rest(n - mode) - stirling_rest(k) - stirling_rest(n - k);
        if (v <= bound) return k;
    }
}

}  // namespace detail

/// Binomial(n, p); n a whole number below 2^53.
inline double binomial_draw(Random& random, double n, double p) noexcept {
    if (!(p > 0.0) || n <= 0.0) return 0.0;
    if (p >= 1.0) return n;
    const double least = std::min(p, 1.0 - p);
    const double k =
        n * least < 10.0 ? detail::binomial_by_gaps(random, n, least) : detail::binomial_by_rejection(random, n, least);
    return p <= 0.5 ? k : n - k;
}

/// n draws over cells of these probabilities, which sum to 1.
inline void multinomial_draw(Random& random, double n, std::span<const double> probabilities,
                             std::span<double> counts) noexcept {
    double left = n, rest = 1.0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const bool last = i + 1 == counts.size();
        counts[i] = last ? left : binomial_draw(random, left, rest > 0.0 ? probabilities[i] / rest : 1.0);
        left -= counts[i];
        rest -= probabilities[i];
    }
}

}  // namespace vedette::inline v0::stats
