// SPDX-License-Identifier: Apache-2.0
// Inverts the Laplace transform of a weighted sum of chi-squares.
#include "vedette/stats/chi_squared_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr std::size_t power_count = ChiSquaredMixture::power_count;
constexpr double pi = std::numbers::pi;
// Weights so small that |2 s weight| stays below this enter by their power sums: the first term left out is 1e-12.
constexpr double series_radius = 0.1;
constexpr std::size_t listed_weights = 256;
// Below this share of the mean the tail is one minus the lower tail, which has a saddle point of its own.
constexpr double lower_share = 0.3;
// Lower tails below it do not change 1.
constexpr double negligible_log = -40.0;

// Sums over j >= first of ((j + shift)^2 - offset)^-r: Euler and Maclaurin's midpoint form with the first correction.
ChiSquaredMixture::Powers tail_powers(double first, double shift, double offset) {
    ChiSquaredMixture::Powers powers{};
    const double start = first + shift - 0.5;
    for (std::size_t i = 0; i < power_count; ++i) {
        const double r = static_cast<double>(i + 1);
        const double whole = std::pow(start, 1.0 - 2.0 * r) / (2.0 * r - 1.0);
        const double next = std::pow(start, -1.0 - 2.0 * r);
        powers[i] = whole + next * (r * offset / (2.0 * r + 1.0) - 2.0 * r / 24.0);
    }
    return powers;
}

// The power series of the sum of log(1 - z weight) over the small weights.
std::complex<double> log_of_small(std::complex<double> z, const ChiSquaredMixture::Powers& powers) noexcept {
    std::complex<double> sum = 0.0;
    for (std::size_t r = power_count; r > 0; --r) sum = z * (sum - powers[r - 1] / static_cast<double>(r));
    return sum;
}

// A principal logarithm without the library's care for infinities.
std::complex<double> quick_log(std::complex<double> z) noexcept {
    return {0.5 * std::log(z.real() * z.real() + z.imag() * z.imag()), std::atan2(z.imag(), z.real())};
}

// Where exp(K(s) - s x)/s is smallest on the real axis between its pole 0 and the first singularity.
double saddle_point(const std::vector<double>& weights, const ChiSquaredMixture::Powers& remainder, double degrees,
                    double x) noexcept {
    double low = 0.0;
    double high = 0.5 / weights.front();
    for (int step = 0; step < 24; ++step) {
        const double s = 0.5 * (low + high);
        double slope = remainder[0];
        for (const double weight : weights) slope += weight / (1.0 - 2.0 * s * weight);
        (degrees * slope - 1.0 / s < x ? low : high) = s;
    }
    return 0.5 * (low + high);
}

// Where exp(K(s) - s x)/|s| is smallest left of 0; negative.
double lower_saddle_point(const std::vector<double>& weights, const ChiSquaredMixture::Powers& remainder,
                          double degrees, double x) noexcept {
    const double count = static_cast<double>(weights.size()) + remainder[0] / weights.back();
    double low = 1.0 / x;
    double high = (0.5 * degrees * count + 1.0) / x;
    for (int step = 0; step < 24; ++step) {
        const double t = std::sqrt(low) * std::sqrt(high);
        double slope = remainder[0] / (1.0 + 2.0 * t * weights.back());
        for (const double weight : weights) slope += weight / (1.0 + 2.0 * t * weight);
        (degrees * slope + 1.0 / t > x ? low : high) = t;
    }
    return -std::sqrt(low) * std::sqrt(high);
}

// A parabola s = saddle + bend u^2 + i u around all singularities, walked in steps of u.
struct Parabola {
    double saddle;
    double bend;
    double step;
};

}  // namespace

ChiSquaredMixture::ChiSquaredMixture(std::vector<double> weights, double degrees, const Powers& remainder)
    : weights_(std::move(weights)), degrees_(degrees) {
    if (!(degrees > 0.0 && degrees < std::numeric_limits<double>::infinity()))
        throw Error(ErrorCode::invalid_argument,
                    "chi-squared mixture: degrees is " + std::to_string(degrees) + ", must be positive and finite");
    for (const double weight : weights_)
        if (!std::isfinite(weight))
            throw Error(ErrorCode::invalid_argument,
                        "chi-squared mixture: a weight is " + std::to_string(weight) + ", must be finite");
    std::sort(weights_.begin(), weights_.end(), std::greater<>());
    const double dust = weights_.empty() ? 0.0 : 1e-14 * weights_.front();
    while (!weights_.empty() && !(weights_.back() > dust)) weights_.pop_back();
    if (weights_.empty())
        throw Error(ErrorCode::invalid_argument, "chi-squared mixture: no weight is positive, at least one must be");
    suffix_.assign(weights_.size() + 1, remainder);
    for (std::size_t j = weights_.size(); j > 0; --j) {
        suffix_[j - 1] = suffix_[j];
        double power = 1.0;
        for (double& sum : suffix_[j - 1]) sum += power *= weights_[j - 1];
    }
}

