// SPDX-License-Identifier: Apache-2.0
// Windows over the C boundary.
#include "vedette/guard/window.hpp"

#include "arrow.hpp"
#include "dlpack.hpp"
#include "fence.hpp"
#include "handles.hpp"
#include "structs.hpp"
#include "values.hpp"
#include "views.hpp"

using namespace vedette;
using namespace vedette::capi;

namespace {

template <class T>
vdt_status observe_row(vdt_window* window, const T* row, std::size_t width, vdt_error* error) noexcept {
    if (window == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "window is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (window->object.observe(std::span<const T>(row, width))) return VDT_OK;
    return fail_width(error, width, window->object.baseline().feature_count());
}

}  // namespace

extern "C" {

vdt_status vdt_window_create(const vdt_baseline* baseline, const vdt_allocator* allocator, vdt_window** out,
                             vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(out, "out");
        *out = make_window(allocator, Window(baseline->object));
    });
}

vdt_status vdt_window_load(const vdt_baseline* baseline, const char* path, const vdt_allocator* allocator,
                           vdt_window** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        require(path, "path");
        require(out, "out");
        *out = make_window(allocator, Window::load(baseline->object, path));
    });
}

vdt_status vdt_window_from_bytes(const vdt_baseline* baseline, const void* bytes, size_t size,
                                 const vdt_allocator* allocator, vdt_window** out, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(baseline, "baseline");
        if (size != 0) require(bytes, "bytes");
        require(out, "out");
        const std::span<const std::byte> view(static_cast<const std::byte*>(bytes), size);
        *out = make_window(allocator, Window::from_bytes(baseline->object, view));
    });
}

vdt_status vdt_window_save(const vdt_window* window, const char* path, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(path, "path");
        window->object.save(path);
    });
}

vdt_status vdt_window_to_bytes(const vdt_window* window, void* buffer, size_t capacity, size_t* length,
                               vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const std::vector<std::byte> bytes = window->object.to_bytes();
        copy_bytes(bytes.data(), bytes.size(), 1, buffer, capacity, length);
    });
}

void vdt_window_destroy(vdt_window* window) noexcept {
    destroy_handle(window);
}

vdt_status vdt_window_observe_f32(vdt_window* window, const float* row, size_t width, vdt_error* error) noexcept {
    return observe_row(window, row, width, error);
}

vdt_status vdt_window_observe_f64(vdt_window* window, const double* row, size_t width, vdt_error* error) noexcept {
    return observe_row(window, row, width, error);
}

vdt_status vdt_window_observe_values(vdt_window* window, const vdt_value* row, size_t width,
                                     vdt_error* error) noexcept {
    if (window == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "window is NULL");
    if (row == nullptr && width != 0) return fail(error, VDT_INVALID_ARGUMENT, "row is NULL");
    if (width != window->row.size()) return fail_width(error, width, window->row.size());
    if (!read_values(row, window->row)) return fail_values(error);
    (void)window->object.observe(std::span<const Value>(window->row));
    return VDT_OK;
}

vdt_status vdt_window_observe_matrix(vdt_window* window, const vdt_matrix* rows, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        observe_matrix(window->object, read_matrix(rows));
    });
}

vdt_status vdt_window_observe_dlpack(vdt_window* window, const void* tensor, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        observe_matrix(window->object, read_dlpack(tensor));
    });
}

vdt_status vdt_window_observe_columns(vdt_window* window, const vdt_column* columns, size_t count,
                                      vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const BorrowedTable live = read_columns(columns, count);
        window->object.observe(live.table);
    });
}

vdt_status vdt_window_observe_arrow(vdt_window* window, const struct ArrowSchema* schema,
                                    const struct ArrowArray* batch, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        const BorrowedTable live = read_arrow(schema, batch);
        window->object.observe(live.table);
    });
}

vdt_status vdt_window_observe_column(vdt_window* window, size_t feature, const vdt_column* column,
                                     vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        check_feature(window->object.baseline(), feature);
        ColumnStorage storage;
        window->object.observe_column(feature, read_column(column, storage));
    });
}

vdt_status vdt_window_merge(vdt_window* window, const vdt_window* other, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(other, "other");
        window->object.merge(other->object);
    });
}

vdt_status vdt_window_reset(vdt_window* window, vdt_error* error) noexcept {
    if (window == nullptr) return fail(error, VDT_INVALID_ARGUMENT, "window is NULL");
    window->object.reset();
    return VDT_OK;
}

uint64_t vdt_window_rows(const vdt_window* window) noexcept {
    return window == nullptr ? 0 : window->object.rows();
}

uint64_t vdt_window_requests(const vdt_window* window, vdt_decision decision) noexcept {
    if (window == nullptr || decision < VDT_PASS || decision > VDT_ALARM) return 0;
    return window->object.requests(static_cast<Decision>(decision));
}

uint64_t vdt_window_rejected(const vdt_window* window) noexcept {
    return window == nullptr ? 0 : window->object.rejected();
}

vdt_status vdt_window_counts(const vdt_window* window, size_t feature, uint64_t* buffer, size_t capacity,
                             size_t* length, vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        check_feature(window->object.baseline(), feature);
        copy_numbers<std::uint64_t>(window->object.counts(feature), buffer, capacity, length);
    });
}

vdt_status vdt_window_extra(const vdt_window* window, size_t feature, int32_t which, uint64_t* out,
                            vdt_error* error) noexcept {
    return fence(error, [&] {
        require(window, "window");
        require(out, "out");
        check_feature(window->object.baseline(), feature);
        if (which < 0 || which >= static_cast<int32_t>(Window::extra_count)) {
            throw Error(ErrorCode::invalid_argument, "which: " + std::to_string(which) + " is none of 0 to 4");
        }
        *out = window->object.extra(feature, static_cast<Window::Extra>(which));
    });
}

}  // extern "C"
