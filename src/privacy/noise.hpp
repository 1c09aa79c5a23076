// SPDX-License-Identifier: Apache-2.0
// What the released statistics share: shares of epsilon, one draw of noise, and how far noise reaches.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "privacy/keystream.hpp"
#include "privacy/rounding.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/budget.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// epsilon / parts, rounded down: the parts together are at most epsilon. Parts below 2^53.
inline Epsilon share_of(Epsilon epsilon, std::uint64_t parts) {
    const auto divisor = static_cast<double>(parts);
    double share = epsilon.value() / divisor;
    while (std::fma(share, divisor, -epsilon.value()) > 0.0) share = std::nextafter(share, 0.0);
    return Epsilon(share);
}

/// The greatest rho known to imply (epsilon, delta), or 0 where it is below 2^-40: a filter's limit is rounded down to
/// units of 2^-40, and its value() up again, so that a unit less is below.
inline double rho_within(const Guarantee& guarantee) {
    const std::uint64_t units = PrivacyFilter::zcdp(guarantee).limit().units();
    return units < 2 ? 0.0 : PrivacyCost::from_units(units - 1).value();
}

/// sensitivity / sqrt(2 rho), rounded up.
inline double sigma_for(double l2_sensitivity, double rho) noexcept {
    return up(l2_sensitivity / std::nextafter(std::sqrt(2.0 * rho), 0.0));
}

/// The law for integers that change by at most `sensitivity` in all; more noise than needed where the sampler has no
/// smaller scale.
inline DiscreteLaplace laplace_for(std::uint64_t sensitivity, Epsilon epsilon) {
    return DiscreteLaplace(std::max(divide_up(at_least(sensitivity), epsilon.value()), DiscreteLaplace::least_scale));
}

inline detail::Keystream& own_unless(detail::Keystream* keystream) {
    return keystream != nullptr ? *keystream : detail::Keystream::of_this_thread();
}

inline std::int64_t draw(const DiscreteLaplace& law, detail::Keystream& keystream) {
    std::int64_t value = 0;
    law.sample({&value, 1}, keystream);
    return value;
}

/// The least t, or one more, with P(|X| > t) <= alpha: P(|X| > t) = 2 q^(t + 1) / (1 + q), q = exp(-1 / scale).
inline double laplace_reach(double scale, double alpha) noexcept {
    const double q = std::exp(-1.0 / scale);
    return std::max(0.0, std::ceil(scale * std::log(2.0 / (alpha * (1.0 + q))) * (1.0 + 1e-13)) - 1.0);
}

/// The same of one side: P(X > t) = q^(t + 1) / (1 + q) <= alpha.
inline double laplace_upper_reach(double scale, double alpha) noexcept {
    return laplace_reach(scale, std::min(1.0, 2.0 * alpha));
}

/// How far the sum of so many draws reaches. Chernoff: P(|X_1 + ... + X_n| >= t) <= 2 exp(-u t) M(u)^n for every 0 < u
/// < 1 / scale, where M(u) = (1 - q)^2 / ((1 - q e^u) (1 - q e^-u)). Any u makes a bound: the best of many is taken.
inline double laplace_sum_reach(double scale, std::uint64_t draws, double alpha) noexcept {
    double best = std::numeric_limits<double>::infinity();
    for (int i = 1; i < 64; ++i) {
        const double u = i / 64.0 / scale;
        // 1 - q e^u = -expm1(u - 1 / scale), and so on: of large scales, where both are small, a product is not good
        // enough.
        const double log_m = 2.0 * std::log(-std::expm1(-1.0 / scale)) - std::log(-std::expm1(u - 1.0 / scale)) -
                             std::log(-std::expm1(-u - 1.0 / scale));
        best = std::min(best, (static_cast<double>(draws) * log_m + std::log(2.0 / alpha)) / u);
    }
    return std::ceil(best * (1.0 + 1e-12));
}

/// A t with P(|X| > t) <= alpha of the discrete Gaussian.
double gaussian_reach(double sigma, double alpha) noexcept;

/// value +- half, outwards.
inline Interval around(double value, double half) noexcept {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return half == 0.0 ? Interval{value, value}
                       : Interval{std::nextafter(value - half, -infinity), std::nextafter(value + half, infinity)};
}

/// The same of whole numbers with whole noise: whole ends, exact where doubles are.
inline Interval around_count(double value, double reach) noexcept {
    constexpr double exact = 0x1p52;
    if (!(std::abs(value) <= exact && reach <= exact)) return around(value, reach);
    return {value - std::floor(reach), value + std::floor(reach)};
}

}  // namespace vedette::inline v0::privacy
