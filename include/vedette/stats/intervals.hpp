// SPDX-License-Identifier: Apache-2.0
// Confidence intervals of rates, of their difference, and of a whole distribution function.
#pragma once

#include <cstdint>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::stats {

/// A confidence level with the constants that the intervals need, computed once so that hot paths need not.
class Confidence {
  public:
    /// `level` in (0, 1), e.g. 0.99. Throws Error(invalid_argument) otherwise.
    explicit Confidence(double level);

    [[nodiscard]] double level() const noexcept { return level_; }
    /// The two-sided normal quantile.
    [[nodiscard]] double z() const noexcept { return z_; }
    /// The upper quantile of Kolmogorov's limit law.
    [[nodiscard]] double kolmogorov() const noexcept { return kolmogorov_; }

  private:
    double level_;
    double z_;
    double kolmogorov_;
};

/// Wilson's (1927) score interval of a rate. NaN when trials = 0 or successes > trials.
Interval wilson(std::uint64_t successes, std::uint64_t trials, const Confidence& confidence) noexcept;

/// Clopper and Pearson's (1934) interval of a rate, its ends rounded outwards (up to 400 hits by a bound of the
/// rounding, else by 1e-12 of themselves): coverage is never below the level. NaN as above. A few microseconds.
Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, const Confidence& confidence) noexcept;

/// Newcombe's (1998) hybrid score interval of `rate 2 - rate 1`. NaN when a number of trials is 0.
Interval newcombe(std::uint64_t successes_1, std::uint64_t trials_1, std::uint64_t successes_2, std::uint64_t trials_2,
                  const Confidence& confidence) noexcept;

/// Half-width of the band around an empirical distribution function of n values (Dvoretzky-Kiefer-Wolfowitz with
/// Massart's 1990 constant): holds at every n. NaN when n = 0.
double dkw_half_width(std::uint64_t n, const Confidence& confidence) noexcept;

}  // namespace vedette::inline v0::stats
