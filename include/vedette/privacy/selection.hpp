// SPDX-License-Identifier: Apache-2.0
// Private selection of the best candidate: the exponential mechanism and permute-and-flip, exact.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "vedette/privacy/secure_random.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// The integers that every utility is clamped to, so that no gap between utilities needs rounding. Chosen without
/// looking at the data. Clamping never adds to a utility's sensitivity.
class UtilityGrid {
  public:
    static constexpr std::int64_t largest_width = std::int64_t{1} << 26;
    static constexpr std::int64_t farthest = std::int64_t{1} << 61;

    /// Throws invalid_argument unless -2^61 <= lower < upper <= 2^61 and upper - lower <= 2^26.
    UtilityGrid(std::int64_t lower, std::int64_t upper);
    [[nodiscard]] std::int64_t lower() const noexcept { return lower_; }
    [[nodiscard]] std::int64_t upper() const noexcept { return upper_; }

  private:
    std::int64_t lower_, upper_;
};

/// By how many steps of the integers one record can change any single utility or query, in either direction.
class StepSensitivity {
  public:
    static constexpr std::uint64_t largest = std::uint64_t{1} << 26;

    /// Throws invalid_argument unless 1 <= steps <= 2^26.
    explicit StepSensitivity(std::uint64_t steps);
    /// A fraction would be cut off, and the noise be too little.
    template <std::floating_point Fraction>
    explicit StepSensitivity(Fraction) = delete;
    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }

  private:
    std::uint64_t steps_;
};

/// What the selections share.
class Selection {
  public:
    static constexpr double least_epsilon = 0x1p-29;
    static constexpr double largest_epsilon = 0x1p20;

    /// The loss per step of utility: epsilon / (2 sensitivity), rounded down to 26 bits, so that its product with any
    /// gap of the grid is exact. Guarantee: 2 sensitivity rate <= epsilon, exactly.
    [[nodiscard]] double rate() const noexcept { return rate_; }

  protected:
    /// Throws invalid_argument unless 2^-29 <= epsilon <= 2^20.
    Selection(const UtilityGrid& grid, StepSensitivity sensitivity, Epsilon epsilon);
    /// The largest utility, clamped. Throws invalid_argument if there is none.
    [[nodiscard]] std::int64_t best(std::span<const std::int64_t> utilities) const;
    /// 1 with probability exp(-rate (best - utility)), exactly.
    [[nodiscard]] bool accept(std::int64_t best, std::int64_t utility, detail::Keystream& keystream) const;

  private:
    UtilityGrid grid_;
    double rate_;
};

/// Candidate i with probability proportional to exp(rate utility_i) (McSherry and Talwar 2007), exactly: candidates
/// are drawn uniformly until a coin of exp(-rate (best - utility)) accepts one; no floating-point probability decides.
/// Pure differential privacy of epsilon per choice. At most n draws on average, n being the number of candidates, which
/// is public. How many were drawn depends on the utilities: whoever can time single choices learns about them, which
/// epsilon does not cover. Immutable, safe for concurrent use.
class ExponentialMechanism : public Selection {
  public:
    ExponentialMechanism(const UtilityGrid& grid, StepSensitivity sensitivity, Epsilon epsilon)
        : Selection(grid, sensitivity, epsilon) {}

    /// The index of a candidate. Every call spends epsilon. Throws invalid_argument for no candidates, io_error if the
    /// operating system gives no entropy.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities) const;

    /// For the library's own use.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const;
};

/// Permute-and-flip (McKenna and Sheldon 2020): as the exponential mechanism, but candidates are drawn without
/// replacement. The same privacy, and never a lower expected utility. At most n draws; allocates n indices. Timing as
/// above. Immutable, safe for concurrent use.
class PermuteAndFlip : public Selection {
  public:
    PermuteAndFlip(const UtilityGrid& grid, StepSensitivity sensitivity, Epsilon epsilon)
        : Selection(grid, sensitivity, epsilon) {}

    /// As ExponentialMechanism::choose.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities) const;

    /// For the library's own use.
    [[nodiscard]] std::size_t choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const;
};

}  // namespace vedette::inline v0::privacy
