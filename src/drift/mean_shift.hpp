// SPDX-License-Identifier: Apache-2.0
// What Hotelling's tests share: pseudo-inverse covariances, the F law of T2 and the interval of the distance.
#pragma once

#include <Eigen/Core>
#include <cstddef>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::drift {

/// P(X > x) of the noncentral F law. Poisson mixture of central tails up to a noncentrality of 2000, Patnaik's (1949)
/// central F with matched moments beyond; relative error of the latter below 1e-2 in the body.
double noncentral_f_sf(double x, double numerator_degrees, double denominator_degrees, double noncentrality) noexcept;

/// A symmetric matrix's directions with spread: `vectors` (columns), `values` ascending.
struct Spectrum {
    Eigen::MatrixXd vectors;
    Eigen::VectorXd values;

    [[nodiscard]] Eigen::Index rank() const noexcept { return values.size(); }
    /// V diag(1/(values + ridge)) V' d.
    [[nodiscard]] Eigen::VectorXd solve(const Eigen::VectorXd& d, double ridge = 0.0) const;
    /// The part of d along no direction with spread.
    [[nodiscard]] Eigen::VectorXd residual(const Eigen::VectorXd& d) const;
};

/// Directions whose variance is below 1e-10 of the largest count as without spread; `keep_all` keeps them.
Spectrum spectrum_of(const Eigen::MatrixXd& covariance, bool keep_all = false);

/// A residual beyond this, in standard deviations, is a move where there was no spread, not rounding.
inline constexpr double residual_limit = 1e-4;

/// F = T2 * factor with r and `denominator` degrees of freedom, and T2 = harmonic * distance^2: fills statistic,
/// p-value, degrees of freedom, effect and its interval.
void fill_f_test(TestResult& test, double t2, double factor, double rank, double denominator, double harmonic,
                 double confidence);

}  // namespace vedette::inline v0::drift
