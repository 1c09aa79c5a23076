// SPDX-License-Identifier: Apache-2.0
// `vedette schema`: a schema learned, read, loosened; data held against it; and two schemas compared.
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "commands.hpp"
#include "csv_writer.hpp"
#include "frame.hpp"
#include "input.hpp"
#include "outputs.hpp"
#include "row_source.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"
#include "vedette/guard/render_batch.hpp"
#include "vedette/validation/batch_repair.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/schema_diff.hpp"
#include "vedette/validation/schema_exchange.hpp"

namespace vedette::inline v0::cli {

validation::Schema read_schema(const std::string& path) {
    if (path.empty()) throw InputError("the schema file has no name");
    const std::vector<std::byte> bytes = read_file(path, 256U << 20);
    try {
        return validation::Schema::from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

namespace {

FrameOptions columns_of(const RowSource& source) {
    FrameOptions columns;
    // The schema says what a column is, so that its texts are not taken for numbers, or the other way round.
    if (source.is_text()) columns.categorical = source.columns();
    return columns;
}

// The schema goes where it is wanted; what is told of it, beside it: on standard error where the schema is on standard
// output, so that a pipe reads the schema alone.
void write_schema(const validation::Schema& schema, const std::string& output, const std::string& told) {
    const bool is_piped = output.empty() || output == "-";
    write_text(is_piped ? "-" : output, schema.to_json() + "\n");
    std::fputs(told.c_str(), is_piped ? stderr : stdout);
}

ExitStatus relax_schema(const SchemaInferOptions& options, const Table& table) {
    const validation::Relaxation relaxation = validation::relax(read_schema(options.update), table, options.inference);
    std::string told;
    for (const validation::SchemaChange& step : relaxation.steps) told += validation::describe(step) + "\n";
    if (relaxation.steps.empty()) told = "the schema accepts the data as it is\n";
    write_schema(relaxation.schema, options.output, told);
    return exit_pass;
}

}  // namespace

namespace {

// As write_schema does.
void write_document(const std::string& document, const std::string& output,
                    const std::vector<validation::ExchangeNote>& notes) {
    const bool is_piped = output.empty() || output == "-";
    write_text(is_piped ? "-" : output, document + "\n");
    for (const validation::ExchangeNote& note : notes)
        std::fputs((describe(note) + "\n").c_str(), is_piped ? stderr : stdout);
}

}  // namespace

ExitStatus schema_import(const SchemaExchangeOptions& options) {
    if (options.input.empty()) throw InputError("the file to import has no name");
    const std::vector<std::byte> bytes = read_file(options.input, 256U << 20);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    try {
        const validation::ImportedSchema imported = options.from == "tfdv"
                                                        ? validation::import_tfdv_schema(text, options.exchange)
                                                        : validation::import_json_schema(text, options.exchange);
        write_document(imported.schema.to_json(), options.output, imported.notes);
    } catch (const Error& error) {
        throw Error(error.code(), options.input + ": " + error.what());
    }
    return exit_pass;
}

ExitStatus schema_export(const SchemaExchangeOptions& options) {
    const validation::ExportedSchema exported =
        validation::export_json_schema(read_schema(options.input), options.environment, options.exchange);
    write_document(exported.text, options.output, exported.notes);
    return exit_pass;
}

ExitStatus schema_infer(const SchemaInferOptions& options) {
    RowSource source(options.source);
    const Frame frame(source, columns_of(source));
    validation::InferenceOptions rules = options.inference;
    rules.read_texts = true;
    if (!options.update.empty())
        return relax_schema({options.source, options.update, options.output, rules, false}, frame.table());
    const validation::Inference inference = validation::infer_schema(frame.table(), rules);
    std::string told;
    for (const validation::FeatureEvidence& feature : inference.features) {
        for (const validation::RuleEvidence& rule : feature.rules) {
            if (rule.is_kept && !options.tells_all) continue;
            told += validation::describe(feature, rule, rules.most_refused) + "\n";
        }
    }
    write_schema(inference.schema, options.output, told);
    return exit_pass;
}

namespace {

// Of the data as it came or, where a file for it is named, as the schema repairs it.
validation::BatchReport check_frame(const validation::Validator& rules, const Frame& frame,
                                    const SchemaCheckOptions& options) {
    const validation::BatchOptions batch{.offenders = options.offenders, .read_texts = true};
    if (options.repair.empty()) return validation::validate_batch(rules, frame.table(), batch);
    const validation::TableRepair repair(rules, frame.table(), batch);
    validation::BatchReport report = repair.report();
    write_text(options.repair, to_csv(repair.table(), options.source.delimiter));
    return report;
}

std::int64_t system_now(void* given) {
    if (given != nullptr) return *static_cast<const std::int64_t*>(given);
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

// A line each; the last one may lack its end.
std::vector<std::string> lines_of(const std::string& path) {
    const std::vector<std::byte> bytes = read_file(path, validation::ReferenceValues::most_bytes);
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        lines.emplace_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

validation::RuleInputs read_inputs(const SchemaCheckOptions& options, std::int64_t* now) {
    validation::RuleInputs inputs;
    inputs.clock = {&system_now, now};
    for (const std::string& given : options.references) {
        const std::size_t at = given.find('=');
        if (at == std::string::npos || at == 0 || at + 1 == given.size())
            throw InputError("--reference \"" + given + "\" is not NAME=FILE");
        const std::string name = given.substr(0, at);
        if (!inputs.reference_sets.emplace(name, validation::ReferenceValues(lines_of(given.substr(at + 1)))).second)
            throw InputError("--reference names \"" + name + "\" twice");
    }
    return inputs;
}

void require_outputs_apart(const std::vector<Output>& outputs, const std::string& repair) {
    for (const Output& output : outputs) {
        if (!repair.empty() && (output.path == repair || (output.path.empty() && repair == "-")))
            throw InputError("--repair and --format write to one place: \"" + repair + "\"");
    }
}

}  // namespace

ExitStatus schema_check(const SchemaCheckOptions& options) {
    const validation::Schema schema = read_schema(options.schema);
    if (options.source.path.empty()) {
        if (!options.repair.empty()) throw InputError("--repair needs data");
        write_text("-", schema.to_json() + "\n");
        return exit_pass;
    }
    const std::vector<Output> outputs = parse_outputs(options.formats);
    require_outputs_apart(outputs, options.repair);
    constexpr std::int64_t most_seconds = 9'000'000'000;
    if (options.now && (*options.now < -most_seconds || *options.now > most_seconds))
        throw InputError("--now lies more than 9e9 seconds from 1970");
    std::int64_t now = options.now.value_or(0) * 1'000'000'000;
    const validation::Validator rules(schema, options.environment, read_inputs(options, options.now ? &now : nullptr));
    RowSource source(options.source);
    const Frame frame(source, columns_of(source));
    const validation::BatchReport report = check_frame(rules, frame, options);
    RenderOptions rendering;
    rendering.live_name = options.source.path == "-" ? "standard input" : options.source.path;
    for (const Output& output : outputs) {
        rendering.color = output.path.empty() && use_color(ColorMode::automatic);
        write_text(output.path, render(output.format, rules, report, rendering));
    }
    if (!report.is_valid() || (options.fail_on_warn && report.severity == validation::Severity::warning))
        return exit_failed;
    return report.rows == 0 ? exit_not_enough_data : exit_pass;
}

ExitStatus schema_diff(const std::string& before, const std::string& after, bool as_json) {
    const std::vector<validation::SchemaChange> changes = validation::diff(read_schema(before), read_schema(after));
    const bool is_compatible = validation::is_compatible(changes);
    std::string text;
    if (as_json) {
        text = to_json(changes) + "\n";
    } else {
        for (const validation::SchemaChange& change : changes) text += validation::describe(change) + "\n";
        text += is_compatible ? "compatible\n" : "breaking: data that was accepted may be refused\n";
    }
    write_text("-", text);
    return is_compatible ? exit_pass : exit_failed;
}

}  // namespace vedette::inline v0::cli
