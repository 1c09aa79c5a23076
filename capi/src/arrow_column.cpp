// SPDX-License-Identifier: Apache-2.0
// Reads one array: what the interface states is checked, as far as the level says; what it cannot state (the sizes of
// buffers) is trusted.
#include "arrow_column.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "fence.hpp"
#include "structs.hpp"
#include "vedette/core/dtype.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::capi {

void check_array(const ArrowSchema* schema, const ArrowArray* array, const std::string& what, ArrowLevel level) {
    if (level == ArrowLevel::none) return;
    if (schema == nullptr || array == nullptr)
        refuse_arrow(ErrorCode::invalid_argument, what, "schema or array is NULL");
    if (schema->format == nullptr) refuse_arrow(ErrorCode::invalid_argument, what, "the format is NULL");
    // A child or a dictionary that was moved away holds pointers to memory that may be gone.
    if (array->release == nullptr) refuse_arrow(ErrorCode::invalid_argument, what, "the array has been released");
    if (array->length < 0 || array->offset < 0 || array->null_count < -1 || array->n_buffers < 0) {
        refuse_arrow(ErrorCode::invalid_argument, what, "a negative length, offset, null count or number of buffers");
    }
    (void)checked_sum(static_cast<std::uint64_t>(array->length), static_cast<std::uint64_t>(array->offset),
                      what.c_str());
}

std::size_t child_count(const ArrowChild& child) {
    if (child.level == ArrowLevel::none) return static_cast<std::size_t>(child.schema->n_children);
    if (child.schema->n_children != child.array->n_children || child.schema->n_children < 0) {
        refuse_arrow(ErrorCode::dimension_mismatch, child.what,
                     "the schema has " + std::to_string(child.schema->n_children) + " children, the array " +
                         std::to_string(child.array->n_children));
    }
    if (child.schema->n_children != 0 && (child.schema->children == nullptr || child.array->children == nullptr))
        refuse_arrow(ErrorCode::invalid_argument, child.what, "children is NULL");
    return static_cast<std::size_t>(child.schema->n_children);
}

const void* arrow_buffer(const ArrowChild& child, std::int64_t index, std::int64_t expected) {
    if (child.level == ArrowLevel::none) return child.array->buffers[index];
    if (child.array->n_buffers != expected) {
        refuse_arrow(
            ErrorCode::invalid_argument, child.what,
            "has " + std::to_string(child.array->n_buffers) + " buffers, its format needs " + std::to_string(expected));
    }
    if (child.array->buffers == nullptr) refuse_arrow(ErrorCode::invalid_argument, child.what, "buffers is NULL");
    return child.array->buffers[index];
}

const void* arrow_data(const ArrowChild& child, std::int64_t index, std::int64_t expected) {
    const void* data = arrow_buffer(child, index, expected);
    if (data == nullptr && child.length != 0) {
        refuse_arrow(ErrorCode::invalid_argument, child.what, "buffer " + std::to_string(index) + " is NULL");
    }
    return data;
}

namespace {

Validity own_validity_of(const ArrowChild& child, std::int64_t buffers) {
    const auto* bits = static_cast<const std::uint8_t*>(arrow_buffer(child, 0, buffers));
    if (bits == nullptr && child.array->null_count > 0) {
        refuse_arrow(ErrorCode::invalid_argument, child.what,
                     "counts " + std::to_string(child.array->null_count) + " nulls but has no validity bitmap");
    }
    return child.array->null_count == 0 ? Validity{} : Validity{bits, child.begin};
}

}  // namespace

Validity validity_of(const ArrowChild& child, std::int64_t buffers, std::vector<std::uint8_t>& joined) {
    const Validity own = own_validity_of(child, buffers);
    if (child.outer.bits == nullptr) return own;
    if (own.bits == nullptr) return child.outer;
    joined.assign((child.length + 7) / 8, 0);
    for (std::size_t i = 0; i < child.length; ++i) {
        if (own[i] && child.outer[i]) joined[i / 8] = static_cast<std::uint8_t>(joined[i / 8] | 1U << (i % 8));
    }
    return {joined.data(), 0};
}

