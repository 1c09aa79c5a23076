// SPDX-License-Identifier: Apache-2.0
// A natural logarithm without branches, which compilers turn into vector code, for the drift statistics.
#pragma once

#include <bit>
#include <cstdint>

namespace vedette::inline v0::drift {

/// ln(x) of a positive normal number: relative error below 1e-15 near x = 1, absolute error below 1e-14 elsewhere
/// (times the exponent's size beyond 100). Undefined for other x.
inline double fast_log(double x) noexcept {
    // x = 2^exponent * mantissa with the mantissa in [sqrt(1/2), sqrt(2)); the bias keeps the shifted word positive.
    constexpr std::uint64_t root_half = 0x3FE6A09E667F3BCDU;
    constexpr std::uint64_t bias = std::uint64_t{1024} << 52U;
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
    const std::uint64_t biased = (bits - root_half + bias) >> 52U;
    const double mantissa = std::bit_cast<double>(bits - (biased << 52U) + bias);
    // An integer below 2^52 to double, by placing it under the exponent of 2^52.
    const double exponent = std::bit_cast<double>(biased | 0x4330000000000000U) - (0x1p52 + 1024.0);
    const double s = (mantissa - 1.0) / (mantissa + 1.0);
    const double z = s * s;  // at most 0.0295: eight terms of the series of atanh leave 4e-15
    const double z2 = z * z;
    const double low = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
    const double high = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15 + z * (1.0 / 17));
    const double series = z * (low + z2 * z2 * high);
    return exponent * 0.6931471805599453094 + 2.0 * (s + s * series);
}

inline constexpr double near_one = 0.25;

/// ln(x) for |x - 1| < near_one, relative error below 3e-15.
inline double log_near_one(double x) noexcept {
    const double s = (x - 1.0) / (x + 1.0);
    const double z = s * s;  // at most 0.0204: eight terms leave 2e-15 at the ends
    const double z2 = z * z;
    const double low = (1.0 / 3 + z * (1.0 / 5)) + z2 * (1.0 / 7 + z * (1.0 / 9));
    const double high = (1.0 / 11 + z * (1.0 / 13)) + z2 * (1.0 / 15);
    return 2.0 * (s + s * z * (low + z2 * z2 * high));
}

}  // namespace vedette::inline v0::drift
