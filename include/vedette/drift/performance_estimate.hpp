// SPDX-License-Identifier: Apache-2.0
// Confidence-based performance estimation: how well does a classifier do on live rows whose labels nobody knows yet?
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/performance.hpp"

namespace vedette::inline v0::drift {

/// Whether scores are made into probabilities by isotonic regression on the reference.
enum class CalibrationRule : std::uint8_t {
    automatic = 0,  ///< for a class for which stats::needs_calibration says so, as NannyML does
    always = 1,
    never = 2,  ///< the scores are probabilities already
};

struct PerformanceOptions {
    CalibrationRule calibration = CalibrationRule::automatic;
    std::size_t cells = 256;     ///< of a class's scores, for ROC-AUC; in [4, 1024]
    std::size_t chunk_rows = 0;  ///< reference rows per chunk, for thresholds(); 0: a tenth of them
    double deviations = 3.0;     ///< of thresholds(), in (0, 100]
    std::uint64_t seed = 1;      ///< of the splits by which CalibrationRule::automatic decides
};

struct PerformanceCounts {
    std::uint64_t rows = 0;           ///< that entered the estimate
    std::uint64_t nan = 0;            ///< rows with a score that is NaN
    std::uint64_t out_of_range = 0;   ///< with a score outside [0, 1]
    std::uint64_t unknown_class = 0;  ///< with a prediction (or a label) that is no class, or of another width
    std::uint64_t over_capacity = 0;  ///< beyond maximum_rows

    [[nodiscard]] friend bool operator==(const PerformanceCounts&, const PerformanceCounts&) = default;
};

/// What is learned from rows with labels: a calibration map and cells of the scores for each class, the table of
/// predictions by labels, and the performance. Immutable, cheap to copy, safe to share between threads.
///
/// A binary classifier has one column of scores, that of class 1; predictions and labels are 0 or 1. One of K >= 2
/// classes has K columns, predictions and labels below K; probabilities are calibrated class by class and then divided
/// by their sum (1/K each where that is 0), as NannyML does.
class PerformanceReference {
  public:
    static constexpr std::size_t minimum_rows = 20;
    static constexpr std::size_t maximum_classes = 1024;

    /// Throws Error: not_enough_data below 20 rows; dimension_mismatch for lengths that differ or more than 1024
    /// columns; invalid_argument for a score outside [0, 1] or NaN, a prediction or label that is no class, or an
    /// option out of range. A class without labels is allowed: what it leaves undefined is NaN. O(n log n) per class.
    static PerformanceReference fit(MatrixView<double> scores, std::span<const std::uint32_t> predictions,
                                    std::span<const std::uint32_t> labels, const PerformanceOptions& options = {});
    /// The same for one column of scores: a binary classifier.
    static PerformanceReference fit(std::span<const double> scores, std::span<const std::uint32_t> predictions,
                                    std::span<const std::uint32_t> labels, const PerformanceOptions& options = {});

    [[nodiscard]] std::size_t classes() const noexcept;  ///< 2 for a binary classifier
    [[nodiscard]] std::size_t columns() const noexcept;  ///< of scores
    [[nodiscard]] std::uint64_t rows() const noexcept;
    /// Whether a column is calibrated. Throws Error(invalid_argument) for a column that there is not.
    [[nodiscard]] bool is_calibrated(std::size_t column) const;
    /// The probability that a score of that column stands for, before division by the sum over classes; NaN for a score
    /// outside [0, 1]. Throws as is_calibrated.
    [[nodiscard]] double calibrate(std::size_t column, double score) const;

    /// Reference rows by prediction and label: entry [prediction * classes() + label].
    [[nodiscard]] std::span<const std::uint64_t> confusion() const noexcept;
    /// The performance on the reference, by its labels.
    [[nodiscard]] double realised(PerformanceMetric metric) const noexcept;
    /// NannyML's alert thresholds: mean -+ `deviations` standard deviations of the realised metric over the reference's
    /// chunks (in the order given; chunks on which it is undefined are left out), within [0, 1]. They have no level: a
    /// tenth of the reference is not one of your windows. Prefer HarmMonitor.
    [[nodiscard]] Interval thresholds(PerformanceMetric metric) const noexcept;
    /// NannyML's sampling error: the standard error that the metric would have on so many rows like the reference's.
    [[nodiscard]] double sampling_error(PerformanceMetric metric, std::uint64_t rows) const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no reference writes, Error(unsupported_version).
    [[nodiscard]] static PerformanceReference deserialize(std::span<const std::byte> bytes);

    /// The same scores, maps and cells, by digest.
    [[nodiscard]] friend bool operator==(const PerformanceReference& a, const PerformanceReference& b) noexcept {
        return a.is_same(b);
    }

    struct State;

