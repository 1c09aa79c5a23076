// SPDX-License-Identifier: Apache-2.0
// Scores of a row of features by the empirical tails of each: ECOD and COPOD, with frozen distribution functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// With l_j = -ln F_j(x_j) and r_j = -ln P(X_j >= x_j), the tails of feature j, and s_j the tail on the side of its
/// skewness (l_j where negative, else r_j):
enum class TailScoreKind : std::uint8_t {
    /// max(sum l_j, sum r_j, sum s_j), as in the papers of ECOD (Li, Zhao, Hu, Botta, Ionescu and Chen 2022) and of
    /// COPOD (Li, Zhao, Botta, Ionescu and Hu 2020), which differ in their reasoning only.
    ecod = 0,
    /// sum max(l_j, r_j, s_j): what PyOD calls ECOD. Where the skewness is 0, PyOD's s_j is l_j + r_j.
    ecod_pyod = 1,
    /// sum max(s_j, (l_j + r_j)/2): what PyOD calls COPOD; s_j as above.
    copod_pyod = 2,
};

/// "ecod", "ecod_pyod", "copod_pyod".
const char* tail_score_name(TailScoreKind kind) noexcept;

/// Higher is more anomalous. Tails are (1 + #{reference on that side, ties included})/(n + 1), the row counting as one
/// more of the reference: never zero, and what PyOD computes for one row at a time; PyOD refits on every batch, so that
/// rows of one batch change each other's scores. Skewness is that of the reference alone.
///
/// Frozen at construction: scoring is const, noexcept, without allocation or locks, safe from several threads.
class TailScore {
  public:
    /// Copies and sorts the columns: some 8.3 bytes a value. Throws Error: not_enough_data for fewer than 2 rows or no
    /// column; invalid_argument for a value that is not finite or an unknown kind; overflow for 2^31 rows or more. O(d
    /// n log n).
    explicit TailScore(MatrixView<float> reference, TailScoreKind kind = TailScoreKind::ecod);

    /// NaN for a row of another width or with a NaN; infinities lie beyond all of the reference. O(d log n).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it: contributions[j] >= 0, their sum in order is the score. NaN, and
    /// contributions untouched, if they are not as many as features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return skewness_.size(); }
    [[nodiscard]] std::size_t reference_count() const noexcept { return count_; }
    [[nodiscard]] TailScoreKind kind() const noexcept { return kind_; }

    /// As a container of kind "tail_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static TailScore deserialize(std::span<const std::byte> bytes);

  private:
    struct alignas(64) Block {
        float entries[16];
    };

    TailScore() = default;
    void prepare();
    [[nodiscard]] std::vector<float> columns() const;
    template <class Each>
    bool for_each_tail(std::span<const float> row, Each&& each) const noexcept;

    TailScoreKind kind_ = TailScoreKind::ecod;
    std::size_t count_ = 0;
    std::vector<Block> trees_;           // by feature, over the ascending column
    std::vector<std::int8_t> skewness_;  // sign, by feature
    std::vector<std::uint32_t> begins_;  // where the run of values equal to this one begins
    std::vector<double> tails_;          // -ln(k/(n + 1)), by k
};

}  // namespace vedette::inline v0::perturbation
