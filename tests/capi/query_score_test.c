// SPDX-License-Identifier: Apache-2.0
// Scores and explanations that ask the model, from C.
#include "check.h"

enum { WIDTH = 16, CLASSES = 3, ROWS = 99 };

static float rows[ROWS * WIDTH];

// A linear softmax model, which can be told to fail.
typedef struct toy_model {
    float weights[CLASSES][WIDTH];
    uint64_t calls, rows, largest_batch;
    int32_t answer;
} toy_model;

static int32_t predict(void* user_data, const float* x, size_t row_count, size_t features, float* outputs,
                       size_t classes) {
    toy_model* model = user_data;
    ++model->calls;
    model->rows += row_count;
    if (row_count > model->largest_batch) model->largest_batch = row_count;
    for (size_t i = 0; i < row_count; ++i) {
        double e[CLASSES], sum = 0.0;
        for (size_t k = 0; k < classes; ++k) {
            double z = 0.0;
            for (size_t j = 0; j < features; ++j) z += (double)model->weights[k][j] * (double)x[i * features + j];
            sum += e[k] = exp(z);
        }
        for (size_t k = 0; k < classes; ++k) outputs[i * classes + k] = (float)(e[k] / sum);
    }
    return model->answer;
}

static vdt_matrix matrix_of(size_t count) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = rows;
    matrix.rows = count;
    matrix.columns = WIDTH;
    matrix.byte_length = sizeof rows;
    return matrix;
}

static vdt_query_score* create(int32_t kind) {
    static const vdt_squeezer squeezers[] = {{VDT_SQUEEZE_BIT_DEPTH, 1, 0, 0, 0, 0.0f},
                                             {VDT_SQUEEZE_MEDIAN, 0, 3, 0, 0, 0.0f},
                                             {VDT_SQUEEZE_NON_LOCAL_MEANS, 0, 0, 3, 1, 0.3f}};
    const vdt_matrix clean = matrix_of(10);
    vdt_query_score_options options;
    vdt_query_score* score = NULL;
    vdt_query_score_options_init(&options, sizeof options);
    options.kind = kind;
    options.reference = &clean;
    options.squeezers = squeezers;
    options.squeezer_count = 3;
    options.image_height = options.image_width = 4;
    options.width = WIDTH;
    CHECK_OK(vdt_query_score_create(&options, NULL, &score, e));
    return score;
}

