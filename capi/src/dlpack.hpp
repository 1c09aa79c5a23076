// SPDX-License-Identifier: Apache-2.0
// DLPack tensors as matrices.
#pragma once

#include "views.hpp"

namespace vedette::inline v0::capi {

/// A `const DLTensor *` as a matrix. Throws Error: type_mismatch for a device, rank or type that is not supported,
/// invalid_argument for a malformed tensor, overflow.
StridedMatrix read_dlpack(const void* given);

}  // namespace vedette::inline v0::capi
