// SPDX-License-Identifier: Apache-2.0
// What score kernels compute, written once for vectors and for plain numbers, so that both round alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/pair_terms.inl.hpp"
#include "kernels/score_table.hpp"

namespace vedette::inline v0::kernels {
namespace {

// Its inverse and products with it stay normal.
constexpr float least_word_unit = 1e-30F;

constexpr float log2_of_e = 1.44269504088896340736F;

// The sum of c[i] x^i by pairs: less than half as long a chain as Horner's, and the chain is what takes the time.
template <class Words, class V>
VEDETTE_INLINE V seven_terms(V x, const float (&terms)[7]) noexcept {
    const auto c = [&](int i) { return Words::broadcast(terms[i]); };
    const V square = x * x;
    const V low = (c(0) + c(1) * x) + square * (c(2) + c(3) * x);
    const V high = (c(4) + c(5) * x) + square * c(6);
    return low + (square * square) * high;
}

// 2^(j/8), of whose bits j << 20 is taken away: what the shift of n = 8k + j by 20 adds, beside k in the exponent.
alignas(32) constexpr std::uint32_t eighth_powers[8] = {0x3F800000U, 0x3F7B95C2U, 0x3F7837F0U, 0x3F75FED7U,
                                                        0x3F7504F3U, 0x3F75672AU, 0x3F7744FDU, 0x3F7AC0C7U};
// (2^(r/8) - 1) / r for |r| <= 1/2, through Chebyshev's points: 2^(r/8) within a relative 4e-8.
constexpr float eighth_series[3] = {0.0866433978F, 0.00375397946F, 0.000108414089F};

// 2^(x/8) for x from 8 * -126 to 0, and 0 at 8 * -127: x = n + r with n to the nearest, which is exact. Half the
// operations of a series over a whole octave.
constexpr float least_eighths = 8.0F * -126.0F;
constexpr float no_power_eighths = 8.0F * -127.0F;
template <class Words, class V>
VEDETTE_INLINE V exp2_of_eighths(V x) noexcept {
    const auto c = [](float value) { return Words::broadcast(value); };
    const V shifted = x + c(ExpTerms<float>::rounder);
    const V r = x - (shifted - c(ExpTerms<float>::rounder));
    const V series = c(eighth_series[0]) + r * (c(eighth_series[1]) + r * c(eighth_series[2]));
    // Not the power times (1 + r series): that were a longer chain.
    const V power = Words::power_of_eighths(shifted);
    return power + (power * r) * series;
}

// The exponent of a logit in eighths, bounded, and 2 to that where `below` holds, else 0. Below -127 that is 0; between
// that and -126 less than the least normal float.
template <class Words, class V>
VEDETTE_INLINE V bounded_eighths(V x) noexcept {
    return Words::larger(x, Words::broadcast(no_power_eighths));
}
template <class Words, class V, class M>
VEDETTE_INLINE V power_below(V eighths, M below) noexcept {
    return Words::where(below, exp2_of_eighths<Words>(eighths));
}

// p^gamma (1 - p)^gamma for p <= 1/2 in three steps, whose chains are long: of one step many vectors are under way at
// once. The first is p, where above 1e-8: less leaves no trace beside its own logarithm, but subnormal powers, which
// take many times as long.
constexpr float traceless = 1e-8F;
template <class Words, class V>
VEDETTE_INLINE V entropy_probability(V y, const EntropyTerms& terms) noexcept {
    const auto c = [](float x) { return Words::broadcast(x); };
    const V power = exp2_of_eighths<Words>(Words::larger(y * c(8.0F * log2_of_e), c(-480.0F)));
    return Words::larger(power * c(terms.inverse_total), c(traceless));
}

// Then 8 gamma log2(p (1 - p)): log(1 - p) = -2 atanh(p / (2 - p)), the series to s^15 / 15 with s <= 1/3.
template <class Words, class V>
VEDETTE_INLINE V entropy_power(V y, V p, const EntropyTerms& terms) noexcept {
    const auto c = [](float x) { return Words::broadcast(x); };
    const V s = Words::quotient(p, c(2.0F) - p);
    const V z = s * s;
    constexpr float reciprocals[7] = {1.0F / 3, 1.0F / 5, 1.0F / 7, 1.0F / 9, 1.0F / 11, 1.0F / 13, 1.0F / 15};
    const V series = seven_terms<Words>(Words::larger(z, c(traceless)), reciprocals);
    const V log_rest = (s + (s * z) * series) * c(-2.0F * log2_of_e);
    return ((y * c(log2_of_e) - c(terms.log2_total)) + log_rest) * c(8.0F * terms.gamma);
}

// And 2 to an eighth of that.
template <class Words, class V>
VEDETTE_INLINE V entropy_term(V power) noexcept {
    return exp2_of_eighths<Words>(Words::larger(power, Words::broadcast(least_eighths)));
}

VEDETTE_INLINE void widen_half_plainly(const std::uint16_t* __restrict bits, std::size_t count,
                                       float* __restrict out) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t h = bits[i];
        // The exponent is right after a product with 2^112, subnormals included; but all ones stand for infinity or
        // NaN.
        const float scaled = __builtin_bit_cast(float, (h & 0x7FFFU) << 13U) * 0x1p112F;
        const std::uint32_t special = (h & 0x7C00U) == 0x7C00U ? 0x7F800000U : 0U;
        out[i] = __builtin_bit_cast(float, __builtin_bit_cast(std::uint32_t, scaled) | special | (h & 0x8000U) << 16U);
    }
}

VEDETTE_INLINE void widen_bfloat16_plainly(const std::uint16_t* __restrict bits, std::size_t count,
                                           float* __restrict out) noexcept {
    for (std::size_t i = 0; i < count; ++i) out[i] = __builtin_bit_cast(float, std::uint32_t{bits[i]} << 16U);
}

}  // namespace
}  // namespace vedette::inline v0::kernels
