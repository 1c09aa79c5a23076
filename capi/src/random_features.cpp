// SPDX-License-Identifier: Apache-2.0
// Random-feature MMD across the C boundary: fitted features, and windows of live rows that merge.
#include <algorithm>
#include <cstdio>
#include <limits>
#include <span>
#include <vector>

#include "drift_arguments.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "structs.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/file.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

using drift::FeatureWindow;
using drift::RandomFeatureMmd;
using EitherFeatures = EitherPrecision<RandomFeatureMmd>;

vdt_random_features_options default_options() noexcept {
    const drift::RandomFeatureOptions defaults;
    vdt_random_features_options options{};
    options.struct_size = sizeof options;
    options.standardise = defaults.standardise ? 1 : 0;
    options.nan_policy = VDT_NAN_OMIT;
    options.features = defaults.features;
    options.bandwidth = defaults.bandwidth;
    options.whitening = defaults.whitening;
    options.seed = defaults.seed;
    return options;
}

drift::RandomFeatureOptions read_options(const vdt_random_features_options* given) {
    const vdt_random_features_options options = read_struct(given, default_options(), "options");
    return {.features = static_cast<std::size_t>(options.features),
            .bandwidth = options.bandwidth,
            .standardise = options.standardise != 0,
            .whitening = options.whitening,
            .nan = choice(options.nan_policy, drift::NanPolicy::omit, "options.nan_policy"),
            .seed = options.seed};
}

template <class T>
EitherFeatures fit(const StridedMatrix& rows, const drift::RandomFeatureOptions& options) {
    const std::vector<T> values = copy_matrix<T>(rows);
    return RandomFeatureMmd<T>(MatrixView<T>::row_major(values.data(), rows.rows, rows.columns), options);
}

EitherFeatures features_of(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    if (file.find_metadata("element") == std::optional<std::string_view>("f32"))
        return RandomFeatureMmd<float>::deserialize(bytes);
    return RandomFeatureMmd<double>::deserialize(bytes);
}

std::vector<std::byte> bytes_of(const vdt_random_features* features) {
    require(features, "features");
    return std::visit([](const auto& known) { return known.serialize(); }, features->object);
}

std::size_t dimension_of(const EitherFeatures& features) noexcept {
    return ask(features, [](const auto& known) { return known.dimension(); });
}

std::span<const std::byte> to_span(const void* bytes, std::size_t size) {
    if (size != 0) require(bytes, "bytes");
    return {static_cast<const std::byte*>(bytes), size};
}

vdt_feature_window* make_feature_window(const vdt_allocator* allocator, const EitherFeatures& features,
                                        FeatureWindow window) {
    const std::size_t width = dimension_of(features);
    const bool narrow = std::holds_alternative<RandomFeatureMmd<float>>(features);
    return make_handle<vdt_feature_window>(allocator, features, std::move(window),
                                           std::vector<float>(narrow ? width : 0),
                                           std::vector<double>(narrow ? 0 : width));
}

// What was read can only be merged: an empty window of the same features takes it in, and observes on.
vdt_feature_window* make_feature_window(const vdt_allocator* allocator, const vdt_random_features* features,
                                        std::span<const std::byte> bytes) {
    const FeatureWindow read = FeatureWindow::deserialize(bytes);
    FeatureWindow window = std::visit([](const auto& known) { return known.window(); }, features->object);
    window.merge(read);
    return make_feature_window(allocator, features->object, std::move(window));
}

void require_columns(std::size_t given, const EitherFeatures& features) {
    const std::size_t width = dimension_of(features);
    if (given != width)
        throw Error(ErrorCode::dimension_mismatch,
                    "the matrix has " + std::to_string(given) + " columns, the reference " + std::to_string(width));
}

vdt_status fail_row(vdt_error* error, std::size_t width, std::size_t expected) noexcept {
    if (width == expected) return fail(error, VDT_OVERFLOW, "the window holds 2^42 rows, and takes no more");
    char message[96];
    (void)std::snprintf(message, sizeof message, "the row has %zu values, the reference %zu columns", width, expected);
    return fail(error, VDT_DIMENSION_MISMATCH, message);
}

