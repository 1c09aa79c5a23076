// SPDX-License-Identifier: Apache-2.0
// The intrinsics island of pair kernels: a fused multiply-add on every CPU, products of 32-bit halves, lane masks from
// label bits, sums of neighbouring 16-bit lanes, bytes from floats. The twins are in scalar_pairs.hpp.
#pragma once

#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// A product and a sum of doubles, each rounded: a fused one cannot be had on SSE2 at a bearable price.
VEDETTE_INLINE Batch<double> multiply_add(Batch<double> a, Batch<double> b, Batch<double> c) noexcept {
    return c + a * b;
}

#if defined(__SSE2__) && !defined(__FMA__)

// a * b + c of two lanes in double, rounded to odd, so that rounding to float afterwards is right: the product is
// exact, the sum's error is known, and where there is one the last bit is set, of the neighbour toward zero if need be.
VEDETTE_INLINE __m128 multiply_add_half(__m128 a, __m128 b, __m128 c) noexcept {
    const __m128d product = _mm_mul_pd(_mm_cvtps_pd(a), _mm_cvtps_pd(b));
    const __m128d addend = _mm_cvtps_pd(c);
    const __m128d sum = _mm_add_pd(product, addend);
    const __m128d virtual_addend = _mm_sub_pd(sum, product);
    const __m128d error =
        _mm_add_pd(_mm_sub_pd(product, _mm_sub_pd(sum, virtual_addend)), _mm_sub_pd(addend, virtual_addend));
    const __m128i inexact = _mm_castpd_si128(_mm_cmpneq_pd(error, _mm_setzero_pd()));
    const __m128i bits = _mm_castpd_si128(sum);
    const __m128i too_far = _mm_srli_epi64(_mm_xor_si128(_mm_castpd_si128(error), bits), 63);
    const __m128i odd = _mm_or_si128(_mm_sub_epi64(bits, too_far), _mm_set_epi32(0, 1, 0, 1));
    const __m128i rounded = _mm_or_si128(_mm_and_si128(inexact, odd), _mm_andnot_si128(inexact, bits));
    return _mm_cvtpd_ps(_mm_castsi128_pd(rounded));
}
VEDETTE_INLINE Batch<float> multiply_add(Batch<float> a, Batch<float> b, Batch<float> c) noexcept {
    const __m128 low = multiply_add_half(a, b, c);
    const __m128 high = multiply_add_half(_mm_movehl_ps(a, a), _mm_movehl_ps(b, b), _mm_movehl_ps(c, c));
    return Batch<float>(_mm_movelh_ps(low, high));
}

#else

// Not xsimd::fma, which for some architectures is a product and a sum.
VEDETTE_INLINE Batch<float> multiply_add(Batch<float> a, Batch<float> b, Batch<float> c) noexcept {
#if defined(__AVX512F__)
    return Batch<float>(_mm512_fmadd_ps(a, b, c));
#elif defined(__FMA__)
    return Batch<float>(_mm256_fmadd_ps(a, b, c));
#else
    return Batch<float>(vfmaq_f32(c, a, b));
#endif
}

#endif

// Rounded to the nearest: on NEON xsimd 8.1 divides floats by way of an estimate.
#if defined(__aarch64__)
VEDETTE_INLINE Batch<float> quotient(Batch<float> a, Batch<float> b) noexcept {
    return Batch<float>(vdivq_f32(a, b));
}
VEDETTE_INLINE Batch<double> quotient(Batch<double> a, Batch<double> b) noexcept {
    return Batch<double>(vdivq_f64(a, b));
}
VEDETTE_INLINE Batch<float> root(Batch<float> x) noexcept {
    return Batch<float>(vsqrtq_f32(x));
}
VEDETTE_INLINE Batch<double> root(Batch<double> x) noexcept {
    return Batch<double>(vsqrtq_f64(x));
}
#else
template <class T>
VEDETTE_INLINE Batch<T> quotient(Batch<T> a, Batch<T> b) noexcept {
    return a / b;
}
template <class T>
VEDETTE_INLINE Batch<T> root(Batch<T> x) noexcept {
    return xsimd::sqrt(x);
}
#endif

// The full products of the low halves of 64-bit lanes.
VEDETTE_INLINE Batch<std::uint64_t> multiply_low(Batch<std::uint64_t> a, Batch<std::uint64_t> b) noexcept {
#if defined(__AVX512F__)
    return Batch<std::uint64_t>(_mm512_mul_epu32(a, b));
#elif defined(__AVX2__)
    return Batch<std::uint64_t>(_mm256_mul_epu32(a, b));
#elif defined(__SSE2__)
    return Batch<std::uint64_t>(_mm_mul_epu32(a, b));
#else
    return Batch<std::uint64_t>(vmull_u32(vmovn_u64(a), vmovn_u64(b)));
#endif
}

