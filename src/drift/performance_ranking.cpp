// SPDX-License-Identifier: Apache-2.0
// Accuracy by cell, weighed by how the shares of cells changed.
#include "vedette/drift/performance_ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {
namespace {

void check(const FeatureCells& feature, std::size_t which) {
    if (feature.reference.empty() || feature.reference.size() != feature.right.size() ||
        feature.reference.size() != feature.live.size())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("performance ranking: feature {} has {} reference, {} right and {} live cells", which,
                                feature.reference.size(), feature.right.size(), feature.live.size()));
    for (std::size_t i = 0; i < feature.right.size(); ++i)
        if (feature.right[i] > feature.reference[i])
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("performance ranking: feature {}, cell {}: {} right of {} rows", which, i,
                                    feature.right[i], feature.reference[i]));
}

// sum_c (live share - reference share) a_c. The reference's own accuracy is sum of its shares times a_c, so that its
// rows come in twice: by 1 - live share/reference share each.
PerformanceEffect effect_of(const FeatureCells& feature, const stats::Confidence& confidence) {
    double n = 0.0;
    double m = 0.0;
    double unseen = 0.0;
    for (std::size_t i = 0; i < feature.reference.size(); ++i) {
        n += static_cast<double>(feature.reference[i]);
        (feature.reference[i] > 0 ? m : unseen) += static_cast<double>(feature.live[i]);
    }
    PerformanceEffect out;
    out.live_unseen = m + unseen > 0.0 ? unseen / (m + unseen) : 0.0;
    if (n == 0.0 || m == 0.0) return out;
    double live_mean = 0.0;
    double live_square = 0.0;
    double reference_mean = 0.0;
    double reference_variance = 0.0;
    for (std::size_t i = 0; i < feature.reference.size(); ++i) {
        if (feature.reference[i] == 0) continue;
        const auto rows = static_cast<double>(feature.reference[i]);
        const double accuracy = static_cast<double>(feature.right[i]) / rows;
        const double share = static_cast<double>(feature.live[i]) / m;
        live_mean += share * accuracy;
        live_square += share * accuracy * accuracy;
        reference_mean += rows / n * accuracy;
    }
    // A reference row in cell c, right or not (y), moves the effect by (share/reference share) (y - a_c) - (y - mean).
    for (std::size_t i = 0; i < feature.reference.size(); ++i) {
        if (feature.reference[i] == 0) continue;
        const auto rows = static_cast<double>(feature.reference[i]);
        const double accuracy = static_cast<double>(feature.right[i]) / rows;
        const double ratio = static_cast<double>(feature.live[i]) / m / (rows / n);
        const double shift = accuracy - reference_mean;
        reference_variance += rows / n * ((ratio - 1.0) * (ratio - 1.0) * accuracy * (1.0 - accuracy) + shift * shift);
    }
    const double live_variance = std::max(0.0, live_square - live_mean * live_mean);
    out.effect = live_mean - reference_mean;
    out.standard_error = std::sqrt(live_variance / m + reference_variance / n);
    const double half = confidence.z() * out.standard_error;
    out.interval = {std::max(-1.0, out.effect - half), std::min(1.0, out.effect + half)};
    // Accuracy that is the same in all cells: no change of shares has an effect.
    out.p_value = out.standard_error > 0.0
                      ? std::min(1.0, 2.0 * stats::normal_sf(std::abs(out.effect) / out.standard_error))
                      : 1.0;
    return out;
}

}  // namespace

std::vector<PerformanceEffect> rank_by_performance(std::span<const FeatureCells> features, double confidence) {
    const stats::Confidence level(confidence);
    std::vector<PerformanceEffect> effects;
    for (std::size_t i = 0; i < features.size(); ++i) {
        check(features[i], i);
        effects.push_back(effect_of(features[i], level));
        effects.back().feature = i;
    }
    std::stable_sort(effects.begin(), effects.end(), [](const PerformanceEffect& a, const PerformanceEffect& b) {
        if (std::isnan(a.effect) || std::isnan(b.effect)) return !std::isnan(a.effect) && std::isnan(b.effect);
        return a.effect < b.effect;
    });
    return effects;
}

}  // namespace vedette::inline v0::drift
