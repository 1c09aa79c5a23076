// SPDX-License-Identifier: Apache-2.0
// Command line of schemas: infer, check, diff, statistics.
#include "arguments.hpp"

namespace vedette::inline v0::cli {

namespace {

class SchemaCommands final : public CommandFamily {
  public:
    SchemaCommands(CLI::App& app, Action& action) : action_(action) { add_schema(app); }

  private:
    void add_schema(CLI::App& app) {
        CLI::App& group = *app.add_subcommand("schema", "What a model expects of its features: infer, check, compare");
        group.require_subcommand(1);
        CLI::App& check_command = *group.add_subcommand(
            "check", "Hold data against a schema, or read a schema and print it in its canonical form");
        check_command.add_option("schema", schema_check_.schema, "The schema file")->required();
        check_command.add_option("data", schema_check_.source.path,
                                 "The data: CSV with a header, or NPY; - = standard input");
        add_delimiter(check_command, schema_check_.source);
        check_command.add_option("--environment", schema_check_.environment, "Features expected there, e.g. serving");
        check_command.add_option("--rows", schema_check_.offenders, "Rows told for each finding")
            ->check(CLI::Range(0, 1000))
            ->capture_default_str();
        check_command
            .add_option(
                "--format", schema_check_.formats,
                "table (default), json, markdown, junit or sarif, to standard output or as NAME=PATH; repeatable")
            ->type_name("NAME[=PATH]");
        check_command
            .add_option("--repair", schema_check_.repair,
                        "Clamp and impute what the schema's \"repair\" says, write the data so changed as CSV, tell "
                        "what was changed, and judge what is left")
            ->type_name("CSV");
        check_command
            .add_option("--reference", schema_check_.references,
                        "Values of a reference set that does not stand in the schema, one per line; repeatable")
            ->type_name("NAME=FILE")
            ->expected(1)
            ->take_all();
        check_command.add_option("--now", schema_check_.now,
                                 "Seconds since 1970 by which times are fresh (default: the system's clock)");
        check_command.add_flag("--fail-on-warn", schema_check_.fail_on_warn, "Warnings fail, too");
        check_command.callback([this] { action_ = [this] { return schema_check(schema_check_); }; });
        CLI::App& diff_command = *group.add_subcommand(
            "diff", "What changed between two schemas; fails (1) where data that was accepted may be refused");
        diff_command.add_option("before", schema_, "The schema that held")->required();
        diff_command.add_option("after", later_schema_, "The one that is to hold")->required();
        diff_command.add_flag("--json", as_json_, "Print JSON");
        diff_command.callback([this] { action_ = [this] { return schema_diff(schema_, later_schema_, as_json_); }; });
        add_schema_infer(group);
        add_schema_exchange(group);
        add_schema_compare(group);
        add_schema_leakage(group);
        add_schema_statistics(group);
    }

    void add_schema_exchange(CLI::App& group) {
        CLI::App& import_command = *group.add_subcommand(
            "import", "Read a schema from another tool's document, and tell what has no exact counterpart");
        SchemaExchangeOptions& options = schema_exchange_;
        import_command.add_option("file", options.input, "The document")->required();
        import_command
            .add_option("--from", options.from,
                        "json-schema: draft 2020-12; tfdv: TensorFlow Data Validation's schema.pbtxt")
            ->check(CLI::IsMember({"json-schema", "tfdv"}))
            ->required();
        CLI::App& export_command = *group.add_subcommand(
            "export", "Write a schema as another tool's document, and tell what has no exact counterpart");
        export_command.add_option("schema", options.input, "The schema file")->required();
        export_command.add_option("--to", options.from, "json-schema: draft 2020-12, of one row")
            ->check(CLI::IsMember({"json-schema"}))
            ->required();
        export_command.add_option("--environment", options.environment, "Features expected there, e.g. serving");
        for (CLI::App* command : {&import_command, &export_command}) {
            command->add_option("-o,--output", options.output, "The file to write (default: standard output)");
            command->add_flag("--allow-loss", options.exchange.allow_loss,
                              "Go on where the result accepts more than its source");
        }
        import_command.callback([this] { action_ = [this] { return schema_import(schema_exchange_); }; });
        export_command.callback([this] { action_ = [this] { return schema_export(schema_exchange_); }; });
    }

