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

// The sum of c[i] x^i by pairs: less than half as long a chain as Horner's, and the chain is what takes the time.
template <class Words, class V>
VEDETTE_INLINE V seven_terms(V x, const float (&terms)[7]) noexcept {
    const auto c = [&](int i) { return Words::broadcast(terms[i]); };
    const V square = x * x;
    const V low = (c(0) + c(1) * x) + square * (c(2) + c(3) * x);
    const V high = (c(4) + c(5) * x) + square * c(6);
    return low + (square * square) * high;
}

// 2^x for x from -126 to 0.
template <class Words, class V>
VEDETTE_INLINE V exp2_bounded(V x) noexcept {
    return exp2_by<Words, float>(x, [](V r) { return seven_terms<Words>(r, ExpTerms<float>::series); });
}

// exp(y) for y <= 0, where `below` holds and it is a normal float, else 0; and y, bounded.
template <class Words, class V, class M>
VEDETTE_INLINE V bounded_exponential(V& y, M below) noexcept {
    const V limit = Words::broadcast(lowest_exponent);
    y = Words::larger(y, limit);
    return Words::where(below & (y > limit), exp2_bounded<Words>(y * Words::broadcast(log2_of_e)));
}

// p^gamma (1 - p)^gamma for p <= 1/2 in three steps, whose chains are long: of one step many vectors are under way at
// once. The first is p, where above 1e-8: less leaves no trace beside its own logarithm, but subnormal powers, which
// take many times as long.
constexpr float traceless = 1e-8F;
template <class Words, class V>
VEDETTE_INLINE V entropy_probability(V y, const EntropyTerms& terms) noexcept {
    const auto c = [](float x) { return Words::broadcast(x); };
    const V power = exp2_bounded<Words>(Words::larger(y * c(log2_of_e), c(-60.0F)));
    return Words::larger(power * c(terms.inverse_total), c(traceless));
}

// Then gamma log2(p (1 - p)): log(1 - p) = -2 atanh(p / (2 - p)), the series to s^15 / 15 with s <= 1/3.
template <class Words, class V>
VEDETTE_INLINE V entropy_power(V y, V p, const EntropyTerms& terms) noexcept {
    const auto c = [](float x) { return Words::broadcast(x); };
    const V s = Words::quotient(p, c(2.0F) - p);
    const V z = s * s;
    constexpr float reciprocals[7] = {1.0F / 3, 1.0F / 5, 1.0F / 7, 1.0F / 9, 1.0F / 11, 1.0F / 13, 1.0F / 15};
    const V series = seven_terms<Words>(Words::larger(z, c(traceless)), reciprocals);
    const V log_rest = (s + (s * z) * series) * c(-2.0F * log2_of_e);
    return ((y * c(log2_of_e) - c(terms.log2_total)) + log_rest) * c(terms.gamma);
}

// And 2 to that.
template <class Words, class V>
VEDETTE_INLINE V entropy_term(V power) noexcept {
    return exp2_bounded<Words>(Words::larger(power, Words::broadcast(ExpTerms<float>::lowest)));
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
