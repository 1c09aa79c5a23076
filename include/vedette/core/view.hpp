// SPDX-License-Identifier: Apache-2.0
// Non-owning views of the caller's data: strided columns and matrices, and tables of named columns of any type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "vedette/core/dtype.hpp"

namespace vedette::inline v0 {

namespace detail {
/// Throws invalid_argument for null data with elements, overflow when the view's extent exceeds PTRDIFF_MAX bytes.
void check_extent(const void* data, std::size_t size, std::ptrdiff_t stride, std::size_t stride_unit,
                  const char* argument);
void check_matrix(const void* data, std::size_t rows, std::size_t columns, std::size_t stride, std::size_t inner,
                  std::size_t element_size);
}  // namespace detail

/// `size` elements, `stride` elements apart (negative and zero are allowed). Indexing is unchecked.
template <class T>
class ColumnView {
  public:
    using value_type = T;

    constexpr ColumnView() noexcept = default;
    /// Throws invalid_argument for null data with elements, overflow when the extent does not fit.
    ColumnView(const T* data, std::size_t size, std::ptrdiff_t stride = 1) : data_(data), size_(size), stride_(stride) {
        detail::check_extent(data, size, stride, sizeof(T), "column");
    }
    ColumnView(std::span<const T> values) noexcept : data_(values.data()), size_(values.size()) {}
    ColumnView(const std::vector<T>& values) noexcept requires(!std::is_same_v<T, bool>)
        : data_(values.data()), size_(values.size()) {}

    [[nodiscard]] constexpr const T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr std::ptrdiff_t stride() const noexcept { return stride_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr bool is_contiguous() const noexcept { return stride_ == 1 || size_ <= 1; }
    [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept {
        return data_[static_cast<std::ptrdiff_t>(i) * stride_];
    }

  private:
    template <class U>
    friend class MatrixView;

    struct Unchecked {};
    constexpr ColumnView(Unchecked, const T* data, std::size_t size, std::ptrdiff_t stride) noexcept
        : data_(data), size_(size), stride_(stride) {}

    const T* data_ = nullptr;
    std::size_t size_ = 0;
    std::ptrdiff_t stride_ = 1;
};

/// A matrix of rows x columns in either order. Element access is unchecked.
template <class T>
class MatrixView {
  public:
    using value_type = T;

    constexpr MatrixView() noexcept = default;

    /// Row i begins `row_stride` elements after row i - 1; 0 means `columns`. Throws invalid_argument for null data
    /// with elements or a stride below `columns`, overflow when the extent does not fit.
    [[nodiscard]] static MatrixView row_major(const T* data, std::size_t rows, std::size_t columns,
                                              std::size_t row_stride = 0) {
        if (row_stride == 0) row_stride = columns;
        detail::check_matrix(data, rows, columns, row_stride, columns, sizeof(T));
        return {data, rows, columns, static_cast<std::ptrdiff_t>(row_stride), 1};
    }
    /// Column j begins `column_stride` elements after column j - 1; 0 means `rows`. Errors as `row_major`.
    [[nodiscard]] static MatrixView column_major(const T* data, std::size_t rows, std::size_t columns,
                                                 std::size_t column_stride = 0) {
        if (column_stride == 0) column_stride = rows;
        detail::check_matrix(data, columns, rows, column_stride, rows, sizeof(T));
        return {data, rows, columns, 1, static_cast<std::ptrdiff_t>(column_stride)};
    }

    [[nodiscard]] constexpr const T* data() const noexcept { return data_; }
    [[nodiscard]] constexpr std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] constexpr std::size_t columns() const noexcept { return columns_; }
    [[nodiscard]] constexpr std::ptrdiff_t row_stride() const noexcept { return row_stride_; }
    [[nodiscard]] constexpr std::ptrdiff_t column_stride() const noexcept { return column_stride_; }
    /// Whether the elements of one row are neighbours.
    [[nodiscard]] constexpr bool is_row_major() const noexcept { return column_stride_ == 1; }

    [[nodiscard]] constexpr const T& operator()(std::size_t i, std::size_t j) const noexcept {
        return data_[static_cast<std::ptrdiff_t>(i) * row_stride_ + static_cast<std::ptrdiff_t>(j) * column_stride_];
    }
    [[nodiscard]] constexpr ColumnView<T> row(std::size_t i) const noexcept {
        return {typename ColumnView<T>::Unchecked{}, offset(i, row_stride_), columns_, column_stride_};
    }
    [[nodiscard]] constexpr ColumnView<T> column(std::size_t j) const noexcept {
        return {typename ColumnView<T>::Unchecked{}, offset(j, column_stride_), rows_, row_stride_};
    }

  private:
    constexpr MatrixView(const T* data, std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
                         std::ptrdiff_t column_stride) noexcept
        : data_(data), rows_(rows), columns_(columns), row_stride_(row_stride), column_stride_(column_stride) {}

    [[nodiscard]] constexpr const T* offset(std::size_t i, std::ptrdiff_t stride) const noexcept {
        return rows_ == 0 || columns_ == 0 ? data_ : data_ + static_cast<std::ptrdiff_t>(i) * stride;
    }

    const T* data_ = nullptr;
    std::size_t rows_ = 0;
    std::size_t columns_ = 0;
    std::ptrdiff_t row_stride_ = 1;
    std::ptrdiff_t column_stride_ = 1;
};

/// An Arrow-style bitmap, least significant bit first: element i is valid when bit `offset + i` is set. Without bits
/// every element is valid. The bitmap must hold offset + size bits.
struct Validity {
    const std::uint8_t* bits = nullptr;
    std::size_t offset = 0;

