// SPDX-License-Identifier: Apache-2.0
// The divergence of a prediction from the usual prediction of each class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// KL-matching; Hendrycks et al. (2022), "Scaling out-of-distribution detection for real-world settings": the least
/// over classes c of KL(p || q_c) = sum p log(p / q_c) in nats, p the softmax of the logits and q_c the mean softmax of
/// the rows predicted as c. At least 0; higher is more anomalous. Classes as which no row is predicted have no
/// template. A share of a template counts as 1e-30 at least, so that the divergence is finite.
///
/// Frozen at construction. A request costs C T products of floats, T the templates, and C exponentials; it is some 1e-5
/// near the truth in a small divergence, of floats. Scoring is const, noexcept, without allocation or locks, safe from
/// several threads, and gives the same bits on every instruction set.
class MatchingScore {
  public:
    /// logits: a row each, of C classes; rows that the model was not trained on. Throws Error: not_enough_data for no
    /// row or class; invalid_argument for a value that is not finite or beyond 1e30, or more than 4096 classes. O(n C).
    explicit MatchingScore(MatrixView<float> logits);
    MatchingScore(const MatchingScore& other);
    MatchingScore& operator=(const MatchingScore& other);
    MatchingScore(MatchingScore&&) noexcept;
    MatchingScore& operator=(MatchingScore&&) noexcept;
    ~MatchingScore();

    /// NaN for a row of another width or with a value that is not finite.
    [[nodiscard]] double score(std::span<const float> logits) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept;       ///< classes
    [[nodiscard]] std::size_t template_count() const noexcept;  ///< classes with a template

    /// As a container of kind "matching_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MatchingScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit MatchingScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
