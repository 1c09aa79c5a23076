// SPDX-License-Identifier: Apache-2.0
// The windowed random-feature MMD of a stream of rows, across the C boundary.
#include "mmd_monitor.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drift_arguments.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "matrix_rows.hpp"
#include "structs.hpp"
#include "vedette/core/container.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

using EitherMonitor = EitherPrecision<drift::MmdMonitor>;

struct alignas(64) vdt_mmd_monitor {
    vdt_allocator allocator;
    EitherMonitor object;
    std::vector<float> row_f32;  // a row of the other precision, so that it enters without an allocation
    std::vector<double> row_f64;
};

namespace {

using drift::MmdMonitor;

vdt_mmd_monitor_options default_options() noexcept {
    const drift::MmdMonitorOptions defaults;
    vdt_mmd_monitor_options options{};
    options.struct_size = sizeof options;
    options.standardise = defaults.standardise ? 1 : 0;
    options.nan_policy = VDT_NAN_OMIT;
    options.window = defaults.window;
    options.features = defaults.features;
    options.bandwidth = defaults.bandwidth;
    options.expected_run = defaults.expected_run;
    options.seed = defaults.seed;
    return options;
}

drift::MmdMonitorOptions read_options(const vdt_mmd_monitor_options* given) {
    const vdt_mmd_monitor_options options = read_struct(given, default_options(), "options");
    return {.features = static_cast<std::size_t>(options.features),
            .bandwidth = options.bandwidth,
            .standardise = options.standardise != 0,
            .nan = choice(options.nan_policy, drift::NanPolicy::omit, "options.nan_policy"),
            .window = options.window,
            .expected_run = options.expected_run,
            .first_look = options.first_look,
            .simulations = options.simulations,
            .seed = options.seed};
}

template <class T>
EitherMonitor fit(const StridedMatrix& rows, const drift::MmdMonitorOptions& options) {
    const std::vector<T> values = copy_matrix<T>(rows);
    return MmdMonitor<T>(MatrixView<T>::row_major(values.data(), rows.rows, rows.columns), options);
}

std::size_t dimension_of(const EitherMonitor& monitor) noexcept {
    return ask(monitor, [](const auto& known) { return known.dimension(); });
}

vdt_mmd_monitor* make_monitor(const vdt_allocator* allocator, EitherMonitor monitor) {
    const std::size_t width = dimension_of(monitor);
    return make_handle<vdt_mmd_monitor>(allocator, std::move(monitor), std::vector<float>(width),
                                        std::vector<double>(width));
}

EitherMonitor monitor_of(std::span<const std::byte> bytes) {
    // The features, a file in the file, say which type.
    const Container file = Container::view(bytes);
    file.require_kind("mmd_monitor");
    const Container fitted = Container::view(std::as_bytes(file.values<std::uint8_t>("fitted")));
    if (fitted.find_metadata("element") == std::optional<std::string_view>("f32"))
        return MmdMonitor<float>::deserialize(bytes);
    return MmdMonitor<double>::deserialize(bytes);
}

vdt_status fail_width(vdt_error* error, std::size_t width, std::size_t expected) noexcept {
    char message[96];
    (void)std::snprintf(message, sizeof message, "the row has %zu values, the reference %zu columns", width, expected);
    return fail(error, VDT_DIMENSION_MISMATCH, message);
}

// No exception, no allocation.
template <class T>
vdt_status update_row(vdt_mmd_monitor* monitor, const T* row, std::size_t width, vdt_monitor_state* state,
                      vdt_error* error) noexcept {
    if (monitor == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "monitor is NULL");
    if (row == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    const std::size_t expected = monitor->row_f32.size();
    if (width != expected) return fail_width(error, width, expected);
    MonitorState said = MonitorState::in_control;
    if (auto* const narrow = std::get_if<MmdMonitor<float>>(&monitor->object)) {
        std::transform(row, row + width, monitor->row_f32.begin(), [](T value) { return static_cast<float>(value); });
        said = narrow->update(std::span<const float>(monitor->row_f32));
    } else if (auto* const wide = std::get_if<MmdMonitor<double>>(&monitor->object)) {
        std::copy(row, row + width, monitor->row_f64.begin());
        said = wide->update(std::span<const double>(monitor->row_f64));
    }
    if (state != nullptr) *state = static_cast<vdt_monitor_state>(said);
    return VDT_OK;
}

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class T>
vdt_monitor_reading to_c(const MmdMonitor<T>& monitor) noexcept {
    const drift::MonitorCounts& counts = monitor.counts();
    return {sizeof(vdt_monitor_reading),
            static_cast<vdt_monitor_state>(monitor.state()),
            counts.accepted + counts.nan + counts.infinite + counts.refused,
            counts.accepted,
            counts.nan,
            counts.infinite,
            counts.refused,
            counts.changes,
            monitor.distance(),
            monitor.statistic(),
            monitor.threshold(),
            not_a_number,
            not_a_number,
            not_a_number,
            not_a_number};
}

}  // namespace

namespace vedette::inline v0::capi {

const MmdMonitor<float>& monitor_of_floats(const vdt_mmd_monitor& monitor) {
    const auto* const narrow = std::get_if<MmdMonitor<float>>(&monitor.object);
    if (narrow == nullptr) throw Error(ErrorCode::type_mismatch, "mmd: it was fitted in f64; fit it to an f32 matrix");
    return *narrow;
}

}  // namespace vedette::inline v0::capi

extern "C" {

void vdt_mmd_monitor_options_init(vdt_mmd_monitor_options* options, size_t size) noexcept {
    init_struct(options, size, default_options());
}

vdt_status vdt_mmd_monitor_create(const vdt_matrix* reference, const vdt_mmd_monitor_options* options,
                                  const vdt_allocator* allocator, vdt_mmd_monitor** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(reference, "reference");
        require(out, "out");
        const StridedMatrix rows = read_matrix(reference);
        const drift::MmdMonitorOptions chosen = read_options(options);
        *out = make_monitor(allocator, is_narrow(rows.dtype) ? fit<float>(rows, chosen) : fit<double>(rows, chosen));
    });
}

