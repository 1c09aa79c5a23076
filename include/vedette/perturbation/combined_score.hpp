// SPDX-License-Identifier: Apache-2.0
// Several scores of one input made into one, by weights that may be learned; calibrate it like any other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

struct CombinedScoreOptions {
    /// Of the squares of the weights, as against the mean loss of a row; in [1e-6, 1e3].
    double ridge = 1e-3;
};

/// sum over scores j of w_j t_j, t_j = -ln((1 + #{benign values >= x_j})/(n + 1)): each score's own tail, whatever its
/// scale, then weights >= 0, so that a score that is higher never makes the input look better. A row is the values of
/// the scores, in an order that is the caller's.
///
/// Without examples of what is to be found every weight is 1 (Fisher's combination, as a score). With them, the weights
/// are those of the logistic regression of the examples against the benign rows, both classes with half of the mean
/// loss, with a ridge and weights of at least 0. They find what is like the examples; the false-alarm rate comes from
/// calibration with rows that took no part here, and holds whatever the weights.
///
/// Frozen at construction: scoring is const, noexcept, without allocation or locks, safe from several threads.
class CombinedScore {
  public:
    static constexpr std::size_t most_scores = 64;

    /// labels[i] is 0 for a benign row and 1 for an example; none: all rows are benign. Throws Error:
    /// dimension_mismatch for lists of unlike length; not_enough_data for no column or fewer than 2 benign rows;
    /// invalid_argument for a value that is NaN, a label above 1, an option out of range or more than 64 columns;
    /// overflow for 2^31 rows or more. O(d n log n) time, and where weights are learned O(d n) for each of at most 200
    /// sweeps.
    explicit CombinedScore(MatrixView<float> scores, std::span<const std::uint32_t> labels = {},
                           const CombinedScoreOptions& options = {});

    /// NaN for a row of another width or with a NaN. O(d log n).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;
    /// The same, and what each score adds to it: contributions[j] >= 0, their sum in order is the score. NaN, and
    /// contributions untouched, if they are not as many as scores.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return weights_.size(); }
    [[nodiscard]] std::span<const double> weights() const noexcept { return weights_; }
    [[nodiscard]] const CombinedScoreOptions& options() const noexcept { return options_; }

    /// As a container of kind "combined_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static CombinedScore deserialize(std::span<const std::byte> bytes);

  private:
    CombinedScore() = default;
    [[nodiscard]] double tail(std::size_t column, float x) const noexcept;
    void learn(MatrixView<float> scores, std::span<const std::uint32_t> labels);

    CombinedScoreOptions options_;
    std::size_t count_ = 0;       // of benign rows
    std::vector<float> columns_;  // each ascending, one after the other
    std::vector<double> weights_;
};

}  // namespace vedette::inline v0::perturbation
