// SPDX-License-Identifier: Apache-2.0
// The judgement of a whole window against its baseline: evidence per feature, one verdict, and the reasons in words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/guard/baseline.hpp"
#include "vedette/guard/performance_report.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/release.hpp"
#include "vedette/guard/watch.hpp"
#include "vedette/guard/window.hpp"

namespace vedette::inline v0 {

/// What a test is about. Values are pinned and shared with the C interface.
enum class Hypothesis : std::uint8_t {
    distribution = 0,  ///< the values come from the reference's distribution
    null_rate = 1,     ///< as many nulls as in the reference, and so on
    nan_rate = 2,
    positive_infinity_rate = 3,
    negative_infinity_rate = 4,
    out_of_range_rate = 5,
    unseen_rate = 6,
    invalid_rate = 7,
};

/// The word for a hypothesis, e.g. "null_rate".
const char* hypothesis_name(Hypothesis hypothesis) noexcept;

/// One hypothesis of one feature, tested. An alarm needs both: `adjusted_p_value <= level`, and the lower bound of the
/// moved share above the tolerance; the first alone is a warning.
struct Evidence {
    Hypothesis hypothesis = Hypothesis::distribution;
    Decision decision = Decision::not_evaluated;
    /// The test behind it: of a distribution FeatureReport::test or, where samples were compared, each test asked for;
    /// of a rate `two_proportion`; `automatic` where the hypothesis has a test of its own (out of range, unseen).
    DriftTest by = DriftTest::automatic;
    TestResult test{};
    double adjusted_p_value = std::numeric_limits<double>::quiet_NaN();
    double moved_share = std::numeric_limits<double>::quiet_NaN();  ///< share of the traffic that moved, 0..1
    Interval moved_share_interval{};
    double reference_rate = std::numeric_limits<double>::quiet_NaN();  ///< rates only
    double live_rate = std::numeric_limits<double>::quiet_NaN();
    bool is_smallest_p = false;  ///< p_value is the smallest that the permutations can give; more of them tell more
};

/// All that was found out about one feature.
struct FeatureReport {
    static constexpr std::size_t max_evidence = 8;

    std::size_t feature = 0;  ///< index in the baseline
    Decision decision = Decision::not_evaluated;
    bool ignored = false;
    /// The test that decided, never `automatic`; where samples were compared, the first of the tests asked for (the
    /// others are in `evidence`). Where one cell holds more than half of both samples, and all others
    /// together are expected fewer than 10 times in the smaller one or leave the policy's test undefined, that is
    /// `two_proportion` of this cell (not for tests on the distribution function, which need no pooling).
    DriftTest test = DriftTest::automatic;
    double tolerance = 0.0;
    std::uint64_t live_rows = 0;                                         ///< values seen, nulls and the like included
    std::uint64_t live_observations = 0;                                 ///< values in cells
    drift::GridEvidence statistics{};                                    ///< every statistic on the cells
    double reference_median = std::numeric_limits<double>::quiet_NaN();  ///< numeric, interpolated on the grid
    double live_median = std::numeric_limits<double>::quiet_NaN();

    /// Distribution first (once per test where samples were compared), then the rates that occurred at least once in
    /// reference or live.
    [[nodiscard]] std::span<const Evidence> evidence() const noexcept {
        return compared_.empty() ? std::span<const Evidence>(evidence_.data(), evidence_size_) : compared_;
    }
    [[nodiscard]] std::span<Evidence> evidence() noexcept {
        return compared_.empty() ? std::span<Evidence>(evidence_.data(), evidence_size_) : compared_;
    }
    /// The evidence that decided (a test that was not evaluated beside others that were does not): the gravest, and
    /// among equals the largest moved share (a rate goes before a distribution that moved about as much, since it says
    /// more); null when there is none.
    [[nodiscard]] const Evidence* decisive() const noexcept;

    std::array<Evidence, max_evidence> evidence_{};
    std::size_t evidence_size_ = 0;
    std::vector<Evidence> compared_;  ///< all of the evidence, where samples were compared
};

/// Several features tested together. The two keys are as of Evidence, with the policy's default tolerance; where the
/// test's effect tells no share of the traffic (moved_share NaN), evidence warns but never alarms, unless the tolerance
/// is 0.
struct JointEvidence {
    MultivariateTest by = MultivariateTest::hotelling_t2;
    Decision decision = Decision::not_evaluated;
    TestResult test{};
    double adjusted_p_value = std::numeric_limits<double>::quiet_NaN();
    /// The share of the rows that moved, in total variation, as drift::MultivariateResult has it.
    double moved_share = std::numeric_limits<double>::quiet_NaN();
    Interval moved_share_interval{};
    std::vector<std::size_t> features;  ///< indices in the baseline
    std::vector<double> contributions;  ///< of each of them, as the test defines them; may be empty
    /// The live rows on which most of the statistic rests, as drift::JointComparison has them.
    std::vector<drift::RowContribution> rows{};
    bool is_smallest_p = false;  ///< as of Evidence

