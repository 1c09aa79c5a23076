// SPDX-License-Identifier: Apache-2.0
// The model's performance over the rows of a file, beside its windows: estimates, labels that have come, and which
// features' drift costs it.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "labelled_rows.hpp"
#include "vedette/guard/report.hpp"

namespace vedette::inline v0::cli {

/// Rows of a labelled file in the cells of a baseline: all, and those that were predicted rightly.
struct LabelledWindows {
    Window labelled;
    Window right;
};
/// Empty where the file lacks a feature of the baseline. Throws InputError for a class that is none.
[[nodiscard]] std::optional<LabelledWindows> count_labelled(const Baseline& baseline, const LabelledOptions& options,
                                                            char delimiter);

class PerformanceRows {
  public:
    /// Throws InputError for columns that are missing; of live data the labels may be.
    PerformanceRows(const Baseline& baseline, const LabelledOptions& labelled, char delimiter, RowSource& live);

    /// The row that the source has read. A label that is empty has not come.
    void observe();
    /// Adds the performance in the rows since the last report.
    void tell(Report& report, const Policy& policy);
    /// The next report is of the rows of the last one too.
    void join_last();

  private:
    struct Counted {
        drift::PerformanceWindow estimated;
        drift::RealisedWindow realised;
    };

    RowSource& live_;
    Counted now_;
    Counted last_;
    std::optional<LabelledWindows> cells_;
    std::vector<std::size_t> score_columns_;
    std::size_t prediction_column_ = 0;
    std::optional<std::size_t> label_column_;
    std::vector<double> scores_;  // of one row
};

}  // namespace vedette::inline v0::cli
