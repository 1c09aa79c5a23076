// SPDX-License-Identifier: Apache-2.0
// The two-sided one-sample Kolmogorov-Smirnov law of finite n.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>

#include "stats/saddle_point.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr double pi = std::numbers::pi;
// From here on P(D+ >= d and D- >= d), which twice the one-sided tail counts twice, is below 1e-11 of the tail.
constexpr double one_sided_from = 4.3;
// The oscillating roots of the scale function fade as exp(-2.09 n d): the exponent to reach the error wanted.
constexpr double fading = 2.09;
constexpr double least_error = 1e-10;
constexpr double poles_from = 14.0;        // for the least error, with something to spare: it is relative
constexpr std::size_t largest_order = 27;  // 2 ceil(n d) - 1 below `poles_from`

// Vrbik's (2018) shift of the limit law's argument leaves an absolute error below this over n in the body.
constexpr double shifted_error = 0.022;

// How much work an error is worth.
struct Effort {
    double poles_from;
    double sum_step;   // in standard deviations of the summand
    double every_to;   // below this n every term is added
    double pole_step;  // relative change of a pole from which the next one, its square, does not matter
};

Effort effort_for(double error) noexcept {
    if (!(error > least_error)) return {poles_from, 0.12, 2000.0, 3e-9};
    return {std::clamp(-std::log(error) / fading, 2.0, poles_from), 0.4, 64.0, 1e-3};
}

// n! / n^n e^n = sqrt(2 pi n) e^(Stirling's error)
double stirling_factor(double n) noexcept {
    return std::sqrt(2.0 * pi * n) * std::exp(stirling_error(n));
}

// Smirnov's sum P(D+ >= d) = sum of d/u b(j; n, u) over j, u = d + j/n, b the binomial probability.
class OneSidedTail {
  public:
    OneSidedTail(double d, double n, const Effort& effort) noexcept
        : d_(d),
          n_(n),
          shift_(n * d),
          error_n_(stirling_error(n)),
          last_(std::floor(n * (1.0 - d))),
          step_(n < effort.every_to ? 1.0 : std::max(1.0, std::floor(effort.sum_step * 0.25 * std::sqrt(n) / d))) {}

    [[nodiscard]] double value() const noexcept {
        // Of many terms, the sum is the trapezoid rule for an integral of a near Gaussian function that falls like
        // exp(-z^2 / 2u) at its ends; its standard deviation is n / (4 z), sqrt(n) / (4 d).
        const double centre = std::clamp(std::floor(n_ * (0.5 - d_ / 3.0)), 0.0, last_);
        double sum = 0.0;
        for (double j = centre; j <= last_; j += step_)
            if (!add(sum, j)) break;
        for (double j = centre - step_; j >= 0.0; j -= step_)
            if (!add(sum, j)) break;
        return std::min(1.0, step_ * sum);
    }

  private:
    // False where the terms have become too small to count.
    bool add(double& sum, double j) const noexcept {
        const double next = term(j);
        sum += next;
        return next > 1e-18 * sum || sum == 0.0;
    }

    [[nodiscard]] double term(double j) const noexcept {
        if (j == 0.0) return std::exp(n_ * std::log1p(-d_));
        const double u = d_ + j / n_;
        const double left = n_ - j;
        if (u >= 1.0) return 0.0;
        return d_ / u * std::sqrt(n_ / (2.0 * pi * j * left)) *
               std::exp(error_n_ - stirling_error(j) - stirling_error(left) - deviance(j, j + shift_, -shift_) -
                        deviance(left, left - shift_, shift_));
    }

    double d_;
    double n_;
    double shift_;
    double error_n_;
    double last_;
    double step_;
};

// Durbin's matrix (1968) in the form of Marsaglia, Tsang and Wang (2003): the distribution function of D_n is
// n!/n^n (H^n)_kk. Here H e^-1, since its powers then stay within a double: n! e^n / n^n is about sqrt(2 pi n).
class DurbinMatrix {
  public:
    explicit DurbinMatrix(double nd) noexcept
        : k_(static_cast<std::size_t>(std::ceil(nd))), order_(2 * k_ - 1), h_(static_cast<double>(k_) - nd) {}

    [[nodiscard]] double cdf(double n) const noexcept {
        Matrix base = step();
        Row row{};
        row[k_ - 1] = 1.0;
        // Row k of H^n: the bits of n from below, a product of row and matrix for each that is set.
        for (auto left = static_cast<std::size_t>(n);;) {
            if (left % 2 == 1) row = product(row, base);
            left /= 2;
            if (left == 0) break;
            base = square(base);
        }
        return row[k_ - 1] * stirling_factor(n);
    }

  private:
    using Row = std::array<double, largest_order>;
    using Matrix = std::array<Row, largest_order>;

    [[nodiscard]] Matrix step() const noexcept {
        std::array<double, largest_order + 1> inverse_factorial{};  // times e^-1
        inverse_factorial[0] = std::exp(-1.0);
        for (std::size_t i = 1; i <= order_; ++i)
            inverse_factorial[i] = inverse_factorial[i - 1] / static_cast<double>(i);
        Matrix result{};
        for (std::size_t i = 0; i < order_; ++i)
            for (std::size_t j = 0; j < order_ && j <= i + 1; ++j) result[i][j] = inverse_factorial[i + 1 - j];
        double power = 1.0;
        for (std::size_t i = 0; i < order_; ++i) {
            power *= h_;
            result[i][0] -= power * inverse_factorial[i + 1];
            result[order_ - 1][order_ - 1 - i] -= power * inverse_factorial[i + 1];
        }
        if (h_ > 0.5)
            result[order_ - 1][0] += std::pow(2.0 * h_ - 1.0, static_cast<double>(order_)) * inverse_factorial[order_];
        return result;
    }
    [[nodiscard]] Row product(const Row& row, const Matrix& matrix) const noexcept {
        Row result{};
        for (std::size_t l = 0; l < order_; ++l)
            for (std::size_t j = 0; j < order_; ++j) result[j] += row[l] * matrix[l][j];
        return result;
    }
    [[nodiscard]] Matrix square(const Matrix& matrix) const noexcept {
        Matrix result{};
        for (std::size_t i = 0; i < order_; ++i) result[i] = product(matrix[i], matrix);
        return result;
    }

