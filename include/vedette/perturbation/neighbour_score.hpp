// SPDX-License-Identifier: Apache-2.0
// The distance of a normalised embedding to its k-th nearest known one.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

struct NeighbourScoreOptions {
    /// k, 1 to 1024: the paper takes 50 of 50,000 embeddings, and 1000 of all of ImageNet.
    std::size_t neighbours = 50;
};

/// Sun, Ming, Zhu and Li (2022), "Out-of-distribution detection with deep nearest neighbors": the Euclidean distance
/// (not its square) of x / |x| to the k-th nearest of the known embeddings, divided by their norms too; 0 to 2. Higher
/// is more anomalous. It assumes nothing of the classes' shape.
///
/// Frozen at construction; known embeddings are kept in float. The search is exhaustive and exact: products in float
/// leave out only what their rounding cannot bring among the k nearest, and the others' distances are taken in double
/// from differences, without cancellation. A request costs n d products of floats, and some k log(n / k) distances;
/// memory is n d floats. Scoring is const, noexcept, without allocation or locks, safe from several threads, and gives
/// the same bits on every instruction set.
class NeighbourScore {
  public:
    /// embeddings: a row each. Throws Error: not_enough_data for fewer rows than neighbours or no column;
    /// invalid_argument for a value that is not finite or beyond 1e30, a row of norm zero, neighbours not in [1, 1024],
    /// or more than 4096 columns. O(n d).
    explicit NeighbourScore(MatrixView<float> embeddings, const NeighbourScoreOptions& options = {});
    NeighbourScore(const NeighbourScore& other);
    NeighbourScore& operator=(const NeighbourScore& other);
    NeighbourScore(NeighbourScore&&) noexcept;
    NeighbourScore& operator=(NeighbourScore&&) noexcept;
    ~NeighbourScore();

    /// NaN for a row of another width, with a value that is not finite, or of norm zero.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    [[nodiscard]] std::size_t size() const noexcept;       ///< known embeddings
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
