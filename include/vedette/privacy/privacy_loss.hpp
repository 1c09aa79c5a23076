// SPDX-License-Identifier: Apache-2.0
// Numerical composition of privacy losses (PLD): the epsilon and delta of composed mechanisms, as certified intervals.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// How close the two ends shall be. The grid of losses is refined until they are, or until it has `max_cells` cells:
/// the bounds hold in either case. So they may stay wider than asked (LossInterval::width_reached); far in the tail of
/// a few subsampled steps, whose logarithm is convex, where no tilt helps, they do.
struct PrivacyLossOptions {
    double error = 0.01;  ///< of `epsilon`, absolute; of `delta` and rates, relative to the upper end; 1e-9 to 1e6
    double loss_interval = 0.0;          ///< a grid of this step, used as it is; 0 = as the error asks
    std::uint32_t max_cells = 1U << 22;  ///< of one composition, 2^10 to 2^26; memory is 64 bytes for each
};

/// An interval that holds the true value for certain.
struct LossInterval : Interval {
    bool width_reached = true;  ///< the two ends are as close as `error` asks, or are both infinite
};

/// One atom of a discrete privacy loss: log(P/Q) and the probability under P.
struct LossAtom {
    double loss = 0.0;
    double probability = 0.0;
};

/// A Gaussian sum whose sensitivity is random: shift[i] with probability[i].
struct GaussianMixture {
    double noise_multiplier = 1.0;
    std::vector<double> shifts;         ///< finite, not negative
    std::vector<double> probabilities;  ///< not negative, of sum 1 within 1e-12
};

/// Noise of one mechanism relative to its sensitivity, and Poisson subsampling of its records.
struct LossOptions {
    double noise_multiplier = 1.0;  ///< standard deviation (Gaussian) or scale (Laplace) over the sensitivity
    double sampling_rate = 1.0;     ///< in (0, 1]; 1 = all records
    /// The sensitivity is that to one record added or removed, as a clipping norm. A record that is replaced by another
    /// one moves the sum from one end to the other: without sampling, by twice as much; sampled, the pair is
    /// (1 - q) L(0) + q L(1) against (1 - q) L(0) + q L(-1), L the noise (of Gaussian noise as in dp-accounting).
    /// It dominates those of all other records u and v: with a = (1 - q)(alpha - 1) and c = q alpha, alpha >= 1, the
    /// curve is the integral of (q L(u) - a L(0) - c L(v))+, at most that of (s q L(u) - a L(0))+ plus that of
    /// ((1 - s) q L(u) - c L(v))+ for any s in [0, 1]. These depend on, and grow with, the lengths of u and of u - v,
    /// hence are at most those of lengths 1 and 2. There, on one line, both are positive from some place on, and with
    /// the s that makes it the same place they add up to the curve of 1 and -1: likelihood ratios grow, as the noise is
    /// log-concave. For alpha < 1 the two change places. Laplace noise: of a number.
    Neighbouring neighbouring = Neighbouring::add_remove;
};

class LossPair;

/// The privacy loss of a composition of mechanisms, each dominated by a pair of distributions.
///
/// Nothing is discretised before a question is asked. Then each loss is put upon a grid twice: by chords of its
/// hockey-stick curve (connect the dots; Doroshenko, Ghazi, Kamath, Kumar and Manurangsi 2022), which lie above it, and
/// by tangents between the grid points, which lie below it. Both are exponentially tilted to where the answer is (a
/// saddle point), so that deltas far below 1e-15 keep their relative accuracy, and composed by one FFT. Truncation,
/// aliasing and rounding are bounded and charged to the respective end. For subsampled mechanisms both directions, a
/// record added and removed, are answered for; the worse counts.
///
/// Immutable and cheap to copy; safe for concurrent use. A question costs O(n log n) for n cells of the composed grid,
/// and allocates. Throws Error(invalid_argument) for parameters outside their range.
class PrivacyLossDistribution {
  public:
    /// Composes nothing: epsilon = delta = 0.
    PrivacyLossDistribution() = default;

    /// Noise multiplier in [0.05, 1e6], sampling rate in [1e-12, 1]. replace_one: without sampling a
    /// multiplier of 0.1 or more.
    static PrivacyLossDistribution gaussian(const LossOptions& options);
    static PrivacyLossDistribution laplace(const LossOptions& options);
    /// The discrete Gaussian law exp(-x^2 / (2 sigma^2)) on the integers, sigma in [1/13, 1e4], for a query of integer
    /// sensitivity, which is at most 13 sigma.
    static PrivacyLossDistribution discrete_gaussian(double sigma, std::uint32_t sensitivity = 1,
                                                     double sampling_rate = 1.0);
    /// The law proportional to exp(-|x| / scale) on the integers, scale in [0.01, 1e4].
    static PrivacyLossDistribution discrete_laplace(double scale, std::uint32_t sensitivity = 1,
                                                    double sampling_rate = 1.0);
    /// The truth among `categories` answers with odds e^epsilon : 1 against each other; epsilon in [0, 500].
    static PrivacyLossDistribution randomized_response(double epsilon, std::uint32_t categories = 2);
    /// Any mechanism of which nothing is known but (epsilon, delta): its dominating pair.
    static PrivacyLossDistribution approximate(double epsilon, double delta);
    static PrivacyLossDistribution gaussian_mixture(const GaussianMixture& mixture);
    /// A loss given by its atoms under P, and the probability of an infinite loss; one direction.
    static PrivacyLossDistribution from_atoms(std::span<const LossAtom> atoms, double infinite = 0.0);

    /// One of two mechanisms by a coin that is told: the second one with this probability. Throws invalid_argument for
    /// compositions.
    static PrivacyLossDistribution either(const PrivacyLossDistribution& first, const PrivacyLossDistribution& second,
                                          double probability);

    /// The same mechanism so many times in a row, at most 2^32 all together.
    [[nodiscard]] PrivacyLossDistribution compose(std::uint64_t times) const;
    /// Both, each with its own randomness.
    [[nodiscard]] PrivacyLossDistribution compose(const PrivacyLossDistribution& other) const;

    /// The least epsilon >= 0 for which the composition is (epsilon, delta)-private; infinite when there is none. Here
    /// and below the interval holds the true value for certain: `upper` may be promised, `lower` tells how much is
    /// slack. `delta` in (0, 1).
    [[nodiscard]] LossInterval epsilon(double delta, const PrivacyLossOptions& options = {}) const;
    /// The least delta at this epsilon >= 0.
    [[nodiscard]] LossInterval delta(double epsilon, const PrivacyLossOptions& options = {}) const;
    /// The logarithm of that delta, for deltas below 1e-308; `options.error` is that of the logarithm.
    [[nodiscard]] LossInterval log_delta(double epsilon, const PrivacyLossOptions& options = {}) const;
    /// f-DP (Dong, Roth and Su 2022): the power of the best test for one neighbour against the other, that is the rate
    /// of true positives of the best attack on membership, at this rate of false positives in [1e-280, 1]. One minus
    /// the upper end is a type II error that every attack has at least: a trade-off function. Of both directions the
    /// greater power. Powers near 1 keep their absolute accuracy only.
    [[nodiscard]] LossInterval true_positive_rate(double false_positive_rate,
                                                  const PrivacyLossOptions& options = {}) const;

  private:
    struct Part {
        std::shared_ptr<const LossPair> pair;
        std::uint64_t times = 1;
    };
    explicit PrivacyLossDistribution(std::shared_ptr<const LossPair> pair);

    std::vector<Part> parts_;
};

}  // namespace vedette::inline v0::privacy
