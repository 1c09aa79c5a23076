// SPDX-License-Identifier: Apache-2.0
// A step added to a run of heights in blocks, and the largest of all: the sliding Kolmogorov-Smirnov distance.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

using Heights = Batch<std::int32_t>;

struct HeightExtremes {
    Heights highest, lowest;

    VEDETTE_INLINE void add(Heights high, Heights low) noexcept {
        highest = xsimd::max(highest, high);
        lowest = xsimd::min(lowest, low);
    }
};

VEDETTE_INLINE Heights counting() noexcept {
    alignas(64) static constexpr std::int32_t numbers[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return Heights::load_aligned(numbers);
}

// The amount where from <= place < to, else 0.
VEDETTE_INLINE Heights step_within(Heights place, Heights from, Heights to, Heights amount) noexcept {
    return where((place >= from) & (place < to), amount);
}

// Adds the amount to places [from, to) of a block, and finds its extremes anew; the larger size of both, as they are
// with the block's offset.
VEDETTE_INLINE std::int32_t shift_block(const SlidingHeights& s, std::size_t block, std::size_t from, std::size_t to,
                                        std::int32_t amount) noexcept {
    const std::size_t size = std::size_t{1} << s.block_bits;
    std::int32_t* const heights = s.heights + (block << s.block_bits);
    const Heights first(static_cast<std::int32_t>(from)), last(static_cast<std::int32_t>(to)), amounts(amount);
    Heights place = counting();
    HeightExtremes extremes{Heights(-__INT_MAX__), Heights(__INT_MAX__)};
    for (std::size_t i = 0; i < size; i += Heights::size) {
        const Heights moved = Heights::load_aligned(heights + i) + step_within(place, first, last, amounts);
        moved.store_aligned(heights + i);
        extremes.add(moved, moved);
        place = place + Heights(static_cast<std::int32_t>(Heights::size));
    }
    const LaneRange range = lane_range(extremes.highest, extremes.lowest);
    s.highest[block] = range.highest;
    s.lowest[block] = range.lowest;
    const std::int32_t high = range.highest + s.offsets[block];
    const std::int32_t low = range.lowest + s.offsets[block];
    return high < -low ? -low : high;
}

inline std::int32_t shift_heights(const SlidingHeights* sliding, std::size_t from, std::size_t to,
                                  std::int32_t amount) noexcept {
    const SlidingHeights s = *sliding;
    const std::size_t first = from >> s.block_bits;
    const std::size_t last = to >> s.block_bits;
    // Whole blocks in between move by their offset alone. The blocks at the ends are left to the end: their extremes
    // are about to be written one by one, and reading such back as a vector has to wait.
    const Heights begin(static_cast<std::int32_t>(first)), end(static_cast<std::int32_t>(last)), amounts(amount);
    Heights block = counting();
    Heights sizes(0);
    for (std::size_t i = 0; i < s.block_count; i += Heights::size) {
        const auto elsewhere = (block != begin) & (block != end);
        const Heights offset = Heights::load_aligned(s.offsets + i) + where((block > begin) & (block < end), amounts);
        offset.store_aligned(s.offsets + i);
        const Heights high = Heights::load_aligned(s.highest + i) + offset;
        const Heights low = Heights::load_aligned(s.lowest + i) + offset;
        sizes = xsimd::max(sizes, where(elsewhere, xsimd::max(high, Heights(0) - low)));
        block = block + Heights(static_cast<std::int32_t>(Heights::size));
    }
    const std::size_t size = std::size_t{1} << s.block_bits;
    const std::size_t within = to & (size - 1);
    const std::int32_t at_first = shift_block(s, first, from & (size - 1), first == last ? within : size, amount);
    std::int32_t largest = highest_lane(sizes);
    largest = largest < at_first ? at_first : largest;
    if (first == last || last >= s.block_count) return largest;
    const std::int32_t at_last = shift_block(s, last, 0, within, amount);
    return largest < at_last ? at_last : largest;
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
