// SPDX-License-Identifier: Apache-2.0
// Statistics under privacy through the C interface: values, limits per user, who pays, misuse that costs nothing.
#include <string.h>

#include "check.h"

static vdt_string text(const char* words) {
    vdt_string result = {words, strlen(words)};
    return result;
}

static void add(vdt_private_rows* rows, const char* user, double value, const char* category) {
    CHECK_OK(vdt_private_rows_add(rows, user, strlen(user), value, category, strlen(category), e));
}

static double spent(vdt_ledger* ledger, const vdt_ledger_account* account) {
    vdt_ledger_balance balance;
    vdt_ledger_balance_init(&balance, sizeof balance);
    CHECK_OK(vdt_ledger_balance_of(ledger, account, 0, &balance, e));
    return balance.spent_loss;
}

// A report of noised counts: paid once, told as such, refused without a budget.
static void test_released(vdt_ledger* ledger, const vdt_ledger_account* account) {
    static reference data;
    vdt_column columns[FEATURES];
    fill_reference(&data, 2);
    reference_columns(&data, columns);
    vdt_baseline* baseline = make_baseline(1);
    vdt_window* window = make_window(baseline);
    vdt_report* report = NULL;
    CHECK_OK(vdt_window_observe_columns(window, columns, FEATURES, e));
    static const char policy[] =
        "{\"account\": {\"data_set\": \"visits\", \"principal\": \"analyst\", \"purpose\": \"report\"},"
        " \"epsilon\": 2, \"rows_per_user\": 3, \"outputs\": [\"features\"]}";
    vdt_release_options options;
    vdt_release_options_init(&options, sizeof options);
    options.release_policy = policy;
    options.release_policy_length = strlen(policy);
    options.now = 5;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "ledger", vdt_assess_released(window, &options, NULL, &report, e));
    options.ledger = ledger;
    const double before = spent(ledger, account);
    CHECK_OK(vdt_assess_released(window, &options, NULL, &report, e));
    CHECK(spent(ledger, account) == before + 2.0);
    vdt_release_info info;
    vdt_release_info_init(&info, sizeof info);
    CHECK_OK(vdt_report_release(report, &info, e));
    CHECK(info.is_released == 1 && info.is_gaussian == 0 && info.epsilon == 2.0 && info.rows_per_user == 3);
    CHECK(info.counters_per_row == 3 && info.scale == 4.5 && info.standard_deviation > 2.0);
    vdt_report_destroy(report);
    report = NULL;
    vdt_allocator unfit;
    vdt_allocator_init(&unfit, sizeof unfit);
    unfit.release = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "allocator", vdt_assess_released(window, &options, &unfit, &report, e));
    CHECK(report == NULL && spent(ledger, account) == before + 2.0);
    options.now = 10;  // the budget's period is over
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "", vdt_assess_released(window, &options, NULL, &report, e));
    CHECK(report == NULL && spent(ledger, account) == before + 2.0);
    options.release_policy_length = 1;
    CHECK_FAILS(VDT_INVALID_POLICY, "release policy", vdt_assess_released(window, &options, NULL, &report, e));
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &report, e));
    CHECK_OK(vdt_report_release(report, &info, e));
    CHECK(info.is_released == 0 && info.epsilon == 0.0);
    vdt_report_destroy(report);
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
}

