// SPDX-License-Identifier: Apache-2.0
// Rates whose counts are noised: what may be said of them is said of all counts that the noise may hide.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "vedette/core/evidence.hpp"
#include "vedette/guard/release.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0 {

/// A noised count: the sum of so many released counters.
struct NoisyCount {
    double value = 0.0;
    std::uint64_t draws = 1;
};

/// The counts that may be behind a noised number of events among a noised total, but for a chance of alpha.
struct CountRange {
    std::uint64_t least, most;              // events
    std::uint64_t least_total, most_total;  // at least 1, and at least as many as there are events

    CountRange(const NoisyCount& events, const NoisyCount& total, const ReleaseNoise& noise, double alpha) noexcept {
        const auto count = [](double value) { return static_cast<std::uint64_t>(std::max(0.0, value)); };
        const double reach = noise.reach(events.draws, 0.5 * alpha);
        const double total_reach = noise.reach(total.draws, 0.5 * alpha);
        most_total = std::max<std::uint64_t>(1, count(std::ceil(total.value + total_reach)));
        least = std::min(count(std::floor(events.value - reach)), most_total);
        most = std::min(count(std::ceil(events.value + reach)), most_total);
        least_total = std::max({std::uint64_t{1}, count(std::floor(total.value - total_reach)), most});
    }
};

/// Clopper and Pearson's interval; where there is noise, a twentieth of the error is kept for it.
inline Interval rate_interval(const NoisyCount& events, const NoisyCount& total, const stats::Confidence& confidence,
                              const ReleaseNoise* noise) {
    if (noise == nullptr)
        return stats::clopper_pearson(static_cast<std::uint64_t>(events.value), static_cast<std::uint64_t>(total.value),
                                      confidence);
    const double alpha = 1.0 - confidence.level();
    const CountRange range(events, total, *noise, 0.05 * alpha);
    const stats::Confidence sampling(1.0 - 0.95 * alpha);
    return {stats::clopper_pearson(range.least, range.most_total, sampling).lower,
            stats::clopper_pearson(range.most, range.least_total, sampling).upper};
}

}  // namespace vedette::inline v0
