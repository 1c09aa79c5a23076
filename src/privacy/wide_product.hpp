// SPDX-License-Identifier: Apache-2.0
// The 128-bit integers that g++ and clang have beyond the standard.
#pragma once

#include <cstdint>

namespace vedette::inline v0::privacy {

__extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using)
__extension__ typedef __int128 SignedWide;     // NOLINT(modernize-use-using)

/// The upper half of a product.
constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) noexcept {
    return static_cast<std::uint64_t>((Wide{a} * b) >> 64U);
}

}  // namespace vedette::inline v0::privacy
