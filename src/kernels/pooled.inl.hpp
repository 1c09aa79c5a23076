// SPDX-License-Identifier: Apache-2.0
// Sums over the pooled cells of a two-sample table. Cell i of a block goes to virtual lane i mod 8 on every ISA.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/pooled_terms.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

struct VectorDouble {
    using Value = Batch<double>;
    using Word = Batch<std::uint64_t>;
    static VEDETTE_INLINE Value broadcast(double x) noexcept { return Value(x); }
    static VEDETTE_INLINE Value largest(Value a, Value b) noexcept { return xsimd::select(a > b, a, b); }
    static VEDETTE_INLINE Value magnitude(Value x) noexcept { return xsimd::abs(x); }
    static VEDETTE_INLINE Value root(Value x) noexcept { return xsimd::sqrt(x); }
    static VEDETTE_INLINE void split(Value x, Value& mantissa, Value& exponent) noexcept {
        const Word bits = xsimd::bitwise_cast<Word>(x);
        const Word biased = (bits - Word(log_root_half) + Word(log_bias)) >> 52;
        mantissa = xsimd::bitwise_cast<Value>(bits - (biased << 52) + Word(log_bias));
        exponent = xsimd::bitwise_cast<Value>(biased | Word(0x4330000000000000U)) - Value(0x1p52 + 1024.0);
    }
};

// Whether each step of eight cells has all its logarithms near ln(1): their series is shorter, and so that all ISAs
// take the same one, all eight lanes decide together.
template <class Terms>
VEDETTE_INLINE void find_near(const double* reference, const double* live, std::size_t steps, const PooledScale& scale,
                              bool* near) noexcept {
    for (std::size_t k = 0; k < steps; ++k) {
        Mask<double> all = Batch<double>(0.0) == Batch<double>(0.0);
        for (std::size_t lane = 0; lane < pooled_lanes; lane += Batch<double>::size) {
            const std::size_t i = k * pooled_lanes + lane;
            all = all & (Terms::room(scale, load_double(reference + i), load_double(live + i)) >= Batch<double>(0.0));
        }
        near[k] = xsimd::all(all);
    }
}

// One pass. The last step, when not whole, is completed with cells of weight zero.
template <class Terms>
VEDETTE_INLINE void sum_pass(const double* reference, const double* live, std::size_t cells, const PooledScale& scale,
                             PooledSums& out) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const std::size_t whole = cells - cells % pooled_lanes;
    alignas(64) double last[3][pooled_lanes];
    for (std::size_t i = 0; i < pooled_lanes; ++i) {
        const bool filled = whole + i < cells;
        last[0][i] = filled ? reference[whole + i] : 1.0;
        last[1][i] = filled ? live[whole + i] : 1.0;
        last[2][i] = filled ? 1.0 : 0.0;
    }
    bool near[most_pooled_cells / pooled_lanes];
    find_near<Terms>(reference, live, whole / pooled_lanes, scale, near);
    alignas(64) double lanes[Terms::sums + 1][pooled_lanes];
    for (std::size_t lane = 0; lane < pooled_lanes; lane += width) {
        Batch<double> sum[Terms::sums];
        for (std::size_t k = 0; k < Terms::sums; ++k) sum[k] = Batch<double>(0.0);
        Batch<double> largest(0.0);
        for (std::size_t i = lane; i < whole; i += pooled_lanes) {
            const Batch<double> r = load_double(reference + i);
            const Batch<double> l = load_double(live + i);
            if (near[i / pooled_lanes]) {
                Terms::template add<true>(scale, r, l, Batch<double>(1.0), sum, largest);
            } else {
                Terms::template add<false>(scale, r, l, Batch<double>(1.0), sum, largest);
            }
        }
        if (whole < cells)
            Terms::template add<false>(scale, load_double(last[0] + lane), load_double(last[1] + lane),
                                       load_double(last[2] + lane), sum, largest);
        for (std::size_t k = 0; k < Terms::sums; ++k) sum[k].store_aligned(lanes[k] + lane);
        largest.store_aligned(lanes[Terms::sums] + lane);
    }
    double totals[Terms::sums];
    for (std::size_t k = 0; k < Terms::sums; ++k) totals[k] = reduce_pooled(lanes[k]);
    double most = 0.0;
    for (const double candidate : lanes[Terms::sums]) most = candidate > most ? candidate : most;
    Terms::store(totals, most, out);
}

inline void pooled_sums(const double* reference, const double* live, std::size_t cells, const PooledScale* scale,
                        PooledSums* out) noexcept {
    sum_pass<ContingencyTerms<VectorDouble>>(reference, live, cells, *scale, *out);
    sum_pass<VariationTerms<VectorDouble>>(reference, live, cells, *scale, *out);
    sum_pass<ShareTerms<VectorDouble>>(reference, live, cells, *scale, *out);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
