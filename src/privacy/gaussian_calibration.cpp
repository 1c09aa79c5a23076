// SPDX-License-Identifier: Apache-2.0
// Mills' ratio and its differences, then a bisection.
#include "vedette/privacy/gaussian_calibration.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace vedette::inline v0::privacy {

namespace {

constexpr double log_root_two_pi = 0.91893853320467274178;
// From here on the asymptotic series is exact to double precision.
constexpr double far = 10.0;
// What the check of a calibration leaves for its own error.
constexpr double log_margin = 1e-10;

// sum (-1)^k (2k - 1)!! / x^(2k), from k = first: of x M(x) for first = 0, less 1 with the other sign for first = 1.
double asymptotic(double x, int first) noexcept {
    double term = 1.0, sum = first == 0 ? 1.0 : 0.0;
    for (int k = 1; k <= 20; ++k) {
        term *= -(2.0 * k - 1.0) / (x * x);
        sum += term;
    }
    return sum;
}

// (1 - Phi(x)) / phi(x). The square's rounding error is made good: it would count x^2 times in the exponential.
double mills_ratio(double x) noexcept {
    if (x > far) return asymptotic(x, 0) / x;
    const double square = x * x, rest = std::fma(x, x, -square);
    return std::erfc(x * (1.0 / std::numbers::sqrt2)) * std::exp(0.5 * square) * (1.0 + 0.5 * rest) *
           std::sqrt(0.5 * std::numbers::pi);
}

// -M'(x) = 1 - x M(x).
double mills_descent(double x) noexcept {
    return x > far ? -asymptotic(x, 1) : 1.0 - x * mills_ratio(x);
}

// Gauss and Legendre's rule of 12 points.
double descent_over(double middle, double half_width) noexcept {
    constexpr std::array<double, 6> nodes = {0.12523340851146891547, 0.36783149899818019375, 0.58731795428661744730,
                                             0.76990267419430468704, 0.90411725637047485668, 0.98156063424671925069};
    constexpr std::array<double, 6> weights = {0.24914704581340278500, 0.23349253653835480876, 0.20316742672306592175,
                                               0.16007832854334622633, 0.10693932599531843096, 0.04717533638651182719};
    double sum = 0.0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        sum += weights[i] *
               (mills_descent(middle - half_width * nodes[i]) + mills_descent(middle + half_width * nodes[i]));
    return half_width * sum;
}

double log_delta(double s, double epsilon) noexcept {
    const double half = 0.5 / s, middle = epsilon * s, v = middle - half, w = middle + half;
    if (half <= 0.5 || middle > 20.0 * half)
        return -0.5 * v * v - log_root_two_pi + std::log(descent_over(middle, half));
    if (v >= 0.0) return -0.5 * v * v - log_root_two_pi + std::log(mills_ratio(v) - mills_ratio(w));
    const double lost = std::exp(-0.5 * v * v - log_root_two_pi) * mills_ratio(w);
    return std::log1p(-(0.5 * std::erfc(-v / std::numbers::sqrt2) + lost));
}

}  // namespace

double gaussian_log_delta(NoiseMultiplier multiplier, double epsilon) noexcept {
    if (!(epsilon >= 0.0 && std::isfinite(epsilon))) return std::numeric_limits<double>::quiet_NaN();
    return log_delta(multiplier.value(), epsilon);
}

NoiseMultiplier gaussian_noise_multiplier(Epsilon epsilon, Delta delta) {
    const double target = std::log(delta.value()) - log_margin;
    double low = 1.0, high = 1.0;
    while (log_delta(high, epsilon.value()) > target) high *= 2.0;
    while (log_delta(low, epsilon.value()) <= target) low *= 0.5;
    // `high` keeps the guarantee at every step.
    for (;;) {
        const double middle = low + 0.5 * (high - low);
        if (middle <= low || middle >= high) return NoiseMultiplier(high);
        (log_delta(middle, epsilon.value()) > target ? low : high) = middle;
    }
}

double discrete_gaussian_log_delta(double sigma, double sensitivity, double epsilon) noexcept {
    const double s = sigma / sensitivity;
    const double continuous = log_delta(s, epsilon);
    const double from = std::max(epsilon * s - 0.5 / s, 0.0);
    const double largest = -0.5 * from * from - log_root_two_pi - std::log(sigma);
    return std::max(continuous, largest) + std::log1p(std::exp(-std::abs(continuous - largest)));
}

}  // namespace vedette::inline v0::privacy
