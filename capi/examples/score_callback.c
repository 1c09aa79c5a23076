// SPDX-License-Identifier: Apache-2.0
// A detector of your own inside the guard: a C function that scores every checked row.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

enum { ROWS = 500 };

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

// How far a row is from a line that the two features follow. Frozen parameters come as user data; higher = stranger.
static int32_t distance_from_line(void* user_data, const double* row, size_t width, double* score) {
    const double slope = *(const double*)user_data;
    if (width != 2) return 1;  // "could not tell": the guard reports it, and does not pass the row silently
    const double distance = row[1] - slope * row[0];
    *score = distance < 0.0 ? -distance : distance;
    return 0;
}

int main(void) {
    static double x[ROWS], y[ROWS];
    vdt_column columns[2];
    for (int i = 0; i < ROWS; ++i) {
        x[i] = i * 0.01;
        y[i] = 2.0 * x[i];
    }
    for (int i = 0; i < 2; ++i) {
        vdt_column_init(&columns[i], sizeof columns[i]);
        columns[i].name = i == 0 ? "x" : "y";
        columns[i].name_length = 1;
        columns[i].data = i == 0 ? x : y;
        columns[i].length = ROWS;
        columns[i].byte_length = sizeof x;
    }
    vdt_error error = VDT_ERROR_INIT;
    vdt_baseline* baseline = NULL;
    vdt_guard* guard = NULL;
    vdt_window* window = NULL;
    must(vdt_baseline_create(columns, 2, NULL, NULL, &baseline, &error), &error);
    must(vdt_guard_create(baseline, NULL, NULL, &guard, &error), &error);
    must(vdt_window_create(baseline, NULL, &window, &error), &error);

    double slope = 2.0;
    vdt_score_options score;
    vdt_score_options_init(&score, sizeof score);
    score.name = "distance_from_line";
    score.name_length = strlen(score.name);
    score.score_f64 = distance_from_line;
    score.user_data = &slope;
    score.warn_threshold = 0.5;
    score.alarm_threshold = 1.0;
    must(vdt_guard_add_score(guard, &score, &error), &error);

    // Each value is ordinary by itself; only together are they strange.
    const double rows[3][2] = {{1.0, 2.0}, {1.0, 2.6}, {1.0, 4.0}};
    const vdt_decision expected[3] = {VDT_PASS, VDT_WARN, VDT_ALARM};
    int surprises = 0;
    for (int i = 0; i < 3; ++i) {
        vdt_verdict verdict;
        char text[256];
        vdt_verdict_init(&verdict, sizeof verdict);
        must(vdt_guard_check_f64(guard, rows[i], 2, window, &verdict, &error), &error);
        must(vdt_guard_explain(guard, &verdict, text, sizeof text, NULL, &error), &error);
        printf("(%g, %g) %s\n", rows[i][0], rows[i][1], text);
        surprises += verdict.decision != expected[i];
    }
    vdt_window_destroy(window);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    return surprises == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
