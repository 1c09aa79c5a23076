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

// Which 32-bit halves, of a byte each, bring the lanes of a mask to the front.
struct OrdersOfKept {
    std::uint64_t halves[16];
};
constexpr OrdersOfKept make_orders_of_kept() noexcept {
    OrdersOfKept orders{};
    for (unsigned mask = 0; mask < 16; ++mask) {
        unsigned place = 0;
        for (unsigned lane = 0; lane < 4; ++lane) {
            if ((mask >> lane & 1U) == 0) continue;
            orders.halves[mask] |= std::uint64_t{2 * lane | (2 * lane + 1) << 8U} << place;
            place += 16;
        }
    }
    return orders;
}
constexpr OrdersOfKept orders_of_kept = make_orders_of_kept();

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
    // In registers: what lay on the stack would have to be wiped.
    VEDETTE_INLINE std::size_t store_kept(CoinLanes keep, std::int64_t* to) const noexcept {
        const __m256i decision = _mm256_slli_epi64(keep.v, 63);
        const auto mask = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(decision)));
        const __m256i order =
            _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<std::int64_t>(orders_of_kept.halves[mask])));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_permutevar8x32_epi32(v, order));
        return static_cast<std::size_t>(__builtin_popcount(mask));
    }
};

#endif

// Two vectors side by side: the products of one hide the latency of the other's.
struct CoinPair {
    static constexpr std::size_t width = 2 * CoinLanes::width;
    CoinLanes a, b;
    static VEDETTE_INLINE CoinPair load(const std::uint64_t* from) noexcept {
        return {CoinLanes::load(from), CoinLanes::load(from + CoinLanes::width)};
    }
    static VEDETTE_INLINE CoinPair load(const std::int64_t* from) noexcept {
        return {CoinLanes::load(from), CoinLanes::load(from + CoinLanes::width)};
    }
    static VEDETTE_INLINE CoinPair all(std::uint64_t x) noexcept { return {CoinLanes::all(x), CoinLanes::all(x)}; }
    VEDETTE_INLINE CoinPair up(unsigned by) const noexcept { return {a.up(by), b.up(by)}; }
    VEDETTE_INLINE CoinPair down(unsigned by) const noexcept { return {a.down(by), b.down(by)}; }
    VEDETTE_INLINE CoinPair down(CoinPair by) const noexcept { return {a.down(by.a), b.down(by.b)}; }
    VEDETTE_INLINE CoinPair halves(CoinPair o) const noexcept { return {a.halves(o.a), b.halves(o.b)}; }
    VEDETTE_INLINE CoinPair operator+(CoinPair o) const noexcept { return {a + o.a, b + o.b}; }
    VEDETTE_INLINE CoinPair operator-(CoinPair o) const noexcept { return {a - o.a, b - o.b}; }
    VEDETTE_INLINE CoinPair operator&(CoinPair o) const noexcept { return {a & o.a, b & o.b}; }
    VEDETTE_INLINE CoinPair operator|(CoinPair o) const noexcept { return {a | o.a, b | o.b}; }
    VEDETTE_INLINE CoinPair operator^(CoinPair o) const noexcept { return {a ^ o.a, b ^ o.b}; }
    VEDETTE_INLINE bool any() const noexcept { return (a | b).any(); }
    VEDETTE_INLINE std::size_t store_kept(CoinPair keep, std::int64_t* to) const noexcept {
        const std::size_t first = a.store_kept(keep.a, to);
        return first + b.store_kept(keep.b, to + first);
    }
};

// A factor and its upper half, which several products share.
template <class Lanes>
struct CoinFactor {
    Lanes v, high;
    explicit VEDETTE_INLINE CoinFactor(Lanes x) noexcept : v(x), high(x.down(32)) {}
};
// The upper half of a product, up to 2 too small: without the product of the lower halves and its carry.
template <class Lanes>
VEDETTE_INLINE Lanes multiply_high(Lanes a, const CoinFactor<Lanes>& b) noexcept {
    const Lanes high = a.down(32);
    return high.halves(b.high) + high.halves(b.v).down(32) + a.halves(b.high).down(32);
}

// The same bits, where a is below 2^32, or has nothing below it; and for a square.
template <class Lanes>
VEDETTE_INLINE Lanes multiply_small(Lanes a, const CoinFactor<Lanes>& b) noexcept {
    return a.halves(b.high).down(32);
}
template <class Lanes>
VEDETTE_INLINE Lanes multiply_upper(Lanes a, const CoinFactor<Lanes>& b) noexcept {
    const Lanes high = a.down(32);
    return high.halves(b.high) + high.halves(b.v).down(32);
}
template <class Lanes>
VEDETTE_INLINE Lanes squared(const CoinFactor<Lanes>& a) noexcept {
    const Lanes mixed = a.high.halves(a.v).down(32);
    return a.high.halves(a.high) + (mixed + mixed);
}

