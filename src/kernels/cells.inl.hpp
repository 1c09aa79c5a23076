// SPDX-License-Identifier: Apache-2.0
// Counting a column into the cells of a grid: by counting past edges for few edges, by searching for many.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/levels.inl.hpp"
#include "kernels/search_tree.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

template <class T>
constexpr std::size_t count_tile = 16384 / sizeof(T);  // half of a 32 KiB L1
constexpr std::size_t max_edges_to_pass = VEDETTE_KERNEL_MAX_EDGES_TO_PASS;
constexpr std::size_t histogram_count = 4;
constexpr std::size_t least_values_for_levels = 64;

// Has the cache fetch what lies so many bytes on. An address beyond the column is harmless, but no pointer: hence the
// integer.
VEDETTE_INLINE void ask_ahead(const void* x, std::size_t bytes) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(x) + bytes), 0, 2);
}

// passed[j] += #{x >= edges[j]} for eight edges. Accumulators are named because g++ spills arrays of them. The first
// pass over a tile asks for the next one: later passes read L1 only, and would leave the memory idle.
template <bool first, class T>
void pass_eight(const T* x, std::size_t n, const T* edges, std::uint64_t* passed) noexcept {
    using B = Batch<T>;
    const B e0(edges[0]), e1(edges[1]), e2(edges[2]), e3(edges[3]);
    const B e4(edges[4]), e5(edges[5]), e6(edges[6]), e7(edges[7]);
    Tally<T> t0, t1, t2, t3, t4, t5, t6, t7;
    for (std::size_t i = 0; i < n; i += B::size) {
        const B v = B::load_unaligned(x + i);
        if constexpr (first) ask_ahead(x + i, count_tile<T> * sizeof(T));
        t0.add(v >= e0);
        t1.add(v >= e1);
        t2.add(v >= e2);
        t3.add(v >= e3);
        t4.add(v >= e4);
        t5.add(v >= e5);
        t6.add(v >= e6);
        t7.add(v >= e7);
    }
    passed[0] += t0.total();
    passed[1] += t1.total();
    passed[2] += t2.total();
    passed[3] += t3.total();
    passed[4] += t4.total();
    passed[5] += t5.total();
    passed[6] += t6.total();
    passed[7] += t7.total();
}

template <class T>
void pass_four(const T* x, std::size_t n, const T* edges, std::uint64_t* passed) noexcept {
    using B = Batch<T>;
    const B e0(edges[0]), e1(edges[1]), e2(edges[2]), e3(edges[3]);
    Tally<T> t0, t1, t2, t3;
    for (std::size_t i = 0; i < n; i += B::size) {
        const B v = B::load_unaligned(x + i);
        t0.add(v >= e0);
        t1.add(v >= e1);
        t2.add(v >= e2);
        t3.add(v >= e3);
    }
    passed[0] += t0.total();
    passed[1] += t1.total();
    passed[2] += t2.total();
    passed[3] += t3.total();
}

// edge_count is a multiple of 4; whole vectors in place, the rest through a padded copy.
template <class T>
void pass_edges(const T* x, std::size_t n, const T* edges, std::size_t edge_count, std::uint64_t* passed) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    const std::size_t whole = n - n % width;
    T tail[width];
    pad_tail(x + whole, n - whole, width, tail);
    const std::size_t tail_size = whole < n ? width : 0;
    std::size_t j = 0;
    for (; j + 8 <= edge_count; j += 8) {
        if (j == 0) {
            pass_eight<true>(x, whole, edges, passed);
        } else {
            pass_eight<false>(x, whole, edges + j, passed + j);
        }
        pass_eight<false>(tail, tail_size, edges + j, passed + j);
    }
    if (j < edge_count) {
        pass_four(x, whole, edges + j, passed + j);
        pass_four(tail, tail_size, edges + j, passed + j);
    }
}

// Calls visit(pointer, size) on consecutive tiles, gathered when the input is strided.
template <class T, class Visit>
VEDETTE_INLINE void for_each_tile(const T* x, std::size_t n, std::ptrdiff_t stride, Visit visit) noexcept {
    constexpr std::size_t tile_size = count_tile<T>;
    if (stride == 1) {
        for (std::size_t i = 0; i < n; i += tile_size) visit(x + i, n - i < tile_size ? n - i : tile_size);
        return;
    }
    alignas(64) T tile[tile_size];
    for (std::size_t i = 0; i < n; i += tile_size) {
        const std::size_t size = n - i < tile_size ? n - i : tile_size;
        gather_tile(x + static_cast<std::ptrdiff_t>(i) * stride, size, stride, tile);
        visit(static_cast<const T*>(tile), size);
    }
}

