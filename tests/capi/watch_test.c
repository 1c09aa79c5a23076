// SPDX-License-Identifier: Apache-2.0
// Watches through the C interface: rows of every type, outputs, predictions, periods, reports, files, misuse.
#include <stddef.h>

#include "check.h"

static const char policy[] =
    "{\"features\": {\"height\": {\"monitors\": [{\"kind\": \"cusum\", \"direction\": \"up\"}]},"
    " \"weight\": {\"monitors\": [{\"kind\": \"adwin\"}]}},"
    " \"outputs\": {\"error\": [{\"kind\": \"ddm\"}], \"margin\": [{\"kind\": \"e_detector\"}]},"
    " \"performance\": {\"monitors\": [{\"kind\": \"harm_monitor\"}]}}";

enum { PAST = 1000 };

static vdt_performance* make_performance(void) {
    static double scores[PAST];
    static uint32_t predictions[PAST], labels[PAST];
    uint64_t seed = 5;
    for (int i = 0; i < PAST; ++i) {
        scores[i] = draw(&seed);
        predictions[i] = scores[i] > 0.5 ? 1 : 0;
        labels[i] = draw(&seed) < scores[i] ? 1 : 0;
    }
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.data = scores;
    matrix.dtype = VDT_F64;
    matrix.rows = PAST;
    matrix.columns = 1;
    matrix.byte_length = sizeof scores;
    vdt_performance* performance = NULL;
    CHECK_OK(vdt_performance_create(&matrix, predictions, labels, NULL, NULL, &performance, e));
    return performance;
}

static vdt_watch_options options_of(const char* text, const vdt_performance* performance,
                                    const vdt_watch_reference* past) {
    vdt_watch_options options;
    vdt_watch_options_init(&options, sizeof options);
    options.policy_json = text;
    options.policy_length = text == NULL ? 0 : strlen(text);
    options.performance = performance;
    options.references = past;
    options.reference_count = past == NULL ? 0 : 1;
    return options;
}

static byte_block bytes_of(const vdt_watch* watch) {
    byte_block block = {NULL, 0};
    CHECK_OK(vdt_watch_to_bytes(watch, NULL, 0, &block.size, e));
    block.data = malloc(block.size);
    CHECK_OK(vdt_watch_to_bytes(watch, block.data, block.size, NULL, e));
    return block;
}

static int same_bytes(const vdt_watch* a, const vdt_watch* b) {
    const byte_block x = bytes_of(a), y = bytes_of(b);
    const int same = x.size == y.size && memcmp(x.data, y.data, x.size) == 0;
    free(x.data);
    free(y.data);
    return same;
}

static void test_rows(const vdt_baseline* baseline, const vdt_watch_options* options) {
    vdt_watch *f32 = NULL, *f64 = NULL, *values = NULL;
    CHECK_OK(vdt_watch_create(baseline, options, NULL, &f32, e));
    CHECK_OK(vdt_watch_create(baseline, options, NULL, &f64, e));
    CHECK_OK(vdt_watch_create(baseline, options, NULL, &values, e));
    uint64_t seed = 9;
    int differences = 0, alarms = 0;
    for (int i = 0; i < 400; ++i) {
        const float height = (float)(150.0 + 40.0 * draw(&seed) + (i < 200 ? 0.0 : 60.0));
        const float weight = i % 9 == 0 ? NAN : (float)(50.0 + 50.0 * draw(&seed));
        const float narrow[FEATURES] = {height, weight, 1.0F};
        const double wide[FEATURES] = {(double)height, (double)weight, 1.0};
        vdt_value mixed[FEATURES];
        memset(mixed, 0, sizeof mixed);
        mixed[0].kind = VDT_VALUE_NUMBER;
        mixed[0].number = (double)height;
        mixed[1].kind = i % 9 == 0 ? VDT_VALUE_NULL : VDT_VALUE_NUMBER;
        mixed[1].number = i % 9 == 0 ? 0.0 : (double)weight;
        mixed[2].kind = VDT_VALUE_NULL;
        vdt_monitor_state a = -1, b = -1, c = -1;
        if (vdt_watch_observe_f32(f32, narrow, FEATURES, i, &a, NULL) != VDT_OK) ++differences;
        if (vdt_watch_observe_f64(f64, wide, FEATURES, i, &b, NULL) != VDT_OK) ++differences;
        if (vdt_watch_observe_values(values, mixed, FEATURES, i, &c, NULL) != VDT_OK) ++differences;
        if (a != b || a != c || a < VDT_MONITOR_IN_CONTROL) ++differences;
        if (a == VDT_MONITOR_CHANGE) ++alarms;
        if (a == VDT_MONITOR_CHANGE && i < 200) ++differences;
    }
    CHECK(differences == 0 && alarms > 0 && vdt_watch_alarms(f32) >= (uint64_t)alarms);
    CHECK(same_bytes(f32, f64) && same_bytes(f32, values));
    const double row[FEATURES] = {0.0, 0.0, 0.0};
    vdt_value bad[FEATURES];
    memset(bad, 0, sizeof bad);
    bad[0].kind = 99;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2", vdt_watch_observe_f64(f64, row, 2, 0, NULL, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2", vdt_watch_observe_values(f64, bad, 2, 0, NULL, e));
    CHECK(vdt_watch_rejected(f64) == 2);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_watch_observe_values(f64, bad, FEATURES, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row is NULL", vdt_watch_observe_f32(f32, NULL, FEATURES, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "watch is NULL", vdt_watch_observe_f64(NULL, row, FEATURES, 0, NULL, e));
    vdt_watch_destroy(f32);
    vdt_watch_destroy(f64);
    vdt_watch_destroy(values);
}

