// SPDX-License-Identifier: Apache-2.0
// What writing and reading a container share.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "vedette/core/dtype.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::container_format {

inline constexpr std::uint64_t max_header_bytes = 100'000'000;
inline constexpr std::size_t max_rank = 16;
inline constexpr std::size_t data_alignment = 64;
inline constexpr std::size_t length_bytes = 8;
inline constexpr std::size_t hex_digits = 64;
inline constexpr std::string_view metadata_name = "__metadata__";
inline constexpr std::string_view format_name = "vedette";
inline constexpr std::string_view zero_digest = "0000000000000000000000000000000000000000000000000000000000000000";
static_assert(zero_digest.size() == hex_digits);

// What a message may quote of an untrusted name: short and printable.
inline std::string quote(std::string_view text) {
    constexpr std::size_t limit = 80;
    std::string result = "'";
    for (const char c : text.substr(0, limit)) result += (c >= ' ' && c <= '~') ? c : '?';
    return result + (text.size() > limit ? "...'" : "'");
}

// The bytes of a tensor; false when the product does not fit.
inline bool tensor_bytes(std::span<const std::uint64_t> shape, Dtype dtype, std::uint64_t& bytes) noexcept {
    // An empty dimension makes the tensor empty, however large the others are.
    if (std::find(shape.begin(), shape.end(), 0u) != shape.end()) {
        bytes = 0;
        return true;
    }
    bytes = dtype_size(dtype);
    for (const std::uint64_t extent : shape) {
        if (__builtin_mul_overflow(bytes, extent, &bytes)) return false;
    }
    return true;
}

// Copies elements between the host's byte order and the file's. The same function serves both directions.
inline void copy_little_endian(std::byte* to, std::span<const std::byte> from, std::size_t element) noexcept {
    if (from.empty()) return;
    std::memmove(to, from.data(), from.size());
    if constexpr (std::endian::native == std::endian::big) {
        for (std::size_t i = 0; i + element <= from.size(); i += element) std::reverse(to + i, to + i + element);
    }
}

// Where the digits of the checksum stand. In valid JSON an unescaped quote after '{' or ',' opens a string, so the
// pattern can only be the key; repeated keys have been refused before.
inline std::size_t find_digest_field(std::string_view header) noexcept {
    constexpr std::string_view field = "\"sha256\":\"";
    for (std::size_t at = header.find(field); at != std::string_view::npos; at = header.find(field, at + 1)) {
        if (at > 0 && (header[at - 1] == ',' || header[at - 1] == '{')) {
            return header.size() - at >= field.size() + hex_digits ? at + field.size() : std::string_view::npos;
        }
    }
    return std::string_view::npos;
}

}  // namespace vedette::inline v0::container_format
