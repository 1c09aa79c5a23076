// SPDX-License-Identifier: Apache-2.0
// Performance without labels, and with late ones, across the C boundary.
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "metric_sequence.hpp"
#include "structs.hpp"
#include "vedette/drift/realised_performance.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

struct alignas(64) vdt_performance_window {
    vdt_allocator allocator;
    drift::PerformanceWindow object;
};

struct alignas(64) vdt_realised_window {
    vdt_allocator allocator;
    drift::RealisedWindow object;
};

struct alignas(64) vdt_label_join {
    vdt_allocator allocator;
    drift::LabelJoin object;
};

namespace {

using drift::PerformanceMetric;

vdt_performance_options default_performance() noexcept {
    const drift::PerformanceOptions defaults;
    return {sizeof(vdt_performance_options),
            static_cast<std::int32_t>(defaults.calibration),
            defaults.cells,
            defaults.chunk_rows,
            defaults.deviations,
            defaults.seed};
}

vdt_label_join_options default_join() noexcept {
    const drift::LabelJoinOptions defaults;
    return {sizeof(vdt_label_join_options), 0, defaults.capacity, defaults.longest_wait, defaults.seed};
}

vdt_metric_estimate to_c(const drift::MetricEstimate& metric) noexcept {
    return {metric.value,          metric.standard_error, metric.interval.lower,
            metric.interval.upper, metric.realised.lower, metric.realised.upper};
}

vdt_performance_estimate to_c(const drift::PerformanceEstimate& estimate) noexcept {
    vdt_performance_estimate out{};
    out.struct_size = sizeof out;
    out.rows = estimate.rows;
    for (std::size_t i = 0; i < drift::performance_metric_count; ++i) out.metrics[i] = to_c(estimate.metrics[i]);
    out.roc_auc_resolution = estimate.roc_auc_resolution;
    return out;
}

vdt_estimate_gap to_c(const drift::EstimateGap& gap) noexcept {
    return {sizeof(vdt_estimate_gap), 0,          gap.rows, gap.estimated, gap.realised, gap.gap, gap.interval.lower,
            gap.interval.upper,       gap.p_value};
}

drift::PerformanceOptions read_options(const vdt_performance_options* given) {
    const auto options = read_struct(given, default_performance(), "options");
    if (options.calibration < VDT_CALIBRATION_AUTOMATIC || options.calibration > VDT_CALIBRATION_NEVER)
        throw Error(ErrorCode::invalid_argument, "options.calibration is no VDT_CALIBRATION_*");
    return {.calibration = static_cast<drift::CalibrationRule>(options.calibration),
            .cells = static_cast<std::size_t>(options.cells),
            .chunk_rows = static_cast<std::size_t>(options.chunk_rows),
            .deviations = options.deviations,
            .seed = options.seed};
}

std::span<const std::byte> to_span(const void* bytes, std::size_t size) {
    if (size != 0) require(bytes, "bytes");
    return {static_cast<const std::byte*>(bytes), size};
}

template <class Handle>
vdt_status write_bytes(const Handle* handle, const char* name, void* buffer, std::size_t capacity, std::size_t* length,
                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(handle, name);
        const std::vector<std::byte> bytes = handle->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

template <class Handle, class Object>
vdt_status read_bytes(const vdt_performance* performance, const void* bytes, std::size_t size,
                      const vdt_allocator* allocator, Handle** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        require(out, "out");
        *out = make_handle<Handle>(allocator, Object::deserialize(performance->object, to_span(bytes, size)));
    });
}

template <class Handle>
vdt_status merge_windows(Handle* window, const Handle* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(other, "other");
        window->object.merge(other->object);
    });
}

template <class Handle>
vdt_status reset_window(Handle* window, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        window->object.reset();
    });
}

// The request path: no exception, no allocation. VDT_OK for a row that can be looked at.
template <class Handle>
vdt_status check_row(const Handle* handle, const char* name, const double* scores, std::size_t width,
                     vdt_error* error) noexcept {
    char message[96];
    if (handle == nullptr || scores == nullptr) {
        (void)std::snprintf(message, sizeof message, "%s is NULL", handle == nullptr ? name : "scores");
        return fail(error, VDT_INVALID_ARGUMENT, message);
    }
    const std::size_t columns = handle->object.reference().columns();
    if (width == columns) return VDT_OK;
    (void)std::snprintf(message, sizeof message, "the row has %zu scores, the reference %zu columns", width, columns);
    return fail(error, VDT_DIMENSION_MISMATCH, message);
}