static void each_kind(toy_model* toy, vdt_predict_model* model) {
    static const size_t queries[] = {4, 10, 17, 33};
    float row[WIDTH];
    for (size_t j = 0; j < WIDTH; ++j) row[j] = 0.9f - rows[j];
    for (int32_t kind = VDT_QUERY_FEATURE_SQUEEZING; kind <= VDT_QUERY_MARGINAL_RESAMPLING; ++kind) {
        vdt_query_score* score = create(kind);
        vdt_query_answer answer;
        size_t size = 0;
        CHECK(vdt_query_score_width(score) == WIDTH);
        CHECK(vdt_query_score_queries(score) == queries[kind]);
        vdt_predict_model huge = *model;
        huge.batch_rows = (uint64_t)1 << 57;  // no size in bytes for so many floats
        CHECK_FAILS(VDT_OVERFLOW, "memory", vdt_query_score_workspace(score, &huge, &size, e));
        CHECK_OK(vdt_query_score_workspace(score, model, &size, e));
        float* workspace = malloc(size * sizeof *workspace);
        vdt_query_answer_init(&answer, sizeof answer);
        toy->calls = toy->rows = toy->largest_batch = 0;
        CHECK_OK(vdt_query_score_row(score, row, WIDTH, model, workspace, size, &answer, e));
        CHECK(answer.status == VDT_ANSWERED);
        CHECK(isfinite(answer.score));
        CHECK(isnan(answer.p_value));
        CHECK(answer.calls == toy->calls);
        CHECK(answer.rows == toy->rows && toy->rows == queries[kind]);
        CHECK(toy->largest_batch <= model->batch_rows);

        const vdt_matrix benign = matrix_of(ROWS);
        CHECK_OK(vdt_query_score_calibrate(score, &benign, model, NULL, &answer, e));
        CHECK(answer.rows == ROWS * queries[kind]);
        CHECK_OK(vdt_query_score_row(score, row, WIDTH, model, workspace, size, &answer, e));
        CHECK(answer.p_value >= 0.01 && answer.p_value <= 1.0);

        // An abort is handed back; what it cost is told; the calibration stays.
        toy->answer = 7;
        CHECK_FAILS(VDT_CALLBACK_ABORTED, "callback_status",
                    vdt_query_score_row(score, row, WIDTH, model, workspace, size, &answer, e));
        CHECK(answer.status == VDT_ANSWER_ABORTED && answer.callback_status == 7 && answer.calls == 1);
        CHECK(isnan(answer.score) && isnan(answer.p_value));
        CHECK_FAILS(VDT_CALLBACK_ABORTED, "returned 7",
                    vdt_query_score_calibrate(score, &benign, model, NULL, &answer, e));
        CHECK(answer.status == VDT_ANSWER_ABORTED && answer.callback_status == 7 && answer.calls == 1);
        toy->answer = 0;
        CHECK_OK(vdt_query_score_row(score, row, WIDTH, model, workspace, size, &answer, e));
        CHECK(answer.p_value >= 0.01);

        row[3] = NAN;
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "invalid_row",
                    vdt_query_score_row(score, row, WIDTH, model, workspace, size, &answer, e));
        CHECK(answer.status == VDT_ANSWER_INVALID_ROW && answer.calls == 0);
        row[3] = 0.5f;
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "workspace_too_small",
                    vdt_query_score_row(score, row, WIDTH, model, workspace, size - 1, &answer, e));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "workspace",
                    vdt_query_score_row(score, row, WIDTH, model, NULL, size, &answer, e));
        free(workspace);
        vdt_query_score_destroy(score);
    }
}

