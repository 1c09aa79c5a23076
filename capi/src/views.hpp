// SPDX-License-Identifier: Apache-2.0
// The caller's columns and matrices as checked views of the library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "vedette.h"
#include "vedette/core/view.hpp"
#include "vedette/guard/window.hpp"
#include "vedette/validation/list_column.hpp"

namespace vedette::inline v0::capi {

/// What a column needs beside the caller's memory: the views of its texts, converted codes, unpacked booleans,
/// converted decimals, joined validities, its name in a struct.
struct ColumnStorage {
    std::vector<std::string_view> texts;
    std::vector<std::int32_t> codes;
    std::vector<std::uint8_t> bytes;
    std::vector<double> numbers;
    std::vector<std::uint8_t> valid;
    std::string name;
};

/// Columns, which may share a name, and what they refer to beside the caller's memory.
struct BorrowedColumns {
    std::deque<ColumnStorage> storage;
    std::vector<NamedColumn> columns;
};

/// Where lists begin and end, and which are none.
struct ListStorage {
    std::vector<std::int64_t> begins;
    std::vector<std::int64_t> ends;
    std::vector<std::uint8_t> valid;

    /// As many lists as places: those at the places given, null where a place is below 0. Returns where they are not.
    Validity gather(const std::vector<std::int64_t>& places, const Validity& validity);
};

/// The same as a table, with lists beside it where they are asked for.
struct BorrowedTable {
    std::deque<ColumnStorage> storage;
    std::deque<ListStorage> list_storage{};
    std::deque<std::vector<std::uint8_t>> bitmaps{};
    std::deque<std::vector<std::int64_t>> places{};
    Table table;
    std::vector<validation::ListColumn> lists{};
};

/// Throws Error: invalid_argument, overflow, dimension_mismatch, unsupported; the message names the column.
BorrowedColumns read_column_list(const vdt_column* columns, std::size_t count);
/// The same, with names that differ.
BorrowedTable read_columns(const vdt_column* columns, std::size_t count);
/// One column without its name.
Column read_column(const vdt_column* column, ColumnStorage& storage);

/// A matrix whose extent was checked; strides in bytes, 0 repeats the same element.
struct StridedMatrix {
    Dtype dtype = Dtype::f64;
    const void* data = nullptr;
    std::size_t rows = 0;
    std::size_t columns = 0;
    std::int64_t row_stride = 0;
    std::int64_t column_stride = 0;
};

/// Bytes from the lowest to the highest that the matrix touches. Throws Error(overflow).
std::uint64_t matrix_extent(const StridedMatrix& matrix);
StridedMatrix read_matrix(const vdt_matrix* given);

/// All elements, row by row, converted.
template <class T>
std::vector<T> copy_matrix(const StridedMatrix& matrix);

/// `count` rows from `begin`, row by row, converted; `column` is scratch of as many values.
template <class T>
void convert_rows(const StridedMatrix& matrix, std::size_t begin, std::size_t count, std::vector<T>& column, T* rows);

/// Counts every row: in place where the strides are those of rows or columns of aligned f32 or f64, else by tiles.
void observe_matrix(Window& window, const StridedMatrix& matrix);

/// `length * width` and sums of such products. Throw Error(overflow) that names `what`.
std::uint64_t checked_product(std::uint64_t a, std::uint64_t b, const char* what);
std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b, const char* what);

}  // namespace vedette::inline v0::capi