    std::size_t k_;
    std::size_t order_;
    double h_;
};

// The functions of a phase v in (0, pi) that the poles need.
struct Phase {
    double a;      // 1 - v cot v
    double slope;  // v a'(v) - a = v^2 / sin^2 v - 1
    double kappa;  // a - ln(sin v / v)
};

// zeta(2k) / pi^(2k) of k = 1, 2, ...; below v = 1/2 the first left out is 1e-18 of the first.
constexpr std::array<double, 11> zeta_over_pi{
    1.0 / 6.0,
    1.0 / 90.0,
    1.0 / 945.0,
    1.0 / 9450.0,
    1.0 / 93555.0,
    691.0 / 638512875.0,
    2.0 / 18243225.0,
    3617.0 / 325641566250.0,
    43867.0 / 38979295480125.0,
    174611.0 / 1531329465290625.0,
    155366.0 / 13447856940643125.0,
};

Phase phase_of(double v) noexcept {
    const double v2 = v * v;
    if (v < 0.5) {
        Phase sum{0.0, 0.0, 0.0};
        for (std::size_t i = zeta_over_pi.size(); i-- > 0;) {
            const double k = static_cast<double>(i + 1);
            sum.a = sum.a * v2 + 2.0 * zeta_over_pi[i];
            sum.slope = sum.slope * v2 + 2.0 * (2.0 * k - 1.0) * zeta_over_pi[i];
            sum.kappa = sum.kappa * v2 + (2.0 + 1.0 / k) * zeta_over_pi[i];
        }
        return {sum.a * v2, sum.slope * v2, sum.kappa * v2};
    }
    const double sine = std::sin(v);
    const double a = 1.0 - v * std::cos(v) / sine;
    return {a, v2 / (sine * sine) - 1.0, a - std::log(sine / v)};
}

// The distribution function from its generating function. Let N be a Poisson process of rate 1 and c = n d. Then
// P(D_n < d) e^-n n^n / n! is the chance that N(t) - t stays within +-c up to t = n and ends at 0, and its generating
// function over n is W(c)^2 / W(2c) at e^-q, W being the scale function of t - N(t) killed at rate q. W is a sum over
// the roots of theta - 1 - q + e^-theta; its leading pair u +- iv, u = ln(sin v / v), gives W(x) ~ e^(ux)
// sin(v x + delta), so the poles lie at 2 c v + delta(v) = m pi, and the residues are elementary. In the limit they are
// the terms of Kolmogorov's theta series.
double poles_cdf(double c, double n, double pole_step) noexcept {
    double sum = 0.0;
    for (double m = 1.0; m < 64.0; m += 1.0) {
        double v = m * pi / (2.0 * c + 1.0 / 3.0);
        if (v >= 3.0) break;
        double delta = 0.0;
        double derivative = 0.0;
        double ratio = 0.0;  // radius / v, which hardly moves with v
        double kappa = 0.0;
        for (int i = 0; i < 8; ++i) {
            const Phase at = phase_of(v);
            const double radius2 = at.a * at.a + v * v;
            ratio = std::sqrt(radius2) / v;
            derivative = 2.0 * c + at.slope / radius2;
            delta = std::atan2(at.a, v);
            const double change = (m * pi - 2.0 * c * v - delta) / derivative;
            // To first order in the last change, whose square does not matter.
            delta += at.slope / radius2 * change;
            kappa = at.kappa + radius2 / v * change;
            v += change;
            if (std::abs(change) <= pole_step * v) break;
        }
        const double weight = std::exp(-n * kappa);
        const bool odd = std::fmod(m, 2.0) == 1.0;
        const double part = odd ? std::cos(0.5 * delta) : std::sin(0.5 * delta);
        sum += (odd ? 2.0 : -2.0) * ratio / derivative * part * part * weight;
        if (weight < 1e-17 * sum) break;
    }
    return sum * stirling_factor(n);
}

}  // namespace

double kolmogorov_finite_sf(double d, double n, double error) noexcept {
    if (std::isnan(d) || !(n > 0.0) || n == std::numeric_limits<double>::infinity())
        return std::numeric_limits<double>::quiet_NaN();
    n = std::max(1.0, std::nearbyint(n));
    if (d >= 1.0) return 0.0;
    const double c = n * d;
    if (c <= 0.5) return 1.0;
    if (c >= n - 1.0) return std::min(1.0, 2.0 * std::exp(n * std::log1p(-d)));
    const double z2 = c * d;
    if (z2 < 0.03) return 1.0;  // pi^2 / (8 z2) > 41
    if (z2 > 375.0) return 0.0;
    const Effort effort = effort_for(error);
    if (d >= 0.5 || z2 >= one_sided_from) return std::min(1.0, 2.0 * OneSidedTail(d, n, effort).value());
    if (error * n >= shifted_error) {
        const double root = std::sqrt(n);
        const double z = d * root;
        return kolmogorov_sf(z + 1.0 / (6.0 * root) + (z - 1.0) / (4.0 * n));
    }
    const double cdf = c < effort.poles_from ? DurbinMatrix(c).cdf(n) : poles_cdf(c, n, effort.pole_step);
    return std::clamp(1.0 - cdf, 0.0, 1.0);
}

}  // namespace vedette::inline v0::stats
