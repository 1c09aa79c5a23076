// SPDX-License-Identifier: Apache-2.0
// The kernels of tests on pairs of rows: products of tiles, the Gaussian kernel, sums, and relabelled sums in integers.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Rows come in panels of so many, interleaved: element k of row i lies at [k * panel_rows + i].
inline constexpr std::size_t panel_rows = 32;
/// A tile is a panel against at most so many rows: value of panel row i and row j at [j * panel_rows + i].
inline constexpr std::size_t tile_rows = 64;
/// Splits are drawn in whole groups of so many.
inline constexpr std::size_t split_lanes = 8;
/// Each split adds up in so many 32-bit counters.
inline constexpr std::size_t split_counters = 16;
/// What one call of `add_chosen` adds to a counter at most: two lanes of 64 bytes.
inline constexpr std::uint32_t most_added_to_counter = 2 * 64 * 255;

/// A product of a panel with columns: out[c * panel_rows + i] = sum over k of panel[k * panel_rows + i] *
/// columns[c * column_stride + k * element_stride]. `panel` and `out` are aligned to 64 bytes.
template <class T>
struct PanelProduct {
    const T* panel;
    std::size_t depth;
    const T* columns;
    std::size_t column_stride;
    std::size_t element_stride;
    std::size_t column_count;
    T* out;
    bool accumulate;  ///< goes on from what `out` holds
};

/// Where stored rows come from; see PairKernels::place_f32.
struct PairPlace {
    const double* centre;
    double shrink;
    double scale;
    double limit;
    double least;
    double far;
};

/// All tiles are aligned to 64 bytes. Every kernel is noexcept, allocates nothing and gives the same bits on every
/// instruction set; its time depends on sizes only.
template <class T>
struct PairKernels {
    /// Each sum runs over k in order, one fused multiply-add (float) or a product and a sum (double) at a time; where
    /// the CPU has no fused operation (SSE2) it is computed exactly by other means, about ten times as slowly.
    void (*multiply)(const PanelProduct<T>*) noexcept;

    /// norms[i] = the sum that `multiply` gives for panel row i and itself; `panel` and `norms` are aligned to 64
    /// bytes.
    void (*panel_norms)(const T* panel, std::size_t depth, T* norms) noexcept;

    /// out[j] = (row[j] * shrink - centre[j]) * scale in double, cut off at +-limit, 0 below `least`, rounded to T.
    /// Whether any magnitude is above `far`.
    bool (*place_f32)(const float* row, std::size_t count, const PairPlace* place, T* out) noexcept;
    bool (*place_f64)(const double* row, std::size_t count, const PairPlace* place, T* out) noexcept;

    /// A panel from its rows, `stride` apart: out[k * panel_rows + i] = rows[i * stride + k].
    void (*interleave)(const T* rows, std::size_t stride, std::size_t depth, T* out) noexcept;

    /// tile[j][i] = max(0, panel_norms[i] + row_norms[j] - 2 tile[j][i]). Whether any of them is below `nearness` times
    /// the sum of norms, so that much of it is rounding.
    bool (*squared_distances)(const T* panel_norms, const T* row_norms, std::size_t rows, T nearness, T* tile) noexcept;

    /// out = weight * 2^(-factor * squared), or that added to out. For finite factor * squared >= 0, the power within
    /// 2 units in the last place at the rounded exponent; the least normal number for what is smaller.
    void (*gaussian)(const T* squared, std::size_t rows, T factor, T weight, bool accumulate, T* out) noexcept;

    /// out = sqrt(squared); inverse, unless null, = 1/sqrt(squared), 0 where that is 0.
    void (*distances)(const T* squared, std::size_t rows, T* out, T* inverse) noexcept;

    /// Adds the tile's sums over rows to by_lane[panel_rows] and its sums over lanes to by_row[rows]. Within a tile
    /// they run in T: over rows in order, over lanes in halves.
    void (*add_sums)(const T* tile, std::size_t rows, double* by_lane, double* by_row) noexcept;

