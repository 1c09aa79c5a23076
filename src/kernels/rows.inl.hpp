// SPDX-License-Identifier: Apache-2.0
// Locating and counting the features of a row, each in its own grid.
#pragma once

#include "kernels/cells.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// Where a value goes among its feature's counters, and its code. Masks instead of branches: a caller who mixes NaN and
// numbers at random must not be able to slow us down.
struct Place {
    std::uint32_t slot;
    std::uint32_t code;
};
template <class T>
VEDETTE_INLINE Place place(T x, std::uint32_t cell, std::uint32_t edge_count) noexcept {
    using Word = typename Limits<T>::Word;
    Word bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    const Word magnitude = bits & ~(Word{1} << (sizeof(Word) * 8 - 1));
    const auto sign = static_cast<std::uint32_t>(bits >> (sizeof(Word) * 8 - 1));
    const std::uint32_t special = 0U - static_cast<std::uint32_t>(magnitude >= Limits<T>::infinity_bits);
    const std::uint32_t infinite = 0U - static_cast<std::uint32_t>(magnitude == Limits<T>::infinity_bits);
    const std::uint32_t kind = infinite & (1 + sign);
    const std::uint32_t slot = cell ^ ((cell ^ (edge_count + 1 + kind)) & special);
    const std::uint32_t code = cell ^ ((cell ^ (code_nan - kind)) & special);
    return {slot, code};
}

template <int depth, bool count, bool write, class T>
VEDETTE_INLINE void run_features(const T* row, const RowPlanView<T>& plan, std::size_t begin, std::size_t end,
                                 std::uint64_t* counters, std::uint16_t* codes) noexcept {
    for (std::size_t i = begin; i < end; ++i) {
        const RowFeature f = plan.features[i];
        const T x = row[f.feature];
        const Place p = place(x, locate<depth>(plan.trees + f.tree_offset, f.edge_count, x), f.edge_count);
        if constexpr (count) ++counters[std::size_t{f.counter_offset} + p.slot];
        if constexpr (write) codes[f.feature] = static_cast<std::uint16_t>(p.code);
    }
}

template <bool count, bool write, class T>
VEDETTE_INLINE void run_row(const T* row, const RowPlanView<T>& plan, std::uint64_t* counters,
                            std::uint16_t* codes) noexcept {
    run_features<1, count, write>(row, plan, 0, plan.depth_end[0], counters, codes);
    run_features<2, count, write>(row, plan, plan.depth_end[0], plan.depth_end[1], counters, codes);
    run_features<3, count, write>(row, plan, plan.depth_end[1], plan.depth_end[2], counters, codes);
    if constexpr (write) {
        for (std::size_t i = 0; i < plan.skipped_count; ++i) codes[plan.skipped[i]] = code_skipped;
    }
}

template <class T>
void locate_row(const T* row, const RowPlanView<T>* plan, std::uint16_t* codes) noexcept {
    run_row<false, true>(row, *plan, nullptr, codes);
}

template <class T>
void observe_row(const T* row, const RowPlanView<T>* plan, std::uint64_t* counters, std::uint16_t* codes) noexcept {
    run_row<true, true>(row, *plan, counters, codes);
}

template <class T>
void observe_rows(const T* rows, std::size_t row_count, std::ptrdiff_t row_stride, const RowPlanView<T>* plan,
                  std::uint64_t* counters) noexcept {
    const RowPlanView<T> view = *plan;
    for (std::size_t i = 0; i < row_count; ++i) {
        run_row<true, false>(rows + static_cast<std::ptrdiff_t>(i) * row_stride, view, counters,
                             static_cast<std::uint16_t*>(nullptr));
    }
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
