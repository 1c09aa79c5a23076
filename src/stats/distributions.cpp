// SPDX-License-Identifier: Apache-2.0
// Tails and quantiles: the one place where Boost.Math is compiled, plus Kolmogorov's limit law.
#include "vedette/stats/distributions.hpp"

#include <algorithm>
#include <array>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/policies/policy.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <limits>
#include <numbers>

#include "stats/few_beta.hpp"
#include "stats/saddle_point.hpp"
#include "stats/stirling.hpp"

namespace vedette::inline v0::stats {
namespace {

namespace bp = boost::math::policies;
// No long double (slow and no more accurate than needed here), and NaN or infinity in place of exceptions.
using Policy = bp::policy<bp::domain_error<bp::ignore_error>, bp::pole_error<bp::ignore_error>,
                          bp::overflow_error<bp::ignore_error>, bp::underflow_error<bp::ignore_error>,
                          bp::denorm_error<bp::ignore_error>, bp::evaluation_error<bp::ignore_error>,
                          bp::rounding_error<bp::ignore_error>, bp::indeterminate_result_error<bp::ignore_error>,
                          bp::promote_float<false>, bp::promote_double<false>>;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = std::numbers::pi;

bool is_probability(double p) noexcept {
    return p >= 0.0 && p <= 1.0;
}
bool is_positive(double x) noexcept {
    return x > 0.0 && x < infinity;
}

// The inverses search for a root; should the search throw in spite of the policy, there is no answer.
template <class Search>
double or_nan(Search&& search) noexcept {
    try {
        return search();
    } catch (...) {
        return nan;
    }
}

double log_gamma(double x) noexcept {
    return boost::math::lgamma(x, Policy());
}

}  // namespace

double stirling_error(double n) noexcept {
    return n > 20.0 ? stirling_correction(n)
                    : log_gamma(n + 1.0) - (n + 0.5) * std::log(n) + n - 0.5 * std::log(2.0 * pi);
}

double deviance(double x, double m, double difference) noexcept {
    if (std::abs(difference) >= 0.1 * (x + m)) return x * std::log(x / m) - difference;
    const double v = difference / (x + m);
    double sum = difference * v;
    double power = 2.0 * x * v;
    for (double i = 3.0; i < 60.0; i += 2.0) {
        power *= v * v;
        const double next = sum + power / i;
        if (next == sum) break;
        sum = next;
    }
    return sum;
}

namespace {

// ln of the probability of k successes in n trials of probability drawn/total, in (0, 1), by Loader's (2000) saddle
// point: no part is larger than the result, where factorials would leave 1e-9 of it at a million.
double log_binomial(double k, double n, double drawn, double total) noexcept {
    if (k == 0.0) return n * std::log1p(-drawn / total);
    if (k == n) return n * std::log(drawn / total);
    return stirling_error(n) - stirling_error(k) - stirling_error(n - k) -
           deviance(k, n * (drawn / total), k - n * (drawn / total)) -
           deviance(n - k, n * ((total - drawn) / total), n - k - n * ((total - drawn) / total)) +
           0.5 * std::log(n / (2.0 * pi * k * (n - k)));
}

constexpr std::size_t tail_lanes = 6;

// Q(a, x) for several x > 1.4 a by Legendre's continued fraction, evaluated as Lentz does, side by side: its divisions
// wait for one another within a lane but not between lanes.
void gamma_tails(double a, std::array<double, tail_lanes>& x) noexcept {
    std::array<double, tail_lanes> b;
    std::array<double, tail_lanes> c;
    std::array<double, tail_lanes> d;
    std::array<double, tail_lanes> h;
    for (std::size_t i = 0; i < tail_lanes; ++i) {
        b[i] = x[i] + 1.0 - a;
        c[i] = 1e300;
        d[i] = 1.0 / b[i];
        h[i] = d[i];
    }
    double change = 1.0;
    for (double step = 1.0; step < 200.0 && change > 1e-12; step += 1.0) {
        const double numerator = step * (a - step);
        change = 0.0;
        for (std::size_t i = 0; i < tail_lanes; ++i) {
            b[i] += 2.0;
            d[i] = 1.0 / (numerator * d[i] + b[i]);
            c[i] = b[i] + numerator / c[i];
            h[i] *= c[i] * d[i];
        }
        for (std::size_t i = 0; i < tail_lanes; ++i) change = std::max(change, std::abs(c[i] * d[i] - 1.0));
    }
    const double log_gamma_a = log_gamma(a);
    for (std::size_t i = 0; i < tail_lanes; ++i) {
        if (i > 0 && x[i] == x[0]) continue;
        h[i] *= std::exp(a * std::log(x[i]) - x[i] - log_gamma_a);
    }
    for (std::size_t i = 1; i < tail_lanes; ++i) h[i] = x[i] == x[0] ? h[0] : h[i];
    x = h;
}

// Integrals over [x, x + step] of the gamma density of shape a > 20, from the Taylor series of the density f about x,
// whose coefficients c obey x (k + 1) c[k + 1] = (a - 1 - x - k) c[k] - c[k - 1]. In units of sqrt(a), x lies within
// near_anchor of a, and a step within near_steps: 24 terms then leave 1e-15.
constexpr double near_anchor = 4.0;
constexpr double near_steps = 0.5;
void gamma_masses(double a, double x, std::array<double, tail_lanes>& step) noexcept {
    const double per_x = 1.0 / x;
    double previous = 0.0;
    // x^(a-1) exp(-x) / Gamma(a) about x = a, where the large terms cancel beforehand.
    const double excess = (x - a) / a;
    double coefficient =
        std::sqrt(a / (2.0 * pi)) * per_x * std::exp(a * (std::log1p(excess) - excess) - stirling_correction(a));
    std::array<double, tail_lanes> power = step;
    std::array<double, tail_lanes> sum{};
    for (double k = 0.0; k < 24.0; k += 1.0) {
        const double per_next = 1.0 / (k + 1.0);
        for (std::size_t i = 0; i < tail_lanes; ++i) {
            sum[i] += coefficient * per_next * power[i];
            power[i] *= step[i];
        }
        const double next = ((a - 1.0 - x - k) * coefficient - previous) * (per_x * per_next);
        previous = coefficient;
        coefficient = next;
    }
    step = sum;
}

}  // namespace

double normal_cdf(double x) noexcept {
    return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double normal_sf(double x) noexcept {
    return 0.5 * std::erfc(x / std::numbers::sqrt2);
}

double normal_quantile(double probability) noexcept {
    if (!is_probability(probability)) return nan;
    if (probability == 0.0) return -infinity;
    if (probability == 1.0) return infinity;
    return -std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * probability, Policy());
}

double chi_squared_sf(double x, double degrees_of_freedom) noexcept {
    if (std::isnan(x) || !is_positive(degrees_of_freedom)) return nan;
    if (x <= 0.0) return 1.0;
    if (x == infinity) return 0.0;
    return boost::math::gamma_q(0.5 * degrees_of_freedom, 0.5 * x, Policy());
}

void chi_squared_sf(std::span<const double> x, double degrees_of_freedom, std::span<double> tails) noexcept {
    const double a = 0.5 * degrees_of_freedom;
    const std::size_t size = std::min({x.size(), tails.size(), tail_lanes});
    std::array<double, tail_lanes> far{};
    std::array<double, tail_lanes> step{};
    std::array<std::size_t, tail_lanes> far_place{};
    std::array<std::size_t, tail_lanes> near_place{};
    std::size_t far_count = 0;
    std::size_t near_count = 0;
    double anchor = nan;
    double anchor_tail = nan;
    for (std::size_t i = 0; i < size; ++i) {
        const double half = 0.5 * x[i];
        if (a > 20.0 && half > 1.4 * a && half < a + 1e4) {
            far_place[far_count] = i;
            far[far_count++] = half;
        } else if (std::abs(half - anchor) <= near_steps * std::sqrt(a)) {
            near_place[near_count] = i;
            step[near_count++] = half - anchor;
        } else {
            tails[i] = chi_squared_sf(x[i], degrees_of_freedom);
            if (a > 20.0 && std::abs(half - a) <= near_anchor * std::sqrt(a) && std::isnan(anchor)) {
                anchor = half;
                anchor_tail = tails[i];
            }
        }
    }
    if (near_count > 0) {
        gamma_masses(a, anchor, step);
        for (std::size_t i = 0; i < near_count; ++i) tails[near_place[i]] = anchor_tail - step[i];
    }
    if (far_count == 0) return;
    std::fill(far.begin() + static_cast<std::ptrdiff_t>(far_count), far.end(), far[0]);
    gamma_tails(a, far);
    for (std::size_t i = 0; i < far_count; ++i) tails[far_place[i]] = far[i];
}

double chi_squared_quantile(double probability, double degrees_of_freedom) noexcept {
    if (!is_probability(probability) || !is_positive(degrees_of_freedom)) return nan;
    if (probability == 0.0) return 0.0;
    if (probability == 1.0) return infinity;
    return or_nan([&] { return 2.0 * boost::math::gamma_p_inv(0.5 * degrees_of_freedom, probability, Policy()); });
}

double noncentral_chi_squared_cdf(double x, double degrees_of_freedom, double noncentrality) noexcept {
    if (std::isnan(x) || !is_positive(degrees_of_freedom) || !(noncentrality >= 0.0) || noncentrality == infinity)
        return nan;
    if (x <= 0.0) return 0.0;
    if (x == infinity) return 1.0;
    if (x <= 1e4 && noncentrality <= 1e5) {
        return or_nan([&] {
            return boost::math::cdf(
                boost::math::non_central_chi_squared_distribution<double, Policy>(degrees_of_freedom, noncentrality),
                x);
        });
    }
    const double mean = degrees_of_freedom + noncentrality;
    const double second = mean + noncentrality;
    const double p = second / mean / mean;
    const double h = 1.0 - 2.0 / 3.0 * (mean / second) * ((second + noncentrality) / second);
    const double m = (h - 1.0) * (1.0 - 3.0 * h);
    const double centre = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p);
    return normal_cdf((std::pow(x / mean, h) - centre) / (h * std::sqrt(2.0 * p) * (1.0 + 0.5 * m * p)));
}