    /// Positions in `features`, the largest contribution first; empty where the test tells none.
    [[nodiscard]] std::vector<std::size_t> ranking() const;
};

/// What a score that the policy names found in a window. Its decision is the policy's action where the share of
/// requests that exceed the level is surely above what the calibration allows a benign window, both bounds at the
/// report's level over all scores, beside that of the drift tests; `not_evaluated` with fewer than minimum_rows scored
/// requests, and where another part of the report is an alarm of drift, which voids calibrations.
struct ScoreReport {
    std::string name;
    std::string kind;
    perturbation::ScoreInput input = perturbation::ScoreInput::features;
    double level = 0.0;
    Action action = Action::warn;
    Decision decision = Decision::not_evaluated;
    bool is_stale = false;
    std::uint64_t calibration_count = 0;
    std::uint64_t evaluated = 0;                             ///< requests with a decision
    std::uint64_t exceeded = 0;                              ///< of those, with a p-value of at most the level
    std::uint64_t unevaluated = 0;                           ///< requests without one
    double rate = std::numeric_limits<double>::quiet_NaN();  ///< exceeded / evaluated
    Interval rate_interval{};                                ///< Clopper and Pearson
    double allowed_rate = std::numeric_limits<double>::quiet_NaN();
    std::array<std::uint64_t, Window::p_value_cells> p_values{};  ///< requests by the tenth their p-value lies in
    perturbation::ModelQueries queries{};  ///< what it asked the model; of ScoreInput::model alone, as is `aborted`
    std::uint64_t aborted = 0;             ///< requests whose questions the callback ended

    /// One sentence with the numbers that decided.
    [[nodiscard]] std::string reason() const;
};

/// A check of the baseline's schema that requests of a window failed.
struct SchemaFailure {
    std::size_t feature = 0;  ///< index in the baseline; feature_count() + k for expression k
    std::string subject;      ///< name of the feature, or of the expression
    validation::Check check = validation::Check::missing;
    validation::Severity severity = validation::Severity::none;
    std::uint64_t count = 0;  ///< requests
};

/// What the schema found in the requests of a window. Its decision is the policy's action for errors where the share of
/// requests with one is surely above the policy's tolerance (the report's level, Clopper and Pearson), else the action
/// for warnings where the share with a warning or an error is.
struct SchemaReport {
    Decision decision = Decision::not_evaluated;
    std::uint64_t requests = 0;  ///< judged by Guard::check, of the right width
    std::uint64_t errors = 0;    ///< of those, with an error
    std::uint64_t warnings = 0;  ///< with a warning and no error
    Interval error_rate{};       ///< of errors / requests
    double tolerance = 0.0;
    std::vector<SchemaFailure> failures;  ///< the most frequent first

    /// One sentence with the numbers that decided.
    [[nodiscard]] std::string reason() const;
};

/// What the memory across requests found in the requests of a window, silent or not. Its decision is the policy's
/// action where an account was accused or seems to copy the model; else a pass, and `not_evaluated` where the memory
/// could tell of no request.
struct MemoryReport {
    Decision decision = Decision::not_evaluated;
    bool is_silent = false;           ///< by the policy
    std::uint64_t watched = 0;        ///< requests
    std::uint64_t query_attacks = 0;  ///< of those, by accused accounts
    std::uint64_t extractions = 0;    ///< by accounts that seem to copy the model
    std::uint64_t untold = 0;         ///< of which it could tell neither

    /// One sentence with the numbers that decided.
    [[nodiscard]] std::string reason() const;
};

/// The judgement of a window. Plain data; owns what it needs, so baseline and window may go.
struct Report {
    Decision decision = Decision::not_evaluated;
    std::uint64_t reference_rows = 0;
    std::uint64_t live_rows = 0;
    std::vector<FeatureReport> features;              ///< in the baseline's order
    std::vector<JointEvidence> joint;                 ///< of multivariate tests, where samples were compared
    std::vector<StreamReport> streams;                ///< of the policy's monitors, where a watch was attached
    std::optional<EvidenceReport> joined_evidence{};  ///< of the policy's e-processes together, where it joins them
    std::vector<ScoreReport> scores;                  ///< of the policy's scores, in the order of their names
    std::optional<SchemaReport> schema;               ///< of a baseline with one, where requests were judged
    std::optional<MemoryReport> memory;               ///< where requests were shown to a memory
    double level = 0.0;
    stats::Correction correction = stats::Correction::none;
    std::uint64_t minimum_rows = 0;
    Baseline baseline;
    Window window;                                   ///< the noised one, of a release
    std::optional<ReleaseReport> release{};          ///< of a released window
    std::optional<PerformanceReport> performance{};  ///< of the model, where it was attached

