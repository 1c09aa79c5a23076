// SPDX-License-Identifier: Apache-2.0
// Counters of rows by cell of their score and by prediction, and the metrics that follow from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vedette/drift/performance.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {

/// Probabilities are counted in whole 2^-31, so that sums are exact, and the same in whatever order they are taken.
inline constexpr std::uint64_t probability_unit = std::uint64_t{1} << 31U;

inline std::uint64_t probability_units(double probability) noexcept {
    // The signed conversion is one instruction. Twice the units, then halved: below 2^33 no sum is rounded.
    const auto halves = static_cast<std::int64_t>(probability * static_cast<double>(2 * probability_unit));
    return static_cast<std::uint64_t>((halves + 1) / 2);
}

/// Rows, the sum of their probabilities to be positive, and of the squares of these.
inline constexpr std::size_t tally_width = 3;

inline void tally(std::uint64_t* counters, std::uint64_t units) noexcept {
    counters[0] += 1;
    counters[1] += units;
    counters[2] += (units * units + probability_unit / 2) / probability_unit;
}

/// Of one class against the rest: the rows not predicted to be it, cell after cell, then those that were.
struct ClassTally {
    std::span<const std::uint64_t> counters;  ///< 2 * cells * tally_width

    [[nodiscard]] std::size_t cells() const noexcept { return counters.size() / (2 * tally_width); }
};

/// Whether labels were counted, 0 or 1, or probabilities of them.
enum class Knowledge : std::uint8_t { estimated, labelled };

ConfusionCounts confusion_of(const ClassTally& tally) noexcept;
PerformanceEstimate estimate_class(const ClassTally& tally, Knowledge knowledge,
                                   const stats::Confidence& confidence) noexcept;

/// Of several classes, each counted into a tally of its own. `classes` is at least 2.
PerformanceEstimate estimate_classes(std::span<const ClassTally> classes, Knowledge knowledge,
                                     const stats::Confidence& confidence) noexcept;

}  // namespace vedette::inline v0::drift
