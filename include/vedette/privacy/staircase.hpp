// SPDX-License-Identifier: Apache-2.0
// The staircase law on integers: of all noise with pure differential privacy the one of least size.
#pragma once

#include <cstdint>
#include <span>

#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

/// P(X = x) proportional to exp(-epsilon (floor(|x| / D) + [|x| mod D >= r])): steps of width D, the sensitivity, each
/// with its edge at r, and each e^-epsilon as high as the one before (Geng, Kairouz, Oh and Viswanath 2015, discrete).
/// epsilon-private for integers that change by at most D; of mean size far below the discrete Laplace law's where
/// epsilon is large: about D exp(-epsilon / 2) in place of D / epsilon. For D = 1 it is the discrete Laplace law.
///
/// Exact: a place below D is drawn uniformly and kept beyond the edge with probability e^-epsilon by an exact coin, the
/// step by the exact geometric law, the sign by a bit; minus zero is thrown away. Time depends on the law, on the
/// number of values and on how many candidates were thrown away, which is independent of the values kept; the residual
/// is that of the parts. Words are wiped. Immutable, safe for concurrent use.
class Staircase {
  public:
    static constexpr double least_epsilon = 0x1p-20;
    static constexpr double largest_epsilon = 100.0;

    /// The edge that makes the mean size least. Throws invalid_argument for an epsilon outside [2^-20, 100].
    Staircase(WholeSensitivity sensitivity, Epsilon epsilon);
    /// With that edge, from 1 to the sensitivity.
    Staircase(WholeSensitivity sensitivity, Epsilon epsilon, std::uint64_t edge);

    [[nodiscard]] std::uint64_t sensitivity() const noexcept { return place_.bound(); }
    [[nodiscard]] double epsilon() const noexcept { return beyond_.exponent(); }
    [[nodiscard]] std::uint64_t edge() const noexcept { return edge_; }
    /// E|X|, to about 15 digits.
    [[nodiscard]] double mean_size() const noexcept;

    /// Fills `out` with independent draws. Throws io_error if the operating system gives no entropy (`out` is zeroed
    /// then).
    void sample(std::span<std::int64_t> out) const;
    [[nodiscard]] std::int64_t operator()() const;

    /// For the library's own use.
    void sample(std::span<std::int64_t> out, detail::Keystream& keystream) const;

  private:
    UniformInteger place_;
    ExponentialBernoulli beyond_;
    Geometric step_;
    std::uint64_t edge_;
};

}  // namespace vedette::inline v0::privacy
