// SPDX-License-Identifier: Apache-2.0
// References frozen for tests of live samples, across the C boundary: of one column, and of rows for the kernel test.
#include <cmath>
#include <span>
#include <vector>

#include "drift_arguments.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "structs.hpp"
#include "vedette/drift/comparison.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using EitherSample = EitherPrecision<drift::BucketedSample>;
using EitherMmd = EitherPrecision<drift::MaximumMeanDiscrepancy>;

vdt_sample_options default_sample_options() noexcept {
    return {sizeof(vdt_sample_options), VDT_NAN_OMIT};
}

vdt_mmd_options default_mmd_options() noexcept {
    const drift::MmdOptions defaults;
    vdt_mmd_options options{};
    options.struct_size = sizeof options;
    options.nan_policy = VDT_NAN_OMIT;
    options.feature_contributions = defaults.feature_contributions ? 1 : 0;
    options.confidence = defaults.test.confidence;
    options.permutations = defaults.test.permutations;
    options.seed = defaults.test.seed;
    return options;
}

drift::MmdOptions read_mmd_options(const vdt_mmd_options* given) {
    const vdt_mmd_options options = read_struct(given, default_mmd_options(), "options");
    drift::MmdOptions result;
    result.test.nan = choice(options.nan_policy, drift::NanPolicy::omit, "options.nan_policy");
    result.test.confidence = options.confidence;
    result.test.permutations = static_cast<std::size_t>(options.permutations);
    result.test.seed = options.seed;
    result.aggregation = choice(options.aggregation, drift::KernelAggregation::fuse, "options.aggregation");
    result.stop_after = static_cast<std::size_t>(options.stop_after);
    result.feature_contributions = options.feature_contributions != 0;
    if (options.bandwidth_count != 0) {
        require(options.bandwidths, "options.bandwidths");
        (void)checked_product(options.bandwidth_count, sizeof(double), "options.bandwidths");
        const auto count = static_cast<std::size_t>(options.bandwidth_count);
        result.bandwidths.assign(options.bandwidths, options.bandwidths + count);
    }
    return result;
}

template <class T>
EitherMmd freeze_rows(const StridedMatrix& rows, const drift::MmdOptions& options) {
    const std::vector<T> values = copy_matrix<T>(rows);
    return drift::MaximumMeanDiscrepancy<T>(MatrixView<T>::row_major(values.data(), rows.rows, rows.columns), options);
}

template <class T>
drift::MultivariateResult test_rows(const drift::MaximumMeanDiscrepancy<T>& mmd, const StridedMatrix& live) {
    const std::vector<T> values = copy_matrix<T>(live);
    try {
        return mmd.test(MatrixView<T>::row_major(values.data(), live.rows, live.columns));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_enough_data) throw;
    }
    return not_evaluated(mmd.reference_count(), live.rows);
}

}  // namespace

extern "C" {

void vdt_sample_options_init(vdt_sample_options* options, size_t size) noexcept {
    init_struct(options, size, default_sample_options());
}

vdt_status vdt_sample_create(const vdt_column* reference, const vdt_sample_options* options,
                             const vdt_allocator* allocator, vdt_sample** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(out, "out");
        const vdt_sample_options given = read_struct(options, default_sample_options(), "options");
        const auto nan = choice(given.nan_policy, drift::NanPolicy::omit, "options.nan_policy");
        ColumnStorage storage;
        const Column column = read_column(reference, storage);
        EitherSample sample = is_narrow(column.dtype()) ? EitherSample(drift::freeze<float>(column, nan))
                                                        : EitherSample(drift::freeze<double>(column, nan));
        *out = make_handle<vdt_sample>(allocator, std::move(sample));
    });
}

void vdt_sample_destroy(vdt_sample* sample) noexcept {
    destroy_handle(sample);
}

uint64_t vdt_sample_count(const vdt_sample* sample) noexcept {
    if (sample == nullptr) return 0;
    return ask(sample->object, [](const auto& frozen) { return frozen.size(); });
}

