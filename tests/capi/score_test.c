// SPDX-License-Identifier: Apache-2.0
// Scores, their calibration, the guard that asks them and the evidence against callers, from C.
#include "check.h"

enum { ROWS = 400, CALIBRATION = 199, WIDTH = 3 };

static float model_rows[ROWS * WIDTH];
static float benign[CALIBRATION * WIDTH];

static vdt_matrix matrix_of(const float* data, size_t rows, size_t bytes) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = data;
    matrix.rows = rows;
    matrix.columns = WIDTH;
    matrix.byte_length = bytes;
    return matrix;
}

static void fill(float* values, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; ++i) values[i] = (float)(draw(&seed) + draw(&seed) + draw(&seed) + draw(&seed) - 2.0);
}

static vdt_score* fit(const char* kind, const char* options) {
    const vdt_matrix rows = matrix_of(model_rows, ROWS, sizeof model_rows);
    vdt_score_fit_options given;
    vdt_score* score = NULL;
    vdt_score_fit_options_init(&given, sizeof given);
    given.kind = kind;
    given.kind_length = strlen(kind);
    given.options = options;
    given.options_length = options == NULL ? 0 : strlen(options);
    CHECK_OK(vdt_score_fit(&rows, &given, NULL, &score, e));
    return score;
}

static void calibrate(vdt_score* score) {
    const vdt_matrix rows = matrix_of(benign, CALIBRATION, sizeof benign);
    uint64_t unscored = 9;
    CHECK_OK(vdt_score_calibrate(score, &rows, NULL, &unscored, e));
    CHECK(unscored == 0);
    CHECK(vdt_score_calibration_count(score) == CALIBRATION);
}

static void every_kind(const char* folder) {
    const size_t count = vdt_score_kind_count();
    CHECK(count >= 10);
    for (size_t k = 0; k < count; ++k) {
        vdt_string name;
        int32_t input = -1;
        CHECK_OK(vdt_score_kind_at(k, &name, &input, e));
        CHECK(input >= VDT_SCORE_FEATURES && input <= VDT_SCORE_MODEL);
    }
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_score_kind_at(count, NULL, NULL, e));

    static const char* const kinds[] = {"mahalanobis", "ecod", "energy"};
    for (size_t k = 0; k < 3; ++k) {
        vdt_score* score = fit(kinds[k], NULL);
        vdt_score* again = NULL;
        vdt_string name;
        double scores[CALIBRATION], p_values[CALIBRATION];
        char path[512];
        const vdt_matrix rows = matrix_of(benign, CALIBRATION, sizeof benign);
        CHECK_OK(vdt_score_kind(score, &name, e));
        CHECK(strcmp(name.data, kinds[k]) == 0);
        CHECK(vdt_score_width(score) == WIDTH);
        CHECK_OK(vdt_score_rows(score, &rows, scores, p_values, CALIBRATION, e));
        CHECK(isfinite(scores[7]) && isnan(p_values[7]));
        CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "not calibrated", vdt_score_require_level(score, 0.1, e));
        calibrate(score);
        CHECK_OK(vdt_score_require_level(score, 0.005, e));
        CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "999", vdt_score_require_level(score, 0.001, e));
        CHECK_OK(vdt_score_rows(score, &rows, scores, p_values, CALIBRATION, e));

        snprintf(path, sizeof path, "%s/capi_score.vedette", folder);
        CHECK_OK(vdt_score_save(score, path, e));
        CHECK_OK(vdt_score_load(path, NULL, &again, e));
        for (size_t i = 0; i < CALIBRATION; ++i) {
            vdt_score_answer answer;
            CHECK_OK(vdt_score_row(again, &benign[i * WIDTH], WIDTH, NULL, &answer, e));
            CHECK(answer.score == scores[i] && answer.p_value == p_values[i]);
        }
        vdt_score_destroy(again);
        vdt_score_destroy(score);
    }
}

