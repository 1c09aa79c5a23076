// SPDX-License-Identifier: Apache-2.0
// The whole interface once around: learn, save, load, check, merge, judge, render; through files, bytes and allocators.
#include "check.h"

static char folder[512];

static const char* in_folder(const char* name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void test_versions(void) {
    CHECK(vdt_abi_version() == VDT_ABI_VERSION);
    char text[32];
    snprintf(text, sizeof text, "%u.%u.%u", vdt_version() >> 16, vdt_version() >> 8 & 255u, vdt_version() & 255u);
    CHECK(strcmp(vdt_version_string(), text) == 0);
    CHECK(strstr(vdt_build_info(), "kernels ") != NULL);
    CHECK(strcmp(vdt_status_name(VDT_OK), "ok") == 0);
    CHECK(strcmp(vdt_status_name(VDT_SCHEMA_MISMATCH), "schema_mismatch") == 0);
    CHECK(strcmp(vdt_status_name(12345), "unknown") == 0);
    CHECK(strcmp(vdt_decision_name(VDT_NOT_EVALUATED), "not_evaluated") == 0);
    CHECK(strcmp(vdt_decision_name(-1), "unknown") == 0);
    CHECK(strcmp(vdt_reason_name(VDT_REASON_FOREIGN_WINDOW), "foreign_window") == 0);
    CHECK(strcmp(vdt_reason_name(11), "unknown") == 0);
    CHECK(strcmp(vdt_drift_test_name(VDT_TEST_WASSERSTEIN), "wasserstein") == 0);
    CHECK(strcmp(vdt_drift_test_name(VDT_TEST_FISHER_EXACT), "fisher_exact") == 0);
    CHECK(strcmp(vdt_drift_test_name(20), "unknown") == 0);
    CHECK(strcmp(vdt_hypothesis_name(VDT_HYPOTHESIS_NULL_RATE), "null_rate") == 0);
    CHECK(strcmp(vdt_hypothesis_name(VDT_HYPOTHESIS_NONE), "unknown") == 0);
}

static void test_baseline(void) {
    vdt_baseline* baseline = make_baseline(1);
    CHECK(vdt_baseline_rows(baseline) == REFERENCE_ROWS);
    CHECK(vdt_baseline_feature_count(baseline) == FEATURES);
    vdt_string name;
    CHECK_OK(vdt_baseline_feature_name(baseline, 1, &name, e));
    CHECK(name.length == 6 && memcmp(name.data, "weight", 6) == 0);
    int32_t kind = -1;
    CHECK_OK(vdt_baseline_feature_kind(baseline, 2, &kind, e));
    CHECK(kind == VDT_FEATURE_CATEGORICAL);
    size_t feature = 0;
    CHECK_OK(vdt_baseline_find(baseline, "colour", 6, &feature, e));
    CHECK(feature == 2);
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "colo", vdt_baseline_find(baseline, "colo", 4, &feature, e));
    CHECK(feature == 2);

    // A category and its cell name each other, and counts add up to the rows that are not null.
    uint64_t counts[4];
    size_t length = 0;
    CHECK_OK(vdt_baseline_counts(baseline, 2, counts, 4, &length, e));
    CHECK(length == 4);
    CHECK(counts[0] + counts[1] + counts[2] + counts[3] == REFERENCE_ROWS - REFERENCE_ROWS / 20);
    for (size_t cell = 0; cell < 3; ++cell) {
        size_t found = 99;
        CHECK_OK(vdt_baseline_category(baseline, 2, cell, &name, e));
        CHECK_OK(vdt_baseline_category_cell(baseline, 2, name.data, name.length, &found, e));
        CHECK(found == cell);
    }
    size_t unseen = 0;
    CHECK_OK(vdt_baseline_category_cell(baseline, 2, "grey", 4, &unseen, e));
    CHECK(unseen == 3);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "cell 3", vdt_baseline_category(baseline, 2, 3, &name, e));
    CHECK_FAILS(VDT_TYPE_MISMATCH, "height", vdt_baseline_category(baseline, 0, 0, &name, e));
    CHECK_OK(vdt_baseline_edges(baseline, 0, NULL, 0, &length, e));
    size_t cells = 0;
    CHECK_OK(vdt_baseline_counts(baseline, 0, NULL, 0, &cells, e));
    CHECK(cells == length + 1);
    double edges[1024];
    CHECK_OK(vdt_baseline_edges(baseline, 0, edges, 1024, NULL, e));
    CHECK(edges[0] >= 150.0 && edges[length - 1] < 190.1);
    CHECK_FAILS(VDT_TYPE_MISMATCH, "colour", vdt_baseline_edges(baseline, 2, edges, 1024, NULL, e));

    // File and bytes give the same baseline back.
    char id[65], other_id[65];
    CHECK_OK(vdt_baseline_id(baseline, id, sizeof id, NULL, e));
    CHECK(strlen(id) == 64);
    CHECK_OK(vdt_baseline_save(baseline, in_folder("capi_test.vedette"), e));
    vdt_baseline* loaded = NULL;
    CHECK_OK(vdt_baseline_load(in_folder("capi_test.vedette"), NULL, &loaded, e));
    CHECK_OK(vdt_baseline_id(loaded, other_id, sizeof other_id, NULL, e));
    CHECK(strcmp(id, other_id) == 0);
    vdt_baseline_destroy(loaded);
    size_t size = 0;
    CHECK_OK(vdt_baseline_to_bytes(baseline, NULL, 0, &size, e));
    unsigned char* bytes = malloc(size);
    CHECK_OK(vdt_baseline_to_bytes(baseline, bytes, size, NULL, e));
    CHECK_OK(vdt_baseline_from_bytes(bytes, size, NULL, &loaded, e));
    CHECK_OK(vdt_baseline_id(loaded, other_id, sizeof other_id, NULL, e));
    CHECK(strcmp(id, other_id) == 0);
    vdt_baseline_destroy(loaded);
    free(bytes);
    vdt_baseline_destroy(baseline);
}

