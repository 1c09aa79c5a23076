// SPDX-License-Identifier: Apache-2.0
// Sums over ordered cells: the running total one count after the other, the rest in eight virtual lanes on every ISA.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/ordered_terms.inl.hpp"
#include "kernels/pooled.inl.hpp"
#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// A block's cells in whole steps: beyond the last cell, cells without width, place and count.
struct OrderedTile {
    alignas(64) double difference[most_ordered_cells + pooled_lanes];  // at the cells' ends
    alignas(64) std::uint64_t cumulated[most_ordered_cells];
    alignas(64) double reference[pooled_lanes];  // the last step, where it is not whole
    alignas(64) double width[pooled_lanes];
    alignas(64) double position[pooled_lanes];
    alignas(64) std::uint64_t live[pooled_lanes];
};

VEDETTE_INLINE void complete_last_step(const OrderedBlock& in, std::size_t whole, std::uint64_t total,
                                       OrderedTile& tile) noexcept {
    for (std::size_t i = 0; i < pooled_lanes; ++i) {
        const bool filled = whole + i < in.cells;
        tile.reference[i] = in.reference[filled ? whole + i : in.cells - 1];
        tile.width[i] = filled ? in.widths[whole + i] : 0.0;
        tile.position[i] = filled ? in.positions[whole + i] : 0.0;
        tile.live[i] = filled ? in.live[whole + i] : 0;
        if (!filled) tile.cumulated[whole + i] = total;
    }
}

VEDETTE_INLINE Batch<double> load_count(const std::uint64_t* x) noexcept {
    return to_double<VectorDouble>(Batch<std::uint64_t>::load_unaligned(x));
}

template <bool discrete>
VEDETTE_INLINE void sum_ordered(const OrderedBlock& in, OrderedSums& out) noexcept {
    constexpr std::size_t width = Batch<double>::size;
    const std::size_t whole = in.cells - in.cells % pooled_lanes;
    const std::size_t end = whole < in.cells ? whole + pooled_lanes : whole;
    OrderedTile tile;
    std::uint64_t total = out.live_total;
    for (std::size_t i = 0; i < in.cells; ++i) tile.cumulated[i] = total += in.live[i];
    if (whole < in.cells) complete_last_step(in, whole, total, tile);
    double* const ends = tile.difference + pooled_lanes;  // aligned, with room for the one before
    ends[-1] = out.difference;
    const Batch<double> per_live(in.per_live);
    for (std::size_t i = 0; i < end; i += width) {
        const Batch<double> f = load_double(i < whole ? in.reference + i : tile.reference + (i - whole));
        (f - load_count(tile.cumulated + i) * per_live).store_aligned(ends + i);
    }
    alignas(64) double lanes[4][pooled_lanes];
    for (std::size_t lane = 0; lane < pooled_lanes; lane += width) {
        Batch<double> largest(0.0), distance(0.0), first(0.0), second(0.0);
        for (std::size_t i = lane; i < end; i += pooled_lanes) {
            const bool inside = i < whole;
            const Batch<double> after = load_double(ends + i);
            const Batch<double> place = load_double(inside ? in.positions + i : tile.position + lane);
            const Batch<double> weighted = load_count(inside ? in.live + i : tile.live + lane) * place;
            largest = VectorDouble::largest(largest, VectorDouble::magnitude(after));
            distance = distance + load_double(inside ? in.widths + i : tile.width + lane) *
                                      height<VectorDouble, discrete>(load_double(ends + i - 1), after);
            first = first + weighted;
            second = second + weighted * place;
        }
        largest.store_aligned(lanes[0] + lane);
        distance.store_aligned(lanes[1] + lane);
        first.store_aligned(lanes[2] + lane);
        second.store_aligned(lanes[3] + lane);
    }
    out.live_total = total;
    out.difference = ends[in.cells - 1];
    for (const double candidate : lanes[0])
        out.largest_difference = candidate > out.largest_difference ? candidate : out.largest_difference;
    out.distance += reduce_pooled(lanes[1]);
    out.first += reduce_pooled(lanes[2]);
    out.second += reduce_pooled(lanes[3]);
}

inline void ordered_sums(const OrderedBlock* block, OrderedSums* sums) noexcept {
    if (block->cells == 0) return;
    block->discrete ? sum_ordered<true>(*block, *sums) : sum_ordered<false>(*block, *sums);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
