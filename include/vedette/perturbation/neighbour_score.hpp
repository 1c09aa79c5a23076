// SPDX-License-Identifier: Apache-2.0
// Scores of the known embeddings nearest to a request's: the distance of the k-th, the local intrinsic dimensionality.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

enum class NeighbourScoreKind : std::uint8_t {
    /// Sun, Ming, Zhu and Li (2022), "Out-of-distribution detection with deep nearest neighbors": the Euclidean
    /// distance
    /// (not its square) to the k-th nearest, 0 to 2.
    distance = 0,
    /// The local intrinsic dimensionality, by the maximum-likelihood estimator of Amsaleg et al. (2015), "Estimating
    /// local intrinsic dimensionality": 1 / mean of ln(r_k / r_i) over the k nearest, r_k among them. High where an
    /// input
    /// has left the surface on which known ones lie (Ma et al. 2018, who go on to learn from attacks; this is the raw
    /// estimate). Distances of zero, of copies, are left out: 0 where all are zero; +Inf where all others are equal.
    intrinsic_dimensionality = 1,
};

/// "nearest_neighbours" or "local_intrinsic_dimensionality".
const char* neighbour_score_name(NeighbourScoreKind kind) noexcept;

/// How the nearest are found; scores are the same, bit for bit.
enum class NeighbourScan : std::uint8_t {
    /// Products of floats: 4 n d bytes.
    float32 = 0,
    /// Products of 8-bit codes tell by their error bound which rows may be among the nearest, floats decide: 5 n d
    /// bytes,
    /// several times as fast.
    int8 = 1,
};

struct NeighbourScoreOptions {
    NeighbourScoreKind kind = NeighbourScoreKind::distance;
    /// k, 1 to 1024: for distances the paper takes 50 of 50,000 embeddings, and 1000 of all of ImageNet; for
    /// dimensionalities Ma et al. take 20 of 100, and the estimate's relative deviation is about 1 / sqrt(k).
    std::size_t neighbours = 50;
    NeighbourScan scan = NeighbourScan::int8;
    /// Keeps only so many embeddings, at least `neighbours`: the greedy k-centre choice of Gonzalez (1985), each next
    /// the farthest from those chosen, whose covering radius is at most twice the least possible. 0 keeps all.
    /// Distances grow with what is left out: choose k for the size kept. Fitting costs O(n coreset d).
    std::size_t coreset = 0;
    std::uint64_t seed = 1;  ///< draws the coreset's first embedding
};

/// Of x / |x| among the known embeddings, divided by their norms too. Higher is more anomalous. Assumes nothing of the
/// classes' shape.
///
/// Frozen at construction; known embeddings are kept in float. The search is exhaustive and exact, whatever the scan:
/// products leave out only what their rounding cannot bring among the k nearest, and the others' distances are taken in
/// double from differences, without cancellation. The codes of a row are its elements over a 127th of the largest of
/// them, a 63rd for x, rounded; a product is known to |x - x'| + |r - r'| (Cauchy-Schwarz; about 0.007 sqrt(d) of the
/// largest element together), so that no recall is lost; known embeddings within that of each other cost distances, at
/// worst n. A request costs n d products, and some k log(n / k) distances. Scoring is const, noexcept, without
/// allocation or locks (some 130 KiB of stack), safe from several threads, and gives the same bits on every instruction
/// set.
class NeighbourScore {
  public:
    /// embeddings: a row each. Throws Error: not_enough_data for fewer rows than neighbours or the coreset, or no
    /// column; invalid_argument for a value that is not finite or beyond 1e30, a row of norm zero, neighbours not in
    /// [1, 1024], a coreset below neighbours, an unknown kind or scan, or more than 4096 columns. O(n d).
    explicit NeighbourScore(MatrixView<float> embeddings, const NeighbourScoreOptions& options = {});
    NeighbourScore(const NeighbourScore& other);
    NeighbourScore& operator=(const NeighbourScore& other);
    NeighbourScore(NeighbourScore&&) noexcept;
    NeighbourScore& operator=(NeighbourScore&&) noexcept;
    ~NeighbourScore();

    /// NaN for a row of another width, with a value that is not finite, or of norm zero.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    [[nodiscard]] std::size_t size() const noexcept;       ///< known embeddings kept
    /// The largest distance of a known embedding, over its norm, to the nearest kept: a distance to the nearest known
    /// one is at least that to the nearest kept less this. 0 where all are kept.
    [[nodiscard]] double coverage_radius() const noexcept;
    [[nodiscard]] const NeighbourScoreOptions& options() const noexcept;

    /// As a container of kind "neighbour_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static NeighbourScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit NeighbourScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