    [[nodiscard]] constexpr bool operator[](std::size_t i) const noexcept {
        return bits == nullptr || ((bits[(offset + i) >> 3] >> ((offset + i) & 7)) & 1) != 0;
    }
};

enum class ColumnKind : std::uint8_t { numeric, dictionary, strings };

/// A column of a table, its element type known at run time: numbers (strided), or categories as a dictionary with
/// codes or as plain strings. Refers to the caller's memory, which must outlive it. Indices are unchecked; accessors
/// are noexcept, allocation-free and safe for concurrent use.
class Column {
  public:
    /// An empty numeric column of f64.
    Column() noexcept = default;

    template <Element T>
    [[nodiscard]] static Column numeric(std::span<const T> values, Validity validity = {}) {
        return numeric(dtype_of<T>, values.data(), values.size(), static_cast<std::ptrdiff_t>(sizeof(T)), validity);
    }
    template <Element T>
    [[nodiscard]] static Column numeric(ColumnView<T> values, Validity validity = {}) {
        return numeric(dtype_of<T>, values.data(), values.size(),
                       values.stride() * static_cast<std::ptrdiff_t>(sizeof(T)), validity);
    }
    template <Element T>
    [[nodiscard]] static Column numeric(const std::vector<T>& values,
                                        Validity validity = {}) requires(!std::is_same_v<T, bool>) {
        return numeric(std::span<const T>(values), validity);
    }
    /// `size` elements, `stride_bytes` apart; no alignment is required. Throws invalid_argument for null data with
    /// elements or a value that is no Dtype, overflow when the extent does not fit.
    [[nodiscard]] static Column numeric(Dtype dtype, const void* data, std::size_t size, std::ptrdiff_t stride_bytes,
                                        Validity validity = {});
    /// A negative code is null. Throws invalid_argument for a code beyond the dictionary; O(n).
    [[nodiscard]] static Column dictionary(std::span<const std::int32_t> codes,
                                           std::span<const std::string_view> dictionary, Validity validity = {});
    [[nodiscard]] static Column strings(std::span<const std::string_view> values, Validity validity = {});

    [[nodiscard]] ColumnKind kind() const noexcept { return kind_; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool is_numeric() const noexcept { return kind_ == ColumnKind::numeric; }
    /// The element type of a numeric column; i32 for a dictionary's codes; u8 for strings.
    [[nodiscard]] Dtype dtype() const noexcept { return dtype_; }
    /// The first element of a numeric column, the first code of a dictionary column, the first view of strings.
    [[nodiscard]] const void* data() const noexcept { return data_; }
    [[nodiscard]] std::ptrdiff_t stride_bytes() const noexcept { return stride_; }
    [[nodiscard]] Validity validity() const noexcept { return validity_; }

    /// False when element i is null. A NaN is valid.
    [[nodiscard]] bool is_valid(std::size_t i) const noexcept {
        return validity_[i] && (kind_ != ColumnKind::dictionary || code(i) >= 0);
    }
    /// Element i of a numeric column; 64-bit integers are rounded to the nearest double. NaN for a null element or a
    /// categorical column.
    [[nodiscard]] double number(std::size_t i) const noexcept;
    /// Element i of a categorical column; empty for a null element or a numeric column.
    [[nodiscard]] std::string_view text(std::size_t i) const noexcept;
    /// The code of element i of a dictionary column (the validity bitmap is not consulted).
    [[nodiscard]] std::int32_t code(std::size_t i) const noexcept { return static_cast<const std::int32_t*>(data_)[i]; }
    [[nodiscard]] std::span<const std::string_view> dictionary() const noexcept { return {texts_, texts_size_}; }

    /// Writes elements [begin, begin + count) of a numeric column as doubles (floats: rounded, beyond the range
    /// +-Inf) to `out`, NaN where null; `valid`, unless null, gets the validity. The caller keeps the range inside.
    /// A categorical column gives NaN everywhere. O(count), without a branch on the type per element.
    void copy_as_double(std::size_t begin, std::size_t count, double* out, bool* valid = nullptr) const noexcept;
    void copy_as_float(std::size_t begin, std::size_t count, float* out, bool* valid = nullptr) const noexcept;

  private:
    template <class Out>
    void copy_as(std::size_t begin, std::size_t count, Out* out, bool* valid) const noexcept;

    ColumnKind kind_ = ColumnKind::numeric;
    Dtype dtype_ = Dtype::f64;
    std::size_t size_ = 0;
    const void* data_ = nullptr;
    std::ptrdiff_t stride_ = 8;
    Validity validity_;
    const std::string_view* texts_ = nullptr;
    std::size_t texts_size_ = 0;
};

struct NamedColumn {
    std::string_view name;
    Column column;
};

/// Named columns of equal length. Owns only the list of columns, neither names nor data.
class Table {
  public:
    Table() = default;
    /// Throws dimension_mismatch for columns of different lengths, invalid_argument for an empty or repeated name.
    explicit Table(std::vector<NamedColumn> columns);

    [[nodiscard]] std::size_t rows() const noexcept { return columns_.empty() ? 0 : columns_.front().column.size(); }
    [[nodiscard]] std::span<const NamedColumn> columns() const noexcept { return columns_; }
    [[nodiscard]] std::size_t column_count() const noexcept { return columns_.size(); }
    /// The column of that name, or null; O(log columns).
    [[nodiscard]] const Column* find(std::string_view name) const noexcept;

  private:
    std::vector<NamedColumn> columns_;
    std::vector<std::size_t> by_name_;
};

}  // namespace vedette::inline v0
