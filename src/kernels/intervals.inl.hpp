// SPDX-License-Identifier: Apache-2.0
// One row of numbers against intervals. The last vector overlaps the one before: a value asked twice answers twice.
#pragma once

#include <utility>

#include "kernels/interval_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

template <class T>
VEDETTE_INLINE Mask<T> inside(const T* row, const IntervalsView<T>& intervals, std::size_t i) noexcept {
    const Batch<T> x = Batch<T>::load_unaligned(row + i);
    return (x >= Batch<T>::load_unaligned(intervals.lower + i)) & (x <= Batch<T>::load_unaligned(intervals.upper + i));
}

template <class T>
bool row_inside(const T* row, const IntervalsView<T>* intervals, std::size_t count) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    if (count < width) {
        bool all = true;
        for (std::size_t i = 0; i < count; ++i) all &= row[i] >= intervals->lower[i] && row[i] <= intervals->upper[i];
        return all;
    }
    const IntervalsView<T> view = *intervals;
    Mask<T> even = inside(row, view, count - width), odd = even;
    std::size_t i = 0;
    for (; i + 2 * width <= count; i += 2 * width) {
        even = even & inside(row, view, i);
        odd = odd & inside(row, view, i + width);
    }
    if (i + width <= count) even = even & inside(row, view, i);
    return xsimd::all(even & odd);
}

// Lanes are put together in registers: a vector that is stored value by value waits for its stores when it is read.
template <class T, std::size_t... lane>
VEDETTE_INLINE Batch<T> load_strided(const unsigned char* at, std::size_t stride,
                                     std::index_sequence<lane...>) noexcept {
    return Batch<T>({value_at<T>(at, stride, lane)...});
}

template <class T>
bool strided_inside(const void* first, std::size_t stride, const IntervalsView<T>* intervals,
                    std::size_t count) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const IntervalsView<T> view = *intervals;
    if (count < width) {
        bool all = true;
        for (std::size_t i = 0; i < count; ++i) {
            const T x = value_at<T>(first, stride, i);
            all &= x >= view.lower[i] && x <= view.upper[i];
        }
        return all;
    }
    const auto vector_inside = [&](std::size_t i) __attribute__((always_inline)) {
        const auto* const bytes = static_cast<const unsigned char*>(first) + i * stride;
        const Batch<T> x = load_strided<T>(bytes, stride, std::make_index_sequence<width>());
        return (x >= Batch<T>::load_unaligned(view.lower + i)) & (x <= Batch<T>::load_unaligned(view.upper + i));
    };
    Mask<T> every = vector_inside(count - width);
    for (std::size_t i = 0; i + width <= count; i += width) every = every & vector_inside(i);
    return xsimd::all(every);
}

// The bit where the mask holds, as the bits of a float: nothing computes with them. A mask that is a register is its
// own selection: one instruction, where xsimd's `select` takes up to three.
template <class T>
VEDETTE_INLINE Batch<T> bit_where(Mask<T> m, std::uint32_t bit) noexcept {
    const auto word = static_cast<typename WordOf<T>::type>(bit);
    const Batch<T> bits(__builtin_bit_cast(T, word));
#if defined(__AVX512F__) || !defined(__SSE2__)
    return xsimd::select(m, bits, Batch<T>(T{0}));
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == sizeof(float)) {
        return Batch<T>(_mm256_and_ps(m, bits));
    } else {
        return Batch<T>(_mm256_and_pd(m, bits));
    }
#else
    if constexpr (sizeof(T) == sizeof(float)) {
        return Batch<T>(_mm_and_ps(m, bits));
    } else {
        return Batch<T>(_mm_and_pd(m, bits));
    }
#endif
}

template <class T>
VEDETTE_INLINE Batch<T> load_words(const typename WordOf<T>::type* words) noexcept {
    return Batch<T>::load_unaligned(reinterpret_cast<const T*>(words));
}

// Union of the lanes' bits.
#if defined(__AVX512F__)
VEDETTE_INLINE std::uint32_t union_of(Batch<float> bits) noexcept {
    return static_cast<std::uint32_t>(_mm512_reduce_or_epi32(_mm512_castps_si512(bits)));
}
VEDETTE_INLINE std::uint32_t union_of(Batch<double> bits) noexcept {
    return static_cast<std::uint32_t>(_mm512_reduce_or_epi64(_mm512_castpd_si512(bits)));
}
#elif defined(__AVX2__)
// By shuffles: an array would wait for its stores.
VEDETTE_INLINE std::uint32_t union_of(__m256i bits) noexcept {
    __m128i half = _mm_or_si128(_mm256_castsi256_si128(bits), _mm256_extracti128_si256(bits, 1));
    half = _mm_or_si128(half, _mm_shuffle_epi32(half, 0x4E));
    return static_cast<std::uint32_t>(_mm_cvtsi128_si32(_mm_or_si128(half, _mm_shuffle_epi32(half, 0xB1))));
}
VEDETTE_INLINE std::uint32_t union_of(Batch<float> bits) noexcept {
    return union_of(_mm256_castps_si256(bits));
}
VEDETTE_INLINE std::uint32_t union_of(Batch<double> bits) noexcept {
    return union_of(_mm256_castpd_si256(bits));  // the upper halves of the words are 0
}
#else
template <class T>
VEDETTE_INLINE std::uint32_t union_of(Batch<T> bits) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    alignas(64) T lanes[width];
    bits.store_aligned(lanes);
    std::uint32_t all = 0;
    for (std::size_t l = 0; l < width; ++l)
        all |= static_cast<std::uint32_t>(__builtin_bit_cast(typename WordOf<T>::type, lanes[l]));
    return all;
}
#endif

