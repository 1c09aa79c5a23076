// SPDX-License-Identifier: Apache-2.0
// What one ordered cell adds to the sums between two distribution functions, written once for vectors and for plain
// doubles, so that the kernel and its scalar twin round alike.
#pragma once

#include "kernels/pooled_terms.inl.hpp"

namespace vedette::inline v0::kernels {
namespace {

// A 64-bit integer to the nearest double: its halves are placed under the exponents of 2^84 and 2^52.
template <class Words>
VEDETTE_INLINE typename Words::Value to_double(typename Words::Word count) noexcept {
    const auto high = Words::as_double((count >> 32) | Words::word(0x4530000000000000U));
    const auto low = Words::as_double((count & Words::word(0xFFFFFFFFU)) | Words::word(0x4330000000000000U));
    return (high - Words::broadcast(0x1p84 + 0x1p52)) + low;
}

// The mean height of the area over a cell, between the difference before it and the one at its end.
template <class Words, bool discrete>
VEDETTE_INLINE typename Words::Value height(typename Words::Value before, typename Words::Value after) noexcept {
    const auto b = Words::magnitude(after);
    if constexpr (discrete) return b;
    const auto a = Words::magnitude(before);
    const auto both = a + b;
    // Where the sign changes within the cell there are two triangles, (a^2 + b^2)/(2(a + b)), not a trapezium. Always
    // divided: where signs change is up to chance, and no branch foresees it.
    return Words::broadcast(0.5) * both - Words::where_negative(before * after, a * b / both);
}

}  // namespace
}  // namespace vedette::inline v0::kernels
