// SPDX-License-Identifier: Apache-2.0
// Words against all thresholds of a law, in constant time. The twin is scalar_draws.hpp.
#pragma once

#include "kernels/draw_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

#if defined(__AVX512F__)

struct DrawLanes {
    static constexpr std::size_t width = 8;
    __m512i v;
    static VEDETTE_INLINE DrawLanes load(const void* from) noexcept { return {_mm512_loadu_si512(from)}; }
    static VEDETTE_INLINE DrawLanes all(std::int64_t x) noexcept { return {_mm512_set1_epi64(x)}; }
    VEDETTE_INLINE void store(std::int64_t* to) const noexcept { _mm512_storeu_si512(to, v); }
    VEDETTE_INLINE DrawLanes halved() const noexcept { return {_mm512_srli_epi64(v, 1)}; }
    VEDETTE_INLINE DrawLanes shifted(unsigned by) const noexcept {
        return {_mm512_sll_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE DrawLanes plus(DrawLanes o) const noexcept { return {_mm512_add_epi64(v, o.v)}; }
    VEDETTE_INLINE DrawLanes negated_if(DrawLanes word, DrawLanes mask) const noexcept {
        return {_mm512_mask_sub_epi64(v, _mm512_test_epi64_mask(word.v, mask.v), _mm512_setzero_si512(), v)};
    }
    // This plus one where u is above the threshold.
    VEDETTE_INLINE DrawLanes counted(DrawLanes u, DrawLanes threshold) const noexcept {
        return {_mm512_mask_sub_epi64(v, _mm512_cmpgt_epi64_mask(u.v, threshold.v), v, _mm512_set1_epi64(-1))};
    }
    VEDETTE_INLINE bool any_equal(DrawLanes o) const noexcept { return _mm512_cmpeq_epi64_mask(v, o.v) != 0; }
};

#elif defined(__AVX2__)

struct DrawLanes {
    static constexpr std::size_t width = 4;
    __m256i v;
    static VEDETTE_INLINE DrawLanes load(const void* from) noexcept {
        return {_mm256_loadu_si256(static_cast<const __m256i*>(from))};
    }
    static VEDETTE_INLINE DrawLanes all(std::int64_t x) noexcept { return {_mm256_set1_epi64x(x)}; }
    VEDETTE_INLINE void store(std::int64_t* to) const noexcept {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
    }
    VEDETTE_INLINE DrawLanes halved() const noexcept { return {_mm256_srli_epi64(v, 1)}; }
    VEDETTE_INLINE DrawLanes shifted(unsigned by) const noexcept {
        return {_mm256_sll_epi64(v, _mm_cvtsi32_si128(static_cast<int>(by)))};
    }
    VEDETTE_INLINE DrawLanes plus(DrawLanes o) const noexcept { return {_mm256_add_epi64(v, o.v)}; }
    VEDETTE_INLINE DrawLanes negated_if(DrawLanes word, DrawLanes mask) const noexcept {
        const __m256i negative = _mm256_sub_epi64(_mm256_setzero_si256(), _mm256_and_si256(word.v, mask.v));
        return {_mm256_sub_epi64(_mm256_xor_si256(v, negative), negative)};
    }
    VEDETTE_INLINE DrawLanes counted(DrawLanes u, DrawLanes threshold) const noexcept {
        return {_mm256_sub_epi64(v, _mm256_cmpgt_epi64(u.v, threshold.v))};
    }
    VEDETTE_INLINE bool any_equal(DrawLanes o) const noexcept {
        return _mm256_movemask_epi8(_mm256_cmpeq_epi64(v, o.v)) != 0;
    }
};

#else

// Without comparisons of 64-bit lanes: both sides are below 2^63, so the sign of their difference tells.
struct DrawLanes {
    using Lanes = Batch<std::uint64_t>;
    static constexpr std::size_t width = Lanes::size;
    Lanes v;
    static VEDETTE_INLINE DrawLanes load(const void* from) noexcept {
        return {Lanes::load_unaligned(static_cast<const std::uint64_t*>(from))};
    }
    static VEDETTE_INLINE DrawLanes all(std::int64_t x) noexcept { return {Lanes(static_cast<std::uint64_t>(x))}; }
    VEDETTE_INLINE void store(std::int64_t* to) const noexcept {
        v.store_unaligned(reinterpret_cast<std::uint64_t*>(to));
    }
    VEDETTE_INLINE DrawLanes halved() const noexcept { return {v >> 1}; }
    VEDETTE_INLINE DrawLanes shifted(unsigned by) const noexcept { return {v << static_cast<int>(by)}; }
    VEDETTE_INLINE DrawLanes plus(DrawLanes o) const noexcept { return {v + o.v}; }
    VEDETTE_INLINE DrawLanes negated_if(DrawLanes word, DrawLanes mask) const noexcept {
        const Lanes negative = Lanes(std::uint64_t{0}) - (word.v & mask.v);
        return {(v ^ negative) - negative};
    }
    VEDETTE_INLINE DrawLanes counted(DrawLanes u, DrawLanes threshold) const noexcept {
        return {v + ((threshold.v - u.v) >> 63)};
    }
    VEDETTE_INLINE bool any_equal(DrawLanes o) const noexcept {
        alignas(64) std::uint64_t differences[width];
        (v ^ o.v).store_aligned(differences);
        bool any = false;
        for (std::size_t i = 0; i < width; ++i) any |= differences[i] == 0;
        return any;
    }
};

#endif

// What a vector of words makes of its outcomes.
struct DrawResult {
    DrawLanes every, mask;
    unsigned shift;

    VEDETTE_INLINE bool store(DrawLanes counts, DrawLanes word, std::int64_t* outcomes) const noexcept {
        const bool passed = counts.any_equal(every);
        if (shift < 64) counts = counts.plus(DrawLanes::load(outcomes).shifted(shift));
        counts.negated_if(word, mask).store(outcomes);
        return passed;
    }
};

bool count_thresholds(const std::uint64_t* words, std::size_t count, const std::int64_t* thresholds,
                      std::size_t threshold_count, unsigned shift, std::uint64_t sign_mask,
                      std::int64_t* outcomes) noexcept {
    constexpr std::size_t width = DrawLanes::width;
    static_assert(draw_group % width == 0);
    const DrawResult result{DrawLanes::all(static_cast<std::int64_t>(threshold_count)),
                            DrawLanes::all(static_cast<std::int64_t>(sign_mask)), shift};
    const DrawLanes zero = DrawLanes::all(0);
    bool passed = false;
    std::size_t i = 0;
    // Four counters at a time hide the latency of the comparisons and share the loads of the thresholds.
    for (; i + 4 * width <= count; i += 4 * width) {
        const DrawLanes word0 = DrawLanes::load(words + i), word1 = DrawLanes::load(words + i + width),
                        word2 = DrawLanes::load(words + i + 2 * width), word3 = DrawLanes::load(words + i + 3 * width);
        const DrawLanes u0 = word0.halved(), u1 = word1.halved(), u2 = word2.halved(), u3 = word3.halved();
        DrawLanes c0 = zero, c1 = zero, c2 = zero, c3 = zero;
        for (std::size_t k = 0; k < threshold_count; ++k) {
            const DrawLanes threshold = DrawLanes::all(thresholds[k]);
            c0 = c0.counted(u0, threshold);
            c1 = c1.counted(u1, threshold);
            c2 = c2.counted(u2, threshold);
            c3 = c3.counted(u3, threshold);
        }
        passed |= result.store(c0, word0, outcomes + i);
        passed |= result.store(c1, word1, outcomes + i + width);
        passed |= result.store(c2, word2, outcomes + i + 2 * width);
        passed |= result.store(c3, word3, outcomes + i + 3 * width);
    }
    for (; i < count; i += width) {
        const DrawLanes word = DrawLanes::load(words + i), u = word.halved();
        DrawLanes even = zero, odd = zero;
        std::size_t k = 0;
        for (; k + 2 <= threshold_count; k += 2) {
            even = even.counted(u, DrawLanes::all(thresholds[k]));
            odd = odd.counted(u, DrawLanes::all(thresholds[k + 1]));
        }
        if (k < threshold_count) even = even.counted(u, DrawLanes::all(thresholds[k]));
        passed |= result.store(even.plus(odd), word, outcomes + i);
    }
    return passed;
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
