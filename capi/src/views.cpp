// SPDX-License-Identifier: Apache-2.0
// Checks the views that cross the C boundary before any of their memory is touched.
#include "views.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "matrix_rows.hpp"
#include "structs.hpp"
#include "vedette/core/dtype.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

std::uint64_t magnitude(std::int64_t value) noexcept {
    return value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

// `count` elements, `stride` bytes apart, must lie within `available` bytes.
void check_fits(std::uint64_t count, std::uint64_t stride, std::uint64_t element, std::uint64_t available,
                const std::string& what) {
    if (count == 0) return;
    const std::uint64_t needed = checked_sum(checked_product(count - 1, stride, what.c_str()), element, what.c_str());
    if (needed > available) {
        throw Error(ErrorCode::invalid_argument, what + ": " + std::to_string(count) + " elements take " +
                                                     std::to_string(needed) + " bytes, byte_length is " +
                                                     std::to_string(available));
    }
}

void require_data(const void* data, const std::string& what, std::size_t alignment) {
    if (data == nullptr) throw Error(ErrorCode::invalid_argument, what + ": data is NULL");
    if (!is_aligned(data, alignment)) {
        throw Error(ErrorCode::invalid_argument,
                    what + ": data is not aligned to " + std::to_string(alignment) + " bytes");
    }
}

Validity read_validity(const vdt_column& column, const std::string& what) {
    if (column.validity == nullptr) return {};
    const std::uint64_t bits = checked_sum(column.validity_offset, column.length, what.c_str());
    const std::uint64_t needed = bits / 8 + (bits % 8 != 0 ? 1 : 0);
    if (needed > column.validity_byte_length) {
        throw Error(ErrorCode::invalid_argument, what + ": the validity of " + std::to_string(bits) + " bits takes " +
                                                     std::to_string(needed) + " bytes, validity_byte_length is " +
                                                     std::to_string(column.validity_byte_length));
    }
    return {column.validity, static_cast<std::size_t>(column.validity_offset)};
}

Column read_numeric(const vdt_column& column, Validity validity, const std::string& what) {
    const std::size_t element =
        column.dtype >= 0 && column.dtype <= UINT8_MAX ? dtype_size(static_cast<Dtype>(column.dtype)) : 0;
    if (element == 0) {
        throw Error(ErrorCode::invalid_argument,
                    what + ": dtype " + std::to_string(column.dtype) + " is none of 1 to 13");
    }
    const std::int64_t stride = column.stride == 0 ? static_cast<std::int64_t>(element) : column.stride;
    check_fits(column.length, magnitude(stride), element, column.byte_length, what);
    if (column.length != 0) require_data(column.data, what, 1);
    return Column::numeric(static_cast<Dtype>(column.dtype), column.data, static_cast<std::size_t>(column.length),
                           static_cast<std::ptrdiff_t>(stride), validity);
}

void read_strings(const vdt_string* strings, std::size_t count, const Validity& validity, const std::string& what,
                  std::vector<std::string_view>& texts) {
    texts.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (validity[i]) texts[i] = to_text(strings[i].data, strings[i].length, what.c_str());
    }
}

Column read_dictionary(const vdt_column& column, Validity validity, const std::string& what, ColumnStorage& storage) {
    if (column.stride != 0 && column.stride != sizeof(std::int32_t)) {
        throw Error(ErrorCode::invalid_argument,
                    what + ": codes are contiguous, stride is " + std::to_string(column.stride));
    }
    check_fits(column.length, sizeof(std::int32_t), sizeof(std::int32_t), column.byte_length, what);
    if (column.length != 0) require_data(column.data, what, alignof(std::int32_t));
    (void)checked_product(column.dictionary_length, sizeof(vdt_string), what.c_str());
    if (column.dictionary_length != 0) require_data(column.dictionary, what + " (dictionary)", alignof(vdt_string));
    read_strings(column.dictionary, static_cast<std::size_t>(column.dictionary_length), {}, what, storage.texts);
    return Column::dictionary({static_cast<const std::int32_t*>(column.data), static_cast<std::size_t>(column.length)},
                              storage.texts, validity);
}

