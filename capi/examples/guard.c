// SPDX-License-Identifier: Apache-2.0
// The whole life of a guard in C: learn a baseline, save and load it, check requests, judge the traffic.
//
//     cc guard.c -lvedette -lm && ./a.out [folder for the baseline]
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

enum { ROWS = 5000, FEATURES = 3 };

// Every fallible call answers with a status; the message is in the caller's own struct.
static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

// Stands in for real data: a value in [0, 1) that the seed determines.
static double draw(uint64_t* state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static vdt_column numbers(const char* name, const double* values) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.kind = VDT_COLUMN_NUMERIC;
    column.dtype = VDT_F64;
    column.name = name;
    column.name_length = strlen(name);
    column.data = values;
    column.length = ROWS;
    column.byte_length = ROWS * sizeof(double);
    return column;
}

static vdt_column texts(const char* name, const vdt_string* values) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.kind = VDT_COLUMN_STRINGS;
    column.name = name;
    column.name_length = strlen(name);
    column.data = values;
    column.length = ROWS;
    column.byte_length = ROWS * sizeof(vdt_string);
    return column;
}

// Offline, once per model: learn what the reference looks like, and save it.
static void learn(const char* path, vdt_error* error) {
    static double amount[ROWS], age[ROWS];
    static vdt_string country[ROWS];
    static const vdt_string countries[] = {{"CH", 2}, {"DE", 2}, {"AT", 2}};
    uint64_t state = 1;
    for (int i = 0; i < ROWS; ++i) {
        amount[i] = exp(3.0 * draw(&state));
        age[i] = 18.0 + floor(60.0 * draw(&state));
        country[i] = countries[(int)(3.0 * draw(&state))];
    }
    const vdt_column columns[FEATURES] = {numbers("amount", amount), numbers("age", age), texts("country", country)};
    vdt_baseline* baseline = NULL;
    must(vdt_baseline_create(columns, FEATURES, NULL, NULL, &baseline, error), error);
    must(vdt_baseline_save(baseline, path, error), error);
    vdt_baseline_destroy(baseline);
}

int main(int argc, char** argv) {
    vdt_error error = VDT_ERROR_INIT;
    char path[1024];
    snprintf(path, sizeof path, "%s/example_guard.vedette", argc > 1 ? argv[1] : ".");
    learn(path, &error);

    // In the server: one baseline and one guard for all threads, a window for each.
    vdt_baseline* baseline = NULL;
    vdt_guard* guard = NULL;
    vdt_window *window = NULL, *second_thread = NULL;
    must(vdt_baseline_load(path, NULL, &baseline, &error), &error);
    must(vdt_guard_create(baseline, NULL, NULL, &guard, &error), &error);
    must(vdt_window_create(baseline, NULL, &window, &error), &error);
    must(vdt_window_create(baseline, NULL, &second_thread, &error), &error);

    // A request is one row. Text and numbers may be mixed ...
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    const vdt_value request[FEATURES] = {
        {VDT_VALUE_NUMBER, 0, 1e9, NULL, 0}, {VDT_VALUE_NUMBER, 0, 41.0, NULL, 0}, {VDT_VALUE_TEXT, 0, 0.0, "XX", 2}};
    must(vdt_guard_check_values(guard, request, FEATURES, window, &verdict, &error), &error);
    char text[1024];
    must(vdt_guard_explain(guard, &verdict, text, sizeof text, NULL, &error), &error);
    printf("%s\n\n", text);

    // ... or all numbers, which is quicker: a category is then its cell. The traffic spends three times the amounts.
    size_t cell = 0;
    must(vdt_baseline_category_cell(baseline, 2, "DE", 2, &cell, &error), &error);
    uint64_t state = 2;
    for (int i = 0; i < 2000; ++i) {
        const double row[FEATURES] = {3.0 * exp(3.0 * draw(&state)), 18.0 + floor(60.0 * draw(&state)), (double)cell};
        must(vdt_guard_check_f64(guard, row, FEATURES, i % 2 ? window : second_thread, &verdict, &error), &error);
    }

    // Every minute, say: merge the windows of all threads and judge them as a whole.
    vdt_report* report = NULL;
    must(vdt_window_merge(window, second_thread, &error), &error);
    must(vdt_guard_assess(guard, window, NULL, &report, &error), &error);
    must(vdt_report_summary(report, text, sizeof text, NULL, &error), &error);
    printf("%s\n", text);
    for (size_t i = 0; i < vdt_baseline_feature_count(baseline); ++i) {
        must(vdt_report_reason(report, i, text, sizeof text, NULL, &error), &error);
        printf("  %s\n", text);
    }
    const int is_alarm = vdt_report_decision(report) == VDT_ALARM;

    vdt_report_destroy(report);
    vdt_window_destroy(second_thread);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    return is_alarm ? EXIT_SUCCESS : EXIT_FAILURE;  // the amounts did drift
}
