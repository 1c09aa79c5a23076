// SPDX-License-Identifier: Apache-2.0
// The plain meaning of every kernel, one loop each: what the SIMD kernels are tested against, and the fallback for CPUs
// without a SIMD source of ours.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/ordered_terms.inl.hpp"
#include "kernels/pooled_terms.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::scalar {

/// #{edges <= x}.
template <class T>
std::size_t cell(T x, const T* edges, std::size_t edge_count) noexcept {
    std::size_t count = 0;
    for (std::size_t i = 0; i < edge_count; ++i) count += edges[i] <= x ? 1 : 0;
    return count;
}

/// 0 for NaN, 1 for +Inf, 2 for -Inf, 3 for a finite value.
template <class T>
std::size_t special_kind(T x) noexcept {
    if (std::isnan(x)) return 0;
    if (std::isinf(x)) return x > 0 ? 1 : 2;
    return special_count;
}

template <class T>
void count_cells(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
                 std::uint64_t* cells, std::uint64_t* specials) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
        const T v = x[static_cast<std::ptrdiff_t>(i) * stride];
        const std::size_t kind = special_kind(v);
        ++(kind < special_count ? specials[kind] : cells[cell(v, edges, edge_count)]);
    }
}

/// The edges of a planned feature, read back from its search tree: the leaves are its last level.
template <class T>
const T* leaves(const RowPlanView<T>& plan, const RowFeature& f) noexcept {
    const std::size_t pivots = f.edge_count <= 8 ? 0 : f.edge_count <= 72 ? 8 : 16 + (f.edge_count / 64 + 1) * 8;
    return plan.trees + f.tree_offset + pivots;
}

template <class T>
void run_row(const T* row, const RowPlanView<T>* plan, std::uint64_t* counters, std::uint16_t* codes) noexcept {
    for (std::size_t i = 0; i < plan->depth_end[2]; ++i) {
        const RowFeature& f = plan->features[i];
        const std::size_t kind = special_kind(row[f.feature]);
        const std::size_t c = cell(row[f.feature], leaves(*plan, f), f.edge_count);
        const bool special = kind < special_count;
        if (codes) codes[f.feature] = static_cast<std::uint16_t>(special ? code_nan - kind : c);
        if (counters) ++counters[f.counter_offset + (special ? f.edge_count + 1 + kind : c)];
    }
    if (!codes) return;
    for (std::size_t i = 0; i < plan->skipped_count; ++i) codes[plan->skipped[i]] = code_skipped;
}

template <class T>
void locate_row(const T* row, const RowPlanView<T>* plan, std::uint16_t* codes) noexcept {
    run_row(row, plan, nullptr, codes);
}

template <class T>
void observe_row(const T* row, const RowPlanView<T>* plan, std::uint64_t* counters, std::uint16_t* codes) noexcept {
    run_row(row, plan, counters, codes);
}

template <class T>
void observe_rows(const T* rows, std::size_t row_count, std::ptrdiff_t row_stride, const RowPlanView<T>* plan,
                  std::uint64_t* counters) noexcept {
    for (std::size_t i = 0; i < row_count; ++i) {
        run_row(rows + static_cast<std::ptrdiff_t>(i) * row_stride, plan, counters,
                static_cast<std::uint16_t*>(nullptr));
    }
}

/// Chan, Golub, LeVeque (1983); the means are averaged directly when their difference overflows.
inline void merge_block(MomentsState& state, double count, double mean, double m2) noexcept {
    if (state.count == 0) {
        state.mean = mean;
        state.m2 = m2;
        return;
    }
    const double before = static_cast<double>(state.count);
    const double total = before + count;
    const double delta = mean - state.mean;
    const double weight = count / total;
    state.mean = std::isfinite(delta) ? state.mean + delta * weight : state.mean * (before / total) + mean * weight;
    state.m2 = state.m2 + m2 + delta * (delta * (before * weight));
}

struct ShiftedSums {
    double sum;
    double square;
};

