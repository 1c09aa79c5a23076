// SPDX-License-Identifier: Apache-2.0
// Counts what the request path allocates through the C interface: nothing. Interposes malloc, so no sanitizers.
#include "check.h"

static size_t allocations = 0;

// The C library's own names for what is interposed here.
extern void* __libc_malloc(size_t size);
extern void* __libc_calloc(size_t count, size_t size);
extern void* __libc_realloc(void* pointer, size_t size);
extern void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) {
    ++allocations;
    return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
    ++allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* pointer, size_t size) {
    ++allocations;
    return __libc_realloc(pointer, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
    ++allocations;
    return __libc_memalign(alignment, size);
}

static int32_t score_height(void* user_data, const double* row, size_t width, double* score) {
    (void)user_data;
    (void)width;
    *score = row[0];
    return 0;
}

// Rows of either precision into windows of either precision.
static void sum_up_rows(void) {
    enum { rows = 40, columns = 3 };
    static double data[rows * columns];
    uint64_t seed = 5;
    for (int i = 0; i < rows * columns; ++i) data[i] = draw(&seed);
    const float narrow_row[columns] = {0.5F, 0.25F, NAN};
    const double row[columns] = {0.5, 0.25, 0.75};
    for (vdt_dtype dtype = VDT_F32; dtype <= VDT_F64; ++dtype) {
        static float narrow[rows * columns];
        for (int i = 0; i < rows * columns; ++i) narrow[i] = (float)data[i];
        vdt_matrix matrix;
        vdt_matrix_init(&matrix, sizeof matrix);
        matrix.dtype = dtype;
        matrix.data = dtype == VDT_F32 ? (const void*)narrow : (const void*)data;
        matrix.rows = rows;
        matrix.columns = columns;
        matrix.byte_length = rows * columns * (dtype == VDT_F32 ? sizeof(float) : sizeof(double));
        vdt_random_features* features = NULL;
        vdt_feature_window* window = NULL;
        CHECK_OK(vdt_random_features_create(&matrix, NULL, NULL, &features, e));
        CHECK_OK(vdt_feature_window_create(features, NULL, &window, e));
        vdt_error error = VDT_ERROR_INIT;
        int failed = 0;
        const size_t before = allocations;
        for (int i = 0; i < 100; ++i) {
            failed += vdt_feature_window_observe_f32(window, narrow_row, columns, &error) != VDT_OK;
            failed += vdt_feature_window_observe_f64(window, row, columns, &error) != VDT_OK;
            failed += vdt_feature_window_observe_f64(window, row, 2, &error) != VDT_DIMENSION_MISMATCH;
        }
        const size_t after = allocations;
        CHECK(after == before && failed == 0);
        CHECK(vdt_feature_window_rows(window) == 100 && vdt_feature_window_rows_left_out(window) == 100);
        vdt_feature_window_destroy(window);
        vdt_random_features_destroy(features);
    }
}

// Values, whole columns, readings and resets of a monitor.
static void watch_a_stream(void) {
    static const double values[256] = {0.25, 1.0, 0.5};
    const vdt_column column = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, values, 256, sizeof values);
    vdt_monitor_options options;
    vdt_monitor_options_init(&options, sizeof options);
    options.kind = "adwin";
    options.kind_length = 5;
    vdt_monitor* monitor = NULL;
    CHECK_OK(vdt_monitor_create(&options, NULL, &monitor, e));
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    uint8_t states[256];
    vdt_monitor_state state = 0;
    int failed = 0;
    const size_t before = allocations;
    for (int i = 0; i < 1000; ++i) {
        failed += vdt_monitor_update(monitor, i / 300, &state, NULL) != VDT_OK;
        failed += vdt_monitor_update_column(monitor, &column, states, NULL, 0, NULL, NULL) != VDT_OK;
        failed += vdt_monitor_reading_get(monitor, &reading, NULL) != VDT_OK;
    }
    failed += vdt_monitor_reset(monitor, NULL) != VDT_OK;
    CHECK(allocations == before);
    CHECK(failed == 0 && reading.changes > 0);
    vdt_monitor_destroy(monitor);
}

