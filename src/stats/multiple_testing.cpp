// SPDX-License-Identifier: Apache-2.0
// Bonferroni, Holm, Benjamini-Hochberg and Benjamini-Yekutieli adjustments.
#include "vedette/stats/multiple_testing.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {
namespace {

bool in_range(double p) noexcept {
    return std::isnan(p) || (p >= 0.0 && p <= 1.0);
}

// Step-down: from the smallest p, never falling.
void holm(std::span<double> p, std::span<const std::size_t> order) noexcept {
    double running = 0.0;
    std::size_t remaining = order.size();
    for (const std::size_t i : order) {
        running = std::max(running, std::min(1.0, p[i] * static_cast<double>(remaining--)));
        p[i] = running;
    }
}

// Step-up: from the largest p, never rising.
void step_up(std::span<double> p, std::span<const std::size_t> order, double factor) noexcept {
    double running = 1.0;
    const double family = static_cast<double>(order.size()) * factor;
    for (std::size_t rank = order.size(); rank > 0; --rank) {
        const std::size_t i = order[rank - 1];
        running = std::min(running, p[i] * family / static_cast<double>(rank));
        p[i] = running;
    }
}

}  // namespace

const char* correction_name(Correction correction) noexcept {
    switch (correction) {
        case Correction::none: return "none";
        case Correction::bonferroni: return "bonferroni";
        case Correction::holm: return "holm";
        case Correction::benjamini_hochberg: return "benjamini_hochberg";
        case Correction::benjamini_yekutieli: return "benjamini_yekutieli";
    }
    return "none";
}

bool adjust(std::span<const double> p_values, Correction correction, std::span<double> adjusted,
            std::span<std::size_t> order) noexcept {
    if (adjusted.size() < p_values.size() || order.size() < p_values.size()) return false;
    if (!std::all_of(p_values.begin(), p_values.end(), in_range)) return false;
    std::size_t family = 0;
    for (std::size_t i = 0; i < p_values.size(); ++i) {
        adjusted[i] = p_values[i];
        if (!std::isnan(p_values[i])) order[family++] = i;
    }
    const std::span<std::size_t> members = order.first(family);
    std::sort(members.begin(), members.end(), [adjusted](std::size_t a, std::size_t b) {
        return adjusted[a] < adjusted[b] || (adjusted[a] == adjusted[b] && a < b);
    });
    switch (correction) {
        case Correction::none: break;
        case Correction::bonferroni:
            for (const std::size_t i : members) adjusted[i] = std::min(1.0, adjusted[i] * static_cast<double>(family));
            break;
        case Correction::holm: holm(adjusted, members); break;
        case Correction::benjamini_hochberg: step_up(adjusted, members, 1.0); break;
        case Correction::benjamini_yekutieli: {
            double harmonic = 0.0;
            for (std::size_t i = family; i > 0; --i) harmonic += 1.0 / static_cast<double>(i);
            step_up(adjusted, members, harmonic);
            break;
        }
    }
    return true;
}

std::vector<double> adjust(std::span<const double> p_values, Correction correction) {
    std::vector<double> adjusted(p_values.size());
    std::vector<std::size_t> order(p_values.size());
    if (!adjust(p_values, correction, adjusted, order)) {
        const auto bad = std::find_if_not(p_values.begin(), p_values.end(), in_range);
        throw Error(ErrorCode::invalid_argument, "adjust: p_values[" + std::to_string(bad - p_values.begin()) +
                                                     "] is " + std::to_string(*bad) + ", must lie in [0, 1] or be NaN");
    }
    return adjusted;
}

}  // namespace vedette::inline v0::stats
