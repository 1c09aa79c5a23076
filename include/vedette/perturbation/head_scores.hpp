// SPDX-License-Identifier: Apache-2.0
// Scores of an embedding by the model's last layer: SHE, fDBD, NCI; ReAct, ASH and SCALE with the energy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// The values are written into files and never change.
enum class HeadScoreKind : std::uint8_t { class_prototype = 0, fdbd = 1, nci = 2, react = 3 };

/// "class_prototype", "fdbd", "nci" or "react".
const char* head_score_name(HeadScoreKind kind) noexcept;

struct HeadScoreOptions {
    /// NCI: the weight of the embedding's L1 norm, 0 to 1e6.
    double alpha = 1e-4;
    /// ReAct: the share of all activations that is not clipped, in (0, 1].
    double percentile = 0.9;
};

/// Scores of an embedding x with logits z = W x + b, p the class of the largest, and m the mean embedding:
///   class_prototype  SHE, Zhang et al. (2023), "Out-of-distribution detection based on in-distribution data patterns
///                    memorization with modern Hopfield energy": -x . (mean of the rows of class p that the model
///                    classifies correctly)
///   fdbd             Liu and Qin (2024), "Fast decision boundary based out-of-distribution detector": the mean over
///                    the other classes c of (z_p - z_c) / |w_p - w_c|, over |x - m|, with its sign turned
///   nci              Liu and Qin (2025), "Detecting out-of-distribution through the lens of neural collapse":
///                    -(w_p . (x - m) / |x - m| + alpha |x|_1)
///   react            Sun, Guo and Li (2021), "ReAct: out-of-distribution detection with rectified activations": the
///                    energy -log sum exp of the logits of min(x, t), t the percentile (interpolated) of all
///                    activations of all rows
/// Higher is more anomalous. All see only what the last layer uses; the last one supposes activations that are at least
/// 0 (after a ReLU) and does harm on vision transformers.
///
/// Frozen at construction. A request costs C d products of floats, and d or C operations more; fdbd keeps C^2 floats.
/// Scoring is const, noexcept, without allocation or locks (some 150 KiB of stack), safe from several threads, and
/// gives the same bits on every instruction set.
class HeadScore {
  public:
    /// embeddings: the model's training rows; labels[i] < C their true classes, used by class_prototype alone.
    /// head_weights: C x d, head_bias: C. Throws Error: not_enough_data for no embedding, a class without a
    /// correctly classified row (class_prototype), or fewer than two classes (fdbd); dimension_mismatch for sizes that
    /// do not fit; invalid_argument for no head, a value that is not finite or beyond 1e30, a label or option out of
    /// range, two classes of equal weights or more than 4096 (fdbd), more than 4096 columns or 32768 classes. O(n C d)
    /// time, for fdbd C^2 d more.
    HeadScore(HeadScoreKind kind, MatrixView<float> embeddings, std::span<const std::uint32_t> labels,
              MatrixView<float> head_weights, std::span<const float> head_bias, const HeadScoreOptions& options = {});
    HeadScore(const HeadScore& other);
    HeadScore& operator=(const HeadScore& other);
    HeadScore(HeadScore&&) noexcept;
    HeadScore& operator=(HeadScore&&) noexcept;
    ~HeadScore();

    /// NaN for a row of another width or with a value that is not finite, where products overflow floats, and, for fdbd
    /// and nci, at the mean itself.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] HeadScoreKind kind() const noexcept;
    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    [[nodiscard]] std::size_t class_count() const noexcept;
    [[nodiscard]] const HeadScoreOptions& options() const noexcept;

    /// As a container of kind "head_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static HeadScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit HeadScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

/// The values are written into files and never change.
enum class ShapedEnergyKind : std::uint8_t { ash_p = 0, ash_b = 1, ash_s = 2, scale = 3 };

/// "ash_p", "ash_b", "ash_s" or "scale".
const char* shaped_energy_name(ShapedEnergyKind kind) noexcept;

struct ShapedEnergyOptions {
    /// The share of activations that is pruned, in [0, 1); the papers take 0.65 to 0.95.
    double percentile = 0.85;
};

/// The energy -log sum exp of the logits of an embedding whose activations are shaped first. Of d activations the
/// k = d - round(d percentile) largest are kept (the first of equals; halves round to even); S1 is the sum of all, S2
/// of those:
///   ash_p, ash_b, ash_s  Djurisic, Bozanic, Ashok and Liu (2023), "Extremely simple activation shaping for
///                        out-of-distribution detection": the others become 0, and those stay (P), become S1 / k (B),
///                        or are multiplied by exp(S1 / S2) (S)
///   scale                Xu, Chen, Franchi and Yao (2024), "Scaling for training time and post-hoc
///                        out-of-distribution detection enhancement": all are multiplied by exp(S1 / S2)
/// Higher is more anomalous. They suppose activations that are at least 0 (after a ReLU), are among the best of
/// convolutional networks, and fail on vision transformers.
///
/// Fitted to no rows. A request costs C d products of floats, and selects among d; scoring is const, noexcept, without
/// allocation or locks (some 180 KiB of stack), safe from several threads, and gives the same bits on every instruction
/// set.
class ShapedEnergyScore {
  public:
    /// head_weights: C x d, head_bias: C. Throws Error: dimension_mismatch for sizes that do not fit;
    /// invalid_argument for no head, a value that is not finite or beyond 1e30, a percentile out of range or that
    /// keeps nothing, more than 4096 columns or 32768 classes.
    ShapedEnergyScore(ShapedEnergyKind kind, MatrixView<float> head_weights, std::span<const float> head_bias,
                      const ShapedEnergyOptions& options = {});
    ShapedEnergyScore(const ShapedEnergyScore& other);
    ShapedEnergyScore& operator=(const ShapedEnergyScore& other);
    ShapedEnergyScore(ShapedEnergyScore&&) noexcept;
    ShapedEnergyScore& operator=(ShapedEnergyScore&&) noexcept;
    ~ShapedEnergyScore();

    /// NaN for a row of another width or with a value that is not finite, where S2 is not positive (ash_s, scale), and
    /// where products overflow floats.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] ShapedEnergyKind kind() const noexcept;
    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    [[nodiscard]] const ShapedEnergyOptions& options() const noexcept;

    /// As a container of kind "shaped_energy_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static ShapedEnergyScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit ShapedEnergyScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
