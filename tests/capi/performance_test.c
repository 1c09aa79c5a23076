// SPDX-License-Identifier: Apache-2.0
// Performance without labels, and with late ones, through the C interface: counted, merged, saved, joined, and misused.
#include "check.h"

enum { rows = 400 };

static double scores[rows];
static uint32_t predictions[rows], labels[rows];
static uint32_t state = 1;

static double uniform(void) {
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 16777216.0;
}

static void fill(void) {
    for (int i = 0; i < rows; ++i) {
        scores[i] = uniform();
        predictions[i] = scores[i] > 0.5 ? 1 : 0;
        labels[i] = uniform() < scores[i] ? 1 : 0;
    }
}

static vdt_matrix matrix_of(const double* data, uint64_t count, uint64_t columns) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F64;
    matrix.data = data;
    matrix.rows = count;
    matrix.columns = columns;
    matrix.byte_length = count * columns * sizeof(double);
    return matrix;
}

#define BYTES_OF(function, handle, block)                                \
    do {                                                                 \
        CHECK_OK(function(handle, NULL, 0, &(block).size, e));           \
        (block).data = malloc((block).size);                             \
        CHECK_OK(function(handle, (block).data, (block).size, NULL, e)); \
    } while (0)

static void check_sequences(const vdt_performance* performance) {
    vdt_metric_sequence_options options;
    vdt_metric_sequence_options_init(&options, sizeof options);
    CHECK(options.metric == VDT_METRIC_ACCURACY && options.level == 0.01 && options.tolerated == 0.1);
    vdt_performance_window* window = NULL;
    vdt_realised_window* known = NULL;
    vdt_label_join* join = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &window, e));
    CHECK_OK(vdt_realised_window_create(performance, NULL, &known, e));
    CHECK_OK(vdt_label_join_create(performance, NULL, NULL, &join, e));
    vdt_metric_sequence *estimated = NULL, *labelled = NULL, *joined = NULL, *loaded = NULL;
    options.metric = VDT_METRIC_F1;
    CHECK_OK(vdt_metric_sequence_create(performance, &options, NULL, &estimated, e));
    options.with_labels = 1;
    CHECK_OK(vdt_metric_sequence_create(performance, &options, NULL, &labelled, e));
    CHECK_OK(vdt_metric_sequence_create(performance, &options, NULL, &joined, e));
    for (int i = 0; i < rows; ++i) {
        CHECK_OK(vdt_performance_window_observe(window, &scores[i], 1, predictions[i], NULL, e));
        CHECK_OK(vdt_metric_sequence_observe(estimated, &scores[i], 1, predictions[i], NULL, NULL, e));
        CHECK_OK(vdt_metric_sequence_observe(labelled, &scores[i], 1, predictions[i], &labels[i], NULL, e));
        CHECK_OK(vdt_label_join_predict(join, (uint64_t)i, 0, &scores[i], 1, predictions[i], e));
        CHECK_OK(vdt_label_join_label_sequence(join, (uint64_t)i, 0, labels[i], known, joined, NULL, e));
    }
    vdt_performance_estimate estimate;
    vdt_performance_estimate_init(&estimate, sizeof estimate);
    CHECK_OK(vdt_performance_window_estimate(window, 0.95, &estimate, e));
    vdt_metric_bounds bounds;
    vdt_metric_bounds_init(&bounds, sizeof bounds);
    CHECK_OK(vdt_metric_sequence_bounds_get(estimated, &bounds, e));
    CHECK(fabs(bounds.value - estimate.metrics[VDT_METRIC_F1].value) < 1e-8 && bounds.rows == rows);
    CHECK(bounds.lower < bounds.value && bounds.value < bounds.upper && bounds.refused == 0);
    byte_block a = {NULL, 0}, b = {NULL, 0};
    BYTES_OF(vdt_metric_sequence_to_bytes, labelled, a);
    BYTES_OF(vdt_metric_sequence_to_bytes, joined, b);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    CHECK_OK(vdt_metric_sequence_from_bytes(performance, a.data, a.size, NULL, &loaded, e));
    CHECK_OK(vdt_metric_sequence_merge(loaded, joined, e));
    CHECK_OK(vdt_metric_sequence_bounds_get(loaded, &bounds, e));
    CHECK(bounds.rows == 2 * rows);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_metric_sequence_merge(loaded, estimated, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "label", vdt_metric_sequence_observe(labelled, &scores[0], 1, 0, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "label",
                vdt_metric_sequence_observe(estimated, &scores[0], 1, 0, &labels[0], NULL, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_metric_sequence_observe(estimated, scores, 2, 0, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "sequence",
                vdt_label_join_label_sequence(join, 0, 0, 1, known, estimated, NULL, e));
    const double bad = NAN;
    CHECK_OK(vdt_metric_sequence_observe(estimated, &bad, 1, 0, NULL, NULL, e));
    CHECK_OK(vdt_metric_sequence_bounds_get(estimated, &bounds, e));
    CHECK(bounds.refused == 1 && bounds.rows == rows);
    CHECK_OK(vdt_metric_sequence_reset(estimated, e));
    CHECK_OK(vdt_metric_sequence_bounds_get(estimated, &bounds, e));
    CHECK(bounds.rows == 0 && isnan(bounds.value) && bounds.lower == 0.0 && bounds.upper == 1.0);
    vdt_metric_sequence* none = NULL;
    options.metric = 9;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "metric", vdt_metric_sequence_create(performance, &options, NULL, &none, e));
    options.metric = VDT_METRIC_RECALL;
    options.level = 2.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "level", vdt_metric_sequence_create(performance, &options, NULL, &none, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_metric_sequence_from_bytes(performance, a.data, a.size / 2, NULL, &none, e));
    CHECK(none == NULL);
    free(a.data);
    free(b.data);
    vdt_metric_sequence_destroy(estimated);
    vdt_metric_sequence_destroy(labelled);
    vdt_metric_sequence_destroy(joined);
    vdt_metric_sequence_destroy(loaded);
    vdt_label_join_destroy(join);
    vdt_realised_window_destroy(known);
    vdt_performance_window_destroy(window);
}

/* All rows in one call are what they were one by one. */
static void check_rows_at_once(const vdt_performance* performance, const vdt_performance_window* expected) {
    vdt_performance_window* window = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &window, e));
    vdt_matrix matrix = matrix_of(scores, rows, 1);
    double* right = malloc(rows * sizeof *right);
    CHECK(right != NULL);
    CHECK_OK(vdt_performance_window_observe_matrix(window, &matrix, predictions, right, e));
    for (int i = 0; i < rows; ++i) CHECK(right[i] >= 0.0 && right[i] <= 1.0);
    byte_block a = {NULL, 0}, b = {NULL, 0};
    BYTES_OF(vdt_performance_window_to_bytes, expected, a);
    BYTES_OF(vdt_performance_window_to_bytes, window, b);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "predictions",
                vdt_performance_window_observe_matrix(window, &matrix, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scores",
                vdt_performance_window_observe_matrix(window, NULL, predictions, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window",
                vdt_performance_window_observe_matrix(NULL, &matrix, predictions, NULL, e));
    matrix = matrix_of(scores, rows / 2, 2);
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "rows of 2 scores",
                vdt_performance_window_observe_matrix(window, &matrix, predictions, NULL, e));
    free(a.data);
    BYTES_OF(vdt_performance_window_to_bytes, window, a);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    free(a.data);
    free(b.data);
    free(right);
    vdt_performance_window_destroy(window);
}

