// SPDX-License-Identifier: Apache-2.0
// Integer products of rows of 8-bit codes with one vector of them, an intrinsics island (xsimd 8.1 has no 8-bit
// multiply-add), and exact distances of floats. The twins are in scalar_scores.hpp.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/score_terms.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

VEDETTE_INLINE std::int32_t word_of(const std::int8_t* x) noexcept {
    std::int32_t word;
    __builtin_memcpy(&word, x, sizeof word);
    return word;
}

VEDETTE_INLINE std::int32_t pair_bits(const std::int16_t* x) noexcept {
    std::int32_t bits;
    __builtin_memcpy(&bits, x, sizeof bits);
    return bits;
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

// Sixteen sums in double of what `term(v)` makes of vectors of doubles.
struct SixteenSums {
    static constexpr std::size_t width = Batch<double>::size, lanes = 16, parts = lanes / width;
    Batch<double> sums[parts];

    VEDETTE_INLINE SixteenSums() noexcept {
#pragma GCC unroll 8
        for (Batch<double>& sum : sums) sum = Batch<double>(0.0);
    }
    template <class Term>
    VEDETTE_INLINE void add(Term&& term) noexcept {
#pragma GCC unroll 8
        for (std::size_t k = 0; k < parts; ++k) sums[k] = sums[k] + term(k * width);
    }
    [[nodiscard]] VEDETTE_INLINE double total() noexcept {
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
};

double squared_gap(const float* a, const float* b, std::size_t count) noexcept {
    constexpr std::size_t lanes = SixteenSums::lanes;
    SixteenSums sums;
    const auto add = [&](const float* left, const float* right) {
        sums.add([&](std::size_t at) {
            const Batch<double> gap = load_double(left + at) - load_double(right + at);
            return gap * gap;
        });
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
    return sums.total();
}

// Sixteen whole numbers within 16 bits.
VEDETTE_INLINE void store_words(const Batch<float>* values, std::int16_t* out) noexcept {
#if defined(__AVX512BW__)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(values[0])));
#elif defined(__AVX2__)
    const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(values[0]), _mm256_cvtps_epi32(values[1]));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_permute4x64_epi64(words, 0xD8));
#elif defined(__SSE2__)
    for (std::size_t k = 0; k < 2; ++k)
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out) + k,
                         _mm_packs_epi32(_mm_cvtps_epi32(values[2 * k]), _mm_cvtps_epi32(values[2 * k + 1])));
#else
    for (std::size_t k = 0; k < 4; ++k) vst1_s16(out + 4 * k, vmovn_s32(vcvtq_s32_f32(values[k])));
#endif
}

template <bool has_low>
VEDETTE_INLINE void encode_groups(const float* x, std::size_t count, float low_scale, std::int16_t* high,
                                  std::int16_t* low, EncodedRow* row) noexcept {
    constexpr std::size_t width = Batch<float>::size, lanes = SixteenSums::lanes, parts = lanes / width;
    const std::size_t whole = count - count % lanes;
    alignas(64) float last[lanes] = {};
    for (std::size_t i = whole; i < count; ++i) last[i - whole] = x[i];
    const auto for_each_group = [&](auto&& each) {
        for (std::size_t i = 0; i < whole; i += lanes) each(i, x + i);
        if (whole < count) each(whole, static_cast<const float*>(last));
    };
    SixteenSums squares;
    for_each_group([&](std::size_t, const float* from) {
        squares.add([&](std::size_t at) {
            const Batch<double> v = load_double(from + at);
            return v * v;
        });
    });
    row->square = squares.total();
    const bool is_finite = row->square < infinity<double>;
    alignas(64) double root[Batch<double>::size];
    xsimd::sqrt(Batch<double>(row->square)).store_aligned(root);
    constexpr auto largest = static_cast<double>(largest_word);
    const float unit = is_finite ? static_cast<float>(root[0] * (1.0 / largest)) : 0.0F;
    row->unit = unit < least_word_unit ? 0.0F : unit;
    // Not of the unit, so that neither waits for the other.
    const float of_unit = row->unit > 0.0F ? static_cast<float>(largest / root[0]) : 0.0F;

    // A sum with `to_even` rounds to a whole number.
    constexpr float to_even = 0x1.8p23F;
    const Batch<float> inverse(of_unit), rounder(to_even), most(largest_word);
    const Batch<float> scale(low_scale);
    const auto store = [&](const Batch<float>* values, std::size_t first, std::int16_t* out) {
        if (count - first >= lanes) return store_words(values, out + first);
        alignas(64) std::int16_t words[lanes];
        store_words(values, words);
        for (std::size_t k = 0; first + k < count; ++k) out[first + k] = words[k];
    };
    for_each_group([&](std::size_t first, const float* from) {
        Batch<float> upper[parts], lower[parts];
#pragma GCC unroll 4
        for (std::size_t k = 0; k < parts; ++k) {
            const Batch<float> v =
                is_finite ? Batch<float>::load_unaligned(from + k * width) * inverse : Batch<float>(0.0F);
            upper[k] = xsimd::min(xsimd::max((v + rounder) - rounder, -most), most);
            if constexpr (has_low) lower[k] = ((v - upper[k]) * scale + rounder) - rounder;
        }
        store(upper, first, high);
        if constexpr (has_low) store(lower, first, low);
    });
}

