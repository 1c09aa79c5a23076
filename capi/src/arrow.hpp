// SPDX-License-Identifier: Apache-2.0
// Record batches of the Arrow C Data Interface as tables, borrowed and without copying the values.
#pragma once

#include "vedette.h"
#include "views.hpp"

namespace vedette::inline v0::capi {

/// A struct array as a table. Throws Error: invalid_argument for a malformed or released batch, type_mismatch for a
/// format that is not supported, overflow; the message names the column.
BorrowedTable read_arrow(const ArrowSchema* schema, const ArrowArray* batch);

}  // namespace vedette::inline v0::capi
