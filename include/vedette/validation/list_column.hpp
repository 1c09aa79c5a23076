// SPDX-License-Identifier: Apache-2.0
// A table's column whose rows are lists of values, or lists of lists.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

/// Lists side by side: list i holds the elements [begins[i], ends[i]) of the level below, the last of the values.
/// What a list that is null holds is not looked at.
struct ListLevel {
    std::span<const std::int64_t> begins;
    std::span<const std::int64_t> ends;
    Validity validity{};
};

/// Refers to memory that must outlive it.
struct ListColumn {
    static constexpr std::size_t most_levels = 2;

    std::string_view name;
    std::vector<ListLevel> levels;  ///< 1 or 2, the outermost first: a list for each row of the table
    Column values;

    [[nodiscard]] std::size_t size() const noexcept { return levels.empty() ? 0 : levels.front().begins.size(); }
};

/// A table, and beside it columns of lists.
struct NestedTable {
    Table flat;
    std::vector<ListColumn> lists;
};

/// Throws Error(invalid_argument) for another number of levels, a list that ends before it begins or reaches beyond
/// what it is of, and lists that share elements so much that they hold more than there are (overlapping views, which
/// would cost more to read than to send); dimension_mismatch for begins without an end. O(lists).
void check_lists(const ListColumn& lists);

/// The rows of a table with these columns beside it. Throws Error(dimension_mismatch) where one has another number of
/// rows, invalid_argument for a name that is empty or occurs twice, and as `check_lists`.
std::size_t check_lists(const Table& table, std::span<const ListColumn> lists);

}  // namespace vedette::inline v0::validation
