// SPDX-License-Identifier: Apache-2.0
// Command line of the guard: baseline, check, drift, policy.
#include <cstdint>
#include <limits>
#include <vector>

#include "arguments.hpp"

namespace vedette::inline v0::cli {

namespace {

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
    command.add_option(
        "--labelled", options.labelled.path,
        "Rows with labels, of the same form: the report then has the model's performance, estimated and by "
        "labels that came, and which features' drift costs it");
    command.add_option("--group-reference", options.reference,
                       "Rows of the reference, where the policy watches groups of features; drift has them already");
    command.add_option("--scores", options.labelled.scores, "The columns of scores in [0, 1], there and in live data")
        ->delimiter(',');
    command.add_option("--prediction", options.labelled.prediction, "The column of predicted classes, from 0 on");
    command.add_option("--label", options.labelled.label,
                       "The column of labels; in live data there may be none, or an empty field where it has not come");
    command
        .add_option("--format", options.formats,
                    "FORMAT or FORMAT=PATH, repeatable: table, json, markdown, junit, sarif, html, openmetrics")
        ->expected(1)
        ->take_all();
    add_fail_on(command, options.fail_on_warn);
    command.add_option("--color", options.color, "Colours of the table: auto, always or never")
        ->type_name("WORD")
        ->transform(word<ColorMode>(
            {{"auto", ColorMode::automatic}, {"always", ColorMode::always}, {"never", ColorMode::never}}));
    command.add_option("--title", options.title, "Heading of the report");
    CLI::Option* const release = command.add_option(
        "--release-policy", options.release_policy,
        "A release policy (JSON): the report is made of noised counts alone, paid out of a ledger's account before "
        "the noise is drawn. Exit status 1 if the budget does not allow it");
    CLI::Option* const ledger =
        command.add_option("--ledger", options.ledger.path, "The ledger file that pays for it")->needs(release);
    release->needs(ledger);
    add_ledger_proof(command, options.ledger);
    command
        .add_option("--group", options.group,
                    "The column of the groups that the release policy names: with --prediction and --label (1 = "
                    "positive), where there are both, the report then has the noised rates of each")
        ->needs(release);
    command.add_option("--now", options.now, "Seconds since 1970, for the ledger (default: the system's clock)")
        ->needs(release);
    command
        .add_option("--correction", options.correction,
                    "How the p-values of a report are adjusted, in place of the policy's word")
        ->type_name("WORD")
        ->transform(word(corrections()));
    command.add_option("--max-features", options.max_features, "Features listed or exported, gravest first")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
}

class GuardCommands final : public CommandFamily {
  public:
    GuardCommands(CLI::App& app, Action& action) : action_(action) {
        add_baseline(app);
        add_check(app);
        add_drift(app);
        add_policy(app);
    }

  private:
    void add_baseline(CLI::App& app) {
        CLI::App& group = *app.add_subcommand("baseline", "Learn a baseline from reference data, or look into one");
        group.require_subcommand(1);
        CLI::App& build = *group.add_subcommand("build", "Learn a baseline from reference data");
        add_reference(build, reference_);
        add_delimiter(build, reference_.source);
        add_thinning(build, reference_.source);
        build.add_option("-o,--output", output_, "The baseline file to write")->required();
        build.callback([this] { action_ = [this] { return baseline_build(reference_, output_); }; });
        CLI::App& show = *group.add_subcommand("show", "Say what a baseline holds");
        show.add_option("baseline", baseline_, "The baseline file")->required();
        add_text_or_json(show, as_json_);
        show.callback([this] { action_ = [this] { return baseline_show(baseline_, as_json_); }; });
    }

    void add_check(CLI::App& app) {
        CLI::App& command = *app.add_subcommand("check", "Judge live data against a baseline");
        command.add_option("--baseline", baseline_, "The baseline file")->required();
        add_live(command, live_);
        add_delimiter(command, live_.source);
        add_thinning(command, live_.source);
        command.callback([this] { action_ = [this] { return check(baseline_, live_); }; });
    }

