// SPDX-License-Identifier: Apache-2.0
// Random features through the C interface: windows of both precisions, merged, saved and read, and misuse.
#include "check.h"

enum { rows = 400, columns = 3, cells = rows * columns };

static double x[cells], y[cells];
static float narrow_y[cells];

static vdt_matrix matrix_of(vdt_dtype dtype, const void* data, size_t element) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = dtype;
    matrix.data = data;
    matrix.rows = rows;
    matrix.columns = columns;
    matrix.byte_length = cells * element;
    return matrix;
}

static byte_block bytes_of(const vdt_feature_window* window) {
    byte_block result = {NULL, 0};
    CHECK_OK(vdt_feature_window_to_bytes(window, NULL, 0, &result.size, e));
    result.data = malloc(result.size);
    CHECK_OK(vdt_feature_window_to_bytes(window, result.data, result.size, NULL, e));
    return result;
}

static int same_sums(const vdt_feature_window* a, const vdt_feature_window* b) {
    const byte_block left = bytes_of(a), right = bytes_of(b);
    const int same = left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
    free(left.data);
    free(right.data);
    return same;
}

// Rows one by one and whole, in either precision, give the same sums; merging and saving keep them.
static void count_rows(const vdt_random_features* features, const char* path) {
    vdt_feature_window *whole = NULL, *single = NULL, *first = NULL, *second = NULL, *loaded = NULL;
    CHECK_OK(vdt_feature_window_create(features, NULL, &whole, e));
    CHECK_OK(vdt_feature_window_create(features, NULL, &single, e));
    CHECK_OK(vdt_feature_window_create(features, NULL, &first, e));
    CHECK_OK(vdt_feature_window_create(features, NULL, &second, e));
    const vdt_matrix matrix = matrix_of(VDT_F32, narrow_y, sizeof(float));
    CHECK_OK(vdt_feature_window_observe_matrix(whole, &matrix, e));
    for (int i = 0; i < rows; ++i) {
        CHECK_OK(vdt_feature_window_observe_f32(single, &narrow_y[i * columns], columns, e));
        double row[columns];
        for (int j = 0; j < columns; ++j) row[j] = narrow_y[i * columns + j];
        CHECK_OK(vdt_feature_window_observe_f64(i % 3 == 0 ? first : second, row, columns, e));
    }
    CHECK(same_sums(whole, single));
    CHECK_OK(vdt_feature_window_merge(second, first, e));
    CHECK(same_sums(whole, second) && vdt_feature_window_rows(second) == rows);
    CHECK_OK(vdt_feature_window_save(second, path, e));
    CHECK_OK(vdt_feature_window_load(features, path, NULL, &loaded, e));
    CHECK(same_sums(whole, loaded));
    CHECK_OK(vdt_feature_window_observe_f32(loaded, narrow_y, columns, e)); /* what was read counts on */
    CHECK(vdt_feature_window_rows(loaded) == rows + 1);
    CHECK_OK(vdt_feature_window_reset(first, e));
    CHECK(vdt_feature_window_rows(first) == 0);

    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    double contributions[columns];
    CHECK_OK(vdt_feature_window_test(whole, 0.95, &result, contributions, columns, e));
    CHECK(result.test == VDT_MULTIVARIATE_MAXIMUM_MEAN_DISCREPANCY && result.p_value < 1e-4 && result.effect > 0.1);
    CHECK(result.reference_count == rows && result.live_count == rows);
    CHECK(contributions[2] > contributions[0] && contributions[2] > contributions[1]);
    static double scores[rows];
    double mean = 0.0;
    CHECK_OK(vdt_feature_window_witness(whole, &matrix, scores, rows, e));
    for (int i = 0; i < rows; ++i) mean += scores[i] / rows;
    CHECK(fabs(mean * rows / 2 - result.statistic) < 1e-3 * result.statistic); /* n m/(n + m) = rows/2 */
    CHECK_OK(vdt_feature_window_test(first, 0.95, &result, contributions, columns, e));
    CHECK(isnan(result.p_value) && result.live_count == 0.0 && result.reference_count == rows);
    CHECK(isnan(contributions[0]));
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "no row", vdt_feature_window_witness(first, &matrix, scores, rows, e));
    const vdt_matrix known = matrix_of(VDT_F64, x, sizeof(double));
    CHECK_OK(vdt_feature_window_observe_matrix(first, &known, e));
    CHECK_OK(vdt_feature_window_test(first, 0.95, &result, NULL, 0, e));
    CHECK(result.p_value > 0.05);
    vdt_feature_window_destroy(whole);
    vdt_feature_window_destroy(single);
    vdt_feature_window_destroy(first);
    vdt_feature_window_destroy(second);
    vdt_feature_window_destroy(loaded);
}

