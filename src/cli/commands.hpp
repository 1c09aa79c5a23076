// SPDX-License-Identifier: Apache-2.0
// The sub-commands as plain functions of plain options: the command line is declared in arguments.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "frame.hpp"
#include "ledger_file.hpp"
#include "outputs.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/joined_evidence.hpp"
#include "vedette/drift/label_shift.hpp"
#include "vedette/drift/realised_performance.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/dp_sgd.hpp"
#include "vedette/privacy/ledger.hpp"
#include "vedette/stats/conformal.hpp"
#include "vedette/validation/infer.hpp"
#include "vedette/validation/leakage.hpp"
#include "vedette/validation/schema_exchange.hpp"
#include "vedette/validation/statistics_compare.hpp"
#include "watched_rows.hpp"

namespace vedette::inline v0::cli {

/// What a baseline is learned from.
struct ReferenceOptions {
    SourceOptions source;
    FrameOptions frame;
    BaselineOptions baseline;
    std::string schema_path;  ///< empty = none
    std::string environment;  ///< of the schema
};

/// What is judged, in which windows, by which rules, and how it is told.
struct LiveOptions {
    SourceOptions source;
    std::string policy_path;   ///< empty = the default policy
    LabelledOptions labelled;  ///< where the policy watches the estimated performance
    std::string reference;     ///< rows of the reference, where the policy watches groups of features; empty = none
    std::shared_ptr<const std::string> reference_bytes{};  ///< of that file, where they were read already
    std::uint64_t window = 0;                              ///< rows per window; 0 = one window over all
    std::string window_by;                                 ///< a column whose changes begin a new window; empty = none
    std::vector<std::string> formats;
    ColorMode color = ColorMode::automatic;
    bool fail_on_warn = false;
    std::string title;
    std::uint64_t max_features = 100;
    std::vector<DriftTest> tests;                 ///< on the samples themselves; empty = the policy's
    std::vector<std::string> feature_tests;       ///< [COLUMN=]TEST[:OPTIONS], in place of these
    std::vector<MultivariateTest> joint_tests;    ///< of the numeric features together; empty = the policy's
    std::optional<stats::Correction> correction;  ///< in place of the policy's
    std::string release_policy;                   ///< a file: the report is of noised counts, paid for; empty = none
    LedgerFile ledger;                            ///< the file that pays
    std::string group;                            ///< column of the release policy's groups; empty = none
    std::optional<std::int64_t> now;      ///< of the ledger, seconds since 1970; the system's clock if not given
    std::optional<drift::Method> method;  ///< of tests on samples, in place of the policy's
    std::optional<drift::Alternative> alternative;
    std::optional<std::uint64_t> permutations;
    std::optional<std::vector<double>> bandwidths;  ///< of joint tests by a kernel
    std::optional<std::uint64_t> most_rows;         ///< that joint tests of pairs take
    std::uint32_t block = 1;                        ///< above 1: in place of the policy's
    std::string weights;            ///< a column with the weight of each row, of both files; empty = none
    std::vector<std::string> also;  ///< further live files, tested together with the other two
};

/// Which columns of a file are sketched, and how.
struct SketchOptions {
    SourceOptions source;
    std::vector<std::string> columns;  ///< empty = all that hold numbers alone
    std::uint32_t k = 200;
    std::uint64_t seed = 0;
    std::string output;
};

/// Two files of sketches, judged by the policy's level, correction, tolerances and smallest number of rows.
struct SketchCompareOptions {
    std::string reference;
    std::string live;
    std::string policy_path;
    std::vector<std::string> formats;  ///< table and json
    bool fail_on_warn = false;
};

/// A schema, and the data that is held against it; without data the schema alone is read.
struct SchemaCheckOptions {
    std::string schema;
    SourceOptions source;     ///< an empty path: no data
    std::string environment;  ///< empty: features of every environment
    std::vector<std::string> formats;
    std::uint64_t offenders = 5;  ///< rows told for each finding
    std::string repair;           ///< CSV of the data as the schema repairs it; empty: it is judged as it came
    bool fail_on_warn = false;
    std::vector<std::string> references;  ///< NAME=FILE, of reference sets that do not stand in the schema
    std::optional<std::int64_t> now;      ///< seconds since 1970 for ages; absent: the system's clock
};

/// A document of another tool, or a schema to write as one.
struct SchemaExchangeOptions {
    std::string input;
    std::string from = "json-schema";  ///< or tfdv
    std::string environment;           ///< of an export
    std::string output;                ///< empty = standard output
    validation::ExchangeOptions exchange;
};

/// Data that a schema is learned from, or a schema loosened for.
struct SchemaInferOptions {
    SourceOptions source;
    std::string update;  ///< the schema file to loosen; empty: a new one is learned
    std::string output;  ///< empty = standard output
    validation::InferenceOptions inference;
    bool tells_all = false;  ///< rules kept, too
};

/// Files whose columns are counted, together with statistics saved before.
struct SchemaStatisticsOptions {
    SourceOptions source;              ///< its path is not used
    std::vector<std::string> data;     ///< files, in any order
    std::vector<std::string> merge;    ///< files of statistics
    std::vector<std::string> texts;    ///< columns that are texts even where all of them are numbers
    std::string output;                ///< file of statistics to write; empty = none
    std::vector<std::string> formats;  ///< table and json
};

/// Two files of statistics, and above which comparators alarm.
struct SchemaCompareOptions {
    std::string reference;
    std::string live;
    validation::ComparisonOptions comparison;
    std::vector<std::string> limits;   ///< of single columns: COLUMN:COMPARATOR=LIMIT
    std::vector<std::string> formats;  ///< table, json, markdown, junit, sarif
    bool tell_values = false;
};

/// A training table whose columns may give its label away.
struct SchemaLeakageOptions {
    SourceOptions source;
    std::string label;
    std::vector<std::string> texts;  ///< columns that are texts though they look like numbers
    validation::LeakageOptions leakage;
    std::vector<std::string> formats;  ///< table and json
};

/// Mechanisms to account for, or the noise that a wanted privacy takes.
struct PrivacyOptions {
    std::vector<std::string> events;                    ///< see PrivacyEvent
    std::optional<privacy::Neighbouring> neighbouring;  ///< empty: add_remove where there is sampling
    std::optional<double> noise_multiplier;             ///< this and the next two: one event more, a training
    std::optional<double> sampling_rate;
    std::optional<std::uint64_t> steps;
    std::optional<double> delta;
    std::optional<double> epsilon;  ///< account: delta is asked for; calibrate: the target
    std::optional<double> false_positive_rate;
    std::optional<double> max_epsilon;
    std::optional<double> max_delta;
    double error = 0.01;      ///< of epsilon; of delta and rates, relative
    double precision = 1e-3;  ///< of calibration, relative
    bool as_json = false;
};

/// An account of a ledger file.
struct LedgerUse {
    LedgerFile file;
    privacy::LedgerAccount account;
    std::optional<std::int64_t> now;  ///< seconds since 1970; the system's clock if not given
};

/// A ledger file that is looked into.
struct LedgerToolOptions {
    LedgerFile file;
    privacy::LedgerAccount account;  ///< what is shown; an empty part matches all
    std::uint64_t reservation = 0;
    bool cancels = false;
    bool as_json = false;
};

/// A new budget.
struct GrantOptions {
    LedgerUse use;
    std::optional<double> epsilon;
    std::optional<double> rho;  ///< in place of epsilon: of zero-concentrated privacy
    double delta = 0.0;
    double days = 0.0;  ///< from now on
    bool create = false;
};

/// What a randomised response looks like: a name, or a bit for each category (`rappor`: each bit is flipped alike).
enum class ResponseEncoding : std::uint8_t { direct, rappor, optimised };

/// A statistic of a column that leaves the house.
struct ReleaseOptions {
    SourceOptions source;
    LedgerUse use;
    std::string statistic;  ///< see ReleasedKind
    std::string column;
    std::string user;  ///< column that says whose a row is; empty: every row is someone else's
    privacy::ContributionLimit limit;
    privacy::ContributionChoice choice = privacy::ContributionChoice::first;
    std::optional<double> lower, upper;
    std::vector<std::string> categories;
    std::string second;  ///< the other column of a covariance or a table
    std::optional<double> second_lower, second_upper;
    std::vector<std::string> second_categories;
    int least_power = -30, largest_power = 40;  ///< of a range: sizes that are told apart
    double quantile = 0.5;
    std::size_t steps = 1000;
    std::optional<std::int64_t> threshold;  ///< of a sparse vector
    std::size_t positives = 1;              ///< of it, answers that say "above"
    std::uint64_t sensitivity = 0;          ///< of its queries, where each is a row; 0: they are counts of categories
    bool buffered = false;                  ///< of a running count: the factor with few numbers of state
    std::string responses;                  ///< file for the responses themselves; empty = none
    ResponseEncoding encoding = ResponseEncoding::direct;  ///< of them
    std::optional<double> epsilon;
    std::optional<double> rho;  ///< in place of epsilon and delta
    double delta = 0.0;
    privacy::Neighbouring neighbouring = privacy::Neighbouring::add_remove;
    double confidence = 0.95;
    bool as_json = false;
    std::vector<std::string> given;  ///< the names of the options on the command line, which must all be of use
};

/// A column of randomised responses.
struct EstimateOptions {
    SourceOptions source;
    std::string column;
    std::vector<std::string> categories;
    ResponseEncoding encoding = ResponseEncoding::direct;
    double epsilon = 0.0;
    double confidence = 0.95;
    bool as_json = false;
};

/// What a mechanism is audited from, one of three, and what is claimed of it.
struct PrivacyAuditOptions {
    SourceOptions guesses;              ///< a file of canaries: columns `included` and `guess`; an empty path = none
    SourceOptions outputs;              ///< a file of runs: columns `input` and `output`; an empty path = none
    std::vector<std::uint64_t> counts;  ///< first hits and runs, second hits and runs; empty = none
    double delta = 0.0;
    double confidence = 0.95;
    std::optional<double> epsilon;  ///< claimed
    bool as_json = false;
};

/// Which columns of a stream are watched, by which monitors.
struct MonitorOptions {
    SourceOptions source;               ///< its thinning is the monitors'
    std::vector<std::string> monitors;  ///< KIND, KIND:OPTIONS or COLUMN=KIND:OPTIONS
    std::vector<std::string> columns;   ///< of monitors that name none; empty = the only one that there is
    std::uint64_t block = 1;            ///< means of so many values
    std::uint64_t learn = 0;            ///< rows that monitors with a reference learn it from
    std::string reference;              ///< or a file; empty = none
    std::string state;                  ///< file that is resumed from and saved to; empty = none
    std::uint64_t save_every = 10'000;  ///< rows; 0 = at the end only
    std::string time;                   ///< column that says when a row was; empty = none
    std::vector<std::string> formats;   ///< text, json, openmetrics
    bool warnings = false;
    std::optional<double> false_discovery_rate;  ///< of all monitors of kind e_process together
};

/// States of shards of one stream.
struct MonitorMergeOptions {
    std::vector<std::string> states;
    drift::EvidenceMerge merge = drift::EvidenceMerge::average;
    std::optional<double> false_discovery_rate;  ///< empty: the one that the states were saved with
    bool as_json = false;
};

/// How a model does on a stream of its predictions.
struct PerformanceToolOptions {
    std::string reference;    ///< file of `performance fit`; of `rank`, rows with labels
    SourceOptions source;     ///< live predictions; of `fit`, rows with labels
    LabelledOptions columns;  ///< its path is that of the file of `rank`
    SourceOptions labels;     ///< labels that come late, by id; an empty path: they are in the file, or nowhere
    std::string id;           ///< column of both files
    std::string time;         ///< column of both files; empty: all predictions come before all labels
    drift::LabelJoinOptions join;
    drift::PerformanceOptions fit;
    double level = 0.01;
    drift::PerformanceMetric metric = drift::PerformanceMetric::accuracy;  ///< that harm is judged by
    std::vector<std::string> states;                                       ///< of `merge`: those of shards
    double margin = 0.05;             ///< more loss than the reference's that is tolerated
    std::optional<double> tolerated;  ///< the loss that is, in place of that
    std::string state;                ///< file to go on from, where there is one, and to save to; empty = none
    std::uint64_t save_every = 0;     ///< rows and labels between two saves; 0 = at the end only
    drift::LabelShiftOptions shift;
    std::vector<std::string> ignore;  ///< of `rank`: columns that are no features
    stats::Correction correction = stats::Correction::benjamini_hochberg;
    std::string output;
    bool as_json = false;
    bool as_html = false;  ///< of `estimate` and `realised`: a page with the time line of alarms
};

/// A file of rows for a score: numbers; an empty field is a NaN.
struct ScoreSource {
    SourceOptions source;
    std::vector<std::string> columns;  ///< empty = all that are not ignored, nor the label or group
    std::vector<std::string> ignore;
};

/// What a score is fitted to, and calibrated with.
struct ScoreFitOptions {
    std::string kind;
    std::string options;
    ScoreSource reference;     ///< an empty path for kinds that are not fitted
    std::string label;         ///< column with the class of each row; empty = all of one class
    std::string head_weights;  ///< of the model's last layer, a row per class; empty = not given
    std::string head_bias;
    ScoreSource calibrate;    ///< an empty path = no calibration
    std::string predictions;  ///< of the model, on what `score queries` writes of the calibration file
    bool as_logits = false;   ///< they are logits
    std::string group;        ///< column of the calibration file with the group of each row; empty = one for all
    std::string weight;  ///< column of that file with the density ratio of each row, live to calibration; empty = 1
    stats::ConformalGuarantee guarantee = stats::ConformalGuarantee::marginal;
    double failure_probability = 0.05;
    double level = 0.0;  ///< that the calibration must have the rows for; 0 = any
    std::string output;
};

/// A score over a file of rows. Found are those with an adjusted p-value of at most the level.
struct ScoreRunOptions {
    bool with_contributions = false;  ///< of each column, in the CSV
    std::string score;
    ScoreSource live;
    std::string group;
    std::string weight;       ///< column with the density ratio of each row, live to calibration; empty = 1
    std::string predictions;  ///< of the model, on what `score queries` writes of the file
    bool as_logits = false;
    double level = 0.05;  ///< false discovery rate (Benjamini and Hochberg)
    std::string output;   ///< CSV of all rows; of `score queries` NPY; empty = none
    bool as_json = false;
};

/// The time that the tool takes for now: what was given, else the system's clock.
[[nodiscard]] std::int64_t seconds_of(const std::optional<std::int64_t>& now);

/// The rules of a file; the default ones for an empty path.
[[nodiscard]] Policy read_policy(const std::string& path);

[[nodiscard]] Baseline learn(const ReferenceOptions& options);
/// The same of a frame already read.
[[nodiscard]] Baseline learn(const ReferenceOptions& options, const std::string& name, const Frame& frame);

ExitStatus baseline_build(const ReferenceOptions& options, const std::string& output);
ExitStatus baseline_show(const std::string& path, bool as_json);
ExitStatus check(const std::string& baseline_path, const LiveOptions& options);
ExitStatus drift(const ReferenceOptions& reference, const LiveOptions& given);
/// The policy of the file, with what the command line says in its place.
[[nodiscard]] Policy policy_of(const LiveOptions& options);
/// Tests of weighted rows, or of more than two files together: evidence that tells no share of the traffic, so that it
/// warns, and alarms only where the policy tolerates nothing.
ExitStatus drift_of_samples(const ReferenceOptions& reference, const LiveOptions& live);
/// What other packages report of the same two files: numbers without a level, so the status is never exit_failed.
ExitStatus preset_numbers(const ReferenceOptions& reference, const LiveOptions& live,
                          const std::vector<drift::DivergencePreset>& presets);
ExitStatus sketch_build(const SketchOptions& options);
/// The files must be of the same columns.
ExitStatus sketch_merge(const std::vector<std::string>& inputs, const std::string& output);
/// What a file of sketches holds, as table or json.
ExitStatus sketch_show(const std::string& path, const std::vector<std::string>& formats);
ExitStatus sketch_compare(const SketchCompareOptions& options);
/// Fails where any monitor alarmed; not enough data where one has taken no value.
ExitStatus monitor(const MonitorOptions& options);
/// What the monitors of several states say together.
ExitStatus monitor_merge(const MonitorMergeOptions& options);
/// Prints all kinds with their default options.
ExitStatus monitor_list();
/// Learns what scores mean from rows with labels.
ExitStatus performance_fit(const PerformanceToolOptions& options);
/// Metrics without labels, and the accuracy at all times. Fails where its harm monitor alarmed; not enough data where
/// no row entered.
ExitStatus performance_estimate(const PerformanceToolOptions& options);
/// States of shards as one, with what they say together.
ExitStatus performance_merge(const PerformanceToolOptions& options);
/// The same by labels, in the file or coming late by id, beside the estimate for the same rows.
ExitStatus performance_realised(const PerformanceToolOptions& options);
/// Shares of classes by predictions alone; never fails; not enough data where classes cannot be told apart.
ExitStatus performance_shift(const PerformanceToolOptions& options);
/// Features by what their drift does to the accuracy; never fails; not enough data without a live row.
ExitStatus performance_rank(const PerformanceToolOptions& options);
ExitStatus score_fit(const ScoreFitOptions& options);
/// Fails where any row is found; not enough data where one could not be evaluated.
/// Writes the rows that the model is to be asked about, for a score that asks it, as NPY.
ExitStatus score_queries(const ScoreRunOptions& options);
ExitStatus score_run(const ScoreRunOptions& options);
/// Adds calibrated scores, each NAME=FILE, to those of a baseline; one of the same name is replaced.
ExitStatus score_add(const std::string& baseline_path, const std::vector<std::string>& scores,
                     const std::string& output);
/// Prints all kinds with their default options.
ExitStatus score_list();
ExitStatus policy_show_default();
ExitStatus policy_schema();
/// Reads a policy and prints it with every field written out.
ExitStatus policy_check(const std::string& path);
/// Throws InputError or Error with the path in front.
validation::Schema read_schema(const std::string& path);
/// Without data: reads a schema and prints it in its canonical form. With: fails where a check fails that is an error.
ExitStatus schema_check(const SchemaCheckOptions& options);
/// Write the document, and tell what has no exact counterpart.
ExitStatus schema_import(const SchemaExchangeOptions& options);
ExitStatus schema_export(const SchemaExchangeOptions& options);
/// Writes the schema, and tells which rules were left out, or which steps loosened it.
ExitStatus schema_infer(const SchemaInferOptions& options);
/// Not enough data without a row.
ExitStatus schema_statistics(const SchemaStatisticsOptions& options);
/// Fails where a comparator is above its limit; not enough data where one with a limit could not be judged.
ExitStatus schema_compare(const SchemaCompareOptions& options);
ExitStatus schema_leakage(const SchemaLeakageOptions& options);
/// What changed between two schemas; fails where a change is breaking.
ExitStatus schema_diff(const std::string& before, const std::string& after, bool as_json);
/// Fails where a limit of epsilon is given and cannot be promised.
ExitStatus privacy_account(const PrivacyOptions& options);
ExitStatus privacy_calibrate(const PrivacyOptions& options);
/// Prints accounts, budgets and reservations; not enough data where there is none of that account.
ExitStatus ledger_show(const LedgerToolOptions& options);
/// Prints the head; fails where the file was truncated or altered, or is older than a head kept elsewhere.
ExitStatus ledger_verify(const LedgerToolOptions& options);
/// Commits or cancels a reservation that was left open.
ExitStatus ledger_close(const LedgerToolOptions& options);
ExitStatus privacy_grant(const GrantOptions& options);
/// Fails where the budget does not allow it; nothing is told then.
ExitStatus privacy_release(const ReleaseOptions& options);
/// Shares of the truth among randomised responses: of what is released already, so that it costs nothing.
ExitStatus privacy_estimate(const EstimateOptions& options);
/// Fails where what is claimed is refuted.
ExitStatus privacy_audit(const PrivacyAuditOptions& options);

/// The whole tool: parses the command line, runs the command, and lets no exception out.
int run(int argc, const char* const* argv) noexcept;

}  // namespace vedette::inline v0::cli