static void test_options(void) {
    static reference data;
    vdt_column columns[FEATURES];
    fill_reference(&data, 3);
    reference_columns(&data, columns);
    vdt_baseline_options options;
    vdt_baseline_options_init(&options, sizeof options);
    options.cells = 8;
    options.name = "the model";
    options.name_length = 9;
    options.model_digest = "sha256:00";
    options.model_digest_length = 9;
    vdt_baseline* baseline = NULL;
    CHECK_OK(vdt_baseline_create(columns, FEATURES, &options, NULL, &baseline, e));
    size_t cells = 0;
    CHECK_OK(vdt_baseline_counts(baseline, 0, NULL, 0, &cells, e));
    CHECK(cells == 8);
    vdt_string text;
    CHECK_OK(vdt_baseline_name(baseline, &text, e));
    CHECK(text.length == 9 && memcmp(text.data, "the model", 9) == 0);
    CHECK_OK(vdt_baseline_model_digest(baseline, &text, e));
    CHECK(text.length == 9 && memcmp(text.data, "sha256:00", 9) == 0);
    vdt_baseline_destroy(baseline);
}

static void test_check(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    vdt_baseline_destroy(baseline);  // guard and window keep what they need
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);

    const double good[] = {170.0, 70.0, 0.0};
    CHECK_OK(vdt_guard_check_f64(guard, good, 3, window, &verdict, e));
    CHECK(verdict.decision == VDT_PASS && verdict.finding_count == 0 && verdict.reasons == 0);
    const float narrow[] = {170.0F, 70.0F, 1.0F};
    CHECK_OK(vdt_guard_check_f32(guard, narrow, 3, window, &verdict, e));
    CHECK(verdict.decision == VDT_PASS);

    const vdt_value bad[] = {
        {VDT_VALUE_NUMBER, 0, NAN, NULL, 0}, {VDT_VALUE_TEXT, 0, 0.0, "heavy", 5}, {VDT_VALUE_TEXT, 0, 0.0, "grey", 4}};
    CHECK_OK(vdt_guard_check_values(guard, bad, 3, window, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM && verdict.finding_count == 3);
    CHECK(verdict.reasons ==
          (1u << VDT_REASON_NOT_A_NUMBER | 1u << VDT_REASON_WRONG_TYPE | 1u << VDT_REASON_UNSEEN_CATEGORY));
    CHECK(verdict.findings[0].reason == VDT_REASON_NOT_A_NUMBER && verdict.findings[0].subject == 0);
    CHECK(verdict.findings[1].reason == VDT_REASON_WRONG_TYPE && verdict.findings[1].subject == 1);
    CHECK(verdict.findings[2].reason == VDT_REASON_UNSEEN_CATEGORY && verdict.findings[2].subject == 2);
    char text[1024];
    size_t length = 0;
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
    CHECK(length == strlen(text) && strstr(text, "unseen_category") != NULL);
    const vdt_value nothing[] = {
        {VDT_VALUE_NUMBER, 0, 170.0, NULL, 0}, {VDT_VALUE_NUMBER, 0, 70.0, NULL, 0}, {0, 0, 0.0, NULL, 0}};
    CHECK_OK(vdt_guard_check_values(guard, nothing, 3, window, &verdict, e));
    CHECK(verdict.decision == VDT_PASS);  // the reference held nulls

    uint64_t extra = 0;
    CHECK_OK(vdt_window_extra(window, 0, VDT_EXTRA_NAN, &extra, e));
    CHECK(extra == 1);
    CHECK_OK(vdt_window_extra(window, 1, VDT_EXTRA_INVALID, &extra, e));
    CHECK(extra == 1);
    CHECK_OK(vdt_window_extra(window, 2, VDT_EXTRA_NULL, &extra, e));
    CHECK(extra == 1);
    uint64_t counts[4];
    CHECK_OK(vdt_window_counts(window, 2, counts, 4, &length, e));
    CHECK(length == 4 && counts[0] == 1 && counts[1] == 1 && counts[2] == 0 && counts[3] == 1);
    CHECK(vdt_window_rows(window) == 4);
    CHECK(vdt_window_requests(window, VDT_PASS) == 3 && vdt_window_requests(window, VDT_ALARM) == 1);

    // A wrong width and a foreign window are findings.
    CHECK_OK(vdt_guard_check_f32(guard, narrow, 2, window, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM && verdict.reasons == 1u << VDT_REASON_WRONG_WIDTH);
    CHECK(verdict.findings[0].value == 2.0);
    CHECK_OK(vdt_guard_check_values(guard, bad, 2, window, &verdict, e));
    CHECK(verdict.reasons == 1u << VDT_REASON_WRONG_WIDTH);
    CHECK(vdt_window_rejected(window) == 2 && vdt_window_rows(window) == 4);
    vdt_baseline* other = make_baseline(2);
    vdt_window* foreign = make_window(other);
    CHECK_OK(vdt_guard_check_f64(guard, good, 3, foreign, &verdict, e));
    CHECK(verdict.decision == VDT_NOT_EVALUATED && verdict.reasons == 1u << VDT_REASON_FOREIGN_WINDOW);
    CHECK_OK(vdt_guard_check_values(guard, bad, 3, foreign, &verdict, e));
    CHECK(verdict.reasons == 1u << VDT_REASON_FOREIGN_WINDOW);
    CHECK(vdt_window_rows(foreign) == 0);
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "baseline", vdt_window_merge(window, foreign, e));
    vdt_window_destroy(foreign);
    vdt_baseline_destroy(other);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
}

