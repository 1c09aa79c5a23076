// SPDX-License-Identifier: Apache-2.0
// Fused moments of a column. On every ISA, element i of a block goes to the same virtual lane, and the lanes are summed
// in one fixed tree, so that results agree bit for bit. A block is first summed as if it were all finite and not far
// from the shift: one that is otherwise shows it in its sums, and is summed again from the cache.
#pragma once

#include "kernels/moment_steps.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

constexpr std::size_t patience = 8;             // blocks after a value that is not finite in which more are expected
constexpr std::size_t prefetch_distance = 512;  // bytes; the CPU's own prefetcher stops at the end of a page of 4096

// The last step, which is not whole.
template <bool ranged, class T>
VEDETTE_INLINE void sum_tail(const T* x, std::size_t n, T shift, Lanes& lanes, BlockSums& out) noexcept {
    double deviations[step] = {};
    for (std::size_t j = 0; j < n; ++j) {
        const double v = static_cast<double>(x[j]);
        deviations[j] = v - static_cast<double>(shift);
        lanes.square[j] += deviations[j] * deviations[j];
        if constexpr (ranged) out.extend(v, v, v == 0.0 ? 1 : 0);
    }
    for (std::size_t j = 0; j < sum_lanes; ++j) lanes.sum[j] += deviations[j] + deviations[j + sum_lanes];
}

VEDETTE_INLINE double reduce_lanes(double* lanes, std::size_t count) noexcept {
    for (std::size_t width = count / 2; width > 0; width /= 2) {
        for (std::size_t i = 0; i < width; ++i) lanes[i] += lanes[i + width];
    }
    return lanes[0];
}

// The sums about `shift`. When a value is not finite, `square` is not either, and nothing else in `out` is of use.
// `ahead` is what to prefetch, element by element. Without `ranged`, what is not a sum in `out` stays.
template <bool ranged, bool shifted, class T>
void sum_block(const T* x, std::size_t n, T shift, const T* ahead, BlockSums& out) noexcept {
    Lanes lanes;
    const std::size_t whole = n - n % step;
    sum_steps<ranged, shifted, false>(x, whole, Fill<T>{shift, shift}, ahead, nullptr, lanes, out);
    if (whole < n) sum_tail<ranged>(x + whole, n - whole, shift, lanes, out);
    out.sum = reduce_lanes(lanes.sum, sum_lanes);
    out.square = reduce_lanes(lanes.square, step);
}

// The same of a block in which few values are not finite. On entry census.finite is n.
template <bool shifted, class T>
void sum_sparse_block(const T* x, std::size_t n, Fill<T> fill, const T* ahead, Census& census,
                      BlockSums& out) noexcept {
    Lanes lanes;
    const std::size_t whole = n - n % step;
    if constexpr (has_masks<T>)
        sum_masked_steps<shifted>(x, whole, fill, ahead, &census, lanes, out);
    else
        sum_steps<true, shifted, true>(x, whole, fill, ahead, &census, lanes, out);
    if (whole < n) {
        T last[step];
        for (std::size_t j = 0; j < step; ++j) last[j] = whole + j < n ? x[whole + j] : fill.summed;
        CleanStep<T> cleaned;
        clean_step(last, fill, cleaned, census);
        sum_tail<false>(cleaned.summed, n - whole, fill.summed, lanes, out);
        for (std::size_t j = 0; j < n - whole; ++j) {
            const double v = static_cast<double>(cleaned.ranged[j]);
            out.extend(v, v, v == 0.0 ? 1 : 0);
        }
    }
    out.sum = reduce_lanes(lanes.sum, sum_lanes);
    out.square = reduce_lanes(lanes.square, step);
}

// The mean when sums overflow: 2^-12 times the values of a block can be added.
template <class T>
double scaled_mean(const T* x, std::size_t n, double count) noexcept {
    constexpr double scale = 1.0 / 4096;
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

// What the last block of a call suggests for the next.
template <class T>
struct Guess {
    T shift = T{0};
    bool dirty = false;            // has non-finite values
    bool sparse = true;            // few of them
    std::size_t clean_blocks = 0;  // since the last such value
};

// The index of the first finite value, or n.
template <class T>
std::size_t find_finite(const T* x, std::size_t n) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    std::size_t i = 0;
    while (i + width <= n && !xsimd::any(finite_lanes(Batch<T>::load_unaligned(x + i)))) i += width;
    while (i < n && !is_finite(static_cast<double>(x[i]))) ++i;
    return i;
}

// Copies a block with `fill` in place of each non-finite value.
template <class T>
Census clean_block(const T* x, std::size_t n, T fill, const T* ahead, T* cleaned) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    Tally<T> finite, ordered;
    std::size_t i = 0;
    for (; i + width <= n; i += width) {
        __builtin_prefetch(ahead + i);
        const Batch<T> v = Batch<T>::load_unaligned(x + i);
        const Mask<T> kept = finite_lanes(v);
        finite.add(kept);
        ordered.add(v == v);
        xsimd::select(kept, v, Batch<T>(fill)).store_unaligned(cleaned + i);
    }
    Census census{finite.total(), i - ordered.total()};
    for (; i < n; ++i) {
        const bool kept = is_finite(static_cast<double>(x[i]));
        cleaned[i] = kept ? x[i] : fill;
        census.finite += kept ? 1U : 0U;
        census.nan += x[i] != x[i] ? 1U : 0U;
    }
    return census;
}

