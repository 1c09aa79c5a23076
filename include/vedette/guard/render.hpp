// SPDX-License-Identifier: Apache-2.0
// Reports as text: for terminals, pipelines, dashboards and people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// One window of a walk through live traffic, e.g. {"month 4", report}.
struct LabelledReport {
    std::string label;
    Report report;
};

/// How a report is written. The defaults suit files.
struct RenderOptions {
    std::string title{};             ///< heading; empty = the baseline's name, or a general one
    std::string live_name{};         ///< what was judged, e.g. the live file; empty = not said
    bool color = false;              ///< table: ANSI colours
    std::size_t max_features = 100;  ///< features listed or exported, gravest first; what is left out is counted
};

/// The output formats.
enum class ReportFormat : std::uint8_t {
    table = 0,        ///< for a terminal
    json = 1,         ///< everything, for programs; versioned
    markdown = 2,     ///< for a job summary or a ticket
    junit = 3,        ///< one test case per feature and hypothesis; warnings pass, what was not evaluated is skipped
    sarif = 4,        ///< SARIF 2.1.0: one result per warning or alarm
    html = 5,         ///< one self-contained page with plots: no script, no network
    openmetrics = 6,  ///< text exposition of the last window, for a scraper
};

/// "table", "json", ... "openmetrics".
const char* report_format_name(ReportFormat format) noexcept;
/// The format of that name; empty for any other text.
[[nodiscard]] std::optional<ReportFormat> report_format(std::string_view name) noexcept;

/// The gravest decision of several windows; `not_evaluated` when there are none.
[[nodiscard]] Decision overall_decision(std::span<const LabelledReport> windows) noexcept;

/// A report, or several windows in the order of time, in one format. The windows are those of one baseline.
/// The same input gives the same bytes: no clock, no locale. Names from the data are escaped for the format; invalid
/// UTF-8, control and bidirectional override characters become U+FFFD (JSON keeps control characters, escaped).
/// Thread-safe. Throws Error(invalid_argument) when there are no windows, Error(baseline_mismatch) for windows of
/// different baselines.
[[nodiscard]] std::string render(ReportFormat format, std::span<const LabelledReport> windows,
                                 const RenderOptions& options = {});
[[nodiscard]] std::string render(ReportFormat format, const Report& report, const RenderOptions& options = {});

/// The same under names of their own, for one report.
[[nodiscard]] std::string render_table(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_json(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_markdown(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_junit(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_sarif(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_html(const Report& report, const RenderOptions& options = {});
[[nodiscard]] std::string render_openmetrics(const Report& report, const RenderOptions& options = {});

}  // namespace vedette::inline v0
