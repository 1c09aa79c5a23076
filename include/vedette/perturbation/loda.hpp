// SPDX-License-Identifier: Apache-2.0
// LODA: the mean surprise of a row over histograms of random sparse projections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

struct LodaOptions {
    /// 1 to 1024.
    std::size_t projections = 100;
    /// 1 to 4096; 0 chooses for each projection up to 128, by the penalised likelihood of Birge and Rozenholc 2006.
    std::size_t bins = 0;
    std::uint64_t seed = 0;
};

/// The lightweight on-line detector of anomalies (Pevny 2016), its histograms frozen: the mean over projections of
/// -ln p(w'x), w with sqrt(d) (rounded down) standard normal weights at random features and 0 elsewhere, p the share of
/// the reference in the bin of equal width that w'x falls into; 1/(2 n) for an empty bin and beyond all bins. Weights
/// do not know the features' units: scale the features first. Higher is more anomalous. PyOD's score is this over the
/// number of projections once more, its bins looked up one to the right, empty ones at 1e-12 rows.
///
/// Frozen at construction; equal seeds give equal scores. Scoring is const, noexcept, without allocation or locks, safe
/// from several threads.
class Loda {
  public:
    /// Throws Error: not_enough_data for fewer than 2 rows or no column; invalid_argument for a value that is not
    /// finite, an option out of range or more than 65,535 columns; overflow for 2^31 rows or more.
    /// O(projections n (sqrt(d) + log n)).
    explicit Loda(MatrixView<float> reference, const LodaOptions& options = {});

    /// NaN for a row of another width or with a NaN; infinities lie beyond all bins. O(projections sqrt(d)).
    [[nodiscard]] double score(std::span<const float> row) const noexcept;

    /// The same, and what each feature adds to it: every projection's surprise is divided by |weight x (value - the
    /// reference's mean)| among its features; contributions[j] >= 0, they add up to the score exactly, in any order.
    /// NaN, and contributions untouched, if they are not as many as features.
    [[nodiscard]] double score(std::span<const float> row, std::span<double> contributions) const noexcept;

    /// The paper's explanation: for each feature the one-tailed two-sample t statistic of the surprise of projections
    /// with the feature against those without; large where the feature makes the row stand out. NaN for a feature that
    /// fewer than two projections have or lack. False, and statistics untouched, where `score` is NaN or they are not
    /// as many as features.
    bool feature_statistics(std::span<const float> row, std::span<double> statistics) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept { return means_.size(); }
    [[nodiscard]] std::size_t projection_count() const noexcept { return begins_.size(); }
    [[nodiscard]] std::size_t reference_count() const noexcept { return static_cast<std::size_t>(count_); }
    /// What a fit from the same reference needs to be the same.
    [[nodiscard]] LodaOptions options() const noexcept { return {projection_count(), bins_, seed_}; }
    /// Bins of a projection.
    [[nodiscard]] std::size_t bin_count(std::size_t projection) const noexcept {
        return offsets_[projection + 1] - offsets_[projection];
    }

    /// As a container of kind "loda"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static Loda deserialize(std::span<const std::byte> bytes);

  private:
    Loda() = default;
    void draw(std::uint64_t seed, std::size_t projections);
    void fit(std::span<const float> rows, std::size_t projection, std::size_t bins);
    void prepare();
    [[nodiscard]] double project(std::size_t projection, const float* row) const noexcept;
    [[nodiscard]] double surprise(std::size_t projection, const float* row) const noexcept;
    [[nodiscard]] double pull(std::size_t term, const float* row) const noexcept;

    std::size_t bins_ = 0;
    std::uint64_t seed_ = 0;
    std::uint64_t count_ = 0;
    std::size_t terms_ = 0;                // of a projection
    std::vector<float> means_;             // by feature
    std::vector<float> weights_;           // terms_ by projection
    std::vector<std::uint16_t> features_;  // of the weights
    std::vector<double> begins_, ends_;    // of a projection's bins
    std::vector<double> scales_;           // bins per unit; 0 where the reference is one point
    std::vector<std::uint32_t> offsets_;   // where a projection's bins begin, and one more
    std::vector<std::uint32_t> counts_;    // rows of a bin
    std::vector<double> surprises_;        // -ln of their share
    double surprise_beyond_ = 0.0;
    std::vector<std::uint32_t> starts_;  // where a feature's projections begin, and one more
    std::vector<std::uint16_t> having_;  // projections that have a feature
};

}  // namespace vedette::inline v0::perturbation
