// SPDX-License-Identifier: Apache-2.0
// Well-formed UTF-8, and how many code points a text holds.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace vedette::inline v0::detail {

/// The number of code points; empty unless the text is well-formed after Unicode table 3-7: no overlong forms,
/// surrogates or values beyond U+10FFFF. Linear time.
[[nodiscard]] std::optional<std::size_t> count_code_points(std::string_view text) noexcept;

[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    return count_code_points(text).has_value();
}

}  // namespace vedette::inline v0::detail
