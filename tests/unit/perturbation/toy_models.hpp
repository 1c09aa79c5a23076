// SPDX-License-Identifier: Apache-2.0
// Models small enough to be known in closed form, for what asks a model.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/perturbation/predict.hpp"

namespace vedette::testing {

/// Softmax of weights x row + bias; counts what it is asked, and fails on demand.
struct LinearSoftmax {
    std::size_t features = 0, classes = 0;
    std::vector<float> weights, bias;  // class x feature
    std::size_t calls = 0, rows = 0, largest_batch = 0;
    std::size_t fail_at_call = 0;  // from 1; 0: never
    bool as_logits = false;

    LinearSoftmax(std::size_t feature_count, std::size_t class_count, std::uint64_t seed, double scale = 1.0)
        : features(feature_count), classes(class_count), weights(feature_count * class_count), bias(class_count) {
        Random random(seed);
        for (float& w : weights) w = static_cast<float>(scale * random.normal());
    }
    void predict(const float* row, float* out) const {
        double largest = -1e300, sum = 0.0;
        std::vector<double> logits(classes);
        for (std::size_t c = 0; c < classes; ++c) {
            double z = static_cast<double>(bias[c]);
            for (std::size_t j = 0; j < features; ++j)
                z += static_cast<double>(weights[c * features + j]) * static_cast<double>(row[j]);
            logits[c] = z;
            largest = std::max(largest, z);
        }
        for (const double z : logits) sum += std::exp(z - largest);
        for (std::size_t c = 0; c < classes; ++c)
            out[c] = static_cast<float>(as_logits ? logits[c] : std::exp(logits[c] - largest) / sum);
    }
    int operator()(MatrixView<float> x, std::span<float> outputs) {
        ++calls;
        rows += x.rows();
        largest_batch = std::max(largest_batch, x.rows());
        if (calls == fail_at_call) return 42;
        for (std::size_t i = 0; i < x.rows(); ++i) predict(x.data() + i * features, &outputs[i * classes]);
        return 0;
    }
    [[nodiscard]] perturbation::PredictModel model(std::size_t batch_rows = 32) {
        return {.predict = perturbation::PredictFunction(*this),
                .features = features,
                .classes = classes,
                .batch_rows = batch_rows,
                .output = as_logits ? perturbation::ModelOutput::logits : perturbation::ModelOutput::probabilities};
    }
};

/// A network of images of 8 x 8 in [0, 1] with a planted backdoor: each class is a pattern of its own, and one hidden
/// unit, rectified, fires for a bright square in the first corner and then drowns all classes but the first.
struct BackdooredNetwork {
    static constexpr std::size_t side = 8, features = side * side, classes = 4;
    std::vector<float> patterns;

    explicit BackdooredNetwork(std::uint64_t seed) : patterns(classes * features) {
        Random random(seed);
        for (float& x : patterns) x = random.uniform() < 0.5 ? 0.0F : 1.0F;
        for (std::size_t c = 0; c < classes; ++c)
            for (const std::size_t j : trigger()) patterns[c * features + j] = 0.0F;
    }
    static std::vector<std::size_t> trigger() { return {0, 1, side, side + 1}; }

    /// A clean image of a class: its pattern, dimmed and with noise.
    void draw(Random& random, std::size_t label, float* row) const {
        for (std::size_t j = 0; j < features; ++j)
            row[j] = static_cast<float>(std::clamp(
                0.1 + 0.7 * static_cast<double>(patterns[label * features + j]) + 0.08 * random.normal(), 0.0, 1.0));
    }
    int operator()(MatrixView<float> x, std::span<float> outputs) const {
        for (std::size_t i = 0; i < x.rows(); ++i) {
            double unit = -1.4, sum = 0.0, largest = -1e300;
            for (const std::size_t j : trigger()) unit += static_cast<double>(x(i, j));
            double logits[classes];
            for (std::size_t c = 0; c < classes; ++c) {
                logits[c] = c == 0 ? 60.0 * std::max(0.0, unit) : 0.0;
                for (std::size_t j = 0; j < features; ++j)
                    logits[c] +=
                        0.5 * (static_cast<double>(patterns[c * features + j]) - 0.5) * static_cast<double>(x(i, j));
                largest = std::max(largest, logits[c]);
            }
            for (const double z : logits) sum += std::exp(z - largest);
            for (std::size_t c = 0; c < classes; ++c)
                outputs[i * classes + c] = static_cast<float>(std::exp(logits[c] - largest) / sum);
        }
        return 0;
    }
    [[nodiscard]] perturbation::PredictModel model() const {
        return {.predict = perturbation::PredictFunction(*this), .features = features, .classes = classes};
    }
};

}  // namespace vedette::testing