// Rows of a monitor of rows.
static void watch_rows(void) {
    double rows[200];
    for (int i = 0; i < 200; ++i) rows[i] = (double)((i * 37) % 101);
    vdt_matrix past;
    vdt_matrix_init(&past, sizeof past);
    past.dtype = VDT_F64;
    past.data = rows;
    past.rows = 100;
    past.columns = 2;
    past.byte_length = sizeof rows;
    vdt_mmd_monitor_options options;
    vdt_mmd_monitor_options_init(&options, sizeof options);
    options.features = 8;
    options.window = 10;
    options.expected_run = 50.0;
    options.simulations = 1000;
    vdt_mmd_monitor* monitor = NULL;
    CHECK_OK(vdt_mmd_monitor_create(&past, &options, NULL, &monitor, e));
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    const float narrow[2] = {1e6F, -1e6F};
    vdt_monitor_state state = 0;
    int failed = 0;
    const size_t before = allocations;
    for (int i = 0; i < 100; ++i) {
        failed += vdt_mmd_monitor_update_f64(monitor, rows + 2 * i, 2, &state, NULL) != VDT_OK;
        failed += vdt_mmd_monitor_update_f32(monitor, narrow, 2, &state, NULL) != VDT_OK;
        failed += vdt_mmd_monitor_reading_get(monitor, &reading, NULL) != VDT_OK;
    }
    failed += vdt_mmd_monitor_reset(monitor, NULL) != VDT_OK;
    CHECK(allocations == before);
    CHECK(failed == 0 && reading.changes > 0 && reading.accepted == 200);
    vdt_mmd_monitor_destroy(monitor);
}

// Rows in pieces and tensors by name, valid ones and others.
static void validate_requests(void) {
    static const char json[] =
        "{\"version\":1,\"features\":[{\"name\":\"x\",\"type\":\"floating\",\"maximum\":1},"
        "{\"name\":\"n\",\"type\":\"integer\"},{\"name\":\"s\",\"type\":\"text\",\"domain\":{\"values\":"
        "[\"red\"]}}],\"expressions\":[{\"name\":\"order\",\"expression\":\"x <= n\"}]}";
    vdt_schema* schema = NULL;
    vdt_validator* rules = NULL;
    CHECK_OK(vdt_schema_from_json(json, sizeof json - 1, NULL, &schema, e));
    CHECK_OK(vdt_validator_create(schema, NULL, 0, NULL, &rules, e));
    const float x[2] = {0.5F, 2.0F};
    const int64_t n[2] = {1, 1}, two[1] = {2};
    const vdt_string s[2] = {{"red", 3}, {"a colour that nobody knows", 26}};
    vdt_tensor floats, integers, texts;
    vdt_tensor_init(&floats, sizeof floats);
    floats.shape = two;
    floats.rank = 1;
    integers = texts = floats;
    floats.dtype = VDT_F32;
    floats.data = x;
    integers.dtype = VDT_I64;
    integers.data = n;
    const vdt_named_tensor request[] = {{{"s", 1}, &texts, s, 2, 1, 0},
                                        {{"x", 1}, &floats, NULL, 0, 0, 0},
                                        {{"n", 1}, &integers, NULL, 0, 0, 0},
                                        {{"unknown", 7}, &integers, NULL, 0, 0, 0}};
    uint32_t found[4];
    vdt_row_verdict verdict;
    int wrong = 0;
    const size_t before = allocations;
    for (int i = 0; i < 2; ++i) {
        const vdt_row_part row[] = {
            {VDT_PART_F32, 0, x + i, 1}, {VDT_PART_I64, 0, n, 1}, {VDT_PART_STRINGS, 0, s + i, 1}};
        wrong += vdt_validator_check_parts(rules, row, 3, found, 4, &verdict, NULL) != VDT_OK;
        wrong += (verdict.failed == 0) != (i == 0);
        wrong += vdt_validator_check_tensors(rules, request, 3 + (size_t)i, found, 4, &verdict, NULL) != VDT_OK;
        wrong += verdict.failed == 0;
    }
    CHECK(allocations == before);
    CHECK(wrong == 0);
    vdt_validator_destroy(rules);
    vdt_schema_destroy(schema);
}

