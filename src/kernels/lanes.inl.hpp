// SPDX-License-Identifier: Apache-2.0
// The intrinsics island: lane counters, counting in a sorted block of eight, widening; what xsimd 8.1 has no word for.
// Included once per ISA source, which defines VEDETTE_KERNEL_ISA and VEDETTE_KERNEL_ARCH. The twin is scalar.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <xsimd/xsimd.hpp>

#define VEDETTE_INLINE inline __attribute__((always_inline))

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

using Arch = VEDETTE_KERNEL_ARCH;
template <class T>
using Batch = xsimd::batch<T, Arch>;
template <class T>
using Mask = xsimd::batch_bool<T, Arch>;

// One counter per lane. A lane of Tally<float> holds 32 bits: fold before 2^32 additions.
template <class T>
struct Tally;

template <class Word, std::size_t n>
VEDETTE_INLINE std::uint64_t sum_words(const Word (&words)[n]) noexcept {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += words[i];
    return sum;
}

#if defined(__AVX2__)
// The extremes of floats from those of their bits: as integers, positive floats are ordered upwards and negative ones
// downwards. True if there is a zero of either sign.
VEDETTE_INLINE bool decode_extremes(int low, int high, int unsigned_low, int unsigned_high, float& min,
                                    float& max) noexcept {
    min = __builtin_bit_cast(float, unsigned_high < 0 ? unsigned_high : unsigned_low);
    max = __builtin_bit_cast(float, high >= 0 ? high : low);
    return unsigned_low == 0 || low == -__INT_MAX__ - 1;
}
#endif

#if defined(__AVX512F__)

template <>
struct Tally<float> {
    __m512i lanes = _mm512_setzero_si512();
    VEDETTE_INLINE void add(Mask<float> m) noexcept {
        lanes = _mm512_mask_sub_epi32(lanes, m, lanes, _mm512_set1_epi32(-1));
    }
    VEDETTE_INLINE std::uint64_t total() const noexcept {
        const __m512i pairs =
            _mm512_add_epi64(_mm512_srli_epi64(lanes, 32), _mm512_and_si512(lanes, _mm512_set1_epi64(0xFFFFFFFFLL)));
        return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(pairs));
    }
};
template <>
struct Tally<double> {
    __m512i lanes = _mm512_setzero_si512();
    VEDETTE_INLINE void add(Mask<double> m) noexcept {
        lanes = _mm512_mask_sub_epi64(lanes, m, lanes, _mm512_set1_epi64(-1));
    }
    VEDETTE_INLINE std::uint64_t total() const noexcept {
        return static_cast<std::uint64_t>(_mm512_reduce_add_epi64(lanes));
    }
};
// Extremes of the bits of floats: integer instructions run on more ports than comparisons of floats.
struct WordRange {
    __m512i low = _mm512_set1_epi32(__INT32_MAX__), high = _mm512_set1_epi32(-__INT32_MAX__ - 1);
    __m512i unsigned_low = _mm512_set1_epi32(-1), unsigned_high = _mm512_setzero_si512();
    VEDETTE_INLINE void add_step(const float* x) noexcept {
        const __m512i v = _mm512_loadu_si512(x);
        low = _mm512_min_epi32(low, v);
        high = _mm512_max_epi32(high, v);
        unsigned_low = _mm512_min_epu32(unsigned_low, v);
        unsigned_high = _mm512_max_epu32(unsigned_high, v);
        __asm__ volatile("" : "+v"(low), "+v"(high), "+v"(unsigned_low), "+v"(unsigned_high));
    }
    VEDETTE_INLINE void add_step(const float* x, __mmask16 kept) noexcept {
        const __m512i v = _mm512_loadu_si512(x);
        low = _mm512_mask_min_epi32(low, kept, low, v);
        high = _mm512_mask_max_epi32(high, kept, high, v);
        unsigned_low = _mm512_mask_min_epu32(unsigned_low, kept, unsigned_low, v);
        unsigned_high = _mm512_mask_max_epu32(unsigned_high, kept, unsigned_high, v);
        __asm__ volatile("" : "+v"(low), "+v"(high), "+v"(unsigned_low), "+v"(unsigned_high));
    }
    VEDETTE_INLINE bool fold(float& min, float& max) const noexcept {
        return decode_extremes(_mm512_reduce_min_epi32(low), _mm512_reduce_max_epi32(high),
                               static_cast<int>(_mm512_reduce_min_epu32(unsigned_low)),
                               static_cast<int>(_mm512_reduce_max_epu32(unsigned_high)), min, max);
    }
};
VEDETTE_INLINE std::uint32_t count_not_above(const float* block, float x) noexcept {
    return static_cast<std::uint32_t>(
        __builtin_popcount(_mm256_cmp_ps_mask(_mm256_load_ps(block), _mm256_set1_ps(x), _CMP_LE_OQ)));
}
VEDETTE_INLINE std::uint32_t count_not_above(const double* block, double x) noexcept {
    return static_cast<std::uint32_t>(
        __builtin_popcount(_mm512_cmp_pd_mask(_mm512_load_pd(block), _mm512_set1_pd(x), _CMP_LE_OQ)));
}
VEDETTE_INLINE Batch<double> load_double(const float* x) noexcept {
    return Batch<double>(_mm512_cvtps_pd(_mm256_loadu_ps(x)));
}
// x where kept, else 0.
VEDETTE_INLINE Batch<double> load_kept(const float* x, __mmask8 kept) noexcept {
    return Batch<double>(_mm512_maskz_cvtps_pd(kept, _mm256_loadu_ps(x)));
}
VEDETTE_INLINE Batch<double> subtract_kept(Batch<double> x, Batch<double> shift, __mmask8 kept) noexcept {
    return Batch<double>(_mm512_maskz_sub_pd(kept, x, shift));
}
VEDETTE_INLINE __mmask8 lower_half(__mmask16 bits) noexcept {
    return static_cast<__mmask8>(bits);
}
VEDETTE_INLINE __mmask8 upper_half(__mmask16 bits) noexcept {
    return static_cast<__mmask8>(_kshiftri_mask16(bits, 8));
}
// Bit i of a step of 16: x[i] is finite.
VEDETTE_INLINE __mmask16 finite_bits(const float* x) noexcept {
    return _knot_mask16(_mm512_fpclass_ps_mask(_mm512_loadu_ps(x), 0x99));
}
VEDETTE_INLINE std::uint64_t count_nan(const float* x) noexcept {
    return static_cast<std::uint64_t>(__builtin_popcount(_mm512_fpclass_ps_mask(_mm512_loadu_ps(x), 0x81)));
}

