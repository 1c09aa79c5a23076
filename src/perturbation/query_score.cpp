// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model again: each kind says what the copies of a row are, and what their predictions come to.
#include "vedette/perturbation/query_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/query_score_models.hpp"

namespace vedette::inline v0::perturbation {

const char* answer_status_name(AnswerStatus status) noexcept {
    switch (status) {
        case AnswerStatus::answered: return "answered";
        case AnswerStatus::aborted: return "aborted";
        case AnswerStatus::invalid_prediction: return "invalid_prediction";
        case AnswerStatus::invalid_row: return "invalid_row";
        case AnswerStatus::invalid_model: return "invalid_model";
        case AnswerStatus::workspace_too_small: return "workspace_too_small";
        case AnswerStatus::not_asked: return "not_asked";
    }
    return "unknown";
}

const char* query_score_name(QueryScoreKind kind) noexcept {
    switch (kind) {
        case QueryScoreKind::feature_squeezing: return "feature_squeezing";
        case QueryScoreKind::strip: return "strip";
        case QueryScoreKind::noise_stability: return "noise_stability";
        case QueryScoreKind::marginal_resampling: return "marginal_resampling";
    }
    return "unknown";
}

namespace query_models {
namespace {

void check_bounds(float lowest, float highest, const char* who) {
    if (!(lowest < highest))
        refuse(ErrorCode::invalid_argument, std::string(who) + ": the lowest value is not below the highest");
}

}  // namespace

void check(const FeatureSqueezingOptions& options) {
    const ImageShape& shape = options.shape;
    if (options.squeezers.empty()) refuse(ErrorCode::invalid_argument, "feature_squeezing: no squeezer");
    if (capped_product(capped_product(shape.height, shape.width), shape.channels) - 1 >= std::size_t{1} << 40U)
        refuse(ErrorCode::invalid_argument, "feature_squeezing: an image without a pixel, or beyond 2^40 values");
    if (!(options.highest > 0.0F) || std::isinf(options.highest))
        refuse(ErrorCode::invalid_argument, "feature_squeezing: the highest value is not finite and positive");
    for (const Squeezer& squeezer : options.squeezers) check_squeezer(squeezer, shape);
}

void check(const StripOptions& options) {
    if (!std::isfinite(options.row_weight) || !std::isfinite(options.overlay_weight))
        refuse(ErrorCode::invalid_argument, "strip: a weight is not finite");
    check_bounds(options.lowest, options.highest, "strip");
}

void check(const NoiseStabilityOptions& options) {
    if (options.width == 0 || options.copies == 0)
        refuse(ErrorCode::invalid_argument, "noise_stability: a row without an entry, or no copy");
    if (!(options.standard_deviation > 0.0) || !std::isfinite(static_cast<float>(options.standard_deviation)))
        refuse(ErrorCode::invalid_argument, "noise_stability: the standard deviation is not finite and positive");
    check_bounds(options.lowest, options.highest, "noise_stability");
}

void check(const MarginalResamplingOptions& options) {
    if (options.copies == 0) refuse(ErrorCode::invalid_argument, "marginal_resampling: no copy");
    if (!(options.share > 0.0 && options.share <= 1.0))
        refuse(ErrorCode::invalid_argument, "marginal_resampling: the share is not in (0, 1]");
}

}  // namespace query_models

namespace {

using query_models::refuse;
using query_models::Summary;

double entropy_in_bits(std::span<const float> probabilities) noexcept {
    double sum = 0.0, terms = 0.0;
    for (const float p : probabilities) {
        if (p <= 0.0F) continue;
        sum += static_cast<double>(p);
        terms += static_cast<double>(p) * std::log2(static_cast<double>(p));
    }
    return std::max(0.0, std::log2(sum) - terms / sum);
}

double distance(std::span<const float> a, const float* b) noexcept {
    double sum = 0.0;
    for (std::size_t c = 0; c < a.size(); ++c) sum += std::fabs(static_cast<double>(a[c]) - static_cast<double>(b[c]));
    return sum;
}

}  // namespace

QueryScore::QueryScore(std::shared_ptr<const Model> model) noexcept : model_(std::move(model)) {}

QueryScore QueryScore::feature_squeezing(const FeatureSqueezingOptions& options) {
    query_models::check(options);
    return QueryScore(std::make_shared<const query_models::Squeezing>(options));
}

QueryScore QueryScore::strip(MatrixView<float> overlays, const StripOptions& options) {
    query_models::check(options);
    return QueryScore(std::make_shared<const query_models::Overlays>(query_models::copy_rows(overlays, "strip"),
                                                                     overlays.columns(), options));
}

QueryScore QueryScore::noise_stability(const NoiseStabilityOptions& options) {
    query_models::check(options);
    return QueryScore(std::make_shared<const query_models::Noise>(options));
}

QueryScore QueryScore::marginal_resampling(MatrixView<float> reference, const MarginalResamplingOptions& options) {
    query_models::check(options);
    return QueryScore(std::make_shared<const query_models::Resampling>(reference, options));
}

QueryScoreKind QueryScore::kind() const noexcept {
    return static_cast<QueryScoreKind>(model_->options.index());
}

const QueryScore::Options& QueryScore::options() const noexcept {
    return model_->options;
}

std::size_t QueryScore::width() const noexcept {
    return model_->width;
}

std::size_t QueryScore::queries_per_row() const noexcept {
    return model_->copies + (model_->asks_row() ? 1 : 0);
}

std::size_t QueryScore::workspace_size(const PredictModel& model) const noexcept {
    return capped_sum(capped_sum(batch_size(model), model.classes), model_->scratch_size);
}

Answer QueryScore::score(std::span<const float> row, const PredictModel& model,
                         std::span<float> workspace) const noexcept {
    Answer answer;
    answer.status = check_question(row, model_->width, model, workspace.size(), workspace_size(model));
    if (answer.status != AnswerStatus::answered) return answer;
    float* const original = workspace.data() + batch_size(model);
    float* const scratch = original + model.classes;
    const std::size_t before = model_->asks_row() ? 1 : 0;
    double result = 0.0;
    const bool answered = ask(
        model, queries_per_row(), workspace.data(), answer,
        [&](std::size_t k, std::span<float> copy) {
            if (k < before)
                std::copy(row.begin(), row.end(), copy.begin());
            else
                model_->write_copy(k - before, row, copy, scratch);
        },
        [&](std::size_t k, std::span<const float> probabilities) {
            if (k < before)
                std::copy(probabilities.begin(), probabilities.end(), original);
            else if (model_->summary == Summary::mean_entropy)
                result -= entropy_in_bits(probabilities);
            else if (model_->summary == Summary::mean_change)
                result += distance(probabilities, original);
            else
                result = std::max(result, distance(probabilities, original));
        });
    if (!answered) return answer;
    const auto copies = static_cast<double>(model_->copies);
    answer.score = model_->summary == Summary::largest_change ? result : result / copies;
    return answer;
}

void QueryScore::write_queries(std::span<const float> row, std::span<float> queries) const {
    if (row.size() != model_->width || !all_finite(row))
        refuse(ErrorCode::invalid_argument,
               "write_queries: a row of another width, or with a value that is not finite");
    if (queries.size() != capped_product(queries_per_row(), model_->width))
        refuse(ErrorCode::dimension_mismatch, "write_queries: room for " + std::to_string(queries.size()) +
                                                  " floats, not for " + std::to_string(queries_per_row()) +
                                                  " rows of " + std::to_string(model_->width));
    std::vector<float> scratch(model_->scratch_size);
    const std::size_t before = model_->asks_row() ? 1 : 0;
    if (before != 0) std::copy(row.begin(), row.end(), queries.begin());
    for (std::size_t k = 0; k < model_->copies; ++k)
        model_->write_copy(k, row, queries.subspan((k + before) * model_->width, model_->width), scratch.data());
}

std::vector<double> QueryScore::score_all(MatrixView<float> rows, const PredictModel& model,
                                          ModelQueries* queries) const {
    const std::size_t needed = workspace_size(model);
    if (needed > std::numeric_limits<std::size_t>::max() / 8)
        refuse(ErrorCode::overflow, "calibrate: the model's batch is too large");
    std::vector<float> workspace(needed), row(rows.columns());
    std::vector<double> scores;
    scores.reserve(rows.rows());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        for (std::size_t j = 0; j < row.size(); ++j) row[j] = rows(i, j);
        const Answer answer = score(row, model, workspace);
        if (queries != nullptr) {
            queries->calls += answer.queries.calls;
            queries->rows += answer.queries.rows;
        }
        if (answer.status == AnswerStatus::aborted)
            refuse(ErrorCode::callback_aborted, "calibrate: row " + std::to_string(i) + ": the callback returned " +
                                                    std::to_string(answer.callback_status));
        if (answer.status != AnswerStatus::answered)
            refuse(ErrorCode::invalid_argument,
                   "calibrate: row " + std::to_string(i) + ": " + answer_status_name(answer.status));
        scores.push_back(answer.score);
    }
    return scores;
}

stats::ConformalCalibration QueryScore::calibrate(MatrixView<float> benign, const PredictModel& model,
                                                  const stats::ConformalOptions& options, ModelQueries* queries) const {
    return stats::ConformalCalibration(score_all(benign, model, queries), options);
}

}  // namespace vedette::inline v0::perturbation
