// SPDX-License-Identifier: Apache-2.0
// Columns and matrices in every layout, Arrow batches and DLPack tensors: the same values count the same, whatever lies
// outside a view is refused before it is read.
#include "check.h"

static reference data;
static vdt_column columns[FEATURES];

static vdt_window* observed_columns(const vdt_baseline* baseline) {
    vdt_window* window = make_window(baseline);
    CHECK_OK(vdt_window_observe_columns(window, columns, FEATURES, e));
    return window;
}

static void test_column_layouts(const vdt_baseline* baseline) {
    vdt_window* expected = observed_columns(baseline);
    vdt_window* window = make_window(baseline);
    vdt_column given[FEATURES];

    // Reversed height, a strided and unaligned weight, the colours as text behind offsets.
    static double reversed[REFERENCE_ROWS];
    static unsigned char packed[REFERENCE_ROWS * 7 + 1];
    static char text[REFERENCE_ROWS * 5];
    static int64_t offsets[REFERENCE_ROWS + 1];
    static uint8_t shifted[REFERENCE_ROWS / 8 + 2];
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        reversed[REFERENCE_ROWS - 1 - i] = data.height[i];
        memcpy(packed + 1 + 7 * i, &data.weight[i], sizeof data.weight[i]);
        memcpy(text + offsets[i], data.colour[i].data, data.colour[i].length);
        offsets[i + 1] = offsets[i] + (int64_t)data.colour[i].length;
        if (data.colour_valid[i / 8] >> (i % 8) & 1) shifted[(i + 11) / 8] |= (uint8_t)(1u << ((i + 11) % 8));
    }
    given[2] = make_column("height", VDT_COLUMN_NUMERIC, VDT_F64, reversed + REFERENCE_ROWS - 1, REFERENCE_ROWS,
                           sizeof reversed);
    given[2].stride = -8;
    given[0] = make_column("weight", VDT_COLUMN_NUMERIC, VDT_F32, packed + 1, REFERENCE_ROWS, sizeof packed - 1);
    given[0].stride = 7;
    given[1] = make_column("colour", VDT_COLUMN_TEXT, 0, text, REFERENCE_ROWS, (size_t)offsets[REFERENCE_ROWS]);
    given[1].offsets = offsets;
    given[1].validity = shifted;
    given[1].validity_offset = 11;
    given[1].validity_byte_length = sizeof shifted;
    CHECK_OK(vdt_window_observe_columns(window, given, FEATURES, e));
    CHECK(same_counters(expected, window));

    // Codes of a dictionary, negative = null; one column at a time.
    static int32_t codes[REFERENCE_ROWS];
    static const vdt_string words[] = {{"blue", 4}, {"red", 3}, {"green", 5}};
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        codes[i] = data.colour[i].length == 4 ? 0 : data.colour[i].length == 3 ? 1 : 2;
        if (!(data.colour_valid[i / 8] >> (i % 8) & 1)) codes[i] = -1;
    }
    vdt_column dictionary = make_column("", VDT_COLUMN_DICTIONARY, 0, codes, REFERENCE_ROWS, sizeof codes);
    dictionary.dictionary = words;
    dictionary.dictionary_length = 3;
    CHECK_OK(vdt_window_reset(window, e));
    CHECK_OK(vdt_window_observe_column(window, 0, &columns[0], e));
    CHECK_OK(vdt_window_observe_column(window, 1, &columns[1], e));
    CHECK_OK(vdt_window_observe_column(window, 2, &dictionary, e));
    CHECK(same_counters(expected, window));
    CHECK_OK(vdt_window_reset(window, e));

    // What does not fit is refused, and nothing is counted.
    const vdt_column good[FEATURES] = {columns[0], given[1], dictionary};
    vdt_column bad = good[0];
    bad.byte_length -= 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[0];
    bad.length = UINT64_MAX / 4;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[0];
    bad.stride = INT64_MIN;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[0];
    bad.dtype = 14;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dtype 14", vdt_window_observe_column(window, 0, &bad, e));
    bad.dtype = 257;  // must not be read as 1
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dtype 257", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[0];
    bad.kind = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "kind 4", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[0];
    bad.data = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_window_observe_column(window, 0, &bad, e));
    bad = good[1];
    bad.validity_byte_length = REFERENCE_ROWS / 8 + 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "validity", vdt_window_observe_column(window, 2, &bad, e));
    bad.validity_offset = UINT64_MAX - 5;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_column(window, 2, &bad, e));
    bad = good[1];
    bad.byte_length -= 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "offsets", vdt_window_observe_column(window, 2, &bad, e));
    bad = good[1];
    bad.offsets = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "offsets", vdt_window_observe_column(window, 2, &bad, e));
    bad = good[2];
    bad.dictionary_length = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dictionary", vdt_window_observe_column(window, 2, &bad, e));
    bad = good[2];
    bad.stride = 8;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "stride", vdt_window_observe_column(window, 2, &bad, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "feature 3", vdt_window_observe_column(window, 3, &good[0], e));
    CHECK_FAILS(VDT_SCHEMA_MISMATCH, "colour", vdt_window_observe_columns(window, columns, 2, e));
    vdt_column renamed[FEATURES] = {columns[0], columns[1], columns[2]};
    renamed[1].name = "height";
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "height", vdt_window_observe_columns(window, renamed, FEATURES, e));
    renamed[1] = columns[1];
    renamed[1].length -= 1;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "weight", vdt_window_observe_columns(window, renamed, FEATURES, e));
    CHECK(vdt_window_rows(window) == 0);
    vdt_window_destroy(window);
    vdt_window_destroy(expected);
}

