// SPDX-License-Identifier: Apache-2.0
// A stream of rows watched for a change of what the columns have to do with each other: no column changes by itself.
#include <stdio.h>
#include <stdlib.h>

#include "vedette.h"

enum { REFERENCE = 1000, LIVE = 1500, COLUMNS = 4, COPIES_FROM = 1000 };

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

int main(void) {
    static double past[REFERENCE * COLUMNS];
    for (int i = 0; i < REFERENCE * COLUMNS; ++i) past[i] = uniform();
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F64;
    matrix.data = past;
    matrix.rows = REFERENCE;
    matrix.columns = COLUMNS;
    matrix.byte_length = sizeof past;

    vdt_mmd_monitor_options options;
    vdt_mmd_monitor_options_init(&options, sizeof options);
    options.window = 100;
    options.features = 64;
    options.expected_run = 5000.0;  // rows between false alarms
    vdt_error error = VDT_ERROR_INIT;
    vdt_mmd_monitor* monitor = NULL;
    must(vdt_mmd_monitor_create(&matrix, &options, NULL, &monitor, &error), &error);

    int alarm = -1;
    for (int i = 0; i < LIVE && alarm < 0; ++i) {
        double row[COLUMNS];
        for (int k = 0; k < COLUMNS; ++k) row[k] = uniform();
        if (i >= COPIES_FROM) row[1] = row[0], row[3] = row[2];  // each column is as ever
        vdt_monitor_state state = VDT_MONITOR_IN_CONTROL;
        must(vdt_mmd_monitor_update_f64(monitor, row, COLUMNS, &state, &error), &error);
        if (state == VDT_MONITOR_CHANGE) alarm = i;
    }
    vdt_monitor_reading reading;
    vdt_monitor_reading_init(&reading, sizeof reading);
    must(vdt_mmd_monitor_reading_get(monitor, &reading, &error), &error);
    printf("alarm at row %d (columns pair up from %d on): %g is above %g, MMD %g\n", alarm, COPIES_FROM,
           reading.statistic, reading.limit, reading.estimate);
    vdt_mmd_monitor_destroy(monitor);
    return alarm >= COPIES_FROM ? EXIT_SUCCESS : EXIT_FAILURE;
}
