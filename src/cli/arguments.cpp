// SPDX-License-Identifier: Apache-2.0
// The command line of the tool, and the fence that turns every failure into an exit status.
#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <map>
#include <new>

#include "commands.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/version.hpp"
#include "vedette/stats/kll_sketch.hpp"

namespace vedette::inline v0::cli {

namespace {

// A value chosen by its word. The help shows the words alone: what they stand for is ours to know.
template <class T>
CLI::Validator word(const std::map<std::string, T>& values) {
    std::string words;
    for (const auto& [name, value] : values) words.append(words.empty() ? "" : ", ").append(name);
    return CLI::CheckedTransformer(values).description(words);
}

std::map<std::string, DriftTest> sample_tests() {
    std::map<std::string, DriftTest> tests;
    for (std::uint8_t i = 0; i < drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        if (runs_on_samples(test, true) || runs_on_samples(test, false)) tests.emplace(drift_test_name(test), test);
    }
    return tests;
}

std::map<std::string, stats::Correction> corrections() {
    std::map<std::string, stats::Correction> named;
    for (int i = 0; i <= static_cast<int>(stats::Correction::benjamini_yekutieli); ++i) {
        const auto correction = static_cast<stats::Correction>(i);
        named.emplace(stats::correction_name(correction), correction);
    }
    return named;
}

std::map<std::string, drift::DivergencePreset> presets() {
    std::map<std::string, drift::DivergencePreset> named;
    for (std::uint8_t i = 0; i < drift::divergence_preset_count; ++i) {
        const auto preset = static_cast<drift::DivergencePreset>(i);
        named.emplace(drift::divergence_preset_name(preset), preset);
    }
    return named;
}

std::map<std::string, ReleasedStatistic> released_statistics() {
    return {{"count", ReleasedStatistic::count},         {"sum", ReleasedStatistic::sum},
            {"mean", ReleasedStatistic::mean},           {"variance", ReleasedStatistic::variance},
            {"histogram", ReleasedStatistic::histogram}, {"quantile", ReleasedStatistic::quantile}};
}

/// What the chosen sub-command will do, once everything is parsed.
using Action = std::function<ExitStatus()>;

void add_delimiter(CLI::App& command, SourceOptions& source) {
    command.add_option_function<std::string>(
        "--delimiter",
        [&source](const std::string& text) {
            if (text == "tab" || text == "\\t") {
                source.delimiter = '\t';
            } else if (text.size() == 1) {
                source.delimiter = text[0];
            } else {
                throw CLI::ValidationError("--delimiter", "one character, or \"tab\"");
            }
        },
        "Delimiter of CSV fields: one character, or \"tab\" (default: comma)");
}

void add_thinning(CLI::App& command, SourceOptions& source) {
    command
        .add_option("--thin", source.thinning,
                    "Keep one of so many consecutive rows: for autocorrelated traffic, whose tests alarm too often")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
        ->capture_default_str();
}

void add_reference(CLI::App& command, ReferenceOptions& options) {
    command
        .add_option("reference", options.source.path, "Reference data: CSV with a header, or NPY; - = standard input")
        ->required();
    command.add_option("--cells", options.baseline.cells, "Cells of a numeric feature's grid")
        ->check(CLI::Range(4, 1024))
        ->capture_default_str();
    command
        .add_option("--max-categories", options.baseline.max_categories, "Categories kept; rarer ones count as unseen")
        ->check(CLI::Range(1, 1022))
        ->capture_default_str();
    command.add_option("--numeric", options.frame.numeric, "Columns that are numeric")->delimiter(',');
    command.add_option("--categorical", options.frame.categorical, "Columns that are categorical")->delimiter(',');
    command.add_option("--ignore", options.frame.ignore, "Columns to leave out")->delimiter(',');
    command.add_option("--precision", options.frame.precision, "Type of numeric features: auto, f32 or f64")
        ->type_name("WORD")
        ->transform(word<FramePrecision>(
            {{"auto", FramePrecision::automatic}, {"f32", FramePrecision::f32}, {"f64", FramePrecision::f64}}));
    command.add_option("--name", options.baseline.name, "What the baseline is for");
    CLI::Option* const schema =
        command.add_option("--schema", options.schema_path, "A schema (JSON) that every live row is held against");
    command.add_option("--environment", options.environment, "Where the schema is enforced, e.g. serving")
        ->needs(schema);
    command.add_option("--model-digest", options.baseline.model_digest, "Digest of the model that it belongs to");
}

void add_live(CLI::App& command, LiveOptions& options) {
    command
        .add_option("live", options.source.path,
                    "Live data: CSV with a header, or NPY; - = standard input. Further columns are left alone")
        ->required();
    command.add_option("--window", options.window, "Judge every N rows by themselves")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40));
    command.add_option("--window-by", options.window_by, "Begin a new window whenever this column changes");
    command.add_option("--policy", options.policy_path,
                       "Policy file (default: the default policy). Its monitors watch the rows in their order; an "
                       "output is a column of its name");
    command.add_option("--labelled", options.labelled.path,
                       "Rows with labels, of the same form: where the policy watches the estimated performance");
    command.add_option("--group-reference", options.reference,
                       "Rows of the reference, where the policy watches groups of features; drift has them already");
    command.add_option("--scores", options.labelled.scores, "The columns of scores in [0, 1], there and in live data")
        ->delimiter(',');
    command.add_option("--prediction", options.labelled.prediction, "The column of predicted classes, from 0 on");
    command.add_option("--label", options.labelled.label, "The column of labels, in the labelled rows alone");
    command
        .add_option("--format", options.formats,
                    "FORMAT or FORMAT=PATH, repeatable: table, json, markdown, junit, sarif, html, openmetrics")
        ->expected(1)
        ->take_all();
    command.add_option("--fail-on", options.fail_on_warn, "What makes the exit status 1: alarm (default) or warn")
        ->type_name("WORD")
        ->transform(word<bool>({{"alarm", false}, {"warn", true}}));
    command.add_option("--color", options.color, "Colours of the table: auto, always or never")
        ->type_name("WORD")
        ->transform(word<ColorMode>(
            {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}}));
    command.add_option("--title", options.title, "Heading of the report");
    command
        .add_option("--correction", options.correction,
                    "How the p-values of a report are adjusted, in place of the policy's word")
        ->type_name("WORD")
        ->transform(word(corrections()));
    command.add_option("--max-features", options.max_features, "Features listed or exported, gravest first")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
}