enum { MATRIX_ROWS = 37 };

static vdt_matrix make_matrix(vdt_dtype dtype, const void* values, uint64_t byte_length) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = dtype;
    matrix.data = values;
    matrix.rows = MATRIX_ROWS;
    matrix.columns = FEATURES;
    matrix.byte_length = byte_length;
    return matrix;
}

static void expect_matrix(const vdt_baseline* baseline, const vdt_window* expected, const vdt_matrix* matrix) {
    vdt_window* window = make_window(baseline);
    CHECK_OK(vdt_window_observe_matrix(window, matrix, e));
    CHECK(same_counters(expected, window));
    vdt_window_destroy(window);
}

static void test_matrices(const vdt_baseline* baseline) {
    static float rows[MATRIX_ROWS][FEATURES], fields[FEATURES][MATRIX_ROWS], padded[MATRIX_ROWS][FEATURES + 2];
    static double wide[MATRIX_ROWS][FEATURES];
    static unsigned char unaligned[sizeof rows + 1];
    vdt_window* expected = make_window(baseline);
    uint64_t state = 4;
    for (int i = 0; i < MATRIX_ROWS; ++i) {
        rows[i][0] = i == 5 ? NAN : (float)(140.0 + 60.0 * draw(&state));
        rows[i][1] = i == 6 ? -INFINITY : (float)(40.0 + 70.0 * draw(&state));
        rows[i][2] = i == 7 ? NAN : (float)(i % 5);  // cell 4 is none: invalid
        for (int j = 0; j < FEATURES; ++j) {
            fields[j][i] = padded[i][j] = rows[i][j];
            wide[i][j] = (double)rows[i][j];
        }
        CHECK_OK(vdt_window_observe_f32(expected, rows[i], FEATURES, e));
    }
    memcpy(unaligned + 1, rows, sizeof rows);

    vdt_matrix matrix = make_matrix(VDT_F32, rows, sizeof rows);
    expect_matrix(baseline, expected, &matrix);
    matrix.data = rows[MATRIX_ROWS - 1];  // from the last row up
    matrix.row_stride = -(int64_t)sizeof rows[0];
    expect_matrix(baseline, expected, &matrix);
    matrix = make_matrix(VDT_F32, fields, sizeof fields);
    matrix.row_stride = sizeof(float);
    matrix.column_stride = sizeof fields[0];
    expect_matrix(baseline, expected, &matrix);
    matrix = make_matrix(VDT_F32, padded, sizeof padded);
    matrix.row_stride = sizeof padded[0];
    expect_matrix(baseline, expected, &matrix);
    matrix = make_matrix(VDT_F32, unaligned + 1, sizeof rows);
    expect_matrix(baseline, expected, &matrix);
    matrix = make_matrix(VDT_F64, wide, sizeof wide);
    vdt_window* expected_wide = make_window(baseline);
    for (int i = 0; i < MATRIX_ROWS; ++i) CHECK_OK(vdt_window_observe_f64(expected_wide, wide[i], FEATURES, e));
    expect_matrix(baseline, expected_wide, &matrix);

    static int16_t integers[MATRIX_ROWS][FEATURES];
    vdt_window* expected_integers = make_window(baseline);
    for (int i = 0; i < MATRIX_ROWS; ++i) {
        const int16_t row[FEATURES] = {(int16_t)(145 + i), (int16_t)(100 - i), (int16_t)(i % 4)};
        const double same[FEATURES] = {row[0], row[1], row[2]};
        memcpy(integers[i], row, sizeof row);
        CHECK_OK(vdt_window_observe_f64(expected_integers, same, FEATURES, e));
    }
    matrix = make_matrix(VDT_I16, integers, sizeof integers);
    expect_matrix(baseline, expected_integers, &matrix);
    vdt_window_destroy(expected_integers);
    vdt_window_destroy(expected_wide);

    vdt_window* window = make_window(baseline);
    matrix = make_matrix(VDT_F32, rows, sizeof rows - 1);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length", vdt_window_observe_matrix(window, &matrix, e));
    matrix = make_matrix(VDT_F32, rows, sizeof rows);
    matrix.rows = UINT64_MAX / 2;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_matrix(window, &matrix, e));
    matrix.rows = 2;
    matrix.row_stride = INT64_MIN;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_matrix(window, &matrix, e));
    matrix = make_matrix(VDT_F32, rows, sizeof rows);
    matrix.columns = 2;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 columns", vdt_window_observe_matrix(window, &matrix, e));
    matrix = make_matrix(VDT_F32, NULL, sizeof rows);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_window_observe_matrix(window, &matrix, e));
    matrix = make_matrix(0, rows, sizeof rows);
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dtype 0", vdt_window_observe_matrix(window, &matrix, e));
    matrix = make_matrix(VDT_F32, NULL, 0);
    matrix.rows = 0;
    CHECK_OK(vdt_window_observe_matrix(window, &matrix, e));
    CHECK(vdt_window_rows(window) == 0);
    vdt_window_destroy(window);
    vdt_window_destroy(expected);
}

