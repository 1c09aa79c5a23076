// SPDX-License-Identifier: Apache-2.0
// Rows as bits of words: which are valid.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

/// Bit i tells whether row begin + i is valid; count <= 64, the bits behind are 0.
[[nodiscard]] inline std::uint64_t valid_word(const Validity& validity, std::size_t begin, std::size_t count) noexcept {
    const std::uint64_t all = count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
    if (validity.bits == nullptr || count == 0) return all;
    const std::size_t bit = validity.offset + begin, shift = bit % 8, bytes = (shift + count + 7) / 8;
    const std::uint8_t* at = validity.bits + bit / 8;
    std::uint64_t word = 0;
    if (bytes >= 8) {
        // In one load, where the compiler knows the machine's order of bytes to be this one.
        for (std::size_t i = 0; i < 8; ++i) word |= std::uint64_t{at[i]} << (8 * i);
    } else {
        for (std::size_t i = 0; i < bytes; ++i) word |= std::uint64_t{at[i]} << (8 * i);
    }
    word >>= shift;
    if (bytes == 9) word |= std::uint64_t{at[8]} << (64 - shift);
    return word & all;
}

}  // namespace vedette::inline v0::validation
