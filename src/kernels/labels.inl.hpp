// SPDX-License-Identifier: Apache-2.0
// Random labels for many splits at once, and the sums of bytes that they choose: by tables of partial sums over five
// rows each, so that a lookup and an addition stand for five rows.
#pragma once

#include "kernels/fused.inl.hpp"
#include "kernels/pair_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

using Words64 = Batch<std::uint64_t>;

// Philox4x32-10, a split in each lane. Only low halves count: products ignore the high ones.
struct PhiloxLanes {
    Words64 index_low, index_high;
    std::uint32_t key[2];

    VEDETTE_INLINE void draw(std::uint64_t block, Words64 (&out)[4]) const noexcept {
        Words64 c0(block & 0xFFFFFFFFU), c1(block >> 32U), c2 = index_low, c3 = index_high;
        std::uint32_t k0 = key[0], k1 = key[1];
        const Words64 m0(std::uint64_t{0xD2511F53U}), m1(std::uint64_t{0xCD9E8D57U});
#pragma GCC unroll 10
        for (int round = 0; round < 10; ++round) {
            const Words64 a = multiply_low(c0, m0);
            const Words64 b = multiply_low(c2, m1);
            c0 = (b >> 32) ^ c1 ^ Words64(std::uint64_t{k0});
            c2 = (a >> 32) ^ c3 ^ Words64(std::uint64_t{k1});
            c1 = b;
            c3 = a;
            k0 += 0x9E3779B9U;
            k1 += 0xBB67AE85U;
        }
        out[0] = c0;
        out[1] = c1;
        out[2] = c2;
        out[3] = c3;
    }
};

// Selection sampling: the next of `remaining` labels is chosen if a uniform number times `remaining` is below `needed`.
struct Selection {
    Words64 needed, labels, undecided;
    std::uint64_t remaining;

    VEDETTE_INLINE void next(Words64 random) noexcept {
        const Words64 left(remaining);
        const Words64 product = multiply_low(random, left);
        const Words64 below = (product >> 32) - needed;  // negative where chosen
        // Further random bits could add up to `remaining`: undecided where that matters.
        undecided = undecided | ((((product + left) >> 32) - needed) ^ below);
        labels = (labels >> 1) | (below & Words64(std::uint64_t{1} << 63U));
        needed = needed - (below >> 63);
        --remaining;
    }
};

VEDETTE_INLINE void draw_lanes(const SplitRequest& r, std::size_t split) noexcept {
    constexpr std::size_t width = Words64::size;
    alignas(64) std::uint64_t index[2][width];
    for (std::size_t lane = 0; lane < width; ++lane) {
        index[0][lane] = (r.first + split + lane) & 0xFFFFFFFFU;
        index[1][lane] = (r.first + split + lane) >> 32U;
    }
    const PhiloxLanes philox{Words64::load_aligned(index[0]),
                             Words64::load_aligned(index[1]),
                             {static_cast<std::uint32_t>(r.seed), static_cast<std::uint32_t>(r.seed >> 32U)}};
    const std::uint64_t total = std::uint64_t{r.labels_before} + r.labels_after;
    Selection selection{Words64(std::uint64_t{r.chosen}), Words64(std::uint64_t{0}), Words64(std::uint64_t{0}), total};
    std::uint64_t* place = r.words + split;
    std::uint64_t until_gap = r.labels_before;
    unsigned filled = 0;
    for (std::uint64_t block = 0; selection.remaining > 0; ++block) {
        Words64 random[4];
        philox.draw(block, random);
#pragma GCC unroll 4
        for (std::size_t w = 0; w < 4; ++w) {
            if (selection.remaining == 0) break;
            selection.next(random[w]);
            ++filled;
            --until_gap;  // wraps after the gap, and is zero no more
            if (filled < 64 && until_gap != 0 && selection.remaining != 0) continue;
            (selection.labels >> static_cast<int>(64 - filled)).store_unaligned(place);
            place += r.stride;
            filled = 0;
        }
    }
    selection.undecided.store_unaligned(r.undecided + split);
}

void random_splits(const SplitRequest* request) noexcept {
    const SplitRequest r = *request;
    for (std::size_t split = 0; split < split_lanes * r.groups; split += Words64::size) draw_lanes(r, split);
}

// Sums of every choice among five rows, for all lanes of a panel: twelve such groups, and one of the four rows left.
// Larger groups need fewer lookups, but their tables would leave the first cache.
constexpr std::size_t group_rows = 5;
constexpr std::size_t groups_of_rows = 13;
constexpr std::size_t choices = std::size_t{1} << group_rows;
struct ChoiceTables {
    alignas(64) std::uint16_t sums[groups_of_rows][choices][panel_rows];
};

VEDETTE_INLINE void build_tables(const std::uint8_t* bytes, ChoiceTables& tables) noexcept {
    for (std::size_t g = 0; g < groups_of_rows; ++g) {
        std::uint16_t(&sums)[choices][panel_rows] = tables.sums[g];
        for (std::size_t i = 0; i < panel_rows; ++i) sums[0][i] = 0;
        for (std::size_t row = 0; row < group_rows && g * group_rows + row < 64; ++row) {
            const std::uint8_t* const x = bytes + (g * group_rows + row) * panel_rows;
            const std::size_t half = std::size_t{1} << row;
            for (std::size_t c = 0; c < half; ++c) {
                for (std::size_t i = 0; i < panel_rows; ++i)
                    sums[half + c][i] = static_cast<std::uint16_t>(sums[c][i] + x[i]);
            }
        }
    }
}

// Where the sums of group g's choice lie, in bytes from the group's first: shifted there in one go.
VEDETTE_INLINE std::size_t choice_offset(std::uint64_t labels, std::size_t g) noexcept {
    constexpr std::size_t log_bytes = 6;
    static_assert(sizeof(std::uint16_t) * panel_rows == std::size_t{1} << log_bytes);
    const std::size_t first = group_rows * g;
    const std::uint64_t shifted = first < log_bytes ? labels << (log_bytes - first) : labels >> (first - log_bytes);
    return static_cast<std::size_t>(shifted & ((choices - 1) << log_bytes));
}

void add_chosen(const ChosenBlock* block) noexcept {
    using Lanes = Batch<std::uint16_t>;
    constexpr std::size_t width = Lanes::size;
    constexpr std::size_t across = panel_rows / width;
    const ChosenBlock b = *block;
    ChoiceTables tables;
    build_tables(b.bytes, tables);
    for (std::size_t split = 0; split < b.splits; ++split) {
        const std::uint64_t labels = b.row_labels[split];
        const auto* const first = reinterpret_cast<const unsigned char*>(tables.sums);
        const auto sums_of = [&](std::size_t g) {
            return reinterpret_cast<const std::uint16_t*>(first + g * sizeof tables.sums[0] + choice_offset(labels, g));
        };
        Lanes sums[across];
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) sums[a] = Lanes::load_aligned(sums_of(0) + a * width);
#pragma GCC unroll 16
        for (std::size_t g = 1; g < groups_of_rows; ++g) {
            const std::uint16_t* const chosen = sums_of(g);
#pragma GCC unroll 4
            for (std::size_t a = 0; a < across; ++a) sums[a] = sums[a] + Lanes::load_aligned(chosen + a * width);
        }
        add_masked(sums, static_cast<std::uint32_t>(b.lane_words[split] >> b.lane_shift),
                   b.counters + split * split_counters);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
