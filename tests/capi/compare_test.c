// SPDX-License-Identifier: Apache-2.0
// Tests on samples through the C interface: numbers, categories, options, what cannot be tested, and misuse.
#include "check.h"

enum { count = 200 };

static vdt_column numbers(const double* values, uint64_t length) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.kind = VDT_COLUMN_NUMERIC;
    column.dtype = VDT_F64;
    column.data = values;
    column.length = length;
    column.byte_length = length * sizeof *values;
    return column;
}

static vdt_column texts(const vdt_string* values, uint64_t length) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.kind = VDT_COLUMN_STRINGS;
    column.data = values;
    column.length = length;
    column.byte_length = length * sizeof *values;
    return column;
}

/* Values in runs of ten remember; shuffled by a stride they do not. */
static void thin(void) {
    enum { rows = 1000 };
    double runs[rows], scattered[rows];
    for (int i = 0; i < rows; ++i) {
        runs[i] = (double)(i / 10 * 7919 % 1009);
        scattered[i] = (double)(i * 7919LL % 1009 * (i * 104729LL % 1013) % 997);
    }
    uint64_t interval = 0;
    CHECK_OK(vdt_thinning_interval(runs, rows, &interval, e));
    CHECK(interval >= 10 && interval <= 40);
    CHECK_OK(vdt_thinning_interval(scattered, rows, &interval, e));
    CHECK(interval == 1);
    CHECK_OK(vdt_thinning_interval(NULL, 0, &interval, e));
    CHECK(interval == 1);
    runs[3] = NAN;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "values[3]", vdt_thinning_interval(runs, rows, &interval, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "values", vdt_thinning_interval(NULL, rows, &interval, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "interval", vdt_thinning_interval(scattered, rows, NULL, e));
}

/* Two features of which the second moved; two-way strides; f32 and f64. */
static void compare_matrices(void) {
    enum { rows = 150 };
    static double x[2 * rows], y[2 * rows];
    static float narrow_x[2 * rows], narrow_y[2 * rows];
    for (int i = 0; i < rows; ++i) {
        x[i] = sin(0.7 * i);
        x[rows + i] = cos(1.3 * i);
        y[i] = sin(0.7 * i + 0.3);
        y[rows + i] = cos(1.3 * i + 0.2) + 0.8;
    }
    for (int i = 0; i < rows; ++i) {
        narrow_x[2 * i] = (float)x[i];
        narrow_x[2 * i + 1] = (float)x[rows + i];
        narrow_y[2 * i] = (float)y[i];
        narrow_y[2 * i + 1] = (float)y[rows + i];
    }
    vdt_matrix left, right, narrow_left, narrow_right;
    vdt_matrix_init(&left, sizeof left);
    left.dtype = VDT_F64;
    left.rows = rows;
    left.columns = 2;
    left.row_stride = sizeof(double);
    left.column_stride = rows * sizeof(double);
    left.byte_length = sizeof x;
    right = left;
    left.data = x;
    right.data = y;
    vdt_matrix_init(&narrow_left, sizeof narrow_left);
    narrow_left.rows = rows;
    narrow_left.columns = 2;
    narrow_left.byte_length = sizeof narrow_x;
    narrow_right = narrow_left;
    narrow_left.data = narrow_x;
    narrow_right.data = narrow_y;

    vdt_test_result wide, result;
    vdt_test_result_init(&wide, sizeof wide);
    vdt_test_result_init(&result, sizeof result);
    double features[2], live_rows[rows];
    for (vdt_multivariate_test test = VDT_MULTIVARIATE_HOTELLING_T2; test <= VDT_MULTIVARIATE_MMD_FUSE; ++test) {
        CHECK_OK(vdt_compare_matrices(test, &left, &right, NULL, &wide, features, 2, live_rows, rows, e));
        CHECK(wide.test == test && wide.reference_count == rows && wide.live_count == rows);
        CHECK(wide.p_value < 0.01);
        /* MMD-FUSE: derivatives by scale, which say little of so sharp a change. */
        CHECK(isnan(features[0]) || features[1] > features[0] || test == VDT_MULTIVARIATE_MMD_FUSE);
        CHECK_OK(vdt_compare_matrices(test, &narrow_left, &narrow_right, NULL, &result, NULL, 0, NULL, 0, e));
        CHECK(fabs(result.statistic - wide.statistic) <= 1e-4 * fabs(wide.statistic));
        CHECK(strcmp(vdt_multivariate_test_name(test), "unknown") != 0);
    }
    CHECK(strcmp(vdt_multivariate_test_name(VDT_MULTIVARIATE_MMD_FUSE + 1), "unknown") == 0);
    const vdt_multivariate_test hotelling = VDT_MULTIVARIATE_HOTELLING_T2;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "row_contributions",
                vdt_compare_matrices(hotelling, &left, &right, NULL, &result, features, 2, live_rows, 3, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "feature_contributions",
                vdt_compare_matrices(hotelling, &left, &right, NULL, &result, features, 1, live_rows, rows, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "test",
                vdt_compare_matrices(-1, &left, &right, NULL, &result, NULL, 0, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live",
                vdt_compare_matrices(hotelling, &left, NULL, NULL, &result, NULL, 0, NULL, 0, e));
    vdt_test_options thinned;
    vdt_test_options_init(&thinned, sizeof thinned);
    thinned.thin = 2;
    CHECK_FAILS(VDT_UNSUPPORTED, "options.thin",
                vdt_compare_matrices(hotelling, &left, &right, &thinned, &result, NULL, 0, NULL, 0, e));
    right.columns = 1;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "columns",
                vdt_compare_matrices(hotelling, &left, &right, NULL, &result, NULL, 0, NULL, 0, e));
    right.columns = 2;
    right.rows = 0;
    CHECK_OK(vdt_compare_matrices(hotelling, &left, &right, NULL, &result, NULL, 0, NULL, 0, e));
    CHECK(isnan(result.p_value) && result.live_count == 0.0);
    right.rows = rows;
    y[7] = INFINITY;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "infinite",
                vdt_compare_matrices(hotelling, &left, &right, NULL, &result, NULL, 0, NULL, 0, e));
}

int main(void) {
    static double x[count], y[count];
    static vdt_string a[count], b[count];
    for (int i = 0; i < count; ++i) {
        x[i] = sin(0.7 * i);
        y[i] = sin(0.7 * i + 0.3) + 0.5;
        a[i].data = i % 2 == 0 ? "CH" : "DE";
        b[i].data = i % 4 == 0 ? "CH" : "DE";
        a[i].length = b[i].length = 2;
    }
    x[3] = NAN;
    y[5] = INFINITY;
    const vdt_column left = numbers(x, count), right = numbers(y, count);
    const vdt_column coins = texts(a, count), biased = texts(b, count);
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);

    for (vdt_drift_test test = VDT_TEST_AUTOMATIC; test <= VDT_TEST_FISHER_EXACT; ++test) {
        vdt_error error = VDT_ERROR_INIT;
        const vdt_status status = vdt_compare_columns(test, &left, &right, NULL, &result, &error);
        CHECK(status == VDT_OK || status == VDT_UNSUPPORTED);
        if (status != VDT_OK) continue;
        CHECK(result.test == (test == VDT_TEST_AUTOMATIC ? VDT_TEST_KOLMOGOROV_SMIRNOV : test));
        CHECK(result.reference_count == count - 1 && result.live_count == count - 1);
        CHECK(result.p_value >= 0.0 && result.p_value <= 1.0);
    }
    CHECK_OK(vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, NULL, &result, e));
    CHECK(result.p_value < 1e-6 && result.effect > 0.1 && result.effect_lower > 0.0);

    vdt_test_options options;
    vdt_test_options_init(&options, sizeof options);
    CHECK(options.confidence == 0.95 && options.permutations == 999);
    options.alternative = VDT_LESS;
    CHECK_OK(vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, &options, &result, e));
    CHECK(result.p_value > 0.99);
    options.alternative = VDT_TWO_SIDED;
    options.method = VDT_METHOD_PERMUTATION;
    options.permutations = 99;
    CHECK_OK(vdt_compare_columns(VDT_TEST_KOLMOGOROV_SMIRNOV, &left, &right, &options, &result, e));
    CHECK(result.p_value == 0.01);
    options.struct_size = 16; /* an older caller, whose struct ended before the numbers */
    CHECK_OK(vdt_compare_columns(VDT_TEST_KOLMOGOROV_SMIRNOV, &left, &right, &options, &result, e));
    CHECK(result.p_value == 0.001);

    CHECK_OK(vdt_compare_columns(VDT_TEST_AUTOMATIC, &coins, &biased, NULL, &result, e));
    CHECK(result.test == VDT_TEST_CHI_SQUARE && result.p_value < 1e-5);
    CHECK_OK(vdt_compare_columns(VDT_TEST_FISHER_EXACT, &coins, &biased, NULL, &result, e));
    CHECK(result.p_value < 1e-5);

    options.struct_size = sizeof options;
    CHECK_OK(vdt_compare_columns(VDT_TEST_CHI_SQUARE, &coins, &biased, &options, &result, e));
    CHECK(result.p_value == 0.01); /* by permutation */
    options.method = VDT_METHOD_EXACT;
    CHECK_FAILS(VDT_UNSUPPORTED, "chi_square",
                vdt_compare_columns(VDT_TEST_CHI_SQUARE, &coins, &biased, &options, &result, e));

    vdt_test_options_init(&options, sizeof options);
    CHECK(options.block == 1 && options.thin == 1);
    options.block = 5;
    CHECK_OK(vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, &options, &result, e));
    CHECK(result.reference_count == (count - 1) / 5 && result.p_value < 1e-3);
    options.thin = 5;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "exclude",
                vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, &options, &result, e));
    options.block = 1;
    CHECK_OK(vdt_compare_columns(VDT_TEST_CHI_SQUARE, &coins, &biased, &options, &result, e));

    const vdt_column empty = numbers(NULL, 0);
    CHECK_OK(vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &empty, NULL, &result, e));
    CHECK(isnan(result.p_value) && result.live_count == 0.0);

    vdt_test_options_init(&options, sizeof options);
    options.confidence = 1.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "confidence",
                vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, &options, &result, e));
    options.confidence = 0.95;
    options.alternative = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "alternative",
                vdt_compare_columns(VDT_TEST_MANN_WHITNEY, &left, &right, &options, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "test", vdt_compare_columns(77, &left, &right, NULL, &result, e));
    CHECK_FAILS(VDT_UNSUPPORTED, "fisher_exact",
                vdt_compare_columns(VDT_TEST_FISHER_EXACT, &left, &right, NULL, &result, e));
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "numeric",
                vdt_compare_columns(VDT_TEST_AUTOMATIC, &left, &coins, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live", vdt_compare_columns(VDT_TEST_AUTOMATIC, &left, NULL, NULL, &result, e));
    compare_matrices();
    thin();
    double value = -1.0, threshold = 0.0;
    int32_t exceeds = -1;
    CHECK_OK(vdt_preset_divergence(VDT_PRESET_EVIDENTLY, VDT_DIVERGENCE_JENSEN_SHANNON, &left, &right, &value,
                                   &threshold, &exceeds, e));
    CHECK(value > 0.1 && threshold == 0.1 && exceeds == 1);
    CHECK_OK(vdt_preset_divergence(VDT_PRESET_DEEPCHECKS, VDT_DIVERGENCE_POPULATION_STABILITY, &coins, &biased, &value,
                                   NULL, NULL, e));
    CHECK(value > 0.2);
    CHECK_OK(vdt_preset_divergence(VDT_PRESET_VEDETTE, VDT_DIVERGENCE_KULLBACK_LEIBLER, &left, &left, &value,
                                   &threshold, &exceeds, e));
    CHECK(value == 0.0 && isnan(threshold) && exceeds == 0);
    CHECK_FAILS(VDT_UNSUPPORTED, "",
                vdt_preset_divergence(VDT_PRESET_NANNYML, VDT_DIVERGENCE_KULLBACK_LEIBLER, &left, &right, &value, NULL,
                                      NULL, e));
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "numeric",
                vdt_preset_divergence(VDT_PRESET_VEDETTE, 0, &left, &coins, &value, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "preset", vdt_preset_divergence(5, 0, &left, &right, &value, NULL, NULL, e));
    return check_result();
}
