// SPDX-License-Identifier: Apache-2.0
// Statistics of a column's floats: two loops over a tile in the first cache, the sums exact and so in any order.
#pragma once

#include "kernels/column_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

void column_census(const float* x, std::size_t n, ColumnCensus* census) noexcept {
    using B = Batch<float>;
    constexpr std::size_t width = B::size;
    const std::size_t whole = n - n % width;
    ColumnCensus result;
    scalar::column_census(x + whole, n - whole, &result);
    if (whole == 0) {
        *census = result;
        return;
    }
    const B zero(0.0F), infinite(infinity<float>);
    B low = infinite, high = -infinite, least = infinite;
    Mask<float> finite = zero == zero;
    Tally<float> zeros, negatives;
    for (std::size_t i = 0; i < whole; i += width) {
        const B v = B::load_unaligned(x + i);
        const B size = xsimd::abs(v);
        const Mask<float> is_zero = v == zero;
        finite = finite & (size <= B(Limits<float>::largest));
        low = xsimd::min(v, low);
        high = xsimd::max(v, high);
        least = xsimd::min(xsimd::select(is_zero, infinite, size), least);
        zeros.add(is_zero);
        negatives.add(v < zero);
    }
    alignas(64) float lanes[3][width];
    low.store_aligned(lanes[0]);
    high.store_aligned(lanes[1]);
    least.store_aligned(lanes[2]);
    for (std::size_t i = 0; i < width; ++i) {
        result.minimum = lanes[0][i] < result.minimum ? lanes[0][i] : result.minimum;
        result.maximum = lanes[1][i] > result.maximum ? lanes[1][i] : result.maximum;
        result.least = lanes[2][i] < result.least ? lanes[2][i] : result.least;
    }
    result.minimum += 0.0F;
    result.maximum += 0.0F;
    result.is_finite = result.is_finite && xsimd::all(finite);
    result.zeros += zeros.total();
    result.negatives += negatives.total();
    *census = result;
}

struct WindowLanes {
    Batch<double> sum = Batch<double>(0.0), square = Batch<double>(0.0), rest = Batch<double>(0.0);

    VEDETTE_INLINE void add_within(Batch<double> v, Batch<double> low, Batch<double> high,
                                   Batch<double> splitter) noexcept {
        const Batch<double> size = xsimd::abs(v);
        add(xsimd::select((size >= low) & (size < high), v, Batch<double>(0.0)), splitter);
    }
    VEDETTE_INLINE void add(Batch<double> kept, Batch<double> splitter) noexcept {
        const Batch<double> whole = kept * kept;
        const Batch<double> cut = (whole + splitter) - splitter;
        sum = sum + kept;
        square = square + cut;
        rest = rest + (whole - cut);
    }
};

VEDETTE_INLINE double sum_lanes_of(Batch<double> v) noexcept {
    alignas(64) double lanes[Batch<double>::size];
    v.store_aligned(lanes);
    double sum = 0.0;
    for (const double lane : lanes) sum += lane;
    return sum;
}

void window_sums(const float* x, std::size_t n, double low, double high, double splitter, ColumnSums* sums) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const std::size_t whole = n - n % (2 * width);
    const Batch<double> lower(low), upper(high), cutter(splitter);
    WindowLanes even, odd;
    if (low == 0.0) {
        for (std::size_t i = 0; i < whole; i += 2 * width) {
            even.add(load_double(x + i), cutter);
            odd.add(load_double(x + i + width), cutter);
        }
    } else {
        for (std::size_t i = 0; i < whole; i += 2 * width) {
            even.add_within(load_double(x + i), lower, upper, cutter);
            odd.add_within(load_double(x + i + width), lower, upper, cutter);
        }
    }
    scalar::window_sums(x + whole, n - whole, low, high, splitter, sums);
    sums->sum += sum_lanes_of(even.sum + odd.sum);
    sums->square += sum_lanes_of(even.square + odd.square);
    sums->rest += sum_lanes_of(even.rest + odd.rest);
}

constexpr ColumnKernels column_entries() noexcept {
    return {&column_census, &window_sums};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
