// SPDX-License-Identifier: Apache-2.0
// LOF: how much sparser the reference is around a row than around the row's neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

struct LocalOutlierFactorOptions {
    /// 1 to 256; at most one fewer than rows.
    std::size_t neighbours = 20;
};

/// The local outlier factor (Breunig, Kriegel, Ng and Sander 2000) of a new row against a frozen reference, as
/// scikit-learn's novelty form: mean density of the k nearest rows over the row's own, density being 1 over the mean of
/// max(distance to the neighbour, the neighbour's own k-distance), plus 1e-10. About 1 among the reference; higher is
/// more anomalous. Distances are Euclidean: scale the features first. Of rows at equal distance the earlier is nearer,
/// and k are taken (the paper takes all of them). Many copies of one row make it very dense: the factor nearby is huge.
///
/// Frozen at construction: scoring is const, noexcept, without allocation or locks, safe from several threads. Every
/// reference row is compared; distances are those of doubles.
class LocalOutlierFactor {
  public:
    /// Copies the rows: 4 d + 16 bytes each. Throws Error: not_enough_data for fewer than 2 rows or no column;
    /// invalid_argument for a value that is not finite, neighbours out of range or more than 65,535 columns; overflow
    /// for 2^31 rows or more. O(n^2 d).
    explicit LocalOutlierFactor(MatrixView<float> reference, const LocalOutlierFactorOptions& options = {});

    /// NaN for a row of another width or with a value that is not finite. O(n d).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it: its part of the squared distances to the neighbours, times the
    /// score; contributions[j] >= 0, they add up to the score exactly, in any order. Equal parts for a row that equals
    /// all of its neighbours. NaN, and contributions untouched, if they are not as many as features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return dimension_; }
    [[nodiscard]] std::size_t reference_count() const noexcept { return densities_.size(); }
    [[nodiscard]] LocalOutlierFactorOptions options() const noexcept { return {neighbours_}; }

    /// As a container of kind "local_outlier_factor"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static LocalOutlierFactor deserialize(std::span<const std::byte> bytes);

  private:
    struct Nearest;
    LocalOutlierFactor() = default;
    void lay_out(std::span<const float> rows);
    [[nodiscard]] float value(std::size_t row, std::size_t feature) const noexcept;
    [[nodiscard]] double squared_distance(std::span<const float> row, std::size_t other) const noexcept;
    void find(std::span<const float> row, std::size_t left_out, Nearest& nearest) const noexcept;
    [[nodiscard]] double mean_reach(const Nearest& nearest) const noexcept;
    [[nodiscard]] double factor(const Nearest& nearest) const noexcept;

    std::size_t dimension_ = 0;
    std::size_t neighbours_ = 0;
    std::vector<float> blocks_;      // rows, 32 at a time, column by column
    std::vector<double> reaches_;    // distance to the k-th neighbour, by row
    std::vector<double> densities_;  // local reachability density, by row
};

}  // namespace vedette::inline v0::perturbation
