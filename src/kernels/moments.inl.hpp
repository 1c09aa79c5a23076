// SPDX-License-Identifier: Apache-2.0
// Fused moments of a column. On every ISA, element i of a block goes to the same virtual lane, and the lanes are summed
// in one fixed tree, so that results agree bit for bit. A block is first summed as if it were all finite and not far
// from the shift: one that is otherwise shows it in its sums, and is summed again from the cache.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

template <class T>
constexpr std::size_t moment_block = moment_block_bytes / sizeof(T);
constexpr std::size_t step = 16;                // elements per turn of a loop
constexpr std::size_t sum_lanes = step / 2;     // elements j and j + 8 of a step are added before they join lane j
constexpr std::size_t patience = 8;             // blocks after a value that is not finite in which more are expected
constexpr std::size_t prefetch_distance = 512;  // bytes; the CPU's own prefetcher stops at the end of a page of 4096

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
