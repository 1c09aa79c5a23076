// SPDX-License-Identifier: Apache-2.0
// A frozen map from a category's text to its cell: bounded time per look-up, whatever text a caller sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::inline v0 {

/// Open addressing at most half full. The table is built once from the reference, so that live texts cannot lengthen
/// its probes, and texts longer than the longest category are not even hashed. A reference whose categories collide is
/// hashed again with another seed.
class CategoryTable {
  public:
    CategoryTable() = default;
    /// The texts are copied into one block; they must differ from each other.
    explicit CategoryTable(std::span<const std::string> categories);

    /// The index of `text`, or the number of categories when it is not there. O(length of the text).
    [[nodiscard]] std::size_t find(std::string_view text) const noexcept {
        if (text.size() > longest_ || slots_.empty()) return size_;
        const std::uint64_t hash = hash_of(text);
        for (std::size_t slot = hash & mask_;; slot = (slot + 1) & mask_) {
            const Slot& entry = slots_[slot];
            if (entry.length == empty) return size_;
            if (entry.hash == static_cast<std::uint32_t>(hash >> 32) && entry.length == text.size() &&
                std::string_view(texts_).substr(entry.offset, entry.length) == text) {
                return entry.cell;
            }
        }
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    static constexpr std::uint32_t empty = 0xFFFFFFFFU;
    struct Slot {
        std::uint32_t hash = 0;
        std::uint32_t length = empty;
        std::uint32_t offset = 0;
        std::uint32_t cell = 0;
    };

    // Eight bytes a step: the state and the word are multiplied to 128 bits, whose halves are folded together (the
    // construction of wyhash). The seed lets the constructor draw again, should a crafted reference collide.
    [[nodiscard]] std::uint64_t hash_of(std::string_view text) const noexcept {
        __extension__ using Wide = unsigned __int128;
        const auto mix = [](std::uint64_t state, std::uint64_t word) noexcept {
            const Wide product = static_cast<Wide>(state ^ word) * 0x9e3779b97f4a7c15U;
            return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
        };
        const char* at = text.data();
        std::size_t left = text.size();
        std::uint64_t state = seed_ ^ left;
        for (; left >= 8; left -= 8, at += 8) state = mix(state, word_at(at));
        std::uint64_t last = 0;
        for (; left > 0; --left) last = last << 8 | static_cast<unsigned char>(*at++);
        return mix(mix(state, last), 0xd6e8feb86659fd93U);
    }
    static std::uint64_t word_at(const char* at) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, at, sizeof word);
        return word;
    }
    std::size_t fill(std::span<const std::string> categories);

    std::vector<Slot> slots_;
    std::string texts_;
    std::uint64_t seed_ = 0;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    std::size_t longest_ = 0;
};

}  // namespace vedette::inline v0