namespace {

// Dates, times, time stamps and durations are the integers that they are stored as.
Dtype dtype_of_time(std::string_view format) noexcept {
    if (format == "tdD" || format == "tts" || format == "ttm" || format == "tiM") return Dtype::i32;
    if (format == "tdm" || format == "ttu" || format == "ttn") return Dtype::i64;
    const bool has_unit = format.size() >= 3 && std::string_view("smun").find(format[2]) != std::string_view::npos;
    if (has_unit && format.starts_with("ts") && format.size() >= 4 && format[3] == ':') return Dtype::i64;
    if (has_unit && format.starts_with("tD") && format.size() == 3) return Dtype::i64;
    return Dtype{};
}

Dtype dtype_of_format(std::string_view format) noexcept {
    if (format.starts_with("t")) return dtype_of_time(format);
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

}  // namespace

void refuse_format(const ArrowChild& child) {
    refuse_arrow(
        ErrorCode::type_mismatch, child.what,
        "the Arrow format '" + std::string(child.schema->format) +
            "' is not supported: only null, bool, integers, f16, f32, f64, decimals, dates, times, time stamps, "
            "durations, texts and bytes (with offsets, as views, of a fixed size), dictionaries of texts or bytes, "
            "structs, lists, maps and unions of them, lists where they are judged or counted, in two levels");
}

namespace {

// The texts of a utf8 array, valid elements only.
template <class Offset>
void read_texts(const ArrowChild& child, const Validity& validity, std::vector<std::string_view>& texts) {
    texts.clear();
    if (child.length == 0) return;
    const void* offsets = arrow_data(child, 1, 3);
    if (child.level == ArrowLevel::minimal) {
        const auto first = load<Offset>(offsets, child.begin), last = load<Offset>(offsets, child.begin + child.length);
        if (first < 0 || last < first)
            refuse_arrow(ErrorCode::invalid_argument, child.what, "the first or the last offset is impossible");
    }
    const auto* bytes = static_cast<const char*>(arrow_buffer(child, 2, 3));
    texts.reserve(child.length);
    const bool is_full = child.level == ArrowLevel::full;
    auto begin = load<Offset>(offsets, child.begin);
    for (std::size_t i = 0; i < child.length; ++i) {
        const auto end = load<Offset>(offsets, child.begin + i + 1);
        if (is_full && (begin < 0 || end < begin)) {
            refuse_arrow(ErrorCode::invalid_argument, child.what,
                         "the offsets of value " + std::to_string(i) + " do not ascend: " + std::to_string(begin) +
                             ", " + std::to_string(end));
        }
        if (!validity[i] || end == begin) {
            texts.emplace_back();
        } else if (bytes == nullptr) {
            refuse_arrow(ErrorCode::invalid_argument, child.what, "the buffer of bytes is NULL");
        } else {
            texts.emplace_back(bytes + begin, static_cast<std::size_t>(end - begin));
        }
        begin = end;
    }
}

struct ViewHeader {
    std::int32_t length;
    std::int32_t prefix;
    std::int32_t index;
    std::int32_t offset;
};

// The texts of a view array: short ones lie in the view itself, others in one of the buffers behind it.
void read_views(const ArrowChild& child, const Validity& validity, std::vector<std::string_view>& texts) {
    constexpr std::int32_t most_inline = 12;
    texts.assign(child.length, {});
    if (child.length == 0) return;
    const std::int64_t buffers = child.array->n_buffers;
    const auto* views = static_cast<const std::byte*>(arrow_data(child, 1, buffers));
    const std::int64_t data_buffers = buffers - 3;
    const void* sizes = data_buffers > 0 ? arrow_data(child, buffers - 1, buffers) : nullptr;
    for (std::size_t i = 0; i < child.length; ++i) {
        if (!validity[i]) continue;
        const std::byte* at = views + (child.begin + i) * sizeof(ViewHeader);
        const auto view = load<ViewHeader>(at, 0);
        const auto lies_outside = [&] {
            return Error(ErrorCode::invalid_argument,
                         child.what + ": view " + std::to_string(i) + " lies outside its buffer");
        };
        const bool is_checked = child.level == ArrowLevel::full;
        if (is_checked && view.length < 0) throw lies_outside();
        const auto length = static_cast<std::size_t>(view.length);
        if (view.length <= most_inline) {
            texts[i] = {reinterpret_cast<const char*>(at) + sizeof(std::int32_t), length};
            continue;
        }
        if (!is_checked) {
            texts[i] = {static_cast<const char*>(child.array->buffers[2 + view.index]) + view.offset, length};
            continue;
        }
        if (sizes == nullptr || view.index < 0 || view.index >= data_buffers || view.offset < 0) throw lies_outside();
        const auto size = load<std::int64_t>(sizes, static_cast<std::size_t>(view.index));
        if (std::int64_t{view.offset} + view.length > size) throw lies_outside();
        const auto* bytes = static_cast<const char*>(arrow_buffer(child, 2 + view.index, buffers));
        if (bytes == nullptr) refuse_arrow(ErrorCode::invalid_argument, child.what, "a buffer of bytes is NULL");
        texts[i] = {bytes + view.offset, length};
    }
}

// The number behind "w:", or 0.
std::size_t fixed_size(std::string_view format) noexcept {
    std::size_t size = 0;
    if (!format.starts_with("w:")) return 0;
    const auto [end, fault] = std::from_chars(format.data() + 2, format.data() + format.size(), size);
    return fault == std::errc{} && end == format.data() + format.size() ? size : 0;
}

void read_fixed(const ArrowChild& child, std::size_t size, std::vector<std::string_view>& texts) {
    const auto* bytes = static_cast<const char*>(arrow_data(child, 1, 2));
    (void)checked_product(child.begin + child.length, size, child.what.c_str());
    texts.clear();
    for (std::size_t i = 0; i < child.length; ++i) texts.emplace_back(bytes + (child.begin + i) * size, size);
}

// How many buffers a column of texts or bytes has; 0 for any other format.
std::int64_t text_buffers(const ArrowChild& child) noexcept {
    const std::string_view format = child.schema->format;
    if (format == "u" || format == "U" || format == "z" || format == "Z") return 3;
    if (format == "vu" || format == "vz") return std::max<std::int64_t>(child.array->n_buffers, 3);
    return fixed_size(format) != 0 ? 2 : 0;
}

void read_any_texts(const ArrowChild& child, const Validity& validity, std::vector<std::string_view>& texts) {
    const std::string_view format = child.schema->format;
    // One more offset than values; a view has 16 bytes.
    (void)checked_product(checked_sum(child.begin + child.length, 1, child.what.c_str()), sizeof(ViewHeader),
                          child.what.c_str());
    if (format == "u" || format == "z") {
        read_texts<std::int32_t>(child, validity, texts);
    } else if (format == "U" || format == "Z") {
        read_texts<std::int64_t>(child, validity, texts);
    } else if (format == "vu" || format == "vz") {
        read_views(child, validity, texts);
    } else {
        read_fixed(child, fixed_size(format), texts);
    }
}

// Whether element `i` of a column is a code below `size`; the code, as a number that fits.
template <class T>
std::int32_t read_code(const void* data, std::size_t index, std::size_t size, const ArrowChild& child) {
    const T code = load<T>(data, index);
    if constexpr (std::is_signed_v<T>) {
        if (code < 0) refuse_arrow(ErrorCode::invalid_argument, child.what, "a dictionary code is negative");
    }
    if (static_cast<std::uint64_t>(code) >= size) {
        refuse_arrow(ErrorCode::invalid_argument, child.what,
                     "the dictionary code " + std::to_string(code) + " is outside the dictionary of " +
                         std::to_string(size) + " entries");
    }
    return static_cast<std::int32_t>(code);
}

Column read_dictionary(const ArrowChild& child, ColumnStorage& storage) {
    const ArrowSchema* schema = child.schema->dictionary;
    const ArrowArray* array = child.array->dictionary;
    const std::string what = child.what + " (dictionary)";
    check_array(schema, array, what, child.level);
    if (array->length > INT32_MAX) refuse_arrow(ErrorCode::overflow, what, "holds more than 2^31 - 1 entries");
    const ArrowChild entries{
        schema, array,      static_cast<std::size_t>(array->offset), static_cast<std::size_t>(array->length),
        what,   child.level};
    const std::int64_t buffers = text_buffers(entries);
    if (schema->dictionary != nullptr || buffers == 0) refuse_format(entries);
    const Validity valid_entries = own_validity_of(entries, buffers);
    read_any_texts(entries, valid_entries, storage.texts);

    const Validity validity = validity_of(child, 2, storage.valid);
    const void* codes = arrow_data(child, 1, 2);
    const Dtype dtype = dtype_of_format(child.schema->format);
    (void)checked_product(child.begin + child.length, sizeof(std::uint64_t), child.what.c_str());
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

Column read_boolean(const ArrowChild& child, ColumnStorage& storage) {
    const Validity validity = validity_of(child, 2, storage.valid);
    const Validity values{static_cast<const std::uint8_t*>(arrow_data(child, 1, 2)), child.begin};
    storage.bytes.resize(child.length);
    for (std::size_t i = 0; i < child.length; ++i) storage.bytes[i] = values[i] ? 1 : 0;
    return Column::numeric(Dtype::boolean, storage.bytes.data(), child.length, 1, validity);
}

struct DecimalFormat {
    int scale = 0;
    std::size_t bytes = 16;
};

// "d:precision,scale" or "d:precision,scale,bits".
std::optional<DecimalFormat> read_decimal_format(std::string_view format) noexcept {
    if (!format.starts_with("d:")) return std::nullopt;
    std::array<int, 3> numbers{0, 0, 128};
    const char* at = format.data() + 2;
    const char* const end = format.data() + format.size();
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const auto [next, fault] = std::from_chars(at, end, numbers[i]);
        if (fault != std::errc{}) return std::nullopt;
        at = next;
        if (at == end && i > 0) break;
        if (at == end || *at != ',' || i == 2) return std::nullopt;
        ++at;
    }
    const auto [precision, scale, bits] = numbers;
    const bool is_known = bits == 32 || bits == 64 || bits == 128 || bits == 256;
    if (!is_known || precision < 1 || precision > 76 || scale < -400 || scale > 400) return std::nullopt;
    return DecimalFormat{scale, static_cast<std::size_t>(bits) / 8};
}

// A little-endian number in two's complement, with all the digits that a long double holds.
long double read_whole(const std::uint8_t* at, std::size_t bytes) noexcept {
    const bool is_negative = (at[bytes - 1] & 0x80U) != 0;
    // The magnitude, a byte at a time: complement and one.
    std::array<std::uint8_t, 32> magnitude{};
    unsigned carry = is_negative ? 1 : 0;
    for (std::size_t i = 0; i < bytes; ++i) {
        const unsigned byte = (is_negative ? 0xFFU ^ at[i] : at[i]) + carry;
        magnitude[i] = static_cast<std::uint8_t>(byte);
        carry = byte >> 8U;
    }
    long double number = 0.0L;
    for (std::size_t i = bytes; i-- > 0;) number = number * 256.0L + static_cast<long double>(magnitude[i]);
    return is_negative ? -number : number;
}

Column read_decimals(const ArrowChild& child, DecimalFormat format, ColumnStorage& storage) {
    const Validity validity = validity_of(child, 2, storage.valid);
    const auto* data = static_cast<const std::uint8_t*>(arrow_data(child, 1, 2));
    (void)checked_product(child.begin + child.length, format.bytes, child.what.c_str());
    // 10^27 is a long double of 64 bits, so that one rounding is left for most numbers.
    const long double power = std::pow(10.0L, static_cast<long double>(std::abs(format.scale)));
    storage.numbers.assign(child.length, 0.0);
    for (std::size_t i = 0; i < child.length; ++i) {
        if (!validity[i]) continue;
        const long double whole = read_whole(data + (child.begin + i) * format.bytes, format.bytes);
        storage.numbers[i] = static_cast<double>(format.scale < 0 ? whole * power : whole / power);
    }
    return Column::numeric(storage.numbers, validity);
}

// A column without a value, of the type "null".
Column read_nothing(const ArrowChild& child, ColumnStorage& storage) {
    storage.numbers.assign(child.length, 0.0);
    storage.valid.assign((child.length + 7) / 8 + 1, 0);
    return Column::numeric(storage.numbers, {storage.valid.data(), 0});
}

}  // namespace

Column read_leaf(const ArrowChild& child, ColumnStorage& storage) {
    if ((child.schema->dictionary == nullptr) != (child.array->dictionary == nullptr)) {
        refuse_arrow(ErrorCode::invalid_argument, child.what, "a dictionary is in the schema or the array alone");
    }
    if (child.schema->dictionary != nullptr) return read_dictionary(child, storage);
    const std::string_view format = child.schema->format;
    if (format == "n") return read_nothing(child, storage);
    if (format == "b") return read_boolean(child, storage);
    if (const std::int64_t buffers = text_buffers(child); buffers != 0) {
        const Validity validity = validity_of(child, buffers, storage.valid);
        read_any_texts(child, validity, storage.texts);
        return Column::strings(storage.texts, validity);
    }
    if (const auto decimal = read_decimal_format(format)) return read_decimals(child, *decimal, storage);
    const Dtype dtype = dtype_of_format(format);
    const std::size_t element = dtype_size(dtype);
    if (element == 0) refuse_format(child);
    const Validity validity = validity_of(child, 2, storage.valid);
    const auto* data = static_cast<const std::byte*>(arrow_data(child, 1, 2));
    (void)checked_product(child.begin + child.length, element, child.what.c_str());
    return Column::numeric(dtype, child.length == 0 ? data : data + child.begin * element, child.length,
                           static_cast<std::ptrdiff_t>(element), validity);
}

}  // namespace vedette::inline v0::capi
