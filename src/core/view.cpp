// SPDX-License-Identifier: Apache-2.0
// The checks of views, and the conversions of type-erased columns.
#include "vedette/core/view.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0 {

namespace {

constexpr std::size_t max_extent = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

bool extent_fits(std::size_t size, std::size_t stride, std::size_t stride_unit, std::size_t element) noexcept {
    if (size == 0) return true;
    std::size_t step = 0;
    std::size_t bytes = 0;
    return !__builtin_mul_overflow(stride, stride_unit, &step) && !__builtin_mul_overflow(step, size - 1, &bytes) &&
           !__builtin_add_overflow(bytes, element, &bytes) && bytes <= max_extent;
}

std::size_t magnitude(std::ptrdiff_t value) noexcept {
    return value < 0 ? std::size_t{0} - static_cast<std::size_t>(value) : static_cast<std::size_t>(value);
}

[[noreturn]] void refuse_null(const char* argument, std::size_t size) {
    throw Error(ErrorCode::invalid_argument,
                std::string(argument) + ": data is null but the size is " + std::to_string(size));
}

[[noreturn]] void refuse_extent(const char* argument, const std::string& size) {
    throw Error(ErrorCode::overflow,
                std::string(argument) + ": " + size + " exceed the limit of " + std::to_string(max_extent) + " bytes");
}

// Reads element types that have no C++ type of their own as their bits.
struct Half {
    std::uint16_t bits;
};
struct Bfloat16 {
    std::uint16_t bits;
};
struct Boolean {
    std::uint8_t byte;
};

template <class Out, class In>
Out convert(In value) noexcept {
    if constexpr (std::is_same_v<In, Half>) {
        return static_cast<Out>(half_to_float(value.bits));
    } else if constexpr (std::is_same_v<In, Bfloat16>) {
        return static_cast<Out>(bfloat16_to_float(value.bits));
    } else if constexpr (std::is_same_v<In, Boolean>) {
        return value.byte != 0 ? Out{1} : Out{0};
    } else {
        return static_cast<Out>(value);
    }
}

template <class In>
In load(const std::byte* address) noexcept {
    In value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

// Calls `body` with a value of the C++ type that stands for `dtype`.
template <class Body>
void with_type(Dtype dtype, Body&& body) noexcept {
    switch (dtype) {
        case Dtype::f32: return body(float{});
        case Dtype::f64: return body(double{});
        case Dtype::i8: return body(std::int8_t{});
        case Dtype::i16: return body(std::int16_t{});
        case Dtype::i32: return body(std::int32_t{});
        case Dtype::i64: return body(std::int64_t{});
        case Dtype::u8: return body(std::uint8_t{});
        case Dtype::u16: return body(std::uint16_t{});
        case Dtype::u32: return body(std::uint32_t{});
        case Dtype::u64: return body(std::uint64_t{});
        case Dtype::boolean: return body(Boolean{});
        case Dtype::f16: return body(Half{});
        case Dtype::bf16: return body(Bfloat16{});
    }
}

template <class In, class Out>
void convert_run(const std::byte* from, std::ptrdiff_t stride, std::size_t count, Out* out) noexcept {
    if (stride == static_cast<std::ptrdiff_t>(sizeof(In))) {  // a constant stride lets the compiler vectorise
        for (std::size_t i = 0; i < count; ++i) out[i] = convert<Out>(load<In>(from + i * sizeof(In)));
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        out[i] = convert<Out>(load<In>(from + static_cast<std::ptrdiff_t>(i) * stride));
    }
}

}  // namespace

namespace detail {

void check_extent(const void* data, std::size_t size, std::ptrdiff_t stride, std::size_t stride_unit,
                  const char* argument) {
    if (size != 0 && data == nullptr) refuse_null(argument, size);
    if (!extent_fits(size, magnitude(stride), stride_unit, stride_unit)) {
        refuse_extent(argument, std::to_string(size) + " elements with stride " + std::to_string(stride));
    }
}

void check_matrix(const void* data, std::size_t rows, std::size_t columns, std::size_t stride, std::size_t inner,
                  std::size_t element_size) {
    // Told only where something is wrong: views of single rows are made on paths that must not allocate.
    const auto size = [&] { return std::to_string(rows) + " x " + std::to_string(columns) + " elements"; };
    if (rows != 0 && columns != 0 && data == nullptr) {
        throw Error(ErrorCode::invalid_argument, "matrix: data is null but the size is " + size());
    }
    if (stride < inner) {
        throw Error(ErrorCode::invalid_argument,
                    "matrix: stride " + std::to_string(stride) + " is below the line length " + std::to_string(inner));
    }
    // The last line needs only `inner` elements: (rows - 1) * stride + inner.
    std::size_t elements = 0;
    std::size_t bytes = 0;
    if (rows != 0 &&
        (__builtin_mul_overflow(rows - 1, stride, &elements) || __builtin_add_overflow(elements, inner, &elements) ||
         __builtin_mul_overflow(elements, element_size, &bytes) || bytes > max_extent)) {
        refuse_extent("matrix", size() + " with stride " + std::to_string(stride));
    }
}

}  // namespace detail

Column Column::numeric(Dtype dtype, const void* data, std::size_t size, std::ptrdiff_t stride_bytes,
                       Validity validity) {
    const std::size_t element = dtype_size(dtype);
    if (element == 0) {
        throw Error(ErrorCode::invalid_argument,
                    "column: dtype " + std::to_string(static_cast<unsigned>(dtype)) + " is none of 1 to 13");
    }
    if (size != 0 && data == nullptr) refuse_null("column", size);
    if (!extent_fits(size, magnitude(stride_bytes), 1, element)) {
        refuse_extent("column",
                      std::to_string(size) + " elements with a stride of " + std::to_string(stride_bytes) + " bytes");
    }
    Column column;
    column.dtype_ = dtype;
    column.size_ = size;
    column.data_ = data;
    column.stride_ = stride_bytes;
    column.validity_ = validity;
    return column;
}

Column Column::dictionary(std::span<const std::int32_t> codes, std::span<const std::string_view> dictionary,
                          Validity validity) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
        if (codes[i] >= 0 && static_cast<std::size_t>(codes[i]) >= dictionary.size() && validity[i]) {
            throw Error(ErrorCode::invalid_argument, "column: code " + std::to_string(codes[i]) + " at row " +
                                                         std::to_string(i) + " is outside the dictionary of " +
                                                         std::to_string(dictionary.size()) + " entries");
        }
    }
    Column column;
    column.kind_ = ColumnKind::dictionary;
    column.dtype_ = Dtype::i32;
    column.size_ = codes.size();
    column.data_ = codes.data();
    column.stride_ = sizeof(std::int32_t);
    column.validity_ = validity;
    column.texts_ = dictionary.data();
    column.texts_size_ = dictionary.size();
    return column;
}

