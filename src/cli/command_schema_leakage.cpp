// SPDX-License-Identifier: Apache-2.0
// `vedette schema leakage`: what of a training table gives its label away.
#include <algorithm>

#include "commands.hpp"
#include "frame.hpp"
#include "outputs.hpp"
#include "row_source.hpp"
#include "vedette/validation/leakage.hpp"

namespace vedette::inline v0::cli {

ExitStatus schema_leakage(const SchemaLeakageOptions& options) {
    const std::vector<Output> outputs = parse_table_or_json(options.formats);
    RowSource source(options.source);
    FrameOptions columns;
    columns.categorical = options.texts;
    const Frame frame(source, columns);
    const validation::LeakageReport report = validation::find_leakage(frame.table(), options.label, options.leakage);
    const auto gives_away = [](const validation::LeakageHint& hint) {
        return hint.kind == validation::LeakageKind::label_copy || hint.kind == validation::LeakageKind::tells_label ||
               hint.kind == validation::LeakageKind::nulls_tell;
    };
    const bool is_leaking = std::any_of(report.hints.begin(), report.hints.end(), gives_away);
    for (const Output& output : outputs) {
        std::string text = to_json(report) + "\n";
        if (output.format == ReportFormat::table) {
            text.clear();
            for (const validation::LeakageHint& hint : report.hints) text += validation::describe(hint) + "\n";
            text += is_leaking ? "the label is given away\n" : "no column alone gives the label away\n";
        }
        write_text(output.path, text);
    }
    return is_leaking ? exit_failed : exit_pass;
}

}  // namespace vedette::inline v0::cli