    void add_schema_compare(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "compare", "Skew and drift by statistics: training against serving, one day against the next");
        SchemaCompareOptions& options = schema_compare_;
        validation::ComparisonOptions& rules = options.comparison;
        command.add_option("reference", options.reference, "A file of `schema statistics --save`")->required();
        command.add_option("live", options.live, "Another")->required();
        command.add_option("--infinity-norm", rules.limits.infinity_norm, "Limit of texts, 0 to 1");
        command.add_option("--jensen-shannon", rules.limits.jensen_shannon, "Limit of texts and numbers, in bits");
        command.add_option("--normalized-difference", rules.limits.normalized_difference, "Limit of texts, 0 to 1");
        command
            .add_option("--limit", options.limits,
                        "A limit of one column, which the general ones then do not concern, e.g. "
                        "country:infinity_norm=0.1; repeatable")
            ->type_name("COLUMN:COMPARATOR=LIMIT")
            ->expected(1)
            ->take_all();
        command.add_option("--minimum-rows-ratio", rules.minimum_rows_ratio, "Least live rows / reference rows");
        command.add_option("--maximum-rows-ratio", rules.maximum_rows_ratio, "Most live rows / reference rows");
        command.add_flag("--as-tfdv", rules.as_tfdv, "Compute as TensorFlow Data Validation does, its NaN included");
        command.add_flag("--tell-values", options.tell_values, "Tell the text that differs the most");
        command
            .add_option("--format", options.formats,
                        "FORMAT or FORMAT=PATH, repeatable: table, json, markdown, junit, sarif")
            ->expected(1)
            ->take_all();
        command.callback([this] { action_ = [this] { return schema_compare(schema_compare_); }; });
    }

    void add_schema_leakage(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "leakage", "Columns of training data that give its label away; fails (1) where one tells or copies it");
        SchemaLeakageOptions& options = schema_leakage_;
        validation::LeakageOptions& rules = options.leakage;
        command.add_option("data", options.source.path, "The data: CSV with a header, or NPY; - = standard input")
            ->required();
        command.add_option("--label", options.label, "The column that a model is to foretell")->required();
        add_delimiter(command, options.source);
        command.add_option("--text", options.texts, "Columns that are texts though they look like numbers")
            ->delimiter(',');
        command.add_option("--minimum-gain", rules.minimum_gain, "Told where the gain is at least this, in (0, 1]")
            ->capture_default_str();
        command.add_option("--confidence", rules.confidence, "Of all lower bounds at once")->capture_default_str();
        command.add_option("--cells", rules.cells, "Of numbers, 2 to 4096")->capture_default_str();
        command.add_option("--minimum-rows", rules.minimum_rows, "With a label; fewer are refused")
            ->capture_default_str();
        command.add_option("--format", options.formats, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        command.callback([this] { action_ = [this] { return schema_leakage(schema_leakage_); }; });
    }

    void add_schema_statistics(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "statistics",
            "What columns hold: counts, moments, quantiles, distinct values; merges exactly, in any order");
        SchemaStatisticsOptions& options = schema_statistics_;
        command.add_option("data", options.data, "Files: CSV with a header, or NPY; - = standard input");
        add_delimiter(command, options.source);
        command.add_option("--merge", options.merge, "Files of statistics to add; repeatable")->expected(1)->take_all();
        command.add_option("--text", options.texts, "Columns that are texts though they look like numbers")
            ->delimiter(',');
        command.add_option("-o,--save", options.output, "The file of statistics to write");
        command.add_option("--format", options.formats, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        command.callback([this] { action_ = [this] { return schema_statistics(schema_statistics_); }; });
    }

    void add_schema_infer(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "infer", "Learn a schema from data, and say which rules had too little evidence; or loosen one for data");
        validation::InferenceOptions& rules = schema_infer_.inference;
        command
            .add_option("data", schema_infer_.source.path, "The data: CSV with a header, or NPY; - = standard input")
            ->required();
        add_delimiter(command, schema_infer_.source);
        command.add_option("-o,--output", schema_infer_.output, "The schema file to write (default: standard output)");
        CLI::Option& update = *command.add_option("--update", schema_infer_.update,
                                                  "Loosen this schema until it accepts the data, and tell each step");
        command.add_option("--minimum-rows", rules.minimum_rows, "Fewer rows are refused")->capture_default_str();
        command
            .add_option("--most-refused", rules.most_refused,
                        "Rules are kept that refuse at most this share of new values, at the confidence")
            ->capture_default_str();
        command.add_option("--confidence", rules.confidence, "See --most-refused")->capture_default_str();
        command.add_option("--slack", rules.slack, "Bounds lie this share of the observed range outside of it")
            ->capture_default_str();
        command.add_option("--domain", rules.most_domain_values, "The most texts that make a domain")
            ->capture_default_str();
        command.add_flag("--evidence", schema_infer_.tells_all, "Tell the rules that were kept, too")
            ->excludes(&update);
        command.callback([this] { action_ = [this] { return schema_infer(schema_infer_); }; });
    }

    Action& action_;
    SchemaCheckOptions schema_check_;
    SchemaInferOptions schema_infer_;
    SchemaExchangeOptions schema_exchange_;
    SchemaCompareOptions schema_compare_;
    SchemaLeakageOptions schema_leakage_;
    SchemaStatisticsOptions schema_statistics_;
    std::string schema_;
    std::string later_schema_;
    bool as_json_ = false;
};

}  // namespace

std::unique_ptr<CommandFamily> schema_commands(CLI::App& app, Action& action) {
    return std::make_unique<SchemaCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