vdt_status vdt_mmd_monitor_copy(const vdt_mmd_monitor* monitor, const vdt_allocator* allocator, vdt_mmd_monitor** out,
                                vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        require(out, "out");
        *out = make_monitor(allocator, monitor->object);
    });
}

vdt_status vdt_mmd_monitor_from_bytes(const void* bytes, size_t size, const vdt_allocator* allocator,
                                      vdt_mmd_monitor** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        *out = make_monitor(allocator, monitor_of({static_cast<const std::byte*>(bytes), size}));
    });
}

vdt_status vdt_mmd_monitor_to_bytes(const vdt_mmd_monitor* monitor, void* buffer, size_t capacity, size_t* length,
                                    vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        const std::vector<std::byte> bytes =
            std::visit([](const auto& known) { return known.serialize(); }, monitor->object);
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_mmd_monitor_destroy(vdt_mmd_monitor* monitor) noexcept {
    destroy_handle(monitor);
}

vdt_status vdt_mmd_monitor_update_f32(vdt_mmd_monitor* monitor, const float* row, size_t width,
                                      vdt_monitor_state* state, vdt_error* error) noexcept {
    return update_row(monitor, row, width, state, error);
}

vdt_status vdt_mmd_monitor_update_f64(vdt_mmd_monitor* monitor, const double* row, size_t width,
                                      vdt_monitor_state* state, vdt_error* error) noexcept {
    return update_row(monitor, row, width, state, error);
}

vdt_status vdt_mmd_monitor_update_matrix(vdt_mmd_monitor* monitor, const vdt_matrix* rows, uint8_t* states,
                                         size_t* change_count, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        const StridedMatrix matrix = read_matrix(rows);
        const std::size_t width = monitor->row_f32.size();
        if (matrix.columns != width)
            throw Error(ErrorCode::dimension_mismatch, "the matrix has " + std::to_string(matrix.columns) +
                                                           " columns, the reference " + std::to_string(width));
        std::vector<MonitorState> said(states == nullptr ? 0 : matrix.rows);
        std::size_t changes = 0;
        std::size_t begin = 0;
        const auto update = [&]<class T>(MmdMonitor<T>& known) {
            visit_rows<T>(matrix, [&](MatrixView<T> part) {
                changes += known.update(part, std::span(said).subspan(std::min(begin, said.size())));
                begin += part.rows();
            });
        };
        std::visit(update, monitor->object);
        std::transform(said.begin(), said.end(), states,
                       [](MonitorState state) { return static_cast<std::uint8_t>(state); });
        if (change_count != nullptr) *change_count = changes;
    });
}

vdt_status vdt_mmd_monitor_reset(vdt_mmd_monitor* monitor, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        std::visit([](auto& known) { known.reset(); }, monitor->object);
    });
}

vdt_status vdt_mmd_monitor_reading_get(const vdt_mmd_monitor* monitor, vdt_monitor_reading* out,
                                       vdt_error* error) noexcept {
    return fence(error, [&] {
        require(monitor, "monitor");
        write_struct(out, std::visit([](const auto& known) { return to_c(known); }, monitor->object), "out");
    });
}

size_t vdt_mmd_monitor_dimension(const vdt_mmd_monitor* monitor) noexcept {
    return monitor == nullptr ? 0 : dimension_of(monitor->object);
}

}  // extern "C"
