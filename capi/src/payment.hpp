// SPDX-License-Identifier: Apache-2.0
// What a release across the C boundary loses, and who pays for it.
#pragma once

#include <memory>

#include "vedette.h"
#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::capi {

struct Payment {
    vdt_private_release_options options;
    std::unique_ptr<privacy::ReleaseBudget> budget;
    privacy::ReleaseLoss loss;
    stats::Confidence confidence;
};

/// Throws Error(invalid_argument) for what no release can be paid with.
Payment read_payment(const vdt_private_release_options* given);
vdt_private_release_options default_payment() noexcept;

/// Everything that can be refused is, before it is paid for.
void check_release(const vdt_private_release* out);
vdt_private_release to_c(const privacy::Release& release) noexcept;

/// Whose the rows are, and which of a user's count.
struct RowsChoice {
    privacy::PrivacyUnit unit;
    privacy::ContributionChoice choice;
};
vdt_private_rows_options default_rows() noexcept;
/// Throws Error(invalid_argument).
RowsChoice read_rows(const vdt_private_rows_options* given);

/// 0 or 1. Throws Error(invalid_argument).
bool read_flag(std::int32_t value, const char* argument);
privacy::Neighbouring read_neighbouring(std::int32_t replace_one, const char* argument);

}  // namespace vedette::inline v0::capi
