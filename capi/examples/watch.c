// SPDX-License-Identifier: Apache-2.0
// Rows watched as they come, by the monitors that a policy names: the moment of a change.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

enum { REFERENCE = 1000, LIVE = 3000, SHIFTED_FROM = 2000 };

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

static double temperature(int i) {
    return 20.0 + 3.0 * sin(i * 0.7) + 2.0 * sin(i * 1.9);
}

int main(void) {
    static double reference[REFERENCE];
    for (int i = 0; i < REFERENCE; ++i) reference[i] = temperature(i);
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.name = "temperature";
    column.name_length = strlen(column.name);
    column.data = reference;
    column.length = REFERENCE;
    column.byte_length = sizeof reference;
    vdt_error error = VDT_ERROR_INIT;
    vdt_baseline* baseline = NULL;
    must(vdt_baseline_create(&column, 1, NULL, NULL, &baseline, &error), &error);

    static const char policy[] =
        "{\"features\": {\"temperature\": {\"monitors\": [{\"kind\": \"cusum\", \"average_run_length\": 100000}]}}}";
    vdt_watch_options options;
    vdt_watch_options_init(&options, sizeof options);
    options.policy_json = policy;
    options.policy_length = strlen(policy);
    vdt_watch* watch = NULL;
    must(vdt_watch_create(baseline, &options, NULL, &watch, &error), &error);

    int first_alarm = -1;
    for (int i = 0; i < LIVE; ++i) {
        const double row[] = {temperature(REFERENCE + i) + (i < SHIFTED_FROM ? 0.0 : 2.0)};
        vdt_monitor_state state = VDT_MONITOR_IN_CONTROL;
        must(vdt_watch_observe_f64(watch, row, 1, i, &state, &error), &error);  // the time is the caller's
        if (state == VDT_MONITOR_CHANGE && first_alarm < 0) first_alarm = i;
    }
    printf("first alarm at row %d, %d in all, of %d monitor\n", first_alarm, (int)vdt_watch_alarms(watch),
           (int)vdt_watch_stream_count(watch));
    vdt_watch_destroy(watch);
    vdt_baseline_destroy(baseline);
    return first_alarm >= SHIFTED_FROM && first_alarm < SHIFTED_FROM + 100 ? EXIT_SUCCESS : EXIT_FAILURE;
}
