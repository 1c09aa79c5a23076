// SPDX-License-Identifier: Apache-2.0
// Composition theorems and conversions, each evaluated in the logarithm and rounded up.
#include "vedette/privacy/accounting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "privacy/arguments.hpp"
#include "privacy/log_erfc.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double up = 1.0 + 1e-12;  // beyond the rounding of any of these forms

double log_phi(double x) noexcept {
    return log_erfc(-x * (0.5 * std::numbers::sqrt2)) - std::numbers::ln2;
}

void require_delta(double delta) {
    require_within("delta", delta, 1e-300, std::nextafter(1.0, 0.0));
}

// The root of a falling function on [low, high], from above; relative or, near 0, absolute 1e-13.
template <class Function>
double falling_root(double low, double high, const Function& positive) {
    for (int i = 0; i < 200 && high - low > 1e-13 * std::max(high, 1e-3); ++i) {
        const double middle = low > 0.0 && high > 4.0 * low ? std::sqrt(low * high) : 0.5 * (low + high);
        (positive(middle) ? low : high) = middle;
    }
    return high;
}

void require_same_length(std::size_t orders, std::size_t divergences) {
    if (orders == divergences) return;
    throw Error(ErrorCode::dimension_mismatch,
                fmt::format("divergences has {} elements, orders has {}; they must be as many", divergences, orders));
}

}  // namespace

Guarantee basic_composition(std::span<const Guarantee> parts) {
    Guarantee sum;
    for (const Guarantee& part : parts) {
        require_within("epsilon", part.epsilon, 0.0, infinity);
        require_within("delta", part.delta, 0.0, 1.0);
        sum.epsilon = std::nextafter(sum.epsilon + part.epsilon, infinity);
        sum.delta = std::nextafter(sum.delta + part.delta, infinity);
    }
    sum.delta = std::min(sum.delta, 1.0);
    return sum;
}

Guarantee advanced_composition(const Guarantee& each, std::uint64_t times, double slack) {
    require_within("epsilon", each.epsilon, 0.0, 700.0);
    require_within("delta", each.delta, 0.0, 1.0);
    require_delta(slack);
    const auto k = static_cast<double>(times);
    return {(each.epsilon * std::sqrt(-2.0 * k * std::log(slack)) + k * each.epsilon * std::expm1(each.epsilon)) * up,
            std::min(1.0, (k * each.delta + slack) * up)};
}

double optimal_composition(const Guarantee& each, std::uint64_t times, double delta) {
    require_within("epsilon", each.epsilon, 0.0, 300.0);
    require_within("delta of each", each.delta, 0.0, 1.0);
    require_within("times", static_cast<double>(times), 1.0, 1e7);
    require_delta(delta);
    const auto k = static_cast<double>(times);
    const double log_kept = k * std::log1p(-each.delta);
    // 1 - (1 - delta_each)^k (1 - d) <= delta
    const double rounding = 0x1p-49 * (8.0 + 3.0 * std::lgamma(k + 1.0) + k * each.epsilon);
    const double room = -std::expm1(std::log1p(-delta) - log_kept) / (1.0 + rounding);
    if (!(room > 0.0)) return infinity;
    if (each.epsilon == 0.0) return 0.0;
    // j answers against the truth: loss (k - 2 j) epsilon. From the greatest downwards.
    const double log_base = -k * std::log1p(std::exp(-each.epsilon));
    double p_sum = 0.0;
    double q_sum = 0.0;  // relative to the current loss
    for (std::uint64_t j = 0; j <= times; ++j) {
        const auto x = static_cast<double>(j);
        const double loss = (k - 2.0 * x) * each.epsilon;
        if (p_sum - q_sum >= room || loss < 0.0) {
            const double before = loss + 2.0 * each.epsilon;
            q_sum *= std::exp(2.0 * each.epsilon);  // relative to the loss before
            const double epsilon = before + std::log((p_sum - room) / q_sum);
            return p_sum > room ? std::max(0.0, epsilon * up) : 0.0;
        }
        const double log_p =
            std::lgamma(k + 1.0) - std::lgamma(x + 1.0) - std::lgamma(k - x + 1.0) - x * each.epsilon + log_base;
        const double p = std::exp(log_p);
        p_sum += p;
        q_sum = (q_sum + p) * std::exp(-2.0 * each.epsilon);
    }
    return 0.0;
}

