// SPDX-License-Identifier: Apache-2.0
// The walk on a CPU without a SIMD source of ours: always declined, so that its caller sorts.
#pragma once

#include "kernels/walk_table.hpp"

namespace vedette::inline v0::kernels::scalar {

template <class T>
bool walk(const WalkChunk<T>*, WalkState*) noexcept {
    return false;
}

template <class T>
constexpr WalkKernels<T> walk_entries() noexcept {
    return {&walk<T>};
}

}  // namespace vedette::inline v0::kernels::scalar