vdt_status join_label(vdt_label_join* join, std::uint64_t id, std::uint64_t time, std::uint32_t label,
                      vdt_realised_window* window, drift::MetricSequence* sequence, std::int32_t* right,
                      vdt_error* error) noexcept {
    if (join == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "join is NULL");
    if (window == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "window is NULL");
    if (!(join->object.reference() == window->object.reference()))
        return fail(error, VDT_BASELINE_MISMATCH, "window: it is of another reference");
    bool was_right = false;
    const bool found = join->object.label(id, time, label, window->object, &was_right, sequence);
    if (right != nullptr) *right = found ? (was_right ? 1 : 0) : -1;
    return VDT_OK;
}

}  // namespace

extern "C" {

void vdt_performance_options_init(vdt_performance_options* options, size_t size) noexcept {
    init_struct(options, size, default_performance());
}

void vdt_performance_estimate_init(vdt_performance_estimate* estimate, size_t size) noexcept {
    init_struct(estimate, size, to_c(drift::PerformanceEstimate{}));
}

void vdt_estimate_gap_init(vdt_estimate_gap* gap, size_t size) noexcept {
    init_struct(gap, size, to_c(drift::EstimateGap{}));
}

void vdt_label_join_options_init(vdt_label_join_options* options, size_t size) noexcept {
    init_struct(options, size, default_join());
}

void vdt_label_join_counts_init(vdt_label_join_counts* counts, size_t size) noexcept {
    vdt_label_join_counts none{};
    none.struct_size = sizeof none;
    init_struct(counts, size, none);
}

vdt_status vdt_performance_create(const vdt_matrix* scores, const uint32_t* predictions, const uint32_t* labels,
                                  const vdt_performance_options* options, const vdt_allocator* allocator,
                                  vdt_performance** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(scores, "scores");
        require(out, "out");
        const StridedMatrix matrix = read_matrix(scores);
        if (matrix.rows > 0) {
            require(predictions, "predictions");
            require(labels, "labels");
        }
        const std::vector<double> values = copy_matrix<double>(matrix);
        *out = make_handle<vdt_performance>(
            allocator,
            drift::PerformanceReference::fit(MatrixView<double>::row_major(values.data(), matrix.rows, matrix.columns),
                                             {predictions, matrix.rows}, {labels, matrix.rows}, read_options(options)));
    });
}

vdt_status vdt_performance_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                      vdt_performance** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(out, "out");
        *out = make_handle<vdt_performance>(allocator, drift::PerformanceReference::deserialize(to_span(bytes, size)));
    });
}

vdt_status vdt_performance_to_bytes(const vdt_performance* performance, void* buffer, size_t capacity, size_t* length,
                                    vdt_error* error) noexcept {
    return write_bytes(performance, "performance", buffer, capacity, length, error);
}

void vdt_performance_destroy(vdt_performance* performance) noexcept {
    destroy_handle(performance);
}

size_t vdt_performance_classes(const vdt_performance* performance) noexcept {
    return performance == nullptr ? 0 : performance->object.classes();
}

size_t vdt_performance_columns(const vdt_performance* performance) noexcept {
    return performance == nullptr ? 0 : performance->object.columns();
}

vdt_status vdt_performance_confusion(const vdt_performance* performance, uint64_t* counts, size_t capacity,
                                     size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        copy_numbers(performance->object.confusion(), counts, capacity, length);
    });
}

vdt_status vdt_performance_reference_metric(const vdt_performance* performance, int32_t metric, double* realised,
                                            double* lower, double* upper, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        if (metric < 0 || metric >= VDT_METRIC_COUNT)
            throw Error(ErrorCode::invalid_argument, "metric is no VDT_METRIC_*");
        const auto which = static_cast<PerformanceMetric>(metric);
        const Interval interval = performance->object.thresholds(which);
        if (realised != nullptr) *realised = performance->object.realised(which);
        if (lower != nullptr) *lower = interval.lower;
        if (upper != nullptr) *upper = interval.upper;
    });
}

vdt_status vdt_performance_window_create(const vdt_performance* performance, const vdt_allocator* allocator,
                                         vdt_performance_window** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        require(out, "out");
        *out = make_handle<vdt_performance_window>(allocator, drift::PerformanceWindow(performance->object));
    });
}

