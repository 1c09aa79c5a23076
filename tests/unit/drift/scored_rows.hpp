// SPDX-License-Identifier: Apache-2.0
// Rows of a calibrated binary model, and its reference performance.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/performance_estimate.hpp"

namespace scored_rows {

struct Row {
    double score;
    std::uint32_t prediction;
    std::uint32_t label;
};

/// A calibrated score: uniform, where every metric is 3/4, but ROC-AUC, which is 5/6; or a power of that.
inline Row draw(vedette::Random& random, double power = 1.0) {
    const double score = std::pow(random.uniform(), power);
    return {score, score > 0.5 ? 1U : 0U, random.uniform() < score ? 1U : 0U};
}

inline vedette::drift::PerformanceReference reference() {
    vedette::Random random(1);
    std::vector<double> scores;
    std::vector<std::uint32_t> predictions, labels;
    for (int i = 0; i < 4000; ++i) {
        const Row row = draw(random);
        scores.push_back(row.score);
        predictions.push_back(row.prediction);
        labels.push_back(row.label);
    }
    return vedette::drift::PerformanceReference::fit(scores, predictions, labels,
                                                     {.calibration = vedette::drift::CalibrationRule::never});
}

}  // namespace scored_rows
