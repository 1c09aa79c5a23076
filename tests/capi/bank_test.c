// SPDX-License-Identifier: Apache-2.0
// Banks through the C interface: every kind beside its monitors, rows and matrices in any layout, bytes, misuse.
#include "check.h"

enum { FEATURES_OF_BANK = 21, ROWS_OF_BANK = 600 };

static double rows[ROWS_OF_BANK * FEATURES_OF_BANK];
static float narrow_rows[ROWS_OF_BANK * FEATURES_OF_BANK];
static double across[ROWS_OF_BANK * FEATURES_OF_BANK]; /* column by column */
static double past_rows[200 * FEATURES_OF_BANK];

/* Errors (exact as float), more of them in the last third in every second feature; a NaN here and there. */
static void fill(void) {
    uint64_t seed = 5;
    for (int r = 0; r < ROWS_OF_BANK; ++r)
        for (int f = 0; f < FEATURES_OF_BANK; ++f) {
            const int i = r * FEATURES_OF_BANK + f;
            const double rate = r >= 400 && f % 2 == 0 ? 0.75 : 0.125;
            rows[i] = draw(&seed) < rate ? 1.0 : 0.0;
            if (f == 3 && r % 50 == 7) rows[i] = NAN;
            narrow_rows[i] = (float)rows[i];
            across[f * ROWS_OF_BANK + r] = rows[i];
        }
    for (int i = 0; i < 200 * FEATURES_OF_BANK; ++i) past_rows[i] = draw(&seed) < 0.125 ? 1.0 : 0.0;
}

static vdt_matrix matrix_of(const void* data, vdt_dtype dtype, size_t size, int count) {
    return make_row_matrix(data, dtype, size, count, FEATURES_OF_BANK);
}

static vdt_bank_options options_of(const char* kind, const vdt_string* texts, uint64_t count, const vdt_matrix* past) {
    vdt_bank_options options;
    vdt_bank_options_init(&options, sizeof options);
    options.kind = kind;
    options.kind_length = strlen(kind);
    options.features = FEATURES_OF_BANK;
    options.options = texts;
    options.options_count = count;
    options.reference = past;
    return options;
}

static vdt_bank* make(const char* kind, const vdt_string* texts, uint64_t count, const vdt_matrix* past) {
    const vdt_bank_options options = options_of(kind, texts, count, past);
    vdt_bank* bank = NULL;
    CHECK_OK(vdt_bank_create(&options, NULL, &bank, e));
    return bank;
}

static byte_block bytes_of(const vdt_bank* bank) {
    byte_block block = {NULL, 0};
    CHECK_OK(vdt_bank_to_bytes(bank, NULL, 0, &block.size, e));
    block.data = malloc(block.size);
    CHECK_OK(vdt_bank_to_bytes(bank, block.data, block.size, NULL, e));
    return block;
}

static int same_bytes(const vdt_bank* a, const vdt_bank* b) {
    const byte_block x = bytes_of(a), y = bytes_of(b);
    const int same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return same;
}