vdt_status vdt_performance_window_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                             const vdt_allocator* allocator, vdt_performance_window** out,
                                             vdt_error* error) noexcept {
    return read_bytes<vdt_performance_window, drift::PerformanceWindow>(performance, bytes, size, allocator, out,
                                                                        error);
}

vdt_status vdt_performance_window_to_bytes(const vdt_performance_window* window, void* buffer, size_t capacity,
                                           size_t* length, vdt_error* error) noexcept {
    return write_bytes(window, "window", buffer, capacity, length, error);
}

void vdt_performance_window_destroy(vdt_performance_window* window) noexcept {
    destroy_handle(window);
}

vdt_status vdt_performance_window_observe(vdt_performance_window* window, const double* scores, size_t width,
                                          uint32_t prediction, double* right, vdt_error* error) noexcept {
    const vdt_status status = check_row(window, "window", scores, width, error);
    if (status != VDT_OK) return status;
    const double probability = window->object.observe(std::span<const double>(scores, width), prediction);
    if (right != nullptr) *right = probability;
    return VDT_OK;
}

vdt_status vdt_performance_window_observe_matrix(vdt_performance_window* window, const vdt_matrix* scores,
                                                 const uint32_t* predictions, double* right,
                                                 vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(scores, "scores");
        const StridedMatrix matrix = read_matrix(scores);
        if (matrix.rows > 0) require(predictions, "predictions");
        const std::size_t columns = window->object.reference().columns();
        if (matrix.columns != columns)
            throw Error(ErrorCode::dimension_mismatch, "scores: rows of " + std::to_string(matrix.columns) +
                                                           " scores, the reference has " + std::to_string(columns) +
                                                           " columns");
        std::size_t first = 0;
        visit_rows<double>(matrix, [&](MatrixView<double> part) {
            window->object.observe(part, {predictions + first, part.rows()},
                                   right == nullptr ? std::span<double>() : std::span(right + first, part.rows()));
            first += part.rows();
        });
    });
}

vdt_status vdt_performance_window_merge(vdt_performance_window* window, const vdt_performance_window* other,
                                        vdt_error* error) noexcept {
    return merge_windows(window, other, error);
}

vdt_status vdt_performance_window_reset(vdt_performance_window* window, vdt_error* error) noexcept {
    return reset_window(window, error);
}

vdt_status vdt_performance_window_estimate(const vdt_performance_window* window, double confidence,
                                           vdt_performance_estimate* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        write_struct(out, to_c(window->object.estimate(confidence)), "out");
    });
}

vdt_status vdt_realised_window_create(const vdt_performance* performance, const vdt_allocator* allocator,
                                      vdt_realised_window** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        require(out, "out");
        *out = make_handle<vdt_realised_window>(allocator, drift::RealisedWindow(performance->object));
    });
}

vdt_status vdt_realised_window_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                          const vdt_allocator* allocator, vdt_realised_window** out,
                                          vdt_error* error) noexcept {
    return read_bytes<vdt_realised_window, drift::RealisedWindow>(performance, bytes, size, allocator, out, error);
}

vdt_status vdt_realised_window_to_bytes(const vdt_realised_window* window, void* buffer, size_t capacity,
                                        size_t* length, vdt_error* error) noexcept {
    return write_bytes(window, "window", buffer, capacity, length, error);
}

void vdt_realised_window_destroy(vdt_realised_window* window) noexcept {
    destroy_handle(window);
}

vdt_status vdt_realised_window_observe(vdt_realised_window* window, const double* scores, size_t width,
                                       uint32_t prediction, uint32_t label, vdt_error* error) noexcept {
    const vdt_status status = check_row(window, "window", scores, width, error);
    if (status != VDT_OK) return status;
    (void)window->object.observe(std::span<const double>(scores, width), prediction, label);
    return VDT_OK;
}

vdt_status vdt_realised_window_merge(vdt_realised_window* window, const vdt_realised_window* other,
                                     vdt_error* error) noexcept {
    return merge_windows(window, other, error);
}

vdt_status vdt_realised_window_reset(vdt_realised_window* window, vdt_error* error) noexcept {
    return reset_window(window, error);
}

vdt_status vdt_realised_window_performance(const vdt_realised_window* window, double confidence,
                                           vdt_performance_estimate* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        write_struct(out, to_c(window->object.performance(confidence)), "out");
    });
}