// The sums of a block again, about its mean: that is as good as shifts get.
template <class T>
void sum_about_mean(const T* x, std::size_t n, T* cleaned, double& mean, double& m2, BlockSums& sums) noexcept {
    const double count = static_cast<double>(sums.finite);
    if (!is_finite(mean)) mean = scaled_mean(x, n, count);
    mean = mean < sums.min ? sums.min : mean > sums.max ? sums.max : mean;
    const T shift = static_cast<T>(mean);
    if (sums.finite != n) {
        clean_block(x, n, shift, x, cleaned);
        x = cleaned;
    }
    sum_block<false, true>(x, n, shift, x, sums);
    const double offset = sums.sum / count;
    if (is_finite(offset)) mean = static_cast<double>(shift) + offset;
    m2 = sums.square - sums.sum * offset;
    if (!is_finite(sums.square) || !is_finite(m2)) m2 = infinity<double>;
    m2 = m2 > 0.0 ? m2 : 0.0;
}

// Merges a block whose sums about guess.shift are known.
template <class T>
void settle_block(const T* x, std::size_t n, T* cleaned, BlockSums& sums, Guess<T>& guess,
                  MomentsState& state) noexcept {
    sums.min += 0.0;  // -0 becomes +0: which zero came first must not show
    sums.max += 0.0;
    const double count = static_cast<double>(sums.finite);
    double mean = sums.min;
    double m2 = 0.0;
    if (sums.min != sums.max) {
        const double offset = sums.sum / count;
        mean = static_cast<double>(guess.shift) + offset;
        m2 = sums.square - sums.sum * offset;
        if (!(sums.square <= largest_cancellation * m2)) sum_about_mean(x, n, cleaned, mean, m2, sums);
    }
    guess.shift = m2 + count * mean * mean <= largest_cancellation * m2 ? T{0} : static_cast<T>(mean);
    merge_block(state, count, mean, m2);
    state.min = state.count == 0 || sums.min < state.min ? sums.min : state.min;
    state.max = state.count == 0 || sums.max > state.max ? sums.max : state.max;
    state.count += sums.finite;
    state.zeros += sums.zeros;
}

template <class T>
void add_block(const T* x, std::size_t n, const T* ahead, Guess<T>& guess, MomentsState& state) noexcept;

// A block with values that are not finite, or that is thought to have some. For the extremes they become the first
// finite value; for the sums the shift: the guessed one where they are few, else that value too. What was thought
// decides the order of work, never the result.
template <class T>
__attribute__((noinline)) void add_dirty_block(const T* x, std::size_t n, const T* ahead, Guess<T>& guess,
                                               MomentsState& state) noexcept {
    alignas(64) T cleaned[moment_block<T>];
    BlockSums sums;
    const std::size_t first = find_finite(x, n);
    if (first == n) {
        const std::uint64_t positive = count_equal(x, n, infinity<T>);
        const std::uint64_t negative = count_equal(x, n, -infinity<T>);
        state.pos_inf += positive;
        state.neg_inf += negative;
        state.nan += n - positive - negative;
        guess.dirty = true;
        return;
    }
    Census census{n, 0};
    const T fill = x[first];
    const auto is_sparse = [&] { return n - census.finite <= n / moment_few_in; };
    if (!guess.sparse) census = clean_block(x, n, fill, ahead, cleaned);
    if (guess.sparse || is_sparse()) {
        census = {n, 0};
        if (guess.shift == T{0})
            sum_sparse_block<false>(x, n, Fill<T>{T{0}, fill}, ahead, census, sums);
        else
            sum_sparse_block<true>(x, n, Fill<T>{guess.shift, fill}, ahead, census, sums);
        if (!is_sparse()) clean_block(x, n, fill, x, cleaned);
    }
    guess.sparse = is_sparse();
    if (!guess.sparse) {
        guess.shift = fill;
        sums = {};
        sum_block<true, true>(cleaned, n, fill, cleaned, sums);
    }
    const std::uint64_t not_finite = n - census.finite;
    guess.clean_blocks = not_finite > 0 ? 0 : guess.clean_blocks + 1;
    guess.dirty = guess.clean_blocks < patience;
    sums.finite = census.finite;
    if (not_finite > 0) {
        const std::uint64_t infinite = not_finite - census.nan;
        const std::uint64_t positive = infinite > 0 ? count_equal(x, n, infinity<T>) : 0;
        state.nan += census.nan;
        state.pos_inf += positive;
        state.neg_inf += infinite - positive;
    }
    if (fill == T{0}) sums.zeros = count_equal(x, n, T{0});
    settle_block(x, n, cleaned, sums, guess, state);
}

template <class T>
void add_block(const T* x, std::size_t n, const T* ahead, Guess<T>& guess, MomentsState& state) noexcept {
    if (guess.dirty) return add_dirty_block(x, n, ahead, guess, state);
    BlockSums sums;
    sums.finite = n;
    if (guess.shift == T{0}) {
        sum_block<true, false>(x, n, guess.shift, ahead, sums);
    } else {
        sum_block<true, true>(x, n, guess.shift, ahead, sums);
    }
    if (!is_finite(sums.square)) return add_dirty_block(x, n, ahead, guess, state);
    settle_block<T>(x, n, nullptr, sums, guess, state);
}

template <class T>
void moments(const T* x, std::size_t n, std::ptrdiff_t stride, MomentsState* state) noexcept {
    constexpr std::size_t block_size = moment_block<T>;
    constexpr std::size_t distance = prefetch_distance / sizeof(T);
    alignas(64) T tile[block_size];
    Guess<T> guess;
    for (std::size_t i = 0; i < n; i += block_size) {
        const std::size_t size = n - i < block_size ? n - i : block_size;
        const T* block = x + static_cast<std::ptrdiff_t>(i) * stride;
        const T* ahead = block;
        if (stride != 1) {
            gather_tile(block, size, stride, tile);
            block = ahead = tile;
        } else if (n - i >= block_size + distance) {
            ahead = block + distance;
        }
        add_block(block, size, ahead, guess, *state);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