// Kinds that need the model's last layer: two classes, the first sees the first feature alone.
static void with_a_head(void) {
    static const char* const kinds[] = {"fdbd", "nci", "react", "vim", "ash_s"};
    static const char* const options[] = {"", "", "", "dimension=1", "percentile=0.3"};
    static const float weights[2 * WIDTH] = {2.0f, 0.0f, 0.0f, -1.0f, 1.0f, 0.5f};
    static const float bias[2] = {0.25f, -0.25f};
    static uint32_t labels[ROWS];
    const vdt_matrix rows = matrix_of(model_rows, ROWS, sizeof model_rows);
    const vdt_matrix head = matrix_of(weights, 2, sizeof weights);
    for (size_t i = 0; i < ROWS; ++i) labels[i] = (uint32_t)(i % 2);
    for (size_t k = 0; k < 5; ++k) {
        vdt_score_fit_options given;
        vdt_score* score = NULL;
        vdt_score_fit_options_init(&given, sizeof given);
        given.kind = kinds[k];
        given.kind_length = strlen(kinds[k]);
        given.options = options[k];
        given.options_length = strlen(given.options);
        given.labels = labels;
        given.label_count = ROWS;
        CHECK(vdt_score_fit(&rows, &given, NULL, &score, NULL) != VDT_OK);  // not without a head
        given.head_weights = &head;
        given.head_bias = bias;
        given.head_bias_count = 2;
        CHECK_OK(vdt_score_fit(&rows, &given, NULL, &score, e));
        // Of rows without an activation above 0 some of them cannot tell.
        const vdt_matrix others = matrix_of(benign, CALIBRATION, sizeof benign);
        const float active[WIDTH] = {1.0f, 2.0f, 0.5f};
        uint64_t unscored = CALIBRATION;
        vdt_score_answer answer;
        CHECK_OK(vdt_score_calibrate(score, &others, NULL, &unscored, e));
        CHECK(unscored < CALIBRATION / 2);
        CHECK(vdt_score_calibration_count(score) == CALIBRATION - unscored);
        CHECK_OK(vdt_score_row(score, active, WIDTH, NULL, &answer, e));
        CHECK(isfinite(answer.score) && answer.p_value > 0.0 && answer.p_value <= 1.0);
        vdt_score_destroy(score);
        score = NULL;
        given.head_bias_count = 1;
        CHECK(vdt_score_fit(&rows, &given, NULL, &score, NULL) != VDT_OK && score == NULL);
    }
}

// What 16 bits change is within what the score says of it, also after a file; the limit beside the bound is that of the
// sums in float of both.
static void in_sixteen_bits(void) {
    vdt_score* exact = fit("mahalanobis", NULL);
    vdt_score* compact = fit("mahalanobis", "storage=int16");
    vdt_score* other = fit("ecod", NULL);
    vdt_score* again = NULL;
    uint8_t bytes[8192];
    size_t length = 0;
    const double bound = vdt_score_storage_error(compact);
    CHECK(vdt_score_storage_error(exact) == 0.0 && vdt_score_storage_error(other) == 0.0);
    CHECK(isnan(vdt_score_storage_error(NULL)));
    CHECK(bound > 0.0 && bound <= 0.1);
    double most = 0.0;
    for (size_t i = 0; i < CALIBRATION; ++i) {
        vdt_score_answer by_floats, by_words;
        CHECK_OK(vdt_score_row(exact, &benign[i * WIDTH], WIDTH, NULL, &by_floats, e));
        CHECK_OK(vdt_score_row(compact, &benign[i * WIDTH], WIDTH, NULL, &by_words, e));
        const double change = fabs(by_words.score / by_floats.score - 1.0);
        CHECK(change <= bound + 5e-4);
        if (change > most) most = change;
    }
    CHECK(most > 0.0);
    CHECK_OK(vdt_score_to_bytes(compact, bytes, sizeof bytes, &length, e));
    CHECK_OK(vdt_score_from_bytes(bytes, length, NULL, &again, e));
    CHECK(vdt_score_storage_error(again) == bound);
    vdt_score_destroy(again);
    vdt_score_destroy(other);
    vdt_score_destroy(compact);
    vdt_score_destroy(exact);
}

static void contributions(void) {
    vdt_score* score = fit("ecod", NULL);
    vdt_score* other = fit("mahalanobis", "relative=true, rank=2");
    double value = 0.0, parts[WIDTH];
    CHECK_OK(vdt_score_row_contributions(score, benign, WIDTH, &value, parts, WIDTH, e));
    CHECK(fabs(parts[0] + parts[1] + parts[2] - value) < 1e-9);
    CHECK_OK(vdt_score_row_contributions(other, benign, WIDTH, &value, parts, WIDTH, e));
    CHECK(isnan(value) && isnan(parts[0]));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "contributions",
                vdt_score_row_contributions(score, benign, WIDTH, &value, parts, 2, e));
    vdt_score_destroy(other);
    vdt_score_destroy(score);
}