template <class Lanes>
VEDETTE_INLINE Lanes exp_quotient(const CoinFactor<Lanes>& g) noexcept {
    static_assert(exp_even[4] >> 32U == 0 && exp_odd[3] >> 32U == 0);
    const CoinFactor<Lanes> square(squared(g));
    Lanes even = multiply_small(Lanes::all(exp_even[4]), square) + Lanes::all(exp_even[3]);
    Lanes odd = multiply_small(Lanes::all(exp_odd[3]), square) + Lanes::all(exp_odd[2]);
#pragma GCC unroll 3
    for (int k = 2; k >= 0; --k) even = multiply_high(even, square) + Lanes::all(exp_even[k]);
#pragma GCC unroll 2
    for (int k = 1; k >= 0; --k) odd = multiply_high(odd, square) + Lanes::all(exp_odd[k]);
    return even - multiply_high(odd, g);
}

// 2^63 2^-y, for y in units of 2^-61.
template <class Lanes>
VEDETTE_INLINE Lanes binary_exp(Lanes y) noexcept {
    const Lanes whole = y.down(64 - exp_integer_bits), f = y.up(exp_integer_bits), zero = Lanes::all(0);
    const CoinFactor<Lanes> g(f.up(2));
    const Lanes is_high = zero - f.down(63), is_odd = zero - (f.down(62) & Lanes::all(1));
    const CoinFactor<Lanes> quarter(Lanes::all(quarter_powers[0]) ^ (Lanes::all(quarter_odd) & is_odd) ^
                                    (Lanes::all(quarter_high) & is_high) ^
                                    (Lanes::all(quarter_both) & is_odd & is_high));
    const Lanes rest = multiply_high(exp_quotient(g), g) ^ Lanes::all(~std::uint64_t{0});
    return multiply_high(rest, quarter).down(whole + Lanes::all(1));
}
// The same for y below 1/4.
template <class Lanes>
VEDETTE_INLINE Lanes small_binary_exp(Lanes y) noexcept {
    const CoinFactor<Lanes> g(y.up(exp_integer_bits + 2));
    return (multiply_high(exp_quotient(g), g) ^ Lanes::all(~std::uint64_t{0})).down(1);
}

// `is_short`: L has at most 32 bits.
template <class Lanes, bool is_gaussian, bool is_short>
VEDETTE_INLINE bool judge_lanes(const NoiseCandidates* c, std::size_t begin, std::size_t end, std::int64_t* accepted,
                                std::size_t* kept) noexcept {
    const auto multiply_low = [](Lanes a, const CoinFactor<Lanes>& b) __attribute__((always_inline)) {
        return is_short ? multiply_upper(a, b) : multiply_high(a, b);
    };
    const Lanes mask = Lanes::all(~std::uint64_t{0} << (64 - c->low_bits)), one = Lanes::all(1);
    const Lanes error = Lanes::all(static_cast<std::uint64_t>(c->error)), zero = Lanes::all(0);
    const Lanes sign_mask = Lanes::all(c->sign_mask);
    const CoinFactor<Lanes> factor(Lanes::all(c->factor));
    Lanes open = zero;
    std::size_t place = *kept;
    for (std::size_t i = begin; i < end; i += Lanes::width) {
        const Lanes large = Lanes::load(c->large + i), sign = Lanes::load(c->signs + i) & sign_mask;
        const Lanes low = Lanes::load(c->low + i).up(c->low_shift) & mask;
        Lanes bound = zero;
        if constexpr (is_gaussian) {
            const Lanes sum = low.down(c->large_bits) + large.up(65 - c->large_bits);
            bound = binary_exp(multiply_high(multiply_low(low, CoinFactor<Lanes>(sum)), factor));
        } else {
            bound = small_binary_exp(multiply_low(low, factor));
        }
        const Lanes distance = bound - Lanes::load(c->coins + i).down(1);
        const Lanes yes = (error - distance).down(63), no = (error + distance).down(63);
        open = open | ((yes | no) ^ one);
        const Lanes size = large.up(c->low_bits) + low.down(64 - c->low_bits);
        const Lanes minus_zero = (size - one).down(63) & sign;
        place += ((size ^ (zero - sign)) + sign).store_kept(yes & (minus_zero ^ one), accepted + place);
    }
    *kept = place;
    return open.any();
}

template <bool is_gaussian, bool is_short>
VEDETTE_INLINE bool judge_pairs(const NoiseCandidates* c, std::int64_t* accepted, std::size_t* kept) noexcept {
    const std::size_t paired = c->count / CoinPair::width * CoinPair::width;
    const bool open = judge_lanes<CoinPair, is_gaussian, is_short>(c, 0, paired, accepted, kept);
    return judge_lanes<CoinLanes, is_gaussian, is_short>(c, paired, c->count, accepted, kept) || open;
}

template <bool is_gaussian>
bool judge_candidates(const NoiseCandidates* c, std::int64_t* accepted, std::size_t* kept) noexcept {
    return c->low_bits <= 32 ? judge_pairs<is_gaussian, true>(c, accepted, kept)
                             : judge_pairs<is_gaussian, false>(c, accepted, kept);
}

#else

using scalar::judge_candidates;

#endif

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
