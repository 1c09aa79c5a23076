// SPDX-License-Identifier: Apache-2.0
// Reads Arrow record batches: what the interface states is checked, what it cannot state (buffer sizes) is trusted.
#include "arrow.hpp"

#include <cstring>
#include <string>
#include <string_view>

#include "fence.hpp"
#include "structs.hpp"
#include "vedette/core/dtype.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

namespace {

// One column of a batch: the elements [begin, begin + length) of a child, and the words to complain with.
struct Child {
    const ArrowSchema* schema;
    const ArrowArray* array;
    std::size_t begin;
    std::size_t length;
    std::string what;
};

[[noreturn]] void refuse(ErrorCode code, const std::string& what, const std::string& why) {
    throw Error(code, what + ": " + why);
}

// Reads an element from memory that need not be aligned.
template <class T>
T load(const void* data, std::size_t index) noexcept {
    T value;
    std::memcpy(&value, static_cast<const std::byte*>(data) + index * sizeof(T), sizeof value);
    return value;
}

void check_array(const ArrowSchema* schema, const ArrowArray* array, const std::string& what) {
    if (schema == nullptr || array == nullptr) refuse(ErrorCode::invalid_argument, what, "schema or array is NULL");
    if (schema->format == nullptr) refuse(ErrorCode::invalid_argument, what, "the format is NULL");
    if (array->length < 0 || array->offset < 0 || array->null_count < -1 || array->n_buffers < 0) {
        refuse(ErrorCode::invalid_argument, what, "a negative length, offset, null count or number of buffers");
    }
    (void)checked_sum(static_cast<std::uint64_t>(array->length), static_cast<std::uint64_t>(array->offset),
                      what.c_str());
}

const void* buffer(const Child& child, std::int64_t index, std::int64_t expected) {
    if (child.array->n_buffers != expected) {
        refuse(
            ErrorCode::invalid_argument, child.what,
            "has " + std::to_string(child.array->n_buffers) + " buffers, its format needs " + std::to_string(expected));
    }
    if (child.array->buffers == nullptr) refuse(ErrorCode::invalid_argument, child.what, "buffers is NULL");
    return child.array->buffers[index];
}

const void* data_buffer(const Child& child, std::int64_t index, std::int64_t expected) {
    const void* data = buffer(child, index, expected);
    if (data == nullptr && child.length != 0) {
        refuse(ErrorCode::invalid_argument, child.what, "buffer " + std::to_string(index) + " is NULL");
    }
    return data;
}

Validity validity_of(const Child& child, std::int64_t buffers) {
    const auto* bits = static_cast<const std::uint8_t*>(buffer(child, 0, buffers));
    if (bits == nullptr && child.array->null_count > 0) {
        refuse(ErrorCode::invalid_argument, child.what,
               "counts " + std::to_string(child.array->null_count) + " nulls but has no validity bitmap");
    }
    return child.array->null_count == 0 ? Validity{} : Validity{bits, child.begin};
}

Dtype dtype_of_format(std::string_view format) noexcept {
    if (format.size() != 1) return Dtype{};
    switch (format[0]) {
        case 'c': return Dtype::i8;
        case 'C': return Dtype::u8;
        case 's': return Dtype::i16;
        case 'S': return Dtype::u16;
        case 'i': return Dtype::i32;
        case 'I': return Dtype::u32;
        case 'l': return Dtype::i64;
        case 'L': return Dtype::u64;
        case 'e': return Dtype::f16;
        case 'f': return Dtype::f32;
        case 'g': return Dtype::f64;
        default: return Dtype{};
    }
}

[[noreturn]] void refuse_format(const Child& child) {
    refuse(ErrorCode::type_mismatch, child.what,
           "the Arrow format '" + std::string(child.schema->format) +
               "' is not supported: only bool, integers, f16, f32, f64, utf8, large utf8 and dictionaries of utf8");
}

// The texts of a utf8 array, valid elements only.
template <class Offset>
void read_texts(const Child& child, const Validity& validity, std::vector<std::string_view>& texts) {
    texts.assign(child.length, {});
    if (child.length == 0) return;
    const void* offsets = data_buffer(child, 1, 3);
    const auto* bytes = static_cast<const char*>(buffer(child, 2, 3));
    for (std::size_t i = 0; i < child.length; ++i) {
        const auto begin = load<Offset>(offsets, child.begin + i);
        const auto end = load<Offset>(offsets, child.begin + i + 1);
        if (begin < 0 || end < begin) {
            refuse(ErrorCode::invalid_argument, child.what,
                   "the offsets of value " + std::to_string(i) + " do not ascend: " + std::to_string(begin) + ", " +
                       std::to_string(end));
        }
        if (!validity[i] || end == begin) continue;
        if (bytes == nullptr) refuse(ErrorCode::invalid_argument, child.what, "the buffer of bytes is NULL");
        texts[i] = {bytes + begin, static_cast<std::size_t>(end - begin)};
    }
}

bool read_utf8(const Child& child, const Validity& validity, std::vector<std::string_view>& texts) {
    const std::string_view format = child.schema->format;
    if (format == "u") {
        read_texts<std::int32_t>(child, validity, texts);
    } else if (format == "U") {
        read_texts<std::int64_t>(child, validity, texts);
    } else {
        return false;
    }
    return true;
}

// Whether element `i` of a column is a code below `size`; the code, as a number that fits.
template <class T>
std::int32_t read_code(const void* data, std::size_t index, std::size_t size, const Child& child) {
    const T code = load<T>(data, index);
    if constexpr (std::is_signed_v<T>) {
        if (code < 0) refuse(ErrorCode::invalid_argument, child.what, "a dictionary code is negative");
    }
    if (static_cast<std::uint64_t>(code) >= size) {
        refuse(ErrorCode::invalid_argument, child.what,
               "the dictionary code " + std::to_string(code) + " is outside the dictionary of " + std::to_string(size) +
                   " entries");
    }
    return static_cast<std::int32_t>(code);
}

Column read_dictionary(const Child& child, ColumnStorage& storage) {
    const ArrowSchema* schema = child.schema->dictionary;
    const ArrowArray* array = child.array->dictionary;
    const std::string what = child.what + " (dictionary)";
    check_array(schema, array, what);
    if (array->length > INT32_MAX) refuse(ErrorCode::overflow, what, "holds more than 2^31 - 1 entries");
    const Child entries{schema, array, static_cast<std::size_t>(array->offset), static_cast<std::size_t>(array->length),
                        what};
    if (schema->dictionary != nullptr ||
        (std::string_view(schema->format) != "u" && std::string_view(schema->format) != "U")) {
        refuse_format(entries);
    }
    const Validity valid_entries = validity_of(entries, 3);
    (void)read_utf8(entries, valid_entries, storage.texts);

    const Validity validity = validity_of(child, 2);
    const void* codes = data_buffer(child, 1, 2);
    const Dtype dtype = dtype_of_format(child.schema->format);
    storage.codes.assign(child.length, -1);
    const auto convert = [&]<class T>(T /*type*/) {
        for (std::size_t i = 0; i < child.length; ++i) {
            if (!validity[i]) continue;
            const std::int32_t code = read_code<T>(codes, child.begin + i, storage.texts.size(), child);
            if (valid_entries[static_cast<std::size_t>(code)]) storage.codes[i] = code;
        }
    };
    switch (dtype) {
        case Dtype::i8: convert(std::int8_t{}); break;
        case Dtype::u8: convert(std::uint8_t{}); break;
        case Dtype::i16: convert(std::int16_t{}); break;
        case Dtype::u16: convert(std::uint16_t{}); break;
        case Dtype::i32: convert(std::int32_t{}); break;
        case Dtype::u32: convert(std::uint32_t{}); break;
        case Dtype::i64: convert(std::int64_t{}); break;
        case Dtype::u64: convert(std::uint64_t{}); break;
        default: refuse_format(child);
    }
    return Column::dictionary(storage.codes, storage.texts);
}

Column read_boolean(const Child& child, ColumnStorage& storage) {
    const Validity validity = validity_of(child, 2);
    const Validity values{static_cast<const std::uint8_t*>(data_buffer(child, 1, 2)), child.begin};
    storage.bytes.resize(child.length);
    for (std::size_t i = 0; i < child.length; ++i) storage.bytes[i] = values[i] ? 1 : 0;
    return Column::numeric(Dtype::boolean, storage.bytes.data(), child.length, 1, validity);
}

Column read_child(const Child& child, ColumnStorage& storage) {
    if ((child.schema->dictionary == nullptr) != (child.array->dictionary == nullptr)) {
        refuse(ErrorCode::invalid_argument, child.what, "a dictionary is in the schema or the array alone");
    }
    if (child.schema->dictionary != nullptr) return read_dictionary(child, storage);
    const std::string_view format = child.schema->format;
    if (format == "b") return read_boolean(child, storage);
    if (format == "u" || format == "U") {
        const Validity validity = validity_of(child, 3);
        (void)read_utf8(child, validity, storage.texts);
        return Column::strings(storage.texts, validity);
    }
    const Dtype dtype = dtype_of_format(format);
    const std::size_t element = dtype_size(dtype);
    if (element == 0) refuse_format(child);
    const Validity validity = validity_of(child, 2);
    const auto* data = static_cast<const std::byte*>(data_buffer(child, 1, 2));
    (void)checked_product(child.begin + child.length, element, child.what.c_str());
    return Column::numeric(dtype, child.length == 0 ? data : data + child.begin * element, child.length,
                           static_cast<std::ptrdiff_t>(element), validity);
}

// A record batch has no nulls of its own: a row is there, or it is not.
void refuse_null_rows(const ArrowArray& batch) {
    if (batch.null_count == 0 || batch.n_buffers == 0 || batch.buffers == nullptr) return;
    const Validity validity{static_cast<const std::uint8_t*>(batch.buffers[0]), static_cast<std::size_t>(batch.offset)};
    if (validity.bits == nullptr) return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.length); ++i) {
        if (!validity[i]) refuse(ErrorCode::invalid_argument, "batch", "row " + std::to_string(i) + " is null");
    }
}

}  // namespace

