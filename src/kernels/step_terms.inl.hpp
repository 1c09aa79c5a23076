// SPDX-License-Identifier: Apache-2.0
// Floats rounded to whole steps, two to a word: one plain loop for every instruction set, which compilers vectorise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/pair_table.hpp"

#if !defined(VEDETTE_INLINE)
#define VEDETTE_INLINE inline __attribute__((always_inline))
#endif

namespace vedette::inline v0::kernels {
namespace {

// x * scale to the nearest whole number (halves to even), for magnitudes below 2^22.
VEDETTE_INLINE std::int32_t whole_steps(float x, float scale) noexcept {
    constexpr float rounder = 0x1.8p23F;
    return __builtin_bit_cast(std::int32_t, x * scale + rounder) - __builtin_bit_cast(std::int32_t, rounder);
}

VEDETTE_INLINE std::int32_t word_of_steps(std::int32_t low, std::int32_t high) noexcept {
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(low) & 0xFFFFU) |
                                     (static_cast<std::uint32_t>(high) << 16U));
}

VEDETTE_INLINE void round_row_steps(const float* __restrict row, std::size_t depth, float scale,
                                    std::int32_t* __restrict words) noexcept {
    std::size_t k = 0;
    for (; 2 * k + 1 < depth; ++k)
        words[k] = word_of_steps(whole_steps(row[2 * k], scale), whole_steps(row[2 * k + 1], scale));
    if (2 * k < depth) words[k] = word_of_steps(whole_steps(row[2 * k], scale), 0);
}

VEDETTE_INLINE void round_panel_steps(const float* __restrict panel, std::size_t depth, float scale,
                                      std::int32_t* __restrict words, std::int32_t* __restrict norms) noexcept {
    std::int32_t sums[panel_rows] = {};
    for (std::size_t k = 0; 2 * k < depth; ++k) {
        const float* const even = panel + 2 * k * panel_rows;
        const bool is_last = 2 * k + 1 == depth;  // its partner counts for nothing
        const float* const odd = is_last ? even : even + panel_rows;
        const float odd_scale = is_last ? 0.0F : scale;
        for (std::size_t i = 0; i < panel_rows; ++i) {
            const std::int32_t low = whole_steps(even[i], scale), high = whole_steps(odd[i], odd_scale);
            words[k * panel_rows + i] = word_of_steps(low, high);
            sums[i] += low * low + high * high;
        }
    }
    for (std::size_t i = 0; i < panel_rows; ++i) norms[i] = sums[i];
}

}  // namespace
}  // namespace vedette::inline v0::kernels