static void test_windows(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_window* window = make_window(baseline);
    const float narrow[] = {170.0F, 70.0F, 2.0F};
    const double wide[] = {151.0, 99.0, 0.0};
    const vdt_value mixed[] = {
        {VDT_VALUE_NUMBER, 0, 160.0, NULL, 0}, {VDT_VALUE_NULL, 0, 0.0, NULL, 0}, {VDT_VALUE_TEXT, 0, 0.0, "red", 3}};
    CHECK_OK(vdt_window_observe_f32(window, narrow, 3, e));
    CHECK_OK(vdt_window_observe_f64(window, wide, 3, e));
    CHECK_OK(vdt_window_observe_values(window, mixed, 3, e));
    CHECK(vdt_window_rows(window) == 3);
    CHECK(vdt_window_requests(window, VDT_PASS) == 0);

    const byte_block saved = window_bytes(window);
    vdt_window *loaded = NULL, *from_file = NULL;
    CHECK_OK(vdt_window_from_bytes(baseline, saved.data, saved.size, NULL, &loaded, e));
    CHECK(same_counters(window, loaded));
    CHECK_OK(vdt_window_save(window, in_folder("capi_test.window"), e));
    CHECK_OK(vdt_window_load(baseline, in_folder("capi_test.window"), NULL, &from_file, e));
    CHECK(same_counters(window, from_file));
    CHECK_OK(vdt_window_merge(window, loaded, e));
    CHECK_OK(vdt_window_merge(window, window, e));  // with itself: twice as much
    CHECK(vdt_window_rows(window) == 12);
    CHECK_OK(vdt_window_reset(window, e));
    CHECK(vdt_window_rows(window) == 0);
    free(saved.data);
    vdt_window_destroy(from_file);
    vdt_window_destroy(loaded);
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
}

