// SPDX-License-Identifier: Apache-2.0
// The steps of a block's moments: sums, squares and extremes of 16 elements at a time, all finite, cleaned or masked.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

template <class T>
constexpr std::size_t moment_block = moment_block_bytes / sizeof(T);
constexpr std::size_t step = 16;             // elements per turn of a loop
constexpr std::size_t sum_lanes = step / 2;  // elements j and j + 8 of a step are added before they join lane j

// A step's double vectors, in pairs: nested rather than an array, as g++ keeps members in registers and spills arrays.
template <std::size_t n>
struct Pairs {
    static constexpr std::size_t width = Batch<double>::size;
    Batch<double> sum = Batch<double>(0.0);  // braces would take xsimd's list constructor
    Batch<double> low_square = Batch<double>(0.0), high_square = Batch<double>(0.0);
    Pairs<n - 1> rest;

    template <bool shifted, class T>
    VEDETTE_INLINE void add(const T* x, Batch<double> shift) noexcept {
        Batch<double> low = load_double(x);
        Batch<double> high = load_double(x + sum_lanes);
        if constexpr (shifted) {
            low = low - shift;
            high = high - shift;
        }
        sum = sum + (low + high);
        if constexpr (!shifted && sizeof(T) == sizeof(float)) {
            low_square = add_exact_square(low_square, low);
            high_square = add_exact_square(high_square, high);
        } else {
            low_square = low_square + low * low;
            high_square = high_square + high * high;
        }
        __asm__ volatile("" ::: "memory");  // one pair after the other: interleaved, they want too many registers
        rest.template add<shifted>(x + width, shift);
    }
    // The same, of the kept elements of a step that is one pair; the others add nothing.
    template <bool shifted, class Bits>
    VEDETTE_INLINE void add_kept(const float* x, Batch<double> shift, Bits kept) noexcept {
        Batch<double> low = load_kept(x, lower_half(kept));
        Batch<double> high = load_kept(x + sum_lanes, upper_half(kept));
        if constexpr (shifted) {
            low = subtract_kept(low, shift, lower_half(kept));
            high = subtract_kept(high, shift, upper_half(kept));
        }
        sum = sum + (low + high);
        low_square = shifted ? low_square + low * low : add_exact_square(low_square, low);
        high_square = shifted ? high_square + high * high : add_exact_square(high_square, high);
    }
    VEDETTE_INLINE void store(double* sums, double* squares) const noexcept {
        sum.store_aligned(sums);
        low_square.store_aligned(squares);
        high_square.store_aligned(squares + sum_lanes);
        rest.store(sums + width, squares + width);
    }
};
template <>
struct Pairs<0> {
    template <bool shifted, class T>
    VEDETTE_INLINE void add(const T*, Batch<double>) noexcept {}
    VEDETTE_INLINE void store(double*, double*) const noexcept {}
};

VEDETTE_INLINE bool is_finite(double x) noexcept {
    return __builtin_fabs(x) <= Limits<double>::largest;
}

struct BlockSums {
    double sum = 0.0;  // of x - shift
    double square = 0.0;
    double min = infinity<double>;
    double max = -infinity<double>;
    std::uint64_t finite = 0;
    std::uint64_t zeros = 0;

    VEDETTE_INLINE void extend(double low, double high, std::uint64_t more_zeros) noexcept {
        min = low < min ? low : min;
        max = high > max ? high : max;
        zeros += more_zeros;
    }
};

// The extremes and zeros of finite values.
template <class T>
struct Range {
    Batch<T> min = Batch<T>(infinity<T>), max = Batch<T>(-infinity<T>);
    Tally<T> zeros;
    VEDETTE_INLINE void add(Batch<T> low, Batch<T> high, Mask<T> is_zero) noexcept {
        min = xsimd::min(low, min);
        max = xsimd::max(high, max);
        zeros.add(is_zero);
    }
    VEDETTE_INLINE void add_step(const T* x) noexcept {
        for (std::size_t i = 0; i < step; i += Batch<T>::size) {
            const Batch<T> v = Batch<T>::load_unaligned(x + i);
            add(v, v, v == Batch<T>(T{0}));
        }
    }
    VEDETTE_INLINE void fold(const T*, std::size_t, BlockSums& out) const noexcept {
        alignas(64) T low[Batch<T>::size];
        alignas(64) T high[Batch<T>::size];
        min.store_aligned(low);
        max.store_aligned(high);
        for (std::size_t i = 1; i < Batch<T>::size; ++i) {
            low[0] = low[i] < low[0] ? low[i] : low[0];
            high[0] = high[i] > high[0] ? high[i] : high[0];
        }
        out.extend(static_cast<double>(low[0]), static_cast<double>(high[0]), zeros.total());
    }
};

template <class T>
VEDETTE_INLINE std::uint64_t count_equal(const T* x, std::size_t n, T value) noexcept {
    using B = Batch<T>;
    const std::size_t whole = n - n % B::size;
    Tally<T> equal;
    for (std::size_t i = 0; i < whole; i += B::size) equal.add(B::load_unaligned(x + i) == B(value));
    std::uint64_t count = equal.total();
    for (std::size_t i = whole; i < n; ++i) count += x[i] == value ? 1U : 0U;
    return count;
}