    /// The sum of the tile's squares.
    double (*sum_squares)(const T* tile, std::size_t rows) noexcept;

    /// bytes[j][i] = (tile - low) * scale to the nearest (halves upwards), from 0 to 255. Adds sums of the bytes.
    void (*quantise)(const T* tile, std::size_t rows, T low, T scale, std::uint8_t* bytes, std::uint32_t* by_lane,
                     std::uint32_t* by_row) noexcept;
};

/// A part of a row in whole steps: so many words of two of its elements each, whose squares sum to less than 2^29, so
/// that squared distances of two parts are exact in 32 bits.
inline constexpr std::size_t step_part_words = 128;
inline constexpr double most_part_norm = 0x1p29;  ///< and not that itself

/// A panel's rows against others, all in whole steps: out[c * panel_rows + i] = the sum over parts, in order, of unit
/// times panel_norms[part][i] + column_norms[part][c] - 2 the sum over k of the products of both halves of
/// panel[k * panel_rows + i] and columns[c * column_stride + k], exact up to the product with `unit`. `panel`,
/// `panel_norms` and `out` are aligned to 64 bytes.
struct StepProduct {
    const std::int32_t* panel;
    const std::int32_t* columns;
    std::size_t words;  ///< of a row
    std::size_t column_stride;
    std::size_t column_count;
    const std::int32_t* panel_norms;   ///< a part's are panel_norm_stride after those of the part before
    const std::int32_t* column_norms;  ///< likewise
    std::size_t panel_norm_stride;
    std::size_t column_norm_stride;
    float unit;
    float* out;
};

/// Rows of floats in whole steps, two to a word: the even element in the lower half. An odd one out has 0 beside it.
/// Noexcept, without allocation, the same bits on every instruction set.
struct StepKernels {
    /// words[k] of row[2 k] * scale and row[2 k + 1] * scale to the nearest, whose magnitudes are below 2^15.
    void (*round_row)(const float* row, std::size_t depth, float scale, std::int32_t* words) noexcept;

    /// The same of a part of a panel: words[k * panel_rows + i]; norms[i] = the sum of squares of row i.
    void (*round_panel)(const float* panel, std::size_t depth, float scale, std::int32_t* words,
                        std::int32_t* norms) noexcept;

    void (*distances)(const StepProduct*) noexcept;
};

/// Random splits as stats::random_split draws them, `split_lanes` times `groups` of them from number `first` on.
struct SplitRequest {
    std::uint64_t seed;
    std::uint64_t first;
    std::size_t groups;
    std::uint32_t chosen;
    std::uint32_t labels_before;  ///< then come whole words, before the `labels_after`
    std::uint32_t labels_after;
    std::uint64_t* words;      ///< label l of split s: bit l % 64 of words[l / 64 * stride + s]
    std::size_t stride;        ///< at least split_lanes * groups
    std::uint64_t* undecided;  ///< [split_lanes * groups]: the top bit is set where 32 random bits did not decide:
                               ///< that split must be drawn by stats::random_split
};

/// Bytes of a panel against 64 rows, and the labels of many splits.
struct ChosenBlock {
    const std::uint8_t* bytes;        ///< [64][panel_rows], aligned to 32 bytes
    const std::uint64_t* row_labels;  ///< of the 64 rows, for each split
    const std::uint64_t* lane_words;  ///< that hold the labels of the panel's rows, for each split
    unsigned lane_shift;              ///< 0 or 32: where in its word the panel begins
    std::size_t splits;
    std::uint32_t* counters;  ///< [splits][split_counters], aligned to 64 bytes
};

struct LabelKernels {
    void (*random_splits)(const SplitRequest*) noexcept;

    /// For each split, adds the bytes where row and lane are chosen to that split's counters, whose sum counts. (Which
    /// counter gets what is the same on every instruction set, and of no interest.)
    void (*add_chosen)(const ChosenBlock*) noexcept;
};

}  // namespace vedette::inline v0::kernels