Column Column::strings(std::span<const std::string_view> values, Validity validity) {
    Column column;
    column.kind_ = ColumnKind::strings;
    column.dtype_ = Dtype::u8;
    column.size_ = values.size();
    column.stride_ = 0;
    column.validity_ = validity;
    column.texts_ = values.data();
    column.data_ = values.data();
    return column;
}

double Column::number(std::size_t i) const noexcept {
    double value = std::numeric_limits<double>::quiet_NaN();
    if (kind_ == ColumnKind::numeric && validity_[i]) {
        const std::byte* address = static_cast<const std::byte*>(data_) + static_cast<std::ptrdiff_t>(i) * stride_;
        with_type(dtype_, [&](auto type) { value = convert<double>(load<decltype(type)>(address)); });
    }
    return value;
}

std::string_view Column::text(std::size_t i) const noexcept {
    if (kind_ == ColumnKind::numeric || !is_valid(i)) return {};
    return kind_ == ColumnKind::strings ? texts_[i] : texts_[static_cast<std::size_t>(code(i))];
}

template <class Out>
void Column::copy_as(std::size_t begin, std::size_t count, Out* out, bool* valid) const noexcept {
    constexpr Out nan = std::numeric_limits<Out>::quiet_NaN();
    if (count == 0) return;
    if (kind_ == ColumnKind::numeric) {
        const std::byte* from = static_cast<const std::byte*>(data_) + static_cast<std::ptrdiff_t>(begin) * stride_;
        with_type(dtype_, [&](auto type) { convert_run<decltype(type)>(from, stride_, count, out); });
    } else {
        std::fill_n(out, count, nan);
    }
    if (kind_ != ColumnKind::dictionary && validity_.bits == nullptr) {
        if (valid != nullptr) std::fill_n(valid, count, true);
        return;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const bool is_set = is_valid(begin + i);
        if (!is_set) out[i] = nan;
        if (valid != nullptr) valid[i] = is_set;
    }
}

void Column::copy_as_double(std::size_t begin, std::size_t count, double* out, bool* valid) const noexcept {
    copy_as(begin, count, out, valid);
}

void Column::copy_as_float(std::size_t begin, std::size_t count, float* out, bool* valid) const noexcept {
    copy_as(begin, count, out, valid);
}

Table::Table(std::vector<NamedColumn> columns) : columns_(std::move(columns)), by_name_(columns_.size()) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        by_name_[i] = i;
        if (columns_[i].name.empty()) {
            throw Error(ErrorCode::invalid_argument, "table: the name of column " + std::to_string(i) + " is empty");
        }
        if (columns_[i].column.size() != rows()) {
            throw Error(ErrorCode::dimension_mismatch, "table: column '" + std::string(columns_[i].name) + "' has " +
                                                           std::to_string(columns_[i].column.size()) +
                                                           " rows, the first column has " + std::to_string(rows()));
        }
    }
    std::sort(by_name_.begin(), by_name_.end(),
              [this](std::size_t a, std::size_t b) { return columns_[a].name < columns_[b].name; });
    for (std::size_t i = 1; i < by_name_.size(); ++i) {
        if (columns_[by_name_[i]].name == columns_[by_name_[i - 1]].name) {
            throw Error(ErrorCode::invalid_argument,
                        "table: the column name '" + std::string(columns_[by_name_[i]].name) + "' is repeated");
        }
    }
}

const Column* Table::find(std::string_view name) const noexcept {
    const auto found = std::lower_bound(by_name_.begin(), by_name_.end(), name,
                                        [this](std::size_t i, std::string_view n) { return columns_[i].name < n; });
    if (found == by_name_.end() || columns_[*found].name != name) return nullptr;
    return &columns_[*found].column;
}

}  // namespace vedette::inline v0
