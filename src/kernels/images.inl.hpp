// SPDX-License-Identifier: Apache-2.0
// Medians of small windows and fewer levels, a row of pixels at a time. The twins are in scalar_images.hpp.
#pragma once

#include "kernels/image_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

#include "kernels/image_terms.inl.hpp"

template <class T>
struct VectorOrder {
    static VEDETTE_INLINE Batch<T> min(Batch<T> a, Batch<T> b) noexcept { return xsimd::min(a, b); }
    static VEDETTE_INLINE Batch<T> max(Batch<T> a, Batch<T> b) noexcept { return xsimd::max(a, b); }
};
template <class T>
struct ValueOrder {
    static VEDETTE_INLINE T min(T a, T b) noexcept { return b < a ? b : a; }
    static VEDETTE_INLINE T max(T a, T b) noexcept { return a < b ? b : a; }
};

// `vector(i)` for whole vectors of [begin, end), the last of which may overlap the one before, `single(i)` where there
// is not room for one.
template <std::size_t width, class Vector, class Single>
VEDETTE_INLINE void sweep(std::size_t begin, std::size_t end, Vector&& vector, Single&& single) noexcept {
    if (end - begin < width) {
        for (std::size_t i = begin; i < end; ++i) single(i);
        return;
    }
    std::size_t i = begin;
    for (; i + width <= end; i += width) vector(i);
    if (i < end) vector(end - width);
}

// Each column of three is sorted once, for a stretch of the row at a time, and serves three windows.
template <class T>
void median3(const T* const* rows, std::size_t count, std::size_t step, T* out) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    constexpr std::size_t stretch = 8192 / sizeof(T);
    const T *const above = rows[0], *const here = rows[1], *const below = rows[2];
    const auto column = [&](std::size_t i) { return sort_three<ValueOrder<T>>(above[i], here[i], below[i]); };
    const auto single = [&](std::size_t i) {
        out[i] =
            median9<ValueOrder<T>>(column(i < step ? i : i - step), column(i), column(i + step < count ? i + step : i));
    };
    if (count < 2 * step + width) {
        for (std::size_t i = 0; i < count; ++i) single(i);
        return;
    }
    for (std::size_t i = 0; i < step; ++i) single(i);
    for (std::size_t i = count - step; i < count; ++i) single(i);
    if (2 * step >= stretch) {  // more channels than a stretch has room for
        for (std::size_t i = step; i < count - step; ++i) single(i);
        return;
    }
    alignas(64) T low[stretch], middle[stretch], high[stretch];
    for (std::size_t first = step; first < count - step;) {
        const std::size_t origin = first - step;  // of the sorted columns
        const std::size_t columns = count - origin < stretch ? count - origin : stretch;
        sweep<width>(
            0, columns,
            [&](std::size_t i) {
                const auto sorted = sort_three<VectorOrder<T>>(Batch<T>::load_unaligned(above + origin + i),
                                                               Batch<T>::load_unaligned(here + origin + i),
                                                               Batch<T>::load_unaligned(below + origin + i));
                sorted.low.store_unaligned(low + i);
                sorted.middle.store_unaligned(middle + i);
                sorted.high.store_unaligned(high + i);
            },
            [&](std::size_t i) {
                const auto sorted = column(origin + i);
                low[i] = sorted.low;
                middle[i] = sorted.middle;
                high[i] = sorted.high;
            });
        const auto load = [&](std::size_t i) {
            return SortedThree<Batch<T>>{Batch<T>::load_unaligned(low + i), Batch<T>::load_unaligned(middle + i),
                                         Batch<T>::load_unaligned(high + i)};
        };
        const std::size_t windows = columns - 2 * step;
        sweep<width>(
            0, windows,
            [&](std::size_t i) {
                median9<VectorOrder<T>>(load(i), load(i + step), load(i + 2 * step)).store_unaligned(out + first + i);
            },
            [&](std::size_t i) { single(first + i); });
        first += windows;
    }
}

template <class T>
void median2(const T* const* rows, std::size_t count, std::size_t step, T* out) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const T *const above = rows[0], *const here = rows[1];
    const auto single = [&](std::size_t i) {
        const std::size_t left = i < step ? i : i - step;
        out[i] = upper_median4<ValueOrder<T>>(above[left], here[left], above[i], here[i]);
    };
    for (std::size_t i = 0; i < step; ++i) single(i);
    sweep<width>(
        step, count,
        [&](std::size_t i) {
            upper_median4<VectorOrder<T>>(Batch<T>::load_unaligned(above + i - step),
                                          Batch<T>::load_unaligned(here + i - step),
                                          Batch<T>::load_unaligned(above + i), Batch<T>::load_unaligned(here + i))
                .store_unaligned(out + i);
        },
        single);
}

// Even and odd bytes as two vectors of 16 bits: no unpacking, no packing.
void reduce_bytes(const std::uint8_t* values, std::size_t count, const ByteLevels* levels, std::uint8_t* out) noexcept {
    using Halves = Batch<std::uint16_t>;
    constexpr std::size_t width = 2 * Halves::size;
    const Halves scale(levels->scale), offset(levels->offset), spread(levels->spread),
        spread_offset(levels->spread_offset), low_byte(std::uint16_t{0xFF});
    const int shift = levels->shift, spread_shift = levels->spread_shift;
    const auto map = [&](Halves x) {
        return (((x * scale + offset) >> shift) * spread + spread_offset) >> spread_shift;
    };
    std::size_t i = 0;
    for (; i + width <= count; i += width) {
        // As words, whatever the bytes' alignment; memory that is copied to a vector in halves would stall its load.
        const Halves both = Halves::load_unaligned(reinterpret_cast<const std::uint16_t*>(values + i));
        (map(both & low_byte) | (map(both >> 8) << 8)).store_unaligned(reinterpret_cast<std::uint16_t*>(out + i));
    }
    for (; i < count; ++i) {
        const unsigned level = (unsigned{values[i]} * levels->scale + levels->offset) >> levels->shift;
        out[i] = static_cast<std::uint8_t>((level * levels->spread + levels->spread_offset) >> levels->spread_shift);
    }
}

void reduce_floats(const float* values, std::size_t count, float levels, float highest, float* out) noexcept {
    constexpr std::size_t width = Batch<float>::size;
    const Batch<float> steps(levels), top(highest);
    std::size_t i = 0;
    for (; i + width <= count; i += width)
        (xsimd::nearbyint(Batch<float>::load_unaligned(values + i) * steps / top) / steps * top)
            .store_unaligned(out + i);
    for (; i < count; ++i) out[i] = __builtin_nearbyintf(values[i] * levels / highest) / levels * highest;
}

constexpr ImageKernels image_entries() noexcept {
    return {&median3<std::uint8_t>, &median3<float>, &median2<std::uint8_t>,
            &median2<float>,        &reduce_bytes,   &reduce_floats};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
