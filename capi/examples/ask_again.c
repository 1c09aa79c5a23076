// SPDX-License-Identifier: Apache-2.0
// Asking the model again: a toy model behind a callback, STRIP with a calibrated false-alarm rate, and Shapley values.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vedette.h"

enum { WIDTH = 8, CLASSES = 2, CLEAN = 20, BENIGN = 199 };

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

// Linear, with a planted backdoor: a bright last feature, even half of it, decides for class 1.
static int32_t predict(void* user_data, const float* rows, size_t row_count, size_t features, float* outputs,
                       size_t classes) {
    const float* weights = user_data;
    if (features != WIDTH || classes != CLASSES) return 1;  // stops the call that asked, which hands the 1 back
    for (size_t i = 0; i < row_count; ++i) {
        const float* row = rows + i * features;
        double z = row[WIDTH - 1] > 0.45f ? 50.0 : 0.0;
        for (size_t j = 0; j < features; ++j) z += (double)(weights[j] * row[j]);
        outputs[2 * i + 1] = (float)(1.0 / (1.0 + exp(-z)));
        outputs[2 * i] = 1.0f - outputs[2 * i + 1];
    }
    return 0;
}

// Clean rows: the last feature is dark.
static void draw(float* row, unsigned* seed) {
    for (int j = 0; j < WIDTH; ++j) {
        *seed = *seed * 1664525u + 1013904223u;
        row[j] = (float)(*seed >> 8) / 16777216.0f * (j == WIDTH - 1 ? 0.3f : 1.0f);
    }
}

static vdt_matrix matrix_of(const float* data, size_t rows) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = data;
    matrix.rows = rows;
    matrix.columns = WIDTH;
    matrix.byte_length = rows * WIDTH * sizeof *data;
    return matrix;
}

int main(void) {
    static float weights[WIDTH] = {2.0f, -2.0f, 1.0f, -1.0f, 1.5f, -1.5f, 0.5f, 0.0f};
    static float clean[CLEAN * WIDTH], benign[BENIGN * WIDTH];
    unsigned seed = 7;
    for (int i = 0; i < CLEAN; ++i) draw(clean + i * WIDTH, &seed);
    for (int i = 0; i < BENIGN; ++i) draw(benign + i * WIDTH, &seed);
    const vdt_matrix overlays = matrix_of(clean, CLEAN), calibration = matrix_of(benign, BENIGN);

    vdt_error error = VDT_ERROR_INIT;
    vdt_predict_model model;
    vdt_predict_model_init(&model, sizeof model);
    model.predict = predict;
    model.user_data = weights;
    model.features = WIDTH;
    model.classes = CLASSES;

    vdt_query_score_options options;
    vdt_query_score* strip = NULL;
    size_t size = 0;
    vdt_query_score_options_init(&options, sizeof options);
    options.kind = VDT_QUERY_STRIP;
    options.reference = &overlays;
    must(vdt_query_score_create(&options, NULL, &strip, &error), &error);
    must(vdt_query_score_calibrate(strip, &calibration, &model, NULL, NULL, &error), &error);
    must(vdt_query_score_workspace(strip, &model, &size, &error), &error);
    float* workspace = malloc(size * sizeof *workspace);  // one for each thread, for all of its requests
    if (workspace == NULL) return EXIT_FAILURE;

    float row[WIDTH];
    double p_values[2] = {0.0, 0.0};
    draw(row, &seed);
    for (int triggered = 0; triggered < 2; ++triggered) {
        vdt_query_answer answer;
        vdt_query_answer_init(&answer, sizeof answer);
        if (triggered) row[WIDTH - 1] = 1.0f;
        must(vdt_query_score_row(strip, row, WIDTH, &model, workspace, size, &answer, &error), &error);
        printf("%s: mean entropy %.3f bits, p = %.3f, %d rows asked\n", triggered ? "trigger" : "clean",
               0.0 - answer.score, answer.p_value, (int)answer.rows);
        p_values[triggered] = answer.p_value;
    }
    free(workspace);
    vdt_query_score_destroy(strip);

    // Why did the model say so?
    vdt_explainer_options explaining;
    vdt_explainer* explainer = NULL;
    vdt_explanation explanation;
    double contributions[WIDTH];
    vdt_explainer_options_init(&explaining, sizeof explaining);
    vdt_explanation_init(&explanation, sizeof explanation);
    explaining.background = &overlays;
    must(vdt_explainer_create(&explaining, NULL, &explainer, &error), &error);
    must(vdt_explainer_workspace(explainer, &model, &size, &error), &error);
    workspace = malloc(size * sizeof *workspace);
    if (workspace == NULL) return EXIT_FAILURE;
    must(vdt_explainer_explain(explainer, row, WIDTH, 1, &model, workspace, size, contributions, WIDTH, &explanation,
                               &error),
         &error);
    int most = 0;
    for (int j = 0; j < WIDTH; ++j) {
        printf("feature %d: %+.3f\n", j, contributions[j]);
        if (fabs(contributions[j]) > fabs(contributions[most])) most = j;
    }
    free(workspace);
    vdt_explainer_destroy(explainer);
    return p_values[0] > 0.05 && p_values[1] <= 0.05 && most == WIDTH - 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
