// SPDX-License-Identifier: Apache-2.0
// Tails and quantiles of the distributions that the tests rest on.
#pragma once

#include <cstdint>
#include <span>

namespace vedette::inline v0::stats {

// All functions are thread-safe, allocation-free and never throw. NaN arguments and parameters outside their domain
// give NaN. `sf` is the upper tail P(X > x), accurate in relative terms down to the smallest normal double.

double normal_cdf(double x) noexcept;
double normal_sf(double x) noexcept;
double normal_quantile(double probability) noexcept;

double chi_squared_sf(double x, double degrees_of_freedom) noexcept;
/// The tails of several statistics that share their degrees of freedom, quicker than one by one: tails[i] is
/// chi_squared_sf(x[i], degrees_of_freedom) up to a relative 1e-10. At most 6 statistics; `tails` is as long as `x`.
void chi_squared_sf(std::span<const double> x, double degrees_of_freedom, std::span<double> tails) noexcept;
double chi_squared_quantile(double probability, double degrees_of_freedom) noexcept;

/// P(X <= x) of the noncentral chi-square law. Above x = 10 000 by Sankaran's (1963) normal approximation, within 1e-5.
double noncentral_chi_squared_cdf(double x, double degrees_of_freedom, double noncentrality) noexcept;
/// The noncentrality at which P(X <= x) = probability, 0 where even the central law lies below; relative 1e-9.
double chi_squared_noncentrality(double x, double degrees_of_freedom, double probability) noexcept;

double student_t_sf(double x, double degrees_of_freedom) noexcept;
double student_t_quantile(double probability, double degrees_of_freedom) noexcept;

double f_sf(double x, double numerator_degrees, double denominator_degrees) noexcept;

/// P(X <= successes) of Binomial(trials, probability).
double binomial_cdf(std::uint64_t successes, std::uint64_t trials, double probability) noexcept;

double beta_quantile(double probability, double a, double b) noexcept;

/// P(X <= at_most) where X successes are among `draws` taken without replacement from `population` items of which
/// `successes` are successes. O(min(draws, successes, at_most)).
double hypergeometric_cdf(std::uint64_t at_most, std::uint64_t population, std::uint64_t successes,
                          std::uint64_t draws) noexcept;

/// P(K > z) of Kolmogorov's limit law (the supremum of the absolute Brownian bridge).
double kolmogorov_sf(double z) noexcept;
/// The z with kolmogorov_sf(z) = tail, for a tail in (0, 1).
double kolmogorov_quantile_upper(double tail) noexcept;

/// P(D_n >= d) of the two-sided one-sample Kolmogorov-Smirnov statistic. `n` is rounded to the nearest integer (at
/// least 1), as SciPy's two-sample test does. Pelz and Good's (1976) series in the body, twice the one-sided tail
/// (Smirnov 1944 below n = 64, Maag and Dicaire 1971 with one more term above) beyond it. Absolute error against the
/// exact law: below 1e-4 for n >= 30, 2e-6 for n >= 500, 0.002 for 8 <= n < 30, 0.05 below. Relative error where the
/// tail is above 1e-9: below 6 % for n >= 64, 0.2 % for n >= 500. O(1), at most 64 terms.
double kolmogorov_finite_sf(double d, double n) noexcept;

}  // namespace vedette::inline v0::stats
