// SPDX-License-Identifier: Apache-2.0
// Scripts of characters, and which look like ASCII: the tables that generate.py writes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::validation {

struct CharacterKind {
    bool is_of_word;  ///< of general category L, M, N or Pc
    std::array<std::uint64_t, 3> scripts;
};

// clang-format off
#include "validation/unicode/text_tables.inc"
// clang-format on

[[nodiscard]] inline bool is_lookalike(char32_t c) noexcept {
    return std::binary_search(lookalikes.begin(), lookalikes.end(), static_cast<std::uint32_t>(c));
}

}  // namespace vedette::inline v0::validation