    void add_drift(CLI::App& app) {
        CLI::App& command = *app.add_subcommand("drift", "Judge live data against reference data in one go");
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
        command
            .add_option(
                "--feature-test", live_.feature_tests,
                "[COLUMN=]TEST[:OPTIONS], repeatable: a test of one feature, or of all, with what it does by "
                "itself, e.g. price=mann_whitney:alternative=greater,permutations=9999. Options: method, "
                "alternative, permutations, seed, block, thin, form (trimmed of levene, yates of chi_square and "
                "g_test, "
                "separate of epps_singleton, clamped of anderson_darling). In place of the feature's other tests")
            ->expected(1)
            ->take_all();
        std::map<std::string, MultivariateTest> joint_tests;
        for (std::uint8_t i = 0; i < multivariate_test_count; ++i) {
            const auto test = static_cast<MultivariateTest>(i);
            joint_tests.emplace(multivariate_test_name(test), test);
        }
        command
            .add_option(
                "--multivariate", live_.joint_tests,
                "Tests of all numeric features together besides (a comma between several). Those of pairs of rows "
                "take at most --most-rows of a side")
            ->type_name("WORD")
            ->delimiter(',')
            ->transform(word(joint_tests));
        command
            .add_option("--bandwidth", live_.bandwidths,
                        "Of maximum_mean_discrepancy and mmd_fuse, in pooled standard deviations of a feature (a comma "
                        "between several; default: learned from the rows)")
            ->delimiter(',')
            ->check(CLI::PositiveNumber);
        command
            .add_option("--most-rows", live_.most_rows,
                        "Rows of a side, drawn by the policy's seed, that tests of pairs of rows take: all of "
                        "--multivariate but "
                        "hotelling_t2 and classifier (default: the policy's 2000)")
            ->check(CLI::Range(std::uint64_t{4}, std::uint64_t{1} << 31));
        command
            .add_option("--method", live_.method,
                        "Where p-values of tests on samples come from: automatic, exact, asymptotic or permutation; "
                        "every test named must have it")
            ->type_name("WORD")
            ->transform(word<drift::Method>({{"automatic", drift::Method::automatic},
                                             {"exact", drift::Method::exact},
                                             {"asymptotic", drift::Method::asymptotic},
                                             {"permutation", drift::Method::permutation}}));
        command
            .add_option("--alternative", live_.alternative,
                        "Which way live values are suspected to have moved: two_sided (default), less or greater; for "
                        "tests that have a direction")
            ->type_name("WORD")
            ->transform(word<drift::Alternative>({{"two_sided", drift::Alternative::two_sided},
                                                  {"less", drift::Alternative::less},
                                                  {"greater", drift::Alternative::greater}}));
        command
            .add_option("--permutations", live_.permutations,
                        "Of tests by permutation, whose p-values are then at least 1/(permutations + 1) (default: the "
                        "policy's 999)")
            ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
        command
            .add_option("--block", live_.block,
                        "Let tests on samples compare means of so many consecutive rows (of categories one of so "
                        "many): for autocorrelated traffic, keeps power against a change of level")
            ->check(CLI::Range(std::uint32_t{1}, std::numeric_limits<std::uint32_t>::max()))
            ->capture_default_str()
            ->excludes(command.get_option("--thin"));
        CLI::Option& weights = *command.add_option(
            "--weights", live_.weights,
            "A column with the weight of each row, in both files by one rule and on one scale (not each summing to 1): "
            "tests of weighted rows (--test wasserstein, "
            "energy_distance). They tell no share of the traffic, so that they warn, and alarm at tolerance 0");
        CLI::Option& also = *command.add_option(
            "--also", live_.also,
            "A further live file, repeatable: do all of the files come from one distribution? By --test "
            "anderson_darling, levene, brown_forsythe or, of categories, chi_square, g_test, fisher_exact. They warn, "
            "and "
            "alarm at tolerance 0");
        also.expected(1)->take_all()->excludes(&weights);
        for (const char* other :
             {"--multivariate", "--window", "--window-by", "--release-policy", "--schema", "--labelled"}) {
            weights.excludes(command.get_option(other));
            also.excludes(command.get_option(other));
        }
        weights.excludes(command.get_option("--block"));
        CLI::Option& preset = *command.add_option(
            "--preset", presets_,
            "Print what other packages report instead (a comma between several): numbers without a level, no verdict");
        preset.type_name("WORD")->delimiter(',')->transform(word(presets()));
        for (const char* other :
             {"--test", "--feature-test", "--multivariate", "--method", "--alternative", "--permutations", "--block",
              "--window", "--window-by", "--policy", "--correction", "--fail-on", "--weights", "--also", "--labelled"})
            preset.excludes(command.get_option(other));
        command.callback([this] {
            live_.source.delimiter = reference_.source.delimiter;
            live_.source.thinning = reference_.source.thinning;
            action_ = [this] {
                if (!presets_.empty()) return preset_numbers(reference_, live_, presets_);
                const bool warns = !live_.weights.empty() || !live_.also.empty();
                return warns ? drift_of_samples(reference_, live_) : drift(reference_, live_);
            };
        });
    }

    void add_policy(CLI::App& app) {
        CLI::App& group = *app.add_subcommand("policy", "The rules: show the default, its schema, or check a file");
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

    Action& action_;
    ReferenceOptions reference_;
    LiveOptions live_;
    std::vector<drift::DivergencePreset> presets_;
    std::string baseline_;
    std::string output_;
    std::string policy_;
    bool as_json_ = false;
};

}  // namespace

std::unique_ptr<CommandFamily> guard_commands(CLI::App& app, Action& action) {
    return std::make_unique<GuardCommands>(app, action);
}

}  // namespace vedette::inline v0::cli
