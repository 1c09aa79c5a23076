// SPDX-License-Identifier: Apache-2.0
// Frozen references through the C interface: the answers of the columns and matrices themselves, and misuse.
#include "check.h"

enum { count = 12000, rows = 150, columns = 2 };

static double wave(int i, double step, double phase) {
    return sin(step * i + phase);
}

/* Sums may be taken in another order. */
static int near(double a, double b) {
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * fabs(a) + 1e-12;
}

static int same_results(const vdt_test_result* a, const vdt_test_result* b) {
    return a->test == b->test && near(a->statistic, b->statistic) && near(a->effect, b->effect) &&
           near(a->effect_lower, b->effect_lower) && near(a->effect_upper, b->effect_upper) &&
           a->reference_count == b->reference_count && a->live_count == b->live_count;
}

/* Which permutations are drawn depends on the order of the values. */
static int is_drawn(vdt_drift_test test) {
    return test == VDT_TEST_WASSERSTEIN || test == VDT_TEST_ENERGY_DISTANCE;
}

// Every test of the live column against the frozen one and against the column itself.
static void compare_all(const vdt_column* known, const vdt_column* live, const vdt_test_options* options) {
    vdt_sample* sample = NULL;
    CHECK_OK(vdt_sample_create(known, NULL, NULL, &sample, e));
    int compared = 0;
    for (vdt_drift_test test = VDT_TEST_AUTOMATIC; test <= VDT_TEST_FISHER_EXACT; ++test) {
        vdt_test_result expected, result;
        vdt_test_result_init(&expected, sizeof expected);
        vdt_test_result_init(&result, sizeof result);
        const vdt_status status = vdt_compare_columns(test, known, live, options, &expected, NULL);
        CHECK(vdt_sample_test(sample, test, live, options, &result, NULL) == status);
        if (status != VDT_OK) continue;
        CHECK(same_results(&expected, &result));
        CHECK(is_drawn(test) ? isnan(result.p_value) == isnan(expected.p_value)
                             : near(expected.p_value, result.p_value));
        ++compared;
    }
    CHECK(compared > 10);
    vdt_sample_destroy(sample);
}

static void freeze_columns(void) {
    static double x[count], y[count];
    static float narrow_x[count], narrow_y[count];
    static uint8_t valid[count / 8];
    for (int i = 0; i < count; ++i) {
        x[i] = wave(i, 0.7, 0.0) + 0.001 * (i % 13);
        y[i] = wave(i, 1.3, 0.3) + 0.02;
        narrow_x[i] = (float)x[i];
        narrow_y[i] = (float)y[i];
        if (i % 10 != 0) valid[i / 8] |= (uint8_t)(1u << (i % 8));
    }
    x[3] = NAN;
    y[5] = INFINITY;
    vdt_column left = make_column("x", VDT_COLUMN_NUMERIC, VDT_F64, x, count, sizeof x);
    vdt_column right = make_column("y", VDT_COLUMN_NUMERIC, VDT_F64, y, count, sizeof y);
    left.validity = valid;
    left.validity_byte_length = sizeof valid;
    vdt_test_options options;
    vdt_test_options_init(&options, sizeof options);
    options.permutations = 9;
    compare_all(&left, &right, &options);
    right.length = 40; /* where p-values are exact */
    compare_all(&left, &right, &options);
    right.length = 0; /* not evaluated */
    compare_all(&left, &right, &options);
    right.length = count;
    const vdt_column narrow_left = make_column("x", VDT_COLUMN_NUMERIC, VDT_F32, narrow_x, count, sizeof narrow_x);
    vdt_column narrow_right = make_column("y", VDT_COLUMN_NUMERIC, VDT_F32, narrow_y, count, sizeof narrow_y);
    compare_all(&narrow_left, &narrow_right, &options);
    narrow_right.data = &narrow_y[count - 1]; /* backwards */
    narrow_right.stride = -(int64_t)sizeof(float);
    compare_all(&narrow_left, &narrow_right, &options);

    vdt_sample* sample = NULL;
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    CHECK_OK(vdt_sample_create(&left, NULL, NULL, &sample, e));
    CHECK(vdt_sample_count(sample) == count - count / 10 - 1 && vdt_sample_count(NULL) == 0);
    vdt_sample_options refuse;
    vdt_sample_options_init(&refuse, sizeof refuse);
    CHECK(refuse.nan_policy == VDT_NAN_OMIT);
    refuse.nan_policy = VDT_NAN_REFUSE;
    vdt_sample* none = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "1 of", vdt_sample_create(&left, &refuse, NULL, &none, e));
    refuse.nan_policy = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "nan_policy", vdt_sample_create(&left, &refuse, NULL, &none, e));
    static const vdt_string words[] = {{"a", 1}, {"b", 1}};
    const vdt_column texts = make_column("t", VDT_COLUMN_STRINGS, 0, words, 2, sizeof words);
    CHECK_FAILS(VDT_TYPE_MISMATCH, "categories", vdt_sample_create(&texts, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_TYPE_MISMATCH, "categories", vdt_sample_test(sample, VDT_TEST_AUTOMATIC, &texts, NULL, &result, e));
    right.length = 0;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "finite", vdt_sample_create(&right, NULL, NULL, &none, e));
    right.length = count;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_sample_create(&left, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "reference", vdt_sample_create(NULL, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "reference", vdt_sample_test(NULL, VDT_TEST_AUTOMATIC, &right, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live", vdt_sample_test(sample, VDT_TEST_AUTOMATIC, NULL, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_sample_test(sample, VDT_TEST_AUTOMATIC, &right, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "test", vdt_sample_test(sample, 99, &right, NULL, &result, e));
    CHECK_FAILS(VDT_UNSUPPORTED, "fisher_exact",
                vdt_sample_test(sample, VDT_TEST_FISHER_EXACT, &right, NULL, &result, e));
    right.byte_length -= 8;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length",
                vdt_sample_test(sample, VDT_TEST_KUIPER, &right, NULL, &result, e));
    CHECK(none == NULL && isnan(result.p_value));
    vdt_sample_destroy(sample);
    vdt_sample_destroy(NULL);
}

static vdt_matrix matrix_of(vdt_dtype dtype, const void* data, uint64_t length, size_t element) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = dtype;
    matrix.data = data;
    matrix.rows = length;
    matrix.columns = columns;
    matrix.byte_length = length * columns * element;
    return matrix;
}