// The request path: no exception, no allocation.
template <class T>
vdt_status observe_row(vdt_feature_window* window, const T* row, std::size_t width, vdt_error* error) noexcept {
    if (window == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "window is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    const std::size_t expected = std::max(window->row_f32.size(), window->row_f64.size());
    if (width != expected) return fail_row(error, width, expected);
    const auto add = [&](const auto& features, const auto* values) {
        using Value = std::remove_cvref_t<decltype(*values)>;
        return features.observe(window->object, MatrixView<Value>::row_major(values, 1, width));
    };
    bool added = false;
    if (const auto* narrow = std::get_if<RandomFeatureMmd<float>>(&window->features)) {
        if constexpr (std::is_same_v<T, float>) {
            added = add(*narrow, row);
        } else {
            std::transform(row, row + width, window->row_f32.begin(),
                           [](T value) { return static_cast<float>(value); });
            added = add(*narrow, static_cast<const float*>(window->row_f32.data()));
        }
    } else if (const auto* wide = std::get_if<RandomFeatureMmd<double>>(&window->features)) {
        if constexpr (std::is_same_v<T, double>) {
            added = add(*wide, row);
        } else {
            std::copy(row, row + width, window->row_f64.begin());
            added = add(*wide, static_cast<const double*>(window->row_f64.data()));
        }
    }
    return added ? VDT_OK : fail_row(error, width, expected);
}

template <class T>
drift::MultivariateResult test_window(const RandomFeatureMmd<T>& features, const FeatureWindow& window,
                                      double confidence) {
    try {
        return features.test(window, confidence);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_enough_data) throw;
    }
    return not_evaluated(static_cast<std::size_t>(features.reference_count()), 0);
}

}  // namespace

extern "C" {

void vdt_random_features_options_init(vdt_random_features_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_random_features_create(const vdt_matrix* reference, const vdt_random_features_options* options,
                                      const vdt_allocator* allocator, vdt_random_features** out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(out, "out");
        const StridedMatrix rows = read_matrix(reference);
        const drift::RandomFeatureOptions chosen = read_options(options);
        EitherFeatures features = is_narrow(rows.dtype) ? fit<float>(rows, chosen) : fit<double>(rows, chosen);
        *out = make_handle<vdt_random_features>(allocator, std::move(features));
    });
}

vdt_status vdt_random_features_load(const char* path, const vdt_allocator* allocator, vdt_random_features** out,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        require(out, "out");
        *out = make_handle<vdt_random_features>(allocator, features_of(read_file(path)));
    });
}

vdt_status vdt_random_features_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                          vdt_random_features** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_random_features>(allocator, features_of(to_span(bytes, size)));
    });
}

vdt_status vdt_random_features_save(const vdt_random_features* features, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(path, "path");
        write_file_atomically(path, bytes_of(features));
    });
}

vdt_status vdt_random_features_to_bytes(const vdt_random_features* features, void* buffer, size_t capacity,
                                        size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        const std::vector<std::byte> bytes = bytes_of(features);
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_random_features_destroy(vdt_random_features* features) noexcept {
    destroy_handle(features);
}

size_t vdt_random_features_dimension(const vdt_random_features* features) noexcept {
    return features == nullptr ? 0 : dimension_of(features->object);
}

uint64_t vdt_random_features_reference_rows(const vdt_random_features* features) noexcept {
    if (features == nullptr) return 0;
    return ask(features->object, [](const auto& known) { return known.reference_count(); });
}

double vdt_random_features_bandwidth(const vdt_random_features* features) noexcept {
    if (features == nullptr) return std::numeric_limits<double>::quiet_NaN();
    return ask(features->object, [](const auto& known) { return known.bandwidth(); });
}

vdt_status vdt_feature_window_create(const vdt_random_features* features, const vdt_allocator* allocator,
                                     vdt_feature_window** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(features, "features");
        require(out, "out");
        *out = make_feature_window(allocator, features->object,
                                   std::visit([](const auto& known) { return known.window(); }, features->object));
    });
}

vdt_status vdt_feature_window_load(const vdt_random_features* features, const char* path,
                                   const vdt_allocator* allocator, vdt_feature_window** out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(features, "features");
        require(path, "path");
        require(out, "out");
        *out = make_feature_window(allocator, features, read_file(path));
    });
}