BorrowedTable read_arrow(const ArrowSchema* schema, const ArrowArray* batch) {
    check_array(schema, batch, "batch");
    if (schema->release == nullptr || batch->release == nullptr) {
        refuse(ErrorCode::invalid_argument, "batch", "the schema or the array has been released");
    }
    if (std::string_view(schema->format) != "+s") {
        refuse(ErrorCode::type_mismatch, "batch",
               "the Arrow format '" + std::string(schema->format) + "' is not that of a struct ('+s')");
    }
    if (schema->n_children != batch->n_children || schema->n_children < 0) {
        refuse(ErrorCode::dimension_mismatch, "batch",
               "the schema has " + std::to_string(schema->n_children) + " columns, the array " +
                   std::to_string(batch->n_children));
    }
    const auto count = static_cast<std::size_t>(schema->n_children);
    if (count != 0) {
        require(schema->children, "schema.children");
        require(batch->children, "batch.children");
    }
    refuse_null_rows(*batch);
    BorrowedTable result;
    result.storage.resize(count);
    std::vector<NamedColumn> named;
    named.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const ArrowSchema* child_schema = schema->children[i];
        const ArrowArray* child_array = batch->children[i];
        const bool has_name = child_schema != nullptr && child_schema->name != nullptr;
        const std::string_view name = has_name ? child_schema->name : "";
        Child child{child_schema, child_array, 0, static_cast<std::size_t>(batch->length),
                    "column '" + std::string(name) + "'"};
        check_array(child_schema, child_array, child.what);
        if (child_array->length < batch->offset + batch->length) {
            refuse(ErrorCode::dimension_mismatch, child.what,
                   "has " + std::to_string(child_array->length) + " values, the batch needs " +
                       std::to_string(batch->offset + batch->length));
        }
        child.begin = static_cast<std::size_t>(checked_sum(static_cast<std::uint64_t>(child_array->offset),
                                                           static_cast<std::uint64_t>(batch->offset), "batch"));
        named.push_back({name, read_child(child, result.storage[i])});
    }
    result.table = Table(std::move(named));
    return result;
}

}  // namespace vedette::inline v0::capi
