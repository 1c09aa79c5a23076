// SPDX-License-Identifier: Apache-2.0
// Monitors through the C interface: every kind, one value and whole columns, bytes, readings, struct sizes, misuse.
#include "check.h"

static vdt_monitor_options make_options(const char* kind, const char* text, const vdt_column* past) {
    vdt_monitor_options options;
    vdt_monitor_options_init(&options, sizeof options);
    options.kind = kind;
    options.kind_length = strlen(kind);
    options.options = text;
    options.options_length = text == NULL ? 0 : strlen(text);
    options.reference = past;
    return options;
}

static vdt_monitor* make(const char* kind, const char* text, const vdt_column* past) {
    const vdt_monitor_options options = make_options(kind, text, past);
    vdt_monitor* monitor = NULL;
    CHECK_OK(vdt_monitor_create(&options, NULL, &monitor, e));
    return monitor;
}

static byte_block bytes_of(const vdt_monitor* monitor) {
    byte_block block = {NULL, 0};
    CHECK_OK(vdt_monitor_to_bytes(monitor, NULL, 0, &block.size, e));
    block.data = malloc(block.size);
    CHECK_OK(vdt_monitor_to_bytes(monitor, block.data, block.size, NULL, e));
    return block;
}

static int same_bytes(const vdt_monitor* a, const vdt_monitor* b) {
    const byte_block x = bytes_of(a), y = bytes_of(b);
    const int same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return same;
}

enum { COUNT = 9000 };

/* Errors, rarer in the first half: every kind takes them. */
static void fill(double* values) {
    uint64_t seed = 3;
    for (int i = 0; i < COUNT; ++i) values[i] = draw(&seed) < (i < COUNT / 2 ? 0.1 : 0.6) ? 1.0 : 0.0;
}

static void test_every_kind(void) {
    static const char* const kinds[] = {"adwin",          "page_hinkley", "cusum",      "ewma_chart",   "ddm",
                                        "eddm",           "hddm_a",       "hddm_w",     "kswin",        "stepd",
                                        "incremental_ks", "e_process",    "e_detector", "harm_monitor", "mean_monitor"};
    static double values[COUNT];
    static uint8_t states[COUNT];
    fill(values);
    const vdt_column past = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, values, 500, 500 * sizeof *values);
    vdt_column column = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, values, COUNT, sizeof values);
    int alarmed = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; ++k) {
        vdt_monitor* one = make(kinds[k], NULL, &past);
        vdt_monitor* whole = make(kinds[k], "", &past);
        CHECK(strcmp(vdt_monitor_kind(one), kinds[k]) == 0);
        uint64_t changes[4] = {COUNT, COUNT, COUNT, COUNT};
        size_t found = 99;
        CHECK_OK(vdt_monitor_update_column(whole, &column, states, changes, 4, &found, e));
        size_t seen = 0;
        int differences = 0;
        for (int i = 0; i < COUNT; ++i) {
            vdt_monitor_state state = -1;
            if (vdt_monitor_update(one, values[i], i % 2 == 0 ? &state : NULL, NULL) != VDT_OK) ++differences;
            if (i % 2 == 0 && state != states[i]) ++differences;
            if (states[i] != VDT_MONITOR_CHANGE) continue;
            if (seen < 4 && changes[seen] != (uint64_t)i) ++differences;
            ++seen;
        }
        CHECK(differences == 0 && seen == found);
        for (size_t i = found; i < 4; ++i) CHECK(changes[i] == COUNT);
        CHECK(same_bytes(one, whole));
        vdt_monitor_reading reading;
        vdt_monitor_reading_init(&reading, sizeof reading);
        CHECK_OK(vdt_monitor_reading_get(one, &reading, e));
        CHECK(reading.changes == found && reading.seen == COUNT && reading.accepted == COUNT && reading.nan == 0);
        CHECK(reading.state == states[COUNT - 1]);
        alarmed += found > 0;

        /* Saved, read and gone on with; and made again from its own words. */
        const byte_block saved = bytes_of(one);
        vdt_monitor* resumed = NULL;
        CHECK_OK(vdt_monitor_from_bytes(saved.data, saved.size, NULL, &resumed, e));
        CHECK(strcmp(vdt_monitor_kind(resumed), kinds[k]) == 0);
        CHECK_OK(vdt_monitor_update_column(resumed, &column, NULL, NULL, 0, NULL, e));
        CHECK_OK(vdt_monitor_update_column(one, &column, NULL, NULL, 0, &found, e));
        CHECK(same_bytes(one, resumed));
        free(saved.data);
        char text[512];
        size_t length = 0;
        CHECK_OK(vdt_monitor_options_text(one, text, sizeof text, &length, e));
        CHECK(length == strlen(text));
        vdt_monitor* again = make(kinds[k], text, &past);
        CHECK_OK(vdt_monitor_reset(one, e));
        CHECK(same_bytes(one, again));
        vdt_monitor_destroy(again);
        vdt_monitor_destroy(resumed);
        vdt_monitor_destroy(whole);
        vdt_monitor_destroy(one);
    }
    CHECK(alarmed >= 12);
}

