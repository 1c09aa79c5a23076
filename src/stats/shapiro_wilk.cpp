// SPDX-License-Identifier: Apache-2.0
// Royston's weights of order statistics and his normalising transforms of W.
#include "vedette/stats/shapiro_wilk.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {
namespace {

template <std::size_t n>
double polynomial(const double (&coefficients)[n], double x) noexcept {
    double sum = 0.0;
    for (std::size_t i = n; i-- > 0;) sum = sum * x + coefficients[i];
    return sum;
}

// Weights of the upper half, the outermost first; the lower half has them negated.
class Weights {
  public:
    explicit Weights(std::size_t n) noexcept : count_(static_cast<double>(n)) {
        if (n == 3) {
            outer_[0] = std::sqrt(0.5);
            outer_count_ = 1;
            return;
        }
        double squares = 0.0;
        for (std::size_t i = 0; i < n / 2; ++i) squares += 2.0 * score(i) * score(i);
        const double root = std::sqrt(squares), x = 1.0 / std::sqrt(count_);
        outer_[0] = score(0) / root + polynomial({0.0, 0.221157, -0.147981, -2.07119, 4.434685, -2.706056}, x);
        outer_[1] = score(1) / root + polynomial({0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633}, x);
        outer_count_ = n > 5 ? 2 : 1;
        double rest = 1.0;
        for (std::size_t i = 0; i < outer_count_; ++i) {
            squares -= 2.0 * score(i) * score(i);
            rest -= 2.0 * outer_[i] * outer_[i];
        }
        scale_ = std::sqrt(rest / squares);
    }
    double operator()(std::size_t i) const noexcept { return i < outer_count_ ? outer_[i] : score(i) * scale_; }

  private:
    // Blom's (1958) normal scores.
    [[nodiscard]] double score(std::size_t i) const noexcept {
        return -normal_quantile((static_cast<double>(i) + 0.625) / (count_ + 0.25));
    }

    double count_;
    double outer_[2] = {};
    std::size_t outer_count_ = 0;
    double scale_ = 0.0;
};

double p_value_of(double w, double n) noexcept {
    if (n > 5000.0) return std::numeric_limits<double>::quiet_NaN();
    if (n == 3.0) return std::max(0.0, 6.0 / std::numbers::pi * (std::asin(std::sqrt(w)) - std::asin(std::sqrt(0.75))));
    if (w >= 1.0) return 1.0;
    double y = std::log1p(-w), mean = 0.0, deviation = 0.0;
    if (n <= 11.0) {
        const double limit = polynomial({-2.273, 0.459}, n);
        if (y >= limit) return 0.0;
        y = -std::log(limit - y);
        mean = polynomial({0.5440, -0.39978, 0.025054, -6.714e-4}, n);
        deviation = std::exp(polynomial({1.3822, -0.77857, 0.062767, -0.0020322}, n));
    } else {
        mean = polynomial({-1.5861, -0.31082, -0.083751, 0.0038915}, std::log(n));
        deviation = std::exp(polynomial({-0.4803, -0.082676, 0.0030302}, std::log(n)));
    }
    return normal_sf((y - mean) / deviation);
}

}  // namespace

ShapiroWilkResult shapiro_wilk(std::span<const double> sorted) noexcept {
    const std::size_t n = sorted.size();
    if (n < 3 || !std::all_of(sorted.begin(), sorted.end(), [](double x) { return std::isfinite(x); })) return {};
    // In units of the range, so that no square overflows or vanishes.
    const double low = sorted.front(), range = 0.5 * sorted.back() - 0.5 * low;
    if (!(range > 0.0) || !std::is_sorted(sorted.begin(), sorted.end())) return {};
    const auto unit = [&](double x) { return (0.5 * x - 0.5 * low) / range; };
    double mean = 0.0;
    for (const double x : sorted) mean += unit(x);
    mean /= static_cast<double>(n);
    double spread = 0.0;
    for (const double x : sorted) spread += (unit(x) - mean) * (unit(x) - mean);
    const Weights weights(n);
    double contrast = 0.0, squares = 0.0;
    for (std::size_t i = 0; i < n / 2; ++i) {
        const double weight = weights(i);
        contrast += weight * (unit(sorted[n - 1 - i]) - unit(sorted[i]));
        squares += 2.0 * weight * weight;
    }
    const double w = std::min(1.0, contrast * contrast / (spread * squares));
    return {w, p_value_of(w, static_cast<double>(n))};
}

}  // namespace vedette::inline v0::stats