#elif defined(__AVX2__)

VEDETTE_INLINE std::uint64_t sum_of_four(__m256i words) noexcept {
    const __m128i half = _mm_add_epi64(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    return static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_add_epi64(half, _mm_unpackhi_epi64(half, half))));
}

template <>
struct Tally<float> {
    __m256i lanes = _mm256_setzero_si256();
    VEDETTE_INLINE void add(Mask<float> m) noexcept { lanes = _mm256_sub_epi32(lanes, _mm256_castps_si256(m)); }
    VEDETTE_INLINE std::uint64_t total() const noexcept {
        return sum_of_four(
            _mm256_add_epi64(_mm256_srli_epi64(lanes, 32), _mm256_and_si256(lanes, _mm256_set1_epi64x(0xFFFFFFFFLL))));
    }
};
template <>
struct Tally<double> {
    __m256i lanes = _mm256_setzero_si256();
    VEDETTE_INLINE void add(Mask<double> m) noexcept { lanes = _mm256_sub_epi64(lanes, _mm256_castpd_si256(m)); }
    VEDETTE_INLINE std::uint64_t total() const noexcept { return sum_of_four(lanes); }
};
template <class Operation>
VEDETTE_INLINE int fold_lanes(__m256i v, Operation operation) noexcept {
    __m128i half = operation(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    half = operation(half, _mm_shuffle_epi32(half, 0x4E));
    return _mm_cvtsi128_si32(operation(half, _mm_shuffle_epi32(half, 0xB1)));
}
struct WordRange {
    __m256i low = _mm256_set1_epi32(__INT32_MAX__), high = _mm256_set1_epi32(-__INT32_MAX__ - 1);
    __m256i unsigned_low = _mm256_set1_epi32(-1), unsigned_high = _mm256_setzero_si256();
    VEDETTE_INLINE void add_step(const float* x) noexcept {
        const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
        const __m256i w = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + 8));
        low = _mm256_min_epi32(low, _mm256_min_epi32(v, w));
        high = _mm256_max_epi32(high, _mm256_max_epi32(v, w));
        unsigned_low = _mm256_min_epu32(unsigned_low, _mm256_min_epu32(v, w));
        unsigned_high = _mm256_max_epu32(unsigned_high, _mm256_max_epu32(v, w));
        __asm__ volatile("" : "+x"(low), "+x"(high), "+x"(unsigned_low), "+x"(unsigned_high));
    }
    VEDETTE_INLINE bool fold(float& min, float& max) const noexcept {
        // Shuffles rather than an array: g++ would keep what goes to an array in memory during the loop.
        return decode_extremes(fold_lanes(low, [](__m128i a, __m128i b) { return _mm_min_epi32(a, b); }),
                               fold_lanes(high, [](__m128i a, __m128i b) { return _mm_max_epi32(a, b); }),
                               fold_lanes(unsigned_low, [](__m128i a, __m128i b) { return _mm_min_epu32(a, b); }),
                               fold_lanes(unsigned_high, [](__m128i a, __m128i b) { return _mm_max_epu32(a, b); }), min,
                               max);
    }
};
VEDETTE_INLINE std::uint32_t count_not_above(const float* block, float x) noexcept {
    const __m256 m = _mm256_cmp_ps(_mm256_load_ps(block), _mm256_set1_ps(x), _CMP_LE_OQ);
    return static_cast<std::uint32_t>(__builtin_popcount(static_cast<unsigned>(_mm256_movemask_ps(m))));
}
VEDETTE_INLINE std::uint32_t count_not_above(const double* block, double x) noexcept {
    const __m256d v = _mm256_set1_pd(x);
    const __m256d low = _mm256_cmp_pd(_mm256_load_pd(block), v, _CMP_LE_OQ);
    const __m256d high = _mm256_cmp_pd(_mm256_load_pd(block + 4), v, _CMP_LE_OQ);
    // The order of the bits does not matter to a count, so one 32-bit-lane pack serves both halves.
    const __m256 both = _mm256_shuffle_ps(_mm256_castpd_ps(low), _mm256_castpd_ps(high), 0x88);
    return static_cast<std::uint32_t>(__builtin_popcount(static_cast<unsigned>(_mm256_movemask_ps(both))));
}
VEDETTE_INLINE Batch<double> load_double(const float* x) noexcept {
    return Batch<double>(_mm256_cvtps_pd(_mm_loadu_ps(x)));
}

