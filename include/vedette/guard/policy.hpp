// SPDX-License-Identifier: Apache-2.0
// What each finding means: the small JSON document that people review, as a plain struct.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/performance.hpp"
#include "vedette/drift/test_form.hpp"
#include "vedette/drift/test_options.hpp"
#include "vedette/stats/multiple_testing.hpp"

namespace vedette::inline v0 {

/// What a request-level finding leads to.
enum class Action : std::uint8_t {
    pass = 0,
    warn = 1,
    alarm = 2,
    /// Pass if the reference held at least one such value of this feature, warn otherwise; for null, not_a_number,
    /// infinity and unseen_category (where categories were left out) only.
    learned = 3,
};

/// "pass", "warn", "alarm" or "learned".
const char* action_name(Action action) noexcept;

/// What `Guard::check` makes of a single value.
struct RequestPolicy {
    Action null = Action::learned;
    Action not_a_number = Action::learned;
    Action infinity = Action::learned;
    Action unseen_category = Action::warn;
    Action out_of_range = Action::pass;      ///< outside everything the reference held
    Action far_out_of_range = Action::warn;  ///< further outside than `far_factor` times the reference's range
    double far_factor = 1.0;                 ///< in ranges (maximum - minimum), >= 0
    Action wrong_type = Action::alarm;       ///< text for a numeric feature, a number that is no category code, ...
};

/// A monitor of a stream, see Watch.
struct MonitorRule {
    std::string kind;     ///< e.g. "adwin"
    std::string options;  ///< as drift::make_monitor takes them

    friend bool operator==(const MonitorRule&, const MonitorRule&) = default;
};

/// Monitors of the model's performance as it is estimated without labels, see Watch::observe_prediction. A metric
/// enters as 1 - metric, so that more is worse, as of a loss.
struct PerformancePolicy {
    static constexpr std::uint64_t minimum_rows = 50;  ///< of metrics other than accuracy

    drift::PerformanceMetric metric = drift::PerformanceMetric::accuracy;
    /// Predictions to one value, in [1, 2^31]. Accuracy may be watched row by row; others are ratios of sums, which a
    /// harm_monitor alone watches row by row (drift::MetricSequence), of binary classifiers.
    std::uint64_t rows = 1;
    /// A harm_monitor that names no `tolerated` tolerates the reference's loss and this, in [0, 1): for accuracy,
    /// drift::tolerated_loss at its level.
    double margin = 0.05;
    std::vector<MonitorRule> monitors{};  ///< none: performance is not watched

    friend bool operator==(const PerformancePolicy&, const PerformancePolicy&) = default;
};

/// Monitors of kind e_process judged together, see drift::JoinedEvidence: none then has a level of its own.
struct EvidencePolicy {
    double false_discovery_rate = 0.0;  ///< in [1e-12, 0.5]; 0: each is judged by its own level

    friend bool operator==(const EvidencePolicy&, const EvidencePolicy&) = default;
};

/// Monitors of several values at once, see Watch and drift::RowMonitor.
struct GroupPolicy {
    /// Numeric features of the baseline, in their order in a row of the group. None: an embedding, whose rows are given
    /// by themselves.
    std::vector<std::string> features{};
    std::vector<MonitorRule> monitors{};

    friend bool operator==(const GroupPolicy&, const GroupPolicy&) = default;
};

/// What one test on samples does otherwise than Policy::samples says; what is not given is as there.
struct SampleOptions {
    std::optional<drift::Method> method{};
    std::optional<drift::Alternative> alternative{};
    std::optional<std::uint64_t> permutations{};
    std::optional<std::uint64_t> seed{};
    std::optional<drift::RowBlocks> rows{};  ///< in place of both block and thin
    std::optional<drift::TestForm> form{};
    std::optional<std::vector<double>> bandwidths{};
    std::optional<std::uint64_t> most_rows{};

    friend bool operator==(const SampleOptions&, const SampleOptions&) = default;
};

/// How samples are compared, where they are: by `sample_tests` and `joint_tests`.
struct SamplePolicy {
    /// Where p-values come from. A test that has no such law is refused when it is run.
    drift::Method method = drift::Method::automatic;
    /// Which way live values are suspected to have moved; a test without direction is refused when it is run.
    drift::Alternative alternative = drift::Alternative::two_sided;
    /// In [1, 10^7]: no p-value by permutations is below 1/(permutations + 1), and a correction multiplies it.
    std::uint64_t permutations = 999;
    std::uint64_t seed = 0;  ///< of the permutations, and of the rows that tests of pairs take
    /// Against autocorrelation; how much of the traffic moved is still read off all rows.
    drift::RowBlocks rows{};
    /// Which form of the tests named; one that a test does not have is refused when it is run.
    drift::TestForm form = drift::TestForm::standard;
    /// Of joint tests by a kernel, in pooled standard deviations of a feature, each above 0, at most 64 of them; none:
    /// learned from the rows (drift::MmdOptions).
    std::vector<double> bandwidths{};
    std::uint64_t most_rows = 2000;  ///< a side, that joint tests of pairs take, drawn by the seed; at least 4

    /// With what one test does otherwise.
    [[nodiscard]] SamplePolicy with(const SampleOptions& options) const;

