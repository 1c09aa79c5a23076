// SPDX-License-Identifier: Apache-2.0
// Metrics at all times, across the C boundary.
#include "metric_sequence.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include "fence.hpp"
#include "structs.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

vdt_metric_sequence_options default_options() noexcept {
    const drift::MetricSequenceOptions defaults;
    return {sizeof(vdt_metric_sequence_options),
            static_cast<std::int32_t>(defaults.metric),
            defaults.with_labels ? 1 : 0,
            0,
            defaults.level,
            defaults.alarm_level,
            defaults.tolerated,
            defaults.intrinsic_time};
}

vdt_metric_bounds blank_bounds() noexcept {
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
    return {sizeof(vdt_metric_bounds), VDT_MONITOR_IN_CONTROL, 0, 0, 0, 0, not_a_number, not_a_number, not_a_number};
}

}  // namespace

extern "C" {

void vdt_metric_sequence_options_init(vdt_metric_sequence_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_metric_bounds_init(vdt_metric_bounds* bounds, size_t size) noexcept {
    init_struct(bounds, size, blank_bounds());
}

vdt_status vdt_metric_sequence_create(const vdt_performance* performance, const vdt_metric_sequence_options* options,
                                      const vdt_allocator* allocator, vdt_metric_sequence** out,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        require(out, "out");
        const vdt_metric_sequence_options given = read_struct(options, default_options(), "options");
        if (given.metric < 0 || given.metric >= VDT_METRIC_COUNT)
            throw Error(ErrorCode::invalid_argument, "options.metric is no VDT_METRIC_*");
        if (given.with_labels != 0 && given.with_labels != 1)
            throw Error(ErrorCode::invalid_argument, "options.with_labels must be 0 or 1");
        *out = make_handle<vdt_metric_sequence>(
            allocator,
            drift::MetricSequence(performance->object, {.metric = static_cast<drift::PerformanceMetric>(given.metric),
                                                        .with_labels = given.with_labels == 1,
                                                        .level = given.level,
                                                        .alarm_level = given.alarm_level,
                                                        .tolerated = given.tolerated,
                                                        .intrinsic_time = given.intrinsic_time}));
    });
}

vdt_status vdt_metric_sequence_from_bytes(const vdt_performance* performance, const void* bytes, size_t size,
                                          const vdt_allocator* allocator, vdt_metric_sequence** out,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(performance, "performance");
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out =
            make_handle<vdt_metric_sequence>(allocator, drift::MetricSequence::deserialize(performance->object, view));
    });
}

vdt_status vdt_metric_sequence_to_bytes(const vdt_metric_sequence* sequence, void* buffer, size_t capacity,
                                        size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        const std::vector<std::byte> bytes = sequence->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_metric_sequence_destroy(vdt_metric_sequence* sequence) noexcept {
    destroy_handle(sequence);
}

vdt_status vdt_metric_sequence_observe(vdt_metric_sequence* sequence, const double* scores, size_t width,
                                       uint32_t prediction, const uint32_t* label, vdt_monitor_state* state,
                                       vdt_error* error) noexcept {
    if (sequence == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "sequence is NULL");
    if (scores == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "scores is NULL");
    drift::MetricSequence& own = sequence->object;
    if (width != own.reference().columns())
        return fail(error, VDT_DIMENSION_MISMATCH, "the row has another number of scores than the reference columns");
    if (own.options().with_labels != (label != nullptr))
        return fail(error, VDT_INVALID_ARGUMENT,
                    label != nullptr ? "label: the sequence takes rows without labels"
                                     : "label is NULL, the sequence takes rows with labels");
    const std::span<const double> row(scores, width);
    const MonitorState said = label == nullptr ? own.observe(row, prediction) : own.observe(row, prediction, *label);
    if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
    return VDT_OK;
}

vdt_status vdt_metric_sequence_merge(vdt_metric_sequence* sequence, const vdt_metric_sequence* other,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        require(other, "other");
        sequence->object.merge(other->object);
    });
}

vdt_status vdt_metric_sequence_reset(vdt_metric_sequence* sequence, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        sequence->object.reset();
    });
}

vdt_status vdt_metric_sequence_bounds_get(const vdt_metric_sequence* sequence, vdt_metric_bounds* out,
                                          vdt_error* error) noexcept {
    return fence(error, [&] {
        require(sequence, "sequence");
        const drift::MetricSequence& own = sequence->object;
        const drift::PerformanceCounts& counts = own.counts();
        const Interval bounds = own.bounds();
        vdt_metric_bounds found = blank_bounds();
        found.state = static_cast<vdt_monitor_state>(own.state());
        found.rows = counts.rows;
        found.values = own.values();
        found.refused = counts.nan + counts.out_of_range + counts.unknown_class + counts.over_capacity;
        found.alarms = own.alarms();
        found.value = own.value();
        found.lower = bounds.lower;
        found.upper = bounds.upper;
        write_struct(out, found, "out");
    });
}

}  // extern "C"
