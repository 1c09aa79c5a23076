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
    for (vdt_multivariate_test test = VDT_MULTIVARIATE_HOTELLING_T2; test <= VDT_MULTIVARIATE_RANDOM_FEATURE_MMD;
         ++test) {
        CHECK_OK(vdt_compare_matrices(test, &left, &right, NULL, &wide, features, 2, live_rows, rows, e));
        CHECK(wide.test == test && wide.reference_count == rows && wide.live_count == rows);
        CHECK(wide.p_value < 0.01);
        /* MMD-FUSE: derivatives by scale, which say little of so sharp a change. */
        CHECK(isnan(features[0]) || features[1] > features[0] || test == VDT_MULTIVARIATE_MMD_FUSE);
        CHECK_OK(vdt_compare_matrices(test, &narrow_left, &narrow_right, NULL, &result, NULL, 0, NULL, 0, e));
        CHECK(fabs(result.statistic - wide.statistic) <= 1e-4 * fabs(wide.statistic));
        CHECK(strcmp(vdt_multivariate_test_name(test), "unknown") != 0);
    }
    CHECK(strcmp(vdt_multivariate_test_name(VDT_MULTIVARIATE_RANDOM_FEATURE_MMD + 1), "unknown") == 0);
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

/* A whole number as a weight says how often its row is there; SciPy's examples. */
static void compare_weighted(void) {
    const double u[] = {3.4, 3.9, 7.5, 7.8, NAN}, wu[] = {1.4, 0.9, 3.1, 7.2, 5.0};
    const double v[] = {4.5, 1.4}, wv[] = {3.2, 3.5};
    const vdt_column left = numbers(u, 5), left_weights = numbers(wu, 5), right = numbers(v, 2);
    vdt_column right_weights = numbers(wv, 2);
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    CHECK_OK(vdt_compare_weighted(VDT_TEST_AUTOMATIC, &left, &left_weights, &right, &right_weights, NULL, &result, e));
    CHECK(result.test == VDT_TEST_WASSERSTEIN && result.reference_count == 4 && result.live_count == 2);
    CHECK(fabs(result.statistic - 4.0781331438047861) < 1e-12);
    CHECK(result.p_value >= 0.001 && result.p_value <= 1.0 && isnan(result.effect_lower));
    static double x[count], y[count], wx[count], wy[count];
    for (int i = 0; i < count; ++i) {
        x[i] = sin(0.7 * i);
        y[i] = sin(0.7 * i + 0.3);
        wx[i] = 1.0;
        wy[i] = y[i] > 0.0 ? 2.0 : 0.5; /* equal laws of values; the weights are what moved */
    }
    const vdt_column a = numbers(x, count), b = numbers(y, count), equal = numbers(wx, count),
                     skew = numbers(wy, count);
    const vdt_column none = numbers(wx, 0);
    vdt_test_result plain;
    vdt_test_result_init(&plain, sizeof plain);
    CHECK_OK(vdt_compare_weighted(VDT_TEST_ENERGY_DISTANCE, &a, &equal, &b, &equal, NULL, &result, e));
    CHECK_OK(vdt_compare_columns(VDT_TEST_ENERGY_DISTANCE, &a, &b, NULL, &plain, e));
    CHECK(fabs(result.statistic - plain.statistic) < 1e-12 && fabs(result.effect - plain.effect) < 1e-9);
    CHECK(result.p_value == plain.p_value && result.p_value > 0.05);
    CHECK_OK(vdt_compare_weighted(VDT_TEST_ENERGY_DISTANCE, &a, &equal, &b, &skew, NULL, &result, e));
    CHECK(result.p_value < 0.01);
    CHECK_OK(vdt_compare_weighted(VDT_TEST_WASSERSTEIN, &a, &equal, &none, &none, NULL, &result, e));
    CHECK(isnan(result.statistic) && result.reference_count == count && result.live_count == 0);
    CHECK_FAILS(VDT_UNSUPPORTED, "no form for weights",
                vdt_compare_weighted(VDT_TEST_WELCH_T, &a, &equal, &b, &equal, NULL, &result, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "weights",
                vdt_compare_weighted(VDT_TEST_WASSERSTEIN, &a, &none, &b, &equal, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live_weights",
                vdt_compare_weighted(VDT_TEST_WASSERSTEIN, &a, &equal, &b, NULL, NULL, &result, e));
    wy[7] = -1.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row 7",
                vdt_compare_weighted(VDT_TEST_WASSERSTEIN, &a, &equal, &b, &skew, NULL, &result, e));
    vdt_test_options thinned;
    vdt_test_options_init(&thinned, sizeof thinned);
    thinned.thin = 2;
    CHECK_FAILS(VDT_UNSUPPORTED, "options.thin",
                vdt_compare_weighted(VDT_TEST_WASSERSTEIN, &a, &equal, &b, &equal, &thinned, &result, e));
}

/* Scholz and Stephens' (1987) four laboratories of paper smoothness, and SciPy's levene of the same. */
static void compare_several(void) {
    const double smoothness[4][8] = {{38.7, 41.5, 43.8, 44.5, 45.5, 46.0, 47.7, 58.0},
                                     {39.2, 39.3, 39.7, 41.4, 41.8, 42.9, 43.3, 45.8},
                                     {34.0, 35.0, 39.0, 40.0, 43.0, 43.0, 44.0, 45.0},
                                     {34.0, 34.8, 34.8, 35.4, 37.2, 37.8, 41.2, 42.8}};
    vdt_column laboratories[4];
    for (int i = 0; i < 4; ++i) laboratories[i] = numbers(smoothness[i], 8);
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    CHECK_OK(vdt_compare_several(VDT_TEST_AUTOMATIC, laboratories, 4, NULL, &result, e));
    CHECK(result.test == VDT_TEST_ANDERSON_DARLING && result.reference_count == 8 && result.live_count == 24);
    CHECK(fabs(result.statistic - 4.479780627135335) < 1e-12 && isnan(result.effect));
    CHECK(result.p_value < 0.006 && result.p_value >= 0.001); /* tied, hence by permutation; of 99,999 0.0017 */
    CHECK_OK(vdt_compare_several(VDT_TEST_LEVENE, laboratories, 4, NULL, &result, e));
    const double by_mean = result.statistic;
    CHECK(result.degrees_of_freedom == 28 && fabs(by_mean - 0.8809989005579711) < 1e-12);
    CHECK_OK(vdt_compare_several(VDT_TEST_BROWN_FORSYTHE, laboratories, 4, NULL, &result, e));
    CHECK(result.test == VDT_TEST_BROWN_FORSYTHE && fabs(result.statistic - 0.7479067743667441) < 1e-12);

    static vdt_string day[3][90];
    vdt_column days[3];
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < 90; ++i) {
            day[k][i].data = i % (k == 2 ? 9 : 3) == 0 ? "a" : "b"; /* 30, 30 and 10 of 90 */
            day[k][i].length = 1;
        }
        days[k] = texts(day[k], 90);
    }
    CHECK_OK(vdt_compare_several(VDT_TEST_AUTOMATIC, days, 3, NULL, &result, e));
    CHECK(result.test == VDT_TEST_CHI_SQUARE && result.degrees_of_freedom == 2);
    CHECK(fabs(result.statistic - 108.0 / 7.0) < 1e-9);
    CHECK_OK(vdt_compare_several(VDT_TEST_FISHER_EXACT, days, 3, NULL, &result, e));
    CHECK(result.p_value < 0.001 && result.live_count == 180);
    CHECK_OK(vdt_compare_several(VDT_TEST_CHI_SQUARE, days, 2, NULL, &result, e));
    CHECK(result.p_value == 1.0);

    laboratories[3].length = 0;
    laboratories[3].byte_length = 0;
    CHECK_OK(vdt_compare_several(VDT_TEST_ANDERSON_DARLING, laboratories, 4, NULL, &result, e));
    CHECK(isnan(result.p_value) && result.reference_count == 8 && result.live_count == 16);
    laboratories[3] = days[0];
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "categorical",
                vdt_compare_several(VDT_TEST_LEVENE, laboratories, 4, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "at least 2",
                vdt_compare_several(VDT_TEST_LEVENE, laboratories, 1, NULL, &result, e));
    CHECK_FAILS(VDT_UNSUPPORTED, "kuiper", vdt_compare_several(VDT_TEST_KUIPER, laboratories, 3, NULL, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "samples", vdt_compare_several(VDT_TEST_LEVENE, NULL, 3, NULL, &result, e));
    /* An empty list has no first column whose size could be read (AddressSanitizer would tell). */
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "there are 0",
                vdt_compare_several(VDT_TEST_LEVENE, laboratories + 4, 0, NULL, &result, e));
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
    compare_weighted();
    compare_several();
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
