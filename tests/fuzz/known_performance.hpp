// SPDX-License-Identifier: Apache-2.0
// The rows that seeds of performance files are of.
#pragma once

#include <cstdint>
#include <vector>

#include "vedette/drift/performance_estimate.hpp"

namespace vedette::fuzzing {

/// 64 binary predictions, one of eight of which is wrong.
inline drift::PerformanceReference known_performance(const drift::PerformanceOptions& options = {}) {
    std::vector<double> scores(64);
    std::vector<std::uint32_t> predictions(64);
    std::vector<std::uint32_t> labels(64);
    for (std::size_t i = 0; i < scores.size(); ++i) {
        scores[i] = static_cast<double>(i) / 64.0;
        predictions[i] = i >= 32 ? 1 : 0;
        labels[i] = i % 8 == 0 ? 1 - predictions[i] : predictions[i];
    }
    return drift::PerformanceReference::fit(scores, predictions, labels, options);
}

}  // namespace vedette::fuzzing