// Adds to counters the lanes of a panel's 16-bit sums (each below 2^15) whose label bit is set. Counter c gets lanes 2c
// and 2c + 1.
VEDETTE_INLINE void add_masked(const Batch<std::uint16_t>* sums, std::uint32_t labels,
                               std::uint32_t* counters) noexcept {
#if defined(__AVX512BW__)
    const __m512i kept = _mm512_maskz_mov_epi16(labels, sums[0]);
    const __m512i pairs = _mm512_madd_epi16(kept, _mm512_set1_epi16(1));
    _mm512_store_si512(counters, _mm512_add_epi32(_mm512_load_si512(counters), pairs));
#elif defined(__AVX2__)
    const __m256i bit = _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
    for (int i = 0; i < 2; ++i) {
        const __m256i spread = _mm256_set1_epi16(static_cast<short>(labels >> (16 * i)));
        const __m256i mask = _mm256_cmpeq_epi16(_mm256_and_si256(spread, bit), bit);
        const __m256i kept = _mm256_and_si256(mask, sums[i]);
        auto* place = reinterpret_cast<__m256i*>(counters + 8 * i);
        _mm256_store_si256(place,
                           _mm256_add_epi32(_mm256_load_si256(place), _mm256_madd_epi16(kept, _mm256_set1_epi16(1))));
    }
#elif defined(__SSE2__)
    const __m128i bit = _mm_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128);
    for (int i = 0; i < 4; ++i) {
        const __m128i spread = _mm_set1_epi16(static_cast<short>((labels >> (8 * i)) & 0xFF));
        const __m128i mask = _mm_cmpeq_epi16(_mm_and_si128(spread, bit), bit);
        const __m128i kept = _mm_and_si128(mask, sums[i]);
        auto* place = reinterpret_cast<__m128i*>(counters + 4 * i);
        _mm_store_si128(place, _mm_add_epi32(_mm_load_si128(place), _mm_madd_epi16(kept, _mm_set1_epi16(1))));
    }
#else
    const std::uint16_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t bit = vld1q_u16(bits);
    for (int i = 0; i < 4; ++i) {
        const uint16x8_t spread = vdupq_n_u16(static_cast<std::uint16_t>((labels >> (8 * i)) & 0xFF));
        const uint16x8_t kept = vandq_u16(vtstq_u16(spread, bit), sums[i]);
        vst1q_u32(counters + 4 * i, vpadalq_u16(vld1q_u32(counters + 4 * i), kept));
    }
#endif
}

// Rows of levels, from 0 to 255, cut to bytes; and sums of those, by lane for at most 64 rows.
struct ByteRows {
#if defined(__AVX512BW__)
    __m512i lanes = _mm512_setzero_si512();
    VEDETTE_INLINE std::uint32_t add(const Batch<float>* level, std::uint8_t* out) noexcept {
        const __m128i low = _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(level[0]));
        const __m128i high = _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(level[1]));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), low);
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16), high);
        lanes = _mm512_add_epi16(lanes, _mm512_cvtepu8_epi16(_mm256_set_m128i(high, low)));
        const __m128i zero = _mm_setzero_si128();
        const __m128i sums = _mm_add_epi32(_mm_sad_epu8(low, zero), _mm_sad_epu8(high, zero));
        return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums))));
    }
    VEDETTE_INLINE void store(std::uint16_t* out) const noexcept {
        _mm512_storeu_si512(out, lanes);
    }
#elif defined(__AVX2__)
    __m256i lanes[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    VEDETTE_INLINE std::uint32_t add(const Batch<float>* level, std::uint8_t* out) noexcept {
        const __m256i low = _mm256_packs_epi32(_mm256_cvttps_epi32(level[0]), _mm256_cvttps_epi32(level[1]));
        const __m256i high = _mm256_packs_epi32(_mm256_cvttps_epi32(level[2]), _mm256_cvttps_epi32(level[3]));
        // Packing runs within halves: its groups of four lie in the order 0 2 4 6 1 3 5 7.
        const __m256i bytes =
            _mm256_permutevar8x32_epi32(_mm256_packus_epi16(low, high), _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), bytes);
        lanes[0] = _mm256_add_epi16(lanes[0], _mm256_cvtepu8_epi16(_mm256_castsi256_si128(bytes)));
        lanes[1] = _mm256_add_epi16(lanes[1], _mm256_cvtepu8_epi16(_mm256_extracti128_si256(bytes, 1)));
        const __m256i sums = _mm256_sad_epu8(bytes, _mm256_setzero_si256());
        const __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
        return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(half, _mm_unpackhi_epi64(half, half))));
    }
    VEDETTE_INLINE void store(std::uint16_t* out) const noexcept {
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), lanes[0]);
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 16), lanes[1]);
    }
