// SPDX-License-Identifier: Apache-2.0
// Renyi divergences of subsampled Gaussian noise by their series.
#include "vedette/privacy/renyi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "privacy/arguments.hpp"
#include "privacy/log_erfc.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// A signed sum of exponentials that may exceed the range of double, with the sum of moduli.
class ScaledSum {
  public:
    void add(double log_term, double sign) noexcept {
        if (log_term == -infinity) return;
        if (log_term > most_) {
            const double scale = std::exp(most_ - log_term);
            sum_ *= scale;
            lost_ *= scale;
            moduli_ *= scale;
            most_ = log_term;
        }
        const double modulus = std::exp(log_term - most_);
        moduli_ += modulus * (1.0 + std::fabs(log_term));
        const double term = sign * modulus - lost_;  // compensated (Kahan)
        const double next = sum_ + term;
        lost_ = (next - sum_) - term;
        sum_ = next;
    }
    [[nodiscard]] double log_upper() const noexcept {
        return most_ + std::log(std::max(0.0, sum_) + 16.0 * 0x1p-53 * moduli_);
    }
    [[nodiscard]] double log_value() const noexcept { return most_ + std::log(std::max(sum_, 0.0)); }

  private:
    double most_ = -infinity;
    double sum_ = 0.0;
    double lost_ = 0.0;
    double moduli_ = 0.0;  // each weighted by what its exponent's rounding may be
};

// sum over i of C(a, i) q^i (1 - q)^(a - i) (e^((i^2 - i) / (2 s^2)) - 1): all positive, so that tiny divergences keep
// their relative accuracy.
double integer_order(double sigma, double q, double order) noexcept {
    ScaledSum excess;
    double log_binomial = std::log(order);  // of i = 1
    for (double i = 2.0; i <= order; i += 1.0) {
        log_binomial += std::log((order - i + 1.0) / i);
        const double exponent = (i * i - i) / (2.0 * sigma * sigma);
        const double log_gain = exponent > 30.0 ? exponent : std::log(std::expm1(exponent));
        excess.add(log_binomial + i * std::log(q) + (order - i) * std::log1p(-q) + log_gain, 1.0);
    }
    const double log_excess = excess.log_upper();
    const double log_moment = log_excess > 30.0 ? log_excess + std::exp(-log_excess) : std::log1p(std::exp(log_excess));
    return log_moment / (order - 1.0) * (1.0 + 1e-13 * order);
}

double fractional_order(double sigma, double q, double order, RenyiSeries series) noexcept {
    ScaledSum moment;
    const double log_q = std::log(q);
    const double log_rest = std::log1p(-q);
    const double turn = sigma * sigma * (log_rest - log_q) + 0.5;  // where both parts of the mixture are alike
    const double inverse = std::numbers::sqrt2 / (2.0 * sigma);
    double log_binomial = 0.0;
    double sign = 1.0;
    for (double i = 0.0; i < 2000.0; i += 1.0) {
        const double j = order - i;
        const double below = log_binomial + i * log_q + j * log_rest + (i * i - i) / (2.0 * sigma * sigma) +
                             log_erfc((i - turn) * inverse) - std::numbers::ln2;
        const double above = log_binomial + j * log_q + i * log_rest + (j * j - j) / (2.0 * sigma * sigma) +
                             log_erfc((turn - j) * inverse) - std::numbers::ln2;
        const double s = series == RenyiSeries::exact ? sign : 1.0;
        moment.add(below, s);
        moment.add(above, s);
        const double total = moment.log_value();
        if (i > order && std::max(below, above) < total - 37.0) {
            // What is left alternates, or falls faster than by halves.
            moment.add(std::max(below, above) + std::log(4.0), 1.0);
            return std::max(0.0, moment.log_upper() / (order - 1.0)) * (1.0 + 1e-13);
        }
        const double factor = (order - i) / (i + 1.0);
        log_binomial += std::log(std::fabs(factor));
        if (factor < 0.0) sign = -sign;
    }
    return infinity;
}

constexpr auto make_orders() {
    std::array<double, 99 + 53 + 4> orders{};
    std::size_t n = 0;
    for (int i = 11; i <= 109; ++i) orders[n++] = static_cast<double>(i) / 10.0;
    for (int i = 11; i <= 63; ++i) orders[n++] = static_cast<double>(i);
    for (int i = 128; i <= 1024; i *= 2) orders[n++] = static_cast<double>(i);
    return orders;
}

constexpr auto orders_of_default = make_orders();

}  // namespace

double renyi_gaussian(double noise_multiplier, double sampling_rate, double order, RenyiSeries series) {
    require_within("noise_multiplier", noise_multiplier, 1e-2, 1e6);
    require_within("sampling_rate", sampling_rate, 0.0, 1.0);
    require_within("order", order, 1.0 + 1e-6, 1e6);
    if (sampling_rate == 0.0) return 0.0;
    if (sampling_rate == 1.0) return order / (2.0 * noise_multiplier * noise_multiplier) * (1.0 + 1e-15);
    if (order == std::floor(order)) return integer_order(noise_multiplier, sampling_rate, order);
    return fractional_order(noise_multiplier, sampling_rate, order, series);
}

std::span<const double> default_renyi_orders() noexcept {
    return orders_of_default;
}

RenyiAccountant::RenyiAccountant(std::span<const double> orders, RenyiSeries series) : series_(series) {
    if (orders.empty()) orders = default_renyi_orders();
    for (const double order : orders) require_within("order", order, 1.01, 1e6);
    orders_.assign(orders.begin(), orders.end());
    divergences_.assign(orders.size(), 0.0);
}

void RenyiAccountant::add_gaussian(double noise_multiplier, double sampling_rate, std::uint64_t steps) {
    std::vector<double> curve;
    curve.reserve(orders_.size());
    for (const double order : orders_) curve.push_back(renyi_gaussian(noise_multiplier, sampling_rate, order, series_));
    add(curve, steps);
}

void RenyiAccountant::add_pure(double epsilon, std::uint64_t times) {
    std::vector<double> curve;
    curve.reserve(orders_.size());
    for (const double order : orders_) curve.push_back(renyi_of_pure(epsilon, order));
    add(curve, times);
}

void RenyiAccountant::add_zcdp(double rho) {
    std::vector<double> curve;
    curve.reserve(orders_.size());
    for (const double order : orders_) curve.push_back(renyi_of_zcdp(rho, order));
    add(curve, 1);
}

void RenyiAccountant::add(std::span<const double> divergences, std::uint64_t times) {
    if (divergences.size() != orders_.size()) {
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("divergences has {} elements; it must have {}, one an order", divergences.size(),
                                orders_.size()));
    }
    for (const double divergence : divergences) require_within("divergence", divergence, 0.0, infinity);
    if (times == 0) return;
    for (std::size_t i = 0; i < orders_.size(); ++i) {
        const double more = divergences[i] * static_cast<double>(times);
        divergences_[i] = std::nextafter(divergences_[i] + more * (1.0 + 0x1p-51), infinity);
    }
}

}  // namespace vedette::inline v0::privacy
