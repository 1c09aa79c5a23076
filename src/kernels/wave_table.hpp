// SPDX-License-Identifier: Apache-2.0
// The kernels of random Fourier features: phases, a product of rows with frequencies, and their waves in fixed point.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Frequencies come in panels of so many, interleaved.
inline constexpr std::size_t wave_panel = 8;
/// Rows are read in groups of so many.
inline constexpr std::size_t wave_rows = 4;
/// At most so many at a time, a multiple of wave_rows.
inline constexpr std::size_t most_wave_rows = 64;
/// One is so many units of a wave.
inline constexpr float wave_unit = 1048576.0F;  // 2^20

/// Rows and frequencies. A phase, in turns, is the sum of row[j] * weight[j] over j in order, product and sum each
/// rounded. No phase is beyond +-2^22.
struct WaveRequest {
    const float* rows;  ///< [count][row_stride], and finite rows behind them up to a multiple of wave_rows
    std::size_t count;  ///< at most most_wave_rows
    std::size_t columns;
    std::size_t row_stride;  ///< at least `columns`
    const float* weights;    ///< [panels][columns][wave_panel]
    std::size_t panels;
};

/// How a row comes to the unit of frequencies: column j is (value - offset[j]) * inverse_scale[j] in double, no further
/// from 0 than `limit`, which a NaN (an infinite difference times a scale of 0) becomes as well, with a minus.
struct WaveScale {
    const double* offset;
    const double* inverse_scale;
    double limit;
    std::size_t columns;
};

/// Sums over a window of rows of waves when one enters and one leaves. Not overlapping.
struct WaveSlide {
    const std::int32_t* entering;
    const std::int32_t* leaving;
    const double* mean;
    double rows;        ///< in the window, with the one that enters
    std::size_t width;  ///< a multiple of slide_lanes
    double* sums;       ///< of the rows in the window
};
/// Squares are summed in so many lanes, these then in pairs, and pairs in pairs.
inline constexpr std::size_t slide_lanes = 8;

/// Cosines, then sines, 2 * panels * wave_panel a row, in units to the nearest (within about 1e-8 before rounding).
/// Same bits on every instruction set; noexcept, no allocation; the time depends on sizes only.
struct WaveKernels {
    void (*evaluate)(const WaveRequest* request, std::int32_t* out) noexcept;
    /// Adds those of all rows to `sums`, which begin at most at 2^30.
    void (*add)(const WaveRequest* request, std::int32_t* sums) noexcept;
    /// A row without gaps; false, and `out` undefined, when a value is not finite.
    bool (*scale_floats)(const WaveScale* scale, const float* row, float* out) noexcept;
    bool (*scale_doubles)(const WaveScale* scale, const double* row, float* out) noexcept;
    /// Adds `entering` - `leaving` to the sums; returns the sum of squares of (sums - rows * mean).
    double (*slide)(const WaveSlide* slide) noexcept;
};

}  // namespace vedette::inline v0::kernels