#elif defined(__SSE2__)
    __m128i lanes[4] = {_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128()};
    VEDETTE_INLINE std::uint32_t add(const Batch<float>* level, std::uint8_t* out) noexcept {
        const __m128i zero = _mm_setzero_si128();
        __m128i sums = zero;
        for (int half = 0; half < 2; ++half) {
            const Batch<float>* const x = level + 4 * half;
            const __m128i low = _mm_packs_epi32(_mm_cvttps_epi32(x[0]), _mm_cvttps_epi32(x[1]));
            const __m128i high = _mm_packs_epi32(_mm_cvttps_epi32(x[2]), _mm_cvttps_epi32(x[3]));
            const __m128i bytes = _mm_packus_epi16(low, high);
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 16 * half), bytes);
            lanes[2 * half] = _mm_add_epi16(lanes[2 * half], low);
            lanes[2 * half + 1] = _mm_add_epi16(lanes[2 * half + 1], high);
            sums = _mm_add_epi32(sums, _mm_sad_epu8(bytes, zero));
        }
        return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_add_epi32(sums, _mm_unpackhi_epi64(sums, sums))));
    }
    VEDETTE_INLINE void store(std::uint16_t* out) const noexcept {
        for (int i = 0; i < 4; ++i) _mm_storeu_si128(reinterpret_cast<__m128i*>(out + 8 * i), lanes[i]);
    }
#else
    uint16x8_t lanes[4] = {vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0), vdupq_n_u16(0)};
    VEDETTE_INLINE std::uint32_t add(const Batch<float>* level, std::uint8_t* out) noexcept {
        std::uint32_t sum = 0;
        for (int i = 0; i < 4; ++i) {
            const uint16x8_t words =
                vcombine_u16(vmovn_u32(vcvtq_u32_f32(level[2 * i])), vmovn_u32(vcvtq_u32_f32(level[2 * i + 1])));
            vst1_u8(out + 8 * i, vmovn_u16(words));
            lanes[i] = vaddq_u16(lanes[i], words);
            sum += vaddlvq_u16(words);
        }
        return sum;
    }
    VEDETTE_INLINE void store(std::uint16_t* out) const noexcept {
        for (int i = 0; i < 4; ++i) vst1q_u16(out + 8 * i, lanes[i]);
    }
#endif
};

VEDETTE_INLINE void store_rounded(Batch<double> x, double* out) noexcept {
    x.store_unaligned(out);
}
VEDETTE_INLINE void store_rounded(Batch<double> x, float* out) noexcept {
#if defined(__AVX512F__)
    _mm256_storeu_ps(out, _mm512_cvtpd_ps(x));
#elif defined(__AVX2__)
    _mm_storeu_ps(out, _mm256_cvtpd_ps(x));
#elif defined(__SSE2__)
    const double both = _mm_cvtsd_f64(_mm_castps_pd(_mm_cvtpd_ps(x)));
    __builtin_memcpy(out, &both, sizeof both);
#else
    vst1_f32(out, vcvt_f32_f64(x));
#endif
}

/// out[k * out_stride + i] = rows[i * stride + k] for i, k < 4.
template <class T>
VEDETTE_INLINE void transpose_four(const T* rows, std::size_t stride, T* out, std::size_t out_stride) noexcept {
    for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t k = 0; k < 4; ++k) out[k * out_stride + i] = rows[i * stride + k];
    }
}
#if defined(__SSE2__)
VEDETTE_INLINE void transpose_four(const float* rows, std::size_t stride, float* out, std::size_t out_stride) noexcept {
    __m128 a = _mm_loadu_ps(rows), b = _mm_loadu_ps(rows + stride);
    __m128 c = _mm_loadu_ps(rows + 2 * stride), d = _mm_loadu_ps(rows + 3 * stride);
    _MM_TRANSPOSE4_PS(a, b, c, d);
    _mm_storeu_ps(out, a);
    _mm_storeu_ps(out + out_stride, b);
    _mm_storeu_ps(out + 2 * out_stride, c);
    _mm_storeu_ps(out + 3 * out_stride, d);
}
#endif

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
