// SPDX-License-Identifier: Apache-2.0
// Fused moments of a column. Element i of a block goes to virtual lane i mod 8 on every ISA, and the lanes are summed
// in one fixed tree, so that results agree bit for bit.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

constexpr std::size_t moment_block = 2048;
constexpr std::size_t virtual_lanes = 8;  // more would not fit AVX2's sixteen registers

struct BlockSums {
    alignas(64) double sum[virtual_lanes];
    alignas(64) double square[virtual_lanes];
    double min;
    double max;
    std::uint64_t finite;
    std::uint64_t zeros;
};

// The sums of one vector's worth of virtual lanes: one double vector per double vector, two per float vector.
template <class T>
struct UnitSums;
template <>
struct UnitSums<double> {
    Batch<double> sum = Batch<double>(0.0), square = Batch<double>(0.0);  // braces would take xsimd's list constructor
    VEDETTE_INLINE void add(Batch<double> x, Batch<double> shift) noexcept {
        const Batch<double> d = x - shift;
        sum = sum + d;
        square = square + d * d;
    }
    VEDETTE_INLINE void store(double* sums, double* squares) const noexcept {
        sum.store_aligned(sums);
        square.store_aligned(squares);
    }
};
template <>
struct UnitSums<float> {
    // With eight doubles to a vector, both halves of a float vector belong to the same lanes.
    static constexpr bool one_vector = Batch<double>::size == virtual_lanes;
    UnitSums<double> low, high;
    VEDETTE_INLINE void add(Batch<float> x, Batch<double> shift) noexcept {
        Batch<double> a(0.0), b(0.0);
        widen(x, a, b);
        low.add(a, shift);
        if constexpr (one_vector) {
            low.add(b, shift);
        } else {
            high.add(b, shift);
        }
    }
    VEDETTE_INLINE void store(double* sums, double* squares) const noexcept {
        low.store(sums, squares);
        if constexpr (!one_vector) high.store(sums + Batch<double>::size, squares + Batch<double>::size);
    }
};

template <class T>
struct Screen {
    Batch<T> shift, min, max;
    Batch<double> wide_shift;
    Tally<T> finite, zeros;
    VEDETTE_INLINE explicit Screen(T first) noexcept
        : shift(first), min(first), max(first), wide_shift(static_cast<double>(first)) {}

    // A non-finite value becomes the shift, itself a value of the block: it then adds 0 and moves no extreme.
    template <bool screened>
    VEDETTE_INLINE Batch<T> load(const T* x) noexcept {
        Batch<T> v = Batch<T>::load_unaligned(x);
        zeros.add(v == Batch<T>(T{0}));
        if constexpr (screened) {
            const Mask<T> is_finite = xsimd::abs(v) <= Batch<T>(Limits<T>::largest);
            finite.add(is_finite);
            v = xsimd::select(is_finite, v, shift);
        }
        min = xsimd::min(v, min);
        max = xsimd::max(v, max);
        return v;
    }
};

// A chain of units, nested rather than an array: g++ keeps members in registers where it spills arrays.
template <class T, std::size_t n>
struct Units {
    UnitSums<T> head;
    Units<T, n - 1> rest;
    template <bool screened>
    VEDETTE_INLINE void add(const T* x, Screen<T>& screen) noexcept {
        head.add(screen.template load<screened>(x), screen.wide_shift);
        rest.template add<screened>(x + Batch<T>::size, screen);
    }
    VEDETTE_INLINE void store(double* sums, double* squares) const noexcept {
        head.store(sums, squares);
        rest.store(sums + Batch<T>::size, squares + Batch<T>::size);
    }
};
template <class T>
struct Units<T, 0> {
    template <bool screened>
    VEDETTE_INLINE void add(const T*, Screen<T>&) noexcept {}
    VEDETTE_INLINE void store(double*, double*) const noexcept {}
};

// Without screening, a non-finite value of the whole vectors shows in `square`, and nothing else in `out` is of use.
template <bool screened, class T>
void sum_block(const T* x, std::size_t n, T first, BlockSums& out) noexcept {
    Screen<T> screen(first);
    constexpr std::size_t step = Batch<T>::size > virtual_lanes ? Batch<T>::size : virtual_lanes;
    Units<T, step / Batch<T>::size> units;
    const std::size_t whole = n - n % step;
    for (std::size_t i = 0; i < whole; i += step) units.template add<screened>(x + i, screen);
    if (whole < n) {
        T tail[step];
        pad_tail(x + whole, n - whole, step, tail);
        units.template add<true>(tail, screen);
    }
    units.store(out.sum, out.square);
    alignas(64) T low[Batch<T>::size];
    alignas(64) T high[Batch<T>::size];
    screen.min.store_aligned(low);
    screen.max.store_aligned(high);
    T min = low[0];
    T max = high[0];
    for (std::size_t i = 1; i < Batch<T>::size; ++i) {
        min = low[i] < min ? low[i] : min;
        max = high[i] > max ? high[i] : max;
    }
    out.min = static_cast<double>(min) + 0.0;  // -0 becomes +0: which zero came first must not show
    out.max = static_cast<double>(max) + 0.0;
    out.finite = (screened ? 0 : whole) + screen.finite.total();
    out.zeros = screen.zeros.total();
}

