// SPDX-License-Identifier: Apache-2.0
// Record batches of the Arrow C Data Interface as tables, borrowed and without copying the values.
#pragma once

#include <functional>

#include "vedette.h"
#include "views.hpp"

namespace vedette::inline v0::capi {

/// How much of a batch is checked before it is believed. Whatever the level, the sizes of buffers are the producer's
/// word (but for those of views, which the interface states), and ranges of lists, places in unions and codes of
/// dictionaries are held against the lengths that arrays state.
enum class ArrowLevel : std::int32_t {
    full = 0,     ///< everything that is stated, each value: offsets ascend, views lie in their buffers
    minimal = 1,  ///< what takes no look at each value: formats, counts, NULLs, lengths, the first and the last offset
    none = 2      ///< of the batch alone that it is one: all else is believed
};

/// What becomes of lists, maps included.
enum class NestedRead : std::uint8_t { refused, lists };

/// A struct array as a table. A struct inside gives columns named "outer.inner", a union a column for each alternative,
/// "outer.inner" too, null where another is chosen. Lists are refused, or become `lists`: of values by the list's name,
/// of structs "outer.inner", of a map "outer.key" and "outer.value", in two levels at most. Throws Error:
/// invalid_argument for a malformed or released batch, type_mismatch for a format that is not supported, unsupported
/// for too many levels or columns, overflow; the message names the column.
BorrowedTable read_arrow(const ArrowSchema* schema, const ArrowArray* batch, NestedRead nested = NestedRead::refused,
                         ArrowLevel level = ArrowLevel::full);

/// Every batch of a stream to its end; schema and batches are released, the stream is not. Throws as `read_arrow`, and
/// Error(io_error) with the stream's own words where a callback fails; what `take` throws goes through.
void read_arrow_stream(ArrowArrayStream* stream, const std::function<void(const validation::NestedTable&)>& take,
                       ArrowLevel level = ArrowLevel::full);

}  // namespace vedette::inline v0::capi
