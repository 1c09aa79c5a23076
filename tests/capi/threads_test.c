// SPDX-License-Identifier: Apache-2.0
// Eight threads check on one guard with a window each; merged, they are byte for byte what one thread counts.
#include <pthread.h>

#include "check.h"

enum { THREADS = 8, ROWS_PER_THREAD = 4000 };

typedef struct worker {
    const vdt_guard* guard;
    vdt_window* window;
    uint64_t seed;
    uint64_t decisions[4];
    int failed;
} worker;

static int32_t height_score(void* user_data, const double* row, size_t width, double* score) {
    (void)user_data;
    (void)width;
    *score = row[0];
    return 0;
}

// A third of the rows each as f32, f64 and values, with everything that can be wrong among them.
static void* work(void* argument) {
    worker* w = argument;
    uint64_t state = w->seed;
    vdt_verdict verdict;
    char text[1024];
    vdt_verdict_init(&verdict, sizeof verdict);
    for (int i = 0; i < ROWS_PER_THREAD; ++i) {
        double row[FEATURES] = {150.0 + 45.0 * draw(&state), 50.0 + 50.0 * draw(&state), floor(4.0 * draw(&state))};
        if (i % 17 == 0) row[1] = NAN;
        if (i % 19 == 0) row[2] = 77.0;
        const float narrow[FEATURES] = {(float)row[0], (float)row[1], (float)row[2]};
        const vdt_value values[FEATURES] = {{VDT_VALUE_NUMBER, 0, row[0], NULL, 0},
                                            {i % 5 == 0 ? VDT_VALUE_NULL : VDT_VALUE_NUMBER, 0, row[1], NULL, 0},
                                            {VDT_VALUE_TEXT, 0, 0.0, i % 2 ? "red" : "grey", i % 2 ? 3 : 4}};
        const size_t width = i % 101 == 0 ? 2 : FEATURES;
        vdt_status status = VDT_OK;
        switch (i % 3) {
            case 0: status = vdt_guard_check_f32(w->guard, narrow, width, w->window, &verdict, NULL); break;
            case 1: status = vdt_guard_check_f64(w->guard, row, width, w->window, &verdict, NULL); break;
            default: status = vdt_guard_check_values(w->guard, values, width, w->window, &verdict, NULL);
        }
        w->failed += status != VDT_OK;
        ++w->decisions[verdict.decision];
        if (i % 500 == 0) {
            w->failed += vdt_guard_explain(w->guard, &verdict, text, sizeof text, NULL, NULL) != VDT_OK;
        }
    }
    vdt_report* report = NULL;  // assessing may go on in all threads as well
    w->failed += vdt_guard_assess(w->guard, w->window, NULL, &report, NULL) != VDT_OK;
    vdt_report_destroy(report);
    return NULL;
}

int main(void) {
    vdt_baseline* baseline = make_baseline(1);
    vdt_guard* guard = make_guard(baseline);
    vdt_score_options score;
    vdt_score_options_init(&score, sizeof score);
    score.name = "height";
    score.name_length = 6;
    score.score_f64 = height_score;
    score.warn_threshold = 194.0;
    CHECK_OK(vdt_guard_add_score(guard, &score, e));

    static worker workers[THREADS], alone[THREADS];
    pthread_t threads[THREADS];
    vdt_window *merged = make_window(baseline), *single = make_window(baseline);
    for (uint64_t t = 0; t < THREADS; ++t) {
        const worker fresh = {guard, make_window(baseline), 100 + t, {0, 0, 0, 0}, 0};
        workers[t] = fresh;
        CHECK(pthread_create(&threads[t], NULL, work, &workers[t]) == 0);
    }
    uint64_t decisions[4] = {0, 0, 0, 0}, decisions_alone[4] = {0, 0, 0, 0};
    for (int t = 0; t < THREADS; ++t) {
        CHECK(pthread_join(threads[t], NULL) == 0);
        CHECK(workers[t].failed == 0);
        CHECK_OK(vdt_window_merge(merged, workers[t].window, e));
    }
    for (int t = THREADS - 1; t >= 0; --t) {  // one thread, one window, and in another order
        const worker fresh = {guard, single, 100 + (uint64_t)t, {0, 0, 0, 0}, 0};
        alone[t] = fresh;
        (void)work(&alone[t]);
        CHECK(alone[t].failed == 0);
    }
    for (int d = 0; d < 4; ++d) {
        for (int t = 0; t < THREADS; ++t) {
            decisions[d] += workers[t].decisions[d];
            decisions_alone[d] += alone[t].decisions[d];
        }
        CHECK(decisions[d] == decisions_alone[d]);
        CHECK(vdt_window_requests(merged, d) == decisions[d]);
    }
    CHECK(decisions[0] + decisions[1] + decisions[2] + decisions[3] == (uint64_t)THREADS * ROWS_PER_THREAD);
    CHECK(decisions[VDT_PASS] > 0 && decisions[VDT_WARN] > 0 && decisions[VDT_ALARM] > 0);
    CHECK(vdt_window_rejected(merged) > 0);
    CHECK(vdt_window_rows(merged) + vdt_window_rejected(merged) == (uint64_t)THREADS * ROWS_PER_THREAD);
    CHECK(same_counters(merged, single));

    for (int t = 0; t < THREADS; ++t) vdt_window_destroy(workers[t].window);
    vdt_window_destroy(single);
    vdt_window_destroy(merged);
    vdt_guard_destroy(guard);
    vdt_baseline_destroy(baseline);
    return check_result();
}
