// SPDX-License-Identifier: Apache-2.0
// The beta law of few successes among many trials, summed term by term: library routines lose about `b` units of
// rounding there, all that a bound of privacy or of a rate would rest on.
#pragma once

#include <cmath>
#include <limits>

namespace vedette::inline v0::stats {

enum class BetaTail : bool { lower, upper };

/// Whether the functions below are for it: a whole number of at most 400, b large, and (1 - x)^n, which the sums begin
/// with, a double with all its digits.
inline bool is_few(double a, double b, double x) noexcept {
    return a <= 400.0 && b >= 1000.0 && a == std::floor(a) && (a + b) * -std::log1p(-x) <= 650.0;
}

/// I_x(a, b) and x times its derivative.
struct FewBeta {
    double value, slope;
};

/// Of the binomial law of n = a + b - 1 trials: at least a successes (lower), or fewer (upper). Positive terms only:
/// the relative error is at most few_beta_error.
inline FewBeta few_beta(double a, double b, double x, BetaTail tail) noexcept {
    const double n = a + b - 1.0, odds = x / (1.0 - x);
    double term = std::exp(n * std::log1p(-x)), sum = 0.0, i = 0.0;
    for (; i < a; i += 1.0) {
        sum += term;
        term *= (n - i) / (i + 1.0) * odds;
    }
    const double slope = a * term;  // x^a (1 - x)^(b - 1) / B(a, b)
    if (tail == BetaTail::upper) return {sum, slope};
    sum = 0.0;
    for (;; i += 1.0) {
        const double ratio = (n - i) / (i + 1.0) * odds;
        sum += term;
        term *= ratio;
        if (ratio < 0.9 && term <= 1e-18 * sum) return {sum, slope};  // or both of them are 0
    }
}

/// exp and log1p within a unit of rounding each; a power's argument is n log(1 - x), about n x large; five roundings a
/// term, of which there are at most a few more than n x and a.
inline double few_beta_error(double a, double b, double x) noexcept {
    constexpr double unit = std::numeric_limits<double>::epsilon();
    const double many = (a + b) * x + a + 100.0;
    return unit * 8.0 * many;
}

/// x with that probability in that tail, from a guess, by Newton's steps in logarithms.
inline double few_beta_quantile(double a, double b, double probability, BetaTail tail, double guess) noexcept {
    double x = guess;
    for (int step = 0; step < 8 && is_few(a, b, x); ++step) {
        const FewBeta found = few_beta(a, b, x, tail);
        const double off = std::log(found.value / probability) * found.value / found.slope;
        const double next = x * std::exp(tail == BetaTail::upper ? off : -off);
        if (!(next > 0.0 && next < 1.0)) return x;
        const bool settled = std::abs(next - x) <= 1e-15 * x;
        x = next;
        if (settled) break;
    }
    return x;
}

}  // namespace vedette::inline v0::stats
