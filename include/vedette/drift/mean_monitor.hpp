// SPDX-License-Identifier: Apache-2.0
// A mean that must stay within limits, by any of the confidence sequences: valid at every look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/monitor.hpp"
#include "vedette/stats/betting_sequence.hpp"
#include "vedette/stats/confidence_sequence.hpp"

namespace vedette::inline v0::drift {

enum class MeanRule : std::uint8_t {
    stitched = 0,    ///< stats::MeanConfidenceSequence: any law, dependence and drift; of the running mean
    betting = 1,     ///< stats::BettingConfidenceSequence: the tightest, for values of one mean; O(cells) a value
    proportion = 2,  ///< stats::ProportionConfidenceSequence: for values 0 and 1 of one proportion
};

struct MeanOptions {
    double least = 0.0;   ///< means from here
    double most = 1.0;    ///< to here are in order, within [0, 1]. All of it: bounds are told, and no alarm
    double level = 0.01;  ///< of a false alarm, ever, in [1e-300, 1)
    MeanRule rule = MeanRule::stitched;
    std::uint32_t cells = 1000;  ///< of betting, in [16, 65536]
};

/// A change when the confidence sequence of the mean since the start lies wholly outside [least, most]; under `betting`
/// also when no mean is left, which says that there was not one. Where the mean is in order (under `stitched`, the mean
/// so far of the conditional expectations; else each value's expectation given the past, the same for all), P(ever an
/// alarm) <= level, however often looked at: the two sides share the level. It is about the mean *since the start*:
/// after a long good past a change shows late, so reset() with each new model or day. After an alarm it starts anew.
///
/// Values outside [0, 1] (of `proportion`, other than 0 and 1) are refused and counted: give shares of the range of
/// what is bounded otherwise. About 200 bytes, and 32 a cell under `betting`.
class MeanMonitor : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit MeanMonitor(const MeanOptions& options = {});

    MonitorState update(double x) noexcept;
    /// Adds what another has seen since its start or its last alarm, as its sequence merges, and says what the bounds
    /// now say. Valid while no value is in both, for streams whose means are as the rule asks given the past of both:
    /// then `level` is of all looks at all of them together. An alarm that was told is begun anew after, here and
    /// there. Throws Error: invalid_argument for itself or other options, overflow beyond 2^53 values; nothing is
    /// changed then. Allocates.
    MonitorState merge(const MeanMonitor& other);
    void reset() noexcept;

    [[nodiscard]] const MeanOptions& options() const noexcept { return options_; }
    /// Since the start, the last reset or the last alarm.
    [[nodiscard]] std::uint64_t observations() const noexcept;
    [[nodiscard]] double mean() const noexcept;  ///< NaN before the first value
    /// Bounds on the mean, at all times with confidence 1 - level; [0, 1] before the first value; NaN where no mean is
    /// left.
    [[nodiscard]] Interval bounds() const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no MeanMonitor writes, Error(unsupported_version).
    [[nodiscard]] static MeanMonitor deserialize(std::span<const std::byte> bytes);

  private:
    MonitorState judge() noexcept;
    [[nodiscard]] bool is_likely(double proportion) const noexcept;
    using Sequence = std::variant<stats::MeanConfidenceSequence, stats::BettingConfidenceSequence,
                                  stats::ProportionConfidenceSequence>;
    static Sequence make(const MeanOptions& options);

    MeanOptions options_;
    Sequence sequence_;
};

}  // namespace vedette::inline v0::drift
