// SPDX-License-Identifier: Apache-2.0
// Writing reports, and turning decisions into exit statuses.
#include "outputs.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>

#include "input.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

/// Whether everything was evaluated. A feature's warning may stand beside a test that had too little data.
bool is_complete(const LabelledReport& window) {
    const auto evaluated = [](const Evidence& evidence) { return evidence.decision != Decision::not_evaluated; };
    const Report& report = window.report;
    return report.decision != Decision::not_evaluated &&
           std::none_of(report.streams.begin(), report.streams.end(),
                        [](const StreamReport& stream) { return stream.decision == Decision::not_evaluated; }) &&
           std::all_of(report.features.begin(), report.features.end(), [&](const FeatureReport& feature) {
               const auto evidence = feature.evidence();
               return feature.ignored ||
                      (!evidence.empty() && std::all_of(evidence.begin(), evidence.end(), evaluated));
           });
}

}  // namespace

std::vector<Output> parse_outputs(const std::vector<std::string>& texts) {
    std::vector<Output> outputs;
    for (const std::string& text : texts) {
        const std::size_t mark = text.find('=');
        const std::string name = text.substr(0, mark);
        const auto format = report_format(name);
        if (!format) {
            throw InputError(
                fmt::format("--format {}: there is no format \"{}\"; there are table, json, markdown, junit, "
                            "sarif, html and openmetrics",
                            text, name));
        }
        std::string path = mark == std::string::npos ? std::string() : text.substr(mark + 1);
        if (mark != std::string::npos && path.empty()) throw InputError("--format " + text + ": the path is empty");
        if (path == "-") path.clear();
        const bool taken = std::any_of(outputs.begin(), outputs.end(), [&](const Output& o) { return o.path == path; });
        if (taken) {
            throw InputError("--format " + text + ": two outputs for " + (path.empty() ? "standard output" : path));
        }
        outputs.push_back({*format, path});
    }
    if (outputs.empty()) outputs.push_back({});
    return outputs;
}

std::vector<Output> parse_table_or_json(const std::vector<std::string>& texts) {
    std::vector<Output> outputs = parse_outputs(texts);
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (outputs[i].format != ReportFormat::table && outputs[i].format != ReportFormat::json)
            throw InputError("--format " + texts[i] + ": here the formats are table and json");
    return outputs;
}

bool use_color(ColorMode mode) {
    if (mode != ColorMode::automatic) return mode == ColorMode::always;
    const char* const no_color = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
           (terminal == nullptr || std::string_view(terminal) != "dumb");
}

void write_text(const std::string& path, std::string_view text) {
    if (path.empty() || path == "-") {
        std::cout.write(text.data(), static_cast<std::streamsize>(text.size()));
        if (!std::cout.flush()) throw Error(ErrorCode::io_error, "standard output cannot be written");
        return;
    }
    namespace fs = std::filesystem;
    const fs::path target(path);
    std::error_code error;
    if (target.has_parent_path()) {
        fs::create_directories(target.parent_path(), error);
        if (error) {
            throw Error(ErrorCode::io_error, target.parent_path().string() + ": cannot be created: " + error.message());
        }
    }
    const fs::file_status status = fs::status(target, error);
    if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
        // A device or pipe is written to; replacing it by a file would be an unpleasant surprise.
        std::ofstream stream(target, std::ios::binary);
        if (!stream.write(text.data(), static_cast<std::streamsize>(text.size())).flush()) {
            throw Error(ErrorCode::io_error, path + ": cannot be written");
        }
        return;
    }
    write_file_atomically(target, text);
}

void write_outputs(const std::vector<Output>& outputs, std::span<const LabelledReport> windows, RenderOptions options,
                   ColorMode color) {
    bool said = false;
    for (const Output& output : outputs) {
        options.color = output.path.empty() && use_color(color);
        write_text(output.path, render(output.format, windows, options));
        said = said || output.path.empty();
    }
    if (said) return;
    const std::string table = render(ReportFormat::table, windows, options);
    write_text("-", table.substr(0, table.find('\n') + 1));
}

ExitStatus exit_status(std::span<const LabelledReport> windows, bool fail_on_warn) {
    const Decision decision = overall_decision(windows);
    if (decision == Decision::alarm || (decision == Decision::warn && fail_on_warn)) return exit_failed;
    const bool complete = !windows.empty() && std::all_of(windows.begin(), windows.end(), is_complete);
    return complete ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
