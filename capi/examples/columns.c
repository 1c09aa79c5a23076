// SPDX-License-Identifier: Apache-2.0
// Data as it lies in memory: strided fields of structs, null bitmaps, dictionary codes, and a matrix, none of it
// copied.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vedette.h"

enum { ROWS = 1000 };

// A caller's own records: columns are fields, one record apart.
struct payment {
    float amount;
    int32_t items;
    int32_t channel;
};

static void must(vdt_status status, const vdt_error* error) {
    if (status == VDT_OK) return;
    fprintf(stderr, "%s: %s\n", vdt_status_name(status), error->message);
    exit(EXIT_FAILURE);
}

int main(void) {
    static struct payment payments[ROWS];
    static int32_t channels[ROWS];
    static uint8_t has_items[(ROWS + 7) / 8];
    for (int i = 0; i < ROWS; ++i) {
        payments[i].amount = (float)(i * 37 % 500) / 10.0F;
        payments[i].items = i % 7;
        channels[i] = i % 3;
        if (i % 10 != 0) has_items[i / 8] |= (uint8_t)(1u << (i % 8));  // every tenth is null
    }

    vdt_column columns[3];
    for (int i = 0; i < 3; ++i) vdt_column_init(&columns[i], sizeof columns[i]);
    columns[0].name = "amount";
    columns[0].name_length = 6;
    columns[0].kind = VDT_COLUMN_NUMERIC;
    columns[0].dtype = VDT_F32;
    columns[0].data = &payments[0].amount;
    columns[0].length = ROWS;
    columns[0].stride = (int64_t)sizeof(struct payment);
    columns[0].byte_length = sizeof payments;  // from the field on; checked before anything is read

    columns[1] = columns[0];
    columns[1].name = "items";
    columns[1].name_length = 5;
    columns[1].dtype = VDT_I32;
    columns[1].data = &payments[0].items;
    columns[1].byte_length = sizeof payments - offsetof(struct payment, items);
    columns[1].validity = has_items;
    columns[1].validity_byte_length = sizeof has_items;

    const vdt_string words[] = {{"web", 3}, {"app", 3}, {"shop", 4}};
    columns[2].name = "channel";
    columns[2].name_length = 7;
    columns[2].kind = VDT_COLUMN_DICTIONARY;
    columns[2].data = channels;
    columns[2].length = ROWS;
    columns[2].byte_length = sizeof channels;
    columns[2].dictionary = words;
    columns[2].dictionary_length = 3;

    vdt_error error = VDT_ERROR_INIT;
    vdt_baseline* baseline = NULL;
    vdt_window* window = NULL;
    must(vdt_baseline_create(columns, 3, NULL, NULL, &baseline, &error), &error);
    must(vdt_window_create(baseline, NULL, &window, &error), &error);

    // A batch of columns by name, in any order ...
    must(vdt_window_observe_columns(window, columns, 3, &error), &error);

    // ... or a matrix in the baseline's order, here column by column as some libraries keep them.
    static float batch[3][4] = {{1.0F, 2.0F, 3.0F, 4.0F}, {1.0F, 1.0F, 2.0F, 2.0F}, {0.0F, 1.0F, 2.0F, 0.0F}};
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F32;
    matrix.data = batch;
    matrix.rows = 4;
    matrix.columns = 3;
    matrix.row_stride = (int64_t)sizeof batch[0][0];
    matrix.column_stride = (int64_t)sizeof batch[0];
    matrix.byte_length = sizeof batch;
    must(vdt_window_observe_matrix(window, &matrix, &error), &error);

    uint64_t nulls = 0;
    must(vdt_window_extra(window, 1, VDT_EXTRA_NULL, &nulls, &error), &error);
    printf("%llu rows, %llu of them without items\n", (unsigned long long)vdt_window_rows(window),
           (unsigned long long)nulls);
    const int is_right = vdt_window_rows(window) == ROWS + 4 && nulls == ROWS / 10;
    vdt_window_destroy(window);
    vdt_baseline_destroy(baseline);
    return is_right ? EXIT_SUCCESS : EXIT_FAILURE;
}
