// SPDX-License-Identifier: Apache-2.0
// A frozen map from a category's text to its cell: bounded time per look-up, whatever text a caller sends.
#pragma once

#include <bit>
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
    [[nodiscard]] std::size_t find(std::string_view text) const noexcept { return find_as<false>(text); }
    /// As `find`, with A-Z of `text` taken for a-z; of categories that hold no A-Z.
    [[nodiscard]] std::size_t find_folded(std::string_view text) const noexcept { return find_as<true>(text); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The slots that the look-up of a category reads at most.
    [[nodiscard]] std::size_t longest_probe() const noexcept { return longest_probe_; }

    /// The text with a-z for A-Z; other letters as they are.
    [[nodiscard]] static std::string folded(std::string_view text) {
        std::string result(text);
        for (char& c : result) c = fold(c);
        return result;
    }

  private:
    template <bool folding>
    [[nodiscard]] std::size_t find_as(std::string_view text) const noexcept {
        if (text.size() > longest_ || slots_.empty()) return size_;
        const std::uint64_t word = last_word<folding>(text);
        for (std::size_t slot = hash_of<folding>(text, word) & mask_;; slot = (slot + 1) & mask_) {
            const Slot& entry = slots_[slot];
            if (entry.last_word == word && entry.length == text.size() &&
                same_before_last<folding>(texts_.data() + entry.offset, text)) {
                return entry.cell;
            }
            if (entry.length == empty) return size_;
        }
    }

    static constexpr std::uint32_t empty = 0xFFFFFFFFU;
    struct Slot {
        std::uint64_t last_word = 0;  // all of a text of at most eight bytes: its block is not read
        std::uint32_t length = empty;
        std::uint32_t offset = 0;
        std::uint32_t cell = 0;
    };

    // Two words are multiplied to 128 bits, whose halves are folded together (the construction of wyhash): one product
    // for a text of at most sixteen bytes, another for each eight bytes more. The seed lets the constructor draw again,
    // should a crafted reference collide.
    template <bool folding>
    [[nodiscard]] std::uint64_t hash_of(std::string_view text, std::uint64_t word_at_end) const noexcept {
        __extension__ using Wide = unsigned __int128;
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15U;
        const auto mix = [](std::uint64_t one, std::uint64_t other) noexcept {
            const Wide product = static_cast<Wide>(one) * other;
            return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
        };
        const char* at = text.data();
        std::size_t left = text.size();
        // The seed is in all bits: ids have factors that end in zeros, and few bits could not tell them apart.
        std::uint64_t state = (0xd6e8feb86659fd93U * (2 * seed_ + 1)) ^ left;
        if (left <= 8) return mix(state ^ word_at_end, odd);
        for (; left > 16; left -= 8, at += 8) state = mix(state ^ load<8, folding>(at), odd);
        return mix(state ^ load<8, folding>(at), word_at_end ^ (odd * (seed_ + 1)));
    }
    static constexpr char fold(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    template <std::size_t bytes, bool folding>
    static std::uint64_t load(const char* at) noexcept {
        std::uint64_t word = 0;
        if constexpr (folding) {
            char folded_bytes[bytes];
            for (std::size_t i = 0; i < bytes; ++i) folded_bytes[i] = fold(at[i]);
            std::memcpy(&word, folded_bytes, bytes);
        } else {
            std::memcpy(&word, at, bytes);
        }
        // The low bits on every host, for `last_word` shifts them.
        if constexpr (std::endian::native == std::endian::big) word >>= 64 - 8 * bytes;
        return word;
    }
    // The last eight bytes; all of a shorter text, some of them twice. Of texts of one length that have the same word,
    // these bytes are the same.
    template <bool folding>
    static std::uint64_t last_word(std::string_view text) noexcept {
        const std::size_t length = text.size();
        const char* const at = text.data();
        if (length >= 8) return load<8, folding>(at + length - 8);
        if (length >= 4) return load<4, folding>(at) | load<4, folding>(at + length - 4) << 32;
        if (length == 0) return 0;
        return load<1, folding>(at) | load<1, folding>(at + length / 2) << 8 | load<1, folding>(at + length - 1) << 16;
    }
    // Whether all but the last word is the same.
    template <bool folding>
    static bool same_before_last(const char* category, std::string_view text) noexcept {
        for (std::size_t i = 0; i + 8 < text.size(); i += 8) {
            if (load<8, false>(category + i) != load<8, folding>(text.data() + i)) return false;
        }
        return true;
    }
    std::size_t fill(std::span<const std::string> categories);

    std::vector<Slot> slots_;
    std::string texts_;
    std::uint64_t seed_ = 0;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    std::size_t longest_ = 0;
    std::size_t longest_probe_ = 0;
};

}  // namespace vedette::inline v0