    /// Indices of `features`, the gravest and then the largest moved share first.
    [[nodiscard]] std::vector<std::size_t> ranking() const;
    /// How many features ended in this decision.
    [[nodiscard]] std::size_t count(Decision wanted) const noexcept;
    /// One sentence on the whole, e.g. "alarm: 3 of 14 features drifted ...".
    [[nodiscard]] std::string summary() const;
    /// One sentence on a feature, with the numbers that decided.
    [[nodiscard]] std::string reason(std::size_t index) const;
    /// The same on joint[index].
    [[nodiscard]] std::string joint_reason(std::size_t index) const;
    /// One line on schema->failures[index].
    [[nodiscard]] std::string schema_reason(std::size_t index) const;
};

/// Adds what the monitors of a watch say of the period since a mark (by default, of everything): the report's decision
/// is then the gravest of all. Throws Error: baseline_mismatch, invalid_argument for a second watch and for the report
/// of a released window (what monitors say is not noised), and what Watch::report does; the report is as it was.
void attach(Report& report, const Watch& watch, const WatchMark& since = {});

/// Adds what the e-processes of several watches say together, one watch for each shard of a stream of requests
/// (Watch::evidence); nothing else of the watches. Throws Error: baseline_mismatch, invalid_argument for a second time
/// and for the report of a released window, and what Watch::evidence does; the report is as it was.
void attach(Report& report, std::span<const Watch* const> shards);

/// The comparisons that a policy asks for, of two tables that hold the baseline's features by name.
struct SampleComparisons {
    std::vector<drift::FeatureComparison> features;
    std::vector<drift::JointComparison> joint;
};
/// Runs each feature's sample_tests and the joint_tests of all numeric features, ignored ones left out, at the
/// confidence 1 - level: what the second `assess` takes. Throws Error as drift::compare and drift::compare_jointly, and
/// invalid_policy.
[[nodiscard]] SampleComparisons compare_samples(const Policy& policy, const Table& reference, const Table& live);

/// Judges a window. Too little data is `not_evaluated`, never `pass`; the whole is an alarm if any feature is, then a
/// warning, then `not_evaluated` if any feature could not be judged, and only else a pass.
/// Cost: about 2 us per feature of 64 cells. Thread-safe. Throws Error(baseline_mismatch, invalid_policy).
[[nodiscard]] Report assess(const Baseline& baseline, const Window& window, const Policy& policy = {});

/// The same where the samples themselves were compared: the named tests decide over the distributions in place of the
/// policy's, each with its own evidence, and multivariate tests join them, all in one family of p-values. Features
/// without a comparison, or with one that holds no test for their kind, keep the policy's test. Throws
/// Error(schema_mismatch) for a compared feature that the baseline does not have, besides.
[[nodiscard]] Report assess(const Baseline& baseline, const Window& window, const Policy& policy,
                            std::span<const drift::FeatureComparison> comparisons,
                            std::span<const drift::JointComparison> joint = {});

/// The same in one go where both samples are at hand: learns a baseline from the reference, counts the live rows, runs
/// the policy's tests on samples (compare_samples) and judges. Both tables hold the same columns, in any order. Live
/// numbers are rounded to float where the reference's are floats, since rounding on one side would look like drift.
/// Throws Error as Baseline::build, Window::observe of a table, compare_samples and assess do.
[[nodiscard]] Report assess(const Table& reference, const Table& live, const Policy& policy = {},
                            const BaselineOptions& options = {});

/// Judges what was released, which costs no more of the budget, as often as wanted. Nothing in the report is exact but
/// the reference's side of it. p-values and intervals allow for the noise: of distributions by Monte Carlo, with the KS
/// distance for numeric features and a chi-square that knows the noise's variance for categorical ones, whatever tests
/// the policy names (its other statistics stay undefined); of rates and scores by the counts that noise may hide, with
/// a twentieth of the level kept for noise beyond its reach. All rates are tested, since which of them occurred is not
/// known. Features that were not released are not evaluated. Costs some milliseconds per feature, up to a second where
/// it drifted. Throws Error(invalid_policy).
[[nodiscard]] Report assess(const ReleasedWindow& released, const Policy& policy = {});
/// `release`, and the report on what it gave; statistics and rates by group are in Report::release.
[[nodiscard]] Report assess(const Window& window, const Policy& policy, const ReleasePolicy& release_policy,
                            privacy::ReleaseBudget& budget, const ReleaseCompanions& with = {});

}  // namespace vedette::inline v0
