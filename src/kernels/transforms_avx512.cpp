// SPDX-License-Identifier: Apache-2.0
// The transform's kernels for AVX-512. Compiled with those flags: includes nothing that another source might share.
#include "kernels/transforms.inl.hpp"

namespace vedette::inline v0::kernels {

const TransformKernels avx512_transforms = transform_entries();

}  // namespace vedette::inline v0::kernels
