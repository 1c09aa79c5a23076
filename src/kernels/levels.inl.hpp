// SPDX-License-Identifier: Apache-2.0
// Locating floats among up to 63 edges, a vector at a time: a binary search whose levels are registers, looked up by
// permutation. Part of the intrinsics island: xsimd 8.1 has no permutation by run-time indices.
#pragma once

#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

inline constexpr std::size_t most_level_edges = 63;

#if defined(__AVX2__)
#define VEDETTE_KERNEL_HAS_LEVELS

// Level l of a search among 2^bits - 1 edges has 2^l candidates, the cells found so far choose among them. Edges that
// are not there are NaN, which nothing reaches.
struct LevelTables {
    alignas(64) float candidates[6][32];

    LevelTables(const float* edges, std::size_t edge_count, unsigned bits) noexcept {
        for (unsigned level = 0; level < 6; ++level) {
            for (std::size_t i = 0; i < 32; ++i) {
                const std::size_t place = level < bits && i < (std::size_t{1} << level)
                                              ? ((2 * i + 1) << (bits - level - 1)) - 1
                                              : edge_count;
                candidates[level][i] = place < edge_count ? edges[place] : not_a_number<float>;
            }
        }
    }
};

#if defined(__AVX512F__)

template <unsigned bits>
class LevelSearch {
  public:
    static constexpr std::size_t width = 16;
    explicit LevelSearch(const LevelTables& tables) noexcept {
        for (unsigned level = 0; level < bits; ++level) levels_[level] = _mm512_load_ps(tables.candidates[level]);
        if constexpr (bits == 6) last_ = _mm512_load_ps(tables.candidates[5] + 16);
    }
    // The cells of 16 values as bytes; whether any is not finite, as a mask.
    VEDETTE_INLINE unsigned locate(const float* x, unsigned char* cells) const noexcept {
        constexpr int not_finite = 0x99;  // quiet and signalling NaN, either infinity
        const __m512 v = _mm512_loadu_ps(x);
        __m512i cell = _mm512_setzero_si512();
#pragma GCC unroll 6
        for (unsigned level = 0; level < bits; ++level) {
            const __m512 candidate = level < 5   ? _mm512_permutexvar_ps(cell, levels_[level])
                                     : bits == 6 ? _mm512_permutex2var_ps(levels_[level], cell, last_)
                                                 : v;
            const __mmask16 above = _mm512_cmp_ps_mask(v, candidate, _CMP_GE_OQ);
            const __m512i twice = _mm512_add_epi32(cell, cell);
            cell = _mm512_mask_sub_epi32(twice, above, twice, _mm512_set1_epi32(-1));
        }
        _mm_storeu_si128(reinterpret_cast<__m128i*>(cells), _mm512_cvtepi32_epi8(cell));
        return _mm512_fpclass_ps_mask(v, not_finite);
    }

  private:
    __m512 levels_[bits];
    __m512 last_ = _mm512_setzero_ps();
};

#else

template <unsigned bits>
class LevelSearch {
  public:
    static constexpr std::size_t width = 16;
    explicit LevelSearch(const LevelTables& tables) noexcept {
        for (unsigned level = 0; level < bits; ++level)
            for (unsigned i = 0; i < 4; ++i) levels_[level][i] = _mm256_load_ps(tables.candidates[level] + 8 * i);
    }
    VEDETTE_INLINE unsigned locate(const float* x, unsigned char* cells) const noexcept {
        const __m256 low = _mm256_loadu_ps(x), high = _mm256_loadu_ps(x + 8);
        // 16-bit, then 8-bit lanes; packing works within halves.
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(locate_eight(low), locate_eight(high)), 0xD8);
        const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(cells), bytes);
        return static_cast<unsigned>(_mm256_movemask_ps(_mm256_or_ps(not_finite(low), not_finite(high))));
    }

  private:
    static VEDETTE_INLINE __m256 not_finite(__m256 v) noexcept {
        const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0F), v);
        return _mm256_cmp_ps(magnitude, _mm256_set1_ps(Limits<float>::largest), _CMP_NLE_UQ);
    }
    // Of two registers of candidates the one that bit `bit` of the cell asks for.
    template <int bit>
    static VEDETTE_INLINE __m256 choose(__m256i cell, __m256 low, __m256 high) noexcept {
        return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(cell, 31 - bit)));
    }
    VEDETTE_INLINE __m256i locate_eight(__m256 v) const noexcept {
        __m256i cell = _mm256_setzero_si256();
#pragma GCC unroll 6
        for (unsigned level = 0; level < bits; ++level) {
            const auto of = [&](unsigned i) { return _mm256_permutevar8x32_ps(levels_[level][i], cell); };
            __m256 candidate = of(0);
            if (level == 4) candidate = choose<3>(cell, candidate, of(1));
            if (level == 5)
                candidate = choose<4>(cell, choose<3>(cell, candidate, of(1)), choose<3>(cell, of(2), of(3)));
            const __m256i above = _mm256_castps_si256(_mm256_cmp_ps(v, candidate, _CMP_GE_OQ));
            cell = _mm256_sub_epi32(_mm256_add_epi32(cell, cell), above);
        }
        return cell;
    }

    __m256 levels_[bits][4];
};

#endif

// Adds how often each of 1 .. 15 comes among the bytes, at most 4,096 and a multiple of 64.
VEDETTE_INLINE void count_bytes(const unsigned char* cells, std::size_t n, std::size_t first, std::size_t last,
                                std::uint64_t* counts) noexcept {
    for (std::size_t wanted = first; wanted <= last; wanted += 5) {
#if defined(__AVX512F__)
        constexpr std::size_t width = 64;
        __m512i sums[5] = {};
        for (std::size_t i = 0; i < n; i += width) {
            const __m512i v = _mm512_load_si512(cells + i);
#pragma GCC unroll 5
            for (std::size_t k = 0; k < 5; ++k) {
                const __mmask64 equal = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(static_cast<char>(wanted + k)));
                sums[k] = _mm512_mask_sub_epi8(sums[k], equal, sums[k], _mm512_set1_epi8(-1));
            }
        }
        for (std::size_t k = 0; k < 5; ++k)
            if (wanted + k <= last)
                counts[wanted + k] += static_cast<std::uint64_t>(
                    _mm512_reduce_add_epi64(_mm512_sad_epu8(sums[k], _mm512_setzero_si512())));
#else
        constexpr std::size_t width = 32;
        __m256i sums[5] = {};
        for (std::size_t i = 0; i < n; i += width) {
            const __m256i v = _mm256_load_si256(reinterpret_cast<const __m256i*>(cells + i));
#pragma GCC unroll 5
            for (std::size_t k = 0; k < 5; ++k)
                sums[k] =
                    _mm256_sub_epi8(sums[k], _mm256_cmpeq_epi8(v, _mm256_set1_epi8(static_cast<char>(wanted + k))));
        }
        for (std::size_t k = 0; k < 5; ++k) {
            if (wanted + k > last) continue;
            alignas(32) std::uint64_t words[4];
            _mm256_store_si256(reinterpret_cast<__m256i*>(words), _mm256_sad_epu8(sums[k], _mm256_setzero_si256()));
            counts[wanted + k] += sum_words(words);
        }
#endif
    }
}

#endif  // __AVX2__

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
