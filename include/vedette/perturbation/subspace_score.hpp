// SPDX-License-Identifier: Apache-2.0
// Scores of the part of an embedding that known embeddings do not use: Residual and ViM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

enum class SubspaceScoreKind : std::uint8_t { residual = 0, vim = 1 };

/// "residual" or "vim".
const char* subspace_score_name(SubspaceScoreKind kind) noexcept;

struct SubspaceScoreOptions {
    /// Directions of the principal subspace, fewer than columns. 0 takes the paper's: 1000 above 1500 columns, 512 from
    /// 768 on; half of the columns, on which it is silent, below.
    std::size_t dimension = 0;
};

/// Wang, Li, Feng and Zhang (2022), "ViM: Out-of-distribution with virtual-logit matching". Of an embedding x about the
/// origin o = -W^+ b, where the last layer's logits are W x + b:
///   residual  the norm of x - o less its projection on the principal subspace (of the embeddings' second moments
///             about o, the `dimension` largest)
///   vim       alpha residual - log sum exp(logits); alpha is the mean of the largest logit over the mean residual, of
///             the embeddings it is fitted to
/// Higher is more anomalous. ViM is one of few scores that look at both the embedding and the logits.
///
/// Frozen at construction. A request costs d (d - dimension) products of floats, and for vim C d more and C
/// exponentials; scoring is const, noexcept, without allocation or locks (some 150 KiB of stack for vim), safe from
/// several threads, and gives the same bits on every instruction set.
class SubspaceScore {
  public:
    /// embeddings: a row each, the model's training rows. head_weights: C x d, head_bias: C. Throws Error:
    /// not_enough_data for no embedding or, for vim, embeddings without residual; dimension_mismatch for sizes that do
    /// not fit; invalid_argument for no head, a value that is not finite or beyond 1e30, dimension not below d, more
    /// than 4096 columns or 32768 classes. O(n d^2 + d^3 + C d^2) time.
    SubspaceScore(SubspaceScoreKind kind, MatrixView<float> embeddings, MatrixView<float> head_weights,
                  std::span<const float> head_bias, const SubspaceScoreOptions& options = {});
    SubspaceScore(const SubspaceScore& other);
    SubspaceScore& operator=(const SubspaceScore& other);
    SubspaceScore(SubspaceScore&&) noexcept;
    SubspaceScore& operator=(SubspaceScore&&) noexcept;
    ~SubspaceScore();

    /// NaN for a row of another width or with a value that is not finite, or where products overflow floats.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] SubspaceScoreKind kind() const noexcept;
    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    /// As asked for, but 0 replaced.
    [[nodiscard]] const SubspaceScoreOptions& options() const noexcept;
    [[nodiscard]] double alpha() const noexcept;  ///< 0 for residual

    /// As a container of kind "subspace_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static SubspaceScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit SubspaceScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
