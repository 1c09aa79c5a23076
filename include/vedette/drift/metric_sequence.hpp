// SPDX-License-Identifier: Apache-2.0
// A measure of performance with bounds that hold at all times, and the alarm when it is below what is tolerated.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/stats/confidence_sequence.hpp"

namespace vedette::inline v0::drift {

struct MetricSequenceOptions {
    PerformanceMetric metric = PerformanceMetric::accuracy;
    bool with_labels = false;      ///< rows come with their labels; else each is worth its calibrated probabilities
    double level = 0.01;           ///< of the bounds ever missing, both sides together, in (0, 1)
    double alarm_level = 0.01;     ///< of a false alarm, ever, in (0, 1)
    double tolerated = 0.1;        ///< 1 - metric that is still in order, in [0, 1)
    double intrinsic_time = 10.0;  ///< as of HarmOptions

    friend bool operator==(const MetricSequenceOptions&, const MetricSequenceOptions&) = default;
};

/// Accuracy, precision, recall, specificity, F1 or ROC-AUC of a stream of predictions, with bounds that hold at all
/// times at once, for any law, dependence and drift.
///
/// Every metric is a ratio of sums, sum N/sum (N + F), with N and F at least 0 and N + F at most 1 a row: N what speaks
/// for the model, F what speaks against it (precision: true and false positives). What is bounded is the ratio of the
/// sums so far of their conditional expectations, given the past.
/// - Where N + F is 0 or 1 and known (accuracy, precision; with labels recall, specificity, and TP/(TP + FP + FN), of
///   which F1 = 2 J/(1 + J) is a function) it is a mean over the rows that count: one MeanConfidenceSequence.
/// - Else the union of two: mean N within [n1, n2] and mean F within [f1, f2] put the ratio within [n1/(n1 + f2),
///   n2/(n2 + f1)]. Both errors being linear in the ratio, this holds whatever the ratio does over time; it is at most
///   sqrt(2) times as wide as the best bounds for one ratio, and some more for the level of each of its four sides.
/// - ROC-AUC is of pairs of rows, each in one pair: without labels rows 1 and 2, 3 and 4, ..., N = p1 (1 - p2) [1 above
///   2] + p2 (1 - p1) [2 above 1], ties a half; with labels a row and the next of the other class. Assumed besides: the
///   two rows of a pair are drawn alike and independently. Its value is of these pairs, so it differs from that of all
///   pairs, which PerformanceWindow estimates, by chance, and its bounds are about 1.5 times as wide.
/// - Macro averages of several classes: the mean of the classes' bounds, each at its part of the level.
///
/// **The alarm** asks one question: is the ratio below r = 1 - tolerated? Of a binary classifier a HarmMonitor takes
/// the loss tolerated + s ((r' F - (1 - r') N)), whose mean exceeds `tolerated` exactly where the ratio is below r' (r'
/// = r and s = 1; of F1 r' = r/(2 - r) and s = 1 - r/2): one martingale, no union, with P(ever a false alarm) <=
/// alarm_level. As it does, it begins anew after an alarm. Of macro averages it is that the upper bound, at
/// alarm_level, is below r; told once, and again after it was not.
///
/// What estimates without labels rest on: see PerformanceWindow. O(columns) a row, without allocation.
class MetricSequence {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit MetricSequence(PerformanceReference reference, const MetricSequenceOptions& options = {});

    /// A row without its label. What is refused (a score outside [0, 1], NaN, no class) changes counts() alone (and
    /// ends a change, which is said once), as does one where rows come with labels, which changes no count.
    MonitorState observe(std::span<const double> scores, std::uint32_t prediction) noexcept;
    /// A row with its label; nothing where rows come without.
    MonitorState observe(std::span<const double> scores, std::uint32_t prediction, std::uint32_t label) noexcept;
    /// Adds what another of the same reference and options has seen: rows of another shard. Valid as HarmMonitor::merge
    /// is. A row that waits for another to make a pair is lost. Throws Error: invalid_argument for itself or other
    /// options, baseline_mismatch, overflow; nothing is changed then.
    MonitorState merge(const MetricSequence& other);
    void reset() noexcept;

    [[nodiscard]] const PerformanceReference& reference() const noexcept { return reference_; }
    [[nodiscard]] const MetricSequenceOptions& options() const noexcept { return options_; }
    [[nodiscard]] const PerformanceCounts& counts() const noexcept { return counts_; }
    /// Rows, or pairs of them, that the metric is of: those with N + F above 0 in some class.
    [[nodiscard]] std::uint64_t values() const noexcept { return values_; }
    /// NaN before the first.
    [[nodiscard]] double value() const noexcept;
    /// Since the start; [0, 1] before the first value.
    [[nodiscard]] Interval bounds() const noexcept;
    [[nodiscard]] MonitorState state() const noexcept { return state_; }
    [[nodiscard]] std::uint64_t alarms() const noexcept { return alarms_; }
    /// What the last row gave the HarmMonitor; NaN where it gave nothing, and of macro averages.
    [[nodiscard]] double loss() const noexcept { return loss_; }
    /// Whether there is one loss a row, so that a HarmMonitor with the same `tolerated` says what this does.
    [[nodiscard]] bool has_loss() const noexcept { return parts_.size() == 1; }

    /// Canonical bytes (core/container.hpp, kind "metric_sequence").
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(baseline_mismatch, corrupt_data, unsupported_version).
    [[nodiscard]] static MetricSequence deserialize(const PerformanceReference& reference,
                                                    std::span<const std::byte> bytes);

  private:
    friend class LabelJoin;
    // One class against the rest.
    struct Part {
        stats::PredictedDeviations kept;  // N
        stats::PredictedDeviations lost;  // F, where it is no 1 - N
        bool waits = false;               // a row for its pair
        double probability = 0.0;         // of that row, or its label
        std::uint32_t cell = 0;
    };
    struct Row {
        double probability;  // of the class, or whether the label is it
        bool predicted;
        std::uint32_t cell;
    };
    /// N and F of a row; empty where it has no part in the metric, or waits.
    struct Weights {
        double kept;
        double lost;
    };
    [[nodiscard]] bool is_ratio() const noexcept;
    [[nodiscard]] std::optional<Weights> weights(Part& part, const Row& row) const noexcept;
    [[nodiscard]] std::optional<Weights> pair(Part& part, const Row& row) const noexcept;
    [[nodiscard]] double value(const Part& part) const noexcept;
    [[nodiscard]] Interval bounds(const stats::StitchedBoundary& boundary) const noexcept;
    void read_part(std::size_t index, std::span<const double> numbers, std::span<const std::uint64_t> integers);
    MonitorState count(std::span<const std::uint32_t> cells, std::span<const double> probabilities,
                       std::uint32_t prediction, const std::uint32_t* label) noexcept;
    MonitorState judge() noexcept;
    MonitorState refused() noexcept;

    PerformanceReference reference_;
    MetricSequenceOptions options_;
    stats::StitchedBoundary boundary_;        // of one side of one sum
    stats::StitchedBoundary alarm_boundary_;  // the same, of macro averages' alarm
    std::vector<Part> parts_;                 // of accuracy one
    HarmMonitor harm_;                        // of one part
    PerformanceCounts counts_;
    std::uint64_t values_ = 0;
    std::uint64_t alarms_ = 0;
    MonitorState state_ = MonitorState::in_control;
    double loss_ = std::numeric_limits<double>::quiet_NaN();
    std::vector<double> probabilities_;  // scratch of one row
    std::vector<std::uint32_t> cells_;
};

}  // namespace vedette::inline v0::drift
