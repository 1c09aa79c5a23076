// SPDX-License-Identifier: Apache-2.0
// Integer products of rows of 8-bit codes with one vector of them, an intrinsics island (xsimd 8.1 has no 8-bit
// multiply-add), and exact distances of floats. The twins are in scalar_scores.hpp.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/score_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

VEDETTE_INLINE std::int32_t word_of(const std::int8_t* x) noexcept {
    std::int32_t word;
    __builtin_memcpy(&word, x, sizeof word);
    return word;
}

// Four elements of x against four of each row; a register has as many rows as floats. Where bytes without sign are
// multiplied x + 64 is, at most 127, so that sums of two products stay within 16 bits, and the offsets, with which the
// sums begin, take its part away again.
#if defined(__AVX512BW__)
struct CodeWords {
    using Sums = __m512i;
    __m512i word;
    VEDETTE_INLINE explicit CodeWords(const std::int8_t* x) noexcept
        : word(_mm512_add_epi8(_mm512_set1_epi32(word_of(x)), _mm512_set1_epi8(64))) {}
    [[nodiscard]] VEDETTE_INLINE Sums add_to(Sums sums, const std::int8_t* codes) const noexcept {
        const __m512i pairs = _mm512_maddubs_epi16(word, _mm512_load_si512(codes));
        return _mm512_add_epi32(sums, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
    }
    static VEDETTE_INLINE Sums begin(const std::int32_t* offsets) noexcept { return _mm512_loadu_si512(offsets); }
    static VEDETTE_INLINE Batch<float> to_float(Sums sums) noexcept { return Batch<float>(_mm512_cvtepi32_ps(sums)); }
};
#elif defined(__AVX2__)
struct CodeWords {
    using Sums = __m256i;
    __m256i word;
    VEDETTE_INLINE explicit CodeWords(const std::int8_t* x) noexcept
        : word(_mm256_add_epi8(_mm256_set1_epi32(word_of(x)), _mm256_set1_epi8(64))) {}
    [[nodiscard]] VEDETTE_INLINE Sums add_to(Sums sums, const std::int8_t* codes) const noexcept {
        const __m256i row = _mm256_load_si256(reinterpret_cast<const __m256i*>(codes));
        return _mm256_add_epi32(sums, _mm256_madd_epi16(_mm256_maddubs_epi16(word, row), _mm256_set1_epi16(1)));
    }
    static VEDETTE_INLINE Sums begin(const std::int32_t* offsets) noexcept {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(offsets));
    }
    static VEDETTE_INLINE Batch<float> to_float(Sums sums) noexcept { return Batch<float>(_mm256_cvtepi32_ps(sums)); }
};
#elif defined(__SSE2__)
struct CodeWords {
    using Sums = __m128i;
    __m128i words;
    VEDETTE_INLINE explicit CodeWords(const std::int8_t* x) noexcept {
        const __m128i bytes = _mm_set1_epi32(word_of(x));
        words = _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
    }
    [[nodiscard]] VEDETTE_INLINE Sums add_to(Sums sums, const std::int8_t* codes) const noexcept {
        const __m128i row = _mm_load_si128(reinterpret_cast<const __m128i*>(codes));
        const __m128i sign = _mm_cmpgt_epi8(_mm_setzero_si128(), row);
        const __m128 low = _mm_castsi128_ps(_mm_madd_epi16(_mm_unpacklo_epi8(row, sign), words));
        const __m128 high = _mm_castsi128_ps(_mm_madd_epi16(_mm_unpackhi_epi8(row, sign), words));
        const __m128i even = _mm_castps_si128(_mm_shuffle_ps(low, high, 0x88));
        const __m128i odd = _mm_castps_si128(_mm_shuffle_ps(low, high, 0xDD));
        return _mm_add_epi32(sums, _mm_add_epi32(even, odd));
    }
    static VEDETTE_INLINE Sums begin(const std::int32_t*) noexcept { return _mm_setzero_si128(); }
    static VEDETTE_INLINE Batch<float> to_float(Sums sums) noexcept { return Batch<float>(_mm_cvtepi32_ps(sums)); }
};
#else
struct CodeWords {
    using Sums = int32x4_t;
    int8x8_t word;
    VEDETTE_INLINE explicit CodeWords(const std::int8_t* x) noexcept
        : word(vreinterpret_s8_s32(vdup_n_s32(word_of(x)))) {}
    [[nodiscard]] VEDETTE_INLINE Sums add_to(Sums sums, const std::int8_t* codes) const noexcept {
        const int8x16_t row = vld1q_s8(codes);
        const int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(row), word));
        const int32x4_t high = vpaddlq_s16(vmull_s8(vget_high_s8(row), word));
        return vaddq_s32(sums, vpaddq_s32(low, high));
    }
    static VEDETTE_INLINE Sums begin(const std::int32_t*) noexcept { return vdupq_n_s32(0); }
    static VEDETTE_INLINE Batch<float> to_float(Sums sums) noexcept { return Batch<float>(vcvtq_f32_s32(sums)); }
};
#endif

