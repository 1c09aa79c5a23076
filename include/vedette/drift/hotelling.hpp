// SPDX-License-Identifier: Apache-2.0
// Has the mean of several features moved? Hotelling's T2 of two samples, and of live rows against a frozen reference.
#pragma once

#include <cstddef>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// Hotelling's (1931) two-sample T2 = n m/(n + m) d' S^-1 d, with d the difference of means (live - reference) and S
/// the pooled covariance of n reference and m live rows.
///
/// `asymptotic` (and `exact`, which for normal rows of equal covariance it is): T2 (N - r - 1)/(r (N - 2)) has the law
/// F(r, N - r - 1), N = n + m, r the rank of S. Where S lacks rank (constant or linearly dependent features), S^-1 is
/// the pseudo-inverse: directions whose variance, in units of the features' own, is below 1e-10 of the largest are left
/// out. `permutation`: p from random relabelling, exact for any exchangeable rows, e.g. heavy tails. `automatic`: the F
/// law; permutation where that has no answer, that is r >= N - 2 (as many features as rows) or means that differ along
/// a direction without spread. There the statistic is n m/(n + m) d' (C + I)^-1 d instead, C the covariance of all rows
/// in units of the features' standard deviations (a ridge of one such unit); `asymptotic` then throws
/// Error(unsupported).
///
/// test.statistic is T2, or the ridge statistic; test.degrees_of_freedom is r. test.effect is the distance of the means
/// in standard deviations (Mahalanobis), its bias removed; its interval inverts the noncentral F law; NaN for the ridge
/// statistic. feature_contributions: n m/(n + m) d_j (S^-1 d)_j sums to the statistic, exactly; a feature that masks
/// another's shift may be negative. row_contributions: of the live rows, how much of the statistic each adds,
/// n m/(n + m) (x_i - mean of reference)' S^-1 d / m; sums to the statistic too; NaN for a row left out.
///
/// Uses of `options`: method, nan (a row with a NaN is left out), confidence, permutations, seed. Throws Error:
/// dimension_mismatch for different numbers of columns, invalid_argument for infinities, NaN under refuse, an option
/// out of range; unsupported for a one-sided alternative; not_enough_data for fewer than 2 rows on a side or no column.
/// O(N d^2 + d^3), permutations O(N d) each. Thread-safe. T is float or double.
template <class T>
MultivariateResult hotelling_t2(MatrixView<T> reference, MatrixView<T> live, const TestOptions& options = {});

/// Mean and covariance of a reference, frozen. Immutable, safe to share between threads.
template <class T>
class MahalanobisDistance {
  public:
    /// Copies nothing but mean and (pseudo-)inverse covariance: d (d + 2) doubles. O(n d^2 + d^3). Throws Error:
    /// not_enough_data for no column or no more rows than the rank of the covariance + 1, invalid_argument for values
    /// that are not finite (NanPolicy::omit leaves out rows with a NaN) or beyond 1e290.
    explicit MahalanobisDistance(MatrixView<T> reference, NanPolicy nan = NanPolicy::refuse);

    [[nodiscard]] std::size_t dimension() const noexcept { return mean_.size(); }
    [[nodiscard]] std::size_t reference_count() const noexcept { return count_; }
    /// Of the covariance: below dimension() when features are constant or linearly dependent.
    [[nodiscard]] std::size_t rank() const noexcept { return rank_; }

    /// Has the mean moved? T2 = n m/(n + m) d' S^-1 d with the reference's covariance S alone, so that live rows cannot
    /// hide in a covariance that they inflate, and one live row suffices. Mean and covariance of the reference are
    /// estimates, which the law allows for: T2 (n - r)/(r (n - 1)) is F(r, n - r) for normal rows of equal covariance;
    /// chi-squared, its limit, would alarm too often. Live means that leave a plane which the reference never left give
    /// an infinite statistic, p = 0, infinite contributions of the features that did, and row contributions of NaN.
    /// The rest as `hotelling_t2`, with rank() as degrees_of_freedom. Throws Error: dimension_mismatch,
    /// invalid_argument as above or a confidence outside (0, 1), not_enough_data for no live row. O(m d + d^2).
    [[nodiscard]] MultivariateResult mean_shift(MatrixView<T> live, double confidence = 0.95,
                                                NanPolicy nan = NanPolicy::refuse) const;

  private:
    std::vector<double> mean_;
    std::vector<double> scale_;      // standard deviations; 0 for a constant feature
    std::vector<double> precision_;  // pseudo-inverse in units of scale_, by columns
    std::vector<double> projector_;  // onto the directions with spread, same units; empty when none lacks
    std::size_t count_ = 0;
    std::size_t rank_ = 0;
};

extern template class MahalanobisDistance<float>;
extern template class MahalanobisDistance<double>;

}  // namespace vedette::inline v0::drift
