// SPDX-License-Identifier: Apache-2.0
// Kernels that measure a record, cut it to grains and put noise on it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Sums run in this many virtual lanes, which are then added in halves.
inline constexpr std::size_t record_lanes = 32;

/// With the integers g_i = x_i * factor cut towards 0, for finite products below 2^31. The time depends on `n` alone.
template <class T>
struct RecordKernels {
    double (*sum_sizes)(const T* x, std::size_t n) noexcept;    ///< of |x_i|
    double (*sum_squares)(const T* x, std::size_t n) noexcept;  ///< of x_i^2
    /// Of |g_i| and g_i^2. Exact while the sum is below 2^53; above it, above it.
    double (*sum_grains)(const T* x, std::size_t n, double factor) noexcept;
    double (*sum_squared_grains)(const T* x, std::size_t n, double factor) noexcept;
    /// out_i = (g_i + noise_i) * unit; `out` may be x, but not a part of it that begins elsewhere.
    void (*add_noise)(const T* x, std::size_t n, double factor, const std::int64_t* noise, double unit,
                      T* out) noexcept;
};

}  // namespace vedette::inline v0::kernels