// Through bytes and a baseline into a guard, which asks the model.
static void in_a_guard(toy_model* toy, const vdt_predict_model* model) {
    static double values[WIDTH][ROWS];
    static char names[WIDTH][3];
    vdt_column columns[WIDTH];
    vdt_baseline *plain = NULL, *baseline = NULL;
    for (size_t f = 0; f < WIDTH; ++f) {
        snprintf(names[f], sizeof names[f], "%c", (char)('a' + f));
        for (size_t i = 0; i < ROWS; ++i) values[f][i] = (double)rows[i * WIDTH + f];
        columns[f] = make_column(names[f], VDT_COLUMN_NUMERIC, VDT_F64, values[f], ROWS, sizeof values[f]);
    }
    CHECK_OK(vdt_baseline_create(columns, WIDTH, NULL, NULL, &plain, e));
    vdt_query_score *asking = create(VDT_QUERY_NOISE_STABILITY), *back = NULL;
    vdt_score *score = NULL, *again = NULL;
    const vdt_matrix benign = matrix_of(ROWS);
    vdt_query_answer answer, other;
    vdt_query_answer_init(&answer, sizeof answer);
    vdt_query_answer_init(&other, sizeof other);
    CHECK_OK(vdt_query_score_calibrate(asking, &benign, model, NULL, &answer, e));
    CHECK_OK(vdt_query_score_to_score(asking, NULL, &score, e));
    CHECK(vdt_score_calibration_count(score) == ROWS);
    vdt_score_answer alone;
    CHECK_OK(vdt_score_row(score, rows, WIDTH, NULL, &alone, e));
    CHECK(isnan(alone.score));  // it has no model
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "asks the model", vdt_score_calibrate(score, &benign, NULL, NULL, e));
    size_t length = 0, size = 0;
    CHECK_OK(vdt_score_to_bytes(score, NULL, 0, &length, e));
    unsigned char* const bytes = malloc(length);
    CHECK_OK(vdt_score_to_bytes(score, bytes, length, &length, e));
    CHECK_OK(vdt_score_from_bytes(bytes, length, NULL, &again, e));
    CHECK_OK(vdt_query_score_from_score(again, NULL, &back, e));
    float workspace[4096];
    CHECK_OK(vdt_query_score_row(asking, rows, WIDTH, model, workspace, 4096, &answer, e));
    CHECK_OK(vdt_query_score_row(back, rows, WIDTH, model, workspace, 4096, &other, e));
    CHECK(answer.score == other.score && answer.p_value == other.p_value);

    const vdt_string name = {"stability", 9};
    const vdt_score* const given[1] = {again};
    CHECK_OK(vdt_baseline_with_scores(plain, &name, given, 1, NULL, &baseline, e));
    static const char policy[] = "{\"scores\": {\"stability\": {\"level\": 0.05, \"action\": \"alarm\"}}}";
    vdt_guard_options options;
    vdt_guard* guard = NULL;
    vdt_guard_options_init(&options, sizeof options);
    options.policy_json = policy;
    options.policy_length = sizeof policy - 1;
    CHECK_OK(vdt_guard_create(baseline, &options, NULL, &guard, e));
    CHECK(vdt_guard_queries(guard) == 17 && vdt_guard_queries(NULL) == 0);
    CHECK_OK(vdt_guard_workspace(guard, model, &size, e));
    CHECK(size <= 4096);
    vdt_window* window = make_window(baseline);
    vdt_request_vectors vectors;
    vdt_verdict verdict;
    char text[512];
    vdt_request_vectors_init(&vectors, sizeof vectors);
    CHECK(vectors.predicted == -1);
    vectors.model = model;
    vectors.workspace = workspace;
    vectors.workspace_length = size;
    vdt_verdict_init(&verdict, sizeof verdict);
    toy->rows = toy->calls = 0;
    CHECK_OK(vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    CHECK(verdict.scores[0].score == answer.score && verdict.scores[0].p_value == answer.p_value);
    CHECK(vdt_score_answer_status(&verdict.scores[0]) == VDT_ANSWERED && vdt_score_answer_status(NULL) == -1);
    CHECK(verdict.model_rows == toy->rows && verdict.model_calls == toy->calls && toy->rows == 17);
    toy->answer = 7;
    CHECK_OK(vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    CHECK((verdict.reasons >> VDT_REASON_MODEL_ABORTED & 1u) != 0 && verdict.findings[0].value == 7.0);
    CHECK(vdt_score_answer_status(&verdict.scores[0]) == VDT_ANSWER_ABORTED && verdict.model_calls == 1);
    const uint64_t sent = 17 + verdict.model_rows;
    CHECK(vdt_finding_check(&verdict.findings[0]) == -1 && vdt_finding_check(NULL) == -1);
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
    CHECK(strstr(text, "returned 7") != NULL);
    toy->answer = 0;
    vectors.without_model = 1;
    CHECK_OK(vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    CHECK(verdict.decision == VDT_PASS && verdict.model_calls == 0);
    CHECK(vdt_score_answer_status(&verdict.scores[0]) == VDT_ANSWER_NOT_ASKED);
    // While the calibration is stale, an answer could not be judged: nothing is asked.
    vectors.without_model = 0;
    toy->calls = 0;
    CHECK_OK(vdt_guard_mark_calibrations(guard, 1, e));
    CHECK_OK(vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    CHECK_OK(vdt_guard_mark_calibrations(guard, 0, e));
    CHECK(verdict.decision == VDT_NOT_EVALUATED && verdict.model_calls == 0 && toy->calls == 0);
    CHECK(vdt_score_answer_status(&verdict.scores[0]) == VDT_ANSWER_NOT_ASKED);
    CHECK_OK(vdt_guard_explain(guard, &verdict, text, sizeof text, &length, e));
    CHECK(strstr(text, "stale") != NULL);
    vdt_report* report = NULL;
    vdt_score_report found;
    vdt_score_report_init(&found, sizeof found);
    CHECK(isnan(found.rate));
    CHECK_OK(vdt_guard_assess(guard, window, NULL, &report, e));
    CHECK(vdt_report_score_count(report) == 1 && vdt_report_score_count(NULL) == 0);
    CHECK_OK(vdt_report_score(report, 0, &found, e));
    CHECK(found.name.length == 9 && memcmp(found.name.data, "stability", 9) == 0);
    CHECK(found.kind.length == 15 && memcmp(found.kind.data, "noise_stability", 15) == 0);
    CHECK(found.input == VDT_SCORE_MODEL && found.is_stale == 0 && found.level == 0.05);
    CHECK(found.calibration_count == ROWS && found.evaluated == 1 && found.unevaluated == 2);
    CHECK(found.model_rows == sent && found.model_aborts == 1);
    CHECK(found.decision == VDT_NOT_EVALUATED && found.rate == 0.0 && found.allowed_rate > 0.05);
    uint64_t in_cells = 0;
    for (size_t i = 0; i < 10; ++i) in_cells += found.p_values[i];
    CHECK(in_cells == 1);
    CHECK_OK(vdt_report_score_reason(report, 0, text, sizeof text, &length, e));
    CHECK(strstr(text, "stability") != NULL);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "not below", vdt_report_score(report, 1, &found, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "report", vdt_report_score(NULL, 0, &found, e));
    vdt_memory_report remembered;
    vdt_memory_report_init(&remembered, sizeof remembered);
    CHECK_OK(vdt_report_memory(report, &remembered, e));
    CHECK(remembered.is_watched == 0 && remembered.watched == 0 && remembered.decision == VDT_NOT_EVALUATED);
    CHECK_OK(vdt_report_memory_reason(report, text, sizeof text, &length, e));
    CHECK(length == 0);
    vdt_report_destroy(report);
    vdt_predict_model bad = *model;
    bad.output = 9;
    vectors.model = &bad;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "vectors.model",
                vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    vectors.model = model;
    vectors.workspace = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "workspace",
                vdt_guard_check_f32_with(guard, rows, WIDTH, &vectors, window, &verdict, e));
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    vdt_baseline_destroy(plain);
    free(bytes);
    vdt_score_destroy(again);
    vdt_score_destroy(score);
    vdt_query_score_destroy(back);
    vdt_query_score_destroy(asking);
}

static void explain(const vdt_predict_model* model) {
    const vdt_matrix background = matrix_of(4);
    uint32_t players[WIDTH];
    for (uint32_t j = 0; j < WIDTH; ++j) players[j] = j / 2;
    vdt_explainer_options options;
    vdt_explainer_options_init(&options, sizeof options);
    CHECK(options.method == VDT_EXPLAIN_KERNEL_SHAP);
    options.background = &background;
    options.players = players;
    options.player_length = WIDTH;
    for (int32_t method = VDT_EXPLAIN_OCCLUSION; method <= VDT_EXPLAIN_KERNEL_SHAP; ++method) {
        vdt_explainer* explainer = NULL;
        vdt_explanation explanation;
        double contributions[WIDTH / 2], sum = 0.0;
        size_t size = 0;
        options.method = method;
        CHECK_OK(vdt_explainer_create(&options, NULL, &explainer, e));
        CHECK(vdt_explainer_player_count(explainer) == WIDTH / 2);
        CHECK(vdt_explainer_is_exact(explainer) == 1);
        CHECK_OK(vdt_explainer_workspace(explainer, model, &size, e));
        float* workspace = malloc(size * sizeof *workspace);
        vdt_explanation_init(&explanation, sizeof explanation);
        CHECK_OK(vdt_explainer_explain(explainer, &rows[5 * WIDTH], WIDTH, 1, model, workspace, size, contributions,
                                       WIDTH / 2, &explanation, e));
        for (size_t p = 0; p < WIDTH / 2; ++p) sum += contributions[p];
        if (method == VDT_EXPLAIN_KERNEL_SHAP)
            CHECK(fabs(sum - (explanation.prediction - explanation.expected)) < 1e-15);
        CHECK(explanation.rows == (method == VDT_EXPLAIN_KERNEL_SHAP ? 256 * 4 : (WIDTH / 2 + 2) * 4));
        CHECK_FAILS(VDT_INVALID_ARGUMENT, "invalid_model",
                    vdt_explainer_explain(explainer, rows, WIDTH, CLASSES, model, workspace, size, contributions,
                                          WIDTH / 2, &explanation, e));
        CHECK(isnan(contributions[0]));
        free(workspace);
        vdt_explainer_destroy(explainer);
    }
    vdt_explainer* none = NULL;
    options.background = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "background", vdt_explainer_create(&options, NULL, &none, e));
    options.background = &background;
    options.method = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "method", vdt_explainer_create(&options, NULL, &none, e));
}

