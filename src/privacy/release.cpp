// SPDX-License-Identifier: Apache-2.0
// Where releases are paid from.
#include "vedette/privacy/release.hpp"

#include <fmt/format.h>

#include <utility>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

LedgerBudget::LedgerBudget(Ledger& ledger, LedgerAccount account, std::int64_t now)
    : ledger_(&ledger), account_(std::move(account)), now_(now) {}

void LedgerBudget::spend(const Guarantee& loss) {
    ledger_->spend(account_, LedgerCost::of(loss.epsilon, loss.delta), now_);
}

void FilterBudget::spend(const Guarantee& loss) {
    if (!filter_->try_spend(loss))
        throw Error(ErrorCode::budget_exhausted,
                    fmt::format("the filter does not allow epsilon {} and delta {} more", loss.epsilon, loss.delta));
}

}  // namespace vedette::inline v0::privacy
