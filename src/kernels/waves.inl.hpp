// SPDX-License-Identifier: Apache-2.0
// Phases in a register tile, frequencies across and rows down, so that rows go in and waves come out as they lie; then
// cosine and sine by one polynomial.
#pragma once

#include "kernels/lanes.inl.hpp"
#include "kernels/wave_rows.inl.hpp"
#include "kernels/wave_table.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

// The compiler's own vectors, for plain sums and products and bits: of 256 bits with AVX-512 too, which was measured 15
// % faster than 512 on Zen, where separate products and sums share what fused ones have to themselves; and batches of
// another instruction set than a source's own would share symbols with it.
#if defined(__AVX2__)
constexpr std::size_t wave_width = 8;
#else
constexpr std::size_t wave_width = 4;
#endif
using Wave = float __attribute__((vector_size(4 * wave_width)));
using Units = std::int32_t __attribute__((vector_size(4 * wave_width)));

// A tile: two registers across and rows down.
constexpr std::size_t wave_across = 2, wave_tile_rows = 4;
constexpr std::size_t wave_tile_panels = wave_across * wave_width / wave_panel;
// So many weights of each frequency at a time stay in the first cache while rows pass.
constexpr std::size_t wave_depth = 256;

VEDETTE_INLINE Wave all_of(float x) noexcept {
    return x - Wave{};
}

// Register `a` of the weights of a column; `stride` is from panel to panel, 0 where there is but one.
VEDETTE_INLINE Wave load_weights(const float* weights, std::size_t a, std::size_t stride) noexcept {
    const std::size_t at = a * wave_width;
    return load_values<Wave>(weights + at / wave_panel * stride + at % wave_panel);
}

// Waves are made at full width where a tile has so many: no sum goes through them, for which half would be better.
#if defined(__AVX512F__)
constexpr std::size_t turn_width = 16;
#else
constexpr std::size_t turn_width = wave_width;
#endif
template <std::size_t width>
struct TurnLanes {
    using Turns [[gnu::vector_size(4 * width)]] = float;
    using Whole [[gnu::vector_size(4 * width)]] = std::int32_t;
};

// sin(2 pi h) for |h| <= 1/4, in units to the nearest: a Chebyshev fit. Adding `rounder` leaves a float below 2^22
// rounded to a whole number, which is then in the lowest bits. Step by step for all of them: one at a time would wait
// for each step's result, and what comes behind is too far away to begin meanwhile.
template <class Turns, class Whole, std::size_t n>
VEDETTE_INLINE void sine_units(const Turns (&h)[n], Whole (&units)[n]) noexcept {
    constexpr float factors[] = {-76.5811726443F, 81.6024763689F, -41.3416806133F, 6.28318528015F};
    const Turns rounder = 12582912.0F - Turns{};  // 1.5 * 2^23
    Turns square[n], sum[n];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < n; ++i) square[i] = h[i] * h[i];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < n; ++i) sum[i] = 39.7598270853F - Turns{};
#pragma GCC unroll 4
    for (const float factor : factors) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < n; ++i) sum[i] = sum[i] * square[i] + factor;
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < n; ++i) sum[i] = sum[i] * h[i] * wave_unit;
#pragma GCC unroll 8
    for (std::size_t i = 0; i < n; ++i)
        units[i] = reinterpret_cast<Whole>(sum[i] + rounder) - reinterpret_cast<Whole>(rounder);
}

// Cosines, then sines, of n registers of phases: the nearest whole turn off, then folded to a quarter turn around 0.
template <std::size_t width, std::size_t n>
VEDETTE_INLINE void waves_of(const float* phases, typename TurnLanes<width>::Whole (&units)[2 * n]) noexcept {
    using Turns = typename TurnLanes<width>::Turns;
    using Whole = typename TurnLanes<width>::Whole;
    constexpr float rounder = 12582912.0F;
    const Whole others = Whole{} + 0x7FFFFFFF;
    Turns turn[n], quarters[2 * n];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < n; ++i) {
        const Turns phase = load_values<Turns>(phases + i * width);
        turn[i] = phase - ((phase + rounder) - rounder);
    }
#pragma GCC unroll 4
    for (std::size_t i = 0; i < n; ++i) {
        const Turns quarter = 0.25F - reinterpret_cast<Turns>(reinterpret_cast<Whole>(turn[i]) & others);
        // Never negative.
        const Turns folded = 0.25F - reinterpret_cast<Turns>(reinterpret_cast<Whole>(quarter) & others);
        const Whole sign = reinterpret_cast<Whole>(turn[i]) & ~others;
        quarters[i] = quarter;
        quarters[n + i] = reinterpret_cast<Turns>(reinterpret_cast<Whole>(folded) | sign);
    }
    sine_units(quarters, units);
}

