// SPDX-License-Identifier: Apache-2.0
// Confidence sequences: bounds on a mean or a proportion that hold at all times at once, however often looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::stats {

/// A curve that a sum of deviations from its conditional means, of values in [0, 1], exceeds with probability `level`
/// at most, ever: polynomial stitching with eta = 2, s = 1.4 at scale 1 (Howard, Ramdas, McAuliffe and Sekhon 2021,
/// equation 10 and theorem 4). Immutable.
class StitchedBoundary {
  public:
    /// `level` in (0, 1), of one side. The curve is tightest where squared deviations sum to a few times
    /// `intrinsic_time`, in [1, 1e9]. Throws Error(invalid_argument).
    StitchedBoundary(double level, double intrinsic_time);

    /// At a sum of squared deviations >= 0.
    [[nodiscard]] double at(double squares) const noexcept;

  private:
    double intrinsic_time_;
    double level_term_;  // ln(zeta(s)/(level ln(eta)^s))
};

/// What the bounds on the mean of values in [0, 1] need to know: each value's squared deviation is from the mean before
/// it (of an imagined 1/2 as well), so that the prediction never knows what it predicts.
struct PredictedDeviations {
    std::uint64_t count = 0;
    double sum = 0.0;
    double squares = 0.0;

    /// `value` in [0, 1].
    void add(double value) noexcept;
    /// NaN when empty.
    [[nodiscard]] double mean() const noexcept;
    /// Of the mean, on one side; infinite when empty.
    [[nodiscard]] double half_width(const StitchedBoundary& boundary) const noexcept;
    /// Whether some values could have led here.
    [[nodiscard]] bool is_possible() const noexcept;
};

struct MeanSequenceOptions {
    double level = 0.05;           ///< of the bounds ever missing, both sides together, in (0, 1)
    double intrinsic_time = 10.0;  ///< see StitchedBoundary; in units of the squared range
    double lower = 0.0;            ///< what values cannot be below
    double upper = 1.0;            ///< or above; a finite range > 0
};

/// Bounds on the running mean of bounded values: the empirical-Bernstein confidence sequence of Howard et al. (2021).
/// With probability 1 - level the interval holds, at every time at once, the mean so far of the values' conditional
/// expectations given the past: for any law, dependence and drift. Its width follows the values' variance.
///
/// State of three numbers; update and bounds are O(1), without allocation. Copyable; a const one may be shared.
class MeanConfidenceSequence {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit MeanConfidenceSequence(const MeanSequenceOptions& options = {});

    /// False, and nothing changed, for NaN, a value outside the range, or after 2^53 values.
    bool update(double value) noexcept;
    void reset() noexcept { sums_ = {}; }
    /// Adds what another has seen. Valid while no value is in both, and the expectations meant are given the past of
    /// both streams. Throws Error: invalid_argument for itself or other options, overflow beyond 2^53 values.
    void merge(const MeanConfidenceSequence& other);

    [[nodiscard]] const MeanSequenceOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return sums_.count; }
    /// NaN before the first value.
    [[nodiscard]] double mean() const noexcept;
    /// The whole range before the first value.
    [[nodiscard]] Interval bounds() const noexcept;

    /// Canonical bytes (core/container.hpp): what is read goes on bit for bit.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that none writes, Error(unsupported_version).
    [[nodiscard]] static MeanConfidenceSequence deserialize(std::span<const std::byte> bytes);

  private:
    MeanSequenceOptions options_;
    StitchedBoundary boundary_;
    PredictedDeviations sums_;
};

struct ProportionSequenceOptions {
    double level = 0.05;           ///< of the bounds ever missing, in (0, 1)
    double prior_successes = 0.5;  ///< of the beta law that is mixed over, in [0.01, 1e6]
    double prior_failures = 0.5;   ///< their ratio is where the bounds are tightest, their sum how surely
};

/// Bounds on a proportion: those p whose likelihood is more than `level` times its mean under a beta law (Robbins 1970;
/// the beta-binomial mixture, without approximation). With probability 1 - level they hold at every time at once,
/// provided that each trial succeeds with the same probability given the past; where that may drift, take
/// MeanConfidenceSequence.
///
/// State of two integers; update is O(1), bounds() searches two roots (some microseconds), neither allocates. Copyable;
/// a const one may be shared.
class ProportionConfidenceSequence {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit ProportionConfidenceSequence(const ProportionSequenceOptions& options = {});

    /// False, and nothing changed, after 2^53 trials.
    bool update(bool success) noexcept;
    /// False, and nothing changed, for more successes than trials or beyond 2^53 trials.
    bool update(std::uint64_t successes, std::uint64_t trials) noexcept;
    void reset() noexcept { successes_ = trials_ = 0; }
    /// Adds what another has seen, exactly, in any order. Valid for streams of one proportion that share no trial.
    /// Throws Error: invalid_argument for itself or other options, overflow beyond 2^53 trials.
    void merge(const ProportionConfidenceSequence& other);

    [[nodiscard]] const ProportionSequenceOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t successes() const noexcept { return successes_; }
    [[nodiscard]] std::uint64_t trials() const noexcept { return trials_; }
    /// [0, 1] before the first trial.
    [[nodiscard]] Interval bounds() const noexcept;

    /// As of MeanConfidenceSequence.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static ProportionConfidenceSequence deserialize(std::span<const std::byte> bytes);

  private:
    ProportionSequenceOptions options_;
    std::uint64_t successes_ = 0;
    std::uint64_t trials_ = 0;
};

}  // namespace vedette::inline v0::stats