// The option of one kind, through text: the same scores within the error that its map's storage allows.
static void compact_map(void) {
    vdt_score* exact = fit("mahalanobis", NULL);
    vdt_score* compact = fit("mahalanobis", "storage=int16");
    const vdt_matrix rows = matrix_of(benign, CALIBRATION, sizeof benign);
    double expected[CALIBRATION], seen[CALIBRATION], p_values[CALIBRATION];
    CHECK_OK(vdt_score_rows(exact, &rows, expected, p_values, CALIBRATION, e));
    CHECK_OK(vdt_score_rows(compact, &rows, seen, p_values, CALIBRATION, e));
    size_t other = 0;
    for (size_t i = 0; i < CALIBRATION; ++i) {
        CHECK(fabs(seen[i] - expected[i]) <= 0.01 * expected[i]);
        other += seen[i] != expected[i];
    }
    CHECK(other > 0);
    vdt_score_destroy(compact);
    vdt_score_destroy(exact);
}

static void misuse(void) {
    const vdt_matrix rows = matrix_of(model_rows, ROWS, sizeof model_rows);
    vdt_score_fit_options options;
    vdt_score* score = NULL;
    vdt_score_answer answer;
    vdt_request_vectors vectors;
    vdt_score_fit_options_init(&options, sizeof options);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_score_fit(&rows, &options, NULL, &score, e));
    options.kind = "magic";
    options.kind_length = 5;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "mahalanobis", vdt_score_fit(&rows, &options, NULL, &score, e));
    options.kind = "ecod";
    options.kind_length = 4;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "rows", vdt_score_fit(NULL, &options, NULL, &score, e));
    options.label_count = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "labels", vdt_score_fit(&rows, &options, NULL, &score, e));
    CHECK(score == NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "score", vdt_score_row(NULL, benign, WIDTH, NULL, &answer, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_score_from_bytes("nothing", 7, NULL, &score, e));
    score = fit("ecod", NULL);
    vdt_request_vectors_init(&vectors, sizeof vectors);
    vectors.logits_length = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "logits", vdt_score_row(score, benign, WIDTH, &vectors, &answer, e));
    CHECK_OK(vdt_score_row(score, benign, 2, NULL, &answer, e));
    CHECK(isnan(answer.score));
    vdt_score_destroy(score);
    vdt_score_destroy(NULL);
}

static vdt_baseline* baseline_of_reference(void) {
    static double columns_data[WIDTH][ROWS];
    static const char* const names[WIDTH] = {"a", "b", "c"};
    vdt_column columns[WIDTH];
    vdt_baseline* baseline = NULL;
    for (size_t f = 0; f < WIDTH; ++f) {
        for (size_t i = 0; i < ROWS; ++i) columns_data[f][i] = (double)model_rows[i * WIDTH + f];
        columns[f] = make_column(names[f], VDT_COLUMN_NUMERIC, VDT_F64, columns_data[f], ROWS, sizeof columns_data[f]);
    }
    CHECK_OK(vdt_baseline_create(columns, WIDTH, NULL, NULL, &baseline, e));
    return baseline;
}

