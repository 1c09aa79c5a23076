// SPDX-License-Identifier: Apache-2.0
// One column of a table held against one feature.
#pragma once

#include <optional>

#include "validation/column_counter.hpp"
#include "validation/compiled.hpp"
#include "validation/failed_rows.hpp"
#include "validation/sequence.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

/// What the feature asks, compiled; `f32` and `f64` hold its interval at place 0.
struct FeatureRules {
    const Feature& feature;
    const Rule& rule;
    kernels::IntervalsView<float> f32;
    kernels::IntervalsView<double> f64;
    bool read_texts = false;            ///< of numeric features
    bool is_lasting = false;            ///< the table outlives the judgement
    bool is_listed = false;             ///< values of lists: they make no sequence
    std::optional<std::int64_t> now{};  ///< of a timed feature, where there is a clock
};

/// Marks every value that fails, as rows judge values, and brings the sequence on. With a `counter` the column is
/// counted, too: where both go by tiles of one type, tile by tile.
void judge_column(const FeatureRules& rules, const Column& column, FailedRows& failed, Sequence& sequence,
                  ColumnCounter* counter = nullptr);

/// Marks every row for which the expression is false, row 0 being row `first` of `rows`. `columns`: of each operand, or
/// null; with `read_texts` texts stand for the values of features that are none.
void judge_expression(const CompiledExpression& expression, const std::vector<const Column*>& columns, bool read_texts,
                      std::size_t first, std::size_t rows, RowBits& failed);

/// A text that stands for a number or, of a boolean feature, for a truth value.
[[nodiscard]] Value read_text(FeatureType type, std::string_view text) noexcept;

}  // namespace vedette::inline v0::validation
