// SPDX-License-Identifier: Apache-2.0
// Searches a row's values in the trees of sorted columns. Times depend on sizes alone.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/score_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Columns that are searched side by side, so that their waits for memory overlap.
constexpr std::size_t tree_searches = 8;

template <std::size_t count>
VEDETTE_INLINE void search_some(const float* trees, const TreeLevels& levels, const float* row,
                                std::uint32_t* not_above) noexcept {
    std::size_t at[count] = {};
    for (std::size_t level = 0; level < levels.count; ++level) {
        const float* const first = trees + levels.begins[level] * tree_block;
        for (std::size_t k = 0; k < count; ++k) {
            const float* const block = first + (k * levels.blocks + at[k]) * tree_block;
            at[k] = at[k] * tree_block + count_not_above(block, row[k]) + count_not_above(block + 8, row[k]);
        }
    }
    for (std::size_t k = 0; k < count; ++k) not_above[k] = static_cast<std::uint32_t>(at[k]);
}

void search_trees(const float* trees, const TreeLevels* levels, const float* row, std::size_t columns,
                  std::uint32_t* not_above) noexcept {
    const std::size_t stride = levels->blocks * tree_block;
    std::size_t j = 0;
    for (; j + tree_searches <= columns; j += tree_searches)
        search_some<tree_searches>(trees + j * stride, *levels, row + j, not_above + j);
    for (; j < columns; ++j) search_some<1>(trees + j * stride, *levels, row + j, not_above + j);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