double gaussian_log_delta(double sigma, double epsilon) {
    require_within("sigma", sigma, 1e-3, 1e9);
    require_within("epsilon", epsilon, 0.0, 1e6);
    const double half = 0.5 / sigma;
    const double x = log_phi(half - epsilon * sigma);
    const double y = epsilon + log_phi(-half - epsilon * sigma);
    if (y >= x) {  // closer than rounding: the density about the threshold times the shift bounds the difference
        const double t = epsilon * sigma - half;
        return -0.5 * t * t - std::log(sigma) - 0.5 * std::log(2.0 * std::numbers::pi);
    }
    // The rounding of x and y is that of their largest terms, and the difference magnifies it.
    const double rounding = 0x1p-51 * (4.0 + epsilon + std::fabs(x) + std::fabs(y));
    return x + std::log(-std::expm1(y - x - rounding)) + rounding;
}

double gaussian_delta(double sigma, double epsilon) {
    return std::min(1.0, std::exp(gaussian_log_delta(sigma, epsilon)) * up);
}

double gaussian_epsilon(double sigma, double delta) {
    require_within("sigma", sigma, 1e-3, 1e9);
    require_delta(delta);
    const double target = std::log(delta);
    const auto exceeds = [sigma, target](double e) { return gaussian_log_delta(sigma, e) > target; };
    if (!exceeds(0.0)) return 0.0;
    const double high = 0.5 / (sigma * sigma) + std::sqrt(-2.0 * target) / sigma + 1e-9;
    return falling_root(0.0, std::min(high, 1e6), exceeds);
}

double gaussian_sigma(const Guarantee& guarantee) {
    require_within("epsilon", guarantee.epsilon, 0.0, 1e5);
    require_delta(guarantee.delta);
    const double target = std::log(guarantee.delta);
    const auto exceeds = [&guarantee, target](double s) { return gaussian_log_delta(s, guarantee.epsilon) > target; };
    if (exceeds(1e9)) {
        throw Error(ErrorCode::invalid_argument, fmt::format("delta is {}; at epsilon {} no noise up to 1e9 suffices",
                                                             guarantee.delta, guarantee.epsilon));
    }
    if (!exceeds(1e-3)) return 1e-3;
    return falling_root(1e-3, 1e9, exceeds);
}

double gdp_composition(std::span<const double> mu) {
    double sum = 0.0;
    for (const double m : mu) {
        require_within("mu", m, 0.0, 1e100);
        sum += m * m;
    }
    return std::sqrt(sum) * up;
}

double gdp_optimistic_mu(double noise_multiplier, double sampling_rate, std::uint64_t steps) {
    require_within("noise_multiplier", noise_multiplier, 0.05, 1e6);
    require_within("sampling_rate", sampling_rate, 0.0, 1.0);
    return sampling_rate *
           std::sqrt(static_cast<double>(steps) * std::expm1(1.0 / (noise_multiplier * noise_multiplier)));
}

double gdp_type_two_error(double mu, double false_positive_rate) {
    require_within("mu", mu, 0.0, 1e3);
    require_within("false_positive_rate", false_positive_rate, 1e-300, 1.0);
    if (false_positive_rate == 1.0) return 0.0;
    // By the tail that is the smaller one: the logarithm of the other keeps no digit of it.
    const bool is_lower = false_positive_rate > 0.5;
    const double target = is_lower ? std::log1p(-false_positive_rate) : std::log(false_positive_rate);
    double low = -40.0;
    double high = 40.0;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        const bool is_below = is_lower ? log_phi(middle) < target : log_phi(-middle) > target;
        (is_below ? low : high) = middle;
    }
    // Tails known to 2^-51 (1 + z^2) place z to about that over max(1, |z|); what follows magnifies both by |x|.
    const double z = low - 1e-13 * (1.0 + std::fabs(low));
    const double x = z - mu;
    // Subnormals have fewer digits.
    return std::nextafter(std::exp(log_phi(x) - 0x1p-50 * (2.0 + x * x)), 0.0);
}

double zcdp_of_pure(double epsilon) {
    require_within("epsilon", epsilon, 0.0, 1e100);
    return 0.5 * epsilon * epsilon * up;
}

double zcdp_of_gaussian(double sigma) {
    require_within("sigma", sigma, 1e-100, 1e100);
    return 0.5 / (sigma * sigma) * up;
}