ChiSquaredMixture ChiSquaredMixture::cramer_von_mises() {
    std::vector<double> weights;
    for (std::size_t j = 1; j <= listed_weights; ++j) weights.push_back(1.0 / (pi * pi * static_cast<double>(j * j)));
    Powers remainder = tail_powers(static_cast<double>(listed_weights + 1), 0.0, 0.0);
    double scale = 1.0;
    for (double& power : remainder) power *= scale /= pi * pi;
    // The first power in closed form: the whole sum is 1/6.
    remainder[0] = 1.0 / 6.0;
    for (const double weight : weights) remainder[0] -= weight;
    return ChiSquaredMixture(std::move(weights), 1.0, remainder);
}

ChiSquaredMixture ChiSquaredMixture::anderson_darling(double degrees) {
    std::vector<double> weights;
    for (std::size_t j = 1; j <= listed_weights; ++j) weights.push_back(1.0 / static_cast<double>(j * (j + 1)));
    Powers remainder = tail_powers(static_cast<double>(listed_weights + 1), 0.5, 0.25);
    remainder[0] = 1.0 / static_cast<double>(listed_weights + 1);  // telescopes
    return ChiSquaredMixture(std::move(weights), degrees, remainder);
}

double ChiSquaredMixture::sf(double x) const noexcept {
    if (std::isnan(x)) return x;
    if (!(x > 0.0)) return 1.0;
    if (x == std::numeric_limits<double>::infinity()) return 0.0;
    x = std::max(x, 1e-100);  // squares of 1/x must not overflow
    // exp(K(s) - s x) at s, by explicit logarithms of the weights that matter there and the series of the rest.
    const auto exponent = [this, x](std::complex<double> s) {
        const double reach = series_radius / (2.0 * std::abs(s));
        std::complex<double> logs = 0.0;
        std::size_t j = 0;
        for (; j < weights_.size() && weights_[j] > reach; ++j) logs += quick_log(1.0 - 2.0 * s * weights_[j]);
        logs += log_of_small(2.0 * s, suffix_[j]);
        return -0.5 * degrees_ * logs - s * x;
    };
    // The integral of exp(K(s) - s x)/s over the parabola: P(Q > x) right of the pole 0, -P(Q <= x) left of it.
    const auto integral = [&exponent](const Parabola& path) {
        double sum = 0.0;
        double centre = 0.0;  // the exponent at the saddle, taken out so that no factor underflows before the last
        double largest = 0.0;
        for (int k = 0; k < 20'000; ++k) {
            const double u = path.step * k;
            const std::complex<double> s(path.saddle + path.bend * u * u, u);
            const std::complex<double> value = exponent(s);
            if (k == 0) centre = value.real();
            const double size = std::exp(value.real() - centre);
            const std::complex<double> turn(std::cos(value.imag()), std::sin(value.imag()));
            const std::complex<double> term = size * turn / s * std::complex<double>(2.0 * path.bend * u, 1.0);
            sum += (k == 0 ? 0.5 : 1.0) * term.imag();
            largest = std::max(largest, std::abs(term));
            if (std::abs(term) < 1e-17 * largest) break;
        }
        return sum * path.step / pi * std::exp(centre);
    };
    if (x < lower_share * mean()) {
        const double saddle = lower_saddle_point(weights_, suffix_.back(), degrees_, x);
        // Further weights than those listed enter by a series that converges up to here only; a bound of the lower
        // tail there (Chernoff's) is one as well.
        const double furthest = -0.5 * series_radius / weights_.back();
        const bool listed_all = suffix_.back()[0] == 0.0;
        const double bound = listed_all ? saddle : std::max(saddle, furthest);
        if (exponent(bound).real() < negligible_log) return 1.0;
        return std::clamp(1.0 + integral({saddle, -0.25 / saddle, 2.0 * pi / 44.0 * std::min(-2.0 * saddle, 6.0 / x)}),
                          0.0, 1.0);
    }
    const double saddle = saddle_point(weights_, suffix_.back(), degrees_, x);
    const double gap = 0.5 / weights_.front() - saddle;
    // The first singularity is the focus.
    const double bend = 0.25 / gap;
    const double pole = (std::sqrt(1.0 + 4.0 * bend * saddle) - 1.0) / (2.0 * bend);
    return std::clamp(integral({saddle, bend, 2.0 * pi / 44.0 * std::min({2.0 * gap, pole, 6.0 / x})}), 0.0, 1.0);
}

double ChiSquaredMixture::approximate_quantile(double tail) const noexcept {
    const Powers& sums = suffix_.front();
    const double scale = sums[2] / sums[1];
    const double degrees = degrees_ * sums[1] * sums[1] * sums[1] / (sums[2] * sums[2]);
    return std::max(0.0, mean() + scale * (chi_squared_quantile(1.0 - tail, degrees) - degrees));
}

}  // namespace vedette::inline v0::stats