static void check_windows(const vdt_performance* performance) {
    vdt_performance_window *whole = NULL, *first = NULL, *second = NULL, *loaded = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &whole, e));
    CHECK_OK(vdt_performance_window_create(performance, NULL, &first, e));
    CHECK_OK(vdt_performance_window_create(performance, NULL, &second, e));
    double right = 0.0, sum = 0.0;
    for (int i = 0; i < rows; ++i) {
        CHECK_OK(vdt_performance_window_observe(whole, &scores[i], 1, predictions[i], &right, e));
        CHECK(right >= 0.0 && right <= 1.0);
        sum += right;
        CHECK_OK(vdt_performance_window_observe(i % 3 == 0 ? first : second, &scores[i], 1, predictions[i], NULL, e));
    }
    CHECK_OK(vdt_performance_window_merge(second, first, e));
    byte_block a = {NULL, 0}, b = {NULL, 0};
    BYTES_OF(vdt_performance_window_to_bytes, whole, a);
    BYTES_OF(vdt_performance_window_to_bytes, second, b);
    CHECK(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
    CHECK_OK(vdt_performance_window_from_bytes(performance, b.data, b.size, NULL, &loaded, e));
    vdt_performance_estimate estimate;
    vdt_performance_estimate_init(&estimate, sizeof estimate);
    CHECK(isnan(estimate.metrics[VDT_METRIC_F1].value));
    CHECK_OK(vdt_performance_window_estimate(loaded, 0.95, &estimate, e));
    CHECK(estimate.rows == rows);
    CHECK(fabs(estimate.metrics[VDT_METRIC_ACCURACY].value - sum / rows) < 1e-9);
    for (int m = 0; m < VDT_METRIC_COUNT; ++m) {
        const vdt_metric_estimate* metric = &estimate.metrics[m];
        CHECK(metric->lower < metric->value && metric->value < metric->upper && metric->standard_error > 0.0);
        CHECK(metric->realised_lower < metric->value && metric->value < metric->realised_upper);
    }
    CHECK(estimate.roc_auc_resolution < 1e-3);
    const double bad[] = {NAN, 1.5};
    CHECK_OK(vdt_performance_window_observe(loaded, &bad[0], 1, 1, &right, e));
    CHECK(isnan(right));
    CHECK_OK(vdt_performance_window_observe(loaded, &bad[1], 1, 1, &right, e));
    CHECK(isnan(right));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 scores", vdt_performance_window_observe(loaded, bad, 2, 1, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scores", vdt_performance_window_observe(loaded, NULL, 1, 1, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_performance_window_observe(NULL, bad, 1, 1, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "1", vdt_performance_window_estimate(loaded, 1.0, &estimate, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_performance_window_from_bytes(performance, "x", 1, NULL, &loaded, e));
    CHECK_OK(vdt_performance_window_reset(loaded, e));
    CHECK_OK(vdt_performance_window_estimate(loaded, 0.95, &estimate, e));
    CHECK(estimate.rows == 0);
    free(a.data);
    free(b.data);
    check_rows_at_once(performance, whole);
    vdt_performance_window_destroy(whole);
    vdt_performance_window_destroy(first);
    vdt_performance_window_destroy(second);
    vdt_performance_window_destroy(loaded);
    vdt_performance_window_destroy(NULL);
}

static void check_labels(const vdt_performance* performance) {
    vdt_label_join_options options;
    vdt_label_join_options_init(&options, sizeof options);
    options.capacity = rows;
    options.longest_wait = 1000;
    vdt_label_join *join = NULL, *resumed = NULL;
    vdt_realised_window *known = NULL, *batch = NULL, *loaded = NULL;
    CHECK_OK(vdt_label_join_create(performance, &options, NULL, &join, e));
    CHECK_OK(vdt_realised_window_create(performance, NULL, &known, e));
    CHECK_OK(vdt_realised_window_create(performance, NULL, &batch, e));
    for (uint64_t i = 0; i < rows; ++i) CHECK_OK(vdt_label_join_predict(join, i, i, &scores[i], 1, predictions[i], e));
    CHECK_OK(vdt_label_join_predict(join, 5, rows, &scores[5], 1, 1, e)); /* it waits already */
    byte_block saved = {NULL, 0};
    BYTES_OF(vdt_label_join_to_bytes, join, saved);
    CHECK_OK(vdt_label_join_from_bytes(performance, saved.data, saved.size, NULL, &resumed, e));
    int32_t right = 7;
    for (uint64_t i = 0; i < rows; ++i) {
        CHECK_OK(vdt_label_join_label(resumed, i, i + 500, labels[i], known, &right, e));
        CHECK(right == (labels[i] == predictions[i] ? 1 : 0));
        CHECK_OK(vdt_realised_window_observe(batch, &scores[i], 1, predictions[i], labels[i], e));
    }
    CHECK_OK(vdt_label_join_label(resumed, 3, 900, 1, known, &right, e)); /* labelled before */
    CHECK(right == -1);
    vdt_label_join_counts counts;
    vdt_label_join_counts_init(&counts, sizeof counts);
    CHECK_OK(vdt_label_join_counts_get(resumed, &counts, e));
    CHECK(counts.predictions == rows && counts.joined == rows && counts.duplicates == 1 && counts.unknown == 1);
    CHECK(counts.waiting == 0 && counts.expired == 0 && counts.displaced == 0);
    CHECK(vdt_realised_window_delay(known, 0.5) > 440 && vdt_realised_window_delay(known, 0.5) <= 500);
    vdt_performance_estimate a, b;
    vdt_performance_estimate_init(&a, sizeof a);
    vdt_performance_estimate_init(&b, sizeof b);
    CHECK_OK(vdt_realised_window_performance(known, 0.95, &a, e));
    CHECK_OK(vdt_realised_window_performance(batch, 0.95, &b, e));
    CHECK(memcmp(&a, &b, sizeof a) == 0 && a.rows == rows);
    double realised = 0.0, lower = 0.0, upper = 0.0;
    CHECK_OK(vdt_performance_reference_metric(performance, VDT_METRIC_ACCURACY, &realised, &lower, &upper, e));
    CHECK(fabs(realised - a.metrics[VDT_METRIC_ACCURACY].value) < 1e-12 && lower < realised && realised < upper);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "metric", vdt_performance_reference_metric(performance, 6, NULL, NULL, NULL, e));
    vdt_estimate_gap gap;
    vdt_estimate_gap_init(&gap, sizeof gap);
    CHECK_OK(vdt_realised_window_gap(known, 0.95, &gap, e));
    CHECK(gap.rows == rows && gap.p_value > 0.001 && gap.lower < 0.0 && gap.upper > 0.0);
    CHECK_OK(vdt_realised_window_merge(batch, known, e));
    byte_block bytes = {NULL, 0};
    BYTES_OF(vdt_realised_window_to_bytes, batch, bytes);
    CHECK_OK(vdt_realised_window_from_bytes(performance, bytes.data, bytes.size, NULL, &loaded, e));
    CHECK_OK(vdt_realised_window_performance(loaded, 0.95, &a, e));
    CHECK(a.rows == 2 * rows);
    CHECK_OK(vdt_realised_window_reset(loaded, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_label_join_label(join, 1, 1, 1, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "join", vdt_label_join_predict(NULL, 1, 1, scores, 1, 1, e));
    options.capacity = 0;
    vdt_label_join* none = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "capacity", vdt_label_join_create(performance, &options, NULL, &none, e));
    free(saved.data);
    free(bytes.data);
    vdt_label_join_destroy(join);
    vdt_label_join_destroy(resumed);
    vdt_realised_window_destroy(known);
    vdt_realised_window_destroy(batch);
    vdt_realised_window_destroy(loaded);
}

/* What is known, in a report: the verdict by labels and by the estimate, the ranking, and what cannot be attached. */
static void check_report(const vdt_performance* performance, const vdt_performance* other) {
    const vdt_column column = make_column("score", VDT_COLUMN_NUMERIC, VDT_F64, scores, rows, sizeof scores);
    vdt_baseline* baseline = NULL;
    CHECK_OK(vdt_baseline_create(&column, 1, NULL, NULL, &baseline, e));
    vdt_window *live = make_window(baseline), *known = make_window(baseline), *right = make_window(baseline);
    vdt_performance_window *estimated = NULL, *foreign = NULL;
    vdt_realised_window* realised = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &estimated, e));
    CHECK_OK(vdt_performance_window_create(other, NULL, &foreign, e));
    CHECK_OK(vdt_realised_window_create(performance, NULL, &realised, e));
    for (int i = 0; i < rows; ++i) {
        CHECK_OK(vdt_window_observe_f64(known, &scores[i], 1, e));
        if (predictions[i] == labels[i]) CHECK_OK(vdt_window_observe_f64(right, &scores[i], 1, e));
        /* Scores that tell nothing, and labels that are all wrong. */
        const double score = 0.45 + 0.1 * uniform();
        const uint32_t said = score > 0.5 ? 1 : 0;
        CHECK_OK(vdt_window_observe_f64(live, &score, 1, e));
        CHECK_OK(vdt_performance_window_observe(estimated, &score, 1, said, NULL, e));
        CHECK_OK(vdt_realised_window_observe(realised, &score, 1, said, 1 - said, e));
    }
    vdt_report *report = NULL, *second = NULL;
    CHECK_OK(vdt_assess(baseline, live, NULL, NULL, &report, e));
    CHECK_OK(vdt_assess(baseline, live, NULL, NULL, &second, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "report",
                vdt_report_attach_performance(NULL, estimated, NULL, NULL, NULL, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "neither",
                vdt_report_attach_performance(report, NULL, NULL, known, right, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "together",
                vdt_report_attach_performance(report, estimated, NULL, known, NULL, NULL, 0, e));
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "different references",
                vdt_report_attach_performance(report, foreign, realised, NULL, NULL, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "right",
                vdt_report_attach_performance(report, estimated, realised, right, known, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "policy_json",
                vdt_report_attach_performance(report, estimated, NULL, NULL, NULL, NULL, 2, e));
    CHECK_FAILS(VDT_INVALID_POLICY, "margin",
                vdt_report_attach_performance(report, estimated, NULL, NULL, NULL, "{\"performance\": {\"margin\": 2}}",
                                              30, e));
    size_t length = 0;
    static char text[1 << 16];
    CHECK_OK(vdt_report_render(report, "json", NULL, text, sizeof text, &length, e));
    CHECK(strstr(text, "\"performance\"") == NULL);

    CHECK_OK(vdt_report_attach_performance(report, estimated, realised, known, right, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "already",
                vdt_report_attach_performance(report, estimated, NULL, NULL, NULL, NULL, 0, e));
    CHECK(vdt_report_decision(report) == VDT_ALARM);
    CHECK_OK(vdt_report_render(report, "json", NULL, text, sizeof text, &length, e));
    CHECK(strstr(text, "\"by_labels\":true") != NULL || strstr(text, "\"by_labels\": true") != NULL);
    CHECK(strstr(text, "\"realised_accuracy\"") != NULL && strstr(text, "\"live_unseen\"") != NULL);
    /* The report has its own copy of everything, and the estimate alone is enough. */
    vdt_performance_window_destroy(estimated);
    estimated = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &estimated, e));
    CHECK_OK(vdt_report_attach_performance(second, estimated, NULL, NULL, NULL, "{}", 2, e));
    CHECK_OK(vdt_report_render(second, "openmetrics", NULL, text, sizeof text, &length, e));
    CHECK(strstr(text, "vedette_performance_decision 1\n") != NULL);
    CHECK(strstr(text, "vedette_performance_effect") == NULL);
    vdt_report_destroy(report);
    vdt_report_destroy(second);
    vdt_realised_window_destroy(realised);
    vdt_performance_window_destroy(estimated);
    vdt_performance_window_destroy(foreign);
    vdt_window_destroy(live);
    vdt_window_destroy(known);
    vdt_window_destroy(right);
    vdt_baseline_destroy(baseline);
}

int main(void) {
    fill();
    const vdt_matrix matrix = matrix_of(scores, rows, 1);
    vdt_performance_options options;
    vdt_performance_options_init(&options, sizeof options);
    CHECK(options.cells == 256 && options.deviations == 3.0);
    vdt_performance *performance = NULL, *restored = NULL, *other = NULL;
    CHECK_OK(vdt_performance_create(&matrix, predictions, labels, &options, NULL, &performance, e));
    CHECK(vdt_performance_classes(performance) == 2 && vdt_performance_columns(performance) == 1);
    uint64_t table[4] = {0};
    CHECK_OK(vdt_performance_confusion(performance, table, 4, NULL, e));
    CHECK(table[0] + table[1] + table[2] + table[3] == rows);
    byte_block bytes = {NULL, 0};
    BYTES_OF(vdt_performance_to_bytes, performance, bytes);
    CHECK_OK(vdt_performance_from_bytes(bytes.data, bytes.size, NULL, &restored, e));
    check_sequences(restored);
    check_windows(restored);
    check_labels(restored);
    // Of another reference.
    options.cells = 16;
    CHECK_OK(vdt_performance_create(&matrix, predictions, labels, &options, NULL, &other, e));
    check_report(performance, other);
    vdt_performance_window *mine = NULL, *theirs = NULL;
    vdt_realised_window* known = NULL;
    vdt_label_join* join = NULL;
    CHECK_OK(vdt_performance_window_create(performance, NULL, &mine, e));
    CHECK_OK(vdt_performance_window_create(other, NULL, &theirs, e));
    CHECK_OK(vdt_realised_window_create(other, NULL, &known, e));
    CHECK_OK(vdt_label_join_create(performance, NULL, NULL, &join, e));
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "reference", vdt_performance_window_merge(mine, theirs, e));
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "reference", vdt_label_join_label(join, 1, 1, 1, known, NULL, e));
    options.calibration = 3;
    vdt_performance* none = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "calibration",
                vdt_performance_create(&matrix, predictions, labels, &options, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "labels",
                vdt_performance_create(&matrix, predictions, NULL, NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_performance_create(&matrix, predictions, labels, NULL, NULL, NULL, e));
    const vdt_matrix few = matrix_of(scores, 19, 1);
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "19", vdt_performance_create(&few, predictions, labels, NULL, NULL, &none, e));
    scores[7] = NAN;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row 7",
                vdt_performance_create(&matrix, predictions, labels, NULL, NULL, &none, e));
    CHECK(vdt_performance_classes(NULL) == 0 && vdt_realised_window_delay(NULL, 0.5) == 0 && none == NULL);
    free(bytes.data);
    vdt_performance_window_destroy(mine);
    vdt_performance_window_destroy(theirs);
    vdt_realised_window_destroy(known);
    vdt_label_join_destroy(join);
    vdt_performance_destroy(performance);
    vdt_performance_destroy(restored);
    vdt_performance_destroy(other);
    return check_result();
}