// Phases of `rows` rows by the registers across, over `depth` columns; goes on from what `phases` holds.
template <std::size_t rows>
VEDETTE_INLINE void multiply_waves(const float* x, std::size_t row_stride, const float* weights, std::size_t stride,
                                   std::size_t depth, bool accumulate, float* phases) noexcept {
    Wave sum[rows][wave_across];
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 2
        for (std::size_t a = 0; a < wave_across; ++a)
            sum[i][a] = accumulate ? load_values<Wave>(phases + (i * wave_across + a) * wave_width) : all_of(0.0F);
    }
    for (std::size_t j = 0; j < depth; ++j) {
        Wave weight[wave_across];
#pragma GCC unroll 2
        for (std::size_t a = 0; a < wave_across; ++a) weight[a] = load_weights(weights + j * wave_panel, a, stride);
#pragma GCC unroll 16
        for (std::size_t i = 0; i < rows; ++i) {
            const Wave value = all_of(x[i * row_stride + j]);
#pragma GCC unroll 2
            for (std::size_t a = 0; a < wave_across; ++a) sum[i][a] = sum[i][a] + value * weight[a];
        }
    }
#pragma GCC unroll 16
    for (std::size_t i = 0; i < rows; ++i) {
#pragma GCC unroll 2
        for (std::size_t a = 0; a < wave_across; ++a)
            store_values(sum[i][a], phases + (i * wave_across + a) * wave_width);
    }
}

// Phases of all rows by the frequencies of a tile.
VEDETTE_INLINE void multiply_rows(const WaveRequest& r, const float* weights, std::size_t stride,
                                  float* phases) noexcept {
    std::size_t begin = 0;
    do {
        const std::size_t depth = r.columns - begin < wave_depth ? r.columns - begin : wave_depth;
        const float* const some = weights + begin * wave_panel;
        std::size_t i = 0;
        for (; i + wave_tile_rows <= r.count; i += wave_tile_rows)
            multiply_waves<wave_tile_rows>(r.rows + i * r.row_stride + begin, r.row_stride, some, stride, depth,
                                           begin > 0, phases + i * wave_across * wave_width);
        for (; i < r.count; i += wave_rows)
            multiply_waves<wave_rows>(r.rows + i * r.row_stride + begin, r.row_stride, some, stride, depth, begin > 0,
                                      phases + i * wave_across * wave_width);
        begin += depth;
    } while (begin < r.columns);
}

// Where the waves of n registers of a row go: there, or to what is there.
template <bool added, std::size_t width, std::size_t n>
VEDETTE_INLINE void put_waves(const float* phases, std::size_t features, std::int32_t* to) noexcept {
    using Whole = typename TurnLanes<width>::Whole;
    Whole units[2 * n];
    waves_of<width, n>(phases, units);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 2 * n; ++i) {
        std::int32_t* const place = to + i / n * features + i % n * width;
        store_values(added ? units[i] + load_values<Whole>(place) : units[i], place);
    }
}

// All rows of a tile.
template <bool added, std::size_t used>
VEDETTE_INLINE void put_rows(const float* phases, std::size_t rows, std::size_t features, std::int32_t* out) noexcept {
    constexpr std::size_t width = used < turn_width ? used : turn_width;
    for (std::size_t i = 0; i < rows; ++i)
        put_waves<added, width, used / width>(phases + i * wave_across * wave_width, features,
                                              added ? out : out + i * 2 * features);
}

template <bool added>
void make_waves(const WaveRequest* request, std::int32_t* out) noexcept {
    const WaveRequest r = *request;
    alignas(64) float phases[most_wave_rows * wave_across * wave_width];
    std::size_t panel = 0;
    while (panel < r.panels) {
        // Whole tiles, then single panels, which fill the registers with copies of themselves.
        const bool whole = r.panels - panel >= wave_tile_panels;
        const std::size_t taken = whole ? wave_tile_panels : 1;
        const std::size_t stride = whole ? r.columns * wave_panel : 0;
        multiply_rows(r, r.weights + panel * r.columns * wave_panel, stride, phases);
        std::int32_t* const to = out + panel * wave_panel;
        if (whole)
            put_rows<added, wave_across * wave_width>(phases, r.count, r.panels * wave_panel, to);
        else
            put_rows<added, wave_panel>(phases, r.count, r.panels * wave_panel, to);
        panel += taken;
    }
}

constexpr WaveKernels wave_entries() noexcept {
    return {&make_waves<false>, &make_waves<true>, &scale_row<float>, &scale_row<double>, &slide_window};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
