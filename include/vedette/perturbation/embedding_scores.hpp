// SPDX-License-Identifier: Apache-2.0
// Scores of an embedding against Gaussian classes: the Mahalanobis distance, its relative form, and both on the sphere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// How the map that whitens an embedding is kept: it is most of what a request reads.
enum class MapStorage : std::uint8_t {
    float32 = 0,
    /// Half the bytes: 16-bit whole numbers with a scale a row and a column, rounded so that distances keep their
    /// relative error (MahalanobisScore::storage_error; Babai's nearest plane). Pays where floats leave a cache: from
    /// some 500 columns on. Needs all directions of a regular covariance, and is refused where the bound would exceed
    /// 10 %, as for columns that are nearly a combination of others (conditions of 1e9 and more).
    int16 = 1,
};

struct MahalanobisOptions {
    /// Takes off the squared distance to one Gaussian of all classes before the least is sought (relative Mahalanobis;
    /// Ren et al. 2021).
    bool relative = false;
    /// Divides every embedding by its Euclidean norm first ("++"; Mueller and Hein 2025).
    bool normalise = false;
    /// Keeps so many directions of the shared covariance, those of largest variance; 0 keeps all that have any.
    std::size_t rank = 0;
    MapStorage storage = MapStorage::float32;
};

/// min over classes c of (x - mean_c)' S^-1 (x - mean_c), S the covariance shared by all classes (Lee, Lee, Lee and
/// Shin 2018), divided by n (maximum likelihood). Higher is more anomalous. Directions in which no class spreads (a
/// variance below 1e-10 of the largest, in units of the features' own) are left out of S^-1, a pseudo-inverse.
///
/// Frozen at construction: embeddings are whitened by one matrix, fitted once, and class means with it, so that a
/// request costs d r products, r the rank, of floats, and C r of 16-bit words, whose error bound tells which classes
/// may be the nearest; those are measured in double. Where many are about as near, C r products of floats choose.
/// Against the same in double the relative error is some 1e-6 (by the choice of the class commonly below 1e-5, for an
/// embedding of d features made for it up to 6e-7 (d + 2)), growing with the condition of S and the squared distances
/// between classes, and `storage_error` beside that. NaN for a distance that is no float. Scoring is const, noexcept,
/// without allocation or locks, safe from several threads, and gives the same bits on every instruction set.
class MahalanobisScore {
  public:
    /// embeddings: a row each, of class labels[i] < class_count. Throws Error: dimension_mismatch for lists of unlike
    /// length; invalid_argument for a value that is not finite or beyond 1e30, a label out of range, a rank above the
    /// number of columns, a zero row under `normalise`, more than 4096 columns or 2^20 classes, or a storage in int16
    /// of a rank or of a covariance that is not regular; not_enough_data for no
    /// column, a class without a row, or classes that do not spread at all. O(n d^2 + d^3) time, O(n d) memory.
    MahalanobisScore(MatrixView<float> embeddings, std::span<const std::uint32_t> labels, std::size_t class_count,
                     const MahalanobisOptions& options = {});
    MahalanobisScore(const MahalanobisScore& other);
    MahalanobisScore& operator=(const MahalanobisScore& other);
    MahalanobisScore(MahalanobisScore&&) noexcept;
    MahalanobisScore& operator=(MahalanobisScore&&) noexcept;
    ~MahalanobisScore();

    /// NaN for a row of another width, with a value that is not finite, or of norm zero under `normalise`. The relative
    /// form may be negative.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    /// The class nearest by the score, and the score.
    struct Nearest {
        double score;
        std::uint32_t label;
    };
    [[nodiscard]] Nearest nearest(std::span<const float> embedding) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept;
    [[nodiscard]] std::size_t class_count() const noexcept;
    /// Directions kept.
    [[nodiscard]] std::size_t rank() const noexcept;
    [[nodiscard]] const MahalanobisOptions& options() const noexcept;
    /// A bound, for every embedding and class, on the relative change of a squared distance by the map's storage: 0 for
    /// floats, else of what was stored in fact, commonly 3e-4 to 1e-2 and never above 0.1 (what is seen is about a
    /// tenth); of a score that was read, what its file says. The relative form is a difference of two that each keep
    /// it. Thresholds calibrated with this score account for it.
    [[nodiscard]] double storage_error() const noexcept;

    /// As a container of kind "mahalanobis_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MahalanobisScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit MahalanobisScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