void encode_words(const float* x, std::size_t count, float low_scale, std::int16_t* high, std::int16_t* low,
                  EncodedRow* row) noexcept {
    if (low == nullptr)
        encode_groups<false>(x, count, low_scale, high, low, row);
    else
        encode_groups<true>(x, count, low_scale, high, low, row);
}

// Pairs of elements of as many rows as a register has floats, times a pair of x.
#if defined(__AVX512BW__)
struct WordSums {
    __m512i sums = _mm512_setzero_si512();
    using Pair = __m512i;
    static VEDETTE_INLINE Pair pair_at(const std::int16_t* x) noexcept { return _mm512_set1_epi32(pair_bits(x)); }
    static VEDETTE_INLINE __m512i load(const std::int16_t* rows) noexcept { return _mm512_load_si512(rows); }
    VEDETTE_INLINE void add(__m512i rows, Pair x) noexcept {
        sums = _mm512_add_epi32(sums, _mm512_madd_epi16(rows, x));
    }
    [[nodiscard]] VEDETTE_INLINE Batch<float> to_float() const noexcept {
        return Batch<float>(_mm512_cvtepi32_ps(sums));
    }
};
#elif defined(__AVX2__)
struct WordSums {
    __m256i sums = _mm256_setzero_si256();
    using Pair = __m256i;
    static VEDETTE_INLINE Pair pair_at(const std::int16_t* x) noexcept { return _mm256_set1_epi32(pair_bits(x)); }
    static VEDETTE_INLINE __m256i load(const std::int16_t* rows) noexcept {
        return _mm256_load_si256(reinterpret_cast<const __m256i*>(rows));
    }
    VEDETTE_INLINE void add(__m256i rows, Pair x) noexcept {
        sums = _mm256_add_epi32(sums, _mm256_madd_epi16(rows, x));
    }
    [[nodiscard]] VEDETTE_INLINE Batch<float> to_float() const noexcept {
        return Batch<float>(_mm256_cvtepi32_ps(sums));
    }
};
#elif defined(__SSE2__)
struct WordSums {
    __m128i sums = _mm_setzero_si128();
    using Pair = __m128i;
    static VEDETTE_INLINE Pair pair_at(const std::int16_t* x) noexcept { return _mm_set1_epi32(pair_bits(x)); }
    static VEDETTE_INLINE __m128i load(const std::int16_t* rows) noexcept {
        return _mm_load_si128(reinterpret_cast<const __m128i*>(rows));
    }
    VEDETTE_INLINE void add(__m128i rows, Pair x) noexcept { sums = _mm_add_epi32(sums, _mm_madd_epi16(rows, x)); }
    [[nodiscard]] VEDETTE_INLINE Batch<float> to_float() const noexcept { return Batch<float>(_mm_cvtepi32_ps(sums)); }
};
#else
struct WordSums {
    int32x4_t sums = vdupq_n_s32(0);
    using Pair = int16x4_t;
    static VEDETTE_INLINE Pair pair_at(const std::int16_t* x) noexcept {
        return vreinterpret_s16_s32(vdup_n_s32(pair_bits(x)));
    }
    static VEDETTE_INLINE int16x8_t load(const std::int16_t* rows) noexcept { return vld1q_s16(rows); }
    VEDETTE_INLINE void add(int16x8_t rows, Pair x) noexcept {
        const int32x4_t low = vmull_s16(vget_low_s16(rows), x), high = vmull_s16(vget_high_s16(rows), x);
        sums = vaddq_s32(sums, vpaddq_s32(low, high));
    }
    [[nodiscard]] VEDETTE_INLINE Batch<float> to_float() const noexcept { return Batch<float>(vcvtq_f32_s32(sums)); }
};
#endif

