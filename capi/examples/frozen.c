// SPDX-License-Identifier: Apache-2.0
// A reference frozen once, and live batches against it: one column, rows together, a stream in windows, whole tables.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

enum { ROWS = 1000, COLUMNS = 2 };

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

// Rows of two dependent features; `shift` moves the second.
static void fill(double (*rows)[COLUMNS], double phase, double shift) {
    for (int i = 0; i < ROWS; ++i) {
        rows[i][0] = sin(0.7 * i + phase);
        rows[i][1] = rows[i][0] + 0.5 * cos(1.9 * i + phase) + shift;
    }
}

static vdt_matrix matrix_of(double (*rows)[COLUMNS]) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F64;
    matrix.data = rows;
    matrix.rows = ROWS;
    matrix.columns = COLUMNS;
    matrix.byte_length = sizeof(double) * ROWS * COLUMNS;
    return matrix;
}

static vdt_column column_of(double (*rows)[COLUMNS], int index, const char* name) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = name;
    column.name_length = strlen(name);
    column.data = &rows[0][index];
    column.length = ROWS;
    column.stride = (int64_t)sizeof rows[0];
    column.byte_length = sizeof(double) * (ROWS * COLUMNS - (size_t)index);
    return column;
}

int main(void) {
    static double reference[ROWS][COLUMNS], live[ROWS][COLUMNS];
    fill(reference, 0.0, 0.0);
    fill(live, 0.4, 0.6);
    vdt_error error = VDT_ERROR_INIT;
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);

    // One column: frozen once, tested by any number of threads.
    const vdt_column known = column_of(reference, 1, "b");
    const vdt_column found = column_of(live, 1, "b");
    vdt_sample* sample = NULL;
    must(vdt_sample_create(&known, NULL, NULL, &sample, &error), &error);
    must(vdt_sample_test(sample, VDT_TEST_KOLMOGOROV_SMIRNOV, &found, NULL, &result, &error), &error);
    printf("Kolmogorov-Smirnov: D = %.3f, p = %.2g\n", result.statistic, result.p_value);
    const int column_moved = result.p_value < 0.01;
    vdt_sample_destroy(sample);

    // Rows together: the kernel two-sample test at ten bandwidths, and which column it rests on.
    const vdt_matrix reference_rows = matrix_of(reference), live_rows = matrix_of(live);
    vdt_mmd_options mmd_options;
    vdt_mmd_options_init(&mmd_options, sizeof mmd_options);
    mmd_options.aggregation = VDT_MMD_FUSE;
    mmd_options.stop_after = 20;
    vdt_mmd* mmd = NULL;
    must(vdt_mmd_create(&reference_rows, &mmd_options, NULL, &mmd, &error), &error);
    must(vdt_mmd_test(mmd, &live_rows, &result, NULL, 0, NULL, 0, &error), &error);
    printf("MMD-FUSE: p = %.2g\n", result.p_value);
    const int rows_moved = result.p_value < 0.01;
    vdt_mmd_destroy(mmd);

    // A stream: rows are summed up and forgotten; windows of threads and machines merge, also from their bytes.
    vdt_random_features* features = NULL;
    vdt_feature_window *first = NULL, *second = NULL, *read = NULL;
    must(vdt_random_features_create(&reference_rows, NULL, NULL, &features, &error), &error);
    must(vdt_feature_window_create(features, NULL, &first, &error), &error);
    must(vdt_feature_window_create(features, NULL, &second, &error), &error);
    for (int i = 0; i < ROWS; ++i)
        must(vdt_feature_window_observe_f64(i % 2 == 0 ? first : second, live[i], COLUMNS, &error), &error);
    size_t size = 0;
    must(vdt_feature_window_to_bytes(second, NULL, 0, &size, &error), &error);
    void* bytes = malloc(size);
    must(vdt_feature_window_to_bytes(second, bytes, size, NULL, &error), &error);
    must(vdt_feature_window_from_bytes(features, bytes, size, NULL, &read, &error), &error);
    must(vdt_feature_window_merge(first, read, &error), &error);
    double contributions[COLUMNS];
    must(vdt_feature_window_test(first, 0.95, &result, contributions, COLUMNS, &error), &error);
    printf("random features: MMD = %.3f, p = %.2g; of the statistic, a explains %.1f and b %.1f\n", result.effect,
           result.p_value, contributions[0], contributions[1]);
    const int stream_moved = result.p_value < 0.01 && contributions[1] > contributions[0];
    free(bytes);
    vdt_feature_window_destroy(first);
    vdt_feature_window_destroy(second);
    vdt_feature_window_destroy(read);
    vdt_random_features_destroy(features);

    // Whole tables by a policy: tests on the samples of each feature, and one of all features together.
    const vdt_column before[COLUMNS] = {column_of(reference, 0, "a"), known};
    const vdt_column after[COLUMNS] = {column_of(live, 0, "a"), found};
    static const char policy[] =
        "{\"defaults\": {\"sample_tests\": [\"mann_whitney\"]}, \"joint_tests\": [\"hotelling_t2\"]}";
    vdt_assess_options judging;
    vdt_assess_options_init(&judging, sizeof judging);
    judging.policy_json = policy;
    judging.policy_length = sizeof policy - 1;
    vdt_report* report = NULL;
    must(vdt_compare_tables(before, COLUMNS, after, COLUMNS, NULL, &judging, NULL, &report, &error), &error);
    char text[512];
    must(vdt_report_summary(report, text, sizeof text, NULL, &error), &error);
    printf("%s\n", text);
    must(vdt_report_joint_reason(report, 0, text, sizeof text, NULL, &error), &error);
    printf("%s\n", text);
    const int table_moved = vdt_report_decision(report) == VDT_ALARM;
    vdt_report_destroy(report);
    return column_moved && rows_moved && stream_moved && table_moved ? EXIT_SUCCESS : EXIT_FAILURE;
}
