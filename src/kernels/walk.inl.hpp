// SPDX-License-Identifier: Apache-2.0
// A walk through two samples in their pooled order: values go to small buckets by a linear map, a sorting network sorts
// as many buckets at once as there are lanes, labels with them, and each lane walks through its bucket.
#pragma once

#include <utility>

#include "kernels/marked_runs.inl.hpp"
#include "kernels/sorting_network.hpp"
#include "kernels/walk_terms.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// A group of buckets side by side, in places of ascending values; beyond a bucket's values +Inf. A label is 1 for a
// reference value.
template <class T>
struct WalkGroup {
    alignas(64) T values[walk_places + 1][walk_lanes<T>];
    alignas(64) T labels[walk_places][walk_lanes<T>];
    alignas(64) double counts[walk_lanes<T>];
    alignas(64) double reference_below[walk_lanes<T>];
    alignas(64) double live_below[walk_lanes<T>];
    std::size_t most = 0;  // values in a bucket
};

template <class T>
VEDETTE_INLINE void exchange(Batch<T>* values, Batch<T>* labels, std::size_t low, std::size_t high) noexcept {
    const Batch<T> a = values[low], b = values[high];
    const Batch<T> label_a = labels[low], label_b = labels[high];
    const auto swapped = b < a;
    values[low] = xsimd::select(swapped, b, a);
    values[high] = xsimd::select(swapped, a, b);
    labels[low] = xsimd::select(swapped, label_b, label_a);
    labels[high] = xsimd::select(swapped, label_a, label_b);
}

template <std::size_t places, class T, std::size_t... k>
VEDETTE_INLINE void sort_places(Batch<T>* values, Batch<T>* labels, std::index_sequence<k...>) noexcept {
    constexpr const auto& network = sorting_network<places>.comparators;
    (exchange(values, labels, network[k].low, network[k].high), ...);
}

// Not inlined: all sums share it, and a network is long.
template <std::size_t places, class T>
__attribute__((noinline)) void sort_group(const WalkChunk<T>& chunk, std::size_t bucket, std::size_t buckets,
                                          WalkGroup<T>& group) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    for (std::size_t lane = 0; lane < walk_lanes<T>; lane += width) {
        alignas(64) T counts[2][width];
        for (std::size_t i = 0; i < width; ++i) {
            counts[0][i] = static_cast<T>(chunk.counts[bucket + lane + i]);
            counts[1][i] = static_cast<T>(chunk.counts[buckets + bucket + lane + i]);
        }
        const Batch<T> all = Batch<T>::load_aligned(counts[0]);
        const Batch<T> reference = Batch<T>::load_aligned(counts[1]);
        Batch<T> values[places], labels[places];
#pragma GCC unroll 16
        for (std::size_t place = 0; place < places; ++place) {
            const Batch<T> here(static_cast<T>(place));
            const Batch<T> value = Batch<T>::load_aligned(chunk.places + place * buckets + bucket + lane);
            values[place] = xsimd::select(here < all, value, Batch<T>(infinity<T>));
            labels[place] = xsimd::select(here < reference, Batch<T>(T(1)), Batch<T>(T(0)));
        }
        sort_places<places>(values, labels, std::make_index_sequence<sorting_network<places>.count>{});
#pragma GCC unroll 16
        for (std::size_t place = 0; place < places; ++place) {
            values[place].store_aligned(&group.values[place][lane]);
            labels[place].store_aligned(&group.labels[place][lane]);
        }
        Batch<T>(infinity<T>).store_aligned(&group.values[places][lane]);
    }
}

// All lanes of a group, a vector of doubles at a time.
template <class Terms, class T>
VEDETTE_INLINE void walk_lanes_of(const WalkGroup<T>& group, const WalkScale& scale,
                                  double (&sums)[walk_sums][walk_lanes<T>]) noexcept {
    const Real one(1.0);
    for (std::size_t lane = 0; lane < walk_lanes<T>; lane += Real::size) {
        Real sum[Terms::sums];
        for (std::size_t k = 0; k < Terms::sums; ++k) sum[k] = Real::load_aligned(&sums[k][lane]);
        const Real count = Real::load_aligned(group.counts + lane);
        Real reference = Real::load_aligned(group.reference_below + lane);
        Real live = Real::load_aligned(group.live_below + lane);
        Real value = load_double(&group.values[0][lane]);
        TieGroup tie{reference, live, Real(0.0), Real(0.0), Real(0.0), value * Real(0.5)};
        Real passed(0.0);
        for (std::size_t place = 0; place < group.most; ++place) {
            const Real next = load_double(&group.values[place + 1][lane]);
            const Real label = load_double(&group.labels[place][lane]);
            const auto inside = passed < count;
            passed = passed + one;
            reference = reference + label;
            live = live + (one - label);
            const auto ends = inside & (next != value);
            tie.reference = reference - tie.reference_below;
            tie.live = live - tie.live_below;
            if constexpr (Terms::has_widths) tie.half_value = value * Real(0.5);
            Real terms[Terms::sums];
            Terms::terms(scale, tie, terms);
            for (std::size_t k = 0; k < Terms::sums; ++k) sum[k] = sum[k] + xsimd::select(ends, terms[k], Real(0.0));
            tie.reference_below = xsimd::select(ends, reference, tie.reference_below);
            tie.live_below = xsimd::select(ends, live, tie.live_below);
            if constexpr (Terms::has_widths) tie.half_previous = xsimd::select(ends, tie.half_value, tie.half_previous);
            value = next;
        }
        for (std::size_t k = 0; k < Terms::sums; ++k) sum[k].store_aligned(&sums[k][lane]);
    }
}

