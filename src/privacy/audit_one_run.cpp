// SPDX-License-Identifier: Apache-2.0
// One-run auditing: the binomial tail of right guesses, and what delta adds to it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "privacy/arguments.hpp"
#include "stats/saddle_point.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr double largest_epsilon = 700.0;
// More than the tails err by, relative.
constexpr double tail_margin = 1e-9;

void require_guesses(const CanaryGuesses& guesses) {
    if (guesses.canaries <= 1'000'000'000 && guesses.guesses <= guesses.canaries && guesses.correct <= guesses.guesses)
        return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} right guesses of {} about {} canaries; each must be at most the next, and there may be "
                            "at most 10^9 canaries",
                            guesses.correct, guesses.guesses, guesses.canaries));
}

// n coins, each right with `right` = 1 - `wrong`, both given lest the small one be rounded away.
struct Coins {
    std::uint64_t n;
    double right, wrong;

    // P[W >= v], accurate in relative terms.
    [[nodiscard]] double tail(std::uint64_t v) const noexcept {
        return v == 0 ? 1.0 : stats::binomial_cdf(n - v, n, wrong);
    }

    // log P[W = v], Loader's (2000) form.
    [[nodiscard]] double log_probability(std::uint64_t v) const noexcept {
        const double size = static_cast<double>(n), k = static_cast<double>(v), rest = size - k;
        if (v == 0) return size * std::log(wrong);
        if (v == n) return size * std::log1p(-wrong);
        const double apart = wrong < 0.5 ? size * wrong - rest : k - size * right;
        const double exponent = stats::stirling_error(size) - stats::stirling_error(k) - stats::stirling_error(rest) -
                                stats::deviance(k, size * right, apart) - stats::deviance(rest, size * wrong, -apart);
        return exponent + 0.5 * std::log(size / (2.0 * std::numbers::pi * k * rest));
    }
};

Coins coins_of(std::uint64_t n, double epsilon) noexcept {
    const double odds = std::exp(-epsilon);
    return {n, 1.0 / (1.0 + odds), odds / (1.0 + odds)};
}

// The largest k from `mode` up to `v` at which W has a probability that no arithmetic rounds to nothing. They fall.
std::uint64_t likely_below(const Coins& coins, std::uint64_t mode, std::uint64_t v) noexcept {
    constexpr double least_log = -600.0;
    if (coins.log_probability(v) >= least_log) return v;
    std::uint64_t low = mode, high = v;
    while (high - low > 1) {
        const std::uint64_t middle = low + (high - low) / 2;
        (coins.log_probability(middle) >= least_log ? low : high) = middle;
    }
    return low;
}

// max over i of P[v > W >= v - i] / i, the largest mean of the i probabilities below v. They rise to the mode and fall
// beyond it, so the means rise until a probability lies below the mean of those before, and fall from there on.
double largest_mean(const Coins& coins, std::uint64_t v) noexcept {
    if (v == 0) return 0.0;
    const double size = static_cast<double>(coins.n);
    const auto mode = static_cast<std::uint64_t>(std::min((size + 1.0) * coins.right, size));
    if (v <= mode) return std::exp(coins.log_probability(v - 1));
    // What lies further up than that counts all together, so that steps are no more than some dozens of deviations.
    std::uint64_t at = likely_below(coins, mode, v - 1);
    double sum = at + 1 < v ? coins.tail(at + 1) : 0.0;
    double term = std::exp(coins.log_probability(at)), mean = 0.0;
    for (;; --at) {
        if (term < mean) return mean;
        sum += term;
        mean = sum / static_cast<double>(v - at);
        if (at == 0) return mean;
        const double k = static_cast<double>(at);
        term *= k / (size - k + 1.0) * (coins.wrong / coins.right);
    }
}

double p_value(const CanaryGuesses& guesses, double epsilon, double delta) noexcept {
    const Coins coins = coins_of(guesses.guesses, epsilon);
    double p = coins.tail(guesses.correct);
    if (delta > 0.0) p += 2.0 * static_cast<double>(guesses.canaries) * delta * largest_mean(coins, guesses.correct);
    p *= 1.0 + tail_margin;
    return p <= 1.0 ? p : 1.0;
}

}  // namespace

double one_run_p_value(const CanaryGuesses& guesses, double epsilon, double delta) {
    require_guesses(guesses);
    require_within("epsilon", epsilon, 0.0, largest_epsilon);
    require_within("delta", delta, 0.0, std::nextafter(1.0, 0.0));
    return p_value(guesses, epsilon, delta);
}

double one_run_epsilon(const CanaryGuesses& guesses, double delta, const stats::Confidence& confidence) {
    require_guesses(guesses);
    require_within("delta", delta, 0.0, std::nextafter(1.0, 0.0));
    const double level = 1.0 - confidence.level();
    const auto refuted = [&](double epsilon) { return p_value(guesses, epsilon, delta) <= level; };
    if (!refuted(0.0)) return 0.0;
    // `low` is refuted at every step, which is all that the bound's confidence needs: of the numbers of right guesses
    // that refute some epsilon above the true one, the least refutes it at the level, and any other comes with it.
    double low = 0.0, high = 1.0;
    while (high < largest_epsilon && refuted(high)) {
        low = high;
        high *= 2.0;
    }
    while (high - low > 1e-12 * high) {
        const double middle = low + 0.5 * (high - low);
        if (middle <= low || middle >= high) break;
        (refuted(middle) ? low : high) = middle;
    }
    return low;
}

}  // namespace vedette::inline v0::privacy
