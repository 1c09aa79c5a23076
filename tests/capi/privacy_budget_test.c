// SPDX-License-Identifier: Apache-2.0
// Filters, odometers, local answers, pairs, ranges, rates by group and reports that hold them, through the C interface.
#include <string.h>

#include "check.h"

static vdt_string text(const char* words) {
    vdt_string result = {words, strlen(words)};
    return result;
}

static void test_filter(void) {
    vdt_privacy_filter* filter = NULL;
    double spent = -1.0, limit = -1.0;
    CHECK_OK(vdt_privacy_filter_create(1.0, 0.0, 1.0, NULL, &filter, e));
    CHECK_OK(vdt_privacy_filter_spend(filter, 0.75, 0.0, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "filter", vdt_privacy_filter_spend(filter, 0.26, 0.0, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "filter", vdt_privacy_filter_spend(filter, 0.1, 1e-9, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_privacy_filter_spend(filter, NAN, 0.0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_privacy_filter_spend(filter, 0.1, -1.0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rho", vdt_privacy_filter_spend_zcdp(filter, -0.1, e));
    CHECK_OK(vdt_privacy_filter_state(filter, &spent, &limit, e));
    CHECK(spent == 0.75 && limit == 1.0);
    CHECK_OK(vdt_privacy_filter_spend(filter, 0.25, 0.0, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "filter", vdt_privacy_filter_spend(filter, 1e-300, 0.0, e));
    vdt_privacy_filter_destroy(filter);

    // Advanced: 100 of epsilon 0.05 at delta 1e-6 stay below sqrt(2 log(1e6) 0.25) + 0.125 = 2.75; sums are 5.
    CHECK_OK(vdt_privacy_filter_create(2.76, 1e-6, 1.0, NULL, &filter, e));
    for (int i = 0; i < 100; ++i) CHECK_OK(vdt_privacy_filter_spend(filter, 0.05, 0.0, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "filter", vdt_privacy_filter_spend(filter, 0.1, 0.0, e));
    vdt_privacy_filter_destroy(filter);

    // rho 0.5 has epsilon 5.2215 at 1e-6.
    CHECK_OK(vdt_privacy_filter_create_zcdp(5.2216, 1e-6, NULL, &filter, e));
    CHECK_OK(vdt_privacy_filter_spend_zcdp(filter, 0.5, e));
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "rho", vdt_privacy_filter_spend_zcdp(filter, 0.001, e));
    vdt_privacy_filter_destroy(filter);
    vdt_privacy_filter_destroy(NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "slack_share", vdt_privacy_filter_create(1.0, 1e-6, 0.0, NULL, &filter, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "delta", vdt_privacy_filter_create_zcdp(1.0, 0.0, NULL, &filter, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "filter", vdt_privacy_filter_spend(NULL, 1.0, 0.0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_privacy_filter_create(1.0, 0.0, 1.0, NULL, NULL, e));
}

static void test_odometer(void) {
    vdt_privacy_odometer* odometer = NULL;
    double epsilon = -1.0, rho = -1.0, exact = 0.0;
    CHECK_OK(vdt_privacy_odometer_create(1e-6, 0.01, NULL, &odometer, e));
    CHECK_OK(vdt_privacy_odometer_spend(odometer, 0.2, e));
    CHECK_OK(vdt_privacy_odometer_spend_zcdp(odometer, 0.48, e));
    CHECK_OK(vdt_privacy_odometer_read(odometer, &epsilon, &rho, e));
    CHECK(rho >= 0.5 && rho < 0.5 + 1e-11);
    CHECK_OK(vdt_privacy_convert(VDT_ZCDP_EPSILON, 0.5, 1e-6, &exact, e));
    CHECK(epsilon > exact && epsilon < 1.6 * exact);
    CHECK_OK(vdt_privacy_odometer_read(odometer, &epsilon, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_privacy_odometer_spend(odometer, -1.0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_privacy_odometer_spend_zcdp(odometer, NAN, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "odometer", vdt_privacy_odometer_read(NULL, &epsilon, &rho, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_privacy_odometer_read(odometer, NULL, &rho, e));
    vdt_privacy_odometer_destroy(odometer);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "first_rho", vdt_privacy_odometer_create(1e-6, 0.0, NULL, &odometer, e));
    vdt_privacy_odometer_destroy(NULL);
}

enum { ANSWERS = 20000, CATEGORIES = 5 };

// The true share of the first category is 0.3. Intervals at 1 - 1e-9, so that a miss is rarer than that.
static void test_response(void) {
    static uint32_t truths[ANSWERS], answers[ANSWERS];
    for (int i = 0; i < ANSWERS; ++i) truths[i] = i % 10 < 3 ? 0U : 1U + (uint32_t)i % 4U;
    const double confidence = 1.0 - 1e-9;
    vdt_response* response = NULL;
    vdt_noised share;
    double variance = 0.0;
    CHECK_OK(vdt_response_create(VDT_RESPONSE_RANDOMIZED, 1.0, CATEGORIES, NULL, &response, e));
    CHECK_OK(vdt_response_answer(response, truths, answers, ANSWERS, e));
    uint64_t named = 0, same = 0;
    for (int i = 0; i < ANSWERS; ++i) {
        CHECK(answers[i] < CATEGORIES);
        named += answers[i] == 0 ? 1 : 0;
        same += answers[i] == truths[i] ? 1 : 0;
    }
    // The truth with probability e / (e + 4) = 0.4046: 0.025 is 7 standard deviations.
    CHECK(fabs((double)same / ANSWERS - 0.4046) < 0.025);
    CHECK_OK(vdt_response_estimate(response, named, ANSWERS, confidence, &share, &variance, e));
    CHECK(share.lower <= 0.3 && 0.3 <= share.upper && share.upper - share.lower < 0.25 && variance > 0.0);
    CHECK(fabs(share.value - 0.3) < 7.0 * sqrt(variance));
    uint8_t bits[CATEGORIES];
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "response", vdt_response_bits(response, 0, bits, CATEGORIES, e));
    truths[7] = CATEGORIES;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "truth", vdt_response_answer(response, truths, answers, ANSWERS, e));
    truths[7] = 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "answers", vdt_response_answer(response, truths, NULL, ANSWERS, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_response_estimate(response, 2, 1, 0.95, &share, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "level", vdt_response_estimate(response, 1, 2, 1.0, &share, NULL, e));
    vdt_response_destroy(response);
    for (vdt_response_kind kind = VDT_RESPONSE_UNARY_SYMMETRIC; kind <= VDT_RESPONSE_UNARY_OPTIMISED; ++kind) {
        CHECK_OK(vdt_response_create(kind, 1.0, CATEGORIES, NULL, &response, e));
        uint64_t ones = 0;
        for (int i = 0; i < ANSWERS; ++i) {
            CHECK_OK(vdt_response_bits(response, truths[i], bits, CATEGORIES, e));
            ones += bits[0];
        }
        CHECK_OK(vdt_response_estimate(response, ones, ANSWERS, confidence, &share, NULL, e));
        CHECK(share.lower <= 0.3 && 0.3 <= share.upper && share.upper - share.lower < 0.25);
        CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_response_bits(response, 0, bits, 2, e));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "truth", vdt_response_bits(response, CATEGORIES, bits, CATEGORIES, e));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "response", vdt_response_answer(response, truths, answers, 1, e));
        vdt_response_destroy(response);
    }
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_response_create(3, 1.0, 2, NULL, &response, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "categories", vdt_response_create(0, 1.0, 1, NULL, &response, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "epsilon", vdt_response_create(0, NAN, 2, NULL, &response, e));
    vdt_response_destroy(NULL);
}

// So much is paid (out of a filter) that the noise is nothing: e^-1024.
static void test_pairs(void) {
    vdt_privacy_filter* filter = NULL;
    CHECK_OK(vdt_privacy_filter_create(1e6, 0.0, 1.0, NULL, &filter, e));
    vdt_private_release_options options;
    vdt_private_release_options_init(&options, sizeof options);
    options.filter = filter;
    options.epsilon = 8192.0;
    options.upper = 10.0;
    vdt_private_release release;
    vdt_private_release_init(&release, sizeof release);
    vdt_private_pairs *pairs = NULL, *more = NULL, *fixed = NULL;
    CHECK_OK(vdt_private_pairs_create(0, NULL, &pairs, e));
    CHECK_OK(vdt_private_pairs_create(0, NULL, &more, e));
    CHECK_OK(vdt_private_pairs_create(1, NULL, &fixed, e));
    // x from 0 to 9, y = 2 x - 5: the covariance is twice 8.25. One row has no y.
    double x[200], y[200];
    for (int i = 0; i < 200; ++i) {
        x[i] = i % 10;
        y[i] = 2.0 * x[i] - 5.0;
    }
    const double odd[1] = {NAN}, whole[1] = {3.0};
    CHECK_OK(vdt_private_pairs_add_values(pairs, x, y, 120, e));
    CHECK_OK(vdt_private_pairs_add_values(more, x + 120, y + 120, 80, e));
    CHECK_OK(vdt_private_pairs_add_values(more, whole, odd, 1, e));
    CHECK_OK(vdt_private_pairs_merge(pairs, more, e));
    CHECK_OK(vdt_private_covariance(pairs, -5.0, 15.0, &options, &release, e));
    CHECK(fabs(release.value - 16.5) < 0.05 && release.lower <= release.value && release.value <= release.upper);
    CHECK_OK(vdt_private_pairs_add_values(fixed, x, y, 200, e));
    CHECK_OK(vdt_private_covariance(fixed, -5.0, 15.0, &options, &release, e));
    CHECK(fabs(release.value - 16.5) < 0.05);
    // Row by row, as they come: minutes, if every call copied what is there.
    for (int i = 0; i < 200000; ++i) CHECK_OK(vdt_private_pairs_add_values(pairs, x + i % 200, y + i % 200, 1, e));
    CHECK_OK(vdt_private_covariance(pairs, -5.0, 15.0, &options, &release, e));
    CHECK(fabs(release.value - 16.5) < 0.05);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bounds", vdt_private_covariance(pairs, 1.0, 0.0, &options, &release, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "replace_one", vdt_private_pairs_merge(pairs, fixed, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "replace_one", vdt_private_pairs_create(2, NULL, &more, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "y", vdt_private_pairs_add_values(pairs, x, NULL, 1, e));

    for (int i = 0; i < 60; ++i)
        CHECK_OK(vdt_private_pairs_add_categories(more, text(i % 2 == 0 ? "yes" : "no"),
                                                  text(i % 3 == 0   ? "red"
                                                       : i % 3 == 1 ? "blue"
                                                                    : "pink"),
                                                  e));
    const vdt_string rows[2] = {text("yes"), text("no")}, columns[2] = {text("red"), text("blue")};
    double counts[9], half = -1.0;
    CHECK_OK(vdt_private_table(more, rows, 2, columns, 2, &options, counts, 9, &half, e));
    for (int i = 0; i < 9; ++i) CHECK(counts[i] == (i < 6 ? 10.0 : 0.0));
    CHECK(half == 0.0);
    double before = 0.0, after = 0.0, limit = 0.0;
    CHECK_OK(vdt_privacy_filter_state(filter, &before, &limit, e));
    CHECK_FAILS(VDT_OVERFLOW, "capacity", vdt_private_table(more, rows, 2, columns, 2, &options, counts, 8, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "twice",
                vdt_private_table(more, rows, 2, (vdt_string[2]){rows[0], rows[0]}, 2, &options, counts, 9, NULL, e));
    options.ledger = (vdt_ledger*)(void*)filter;  // never looked into
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "filter",
                vdt_private_table(more, rows, 2, columns, 2, &options, counts, 9, NULL, e));
    options.ledger = NULL;
    CHECK_OK(vdt_privacy_filter_state(filter, &after, &limit, e));
    CHECK(after == before && before == 4.0 * 8192.0);

    // Ranges: 1 to 10 lie within 1 and 16, a lone value beyond does not count: all this but for e^-24.
    vdt_private_rows* values = NULL;
    CHECK_OK(vdt_private_rows_create(NULL, NULL, &values, e));
    for (int i = 0; i < 200; ++i) CHECK_OK(vdt_private_rows_add(values, "", 0, 1.0 + x[i], "", 0, e));
    CHECK_OK(vdt_private_rows_add(values, "", 0, 1e9, "", 0, e));
    options.epsilon = 8.0;
    int32_t found = -1;
    double lower = -1.0, upper = -1.0;
    CHECK_OK(vdt_private_range(values, -4, 40, 1e-9, &options, &found, &lower, &upper, e));
    CHECK(found == 1 && lower == 1.0 && upper == 16.0);
    vdt_private_rows_destroy(values);
    CHECK_OK(vdt_private_rows_create(NULL, NULL, &values, e));
    CHECK_OK(vdt_private_range(values, -4, 40, 1e-9, &options, &found, &lower, &upper, e));
    CHECK(found == 0 && lower == 0.0 && upper == 0.0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scale",
                vdt_private_range(values, 4, 4, 0.1, &options, &found, &lower, &upper, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "false_cell",
                vdt_private_range(values, 0, 4, 0.0, &options, &found, &lower, &upper, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "found", vdt_private_range(values, 0, 4, 0.1, &options, NULL, &lower, &upper, e));
    vdt_private_rows_destroy(values);
    vdt_private_pairs_destroy(pairs);
    vdt_private_pairs_destroy(more);
    vdt_private_pairs_destroy(fixed);
    vdt_private_pairs_destroy(NULL);
    vdt_privacy_filter_destroy(filter);
}

// The first three rows of each user count, of cells and of groups each.
static void test_by_user(void) {
    vdt_privacy_filter* filter = NULL;
    CHECK_OK(vdt_privacy_filter_create(1e6, 0.0, 1.0, NULL, &filter, e));
    vdt_private_release_options options;
    vdt_private_release_options_init(&options, sizeof options);
    options.filter = filter;
    options.epsilon = 100000.0;
    options.upper = 10.0;
    vdt_private_release release;
    vdt_private_release_init(&release, sizeof release);
    vdt_private_rows_options by_user;
    vdt_private_rows_options_init(&by_user, sizeof by_user);
    by_user.by_user = 1;
    by_user.rows_per_user = 3;
    vdt_private_pairs *pairs = NULL, *more = NULL, *records = NULL;
    CHECK_OK(vdt_private_pairs_create_with(&by_user, NULL, &pairs, e));
    CHECK_OK(vdt_private_pairs_create_with(&by_user, NULL, &more, e));
    CHECK_OK(vdt_private_pairs_create_with(NULL, NULL, &records, e));
    // x = 0 to 9 and y = 2 x - 5 of ten users three times, then a thousand rows more of each that must not count.
    for (int i = 0; i < 1003; ++i)
        for (int user = 0; user < 10; ++user) {
            char name[8];
            snprintf(name, sizeof name, "u%d", user);
            const double x = i < 3 ? user : 10.0;
            vdt_private_pairs* const part = i < 2 ? pairs : more;
            CHECK_OK(vdt_private_pairs_add_user_values(part, text(name), x, 2.0 * x - 5.0, e));
            CHECK_OK(vdt_private_pairs_add_user_categories(part, text(name), text(i % 2 == 0 ? "yes" : "no"),
                                                           text(user < 6 ? "red" : "pink"), e));
        }
    CHECK_OK(vdt_private_pairs_merge(pairs, more, e));
    CHECK_OK(vdt_private_covariance(pairs, -5.0, 15.0, &options, &release, e));
    CHECK(fabs(release.value - 16.5) < 0.1);
    // One cell a user: that of the first row.
    const vdt_string rows[2] = {text("yes"), text("no")}, columns[1] = {text("red")};
    const double wanted[6] = {18.0, 12.0, 0.0, 0.0, 0.0, 0.0};
    double counts[6], half = -1.0;
    CHECK_OK(vdt_private_table(pairs, rows, 2, columns, 1, &options, counts, 6, &half, e));
    for (int i = 0; i < 6; ++i) CHECK(counts[i] == wanted[i]);
    const double one[1] = {1.0};
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_private_pairs_add_values(pairs, one, one, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_private_pairs_add_categories(pairs, text("a"), text("b"), e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_private_pairs_add_user_values(records, text("u"), 1.0, 1.0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user",
                vdt_private_pairs_add_user_categories(records, text("u"), text("a"), text("b"), e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "limit", vdt_private_pairs_merge(pairs, records, e));
    by_user.rows_per_user = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "limit", vdt_private_pairs_create_with(&by_user, NULL, &records, e));
    by_user.rows_per_user = 3;

    const vdt_string groups[2] = {text("north"), text("south")};
    vdt_group_rates *rates = NULL, *other = NULL, *plain = NULL;
    CHECK_OK(vdt_group_rates_create_with(groups, 2, &by_user, NULL, &rates, e));
    CHECK_OK(vdt_group_rates_create_with(groups, 2, &by_user, NULL, &other, e));
    CHECK_OK(vdt_group_rates_create(groups, 2, NULL, &plain, e));
    // Of every user: selected once of three, right about one of two; the rest must not count.
    for (int user = 0; user < 50; ++user)
        for (int i = 0; i < 20; ++i) {
            char name[8];
            snprintf(name, sizeof name, "u%d", user);
            CHECK_OK(vdt_group_rates_add_user(i < 2 ? rates : other, text(name), text(user < 30 ? "north" : "south"),
                                              i == 0 || i > 2, i < 2, e));
        }
    CHECK_OK(vdt_group_rates_merge(rates, other, e));
    vdt_fairness* fairness = NULL;
    CHECK_OK(vdt_private_group_rates(rates, &options, NULL, &fairness, e));
    vdt_fairness_group group;
    vdt_fairness_group_init(&group, sizeof group);
    CHECK_OK(vdt_fairness_group_get(fairness, 0, &group, e));
    CHECK(group.rows.value == 90.0 && fabs(group.selection.value - 1.0 / 3.0) < 1e-12);
    CHECK(group.true_positive.value == 0.5 && group.false_positive.value == 0.0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_group_rates_add(rates, "north", 5, 1, 1, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "user", vdt_group_rates_add_user(plain, text("u"), text("north"), 1, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "label", vdt_group_rates_add_user(rates, text("u"), text("north"), 1, 2, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_group_rates_merge(rates, plain, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_group_rates_merge(plain, rates, e));
    vdt_fairness_destroy(fairness);
    vdt_group_rates_destroy(rates);
    vdt_group_rates_destroy(other);
    vdt_group_rates_destroy(plain);
    vdt_private_pairs_destroy(pairs);
    vdt_private_pairs_destroy(more);
    vdt_private_pairs_destroy(records);
    vdt_privacy_filter_destroy(filter);
}

static vdt_group_rates* make_rates(void) {
    const vdt_string groups[2] = {text("north"), text("south")};
    vdt_group_rates *rates = NULL, *other = NULL, *foreign = NULL;
    CHECK_OK(vdt_group_rates_create(groups, 2, NULL, &rates, e));
    CHECK_OK(vdt_group_rates_create(groups, 2, NULL, &other, e));
    CHECK_OK(vdt_group_rates_create(groups, 1, NULL, &foreign, e));
    CHECK_OK(vdt_group_rates_add(rates, "north", 5, 1, 1, 300, e));
    CHECK_OK(vdt_group_rates_add(rates, "north", 5, 0, 1, 100, e));
    CHECK_OK(vdt_group_rates_add(rates, "north", 5, 0, 0, 600, e));
    CHECK_OK(vdt_group_rates_add(other, "south", 5, 1, 1, 100, e));
    CHECK_OK(vdt_group_rates_add(other, "south", 5, 0, 1, 100, e));
    CHECK_OK(vdt_group_rates_add(other, "south", 5, 1, 0, 200, e));
    CHECK_OK(vdt_group_rates_add(other, "south", 5, 0, 0, 600, e));
    CHECK_OK(vdt_group_rates_add(other, "west", 4, 1, 0, 50, e));
    CHECK_OK(vdt_group_rates_merge(rates, other, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_group_rates_merge(rates, foreign, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "label", vdt_group_rates_add(rates, "a", 1, 1, 2, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "categories", vdt_group_rates_create(groups, 0, NULL, &foreign, e));
    vdt_group_rates_destroy(other);
    vdt_group_rates_destroy(foreign);
    vdt_group_rates_destroy(NULL);
    return rates;
}

static void check_fairness(const vdt_fairness* fairness, double slack) {
    vdt_fairness_differences differences;
    vdt_fairness_differences_init(&differences, sizeof differences);
    CHECK_OK(vdt_fairness_differences_get(fairness, &differences, e));
    CHECK(differences.group_count == 3);
    // Selection 0.3 and 0.3, recall 0.75 and 0.5, false positives 0 and 0.25.
    CHECK(fabs(differences.parity.value) < slack && fabs(differences.opportunity.value - 0.25) < slack);
    CHECK(differences.opportunity.lower <= 0.25 && 0.25 <= differences.opportunity.upper);
    CHECK(differences.odds.lower <= 0.25 && 0.25 <= differences.odds.upper);
    vdt_fairness_group group;
    vdt_fairness_group_init(&group, sizeof group);
    CHECK_OK(vdt_fairness_group_get(fairness, 1, &group, e));
    CHECK(group.group.length == 5 && memcmp(group.group.data, "south", 5) == 0);
    CHECK(group.rows.lower <= 1000.0 && 1000.0 <= group.rows.upper);
    CHECK(group.selection.lower <= 0.3 && 0.3 <= group.selection.upper);
    CHECK(group.true_positive.lower <= 0.5 && 0.5 <= group.true_positive.upper);
    CHECK(group.false_positive.lower <= 0.25 && 0.25 <= group.false_positive.upper);
    CHECK_OK(vdt_fairness_group_get(fairness, 2, &group, e));
    CHECK(group.group.length == 0 && group.rows.lower <= 50.0 && 50.0 <= group.rows.upper);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "index", vdt_fairness_group_get(fairness, 3, &group, e));
}

static void test_rates(const vdt_group_rates* rates) {
    vdt_privacy_filter* filter = NULL;
    CHECK_OK(vdt_privacy_filter_create(5000.0, 0.0, 1.0, NULL, &filter, e));
    vdt_private_release_options options;
    vdt_private_release_options_init(&options, sizeof options);
    options.filter = filter;
    options.epsilon = 4096.0;
    vdt_fairness* fairness = NULL;
    CHECK_OK(vdt_private_group_rates(rates, &options, NULL, &fairness, e));
    check_fairness(fairness, 1e-12);
    vdt_fairness_destroy(fairness);
    fairness = NULL;
    CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "", vdt_private_group_rates(rates, &options, NULL, &fairness, e));
    vdt_allocator unfit;
    vdt_allocator_init(&unfit, sizeof unfit);
    unfit.release = NULL;
    options.epsilon = 1.0;
    double before = 0.0, after = 0.0, limit = 0.0;
    CHECK_OK(vdt_privacy_filter_state(filter, &before, &limit, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "allocator", vdt_private_group_rates(rates, &options, &unfit, &fairness, e));
    CHECK_OK(vdt_privacy_filter_state(filter, &after, &limit, e));
    CHECK(fairness == NULL && after == before);
    vdt_fairness_destroy(NULL);
    vdt_privacy_filter_destroy(filter);
}

// A window, its rows' statistics and rates by group under one policy: one entry of the ledger.
static void test_report(const vdt_group_rates* rates, const char* folder) {
    char path[4096];
    snprintf(path, sizeof path, "%s/privacy_budget_test.ledger", folder);
    remove(path);
    const vdt_ledger_account account = {text("visits"), text("analyst"), text("report")};
    vdt_ledger* ledger = NULL;
    CHECK_OK(vdt_ledger_create(path, NULL, NULL, &ledger, e));
    CHECK_OK(vdt_ledger_grant(ledger, &account, 5000.0, 0.0, 0, 10, e));
    static reference data;
    vdt_column columns[FEATURES];
    fill_reference(&data, 2);
    reference_columns(&data, columns);
    vdt_baseline* baseline = make_baseline(1);
    vdt_window* window = make_window(baseline);
    vdt_statistics* statistics = NULL;
    vdt_report* report = NULL;
    CHECK_OK(vdt_window_observe_columns(window, columns, FEATURES, e));
    CHECK_OK(vdt_statistics_create(NULL, NULL, &statistics, e));
    CHECK_OK(vdt_statistics_update_columns(statistics, columns, FEATURES, e));
    static const char policy[] =
        "{\"account\": {\"data_set\": \"visits\", \"principal\": \"analyst\", \"purpose\": \"report\"},"
        " \"epsilon\": 2, \"outputs\": [\"features\"], \"groups\": [\"north\", \"south\"],"
        " \"statistics\": {\"columns\": [\"height\", \"colour\"], \"least_power\": -4}}";
    static const char strict[] = "{\"level\": 1e-9}";
    vdt_release_options options;
    vdt_release_options_init(&options, sizeof options);
    options.release_policy = policy;
    options.release_policy_length = strlen(policy);
    options.policy_json = strict;
    options.policy_length = strlen(strict);
    options.now = 5;
    options.ledger = ledger;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "statistics", vdt_assess_released(window, &options, NULL, &report, e));
    options.statistics = statistics;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rates", vdt_assess_released(window, &options, NULL, &report, e));
    options.rates = rates;
    vdt_ledger_balance balance;
    vdt_ledger_balance_init(&balance, sizeof balance);
    CHECK_OK(vdt_ledger_balance_of(ledger, &account, 0, &balance, e));
    CHECK(balance.spent_loss == 0.0);
    uint64_t sequence = 0, later = 0;
    uint8_t digest[32];
    CHECK_OK(vdt_ledger_head(ledger, &sequence, digest, e));
    CHECK_OK(vdt_assess_released(window, &options, NULL, &report, e));
    CHECK_OK(vdt_ledger_balance_of(ledger, &account, 0, &balance, e));
    CHECK(balance.spent_loss == 2.0);
    CHECK_OK(vdt_ledger_head(ledger, &later, digest, e));
    CHECK(later == sequence + 1);
    vdt_release_info info;
    vdt_release_info_init(&info, sizeof info);
    CHECK_OK(vdt_report_release(report, &info, e));
    CHECK(info.epsilon == 2.0 && info.counters_per_row == 6 && info.scale == 3.0);  // 3 features, 2 columns, an outcome
    vdt_released_column column;
    vdt_released_column_init(&column, sizeof column);
    CHECK_OK(vdt_report_released_column(report, "height", 6, &column, e));
    CHECK(column.rows.lower <= REFERENCE_ROWS && REFERENCE_ROWS <= column.rows.upper);
    CHECK(column.has_bounds == 1 && column.lower < column.upper && column.lower <= column.median_lower &&
          column.median_lower < column.median_upper && column.median_upper <= column.upper);
    CHECK_OK(vdt_report_released_column(report, "colour", 6, &column, e));
    CHECK(column.nulls.lower <= REFERENCE_ROWS / 20.0 && REFERENCE_ROWS / 20.0 <= column.nulls.upper);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "weight", vdt_report_released_column(report, "weight", 6, &column, e));
    vdt_fairness* fairness = NULL;
    CHECK_OK(vdt_report_fairness(report, NULL, &fairness, e));
    check_fairness(fairness, 0.5);
    vdt_fairness_destroy(fairness);
    vdt_report_destroy(report);
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &report, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "statistics", vdt_report_released_column(report, "height", 6, &column, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "group", vdt_report_fairness(report, NULL, &fairness, e));
    vdt_report_destroy(report);
    vdt_statistics_destroy(statistics);
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
    vdt_ledger_destroy(ledger);
    remove(path);
}

// A running total goes on from its bytes.
static void test_running(void) {
    for (vdt_running_count_kind kind = VDT_RUNNING_TREE; kind <= VDT_RUNNING_BUFFERED; ++kind) {
        const int is_tree = kind == VDT_RUNNING_TREE;
        vdt_privacy_filter* filter = NULL;
        if (is_tree) {
            CHECK_OK(vdt_privacy_filter_create(5000.0, 0.0, 1.0, NULL, &filter, e));
        } else {
            CHECK_OK(vdt_privacy_filter_create_zcdp(500000.0, 1e-6, NULL, &filter, e));
        }
        vdt_private_release_options options;
        vdt_private_release_options_init(&options, sizeof options);
        options.filter = filter;
        options.epsilon = is_tree ? 4096.0 : 0.0;
        options.rho = is_tree ? 0.0 : 1e5;
        vdt_running_count *count = NULL, *again = NULL;
        CHECK_OK(vdt_running_count_create(kind, 4, 1, &options, NULL, &count, e));
        vdt_private_release release;
        vdt_private_release_init(&release, sizeof release);
        CHECK_OK(vdt_running_count_step(count, 10, &release, e));
        CHECK_OK(vdt_running_count_step(count, 20, &release, e));
        size_t length = 0;
        CHECK_OK(vdt_running_count_to_bytes(count, NULL, 0, &length, e));
        unsigned char* const bytes = malloc(length);
        CHECK_OK(vdt_running_count_to_bytes(count, bytes, length, &length, e));
        vdt_running_count_destroy(count);
        CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_running_count_from_bytes(bytes, length - 1, NULL, &again, e));
        CHECK_OK(vdt_running_count_from_bytes(bytes, length, NULL, &again, e));
        CHECK_OK(vdt_running_count_step(again, 30, &release, e));
        CHECK(fabs(release.value - 60.0) < 0.1 && release.lower <= 60.0 && 60.0 <= release.upper);
        CHECK_OK(vdt_running_count_step(again, 0, &release, e));
        CHECK_FAILS(VDT_BUDGET_EXHAUSTED, "step", vdt_running_count_step(again, 0, &release, e));
        vdt_running_count_destroy(again);
        free(bytes);
        vdt_privacy_filter_destroy(filter);
    }
}

int main(int argc, char** argv) {
    test_filter();
    test_odometer();
    test_response();
    test_pairs();
    test_by_user();
    vdt_group_rates* const rates = make_rates();
    test_rates(rates);
    test_report(rates, argc > 1 ? argv[1] : ".");
    vdt_group_rates_destroy(rates);
    test_running();
    return check_result();
}