// The layout that the DLPack protocol gives a tensor.
typedef struct tensor {
    void* data;
    int32_t device_type, device_id;
    int32_t ndim;
    uint8_t code, bits;
    uint16_t lanes;
    int64_t *shape, *strides;
    uint64_t byte_offset;
} tensor;

static void test_dlpack(const vdt_baseline* baseline) {
    static double values[2 + 5 * FEATURES];
    int64_t shape[] = {5, FEATURES}, transposed[] = {1, 5};
    vdt_window *expected = make_window(baseline), *window = make_window(baseline);
    for (int i = 0; i < 5; ++i) {
        double row[FEATURES] = {155.0 + 5.0 * i, 60.0 + i, (double)(i % 3)};
        memcpy(values + 2 + FEATURES * i, row, sizeof row);
        CHECK_OK(vdt_window_observe_f64(expected, row, FEATURES, e));
    }
    tensor t = {values, 1, 0, 2, 2, 64, 1, shape, NULL, 2 * sizeof(double)};
    CHECK_OK(vdt_window_observe_dlpack(window, &t, e));
    CHECK(same_counters(expected, window));
    static double by_column[FEATURES * 5];
    for (int i = 0; i < 5; ++i) {
        for (int j = 0; j < FEATURES; ++j) by_column[5 * j + i] = values[2 + FEATURES * i + j];
    }
    t.data = by_column;
    t.byte_offset = 0;
    t.strides = transposed;
    CHECK_OK(vdt_window_reset(window, e));
    CHECK_OK(vdt_window_observe_dlpack(window, &t, e));
    CHECK(same_counters(expected, window));
    int64_t repeated[] = {0, 5};  // one row, broadcast
    t.strides = repeated;
    CHECK_OK(vdt_window_observe_dlpack(window, &t, e));
    CHECK(vdt_window_rows(window) == 10);

    tensor bad = t;
    bad.device_type = 2;
    CHECK_FAILS(VDT_TYPE_MISMATCH, "device", vdt_window_observe_dlpack(window, &bad, e));
    bad = t;
    bad.ndim = 1;
    CHECK_FAILS(VDT_TYPE_MISMATCH, "dimensions", vdt_window_observe_dlpack(window, &bad, e));
    bad = t;
    bad.lanes = 2;
    CHECK_FAILS(VDT_TYPE_MISMATCH, "lanes", vdt_window_observe_dlpack(window, &bad, e));
    bad = t;
    bad.code = 5;  // complex
    CHECK_FAILS(VDT_TYPE_MISMATCH, "type code 5", vdt_window_observe_dlpack(window, &bad, e));
    int64_t negative[] = {-1, FEATURES}, huge[] = {INT64_MAX, FEATURES}, far[] = {INT64_MAX / 4, 1};
    bad = t;
    bad.shape = negative;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "negative", vdt_window_observe_dlpack(window, &bad, e));
    bad.shape = huge;
    bad.strides = NULL;
    CHECK_FAILS(VDT_OVERFLOW, "address space", vdt_window_observe_dlpack(window, &bad, e));
    bad.shape = shape;
    bad.strides = far;
    CHECK_FAILS(VDT_OVERFLOW, "stride", vdt_window_observe_dlpack(window, &bad, e));
    bad = t;
    bad.data = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_window_observe_dlpack(window, &bad, e));
    CHECK(vdt_window_rows(window) == 10);
    vdt_window_destroy(window);
    vdt_window_destroy(expected);
}

