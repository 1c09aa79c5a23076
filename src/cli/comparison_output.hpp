// SPDX-License-Identifier: Apache-2.0
// A comparison of statistics, for people and pipelines.
#pragma once

#include <string>

#include "vedette/guard/render.hpp"
#include "vedette/validation/statistics_compare.hpp"

namespace vedette::inline v0::cli {

/// In table, json, markdown, junit (a test case per comparator of a column; `skipped` where nothing was judged) or
/// sarif (a result per alarm). `live_name` is the file that stands for the live data. Texts of the data are told only
/// with `tell_values`, and never in junit and sarif. Throws InputError for other formats.
[[nodiscard]] std::string comparison_text(ReportFormat format, const validation::StatisticsComparison& comparison,
                                          const std::string& live_name, bool tell_values);

}  // namespace vedette::inline v0::cli