static void misuse(vdt_random_features* features, const vdt_random_features* others, const char* path) {
    vdt_feature_window *window = NULL, *foreign = NULL, *none = NULL;
    CHECK_OK(vdt_feature_window_create(features, NULL, &window, e));
    CHECK_OK(vdt_feature_window_create(others, NULL, &foreign, e));
    const double hostile[] = {NAN, 1.0, 1.0, 1.0, INFINITY, 1.0, 1e300, -1e300, 0.0};
    for (int i = 0; i < 3; ++i) CHECK_OK(vdt_feature_window_observe_f64(window, &hostile[3 * i], columns, e));
    /* In f32 the largest are infinite, in f64 values like others. */
    CHECK(vdt_feature_window_rows(window) + vdt_feature_window_rows_left_out(window) == 3);
    CHECK(vdt_feature_window_rows_left_out(window) >= 2);
    const uint64_t before = vdt_feature_window_rows(window);
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 values", vdt_feature_window_observe_f64(window, hostile, 2, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "row", vdt_feature_window_observe_f64(window, NULL, 3, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "window", vdt_feature_window_observe_f32(NULL, narrow_y, 3, e));
    vdt_matrix matrix = matrix_of(VDT_F64, x, sizeof(double));
    matrix.columns = 2;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "2 columns", vdt_feature_window_observe_matrix(window, &matrix, e));
    matrix.columns = columns;
    matrix.byte_length -= 1;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "byte_length", vdt_feature_window_observe_matrix(window, &matrix, e));
    matrix.byte_length = cells * sizeof(double);
    matrix.data = NULL;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "data", vdt_feature_window_observe_matrix(window, &matrix, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "rows", vdt_feature_window_observe_matrix(window, NULL, e));
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "other features", vdt_feature_window_merge(window, foreign, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "other", vdt_feature_window_merge(window, NULL, e));
    const byte_block bytes = bytes_of(foreign);
    CHECK_FAILS(VDT_BASELINE_MISMATCH, "other features",
                vdt_feature_window_from_bytes(features, bytes.data, bytes.size, NULL, &none, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "",
                vdt_feature_window_from_bytes(others, bytes.data, bytes.size - 1, NULL, &none, e));
    CHECK_OK(vdt_feature_window_from_bytes(others, bytes.data, bytes.size, NULL, &none, e));
    vdt_feature_window_destroy(none);
    free(bytes.data);
    none = NULL;
    CHECK_FAILS(VDT_IO_ERROR, "no/such", vdt_feature_window_load(features, "no/such", NULL, &none, e));
    CHECK_FAILS(VDT_IO_ERROR, "no/such", vdt_feature_window_save(window, "no/such/file", e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "features", vdt_feature_window_create(NULL, NULL, &none, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "bytes", vdt_feature_window_from_bytes(features, NULL, 8, NULL, &none, e));
    vdt_test_result result;
    vdt_test_result_init(&result, sizeof result);
    double numbers[rows];
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "confidence", vdt_feature_window_test(window, 1.0, &result, NULL, 0, e));
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "feature_contributions",
                vdt_feature_window_test(window, 0.9, &result, numbers, 2, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "out", vdt_feature_window_test(window, 0.9, NULL, NULL, 0, e));
    matrix.data = x;
    CHECK_FAILS(VDT_DIMENSION_MISMATCH, "scores", vdt_feature_window_witness(window, &matrix, numbers, 7, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "scores", vdt_feature_window_witness(window, &matrix, NULL, rows, e));
    CHECK(vdt_feature_window_rows(window) == before && none == NULL);
    CHECK(vdt_feature_window_rows(NULL) == 0 && vdt_feature_window_rows_left_out(NULL) == 0);

    vdt_random_features* no_features = NULL;
    vdt_random_features_options options;
    vdt_random_features_options_init(&options, sizeof options);
    CHECK(options.features == 256 && options.standardise == 1 && options.whitening == 0.025);
    options.features = 7;
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "features", vdt_random_features_create(&matrix, &options, NULL, &no_features, e));
    options.features = 256;
    options.reserved = 1;
    CHECK_FAILS(VDT_UNSUPPORTED, "reserved", vdt_random_features_create(&matrix, &options, NULL, &no_features, e));
    matrix.rows = 19;
    CHECK_FAILS(VDT_NOT_ENOUGH_DATA, "", vdt_random_features_create(&matrix, NULL, NULL, &no_features, e));
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_random_features_load(path, NULL, &no_features, e)); /* a window's file */
    CHECK_FAILS(VDT_CORRUPT_DATA, "", vdt_random_features_from_bytes("x", 1, NULL, &no_features, e));
    CHECK_FAILS(VDT_INVALID_ARGUMENT, "features", vdt_random_features_save(NULL, path, e));
    CHECK(no_features == NULL && vdt_random_features_dimension(NULL) == 0);
    CHECK(vdt_random_features_reference_rows(NULL) == 0 && isnan(vdt_random_features_bandwidth(NULL)));
    vdt_feature_window_destroy(window);
    vdt_feature_window_destroy(foreign);
    vdt_feature_window_destroy(NULL);
    vdt_random_features_destroy(NULL);
}

