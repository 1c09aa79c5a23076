// SPDX-License-Identifier: Apache-2.0
// A frozen map from a category's text to its cell: bounded time per look-up, whatever text a caller sends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::inline v0 {

/// Open addressing at most half full. The table is built once from the reference, so that live texts cannot lengthen
/// its probes, and texts longer than the longest category are not even hashed.
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

    // FNV-1a with a final mix, since the table uses the low bits.
    static std::uint64_t hash_of(std::string_view text) noexcept {
        std::uint64_t hash = 0xcbf29ce484222325U;
        for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
        hash ^= hash >> 32;
        hash *= 0x9e3779b97f4a7c15U;
        return hash ^ (hash >> 29);
    }

    std::vector<Slot> slots_;
    std::string texts_;
    std::size_t mask_ = 0;
    std::size_t size_ = 0;
    std::size_t longest_ = 0;
};

}  // namespace vedette::inline v0