static void test_report(const vdt_baseline* baseline, const vdt_watch_options* options) {
    vdt_watch *watch = NULL, *resumed = NULL;
    CHECK_OK(vdt_watch_create(baseline, options, NULL, &watch, e));
    CHECK(vdt_watch_stream_count(watch) == 5);
    size_t output = 99;
    CHECK_OK(vdt_watch_output(watch, "margin", 6, &output, e));
    CHECK(output == 1);
    CHECK_OK(vdt_watch_output(watch, "error", 5, &output, e));
    CHECK(output == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "error, margin", vdt_watch_output(watch, "loss", 4, &output, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "output", vdt_watch_observe_output(watch, 2, 0.0, 0, NULL, e));

    uint64_t seed = 21;
    static reference live;
    fill_reference(&live, 77);
    vdt_window* window = make_window(baseline);
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        const double row[FEATURES] = {live.height[i], (double)live.weight[i], 1.0};
        CHECK(vdt_watch_observe_f64(watch, row, FEATURES, i, NULL, NULL) == VDT_OK);
        CHECK(vdt_window_observe_f64(window, row, FEATURES, NULL) == VDT_OK);
        const double score = draw(&seed);
        CHECK(vdt_watch_observe_prediction(watch, &score, 1, score > 0.5, i, NULL, NULL) == VDT_OK);
        CHECK(vdt_watch_observe_output(watch, 0, draw(&seed) < 0.2, i, NULL, NULL) == VDT_OK);
        CHECK(vdt_watch_observe_output(watch, 1, draw(&seed), i, NULL, NULL) == VDT_OK);
    }
    CHECK(vdt_watch_alarms(watch) == 0);
    CHECK_OK(vdt_watch_begin_period(watch, e));
    /* Nothing in the scores tells the classes apart any longer. */
    vdt_monitor_state state = VDT_MONITOR_IN_CONTROL;
    int64_t told = -1;
    for (int i = 0; i < 3000 && told < 0; ++i) {
        const double score = 0.49 + 0.02 * draw(&seed);
        CHECK(vdt_watch_observe_prediction(watch, &score, 1, score > 0.5, 1000 + i, &state, NULL) == VDT_OK);
        if (state == VDT_MONITOR_CHANGE) told = 1000 + i;
    }
    CHECK(told > 1000);

    vdt_report* report = NULL;
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &report, e));
    CHECK(vdt_report_stream_count(report) == 0 && vdt_report_decision(report) != VDT_NOT_EVALUATED);
    vdt_stream_report stream;
    vdt_stream_report_init(&stream, sizeof stream);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "streams", vdt_report_stream(report, 0, &stream, e));
    CHECK_OK(vdt_report_attach_watch(report, watch, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "already", vdt_report_attach_watch(report, watch, e));
    CHECK(vdt_report_stream_count(report) == 5 && vdt_report_decision(report) == VDT_ALARM);
    CHECK_OK(vdt_report_stream(report, 4, &stream, e));
    CHECK(stream.source == VDT_STREAM_PERFORMANCE && stream.decision == VDT_ALARM);
    CHECK(stream.name.length == 8 && memcmp(stream.name.data, "accuracy", 8) == 0);
    CHECK(stream.monitor.length == 12 && memcmp(stream.monitor.data, "harm_monitor", 12) == 0);
    CHECK(stream.period_begin == REFERENCE_ROWS && stream.period_alarms == 1 && stream.alarms == 1);
    CHECK(stream.alarm_time == told && stream.alarm_position == stream.seen);
    CHECK(stream.seen == (uint64_t)(REFERENCE_ROWS + told - 1000 + 1));
    CHECK_OK(vdt_report_stream(report, 2, &stream, e));
    CHECK(stream.source == VDT_STREAM_OUTPUT && stream.decision == VDT_NOT_EVALUATED && stream.alarm_position == 0);
    size_t length = 0;
    char text[256];
    CHECK_OK(vdt_report_stream_reason(report, 4, NULL, 0, &length, e));
    CHECK_OK(vdt_report_stream_reason(report, 4, text, sizeof text, NULL, e));
    CHECK(strlen(text) == length && strstr(text, "1 - estimated accuracy") != NULL);
    CHECK_OK(vdt_report_render(report, "openmetrics", NULL, NULL, 0, &length, e));
    char* rendered = malloc(length + 1);
    CHECK_OK(vdt_report_render(report, "openmetrics", NULL, rendered, length + 1, NULL, e));
    CHECK(strstr(rendered, "vedette_stream_alarms_total{performance=\"accuracy\",monitor=\"harm_monitor\"} 1\n") !=
          NULL);
    free(rendered);

    const byte_block bytes = bytes_of(watch);
    CHECK_OK(vdt_watch_from_bytes(baseline, options, bytes.data, bytes.size, NULL, &resumed, e));
    CHECK(same_bytes(watch, resumed));
    vdt_watch* none = NULL;
    CHECK_FAILS(VDT_INVALID_POLICY, "other monitors",
                vdt_watch_from_bytes(baseline, NULL, bytes.data, bytes.size, NULL, &none, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_watch_from_bytes(baseline, options, bytes.data, 20, NULL, &none, e));
    vdt_baseline* other = make_baseline(99);
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "",
                vdt_watch_from_bytes(other, options, bytes.data, bytes.size, NULL, &none, e));
    CHECK_OK(vdt_watch_save(watch, "watch_test.watch", e));
    vdt_watch_destroy(resumed);
    CHECK_OK(vdt_watch_load(baseline, options, "watch_test.watch", NULL, &resumed, e));
    CHECK(same_bytes(watch, resumed));
    remove("watch_test.watch");
    CHECK_FAILS(VDT_IO_ERROR, "watch_test", vdt_watch_load(baseline, options, "watch_test.watch", NULL, &none, e));
    CHECK_OK(vdt_watch_reset(resumed, e));
    CHECK(vdt_watch_alarms(resumed) == 0 && none == NULL);
    free(bytes.data);
    vdt_baseline_destroy(other);
    vdt_watch_destroy(watch);
    vdt_watch_destroy(resumed);
    vdt_watch_destroy(NULL);
    vdt_report_destroy(report);
    vdt_window_destroy(window);
}

