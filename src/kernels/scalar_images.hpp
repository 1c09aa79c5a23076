// SPDX-License-Identifier: Apache-2.0
// The kernels over rows of pixels as plain loops: for other CPUs, and what the vectors are tested against.
#pragma once

#include <cmath>

#include "kernels/image_table.hpp"

namespace vedette::inline v0::kernels::scalar {
namespace image_terms {
#include "kernels/image_terms.inl.hpp"

template <class T>
struct Order {
    static T min(T a, T b) noexcept { return b < a ? b : a; }
    static T max(T a, T b) noexcept { return a < b ? b : a; }
};
}  // namespace image_terms

template <class T>
void median3(const T* const* rows, std::size_t count, std::size_t step, T* out) noexcept {
    using Order = image_terms::Order<T>;
    const auto column = [&](std::size_t i) {
        return image_terms::sort_three<Order>(rows[0][i], rows[1][i], rows[2][i]);
    };
    for (std::size_t i = 0; i < count; ++i)
        out[i] = image_terms::median9<Order>(column(i < step ? i : i - step), column(i),
                                             column(i + step < count ? i + step : i));
}

template <class T>
void median2(const T* const* rows, std::size_t count, std::size_t step, T* out) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t left = i < step ? i : i - step;
        out[i] =
            image_terms::upper_median4<image_terms::Order<T>>(rows[0][left], rows[1][left], rows[0][i], rows[1][i]);
    }
}

inline void reduce_bytes(const std::uint8_t* values, std::size_t count, const ByteLevels* levels,
                         std::uint8_t* out) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        const unsigned level = (unsigned{values[i]} * levels->scale + levels->offset) >> levels->shift;
        out[i] = static_cast<std::uint8_t>((level * levels->spread + levels->spread_offset) >> levels->spread_shift);
    }
}

inline void reduce_floats(const float* values, std::size_t count, float levels, float highest, float* out) noexcept {
    for (std::size_t i = 0; i < count; ++i) out[i] = std::nearbyint(values[i] * levels / highest) / levels * highest;
}

constexpr ImageKernels image_entries() noexcept {
    return {&median3<std::uint8_t>, &median3<float>, &median2<std::uint8_t>,
            &median2<float>,        &reduce_bytes,   &reduce_floats};
}

}  // namespace vedette::inline v0::kernels::scalar