template <class T>
VEDETTE_INLINE void store_words(Batch<T> bits, std::uint32_t* failed) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    alignas(64) T lanes[width];
    bits.store_aligned(lanes);
    for (std::size_t l = 0; l < width; ++l)
        failed[l] = static_cast<std::uint32_t>(__builtin_bit_cast(typename WordOf<T>::type, lanes[l]));
}
VEDETTE_INLINE void store_words(Batch<float> bits, std::uint32_t* failed) noexcept {
    bits.store_unaligned(reinterpret_cast<float*>(failed));
}

template <class T>
VEDETTE_INLINE Batch<T> attribute(const T* row, const IntervalsView<T>& view, std::size_t i) noexcept {
    const auto load = [i](const T* list) { return Batch<T>::load_unaligned(list + i); };
    // xsimd 8.1 has NaN != NaN false on AVX, hence the negation.
    const Batch<T> x = load(row);
    const Batch<T> special =
        bit_where<T>(!(x == x), found_nan) | bit_where<T>(xsimd::abs(x) == Batch<T>(infinity<T>), found_infinity);
    const Batch<T> range =
        bit_where<T>(x < load(view.minimum), found_low) | bit_where<T>(x > load(view.maximum), found_high);
    const Batch<T> far = bit_where<T>((x < load(view.score_low)) | (x > load(view.score_high)), found_far);
    return (special | range | far) & load_words<T>(view.wanted + i);
}

// What is found in one vector is a word a lane: `any` in its lower half, of that `graver` in the upper one.
template <class T>
VEDETTE_INLINE Batch<T> with_graver(Batch<T> any, Batch<T> graver) noexcept {
    using Lane = xsimd::batch<typename WordOf<T>::type, Arch>;
    return any | xsimd::bitwise_cast<Batch<T>>(xsimd::bitwise_cast<Lane>(graver) << 16);
}

// Most vectors are inside their intervals and need no more than three loads; the others are asked one by one.
template <bool storing, class T>
VEDETTE_INLINE RowFindings attribute_vectors(const T* row, const IntervalsView<T>& view, std::size_t count,
                                             std::uint32_t* failed) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const auto clear = [&](std::size_t i) __attribute__((always_inline)) {
        if constexpr (storing) store_words(Batch<T>(T{0}), failed + i);
    };
    clear(count - width);
    Batch<T> all(T{0});
    bool is_inside = true;
    for (std::size_t begin = 0; begin < count; begin += 64) {
        const std::size_t some = count - begin < 64 ? count - begin : 64;
        std::uint64_t outside = 0;  // a bit a value
        std::size_t i = 0;
        for (; i + width <= some; i += width) {
            outside |= static_cast<std::uint64_t>(mask_bits(!inside(row, view, begin + i))) << i;
            clear(begin + i);
        }
        if (i < some) {  // the last vector, without the values that the one before has
            const auto last = static_cast<std::uint64_t>(mask_bits(!inside(row, view, count - width)));
            outside |= last >> (begin + i + width - count) << i;
        }
        is_inside &= outside == 0;
        while (outside != 0) {
            const auto lane = static_cast<std::size_t>(__builtin_ctzll(outside)) / width * width;
            outside &= ~(((std::uint64_t{1} << width) - 1) << lane);
            const std::size_t place = begin + lane + width <= count ? begin + lane : count - width;
            const Batch<T> found = attribute(row, view, place);
            if constexpr (storing) store_words(found, failed + place);
            all = all | with_graver(found, found & load_words<T>(view.graver + place));
        }
    }
    if (is_inside) return {};
    const std::uint32_t found = union_of(all);
    return {found & 0xFFFFU, found >> 16};
}

template <class T>
RowFindings attribute_row(const T* row, const IntervalsView<T>* intervals, std::size_t count,
                          std::uint32_t* failed) noexcept {
    const IntervalsView<T> view = *intervals;
    if (count >= Batch<T>::size) {
        return failed != nullptr ? attribute_vectors<true>(row, view, count, failed)
                                 : attribute_vectors<false>(row, view, count, failed);
    }
    RowFindings all;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t found = attribute_value(row[i], view, i);
        if (failed != nullptr) failed[i] = found;
        all.any |= found;
        all.graver |= found & static_cast<std::uint32_t>(view.graver[i]);
    }
    return all;
}

template <class T>
std::uint64_t mark_outside(const T* column, std::size_t count, T lower, T upper, std::uint64_t* words) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const Batch<T> low(lower), high(upper);
    std::uint64_t total = 0;
    std::size_t begin = 0;
    for (; begin + 64 <= count; begin += 64) {
        std::uint64_t inside = 0;
        for (std::size_t i = 0; i < 64; i += width) {
            const Batch<T> x = Batch<T>::load_unaligned(column + begin + i);
            inside |= static_cast<std::uint64_t>(mask_bits((x >= low) & (x <= high))) << i;
        }
        words[begin / 64] = ~inside;
        // Most words are empty; a branch costs less than counting where the CPU has no instruction for it.
        if (~inside != 0) total += static_cast<std::uint64_t>(__builtin_popcountll(~inside));
    }
    if (begin == count) return total;
    const std::uint64_t word = outside_word(column + begin, count - begin, lower, upper);
    words[begin / 64] = word;
    return total + static_cast<std::uint64_t>(__builtin_popcountll(word));
}

template <class T>
constexpr IntervalKernels<T> interval_entries() noexcept {
    return {&row_inside<T>, &strided_inside<T>, &attribute_row<T>, &mark_outside<T>};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