static void misuse(const vdt_predict_model* model) {
    vdt_query_score* score = NULL;
    vdt_query_score_options options;
    vdt_query_score_options_init(&options, sizeof options);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "squeezer", vdt_query_score_create(&options, NULL, &score, e));
    options.squeezer_count = 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "squeezers", vdt_query_score_create(&options, NULL, &score, e));
    options.kind = VDT_QUERY_STRIP;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "row", vdt_query_score_create(&options, NULL, &score, e));
    options.kind = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind", vdt_query_score_create(&options, NULL, &score, e));
    CHECK(score == NULL);
    size_t size = 0;
    vdt_predict_model bad = *model;
    score = create(VDT_QUERY_STRIP);
    bad.batch_rows = UINT64_MAX;
    CHECK_FAILS(VDT_OVERFLOW, "batch", vdt_query_score_workspace(score, &bad, &size, e));
    bad.output = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "output", vdt_query_score_workspace(score, &bad, &size, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "model", vdt_query_score_workspace(score, NULL, &size, e));
    bad = *model;
    bad.predict = NULL;
    float workspace[4096];
    vdt_query_answer answer;
    vdt_query_answer_init(&answer, sizeof answer);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "invalid_model",
                vdt_query_score_row(score, rows, WIDTH, &bad, workspace, 4096, &answer, e));
    vdt_score_calibration_options calibration;
    const uint32_t groups[ROWS] = {0};
    const vdt_matrix benign = matrix_of(ROWS);
    vdt_score_calibration_options_init(&calibration, sizeof calibration);
    calibration.groups = groups;
    CHECK_FAILS(VDT_UNSUPPORTED, "groups", vdt_query_score_calibrate(score, &benign, model, &calibration, NULL, e));
    vdt_query_score_destroy(score);
    vdt_query_score_destroy(NULL);
    vdt_explainer_destroy(NULL);
    CHECK(vdt_query_score_width(NULL) == 0 && vdt_query_score_queries(NULL) == 0);
}

int main(void) {
    static toy_model toy;
    uint64_t seed = 11;
    for (size_t i = 0; i < ROWS * WIDTH; ++i) rows[i] = (float)draw(&seed);
    for (size_t k = 0; k < CLASSES; ++k)
        for (size_t j = 0; j < WIDTH; ++j) toy.weights[k][j] = (float)(draw(&seed) - 0.5);
    vdt_predict_model model;
    vdt_predict_model_init(&model, sizeof model);
    CHECK(model.batch_rows == 32);
    model.predict = predict;
    model.user_data = &toy;
    model.features = WIDTH;
    model.classes = CLASSES;
    model.batch_rows = 5;
    each_kind(&toy, &model);
    in_a_guard(&toy, &model);
    explain(&model);
    misuse(&model);
    return check_result();
}
