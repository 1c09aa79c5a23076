// SPDX-License-Identifier: Apache-2.0
// Are two inputs the very same? A keyed hash of their bytes, at the speed of memory.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace vedette::inline v0::perturbation {

/// Words of key: those of a block, then the point at which the polynomial is taken.
inline constexpr std::size_t content_block = 128;
inline constexpr std::size_t content_key_words = content_block + 1;

/// NH over blocks of 1 KiB (Black, Halevi, Krawczyk, Krovetz and Rogaway 1999), then a polynomial over their sums
/// modulo 2^61 - 1: two inputs of as many bytes collide with a chance of about 2^-55 at most under a key that nobody
/// knows, whoever chose them. `key` has `content_key_words`. The last block is padded with zeros, so lengths must agree
/// by themselves.
inline std::uint64_t content_hash(std::span<const std::byte> bytes, std::span<const std::uint64_t> key) noexcept {
    __extension__ using Wide = unsigned __int128;
    constexpr std::uint64_t modulus = (std::uint64_t{1} << 61U) - 1;
    const auto reduced = [](Wide x) {
        const auto once = static_cast<std::uint64_t>(x & modulus) + static_cast<std::uint64_t>((x >> 61U) & modulus) +
                          static_cast<std::uint64_t>(x >> 122U);
        return once % modulus;
    };
    const std::uint64_t point = key[content_block] % modulus;
    std::uint64_t hash = 1;
    for (std::size_t begin = 0; begin < bytes.size(); begin += content_block * sizeof(std::uint64_t)) {
        const std::size_t count = std::min(bytes.size() - begin, content_block * sizeof(std::uint64_t));
        std::array<std::uint64_t, content_block> words;
        if (count < sizeof words) words.fill(0);
        std::memcpy(words.data(), bytes.data() + begin, count);
        Wide sum = 0;
        for (std::size_t i = 0; i < (count + 7) / 8; i += 2)
            sum += static_cast<Wide>(words[i] + key[i]) * (words[i + 1] + key[i + 1]);
        for (const std::uint64_t half : {static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> 64U)})
            hash = reduced(static_cast<Wide>(hash) * point + half);
    }
    return hash;
}

}  // namespace vedette::inline v0::perturbation