    friend bool operator==(const SamplePolicy&, const SamplePolicy&) = default;
};

/// The rules for one feature.
struct FeaturePolicy {
    bool ignore = false;                    ///< counted, but neither tested for drift nor judged per request
    DriftTest test = DriftTest::automatic;  ///< the one that decides, from counters; all others are still reported
    /// Where the samples themselves are at hand (compare_samples, `vedette drift`), these decide in its place; those
    /// that are not for the feature's kind are left out.
    std::vector<DriftTest> sample_tests{};
    /// Of those that differ from Policy::samples. In JSON an object takes the place of the word: {"test": word, ...}.
    std::map<DriftTest, SampleOptions> sample_options{};
    /// Share of the traffic, 0..1, that may move without an alarm: the lower confidence bound of the moved share (KS
    /// distance, total variation or rate difference) must exceed it. 0 = no tolerance, evidence alone decides.
    double tolerance = 0.05;
    RequestPolicy request{};
    /// Over the stream of its values, by a Watch; left out for categorical features.
    std::vector<MonitorRule> monitors{};
};

/// What becomes of a request that fails a check of the baseline's schema, by the severity that the schema gives it.
struct SchemaPolicy {
    Action error = Action::alarm;   ///< pass (counted only), warn or alarm
    Action warning = Action::warn;  ///< the same
    /// Share of the requests, 0..1, that may fail without a verdict on their window: the lower confidence bound must
    /// exceed it. 0 = a single one decides.
    double tolerance = 0.01;

    friend bool operator==(const SchemaPolicy&, const SchemaPolicy&) = default;
};

/// What becomes of a request whose p-value under a score is at most `level`. A score that is not named is not asked.
struct ScoreRule {
    double level = 1e-3;           ///< false-alarm rate, in [1e-9, 0.5]; the calibration must have the rows for it
    Action action = Action::warn;  ///< pass (counted only), warn or alarm

    friend bool operator==(const ScoreRule&, const ScoreRule&) = default;
};

/// What becomes of a request that the memory across requests speaks against, see QueryMemory; where a server gives
/// none to `Guard::check`, nothing.
struct MemoryPolicy {
    Action query_attacks = Action::warn;  ///< of an accused account: pass (counted only), warn or alarm
    Action extraction = Action::warn;     ///< the same, of an account whose inputs look synthetic; groups warn at most
    bool silent = false;  ///< score, count and report, but neither in a verdict's decision nor its findings

    friend bool operator==(const MemoryPolicy&, const MemoryPolicy&) = default;
};

/// The whole policy. A default-constructed one is already useful.
struct Policy {
    static constexpr int version = 1;

    double level = 0.01;  ///< false-alarm level of a report over all its tests, in (0, 0.5]
    stats::Correction correction = stats::Correction::benjamini_hochberg;
    std::uint64_t minimum_rows = 100;  ///< live observations below which a feature is not evaluated, >= 1
    /// Of all numeric features together that are not ignored, where samples are at hand.
    std::vector<MultivariateTest> joint_tests{};
    std::map<MultivariateTest, SampleOptions> joint_options{};  ///< of those that differ from `samples`
    SamplePolicy samples{};
    FeaturePolicy defaults{};
    std::map<std::string, FeaturePolicy, std::less<>> features;  ///< complete rules of features that differ

    /// Monitors of what the model answers, or of its loss: streams that are no features, by a name of your own.
    std::map<std::string, std::vector<MonitorRule>, std::less<>> outputs;
    PerformancePolicy performance{};
    EvidencePolicy joined_evidence{};
    /// Monitors of features together and of embeddings, by a name of your own.
    std::map<std::string, GroupPolicy, std::less<>> groups;

    /// For baselines with a schema.
    SchemaPolicy schema{};

    /// Scores of the baseline, by the names that it gives them.
    std::map<std::string, ScoreRule, std::less<>> scores;
    static constexpr std::size_t most_scores = 8;  ///< so that a verdict holds the evidence of all
    /// Of all scores together, by perturbation::fused_e_value; `pass` leaves it out.
    ScoreRule fused_scores{.level = 1e-3, .action = Action::pass};

    /// Of the memory across requests.
    MemoryPolicy memory{};

    /// The rules that hold for a feature.
    [[nodiscard]] const FeaturePolicy& for_feature(std::string_view name) const;

    /// Whether any rule asks for tests on samples.
    [[nodiscard]] bool compares_samples() const noexcept;

    /// Whether any rule asks for monitors.
    [[nodiscard]] bool watches_streams() const noexcept;

    /// Throws Error(invalid_policy) that names the field and its limits.
    void validate() const;

    /// Reads the documented JSON form; absent fields keep their defaults (a feature's keep those of "defaults").
    /// Throws Error(invalid_policy) with the JSON path of an unknown key, a wrong type or a value out of range.
    [[nodiscard]] static Policy from_json(std::string_view text);
    /// The complete policy, every field written out, keys in a fixed order.
    [[nodiscard]] std::string to_json() const;
    /// A JSON Schema (2020-12) of the document, for editors and reviews.
    [[nodiscard]] static std::string_view json_schema() noexcept;
};

}  // namespace vedette::inline v0
