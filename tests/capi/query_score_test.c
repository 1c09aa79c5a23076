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
        CHECK(answer.calls == 1);
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
    explain(&model);
    misuse(&model);
    return check_result();
}
