// SPDX-License-Identifier: Apache-2.0
// Performance by labels that come late: rows wait in a bounded buffer until theirs arrives, or come with it in a batch.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vedette/drift/metric_sequence.hpp"
#include "vedette/drift/performance_estimate.hpp"

namespace vedette::inline v0::drift {

/// Delays of labels in the caller's unit of time, in cells that are an eighth of an octave wide: exact below 16, else
/// known to 1/8. Merges exactly.
class DelayCounts {
  public:
    static constexpr std::size_t cells = 16 + 8 * 60;

    void add(std::uint64_t delay) noexcept { ++counts_[cell(delay)]; }
    void merge(const DelayCounts& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept;
    /// The least delay that a share of at least `probability` did not exceed, rounded down to its cell's begin. 0 where
    /// none was counted; a probability outside [0, 1] counts as the nearer end.
    [[nodiscard]] std::uint64_t quantile(double probability) const noexcept;
    [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }

    [[nodiscard]] friend bool operator==(const DelayCounts&, const DelayCounts&) = default;

  private:
    friend class RealisedWindow;
    [[nodiscard]] static std::size_t cell(std::uint64_t delay) noexcept;

    std::array<std::uint64_t, cells> counts_{};
};

/// How far estimates are from what came true, of the same rows.
struct EstimateGap {
    std::uint64_t rows = 0;
    double estimated = std::numeric_limits<double>::quiet_NaN();  ///< accuracy, as a PerformanceWindow estimates it
    double realised = std::numeric_limits<double>::quiet_NaN();   ///< accuracy, by the labels
    double gap = std::numeric_limits<double>::quiet_NaN();        ///< realised - estimated: below 0, all is worse
    Interval interval{};
    /// Of a gap as large where the calibrated probabilities hold: two-sided, by the normal limit with their own
    /// variance, the sum of p (1 - p).
    double p_value = std::numeric_limits<double>::quiet_NaN();
};

/// Rows with labels, as counters like those of a PerformanceWindow. Merged in any order to the same bytes. Labels that
/// arrive sooner for some rows than for others (a loan that defaults, one that is paid back) make a biased sample of
/// rows; nothing here corrects for it, and the delays show it.
///
/// Not thread-safe: one window per thread, merged when read.
class RealisedWindow {
  public:
    explicit RealisedWindow(PerformanceReference reference);

    /// Counts one row with its label; false for a row that is refused, which changes nothing but its count. No
    /// allocation, no lock.
    bool observe(std::span<const double> scores, std::uint32_t prediction, std::uint32_t label) noexcept;
    bool observe(double score, std::uint32_t prediction, std::uint32_t label) noexcept {
        return observe(std::span<const double>(&score, 1), prediction, label);
    }
    /// Counts a batch. Throws Error(dimension_mismatch), and counts nothing, for lengths or columns that do not fit.
    void observe(MatrixView<double> scores, std::span<const std::uint32_t> predictions,
                 std::span<const std::uint32_t> labels);

    /// Throws Error(baseline_mismatch, overflow) and leaves this window as it was.
    void merge(const RealisedWindow& other);
    void reset() noexcept;

    [[nodiscard]] const PerformanceReference& reference() const noexcept { return reference_; }
    [[nodiscard]] const PerformanceCounts& counts() const noexcept { return counts_; }
    /// Of rows that a LabelJoin brought.
    [[nodiscard]] const DelayCounts& delays() const noexcept { return delays_; }

    /// The metrics by the labels. Intervals of accuracy and of one class's rates are Wilson's, F1 by way of its rate
    /// TP/(TP + FP + FN); of ROC-AUC to first order, in the log odds; of macro averages the mean of the classes'
    /// intervals, which is wide enough. ROC-AUC is that of the cells (roc_auc_resolution). Throws
    /// Error(invalid_argument) for a confidence outside (0, 1).
    [[nodiscard]] PerformanceEstimate performance(double confidence = 0.95) const;
    [[nodiscard]] PerformanceEstimate class_performance(std::size_t which, double confidence = 0.95) const;
    [[nodiscard]] ConfusionCounts confusion(std::size_t which = 1) const;

    /// Whether the estimate without labels holds: what concept drift breaks. Throws as performance.
    [[nodiscard]] EstimateGap gap(double confidence = 0.95) const;

    /// Canonical bytes.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Reads a window of this reference. Throws Error(baseline_mismatch, corrupt_data, unsupported_version).
    [[nodiscard]] static RealisedWindow deserialize(const PerformanceReference& reference,
                                                    std::span<const std::byte> bytes);

    [[nodiscard]] friend bool operator==(const RealisedWindow& a, const RealisedWindow& b) noexcept {
        return a.reference_ == b.reference_ && a.counts_ == b.counts_ && a.counters_ == b.counters_ &&
               a.estimated_ == b.estimated_ && a.delays_ == b.delays_;
    }

  private:
    friend class LabelJoin;
    bool count(std::span<const std::uint32_t> cells, std::uint32_t prediction, std::uint32_t label,
               std::uint64_t right_units) noexcept;