// The distance from each bucket's first value to the last one before it, which no lane sees.
template <class Terms, class T>
VEDETTE_INLINE void walk_between(const WalkGroup<T>& group, const WalkChunk<T>& chunk, WalkState& state) noexcept {
    for (std::size_t lane = 0; lane < walk_lanes<T>; ++lane) {
        const auto count = static_cast<std::size_t>(group.counts[lane]);
        if (count == 0) continue;
        const double first = static_cast<double>(group.values[0][lane]);
        if (state.previous <= first) {  // not for the first of all
            const double difference =
                group.reference_below[lane] * (1.0 / chunk.n) - group.live_below[lane] * (1.0 / chunk.m);
            const double size = difference < 0.0 ? -difference : difference;
            state.sums[0] +=
                (0.5 * first - 0.5 * state.previous) * (Terms::is_squared ? difference * difference : size);
        }
        state.previous = static_cast<double>(group.values[count - 1][lane]);
    }
}

// Calls call(std::integral_constant<std::size_t, places>) with as many places as a sort of `most` values takes.
template <class Call>
VEDETTE_INLINE auto with_places(std::size_t most, Call&& call) noexcept {
    if (most <= 6) return call(std::integral_constant<std::size_t, 6>{});
    if (most <= 8) return call(std::integral_constant<std::size_t, 8>{});
    if (most <= 10) return call(std::integral_constant<std::size_t, 10>{});
    return call(std::integral_constant<std::size_t, walk_places>{});
}

// The group's sums from its runs; false, and nothing added, where values are tied or next to it.
template <class Terms>
VEDETTE_INLINE bool add_runs(const WalkChunk<double>& chunk, std::size_t bucket, std::size_t buckets,
                             const WalkGroup<double>& group, const WalkScale& scale,
                             double (&sums)[walk_sums][walk_lanes<double>]) noexcept {
    MarkedRuns runs;
    const bool known = with_places(
        group.most, [&](auto places) { return sum_marked<decltype(places)::value>(chunk, bucket, buckets, runs); });
    if (!known) return false;
    for (std::size_t lane = 0; lane < walk_lanes<double>; lane += Real::size) {
        const UntiedRun run{Real::load_aligned(group.reference_below + lane),
                            Real::load_aligned(group.live_below + lane),
                            Real::load_aligned(group.counts + lane),
                            Real::load_aligned(runs.reference + lane),
                            Real::load_aligned(runs.below + lane),
                            Real::load_aligned(runs.below_squares + lane),
                            Real::load_aligned(runs.placed_below + lane)};
        Real terms[Terms::sums];
        Terms::run_terms(scale, run, terms);
        for (std::size_t k = 0; k < Terms::sums; ++k)
            (Real::load_aligned(&sums[k][lane]) + terms[k]).store_aligned(&sums[k][lane]);
    }
    return true;
}

template <class Terms, class T>
void walk_buckets_of(const WalkChunk<T>& chunk, std::size_t buckets, bool has_room, WalkState& state) noexcept {
    const WalkScale scale{Real(chunk.n), Real(chunk.m), Real(chunk.n + chunk.m), Real(1.0 / chunk.n),
                          Real(1.0 / chunk.m)};
    alignas(64) double sums[walk_sums][walk_lanes<T>] = {};
    WalkGroup<T> group;
    // Many ties in a chunk: no more attempts. Nor where values leave no room for marks.
    constexpr int most_failures = 4;
    int failures = has_room ? 0 : most_failures;
    for (std::size_t bucket = 0; bucket < buckets; bucket += walk_lanes<T>) {
        unsigned most = 0;
        for (std::size_t lane = 0; lane < walk_lanes<T>; ++lane) {
            const unsigned count = chunk.counts[bucket + lane];
            most = most < count ? count : most;
        }
        if (most == 0) continue;
        group.most = most;
        for (std::size_t lane = 0; lane < walk_lanes<T>; lane += Real::size) {
            const std::uint16_t* const counts = chunk.counts + bucket + lane;
            const Real reference_below = load_counts(counts + 3 * buckets);
            const Real live_below = load_counts(counts + 2 * buckets) - reference_below;
            load_counts(counts).store_aligned(group.counts + lane);
            (Real(state.reference_below) + reference_below).store_aligned(group.reference_below + lane);
            (Real(state.live_below) + live_below).store_aligned(group.live_below + lane);
        }
        if constexpr (Terms::takes_runs && sizeof(T) == sizeof(double)) {
            if (failures < most_failures) {
                if (add_runs<Terms>(chunk, bucket, buckets, group, scale, sums)) continue;
                ++failures;
            }
        }
        with_places(most, [&](auto places) { sort_group<decltype(places)::value>(chunk, bucket, buckets, group); });
        walk_lanes_of<Terms>(group, scale, sums);
        if constexpr (Terms::has_widths) walk_between<Terms>(group, chunk, state);
    }
    for (std::size_t k = 0; k < Terms::sums; ++k) {
        for (std::size_t width = walk_lanes<T> / 2; width > 0; width /= 2)
            for (std::size_t i = 0; i < width; ++i) sums[k][i] += sums[k][i + width];
        state.sums[k] += sums[k][0];
    }
}

