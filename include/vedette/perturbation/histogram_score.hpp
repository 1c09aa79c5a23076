// SPDX-License-Identifier: Apache-2.0
// HBOS: a row's score by the heights of one histogram per feature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

enum class HistogramScoreKind : std::uint8_t {
    /// Bins of equal width (Goldstein and Dengel 2012, "static"): sum over features of ln(highest bin / bin of x_j).
    equal_width = 0,
    /// Bins of n/bins successive values each, more where the last is tied (the same paper, "dynamic"); a bin reaches
    /// to the first value of the next, its height is rows per width. A last bin of one value joins that before it.
    equal_count = 1,
    /// What PyOD calls HBOS: sum of -log2(density + 0.1) over bins of equal width. Half a bin's width beyond the first
    /// and last bin still belongs to them, what lies farther has the score of the lowest bin. May be negative, and
    /// depends on the features' units.
    pyod = 2,
};

/// "hbos", "hbos_dynamic", "hbos_pyod"; "unknown" for any other value.
const char* histogram_score_name(HistogramScoreKind kind) noexcept;

struct HistogramScoreOptions {
    HistogramScoreKind kind = HistogramScoreKind::equal_width;
    /// 1 to 4096, PyOD's at least 2; 0: the root of the number of rows, rounded, as the paper advises; PyOD's 10.
    std::size_t bins = 0;
};

/// Higher is more anomalous. The paper does not say what an empty bin, or a value beyond all bins, scores: here that of
/// half a row, over the widest bin's width. A feature without spread has one bin, of height "all rows at one value":
/// 0 there, ln(2 n) elsewhere.
///
/// Frozen at construction: scoring is const, noexcept, without allocation or locks, safe from several threads.
class HistogramScore {
  public:
    /// Throws Error: not_enough_data for fewer than 2 rows or no column; invalid_argument for a value that is not
    /// finite, an option out of range or more than 65,535 columns; overflow for 2^31 rows or more. O(d n log n).
    explicit HistogramScore(MatrixView<float> reference, const HistogramScoreOptions& options = {});

    /// NaN for a row of another width or with a NaN; infinities lie beyond all bins. O(d log bins).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it, by definition: their sum in order is the score. NaN, and
    /// contributions untouched, if they are not as many as features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] HistogramScoreKind kind() const noexcept { return options_.kind; }
    [[nodiscard]] const HistogramScoreOptions& options() const noexcept { return options_; }

    /// As a container of kind "histogram_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static HistogramScore deserialize(std::span<const std::byte> bytes);

  private:
    struct alignas(64) Block {
        float entries[16];
    };

    HistogramScore() = default;
    template <class Each>
    bool for_each_cell(std::span<const float> row, Each&& each) const noexcept;

    HistogramScoreOptions options_;
    std::size_t dimension_ = 0;
    std::size_t width_ = 0;       // boundaries of a feature
    std::vector<Block> bounds_;   // trees by feature, +Inf behind the last: cell k has k of them at most its value
    std::vector<double> scores_;  // width_ + 1 by feature
};

}  // namespace vedette::inline v0::perturbation