int main(int argc, char** argv) {
    uint64_t seed = 1;
    static float narrow_x[cells];
    for (int i = 0; i < cells; ++i) {
        x[i] = narrow_x[i] = (float)(draw(&seed) + draw(&seed));
        y[i] = narrow_y[i] = (float)(draw(&seed) + draw(&seed) + (i % columns == 2 ? 0.5 : 0.0));
    }
    char window_path[1024], features_path[1024];
    const char* folder = argc > 1 ? argv[1] : ".";
    snprintf(window_path, sizeof window_path, "%s/feature_window.vedette", folder);
    snprintf(features_path, sizeof features_path, "%s/random_features.vedette", folder);
    const vdt_matrix wide = matrix_of(VDT_F64, x, sizeof(double));
    const vdt_matrix narrow = matrix_of(VDT_F32, narrow_x, sizeof(float));
    vdt_random_features_options options;
    vdt_random_features_options_init(&options, sizeof options);
    options.features = 64;
    vdt_random_features *doubles = NULL, *floats = NULL, *others = NULL, *loaded = NULL;
    CHECK_OK(vdt_random_features_create(&wide, &options, NULL, &doubles, e));
    CHECK_OK(vdt_random_features_create(&narrow, &options, NULL, &floats, e));
    options.seed = 9;
    CHECK_OK(vdt_random_features_create(&wide, &options, NULL, &others, e));
    CHECK(vdt_random_features_dimension(doubles) == columns && vdt_random_features_reference_rows(floats) == rows);
    CHECK(vdt_random_features_bandwidth(doubles) > 0.0);
    count_rows(doubles, window_path);
    count_rows(floats, window_path);
    misuse(doubles, others, window_path);
    misuse(floats, others, window_path);

    vdt_random_features* const both[] = {doubles, floats};
    for (int i = 0; i < 2; ++i) {
        CHECK_OK(vdt_random_features_save(both[i], features_path, e));
        CHECK_OK(vdt_random_features_load(features_path, NULL, &loaded, e));
        size_t size = 0, again = 0;
        CHECK_OK(vdt_random_features_to_bytes(both[i], NULL, 0, &size, e));
        CHECK_OK(vdt_random_features_to_bytes(loaded, NULL, 0, &again, e));
        unsigned char *left = malloc(size), *right = malloc(size);
        CHECK(size == again);
        CHECK_OK(vdt_random_features_to_bytes(both[i], left, size, NULL, e));
        CHECK_OK(vdt_random_features_to_bytes(loaded, right, size, NULL, e));
        CHECK(memcmp(left, right, size) == 0);
        vdt_random_features_destroy(loaded);
        CHECK_OK(vdt_random_features_from_bytes(left, size, NULL, &loaded, e));
        vdt_random_features_destroy(both[i]); /* in any order: what was read stands alone */
        count_rows(loaded, window_path);
        vdt_random_features_destroy(loaded);
        free(left);
        free(right);
    }
    vdt_random_features_destroy(others);
    return check_result();
}