#elif defined(__SSE2__)

template <>
struct Tally<float> {
    __m128i lanes = _mm_setzero_si128();
    VEDETTE_INLINE void add(Mask<float> m) noexcept { lanes = _mm_sub_epi32(lanes, _mm_castps_si128(m)); }
    VEDETTE_INLINE std::uint64_t total() const noexcept {
        alignas(16) std::uint32_t words[4];
        _mm_store_si128(reinterpret_cast<__m128i*>(words), lanes);
        return sum_words(words);
    }
};
template <>
struct Tally<double> {
    __m128i lanes = _mm_setzero_si128();
    VEDETTE_INLINE void add(Mask<double> m) noexcept { lanes = _mm_sub_epi64(lanes, _mm_castpd_si128(m)); }
    VEDETTE_INLINE std::uint64_t total() const noexcept {
        alignas(16) std::uint64_t words[2];
        _mm_store_si128(reinterpret_cast<__m128i*>(words), lanes);
        return sum_words(words);
    }
};
// Without a popcount instruction: a sorted block gives a run of ones from bit 0, so count its length.
VEDETTE_INLINE std::uint32_t run_length(int mask) noexcept {
    return static_cast<std::uint32_t>(__builtin_ctz(~static_cast<unsigned>(mask)));
}
VEDETTE_INLINE std::uint32_t count_not_above(const float* block, float x) noexcept {
    const __m128 v = _mm_set1_ps(x);
    const int low = _mm_movemask_ps(_mm_cmple_ps(_mm_load_ps(block), v));
    const int high = _mm_movemask_ps(_mm_cmple_ps(_mm_load_ps(block + 4), v));
    return run_length(low | high << 4);
}
VEDETTE_INLINE std::uint32_t count_not_above(const double* block, double x) noexcept {
    const __m128d v = _mm_set1_pd(x);
    const __m128 m0 = _mm_castpd_ps(_mm_cmple_pd(_mm_load_pd(block), v));
    const __m128 m1 = _mm_castpd_ps(_mm_cmple_pd(_mm_load_pd(block + 2), v));
    const __m128 m2 = _mm_castpd_ps(_mm_cmple_pd(_mm_load_pd(block + 4), v));
    const __m128 m3 = _mm_castpd_ps(_mm_cmple_pd(_mm_load_pd(block + 6), v));
    const int low = _mm_movemask_ps(_mm_shuffle_ps(m0, m1, 0x88));
    const int high = _mm_movemask_ps(_mm_shuffle_ps(m2, m3, 0x88));
    return run_length(low | high << 4);
}
VEDETTE_INLINE Batch<double> load_double(const float* x) noexcept {
    return Batch<double>(_mm_cvtps_pd(_mm_castsi128_ps(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(x)))));
}

