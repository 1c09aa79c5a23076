// SPDX-License-Identifier: Apache-2.0
// Runs of both samples sorted with their labels in the values' last bits: a comparator is a minimum and a maximum.
// Where values of a bucket differ by nothing else, their order is not known, and the buckets are left to the walk.
#pragma once

#include <utility>

#include "kernels/fused.inl.hpp"
#include "kernels/sorting_network.hpp"
#include "kernels/walk_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Values from here on would not stand below the marks of empty places.
constexpr double marked_limit = 0x1p1000;

// A bucket in each lane: its values and its reference values; with r the reference values below the value at place k =
// 0, 1, ..., the sums of r, of r^2 and of k r. All are small whole numbers.
struct MarkedRuns {
    static constexpr std::size_t lanes = walk_lanes<double>;
    alignas(64) double reference[lanes];
    alignas(64) double below[lanes];
    alignas(64) double below_squares[lanes];
    alignas(64) double placed_below[lanes];
};

VEDETTE_INLINE Batch<double> load_counts(const std::uint16_t* x) noexcept {
#if defined(__AVX512F__)
    const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(x));
    return Batch<double>(_mm512_cvtepi32_pd(_mm256_cvtepu16_epi32(words)));
#elif defined(__AVX2__)
    const __m128i words = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(x));
    return Batch<double>(_mm256_cvtepi32_pd(_mm_cvtepu16_epi32(words)));
#else
    alignas(64) double numbers[Batch<double>::size];
    for (std::size_t i = 0; i < Batch<double>::size; ++i) numbers[i] = static_cast<double>(x[i]);
    return Batch<double>::load_aligned(numbers);
#endif
}

VEDETTE_INLINE void exchange(Batch<double>& low, Batch<double>& high) noexcept {
    const Batch<double> a = low, b = high;
    low = xsimd::min(a, b);
    high = xsimd::max(a, b);
}

template <std::size_t places, std::size_t... k>
VEDETTE_INLINE void sort_marked(Batch<double>* values, std::index_sequence<k...>) noexcept {
    constexpr const auto& network = sorting_network<places>.comparators;
    (exchange(values[network[k].low], values[network[k].high]), ...);
}

// Whether the order is known; `chunk` has all values below `marked_limit`. Not inlined: all sums share it.
template <std::size_t places>
__attribute__((noinline)) bool sum_marked(const WalkChunk<double>& chunk, std::size_t bucket, std::size_t buckets,
                                          MarkedRuns& runs) noexcept {
    using Value = Batch<double>;
    using Word = Batch<std::uint64_t>;
    constexpr std::size_t width = Value::size;
    const Value last_bit = xsimd::bitwise_cast<Value>(Word(1));
    const Value other_bits = xsimd::bitwise_cast<Value>(Word(~std::uint64_t{1}));
    const Value zero(0.0);
    bool known = true;
    for (std::size_t lane = 0; lane < walk_lanes<double>; lane += width) {
        const Value count = load_counts(chunk.counts + bucket + lane);
        const Value reference = load_counts(chunk.counts + buckets + bucket + lane);
        Value values[places];
#pragma GCC unroll 16
        for (std::size_t place = 0; place < places; ++place) {
            const Value here(static_cast<double>(place));
            const Value value = Value::load_aligned(chunk.places + place * buckets + bucket + lane);
            const Value empty(marked_limit * static_cast<double>(place + 1));
            const Value label = xsimd::select(here < reference, last_bit, zero);
            values[place] = xsimd::select(here < count, (value & other_bits) | label, empty);
        }
        sort_marked<places>(values, std::make_index_sequence<sorting_network<places>.count>{});
        Word r(0), sum(0), squares(0), sums(0);
        Value apart(1.0);
        Value before(0.0);
#pragma GCC unroll 16
        for (std::size_t place = 0; place < places; ++place) {
            const Word bits = xsimd::bitwise_cast<Word>(values[place]);
            const Word label = bits & Word(1);
            const Value value = xsimd::bitwise_cast<Value>(bits ^ label);
            if (place > 0) {
                apart = xsimd::min(apart, value - before);
                sum = sum + r;
                squares = squares + multiply_low(r, r);
            }
            sums = sums + sum;
            r = r + label;
            before = value;
        }
        known = known && !xsimd::any(apart <= zero);
        const auto number = [](Word x) {
            return xsimd::bitwise_cast<Value>(x | Word(0x4330000000000000U)) - Value(0x1p52);
        };
        // What the empty places added is taken off again; `sums` counts each r (places - k) times.
        const Value all(static_cast<double>(places));
        const Value inside = number(sum), empty = all - count;
        const Value half(0.5), one(1.0);
        (inside - empty * reference).store_aligned(runs.below + lane);
        (number(squares) - empty * (reference * reference)).store_aligned(runs.below_squares + lane);
        const Value empty_places = half * (all * (all - one) - count * (count - one));
        (all * inside - number(sums) - reference * empty_places).store_aligned(runs.placed_below + lane);
        reference.store_aligned(runs.reference + lane);
    }
    return known;
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
