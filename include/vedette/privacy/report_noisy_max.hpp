// SPDX-License-Identifier: Apache-2.0
// Private selection by report-noisy-max: the candidate whose utility is largest after integer noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/selection.hpp"

namespace vedette::inline v0::privacy {

/// How a record can move the utilities.
enum class UtilityChange : std::uint8_t {
    any,        ///< each up or down on its own
    one_sided,  ///< all that move move the same way, as counts do when a record is added: half the noise
};

enum class NoisyMaxNoise : std::uint8_t {
    laplace,
    geometric,  ///< the same privacy with half of the variance: only differences matter
};

/// The index of the largest of utility_i + noise_i, the first of equals: pure differential privacy of epsilon, in a
/// time that depends on the number of candidates alone. Nothing else may leave, in particular not the noisy utility.
/// The noise has the scale 2 sensitivity / epsilon, or sensitivity / epsilon for one-sided changes, rounded up. For
/// given noise of the others, candidate i wins where its noise reaches an integer, which a record moves by at most
/// 2 sensitivity (1 sensitivity where changes are one-sided): the law's tails fall by at most that factor (Dwork and
/// Roth 2014, claim 3.9; Ding, Kifer et al. 2021 for one-sided noise). Choosing it over the exponential mechanism: its
/// time does not depend on the utilities. Immutable, safe for concurrent use.
class ReportNoisyMax {
  public:
    /// Throws invalid_argument for an epsilon outside [2^-29, 2^20], or a scale above DiscreteLaplace's largest (its
    /// least is used below it).
    ReportNoisyMax(StepSensitivity sensitivity, Epsilon epsilon, UtilityChange change = UtilityChange::any,
                   NoisyMaxNoise noise = NoisyMaxNoise::geometric);

    [[nodiscard]] double scale() const noexcept { return laplace_.scale(); }
    /// Utilities are clamped to +-2^61. Every call spends epsilon. Throws invalid_argument for no candidates, io_error
    /// if the operating system gives no entropy. Allocates one integer per candidate.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities) const;

    /// For the library's own use.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const;

  private:
    NoisyMaxNoise noise_;
    DiscreteLaplace laplace_;
    Geometric geometric_;
};

}  // namespace vedette::inline v0::privacy
