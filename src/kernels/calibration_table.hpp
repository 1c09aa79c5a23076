// SPDX-License-Identifier: Apache-2.0
// Kernels of performance without labels: many rows' scores of one class become probabilities, and are counted.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// Most rows of one call.
inline constexpr std::size_t most_calibrated_rows = 128;

/// A stretch of scores on which the map is one straight line and the cell the same.
struct ScorePiece {
    double knot;
    double value;
    double slope;
    std::uint32_t cell;
};

/// Pieces of [0, 1], and where to begin the search of one. A score's slot is ((bits of |score - origin| ^ flip) - base)
/// >> shift; from the piece `first[slot]` a binary search of steps first_step, first_step/2, ..., 1 (none if 0) finds
/// the last one that starts at the score or below.
struct ScorePieces {
    const double* starts;  ///< readable 2 * first_step beyond the last piece: infinities
    const ScorePiece* pieces;
    const std::uint32_t* first;
    double origin;
    std::uint64_t flip;
    std::uint64_t base;
    unsigned shift;
    std::size_t first_step;  ///< a power of two, or 0
};

/// Rows of one class against the rest. Counters are three a cell: rows, sums of probabilities in whole 2^-31 and sums
/// of their squares, rounded to the same; of rows predicted otherwise, and `predicted` behind them of those predicted.
struct CalibratedRows {
    double* probabilities;
    const double* totals;  ///< over classes, by which probabilities are divided; null where they are not
    double even;           ///< where the total is 0
    const std::uint32_t* cells;
    const std::uint32_t* predictions;
    std::uint32_t positive;  ///< the prediction that is this class
    std::size_t rows;        ///< at most most_calibrated_rows
    std::uint64_t* counters;
    std::size_t predicted;
};

/// Each operation is rounded by itself: the same bits on every instruction set. No branch depends on a score. noexcept,
/// no allocation.
struct CalibrationKernels {
    /// Writes probabilities over scores in [0, 1], and adds them to totals.
    void (*calibrate)(const ScorePieces* pieces, double* scores, std::uint32_t* cells, double* totals,
                      std::size_t rows) noexcept;
    /// Divides, and counts.
    void (*count)(const CalibratedRows* rows) noexcept;
};

}  // namespace vedette::inline v0::kernels
