// SPDX-License-Identifier: Apache-2.0
// One column of a table held against one feature.
#pragma once

#include "validation/compiled.hpp"
#include "validation/failed_rows.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::validation {

/// What the feature asks, compiled; `f32` and `f64` hold its interval at place 0.
struct FeatureRules {
    const Feature& feature;
    const Rule& rule;
    kernels::IntervalsView<float> f32;
    kernels::IntervalsView<double> f64;
    bool read_texts = false;  ///< of numeric features
};

/// Marks every value that fails, as rows judge values, and what only the sequence of them tells: `unique`, `monotonic`.
void judge_column(const FeatureRules& rules, const Column& column, FailedRows& failed);

}  // namespace vedette::inline v0::validation
