// SPDX-License-Identifier: Apache-2.0
// The mean of bounded values by betting: the tightest of the confidence sequences, at the price of a wealth per cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::stats {

struct BettingSequenceOptions {
    double level = 0.05;       ///< of the bounds ever missing, both sides together, in [1e-300, 1)
    double lower = 0.0;        ///< what values cannot be below
    double upper = 1.0;        ///< or above; a finite range > 0
    std::size_t cells = 1000;  ///< of the range, whose borders are the bounds there can be; in [16, 65536]
    double largest_bet = 0.5;  ///< the share of its wealth that a gambler puts at stake at most, in [0.01, 0.99]
};

/// Bounds on the mean of bounded values: the hedged capital process with predictable plug-in bets of Waudby-Smith and
/// Ramdas ("Estimating means of bounded random variables by betting", JRSS-B 86, 2024, theorem 3 and equation 26).
/// Against every candidate mean bet two gamblers, one on values above and one on values below it; candidates against
/// whom one has multiplied its half of the stake by 2/level are out. With probability 1 - level the interval holds the
/// mean at every time at once, provided that each value has this same mean given the past; where the mean may drift,
/// take MeanConfidenceSequence, which is wider.
///
/// Two wealths a cell, 16 bytes each; update is O(cells), bounds() O(log cells), neither allocates. Copyable; a const
/// one may be shared.
class BettingConfidenceSequence {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit BettingConfidenceSequence(const BettingSequenceOptions& options = {});

    /// False, and nothing changed, for NaN, a value outside the range, or after 2^53 values.
    bool update(double value) noexcept;
    void reset() noexcept;
    /// Adds what another has seen: wealths multiply. Valid for streams of one mean that share no value, given the past
    /// of both. Throws Error: invalid_argument for itself or other options, overflow beyond 2^53 values.
    void merge(const BettingConfidenceSequence& other);

    [[nodiscard]] const BettingSequenceOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    /// NaN before the first value.
    [[nodiscard]] double mean() const noexcept;
    /// Rounded outwards to the borders of cells; the whole range before the first value. NaN where no candidate is
    /// left: then the values have not had one mean, or the bounds have missed.
    [[nodiscard]] Interval bounds() const noexcept;

    /// Canonical bytes (core/container.hpp): what is read goes on bit for bit.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that none writes, Error(unsupported_version).
    [[nodiscard]] static BettingConfidenceSequence deserialize(std::span<const std::byte> bytes);

  private:
    // Wealths of one side by candidate: significand * 2^exponent, so that moving powers of two loses nothing.
    struct Side {
        std::vector<double> significands;
        std::vector<std::int64_t> exponents;

        explicit Side(std::size_t candidates);
        void normalise() noexcept;
        [[nodiscard]] double log_wealth(std::size_t candidate) const noexcept;
    };

    [[nodiscard]] double candidate(std::size_t index) const noexcept;
    [[nodiscard]] double value_at(std::size_t index) const noexcept;
    [[nodiscard]] double bet() const noexcept;

    BettingSequenceOptions options_;
    std::uint64_t count_ = 0;
    double sum_ = 0.0;      // of values as shares of the range
    double squares_ = 0.0;  // of their deviations from the mean so far, one imagined 1/2 included
    std::uint64_t unnormalised_ = 0;
    Side above_;  // bets that the mean is above the candidate
    Side below_;
};

}  // namespace vedette::inline v0::stats
