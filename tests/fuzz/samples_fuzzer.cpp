// SPDX-License-Identifier: Apache-2.0
// Fuzzes the tests on samples with any bits as numbers: each answers with a p-value in [0, 1], NaN, or a refusal.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "vedette.h"

namespace {

void require(bool condition, const char* what, int test) {
    if (condition) return;
    std::fprintf(stderr, "samples fuzzer: %s, test %d\n", what, test);
    std::abort();
}

vdt_column column_of(const double* values, std::size_t count) {
    vdt_column column;
    vdt_column_init(&column, sizeof column);
    column.dtype = VDT_F64;
    column.data = values;
    column.length = count;
    column.byte_length = count * sizeof *values;
    return column;
}

vdt_matrix matrix_of(const double* values, std::size_t rows, std::size_t columns) {
    vdt_matrix matrix;
    vdt_matrix_init(&matrix, sizeof matrix);
    matrix.dtype = VDT_F64;
    matrix.data = values;
    matrix.rows = rows;
    matrix.columns = columns;
    matrix.byte_length = rows * columns * sizeof *values;
    return matrix;
}

void check(vdt_status status, const vdt_test_result& result, int test) {
    if (status == VDT_OK) {
        require(std::isnan(result.p_value) || (result.p_value >= 0.0 && result.p_value <= 1.0), "p-value", test);
        require(!(result.effect_lower > result.effect_upper), "interval", test);
        return;
    }
    require(status == VDT_UNSUPPORTED || status == VDT_INVALID_ARGUMENT || status == VDT_NOT_ENOUGH_DATA, "status",
            test);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    // First byte: where to cut; second: how wide rows are. The rest are doubles.
    const std::size_t count = std::min<std::size_t>((size - 2) / sizeof(double), 256);
    std::vector<double> values(count + 1);
    std::memcpy(values.data(), data + 2, count * sizeof(double));
    const std::size_t cut = count * data[0] / 255;
    const vdt_column left = column_of(values.data(), cut);
    const vdt_column right = column_of(values.data() + cut, count - cut);
    vdt_test_options options;
    vdt_test_options_init(&options, sizeof options);
    options.permutations = 9;
    vdt_test_result result;
    for (vdt_drift_test test = 0; test <= VDT_TEST_FISHER_EXACT; ++test) {
        vdt_test_result_init(&result, sizeof result);
        check(vdt_compare_columns(test, &left, &right, &options, &result, nullptr), result, test);
    }
    for (std::int32_t preset = VDT_PRESET_VEDETTE; preset <= VDT_PRESET_FROUROS; ++preset) {
        for (std::int32_t which = 0; which <= VDT_DIVERGENCE_TOTAL_VARIATION; ++which) {
            double value = 0.0;
            const vdt_status status =
                vdt_preset_divergence(preset, which, &left, &right, &value, nullptr, nullptr, nullptr);
            require(status != VDT_OK || !(value < -1e-9), "divergence", which);
        }
    }
    const std::size_t width = 1 + data[1] % 8;
    const std::size_t rows = count / width;
    const std::size_t first = rows * data[0] / 255;
    const vdt_matrix reference = matrix_of(values.data(), first, width);
    const vdt_matrix live = matrix_of(values.data() + first * width, rows - first, width);
    std::vector<double> features(width), of_rows(rows - first + 1);
    for (vdt_multivariate_test test = 0; test <= VDT_MULTIVARIATE_MMD_FUSE; ++test) {
        vdt_test_result_init(&result, sizeof result);
        check(vdt_compare_matrices(test, &reference, &live, &options, &result, features.data(), width, of_rows.data(),
                                   rows - first, nullptr),
              result, test);
    }
    return 0;
}