// The smallest and the largest value.
template <class T>
VEDETTE_INLINE void extremes(const T* x, std::size_t n, T& low, T& high) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    low = high = x[0];
    std::size_t i = 0;
    if (n >= width) {
        Batch<T> least = Batch<T>::load_unaligned(x), most = least;
        for (i = width; i + width <= n; i += width) {
            const Batch<T> v = Batch<T>::load_unaligned(x + i);
            least = xsimd::min(least, v);
            most = xsimd::max(most, v);
        }
        alignas(64) T lanes[2][width];
        least.store_aligned(lanes[0]);
        most.store_aligned(lanes[1]);
        for (std::size_t lane = 0; lane < width; ++lane) {
            low = lanes[0][lane] < low ? lanes[0][lane] : low;
            high = lanes[1][lane] > high ? lanes[1][lane] : high;
        }
    }
    for (; i < n; ++i) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
}

template <class T>
VEDETTE_INLINE void place_values(const WalkChunk<T>& chunk, std::size_t begin, std::size_t end,
                                 std::size_t buckets) noexcept {
    for (std::size_t i = begin; i < end; ++i) {
        const std::size_t bucket = chunk.buckets[i];
        const std::size_t count = chunk.counts[bucket];
        chunk.counts[bucket] = static_cast<std::uint16_t>(count + 1);
        // What does not fit is kept beyond the last place, where nothing reads it.
        chunk.places[(count < walk_places ? count : walk_places) * buckets + bucket] = chunk.values[i];
    }
}

// Values into buckets; whether all fit. `high` is the largest.
template <class T>
bool fill_buckets(const WalkChunk<T>& chunk, std::size_t buckets, T& high) noexcept {
    const std::size_t count = chunk.reference_count + chunk.live_count;
    T low;
    extremes(chunk.values, count, low, high);
    if (!(low < high) || !(high - low <= Limits<T>::largest)) return false;
    const T scale = static_cast<T>(buckets) / (high - low);
    if (!(scale <= Limits<T>::largest)) return false;
    const T last = static_cast<T>(buckets - 1);
    for (std::size_t i = 0; i < count; ++i) {
        T place = (chunk.values[i] - low) * scale;
        place = place < last ? place : last;
        chunk.buckets[i] = static_cast<std::uint16_t>(static_cast<std::int32_t>(place));
    }
    for (std::size_t i = 0; i < buckets; ++i) chunk.counts[i] = 0;
    place_values(chunk, 0, chunk.reference_count, buckets);
    for (std::size_t i = 0; i < buckets; ++i) chunk.counts[buckets + i] = chunk.counts[i];
    place_values(chunk, chunk.reference_count, count, buckets);
    bool fit = true;
    unsigned below = 0, reference_below = 0;
    for (std::size_t i = 0; i < buckets; ++i) {
        fit &= chunk.counts[i] <= walk_places;
        chunk.counts[2 * buckets + i] = static_cast<std::uint16_t>(below);
        chunk.counts[3 * buckets + i] = static_cast<std::uint16_t>(reference_below);
        below += chunk.counts[i];
        reference_below += chunk.counts[buckets + i];
    }
    return fit;
}

template <class T>
bool walk(const WalkChunk<T>* in, WalkState* state) noexcept {
    const WalkChunk<T> chunk = *in;
    const std::size_t buckets = walk_buckets<T>(chunk.reference_count + chunk.live_count);
    T high;
    if (!fill_buckets(chunk, buckets, high)) return false;
    const bool has_room = static_cast<double>(high) < marked_limit;
    switch (chunk.sum) {
        case WalkSum::squares: walk_buckets_of<SquareTerms>(chunk, buckets, has_room, *state); break;
        case WalkSum::midrank_squares:
            walk_buckets_of<WeightedSquareTerms<true>>(chunk, buckets, has_room, *state);
            break;
        case WalkSum::right_squares:
            walk_buckets_of<WeightedSquareTerms<false>>(chunk, buckets, has_room, *state);
            break;
        case WalkSum::placements: walk_buckets_of<PlacementTerms>(chunk, buckets, has_room, *state); break;
        case WalkSum::absolute_difference:
            walk_buckets_of<DifferenceTerms<false>>(chunk, buckets, has_room, *state);
            break;
        case WalkSum::squared_difference:
            walk_buckets_of<DifferenceTerms<true>>(chunk, buckets, has_room, *state);
            break;
    }
    state->reference_below += static_cast<double>(chunk.reference_count);
    state->live_below += static_cast<double>(chunk.live_count);
    return true;
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