VEDETTE_INLINE double reduce_lanes(double* lanes) noexcept {
    for (std::size_t width = virtual_lanes / 2; width > 0; width /= 2) {
        for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    }
    return lanes[0];
}

VEDETTE_INLINE bool is_finite(double x) noexcept {
    return __builtin_fabs(x) <= Limits<double>::largest;
}

// The mean when deviations overflow: 2^-11 times the values can be added 2048 times.
template <class T>
double scaled_mean(const T* x, std::size_t n, double count) noexcept {
    constexpr double scale = 1.0 / moment_block;
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        const double v = static_cast<double>(x[i]);
        sum += is_finite(v) ? v * scale : 0.0;
    }
    return sum / (count * scale);
}

// Chan, Golub, LeVeque (1983), equation 2.1; the means are averaged directly when their difference overflows.
void merge_block(MomentsState& state, double count, double mean, double m2) noexcept {
    const double before = static_cast<double>(state.count);
    const double total = before + count;
    if (before == 0.0) {
        state.mean = mean;
        state.m2 = m2;
        return;
    }
    const double delta = mean - state.mean;
    const double weight = count / total;
    state.mean = is_finite(delta) ? state.mean + delta * weight : state.mean * (before / total) + mean * weight;
    state.m2 = state.m2 + m2 + delta * (delta * (before * weight));
}

// Sorts the non-finite values of a block; taken only when it has some.
template <class T>
void count_specials(const T* x, std::size_t n, std::uint64_t finite, MomentsState& state) noexcept {
    using B = Batch<T>;
    const B top(infinity<T>), bottom(-infinity<T>);
    Tally<T> above, below;
    const std::size_t whole = n - n % B::size;
    for (std::size_t i = 0; i < whole; i += B::size) {
        const B v = B::load_unaligned(x + i);
        above.add(v == top);
        below.add(v == bottom);
    }
    T tail[B::size];
    pad_tail(x + whole, n - whole, B::size, tail);
    const B last = B::load_unaligned(tail);
    above.add(last == top);
    below.add(last == bottom);
    const std::uint64_t positive = above.total();
    const std::uint64_t negative = below.total();
    state.pos_inf += positive;
    state.neg_inf += negative;
    state.nan += n - finite - positive - negative;
}

template <class T>
void add_block(const T* x, std::size_t n, MomentsState& state) noexcept {
    std::size_t first = 0;
    while (first < n && !(__builtin_fabs(static_cast<double>(x[first])) <= Limits<T>::largest)) ++first;
    if (first == n) {
        count_specials(x, n, 0, state);
        return;
    }
    BlockSums sums;
    // Most blocks are clean: screening costs a quarter of the time, so only a block that turns out dirty pays for it.
    sum_block<false>(x, n, x[first], sums);
    double evidence = 0.0;
    for (const double square_lane : sums.square) evidence += square_lane;
    if (!is_finite(evidence)) sum_block<true>(x, n, x[first], sums);
    if (sums.finite != n) count_specials(x, n, sums.finite, state);

    const double count = static_cast<double>(sums.finite);
    const double sum = reduce_lanes(sums.sum);
    const double square = reduce_lanes(sums.square);
    double mean = static_cast<double>(x[first]) + sum / count;
    double m2 = square - sum * (sum / count);
    if (!is_finite(square) || !is_finite(m2)) m2 = infinity<double>;
    if (!is_finite(mean)) mean = scaled_mean(x, n, count);
    merge_block(state, count, mean, m2 > 0.0 ? m2 : 0.0);
    state.min = state.count == 0 || sums.min < state.min ? sums.min : state.min;
    state.max = state.count == 0 || sums.max > state.max ? sums.max : state.max;
    state.count += sums.finite;
    state.zeros += sums.zeros;
}

template <class T>
void moments(const T* x, std::size_t n, std::ptrdiff_t stride, MomentsState* state) noexcept {
    alignas(64) T tile[moment_block];
    for (std::size_t i = 0; i < n; i += moment_block) {
        const std::size_t size = n - i < moment_block ? n - i : moment_block;
        const T* block = x + static_cast<std::ptrdiff_t>(i) * stride;
        if (stride != 1) {
            gather_tile(block, size, stride, tile);
            block = tile;
        }
        add_block(block, size, *state);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
