// SPDX-License-Identifier: Apache-2.0
// Building the frozen category table.
#include "core/category_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t longest_wanted = 32;  // twice what a thousand random categories show
constexpr std::uint64_t most_seeds = 16;

}  // namespace

CategoryTable::CategoryTable(std::span<const std::string> categories) : size_(categories.size()) {
    if (categories.empty()) return;
    for (const std::string& text : categories) {
        if (text.size() > std::numeric_limits<std::int32_t>::max() - texts_.size()) {
            throw Error(ErrorCode::overflow, "the categories of a feature hold more than 2 GiB of text");
        }
        texts_ += text;
        longest_ = std::max(longest_, text.size());
    }
    mask_ = std::bit_ceil(categories.size() * 2) - 1;
    while ((longest_probe_ = fill(categories)) > longest_wanted && seed_ + 1 < most_seeds) ++seed_;
}

// Places every category by the hash of the present seed; returns the longest probe.
std::size_t CategoryTable::fill(std::span<const std::string> categories) {
    slots_.assign(mask_ + 1, Slot{});
    std::size_t longest = 0;
    std::size_t offset = 0;
    for (std::size_t cell = 0; cell < categories.size(); ++cell) {
        const std::string& text = categories[cell];
        const std::uint64_t word = last_word<false>(text);
        std::size_t slot = hash_of<false>(text, word) & mask_;
        std::size_t probe = 1;
        for (; slots_[slot].length != empty; ++probe) slot = (slot + 1) & mask_;
        longest = std::max(longest, probe);
        slots_[slot] = {word, static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(offset),
                        static_cast<std::uint32_t>(cell)};
        offset += text.size();
    }
    return longest;
}

}  // namespace vedette::inline v0
