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

// A frozen reference says what the columns do.
void check_frozen(const vdt_sample* sample, const vdt_column& live, const vdt_test_options& options, vdt_status status,
                  const vdt_test_result& direct) {
    vdt_test_result frozen;
    vdt_test_result_init(&frozen, sizeof frozen);
    require(vdt_sample_test(sample, direct.test, &live, &options, &frozen, nullptr) == status, "frozen status",
            direct.test);
    const bool same = frozen.p_value == direct.p_value || (std::isnan(frozen.p_value) && std::isnan(direct.p_value));
    require(same, "frozen p-value", direct.test);
}

// The kernel test against a frozen reference.
void check_mmd(const vdt_matrix& reference, const vdt_matrix& live) {
    vdt_mmd_options options;
    vdt_mmd_options_init(&options, sizeof options);
    options.permutations = 9;
    vdt_mmd* mmd = nullptr;
    const vdt_status made = vdt_mmd_create(&reference, &options, nullptr, &mmd, nullptr);
    require(made == VDT_OK || made == VDT_NOT_ENOUGH_DATA || made == VDT_INVALID_ARGUMENT, "freezing rows", 0);
    if (mmd != nullptr) {
        vdt_test_result result;
        vdt_test_result_init(&result, sizeof result);
        check(vdt_mmd_test(mmd, &live, &result, nullptr, 0, nullptr, 0, nullptr), result, -1);
    }
    vdt_mmd_destroy(mmd);
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
    vdt_sample* sample = nullptr;
    const vdt_status frozen = vdt_sample_create(&left, nullptr, nullptr, &sample, nullptr);
    require(frozen == VDT_OK || frozen == VDT_NOT_ENOUGH_DATA, "freezing", 0);
    vdt_test_result result;
    for (vdt_drift_test test = 0; test <= VDT_TEST_FISHER_EXACT; ++test) {
        vdt_test_result_init(&result, sizeof result);
        const vdt_status status = vdt_compare_columns(test, &left, &right, &options, &result, nullptr);
        check(status, result, test);
        if (status != VDT_OK) result.test = test;
        if (sample != nullptr) check_frozen(sample, right, options, status, result);
    }
    vdt_sample_destroy(sample);
    // Quarters: two samples and the weights of their rows, or four samples.
    const std::size_t quarter = count / 4;
    std::vector<vdt_column> quarters;
    for (std::size_t i = 0; i < 4; ++i) quarters.push_back(column_of(values.data() + i * quarter, quarter));
    for (const vdt_drift_test test : {vdt_drift_test{VDT_TEST_WASSERSTEIN}, vdt_drift_test{VDT_TEST_ENERGY_DISTANCE}}) {
        vdt_test_result_init(&result, sizeof result);
        check(vdt_compare_weighted(test, &quarters[0], &quarters[1], &quarters[2], &quarters[3], &options, &result,
                                   nullptr),
              result, test);
    }
    for (const vdt_drift_test test : {vdt_drift_test{VDT_TEST_ANDERSON_DARLING}, vdt_drift_test{VDT_TEST_LEVENE},
                                      vdt_drift_test{VDT_TEST_BROWN_FORSYTHE}}) {
        vdt_test_result_init(&result, sizeof result);
        check(vdt_compare_several(test, quarters.data(), quarters.size(), &options, &result, nullptr), result, test);
    }
    for (std::int32_t preset = VDT_PRESET_VEDETTE; preset <= VDT_PRESET_FROUROS; ++preset) {
        for (std::int32_t which = 0; which <= VDT_DIVERGENCE_ENERGY_DISTANCE; ++which) {
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
    check_mmd(reference, live);
    std::vector<double> features(width), of_rows(rows - first + 1);
    for (vdt_multivariate_test test = 0; test <= VDT_MULTIVARIATE_RANDOM_FEATURE_MMD; ++test) {
        vdt_test_result_init(&result, sizeof result);
        check(vdt_compare_matrices(test, &reference, &live, &options, &result, features.data(), width, of_rows.data(),
                                   rows - first, nullptr),
              result, test);
    }
    return 0;
}
