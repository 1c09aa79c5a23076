// SPDX-License-Identifier: Apache-2.0
// Tests on samples, across the C boundary.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "drift_arguments.hpp"
#include "structs.hpp"
#include "vedette.h"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/stats/autocorrelation.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

template <class T>
drift::MultivariateResult compare(MultivariateTest test, const StridedMatrix& reference, const StridedMatrix& live,
                                  const drift::TestOptions& options) {
    const std::vector<T> left = copy_matrix<T>(reference);
    const std::vector<T> right = copy_matrix<T>(live);
    try {
        return drift::run_test(test, MatrixView<T>::row_major(left.data(), reference.rows, reference.columns),
                               MatrixView<T>::row_major(right.data(), live.rows, live.columns), options);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_enough_data) throw;
    }
    return not_evaluated(reference.rows, live.rows);
}

}  // namespace

extern "C" {

void vdt_test_options_init(vdt_test_options* options, size_t size) noexcept {
    init_struct(options, size, default_test_options());
}

vdt_status vdt_compare_columns(vdt_drift_test test, const vdt_column* reference, const vdt_column* live,
                               const vdt_test_options* options, vdt_test_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        const std::array<DriftTest, 1> tests{choice(test, static_cast<DriftTest>(drift_test_count - 1), "test")};
        ColumnStorage reference_storage;
        ColumnStorage live_storage;
        const Table left({{"column", read_column(reference, reference_storage)}});
        const Table right({{"column", read_column(live, live_storage)}});
        const ColumnOptions chosen = read_column_options(options);
        const auto features = drift::compare(left, right, tests, chosen.test, chosen.rows);
        if (features.front().results.empty())
            throw Error(ErrorCode::unsupported, std::string(drift_test_name(tests[0])) + " does not run on " +
                                                    (features.front().numeric ? "numbers" : "categories"));
        const drift::NamedResult& named = features.front().results.front();
        write_struct(out, to_c(named.test, named.result), "out");
    });
}

vdt_status vdt_compare_weighted(vdt_drift_test test, const vdt_column* reference, const vdt_column* reference_weights,
                                const vdt_column* live, const vdt_column* live_weights, const vdt_test_options* options,
                                vdt_test_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(reference_weights, "reference_weights");
        require(live, "live");
        require(live_weights, "live_weights");
        require(out, "out");
        const auto which = choice(test, static_cast<DriftTest>(drift_test_count - 1), "test");
        std::array<ColumnStorage, 4> storage;
        const drift::NamedResult named = drift::compare_weighted(
            which, {read_column(reference, storage[0]), read_column(reference_weights, storage[1])},
            {read_column(live, storage[2]), read_column(live_weights, storage[3])}, read_test_options(options));
        write_struct(out, to_c(named.test, named.result), "out");
    });
}

vdt_status vdt_compare_several(vdt_drift_test test, const vdt_column* samples, size_t sample_count,
                               const vdt_test_options* options, vdt_test_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        // Before the first column's size is read: a list of none has no first.
        if (sample_count < 2)
            throw Error(ErrorCode::invalid_argument,
                        "samples: there are " + std::to_string(sample_count) + ", at least 2 are needed");
        require(samples, "samples");
        require(out, "out");
        const auto which = choice(test, static_cast<DriftTest>(drift_test_count - 1), "test");
        const BorrowedColumns given = read_column_list(samples, sample_count);
        std::vector<Column> columns;
        for (const NamedColumn& column : given.columns) columns.push_back(column.column);
        const ColumnOptions chosen = read_column_options(options);
        const drift::NamedResult named = drift::compare_several(which, columns, chosen.test, chosen.rows);
        write_struct(out, to_c(named.test, named.result), "out");
    });
}

vdt_status vdt_thinning_interval(const double* values, size_t count, uint64_t* interval, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (count != 0) require(values, "values");
        require(interval, "interval");
        *interval = stats::thinning_interval({values, count});
    });
}

vdt_status vdt_preset_divergence(int32_t preset, int32_t divergence, const vdt_column* reference,
                                 const vdt_column* live, double* value, double* threshold, int32_t* exceeds,
                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(value, "value");
        ColumnStorage reference_storage;
        ColumnStorage live_storage;
        const drift::PresetResult result =
            drift::preset_divergence(choice(preset, drift::DivergencePreset::frouros, "preset"),
                                     choice(divergence, drift::Divergence::kolmogorov_smirnov, "divergence"),
                                     read_column(reference, reference_storage), read_column(live, live_storage));
        *value = result.value;
        if (threshold != nullptr) *threshold = result.threshold;
        if (exceeds != nullptr) *exceeds = result.exceeds ? 1 : 0;
    });
}

vdt_status vdt_compare_matrices(vdt_multivariate_test test, const vdt_matrix* reference, const vdt_matrix* live,
                                const vdt_test_options* options, vdt_test_result* out, double* feature_contributions,
                                size_t feature_count, double* row_contributions, size_t row_count,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        const auto which = choice(test, static_cast<MultivariateTest>(multivariate_test_count - 1), "test");
        const StridedMatrix left = read_matrix(reference);
        const StridedMatrix right = read_matrix(live);
        const bool narrow = left.dtype == Dtype::f32 && right.dtype == Dtype::f32;
        const drift::TestOptions chosen = read_test_options(options);
        const drift::MultivariateResult result =
            narrow ? compare<float>(which, left, right, chosen) : compare<double>(which, left, right, chosen);
        check_room(feature_contributions, feature_count, left.columns, "feature_contributions");
        write_contributions(result.row_contributions, row_contributions, row_count, right.rows, "row_contributions");
        write_contributions(result.feature_contributions, feature_contributions, feature_count, left.columns,
                            "feature_contributions");
        vdt_test_result answer = to_c(DriftTest::automatic, result.test);
        answer.test = test;
        write_struct(out, answer, "out");
    });
}

}  // extern "C"
