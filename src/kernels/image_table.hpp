// SPDX-License-Identifier: Apache-2.0
// Kernels over rows of pixels: medians of a small window, fewer levels.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Byte x becomes ((((x * scale + offset) >> shift) * spread + spread_offset) >> spread_shift): the nearest of 2^bits
/// levels, and the byte nearest to it. No product or sum is beyond 16 bits.
struct ByteLevels {
    std::uint16_t scale, offset, shift, spread, spread_offset, spread_shift;
};

/// All are noexcept, allocate nothing, take a time that only depends on sizes and give the same bits on every
/// instruction set, zeros of either sign and NaN apart. Neighbours of a pixel stand `step` (channels) apart; beyond
/// the ends of a row the nearest pixel stands for its neighbour. Rows have at least `step` values; `out` overlaps none.
struct ImageKernels {
    /// Median of nine, over rows above, middle and below, which may be the same.
    void (*median3_bytes)(const std::uint8_t* const* rows, std::size_t count, std::size_t step,
                          std::uint8_t* out) noexcept;
    void (*median3_floats)(const float* const* rows, std::size_t count, std::size_t step, float* out) noexcept;
    /// Third smallest of the four at, above, and left of both, over rows above and middle.
    void (*median2_bytes)(const std::uint8_t* const* rows, std::size_t count, std::size_t step,
                          std::uint8_t* out) noexcept;
    void (*median2_floats)(const float* const* rows, std::size_t count, std::size_t step, float* out) noexcept;
    /// `out` may be `values`.
    void (*reduce_bytes)(const std::uint8_t* values, std::size_t count, const ByteLevels* levels,
                         std::uint8_t* out) noexcept;
    /// rint(x * levels / highest) / levels * highest, each operation rounded.
    void (*reduce_floats)(const float* values, std::size_t count, float levels, float highest, float* out) noexcept;
};

}  // namespace vedette::inline v0::kernels
