// SPDX-License-Identifier: Apache-2.0
// One array of the Arrow C Data Interface as a column, and what all readers of arrays share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "arrow.hpp"
#include "vedette/core/error.hpp"
#include "views.hpp"

namespace vedette::inline v0::capi {

/// The elements [begin, begin + length) of an array, where the structs around it have values, and the words to complain
/// with.
struct ArrowChild {
    const ArrowSchema* schema;
    const ArrowArray* array;
    std::size_t begin;
    std::size_t length;
    std::string what;
    ArrowLevel level;
    Validity outer = {};
};

[[noreturn]] inline void refuse_arrow(ErrorCode code, const std::string& what, const std::string& why) {
    throw Error(code, what + ": " + why);
}

/// Reads an element from memory that need not be aligned.
template <class T>
T load(const void* data, std::size_t index) noexcept {
    T value;
    std::memcpy(&value, static_cast<const std::byte*>(data) + index * sizeof(T), sizeof value);
    return value;
}

/// Schema and array are there and not released, and their counts are possible.
void check_array(const ArrowSchema* schema, const ArrowArray* array, const std::string& what, ArrowLevel level);
/// As many children in the schema as in the array, none of the lists being NULL.
std::size_t child_count(const ArrowChild& child);
const void* arrow_buffer(const ArrowChild& child, std::int64_t index, std::int64_t expected);
/// The same, and not NULL unless there are no elements.
const void* arrow_data(const ArrowChild& child, std::int64_t index, std::int64_t expected);
/// Where the child and all structs around it have a value; `joined` keeps what neither says alone.
Validity validity_of(const ArrowChild& child, std::int64_t buffers, std::vector<std::uint8_t>& joined);

/// Any array but of lists, structs and unions. Throws Error(type_mismatch) for those and what else is not read.
Column read_leaf(const ArrowChild& child, ColumnStorage& storage);
[[noreturn]] void refuse_format(const ArrowChild& child);

}  // namespace vedette::inline v0::capi