    PerformanceReference reference_;
    PerformanceCounts counts_;
    std::vector<std::uint64_t> counters_;
    std::array<std::uint64_t, 4> estimated_{};  // rows, probability of being right, its square, rows that were
    DelayCounts delays_;
    std::vector<double> probabilities_;  // scratch of one row
    std::vector<std::uint32_t> cells_;
};

struct LabelJoinOptions {
    std::size_t capacity = 100'000;  ///< rows remembered, in [1, 2^24]; one more forgets the oldest
    std::uint64_t longest_wait = std::numeric_limits<std::uint64_t>::max();  ///< in the caller's unit of time
    /// Where ids come from those who might choose them such that all share a place in the table, a secret number.
    std::uint64_t seed = 0;
};

struct LabelJoinCounts {
    std::uint64_t predictions = 0;  ///< remembered
    std::uint64_t refused = 0;      ///< predictions that cannot be counted: scores, class or width
    std::uint64_t duplicates = 0;   ///< predictions whose id waits already; the first one stays
    std::uint64_t joined = 0;       ///< labels that found their row
    std::uint64_t unknown = 0;      ///< labels of ids that nobody waits for: never seen, forgotten, or labelled before
    std::uint64_t refused_labels = 0;  ///< labels that are no class; their row waits on
    std::uint64_t expired = 0;         ///< rows that waited longer than longest_wait
    std::uint64_t displaced = 0;       ///< rows forgotten unlabelled for lack of room

    [[nodiscard]] friend bool operator==(const LabelJoinCounts&, const LabelJoinCounts&) = default;
};

/// Joins predictions and labels by a 64-bit id. Memory is taken at construction: at most 48 bytes and 4 per column for
/// each row of the capacity. The last `capacity` predictions are remembered, labelled or not. No allocation, no lock,
/// no exception afterwards; O(columns) a call on average, whatever the ids if the seed is secret.
///
/// Time is the caller's: any unit, any origin; a time before an earlier one counts as that one. Not thread-safe. A join
/// does not merge: route an id's prediction and label to the same one, and merge the windows.
class LabelJoin {
  public:
    /// Throws Error(invalid_argument) for a capacity out of range, or above 2^26 divided by the columns.
    explicit LabelJoin(PerformanceReference reference, const LabelJoinOptions& options = {});

    /// Remembers a prediction; false where it is refused or its id waits already.
    bool predict(std::uint64_t id, std::uint64_t time, std::span<const double> scores,
                 std::uint32_t prediction) noexcept;
    bool predict(std::uint64_t id, std::uint64_t time, double score, std::uint32_t prediction) noexcept {
        return predict(id, time, std::span<const double>(&score, 1), prediction);
    }
    /// Counts the row of that id into `window` with its label and delay; false where there is none, or the window is of
    /// another reference. `right`, when given, is set to whether the prediction was right: what a HarmMonitor takes;
    /// `sequence`, one with labels, gets the row too.
    bool label(std::uint64_t id, std::uint64_t time, std::uint32_t label, RealisedWindow& window, bool* right = nullptr,
               MetricSequence* sequence = nullptr) noexcept;
    /// Forgets what has waited too long at that time; predict and label do so of themselves.
    void expire(std::uint64_t time) noexcept;

    [[nodiscard]] const LabelJoinCounts& counts() const noexcept { return counts_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }
    [[nodiscard]] const PerformanceReference& reference() const noexcept { return reference_; }
    [[nodiscard]] const LabelJoinOptions& options() const noexcept { return options_; }

    /// Canonical bytes: what is read back goes on bit for bit.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(baseline_mismatch, corrupt_data, unsupported_version).
    [[nodiscard]] static LabelJoin deserialize(const PerformanceReference& reference, std::span<const std::byte> bytes);

  private:
    static constexpr std::uint32_t nobody = 0xFFFFFFFFU;
    struct Entry {
        std::uint64_t id = 0;
        std::uint64_t time = 0;
        std::uint32_t prediction = 0;
        std::uint32_t right_units = 0;  // the calibrated probability of being right, in 2^-31
        bool waits = false;
    };

    [[nodiscard]] std::size_t place_of(std::uint64_t id) const noexcept;
    /// The slot that holds the id, or the free one where it would be put.
    [[nodiscard]] std::size_t find(std::uint64_t id) const noexcept;
    void insert(std::uint32_t entry) noexcept;
    void erase(std::size_t slot) noexcept;
    void drop_oldest() noexcept;
    std::uint64_t advance(std::uint64_t time) noexcept;

    PerformanceReference reference_;
    LabelJoinOptions options_;
    LabelJoinCounts counts_;
    std::vector<Entry> ring_;
    std::vector<std::uint32_t> ring_cells_;  // columns of them per entry
    std::vector<std::uint32_t> slots_;       // indices into the ring, by id
    std::size_t oldest_ = 0;
    std::size_t used_ = 0;  // entries from the oldest on, waiting or not
    std::size_t waiting_ = 0;
    std::uint64_t now_ = 0;
    std::vector<double> probabilities_;  // scratch of one row
    std::vector<std::uint32_t> cells_;
};

}  // namespace vedette::inline v0::drift
