// SPDX-License-Identifier: Apache-2.0
// Building the frozen category table.
#include "guard/category_table.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

CategoryTable::CategoryTable(std::span<const std::string> categories) : size_(categories.size()) {
    if (categories.empty()) return;
    slots_.resize(std::bit_ceil(categories.size() * 2));
    mask_ = slots_.size() - 1;
    for (std::size_t cell = 0; cell < categories.size(); ++cell) {
        const std::string& text = categories[cell];
        if (text.size() > std::numeric_limits<std::int32_t>::max() - texts_.size()) {
            throw Error(ErrorCode::overflow, "the categories of a feature hold more than 2 GiB of text");
        }
        const std::uint64_t hash = hash_of(text);
        std::size_t slot = hash & mask_;
        while (slots_[slot].length != empty) slot = (slot + 1) & mask_;
        slots_[slot] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::uint32_t>(text.size()),
                        static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(cell)};
        texts_ += text;
        longest_ = std::max(longest_, text.size());
    }
}

}  // namespace vedette::inline v0
