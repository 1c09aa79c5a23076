// SPDX-License-Identifier: Apache-2.0
// What fuzzers of saved files share: bytes as they come, and once more with a digest that is right; and a count of what
// was accepted, by which the replay of a corpus sees that its seeds are still files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/digest.hpp"

namespace vedette::fuzzing {

/// How often a reader took the bytes.
inline std::size_t accepted = 0;

/// Calls read(bytes); and again with the digest that the container's header states made right, where it has one, since
/// no mutation would find it.
template <class Read>
void read_with_both_digests(const std::uint8_t* data, std::size_t size, Read&& read) {
    const auto* begin = reinterpret_cast<const std::byte*>(data);
    std::vector<std::byte> bytes(begin, begin + size);
    read(bytes);

    constexpr std::string_view field = "\"sha256\":\"";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t at = text.find(field);
    if (at == std::string_view::npos || text.size() - at < field.size() + 64) return;
    const auto digits = bytes.begin() + static_cast<std::ptrdiff_t>(at + field.size());
    std::fill_n(digits, 64, std::byte{'0'});
    const std::string digest = to_hex(sha256(bytes));
    std::transform(digest.begin(), digest.end(), digits, [](char c) { return static_cast<std::byte>(c); });
    read(bytes);
}

}  // namespace vedette::fuzzing