#else  // aarch64

template <>
struct Tally<float> {
    uint32x4_t lanes = vdupq_n_u32(0);
    VEDETTE_INLINE void add(Mask<float> m) noexcept { lanes = vsubq_u32(lanes, m); }
    VEDETTE_INLINE std::uint64_t total() const noexcept { return vaddlvq_u32(lanes); }
};
template <>
struct Tally<double> {
    uint64x2_t lanes = vdupq_n_u64(0);
    VEDETTE_INLINE void add(Mask<double> m) noexcept { lanes = vsubq_u64(lanes, m); }
    VEDETTE_INLINE std::uint64_t total() const noexcept { return vaddvq_u64(lanes); }
};
VEDETTE_INLINE std::uint32_t count_not_above(const float* block, float x) noexcept {
    const float32x4_t v = vdupq_n_f32(x);
    const uint32x4_t m = vaddq_u32(vcleq_f32(vld1q_f32(block), v), vcleq_f32(vld1q_f32(block + 4), v));
    return 0U - vaddvq_u32(m);
}
VEDETTE_INLINE std::uint32_t count_not_above(const double* block, double x) noexcept {
    const float64x2_t v = vdupq_n_f64(x);
    const uint64x2_t low = vaddq_u64(vcleq_f64(vld1q_f64(block), v), vcleq_f64(vld1q_f64(block + 2), v));
    const uint64x2_t high = vaddq_u64(vcleq_f64(vld1q_f64(block + 4), v), vcleq_f64(vld1q_f64(block + 6), v));
    return static_cast<std::uint32_t>(0U - vaddvq_u64(vaddq_u64(low, high)));
}
VEDETTE_INLINE Batch<double> load_double(const float* x) noexcept {
    return Batch<double>(vcvt_f64_f32(vld1_f32(x)));
}

#endif

VEDETTE_INLINE float least_lane(Batch<float> x) noexcept {
    alignas(64) float lanes[Batch<float>::size];
    x.store_aligned(lanes);
    float least = lanes[0];
    for (const float lane : lanes) least = lane < least ? lane : least;
    return least;
}