double zcdp_delta(double rho, double epsilon) {
    require_within("rho", rho, 0.0, 1e9);
    require_within("epsilon", epsilon, 0.0, 1e9);
    if (rho == 0.0) return 0.0;
    // Any order gives a bound; the best is where the derivative of its logarithm vanishes.
    const double order = 1.0 + falling_root(1e-9, (epsilon + 1.0) / (2.0 * rho) + 2.0, [rho, epsilon](double above) {
                             const double a = 1.0 + above;
                             return (2.0 * a - 1.0) * rho - epsilon + std::log(above / a) < 0.0;
                         });
    const double above = order - 1.0;
    const double log_delta = above * (order * rho - epsilon) + order * std::log(above / order) - std::log(above);
    const double rounding = 0x1p-50 * (4.0 + above * (order * rho + epsilon) + order);
    return std::min(1.0, std::exp(log_delta + rounding) * up);
}

double zcdp_epsilon(double rho, double delta) {
    require_within("rho", rho, 0.0, 1e9);
    require_delta(delta);
    if (rho == 0.0) return 0.0;
    const double high = rho + 2.0 * std::sqrt(-rho * std::log(delta)) + 1e-9;
    return falling_root(0.0, high, [rho, delta](double epsilon) { return zcdp_delta(rho, epsilon) > delta; });
}

double renyi_of_pure(double epsilon, double order) {
    require_within("epsilon", epsilon, 0.0, 1e100);
    require_within("order", order, 1.0 + 1e-6, 1e300);
    if (epsilon == 0.0) return 0.0;
    // log((e^(a e) + e^((1 - a) e)) / (1 + e^e)) / (a - 1), of which e^(a e) / e^e is taken out.
    const double inner = std::log1p(std::exp(-(2.0 * order - 1.0) * epsilon)) - std::log1p(std::exp(-epsilon));
    const double divergence = epsilon + inner / (order - 1.0);
    // Small epsilons cancel; epsilon^2 a / 2 is a bound as well.
    const double rounding = 0x1p-50 * (epsilon + 1.0 / (order - 1.0));
    return std::min({epsilon, 0.5 * epsilon * epsilon * order, divergence + rounding}) * up;
}

double renyi_of_zcdp(double rho, double order) {
    require_within("rho", rho, 0.0, 1e100);
    require_within("order", order, 1.0, infinity);
    return rho == 0.0 ? 0.0 : rho * order * up;
}

double renyi_epsilon(std::span<const double> orders, std::span<const double> divergences, double delta) {
    require_same_length(orders.size(), divergences.size());
    require_delta(delta);
    double least = infinity;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const double a = orders[i];
        const double r = divergences[i];
        require_within("order", a, 1.01, 1e300);
        require_within("divergence", r, 0.0, infinity);
        if (std::isinf(r)) continue;
        // Total variation is at most sqrt(1 - e^-KL), and KL at most any divergence of an order above 1.
        if (delta * delta + std::expm1(-r) > 1e-15 * delta * delta) return 0.0;
        const double epsilon = r + std::log1p(-1.0 / a) - (std::log(delta) + std::log(a)) / (a - 1.0);
        least = std::min(least, epsilon + 1e-14 * (r + 1.0 + std::fabs(std::log(delta) + std::log(a)) / (a - 1.0)));
    }
    return std::max(0.0, least);
}

double renyi_delta(std::span<const double> orders, std::span<const double> divergences, double epsilon) {
    require_same_length(orders.size(), divergences.size());
    require_within("epsilon", epsilon, 0.0, 1e100);
    double least = 0.0;
    for (std::size_t i = 0; i < orders.size(); ++i) {
        const double a = orders[i];
        const double r = divergences[i];
        require_within("order", a, 1.01, 1e300);
        require_within("divergence", r, 0.0, infinity);
        if (std::isinf(r)) continue;
        least = std::min(least, 0.5 * std::log(-std::expm1(-r)));
        const double bound = (a - 1.0) * (r - epsilon + std::log1p(-1.0 / a)) - std::log(a);
        least = std::min(least, bound + 1e-14 * ((a - 1.0) * (r + epsilon + 1.0 / a) + std::log(a)));
    }
    return std::min(1.0, std::exp(least) * up);
}

}  // namespace vedette::inline v0::privacy