static void test_report(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    uint64_t state = 9;
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    for (int i = 0; i < 500; ++i) {  // height moves up by half its range
        const double row[] = {170.0 + 40.0 * draw(&state), 50.0 + 50.0 * draw(&state), (double)(i % 3)};
        CHECK_OK(vdt_guard_check_f64(guard, row, 3, window, &verdict, e));
    }
    vdt_report *report = NULL, *same = NULL;
    CHECK_OK(vdt_guard_assess(guard, window, NULL, &report, e));
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &same, e));
    vdt_baseline_destroy(baseline);
    vdt_guard_destroy(guard);
    vdt_window_destroy(window);

    vdt_report_info info;
    vdt_report_info_init(&info, sizeof info);
    CHECK_OK(vdt_report_describe(report, &info, e));
    CHECK(info.decision == VDT_ALARM && vdt_report_decision(report) == VDT_ALARM);
    CHECK(info.reference_rows == REFERENCE_ROWS && info.live_rows == 500 && info.feature_count == 3);
    CHECK(info.passed + info.not_evaluated + info.warned + info.alarmed == 3 && info.alarmed >= 1);
    CHECK(info.level > 0.0 && info.level < 0.5 && info.minimum_rows > 0);

    vdt_feature_report feature;
    vdt_feature_report_init(&feature, sizeof feature);
    CHECK_OK(vdt_report_feature(report, 0, &feature, e));
    CHECK(feature.decision == VDT_ALARM && feature.feature == 0 && feature.live_rows == 500);
    CHECK(feature.adjusted_p_value <= info.level && feature.moved_share_lower > feature.tolerance);
    CHECK(feature.moved_share_lower <= feature.moved_share && feature.moved_share <= feature.moved_share_upper);
    CHECK(fabs(feature.reference_median - 170.0) < 4.0 && fabs(feature.live_median - 190.0) < 4.0);
    CHECK(feature.test != VDT_TEST_AUTOMATIC && feature.evidence_count >= 1);
    int alarms = 0;
    for (size_t i = 0; i < feature.evidence_count; ++i) {
        vdt_evidence evidence;
        vdt_evidence_init(&evidence, sizeof evidence);
        CHECK_OK(vdt_report_evidence(report, 0, i, &evidence, e));
        alarms += evidence.decision == VDT_ALARM;
        if (i == 0) CHECK(evidence.hypothesis == VDT_HYPOTHESIS_DISTRIBUTION && evidence.live_count > 0.0);
    }
    CHECK(alarms >= 1);
    vdt_evidence none;
    vdt_evidence_init(&none, sizeof none);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "evidence", vdt_report_evidence(report, 0, feature.evidence_count, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature 3", vdt_report_feature(report, 3, &feature, e));

    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    CHECK_OK(vdt_report_statistic(report, 0, VDT_TEST_KOLMOGOROV_SMIRNOV, &result, e));
    CHECK(result.statistic > 0.3 && result.statistic <= 1.0 && result.p_value < 1e-6);
    CHECK_OK(vdt_report_statistic(report, 2, VDT_TEST_KOLMOGOROV_SMIRNOV, &result, e));
    CHECK(isnan(result.statistic));  // not defined for categories
    CHECK_OK(vdt_report_statistic(report, 2, VDT_TEST_AUTOMATIC, &result, e));
    CHECK(result.test == VDT_TEST_CHI_SQUARE);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "test", vdt_report_statistic(report, 0, 9, &result, e));

    uint64_t ranking[3];
    size_t length = 0;
    CHECK_OK(vdt_report_ranking(report, ranking, 3, &length, e));
    CHECK(length == 3 && ranking[0] == 0 && ranking[0] + ranking[1] + ranking[2] == 3);
    char text[2048];
    CHECK_OK(vdt_report_summary(report, text, sizeof text, NULL, e));
    CHECK(strstr(text, "alarm") != NULL);
    CHECK_OK(vdt_report_reason(report, 0, text, sizeof text, NULL, e));
    CHECK(strstr(text, "height") != NULL);

    static const struct {
        const char *format, *sign;
    } documents[] = {{"json", "\"height\""},  {"html", "<html"},      {"markdown", "| "},      {"table", "height"},
                     {"junit", "<testsuite"}, {"sarif", "\"2.1.0\""}, {"openmetrics", "# EOF"}};
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; ++i) {
        size_t size = 0, other_size = 0;
        CHECK_OK(vdt_report_render(report, documents[i].format, NULL, NULL, 0, &size, e));
        char* document = malloc(size + 1);
        CHECK_FAILS(VDT_OVERFLOW, "capacity",
                    vdt_report_render(report, documents[i].format, NULL, document, size, &other_size, e));
        CHECK(other_size == size);
        CHECK_OK(vdt_report_render(same, documents[i].format, NULL, document, size + 1, &other_size, e));
        CHECK(other_size == size && strlen(document) == size && strstr(document, documents[i].sign) != NULL);
        free(document);
    }
    vdt_render_options options;
    vdt_render_options_init(&options, sizeof options);
    options.title = "A title of our own";
    options.title_length = 18;
    char* document = malloc(1 << 20);
    CHECK_OK(vdt_report_render(report, "html", &options, document, 1 << 20, NULL, e));
    CHECK(strstr(document, "A title of our own") != NULL);
    free(document);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "pdf", vdt_report_render(report, "pdf", NULL, NULL, 0, &length, e));
    CHECK_OK(vdt_report_save(report, "json", NULL, in_folder("capi_test.json"), e));
    FILE* file = fopen(in_folder("capi_test.json"), "rb");
    CHECK(file != NULL && fgetc(file) == '{');
    if (file != NULL) fclose(file);
    vdt_report_destroy(same);
    vdt_report_destroy(report);
}

