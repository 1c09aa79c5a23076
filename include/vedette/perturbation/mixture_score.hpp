// SPDX-License-Identifier: Apache-2.0
// How unlikely an embedding is under a mixture of Gaussians, and how unusually likely or unlikely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

enum class MixtureScoreKind : std::uint8_t {
    /// -ln of the density.
    negative_log_likelihood = 0,
    /// Nalisnick et al. (2019), "Detecting out-of-distribution inputs to deep generative models using typicality", for
    /// one
    /// input: the distance of -ln density from its mean over the reference. Also finds what is too likely, such as
    /// embeddings nearer to a mean than known ones ever are.
    typicality = 1,
};

/// "gaussian_mixture" or "typicality".
const char* mixture_score_name(MixtureScoreKind kind) noexcept;

enum class MixtureCovariance : std::uint8_t {
    diagonal = 0,  ///< a variance per column and component
    full = 1,      ///< a matrix per component, of at most 1024 columns; wants many rows per component
};

struct MixtureScoreOptions {
    MixtureScoreKind kind = MixtureScoreKind::negative_log_likelihood;
    std::size_t components = 8;  ///< 1 to 1024
    MixtureCovariance covariance = MixtureCovariance::diagonal;
    double regularisation = 1e-6;       ///< added to variances, in the columns' units squared; at least 0
    double tolerance = 1e-3;            ///< stops when the mean log-likelihood changes by less; at least 0
    std::size_t most_iterations = 100;  ///< at least 1
    std::uint64_t seed = 1;             ///< draws the start
};

/// A mixture of Gaussians by expectation-maximisation (Dempster, Laird and Rubin 1977) as scikit-learn's
/// GaussianMixture iterates it, from k-means after a k-means++ start (Arthur and Vassilvitskii 2007). In natural
/// logarithms; higher is more anomalous; +Inf where the density is 0 in double.
///
/// Fitted in double and frozen. A request costs C d or C d^2 / 2 products; scoring is const, noexcept, without
/// allocation or locks (some 50 KiB of stack), safe from several threads.
class MixtureScore {
  public:
    /// embeddings: a row each. Throws Error: not_enough_data for fewer than 2 rows, fewer distinct ones than components
    /// or no column; invalid_argument for a value that is not finite or beyond 1e30, an option out of range, too many
    /// columns, or a component of singular covariance (more regularisation helps). O(iterations n C d), or d^2 of full.
    explicit MixtureScore(MatrixView<float> embeddings, const MixtureScoreOptions& options = {});
    /// The same from a given start: the component of each row, none without any. Throws also dimension_mismatch for
    /// another number of them, invalid_argument for a component without rows or that there is not.
    MixtureScore(MatrixView<float> embeddings, std::span<const std::uint32_t> start,
                 const MixtureScoreOptions& options);
    MixtureScore(const MixtureScore& other);
    MixtureScore& operator=(const MixtureScore& other);
    MixtureScore(MixtureScore&&) noexcept;
    MixtureScore& operator=(MixtureScore&&) noexcept;
    ~MixtureScore();

    /// NaN for a row of another width or with a value that is not finite.
    [[nodiscard]] double score(std::span<const float> embedding) const noexcept;

    [[nodiscard]] std::size_t dimension() const noexcept;  ///< columns of an embedding
    [[nodiscard]] double mean_level() const noexcept;      ///< mean of -ln density over the reference
    [[nodiscard]] bool converged() const noexcept;         ///< whether the tolerance was reached
    [[nodiscard]] const MixtureScoreOptions& options() const noexcept;

    /// As a container of kind "mixture_score"; `deserialize` throws Error(corrupt_data) for anything else.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    [[nodiscard]] static MixtureScore deserialize(std::span<const std::byte> bytes);

  private:
    struct State;
    explicit MixtureScore(std::unique_ptr<State> state) noexcept;
    std::unique_ptr<State> state_;
};

}  // namespace vedette::inline v0::perturbation