/// Of x - shift over the finite values of a block. Elements j and j + 8 of every 16 are added before they join lane j
/// of 8; squares have 16 lanes; lanes are folded in halves.
template <class T>
ShiftedSums sum_block(const T* x, std::size_t n, std::ptrdiff_t stride, T shift) noexcept {
    std::array<double, 8> sum{};
    std::array<double, 16> square{};
    for (std::size_t begin = 0; begin < n; begin += 16) {
        std::array<double, 16> d{};
        for (std::size_t j = 0; j < 16 && begin + j < n; ++j) {
            const T v = x[static_cast<std::ptrdiff_t>(begin + j) * stride];
            d[j] = std::isfinite(v) ? static_cast<double>(v) - static_cast<double>(shift) : 0.0;
            square[j] += d[j] * d[j];
        }
        for (std::size_t j = 0; j < 8; ++j) sum[j] += d[j] + d[j + 8];
    }
    const auto fold = [](auto& lanes) {
        for (std::size_t width = lanes.size() / 2; width > 0; width /= 2) {
            for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
        }
        return lanes[0];
    };
    return {fold(sum), fold(square)};
}

/// One block, summed about `shift`, or about its first finite value if more than a few are not; and, where this cancels
/// too much, summed again about its mean. `shift` becomes what suits a next block like this one.
template <class T>
void add_block(const T* x, std::size_t n, std::ptrdiff_t stride, T& shift, MomentsState& state) noexcept {
    double min = HUGE_VAL, max = -HUGE_VAL, scaled = 0.0;
    std::uint64_t finite = 0;
    T first{0};
    for (std::size_t i = 0; i < n; ++i) {
        const double v = static_cast<double>(x[static_cast<std::ptrdiff_t>(i) * stride]);
        const std::size_t kind = special_kind(v);
        if (kind < special_count) {
            ++(kind == 0 ? state.nan : kind == 1 ? state.pos_inf : state.neg_inf);
            continue;
        }
        if (finite++ == 0) first = x[static_cast<std::ptrdiff_t>(i) * stride];
        min = std::min(min, v);
        max = std::max(max, v);
        state.zeros += v == 0.0 ? 1 : 0;
        scaled += v * (1.0 / 4096);
    }
    if (finite == 0) return;
    if (n - finite > n / moment_few_in) shift = first;
    const double count = static_cast<double>(finite);
    double mean = min + 0.0, m2 = 0.0;
    if (min != max) {
        ShiftedSums sums = sum_block(x, n, stride, shift);
        mean = static_cast<double>(shift) + sums.sum / count;
        m2 = sums.square - sums.sum * (sums.sum / count);
        if (!(sums.square <= largest_cancellation * m2)) {
            if (!std::isfinite(mean)) mean = scaled / (count * (1.0 / 4096));
            mean = std::clamp(mean, min, max);
            shift = static_cast<T>(mean);
            sums = sum_block(x, n, stride, shift);
            const double offset = sums.sum / count;
            if (std::isfinite(offset)) mean = static_cast<double>(shift) + offset;
            m2 = sums.square - sums.sum * offset;
            if (!std::isfinite(sums.square) || !std::isfinite(m2)) m2 = HUGE_VAL;
            m2 = m2 > 0.0 ? m2 : 0.0;
        }
    }
    shift = m2 + count * mean * mean <= largest_cancellation * m2 ? T{0} : static_cast<T>(mean);
    merge_block(state, count, mean, m2);
    state.min = state.count == 0 ? min + 0.0 : std::min(state.min, min + 0.0);
    state.max = state.count == 0 ? max + 0.0 : std::max(state.max, max + 0.0);
    state.count += finite;
}

template <class T>
void moments(const T* x, std::size_t n, std::ptrdiff_t stride, MomentsState* state) noexcept {
    constexpr std::size_t size = moment_block_bytes / sizeof(T);
    T shift{0};
    for (std::size_t i = 0; i < n; i += size) {
        add_block(x + static_cast<std::ptrdiff_t>(i) * stride, std::min(size, n - i), stride, shift, *state);
    }
}