// v where the mask holds, else 0. (The select of xsimd 8.1 for 512 bits of int32 does not compile without
// optimisation.)
VEDETTE_INLINE Batch<std::int32_t> where(Mask<std::int32_t> m, Batch<std::int32_t> v) noexcept {
#if defined(__AVX512F__)
    return Batch<std::int32_t>(_mm512_maskz_mov_epi32(m, v));
#else
    return xsimd::select(m, v, Batch<std::int32_t>(0));
#endif
}
// sum + x * x, where the square is exact: fused or not, the bits are the same. (xsimd 8.1 does not fuse 512 bits.)
VEDETTE_INLINE Batch<double> add_exact_square(Batch<double> sum, Batch<double> x) noexcept {
#if defined(__AVX512F__)
    return Batch<double>(_mm512_fmadd_pd(x, x, sum));
#else
    return xsimd::fma(x, x, sum);
#endif
}
// The extremes of the lanes.
VEDETTE_INLINE std::int32_t highest_lane(Batch<std::int32_t> v) noexcept {
#if defined(__AVX512F__)
    return _mm512_reduce_max_epi32(v);
#elif defined(__AVX2__)
    return fold_lanes(v, [](__m128i a, __m128i b) { return _mm_max_epi32(a, b); });
#else
    alignas(16) std::int32_t lanes[4];
    v.store_aligned(lanes);
    const std::int32_t low = lanes[0] < lanes[1] ? lanes[1] : lanes[0];
    const std::int32_t high = lanes[2] < lanes[3] ? lanes[3] : lanes[2];
    return low < high ? high : low;
#endif
}
VEDETTE_INLINE std::int32_t lowest_lane(Batch<std::int32_t> v) noexcept {
#if defined(__AVX512F__)
    return _mm512_reduce_min_epi32(v);
#elif defined(__AVX2__)
    return fold_lanes(v, [](__m128i a, __m128i b) { return _mm_min_epi32(a, b); });
#else
    alignas(16) std::int32_t lanes[4];
    v.store_aligned(lanes);
    const std::int32_t low = lanes[1] < lanes[0] ? lanes[1] : lanes[0];
    const std::int32_t high = lanes[3] < lanes[2] ? lanes[3] : lanes[2];
    return high < low ? high : low;
#endif
}

// Both at once: the highest lane of one, the lowest of the other.
struct LaneRange {
    std::int32_t highest, lowest;
};
VEDETTE_INLINE LaneRange lane_range(Batch<std::int32_t> high, Batch<std::int32_t> low) noexcept {
#if defined(__AVX2__)
#if defined(__AVX512F__)
    const __m256i upper = _mm256_max_epi32(_mm512_castsi512_si256(high), _mm512_extracti64x4_epi64(high, 1));
    const __m256i lower = _mm256_min_epi32(_mm512_castsi512_si256(low), _mm512_extracti64x4_epi64(low, 1));
#else
    const __m256i upper = high, lower = low;
#endif
    // With the lower ones turned over, one chain of maxima serves both.
    const __m128i h = _mm_max_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1));
    const __m128i l = _mm_xor_si128(_mm_min_epi32(_mm256_castsi256_si128(lower), _mm256_extracti128_si256(lower, 1)),
                                    _mm_set1_epi32(-1));
    __m128i both = _mm_max_epi32(_mm_unpacklo_epi32(h, l), _mm_unpackhi_epi32(h, l));
    both = _mm_max_epi32(both, _mm_shuffle_epi32(both, 0x4E));
    return {_mm_cvtsi128_si32(both), ~_mm_extract_epi32(both, 1)};
#else
    return {highest_lane(high), lowest_lane(low)};
#endif
}

// Bit l tells of lane l.
VEDETTE_INLINE unsigned mask_bits(Mask<float> m) noexcept {
#if defined(__AVX512F__)
    return static_cast<unsigned>(static_cast<__mmask16>(m));
#elif defined(__AVX2__)
    return static_cast<unsigned>(_mm256_movemask_ps(m));
#elif defined(__SSE2__)
    return static_cast<unsigned>(_mm_movemask_ps(m));
#else
    static constexpr std::uint32_t weights[4] = {1, 2, 4, 8};
    return vaddvq_u32(vandq_u32(m, vld1q_u32(weights)));
#endif
}