// Requests that the schema repairs, in every layout.
static void repair_requests(void) {
    static const char json[] =
        "{\"version\":1,\"features\":[{\"name\":\"height\",\"type\":\"floating\",\"minimum\":0,"
        "\"repair\":{\"minimum\":\"clamp\"}},{\"name\":\"weight\",\"type\":\"floating\"},{\"name\":"
        "\"colour\",\"type\":\"text\",\"repair\":{\"null\":\"impute\"},\"replacement\":\"red\"}]}";
    vdt_baseline *plain = make_baseline(1), *ruled = NULL;
    vdt_schema* schema = NULL;
    CHECK_OK(vdt_schema_from_json(json, sizeof json - 1, NULL, &schema, e));
    CHECK_OK(vdt_baseline_with_schema(plain, schema, NULL, 0, NULL, &ruled, e));
    vdt_guard* guard = make_guard(ruled);
    vdt_window* window = make_window(ruled);
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    vdt_repaired told[3];
    vdt_repair_verdict repair;
    vdt_error error = VDT_ERROR_INIT;
    uint64_t repaired = 0;
    int failed = 0;
    const size_t before = allocations;
    for (int i = 0; i < 1000; ++i) {
        float narrow[] = {-5.0F, 70.0F, NAN};
        double wide[] = {-5.0, 70.0, NAN};
        vdt_value mixed[] = {{VDT_VALUE_NUMBER, 0, -5.0, NULL, 0},
                             {VDT_VALUE_NUMBER, 0, 70.0, NULL, 0},
                             {VDT_VALUE_NULL, 0, 0.0, NULL, 0}};
        failed += vdt_guard_repair_f32(guard, narrow, 3, NULL, window, told, 3, &repair, &verdict, &error) != VDT_OK;
        repaired += repair.repaired;
        failed += vdt_guard_repair_f64(guard, wide, 3, NULL, window, told, 3, &repair, &verdict, &error) != VDT_OK;
        repaired += repair.repaired;
        failed += vdt_guard_repair_values(guard, mixed, 3, NULL, window, told, 3, &repair, &verdict, &error) != VDT_OK;
        repaired += repair.repaired;
    }
    const size_t after = allocations;
    CHECK(after == before);
    CHECK(failed == 0 && repaired == 6000);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(ruled);
    vdt_baseline_destroy(plain);
    vdt_schema_destroy(schema);
}

int main(void) {
    validate_requests();
    repair_requests();
    const size_t at_start = allocations;
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    CHECK(allocations > at_start);  // the counter sees the library's allocations
    vdt_score_options score;
    vdt_score_options_init(&score, sizeof score);
    score.name = "height";
    score.name_length = 6;
    score.score_f64 = score_height;
    score.alarm_threshold = 180.0;
    CHECK_OK(vdt_guard_add_score(guard, &score, e));

    const float narrow[] = {170.0F, 70.0F, 1.0F};
    const double wide[] = {-1e9, NAN, 7.0};
    const vdt_value mixed[] = {{VDT_VALUE_NUMBER, 0, 185.0, NULL, 0},
                               {VDT_VALUE_TEXT, 0, 0.0, "wrong", 5},
                               {VDT_VALUE_TEXT, 0, 0.0, "a category that nobody has ever seen", 36}};
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    vdt_error error = VDT_ERROR_INIT;
    uint32_t reasons = 0;
    int failed = 0;
    const size_t before = allocations;
    for (int i = 0; i < 1000; ++i) {
        failed += vdt_guard_check_f32(guard, narrow, 3, window, &verdict, &error) != VDT_OK;
        reasons |= verdict.reasons;
        failed += vdt_guard_check_f64(guard, wide, 3, window, &verdict, &error) != VDT_OK;
        reasons |= verdict.reasons;
        failed += vdt_guard_check_values(guard, mixed, 3, window, &verdict, &error) != VDT_OK;
        reasons |= verdict.reasons;
        failed += vdt_guard_check_f32(guard, narrow, 2, window, &verdict, &error) != VDT_OK;
        reasons |= verdict.reasons;
        failed += vdt_window_observe_f32(window, narrow, 3, &error) != VDT_OK;
        failed += vdt_window_observe_f64(window, wide, 3, &error) != VDT_OK;
        failed += vdt_window_observe_values(window, mixed, 3, &error) != VDT_OK;
        failed += vdt_window_observe_f32(window, narrow, 2, &error) != VDT_DIMENSION_MISMATCH;
    }
    const size_t after = allocations;
    CHECK(after == before);
    CHECK(failed == 0);
    CHECK(reasons == (1u << VDT_REASON_WRONG_WIDTH | 1u << VDT_REASON_WRONG_TYPE | 1u << VDT_REASON_NOT_A_NUMBER |
                      1u << VDT_REASON_UNSEEN_CATEGORY | 1u << VDT_REASON_FAR_OUT_OF_RANGE | 1u << VDT_REASON_SCORE));
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    sum_up_rows();
    watch_a_stream();
    watch_rows();
    return check_result();
}
