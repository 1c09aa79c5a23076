// SPDX-License-Identifier: Apache-2.0
// Closed forms of privacy accounting: composition theorems, and conversions between the definitions of privacy.
#pragma once

#include <cstdint>
#include <span>

namespace vedette::inline v0::privacy {

// All functions are thread-safe. Results are rounded against the caller: what is promised holds. Throws
// Error(invalid_argument) for parameters outside their range.

/// (epsilon, delta)-differential privacy.
struct Guarantee {
    double epsilon = 0.0;
    double delta = 0.0;
};

/// The sums (Dwork, McSherry, Nissim and Smith 2006). Also for mechanisms chosen adaptively.
Guarantee basic_composition(std::span<const Guarantee> parts);
/// The advanced theorem (Dwork, Rothblum and Vadhan 2010): epsilon sqrt(2 k log(1/slack)) + k epsilon (e^epsilon - 1),
/// k delta + slack. Looser than optimal_composition; for comparison with what others state.
Guarantee advanced_composition(const Guarantee& each, std::uint64_t times, double slack);
/// The least epsilon that k mechanisms of which nothing else is known have together at `delta` (Kairouz, Oh and
/// Viswanath 2015), infinite when the mechanisms' own deltas exceed it. O(k); k up to 1e7, epsilon up to 300.
/// Mechanisms that differ: PrivacyLossDistribution::approximate.
double optimal_composition(const Guarantee& each, std::uint64_t times, double delta);

/// The delta of Gaussian noise of `sigma` times the sensitivity (Balle and Wang 2018, theorem 8). sigma in
/// [1e-3, 1e9], epsilon in [0, 1e6].
double gaussian_delta(double sigma, double epsilon);
/// Its logarithm, for deltas below 1e-308.
double gaussian_log_delta(double sigma, double epsilon);
/// The least epsilon >= 0 of such noise, and the least noise for a guarantee, both rounded up: by a relative 1e-12, the
/// noise for epsilons below 0.1 by more (some 1e-11 at 1e-3, 1e-6 at 1e-6). delta in [1e-300, 1).
double gaussian_epsilon(double sigma, double delta);
double gaussian_sigma(const Guarantee& guarantee);

/// mu of composed Gaussian differential privacy (Dong, Roth and Su 2022): the root of the sum of squares. Exact.
double gdp_composition(std::span<const double> mu);
/// A central limit for `steps` of subsampled Gaussian noise (Bu, Dong, Long and Su 2020). OPTIMISTIC: an approximation
/// that can lie below the true value, for comparison only. Nothing may be promised on its ground.
double gdp_optimistic_mu(double noise_multiplier, double sampling_rate, std::uint64_t steps);

/// f-DP: the type II error that every test of one neighbour against another has at least, at this rate of false
/// positives in [1e-300, 1], under Gaussian differential privacy of mu in [0, 1e3]: Phi(Phi^-1(1 - rate) - mu), rounded
/// down. Of other mechanisms: PrivacyLossDistribution::true_positive_rate. What has mu has the epsilon and delta of
/// Gaussian noise of sigma = 1 / mu.
double gdp_type_two_error(double mu, double false_positive_rate);

/// rho of zero-concentrated differential privacy (Bun and Steinke 2016): of pure epsilon, epsilon^2 / 2; of Gaussian
/// noise of `sigma` times the sensitivity, continuous or discrete, 1 / (2 sigma^2). Compositions add up.
double zcdp_of_pure(double epsilon);
double zcdp_of_gaussian(double sigma);
/// The delta of rho-zCDP (Canonne, Kamath and Steinke 2020, proposition 7), minimal over all orders.
double zcdp_delta(double rho, double epsilon);
double zcdp_epsilon(double rho, double delta);

/// Renyi divergences of order a > 1: of pure epsilon (the tight one, of randomised response), and of rho-zCDP.
double renyi_of_pure(double epsilon, double order);
double renyi_of_zcdp(double rho, double order);
/// The guarantee of a mechanism whose divergence of each order is at most that given, minimal over the orders (Canonne,
/// Kamath and Steinke 2020, proposition 12). Orders from 1.01; infinite divergences say nothing.
double renyi_epsilon(std::span<const double> orders, std::span<const double> divergences, double delta);
double renyi_delta(std::span<const double> orders, std::span<const double> divergences, double epsilon);

}  // namespace vedette::inline v0::privacy
