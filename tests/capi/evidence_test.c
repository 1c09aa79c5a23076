// SPDX-License-Identifier: Apache-2.0
// E-values, confidence sequences, label shift and ranking by effect through the C interface.
#include "check.h"

static void test_e_values(void) {
    double values[4] = {40.0, 0.5, 100.0, NAN};
    double out = -1.0;
    CHECK_OK(vdt_average_e_values(values, 3, &out, e));
    CHECK(fabs(out - 140.5 / 3.0) < 1e-12);
    CHECK_OK(vdt_multiply_e_values(values, 3, &out, e));
    CHECK(out == 2000.0);
    double adjusted[4];
    CHECK_OK(vdt_adjust_e_values(values, 4, adjusted, e));
    // Of three: 3/(1 * 100), 3/(2 * 40), and 1 for the last.
    CHECK(fabs(adjusted[2] - 0.03) < 1e-15 && fabs(adjusted[0] - 0.0375) < 1e-15);
    CHECK(adjusted[1] == 1.0 && isnan(adjusted[3]));
    CHECK_OK(vdt_adjust_e_values(values, 4, values, e));
    CHECK(values[0] == adjusted[0] && values[2] == adjusted[2]);

    const double negative = -1.0;
    out = 7.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_average_e_values(&negative, 1, &out, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_average_e_values(NULL, 0, &out, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "e_values", vdt_adjust_e_values(NULL, 2, adjusted, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_multiply_e_values(&negative, 1, NULL, e));
    CHECK(out == 7.0);
}

static void test_joined(void) {
    double values[200];
    for (int i = 0; i < 200; ++i) values[i] = sin(i * 1.7);
    const vdt_column column = make_column("", VDT_COLUMN_NUMERIC, VDT_F64, values, 200, sizeof values);
    vdt_monitor_options options;
    vdt_monitor_options_init(&options, sizeof options);
    const char kind[] = "e_process", level[] = "level=1e-100";
    options.kind = kind;
    options.kind_length = sizeof kind - 1;
    options.options = level;
    options.options_length = sizeof level - 1;
    options.reference = &column;
    vdt_monitor* monitors[2] = {NULL, NULL};
    for (int m = 0; m < 2; ++m) {
        CHECK_OK(vdt_monitor_create(&options, NULL, &monitors[m], e));
        for (int i = 0; i < 200; ++i) CHECK_OK(vdt_monitor_update(monitors[m], m + sin(i * 2.3), NULL, e));
    }
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    CHECK_OK(vdt_monitor_reading_get(monitors[1], &reading, e));
    CHECK(reading.e_value == reading.statistic && isnan(reading.interval_lower));
    double lifted = 0.0, e_values[2], threshold = 0.0;
    uint8_t discovered[2];
    CHECK_OK(vdt_lift_e_process(1.0 / reading.p_value, &lifted, e));
    const vdt_monitor* const list[2] = {monitors[0], monitors[1]};
    CHECK_OK(vdt_join_evidence(list, 2, 1, 0.05, VDT_EVIDENCE_AVERAGE, e_values, discovered, &threshold, e));
    CHECK(discovered[0] == 0 && discovered[1] == 1 && threshold == 40.0);
    CHECK(fabs(e_values[1] / lifted - 1.0) < 1e-12);
    CHECK_OK(vdt_join_evidence(list, 1, 2, 0.05, VDT_EVIDENCE_AVERAGE, e_values, NULL, NULL, e));
    CHECK(e_values[0] > 0.4 * lifted && e_values[0] < 0.6 * lifted);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "same reference",
                vdt_join_evidence(list, 1, 2, 0.05, VDT_EVIDENCE_PRODUCT, e_values, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "false_discovery_rate",
                vdt_join_evidence(list, 2, 1, 0.9, VDT_EVIDENCE_AVERAGE, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "merge", vdt_join_evidence(list, 2, 1, 0.1, 7, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "monitors", vdt_join_evidence(NULL, 2, 1, 0.1, 0, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "largest", vdt_lift_e_process(0.5, &lifted, e));
    for (int m = 0; m < 2; ++m) vdt_monitor_destroy(monitors[m]);
}

static vdt_confidence_sequence* make(int32_t kind) {
    vdt_confidence_sequence_options options;
    vdt_confidence_sequence_options_init(&options, sizeof options);
    CHECK(options.kind == VDT_SEQUENCE_MEAN && options.level == 0.05 && options.upper == 1.0);
    CHECK(options.cells == 1000 && options.largest_bet == 0.5);
    options.kind = kind;
    vdt_confidence_sequence* sequence = NULL;
    CHECK_OK(vdt_confidence_sequence_create(&options, NULL, &sequence, e));
    return sequence;
}

static vdt_confidence_bounds bounds_of(const vdt_confidence_sequence* sequence) {
    vdt_confidence_bounds bounds;
    vdt_confidence_bounds_init(&bounds, sizeof bounds);
    CHECK_OK(vdt_confidence_sequence_bounds(sequence, &bounds, e));
    return bounds;
}

static void test_sequences(int32_t kind) {
    vdt_confidence_sequence* sequence = make(kind);
    vdt_confidence_bounds bounds = bounds_of(sequence);
    CHECK(bounds.count == 0 && isnan(bounds.mean) && bounds.lower == 0.0 && bounds.upper == 1.0);
    double values[1000];
    for (int i = 0; i < 1000; ++i) values[i] = i * 7 % 10 < 3 ? 1.0 : 0.0;
    CHECK_OK(vdt_confidence_sequence_update(sequence, values, 1000, e));
    bounds = bounds_of(sequence);
    CHECK(bounds.count == 1000 && fabs(bounds.mean - 0.3) < 1e-12);
    CHECK(bounds.lower > 0.15 && bounds.lower < 0.3 && bounds.upper > 0.3 && bounds.upper < 0.45);
    const double bad[3] = {NAN, -0.5, INFINITY};
    CHECK_OK(vdt_confidence_sequence_update(sequence, bad, 3, e));
    const vdt_confidence_bounds after = bounds_of(sequence);
    CHECK(after.count == 1000 && after.refused == 3 && after.lower == bounds.lower && after.upper == bounds.upper);

    byte_block block = {NULL, 0};
    CHECK_OK(vdt_confidence_sequence_to_bytes(sequence, NULL, 0, &block.size, e));
    block.data = malloc(block.size);
    CHECK_OK(vdt_confidence_sequence_to_bytes(sequence, block.data, block.size, NULL, e));
    vdt_confidence_sequence* resumed = NULL;
    CHECK_OK(vdt_confidence_sequence_from_bytes(block.data, block.size, NULL, &resumed, e));
    CHECK(bounds_of(resumed).lower == bounds.lower && bounds_of(resumed).count == 1000);
    CHECK_OK(vdt_confidence_sequence_merge(resumed, sequence, e));
    CHECK(bounds_of(resumed).count == 2000 && bounds_of(resumed).lower > bounds.lower);
    vdt_confidence_sequence* other = make(kind == VDT_SEQUENCE_MEAN ? VDT_SEQUENCE_BETTING : VDT_SEQUENCE_MEAN);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "itself", vdt_confidence_sequence_merge(resumed, resumed, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_confidence_sequence_merge(resumed, other, e));
    CHECK_OK(vdt_confidence_sequence_reset(resumed, e));
    CHECK(bounds_of(resumed).count == 0 && bounds_of(resumed).refused == 0);
    vdt_confidence_sequence* none = NULL;
    block.data[block.size - 1] ^= 1;
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_confidence_sequence_from_bytes(block.data, block.size, NULL, &none, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_confidence_sequence_from_bytes(NULL, 0, NULL, &none, e));
    CHECK(none == NULL);
    free(block.data);
    vdt_confidence_sequence_destroy(other);
    vdt_confidence_sequence_destroy(resumed);
    vdt_confidence_sequence_destroy(sequence);
}

static void test_sequence_misuse(void) {
    vdt_confidence_sequence* none = NULL;
    vdt_confidence_sequence_options options;
    vdt_confidence_sequence_options_init(&options, sizeof options);
    options.kind = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_confidence_sequence_create(&options, NULL, &none, e));
    options.kind = VDT_SEQUENCE_BETTING;
    options.cells = 15;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "cells", vdt_confidence_sequence_create(&options, NULL, &none, e));
    options.cells = UINT64_MAX;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "cells", vdt_confidence_sequence_create(&options, NULL, &none, e));
    options.kind = VDT_SEQUENCE_PROPORTION;
    options.prior_ones = 0.0;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_confidence_sequence_create(&options, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_confidence_sequence_create(NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "sequence", vdt_confidence_sequence_update(NULL, NULL, 0, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "sequence", vdt_confidence_sequence_bounds(NULL, NULL, e));
    vdt_confidence_sequence* sequence = make(VDT_SEQUENCE_PROPORTION);
    const double half = 0.5;
    CHECK_OK(vdt_confidence_sequence_update(sequence, &half, 1, e));
    CHECK(bounds_of(sequence).count == 0 && bounds_of(sequence).refused == 1);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "values", vdt_confidence_sequence_update(sequence, NULL, 1, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_confidence_sequence_bounds(sequence, NULL, e));
    vdt_confidence_sequence_destroy(sequence);
    vdt_confidence_sequence_destroy(NULL);
}

static void test_label_shift(void) {
    // 1,000 reference rows of each class, nine in ten predicted rightly; then 6,000 rows of class 0 and 2,000 of
    // class 1.
    const uint64_t confusion[4] = {900, 100, 100, 900};
    const uint64_t live[2] = {5600, 2400};
    vdt_label_shift shift;
    vdt_label_shift_init(&shift, sizeof shift);
    vdt_class_share shares[2];
    CHECK_OK(vdt_estimate_label_shift(confusion, live, 2, 0.95, 100.0, &shift, shares, e));
    CHECK(shift.decision == VDT_PASS && shift.was_cut == 0 && shift.p_value < 1e-10);
    CHECK(fabs(shares[0].live - 0.75) < 1e-12 && fabs(shares[1].weight - 0.5) < 1e-12);
    CHECK(shares[0].live_lower < 0.75 && shares[0].live_upper > 0.75 && fabs(shift.accuracy - 0.9) < 1e-12);
    const uint64_t blind[4] = {500, 500, 500, 500};
    CHECK_OK(vdt_estimate_label_shift(blind, live, 2, 0.95, 100.0, &shift, NULL, e));
    CHECK(shift.decision == VDT_NOT_EVALUATED && isnan(shift.accuracy));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "", vdt_estimate_label_shift(confusion, live, 1, 0.95, 100.0, &shift, NULL, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "classes",
                vdt_estimate_label_shift(confusion, live, SIZE_MAX / 2, 0.95, 100.0, &shift, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_estimate_label_shift(confusion, live, 2, 1.5, 100.0, &shift, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "live",
                vdt_estimate_label_shift(confusion, NULL, 2, 0.95, 100.0, &shift, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_estimate_label_shift(confusion, live, 2, 0.95, 100.0, NULL, NULL, e));
}

static void test_ranking(void) {
    const uint64_t before[2] = {500, 500}, right[2] = {450, 300}, same[2] = {250, 250}, worse[2] = {100, 400};
    const uint64_t unseen[2] = {0, 1000}, unseen_right[2] = {0, 700};
    const vdt_feature_cells features[3] = {
        {before, right, same, 2}, {before, right, worse, 2}, {unseen, unseen_right, same, 2}};
    vdt_performance_effect effects[3];
    CHECK_OK(vdt_rank_by_performance(features, 3, 0.95, effects, e));
    // 0.3 of the rows moved from 90 % right to 60 %.
    CHECK(effects[0].feature == 1 && fabs(effects[0].effect + 0.09) < 1e-12 && effects[0].upper < 0.0);
    for (int i = 1; i < 3; ++i) {
        if (effects[i].feature == 0) CHECK(fabs(effects[i].effect) < 1e-12);
        if (effects[i].feature == 2) CHECK(effects[i].live_unseen == 0.5);
    }
    const uint64_t too_many[2] = {501, 0};
    const vdt_feature_cells wrong = {before, too_many, same, 2}, missing = {before, NULL, same, 2};
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "", vdt_rank_by_performance(&wrong, 1, 0.95, effects, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "right", vdt_rank_by_performance(&missing, 1, 0.95, effects, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "features", vdt_rank_by_performance(NULL, 1, 0.95, effects, e));
}

int main(void) {
    test_e_values();
    test_joined();
    test_sequences(VDT_SEQUENCE_MEAN);
    test_sequences(VDT_SEQUENCE_PROPORTION);
    test_sequences(VDT_SEQUENCE_BETTING);
    test_sequence_misuse();
    test_label_shift();
    test_ranking();
    return check_result();
}