/* Of two streams together, where the kind allows it. */
static void test_merging(void) {
    vdt_monitor *whole = make("mean_monitor", "most=0.3,rule=proportion", NULL),
                *one = make("mean_monitor", "most=0.3,rule=proportion", NULL),
                *two = make("mean_monitor", "most=0.3,rule=proportion", NULL),
                *strict = make("mean_monitor", "most=0.2,rule=proportion", NULL), *chart = make("ddm", NULL, NULL),
                *blocks = make("mean_monitor", "block=2", NULL);
    vdt_monitor_state state = -1;
    /* Two in five are errors: eighty values are too few to say so, a hundred and sixty are not. */
    for (int i = 0; i < 160; ++i) {
        CHECK_OK(vdt_monitor_update(i < 80 ? one : two, i % 5 < 2 ? 1.0 : 0.0, &state, e));
        CHECK(state == VDT_MONITOR_IN_CONTROL);
    }
    int until = 0;
    while (state != VDT_MONITOR_CHANGE && until < 1000)
        CHECK_OK(vdt_monitor_update(whole, until++ % 5 < 2 ? 1.0 : 0.0, &state, e));
    state = -1;
    CHECK_OK(vdt_monitor_merge(one, two, &state, e));
    CHECK(state == (until <= 160 ? VDT_MONITOR_CHANGE : VDT_MONITOR_IN_CONTROL));
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    CHECK_OK(vdt_monitor_reading_get(one, &reading, e));
    CHECK(reading.accepted == 160 && reading.estimate == 0.4);
    for (int i = 0; i < 20; ++i) CHECK_OK(vdt_monitor_merge(one, two, NULL, e));
    const byte_block before = bytes_of(one);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "itself", vdt_monitor_merge(one, one, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "equal options", vdt_monitor_merge(one, strict, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "ddm", vdt_monitor_merge(one, chart, NULL, e));
    CHECK_FAILS(VDT_UNSUPPORTED, "order", vdt_monitor_merge(chart, chart, NULL, e));
    CHECK_FAILS(VDT_UNSUPPORTED, "blocks", vdt_monitor_merge(blocks, blocks, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "other", vdt_monitor_merge(one, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_monitor_merge(NULL, one, NULL, e));
    const byte_block after = bytes_of(one);
    CHECK(before.size == after.size && memcmp(before.data, after.data, after.size) == 0);
    free(before.data);
    free(after.data);
    vdt_monitor* const all[] = {whole, one, two, strict, chart, blocks};
    for (size_t k = 0; k < sizeof all / sizeof *all; ++k) vdt_monitor_destroy(all[k]);
}

static void test_columns(void) {
    /* Every type; a null counts as NaN; no value is looked at twice. */
    static const int32_t whole[8] = {0, 0, 0, 0, 9, 9, 9, 9};
    const uint8_t valid = 0xFD;
    vdt_column column = make_column("", VDT_COLUMN_NUMERIC, VDT_I32, whole, 8, sizeof whole);
    column.validity = &valid;
    column.validity_byte_length = 1;
    vdt_monitor* monitor = make("cusum", "{\"mean\": 0, \"sd\": 1, \"threshold\": 10, \"direction\": \"up\"}", NULL);
    uint8_t states[8];
    uint64_t change = 0;
    size_t found = 0;
    CHECK_OK(vdt_monitor_update_column(monitor, &column, states, &change, 1, &found, e));
    CHECK(found == 2 && change == 5 && states[5] == VDT_MONITOR_CHANGE && states[7] == VDT_MONITOR_CHANGE);
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    CHECK_OK(vdt_monitor_reading_get(monitor, &reading, e));
    CHECK(reading.nan == 1 && reading.accepted == 7 && reading.seen == 8 && reading.changes == 2);
    CHECK(reading.statistic > 10.0 && reading.limit == 10.0 && isnan(reading.estimate) && isnan(reading.p_value));
    vdt_monitor_state state = VDT_MONITOR_WARNING;
    CHECK_OK(vdt_monitor_update(monitor, INFINITY, &state, e));
    CHECK(state == VDT_MONITOR_IN_CONTROL);

    /* A smaller, older struct: what it does not have is not written. */
    vdt_monitor_reading old;
    memset(&old, 0x5A, sizeof old);
    old.struct_size = 24;
    CHECK_OK(vdt_monitor_reading_get(monitor, &old, e));
    CHECK(old.seen == 9 && old.accepted == 7 && old.nan == 0x5A5A5A5A5A5A5A5Au);

    /* Nothing happens when a call fails. */
    const vdt_string word = {"a", 1};
    column = make_column("", VDT_COLUMN_STRINGS, 0, &word, 1, sizeof word);
    CHECK_FAILS(VDT_TYPE_MISMATCH, "column", vdt_monitor_update_column(monitor, &column, NULL, NULL, 0, NULL, e));
    column = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, whole, 8, sizeof whole);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length",
                vdt_monitor_update_column(monitor, &column, NULL, NULL, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "changes", vdt_monitor_update_column(monitor, &column, NULL, NULL, 1, NULL, e));
    CHECK_OK(vdt_monitor_reading_get(monitor, &reading, e));
    CHECK(reading.seen == 9);
    vdt_monitor_destroy(monitor);
}

/* The draw of a kswin, given: the oldest of the older values; alarms of the rule of the paper, written anew. */
static void test_draws(void) {
    enum { WINDOW = 30, RECENT = 10 };
    uint32_t places[RECENT];
    for (uint32_t i = 0; i < RECENT; ++i) places[i] = i;
    static double values[400];
    uint64_t seed = 9;
    for (int i = 0; i < 400; ++i) values[i] = draw(&seed) + (i < 200 ? 0.0 : 0.75);
    vdt_monitor* monitor = make("kswin", "window=30, recent=10, level=0.001", NULL);
    double window[WINDOW];
    int width = 0, alarms = 0, differences = 0;
    for (int i = 0; i < 400; ++i) {
        if (width == WINDOW) memmove(window, window + 1, (size_t)--width * sizeof *window);
        window[width++] = values[i];
        int expected = 0;
        if (width == WINDOW) {
            double distance = 0.0;
            for (int k = 0; k < WINDOW; ++k) {
                int old_count = 0, new_count = 0;
                for (int j = 0; j < RECENT; ++j) {
                    old_count += window[j] <= window[k];
                    new_count += window[WINDOW - RECENT + j] <= window[k];
                }
                if (k < RECENT || k >= WINDOW - RECENT)
                    distance = fmax(distance, fabs((double)(old_count - new_count)) / RECENT);
            }
            expected = distance > sqrt(-log(0.001) / RECENT);
        }
        vdt_monitor_state state = -1;
        CHECK_OK(vdt_monitor_update_drawn(monitor, values[i], places, RECENT, &state, e));
        differences += (state == VDT_MONITOR_CHANGE) != (expected != 0);
        if (expected) {
            memmove(window, window + WINDOW - RECENT, RECENT * sizeof *window);
            width = RECENT;
            ++alarms;
        }
    }
    CHECK(differences == 0 && alarms > 0);
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    places[1] = 0; /* twice the same place */
    do {
        CHECK_OK(vdt_monitor_update_drawn(monitor, 0.5, places, RECENT, NULL, e));
    } while (++width <= WINDOW);
    CHECK_OK(vdt_monitor_reading_get(monitor, &reading, e));
    CHECK(reading.refused > 0);
    vdt_monitor_destroy(monitor);
    monitor = make("adwin", NULL, NULL);
    CHECK_FAILS(VDT_UNSUPPORTED, "only a kswin", vdt_monitor_update_drawn(monitor, 0.5, places, RECENT, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "draw", vdt_monitor_update_drawn(monitor, 0.5, NULL, RECENT, NULL, e));
    CHECK_OK(vdt_monitor_reading_get(monitor, &reading, e));
    CHECK(reading.seen == 0);
    vdt_monitor_destroy(monitor);
    monitor = make("kswin", "thin=2", NULL);
    CHECK_FAILS(VDT_UNSUPPORTED, "of blocks", vdt_monitor_update_drawn(monitor, 0.5, places, RECENT, NULL, e));
    vdt_monitor_destroy(monitor);
}

static void refuse(vdt_status expected, const char* text, const char* kind, const char* options,
                   const vdt_column* past) {
    const vdt_monitor_options given = make_options(kind, options, past);
    vdt_monitor* monitor = NULL;
    CHECK_FAILS(expected, text, vdt_monitor_create(&given, NULL, &monitor, e));
    CHECK(monitor == NULL);
}

static void test_misuse(void) {
    refuse(VDT_INVALID_ARGUMENT, "there is no kind \"\"", "", NULL, NULL);
    refuse(VDT_INVALID_ARGUMENT, "there are adwin, page_hinkley", "adwn", NULL, NULL);
    refuse(VDT_INVALID_ARGUMENT, "no option \"dleta\"", "adwin", "dleta=0.1", NULL);
    refuse(VDT_INVALID_ARGUMENT, "delta must lie", "adwin", "delta=7", NULL);
    refuse(VDT_NOT_ENOUGH_DATA, "needs mean and sd", "cusum", NULL, NULL);
    refuse(VDT_NOT_ENOUGH_DATA, "needs a reference", "e_process", NULL, NULL);
    const vdt_string word = {"a", 1};
    const vdt_column words = make_column("", VDT_COLUMN_STRINGS, 0, &word, 1, sizeof word);
    refuse(VDT_TYPE_MISMATCH, "options.reference", "cusum", NULL, &words);
    const double broken[2] = {1.0, NAN};
    const vdt_column numbers = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, broken, 2, sizeof broken);
    refuse(VDT_INVALID_ARGUMENT, "reference", "incremental_ks", NULL, &numbers);

    vdt_monitor* monitor = NULL;
    vdt_monitor_options options = make_options("adwin", NULL, NULL);
    options.reserved = 1;
    CHECK_FAILS(VDT_UNSUPPORTED, "reserved", vdt_monitor_create(&options, NULL, &monitor, e));
    options = make_options("adwin", NULL, NULL);
    options.struct_size = 12;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_monitor_create(&options, NULL, &monitor, e));
    options = make_options("adwin", NULL, NULL);
    options.options_length = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options.options", vdt_monitor_create(&options, NULL, &monitor, e));
    struct {
        vdt_monitor_options known;
        uint64_t newer;
    } large = {make_options("adwin", NULL, NULL), 0};
    large.known.struct_size = sizeof large;
    CHECK_OK(vdt_monitor_create(&large.known, NULL, &monitor, e));
    vdt_monitor_destroy(monitor);
    monitor = NULL;
    large.newer = 1;
    CHECK_FAILS(VDT_UNSUPPORTED, "options", vdt_monitor_create(&large.known, NULL, &monitor, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_monitor_create(NULL, NULL, &monitor, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_monitor_create(&options, NULL, NULL, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_monitor_from_bytes(NULL, 0, NULL, &monitor, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_monitor_from_bytes("no monitor", 10, NULL, &monitor, e));
    vdt_baseline* baseline = make_baseline(1);
    vdt_window* window = make_window(baseline);
    const byte_block other = window_bytes(window);
    CHECK_FAILS(VDT_CORRUPT_DATA, "another kind", vdt_monitor_from_bytes(other.data, other.size, NULL, &monitor, e));
    free(other.data);
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
    CHECK(monitor == NULL);

    monitor = make("hddm_a", "block=2", NULL);
    byte_block bytes = bytes_of(monitor);
    vdt_monitor* copy = NULL;
    CHECK_OK(vdt_monitor_from_bytes(bytes.data, bytes.size, NULL, &copy, e));
    CHECK(same_bytes(monitor, copy));
    vdt_monitor_destroy(copy);
    copy = NULL;
    bytes.data[bytes.size - 1] ^= 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_monitor_from_bytes(bytes.data, bytes.size, NULL, &copy, e));
    free(bytes.data);
    char small[4] = "abc";
    size_t length = 0;
    CHECK_FAILS(VDT_OVERFLOW, "", vdt_monitor_options_text(monitor, small, sizeof small, &length, e));
    CHECK(length > 4 && strcmp(small, "abc") == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_monitor_reading_get(monitor, NULL, e));
    vdt_monitor_destroy(monitor);

    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_monitor_update(NULL, 1.0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_monitor_update_column(NULL, NULL, NULL, NULL, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_monitor_reset(NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitor", vdt_monitor_to_bytes(NULL, NULL, 0, &length, e));
    vdt_monitor_destroy(NULL);
    CHECK(strcmp(vdt_monitor_kind(NULL), "unknown") == 0);
    CHECK(strcmp(vdt_monitor_state_name(VDT_MONITOR_CHANGE), "change") == 0);
    CHECK(strcmp(vdt_monitor_state_name(3), "unknown") == 0 && strcmp(vdt_monitor_state_name(-1), "unknown") == 0);
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    CHECK(reading.seen == 0 && isnan(reading.estimate) && reading.struct_size == sizeof reading);
}

int main(void) {
    test_every_kind();
    test_merging();
    test_columns();
    test_draws();
    test_misuse();
    return check_result();
}