template <class T>
struct FastRange : Range<T> {};
#if defined(__AVX2__)
template <>
struct FastRange<float> {
    WordRange words;
    VEDETTE_INLINE void add_step(const float* x) noexcept { words.add_step(x); }
    template <class Bits>
    VEDETTE_INLINE void add_step(const float* x, Bits kept) noexcept {
        words.add_step(x, kept);
    }
    VEDETTE_INLINE void fold(const float* x, std::size_t n, BlockSums& out) const noexcept {
        if (n == 0) return;
        float min = 0.0F;
        float max = 0.0F;
        const bool any_zero = words.fold(min, max);
        out.extend(static_cast<double>(min), static_cast<double>(max), any_zero ? count_equal(x, n, 0.0F) : 0);
    }
};
#endif

struct Lanes {
    alignas(64) double sum[sum_lanes];
    alignas(64) double square[step];
};

struct Census {
    std::uint64_t finite = 0;
    std::uint64_t nan = 0;
};

// Of a step with values that are not finite, what the sums and the extremes see in their place.
template <class T>
struct CleanStep {
    alignas(64) T summed[step];
    alignas(64) T ranged[step];
};

template <class T>
struct Fill {
    T summed;  // the shift, which adds nothing
    T ranged;  // one of the block's values, which moves no extreme
};

template <class T>
__attribute__((noinline)) void clean_step(const T* x, Fill<T> fill, CleanStep<T>& cleaned, Census& census) noexcept {
    Tally<T> finite, ordered;  // xsimd 8.1 does not say that NaN differs from itself
    for (std::size_t i = 0; i < step; i += Batch<T>::size) {
        const Batch<T> v = Batch<T>::load_unaligned(x + i);
        const Mask<T> kept = finite_lanes(v);
        finite.add(kept);
        ordered.add(v == v);
        xsimd::select(kept, v, Batch<T>(fill.summed)).store_aligned(cleaned.summed + i);
        xsimd::select(kept, v, Batch<T>(fill.ranged)).store_aligned(cleaned.ranged + i);
    }
    census.finite -= step - finite.total();
    census.nan += step - ordered.total();
}

template <class T>
VEDETTE_INLINE bool is_clean(const T* x) noexcept {
    bool clean = true;
    for (std::size_t i = 0; i < step; i += Batch<T>::size) clean = clean & all_finite(Batch<T>::load_unaligned(x + i));
    return clean;
}

// Whether a step's elements can be masked, which is quicker than to clean the step.
#if defined(__AVX512F__)
template <class T>
constexpr bool has_masks = sizeof(T) == sizeof(float);
#else
template <class T>
constexpr bool has_masks = false;
#endif

// The sums of whole steps of which few elements are not finite, by masks.
template <bool shifted, class T>
__attribute__((noinline)) void sum_masked_steps(const T* x, std::size_t n, Fill<T> fill, const T* ahead, Census* census,
                                                Lanes& lanes, BlockSums& out) noexcept {
    const Batch<double> wide_shift(static_cast<double>(fill.summed));
    Pairs<sum_lanes / Batch<double>::size> pairs;
    FastRange<T> range;
    alignas(64) T fills[step];
    for (T& value : fills) value = fill.ranged;
    range.add_step(fills);
    for (std::size_t i = 0; i < n; i += step) {
        __builtin_prefetch(ahead + i, 0, 3);
        if (is_clean(x + i)) [[likely]] {
            range.add_step(x + i);
            pairs.template add<shifted>(x + i, wide_shift);
        } else {
            const auto kept = finite_bits(x + i);
            census->finite -= step - static_cast<std::uint64_t>(__builtin_popcount(kept));
            census->nan += count_nan(x + i);
            range.add_step(x + i, kept);
            pairs.template add_kept<shifted>(x + i, wide_shift, kept);
        }
    }
    range.fold(x, n, out);
    pairs.store(lanes.sum, lanes.square);
}

// The whole steps of a block. On its own, with nothing else alive, because g++ spills accumulators otherwise.
// With a census, steps may hold values that are not finite: rare ones, or the branch is a bad guess.
template <bool ranged, bool shifted, bool checked, class T>
__attribute__((noinline)) void sum_steps(const T* x, std::size_t n, Fill<T> fill, const T* ahead, Census* census,
                                         Lanes& lanes, BlockSums& out) noexcept {
    CleanStep<T> cleaned;
    const Batch<double> wide_shift(static_cast<double>(fill.summed));
    Pairs<sum_lanes / Batch<double>::size> pairs;
    FastRange<T> range;
    for (std::size_t i = 0; i < n; i += step) {
        const T* summed = x + i;
        const T* extremes = summed;
        if constexpr (ranged)
            for (std::size_t k = 0; k < step; k += 64 / sizeof(T)) __builtin_prefetch(ahead + i + k, 0, 3);
        if constexpr (checked) {
            if (!is_clean(summed)) [[unlikely]] {
                clean_step(summed, fill, cleaned, *census);
                summed = cleaned.summed;
                extremes = cleaned.ranged;
            }
        }
        if constexpr (ranged) {
            range.add_step(extremes);
            __asm__ volatile("" ::: "memory");
        }
        pairs.template add<shifted>(summed, wide_shift);
    }
    if constexpr (ranged) range.fold(x, n, out);
    pairs.store(lanes.sum, lanes.square);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
