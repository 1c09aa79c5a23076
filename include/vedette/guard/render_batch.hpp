// SPDX-License-Identifier: Apache-2.0
// What a schema found in a table, as text: for terminals, pipelines and people.
#pragma once

#include <string>

#include "vedette/guard/render.hpp"
#include "vedette/validation/batch.hpp"

namespace vedette::inline v0 {

/// A batch's report in one format: table, json, markdown, junit (a test case per feature) or sarif (a result per
/// finding). `rules` is the validator that gave it; of the options, title, live_name and color count. No value of the
/// data is quoted; names are made safe as in `render`. The same input gives the same bytes. Thread-safe. Throws
/// Error(unsupported) for html and openmetrics.
[[nodiscard]] std::string render(ReportFormat format, const validation::Validator& rules,
                                 const validation::BatchReport& report, const RenderOptions& options = {});

}  // namespace vedette::inline v0
