// SPDX-License-Identifier: Apache-2.0
// Tails of weighted sums of chi-squares: the limit law of every quadratic distance between distribution functions.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

namespace vedette::inline v0::stats {

/// The law of Q = sum of weight_j * X_j with independent chi-square X_j of `degrees` degrees of freedom each.
/// Immutable, safe to share between threads.
class ChiSquaredMixture {
  public:
    /// How many power sums of the weights stand for the smallest of them.
    static constexpr std::size_t power_count = 10;
    using Powers = std::array<double, power_count>;

    /// `weights` positive and finite, in any order; zeros and negative rounding dust are dropped. `remainder[r - 1]` is
    /// the sum of the r-th powers of further weights, all below the smallest listed. Throws Error(invalid_argument)
    /// when no weight is left, one is not finite, or `degrees` is not positive.
    explicit ChiSquaredMixture(std::vector<double> weights, double degrees = 1.0, const Powers& remainder = {});

    /// Weights 1/(pi j)^2, j = 1, 2, ...: the limit of the Cramer-von Mises statistic (Anderson and Darling 1952).
    static ChiSquaredMixture cramer_von_mises();
    /// Weights 1/(j (j + 1)): the limit of the Anderson-Darling statistic of `degrees` + 1 samples (Scholz and Stephens
    /// 1987).
    static ChiSquaredMixture anderson_darling(double degrees);

    [[nodiscard]] double mean() const noexcept { return degrees_ * suffix_.front()[0]; }
    [[nodiscard]] double variance() const noexcept { return 2.0 * degrees_ * suffix_.front()[1]; }

    /// P(Q > x) for x > 0; 1 for x <= 0, NaN for NaN. The inversion integral along a parabola through the saddle point,
    /// where nothing cancels: relative error below 1e-8 down to the smallest normal double. Some hundred microseconds.
    [[nodiscard]] double sf(double x) const noexcept;

    /// The x with P(Q > x) = tail, by a gamma law of the same first three moments (Hall 1983, Buckley and Eagleson
    /// 1988): within a few per cent for tails between 0.001 and 0.5.
    [[nodiscard]] double approximate_quantile(double tail) const noexcept;

  private:
    std::vector<double> weights_;  // descending
    std::vector<Powers> suffix_;   // suffix_[j]: power sums of the weights from the j-th on, remainder included
    double degrees_ = 1.0;
};

}  // namespace vedette::inline v0::stats
