// SPDX-License-Identifier: Apache-2.0
// Sketches through the C interface: streams, columns, merging, bytes, the test, and misuse.
#include <stdlib.h>

#include "check.h"

/* 0, 1, ..., count - 1 in a scattered order. */
static double scattered(uint64_t i, uint64_t count) {
    return (double)(i * 7919 % count);
}

int main(void) {
    enum { count = 100003, half = count / 2 };
    vdt_sketch *whole = NULL, *left = NULL, *right = NULL;
    CHECK_OK(vdt_sketch_create(0, 1, NULL, &whole, e));
    CHECK_OK(vdt_sketch_create(400, 2, NULL, &left, e));
    CHECK_OK(vdt_sketch_create(400, 3, NULL, &right, e));
    CHECK(vdt_sketch_count(whole) == 0 && vdt_sketch_count(NULL) == 0);
    double value = 0.0;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "no finite value", vdt_sketch_quantile(whole, 0.5, &value, e));

    static double values[count];
    for (uint64_t i = 0; i < count; ++i) values[i] = scattered(i, count);
    for (uint64_t i = 0; i < count; ++i) CHECK(vdt_sketch_update(whole, values[i], NULL) == VDT_OK);
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.dtype = VDT_F64;
    column.data = values;
    column.length = half;
    column.byte_length = half * sizeof *values;
    CHECK_OK(vdt_sketch_update_column(left, &column, e));
    column.data = values + half;
    column.length = count - half;
    column.byte_length = (count - half) * sizeof *values;
    CHECK_OK(vdt_sketch_update_column(right, &column, e));
    CHECK_OK(vdt_sketch_merge(left, right, e));
    CHECK(vdt_sketch_count(whole) == count && vdt_sketch_count(left) == count);

    for (int which = 0; which < 2; ++which) {
        const vdt_sketch* sketch = which == 0 ? whole : left;
        double rank = 0.0, bound = 0.0;
        CHECK_OK(vdt_sketch_rank_error(sketch, 0.999, &bound, e));
        CHECK(bound > 0.0 && bound < 0.05);
        CHECK_OK(vdt_sketch_rank(sketch, 25000.0, &rank, e));
        CHECK(fabs(rank - 25001.0 / count) <= bound);
        CHECK_OK(vdt_sketch_quantile(sketch, 0.5, &value, e));
        CHECK(fabs(value / count - 0.5) <= bound + 1e-5);
    }

    size_t length = 0;
    CHECK_OK(vdt_sketch_to_bytes(whole, NULL, 0, &length, e));
    unsigned char* bytes = malloc(length);
    CHECK_OK(vdt_sketch_to_bytes(whole, bytes, length, &length, e));
    vdt_sketch* copy = NULL;
    CHECK_OK(vdt_sketch_from_bytes(bytes, length, NULL, &copy, e));
    CHECK(vdt_sketch_count(copy) == count);
    vdt_sketch_result result;
    vdt_sketch_result_init(&result, sizeof result);
    CHECK(isnan(result.p_value) && result.live_count == 0);
    CHECK_OK(vdt_compare_sketches(whole, copy, 0.95, &result, e));
    CHECK(result.statistic == 0.0 && result.p_value == 1.0 && result.live_count == count);
    CHECK_OK(vdt_compare_sketches(whole, left, 0.95, &result, e));
    CHECK(result.statistic_lower == 0.0 && result.p_value == 1.0 && result.p_value_lower <= result.p_value_upper);
    vdt_sketch_destroy(copy);
    bytes[length / 2] ^= 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_sketch_from_bytes(bytes, length, NULL, &copy, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_sketch_from_bytes(NULL, 0, NULL, &copy, e));
    free(bytes);

    vdt_sketch* moved = NULL;
    CHECK_OK(vdt_sketch_create(200, 4, NULL, &moved, e));
    for (uint64_t i = 0; i < count; ++i) CHECK(vdt_sketch_update(moved, values[i] + 0.2 * count, NULL) == VDT_OK);
    CHECK_OK(vdt_sketch_update(moved, NAN, e));
    CHECK_OK(vdt_compare_sketches(whole, moved, 0.95, &result, e));
    CHECK(result.statistic_lower > 0.1 && result.statistic_upper < 0.3 && result.effect_lower > 0.1);
    CHECK(result.p_value < 0.001 && result.live_count == count);

    CHECK_FAILS(VDT_INVALID_ARGUMENT, "k", vdt_sketch_create(3, 0, NULL, &copy, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "confidence", vdt_compare_sketches(whole, moved, 1.0, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live", vdt_compare_sketches(whole, NULL, 0.9, &result, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "sketch", vdt_sketch_update(NULL, 1.0, e));
    vdt_string word = {"a", 1};
    vdt_column_init(&column, sizeof column);
    column.kind = VDT_COLUMN_STRINGS;
    column.data = &word;
    column.length = 1;
    column.byte_length = sizeof word;
    CHECK_FAILS(VDT_TYPE_MISMATCH, "categories", vdt_sketch_update_column(whole, &column, e));
    CHECK(vdt_sketch_count(whole) == count);
    vdt_sketch_destroy(whole);
    vdt_sketch_destroy(left);
    vdt_sketch_destroy(right);
    vdt_sketch_destroy(moved);
    vdt_sketch_destroy(NULL);
    return check_result();
}
