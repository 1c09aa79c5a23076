// SPDX-License-Identifier: Apache-2.0
// Words against all thresholds of a law, in constant time. The twin is scalar_draws.hpp.
#pragma once

#include <type_traits>

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

#if defined(__AVX512F__)

// Up to 64 thresholds in registers, all but the last as a tree: level l has 2^l nodes, of which a lane that has passed
// r of those above takes the r-th. What reads a register reads all of it: the time is the same for every word.
struct ThresholdTree {
    static constexpr std::size_t most = 64;
    static constexpr unsigned most_levels = 6;
    alignas(64) std::int64_t nodes[most_levels][most / 2] = {};
    std::int64_t last;

    ThresholdTree(const std::int64_t* thresholds, std::size_t count, unsigned levels) noexcept
        : last(thresholds[count - 1]) {
        for (unsigned level = 0; level < levels; ++level)
            for (std::size_t r = 0; r < std::size_t{1} << level; ++r) {
                const std::size_t place = ((2 * r + 1) << (levels - 1 - level)) - 1;
                nodes[level][r] = place < count - 1 ? thresholds[place] : __INT64_MAX__;
            }
    }
    VEDETTE_INLINE __m512i at(unsigned level, std::size_t part) const noexcept {
        return _mm512_load_si512(nodes[level] + 8 * part);
    }
    template <unsigned levels>
    VEDETTE_INLINE DrawLanes passed_by(DrawLanes word) const noexcept {
        const __m512i u = word.v, one = _mm512_set1_epi64(1);
        const __mmask8 upper = _mm512_cmpgt_epi64_mask(u, _mm512_set1_epi64(nodes[0][0]));
        __m512i r = _mm512_maskz_mov_epi64(upper, one);
        const auto descend = [&](__m512i threshold) __attribute__((always_inline)) {
            const __m512i twice = _mm512_add_epi64(r, r);
            r = _mm512_mask_add_epi64(twice, _mm512_cmpgt_epi64_mask(u, threshold), twice, one);
        };
        descend(_mm512_mask_mov_epi64(_mm512_set1_epi64(nodes[1][0]), upper, _mm512_set1_epi64(nodes[1][1])));
        descend(_mm512_permutexvar_epi64(r, at(2, 0)));
        if constexpr (levels > 3) descend(_mm512_permutexvar_epi64(r, at(3, 0)));
        if constexpr (levels > 4) descend(_mm512_permutex2var_epi64(at(4, 0), r, at(4, 1)));
        if constexpr (levels > 5) {
            const __m512i low = _mm512_permutex2var_epi64(at(5, 0), r, at(5, 1));
            descend(_mm512_mask_mov_epi64(low, upper, _mm512_permutex2var_epi64(at(5, 2), r, at(5, 3))));
        }
        return {_mm512_mask_add_epi64(r, _mm512_cmpgt_epi64_mask(u, _mm512_set1_epi64(last)), r, one)};
    }
};

// As count_thresholds, for 2 to 64 of them; returns how many words are done.
template <unsigned levels>
std::size_t count_by_tree(const std::uint64_t* words, std::size_t count, const std::int64_t* thresholds,
                          std::size_t threshold_count, const DrawResult& result, std::int64_t* outcomes,
                          bool& passed) noexcept {
    const ThresholdTree tree(thresholds, threshold_count, levels);
    std::size_t i = 0;
    for (; i + DrawLanes::width <= count; i += DrawLanes::width) {
        const DrawLanes word = DrawLanes::load(words + i);
        passed |= result.store(tree.passed_by<levels>(word.halved()), word, outcomes + i);
    }
    return i;
}

#elif defined(__AVX2__)

// Thresholds but for the last, in four blocks of equal size: the ends of three tell a lane's block, and every further
// comparison is with the k-th of its own, which a permutation of four takes from a register.
struct ThresholdBlocks {
    static constexpr std::size_t most = 256;
    std::size_t size;
    alignas(32) std::int64_t kth[most / 4][4];  // the last row holds the blocks' ends
    alignas(32) std::int64_t before[4];

