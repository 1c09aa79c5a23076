// SPDX-License-Identifier: Apache-2.0
// Are two inputs the very same? A keyed hash of their bytes, at the speed of memory.
#pragma once

#include <algorithm>
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
        Wide sum = 0;
        const auto add = [&](const std::byte* from, std::size_t i) {
            std::uint64_t pair[2];
            std::memcpy(pair, from, sizeof pair);
            sum += static_cast<Wide>(pair[0] + key[i]) * (pair[1] + key[i + 1]);
        };
        const std::size_t whole = count / 16;
        for (std::size_t i = 0; i < whole; ++i) add(&bytes[begin + 16 * i], 2 * i);
        if (count % 16 != 0) {
            std::byte last[16] = {};
            std::memcpy(last, &bytes[begin + 16 * whole], count % 16);
            add(last, 2 * whole);
        }
        for (const std::uint64_t half : {static_cast<std::uint64_t>(sum), static_cast<std::uint64_t>(sum >> 64U)})
            hash = reduced(static_cast<Wide>(hash) * point + half);
    }
    return hash;
}

}  // namespace vedette::inline v0::perturbation