static void test_misuse(const vdt_baseline* baseline, const vdt_performance* performance,
                        const vdt_watch_reference* past) {
    vdt_watch* none = NULL;
    vdt_watch_options options = options_of(policy, NULL, past);
    CHECK_FAILS(VDT_INVALID_POLICY, "/performance", vdt_watch_create(baseline, &options, NULL, &none, e));
    options = options_of("{\"outputs\": {\"margin\": [{\"kind\": \"e_detector\"}]}}", NULL, NULL);
    CHECK_FAILS(VDT_INVALID_POLICY, "margin", vdt_watch_create(baseline, &options, NULL, &none, e));
    options = options_of("{\"outputs\": {\"other\": [{\"kind\": \"adwin\"}]}}", NULL, past);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "no output \"margin\"", vdt_watch_create(baseline, &options, NULL, &none, e));
    options.references = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "references", vdt_watch_create(baseline, &options, NULL, &none, e));
    options.reference_count = 0;
    options.struct_size = 12;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_watch_create(baseline, &options, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "baseline", vdt_watch_create(NULL, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_watch_create(baseline, NULL, NULL, NULL, e));
    CHECK(none == NULL);
    CHECK_OK(vdt_watch_create(baseline, NULL, NULL, &none, e)); /* the default policy watches nothing */
    CHECK(vdt_watch_stream_count(none) == 0 && vdt_watch_stream_count(NULL) == 0 && vdt_watch_alarms(NULL) == 0);
    const double score = 0.5;
    vdt_monitor_state state = -1;
    CHECK_OK(vdt_watch_observe_prediction(none, &score, 1, 1, 0, &state, e));
    CHECK(state == VDT_MONITOR_IN_CONTROL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scores", vdt_watch_observe_prediction(none, NULL, 1, 1, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "watch", vdt_watch_begin_period(NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "watch", vdt_watch_reset(NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "report", vdt_report_attach_watch(NULL, none, e));
    vdt_watch_destroy(none);
    options = options_of("{\"performance\": {\"monitors\": [{\"kind\": \"cusum\"}]}}", performance, NULL);
    options.estimates = past->values;
    none = NULL;
    CHECK_OK(vdt_watch_create(baseline, &options, NULL, &none, e));
    const byte_block with = bytes_of(none);
    vdt_watch_destroy(none);
    options.struct_size = (uint32_t)offsetof(vdt_watch_options, estimates); /* a caller from before there were any */
    CHECK_OK(vdt_watch_create(baseline, &options, NULL, &none, e));
    const byte_block without = bytes_of(none);
    CHECK(with.size != without.size || memcmp(with.data, without.data, with.size) != 0);
    free(with.data);
    free(without.data);
    vdt_watch_destroy(none);
}

// Rows of two features together, and an embedding of four values that moves after half of the rows.
static void test_groups(const vdt_baseline* baseline) {
    static const char text[] =
        "{\"groups\": {\"both\": {\"features\": [\"weight\", \"height\"], \"monitors\": [{\"kind\":"
        " \"mmd_monitor\", \"window\": 10, \"expected_run\": 1000, \"features\": 8}]}, \"text\": {\"monitors\":"
        " [{\"kind\": \"mmd_monitor\", \"window\": 20, \"expected_run\": 2000, \"features\": 16}]}}}";
    enum { ROWS = 200, WIDTH = 4 };
    static double both[ROWS * 2], texts[ROWS * WIDTH];
    uint64_t seed = 9;
    for (int i = 0; i < ROWS * 2; ++i) both[i] = draw(&seed);
    for (int i = 0; i < ROWS * WIDTH; ++i) texts[i] = draw(&seed);
    vdt_matrix matrices[2];
    vdt_matrix_init(&matrices[0], sizeof matrices[0]);
    matrices[0].dtype = VDT_F64;
    matrices[0].rows = ROWS;
    matrices[1] = matrices[0];
    matrices[0].data = both;
    matrices[0].columns = 2;
    matrices[0].byte_length = sizeof both;
    matrices[1].data = texts;
    matrices[1].columns = WIDTH;
    matrices[1].byte_length = sizeof texts;
    vdt_watch_group groups[2] = {{{"both", 4}, &matrices[0]}, {{"text", 4}, &matrices[1]}};
    vdt_watch_options options = options_of(text, NULL, NULL);
    vdt_watch* watch = NULL;
    CHECK_FAILS(VDT_INVALID_POLICY, "both", vdt_watch_create(baseline, &options, NULL, &watch, e));
    options.groups = groups;
    options.group_count = 2;
    groups[1].group.data = "taxt";
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "taxt", vdt_watch_create(baseline, &options, NULL, &watch, e));
    groups[1].group.data = "text";
    CHECK_OK(vdt_watch_create(baseline, &options, NULL, &watch, e));
    CHECK(vdt_watch_stream_count(watch) == 2);
    size_t embedding = 9;
    CHECK_OK(vdt_watch_embedding(watch, "text", 4, &embedding, e));
    CHECK(embedding == 1);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "text", vdt_watch_embedding(watch, "both", 4, &embedding, e));

    vdt_monitor_state state = VDT_MONITOR_IN_CONTROL;
    float narrow[WIDTH];
    double wide[WIDTH];
    int told = -1;
    vdt_watch* other = NULL;
    for (int i = 0; i < 200; ++i) {
        for (int k = 0; k < WIDTH; ++k) {
            narrow[k] = (float)(draw(&seed) + (i < 100 ? 0.0 : 1.0));
            wide[k] = (double)narrow[k];
        }
        CHECK_OK(vdt_watch_observe_embedding_f32(watch, embedding, narrow, WIDTH, 1000 + i, &state, e));
        if (state == VDT_MONITOR_CHANGE && told < 0) told = i;
        if (i == 150) {
            // Saved and read, without the references.
            const byte_block bytes = bytes_of(watch);
            options.groups = NULL;
            options.group_count = 0;
            CHECK_OK(vdt_watch_from_bytes(baseline, &options, bytes.data, bytes.size, NULL, &other, e));
            free(bytes.data);
        } else if (i > 150) {
            CHECK_OK(vdt_watch_observe_embedding_f64(other, embedding, wide, WIDTH, 1000 + i, NULL, e));
        }
    }
    CHECK(told >= 100 && told < 130);
    CHECK(same_bytes(watch, other));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "4", vdt_watch_observe_embedding_f64(watch, 1, wide, 3, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_watch_observe_embedding_f64(watch, 1, NULL, 4, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "watch", vdt_watch_observe_embedding_f32(NULL, 1, narrow, 4, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "embedding", vdt_watch_observe_embedding_f32(watch, 0, narrow, 4, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "embedding", vdt_watch_observe_embedding_f32(watch, 2, narrow, 4, 0, NULL, e));
    vdt_watch_destroy(watch);
    vdt_watch_destroy(other);
}

static void test_joined(const vdt_baseline* baseline) {
    const vdt_watch_options options = options_of(
        "{\"joined_evidence\": {\"false_discovery_rate\": 0.05},"
        " \"features\": {\"height\": {\"monitors\": [{\"kind\": \"e_process\"}]},"
        " \"weight\": {\"monitors\": [{\"kind\": \"e_process\"}]}}}",
        NULL, NULL);
    vdt_watch *watch = NULL, *other = NULL;
    CHECK_OK(vdt_watch_create(baseline, &options, NULL, &watch, e));
    CHECK_OK(vdt_watch_create(baseline, &options, NULL, &other, e));
    static reference live;
    fill_reference(&live, 77);
    vdt_window* window = make_window(baseline);
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        const double far[FEATURES] = {live.height[i] + 1000.0, (double)live.weight[i], 1.0};
        const double row[FEATURES] = {live.height[i], (double)live.weight[i], 1.0};
        CHECK_OK(vdt_watch_observe_f64(watch, far, FEATURES, i, NULL, e));
        CHECK_OK(vdt_watch_observe_f64(other, row, FEATURES, i, NULL, e));
    }
    vdt_report *report = NULL, *merged = NULL;
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &report, e));
    CHECK_OK(vdt_assess(baseline, window, NULL, NULL, &merged, e));
    vdt_joined_evidence evidence;
    vdt_joined_evidence_init(&evidence, sizeof evidence);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "joined", vdt_report_joined_evidence(report, &evidence, e));
    CHECK_OK(vdt_report_attach_watch(report, watch, e));
    CHECK_OK(vdt_report_joined_evidence(report, &evidence, e));
    CHECK(evidence.decision == VDT_ALARM && evidence.streams == 2 && evidence.discovered == 1);
    CHECK(evidence.shards == 1 && evidence.threshold == 40.0 && evidence.false_discovery_rate == 0.05);
    double e_value = 0.0;
    uint8_t discovered = 0;
    vdt_string subject;
    CHECK_OK(vdt_report_joined_stream(report, 0, &e_value, &discovered, &subject, e));
    CHECK(e_value >= 40.0 && discovered == 1 && subject.length == 6 && memcmp(subject.data, "height", 6) == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "2", vdt_report_joined_stream(report, 2, NULL, NULL, NULL, e));
    size_t length = 0;
    CHECK_OK(vdt_report_joined_reason(report, NULL, 0, &length, e));
    CHECK(length > 40);
    vdt_stream_report stream;
    vdt_stream_report_init(&stream, sizeof stream);
    CHECK_OK(vdt_report_stream(report, 0, &stream, e));
    CHECK(stream.is_discovered == 1 && stream.joined_e_value == e_value && stream.e_value == stream.statistic);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rank", vdt_report_stream_contribution(report, 0, 0, NULL, NULL, e));
    const vdt_watch* const shards[2] = {watch, other};
    CHECK_OK(vdt_report_attach_shards(merged, shards, 2, e));
    CHECK_OK(vdt_report_joined_evidence(merged, &evidence, e));
    CHECK(evidence.shards == 2 && evidence.discovered == 1);
    double half = 0.0;
    CHECK_OK(vdt_report_joined_stream(merged, 0, &half, NULL, NULL, e));
    CHECK(half >= 0.5 * e_value && half < 0.6 * e_value + 1.0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "watches", vdt_report_attach_shards(merged, NULL, 2, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "already", vdt_report_attach_shards(merged, shards, 2, e));
    vdt_report_destroy(report);
    vdt_report_destroy(merged);
    vdt_window_destroy(window);
    vdt_watch_destroy(watch);
    vdt_watch_destroy(other);
}

int main(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_performance* performance = make_performance();
    static double margins[300];
    uint64_t seed = 4;
    for (int i = 0; i < 300; ++i) margins[i] = draw(&seed);
    const vdt_column column = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, margins, 300, sizeof margins);
    const vdt_watch_reference past = {{"margin", 6}, &column};
    const vdt_watch_options options = options_of(policy, performance, &past);
    test_rows(baseline, &options);
    test_report(baseline, &options);
    test_misuse(baseline, performance, &past);
    test_groups(baseline);
    test_joined(baseline);
    vdt_baseline_destroy(baseline);
    vdt_performance_destroy(performance);
    return check_result();
}
