// SPDX-License-Identifier: Apache-2.0
// A stream watched value by value: alarms as they happen, saved and resumed across restarts of the process.
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

static double latency(int i) {
    return 20.0 + 3.0 * sin(i * 0.7) + 2.0 * sin(i * 1.9);
}

int main(void) {
    static double reference[REFERENCE];
    for (int i = 0; i < REFERENCE; ++i) reference[i] = latency(i);
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.data = reference;
    column.length = REFERENCE;
    column.byte_length = sizeof reference;

    // Mean and spread come from the reference, the threshold from how seldom it may alarm without cause.
    static const char settings[] = "average_run_length=100000, slack=0.25";
    vdt_monitor_options options;
    vdt_monitor_options_init(&options, sizeof options);
    options.kind = "cusum";
    options.kind_length = strlen(options.kind);
    options.options = settings;
    options.options_length = strlen(settings);
    options.reference = &column;
    vdt_error error = VDT_ERROR_INIT;
    vdt_monitor* monitor = NULL;
    must(vdt_monitor_create(&options, NULL, &monitor, &error), &error);

    int first_alarm = -1;
    for (int i = 0; i < LIVE; ++i) {
        if (i == 1000) {  // the process ends, and the next one goes on
            size_t length = 0;
            must(vdt_monitor_to_bytes(monitor, NULL, 0, &length, &error), &error);
            void* saved = malloc(length);
            must(vdt_monitor_to_bytes(monitor, saved, length, NULL, &error), &error);
            vdt_monitor_destroy(monitor);
            must(vdt_monitor_from_bytes(saved, length, NULL, &monitor, &error), &error);
            free(saved);
        }
        vdt_monitor_state state = VDT_MONITOR_IN_CONTROL;
        const double shift = i < SHIFTED_FROM ? 0.0 : 2.0;
        must(vdt_monitor_update(monitor, latency(REFERENCE + i) + shift, &state, &error), &error);
        if (state != VDT_MONITOR_CHANGE || first_alarm >= 0) continue;
        first_alarm = i;
        vdt_monitor_reading reading;
        vdt_monitor_reading_init(&reading, sizeof reading);
        must(vdt_monitor_reading_get(monitor, &reading, &error), &error);
        printf("value %d: %s, %.1f above %.1f\n", i, vdt_monitor_state_name(state), reading.statistic, reading.limit);
    }
    vdt_monitor_destroy(monitor);
    return first_alarm >= SHIFTED_FROM && first_alarm < SHIFTED_FROM + 100 ? EXIT_SUCCESS : EXIT_FAILURE;
}