static void test_nearly_constant(void) {
    static double values[REFERENCE_ROWS];  // 0 but for one
    values[17] = 1.0;
    const vdt_column column = make_column("x", VDT_COLUMN_NUMERIC, VDT_F64, values, REFERENCE_ROWS, sizeof values);
    vdt_baseline* baseline = NULL;
    CHECK_OK(vdt_baseline_create(&column, 1, NULL, NULL, &baseline, e));
    vdt_window* window = make_window(baseline);
    CHECK_OK(vdt_window_observe_columns(window, &column, 1, e));
    vdt_report* report = NULL;
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &report, e));
    vdt_feature_report feature;
    vdt_feature_report_init(&feature, sizeof feature);
    CHECK_OK(vdt_report_feature(report, 0, &feature, e));
    CHECK(feature.decision == VDT_PASS && feature.test == VDT_TEST_TWO_PROPORTION);
    vdt_test_result decided, named;
    vdt_test_result_init(&decided, sizeof decided);
    vdt_test_result_init(&named, sizeof named);
    CHECK_OK(vdt_report_statistic(report, 0, VDT_TEST_AUTOMATIC, &decided, e));
    CHECK_OK(vdt_report_statistic(report, 0, VDT_TEST_TWO_PROPORTION, &named, e));
    CHECK(decided.test == VDT_TEST_TWO_PROPORTION && decided.p_value == 1.0 && named.p_value == 1.0);
    CHECK_OK(vdt_report_statistic(report, 0, VDT_TEST_CHI_SQUARE, &decided, e));
    CHECK(isnan(decided.p_value));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "test", vdt_report_statistic(report, 0, VDT_TEST_KUIPER, &named, e));
    vdt_report_destroy(report);
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
}