/* A bank is its monitors: states, alarms, readings and bytes, row by row, as matrices, and resumed half-way. */
static void test_kind(const char* kind, const char* text) {
    const vdt_matrix past = matrix_of(past_rows, VDT_F64, sizeof *past_rows, 200);
    const vdt_string texts = {text, strlen(text)};
    vdt_bank* one = make(kind, &texts, 1, &past);
    vdt_bank* whole = make(kind, &texts, 1, &past);
    vdt_bank* columns = make(kind, &texts, 1, &past);
    vdt_bank* resumed = NULL;
    CHECK(strcmp(vdt_bank_kind(one), kind) == 0 && vdt_bank_features(one) == FEATURES_OF_BANK);

    vdt_monitor* monitors[FEATURES_OF_BANK] = {NULL};
    for (uint64_t f = 0; f < FEATURES_OF_BANK; ++f) CHECK_OK(vdt_bank_monitor(one, f, NULL, &monitors[f], e));
    uint64_t last[FEATURES_OF_BANK] = {0};
    size_t alarms = 0, differences = 0;
    for (int r = 0; r < ROWS_OF_BANK; ++r) {
        const double* const row = rows + r * FEATURES_OF_BANK;
        size_t changes = 99, told = 99;
        uint64_t which[FEATURES_OF_BANK];
        if (r % 2 == 0) {
            CHECK_OK(vdt_bank_update_f64(one, row, FEATURES_OF_BANK, &changes, e));
        } else {
            CHECK_OK(vdt_bank_update_f32(one, narrow_rows + r * FEATURES_OF_BANK, FEATURES_OF_BANK, &changes, e));
        }
        CHECK_OK(vdt_bank_changed(one, which, FEATURES_OF_BANK, &told, e));
        size_t found = 0;
        for (uint64_t f = 0; f < FEATURES_OF_BANK; ++f) {
            vdt_monitor_state state = -1;
            if (vdt_monitor_update(monitors[f], row[f], &state, NULL) != VDT_OK) ++differences;
            if (state != VDT_MONITOR_CHANGE) continue;
            if (found >= told || which[found] != f) ++differences;
            last[f] = (uint64_t)r + 1;
            ++found;
        }
        differences += found != changes || found != told ? 1U : 0U;
        alarms += found;
        if (r == 299) {
            const byte_block saved = bytes_of(one);
            CHECK_OK(vdt_bank_from_bytes(saved.data, saved.size, NULL, &resumed, e));
            free(saved.data);
            CHECK(same_bytes(one, resumed) && vdt_bank_rows(resumed) == 300);
        }
    }
    CHECK(differences == 0 && alarms > 5);
    CHECK(vdt_bank_rows(one) == ROWS_OF_BANK);
    for (uint64_t f = 0; f < FEATURES_OF_BANK; ++f) {
        vdt_monitor_reading expected, got;
        vdt_monitor_reading_init(&expected, sizeof expected);
        vdt_monitor_reading_init(&got, sizeof got);
        CHECK_OK(vdt_monitor_reading_get(monitors[f], &expected, e));
        CHECK_OK(vdt_bank_reading_get(one, f, &got, e));
        CHECK(memcmp(&expected, &got, sizeof got) == 0 && got.nan == (f == 3 ? 12U : 0U));
        uint64_t row = 99;
        CHECK_OK(vdt_bank_last_change(one, f, &row, e));
        CHECK(row == last[f]);
        vdt_monitor_destroy(monitors[f]);
    }

    /* All rows at once, in either order, and the second half by the one that was read. */
    vdt_matrix matrix = matrix_of(narrow_rows, VDT_F32, sizeof *narrow_rows, ROWS_OF_BANK);
    size_t changed = 0, again = 0;
    CHECK_OK(vdt_bank_update_matrix(whole, &matrix, &changed, e));
    CHECK(same_bytes(one, whole));
    size_t ever = 0;
    for (int f = 0; f < FEATURES_OF_BANK; ++f) ever += last[f] > 0 ? 1U : 0U;
    CHECK(changed == ever);
    CHECK_OK(vdt_bank_changed(whole, NULL, 0, &again, e));
    CHECK(again == ever);
    matrix = matrix_of(across, VDT_F64, sizeof *across, ROWS_OF_BANK);
    matrix.row_stride = sizeof *across;
    matrix.column_stride = ROWS_OF_BANK * sizeof *across;
    CHECK_OK(vdt_bank_update_matrix(columns, &matrix, &again, e));
    CHECK(same_bytes(one, columns) && again == ever);
    matrix = matrix_of(rows + 300 * FEATURES_OF_BANK, VDT_F64, sizeof *rows, 300);
    CHECK_OK(vdt_bank_update_matrix(resumed, &matrix, NULL, e));
    CHECK(same_bytes(one, resumed));

    /* No row changes nothing, and nothing has changed. */
    matrix.rows = 0;
    CHECK_OK(vdt_bank_update_matrix(resumed, &matrix, &again, e));
    CHECK(again == 0 && same_bytes(one, resumed));
    CHECK_OK(vdt_bank_reset(one, e));
    vdt_bank* fresh = make(kind, &texts, 1, &past);
    CHECK(same_bytes(one, fresh) && vdt_bank_rows(one) == 0);
    vdt_bank_destroy(fresh);
    vdt_bank_destroy(resumed);
    vdt_bank_destroy(columns);
    vdt_bank_destroy(whole);
    vdt_bank_destroy(one);
}

/* Options of each feature, and what is learned of each column. */
static void test_options(void) {
    static vdt_string texts[FEATURES_OF_BANK];
    static char words[FEATURES_OF_BANK][48];
    for (int f = 0; f < FEATURES_OF_BANK; ++f) {
        texts[f].length = (size_t)snprintf(words[f], sizeof words[f], "threshold=%d, delta=0.01", 20 + f);
        texts[f].data = words[f];
    }
    vdt_bank* bank = make("page_hinkley", texts, FEATURES_OF_BANK, NULL);
    for (uint64_t f = 0; f < FEATURES_OF_BANK; f += 20) {
        vdt_monitor_reading reading;
        vdt_monitor_reading_init(&reading, sizeof reading);
        CHECK_OK(vdt_bank_reading_get(bank, f, &reading, e));
        CHECK(reading.limit == 20.0 + (double)f);
    }
    vdt_bank_destroy(bank);
    for (int i = 0; i < 200 * FEATURES_OF_BANK; ++i)
        past_rows[i] = (i / FEATURES_OF_BANK % 2 == 0 ? 1.0 : -1.0) + (double)(i % FEATURES_OF_BANK);
    past_rows[5] = NAN;
    const vdt_matrix past = matrix_of(past_rows, VDT_F64, sizeof *past_rows, 200);
    const vdt_string run = {"average_run_length=1000, direction=up", 37};
    bank = make("cusum", &run, 1, &past);
    for (uint64_t f = 0; f < FEATURES_OF_BANK; f += 4) {
        vdt_monitor* monitor = NULL;
        char text[256];
        CHECK_OK(vdt_bank_monitor(bank, f, NULL, &monitor, e));
        CHECK_OK(vdt_monitor_options_text(monitor, text, sizeof text, NULL, e));
        const char* const mean = strstr(text, "\"mean\":");
        CHECK(mean != NULL && fabs(strtod(mean + 7, NULL) - (double)f) < 1e-12);
        vdt_monitor_destroy(monitor);
    }
    vdt_bank_destroy(bank);
}

