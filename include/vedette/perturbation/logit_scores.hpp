// SPDX-License-Identifier: Apache-2.0
// Scores of a row of logits: how little a classifier's own output looks like that of an input it knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/dtype.hpp"

namespace vedette::inline v0::perturbation {

/// With p the softmax of the logits z. Higher is more anomalous, always.
enum class LogitScoreKind : std::uint8_t {
    /// 1 - max p (Hendrycks and Gimpel 2017), computed without the cancellation near 0.
    max_softmax = 0,
    /// -max z (Hendrycks et al. 2022).
    max_logit = 1,
    /// -T ln sum exp(z/T) (Liu, Wang, Owens and Li 2020).
    energy = 2,
    /// Sum of p^gamma (1 - p)^gamma over the `largest_classes` largest p (GEN; Liu, Lochman and Zach 2023).
    generalised_entropy = 3,
    /// -sum p ln p, in nats.
    entropy = 4,
    /// -(largest p - second largest p); with one class -1.
    margin = 5,
};

struct LogitScoreOptions {
    /// T > 0, at most 1e6: all scores but max_logit and generalised_entropy take p from z/T.
    double temperature = 1.0;
    double gamma = 0.1;                 ///< in (0, 1]
    std::size_t largest_classes = 100;  ///< at least 1; all classes where there are fewer
    std::size_t classes = 0;            ///< the only length of a row that is scored; 0: any
};

/// All scores of one row.
struct LogitScores {
    double max_softmax;
    double max_logit;
    double energy;
    double generalised_entropy;
    double entropy;
    double margin;
};

/// Scores rows of logits. Immutable; scoring is const, noexcept, without allocation or locks, and gives the same bits
/// on every instruction set.
///
/// A row with NaN or +Inf, without an element, or of -Inf alone has no softmax: every score is NaN, as it is for a row
/// of another length than `classes`. -Inf is a class
/// ruled out, with p = 0. Sums run in float by fours, then in double: relative error below 2e-6 to 100,000 classes and
/// beyond (margin: of its probabilities); for scores below 1e-8 some 1e-5, and p below 1e-37 count as 0. O(classes),
/// and for generalised_entropy at most 43 times that when an attacker chooses the logits (about 3 times otherwise), to
/// find the largest.
class LogitScore {
  public:
    /// Throws Error(invalid_argument) for an unknown kind or an option out of range.
    explicit LogitScore(LogitScoreKind kind, const LogitScoreOptions& options = {});

    [[nodiscard]] double score(std::span<const float> logits) const noexcept;
    /// binary16 (Dtype::f16) or bfloat16 (Dtype::bf16), as bits; exactly as if widened to float. NaN for other types.
    [[nodiscard]] double score(std::span<const std::uint16_t> logits, Dtype dtype) const noexcept;

    /// All scores, whatever the kind: cheaper than one by one.
    [[nodiscard]] LogitScores all(std::span<const float> logits) const noexcept;
    [[nodiscard]] LogitScores all(std::span<const std::uint16_t> logits, Dtype dtype) const noexcept;

    /// As a container of kind "logit_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static LogitScore deserialize(std::span<const std::byte> bytes);

    [[nodiscard]] LogitScoreKind kind() const noexcept { return kind_; }
    [[nodiscard]] const LogitScoreOptions& options() const noexcept { return options_; }

  private:
    LogitScoreKind kind_;
    LogitScoreOptions options_;
};

/// "max_softmax", "max_logit", "energy", "generalised_entropy", "entropy", "margin".
const char* logit_score_name(LogitScoreKind kind) noexcept;

}  // namespace vedette::inline v0::perturbation