// ---- the caller's allocator ----

typedef struct pool {
    int allocations, releases, refuse;
    size_t misaligned_by;
} pool;

static void* pool_allocate(void* user_data, size_t size, size_t alignment) {
    pool* p = user_data;
    if (p->refuse) return NULL;
    ++p->allocations;
    char* raw = malloc(size + 2 * alignment);
    char* place = raw + alignment - (uintptr_t)raw % alignment;
    memcpy(place + size, &raw, sizeof raw);  // behind the object: what free() wants
    return place + p->misaligned_by;
}

static void pool_release(void* user_data, void* pointer, size_t size, size_t alignment) {
    pool* p = user_data;
    char* raw = NULL;
    (void)alignment;
    memcpy(&raw, (char*)pointer - p->misaligned_by + size, sizeof raw);
    ++p->releases;
    free(raw);
}

static void test_allocator(void) {
    pool p = {0, 0, 0, 0};
    vdt_allocator allocator;
    vdt_allocator_init(&allocator, sizeof allocator);
    CHECK(allocator.allocate != NULL && allocator.release != NULL);
    allocator.allocate = pool_allocate;
    allocator.release = pool_release;
    allocator.user_data = &p;
    vdt_baseline* source = make_baseline(1);
    size_t size = 0;
    CHECK_OK(vdt_baseline_to_bytes(source, NULL, 0, &size, e));
    void* bytes = malloc(size);
    CHECK_OK(vdt_baseline_to_bytes(source, bytes, size, NULL, e));
    vdt_baseline* baseline = NULL;
    vdt_guard* guard = NULL;
    vdt_window* window = NULL;
    vdt_report* report = NULL;
    CHECK_OK(vdt_baseline_from_bytes(bytes, size, &allocator, &baseline, e));
    CHECK_OK(vdt_guard_create(baseline, NULL, &allocator, &guard, e));
    CHECK_OK(vdt_window_create(baseline, &allocator, &window, e));
    CHECK_OK(vdt_guard_assess(guard, window, &allocator, &report, e));
    CHECK(p.allocations == 4 && p.releases == 0);
    CHECK(vdt_report_decision(report) == VDT_NOT_EVALUATED);  // an empty window never passes
    vdt_report_destroy(report);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    CHECK(p.releases == 4);

    window = NULL;
    p.refuse = 1;
    CHECK_FAILS(VDT_OUT_OF_MEMORY, "", vdt_window_create(source, &allocator, &window, e));
    p.refuse = 0;
    p.misaligned_by = 8;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "aligned", vdt_window_create(source, &allocator, &window, e));
    CHECK(window == NULL && p.allocations == p.releases);
    allocator.release = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "allocator", vdt_window_create(source, &allocator, &window, e));
    free(bytes);
    vdt_baseline_destroy(source);
}

