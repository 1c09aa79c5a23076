// SPDX-License-Identifier: Apache-2.0
// Seeded rows of classifiers: scores, predictions and labels of known law.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/performance_estimate.hpp"

namespace performance_samples {

namespace drift = vedette::drift;

struct Sample {
    std::size_t columns = 1;
    std::vector<double> scores;  // row after row
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> labels;

    [[nodiscard]] std::size_t rows() const { return labels.size(); }
    [[nodiscard]] std::span<const double> row(std::size_t i) const {
        return std::span<const double>(scores).subspan(i * columns, columns);
    }
    void add(const std::vector<double>& values, std::uint32_t prediction, std::uint32_t label) {
        scores.insert(scores.end(), values.begin(), values.end());
        predictions.push_back(prediction);
        labels.push_back(label);
    }
    [[nodiscard]] Sample part(std::size_t begin, std::size_t count) const {
        Sample out;
        out.columns = columns;
        for (std::size_t i = begin; i < begin + count; ++i) {
            const auto values = row(i);
            out.add({values.begin(), values.end()}, predictions[i], labels[i]);
        }
        return out;
    }
    [[nodiscard]] drift::PerformanceReference fit(const drift::PerformanceOptions& options = {}) const {
        const auto view = vedette::MatrixView<double>::row_major(scores.data(), scores.size() / columns, columns);
        return drift::PerformanceReference::fit(view, predictions, labels, options);
    }
    void observe_into(drift::PerformanceWindow& window) const {
        for (std::size_t i = 0; i < rows(); ++i) window.observe(row(i), predictions[i]);
    }
};

inline Sample from_oracle(const nlohmann::json& item, std::size_t columns) {
    Sample out;
    out.columns = columns;
    for (const auto& score : item["scores"]) out.scores.push_back(score.get<double>() / 1e6);
    out.predictions = item["predictions"].get<std::vector<std::uint32_t>>();
    out.labels = item["labels"].get<std::vector<std::uint32_t>>();
    return out;
}

inline double logistic(double x) {
    return 1.0 / (1.0 + std::exp(-x));
}

// Log odds x normal around `shift`; the scores are calibrated at steepness 1.
inline Sample binary(std::size_t rows, std::uint64_t seed, double shift = 0.0, double steepness = 1.0) {
    vedette::Random random(seed);
    Sample out;
    for (std::size_t i = 0; i < rows; ++i) {
        const double x = shift + 1.5 * random.normal();
        const double score = logistic(steepness * x);
        out.add({score}, score >= 0.5 ? 1 : 0, random.uniform() < logistic(x) ? 1 : 0);
    }
    return out;
}

// Calibrated scores of several classes; `without_last`: the last one is never there.
inline Sample any(std::size_t rows, std::size_t columns, std::uint64_t seed, bool without_last = false) {
    if (columns == 1) return binary(rows, seed);
    vedette::Random random(seed);
    Sample out;
    out.columns = columns;
    for (std::size_t i = 0; i < rows; ++i) {
        std::vector<double> p(columns);
        double sum = 0.0;
        for (double& value : p) sum += value = std::exp(1.3 * random.normal());
        if (without_last) {
            sum -= p.back();
            p.back() = 0.0;
        }
        for (double& value : p) value = std::min(1.0, value / sum);
        const double u = random.uniform();
        std::uint32_t label = 0;
        for (double reached = p[0]; u > reached && label + 1 < columns; reached += p[label]) ++label;
        const auto prediction = static_cast<std::uint32_t>(std::max_element(p.begin(), p.end()) - p.begin());
        out.add(p, prediction, without_last && label + 1 == columns ? 0 : label);
    }
    return out;
}

}  // namespace performance_samples