// Three more edges tell the specials: every number but NaN passes -Inf, all but -Inf the lowest finite, +Inf itself.
template <class T>
void count_by_passing(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
                      std::uint64_t* cells, std::uint64_t* specials) noexcept {
    constexpr std::size_t capacity = (max_edges_to_pass + 3 + 3) / 4 * 4;
    T bounds[capacity];
    std::uint64_t passed[capacity] = {};
    bounds[0] = -infinity<T>;
    bounds[1] = -Limits<T>::largest;
    for (std::size_t j = 0; j < edge_count; ++j) bounds[2 + j] = edges[j];
    const std::size_t bound_count = (edge_count + 3 + 3) / 4 * 4;
    for (std::size_t j = edge_count + 2; j < bound_count; ++j) bounds[j] = infinity<T>;
    for_each_tile(x, n, stride,
                  [&](const T* tile, std::size_t size) { pass_edges(tile, size, bounds, bound_count, passed); });
    for (std::size_t k = 0; k <= edge_count; ++k) cells[k] += passed[k + 1] - passed[k + 2];
    specials[0] += n - passed[0];
    specials[1] += passed[edge_count + 2];
    specials[2] += passed[0] - passed[1];
}

// The cell of x; NaN and -Inf give 0, +Inf the last cell. Each level is one compare of eight, so time never depends on
// x.
template <int depth, class T>
VEDETTE_INLINE std::uint32_t locate(const T* tree, std::size_t edge_count, T x) noexcept {
    if constexpr (depth == 1) {
        return count_not_above(tree, x);
    } else if constexpr (depth == 2) {
        const std::uint32_t leaf = count_not_above(tree, x) * 8;
        return leaf + count_not_above(tree + 8 + leaf, x);
    } else {
        const T* pivots = tree + top_size;
        const T* leaves = pivots + pivot_size(edge_count, 3);
        const std::uint32_t pivot = (count_not_above(tree, x) + count_not_above(tree + 8, x)) * 8;
        const std::uint32_t leaf = (pivot + count_not_above(pivots + pivot, x)) * 8;
        return leaf + count_not_above(leaves + leaf, x);
    }
}

// Four histograms in turn: ties would otherwise wait for the last store to the same counter.
template <int depth, class T>
void search_tile(const T* x, std::size_t n, const T* tree, std::size_t edge_count,
                 std::uint32_t (&histograms)[histogram_count][max_edge_count + 1]) noexcept {
    std::size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const std::uint32_t c0 = locate<depth>(tree, edge_count, x[i]);
        const std::uint32_t c1 = locate<depth>(tree, edge_count, x[i + 1]);
        const std::uint32_t c2 = locate<depth>(tree, edge_count, x[i + 2]);
        const std::uint32_t c3 = locate<depth>(tree, edge_count, x[i + 3]);
        ++histograms[0][c0];
        ++histograms[1][c1];
        ++histograms[2][c2];
        ++histograms[3][c3];
    }
    for (; i < n; ++i) ++histograms[0][locate<depth>(tree, edge_count, x[i])];
}

template <class T>
void count_by_searching(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
                        std::uint64_t* cells, std::uint64_t* specials) noexcept {
    alignas(64) T tree[max_tree_size];
    build_tree(edges, edge_count, tree);
    std::uint32_t histograms[histogram_count][max_edge_count + 1];
    const T bounds[4] = {-infinity<T>, -Limits<T>::largest, infinity<T>, infinity<T>};
    constexpr std::size_t chunk = std::size_t{1} << 30;  // keeps the 32-bit histograms from overflowing
    for (std::size_t begin = 0; begin < n; begin += chunk) {
        const std::size_t size = n - begin < chunk ? n - begin : chunk;
        for (std::size_t k = 0; k <= edge_count; ++k) {
            histograms[0][k] = histograms[1][k] = histograms[2][k] = histograms[3][k] = 0;
        }
        std::uint64_t passed[4] = {};
        for_each_tile(x + static_cast<std::ptrdiff_t>(begin) * stride, size, stride,
                      [&](const T* tile, std::size_t tile_size) {
                          pass_edges(tile, tile_size, bounds, 4, passed);
                          switch (tree_depth(edge_count)) {
                              case 1: search_tile<1>(tile, tile_size, tree, edge_count, histograms); break;
                              case 2: search_tile<2>(tile, tile_size, tree, edge_count, histograms); break;
                              default: search_tile<3>(tile, tile_size, tree, edge_count, histograms); break;
                          }
                      });
        for (std::size_t k = 0; k <= edge_count; ++k) {
            cells[k] += std::uint64_t{histograms[0][k]} + histograms[1][k] + histograms[2][k] + histograms[3][k];
        }
        // The search put NaN and -Inf into the first cell and +Inf into the last.
        cells[0] -= size - passed[1];
        cells[edge_count] -= passed[2];
        specials[0] += size - passed[0];
        specials[1] += passed[2];
        specials[2] += passed[0] - passed[1];
    }
}

#if defined(VEDETTE_KERNEL_HAS_LEVELS)