class Tool {
  public:
    Tool() : app_("Vedette guards machine-learning models: drift of live data against a frozen baseline.", "vedette") {
        app_.set_version_flag("--version",
                              std::string("vedette ") + version_string + " (" + active_instruction_set() + ")");
        app_.require_subcommand(1);
        app_.footer(
            "Exit status: 0 pass, 1 the gate failed, 2 usage or input error, 3 not enough data for a verdict, "
            "4 internal error.");
        add_baseline();
        add_check();
        add_drift();
        add_score();
        add_sketch();
        add_monitor();
        add_policy();
        add_schema();
        add_privacy();
    }

    int run(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::ParseError& error) {
            return app_.exit(error, std::cout, std::cerr) == 0 ? exit_pass : exit_input_error;
        }
        return action_();
    }

  private:
    void add_baseline() {
        CLI::App& group = *app_.add_subcommand("baseline", "Learn a baseline from reference data, or look into one");
        group.require_subcommand(1);
        CLI::App& build = *group.add_subcommand("build", "Learn a baseline from reference data");
        add_reference(build, reference_);
        add_delimiter(build, reference_.source);
        add_thinning(build, reference_.source);
        build.add_option("-o,--output", output_, "The baseline file to write")->required();
        build.callback([this] { action_ = [this] { return baseline_build(reference_, output_); }; });
        CLI::App& show = *group.add_subcommand("show", "Say what a baseline holds");
        show.add_option("baseline", baseline_, "The baseline file")->required();
        show.add_option("--format", as_json_, "text (default) or json")
            ->type_name("WORD")
            ->transform(word<bool>({{"text", false}, {"json", true}}));
        show.callback([this] { action_ = [this] { return baseline_show(baseline_, as_json_); }; });
    }

    void add_check() {
        CLI::App& command = *app_.add_subcommand("check", "Judge live data against a baseline");
        command.add_option("--baseline", baseline_, "The baseline file")->required();
        add_live(command, live_);
        add_delimiter(command, live_.source);
        add_thinning(command, live_.source);
        command.callback([this] { action_ = [this] { return check(baseline_, live_); }; });
    }

    void add_drift() {
        CLI::App& command = *app_.add_subcommand("drift", "Judge live data against reference data in one go");
        add_reference(command, reference_);
        add_live(command, live_);
        add_delimiter(command, reference_.source);
        add_thinning(command, reference_.source);
        command
            .add_option(
                "--test", live_.tests,
                "Tests that decide, run on the samples themselves (a comma between several); each feature takes "
                "those for its kind. Default: the policy's sample_tests or, without any, its tests on counters")
            ->type_name("WORD")
            ->delimiter(',')
            ->transform(word(sample_tests()));
        std::map<std::string, MultivariateTest> joint_tests;
        for (std::uint8_t i = 0; i < multivariate_test_count; ++i) {
            const auto test = static_cast<MultivariateTest>(i);
            joint_tests.emplace(multivariate_test_name(test), test);
        }
        command
            .add_option("--multivariate", live_.joint_tests,
                        "Tests of all numeric features together besides (a comma between several)")
            ->type_name("WORD")
            ->delimiter(',')
            ->transform(word(joint_tests));
        CLI::Option& preset = *command.add_option(
            "--preset", presets_,
            "Print what other packages report instead (a comma between several): numbers without a level, no verdict");
        preset.type_name("WORD")->delimiter(',')->transform(word(presets()));
        for (const char* other :
             {"--test", "--multivariate", "--window", "--window-by", "--policy", "--correction", "--fail-on"})
            preset.excludes(command.get_option(other));
        command.callback([this] {
            live_.source.delimiter = reference_.source.delimiter;
            live_.source.thinning = reference_.source.thinning;
            action_ = [this] {
                return presets_.empty() ? drift(reference_, live_) : preset_numbers(reference_, live_, presets_);
            };
        });
    }

    void add_score_source(CLI::App& command, ScoreSource& rows) {
        command.add_option("--columns", rows.columns, "Columns that are the row, in order (default: all)")
            ->delimiter(',');
        command.add_option("--ignore", rows.ignore, "Columns that are not")->delimiter(',');
        add_delimiter(command, rows.source);
    }

    void add_score() {
        CLI::App& group = *app_.add_subcommand("score", "Score rows for attack and novelty, at a false-alarm rate");
        group.require_subcommand(1);
        add_score_fit(group);
        CLI::App& run = *group.add_subcommand("run", "Score the rows of a file");
        run.add_option("score", score_run_.score, "The score file")->required();
        run.add_option("data", score_run_.live.source.path, "CSV with a header, or NPY; - = standard input")
            ->required();
        add_score_source(run, score_run_.live);
        run.add_option("--group", score_run_.group, "Column with the group of each row, as when it was calibrated");
        run.add_option("--level", score_run_.level, "Share of the rows found that may be benign (false discovery rate)")
            ->check(CLI::Range(1e-9, 0.5))
            ->capture_default_str();
        run.add_option("-o,--output", score_run_.output, "CSV of score and p-values for every row");
        run.add_option("--format", score_run_.as_json, "text (default) or json")
            ->type_name("WORD")
            ->transform(word<bool>({{"text", false}, {"json", true}}));
        run.callback([this] { action_ = [this] { return score_run(score_run_); }; });
        CLI::App& add = *group.add_subcommand("add", "Put calibrated scores into a baseline, for a policy to name");
        add.add_option("baseline", baseline_, "The baseline file")->required();
        add.add_option("scores", score_files_, "NAME=FILE, repeatable")->required();
        add.add_option("-o,--output", output_, "The baseline file to write")->required();
        add.callback([this] { action_ = [this] { return score_add(baseline_, score_files_, output_); }; });
        CLI::App& list = *group.add_subcommand("list", "Print all kinds with their default options");
        list.callback([this] { action_ = [] { return score_list(); }; });
    }

    void add_score_fit(CLI::App& group) {
        CLI::App& fit = *group.add_subcommand("fit", "Fit a score to rows that the model knows, and calibrate it");
        ScoreFitOptions& options = score_fit_;
        fit.add_option("data", options.reference.source.path, "CSV with a header, or NPY; not for most logits kinds");
        fit.add_option("--kind", options.kind, "See vedette score list")->required();
        fit.add_option("--options", options.options, "Of the kind, e.g. relative=true,rank=64");
        add_score_source(fit, options.reference);
        fit.add_option("--label", options.label, "Column with the class of each row, 0, 1, ...");
        fit.add_option("--calibrate", options.calibrate.source.path, "File of other benign rows, of the same columns");
        fit.add_option("--group", options.group,
                       "Column of that file with the group of each row, e.g. predicted class");
        fit.add_option("--guarantee", options.guarantee, "marginal (default), conditional_dkw or conditional_simes")
            ->type_name("WORD")
            ->transform(
                word<stats::ConformalGuarantee>({{"marginal", stats::ConformalGuarantee::marginal},
                                                 {"conditional_dkw", stats::ConformalGuarantee::conditional_dkw},
                                                 {"conditional_simes", stats::ConformalGuarantee::conditional_simes}}));
        fit.add_option("--failure-probability", options.failure_probability, "Of the conditional guarantees")
            ->capture_default_str();
        fit.add_option("--level", options.level, "Fail unless the calibration can alarm at this level");
        fit.add_option("-o,--output", options.output, "The score file to write")->required();
        fit.callback([this] {
            score_fit_.calibrate.source.delimiter = score_fit_.reference.source.delimiter;
            score_fit_.calibrate.columns = score_fit_.reference.columns;
            score_fit_.calibrate.ignore = score_fit_.reference.ignore;
            // The class of a row is no entry of it, in either file.
            if (!score_fit_.label.empty()) score_fit_.calibrate.ignore.push_back(score_fit_.label);
            if (!score_fit_.group.empty()) score_fit_.reference.ignore.push_back(score_fit_.group);
            action_ = [this] { return score_fit(score_fit_); };
        });
    }

    void add_sketch() {
        CLI::App& group = *app_.add_subcommand("sketch", "Quantiles of streams in small files that merge");
        group.require_subcommand(1);
        CLI::App& build = *group.add_subcommand("build", "Sketch the numeric columns of a file of any size");
        build.add_option("data", sketch_.source.path, "CSV with a header, or NPY; - = standard input")->required();
        build.add_option("-o,--output", sketch_.output, "The sketch file to write")->required();
        build.add_option("--columns", sketch_.columns, "Columns to sketch (default: all without texts)")
            ->delimiter(',');
        build.add_option("--k", sketch_.k, "Larger = smaller error, in proportion")
            ->check(CLI::Range(stats::KllSketch<double>::minimum_k, stats::KllSketch<double>::maximum_k))
            ->capture_default_str();
        build.add_option("--seed", sketch_.seed, "Give each sketch that will be merged a seed of its own")
            ->capture_default_str();
        add_delimiter(build, sketch_.source);
        add_thinning(build, sketch_.source);
        build.callback([this] { action_ = [this] { return sketch_build(sketch_); }; });
        CLI::App& merge = *group.add_subcommand("merge", "Add sketches of the same columns up");
        merge.add_option("files", sketch_files_, "Sketch files")->required();
        merge.add_option("-o,--output", sketch_.output, "The sketch file to write")->required();
        merge.callback([this] { action_ = [this] { return sketch_merge(sketch_files_, sketch_.output); }; });
        CLI::App& show = *group.add_subcommand("show", "Print what a sketch file holds: counts, quantiles, rank error");
        show.add_option("file", sketch_shown_, "A sketch file")->required();
        show.add_option("--format", sketch_formats_, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        show.callback([this] { action_ = [this] { return sketch_show(sketch_shown_, sketch_formats_); }; });
        CLI::App& compare = *group.add_subcommand(
            "compare", "Judge live sketches against those of a reference: Kolmogorov-Smirnov, sketch error included");
        SketchCompareOptions& options = sketch_compare_;
        compare.add_option("reference", options.reference, "The reference's sketch file")->required();
        compare.add_option("live", options.live, "The live sketch file. Further columns are left alone")->required();
        compare.add_option("--policy", options.policy_path,
                           "Policy file: its level, correction, minimum_rows, tolerances and ignored features");
        compare.add_option("--format", options.formats, "FORMAT or FORMAT=PATH, repeatable: table, json")
            ->expected(1)
            ->take_all();
        compare.add_option("--fail-on", options.fail_on_warn, "What makes the exit status 1: alarm (default) or warn")
            ->type_name("WORD")
            ->transform(word<bool>({{"alarm", false}, {"warn", true}}));
        compare.callback([this] { action_ = [this] { return sketch_compare(sketch_compare_); }; });
    }

    void add_monitor() {
        CLI::App& command = *app_.add_subcommand(
            "monitor", "Watch columns of a stream value by value: alarms as they happen, saved and resumed");
        MonitorOptions& options = monitor_;
        CLI::Option& data = *command.add_option("data", options.source.path,
                                                "CSV with a header, or NPY; - = standard input, read as it comes");
        CLI::Option& monitors = *command.add_option(
            "--monitor", options.monitors,
            "KIND, KIND:OPTIONS or COLUMN=KIND:OPTIONS, repeatable, e.g. delay=cusum:average_run_length=10000; several "
            "columns together: COLUMN,COLUMN=mmd_monitor:OPTIONS");
        monitors.expected(1)->take_all();
        command.add_flag("--list", list_, "Print all kinds with their default options, and nothing else");
        command.add_option("--columns", options.columns, "Columns of monitors that name none")->delimiter(',');
        CLI::Option& learn = *command.add_option(
            "--learn", options.learn, "Monitors with a reference take it from so many numbers of the beginning");
        learn.check(CLI::Range(std::uint64_t{2}, std::uint64_t{1'000'000}));
        command.add_option("--reference", options.reference, "Or from all rows of this file")->excludes(&learn);
        command.add_option("--state", options.state, "File to go on from, where there is one, and to save to");
        command.add_option("--save-every", options.save_every, "Rows between two saves; 0 = at the end only")
            ->capture_default_str();
        command.add_option("--time", options.time, "Column that says when a row was, shown with its alarms");
        CLI::Option& block = *command.add_option(
            "--block", options.block, "Watch means of so many values: for autocorrelated streams, keeps their power");
        block.check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 31U))->capture_default_str();
        add_thinning(command, options.source);
        command.get_option("--thin")->excludes(&block);
        command.add_flag("--warnings", options.warnings, "Tell warnings too, not changes alone");
        command.add_flag("!--no-header", options.source.has_header, "CSV begins with data; columns are f0, f1, ...");
        command
            .add_option("--format", options.formats,
                        "FORMAT or FORMAT=PATH, repeatable: text (default), json (lines), openmetrics")
            ->expected(1)
            ->take_all();
        add_delimiter(command, options.source);
        command.callback([this, &data, &monitors] {
            if (!list_ && data.count() == 0) throw CLI::RequiredError("data");
            if (!list_ && monitors.count() == 0) throw CLI::RequiredError("--monitor");
            action_ = [this] { return list_ ? monitor_list() : monitor(monitor_); };
        });
    }

    void add_policy() {
        CLI::App& group = *app_.add_subcommand("policy", "The rules: show the default, its schema, or check a file");
        group.require_subcommand(1);
        group.add_subcommand("show-default", "Print the default policy")->callback([this] {
            action_ = policy_show_default;
        });
        group.add_subcommand("schema", "Print the JSON schema of a policy")->callback([this] {
            action_ = policy_schema;
        });
        CLI::App& check_command = *group.add_subcommand("check", "Read a policy and print it with every field");
        check_command.add_option("policy", policy_, "The policy file")->required();
        check_command.callback([this] { action_ = [this] { return policy_check(policy_); }; });
    }

    void add_schema() {
        CLI::App& group = *app_.add_subcommand("schema", "What a model expects of its features: infer, check, compare");
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
        check_command.add_flag("--fail-on-warn", schema_check_.fail_on_warn, "Warnings fail, too");
        check_command.callback([this] { action_ = [this] { return schema_check(schema_check_); }; });
        CLI::App& diff_command = *group.add_subcommand(
            "diff", "What changed between two schemas; fails (1) where data that was accepted may be refused");
        diff_command.add_option("before", schema_, "The schema that held")->required();
        diff_command.add_option("after", later_schema_, "The one that is to hold")->required();
        diff_command.add_flag("--json", as_json_, "Print JSON");
        diff_command.callback([this] { action_ = [this] { return schema_diff(schema_, later_schema_, as_json_); }; });
        add_schema_infer(group);
        add_schema_statistics(group);
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

    void add_training(CLI::App& command) {
        command.add_option("--sampling-rate", privacy_.training.sampling_rate, "Expected batch size over records")
            ->required();
        command.add_option("--steps", privacy_.training.steps, "Steps of training")->required();
        command.add_option("--delta", privacy_.delta, "The delta of (epsilon, delta)")->required();
        command.add_option("--format", privacy_.as_json, "text (default) or json")
            ->type_name("WORD")
            ->transform(word<bool>({{"text", false}, {"json", true}}));
    }

    void add_privacy() {
        CLI::App& group = *app_.add_subcommand(
            "privacy",
            "Differential privacy: noised statistics under a budget, the loss of noisy training (DP-SGD), audits");
        group.require_subcommand(1);
        CLI::App& account = *group.add_subcommand("account", "The epsilon of a training, as an interval that holds it");
        account
            .add_option("--noise-multiplier", privacy_.training.noise_multiplier,
                        "Standard deviation of the noise over the clipping norm")
            ->required();
        add_training(account);
        account.add_option("--error", privacy_.error, "Width of the interval")->capture_default_str();
        account.add_option("--max-epsilon", privacy_.epsilon, "Exit status 1 if epsilon may exceed this");
        account.callback([this] { action_ = [this] { return privacy_account(privacy_); }; });
        CLI::App& calibrate = *group.add_subcommand("calibrate", "The least noise multiplier that keeps an epsilon");
        calibrate.add_option("--epsilon", privacy_.epsilon, "The epsilon to keep")->required();
        add_training(calibrate);
        calibrate.callback([this] { action_ = [this] { return privacy_calibrate(privacy_); }; });
        add_grant(group);
        add_release(group);
    }

    static void add_ledger(CLI::App& command, LedgerUse& use) {
        command.add_option("--ledger", use.path, "The ledger file")->required();
        command.add_option("--data-set", use.account.data_set, "Account: which data")->required();
        command.add_option("--principal", use.account.principal, "Account: whose budget")->required();
        command.add_option("--purpose", use.account.purpose, "Account: what for")->required();
        command.add_option("--now", use.now, "Seconds since 1970 (default: the system's clock)");
    }

    void add_grant(CLI::App& group) {
        CLI::App& command = *group.add_subcommand("grant", "Give an account of a ledger a budget for some days");
        add_ledger(command, grant_.use);
        command.add_option("--epsilon", grant_.epsilon, "What may be spent")->required();
        command.add_option("--delta", grant_.delta, "What may be spent of delta (default: none)");
        command.add_option("--days", grant_.days, "From now on")->required();
        command.add_flag("--create", grant_.create, "Make a new ledger file");
        command.callback([this] { action_ = [this] { return privacy_grant(grant_); }; });
    }

    void add_release(CLI::App& group) {
        CLI::App& command = *group.add_subcommand(
            "release",
            "Release a statistic of a column with noise, paid out of a ledger. Exit status 1 if the budget "
            "does not allow it");
        command.add_option("data", release_.source.path, "Data: CSV with a header, or NPY; - = standard input")
            ->required();
        add_delimiter(command, release_.source);
        command.add_option("--statistic", release_.statistic_name, "count, sum, mean, variance, histogram or quantile")
            ->required()
            ->type_name("WORD")
            ->check(CLI::IsMember(released_statistics()).description(""));
        command.add_option("--column", release_.column, "The column; a count needs none");
        command.add_option("--lower", release_.lower, "Values are clamped to this, chosen without looking at them");
        command.add_option("--upper", release_.upper, "and to this");
        command.add_option("--categories", release_.categories, "Categories of a histogram that are known beforehand")
            ->delimiter(',');
        command.add_option("--quantile", release_.quantile, "Between 0 and 1, in thousandths")->capture_default_str();
        command.add_option("--steps", release_.steps, "Steps of the grid that a quantile is chosen from")
            ->capture_default_str();
        command.add_option("--user", release_.user,
                           "Column that says whose a row is (default: every row is someone else's). Rows without one "
                           "are left out");
        command.add_option("--rows-per-user", release_.limit.rows, "Rows of a user that count (in each category)")
            ->capture_default_str();
        command
            .add_option("--categories-per-user", release_.limit.partitions,
                        "Categories of a histogram in which a user counts")
            ->capture_default_str();
        command
            .add_option("--choice", release_.choice, "Which rows of a user count: the first (default) or random ones")
            ->type_name("WORD")
            ->transform(word<privacy::ContributionChoice>(
                {{"first", privacy::ContributionChoice::first}, {"random", privacy::ContributionChoice::random}}));
        command.add_option("--epsilon", release_.epsilon, "What the release spends")->required();
        command.add_option("--delta", release_.delta,
                           "For a histogram whose categories come from the data: those of a single user are told with "
                           "at most this probability");
        command.add_option("--confidence", release_.confidence, "Of the interval")->capture_default_str();
        add_ledger(command, release_.use);
        command.add_option("--format", release_.as_json, "text (default) or json")
            ->type_name("WORD")
            ->transform(word<bool>({{"text", false}, {"json", true}}));
        command.callback([this] {
            release_.statistic = released_statistics().at(release_.statistic_name);
            action_ = [this] { return privacy_release(release_); };
        });
        add_privacy_audit(group);
    }

    void add_privacy_audit(CLI::App& group) {
        CLI::App& audit = *group.add_subcommand("audit", "How much epsilon a mechanism has at least, from its outputs");
        CLI::Option_group& source = *audit.add_option_group("source");
        source.require_option(1);
        source.add_option("--guesses", audit_.guesses.path,
                          "CSV of one run's canaries: included (0 or 1), guess (0, 1 or empty)");
        source.add_option("--outputs", audit_.outputs.path,
                          "CSV of runs: input (1 or 2, of two neighbours), output (a number)");
        source
            .add_option("--counts", audit_.counts,
                        "An event's hits and runs on the first input, and on the second one, where it should be rarer")
            ->expected(4)
            ->type_name("HITS RUNS HITS RUNS");
        audit.add_option("--delta", audit_.delta, "The delta of (epsilon, delta)")->capture_default_str();
        audit.add_option("--confidence", audit_.confidence, "Of the bound")->capture_default_str();
        audit.add_option("--claimed-epsilon", audit_.epsilon, "Exit status 1 if this is refuted");
        audit.add_option("--format", audit_.as_json, "text (default) or json")
            ->type_name("WORD")
            ->transform(word<bool>({{"text", false}, {"json", true}}));
        audit.callback([this] { action_ = [this] { return privacy_audit(audit_); }; });
    }

    CLI::App app_;
    Action action_;
    ReferenceOptions reference_;
    LiveOptions live_;
    std::vector<drift::DivergencePreset> presets_;
    ScoreFitOptions score_fit_;
    ScoreRunOptions score_run_;
    std::vector<std::string> score_files_;
    SketchOptions sketch_;
    std::vector<std::string> sketch_files_;
    SketchCompareOptions sketch_compare_;
    std::string sketch_shown_;
    std::vector<std::string> sketch_formats_;
    std::string baseline_;
    std::string output_;
    std::string policy_;
    SchemaCheckOptions schema_check_;
    SchemaInferOptions schema_infer_;
    SchemaStatisticsOptions schema_statistics_;
    std::string schema_;
    std::string later_schema_;
    PrivacyOptions privacy_;
    GrantOptions grant_;
    ReleaseOptions release_;
    PrivacyAuditOptions audit_;
    MonitorOptions monitor_;
    bool list_ = false;
    bool as_json_ = false;
};

ExitStatus status_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::not_enough_data: return exit_not_enough_data;
        case ErrorCode::budget_exhausted: return exit_failed;
        case ErrorCode::out_of_memory:
        case ErrorCode::callback_aborted:
        case ErrorCode::internal: return exit_internal;
        default: return exit_input_error;
    }
}

}  // namespace

int run(int argc, const char* const* argv) noexcept {
    try {
        return Tool().run(argc, argv);
    } catch (const InputError& error) {
        std::cerr << "vedette: " << rendering::clean(error.what()) << '\n';
        return exit_input_error;
    } catch (const Error& error) {
        std::cerr << "vedette: " << rendering::clean(error.what()) << " [" << error_code_name(error.code()) << "]\n";
        return status_of(error.code());
    } catch (const std::bad_alloc&) {
        std::cerr << "vedette: out of memory\n";
    } catch (const std::exception& error) {
        std::cerr << "vedette: internal error: " << rendering::clean(error.what()) << '\n';
    }
    return exit_internal;
}

}  // namespace vedette::inline v0::cli
