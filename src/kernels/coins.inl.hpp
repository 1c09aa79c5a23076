// SPDX-License-Identifier: Apache-2.0
// Coins of exp(-n rate) in 64-bit fixed point, in constant time. The twin is scalar_draws.hpp. Part of the intrinsics
// island: xsimd 8.1 has neither products of 32-bit halves nor shifts by lane.
#pragma once

#include "kernels/binary_exp.hpp"
#include "kernels/draw_table.hpp"
#include "kernels/lanes.inl.hpp"
#if !defined(__AVX2__)
#include "kernels/scalar_draws.hpp"
#endif

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

#if defined(__AVX2__)

#if defined(__AVX512F__)

struct CoinLanes {
    static constexpr std::size_t width = 8;
    __m512i v;
    static VEDETTE_INLINE CoinLanes load(const void* from) noexcept { return {_mm512_loadu_si512(from)}; }
    static VEDETTE_INLINE CoinLanes all(std::uint64_t x) noexcept {
        return {_mm512_set1_epi64(static_cast<std::int64_t>(x))};
    }
    VEDETTE_INLINE void store(std::int64_t* to) const noexcept { _mm512_storeu_si512(to, v); }
    VEDETTE_INLINE CoinLanes up(unsigned by) const noexcept {
        return {_mm512_sll_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE CoinLanes down(unsigned by) const noexcept {
        return {_mm512_srl_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE CoinLanes down(CoinLanes by) const noexcept { return {_mm512_srlv_epi64(v, by.v)}; }
    // The product of the lower halves.
    VEDETTE_INLINE CoinLanes halves(CoinLanes o) const noexcept { return {_mm512_mul_epu32(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator+(CoinLanes o) const noexcept { return {_mm512_add_epi64(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator-(CoinLanes o) const noexcept { return {_mm512_sub_epi64(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator&(CoinLanes o) const noexcept { return {_mm512_and_si512(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator|(CoinLanes o) const noexcept { return {_mm512_or_si512(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator^(CoinLanes o) const noexcept { return {_mm512_xor_si512(v, o.v)}; }
    VEDETTE_INLINE bool any() const noexcept { return _mm512_test_epi64_mask(v, v) != 0; }
    // Stores those whose `keep` is not 0 one after the other, and anything behind them; how many they are.
    VEDETTE_INLINE std::size_t store_kept(CoinLanes keep, std::int64_t* to) const noexcept {
        const __mmask8 mask = _mm512_test_epi64_mask(keep.v, keep.v);
        _mm512_storeu_si512(to, _mm512_maskz_compress_epi64(mask, v));
        return static_cast<std::size_t>(__builtin_popcount(mask));
    }
};

#else

struct CoinLanes {
    static constexpr std::size_t width = 4;
    __m256i v;
    static VEDETTE_INLINE CoinLanes load(const void* from) noexcept {
        return {_mm256_loadu_si256(static_cast<const __m256i*>(from))};
    }
    static VEDETTE_INLINE CoinLanes all(std::uint64_t x) noexcept {
        return {_mm256_set1_epi64x(static_cast<std::int64_t>(x))};
    }
    VEDETTE_INLINE void store(std::int64_t* to) const noexcept {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
    }
    VEDETTE_INLINE CoinLanes up(unsigned by) const noexcept {
        return {_mm256_sll_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE CoinLanes down(unsigned by) const noexcept {
        return {_mm256_srl_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE CoinLanes down(CoinLanes by) const noexcept { return {_mm256_srlv_epi64(v, by.v)}; }
    VEDETTE_INLINE CoinLanes halves(CoinLanes o) const noexcept { return {_mm256_mul_epu32(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator+(CoinLanes o) const noexcept { return {_mm256_add_epi64(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator-(CoinLanes o) const noexcept { return {_mm256_sub_epi64(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator&(CoinLanes o) const noexcept { return {_mm256_and_si256(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator|(CoinLanes o) const noexcept { return {_mm256_or_si256(v, o.v)}; }
    VEDETTE_INLINE CoinLanes operator^(CoinLanes o) const noexcept { return {_mm256_xor_si256(v, o.v)}; }
    VEDETTE_INLINE bool any() const noexcept { return _mm256_testz_si256(v, v) == 0; }
    VEDETTE_INLINE std::size_t store_kept(CoinLanes keep, std::int64_t* to) const noexcept {
        alignas(32) std::int64_t values[width], kept[width];
        store(values);
        keep.store(kept);
        std::size_t place = 0;
        for (std::size_t lane = 0; lane < width; ++lane) {
            to[place] = values[lane];
            place += static_cast<std::size_t>(kept[lane]);
        }
        return place;
    }
};

#endif

// A factor and its upper half, which several products share.
struct CoinFactor {
    CoinLanes v, high;
    explicit VEDETTE_INLINE CoinFactor(CoinLanes x) noexcept : v(x), high(x.down(32)) {}
};
// The upper half of a product, up to 2 too small: without the product of the lower halves and its carry.
VEDETTE_INLINE CoinLanes multiply_high(CoinLanes a, const CoinFactor& b) noexcept {
    const CoinLanes high = a.down(32);
    return high.halves(b.high) + high.halves(b.v).down(32) + a.halves(b.high).down(32);
}

VEDETTE_INLINE CoinLanes exp_quotient(const CoinFactor& g) noexcept {
    const CoinFactor square(multiply_high(g.v, g));
    CoinLanes even = CoinLanes::all(exp_even[4]), odd = CoinLanes::all(exp_odd[3]);
#pragma GCC unroll 4
    for (int k = 3; k >= 0; --k) even = multiply_high(even, square) + CoinLanes::all(exp_even[k]);
#pragma GCC unroll 3
    for (int k = 2; k >= 0; --k) odd = multiply_high(odd, square) + CoinLanes::all(exp_odd[k]);
    return even - multiply_high(odd, g);
}

// 2^63 2^-y, for y in units of 2^-61.
VEDETTE_INLINE CoinLanes binary_exp(CoinLanes y) noexcept {
    const CoinLanes whole = y.down(64 - exp_integer_bits), f = y.up(exp_integer_bits), zero = CoinLanes::all(0);
    const CoinFactor g(f.up(2));
    const CoinLanes is_high = zero - f.down(63), is_odd = zero - (f.down(62) & CoinLanes::all(1));
    const CoinFactor quarter(CoinLanes::all(quarter_powers[0]) ^ (CoinLanes::all(quarter_odd) & is_odd) ^
                             (CoinLanes::all(quarter_high) & is_high) ^
                             (CoinLanes::all(quarter_both) & is_odd & is_high));
    const CoinLanes rest = multiply_high(exp_quotient(g), g) ^ CoinLanes::all(~std::uint64_t{0});
    return multiply_high(rest, quarter).down(whole + CoinLanes::all(1));
}
// The same for y below 1/4.
VEDETTE_INLINE CoinLanes small_binary_exp(CoinLanes y) noexcept {
    const CoinFactor g(y.up(exp_integer_bits + 2));
    return (multiply_high(exp_quotient(g), g) ^ CoinLanes::all(~std::uint64_t{0})).down(1);
}

template <bool is_gaussian>
bool judge_candidates(const NoiseCandidates* c, std::int64_t* accepted, std::size_t* kept) noexcept {
    const CoinLanes mask = CoinLanes::all(~std::uint64_t{0} << (64 - c->low_bits)), one = CoinLanes::all(1);
    const CoinLanes error = CoinLanes::all(static_cast<std::uint64_t>(c->error)), zero = CoinLanes::all(0);
    const CoinLanes sign_mask = CoinLanes::all(c->sign_mask);
    const CoinFactor factor(CoinLanes::all(c->factor));
    CoinLanes open = zero;
    std::size_t place = *kept;
    for (std::size_t i = 0; i < c->count; i += CoinLanes::width) {
        const CoinLanes large = CoinLanes::load(c->large + i), sign = CoinLanes::load(c->signs + i) & sign_mask;
        const CoinLanes low = CoinLanes::load(c->low + i).up(c->low_shift) & mask;
        CoinLanes bound = zero;
        if constexpr (is_gaussian) {
            const CoinLanes sum = low.down(c->large_bits) + large.up(65 - c->large_bits);
            bound = binary_exp(multiply_high(multiply_high(low, CoinFactor(sum)), factor));
        } else {
            bound = small_binary_exp(multiply_high(low, factor));
        }
        const CoinLanes distance = bound - CoinLanes::load(c->coins + i).down(1);
        const CoinLanes yes = (error - distance).down(63), no = (error + distance).down(63);
        open = open | ((yes | no) ^ one);
        const CoinLanes size = large.up(c->low_bits) + low.down(64 - c->low_bits);
        const CoinLanes minus_zero = (size - one).down(63) & sign;
        place += ((size ^ (zero - sign)) + sign).store_kept(yes & (minus_zero ^ one), accepted + place);
    }
    *kept = place;
    return open.any();
}

#else

using scalar::judge_candidates;

#endif

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
