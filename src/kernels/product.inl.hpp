// SPDX-License-Identifier: Apache-2.0
// Products of a panel of rows with columns: a register tile of outputs, each summed in order, so that results depend
// neither on the width of registers nor on the blocking.
#pragma once

#include "kernels/fused.inl.hpp"
#include "kernels/pair_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Registers across a panel and columns down, so that accumulators fill most of the register file.
template <class T>
struct Register {
#if defined(__AVX512F__)
    static constexpr std::size_t across = 2, down = 12;
#elif defined(__AVX2__)
    static constexpr std::size_t across = 2, down = 6;
#elif defined(__aarch64__)
    static constexpr std::size_t across = 4, down = 5;
#else
    static constexpr std::size_t across = 2, down = 2;
#endif
};
// So many elements of each panel row at a time stay in the first caches while columns pass.
constexpr std::size_t product_depth = 256;

template <std::size_t across, std::size_t down, class T>
VEDETTE_INLINE void multiply_tile(const T* panel, const T* columns, std::size_t column_stride,
                                  std::size_t element_stride, std::size_t depth, T* out, bool accumulate) noexcept {
    constexpr std::size_t width = Batch<T>::size;
    Batch<T> sum[down][across];
#pragma GCC unroll 16
    for (std::size_t c = 0; c < down; ++c) {
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) {
            sum[c][a] = accumulate ? Batch<T>::load_aligned(out + c * panel_rows + a * width) : Batch<T>(T{0});
        }
    }
    for (std::size_t k = 0; k < depth; ++k) {
#if !defined(__AVX512F__)
        // The columns of the next tile, a cache line of each in time: measured 16 % faster with AVX2, no gain with
        // AVX-512. Beyond the last column a prefetch does no harm, but such a pointer may not be formed.
        if (k % (64 / sizeof(T)) == 0) {
            const auto next = reinterpret_cast<std::uintptr_t>(columns + k * element_stride);
#pragma GCC unroll 16
            for (std::size_t c = down; c < 2 * down; ++c)
                // NOLINTNEXTLINE(performance-no-int-to-ptr)
                __builtin_prefetch(reinterpret_cast<const void*>(next + c * column_stride * sizeof(T)));
        }
#endif
        Batch<T> x[across];
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) x[a] = Batch<T>::load_aligned(panel + k * panel_rows + a * width);
#pragma GCC unroll 16
        for (std::size_t c = 0; c < down; ++c) {
            Batch<T> y(columns[c * column_stride + k * element_stride]);
#if defined(__AVX512F__)
            // Read once: g++ would read it again for each use.
            __asm__("" : "+v"(y.data));
#endif
#pragma GCC unroll 4
            for (std::size_t a = 0; a < across; ++a) sum[c][a] = multiply_add(x[a], y, sum[c][a]);
        }
    }
#pragma GCC unroll 16
    for (std::size_t c = 0; c < down; ++c) {
#pragma GCC unroll 4
        for (std::size_t a = 0; a < across; ++a) sum[c][a].store_aligned(out + c * panel_rows + a * width);
    }
}

template <std::size_t down, class T>
VEDETTE_INLINE void multiply_columns(const PanelProduct<T>& p, std::size_t column, std::size_t begin, std::size_t depth,
                                     bool accumulate) noexcept {
    constexpr std::size_t across = Register<T>::across;
    constexpr std::size_t lanes = across * Batch<T>::size;
    static_assert(panel_rows % lanes == 0);
    for (std::size_t lane = 0; lane < panel_rows; lane += lanes) {
        multiply_tile<across, down>(p.panel + begin * panel_rows + lane,
                                    p.columns + column * p.column_stride + begin * p.element_stride, p.column_stride,
                                    p.element_stride, depth, p.out + column * panel_rows + lane, accumulate);
    }
}

template <class T>
void multiply(const PanelProduct<T>* product) noexcept {
    constexpr std::size_t down = Register<T>::down;
    const PanelProduct<T> p = *product;
    std::size_t begin = 0;
    do {
        const std::size_t depth = p.depth - begin < product_depth ? p.depth - begin : product_depth;
        const bool accumulate = p.accumulate || begin > 0;
        std::size_t column = 0;
        // Eights are left to fours where more at a time would leave single columns, which are slow.
        for (; column + down <= p.column_count && (down > 8 || p.column_count - column != 8); column += down)
            multiply_columns<down>(p, column, begin, depth, accumulate);
        if constexpr (down > 4)
            for (; column + 4 <= p.column_count; column += 4) multiply_columns<4>(p, column, begin, depth, accumulate);
        for (; column < p.column_count; ++column) multiply_columns<1>(p, column, begin, depth, accumulate);
        begin += depth;
    } while (begin < p.depth);
}

template <class T>
void panel_norms(const T* panel, std::size_t depth, T* norms) noexcept {
    constexpr std::size_t width = Batch<T>::size, across = panel_rows / width;
    Batch<T> sum[across];
#pragma GCC unroll 16
    for (std::size_t a = 0; a < across; ++a) sum[a] = Batch<T>(T{0});
    for (std::size_t k = 0; k < depth; ++k) {
#pragma GCC unroll 16
        for (std::size_t a = 0; a < across; ++a) {
            const Batch<T> x = Batch<T>::load_aligned(panel + k * panel_rows + a * width);
            sum[a] = multiply_add(x, x, sum[a]);
        }
    }
#pragma GCC unroll 16
    for (std::size_t a = 0; a < across; ++a) sum[a].store_aligned(norms + a * width);
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
