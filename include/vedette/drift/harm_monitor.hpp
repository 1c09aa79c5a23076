// SPDX-License-Identifier: Apache-2.0
// An alarm on harm, not on drift: is a classifier wrong more often than is tolerated? Valid at every look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/monitor.hpp"
#include "vedette/stats/confidence_sequence.hpp"

namespace vedette::inline v0::drift {

struct HarmOptions {
    double tolerated = 0.1;       ///< the mean loss that is still in order, in [0, 1)
    double level = 0.01;          ///< of a false alarm, ever, in (0, 1)
    double warning_level = 0.05;  ///< of a warning, at least `level`
    /// The sum of squared deviations at which the sequence is tightest is a few times this; in [1, 1e9]. Small: narrow
    /// early, a little wider later.
    double intrinsic_time = 10.0;
};

/// Watches the mean of losses in [0, 1] by a confidence sequence: bounds that hold at all times at once, so that one
/// may look at every row. Losses are 1 - (what PerformanceWindow::observe returns) without labels, 1 for an error and 0
/// else with them (LabelJoin::label), or any bounded cost.
///
/// A change when the lower bound exceeds `tolerated`. Where the mean so far of the conditional expectations (of each
/// loss, given the past) never exceeds it, P(ever an alarm) <= level: for any law, dependence and drift, however often
/// looked at (Podkopaev and Ramdas 2022, tracking risk). The bound is that of stats/confidence_sequence.hpp, of the
/// running mean, on each side. It is about the mean *since the start*: after a long good past harm shows late, so
/// reset() with each new model, day or alarm; restarted k times it alarms falsely with probability k * level at most.
///
/// `tolerated` is yours: what the reference's loss is, plus what you accept. See tolerated_loss.
///
/// Losses outside [0, 1] are refused and counted. O(1) per update, about 200 bytes.
class HarmMonitor : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit HarmMonitor(const HarmOptions& options = {});

    MonitorState update(double loss) noexcept;
    /// Adds what another has seen since its start or its last alarm, and says what the bounds now say: a change, where
    /// both together show harm that neither did alone. Valid while no loss is in both and `tolerated` is about
    /// expectations given the past of both streams: then `level` is of all looks at all of them together. An alarm that
    /// was told is begun anew after, here and there. Throws Error: invalid_argument for itself or other options,
    /// overflow beyond 2^53 losses; nothing is changed then.
    MonitorState merge(const HarmMonitor& other);
    void reset() noexcept;

    [[nodiscard]] const HarmOptions& options() const noexcept { return options_; }
    /// Since the start, the last reset or the last alarm.
    [[nodiscard]] std::uint64_t observations() const noexcept { return sums_.count; }
    [[nodiscard]] double mean() const noexcept { return sums_.mean(); }
    /// Bounds on the mean: each side holds at all times with confidence 1 - level, both with 1 - 2 level. [0, 1] before
    /// the first loss.
    [[nodiscard]] Interval bounds() const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no HarmMonitor writes, Error(unsupported_version).
    [[nodiscard]] static HarmMonitor deserialize(std::span<const std::byte> bytes);

  private:
    MonitorState judge() noexcept;

    HarmOptions options_;
    stats::StitchedBoundary boundary_;
    stats::StitchedBoundary warning_boundary_;
    stats::PredictedDeviations sums_;
};

/// A mean loss to tolerate: an upper bound, at confidence 1 - level, on that of the law of which `losses` among `rows`
/// reference rows were errors (Clopper and Pearson 1934), plus `margin`. With it a HarmMonitor of level b alarms
/// falsely with probability level + b at most, over the drawing of the reference too. Throws Error: not_enough_data for
/// no rows, invalid_argument for more errors than rows, a level outside (0, 1), a margin outside [0, 1) or a sum that
/// reaches 1.
double tolerated_loss(std::uint64_t errors, std::uint64_t rows, double level, double margin = 0.0);

}  // namespace vedette::inline v0::drift
