// SPDX-License-Identifier: Apache-2.0
// The monitor of rows through the C interface: rows one by one and as a matrix, f32 and f64, bytes, copies, misuse.
#include "check.h"

enum { REFERENCE = 200, LIVE = 300, COLUMNS = 4 };

static double past_rows[REFERENCE * COLUMNS];
static double live[LIVE * COLUMNS];
static float narrow[REFERENCE * COLUMNS];

/* Sums of uniforms; the live rows move after two thirds. */
static void fill(void) {
    uint64_t seed = 11;
    for (int i = 0; i < REFERENCE * COLUMNS; ++i) {
        past_rows[i] = draw(&seed) + draw(&seed) + draw(&seed);
        narrow[i] = (float)past_rows[i];
    }
    for (int i = 0; i < LIVE * COLUMNS; ++i)
        live[i] = draw(&seed) + draw(&seed) + draw(&seed) + (i < 200 * COLUMNS ? 0.0 : 1.0);
}

static vdt_matrix matrix_of(const void* data, vdt_dtype dtype, size_t size, int rows) {
    return make_row_matrix(data, dtype, size, rows, COLUMNS);
}

static vdt_mmd_monitor_options options_of(void) {
    vdt_mmd_monitor_options options;
    vdt_mmd_monitor_options_init(&options, sizeof options);
    options.features = 16;
    options.window = 20;
    options.expected_run = 500.0;
    options.simulations = 2000;
    return options;
}

static byte_block bytes_of(const vdt_mmd_monitor* monitor) {
    byte_block block = {NULL, 0};
    CHECK_OK(vdt_mmd_monitor_to_bytes(monitor, NULL, 0, &block.size, e));
    block.data = malloc(block.size);
    CHECK_OK(vdt_mmd_monitor_to_bytes(monitor, block.data, block.size, NULL, e));
    return block;
}

static void watch(const vdt_matrix* past) {
    const vdt_mmd_monitor_options options = options_of();
    vdt_mmd_monitor *one = NULL, *whole = NULL, *resumed = NULL;
    CHECK_OK(vdt_mmd_monitor_create(past, &options, NULL, &one, e));
    CHECK_OK(vdt_mmd_monitor_copy(one, NULL, &whole, e));
    CHECK(vdt_mmd_monitor_dimension(one) == COLUMNS);
    static uint8_t states[LIVE];
    size_t changes = 0;
    const vdt_matrix rows = matrix_of(live, VDT_F64, sizeof *live, LIVE);
    CHECK_OK(vdt_mmd_monitor_update_matrix(whole, &rows, states, &changes, e));
    CHECK(changes > 0);
    size_t found = 0, late = 0;
    for (int i = 0; i < LIVE; ++i) {
        vdt_monitor_state state = -1;
        CHECK_OK(vdt_mmd_monitor_update_f64(one, live + i * COLUMNS, COLUMNS, &state, e));
        CHECK(state == states[i]);
        found += state == VDT_MONITOR_CHANGE ? 1U : 0U;
        late += state == VDT_MONITOR_CHANGE && i >= 200 && i < 220 ? 1U : 0U;
    }
    CHECK(found == changes && late > 0);
    const byte_block a = bytes_of(one), b = bytes_of(whole);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    CHECK_OK(vdt_mmd_monitor_from_bytes(a.data, a.size, NULL, &resumed, e));
    const byte_block c = bytes_of(resumed);
    CHECK(a.size == c.size && memcmp(a.data, c.data, a.size) == 0);
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    const float bad[COLUMNS] = {0.0F, NAN, 0.0F, 0.0F};
    CHECK_OK(vdt_mmd_monitor_update_f32(resumed, bad, COLUMNS, NULL, e));
    CHECK_OK(vdt_mmd_monitor_reading_get(resumed, &reading, e));
    CHECK(reading.seen == LIVE + 1 && reading.accepted == LIVE && reading.nan == 1 && reading.changes == changes);
    CHECK(reading.estimate >= 0.0 && reading.estimate < 1.5 && isnan(reading.p_value));
    CHECK_OK(vdt_mmd_monitor_reset(resumed, e));
    CHECK_OK(vdt_mmd_monitor_reading_get(resumed, &reading, e));
    CHECK(reading.seen == 0 && isinf(reading.limit) && isnan(reading.statistic));

    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "3 values", vdt_mmd_monitor_update_f64(one, live, 3, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_mmd_monitor_update_f64(one, NULL, COLUMNS, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_mmd_monitor_update_f32(NULL, bad, COLUMNS, NULL, e));
    vdt_matrix thin = rows;
    thin.columns = 2;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 columns", vdt_mmd_monitor_update_matrix(one, &thin, NULL, NULL, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_mmd_monitor_from_bytes(a.data, a.size - 1, NULL, &resumed, e));
    free(a.data);
    free(b.data);
    free(c.data);
    vdt_mmd_monitor_destroy(one);
    vdt_mmd_monitor_destroy(whole);
    vdt_mmd_monitor_destroy(resumed);
}

static void test_misuse(void) {
    const vdt_matrix past = matrix_of(past_rows, VDT_F64, sizeof *past_rows, REFERENCE);
    vdt_mmd_monitor* monitor = NULL;
    vdt_mmd_monitor_options options = options_of();
    options.window = 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_mmd_monitor_create(&past, &options, NULL, &monitor, e));
    options = options_of();
    options.expected_run = 5.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "expected_run", vdt_mmd_monitor_create(&past, &options, NULL, &monitor, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "reference", vdt_mmd_monitor_create(NULL, &options, NULL, &monitor, e));
    const vdt_matrix few = matrix_of(past_rows, VDT_F64, sizeof *past_rows, 19);
    options = options_of();
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "19 rows", vdt_mmd_monitor_create(&few, &options, NULL, &monitor, e));
    CHECK(monitor == NULL);
    vdt_mmd_monitor_destroy(NULL);
    CHECK(vdt_mmd_monitor_dimension(NULL) == 0);
}

int main(void) {
    fill();
    const vdt_matrix wide = matrix_of(past_rows, VDT_F64, sizeof *past_rows, REFERENCE);
    const vdt_matrix small = matrix_of(narrow, VDT_F32, sizeof *narrow, REFERENCE);
    watch(&wide);
    watch(&small);
    test_misuse();
    return check_result();
}