/// One pass over the cells: cell i in lane i mod 8, the last step completed with cells of weight zero. Where a whole
/// step has all its logarithms near ln(1), their shorter series is taken.
template <class Terms>
void sum_pass(const double* reference, const double* live, std::size_t cells, const PooledScale& scale,
              PooledSums& out) noexcept {
    double lanes[Terms::sums][pooled_lanes];
    double largest[pooled_lanes] = {};
    for (std::size_t lane = 0; lane < pooled_lanes; ++lane) {
        double sum[Terms::sums] = {};
        for (std::size_t step = 0; step < cells; step += pooled_lanes) {
            bool near = true;
            if constexpr (Terms::has_logarithms) {
                for (std::size_t i = step; near && i < step + pooled_lanes; ++i)
                    near = i < cells ? Terms::room(scale, reference[i], live[i]) >= 0.0
                                     : Terms::room(scale, scale.n, scale.m) >= 0.0;
            }
            const bool filled = step + lane < cells;
            const double r = filled ? reference[step + lane] : scale.n;
            const double l = filled ? live[step + lane] : scale.m;
            const double weight = filled ? 1.0 : 0.0;
            if (near) {
                Terms::template add<true>(scale, r, l, weight, sum, largest[lane]);
            } else {
                Terms::template add<false>(scale, r, l, weight, sum, largest[lane]);
            }
        }
        for (std::size_t k = 0; k < Terms::sums; ++k) lanes[k][lane] = sum[k];
    }
    double totals[Terms::sums];
    for (std::size_t k = 0; k < Terms::sums; ++k) totals[k] = reduce_pooled(lanes[k]);
    Terms::store(totals, *std::max_element(largest, largest + pooled_lanes), out);
}

inline void pooled_sums(const double* reference, const double* live, std::size_t cells, const PooledScale* scale,
                        PooledSums* out) noexcept {
    sum_pass<ContingencyTerms<PlainDouble>>(reference, live, cells, *scale, *out);
    sum_pass<VariationTerms<PlainDouble>>(reference, live, cells, *scale, *out);
    sum_pass<ShareTerms<PlainDouble>>(reference, live, cells, *scale, *out);
}

/// Cell i of a block in lane i mod 8.
template <bool discrete>
void sum_ordered(const OrderedBlock& in, OrderedSums& out) noexcept {
    double distance[pooled_lanes] = {}, first[pooled_lanes] = {}, second[pooled_lanes] = {};
    for (std::size_t i = 0; i < in.cells; ++i) {
        out.live_total += in.live[i];
        const double after = in.reference[i] - to_double<PlainDouble>(out.live_total) * in.per_live;
        const double weighted = to_double<PlainDouble>(in.live[i]) * in.positions[i];
        out.largest_difference = PlainDouble::largest(out.largest_difference, PlainDouble::magnitude(after));
        distance[i % pooled_lanes] += in.widths[i] * height<PlainDouble, discrete>(out.difference, after);
        first[i % pooled_lanes] += weighted;
        second[i % pooled_lanes] += weighted * in.positions[i];
        out.difference = after;
    }
    out.distance += reduce_pooled(distance);
    out.first += reduce_pooled(first);
    out.second += reduce_pooled(second);
}

inline void ordered_sums(const OrderedBlock* block, OrderedSums* sums) noexcept {
    block->discrete ? sum_ordered<true>(*block, *sums) : sum_ordered<false>(*block, *sums);
}

inline std::int32_t shift_heights(const SlidingHeights* sliding, std::size_t from, std::size_t to,
                                  std::int32_t step) noexcept {
    const SlidingHeights& s = *sliding;
    const std::size_t size = std::size_t{1} << s.block_bits;
    const std::size_t first = from / size;
    const std::size_t last = to / size;
    for (std::size_t block = first + 1; block < last; ++block) s.offsets[block] += step;
    for (std::size_t block = first; block < s.block_count; block = block < last ? last : s.block_count) {
        std::int32_t* const heights = s.heights + block * size;
        const std::size_t begin = block == first ? from % size : 0;
        const std::size_t end = block == last ? to % size : size;
        for (std::size_t i = begin; i < end; ++i) heights[i] += step;
        s.highest[block] = *std::max_element(heights, heights + size);
        s.lowest[block] = *std::min_element(heights, heights + size);
    }
    std::int32_t largest = 0;
    for (std::size_t block = 0; block < s.block_count; ++block)
        largest = std::max({largest, s.highest[block] + s.offsets[block], -(s.lowest[block] + s.offsets[block])});
    return largest;
}

template <class T>
constexpr TypedKernels<T> entries() noexcept {
    return {&count_cells<T>, &moments<T>, &locate_row<T>, &observe_row<T>, &observe_rows<T>};
}

}  // namespace vedette::inline v0::kernels::scalar