static void in_a_guard(void) {
    vdt_baseline* plain = baseline_of_reference();
    vdt_baseline* baseline = NULL;
    vdt_score* scores[2] = {fit("ecod", NULL), fit("energy", NULL)};
    const vdt_string names[2] = {{"tails", 5}, {"doubt", 5}};
    const vdt_score* const given[2] = {scores[0], scores[1]};
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "calibrated",
                vdt_baseline_with_scores(plain, names, given, 2, NULL, &baseline, e));
    calibrate(scores[0]);
    calibrate(scores[1]);
    CHECK_OK(vdt_baseline_with_scores(plain, names, given, 2, NULL, &baseline, e));
    vdt_score_destroy(scores[0]);
    vdt_score_destroy(scores[1]);
    vdt_baseline_destroy(plain);

    static const char policy[] =
        "{\"scores\": {\"tails\": {\"level\": 0.01, \"action\": \"alarm\"}, \"doubt\": {\"level\": 0.01}}}";
    vdt_guard_options options;
    vdt_guard* guard = NULL;
    vdt_string name;
    vdt_guard_options_init(&options, sizeof options);
    options.policy_json = policy;
    options.policy_length = sizeof policy - 1;
    CHECK_OK(vdt_guard_create(baseline, &options, NULL, &guard, e));
    CHECK(vdt_guard_calibrated_score_count(guard) == 2);
    CHECK_OK(vdt_guard_calibrated_score_name(guard, 1, &name, e));
    CHECK(strcmp(name.data, "tails") == 0);

    vdt_window* window = make_window(baseline);
    const float far_row[WIDTH] = {9.0f, -9.0f, 9.0f}, logits[WIDTH] = {1.0f, 0.0f, -1.0f};
    vdt_request_vectors vectors;
    vdt_verdict verdict;
    char text[512];
    size_t length = 0;
    vdt_request_vectors_init(&vectors, sizeof vectors);
    vectors.logits = logits;
    vectors.logits_length = WIDTH;
    vdt_verdict_init(&verdict, sizeof verdict);
    CHECK_OK(vdt_guard_check_f32_with(guard, far_row, WIDTH, &vectors, window, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM && verdict.score_count == 2);
    CHECK((verdict.reasons >> VDT_REASON_CALIBRATED_SCORE & 1u) != 0);
    CHECK(verdict.scores[1].p_value == 1.0 / 200.0 && verdict.scores[1].decision == VDT_ALARM);
    CHECK(isfinite(verdict.scores[0].p_value));
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
    CHECK(strstr(text, "tails (ecod)") != NULL && strstr(text, " adds ") == NULL);
    CHECK_OK(vdt_guard_explain_f32(guard, &verdict, far_row, WIDTH, text, sizeof text, &length, e));
    CHECK(strstr(text, "tails (ecod)") != NULL && strstr(text, " adds ") != NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row",
                vdt_guard_explain_f32(guard, &verdict, NULL, WIDTH, text, sizeof text, &length, e));
    // Without the logits that score was not evaluated; an older, shorter verdict still works.
    CHECK_OK(vdt_guard_check_f32(guard, benign, WIDTH, window, &verdict, e));
    CHECK((verdict.reasons >> VDT_REASON_CALIBRATED_SCORE_NOT_EVALUATED & 1u) != 0);
    verdict.struct_size = 208;
    CHECK_OK(vdt_guard_check_f32_with(guard, far_row, WIDTH, &vectors, window, &verdict, e));
    CHECK(verdict.decision == VDT_ALARM);
    verdict.struct_size = sizeof verdict;
    CHECK_OK(vdt_guard_mark_calibrations(guard, 1, e));
    CHECK_OK(vdt_guard_check_f32_with(guard, far_row, WIDTH, &vectors, window, &verdict, e));
    CHECK((verdict.reasons >> VDT_REASON_CALIBRATED_SCORE & 1u) == 0);
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
}

static void callers(void) {
    vdt_caller_options options;
    vdt_caller_evidence* evidence = NULL;
    vdt_caller_evidence* again = NULL;
    vdt_caller_state state;
    unsigned char bytes[8192];
    size_t length = 0;
    vdt_caller_options_init(&options, sizeof options);
    CHECK(options.level == 1e-3);
    options.capacity = 12;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "capacity", vdt_caller_evidence_create(&options, NULL, &evidence, e));
    options.capacity = 8;
    CHECK_OK(vdt_caller_evidence_create(&options, NULL, &evidence, e));
    vdt_caller_state_init(&state, sizeof state);
    for (uint64_t time = 0; time < 20; ++time) {
        CHECK_OK(vdt_caller_evidence_update(evidence, "mallory", 7, 0.001, time, &state, e));
        CHECK_OK(vdt_caller_evidence_update(evidence, "alice", 5, 0.6, time, NULL, e));
    }
    CHECK(state.is_alarm == 1 && state.e_value >= 1000.0 && state.requests == 20 && state.is_shared == 0);
    CHECK_OK(vdt_caller_evidence_to_bytes(evidence, bytes, sizeof bytes, &length, e));
    CHECK_OK(vdt_caller_evidence_from_bytes(bytes, length, NULL, &again, e));
    CHECK_OK(vdt_caller_evidence_update(again, "alice", 5, 0.6, 20, &state, e));
    CHECK(state.is_alarm == 0 && state.requests == 21);
    CHECK_OK(vdt_caller_evidence_forget(again, "mallory", 7, e));
    CHECK_OK(vdt_caller_evidence_update(again, "mallory", 7, NAN, 21, &state, e));
    CHECK(state.requests == 0);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "caller", vdt_caller_evidence_update(again, NULL, 1, 0.5, 0, NULL, e));
    vdt_caller_evidence_destroy(again);
    vdt_caller_evidence_destroy(evidence);
}

int main(int argc, char** argv) {
    fill(model_rows, ROWS * WIDTH, 1);
    fill(benign, CALIBRATION * WIDTH, 2);
    every_kind(argc > 1 ? argv[1] : ".");
    with_a_head();
    in_sixteen_bits();
    contributions();
    compact_map();
    misuse();
    in_a_guard();
    callers();
    const double p_values[] = {0.001, NAN};
    CHECK(vdt_score_fused_e_value(p_values, 2) > 10.0);
    CHECK(isnan(vdt_score_fused_e_value(NULL, 2)));
    return check_result();
}
