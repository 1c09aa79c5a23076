// SPDX-License-Identifier: Apache-2.0
// Confidence intervals of rates and of a distribution function.
#include "vedette/stats/intervals.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "stats/few_beta.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::stats {

Confidence::Confidence(double level) : level_(level) {
    if (!(level > 0.0 && level < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    "confidence: level is " + std::to_string(level) + ", must lie strictly between 0 and 1");
    z_ = -normal_quantile(0.5 * (1.0 - level));
    kolmogorov_ = kolmogorov_quantile_upper(1.0 - level);
}

Interval wilson(std::uint64_t successes, std::uint64_t trials, const Confidence& confidence) noexcept {
    if (trials == 0 || successes > trials) return {};
    const double n = static_cast<double>(trials);
    const double rate = static_cast<double>(successes) / n;
    const double z = confidence.z();
    const double shrink = 1.0 / (1.0 + z * z / n);
    const double centre = (rate + z * z / (2.0 * n)) * shrink;
    const double half = z * std::sqrt(rate * (1.0 - rate) / n + z * z / (4.0 * n * n)) * shrink;
    return {successes == 0 ? 0.0 : std::max(0.0, centre - half),
            successes == trials ? 1.0 : std::min(1.0, centre + half)};
}

namespace {

// The ends, moved outwards until what lies beyond them is surely at most the tail. Where hits are few and trials many,
// by sums whose rounding is bounded; elsewhere by what the library's routines err by at the most (a relative 1e-12 was
// never seen there).
double lower_limit(double successes, double failures, double tail) noexcept {
    double x = beta_quantile(tail, successes, failures + 1.0);
    for (double step = 0x1p-51; is_few(successes, failures + 1.0, x); step *= 2.0) {
        const double beyond = few_beta(successes, failures + 1.0, x, BetaTail::lower).value;
        if (beyond * (1.0 + few_beta_error(successes, failures + 1.0, x)) <= tail) return x;
        x *= 1.0 - step;
    }
    return x * (1.0 - 1e-12);
}

double upper_limit(double successes, double failures, double tail) noexcept {
    double x = beta_quantile(1.0 - tail, successes + 1.0, failures);
    if (is_few(successes + 1.0, failures, x))
        x = few_beta_quantile(successes + 1.0, failures, tail, BetaTail::upper, x);
    for (double step = 0x1p-51; is_few(successes + 1.0, failures, x); step *= 2.0) {
        const double beyond = few_beta(successes + 1.0, failures, x, BetaTail::upper).value;
        if (beyond * (1.0 + few_beta_error(successes + 1.0, failures, x)) <= tail) return x;
        x *= 1.0 + step;
    }
    return std::min(1.0, x * (1.0 + 1e-12));
}

}  // namespace

Interval clopper_pearson(std::uint64_t successes, std::uint64_t trials, const Confidence& confidence) noexcept {
    if (trials == 0 || successes > trials) return {};
    const auto hits = static_cast<double>(successes), others = static_cast<double>(trials - successes);
    const double tail = 0.5 * (1.0 - confidence.level());
    // Few failures are few hits seen from the other side, where they have all their digits.
    const bool mirrored = others < hits;
    const double few = std::min(hits, others), many = std::max(hits, others);
    const double low = few == 0.0 ? 0.0 : lower_limit(few, many, tail);
    const double high = many == 0.0 ? 1.0 : upper_limit(few, many, tail);
    if (!mirrored) return {low, high};
    return {std::max(0.0, std::nextafter(1.0 - high, 0.0)), few == 0.0 ? 1.0 : std::nextafter(1.0 - low, 1.0)};
}

Interval newcombe(std::uint64_t successes_1, std::uint64_t trials_1, std::uint64_t successes_2, std::uint64_t trials_2,
                  const Confidence& confidence) noexcept {
    const Interval first = wilson(successes_1, trials_1, confidence);
    const Interval second = wilson(successes_2, trials_2, confidence);
    if (std::isnan(first.lower) || std::isnan(second.lower)) return {};
    const double rate_1 = static_cast<double>(successes_1) / static_cast<double>(trials_1);
    const double rate_2 = static_cast<double>(successes_2) / static_cast<double>(trials_2);
    const double difference = rate_2 - rate_1;
    // Shares lie in [0, 1]: no overflow that std::hypot, ten times slower, would have to prevent.
    const auto length = [](double a, double b) { return std::sqrt(a * a + b * b); };
    return {std::max(-1.0, difference - length(rate_2 - second.lower, first.upper - rate_1)),
            std::min(1.0, difference + length(second.upper - rate_2, rate_1 - first.lower))};
}

double dkw_half_width(std::uint64_t n, const Confidence& confidence) noexcept {
    if (n == 0) return std::nan("");
    return std::sqrt(std::log(2.0 / (1.0 - confidence.level())) / (2.0 * static_cast<double>(n)));
}

}  // namespace vedette::inline v0::stats
