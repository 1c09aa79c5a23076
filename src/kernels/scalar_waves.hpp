// SPDX-License-Identifier: Apache-2.0
// The scalar twin of the wave kernels.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "kernels/wave_table.hpp"

namespace vedette::inline v0::kernels::scalar {

/// sin(2 pi h) for |h| <= 1/4, in units to the nearest.
inline std::int32_t sine_units(float h) noexcept {
    constexpr float rounder = 12582912.0F;  // 1.5 * 2^23
    const float u = h * h;
    float sum = 39.7598270853F;
    sum = sum * u - 76.5811726443F;
    sum = sum * u + 81.6024763689F;
    sum = sum * u - 41.3416806133F;
    sum = sum * u + 6.28318528015F;
    const float value = sum * h * wave_unit;
    return __builtin_bit_cast(std::int32_t, value + rounder) - __builtin_bit_cast(std::int32_t, rounder);
}

template <bool added>
void make_waves(const WaveRequest* request, std::int32_t* out) noexcept {
    constexpr float rounder = 12582912.0F;
    const std::size_t features = request->panels * wave_panel;
    for (std::size_t i = 0; i < request->count; ++i) {
        const float* const row = request->rows + i * request->row_stride;
        std::int32_t* const to = added ? out : out + i * 2 * features;
        for (std::size_t k = 0; k < features; ++k) {
            const float* const weights =
                request->weights + k / wave_panel * request->columns * wave_panel + k % wave_panel;
            float phase = 0.0F;
            for (std::size_t j = 0; j < request->columns; ++j) phase += row[j] * weights[j * wave_panel];
            const float turn = phase - ((phase + rounder) - rounder);
            const float quarter = 0.25F - std::abs(turn);
            to[k] = (added ? to[k] : 0) + sine_units(quarter);
            to[features + k] =
                (added ? to[features + k] : 0) + sine_units(std::copysign(0.25F - std::abs(quarter), turn));
        }
    }
}

/// A row whose values are `stride` apart.
template <class T>
bool scale_row(const WaveScale& scale, const T* row, std::ptrdiff_t stride, float* out) noexcept {
    bool is_finite = true;
    for (std::size_t j = 0; j < scale.columns; ++j) {
        const auto value = static_cast<double>(row[static_cast<std::ptrdiff_t>(j) * stride]);
        is_finite = is_finite && std::isfinite(value);
        const double scaled = (value - scale.offset[j]) * scale.inverse_scale[j];
        const double above = scaled > -scale.limit ? scaled : -scale.limit;
        out[j] = static_cast<float>(above < scale.limit ? above : scale.limit);
    }
    return is_finite;
}
template <class T>
bool scale_dense_row(const WaveScale* scale, const T* row, float* out) noexcept {
    return scale_row(*scale, row, 1, out);
}

inline double slide_window(const WaveSlide* slide) noexcept {
    double squares[slide_lanes] = {};
    for (std::size_t k = 0; k < slide->width; ++k) {
        const double sum = slide->sums[k] + static_cast<double>(slide->entering[k] - slide->leaving[k]);
        slide->sums[k] = sum;
        const double difference = sum - slide->rows * slide->mean[k];
        squares[k % slide_lanes] += difference * difference;
    }
    return ((squares[0] + squares[1]) + (squares[2] + squares[3])) +
           ((squares[4] + squares[5]) + (squares[6] + squares[7]));
}

constexpr WaveKernels wave_entries() noexcept {
    return {&make_waves<false>, &make_waves<true>, &scale_dense_row<float>, &scale_dense_row<double>, &slide_window};
}

}  // namespace vedette::inline v0::kernels::scalar