// ---- Arrow ----

static int releases = 0;
static void release_schema(struct ArrowSchema* schema) {
    (void)schema, ++releases;
}
static void release_array(struct ArrowArray* array) {
    (void)array, ++releases;
}

static struct ArrowSchema arrow_schema(const char* format, const char* name) {
    struct ArrowSchema schema;
    memset(&schema, 0, sizeof schema);
    schema.format = format;
    schema.name = name;
    schema.flags = ARROW_FLAG_NULLABLE;
    schema.release = release_schema;
    return schema;
}

static struct ArrowArray arrow_array(int64_t length, int64_t offset, int64_t n_buffers, const void** buffers) {
    struct ArrowArray array;
    memset(&array, 0, sizeof array);
    array.length = length;
    array.null_count = -1;
    array.offset = offset;
    array.n_buffers = n_buffers;
    array.buffers = buffers;
    array.release = release_array;
    return array;
}

// The reference as a batch: the children begin at offsets of their own, and the batch at one more.
static void test_arrow(const vdt_baseline* baseline) {
    enum { SKIP = 3 };
    static double height[REFERENCE_ROWS + SKIP];
    static float weight[REFERENCE_ROWS + SKIP + 1];
    static int32_t offsets[REFERENCE_ROWS + SKIP + 1];
    static char text[REFERENCE_ROWS * 5];
    static uint8_t valid[REFERENCE_ROWS / 8 + 2], codes[REFERENCE_ROWS + SKIP];
    for (int i = 0; i < REFERENCE_ROWS; ++i) {
        const int at = i + SKIP;
        height[at] = data.height[i];
        weight[at + 1] = data.weight[i];
        memcpy(text + offsets[at], data.colour[i].data, data.colour[i].length);
        offsets[at + 1] = offsets[at] + (int32_t)data.colour[i].length;
        if (data.colour_valid[i / 8] >> (i % 8) & 1) valid[at / 8] |= (uint8_t)(1u << (at % 8));
        codes[at] = data.colour[i].length == 4 ? 0 : data.colour[i].length == 3 ? 3 : 2;
    }
    const void *height_buffers[] = {NULL, height}, *weight_buffers[] = {NULL, weight};
    const void *colour_buffers[] = {valid, offsets, text}, *batch_buffers[] = {NULL};
    struct ArrowSchema schemas[] = {arrow_schema("g", "height"), arrow_schema("f", "weight"),
                                    arrow_schema("u", "colour")};
    struct ArrowArray arrays[] = {arrow_array(REFERENCE_ROWS + SKIP, 0, 2, height_buffers),
                                  arrow_array(REFERENCE_ROWS + SKIP, 1, 2, weight_buffers),
                                  arrow_array(REFERENCE_ROWS + SKIP, 0, 3, colour_buffers)};
    struct ArrowSchema* schema_children[] = {&schemas[0], &schemas[1], &schemas[2]};
    struct ArrowArray* array_children[] = {&arrays[0], &arrays[1], &arrays[2]};
    struct ArrowSchema schema = arrow_schema("+s", "");
    struct ArrowArray batch = arrow_array(REFERENCE_ROWS, SKIP, 1, batch_buffers);
    schema.n_children = batch.n_children = FEATURES;
    schema.children = schema_children;
    batch.children = array_children;

    vdt_baseline* same = NULL;
    CHECK_OK(vdt_baseline_create_arrow(&schema, &batch, NULL, NULL, &same, e));
    char id[65], other_id[65];
    CHECK_OK(vdt_baseline_id(baseline, id, sizeof id, NULL, e));
    CHECK_OK(vdt_baseline_id(same, other_id, sizeof other_id, NULL, e));
    CHECK(strcmp(id, other_id) == 0);
    vdt_baseline_destroy(same);

    vdt_window *expected = observed_columns(baseline), *window = make_window(baseline);
    CHECK_OK(vdt_window_observe_arrow(window, &schema, &batch, e));
    CHECK(same_counters(expected, window));

    // The colours as a dictionary with an unused null entry.
    static const int64_t word_offsets[] = {0, 4, 4, 9, 12};
    static const uint8_t word_valid = 0x0d;
    const void *word_buffers[] = {&word_valid, word_offsets, "bluegreenred"}, *code_buffers[] = {valid, codes};
    struct ArrowSchema words_schema = arrow_schema("U", NULL);
    struct ArrowArray words = arrow_array(4, 0, 3, word_buffers);
    words.null_count = 1;
    schemas[2].format = "C";
    schemas[2].dictionary = &words_schema;
    arrays[2] = arrow_array(REFERENCE_ROWS + SKIP, 0, 2, code_buffers);
    arrays[2].dictionary = &words;
    CHECK_OK(vdt_window_reset(window, e));
    CHECK_OK(vdt_window_observe_arrow(window, &schema, &batch, e));
    CHECK(same_counters(expected, window));
    codes[SKIP + 1] = 1;  // points at the null entry: null
    CHECK_OK(vdt_window_reset(window, e));
    CHECK_OK(vdt_window_observe_arrow(window, &schema, &batch, e));
    uint64_t nulls = 0;
    CHECK_OK(vdt_window_extra(window, 2, VDT_EXTRA_NULL, &nulls, e));
    CHECK(nulls == REFERENCE_ROWS / 20 + 1);
    CHECK_OK(vdt_window_reset(window, e));
    codes[SKIP + 1] = 4;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "colour", vdt_window_observe_arrow(window, &schema, &batch, e));
    codes[SKIP + 1] = 0;

    // What is malformed, or not ours to read.
    schemas[1].format = "+l";
    CHECK_FAILS(VDT_TYPE_MISMATCH, "weight", vdt_window_observe_arrow(window, &schema, &batch, e));
    schemas[1].format = "vu";
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "weight", vdt_window_observe_arrow(window, &schema, &batch, e));
    schemas[1].format = "tin";
    CHECK_FAILS(VDT_TYPE_MISMATCH, "tin", vdt_window_observe_arrow(window, &schema, &batch, e));
    schemas[1].format = "f";
    arrays[1].length -= 1;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "weight", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].length = INT64_MAX;
    CHECK_FAILS(VDT_OVERFLOW, "weight", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].length = REFERENCE_ROWS + SKIP;
    arrays[1].n_buffers = 3;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "buffers", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].n_buffers = 2;
    weight_buffers[1] = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "NULL", vdt_window_observe_arrow(window, &schema, &batch, e));
    weight_buffers[1] = weight;
    arrays[1].null_count = 2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bitmap", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].null_count = -2;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "negative", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].null_count = 0;
    words_schema.format = "g";
    CHECK_FAILS(VDT_TYPE_MISMATCH, "colour", vdt_window_observe_arrow(window, &schema, &batch, e));
    words_schema.format = "U";
    static const int64_t descending[] = {0, 4, 2, 9, 12};
    word_buffers[1] = descending;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "ascend", vdt_window_observe_arrow(window, &schema, &batch, e));
    word_buffers[1] = word_offsets;
    arrays[2].dictionary = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "dictionary", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[2].dictionary = &words;
    const uint8_t null_row = 0xf7;  // row 0 of the batch, which begins at bit 3
    batch.length = 4;
    batch_buffers[0] = &null_row;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row 0", vdt_window_observe_arrow(window, &schema, &batch, e));
    batch_buffers[0] = NULL;
    batch.n_children = 2;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "children", vdt_window_observe_arrow(window, &schema, &batch, e));
    batch.n_children = 3;
    schema.format = "i";
    CHECK_FAILS(VDT_TYPE_MISMATCH, "struct", vdt_window_observe_arrow(window, &schema, &batch, e));
    schema.format = "+s";
    batch.release = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "released", vdt_window_observe_arrow(window, &schema, &batch, e));
    batch.release = release_array;
    arrays[1].release = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "weight", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[1].release = release_array;
    words.release = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "colour", vdt_window_observe_arrow(window, &schema, &batch, e));
    words.release = release_array;
    batch.null_count = 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bitmap", vdt_window_observe_arrow(window, &schema, &batch, e));
    batch.null_count = -1;
    arrays[2].offset = INT64_C(1) << 61;
    CHECK_FAILS(VDT_OVERFLOW, "colour", vdt_window_observe_arrow(window, &schema, &batch, e));
    arrays[2].offset = 0;
    CHECK(vdt_window_rows(window) == 0);
    CHECK_OK(vdt_window_observe_arrow(window, &schema, &batch, e));
    CHECK(vdt_window_rows(window) == 4 && releases == 0);  // borrowed: never released by us
    vdt_window_destroy(window);
    vdt_window_destroy(expected);
}

