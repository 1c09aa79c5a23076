// SPDX-License-Identifier: Apache-2.0
// Record batches of the Arrow C Data Interface as tables, borrowed and without copying the values.
#pragma once

#include <functional>

#include "vedette.h"
#include "views.hpp"

namespace vedette::inline v0::capi {

/// A struct array as a table; a struct inside gives columns named "outer.inner". Throws Error: invalid_argument for a
/// malformed or released batch, type_mismatch for a format that is not supported, overflow; the message names the
/// column.
BorrowedTable read_arrow(const ArrowSchema* schema, const ArrowArray* batch);

/// Every batch of a stream to its end; schema and batches are released, the stream is not. Throws as `read_arrow`, and
/// Error(io_error) with the stream's own words where a callback fails; what `take` throws goes through.
void read_arrow_stream(ArrowArrayStream* stream, const std::function<void(const Table&)>& take);

}  // namespace vedette::inline v0::capi
