// SPDX-License-Identifier: Apache-2.0
// How much Gaussian noise an (epsilon, delta) guarantee takes: the analytic calibration, in log space, rounded up.
#pragma once

#include "vedette/privacy/sensitivity.hpp"

namespace vedette::inline v0::privacy {

// For noise of standard deviation s per unit of L2 sensitivity (Balle and Wang 2018, theorem 8),
//   delta(s, epsilon) = Phi(1/(2s) - epsilon s) - e^epsilon Phi(-1/(2s) - epsilon s),
// computed as phi(v) (M(v) - M(w)) with v, w = epsilon s -+ 1/(2s) and M Mills' ratio (1 - Phi) / phi, where e^epsilon
// has gone; the difference by quadrature of -M' where both are close. Relative error below 1e-11 for epsilon up to 10^6
// and delta down to 10^-300. Thread-safe.

/// log delta of the continuous Gaussian mechanism. epsilon may be 0 here; NaN unless epsilon >= 0 is finite.
double gaussian_log_delta(NoiseMultiplier multiplier, double epsilon) noexcept;

/// The least noise multiplier with delta(s, epsilon) <= delta, rounded up (by a relative 1e-10 at most) and checked
/// again with a margin for the error of the check.
NoiseMultiplier gaussian_noise_multiplier(Epsilon epsilon, Delta delta);

/// log of an upper bound of the discrete Gaussian mechanism's delta, for an integer-valued query of that sensitivity
/// and noise of that sigma, in the same units. The privacy curve is sum f(y) over integers y > t = epsilon sigma^2 /
/// sensitivity - sensitivity / 2 (Canonne, Kamath and Steinke 2020), and f at most its continuous
/// counterpart, which rises once and falls once: so the sum is at most the continuous delta plus the largest f, itself
/// at most phi(max(t, 0) / sigma) / sigma.
double discrete_gaussian_log_delta(double sigma, double sensitivity, double epsilon) noexcept;

}  // namespace vedette::inline v0::privacy