int main(int argc, char** argv) {
    char path[4096];
    snprintf(path, sizeof path, "%s/private_test.ledger", argc > 1 ? argv[1] : ".");
    remove(path);
    const vdt_ledger_account account = {text("visits"), text("analyst"), text("report")};
    vdt_ledger* ledger = NULL;
    CHECK_OK(vdt_ledger_create(path, NULL, NULL, &ledger, e));
    CHECK_OK(vdt_ledger_grant(ledger, &account, 100000.0, 0.0, 0, 10, e));

    // By record. So much is paid that the noise is nothing: e^-1024.
    vdt_private_rows *rows = NULL, *more = NULL;
    CHECK_OK(vdt_private_rows_create(NULL, NULL, &rows, e));
    CHECK_OK(vdt_private_rows_create(NULL, NULL, &more, e));
    for (int i = 0; i < 100; ++i) add(i % 3 == 0 ? rows : more, "", i % 10, i % 4 == 0 ? "north" : "south");
    add(more, "", 1e300, "east");
    CHECK_OK(vdt_private_rows_merge(rows, more, e));
    vdt_private_release_options options;
    vdt_private_release_options_init(&options, sizeof options);
    options.ledger = ledger;
    options.account = &account;
    options.now = 5;
    options.epsilon = 4096.0;
    options.upper = 20.0;
    vdt_private_release release;
    vdt_private_release_init(&release, sizeof release);
    CHECK_OK(vdt_private_count(rows, &options, &release, e));
    CHECK(release.value == 101.0 && release.lower == 101.0 && release.upper == 101.0 && release.epsilon == 4096.0);
    CHECK_OK(vdt_private_sum(rows, &options, &release, e));
    CHECK(fabs(release.value - 470.0) < 0.5 && release.lower < release.value && release.value < release.upper);
    CHECK_OK(vdt_private_mean(rows, &options, &release, e));
    CHECK(fabs(release.value - 470.0 / 101.0) < 0.01);
    CHECK(spent(ledger, &account) == 3.0 * 4096.0);
    const vdt_string categories[2] = {text("north"), text("west")};
    double counts[3], half_width = -1.0;
    CHECK_OK(vdt_private_histogram(rows, categories, 2, &options, counts, 3, &half_width, e));
    CHECK(counts[0] == 25.0 && counts[1] == 0.0 && counts[2] == 76.0 && half_width == 0.0);

    // By user: the first two rows in the first category.
    vdt_private_rows_options limits;
    vdt_private_rows_options_init(&limits, sizeof limits);
    CHECK(limits.rows_per_user == 1 && limits.categories_per_user == 1);
    limits.by_user = 1;
    limits.rows_per_user = 2;
    vdt_private_rows *users = NULL, *others = NULL;
    CHECK_OK(vdt_private_rows_create(&limits, NULL, &users, e));
    CHECK_OK(vdt_private_rows_create(&limits, NULL, &others, e));
    for (int i = 0; i < 30; ++i) add(i < 20 ? users : others, i % 2 == 0 ? "ann" : "bob", i, i < 28 ? "a" : "b");
    CHECK_OK(vdt_private_rows_merge(users, others, e));
    CHECK_OK(vdt_private_count(users, &options, &release, e));
    CHECK(release.value == 4.0);
    CHECK_OK(vdt_private_sum(users, &options, &release, e));
    CHECK(fabs(release.value - 6.0) < 0.5);
    options.epsilon = 0.5;
    CHECK_OK(vdt_private_count(users, &options, &release, e));
    CHECK(release.upper - release.lower > 15.0 && release.upper - release.lower < 35.0);  // scale 4
    CHECK_OK(vdt_private_histogram(users, categories, 2, &options, counts, 3, &half_width, e));
    CHECK(half_width > 8.0 && half_width < 16.0);

    // What is refused costs nothing.
    const double before = spent(ledger, &account);
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "options", vdt_private_rows_merge(users, rows, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_private_rows_add(rows, "ann", 3, 1.0, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rows", vdt_private_rows_add(NULL, "ann", 3, 1.0, NULL, 0, e));
    CHECK_FAILS(VDT_OVERFLOW, "capacity", vdt_private_histogram(rows, categories, 2, &options, counts, 2, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "counts", vdt_private_histogram(rows, categories, 2, &options, NULL, 3, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_private_count(rows, &options, NULL, e));
    release.struct_size = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_private_mean(rows, &options, &release, e));
    vdt_private_release_init(&release, sizeof release);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_private_sum(rows, NULL, &release, e));
    options.upper = -1.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bounds", vdt_private_sum(rows, &options, &release, e));
    options.upper = 1.0;
    options.epsilon = NAN;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_private_sum(rows, &options, &release, e));
    options.epsilon = 1.0;
    options.confidence = 1.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "level", vdt_private_sum(rows, &options, &release, e));
    options.confidence = 0.9;
    options.account = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "account", vdt_private_sum(rows, &options, &release, e));
    options.account = &account;
    options.ledger = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "ledger", vdt_private_sum(rows, &options, &release, e));
    options.ledger = ledger;
    limits.rows_per_user = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "limit", vdt_private_rows_create(&limits, NULL, &more, e));
    limits.by_user = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "by_user", vdt_private_rows_create(&limits, NULL, &more, e));
    CHECK(spent(ledger, &account) == before);
    options.epsilon = 1000000.0;
    release.value = 7.0;
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "not enough", vdt_private_sum(rows, &options, &release, e));
    CHECK(release.value == 7.0 && spent(ledger, &account) == before);

    test_released(ledger, &account);

    vdt_private_rows_destroy(rows);
    vdt_private_rows_destroy(more);
    vdt_private_rows_destroy(users);
    vdt_private_rows_destroy(others);
    vdt_private_rows_destroy(NULL);
    vdt_ledger_destroy(ledger);
    remove(path);
    return check_result();
}