double chi_squared_noncentrality(double x, double degrees_of_freedom, double probability) noexcept {
    if (!is_probability(probability) || !is_positive(degrees_of_freedom) || !(x >= 0.0) || x == infinity) return nan;
    if (!(noncentral_chi_squared_cdf(x, degrees_of_freedom, 0.0) > probability)) return 0.0;
    if (probability == 0.0) return infinity;
    double low = 0.0;
    double high = x + 1.0;
    while (noncentral_chi_squared_cdf(x, degrees_of_freedom, high) > probability) high *= 2.0;
    for (int step = 0; step < 100 && high - low > 1e-10 * high; ++step) {
        const double middle = 0.5 * (low + high);
        (noncentral_chi_squared_cdf(x, degrees_of_freedom, middle) > probability ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

double student_t_sf(double x, double degrees_of_freedom) noexcept {
    if (std::isnan(x) || !is_positive(degrees_of_freedom)) return nan;
    if (std::isinf(x)) return x > 0 ? 0.0 : 1.0;
    const double square = x * x;
    // Both forms of the argument keep full precision where they are small.
    const double tail =
        square < degrees_of_freedom
            ? 0.5 * boost::math::ibetac(0.5, 0.5 * degrees_of_freedom, square / (degrees_of_freedom + square), Policy())
            : 0.5 * boost::math::ibeta(0.5 * degrees_of_freedom, 0.5,
                                       degrees_of_freedom / (degrees_of_freedom + square), Policy());
    return x > 0 ? tail : 1.0 - tail;
}

double student_t_quantile(double probability, double degrees_of_freedom) noexcept {
    if (!is_probability(probability) || !is_positive(degrees_of_freedom)) return nan;
    if (probability == 0.0) return -infinity;
    if (probability == 1.0) return infinity;
    if (probability == 0.5) return 0.0;
    const double tail = std::min(probability, 1.0 - probability);
    double complement = 0.0;
    const double x = or_nan(
        [&] { return boost::math::ibeta_inv(0.5 * degrees_of_freedom, 0.5, 2.0 * tail, &complement, Policy()); });
    const double t = std::sqrt(degrees_of_freedom * complement / x);
    return probability < 0.5 ? -t : t;
}

double f_sf(double x, double numerator_degrees, double denominator_degrees) noexcept {
    if (std::isnan(x) || !is_positive(numerator_degrees) || !is_positive(denominator_degrees)) return nan;
    if (x <= 0.0) return 1.0;
    if (x == infinity) return 0.0;
    const double a = 0.5 * numerator_degrees;
    const double b = 0.5 * denominator_degrees;
    const double scaled = numerator_degrees * x;
    if (scaled > denominator_degrees)
        return boost::math::ibeta(b, a, denominator_degrees / (denominator_degrees + scaled), Policy());
    return boost::math::ibetac(a, b, scaled / (denominator_degrees + scaled), Policy());
}

double binomial_cdf(std::uint64_t successes, std::uint64_t trials, double probability) noexcept {
    if (!is_probability(probability)) return nan;
    if (successes >= trials) return 1.0;
    if (probability == 0.0) return 1.0;
    if (probability == 1.0) return 0.0;
    const double a = static_cast<double>(successes) + 1.0, b = static_cast<double>(trials - successes);
    if (is_few(a, b, probability)) return std::min(1.0, few_beta(a, b, probability, BetaTail::upper).value);
    return boost::math::ibetac(a, b, probability, Policy());
}

double beta_quantile(double probability, double a, double b) noexcept {
    if (!is_probability(probability) || !is_positive(a) || !is_positive(b)) return nan;
    if (probability == 0.0 || probability == 1.0) return probability;
    const double guess = or_nan([&] { return boost::math::ibeta_inv(a, b, probability, Policy()); });
    if (!is_few(a, b, guess)) return guess;
    // The smaller tail: 1 - probability is exact from 1/2 on.
    return probability > 0.5 ? few_beta_quantile(a, b, 1.0 - probability, BetaTail::upper, guess)
                             : few_beta_quantile(a, b, probability, BetaTail::lower, guess);
}

double hypergeometric_cdf(std::uint64_t at_most, std::uint64_t population, std::uint64_t successes,
                          std::uint64_t draws) noexcept {
    if (successes > population || draws > population) return nan;
    const std::uint64_t largest = std::min(successes, draws);
    if (at_most >= largest) return 1.0;
    const std::uint64_t failures = population - successes;
    const std::uint64_t smallest = draws > failures ? draws - failures : 0;
    if (at_most < smallest) return 0.0;
    const double total = static_cast<double>(population);
    const double good = static_cast<double>(successes);
    const double bad = static_cast<double>(failures);
    const double drawn = static_cast<double>(draws);
    const double start = static_cast<double>(at_most);
    const double first = log_binomial(start, good, drawn, total) + log_binomial(drawn - start, bad, drawn, total) -
                         log_binomial(drawn, total, drawn, total);
    // Downwards from the last term, each in proportion to the first.
    double sum = 1.0;
    double term = 1.0;
    for (std::uint64_t i = at_most; i > smallest; --i) {
        const double k = static_cast<double>(i);
        term *= k * (bad - drawn + k) / ((good - k + 1.0) * (drawn - k + 1.0));
        sum += term;
        if (term < 1e-17 * sum && k * (bad - drawn + k) < (good - k + 1.0) * (drawn - k + 1.0)) break;
        if (sum > 1e280) return 1.0;  // the last term is far beyond the body
    }
    return std::min(1.0, std::exp(first + std::log(sum)));
}

double kolmogorov_sf(double z) noexcept {
    if (std::isnan(z)) return nan;
    if (z <= 0.0) return 1.0;
    if (z < 1.0) {
        // q + q^9 + q^25 + q^49
        const double q = std::exp(-pi * pi / (8.0 * z * z));
        const double q2 = q * q;
        const double q8 = q2 * q2 * q2 * q2;
        const double cdf = std::sqrt(2.0 * pi) / z * q * (1.0 + q8 * (1.0 + q8 * q8 * (1.0 + q8 * q8 * q8)));
        return std::clamp(1.0 - cdf, 0.0, 1.0);
    }
    // q - q^4 + q^9 - q^16
    const double q = std::exp(-2.0 * z * z);
    const double q2 = q * q;
    const double q3 = q2 * q;
    return 2.0 * q * (1.0 - q3 * (1.0 - q3 * q2 * (1.0 - q3 * q2 * q2)));
}

double kolmogorov_quantile_upper(double tail) noexcept {
    if (!(tail > 0.0 && tail < 1.0)) return nan;
    double low = 0.0;
    double high = 30.0;
    for (int i = 0; i < 80 && high - low > 1e-15 * high; ++i) {
        const double middle = 0.5 * (low + high);
        (kolmogorov_sf(middle) > tail ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace vedette::inline v0::stats