// The sums of a panel, scaled; the largest.
VEDETTE_INLINE float finish_panel(const CodeWords::Sums* sums, const float* scales, float scale, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size, across = product_rows / width;
    const Batch<float> factor(scale);
    Batch<float> top;
#pragma GCC unroll 8
    for (std::size_t a = 0; a < across; ++a) {
        const Batch<float> x =
            (CodeWords::to_float(sums[a]) * Batch<float>::load_unaligned(scales + a * width)) * factor;
        x.store_unaligned(out + a * width);
        top = a == 0 ? x : xsimd::max(top, x);
    }
    alignas(64) float lanes[width];
    top.store_aligned(lanes);
    float largest = lanes[0];
    for (std::size_t l = 1; l < width; ++l) largest = lanes[l] > largest ? lanes[l] : largest;
    return largest;
}

void code_products(const CodePanels* panels, const std::int8_t* x, float scale, float* out, float* largest) noexcept {
    constexpr std::size_t width = Batch<float>::size, across = product_rows / width;
    const std::size_t groups = panels->groups;
    for (std::size_t p = 0; p < panels->count; ++p) {
        const std::int8_t* codes = panels->codes + p * groups * 4 * product_rows;
        CodeWords::Sums sums[across];
#pragma GCC unroll 8
        for (std::size_t a = 0; a < across; ++a)
            sums[a] = CodeWords::begin(panels->offsets + p * product_rows + a * width);
        for (std::size_t g = 0; g < groups; ++g, codes += 4 * product_rows) {
            const CodeWords words(x + 4 * g);
#pragma GCC unroll 8
            for (std::size_t a = 0; a < across; ++a) sums[a] = words.add_to(sums[a], codes + 4 * a * width);
        }
        largest[p] = finish_panel(sums, panels->scales + p * product_rows, scale, out + p * product_rows);
    }
}

#if defined(__AVX512BW__)

// Four panels at a time hide the latency.
__attribute__((target("avx512vnni"))) void code_products_vnni(const CodePanels* panels, const std::int8_t* x,
                                                              float scale, float* out, float* largest) noexcept {
    constexpr std::size_t together = 4;
    const std::size_t groups = panels->groups, size = groups * 4 * product_rows;
    const __m512i shift = _mm512_set1_epi8(64);
    for (std::size_t p = 0; p < panels->count; p += together) {
        // What is beyond the end is computed of the last panel again.
        __m512i sums[together][2];
        const std::int8_t* codes[together];
        std::size_t place[together];
#pragma GCC unroll 4
        for (std::size_t t = 0; t < together; ++t) {
            place[t] = p + t < panels->count ? p + t : panels->count - 1;
            codes[t] = panels->codes + place[t] * size;
            sums[t][0] = _mm512_loadu_si512(panels->offsets + place[t] * product_rows);
            sums[t][1] = _mm512_loadu_si512(panels->offsets + place[t] * product_rows + 16);
        }
        for (std::size_t g = 0; g < groups; ++g) {
            const __m512i word = _mm512_add_epi8(_mm512_set1_epi32(word_of(x + 4 * g)), shift);
#pragma GCC unroll 4
            for (std::size_t t = 0; t < together; ++t) {
                const std::int8_t* const from = codes[t] + g * 4 * product_rows;
                sums[t][0] = _mm512_dpbusd_epi32(sums[t][0], word, _mm512_load_si512(from));
                sums[t][1] = _mm512_dpbusd_epi32(sums[t][1], word, _mm512_load_si512(from + 64));
            }
        }
#pragma GCC unroll 4
        for (std::size_t t = 0; t < together; ++t)
            largest[place[t]] =
                finish_panel(sums[t], panels->scales + place[t] * product_rows, scale, out + place[t] * product_rows);
    }
}
constexpr auto vnni_products() noexcept {
    return &code_products_vnni;
}

#else

constexpr std::nullptr_t vnni_products() noexcept {
    return nullptr;
}

#endif

double squared_gap(const float* a, const float* b, std::size_t count) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    constexpr std::size_t lanes = 16, parts = lanes / width;
    Batch<double> sums[parts];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < parts; ++k) sums[k] = Batch<double>(0.0);
    const auto add = [&](const float* left, const float* right) {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < parts; ++k) {
            const Batch<double> gap = load_double(left + k * width) - load_double(right + k * width);
            sums[k] = sums[k] + gap * gap;
        }
    };
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) add(a + i, b + i);
    if (i < count) {
        float left[lanes] = {}, right[lanes] = {};
        for (std::size_t k = 0; i + k < count; ++k) {
            left[k] = a[i + k];
            right[k] = b[i + k];
        }
        add(left, right);
    }
#pragma GCC unroll 3
    for (std::size_t half = parts / 2; half > 0; half /= 2)
#pragma GCC unroll 4
        for (std::size_t k = 0; k < half; ++k) sums[k] = sums[k] + sums[k + half];
    alignas(64) double left[width];
    sums[0].store_aligned(left);
    for (std::size_t half = width / 2; half > 0; half /= 2)
        for (std::size_t k = 0; k < half; ++k) left[k] += left[k + half];
    return left[0];
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
