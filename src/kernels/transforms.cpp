// SPDX-License-Identifier: Apache-2.0
// The transform's kernels beside a table.
#include <cstring>

#include "kernels/dispatch.hpp"
#include "kernels/transform_table.hpp"

namespace vedette::inline v0::kernels {

const TransformKernels& transforms([[maybe_unused]] const KernelTable& table) noexcept {
#if defined(VEDETTE_HAS_AVX512)
    if (std::strcmp(table.name, "avx512") == 0) return avx512_transforms;
#endif
#if defined(VEDETTE_HAS_AVX2)
    if (std::strcmp(table.name, "avx2") == 0) return avx2_transforms;
#endif
    return baseline_transforms;
}

const TransformKernels& transforms() noexcept {
    return transforms(kernels());
}

}  // namespace vedette::inline v0::kernels