static void refuse(vdt_status expected, const char* text, const vdt_bank_options* options) {
    vdt_bank* bank = NULL;
    CHECK_FAILS(expected, text, vdt_bank_create(options, NULL, &bank, e));
    CHECK(bank == NULL);
}

static void test_misuse(void) {
    const vdt_string texts[2] = {{"delta=7", 7}, {"block=2", 7}};
    vdt_bank_options options = options_of("kswin", NULL, 0, NULL);
    refuse(VDT_INVALID_ARGUMENT, "none of kind kswin", &options);
    options = options_of("adwn", NULL, 0, NULL);
    refuse(VDT_INVALID_ARGUMENT, "there is no kind", &options);
    options = options_of("adwin", texts, 1, NULL);
    refuse(VDT_INVALID_ARGUMENT, "delta must lie", &options);
    options = options_of("adwin", texts + 1, 1, NULL);
    refuse(VDT_INVALID_ARGUMENT, "no block", &options);
    options = options_of("adwin", texts, 2, NULL);
    refuse(VDT_INVALID_ARGUMENT, "options_count", &options);
    options = options_of("adwin", NULL, 1, NULL);
    refuse(VDT_INVALID_ARGUMENT, "options.options", &options);
    options = options_of("cusum", NULL, 0, NULL);
    refuse(VDT_NOT_ENOUGH_DATA, "needs mean and sd", &options);
    options = options_of("adwin", NULL, 0, NULL);
    options.features = 0;
    refuse(VDT_INVALID_ARGUMENT, "features", &options);
    options.features = UINT64_MAX;
    refuse(VDT_INVALID_ARGUMENT, "features", &options);
    vdt_matrix past = matrix_of(past_rows, VDT_F64, sizeof *past_rows, 200);
    past.columns = 5;
    options = options_of("cusum", NULL, 0, &past);
    refuse(VDT_DIMENSION_MISMATCH, "5 columns", &options);
    options = options_of("ddm", NULL, 0, NULL);
    options.reserved = 1;
    refuse(VDT_UNSUPPORTED, "reserved", &options);

    vdt_bank* bank = make("ddm", NULL, 0, NULL);
    const byte_block before = bytes_of(bank);
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "4 values", vdt_bank_update_f64(bank, rows, 4, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_bank_update_f32(bank, NULL, FEATURES_OF_BANK, NULL, e));
    vdt_matrix few = matrix_of(rows, VDT_F64, sizeof *rows, 10);
    few.columns = 4;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "4 values", vdt_bank_update_matrix(bank, &few, NULL, e));
    few = matrix_of(rows, VDT_F64, sizeof *rows, 10);
    few.byte_length = 8;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length", vdt_bank_update_matrix(bank, &few, NULL, e));
    const byte_block after = bytes_of(bank);
    CHECK(before.size == after.size && memcmp(before.data, after.data, after.size) == 0);
    vdt_bank* other = NULL;
    after.data[after.size - 1] ^= 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_bank_from_bytes(after.data, after.size, NULL, &other, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_bank_from_bytes(NULL, 0, NULL, &other, e));
    for (size_t size = 0; size < before.size; size += 97)
        CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_bank_from_bytes(before.data, size, NULL, &other, e));
    vdt_monitor* monitor = NULL;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_monitor_from_bytes(before.data, before.size, NULL, &monitor, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature", vdt_bank_monitor(bank, FEATURES_OF_BANK, NULL, &monitor, e));
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature", vdt_bank_reading_get(bank, FEATURES_OF_BANK, &reading, e));
    uint64_t row = 0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature", vdt_bank_last_change(bank, UINT64_MAX, &row, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "features", vdt_bank_changed(bank, NULL, 1, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bank", vdt_bank_reset(NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bank", vdt_bank_update_f64(NULL, rows, 1, NULL, e));
    CHECK(vdt_bank_features(NULL) == 0 && vdt_bank_rows(NULL) == 0 && strcmp(vdt_bank_kind(NULL), "unknown") == 0);
    CHECK(other == NULL && monitor == NULL);
    free(before.data);
    free(after.data);
    vdt_bank_destroy(bank);
    vdt_bank_destroy(NULL);
}

int main(void) {
    fill();
    test_kind("adwin", "delta=0.01, clock=8");
    test_kind("page_hinkley", "threshold=8");
    test_kind("cusum", "threshold=6");
    test_kind("ewma_chart", "weight=0.1, warning_width=2");
    test_kind("ddm", "");
    test_kind("hddm_a", "");
    test_options();
    test_misuse();
    return check_result();
}
