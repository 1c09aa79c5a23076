// SPDX-License-Identifier: Apache-2.0
// The monitors of a policy over the rows of a file: features, outputs and predictions by the names of columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "labelled_rows.hpp"
#include "row_source.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::cli {

class WatchedRows {
  public:
    /// An output of the policy is a column of its name. Throws InputError for columns or options that are missing,
    /// Error(invalid_policy) as Watch does.
    /// `reference`: rows of the reference, where the policy watches groups of features; its delimiter is of both files.
    WatchedRows(const Baseline& baseline, const Policy& policy, const LabelledOptions& labelled,
                const SourceOptions& reference, RowSource& live);

    /// The row that the source has read, its features as they are. Alarms bear its number as their time.
    void observe(std::span<const Value> row);
    /// Adds what the monitors say of the rows since the last report.
    void tell(Report& report);
    /// The next report is of the period of the last one too.
    void join_last() { mark_ = before_; }

  private:
    RowSource& live_;
    Watch watch_;
    WatchMark mark_;  // of the period's beginning, and of that before
    WatchMark before_;
    std::vector<std::pair<std::size_t, std::size_t>> outputs_;  // index in the watch, column
    std::vector<std::size_t> score_columns_;
    std::size_t prediction_column_ = 0;
    std::vector<double> scores_;  // of one row
};

}  // namespace vedette::inline v0::cli