static void test_policy(void) {
    size_t size = 0;
    CHECK_OK(vdt_policy_default_json(NULL, 0, &size, e));
    char* json = malloc(size + 1);
    CHECK_OK(vdt_policy_default_json(json, size + 1, NULL, e));
    CHECK_OK(vdt_policy_validate(json, size, e));
    free(json);
    CHECK_OK(vdt_policy_validate(NULL, 0, e));
    vdt_string schema;
    CHECK_OK(vdt_policy_json_schema(&schema, e));
    CHECK(schema.length > 100 && schema.data[0] == '{');
    const char* unknown = "{\"version\": 1, \"levle\": 0.01}";
    CHECK_FAILS(VDT_INVALID_POLICY, "levle", vdt_policy_validate(unknown, strlen(unknown), e));
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard_options options;
    vdt_guard_options_init(&options, sizeof options);
    options.policy_json = "{\"version\": 1, \"features\": {\"depth\": {}}}";
    options.policy_length = strlen(options.policy_json);
    vdt_guard* guard = NULL;
    CHECK_FAILS(VDT_INVALID_POLICY, "depth", vdt_guard_create(baseline, &options, NULL, &guard, e));
    CHECK(guard == NULL);
    vdt_baseline_destroy(baseline);
}

// ---- scores ----

static int32_t first_value(void* user_data, const double* row, size_t width, double* score) {
    *score = row[0];
    *(size_t*)user_data = width;
    return row[1] > 90.0;  // heavy rows cannot be told
}

static int32_t first_value_f32(void* user_data, const float* row, size_t width, double* score) {
    *score = 1000.0 + (double)row[0];
    *(size_t*)user_data = width;
    return 0;
}

static void test_scores(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    size_t width = 0, width_f32 = 0;
    vdt_score_options score;
    vdt_score_options_init(&score, sizeof score);
    CHECK(isinf(score.warn_threshold) && isinf(score.alarm_threshold));
    score.name = "first";
    score.name_length = 5;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "score_f", vdt_guard_add_score(guard, &score, e));
    score.score_f64 = first_value;
    score.user_data = &width;
    score.warn_threshold = 175.0;
    score.alarm_threshold = 180.0;
    CHECK_OK(vdt_guard_add_score(guard, &score, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "first", vdt_guard_add_score(guard, &score, e));
    score.name = "second";
    score.name_length = 6;
    score.score_f32 = first_value_f32;
    score.score_f64 = NULL;
    score.user_data = &width_f32;
    score.warn_threshold = INFINITY;
    score.alarm_threshold = INFINITY;
    CHECK_OK(vdt_guard_add_score(guard, &score, e));
    CHECK(vdt_guard_score_count(guard) == 2);
    vdt_string name;
    CHECK_OK(vdt_guard_score_name(guard, 1, &name, e));
    CHECK(name.length == 6 && memcmp(name.data, "second", 6) == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "score 2", vdt_guard_score_name(guard, 2, &name, e));

    static const struct {
        float row[3];
        vdt_decision decision;
        vdt_reason reason;
    } cases[] = {{{174.0F, 60.0F, 0.0F}, VDT_PASS, -1},
                 {{176.0F, 60.0F, 0.0F}, VDT_WARN, VDT_REASON_SCORE},
                 {{181.0F, 60.0F, 0.0F}, VDT_ALARM, VDT_REASON_SCORE},
                 {{181.0F, 95.0F, 0.0F}, VDT_NOT_EVALUATED, VDT_REASON_SCORE_NOT_EVALUATED}};
    for (size_t i = 0; i < 4; ++i) {
        vdt_verdict verdict;
        vdt_verdict_init(&verdict, sizeof verdict);
        CHECK_OK(vdt_guard_check_f32(guard, cases[i].row, 3, window, &verdict, e));
        CHECK(verdict.decision == cases[i].decision);
        if (cases[i].reason >= 0) CHECK(verdict.reasons == 1u << cases[i].reason && verdict.findings[0].subject == 0);
    }
    CHECK(width == 3 && width_f32 == 3);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

int main(int argc, char** argv) {
    snprintf(folder, sizeof folder, "%s", argc > 1 ? argv[1] : ".");
    test_versions();
    test_baseline();
    test_options();
    test_check();
    test_windows();
    test_report();
    test_nearly_constant();
    test_allocator();
    test_policy();
    test_scores();
    return check_result();
}
