// SPDX-License-Identifier: Apache-2.0
// Sends changed copies of a row to a model in batches, and hands on the probabilities of each.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "vedette/perturbation/predict.hpp"

namespace vedette::inline v0::perturbation {

/// a * b, or the largest number where that is too much: no workspace is that large.
inline std::size_t capped_product(std::size_t a, std::size_t b) noexcept {
    std::size_t product = 0;
    return __builtin_mul_overflow(a, b, &product) ? std::numeric_limits<std::size_t>::max() : product;
}
inline std::size_t capped_sum(std::size_t a, std::size_t b) noexcept {
    std::size_t sum = 0;
    return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<std::size_t>::max() : sum;
}

/// Floats that a batch takes.
inline std::size_t batch_size(const PredictModel& model) noexcept {
    return capped_product(model.batch_rows, capped_sum(model.features, model.classes));
}

inline bool all_finite(std::span<const float> values) noexcept {
    std::uint32_t bad = 0;  // in bits, which a compiler may take many at a time
    for (const float x : values) bad |= (std::bit_cast<std::uint32_t>(x) & 0x7F800000U) == 0x7F800000U ? 1U : 0U;
    return bad == 0;
}

/// What is wrong before anything is sent; `answered` where nothing is.
inline AnswerStatus check_question(std::span<const float> row, std::size_t width, const PredictModel& model,
                                   std::size_t workspace, std::size_t needed) noexcept {
    if (!model.predict || model.classes == 0 || model.batch_rows == 0 || model.features != width)
        return AnswerStatus::invalid_model;
    if (row.size() != width || !all_finite(row)) return AnswerStatus::invalid_row;
    return workspace < needed ? AnswerStatus::workspace_too_small : AnswerStatus::answered;
}

/// Outputs to probabilities, in place; false where they are none.
inline bool make_probabilities(std::span<float> outputs, ModelOutput kind) noexcept {
    if (!all_finite(outputs)) return false;
    double sum = 0.0;
    if (kind == ModelOutput::probabilities) {
        for (const float p : outputs) {
            if (p < 0.0F) return false;
            sum += static_cast<double>(p);
        }
        return std::fabs(sum - 1.0) <= 0.01;
    }
    const float largest = *std::max_element(outputs.begin(), outputs.end());
    for (float& z : outputs) {
        // In double: the difference of two floats may be beyond them.
        const double e = std::exp(static_cast<double>(z) - static_cast<double>(largest));
        z = static_cast<float>(e);
        sum += e;
    }
    for (float& z : outputs) z = static_cast<float>(static_cast<double>(z) / sum);
    return true;
}

/// Asks about copies 0 ... count - 1: `fill(k, row)` writes copy k, `take(k, probabilities)` gets what the model says.
/// The workspace has `batch_size` floats. True when all were answered.
template <class Fill, class Take>
bool ask(const PredictModel& model, std::size_t count, float* workspace, Answer& answer, Fill&& fill,
         Take&& take) noexcept {
    float* const rows = workspace;
    float* const outputs = rows + model.batch_rows * model.features;
    for (std::size_t first = 0; first < count;) {
        const std::size_t size = std::min(model.batch_rows, count - first);
        for (std::size_t i = 0; i < size; ++i)
            fill(first + i, std::span<float>(rows + i * model.features, model.features));
        std::fill_n(outputs, size * model.classes, std::numeric_limits<float>::quiet_NaN());
        ++answer.queries.calls;
        answer.queries.rows += size;
        answer.callback_status = model.predict(rows, size, model.features, outputs, model.classes);
        if (answer.callback_status != 0) {
            answer.status = AnswerStatus::aborted;
            return false;
        }
        for (std::size_t i = 0; i < size; ++i) {
            const std::span<float> output(outputs + i * model.classes, model.classes);
            if (!make_probabilities(output, model.output)) {
                answer.status = AnswerStatus::invalid_prediction;
                return false;
            }
            take(first + i, std::span<const float>(output));
        }
        first += size;
    }
    return true;
}

}  // namespace vedette::inline v0::perturbation
