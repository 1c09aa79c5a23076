// SPDX-License-Identifier: Apache-2.0
// From counts of one event to bounds of epsilon, mu and Renyi divergences.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/arguments.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/accounting.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::privacy {

namespace {

// More than quantiles of the beta law err by as a rule, and at the most seen at 10^12 runs, relative.
constexpr double quantile_margin = 1e-9;
constexpr double lower_end_margin = 1e-6;
// More than logarithms, exponentials and normal quantiles of what is given err by.
constexpr double rounding_margin = 1e-12;

void require_counts(const char* input, std::uint64_t hits, std::uint64_t runs) {
    if (runs == 0) throw Error(ErrorCode::invalid_argument, fmt::format("there are no runs on the {} input", input));
    if (hits > runs) {
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("{} hits in {} runs on the {} input; there can be no more hits than runs", hits, runs, input));
    }
}

// Clopper and Pearson's interval, wider by what quantiles of the beta law are off. That has no firm limit where runs
// are beyond 10^8, so the upper end, which bounds rest on, is checked by the binomial law and moved up until it holds.
Interval rate_interval(std::uint64_t hits, std::uint64_t runs, const stats::Confidence& confidence) noexcept {
    const Interval interval = stats::clopper_pearson(hits, runs, confidence);
    const double lower = interval.lower * (1.0 - lower_end_margin);
    const double tail = 0.5 * (1.0 - confidence.level()) * (1.0 - rounding_margin);
    double upper = interval.upper;
    double step = quantile_margin;
    do {
        upper *= 1.0 + step;
        step *= 2.0;
    } while (upper < 1.0 && !(stats::binomial_cdf(hits, runs, upper) <= tail));
    return {lower >= 0.0 ? lower : 0.0, upper < 1.0 ? upper : 1.0};
}

double rounded_down(double value) noexcept {
    return value > 0.0 ? value * (1.0 - rounding_margin) : 0.0;
}

// log(p^order q^(1 - order) + the same of 1 - p and 1 - q) / (order - 1), for 0 < q < p < 1.
double coin_divergence(double p, double q, double order) noexcept {
    const double heads = order * std::log(p) + (1.0 - order) * std::log(q);
    const double tails = order * std::log1p(-p) + (1.0 - order) * std::log1p(-q);
    const double larger = std::max(heads, tails);
    return (larger + std::log1p(std::exp(std::min(heads, tails) - larger))) / (order - 1.0);
}

}  // namespace

AuditErrorRates audit_error_rates(const AuditCounts& counts, const stats::Confidence& confidence) {
    require_counts("first", counts.first_hits, counts.first_runs);
    require_counts("second", counts.second_hits, counts.second_runs);
    return {rate_interval(counts.second_hits, counts.second_runs, confidence),
            rate_interval(counts.first_runs - counts.first_hits, counts.first_runs, confidence)};
}

double audit_epsilon(const AuditCounts& counts, double delta, const stats::Confidence& confidence) {
    require_within("delta", delta, 0.0, std::nextafter(1.0, 0.0));
    const AuditErrorRates rates = audit_error_rates(counts, confidence);
    const double false_positive = rates.false_positive.upper, false_negative = rates.false_negative.upper;
    // Neither rate's upper end is 0. What is left of 1 is 0 or less where nothing is refuted, its logarithm no number.
    const double by_positives = std::log((1.0 - delta - false_negative) / false_positive);
    const double by_negatives = std::log((1.0 - delta - false_positive) / false_negative);
    return std::max(rounded_down(by_positives), rounded_down(by_negatives));
}

double audit_gdp_mu(const AuditCounts& counts, const stats::Confidence& confidence) {
    const AuditErrorRates rates = audit_error_rates(counts, confidence);
    return rounded_down(-stats::normal_quantile(rates.false_positive.upper) -
                        stats::normal_quantile(rates.false_negative.upper));
}

double audit_gaussian_epsilon(const AuditCounts& counts, double delta, const stats::Confidence& confidence) {
    require_within("delta", delta, 1e-300, std::nextafter(1.0, 0.0));
    const double mu = audit_gdp_mu(counts, confidence);
    // Less is as good as nothing: 1 / mu must be within what gaussian_epsilon takes.
    if (mu <= 1e-9) return 0.0;
    // It rounds up by a relative 1e-12, as far as its own logarithms are right.
    return std::max(0.0, gaussian_epsilon(1.0 / mu, delta) * (1.0 - 1e-9) - 1e-9);
}

double audit_renyi(const AuditCounts& counts, double order, const stats::Confidence& confidence) {
    require_within("order", order, std::nextafter(1.0, 2.0), 1e6);
    const AuditErrorRates rates = audit_error_rates(counts, confidence);
    // The coins that are closest among those that the intervals hold: divergences grow as p rises and q falls.
    const double p = 1.0 - rates.false_negative.upper, q = rates.false_positive.upper;
    if (!(p > q)) return 0.0;
    const double divergence = std::max(coin_divergence(p, q, order), coin_divergence(q, p, order));
    // The logarithm of nearly 1 is off by its terms' roundings.
    return rounded_down(divergence - 4e-16 * order / (order - 1.0) * (2.0 - std::log(q) - std::log1p(-p)));
}

AuditCounts count_event(const std::function<bool(AuditInput)>& happens, std::uint64_t runs_per_input) {
    if (!happens) throw Error(ErrorCode::invalid_argument, "happens is empty; there is nothing to run");
    AuditCounts counts{.first_runs = runs_per_input, .second_runs = runs_per_input};
    for (std::uint64_t i = 0; i < runs_per_input; ++i) {
        counts.first_hits += happens(AuditInput::first) ? 1U : 0U;
        counts.second_hits += happens(AuditInput::second) ? 1U : 0U;
    }
    return counts;
}

}  // namespace vedette::inline v0::privacy
