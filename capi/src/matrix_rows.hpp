// SPDX-License-Identifier: Apache-2.0
// The rows of a caller's matrix as views that the library takes: in place where they lie so, else by converted tiles.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "vedette/core/error.hpp"
#include "views.hpp"

namespace vedette::inline v0::capi {

inline bool is_aligned(const void* pointer, std::size_t alignment) noexcept {
    return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

/// A matrix as floats, kept alive beside its view; empty for null.
struct FloatRows {
    std::vector<float> values;
    MatrixView<float> view;

    FloatRows() = default;
    explicit FloatRows(const vdt_matrix* given) {
        if (given == nullptr) return;
        const StridedMatrix matrix = read_matrix(given);
        values = copy_matrix<float>(matrix);
        view = MatrixView<float>::row_major(values.data(), matrix.rows, matrix.columns);
    }
};

/// Whether elements are exact as float: f32 and the 16-bit floats.
inline bool is_narrow(Dtype dtype) noexcept {
    return dtype == Dtype::f32 || dtype == Dtype::f16 || dtype == Dtype::bf16;
}

template <class T, class Visit>
bool visit_in_place(const StridedMatrix& m, Visit& visit) {
    constexpr auto element = static_cast<std::int64_t>(sizeof(T));
    if (m.dtype != dtype_of<T>) return false;
    if (!is_aligned(m.data, alignof(T)) || m.row_stride % element != 0 || m.column_stride % element != 0) return false;
    const auto* data = static_cast<const T*>(m.data);
    const std::int64_t row = m.row_stride / element;
    const std::int64_t column = m.column_stride / element;
    if (column == 1 && row >= static_cast<std::int64_t>(m.columns)) {
        visit(MatrixView<T>::row_major(data, m.rows, m.columns, static_cast<std::size_t>(row)));
        return true;
    }
    if (row == 1 && column >= static_cast<std::int64_t>(m.rows)) {
        visit(MatrixView<T>::column_major(data, m.rows, m.columns, static_cast<std::size_t>(column)));
        return true;
    }
    return false;
}

/// Calls `visit` with views of T that hold all rows in order. All memory is taken before the first call. Throws
/// Error(invalid_argument) for a matrix with elements and no data.
template <class T, class Visit>
void visit_rows(const StridedMatrix& m, Visit&& visit) {
    constexpr std::size_t tile_bytes = std::size_t{1} << 18;
    if (m.rows == 0 || m.columns == 0) return;
    if (m.data == nullptr) throw Error(ErrorCode::invalid_argument, "matrix: data is NULL");
    if (visit_in_place<T>(m, visit)) return;
    const std::size_t tile = std::clamp<std::size_t>(tile_bytes / (m.columns * sizeof(T)), 1, m.rows);
    std::vector<T> rows(tile * m.columns);
    std::vector<T> values(tile);
    for (std::size_t begin = 0; begin < m.rows; begin += tile) {
        const std::size_t count = std::min(tile, m.rows - begin);
        convert_rows(m, begin, count, values, rows.data());
        visit(MatrixView<T>::row_major(rows.data(), count, m.columns));
    }
}

}  // namespace vedette::inline v0::capi