vdt_status vdt_realised_window_gap(const vdt_realised_window* window, double confidence, vdt_estimate_gap* out,
                                   vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        write_struct(out, to_c(window->object.gap(confidence)), "out");
    });
}

uint64_t vdt_realised_window_delay(const vdt_realised_window* window, double share) noexcept {
    return window == nullptr ? 0 : window->object.delays().quantile(share);
}

vdt_status vdt_label_join_create(const vdt_performance* performance, const vdt_label_join_options* options,
                                 const vdt_allocator* allocator, vdt_label_join** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        require(out, "out");
        const auto chosen = read_struct(options, default_join(), "options");
        *out = make_handle<vdt_label_join>(
            allocator, drift::LabelJoin(performance->object, {.capacity = static_cast<std::size_t>(chosen.capacity),
                                                              .longest_wait = chosen.longest_wait,
                                                              .seed = chosen.seed}));
    });
}

vdt_status vdt_label_join_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                     const vdt_allocator* allocator, vdt_label_join** out, vdt_error* error) noexcept {
    return read_bytes<vdt_label_join, drift::LabelJoin>(performance, bytes, size, allocator, out, error);
}

vdt_status vdt_label_join_to_bytes(const vdt_label_join* join, void* buffer, size_t capacity, size_t* length,
                                   vdt_error* error) noexcept {
    return write_bytes(join, "join", buffer, capacity, length, error);
}

void vdt_label_join_destroy(vdt_label_join* join) noexcept {
    destroy_handle(join);
}

vdt_status vdt_label_join_predict(vdt_label_join* join, uint64_t id, uint64_t time, const double* scores, size_t width,
                                  uint32_t prediction, vdt_error* error) noexcept {
    const vdt_status status = check_row(join, "join", scores, width, error);
    if (status != VDT_OK) return status;
    (void)join->object.predict(id, time, std::span<const double>(scores, width), prediction);
    return VDT_OK;
}

vdt_status vdt_label_join_label(vdt_label_join* join, uint64_t id, uint64_t time, uint32_t label,
                                vdt_realised_window* window, int32_t* right, vdt_error* error) noexcept {
    return join_label(join, id, time, label, window, nullptr, right, error);
}

vdt_status vdt_label_join_label_sequence(vdt_label_join* join, uint64_t id, uint64_t time, uint32_t label,
                                         vdt_realised_window* window, vdt_metric_sequence* sequence, int32_t* right,
                                         vdt_error* error) noexcept {
    if (sequence == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "sequence is NULL");
    if (!sequence->object.options().with_labels)
        return fail(error, VDT_INVALID_ARGUMENT, "sequence: it takes rows without labels");
    if (join != nullptr && !(join->object.reference() == sequence->object.reference()))
        return fail(error, VDT_BASELINE_MISMATCH, "sequence: it is of another reference");
    return join_label(join, id, time, label, window, &sequence->object, right, error);
}

vdt_status vdt_label_join_counts_get(const vdt_label_join* join, vdt_label_join_counts* out,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(join, "join");
        const drift::LabelJoinCounts& c = join->object.counts();
        const vdt_label_join_counts counts{sizeof(vdt_label_join_counts),
                                           0,
                                           c.predictions,
                                           c.refused,
                                           c.duplicates,
                                           c.joined,
                                           c.unknown,
                                           c.refused_labels,
                                           c.expired,
                                           c.displaced,
                                           join->object.waiting()};
        write_struct(out, counts, "out");
    });
}

vdt_status vdt_report_attach_performance(vdt_report* report, const vdt_performance_window* estimated,
                                         const vdt_realised_window* realised, const vdt_window* labelled,
                                         const vdt_window* right, const char* policy_json, uint64_t policy_length,
                                         vdt_error* error) noexcept {
    return fence(error, [&] {
        require(report, "report");
        const std::string_view text = to_text(policy_json, policy_length, "policy_json");
        attach(report->object,
               {.estimated = estimated == nullptr ? nullptr : &estimated->object,
                .realised = realised == nullptr ? nullptr : &realised->object,
                .labelled = labelled == nullptr ? nullptr : &labelled->object,
                .right = right == nullptr ? nullptr : &right->object},
               text.empty() ? Policy{} : Policy::from_json(text));
    });
}

}  // extern "C"
