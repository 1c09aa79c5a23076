// SPDX-License-Identifier: Apache-2.0
// What a release may lose, in one of three notions of privacy, and the noise that keeps it.
#pragma once

#include <cstdint>
#include <span>
#include <variant>

#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// The loss of one release. Pure: discrete Laplace noise by the L1 sensitivity. Approximate, and zero-concentrated:
/// discrete Gaussian noise by the L2 sensitivity, which is less where a unit changes many numbers at once. Immutable.
class ReleaseLoss {
  public:
    /// Pure differential privacy. Implicit: where a loss is asked for, an epsilon is one.
    ReleaseLoss(Epsilon epsilon) : epsilon_(epsilon.value()) {}  // NOLINT(google-explicit-constructor)
    /// (epsilon, delta), kept by the greatest rho that implies it. Throws invalid_argument where that is below 2^-40.
    ReleaseLoss(Epsilon epsilon, Delta delta);
    /// Zero-concentrated differential privacy (Bun and Steinke 2016).
    ReleaseLoss(Rho rho) : rho_(rho.value()) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] bool is_gaussian() const noexcept { return rho_ > 0.0; }
    /// What is told of the release: (0, 0) where the loss is kept in rho.
    [[nodiscard]] Guarantee guarantee() const noexcept { return {epsilon_, delta_}; }
    /// Of Gaussian noise, else 0.
    [[nodiscard]] double rho() const noexcept { return rho_; }
    /// Takes it out of a budget, in its own notion. Throws what the budget throws.
    void spend(ReleaseBudget& budget) const;
    /// 0, or rho where the loss is kept in it: what Release::rho says.
    [[nodiscard]] double told_rho() const noexcept { return epsilon_ > 0.0 ? 0.0 : rho_; }

    /// What each of `parts` equal releases may lose, of sensitivities that `times` units add up to: rounded down, so
    /// that all together lose no more. For the library's own use.
    [[nodiscard]] ReleaseLoss share(std::uint64_t parts, std::uint64_t times = 1) const;

  private:
    double epsilon_ = 0.0, delta_ = 0.0, rho_ = 0.0;
};

/// By how much one unit changes integers that are noised together: in the L1 norm, and (squared) in Euclid's.
struct CountSensitivity {
    std::uint64_t l1 = 1;
    std::uint64_t l2_squared = 1;
};

/// Independent integer noise that keeps a loss. Immutable, safe for concurrent use.
class NoiseLaw {
  public:
    /// Throws invalid_argument for a scale above 2^40; the sampler's least where less would do.
    NoiseLaw(const ReleaseLoss& loss, const CountSensitivity& sensitivity);

    [[nodiscard]] bool is_gaussian() const noexcept { return std::holds_alternative<DiscreteGaussian>(law_); }
    /// Of the discrete Laplace law, or the discrete Gaussian's sigma.
    [[nodiscard]] double scale() const noexcept;
    /// At most: the discrete Gaussian's is at most sigma^2.
    [[nodiscard]] double variance() const noexcept;
    /// P(|X| > reach) <= alpha, with the least integer that is known to do. Gaussian: P(X >= m) is at most that of the
    /// continuous law beyond m - 1 (Canonne, Kamath and Steinke 2020, proposition 25).
    [[nodiscard]] double reach(double alpha) const noexcept;

    /// Fills `out`. Throws io_error without entropy. The keystream is for the library's own use.
    void sample(std::span<std::int64_t> out, detail::Keystream* keystream = nullptr) const;

  private:
    std::variant<DiscreteLaplace, DiscreteGaussian> law_;
};

}  // namespace vedette::inline v0::privacy
