// SPDX-License-Identifier: Apache-2.0
// The privacy ledger, across the C boundary.
#include "vedette/privacy/ledger.hpp"

#include <algorithm>
#include <string>

#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;
using privacy::Ledger;
using privacy::LedgerAccount;
using privacy::LedgerBalance;
using privacy::LedgerCost;

namespace {

constexpr vdt_ledger_options default_options{sizeof(vdt_ledger_options), 0, nullptr, 0, 0, {}};

privacy::LedgerOptions to_options(const vdt_ledger_options* given) {
    const vdt_ledger_options options = read_struct(given, default_options, "options");
    if (options.not_durable != 0 && options.not_durable != 1)
        throw Error(ErrorCode::invalid_argument, "options.not_durable must be 0 or 1");
    privacy::LedgerOptions result;
    result.durable = options.not_durable == 0;
    if (options.key_length > 0) {
        require(options.key, "options.key");
        result.key = {static_cast<const std::byte*>(options.key), static_cast<std::size_t>(options.key_length)};
    }
    if (options.at_least_sequence > 0) {
        privacy::LedgerHead& head = result.at_least.emplace();
        head.sequence = options.at_least_sequence;
        std::transform(std::begin(options.at_least_digest), std::end(options.at_least_digest), head.digest.begin(),
                       [](std::uint8_t byte) { return std::byte{byte}; });
    }
    return result;
}

privacy::LedgerMeasure read_measure(vdt_ledger_measure measure) {
    static_assert(VDT_LEDGER_EPSILON == static_cast<int>(privacy::LedgerMeasure::epsilon));
    static_assert(VDT_LEDGER_RHO == static_cast<int>(privacy::LedgerMeasure::rho));
    if (measure < VDT_LEDGER_UNNAMED || measure > VDT_LEDGER_RHO)
        throw Error(ErrorCode::invalid_argument, "measure is " + std::to_string(measure) + ", must be VDT_LEDGER_*");
    return static_cast<privacy::LedgerMeasure>(measure);
}

vdt_ledger_balance to_c(const LedgerBalance& balance) noexcept {
    const auto loss = [](const LedgerCost& cost) { return static_cast<double>(cost.loss) / LedgerCost::loss_units; };
    const auto delta = [](const LedgerCost& cost) { return static_cast<double>(cost.delta) / LedgerCost::delta_units; };
    return {sizeof(vdt_ledger_balance), 0,
            balance.period.from,        balance.period.until,
            balance.budget.loss,        balance.budget.delta,
            balance.spent.loss,         balance.spent.delta,
            loss(balance.budget),       delta(balance.budget),
            loss(balance.spent),        delta(balance.spent)};
}

}  // namespace

namespace vedette::inline v0::capi {

LedgerAccount to_account(const vdt_ledger_account* account) {
    require(account, "account");
    const auto text = [](const vdt_string& name, const char* argument) {
        return std::string(to_text(name.data, name.length, argument));
    };
    return {text(account->data_set, "account->data_set"), text(account->principal, "account->principal"),
            text(account->purpose, "account->purpose")};
}

}  // namespace vedette::inline v0::capi

namespace {

LedgerBalance balance_at(vdt_ledger& ledger, const vdt_ledger_account* account, size_t index) {
    const auto balances = ledger.object.balances(to_account(account));
    if (index >= balances.size())
        throw Error(ErrorCode::invalid_argument, "index is " + std::to_string(index) + ", the account has " +
                                                     std::to_string(balances.size()) + " periods");
    return balances[index];
}

}  // namespace

extern "C" {

void vdt_ledger_options_init(vdt_ledger_options* options, size_t size) noexcept {
    init_struct(options, size, default_options);
}

void vdt_ledger_balance_init(vdt_ledger_balance* balance, size_t size) noexcept {
    init_struct(balance, size, to_c(LedgerBalance{}));
}

vdt_status vdt_ledger_create(const char* path, const vdt_ledger_options* options, const vdt_allocator* allocator,
                             vdt_ledger** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_ledger>(allocator, Ledger::create(path, to_options(options)));
    });
}

