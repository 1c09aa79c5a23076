// SPDX-License-Identifier: Apache-2.0
// Where a row's values fall in sorted columns: trees of blocks of sixteen floats, one cache line each, for the kernel.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "kernels/dispatch.hpp"

namespace vedette::inline v0::perturbation {

/// The levels of the tree over a sorted column of 1 to 2^32 - 1 values.
[[nodiscard]] inline kernels::TreeLevels tree_levels(std::size_t count) noexcept {
    constexpr std::size_t block = kernels::tree_block;
    kernels::TreeLevels levels;
    std::size_t sizes[kernels::most_tree_levels] = {};
    std::size_t size = count;
    do {
        size = (size + block - 1) / block;
        sizes[levels.count++] = size;
    } while (size > 1);
    for (std::size_t level = 0; level < levels.count; ++level) {
        levels.begins[level] = levels.blocks;
        levels.blocks += sizes[levels.count - 1 - level];
    }
    return levels;
}

/// Appends the tree of one sorted column; Block has `float entries[16]` and is aligned to 64 bytes.
template <class Block>
void append_tree(std::span<const float> column, std::vector<Block>& blocks) {
    constexpr std::size_t size = kernels::tree_block;
    const kernels::TreeLevels levels = tree_levels(column.size());
    const std::size_t first = blocks.size();
    Block filled;
    std::fill_n(filled.entries, size, std::numeric_limits<float>::quiet_NaN());
    blocks.resize(first + levels.blocks, filled);
    const auto entry = [&](std::size_t level, std::size_t i) -> float& {
        return blocks[first + levels.begins[level] + i / size].entries[i % size];
    };
    for (std::size_t i = 0; i < column.size(); ++i) entry(levels.count - 1, i) = column[i];
    for (std::size_t level = levels.count - 1; level-- > 0;) {
        const std::size_t end = level + 2 < levels.count ? levels.begins[level + 2] : levels.blocks;
        const std::size_t below = end - levels.begins[level + 1];
        for (std::size_t i = 0; i + 1 < below; ++i) entry(level, i) = entry(level + 1, i * size + size - 1);
    }
}

/// Entry i of a column.
template <class Block>
[[nodiscard]] float column_entry(const Block* column, const kernels::TreeLevels& levels, std::size_t i) noexcept {
    return column[levels.begins[levels.count - 1] + i / kernels::tree_block].entries[i % kernels::tree_block];
}

/// each(feature, how many of its column are not above the row's value), in order; no NaN.
template <class Block, class Each>
void search_columns(const Block* columns, const kernels::TreeLevels& levels, std::span<const float> row,
                    Each&& each) noexcept {
    constexpr std::size_t part = 64;
    std::uint32_t not_above[part];
    for (std::size_t first = 0; first < row.size(); first += part) {
        const std::size_t count = std::min(part, row.size() - first);
        kernels::kernels().scores.search_trees(columns[first * levels.blocks].entries, &levels, row.data() + first,
                                               count, not_above);
        for (std::size_t k = 0; k < count; ++k) each(first + k, std::size_t{not_above[k]});
    }
}

}  // namespace vedette::inline v0::perturbation
