// SPDX-License-Identifier: Apache-2.0
// Where reports go: several formats in one run, to standard output or to files, and the exit status.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vedette/guard/render.hpp"

namespace vedette::inline v0::cli {

/// The exit statuses of the tool.
enum ExitStatus : int {
    exit_pass = 0,
    exit_failed = 1,           ///< the gate failed: drift was found
    exit_input_error = 2,      ///< wrong usage or unusable input
    exit_not_enough_data = 3,  ///< no verdict
    exit_internal = 4,
};

/// A format and its destination; an empty path is standard output.
struct Output {
    ReportFormat format = ReportFormat::table;
    std::string path;
};

/// Reads "html=out/report.html", "json", "json=-". Throws InputError for an unknown format, an empty path, or two
/// outputs for one place. Without any, the table goes to standard output.
[[nodiscard]] std::vector<Output> parse_outputs(const std::vector<std::string>& texts);

/// The same for what is no report: table and json only.
[[nodiscard]] std::vector<Output> parse_table_or_json(const std::vector<std::string>& texts);

/// When standard output may have colours: always, never, or on a terminal unless NO_COLOR is set.
enum class ColorMode : std::uint8_t { automatic, always, never };
[[nodiscard]] bool use_color(ColorMode mode);

/// Writes all outputs, creating folders as needed; files are replaced atomically. When none goes to standard output,
/// one sentence does. Throws Error(io_error).
void write_outputs(const std::vector<Output>& outputs, std::span<const LabelledReport> windows, RenderOptions options,
                   ColorMode color);

/// Writes a file or, for "-", standard output, atomically where that is possible, creating folders as needed.
void write_text(const std::string& path, std::string_view text);

/// Alarm: failed; so is a warning with `fail_on_warn`. Otherwise anything that was not evaluated, or nothing at all, is
/// not enough data, and only else it is a pass.
[[nodiscard]] ExitStatus exit_status(std::span<const LabelledReport> windows, bool fail_on_warn);

}  // namespace vedette::inline v0::cli