static void freeze_rows(void) {
    static double x[rows * columns], y[rows * columns];
    static float narrow_x[rows * columns], narrow_y[rows * columns];
    for (int i = 0; i < rows * columns; ++i) {
        x[i] = wave(i, 0.7, 0.0);
        y[i] = wave(i, 1.3, 0.3) + 0.4 * (i % 2);
        narrow_x[i] = (float)x[i];
        narrow_y[i] = (float)y[i];
    }
    const vdt_matrix left = matrix_of(VDT_F64, x, rows, sizeof *x);
    vdt_matrix right = matrix_of(VDT_F64, y, rows, sizeof *y);
    const vdt_matrix narrow_left = matrix_of(VDT_F32, narrow_x, rows, sizeof *narrow_x);
    const vdt_matrix narrow_right = matrix_of(VDT_F32, narrow_y, rows, sizeof *narrow_y);
    const double bandwidths[] = {0.5, 2.0};
    vdt_mmd_options options;
    vdt_mmd_options_init(&options, sizeof options);
    CHECK(options.permutations == 999 && options.confidence == 0.95 && options.nan_policy == VDT_NAN_OMIT &&
          options.feature_contributions == 1);
    options.bandwidths = bandwidths;
    options.bandwidth_count = 2;
    options.permutations = 199;
    vdt_mmd *mmd = NULL, *narrow = NULL, *fuse = NULL;
    CHECK_OK(vdt_mmd_create(&left, &options, NULL, &mmd, e));
    CHECK_OK(vdt_mmd_create(&narrow_left, &options, NULL, &narrow, e));
    options.aggregation = VDT_MMD_FUSE;
    options.bandwidth_count = 0;
    CHECK_OK(vdt_mmd_create(&left, &options, NULL, &fuse, e));
    CHECK(vdt_mmd_dimension(mmd) == columns && vdt_mmd_reference_rows(mmd) == rows);
    CHECK(vdt_mmd_dimension(NULL) == 0 && vdt_mmd_reference_rows(NULL) == 0);
    double found[10] = {0};
    size_t length = 0;
    CHECK_OK(vdt_mmd_bandwidths(mmd, found, 10, &length, e));
    CHECK(length == 2 && found[0] == 0.5 && found[1] == 2.0);
    CHECK_OK(vdt_mmd_bandwidths(fuse, NULL, 0, &length, e));
    CHECK(length == 10);

    vdt_test_result result, other;
    vdt_test_result_init(&result, sizeof result);
    vdt_test_result_init(&other, sizeof other);
    double features[columns], of_rows[rows], sum = 0.0;
    CHECK_OK(vdt_mmd_test(mmd, &right, &result, features, columns, of_rows, rows, e));
    CHECK(result.test == VDT_MULTIVARIATE_MAXIMUM_MEAN_DISCREPANCY && result.p_value == 1.0 / 200.0);
    CHECK(result.reference_count == rows && result.live_count == rows && result.effect > 0.0);
    for (int i = 0; i < rows; ++i) sum += of_rows[i];
    CHECK(fabs(sum - result.statistic) < 1e-9); /* what the C++ header promises of them */
    CHECK(isfinite(features[0]) && isfinite(features[1]));
    CHECK_OK(vdt_mmd_test(mmd, &left, &other, NULL, 0, NULL, 0, e));
    CHECK(other.p_value > 0.5 && other.statistic < result.statistic);
    CHECK_OK(vdt_mmd_test(narrow, &narrow_right, &other, NULL, 0, NULL, 0, e));
    CHECK(fabs(other.statistic - result.statistic) < 1e-5);
    CHECK_OK(vdt_mmd_test(mmd, &narrow_right, &other, NULL, 0, NULL, 0, e)); /* converted */
    CHECK(fabs(other.statistic - result.statistic) < 1e-5);
    CHECK_OK(vdt_mmd_test(fuse, &right, &other, NULL, 0, NULL, 0, e));
    CHECK(other.test == VDT_MULTIVARIATE_MMD_FUSE && other.p_value == 1.0 / 200.0);

    right.rows = 1;
    CHECK_OK(vdt_mmd_test(mmd, &right, &result, features, columns, of_rows, 1, e));
    CHECK(isnan(result.p_value) && isnan(features[0]) && isnan(of_rows[0]) && result.reference_count == rows);
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "row_contributions",
                vdt_mmd_test(mmd, &right, &result, features, columns, of_rows, rows, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "feature_contributions",
                vdt_mmd_test(mmd, &right, &result, features, 1, NULL, 0, e));
    right.columns = 1;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "1 columns", vdt_mmd_test(mmd, &right, &result, NULL, 0, NULL, 0, e));
    right.columns = columns;
    right.rows = rows;
    y[4] = INFINITY;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "infinite", vdt_mmd_test(mmd, &right, &result, NULL, 0, NULL, 0, e));
    y[4] = NAN;
    CHECK_OK(vdt_mmd_test(mmd, &right, &result, NULL, 0, of_rows, rows, e));
    CHECK(result.live_count == rows - 1 && isnan(of_rows[2]) && !isnan(of_rows[3]));

    vdt_mmd* none = NULL;
    options.permutations = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "permutations", vdt_mmd_create(&left, &options, NULL, &none, e));
    options.permutations = 9;
    options.aggregation = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "aggregation", vdt_mmd_create(&left, &options, NULL, &none, e));
    options.aggregation = VDT_MMD_MEAN_KERNEL;
    options.bandwidths = NULL;
    options.bandwidth_count = 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bandwidths", vdt_mmd_create(&left, &options, NULL, &none, e));
    options.bandwidths = bandwidths;
    options.bandwidth_count = UINT64_MAX / 4;
    CHECK_FAILS(VDT_OVERFLOW, "bandwidths", vdt_mmd_create(&left, &options, NULL, &none, e));
    options.bandwidth_count = 0;
    options.nan_policy = VDT_NAN_REFUSE;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NaN", vdt_mmd_create(&right, &options, NULL, &none, e));
    right.rows = 1;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "", vdt_mmd_create(&right, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mmd", vdt_mmd_test(NULL, &left, &result, NULL, 0, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mmd", vdt_mmd_bandwidths(NULL, found, 10, &length, e));
    CHECK(none == NULL);
    vdt_mmd_destroy(mmd);
    vdt_mmd_destroy(narrow);
    vdt_mmd_destroy(fuse);
    vdt_mmd_destroy(NULL);
}

int main(void) {
    freeze_columns();
    freeze_rows();
    return check_result();
}
