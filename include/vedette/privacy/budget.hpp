// SPDX-License-Identifier: Apache-2.0
// Budgets for adaptively chosen mechanisms: a filter that refuses, an odometer that reads, and costs that never vanish.
#pragma once

#include <cstdint>

#include "vedette/privacy/accounting.hpp"

namespace vedette::inline v0::privacy {

/// A non-negative amount in units of 2^-40, rounded up: the smallest positive cost is one unit, so that no spending is
/// ever lost. Sums saturate at `unlimited`, which also stands for infinity. What a ledger stores.
class PrivacyCost {
  public:
    constexpr PrivacyCost() = default;
    /// Throws Error(invalid_argument) for NaN and negative values.
    static PrivacyCost of(double value);
    static constexpr PrivacyCost from_units(std::uint64_t units) noexcept {
        PrivacyCost cost;
        cost.units_ = units;
        return cost;
    }
    static constexpr PrivacyCost unlimited() noexcept { return from_units(~std::uint64_t{0}); }

    [[nodiscard]] constexpr std::uint64_t units() const noexcept { return units_; }
    /// Not below the amount.
    [[nodiscard]] double value() const noexcept;

    friend constexpr PrivacyCost operator+(PrivacyCost a, PrivacyCost b) noexcept {
        const std::uint64_t sum = a.units_ + b.units_;
        return sum < a.units_ ? unlimited() : from_units(sum);
    }
    friend constexpr bool operator==(PrivacyCost, PrivacyCost) = default;
    friend constexpr auto operator<=>(PrivacyCost, PrivacyCost) = default;  // NOLINT(modernize-use-nullptr): its own 0

  private:
    std::uint64_t units_ = 0;
};

/// Admits mechanisms, each chosen with knowledge of all earlier answers, as long as together they keep a guarantee
/// fixed beforehand. For zCDP the sum of rho (Feldman and Zrnic 2021), for (epsilon_i, delta_i) the advanced form
/// without any price for adaptivity (Whitehouse, Ramdas, Rogers and Wu 2023): sqrt(2 log(1/delta') sum epsilon_i^2) +
/// sum epsilon_i^2 / 2 <= epsilon and sum delta_i + delta' <= delta. Thread-compatible.
class PrivacyFilter {
  public:
    /// The share of delta that is kept for delta' may be chosen, in (0, 1]; a delta of 0 makes it the plain sum.
    explicit PrivacyFilter(const Guarantee& budget, double slack_share = 1.0);
    /// All of it zCDP: the greatest rho whose conversion keeps the guarantee.
    static PrivacyFilter zcdp(const Guarantee& budget);

    /// Spends and returns true, or changes nothing and returns false. Refused: NaN and negative costs, and what the
    /// kind of filter has no use for (a delta, in zCDP).
    [[nodiscard]] bool try_spend(const Guarantee& mechanism) noexcept;
    [[nodiscard]] bool try_spend_zcdp(double rho) noexcept;

    [[nodiscard]] const Guarantee& budget() const noexcept { return budget_; }
    /// Of the sum that is limited (rho, epsilon^2, or epsilon), spent and allowed.
    [[nodiscard]] PrivacyCost spent() const noexcept { return spent_; }
    [[nodiscard]] PrivacyCost limit() const noexcept { return limit_; }

  private:
    enum class Kind : std::uint8_t { pure, approximate, zcdp };
    PrivacyFilter() = default;

    Guarantee budget_;
    Kind kind_ = Kind::pure;
    PrivacyCost spent_;
    PrivacyCost limit_;
    double delta_spent_ = 0.0;
    double delta_limit_ = 0.0;
};

/// Reads, at any time that may depend on all answers, what was spent: with delta given beforehand, the reading's
/// guarantee holds for all times at once. A union over filters of doubling budgets rho_0 2^j, each with delta
/// 6 / (pi^2 (j + 1)^2) of the whole (after Lecuyer 2021). Thread-compatible.
class PrivacyOdometer {
  public:
    /// `first_rho` is the smallest budget read, in [1e-12, 1e6]: readings are at most about a factor sqrt(2) above it.
    explicit PrivacyOdometer(double delta, double first_rho = 1e-3);

    /// Throws Error(invalid_argument) for NaN and negative values.
    void spend_zcdp(double rho);
    void spend_pure(double epsilon);

    [[nodiscard]] PrivacyCost spent() const noexcept { return spent_; }  ///< rho
    [[nodiscard]] Guarantee read() const;

  private:
    double delta_;
    double first_rho_;
    PrivacyCost spent_;
};

}  // namespace vedette::inline v0::privacy
