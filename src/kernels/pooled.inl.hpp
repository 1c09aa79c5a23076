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
    static VEDETTE_INLINE Word word(std::uint64_t x) noexcept { return Word(x); }
    static VEDETTE_INLINE Value as_double(Word x) noexcept { return xsimd::bitwise_cast<Value>(x); }
    static VEDETTE_INLINE Value where_negative(Value test, Value x) noexcept {
        return xsimd::select(test < Value(0.0), x, Value(0.0));
    }
    static VEDETTE_INLINE Value root(Value x) noexcept { return xsimd::sqrt(x); }
    static VEDETTE_INLINE void split(Value x, Value& mantissa, Value& exponent) noexcept {
        const Word bits = xsimd::bitwise_cast<Word>(x);
        const Word biased = (bits - Word(log_root_half) + Word(log_bias)) >> 52;
        mantissa = xsimd::bitwise_cast<Value>(bits - (biased << 52) + Word(log_bias));
        exponent = xsimd::bitwise_cast<Value>(biased | Word(0x4330000000000000U)) - Value(0x1p52 + 1024.0);
    }
};

// Whether all logarithms of a step of eight cells are near ln(1): their series is shorter, and so that all ISAs take
// the same one, all eight lanes decide together.
template <class Terms>
VEDETTE_INLINE bool is_near(const double* reference, const double* live, const PooledScale& scale) noexcept {
    if constexpr (Terms::has_logarithms) {
        Mask<double> all = Batch<double>(0.0) == Batch<double>(0.0);
        for (std::size_t i = 0; i < pooled_lanes; i += Batch<double>::size)
            all = all & (Terms::room(scale, load_double(reference + i), load_double(live + i)) >= Batch<double>(0.0));
        return xsimd::all(all);
    } else {
        return true;
    }
}

// One vector's cells of one step; `near` is the same for all lanes of the step.
template <class Terms>
VEDETTE_INLINE void add_step(const double* reference, const double* live, Batch<double> weight, bool near,
                             const PooledScale& scale, Batch<double>* sum, Batch<double>& largest) noexcept {
    const Batch<double> r = load_double(reference);
    const Batch<double> l = load_double(live);
    if (near) {
        Terms::template add<true>(scale, r, l, weight, sum, largest);
    } else if constexpr (Terms::has_logarithms) {
        Terms::template add<false>(scale, r, l, weight, sum, largest);
    }
}

// One pass. The last step, when not whole, is completed with cells of weight zero that are as large as the totals:
// their shares are equal, so they never ask for the longer series.
template <class Terms>
VEDETTE_INLINE void sum_pass(const double* reference, const double* live, std::size_t cells, const PooledScale& scale,
                             PooledSums& out) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const std::size_t whole = cells - cells % pooled_lanes;
    alignas(64) double last[3][pooled_lanes];
    for (std::size_t i = 0; i < pooled_lanes; ++i) {
        const bool filled = whole + i < cells;
        last[0][i] = filled ? reference[whole + i] : scale.n;
        last[1][i] = filled ? live[whole + i] : scale.m;
        last[2][i] = filled ? 1.0 : 0.0;
    }
    bool near[most_pooled_cells / pooled_lanes];
    for (std::size_t i = 0; i < whole; i += pooled_lanes)
        near[i / pooled_lanes] = is_near<Terms>(reference + i, live + i, scale);
    const bool last_near = whole < cells && is_near<Terms>(last[0], last[1], scale);
    alignas(64) double lanes[Terms::sums + 1][pooled_lanes];
    for (std::size_t lane = 0; lane < pooled_lanes; lane += width) {
        Batch<double> sum[Terms::sums];
        for (std::size_t k = 0; k < Terms::sums; ++k) sum[k] = Batch<double>(0.0);
        Batch<double> largest(0.0);
        for (std::size_t i = lane; i < whole; i += pooled_lanes)
            add_step<Terms>(reference + i, live + i, Batch<double>(1.0), near[i / pooled_lanes], scale, sum, largest);
        if (whole < cells)
            add_step<Terms>(last[0] + lane, last[1] + lane, load_double(last[2] + lane), last_near, scale, sum,
                            largest);
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
