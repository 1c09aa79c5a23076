// SPDX-License-Identifier: Apache-2.0
// The kernels of fingerprints: values become small cells, and windows of cells keyed hashes of which the least count.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Slots come in multiples of so many.
inline constexpr std::size_t slot_group = 4;
/// Hashes read so many bytes behind the last window.
inline constexpr std::size_t window_padding = 8;
/// The cell of a value that is no number.
inline constexpr std::uint8_t cell_of_nan = 255;

/// Cells of an image: floor(((x + salt) mod 256) / step), by a reciprocal ceil(2^16 / step); step is 2 to 128.
struct CellRequest {
    const std::uint8_t* salt;
    std::size_t count;
    std::uint16_t reciprocal;
    float scale, offset;  ///< of floats: x = round(value * scale + offset), held to 0 to 255
};

/// Windows of `length` bytes at cells, cells + stride, ...; the j-th of the call goes to slot (first + j) mod slots.
struct WindowRequest {
    const std::uint8_t* cells;  ///< (count - 1) * stride + length bytes, and window_padding readable ones behind them
    std::size_t count;
    std::size_t length;  ///< at least 1
    std::size_t stride;
    std::size_t first;  ///< a multiple of slot_group
    std::size_t slots;  ///< a multiple of slot_group
    std::uint64_t key[2];
};

/// All are noexcept, allocate nothing and give the same bits on every instruction set; times depend on sizes,
/// and for floats on whether there is a NaN.
struct FingerprintKernels {
    void (*cells_of_bytes)(const std::uint8_t* x, const CellRequest* request, std::uint8_t* cells) noexcept;
    void (*cells_of_floats)(const float* x, const CellRequest* request, std::uint8_t* cells) noexcept;
    /// least[slot] becomes the least SipHash-1-3 (Aumasson and Bernstein 2012) of its windows and what it was.
    void (*least_hashes)(const WindowRequest* request, std::uint64_t* least) noexcept;
};

}  // namespace vedette::inline v0::kernels
