// SPDX-License-Identifier: Apache-2.0
// A number that leaves the house: with its interval, and paid for before its noise is drawn.
#pragma once

#include <cstdint>

#include "vedette/core/evidence.hpp"
#include "vedette/privacy/accounting.hpp"
#include "vedette/privacy/budget.hpp"
#include "vedette/privacy/ledger.hpp"

namespace vedette::inline v0::privacy {

/// Pays for releases. Every statistic calls it once per release, after all checks and before any noise exists: a
/// refusal leaves nothing to learn, and what was paid for stays paid when the release fails afterwards.
class ReleaseBudget {
  public:
    ReleaseBudget() = default;
    ReleaseBudget(const ReleaseBudget&) = delete;
    ReleaseBudget& operator=(const ReleaseBudget&) = delete;
    virtual ~ReleaseBudget() = default;
    /// Throws Error, budget_exhausted where that is why, and has spent nothing then.
    virtual void spend(const Guarantee& loss) = 0;
    /// The same for a loss in rho. Throws invalid_argument unless the budget is kept in it.
    virtual void spend_zcdp(double rho);
};

/// Out of a ledger's account, which must be kept in (epsilon, delta). The ledger must outlive it.
class LedgerBudget final : public ReleaseBudget {
  public:
    /// `now`: seconds of the caller's clock, see Ledger.
    LedgerBudget(Ledger& ledger, LedgerAccount account, std::int64_t now);
    void spend(const Guarantee& loss) override;

  private:
    Ledger* ledger_;
    LedgerAccount account_;
    std::int64_t now_;
};

/// Out of a ledger's account that is kept in rho. The ledger must outlive it.
class LedgerRhoBudget final : public ReleaseBudget {
  public:
    LedgerRhoBudget(Ledger& ledger, LedgerAccount account, std::int64_t now);
    /// Pure losses count as epsilon^2 / 2. Throws invalid_argument for a delta above 0.
    void spend(const Guarantee& loss) override;
    void spend_zcdp(double rho) override;

  private:
    Ledger* ledger_;
    LedgerAccount account_;
    std::int64_t now_;
};

/// Out of a filter in memory, which must outlive it.
class FilterBudget final : public ReleaseBudget {
  public:
    explicit FilterBudget(PrivacyFilter& filter) : filter_(&filter) {}
    void spend(const Guarantee& loss) override;
    void spend_zcdp(double rho) override;

  private:
    PrivacyFilter* filter_;
};

/// What was released. The interval holds, at the confidence asked for, what the release would have been without noise:
/// the statistic of the rows that count, clamped and rounded to the grain. It follows from the noise's exact law, and
/// says nothing about a population that the rows were drawn from.
struct Release {
    double value = 0.0;
    Interval interval{};
    Guarantee spent{};
    double rho = 0.0;  ///< what was spent where the loss is zero-concentrated; `spent` is (0, 0) then
};

}  // namespace vedette::inline v0::privacy
