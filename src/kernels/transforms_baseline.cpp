// SPDX-License-Identifier: Apache-2.0
// The transform's kernels for the baseline.
#include "kernels/transforms.inl.hpp"

namespace vedette::inline v0::kernels {

const TransformKernels baseline_transforms = transform_entries();

}  // namespace vedette::inline v0::kernels
