// SPDX-License-Identifier: Apache-2.0
// Monitors of streams, across the C boundary.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "fence.hpp"
#include "monitor_handle.hpp"
#include "structs.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

vdt_monitor_options default_options() noexcept {
    vdt_monitor_options options{};
    options.struct_size = sizeof options;
    return options;
}

// Calls take(place, value) for each; a null is NaN.
template <class Take>
void for_each_value(const vdt_column* column, const char* what, Take&& take) {
    ColumnStorage storage;
    const Column values = read_column(column, storage);
    if (!values.is_numeric()) throw Error(ErrorCode::type_mismatch, std::string(what) + ": holds categories");
    constexpr std::size_t tile = 4096;
    double numbers[tile];
    for (std::size_t begin = 0; begin < values.size(); begin += tile) {
        const std::size_t count = std::min(tile, values.size() - begin);
        values.copy_as_double(begin, count, numbers);
        for (std::size_t i = 0; i < count; ++i) take(begin + i, numbers[i], values.is_valid(begin + i));
    }
}

std::vector<double> read_reference(const vdt_column* column) {
    std::vector<double> reference;
    if (column == nullptr) return reference;
    for_each_value(column, "options.reference", [&](std::size_t, double value, bool valid) {
        if (valid) reference.push_back(value);
    });
    return reference;
}

}  // namespace

vdt_monitor_reading capi::to_c(const drift::AnyMonitor& monitor) noexcept {
    const drift::MonitorCounts& counts = monitor.counts();
    const drift::MonitorReading reading = monitor.reading();
    return {sizeof(vdt_monitor_reading),
            static_cast<vdt_monitor_state>(monitor.state()),
            monitor.seen(),
            counts.accepted,
            counts.nan,
            counts.infinite,
            counts.refused,
            counts.changes,
            reading.estimate,
            reading.statistic,
            reading.limit,
            reading.p_value,
            reading.e_value,
            reading.interval.lower,
            reading.interval.upper};
}

static_assert(static_cast<int>(MonitorState::in_control) == VDT_MONITOR_IN_CONTROL);
static_assert(static_cast<int>(MonitorState::warning) == VDT_MONITOR_WARNING);
static_assert(static_cast<int>(MonitorState::change) == VDT_MONITOR_CHANGE);

extern "C" {

void vdt_monitor_options_init(vdt_monitor_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

void vdt_monitor_reading_init(vdt_monitor_reading* reading, size_t size) noexcept {
    init_struct(
        reading, size,
        vdt_monitor_reading{sizeof(vdt_monitor_reading), VDT_MONITOR_IN_CONTROL, 0, 0, 0, 0, 0, 0, not_a_number,
                            not_a_number, not_a_number, not_a_number, not_a_number, not_a_number, not_a_number});
}

const char* vdt_monitor_state_name(vdt_monitor_state state) noexcept {
    if (state < VDT_MONITOR_IN_CONTROL || state > VDT_MONITOR_CHANGE) return "unknown";
    return monitor_state_name(static_cast<MonitorState>(state));
}

vdt_status vdt_monitor_create(const vdt_monitor_options* options, const vdt_allocator* allocator, vdt_monitor** out,
                              vdt_error* error) noexcept {
    return fence(error, [&] {
        require(options, "options");
        require(out, "out");
        const vdt_monitor_options given = read_struct(options, default_options(), "options");
        const std::vector<double> reference = read_reference(given.reference);
        *out = make_handle<vdt_monitor>(
            allocator, drift::make_monitor(to_text(given.kind, given.kind_length, "options.kind"),
                                           to_text(given.options, given.options_length, "options.options"),
                                           {.values = reference}));
    });
}

vdt_status vdt_monitor_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator, vdt_monitor** out,
                                  vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = make_handle<vdt_monitor>(allocator, drift::AnyMonitor::deserialize(view));
    });
}

vdt_status vdt_monitor_to_bytes(const vdt_monitor* monitor, void* buffer, size_t capacity, size_t* length,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        const std::vector<std::byte> bytes = monitor->object.serialize();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_monitor_destroy(vdt_monitor* monitor) noexcept {
    destroy_handle(monitor);
}

vdt_status vdt_monitor_update(vdt_monitor* monitor, double value, vdt_monitor_state* state, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        const MonitorState said = monitor->object.update(value);
        if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
    });
}

vdt_status vdt_monitor_update_drawn(vdt_monitor* monitor, double value, const uint32_t* draw, size_t draw_length,
                                    vdt_monitor_state* state, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        if (draw_length != 0) require(draw, "draw");
        const MonitorState said = monitor->object.update(value, std::span<const std::uint32_t>(draw, draw_length));
        if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
    });
}

vdt_status vdt_monitor_update_column(vdt_monitor* monitor, const vdt_column* column, uint8_t* states, uint64_t* changes,
                                     size_t capacity, size_t* change_count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        if (capacity != 0) require(changes, "changes");
        std::size_t found = 0;
        for_each_value(column, "column", [&](std::size_t place, double value, bool valid) {
            const MonitorState said = monitor->object.update(valid ? value : not_a_number);
            if (states != nullptr) states[place] = static_cast<uint8_t>(said);
            if (said != MonitorState::change) return;
            if (found < capacity) changes[found] = place;
            ++found;
        });
        if (change_count != nullptr) *change_count = found;
    });
}

vdt_status vdt_monitor_merge(vdt_monitor* monitor, const vdt_monitor* other, vdt_monitor_state* state,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        require(other, "other");
        const MonitorState said = monitor->object.merge(other->object);
        if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
    });
}

vdt_status vdt_monitor_reset(vdt_monitor* monitor, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        monitor->object.reset();
    });
}

vdt_status vdt_monitor_reading_get(const vdt_monitor* monitor, vdt_monitor_reading* out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        write_struct(out, to_c(monitor->object), "out");
    });
}

const char* vdt_monitor_kind(const vdt_monitor* monitor) noexcept {
    return monitor == nullptr ? "unknown" : drift::monitor_kind_name(monitor->object.kind());
}

vdt_status vdt_monitor_options_text(const vdt_monitor* monitor, char* buffer, size_t capacity, size_t* length,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        copy_text(monitor->object.options_json(), buffer, capacity, length);
    });
}

}  // extern "C"
