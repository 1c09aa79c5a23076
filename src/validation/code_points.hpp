// SPDX-License-Identifier: Apache-2.0
// core/utf8.hpp, long texts by a kernel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/utf8.hpp"
#include "kernels/dispatch.hpp"

namespace vedette::inline v0::validation {

/// As detail::count_code_points.
[[nodiscard]] inline std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
    // Below, the kernel takes as long, or longer.
    constexpr std::size_t long_text = 64;
    const auto kernel = kernels::kernels().texts.count_code_points;
    if (text.size() < long_text || kernel == nullptr) return detail::count_code_points(text);
    const std::size_t count = kernel(text.data(), text.size());
    return count == kernels::no_code_points ? std::nullopt : std::optional(count);
}
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
    // Words, the last one with what is before it: mostly a text is short and of ASCII.
    if (text.size() >= sizeof(std::uint64_t) && text.size() <= 4 * sizeof(std::uint64_t)) {
        std::uint64_t all = 0, word = 0;
        std::memcpy(&all, text.data() + text.size() - sizeof all, sizeof all);
        for (std::size_t i = 0; i + sizeof word < text.size(); i += sizeof word) {
            std::memcpy(&word, text.data() + i, sizeof word);
            all |= word;
        }
        if ((all & 0x8080808080808080U) == 0) return true;
    }
    return count_code_points(text).has_value();
}

}  // namespace vedette::inline v0::validation