vdt_status vdt_feature_window_from_bytes(const vdt_random_features* features, const void* bytes, size_t size,
                                         const vdt_allocator* allocator, vdt_feature_window** out,
                                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(features, "features");
        require(out, "out");
        *out = make_feature_window(allocator, features, to_span(bytes, size));
    });
}

vdt_status vdt_feature_window_save(const vdt_feature_window* window, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(path, "path");
        write_file_atomically(path, window->object.serialize());
    });
}

vdt_status vdt_feature_window_to_bytes(const vdt_feature_window* window, void* buffer, size_t capacity, size_t* length,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const std::vector<std::byte> bytes = window->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_feature_window_destroy(vdt_feature_window* window) noexcept {
    destroy_handle(window);
}

vdt_status vdt_feature_window_observe_f32(vdt_feature_window* window, const float* row, size_t width,
                                          vdt_error* error) noexcept {
    return observe_row(window, row, width, error);
}

vdt_status vdt_feature_window_observe_f64(vdt_feature_window* window, const double* row, size_t width,
                                          vdt_error* error) noexcept {
    return observe_row(window, row, width, error);
}

vdt_status vdt_feature_window_observe_matrix(vdt_feature_window* window, const vdt_matrix* rows,
                                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const StridedMatrix matrix = read_matrix(rows);
        require_columns(matrix.columns, window->features);
        // Before anything is added: a matrix goes in whole or not at all.
        if (matrix.rows > FeatureWindow::maximum_rows - window->object.count())
            throw Error(ErrorCode::overflow, "rows: " + std::to_string(matrix.rows) + " besides the window's " +
                                                 std::to_string(window->object.count()) + " are more than 2^42");
        const auto add = [&]<class T>(const RandomFeatureMmd<T>& features) {
            visit_rows<T>(matrix, [&](MatrixView<T> part) { (void)features.observe(window->object, part); });
        };
        std::visit(add, window->features);
    });
}

vdt_status vdt_feature_window_merge(vdt_feature_window* window, const vdt_feature_window* other,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(other, "other");
        window->object.merge(other->object);
    });
}

vdt_status vdt_feature_window_reset(vdt_feature_window* window, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        window->object.reset();
    });
}

uint64_t vdt_feature_window_rows(const vdt_feature_window* window) noexcept {
    return window == nullptr ? 0 : window->object.count();
}

uint64_t vdt_feature_window_rows_left_out(const vdt_feature_window* window) noexcept {
    return window == nullptr ? 0 : window->object.rows_left_out();
}

vdt_status vdt_feature_window_test(const vdt_feature_window* window, double confidence, vdt_test_result* out,
                                   double* feature_contributions, size_t feature_count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(out, "out");
        check_struct_size(out->struct_size, "out");
        const std::size_t columns = dimension_of(window->features);
        check_room(feature_contributions, feature_count, columns, "feature_contributions");
        const drift::MultivariateResult result = std::visit(
            [&](const auto& known) { return test_window(known, window->object, confidence); }, window->features);
        write_contributions(result.feature_contributions, feature_contributions, feature_count, columns,
                            "feature_contributions");
        vdt_test_result answer = to_c(DriftTest::automatic, result.test);
        answer.test = VDT_MULTIVARIATE_MAXIMUM_MEAN_DISCREPANCY;
        write_struct(out, answer, "out");
    });
}

vdt_status vdt_feature_window_witness(const vdt_feature_window* window, const vdt_matrix* rows, double* scores,
                                      size_t score_count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const StridedMatrix matrix = read_matrix(rows);
        if (matrix.rows != 0) require(scores, "scores");
        require_columns(matrix.columns, window->features);
        check_room(scores, score_count, matrix.rows, "scores");
        const auto score = [&]<class T>(const RandomFeatureMmd<T>& features) {
            const std::vector<T> values = copy_matrix<T>(matrix);
            return features.witness(window->object,
                                    MatrixView<T>::row_major(values.data(), matrix.rows, matrix.columns));
        };
        const std::vector<double> found = std::visit(score, window->features);
        std::copy(found.begin(), found.end(), scores);
    });
}

}  // extern "C"
