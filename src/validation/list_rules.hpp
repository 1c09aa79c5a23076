// SPDX-License-Identifier: Apache-2.0
// A column of lists held against a feature: every value, and how many there are.
#pragma once

#include <cstdint>
#include <vector>

#include "validation/batch_column.hpp"
#include "vedette/validation/list_column.hpp"

namespace vedette::inline v0::validation {

/// Of a domain with a tolerated mass: values in the lists of all parts, nulls left out, and how many lie outside.
struct ListTally {
    std::uint64_t values = 0;
    std::uint64_t outside = 0;
};

/// Marks every row with a value, or a list of values, that fails. `lists` is as `check_lists` wants it.
void judge_lists(const FeatureRules& rules, const ListColumn& lists, FailedRows& failed, ListTally& tally);

/// The values that the lists hold, in their order: each list's at once, those of null lists left out.
class ListedValues {
  public:
    explicit ListedValues(const ListColumn& lists);
    ListedValues(const ListedValues&) = delete;
    ListedValues& operator=(const ListedValues&) = delete;

    /// The lists' own where they hold all of them in their order, else a copy.
    [[nodiscard]] const Column& column() const noexcept { return column_; }
    /// How many elements each list of a level holds, null where the list is; those in null lists left out.
    [[nodiscard]] Column lengths(std::size_t level) const;

  private:
    struct Level {
        std::vector<std::int64_t> lengths;
        std::vector<std::uint8_t> valid;
    };

    void gather(const Column& values, const std::vector<std::size_t>& places);

    Column column_;
    std::vector<Level> levels_;
    std::vector<std::byte> numbers_;
    std::vector<std::string_view> texts_;
    std::vector<std::int32_t> codes_;
    std::vector<std::uint8_t> valid_;
};

}  // namespace vedette::inline v0::validation
