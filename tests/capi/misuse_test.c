// SPDX-License-Identifier: Apache-2.0
// What callers get wrong: NULLs, sizes, structs of other versions, altered bytes. Nothing changes, and the reason is
// told.
#include "check.h"

static void test_nulls(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    vdt_report* report = NULL;
    CHECK_OK(vdt_guard_assess(guard, window, NULL, &report, e));
    vdt_string text;
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    const float row[] = {170.0F, 70.0F, 0.0F};
    size_t size = 0;
    uint64_t number = 0;

    vdt_baseline_destroy(NULL);
    vdt_guard_destroy(NULL);
    vdt_window_destroy(NULL);
    vdt_report_destroy(NULL);
    CHECK(vdt_baseline_rows(NULL) == 0 && vdt_baseline_feature_count(NULL) == 0 && vdt_window_rows(NULL) == 0);
    CHECK(vdt_window_requests(NULL, VDT_PASS) == 0 && vdt_window_rejected(NULL) == 0 &&
          vdt_guard_score_count(NULL) == 0);
    CHECK(vdt_window_requests(window, 4) == 0 && vdt_window_requests(window, -1) == 0);
    CHECK(vdt_report_decision(NULL) == VDT_NOT_EVALUATED);

    CHECK_FAILS(VDT_INVALID_ARGUMENT, "columns", vdt_baseline_create(NULL, 1, NULL, NULL, &baseline, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_baseline_create(NULL, 0, NULL, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_baseline_create_arrow(NULL, NULL, NULL, NULL, &baseline, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "path", vdt_baseline_load(NULL, NULL, &baseline, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bytes", vdt_baseline_from_bytes(NULL, 1, NULL, &baseline, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "path", vdt_baseline_save(baseline, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "length", vdt_baseline_to_bytes(baseline, NULL, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "baseline", vdt_baseline_id(NULL, NULL, 0, &size, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_baseline_name(baseline, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature 3", vdt_baseline_feature_name(baseline, 3, &text, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "name", vdt_baseline_find(baseline, NULL, 2, &size, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "baseline", vdt_window_create(NULL, NULL, &window, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_window_create(baseline, NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_window_observe_f32(window, NULL, 3, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_window_observe_f32(NULL, row, 3, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_window_observe_matrix(NULL, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rows", vdt_window_observe_matrix(window, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "tensor", vdt_window_observe_dlpack(window, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "column", vdt_window_observe_column(window, 0, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "other", vdt_window_merge(window, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_window_reset(NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "which", vdt_window_extra(window, 0, 5, &number, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "which", vdt_window_extra(window, 0, -1, &number, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "guard", vdt_guard_check_f32(NULL, row, 3, window, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_guard_check_f32(guard, NULL, 3, window, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_guard_check_f32(guard, row, 3, NULL, &verdict, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "verdict", vdt_guard_check_f32(guard, row, 3, window, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "options", vdt_guard_add_score(guard, NULL, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "policy", vdt_policy_validate(NULL, 2, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_assess(baseline, NULL, NULL, NULL, &report, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "format", vdt_report_render(report, NULL, NULL, NULL, 0, &size, e));
    CHECK_FAILS(VDT_IO_ERROR, "no/such/folder", vdt_baseline_save(baseline, "no/such/folder/file", e));
    CHECK_FAILS(VDT_IO_ERROR, "no/such/file", vdt_baseline_load("no/such/file", NULL, &baseline, e));

    // Without an error struct, or with one that is too small for a message, the status alone is told.
    CHECK(vdt_window_merge(window, NULL, NULL) == VDT_INVALID_ARGUMENT);
    vdt_error small = VDT_ERROR_INIT;
    small.struct_size = 12;
    memset(small.message, 'x', sizeof small.message);
    CHECK(vdt_window_merge(window, NULL, &small) == VDT_INVALID_ARGUMENT);
    CHECK(small.code == VDT_INVALID_ARGUMENT && strlen(small.message) == 3 && small.message[4] == 'x');
    small.struct_size = 0;
    small.code = 7;
    CHECK(vdt_window_merge(window, NULL, &small) == VDT_INVALID_ARGUMENT && small.code == 7);
    CHECK(vdt_window_rows(window) == 0 && vdt_window_rejected(window) == 0);

    vdt_report_destroy(report);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

static void test_rows(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_window* window = make_window(baseline);
    const double row[] = {170.0, 70.0, 0.0, 1.0};
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "4 values", vdt_window_observe_f64(window, row, 4, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "0 values", vdt_window_observe_f64(window, NULL, 0, e));
    vdt_value values[3] = {
        {VDT_VALUE_NUMBER, 0, 1.0, NULL, 0}, {4, 0, 1.0, NULL, 0}, {VDT_VALUE_NULL, 0, 0.0, NULL, 0}};
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_window_observe_values(window, values, 3, e));
    values[1].kind = VDT_VALUE_TEXT;
    values[1].text_length = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_window_observe_values(window, values, 3, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 values", vdt_window_observe_values(window, values, 2, e));
    vdt_verdict verdict;
    vdt_verdict_init(&verdict, sizeof verdict);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_guard_check_values(guard, values, 3, window, &verdict, e));
    verdict.struct_size = 0;  // not initialised: refused before anything is counted
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "struct_size", vdt_guard_check_f64(guard, row, 3, window, &verdict, e));
    CHECK(vdt_window_rows(window) == 0 && vdt_window_requests(window, VDT_PASS) == 0);

    // A verdict that no guard gave.
    char text[512];
    vdt_verdict_init(&verdict, sizeof verdict);
    verdict.decision = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "decision", vdt_guard_explain(guard, &verdict, text, sizeof text, NULL, e));
    verdict.decision = VDT_WARN;
    verdict.finding_count = 1;
    verdict.findings[0].reason = 77;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "reason", vdt_guard_explain(guard, &verdict, text, sizeof text, NULL, e));
    verdict.findings[0].reason = VDT_REASON_NULL_VALUE;
    verdict.findings[0].subject = 4000000;
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, NULL, e));
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

// Older callers have smaller structs, newer callers larger ones.
static void test_struct_sizes(void) {
    static reference data;
    vdt_column columns[FEATURES];
    fill_reference(&data, 1);
    reference_columns(&data, columns);
    vdt_baseline* baseline = NULL;

    // A caller who knows only `cells`: the rest is default, whatever lies behind.
    vdt_baseline_options options;
    memset(&options, 0xee, sizeof options);
    vdt_baseline_options_init(&options, 16);
    CHECK(options.struct_size == 16 && options.cells == 0 && options.max_categories == 0xeeeeeeeeeeeeeeee);
    options.cells = 16;
    CHECK_OK(vdt_baseline_create(columns, FEATURES, &options, NULL, &baseline, e));
    size_t cells = 0;
    CHECK_OK(vdt_baseline_counts(baseline, 0, NULL, 0, &cells, e));
    CHECK(cells == 16);

    // A caller of a later version: fine as long as what we do not know is not used.
    struct {
        vdt_guard_options known;
        uint64_t later[2];
    } newer;
    vdt_guard_options_init(&newer.known, sizeof newer);
    CHECK(newer.known.struct_size == sizeof newer && newer.later[0] == 0 && newer.later[1] == 0);
    vdt_guard* guard = NULL;
    CHECK_OK(vdt_guard_create(baseline, &newer.known, NULL, &guard, e));
    newer.later[1] = 1;
    vdt_guard* none = NULL;
    CHECK_FAILS(VDT_UNSUPPORTED, "byte 32", vdt_guard_create(baseline, &newer.known, NULL, &none, e));
    newer.later[1] = 0;
    newer.known.reserved = 1;
    CHECK_FAILS(VDT_UNSUPPORTED, "reserved", vdt_guard_create(baseline, &newer.known, NULL, &none, e));
    newer.known.reserved = 0;
    static const uint32_t wrong_sizes[] = {0, 4, 12, 23, 4104, 0xffffffff};
    for (size_t i = 0; i < sizeof wrong_sizes / sizeof wrong_sizes[0]; ++i) {
        newer.known.struct_size = wrong_sizes[i];
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "struct_size", vdt_guard_create(baseline, &newer.known, NULL, &none, e));
    }
    CHECK(none == NULL);

    // Results never run over a smaller struct, and leave the unknown part of a larger one alone.
    vdt_window* window = make_window(baseline);
    vdt_verdict verdict;
    memset(&verdict, 0xee, sizeof verdict);
    vdt_verdict_init(&verdict, 16 + sizeof(vdt_finding));
    const double nans[] = {NAN, NAN, 9.0};
    CHECK_OK(vdt_guard_check_f64(guard, nans, 3, window, &verdict, e));
    CHECK(verdict.finding_count == 3 && verdict.findings[0].reason == VDT_REASON_NOT_A_NUMBER);
    unsigned char untouched[sizeof verdict.findings[1]];
    memset(untouched, 0xee, sizeof untouched);
    CHECK(memcmp(&verdict.findings[1], untouched, sizeof untouched) == 0);
    CHECK(verdict.struct_size == 16 + sizeof(vdt_finding));
    struct {
        vdt_verdict known;
        uint64_t later;
    } newer_verdict;
    vdt_verdict_init(&newer_verdict.known, sizeof newer_verdict);
    newer_verdict.later = 5;
    CHECK_OK(vdt_guard_check_f64(guard, nans, 3, window, &newer_verdict.known, e));
    CHECK(newer_verdict.known.finding_count == 3 && newer_verdict.later == 5);

    vdt_report* report = NULL;
    CHECK_OK(vdt_guard_assess(guard, window, NULL, &report, e));
    vdt_report_info info;
    memset(&info, 0xee, sizeof info);
    info.struct_size = 24;
    CHECK_OK(vdt_report_describe(report, &info, e));
    CHECK(info.live_rows == 2 && info.feature_count == 0xeeeeeeeeeeeeeeee && info.struct_size == 24);
    info.struct_size = 20;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "struct_size", vdt_report_describe(report, &info, e));

    // Columns of a later version stand further apart.
    struct {
        vdt_column known;
        uint64_t later;
    } wide[FEATURES];
    memset(wide, 0, sizeof wide);
    for (int i = 0; i < FEATURES; ++i) {
        wide[i].known = columns[i];
        wide[i].known.struct_size = sizeof wide[i];
    }
    vdt_baseline* same = NULL;
    CHECK_OK(vdt_baseline_create(&wide[0].known, FEATURES, &options, NULL, &same, e));
    char id[65], other_id[65];
    CHECK_OK(vdt_baseline_id(baseline, id, sizeof id, NULL, e));
    CHECK_OK(vdt_baseline_id(same, other_id, sizeof other_id, NULL, e));
    CHECK(strcmp(id, other_id) == 0);
    wide[1].known.struct_size = sizeof(vdt_column);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "columns[1]",
                vdt_baseline_create(&wide[0].known, FEATURES, &options, NULL, &same, e));

    // An `_init` of a size that cannot even hold the size does nothing.
    memset(&options, 0xee, sizeof options);
    vdt_baseline_options_init(&options, 3);
    CHECK(options.struct_size == 0xeeeeeeee);
    vdt_baseline_options_init(NULL, sizeof options);
    vdt_baseline_destroy(same);
    vdt_report_destroy(report);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

// Every truncation and many alterations of saved bytes are refused, never half accepted.
static void test_altered_bytes(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_baseline* other = make_baseline(2);
    vdt_window* window = make_window(baseline);
    const double row[] = {170.0, 70.0, 0.0};
    CHECK_OK(vdt_window_observe_f64(window, row, 3, e));
    const byte_block saved = window_bytes(window);
    vdt_window* none = NULL;
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "", vdt_window_from_bytes(other, saved.data, saved.size, NULL, &none, e));
    int accepted = 0;
    for (size_t size = 0; size < saved.size; size += size < 512 ? 1 : 97) {
        unsigned char* copy = malloc(size + 1);  // exactly as long as we say, so that a sanitizer sees a step too far
        memcpy(copy, saved.data, size);
        accepted += vdt_window_from_bytes(baseline, copy, size, NULL, &none, NULL) == VDT_OK;
        free(copy);
    }
    for (size_t i = 0; i < saved.size; i += 53) {
        saved.data[i] ^= 0x41;
        accepted += vdt_window_from_bytes(baseline, saved.data, saved.size, NULL, &none, NULL) == VDT_OK;
        saved.data[i] ^= 0x41;
    }
    CHECK(accepted == 0 && none == NULL);
    size_t size = 0;
    CHECK_OK(vdt_baseline_to_bytes(baseline, NULL, 0, &size, e));
    unsigned char* bytes = malloc(size);
    CHECK_OK(vdt_baseline_to_bytes(baseline, bytes, size, NULL, e));
    vdt_baseline* no_baseline = NULL;
    for (size_t i = 0; i < size; i += 101) {
        bytes[i] ^= 0x10;
        accepted += vdt_baseline_from_bytes(bytes, size, NULL, &no_baseline, NULL) == VDT_OK;
        bytes[i] ^= 0x10;
        accepted += vdt_baseline_from_bytes(bytes, i, NULL, &no_baseline, NULL) == VDT_OK;
    }
    CHECK(accepted == 0 && no_baseline == NULL);
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_window_from_bytes(baseline, bytes, size, NULL, &none, e));  // not a window
    unsigned char* small = malloc(size);
    memset(small, 0xee, size);
    size_t needed = 0;
    CHECK_FAILS(VDT_OVERFLOW, "capacity", vdt_baseline_to_bytes(baseline, small, size - 1, &needed, e));
    CHECK(needed == size && small[0] == 0xee);
    free(small);
    free(bytes);
    free(saved.data);
    vdt_window_destroy(window);
    vdt_baseline_destroy(other);
    vdt_baseline_destroy(baseline);
}

int main(void) {
    test_nulls();
    test_rows();
    test_struct_sizes();
    test_altered_bytes();
    return check_result();
}
