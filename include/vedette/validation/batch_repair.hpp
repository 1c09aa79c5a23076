// SPDX-License-Identifier: Apache-2.0
// A whole table put right as far as the schema says how, and what was changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/validation/batch.hpp"

namespace vedette::inline v0::validation {

/// One value of a table that was changed.
struct CellRepair {
    std::uint64_t row = 0;
    Repaired done;  ///< `before`: texts are the table's; `after`: the table's (shortened), or the validator's
};

/// A table as `Validator::repair` would leave its rows, value by value: each as BatchOptions has it read, those of f32
/// columns as floats, of others as `Value`; into half floats the nearest half that may stand. A value that the column's
/// element type cannot hold stays as it came. What only many rows can tell (`unique`, `presence`, a tolerated mass)
/// repairs nothing; a column that is missing stays so.
class TableRepair {
  public:
    /// O(values of the features that repair something); memory: a copy of each column in which something was changed,
    /// and of each change. `rules` is copied; the table's memory must outlive this.
    TableRepair(const Validator& rules, const Table& table, const BatchOptions& options = {});
    /// Values of lists are judged, and stay as they came. Throws as `check_lists`, too.
    TableRepair(const Validator& rules, const NestedTable& table, const BatchOptions& options = {});
    TableRepair(TableRepair&&) noexcept = default;
    TableRepair& operator=(TableRepair&&) noexcept = default;
    TableRepair(const TableRepair&) = delete;
    TableRepair& operator=(const TableRepair&) = delete;
    ~TableRepair() = default;

    /// The table as it is now: columns in their order; those without a change are the caller's. A dictionary in which
    /// something was changed becomes strings; numbers of a column of texts are written in their shortest form.
    [[nodiscard]] const Table& table() const noexcept { return table_; }
    /// By feature, then by row.
    [[nodiscard]] std::span<const CellRepair> cells() const noexcept { return cells_; }
    /// In order of features, of `clamp` before `impute`.
    [[nodiscard]] const std::vector<BatchRepair>& counts() const noexcept { return counts_; }
    /// `validate_batch` of the table as it is now, and `counts` as its `repairs`.
    [[nodiscard]] BatchReport report() const;

  private:
    struct Storage {
        std::vector<std::byte> numbers;
        std::vector<std::string_view> texts;
        std::deque<std::string> written;
        std::vector<std::uint8_t> valid;
    };

    void repair_feature(std::size_t feature, const Column& column);
    void count_feature(std::span<const CellRepair> cells, std::size_t rows);
    [[nodiscard]] Column rewritten(const Column& column, std::span<const CellRepair> cells);

    Validator rules_;
    BatchOptions options_;
    Table table_;
    std::vector<ListColumn> lists_;
    std::vector<CellRepair> cells_;
    std::vector<BatchRepair> counts_;
    std::deque<Storage> storage_;
};

}  // namespace vedette::inline v0::validation