Column read_text(const vdt_column& column, Validity validity, const std::string& what, ColumnStorage& storage) {
    (void)checked_product(checked_sum(column.length, 1, what.c_str()), sizeof(std::int64_t), what.c_str());
    const auto count = static_cast<std::size_t>(column.length);
    storage.texts.resize(count);
    if (count == 0) return Column::strings(storage.texts, validity);
    require_data(column.offsets, what + " (offsets)", alignof(std::int64_t));
    const auto* bytes = static_cast<const char*>(column.data);
    for (std::size_t i = 0; i < count; ++i) {
        const std::int64_t begin = column.offsets[i];
        const std::int64_t end = column.offsets[i + 1];
        if (begin < 0 || end < begin || static_cast<std::uint64_t>(end) > column.byte_length) {
            throw Error(ErrorCode::invalid_argument, what + ": offsets " + std::to_string(begin) + " and " +
                                                         std::to_string(end) + " of value " + std::to_string(i) +
                                                         " do not ascend within the " +
                                                         std::to_string(column.byte_length) + " bytes");
        }
        if (end == begin) continue;
        if (bytes == nullptr) require_data(bytes, what, 1);
        storage.texts[i] = {bytes + begin, static_cast<std::size_t>(end - begin)};
    }
    return Column::strings(storage.texts, validity);
}

Column to_column(const vdt_column& column, const std::string& what, ColumnStorage& storage) {
    const Validity validity = read_validity(column, what);
    switch (column.kind) {
        case VDT_COLUMN_NUMERIC: return read_numeric(column, validity, what);
        case VDT_COLUMN_DICTIONARY: return read_dictionary(column, validity, what, storage);
        case VDT_COLUMN_STRINGS: {
            check_fits(column.length, sizeof(vdt_string), sizeof(vdt_string), column.byte_length, what);
            if (column.length != 0) require_data(column.data, what, alignof(vdt_string));
            read_strings(static_cast<const vdt_string*>(column.data), static_cast<std::size_t>(column.length), validity,
                         what, storage.texts);
            return Column::strings(storage.texts, validity);
        }
        case VDT_COLUMN_TEXT: return read_text(column, validity, what, storage);
        default:
            throw Error(ErrorCode::invalid_argument, what + ": kind " + std::to_string(column.kind) + " is unknown");
    }
}

vdt_column default_column() noexcept {
    vdt_column column{};
    column.struct_size = sizeof column;
    column.dtype = VDT_F64;
    return column;
}

vdt_matrix default_matrix() noexcept {
    vdt_matrix matrix{};
    matrix.struct_size = sizeof matrix;
    matrix.dtype = VDT_F32;
    return matrix;
}

// The element of row `i` of the first column.
const std::byte* row_address(const StridedMatrix& matrix, std::size_t i) noexcept {
    return static_cast<const std::byte*>(matrix.data) + static_cast<std::ptrdiff_t>(i) * matrix.row_stride;
}

}  // namespace

std::uint64_t checked_product(std::uint64_t a, std::uint64_t b, const char* what) {
    std::uint64_t result = 0;
    if (__builtin_mul_overflow(a, b, &result) || result > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
        throw Error(ErrorCode::overflow, std::string(what) + ": " + std::to_string(a) + " x " + std::to_string(b) +
                                             " bytes exceed the address space");
    }
    return result;
}

std::uint64_t checked_sum(std::uint64_t a, std::uint64_t b, const char* what) {
    std::uint64_t result = 0;
    if (__builtin_add_overflow(a, b, &result) || result > static_cast<std::uint64_t>(PTRDIFF_MAX)) {
        throw Error(ErrorCode::overflow, std::string(what) + ": " + std::to_string(a) + " + " + std::to_string(b) +
                                             " exceed the address space");
    }
    return result;
}

BorrowedColumns read_column_list(const vdt_column* columns, std::size_t count) {
    require(columns, "columns");
    const std::uint32_t size = columns->struct_size;
    check_struct_size(size, "columns[0]");
    (void)checked_product(count, size, "columns");
    BorrowedColumns result;
    result.storage.resize(count);
    result.columns.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto* given = reinterpret_cast<const vdt_column*>(reinterpret_cast<const std::byte*>(columns) + i * size);
        const std::string place = "columns[" + std::to_string(i) + "]";
        if (given->struct_size != size) {
            throw Error(ErrorCode::invalid_argument, place + ": struct_size " + std::to_string(given->struct_size) +
                                                         " differs from the " + std::to_string(size) +
                                                         " of the first column");
        }
        const vdt_column column = read_struct(given, default_column(), place.c_str());
        const std::string_view name = to_text(column.name, column.name_length, (place + ".name").c_str());
        result.columns.push_back({name, to_column(column, "column '" + std::string(name) + "'", result.storage[i])});
    }
    return result;
}

BorrowedTable read_columns(const vdt_column* columns, std::size_t count) {
    BorrowedColumns list = read_column_list(columns, count);
    BorrowedTable result;
    result.storage = std::move(list.storage);
    result.table = Table(std::move(list.columns));
    return result;
}