// Distances of `across` registers of a panel's rows from `row` on.
template <std::size_t across>
VEDETTE_INLINE Batch<float> word_part(const WordPanels& panels, std::size_t first, std::size_t row,
                                      const std::int16_t* x, Batch<float> scale, float* distances) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const std::int16_t* const panel = panels.words + 2 * (first * panels.pairs + row);
    WordSums sums[across];
    for (std::size_t p = 0; p < panels.pairs; ++p) {
        const auto pair = WordSums::pair_at(x + 2 * p);
#pragma GCC unroll 8
        for (std::size_t a = 0; a < across; ++a)
            sums[a].add(WordSums::load(panel + 2 * (p * product_rows + a * width)), pair);
    }
    Batch<float> least(infinity<float>);
#pragma GCC unroll 8
    for (std::size_t a = 0; a < across; ++a) {
        const std::size_t at = first + row + a * width;
        const Batch<float> product = (sums[a].to_float() * Batch<float>::load_unaligned(panels.units + at)) * scale;
        const Batch<float> distance = Batch<float>::load_unaligned(panels.norms + at) - product;
        distance.store_aligned(distances + at);
        least = xsimd::min(least, distance);
    }
    return least;
}

void nearest_words(const WordPanels* panels, const std::int16_t* x, float scale, float* distances,
                   float* least) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const WordPanels all = *panels;
    const Batch<float> factor(scale), none(infinity<float>);
    for (std::size_t first = 0; first < all.rows; first += product_rows) {
        const std::size_t rows = all.rows - first < product_rows ? all.rows - first : product_rows;
        Batch<float> nearest(none);
        if (rows + width > product_rows) {
            nearest = word_part<product_rows / width>(all, first, 0, x, factor, distances);
        } else {
            std::size_t row = 0;
            for (; row < rows; row += width)
                nearest = xsimd::min(nearest, word_part<1>(all, first, row, x, factor, distances));
            for (; row < product_rows; row += width) none.store_aligned(distances + first + row);
        }
        least[first / product_rows] = least_lane(nearest);
    }
}

void split_word_products(const std::int16_t* panel, const std::int16_t* high, const std::int16_t* low,
                         std::size_t pairs, float low_scale, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    constexpr std::size_t across = product_rows / width <= 4 ? product_rows / width : 4;
    const Batch<float> scale(low_scale);
    for (std::size_t row = 0; row < product_rows; row += across * width) {
        WordSums upper[across], lower[across];
        for (std::size_t p = 0; p < pairs; ++p) {
            const auto first = WordSums::pair_at(high + 2 * p), second = WordSums::pair_at(low + 2 * p);
#pragma GCC unroll 4
            for (std::size_t a = 0; a < across; ++a) {
                const auto words = WordSums::load(panel + 2 * (p * product_rows + row + a * width));
                upper[a].add(words, first);
                lower[a].add(words, second);
            }
        }
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a)
            (upper[a].to_float() * scale + lower[a].to_float()).store_aligned(out + row + a * width);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