    ThresholdBlocks(const std::int64_t* thresholds, std::size_t count) noexcept : size((count + 3) / 4) {
        for (std::size_t block = 0; block < 4; ++block) {
            before[block] = static_cast<std::int64_t>(block * size);
            for (std::size_t k = 0; k < size; ++k) {
                const std::size_t place = block * size + k;
                kth[k][block] = place < count - 1 ? thresholds[place] : __INT64_MAX__;
            }
        }
    }
    VEDETTE_INLINE __m256i end_of(std::size_t block) const noexcept { return _mm256_set1_epi64x(kth[size - 1][block]); }
    // The halves that bring the entries of the lanes' blocks.
    VEDETTE_INLINE __m256i halves_for(DrawLanes u) const noexcept {
        const __m256i minus_block =
            _mm256_add_epi32(_mm256_add_epi32(_mm256_cmpgt_epi64(u.v, end_of(0)), _mm256_cmpgt_epi64(u.v, end_of(1))),
                             _mm256_cmpgt_epi64(u.v, end_of(2)));
        return _mm256_sub_epi32(_mm256_sub_epi32(_mm256_set1_epi64x(std::int64_t{1} << 32), minus_block), minus_block);
    }
    static VEDETTE_INLINE DrawLanes load(const std::int64_t (&row)[4]) noexcept { return DrawLanes::load(row); }
    static VEDETTE_INLINE DrawLanes taken(DrawLanes row, __m256i halves) noexcept {
        return {_mm256_permutevar8x32_epi32(row.v, halves)};
    }
};

// As count_by_tree.
std::size_t count_by_blocks(const std::uint64_t* words, std::size_t count, const std::int64_t* thresholds,
                            std::size_t threshold_count, const DrawResult& result, std::int64_t* outcomes,
                            bool& passed) noexcept {
    using Blocks = ThresholdBlocks;
    constexpr std::size_t width = DrawLanes::width;
    const Blocks blocks(thresholds, threshold_count);
    const DrawLanes last = DrawLanes::all(thresholds[threshold_count - 1]);
    std::size_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
        const DrawLanes word0 = DrawLanes::load(words + i), word1 = DrawLanes::load(words + i + width),
                        word2 = DrawLanes::load(words + i + 2 * width), word3 = DrawLanes::load(words + i + 3 * width);
        const DrawLanes u0 = word0.halved(), u1 = word1.halved(), u2 = word2.halved(), u3 = word3.halved();
        const __m256i h0 = blocks.halves_for(u0), h1 = blocks.halves_for(u1), h2 = blocks.halves_for(u2),
                      h3 = blocks.halves_for(u3);
        const DrawLanes before = Blocks::load(blocks.before);
        DrawLanes c0 = Blocks::taken(before, h0), c1 = Blocks::taken(before, h1), c2 = Blocks::taken(before, h2),
                  c3 = Blocks::taken(before, h3);
        for (std::size_t k = 0; k + 1 < blocks.size; ++k) {
            const DrawLanes row = Blocks::load(blocks.kth[k]);
            c0 = c0.counted(u0, Blocks::taken(row, h0));
            c1 = c1.counted(u1, Blocks::taken(row, h1));
            c2 = c2.counted(u2, Blocks::taken(row, h2));
            c3 = c3.counted(u3, Blocks::taken(row, h3));
        }
        passed |= result.store(c0.counted(u0, last), word0, outcomes + i);
        passed |= result.store(c1.counted(u1, last), word1, outcomes + i + width);
        passed |= result.store(c2.counted(u2, last), word2, outcomes + i + 2 * width);
        passed |= result.store(c3.counted(u3, last), word3, outcomes + i + 3 * width);
    }
    return i;
}

#endif

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
#if defined(__AVX512F__)
    // A tree is made in the time that it saves some twenty words.
    constexpr std::size_t least_words = 32;
    if (count >= least_words && threshold_count >= 2 && threshold_count <= ThresholdTree::most) {
        const auto run = [&](auto levels) {
            return count_by_tree<decltype(levels)::value>(words, count, thresholds, threshold_count, result, outcomes,
                                                          passed);
        };
        if (threshold_count <= 8)
            i = run(std::integral_constant<unsigned, 3>{});
        else if (threshold_count <= 16)
            i = run(std::integral_constant<unsigned, 4>{});
        else if (threshold_count <= 32)
            i = run(std::integral_constant<unsigned, 5>{});
        else
            i = run(std::integral_constant<unsigned, 6>{});
    }
#elif defined(__AVX2__)
    constexpr std::size_t least_words = 32, least_thresholds = 8;
    if (count >= least_words && threshold_count >= least_thresholds && threshold_count <= ThresholdBlocks::most)
        i = count_by_blocks(words, count, thresholds, threshold_count, result, outcomes, passed);
#endif
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