  private:
    friend class PerformanceWindow;
    friend class RealisedWindow;
    friend class LabelJoin;
    friend class MetricSequence;
    explicit PerformanceReference(std::shared_ptr<const State> state) noexcept : state_(std::move(state)) {}
    [[nodiscard]] bool is_same(const PerformanceReference& other) const noexcept;

    std::shared_ptr<const State> state_;
};

/// Live rows without labels, as counters: by class, cell of the score and prediction, the number of rows and the sums
/// of their calibrated probabilities and of the squares, in whole 2^-31. Merged in any order to the same bytes.
///
/// **What it rests on.** The probability that a label is right, given the score, is the reference's: the law of the
/// features may change (covariate shift), what they say of the label may not. Under concept drift, and under label
/// shift that the scores do not follow, the estimate is wrong, and no interval here knows it; RealisedWindow::gap tells
/// as labels arrive. The map is learned from a finite reference; intervals are for the drawing of live rows alone.
///
/// Not thread-safe: one window per thread, merged when read. 24 bytes per class, prediction and cell.
class PerformanceWindow {
  public:
    static constexpr std::uint64_t maximum_rows = std::uint64_t{1} << 32U;

    explicit PerformanceWindow(PerformanceReference reference);

    /// Counts one row of a binary classifier, or, by the span, of any. Returns the calibrated probability that the
    /// prediction is right, what a HarmMonitor takes; NaN for a row that is refused, which changes nothing but its
    /// count. No allocation, no lock. O(columns).
    double observe(double score, std::uint32_t prediction) noexcept;
    double observe(std::span<const double> scores, std::uint32_t prediction) noexcept;
    /// Counts rows, of a binary classifier or, by the matrix, of any: the same bytes as row by row, in half the time or
    /// two thirds of it. `right`, or nothing: what `observe` returns for each row. Throws Error(dimension_mismatch),
    /// and counts nothing, for lengths that differ.
    void observe(std::span<const double> scores, std::span<const std::uint32_t> predictions);
    void observe(MatrixView<double> scores, std::span<const std::uint32_t> predictions, std::span<double> right = {});

    /// Adds another window of the same reference. Exact, associative and commutative. Throws Error(baseline_mismatch,
    /// overflow) and leaves this window as it was.
    void merge(const PerformanceWindow& other);
    void reset() noexcept;

    [[nodiscard]] const PerformanceReference& reference() const noexcept { return reference_; }
    [[nodiscard]] const PerformanceCounts& counts() const noexcept { return counts_; }

    /// The estimates of all metrics. Values agree with NannyML's CBPE, but for ROC-AUC, whose rows are ordered by cell
    /// (see roc_auc_resolution), and for what is undefined, which is NaN here and 0 there; macro averages take 0 as it
    /// does. Errors are those of a ratio to first order; those of macro averages other than precision's are bounds from
    /// above. Intervals are symmetric in the log odds. Throws Error(invalid_argument) for a confidence outside (0, 1).
    [[nodiscard]] PerformanceEstimate estimate(double confidence = 0.95) const;
    /// The value of one metric as `estimate` has it, without allocation: for those who look at the end of each block.
    [[nodiscard]] double value(PerformanceMetric metric) const noexcept;
    /// One class against the rest. Throws Error(invalid_argument) for a class that there is not; a binary classifier
    /// has class 1 only.
    [[nodiscard]] PerformanceEstimate estimate_class(std::size_t which, double confidence = 0.95) const;
    /// The expected number of rows in each corner, one class against the rest. Throws as estimate_class.
    [[nodiscard]] ConfusionCounts confusion(std::size_t which = 1) const;

    /// Canonical bytes: equal counters give equal bytes, in whatever order they were merged.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Reads a window of this reference. Throws Error(baseline_mismatch, corrupt_data, unsupported_version).
    [[nodiscard]] static PerformanceWindow deserialize(const PerformanceReference& reference,
                                                       std::span<const std::byte> bytes);

    [[nodiscard]] friend bool operator==(const PerformanceWindow& a, const PerformanceWindow& b) noexcept {
        return a.reference_ == b.reference_ && a.counts_ == b.counts_ && a.counters_ == b.counters_;
    }

  private:
    /// Rows that can be counted: of scores, class after class, `stride` apart, which are probabilities when it returns.
    void count_block(std::span<double> probabilities, std::span<std::uint32_t> cells, std::size_t stride,
                     std::span<const std::uint32_t> predictions) noexcept;

    PerformanceReference reference_;
    PerformanceCounts counts_;
    std::vector<std::uint64_t> counters_;
    std::vector<double> probabilities_;        // scratch of one row
    std::vector<std::uint32_t> cells_;         // the same
    std::vector<double> block_probabilities_;  // of a block of rows
    std::vector<std::uint32_t> block_cells_;
};

}  // namespace vedette::inline v0::drift
