// SPDX-License-Identifier: Apache-2.0
// Tests of rates: pooled z or Fisher, the exact law of exceedances, and Good-Turing's newness.
#include "vedette/drift/rate_tests.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

// Fisher's two-sided p-value: tables no more likely than the observed one. Weights relative to the mode follow by
// recurrence outwards and fall faster than geometrically, so that few steps matter.
double fisher_two_sided(double events_1, double n_1, double events_2, double n_2) noexcept {
    const double events = events_1 + events_2;
    const double lowest = std::max(0.0, events - n_2);
    const double highest = std::min(events, n_1);
    const double mode = std::clamp(std::floor((events + 1.0) * (n_1 + 1.0) / (n_1 + n_2 + 2.0)), lowest, highest);
    const auto up = [&](double x) { return (events - x) * (n_1 - x) / ((x + 1.0) * (n_2 - events + x + 1.0)); };
    const auto walk = [&](auto&& visit) {
        double weight = 1.0;
        visit(mode, weight);
        for (double x = mode; x < highest && weight > 1e-290; x += 1.0) visit(x + 1.0, weight *= up(x));
        weight = 1.0;
        for (double x = mode; x > lowest && weight > 1e-290; x -= 1.0) visit(x - 1.0, weight /= up(x - 1.0));
    };
    double observed = 0.0;
    walk([&](double x, double weight) { observed = x == events_1 ? weight : observed; });
    double total = 0.0;
    double tail = 0.0;
    const double limit = observed * (1.0 + 1e-7);  // equal weights reached by different roundings
    walk([&](double, double weight) {
        total += weight;
        tail += weight <= limit ? weight : 0.0;
    });
    return std::clamp(tail / total, std::numeric_limits<double>::min(), 1.0);
}

TestResult sides(std::uint64_t reference_count, std::uint64_t live_count) noexcept {
    TestResult result;
    result.reference_count = static_cast<double>(reference_count);
    result.live_count = static_cast<double>(live_count);
    return result;
}

double share(std::uint64_t events, std::uint64_t count) noexcept {
    return static_cast<double>(events) / static_cast<double>(count);
}

}  // namespace

TestResult two_proportion(std::uint64_t reference_events, std::uint64_t reference_count, std::uint64_t live_events,
                          std::uint64_t live_count, const stats::Confidence& confidence) noexcept {
    TestResult result = sides(reference_count, live_count);
    if (reference_count == 0 || live_count == 0 || reference_events > reference_count || live_events > live_count)
        return result;
    const double n = result.reference_count;
    const double m = result.live_count;
    const double k = static_cast<double>(reference_events);
    const double l = static_cast<double>(live_events);
    const double rate = (k + l) / (n + m);
    result.effect = share(live_events, live_count) - share(reference_events, reference_count);
    result.effect_interval = stats::newcombe(reference_events, reference_count, live_events, live_count, confidence);
    if (k + l == 0.0 || k + l == n + m) {
        result.statistic = 0.0;
        result.p_value = 1.0;
        return result;
    }
    result.statistic = result.effect / std::sqrt(rate * (1.0 - rate) * (1.0 / n + 1.0 / m));
    const double smallest_expected = std::min(rate, 1.0 - rate) * std::min(n, m);
    if (smallest_expected >= 10.0) {
        result.p_value = std::min(1.0, 2.0 * stats::normal_sf(std::abs(result.statistic)));
        return result;
    }
    // The exact test walks over the rarest of the four cells: few steps, and exact in double however large the others.
    const double rare_k = rate <= 0.5 ? k : n - k;
    const double rare_l = rate <= 0.5 ? l : m - l;
    result.p_value = n <= m ? fisher_two_sided(rare_k, n, rare_l, m) : fisher_two_sided(rare_l, m, rare_k, n);
    return result;
}

TestResult exceedance(std::uint64_t reference_count, std::uint64_t live_out_of_range, std::uint64_t live_count,
                      const stats::Confidence& confidence) noexcept {
    TestResult result = sides(reference_count, live_count);
    if (reference_count == 0 || live_count == 0 || live_out_of_range > live_count) return result;
    const double rate = share(live_out_of_range, live_count);
    const double expected = std::min(1.0, 2.0 / (result.reference_count + 1.0));
    result.statistic = static_cast<double>(live_out_of_range);
    result.p_value = stats::hypergeometric_cdf(1, reference_count + live_count, reference_count, live_out_of_range + 1);
    const Interval interval = stats::wilson(live_out_of_range, live_count, confidence);
    result.effect = rate - expected;
    result.effect_interval = {interval.lower - expected, interval.upper - expected};
    return result;
}

TestResult unseen_category(std::uint64_t reference_singletons, std::uint64_t reference_doubletons,
                           std::uint64_t reference_count, std::uint64_t live_unseen, std::uint64_t live_count,
                           const stats::Confidence& confidence) noexcept {
    TestResult result = sides(reference_count, live_count);
    if (reference_count == 0 || live_count == 0 || live_unseen > live_count || reference_singletons > reference_count)
        return result;
    result.statistic = static_cast<double>(live_unseen);
    result.effect = share(live_unseen, live_count) - share(reference_singletons, reference_count);
    result.effect_interval =
        stats::newcombe(reference_singletons, reference_count, live_unseen, live_count, confidence);
    if (live_unseen == 0) {
        result.p_value = 1.0;
        return result;
    }
    const double singletons = static_cast<double>(reference_singletons);
    const double dispersion = 1.0 + 2.0 * static_cast<double>(reference_doubletons) / std::max(1.0, singletons) *
                                        result.live_count / (result.reference_count + result.live_count);
    // Rounded against the alarm on both sides.
    const auto expected = static_cast<std::uint64_t>(std::ceil(singletons / dispersion));
    const auto unseen = static_cast<std::uint64_t>(std::floor(result.statistic / dispersion));
    // Given all such events, those in the reference are few: P(X <= singletons).
    const std::uint64_t events = std::min(expected + unseen, reference_count + live_count);
    result.p_value = stats::hypergeometric_cdf(expected, reference_count + live_count, reference_count, events);
    return result;
}

}  // namespace vedette::inline v0::drift