vdt_status vdt_sample_test(const vdt_sample* reference, vdt_drift_test test, const vdt_column* live,
                           const vdt_test_options* options, vdt_test_result* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(live, "live");
        require(out, "out");
        const auto wanted = choice(test, static_cast<DriftTest>(drift_test_count - 1), "test");
        const drift::TestOptions chosen = read_test_options(options);
        ColumnStorage storage;
        const Column column = read_column(live, storage);
        const drift::NamedResult named = std::visit(
            [&](const auto& frozen) { return drift::compare(wanted, frozen, column, chosen); }, reference->object);
        write_struct(out, to_c(named.test, named.result), "out");
    });
}

void vdt_mmd_options_init(vdt_mmd_options* options, size_t size) noexcept {
    init_struct(options, size, default_mmd_options());
}

vdt_status vdt_mmd_create(const vdt_matrix* reference, const vdt_mmd_options* options, const vdt_allocator* allocator,
                          vdt_mmd** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(out, "out");
        const StridedMatrix rows = read_matrix(reference);
        const drift::MmdOptions chosen = read_mmd_options(options);
        EitherMmd mmd = is_narrow(rows.dtype) ? freeze_rows<float>(rows, chosen) : freeze_rows<double>(rows, chosen);
        const bool fuse = chosen.aggregation == drift::KernelAggregation::fuse;
        const std::int32_t test = fuse ? VDT_MULTIVARIATE_MMD_FUSE : VDT_MULTIVARIATE_MAXIMUM_MEAN_DISCREPANCY;
        *out = make_handle<vdt_mmd>(allocator, std::move(mmd), test);
    });
}

void vdt_mmd_destroy(vdt_mmd* mmd) noexcept {
    destroy_handle(mmd);
}

size_t vdt_mmd_dimension(const vdt_mmd* mmd) noexcept {
    return mmd == nullptr ? 0 : ask(mmd->object, [](const auto& known) { return known.dimension(); });
}

uint64_t vdt_mmd_reference_rows(const vdt_mmd* mmd) noexcept {
    return mmd == nullptr ? 0 : ask(mmd->object, [](const auto& known) { return known.reference_count(); });
}

vdt_status vdt_mmd_bandwidths(const vdt_mmd* mmd, double* buffer, size_t capacity, size_t* length,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mmd, "mmd");
        const std::span<const double> all =
            std::visit([](const auto& known) { return std::span<const double>(known.bandwidths()); }, mmd->object);
        copy_numbers(all, buffer, capacity, length);
    });
}

vdt_status vdt_mmd_test(const vdt_mmd* mmd, const vdt_matrix* live, vdt_test_result* out, double* feature_contributions,
                        size_t feature_count, double* row_contributions, size_t row_count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(mmd, "mmd");
        require(live, "live");
        require(out, "out");
        const StridedMatrix rows = read_matrix(live);
        const std::size_t columns = vdt_mmd_dimension(mmd);
        if (rows.columns != columns)
            throw Error(ErrorCode::dimension_mismatch, "live: the matrix has " + std::to_string(rows.columns) +
                                                           " columns, the reference " + std::to_string(columns));
        check_struct_size(out->struct_size, "out");
        check_room(feature_contributions, feature_count, columns, "feature_contributions");
        check_room(row_contributions, row_count, rows.rows, "row_contributions");
        const drift::MultivariateResult result =
            std::visit([&](const auto& known) { return test_rows(known, rows); }, mmd->object);
        write_contributions(result.feature_contributions, feature_contributions, feature_count, columns,
                            "feature_contributions");
        write_contributions(result.row_contributions, row_contributions, row_count, rows.rows, "row_contributions");
        vdt_test_result answer = to_c(DriftTest::automatic, result.test);
        answer.test = mmd->test;
        write_struct(out, answer, "out");
    });
}

}  // extern "C"