Column read_column(const vdt_column* column, ColumnStorage& storage) {
    require(column, "column");
    return to_column(read_struct(column, default_column(), "column"), "column", storage);
}

template <class T>
void convert_rows(const StridedMatrix& m, std::size_t begin, std::size_t count, std::vector<T>& column, T* rows) {
    for (std::size_t c = 0; c < m.columns; ++c) {
        const std::byte* address = row_address(m, begin) + static_cast<std::ptrdiff_t>(c) * m.column_stride;
        const Column source = Column::numeric(m.dtype, address, count, static_cast<std::ptrdiff_t>(m.row_stride));
        if constexpr (sizeof(T) == sizeof(float)) {
            source.copy_as_float(0, count, column.data());
        } else {
            source.copy_as_double(0, count, column.data());
        }
        for (std::size_t i = 0; i < count; ++i) rows[i * m.columns + c] = column[i];
    }
}

template void convert_rows<float>(const StridedMatrix&, std::size_t, std::size_t, std::vector<float>&, float*);
template void convert_rows<double>(const StridedMatrix&, std::size_t, std::size_t, std::vector<double>&, double*);

template <class T>
std::vector<T> copy_matrix(const StridedMatrix& matrix) {
    (void)checked_product(matrix.rows, checked_product(matrix.columns, sizeof(T), "matrix"), "matrix");
    std::vector<T> rows(matrix.rows * matrix.columns);
    std::vector<T> column(matrix.rows);
    convert_rows(matrix, 0, matrix.rows, column, rows.data());
    return rows;
}

template std::vector<float> copy_matrix<float>(const StridedMatrix&);
template std::vector<double> copy_matrix<double>(const StridedMatrix&);

std::uint64_t matrix_extent(const StridedMatrix& matrix) {
    if (matrix.rows == 0 || matrix.columns == 0) return 0;
    const std::uint64_t down = checked_product(matrix.rows - 1, magnitude(matrix.row_stride), "matrix");
    const std::uint64_t across = checked_product(matrix.columns - 1, magnitude(matrix.column_stride), "matrix");
    return checked_sum(checked_sum(down, across, "matrix"), dtype_size(matrix.dtype), "matrix");
}

StridedMatrix read_matrix(const vdt_matrix* given) {
    require(given, "rows");
    const vdt_matrix matrix = read_struct(given, default_matrix(), "rows");
    const std::size_t element =
        matrix.dtype >= 0 && matrix.dtype <= UINT8_MAX ? dtype_size(static_cast<Dtype>(matrix.dtype)) : 0;
    if (element == 0) {
        throw Error(ErrorCode::invalid_argument,
                    "matrix: dtype " + std::to_string(matrix.dtype) + " is none of 1 to 13");
    }
    StridedMatrix result;
    result.dtype = static_cast<Dtype>(matrix.dtype);
    result.data = matrix.data;
    result.rows = static_cast<std::size_t>(matrix.rows);
    result.columns = static_cast<std::size_t>(matrix.columns);
    result.column_stride = matrix.column_stride == 0 ? static_cast<std::int64_t>(element) : matrix.column_stride;
    result.row_stride = matrix.row_stride;
    if (result.row_stride == 0) {
        result.row_stride =
            static_cast<std::int64_t>(checked_product(matrix.columns, magnitude(result.column_stride), "matrix"));
    }
    const std::uint64_t extent = matrix_extent(result);
    if (extent > matrix.byte_length) {
        throw Error(ErrorCode::invalid_argument, "matrix: " + std::to_string(matrix.rows) + " x " +
                                                     std::to_string(matrix.columns) + " elements take " +
                                                     std::to_string(extent) + " bytes, byte_length is " +
                                                     std::to_string(matrix.byte_length));
    }
    return result;
}

void observe_matrix(Window& window, const StridedMatrix& matrix) {
    const std::size_t features = window.baseline().feature_count();
    if (matrix.columns != features) {
        throw Error(ErrorCode::dimension_mismatch, "the matrix has " + std::to_string(matrix.columns) +
                                                       " columns, the baseline " + std::to_string(features) +
                                                       " features");
    }
    const auto count = [&](const auto& rows) { window.observe(rows); };
    if (is_narrow(matrix.dtype)) {
        visit_rows<float>(matrix, count);
    } else {
        visit_rows<double>(matrix, count);
    }
}

}  // namespace vedette::inline v0::capi

using namespace vedette::capi;

extern "C" {

void vdt_column_init(vdt_column* column, size_t size) noexcept {
    init_struct(column, size, default_column());
}
void vdt_matrix_init(vdt_matrix* matrix, size_t size) noexcept {
    init_struct(matrix, size, default_matrix());
}

}  // extern "C"