// The bytes of a tile to cells: up to 16 cells by comparing with each of them, more by counting one by one.
template <unsigned bits>
VEDETTE_INLINE void count_tile_cells(const unsigned char* found, std::size_t n, std::size_t edge_count,
                                     std::uint32_t (&histograms)[histogram_count][most_level_edges + 1],
                                     std::uint64_t* counts) noexcept {
    std::size_t i = 0;
    if constexpr (bits <= 4) {
        i = n - n % 64;
        std::uint64_t equal[16] = {};
        count_bytes(found, i, 1, edge_count, equal);
        std::uint64_t rest = i;
        for (std::size_t k = 1; k <= edge_count; ++k) {
            counts[k] += equal[k];
            rest -= equal[k];
        }
        counts[0] += rest;
    } else {
        for (; i + histogram_count <= n; i += histogram_count)
            for (std::size_t k = 0; k < histogram_count; ++k) ++histograms[k][found[i + k]];
    }
    for (; i < n; ++i) ++histograms[0][found[i]];
}

// Whole tiles are located first, then counted. A tile that is not all finite is looked through once more.
template <unsigned bits>
void count_by_levels(const float* x, std::size_t n, std::ptrdiff_t stride, const float* edges, std::size_t edge_count,
                     std::uint64_t* cells, std::uint64_t* specials) noexcept {
    const LevelSearch<bits> search(LevelTables(edges, edge_count, bits));
    constexpr std::size_t width = LevelSearch<bits>::width;
    const float bounds[4] = {-infinity<float>, -Limits<float>::largest, infinity<float>, infinity<float>};
    std::uint64_t counts[most_level_edges + 1] = {};
    std::uint64_t first_cell = 0, last_cell = 0;  // specials that the search has put there
    alignas(64) unsigned char found[count_tile<float> + width];
    for_each_tile(x, n, stride, [&](const float* tile, std::size_t size) {
        std::uint32_t histograms[histogram_count][most_level_edges + 1] = {};
        const std::size_t whole = size - size % width;
        unsigned special = 0;
        for (std::size_t i = 0; i < whole; i += width) {
            ask_ahead(tile + i, 4096);
            special |= search.locate(tile + i, found + i);
        }
        if (whole < size) {
            float padded[width];
            pad_tail(tile + whole, size - whole, width, padded);
            special |= search.locate(padded, found + whole);
        }
        count_tile_cells<bits>(found, size, edge_count, histograms, counts);
        for (std::size_t k = 0; k <= edge_count; ++k)
            counts[k] += std::uint64_t{histograms[0][k]} + histograms[1][k] + histograms[2][k] + histograms[3][k];
        if (special == 0) return;
        std::uint64_t passed[4] = {};
        pass_edges(tile, size, bounds, 4, passed);
        specials[0] += size - passed[0];
        specials[1] += passed[2];
        specials[2] += passed[0] - passed[1];
        first_cell += size - passed[1];
        last_cell += passed[2];
    });
    for (std::size_t k = 0; k <= edge_count; ++k) cells[k] += counts[k];
    cells[0] -= first_cell;
    cells[edge_count] -= last_cell;
}

void count_by_levels(const float* x, std::size_t n, std::ptrdiff_t stride, const float* edges, std::size_t edge_count,
                     std::uint64_t* cells, std::uint64_t* specials) noexcept {
    if (edge_count <= 7)
        count_by_levels<3>(x, n, stride, edges, edge_count, cells, specials);
    else if (edge_count <= 15)
        count_by_levels<4>(x, n, stride, edges, edge_count, cells, specials);
    else if (edge_count <= 31)
        count_by_levels<5>(x, n, stride, edges, edge_count, cells, specials);
    else
        count_by_levels<6>(x, n, stride, edges, edge_count, cells, specials);
}

#endif

// For so few values that the tree costs more than it saves: a branch-free binary search over the plain edges.
template <class T>
void count_few(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
               std::uint64_t* cells, std::uint64_t* specials) noexcept {
    for (std::size_t i = 0; i < n; ++i) {
        const T v = x[static_cast<std::ptrdiff_t>(i) * stride];
        std::size_t first = 0;
        std::size_t size = edge_count;
        while (size > 1) {
            const std::size_t half = size / 2;
            first += edges[first + half - 1] <= v ? half : 0;
            size -= half;
        }
        first += edges[first] <= v;
        const std::uint64_t nan = v != v;
        const std::uint64_t positive = v == infinity<T>;
        const std::uint64_t negative = v == -infinity<T>;
        cells[first] += 1 - (nan + positive + negative);
        specials[0] += nan;
        specials[1] += positive;
        specials[2] += negative;
    }
}

template <class T>
void count_cells(const T* x, std::size_t n, std::ptrdiff_t stride, const T* edges, std::size_t edge_count,
                 std::uint64_t* cells, std::uint64_t* specials) noexcept {
    if (n < 8 || n * 8 < edge_count) {
        count_few(x, n, stride, edges, edge_count, cells, specials);
        return;
    }
#if defined(VEDETTE_KERNEL_HAS_LEVELS)
    if constexpr (sizeof(T) == sizeof(float)) {
        if (n >= least_values_for_levels && edge_count <= most_level_edges) {
            count_by_levels(x, n, stride, edges, edge_count, cells, specials);
            return;
        }
    }
#endif
    if (edge_count <= max_edges_to_pass) {
        count_by_passing(x, n, stride, edges, edge_count, cells, specials);
    } else {
        count_by_searching(x, n, stride, edges, edge_count, cells, specials);
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
