// SPDX-License-Identifier: Apache-2.0
// Mixed rows over the C boundary, without exceptions: this is the request path.
#pragma once

#include <cstdio>
#include <vector>

#include "fence.hpp"
#include "vedette.h"
#include "vedette/guard/window.hpp"
#include "vedette/validation/validator.hpp"

namespace vedette::inline v0::capi {

/// False for an unknown kind, or a null text with a length.
inline bool is_readable(const vdt_value& given) noexcept {
    return given.kind >= VDT_VALUE_NULL && given.kind <= VDT_VALUE_INTEGER &&
           (given.kind != VDT_VALUE_TEXT || given.text != nullptr || given.text_length == 0);
}

/// False for what is not readable.
inline bool read_value(const vdt_value& given, Value& value) noexcept {
    switch (given.kind) {
        case VDT_VALUE_NULL: value = Value(); return true;
        case VDT_VALUE_NUMBER: value = Value(given.number); return true;
        case VDT_VALUE_TEXT:
            if (!is_readable(given)) return false;
            value = Value(std::string_view(given.text, given.text_length));
            return true;
        case VDT_VALUE_INTEGER: value = Value(static_cast<std::int64_t>(given.text_length)); return true;
        default: return false;
    }
}

/// The other way round; a text is borrowed from the value's.
inline vdt_value write_value(const Value& value) noexcept {
    switch (value.kind) {
        case Value::Kind::null: break;
        case Value::Kind::number:
            if (value.is_integer)
                return {VDT_VALUE_INTEGER, 0, value.number, nullptr, static_cast<std::uint64_t>(value.integer)};
            return {VDT_VALUE_NUMBER, 0, value.number, nullptr, 0};
        case Value::Kind::text: return {VDT_VALUE_TEXT, 0, 0.0, value.text.data(), value.text.size()};
    }
    return {VDT_VALUE_NULL, 0, 0.0, nullptr, 0};
}

/// Texts are borrowed.
inline vdt_repaired write_repaired(const validation::Repaired& done) noexcept {
    return {done.feature,           static_cast<vdt_repair>(done.how), done.failed, 0, write_value(done.before),
            write_value(done.after)};
}

/// Converts `values.size()` entries; false if one cannot be read.
inline bool read_values(const vdt_value* row, std::vector<Value>& values) noexcept {
    if (row == nullptr) return values.empty();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!read_value(row[i], values[i])) return false;
    }
    return true;
}

inline vdt_status fail_values(vdt_error* error) noexcept {
    return fail(error, VDT_INVALID_ARGUMENT, "row: a value of an unknown kind, or a text that is NULL");
}

inline vdt_status fail_width(vdt_error* error, std::size_t width, std::size_t features) noexcept {
    char message[96];
    (void)std::snprintf(message, sizeof message, "the row has %zu values, the baseline %zu features", width, features);
    return fail(error, VDT_DIMENSION_MISMATCH, message);
}

}  // namespace vedette::inline v0::capi
