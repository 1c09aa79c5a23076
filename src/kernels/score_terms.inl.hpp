// SPDX-License-Identifier: Apache-2.0
// What score kernels compute, written once for vectors and for plain numbers, so that both round alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/pair_terms.inl.hpp"
#include "kernels/score_table.hpp"

namespace vedette::inline v0::kernels {
namespace {

constexpr float log2_of_e = 1.44269504088896340736F;
/// exp() of less than this is no normal float.
constexpr float lowest_exponent = -87.0F;

// exp(y) for y <= 0, where `below` holds and it is a normal float, else 0; and y, bounded.
template <class Words, class V, class M>
VEDETTE_INLINE V bounded_exponential(V& y, M below) noexcept {
    const V limit = Words::broadcast(lowest_exponent);
    const V e = exp2_nonpositive<Words, float>(y * Words::broadcast(log2_of_e));
    const M counts = below & (y > limit);
    y = Words::larger(y, limit);
    return Words::where(counts, e);
}

// p^gamma (1 - p)^gamma for p <= 1/2: log(1 - p) = -2 atanh(p / (2 - p)), the series to s^15 / 15 with s <= 1/3.
template <class Words, class V>
VEDETTE_INLINE V entropy_term(V y, const EntropyTerms& terms) noexcept {
    const auto c = [](float x) { return Words::broadcast(x); };
    const V exponent = y * c(log2_of_e);
    const V p = exp2_nonpositive<Words, float>(exponent) * c(terms.inverse_total);
    const V s = Words::quotient(p, c(2.0F) - p);
    const V z = s * s;
    V series = c(1.0F / 15);
    constexpr float reciprocals[] = {1.0F / 13, 1.0F / 11, 1.0F / 9, 1.0F / 7, 1.0F / 5, 1.0F / 3};
#pragma GCC unroll 8
    for (const float reciprocal : reciprocals) series = series * z + c(reciprocal);
    const V log_rest = (s + s * (z * series)) * c(-2.0F * log2_of_e);
    return exp2_nonpositive<Words, float>(((exponent - c(terms.log2_total)) + log_rest) * c(terms.gamma));
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
