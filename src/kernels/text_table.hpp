// SPDX-License-Identifier: Apache-2.0
// Kernels for texts: whether bytes are UTF-8, and how many code points they hold.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// What is no UTF-8 has no number of code points.
inline constexpr std::size_t no_code_points = ~std::size_t{0};

/// Noexcept, without allocation, the same answers on every instruction set; time by the length, less for ASCII.
struct TextKernels {
    /// The number of code points, or `no_code_points` unless the text is well-formed after Unicode table 3-7. Null
    /// where the instruction set cannot look bytes up: then core/utf8.hpp does it, which is the plain meaning.
    std::size_t (*count_code_points)(const char* text, std::size_t size) noexcept;
};

}  // namespace vedette::inline v0::kernels