vdt_status vdt_ledger_open(const char* path, const vdt_ledger_options* options, const vdt_allocator* allocator,
                           vdt_ledger** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_ledger>(allocator, Ledger::open(path, to_options(options)));
    });
}

void vdt_ledger_destroy(vdt_ledger* ledger) noexcept {
    destroy_handle(ledger);
}

vdt_status vdt_ledger_grant(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                            int64_t valid_from, int64_t valid_until, vdt_error* error) noexcept {
    return vdt_ledger_grant_in(ledger, account, VDT_LEDGER_UNNAMED, loss, delta, valid_from, valid_until, error);
}

vdt_status vdt_ledger_grant_in(vdt_ledger* ledger, const vdt_ledger_account* account, vdt_ledger_measure measure,
                               double loss, double delta, int64_t valid_from, int64_t valid_until,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        ledger->object.grant(to_account(account), LedgerCost::budget(loss, delta), {valid_from, valid_until},
                             read_measure(measure));
    });
}

vdt_status vdt_ledger_spend(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                            int64_t now, vdt_error* error) noexcept {
    return vdt_ledger_spend_in(ledger, account, VDT_LEDGER_UNNAMED, loss, delta, now, error);
}

vdt_status vdt_ledger_spend_in(vdt_ledger* ledger, const vdt_ledger_account* account, vdt_ledger_measure measure,
                               double loss, double delta, int64_t now, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        ledger->object.spend(to_account(account), LedgerCost::of(loss, delta), now, read_measure(measure));
    });
}

vdt_status vdt_ledger_reserve(vdt_ledger* ledger, const vdt_ledger_account* account, double loss, double delta,
                              int64_t now, uint64_t* reservation, vdt_error* error) noexcept {
    return vdt_ledger_reserve_in(ledger, account, VDT_LEDGER_UNNAMED, loss, delta, now, reservation, error);
}

vdt_status vdt_ledger_reserve_in(vdt_ledger* ledger, const vdt_ledger_account* account, vdt_ledger_measure measure,
                                 double loss, double delta, int64_t now, uint64_t* reservation,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        require(reservation, "reservation");
        *reservation =
            ledger->object.reserve(to_account(account), LedgerCost::of(loss, delta), now, read_measure(measure));
    });
}

vdt_status vdt_ledger_commit(vdt_ledger* ledger, uint64_t reservation, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        ledger->object.commit(reservation);
    });
}

vdt_status vdt_ledger_cancel(vdt_ledger* ledger, uint64_t reservation, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        ledger->object.cancel(reservation);
    });
}

vdt_status vdt_ledger_period_count(vdt_ledger* ledger, const vdt_ledger_account* account, size_t* count,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        require(count, "count");
        *count = ledger->object.balances(to_account(account)).size();
    });
}

vdt_status vdt_ledger_balance_of(vdt_ledger* ledger, const vdt_ledger_account* account, size_t index,
                                 vdt_ledger_balance* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        write_struct(out, to_c(balance_at(*ledger, account, index)), "out");
    });
}

vdt_status vdt_ledger_measure_of(vdt_ledger* ledger, const vdt_ledger_account* account, size_t index,
                                 vdt_ledger_measure* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        require(out, "out");
        *out = static_cast<vdt_ledger_measure>(balance_at(*ledger, account, index).measure);
    });
}

vdt_status vdt_ledger_head(vdt_ledger* ledger, uint64_t* sequence, uint8_t* digest, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(ledger, "ledger");
        require(sequence, "sequence");
        require(digest, "digest");
        const privacy::LedgerHead head = ledger->object.head();
        *sequence = head.sequence;
        std::transform(head.digest.begin(), head.digest.end(), digest,
                       [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    });
}

}  // extern "C"
