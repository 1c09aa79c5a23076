// SPDX-License-Identifier: Apache-2.0
// Has the joint law of a stream's rows changed? A window slides over them, each row is looked at, and alarms are rare.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/aligned_vector.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/monitor.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace vedette::inline v0::drift {

struct MmdMonitorOptions {
    std::size_t features = 256;  ///< as RandomFeatureOptions, and the next three too
    double bandwidth = 0.0;
    bool standardise = true;
    NanPolicy nan = NanPolicy::refuse;  ///< of the reference
    std::uint32_t window = 100;         ///< rows, 2 to 1,000,000; window * features at most 2^26
    /// Rows between false alarms, on average, from 10 to 1,000,000.
    double expected_run = 10'000.0;
    /// Rows before the first look, from 1 to `window`; 0: a quarter of the window. A sum of few rows has no tail that a
    /// reference could show, so let it be tens.
    std::uint32_t first_look = 0;
    /// Simulated streams, from 1000 to 10,000,000. 0: 1000 expected_run / window, within those bounds, so that about a
    /// thousand false alarms set the final threshold.
    std::uint32_t simulations = 0;
    std::uint64_t seed = 0;  ///< of the frequencies and of the simulation
};

/// The squared maximum mean discrepancy of the last `window` rows from a frozen reference, by random Fourier features
/// (RandomFeatureMmd, without whitening), compared at every row with thresholds simulated once at fit, such that a
/// false alarm is as likely at one row as at any other: 1/expected_run, so that run lengths are geometric (Cobb, Van
/// Looveren and Klaise 2022). The rows of a simulated stream are drawn from the reference with replacement (at most
/// 4096 different ones), and each stream is compared with a resampled mean of the reference, because the reference is
/// a sample too.
///
/// Where it differs from alibi-detect's MMDDriftOnline: the window starts empty and grows, in place of rows that are
/// set aside from the reference; thresholds are constant over stages of window/32 rows while it grows (over one row
/// each there, where few simulated streams decide), and one holds from then on; the kernel is approximated, so that a
/// row costs O(d features) and not O(window^2), and memory does not grow.
///
/// Measured: see tests/guarantee and bench/README.md. Rows must be independent; the reference should have ten times as
/// many rows as the window: false alarms of one frozen reference are more or less frequent than those of another.
///
/// The rules of MonitorBase hold, with a row in place of a value: a row with a NaN (counted as nan), with an infinity
/// (infinite) or of another width (refused) enters no statistic and never silences the monitor. After a change the
/// window is emptied. Sums are whole numbers: what leaves the window leaves nothing behind, however long the stream.
/// 8 features (window + d) bytes, and as much again for a block of rows. Copies share what was fitted: fit once, copy
/// for each stream.
template <class T>
class MmdMonitor : public MonitorBase {
  public:
    /// Fits features, then simulates: O(1000 expected_run features). Throws Error as RandomFeatureMmd does, and
    /// invalid_argument for an option out of range.
    explicit MmdMonitor(MatrixView<T> reference, const MmdMonitorOptions& options = {});

    /// One row. O(d features).
    MonitorState update(std::span<const T> row) noexcept;
    /// Row after row, with the same results to the last bit, at a lower cost. What each row said goes to `states`, as
    /// far as that reaches. Returns how many changes there were.
    std::size_t update(MatrixView<T> rows, std::span<MonitorState> states = {}) noexcept;
    /// The rows in the window of another of the same fit, oldest first, as if they came here now: streams that turn out
    /// to be one go on as one. Nothing where the windows are of different sizes. O(window features).
    void take_window(const MmdMonitor& other) noexcept;
    /// As after the fit.
    void reset() noexcept;
    /// Goes on where another of the same fit and options stands, and keeps sharing what was fitted. Throws
    /// Error(baseline_mismatch), changing nothing.
    void resume(const MmdMonitor& other);

    [[nodiscard]] const MmdMonitorOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::size_t dimension() const noexcept { return fitted_.dimension(); }
    /// Bytes besides its own and what was fitted, which copies share: what each copy takes anew.
    [[nodiscard]] std::size_t memory() const noexcept;
    /// Rows in the window.
    [[nodiscard]] std::uint32_t width() const noexcept { return width_; }
    /// n m/(n + m) MMD^2 of the m rows in the window and the n of the reference; NaN before the first look.
    [[nodiscard]] double statistic() const noexcept;
    /// A statistic above it is a change: that of the current row. Infinite before the first look.
    [[nodiscard]] double threshold() const noexcept;
    /// The MMD, in [0, sqrt 2], with its bias; NaN of an empty window.
    [[nodiscard]] double distance() const noexcept;

    /// What the features were fitted to, for `fitted().test(live())`: which features of the rows have changed, how
    /// much, and a p-value of this one look; and for its `witness`.
    [[nodiscard]] const RandomFeatureMmd<T>& fitted() const noexcept { return fitted_; }
    /// The rows in the window, as such sums.
    [[nodiscard]] FeatureWindow live() const;

    /// Canonical bytes (core/container.hpp), the fitted features among them.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no MmdMonitor of this T writes, Error(unsupported_version).
    [[nodiscard]] static MmdMonitor deserialize(std::span<const std::byte> bytes);

  private:
    MmdMonitor(RandomFeatureMmd<T> fitted, const MmdMonitorOptions& options);
    void make_room();
    void clear() noexcept;
    MonitorState enter(const std::int32_t* row) noexcept;
    MonitorState turn_away_row(const MatrixView<T>& rows, std::size_t i) noexcept;
    [[nodiscard]] double scale() const noexcept;

    MmdMonitorOptions options_;
    RandomFeatureMmd<T> fitted_;
    std::vector<double> thresholds_;    // of the stages, then of a full window
    AlignedVector<double> mean_;        // of the reference, in the features' units
    AlignedVector<std::int32_t> ring_;  // features of the rows in the window
    AlignedVector<double> sums_;        // of them: whole numbers below 2^53
    double squares_ = 0.0;              // of sums - rows * mean
    std::uint64_t age_ = 0;             // rows since the window was empty
    std::uint32_t next_ = 0;
    std::uint32_t width_ = 0;
    AlignedVector<float> scaled_;  // a block of rows, made ready
    AlignedVector<std::int32_t> entering_;
};

extern template class MmdMonitor<float>;
extern template class MmdMonitor<double>;

}  // namespace vedette::inline v0::drift
