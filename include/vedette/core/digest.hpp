// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of bytes and streams, and its hexadecimal text.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vedette::inline v0 {

/// A SHA-256 value.
using Digest = std::array<std::byte, 32>;

/// SHA-256 over a stream of pieces. Not thread-safe; copyable, so that a common prefix is hashed once.
class DigestBuilder {
  public:
    DigestBuilder() noexcept;

    /// Appends bytes; the split into calls does not matter.
    DigestBuilder& update(std::span<const std::byte> bytes) noexcept;
    DigestBuilder& update(std::string_view text) noexcept;

    /// The digest of everything so far; the builder may be continued.
    [[nodiscard]] Digest digest() const noexcept;

  private:
    alignas(8) std::array<std::byte, 104> state_;
};

/// SHA-256 of a block of bytes; O(n).
[[nodiscard]] Digest sha256(std::span<const std::byte> bytes) noexcept;
[[nodiscard]] Digest sha256(std::string_view text) noexcept;

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Digest& digest);

/// The digest of exactly 64 lower-case hexadecimal digits; empty for any other text.
[[nodiscard]] std::optional<Digest> digest_from_hex(std::string_view text) noexcept;

/// Equality whose time does not depend on where the digests differ.
[[nodiscard]] bool constant_time_equal(const Digest& a, const Digest& b) noexcept;

}  // namespace vedette::inline v0
