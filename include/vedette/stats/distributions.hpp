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
/// least 1), as SciPy's two-sample test does. Relative error below 1e-10 against the exact law, checked up to n = 3000
/// with tails to 1e-300. Closed forms at the ends; from d = 1/2 or n d^2 = 4.3 twice Smirnov's (1944) one-sided sum;
/// else for n d < 14 Durbin's matrix (1968; Marsaglia, Tsang and Wang 2003), and beyond it the poles of the law's
/// generating function, the scale function of a Poisson process with drift. At most O(27^3 log n) for n d < 14, 2000
/// terms below n = 2000, a few hundred else. A larger `error` is absolute in the body and relative in the tail, and
/// quicker: with 1e-4 at most O(9^3 log n) and some 60 terms, and where it is 0.022 / n at least, the body is
/// Kolmogorov's law at Vrbik's (2018) z + 1 / (6 sqrt(n)) + (z - 1) / (4 n).
double kolmogorov_finite_sf(double d, double n, double error = 1e-10) noexcept;

}  // namespace vedette::inline v0::stats
