// SPDX-License-Identifier: Apache-2.0
// Where releases are paid from.
#include "vedette/privacy/release.hpp"

#include <fmt/format.h>

#include <utility>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

void ReleaseBudget::spend_zcdp(double rho) {
    throw Error(ErrorCode::invalid_argument,
                fmt::format("rho {} is to be spent of a budget that is not kept in rho", rho));
}

LedgerRhoBudget::LedgerRhoBudget(Ledger& ledger, LedgerAccount account, std::int64_t now)
    : ledger_(&ledger), account_(std::move(account)), now_(now) {}

void LedgerRhoBudget::spend(const Guarantee& loss) {
    if (loss.delta > 0.0)
        throw Error(ErrorCode::invalid_argument, "delta is to be spent of an account that is kept in rho");
    spend_zcdp(zcdp_of_pure(loss.epsilon));
}

void LedgerRhoBudget::spend_zcdp(double rho) {
    ledger_->spend(account_, LedgerCost::of(rho), now_, LedgerMeasure::rho);
}

LedgerBudget::LedgerBudget(Ledger& ledger, LedgerAccount account, std::int64_t now)
    : ledger_(&ledger), account_(std::move(account)), now_(now) {}

void LedgerBudget::spend(const Guarantee& loss) {
    ledger_->spend(account_, LedgerCost::of(loss.epsilon, loss.delta), now_, LedgerMeasure::epsilon);
}

void FilterBudget::spend(const Guarantee& loss) {
    if (!filter_->try_spend(loss))
        throw Error(ErrorCode::budget_exhausted,
                    fmt::format("the filter does not allow epsilon {} and delta {} more", loss.epsilon, loss.delta));
}

void FilterBudget::spend_zcdp(double rho) {
    if (!filter_->try_spend_zcdp(rho))
        throw Error(ErrorCode::budget_exhausted, fmt::format("the filter does not allow rho {} more", rho));
}

}  // namespace vedette::inline v0::privacy
