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

constexpr WaveKernels wave_entries() noexcept {
    return {&make_waves<false>, &make_waves<true>};
}

}  // namespace vedette::inline v0::kernels::scalar
