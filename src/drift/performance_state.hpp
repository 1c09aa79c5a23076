// SPDX-License-Identifier: Apache-2.0
// What a fitted PerformanceReference holds, and how a score becomes a probability and a cell in one look-up.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drift/performance_tally.hpp"
#include "kernels/calibration_table.hpp"
#include "vedette/core/digest.hpp"
#include "vedette/drift/performance_estimate.hpp"
#include "vedette/stats/isotonic.hpp"

namespace vedette::inline v0::drift {

/// Numbers scores in [0, 1] by slots: never a smaller slot for a larger score. The leading bits of |score - origin| are
/// even slots with the origin at -1, and ever finer ones towards 0, or towards 1, with an origin just beyond it.
struct SlotMap {
    double origin = -1.0;
    unsigned shift = 41;

    /// All bits where those of larger scores are smaller ones.
    [[nodiscard]] std::int64_t flip() const noexcept { return origin > 0.0 ? -1 : 0; }
    [[nodiscard]] std::int64_t order_of(double score) const noexcept {
        return std::bit_cast<std::int64_t>(std::abs(score - origin)) ^ flip();
    }
    [[nodiscard]] std::size_t operator()(double score) const noexcept {
        return static_cast<std::size_t>((order_of(score) - order_of(0.0)) >> shift);
    }
};

/// The pieces of [0, 1] on which the map is one straight line and the cell the same. A table of slots, as fine where
/// scores crowd as elsewhere, says where to begin; then the same few steps of a binary search for every score, without
/// a branch: rows overlap in the processor, and no sender can slow it down.
class ScoreTable {
  public:
    struct Place {
        double probability;
        std::uint32_t cell;
    };

    ScoreTable() = default;
    /// `edges` ascend: the cell of a score is the number of edges not above it.
    ScoreTable(const stats::IsotonicMap& map, std::span<const double> edges);

    /// Of a score in [0, 1].
    [[nodiscard]] Place find(double score) const noexcept {
        const auto bits = std::bit_cast<std::int64_t>(std::abs(score - slots_.origin));
        const double* begin =
            starts_.data() + first_[static_cast<std::size_t>(((bits ^ flip_) - base_) >> slots_.shift)];
        for (std::size_t half = first_step_; half > 0; half /= 2) begin += begin[half] <= score ? half : 0;
        const kernels::ScorePiece& piece = pieces_[static_cast<std::size_t>(begin - starts_.data())];
        return {piece.slope * (score - piece.knot) + piece.value, piece.cell};
    }
    /// The same for kernels.
    [[nodiscard]] kernels::ScorePieces view() const noexcept {
        return {starts_.data(),
                pieces_.data(),
                first_.data(),
                slots_.origin,
                static_cast<std::uint64_t>(flip_),
                static_cast<std::uint64_t>(base_),
                slots_.shift,
                first_step_};
    }

  private:
    /// The first piece of each slot, and into `most` the pieces of the fullest one.
    [[nodiscard]] std::vector<std::uint32_t> first_pieces(const SlotMap& slots, std::size_t& most) const;

    std::vector<double> starts_;  // of pieces, the first 0; then infinities, that a step may look at
    std::vector<kernels::ScorePiece> pieces_;
    SlotMap slots_;
    std::int64_t flip_ = 0;  // all bits where the map's bits fall
    std::int64_t base_ = 0;
    std::vector<std::uint32_t> first_;  // per slot, the last piece that starts in an earlier one
    std::size_t first_step_ = 0;        // a power of two
};

/// One column of scores.
struct ScoreColumn {
    bool calibrated = false;
    stats::IsotonicMap map;
    std::vector<double> edges;
    double placement_variance = 0.0;  // of the share of negatives below a positive (or the reverse, if those are fewer)
    ScoreTable table;                 // made of the above
    std::size_t offset = 0;           // of its counters

    [[nodiscard]] std::size_t cells() const noexcept { return edges.size() + 1; }
};

struct PerformanceReference::State {
    std::uint64_t rows = 0;
    std::size_t classes = 2;
    std::vector<ScoreColumn> columns;
    std::vector<std::uint64_t> confusion;  // [prediction * classes + label]
    std::array<double, performance_metric_count> realised{};
    std::array<Interval, performance_metric_count> thresholds{};

    Digest digest{};           // of the bytes
    std::size_t counters = 0;  // of a window

    /// Makes the tables and offsets.
    void complete();
    [[nodiscard]] bool is_binary() const noexcept { return columns.size() == 1; }
    [[nodiscard]] std::uint64_t* counters_at(std::vector<std::uint64_t>& all, std::size_t column, bool predicted,
                                             std::uint32_t cell) const noexcept {
        const ScoreColumn& own = columns[column];
        return all.data() + own.offset + (own.cells() * (predicted ? 1U : 0U) + cell) * tally_width;
    }
    [[nodiscard]] std::vector<ClassTally> tallies(std::span<const std::uint64_t> all) const;
    [[nodiscard]] ClassTally tally(std::span<const std::uint64_t> all, std::size_t column) const noexcept;
    /// The column of a class that estimates can be made of. Throws Error(invalid_argument).
    [[nodiscard]] std::size_t column_of(std::size_t which) const;
    /// Probabilities and cells of a row, 1 when it can be counted; counts what it is otherwise.
    [[nodiscard]] bool read(std::span<const double> scores, std::uint32_t prediction, PerformanceCounts& counts,
                            std::span<double> probabilities, std::span<std::uint32_t> cells) const noexcept;
    /// The probability that the prediction is right, in units.
    [[nodiscard]] std::uint64_t right_units(std::span<const double> probabilities,
                                            std::uint32_t prediction) const noexcept {
        if (!is_binary()) return probability_units(probabilities[prediction]);
        return probability_units(prediction == 1 ? probabilities[0] : 1.0 - probabilities[0]);
    }
};

/// Counts a score that cannot be counted in, and says so; false for one in [0, 1].
inline bool turn_away(double score, PerformanceCounts& counts) noexcept {
    if (score >= 0.0 && score <= 1.0) [[likely]]
        return false;
    ++(std::isnan(score) ? counts.nan : counts.out_of_range);
    return true;
}

void add_counts(PerformanceCounts& to, const PerformanceCounts& from) noexcept;
/// Counts as stored, and back. Throws Error(corrupt_data) for one that could run over.
std::vector<std::uint64_t> list_of(const PerformanceCounts& counts);
PerformanceCounts counts_of(std::span<const std::uint64_t> list);

/// Whether counters can belong to so many rows of this reference; what a file claims.
bool are_counters(const PerformanceReference::State& state, std::span<const std::uint64_t> counters, std::uint64_t rows,
                  Knowledge knowledge) noexcept;

}  // namespace vedette::inline v0::drift
