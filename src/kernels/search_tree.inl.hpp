// SPDX-License-Identifier: Apache-2.0
// The layout of the search tree over a grid's edges: levels of sorted blocks of eight, every eighth entry promoted.
// Each including source defines VEDETTE_KERNEL_ISA, so that no two share code compiled with different flags.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Depth 1 is one leaf block; depth 2 a block of pivots and the leaves; depth 3 two blocks of top pivots, the pivots and
// the leaves. Unused entries are NaN, which is <= nothing, so +Inf lands in the last cell and never beyond it.
constexpr int tree_depth(std::size_t edge_count) noexcept {
    return edge_count <= 8 ? 1 : edge_count <= 72 ? 2 : 3;
}
constexpr std::size_t top_size = 16;
constexpr std::size_t leaf_size(std::size_t edge_count) noexcept {
    return (edge_count / 8 + 1) * 8;
}
constexpr std::size_t pivot_size(std::size_t edge_count, int depth) noexcept {
    return depth == 1 ? 0 : depth == 2 ? 8 : (edge_count / 64 + 1) * 8;
}
constexpr std::size_t tree_size(std::size_t edge_count) noexcept {
    const int depth = tree_depth(edge_count);
    return (depth == 3 ? top_size : 0) + pivot_size(edge_count, depth) + leaf_size(edge_count);
}
constexpr std::size_t max_tree_size = tree_size(max_edge_count);

// Writes every step-th edge, the first at step - 1, and completes the level with NaN.
template <class T>
void build_level(const T* edges, std::size_t edge_count, std::size_t step, T* level, std::size_t size) noexcept {
    for (std::size_t i = 0; i < size; ++i) {
        const std::size_t edge = (i + 1) * step - 1;
        // A feature with edges has room for its tree. NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
        level[i] = edge < edge_count ? edges[edge] : static_cast<T>(__builtin_nanf(""));
    }
}

template <class T>
void build_tree(const T* edges, std::size_t edge_count, T* tree) noexcept {
    const int depth = tree_depth(edge_count);
    if (depth == 3) {
        build_level(edges, edge_count, 64, tree, top_size);
        tree += top_size;
    }
    const std::size_t pivots = pivot_size(edge_count, depth);
    if (depth >= 2) build_level(edges, edge_count, 8, tree, pivots);
    build_level(edges, edge_count, 1, tree + pivots, leaf_size(edge_count));
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
