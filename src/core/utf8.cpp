// SPDX-License-Identifier: Apache-2.0
// UTF-8, byte by byte, with a stride of eight over ASCII.
#include "core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace vedette::inline v0::detail {

std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        const unsigned lead = byte(i);
        if (lead < 0x80) {
            constexpr std::uint64_t upper_bits = 0x8080808080808080U;
            std::uint64_t word = ~std::uint64_t{0};
            const std::size_t left = text.size() - i;
            // The end in one look, with what is before it.
            if (text.size() >= sizeof word)
                std::memcpy(&word, text.data() + (left >= sizeof word ? i : text.size() - sizeof word), sizeof word);
            const std::size_t step = (word & upper_bits) == 0 ? std::min(left, sizeof word) : 1;
            i += step;
            count += step - 1;
            continue;
        }
        const std::size_t length = lead >= 0xf0 ? 4u : lead >= 0xe0 ? 3u : 2u;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - i < length) return std::nullopt;
        const unsigned lowest = lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
        const unsigned highest = lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
        if (byte(i + 1) < lowest || byte(i + 1) > highest) return std::nullopt;
        for (std::size_t k = 2; k < length; ++k) {
            if ((byte(i + k) & 0xc0u) != 0x80u) return std::nullopt;
        }
        i += length;
    }
    return count;
}

}  // namespace vedette::inline v0::detail
