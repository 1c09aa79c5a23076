// SPDX-License-Identifier: Apache-2.0
// Losses and who pays for them, out of the caller's struct.
#include "payment.hpp"

#include <string>

#include "handles.hpp"
#include "structs.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

privacy::ReleaseLoss read_loss(const vdt_private_release_options& options) {
    if (options.rho != 0.0) {
        if (options.epsilon != 0.0 || options.delta != 0.0)
            throw Error(ErrorCode::invalid_argument, "options.rho is in place of epsilon and delta: leave those 0");
        return privacy::Rho(options.rho);
    }
    const privacy::Epsilon epsilon(options.epsilon);
    if (options.delta != 0.0) return {epsilon, privacy::Delta(options.delta)};
    return epsilon;
}

std::unique_ptr<privacy::ReleaseBudget> read_budget(const vdt_private_release_options& options) {
    if (options.filter != nullptr) {
        if (options.ledger != nullptr || options.account != nullptr)
            throw Error(ErrorCode::invalid_argument, "options.filter is in place of ledger and account");
        return std::make_unique<privacy::FilterBudget>(options.filter->object);
    }
    if (options.ledger == nullptr) throw Error(ErrorCode::invalid_argument, "options.ledger must not be null");
    privacy::Ledger& ledger = options.ledger->object;
    if (options.rho != 0.0)
        return std::make_unique<privacy::LedgerRhoBudget>(ledger, to_account(options.account), options.now);
    return std::make_unique<privacy::LedgerBudget>(ledger, to_account(options.account), options.now);
}

}  // namespace

vdt_private_release_options default_payment() noexcept {
    return {sizeof(vdt_private_release_options), 0, 0.0, 0.0, 0.0, 0.95, nullptr, nullptr, 0, 0.0, 0.0, nullptr};
}

Payment read_payment(const vdt_private_release_options* given) {
    require(given, "options");
    const vdt_private_release_options options = read_struct(given, default_payment(), "options");
    return {options, read_budget(options), read_loss(options), stats::Confidence(options.confidence)};
}  // NOLINT(clang-analyzer-cplusplus.NewDeleteLeaks): the payment owns the budget

void check_release(const vdt_private_release* out) {
    require(out, "out");
    check_struct_size(out->struct_size, "out");
}

vdt_private_release to_c(const privacy::Release& release) noexcept {
    return {sizeof(vdt_private_release),
            0,
            release.value,
            release.interval.lower,
            release.interval.upper,
            release.spent.epsilon,
            release.spent.delta,
            release.rho};
}

vdt_private_rows_options default_rows() noexcept {
    return {sizeof(vdt_private_rows_options), 0, 1, 1, 0, 0};
}

RowsChoice read_rows(const vdt_private_rows_options* given) {
    const vdt_private_rows_options options = read_struct(given, default_rows(), "options");
    const bool by_user = read_flag(options.by_user, "options.by_user"),
               random = read_flag(options.random_choice, "options.random_choice");
    const privacy::Neighbouring neighbouring = read_neighbouring(options.replace_one, "options.replace_one");
    return {by_user ? privacy::PrivacyUnit::user(neighbouring, {options.categories_per_user, options.rows_per_user})
                    : privacy::PrivacyUnit::record(neighbouring),
            random ? privacy::ContributionChoice::random : privacy::ContributionChoice::first};
}

bool read_flag(std::int32_t value, const char* argument) {
    if (value != 0 && value != 1) throw Error(ErrorCode::invalid_argument, std::string(argument) + " must be 0 or 1");
    return value == 1;
}

privacy::Neighbouring read_neighbouring(std::int32_t replace_one, const char* argument) {
    return read_flag(replace_one, argument) ? privacy::Neighbouring::replace_one : privacy::Neighbouring::add_remove;
}

}  // namespace vedette::inline v0::capi