// Every width of integer, the half and the boolean: values 0 and 1, the last one null.
static void test_arrow_types(void) {
    enum { ROWS = 100 };
    static const struct {
        const char* format;
        size_t size;
    } types[] = {{"c", 1}, {"C", 1}, {"s", 2}, {"S", 2}, {"i", 4}, {"I", 4},
                 {"l", 8}, {"L", 8}, {"e", 2}, {"f", 4}, {"g", 8}, {"b", 0}};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; ++t) {
        static unsigned char values[ROWS * 8];
        uint8_t valid[ROWS / 8 + 1];
        memset(values, 0, sizeof values);
        memset(valid, 0xff, sizeof valid);
        valid[(ROWS - 1) / 8] &= (uint8_t) ~(1u << ((ROWS - 1) % 8));
        for (int i = 0; i < ROWS; i += 2) {
            const float one_f = 1.0F;
            const double one_g = 1.0;
            const uint16_t one_e = 0x3c00;
            unsigned char* place = values + types[t].size * (size_t)i;
            switch (types[t].format[0]) {
                case 'b': values[i / 8] |= (uint8_t)(1u << (i % 8)); break;
                case 'e': memcpy(place, &one_e, sizeof one_e); break;
                case 'f': memcpy(place, &one_f, sizeof one_f); break;
                case 'g': memcpy(place, &one_g, sizeof one_g); break;
                default: *place = 1;
            }
        }
        const void *buffers[] = {valid, values}, *batch_buffers[] = {NULL};
        struct ArrowSchema child_schema = arrow_schema(types[t].format, "x");
        struct ArrowArray child = arrow_array(ROWS, 0, 2, buffers);
        struct ArrowSchema* schema_children[] = {&child_schema};
        struct ArrowArray* array_children[] = {&child};
        struct ArrowSchema schema = arrow_schema("+s", "");
        struct ArrowArray batch = arrow_array(ROWS, 0, 1, batch_buffers);
        schema.n_children = batch.n_children = 1;
        schema.children = schema_children;
        batch.children = array_children;
        vdt_baseline* baseline = NULL;
        CHECK_OK(vdt_baseline_create_arrow(&schema, &batch, NULL, NULL, &baseline, e));
        vdt_window* window = make_window(baseline);
        CHECK_OK(vdt_window_observe_arrow(window, &schema, &batch, e));
        uint64_t counts[16], nulls = 0;
        size_t length = 0;
        CHECK_OK(vdt_window_counts(window, 0, counts, 16, &length, e));
        CHECK(length == 4 && counts[0] == 0 && counts[1] == ROWS / 2 - 1 && counts[2] == ROWS / 2 && counts[3] == 0);
        CHECK_OK(vdt_window_extra(window, 0, VDT_EXTRA_NULL, &nulls, e));
        CHECK(nulls == 1);
        vdt_window_destroy(window);
        vdt_baseline_destroy(baseline);
    }
}

int main(void) {
    vdt_baseline* baseline = make_baseline(1);
    fill_reference(&data, 1);
    reference_columns(&data, columns);
    test_column_layouts(baseline);
    test_matrices(baseline);
    test_dlpack(baseline);
    test_arrow(baseline);
    test_arrow_types();
    vdt_baseline_destroy(baseline);
    return check_result();
}
