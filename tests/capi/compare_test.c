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
    return check_result();
}
