// SPDX-License-Identifier: Apache-2.0
// The privacy ledger through the C interface: budgets, refusals as a status of their own, opening again, misuse.
#include <string.h>

#include "check.h"

static vdt_string text(const char* words) {
    vdt_string result = {words, strlen(words)};
    return result;
}

int main(int argc, char** argv) {
    char path[4096];
    snprintf(path, sizeof path, "%s/ledger_test.ledger", argc > 1 ? argv[1] : ".");
    remove(path);
    const vdt_ledger_account account = {text("visits"), text("analyst"), text("report")};
    const uint8_t key[32] = {1, 2, 3};
    vdt_ledger_options options;
    vdt_ledger_options_init(&options, sizeof options);
    options.key = key;
    options.key_length = sizeof key;

    vdt_ledger* ledger = NULL;
    CHECK_OK(vdt_ledger_create(path, &options, NULL, &ledger, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "no budget", vdt_ledger_spend(ledger, &account, 0.1, 0.0, 5, e));
    CHECK_OK(vdt_ledger_grant(ledger, &account, 1.0, 1e-6, 0, 10, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "part of that period", vdt_ledger_grant(ledger, &account, 1.0, 0.0, 9, 20, e));
    CHECK_OK(vdt_ledger_spend(ledger, &account, 0.5, 0.0, 5, e));
    uint64_t reservation = 0;
    CHECK_OK(vdt_ledger_reserve(ledger, &account, 0.5, 0.0, 5, &reservation, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "not enough", vdt_ledger_spend(ledger, &account, 1e-300, 0.0, 5, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "valid at 10", vdt_ledger_spend(ledger, &account, 0.1, 0.0, 10, e));
    CHECK_OK(vdt_ledger_cancel(ledger, reservation, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "not open", vdt_ledger_commit(ledger, reservation, e));
    CHECK_OK(vdt_ledger_reserve(ledger, &account, 0.25, 1e-7, 5, &reservation, e));
    CHECK_OK(vdt_ledger_commit(ledger, reservation, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "loss", vdt_ledger_spend(ledger, &account, NAN, 0.0, 5, e));
    uint64_t sequence = 0;
    uint8_t digest[32];
    CHECK_OK(vdt_ledger_head(ledger, &sequence, digest, e));
    CHECK(sequence == 6);
    vdt_ledger_destroy(ledger);

    CHECK_FAILS(VDT_IO_ERROR, "create", vdt_ledger_create(path, &options, NULL, &ledger, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "key", vdt_ledger_open(path, NULL, NULL, &ledger, e));
    options.at_least_sequence = sequence;
    memcpy(options.at_least_digest, digest, sizeof digest);
    CHECK_OK(vdt_ledger_open(path, &options, NULL, &ledger, e));
    size_t count = 0;
    CHECK_OK(vdt_ledger_period_count(ledger, &account, &count, e));
    CHECK(count == 1);
    // Budgets in a measure that is named take no other; nothing is spent of what is refused.
    const vdt_ledger_account concentrated = {text("visits"), text("analyst"), text("in rho")};
    CHECK_OK(vdt_ledger_grant_in(ledger, &concentrated, VDT_LEDGER_RHO, 0.5, 0.0, 0, 10, e));
    vdt_ledger_measure measure = -1;
    CHECK_OK(vdt_ledger_measure_of(ledger, &concentrated, 0, &measure, e));
    CHECK(measure == VDT_LEDGER_RHO);
    CHECK_OK(vdt_ledger_measure_of(ledger, &account, 0, &measure, e));
    CHECK(measure == VDT_LEDGER_UNNAMED);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kept in rho",
                vdt_ledger_spend_in(ledger, &concentrated, VDT_LEDGER_EPSILON, 0.1, 0.0, 5, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kept in rho",
                vdt_ledger_reserve_in(ledger, &concentrated, VDT_LEDGER_EPSILON, 0.1, 0.0, 5, &reservation, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kept in rho",
                vdt_ledger_grant_in(ledger, &concentrated, VDT_LEDGER_EPSILON, 0.1, 0.0, 10, 20, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "measure", vdt_ledger_spend_in(ledger, &concentrated, 3, 0.1, 0.0, 5, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index", vdt_ledger_measure_of(ledger, &account, 1, &measure, e));
    CHECK_OK(vdt_ledger_spend_in(ledger, &concentrated, VDT_LEDGER_RHO, 0.5, 0.0, 5, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "", vdt_ledger_spend(ledger, &concentrated, 1e-9, 0.0, 5, e));
    vdt_ledger_balance balance;
    vdt_ledger_balance_init(&balance, sizeof balance);
    CHECK_OK(vdt_ledger_balance_of(ledger, &account, 0, &balance, e));
    CHECK(balance.budget_loss == 1.0 && balance.spent_loss == 0.75);
    CHECK(balance.spent_delta >= 1e-7 && balance.spent_delta < 1.000001e-7);
    CHECK(balance.valid_from == 0 && balance.valid_until == 10);
    CHECK(balance.spent_loss_units == 3 * (UINT64_C(1) << 38));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index", vdt_ledger_balance_of(ledger, &account, 1, &balance, e));
    vdt_ledger_destroy(ledger);
    options.at_least_sequence = sequence + 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "come past", vdt_ledger_open(path, &options, NULL, &ledger, e));
    vdt_ledger_destroy(NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "ledger", vdt_ledger_commit(NULL, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "path", vdt_ledger_open(NULL, NULL, NULL, &ledger, e));
    options.key_length = 31;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "31 bytes", vdt_ledger_open(path, &options, NULL, &ledger, e));
    remove(path);
    return check_result();
}
