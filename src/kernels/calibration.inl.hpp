// SPDX-License-Identifier: Apache-2.0
// Scores into probabilities and counters, step by step over many rows: what is arithmetic the compiler makes vectors
// of, what is a look-up waits for no other row's.
#pragma once

#include "kernels/calibration_table.hpp"
#include "kernels/lanes.inl.hpp"

namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA {
namespace {

VEDETTE_INLINE std::uint64_t bits_of(double x) noexcept {
    return __builtin_bit_cast(std::uint64_t, x);
}

// The pieces of scores, by a first step that is known where it can be.
constexpr std::size_t unknown_step = ~std::size_t{0};
template <std::size_t first_step>
VEDETTE_INLINE void find_pieces(const ScorePieces& p, const double* scores, const std::uint64_t* slots,
                                std::uint32_t* found, std::size_t rows) noexcept {
    for (std::size_t i = 0; i < rows; ++i) {
        std::size_t piece = p.first[slots[i]];
        const double score = scores[i];
        std::size_t half = first_step == unknown_step ? p.first_step : first_step;
        for (; half > 0; half /= 2) piece += half * static_cast<std::size_t>(p.starts[piece + half] <= score);
        found[i] = static_cast<std::uint32_t>(piece);
    }
}

void calibrate(const ScorePieces* pieces, double* scores, std::uint32_t* cells, double* totals,
               std::size_t rows) noexcept {
    const ScorePieces p = *pieces;
    alignas(64) std::uint64_t slots[most_calibrated_rows];
    for (std::size_t i = 0; i < rows; ++i)
        slots[i] = ((bits_of(__builtin_fabs(scores[i] - p.origin)) ^ p.flip) - p.base) >> p.shift;
    switch (p.first_step) {
        case 0: find_pieces<0>(p, scores, slots, cells, rows); break;
        case 1: find_pieces<1>(p, scores, slots, cells, rows); break;
        case 2: find_pieces<2>(p, scores, slots, cells, rows); break;
        case 4: find_pieces<4>(p, scores, slots, cells, rows); break;
        default: find_pieces<unknown_step>(p, scores, slots, cells, rows);
    }
    for (std::size_t i = 0; i < rows; ++i) {
        const ScorePiece& piece = p.pieces[cells[i]];
        scores[i] = piece.slope * (scores[i] - piece.knot) + piece.value;
        cells[i] = piece.cell;
    }
    for (std::size_t i = 0; i < rows; ++i) totals[i] += scores[i];
}

constexpr std::uint64_t fraction_bits = (std::uint64_t{1} << 52U) - 1;

VEDETTE_INLINE void divide(const CalibratedRows& b) noexcept {
    double* const p = b.probabilities;
    std::uint64_t zeros = 0;
    for (std::size_t i = 0; i < b.rows; ++i) zeros |= (bits_of(b.totals[i]) - 1) >> 63U;
    if (zeros == 0) {
        for (std::size_t i = 0; i < b.rows; ++i) p[i] /= b.totals[i];
    } else {
        for (std::size_t i = 0; i < b.rows; ++i) p[i] = b.totals[i] > 0.0 ? p[i] / b.totals[i] : b.even;
    }
}

void count_calibrated(const CalibratedRows* block) noexcept {
    const CalibratedRows b = *block;
    double* const p = b.probabilities;
    if (b.totals != nullptr) divide(b);
    // Halves of units rounded to the nearest whole number, 1 less where that is above, and from them the nearest unit.
    alignas(64) std::uint32_t units[most_calibrated_rows];
    constexpr double binade = 4503599627370496.0;  // 2^52, from where on doubles are whole
    for (std::size_t i = 0; i < b.rows; ++i) {
        const double halves = p[i] * 4294967296.0;
        const double whole = (halves + binade) - binade;
        // Numbers of one sign are ordered as their bits.
        const std::uint64_t is_above = (bits_of(halves) - bits_of(whole)) >> 63U;
        units[i] = static_cast<std::uint32_t>(((bits_of(whole + (binade + 1.0)) - is_above) & fraction_bits) >> 1U);
    }
    alignas(64) std::uint64_t squares[most_calibrated_rows];
    for (std::size_t i = 0; i < b.rows; ++i)
        squares[i] = (std::uint64_t{units[i]} * units[i] + (std::uint64_t{1} << 30U)) >> 31U;
    for (std::size_t i = 0; i < b.rows; ++i) {
        const std::size_t is_predicted = b.predictions[i] == b.positive ? 1 : 0;
        std::uint64_t* const counters = b.counters + 3 * std::size_t{b.cells[i]} + (b.predicted & (0 - is_predicted));
        counters[0] += 1;
        counters[1] += units[i];
        counters[2] += squares[i];
    }
}

constexpr CalibrationKernels calibration_entries() noexcept {
    return {&calibrate, &count_calibrated};
}

}  // namespace
}  // namespace vedette::inline v0::kernels::VEDETTE_KERNEL_ISA
