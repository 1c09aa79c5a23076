// SPDX-License-Identifier: Apache-2.0
// Checks for the C tests, and the small mixed data set that they share.
#ifndef VEDETTE_TESTS_CAPI_CHECK_H
#define VEDETTE_TESTS_CAPI_CHECK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

static int check_failures = 0;
static int check_count = 0;

#define CHECK(condition)                                                              \
    do {                                                                              \
        ++check_count;                                                                \
        if (!(condition)) {                                                           \
            ++check_failures;                                                         \
            fprintf(stderr, "%s:%d: failed: %s\n", __FILE__, __LINE__, (#condition)); \
        }                                                                             \
    } while (0)

// A call that must succeed; says why it did not.
#define CHECK_OK(call)                                                                                      \
    do {                                                                                                    \
        vdt_error error = VDT_ERROR_INIT;                                                                   \
        vdt_error* const e = &error;                                                                        \
        const vdt_status status = (call);                                                                   \
        ++check_count;                                                                                      \
        if (status != VDT_OK) {                                                                             \
            ++check_failures;                                                                               \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, vdt_status_name(status), error.message); \
        }                                                                                                   \
    } while (0)

// A call that must fail with this status and a message that contains this text.
#define CHECK_FAILS(expected, text, call)                                                                           \
    do {                                                                                                            \
        vdt_error error = VDT_ERROR_INIT;                                                                           \
        vdt_error* const e = &error;                                                                                \
        const vdt_status status = (call);                                                                           \
        ++check_count;                                                                                              \
        if (status != (expected) || error.code != (expected) || strstr(error.message, (text)) == NULL) {            \
            ++check_failures;                                                                                       \
            fprintf(stderr, "%s:%d: got %s, \"%s\"\n", __FILE__, __LINE__, vdt_status_name(status), error.message); \
        }                                                                                                           \
    } while (0)

static inline int check_result(void) {
    printf("%d checks, %d failed\n", check_count, check_failures);
    return check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

// ---- data: height (f64), weight (f32), colour (text), 600 rows; every 20th colour is null ----

enum { REFERENCE_ROWS = 600, FEATURES = 3 };

typedef struct reference {
    double height[REFERENCE_ROWS];
    float weight[REFERENCE_ROWS];
    vdt_string colour[REFERENCE_ROWS];
    uint8_t colour_valid[REFERENCE_ROWS / 8];
} reference;

static inline double draw(uint64_t* state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static inline void fill_reference(reference* data, uint64_t seed) {
    static const vdt_string colours[] = {{"red", 3}, {"green", 5}, {"blue", 4}};
    memset(data->colour_valid, 0, sizeof data->colour_valid);
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        data->height[i] = 150.0 + 40.0 * draw(&seed);
        data->weight[i] = (float)(50.0 + 50.0 * draw(&seed));
        data->colour[i] = colours[(int)(3.0 * draw(&seed))];
        if (i % 20 != 0) data->colour_valid[i / 8] |= (uint8_t)(1u << (i % 8));
    }
}

static inline vdt_matrix make_row_matrix(const void* data, vdt_dtype dtype, size_t size, int rows, int columns) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = dtype;
    matrix.data = data;
    matrix.byte_length = size * (size_t)rows * (size_t)columns;
    matrix.rows = (uint64_t)rows;
    matrix.columns = (uint64_t)columns;
    return matrix;
}

static inline vdt_column make_column(const char* name, int32_t kind, vdt_dtype dtype, const void* data, size_t length,
                                     size_t byte_length) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = name;
    column.name_length = strlen(name);
    column.kind = kind;
    column.dtype = dtype;
    column.data = data;
    column.length = length;
    column.byte_length = byte_length;
    return column;
}

static inline void reference_columns(const reference* data, vdt_column* columns) {
    columns[0] = make_column("height", VDT_COLUMN_NUMERIC, VDT_F64, data->height, REFERENCE_ROWS, sizeof data->height);
    columns[1] = make_column("weight", VDT_COLUMN_NUMERIC, VDT_F32, data->weight, REFERENCE_ROWS, sizeof data->weight);
    columns[2] = make_column("colour", VDT_COLUMN_STRINGS, 0, data->colour, REFERENCE_ROWS, sizeof data->colour);
    columns[2].validity = data->colour_valid;
    columns[2].validity_byte_length = sizeof data->colour_valid;
}

static inline vdt_baseline* make_baseline(uint64_t seed) {
    static reference data;
    vdt_column columns[FEATURES];
    vdt_baseline* baseline = NULL;
    fill_reference(&data, seed);
    reference_columns(&data, columns);
    CHECK_OK(vdt_baseline_create(columns, FEATURES, NULL, NULL, &baseline, e));
    return baseline;
}

static inline vdt_window* make_window(const vdt_baseline* baseline) {
    vdt_window* window = NULL;
    CHECK_OK(vdt_window_create(baseline, NULL, &window, e));
    return window;
}

static inline vdt_guard* make_guard(const vdt_baseline* baseline) {
    vdt_guard* guard = NULL;
    CHECK_OK(vdt_guard_create(baseline, NULL, NULL, &guard, e));
    return guard;
}

// The bytes of a window, which say whether two hold the same counters.
typedef struct byte_block {
    unsigned char* data;
    size_t size;
} byte_block;

static inline byte_block window_bytes(const vdt_window* window) {
    byte_block result = {NULL, 0};
    CHECK_OK(vdt_window_to_bytes(window, NULL, 0, &result.size, e));
    result.data = malloc(result.size);
    CHECK_OK(vdt_window_to_bytes(window, result.data, result.size, &result.size, e));
    return result;
}

static inline int same_counters(const vdt_window* a, const vdt_window* b) {
    const byte_block x = window_bytes(a), y = window_bytes(b);
    const int same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return same;
}

#endif  // VEDETTE_TESTS_CAPI_CHECK_H
