// SPDX-License-Identifier: Apache-2.0
// Kernels that number buckets: maps from values to 0 .. last that never decrease.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

template <class T>
struct BucketKernels {
    /// floor((x - low) * scale), limited to 0 .. last; 0 for NaN.
    void (*by_width)(const T* x, std::size_t n, T low, T scale, std::uint16_t last, std::uint16_t* buckets) noexcept;

    /// (ordered bits of x - base) >> shift, limited to 0 .. last. Ordered bits are a signed integer that grows with the
    /// value, the same for either zero; NaN counts as beyond infinity of its sign.
    void (*by_bits)(const T* x, std::size_t n, std::int64_t base, unsigned shift, std::uint16_t last,
                    std::uint16_t* buckets) noexcept;
};

}  // namespace vedette::inline v0::kernels