VEDETTE_INLINE unsigned mask_bits(Mask<double> m) noexcept {
#if defined(__AVX512F__)
    return static_cast<unsigned>(static_cast<__mmask8>(m));
#elif defined(__AVX2__)
    return static_cast<unsigned>(_mm256_movemask_pd(m));
#elif defined(__SSE2__)
    return static_cast<unsigned>(_mm_movemask_pd(m));
#else
    return static_cast<unsigned>(m.get(0)) | static_cast<unsigned>(m.get(1)) << 1U;
#endif
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// For each set of lanes the places of those within it, in order, a byte each.
struct ChosenPlaces {
    std::uint64_t of[256];
    constexpr ChosenPlaces() noexcept : of() {
        for (unsigned bits = 0; bits < 256; ++bits) {
            unsigned at = 0;
            for (unsigned lane = 0; lane < 8; ++lane)
                if ((bits >> lane & 1U) != 0) of[bits] |= std::uint64_t{lane} << 8U * at++;
        }
    }
};
inline constexpr ChosenPlaces chosen_places;
#endif

// The chosen lanes, in order, to `out`, which has room for all; their number.
VEDETTE_INLINE std::size_t store_chosen(Batch<float> v, Mask<float> chosen, float* out) noexcept {
    unsigned bits = mask_bits(chosen);
    const auto count = static_cast<std::size_t>(__builtin_popcount(bits));
#if defined(__AVX512F__)
    // Not to memory: some CPUs take over a hundred cycles for that.
    _mm512_storeu_ps(out, _mm512_maskz_compress_ps(static_cast<__mmask16>(bits), v));
#elif defined(__AVX2__)
    const __m128i places = _mm_cvtsi64_si128(static_cast<long long>(chosen_places.of[bits]));
    _mm256_storeu_ps(out, _mm256_permutevar8x32_ps(v, _mm256_cvtepu8_epi32(places)));
#else
    alignas(16) float lanes[Batch<float>::size];
    v.store_aligned(lanes);
    for (; bits != 0; bits &= bits - 1) *out++ = lanes[__builtin_ctz(bits)];
#endif
    return count;
}

template <class T>
struct Limits;
template <>
struct Limits<float> {
    using Word = std::uint32_t;
    static constexpr Word infinity_bits = 0x7F800000U;
    static constexpr float largest = __FLT_MAX__;
};
template <>
struct Limits<double> {
    using Word = std::uint64_t;
    static constexpr Word infinity_bits = 0x7FF0000000000000U;
    static constexpr double largest = __DBL_MAX__;
};
template <class T>
inline constexpr T infinity = static_cast<T>(__builtin_inff());
template <class T>
inline constexpr T not_a_number = static_cast<T>(__builtin_nanf(""));
template <class T>
VEDETTE_INLINE Mask<T> finite_lanes(Batch<T> v) noexcept {
    return xsimd::abs(v) <= Batch<T>(Limits<T>::largest);
}
template <class T>
VEDETTE_INLINE bool all_finite(Batch<T> v) noexcept {
#if defined(__AVX512DQ__)
    constexpr int nan_or_infinite = 0x99;
    if constexpr (sizeof(T) == sizeof(float))
        return _kortestz_mask16_u8(_mm512_fpclass_ps_mask(v, nan_or_infinite), 0) != 0;
    else
        return _mm512_fpclass_pd_mask(v, nan_or_infinite) == 0;
#else
    return xsimd::all(finite_lanes(v));
#endif
}

// One vector of doubles.
VEDETTE_INLINE Batch<double> load_double(const double* x) noexcept {
    return Batch<double>::load_unaligned(x);
}

// The lanes of a vector of floats as doubles, in order.
template <std::size_t parts>
VEDETTE_INLINE void widen_halves(Batch<float> x, Batch<double> (&out)[parts]) noexcept {
    static_assert(parts == 2);
#if defined(__AVX512F__)
    out[0] = Batch<double>(_mm512_cvtps_pd(_mm512_castps512_ps256(x)));
    out[1] = Batch<double>(_mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)));
#elif defined(__AVX2__)
    out[0] = Batch<double>(_mm256_cvtps_pd(_mm256_castps256_ps128(x)));
    out[1] = Batch<double>(_mm256_cvtps_pd(_mm256_extractf128_ps(x, 1)));
#elif defined(__SSE2__)
    out[0] = Batch<double>(_mm_cvtps_pd(x));
    out[1] = Batch<double>(_mm_cvtps_pd(_mm_movehl_ps(x, x)));
#else
    out[0] = Batch<double>(vcvt_f64_f32(vget_low_f32(x)));
    out[1] = Batch<double>(vcvt_high_f64_f32(x));
#endif
}

// Copies a strided run into a contiguous tile.
template <class T>
VEDETTE_INLINE void gather_tile(const T* x, std::size_t n, std::ptrdiff_t stride, T* tile) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
        tile[i] = *x;
        x += stride;
    }
}

// The last `n` values, fewer than `width`, completed with NaN: NaN passes no edge and enters no sum.
template <class T>
VEDETTE_INLINE void pad_tail(const T* x, std::size_t n, std::size_t width, T* padded) noexcept {
    for (std::size_t i = 0; i < width; ++i) padded[i] = i < n ? x[i] : not_a_number<T>;
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
