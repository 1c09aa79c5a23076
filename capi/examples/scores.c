// SPDX-License-Identifier: Apache-2.0
// A score of the model's logits, calibrated so that it finds 1 % of benign requests, and the evidence against callers.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vedette.h"

enum { CLASSES = 10, BENIGN = 999, REQUESTS = 200 };

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

static double uniform(void) {
    static unsigned long long state = 1;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (double)(state >> 11) / 9007199254740992.0;
}

// Logits of an input that the model knows have one large entry; those of an input that it does not know are flat.
static void draw_logits(float* row, int is_known) {
    for (int c = 0; c < CLASSES; ++c) row[c] = (float)(2.0 * uniform());
    if (is_known) row[(int)(CLASSES * uniform())] += (float)(6.0 + 2.0 * uniform());
}

int main(void) {
    static float benign[BENIGN * CLASSES];
    for (int i = 0; i < BENIGN; ++i) draw_logits(&benign[i * CLASSES], 1);
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = benign;
    matrix.rows = BENIGN;
    matrix.columns = CLASSES;
    matrix.byte_length = sizeof benign;

    vdt_error error = VDT_ERROR_INIT;
    vdt_score_fit_options fit;
    vdt_score_fit_options_init(&fit, sizeof fit);
    fit.kind = "energy";
    fit.kind_length = 6;
    fit.options = "classes=10";
    fit.options_length = 10;
    vdt_score* score = NULL;
    must(vdt_score_fit(NULL, &fit, NULL, &score, &error), &error);  // nothing to be fitted to

    vdt_score_calibration_options calibration;  // conditional, as the evidence against callers asks for
    vdt_score_calibration_options_init(&calibration, sizeof calibration);
    calibration.guarantee = VDT_CONFORMAL_CONDITIONAL_SIMES;
    calibration.failure_probability = 0.01;
    must(vdt_score_calibrate(score, &matrix, &calibration, NULL, &error), &error);
    must(vdt_score_require_level(score, 0.01, &error), &error);

    vdt_caller_evidence* callers = NULL;
    must(vdt_caller_evidence_create(NULL, NULL, &callers, &error), &error);
    int found = 0, is_accused[2] = {0, 0};
    for (int i = 0; i < REQUESTS; ++i) {
        for (int caller = 0; caller < 2; ++caller) {  // alice is benign, every second request of mallory is not
            float row[CLASSES];
            draw_logits(row, caller == 0 || i % 2 == 0);
            vdt_score_answer answer;
            must(vdt_score_row(score, row, CLASSES, NULL, &answer, &error), &error);
            if (answer.p_value <= 0.01) ++found;
            vdt_caller_state state;
            vdt_caller_state_init(&state, sizeof state);
            must(vdt_caller_evidence_update(callers, caller == 0 ? "alice" : "mallory", caller == 0 ? 5 : 7,
                                            answer.p_value, (uint64_t)i, &state, &error),
                 &error);
            is_accused[caller] = state.is_alarm;
        }
    }
    printf("%d of %d requests found; accused: alice %d, mallory %d\n", found, 2 * REQUESTS, is_accused[0],
           is_accused[1]);
    vdt_caller_evidence_destroy(callers);
    vdt_score_destroy(score);
    return is_accused[0] == 0 && is_accused[1] == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
