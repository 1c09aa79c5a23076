// SPDX-License-Identifier: Apache-2.0
// Scores that ask the model again: each kind says what the copies of a row are, and what their predictions come to.
#include "vedette/perturbation/query_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "perturbation/model_asker.hpp"
#include "perturbation/squeezers.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::perturbation {

const char* answer_status_name(AnswerStatus status) noexcept {
    switch (status) {
        case AnswerStatus::answered: return "answered";
        case AnswerStatus::aborted: return "aborted";
        case AnswerStatus::invalid_prediction: return "invalid_prediction";
        case AnswerStatus::invalid_row: return "invalid_row";
        case AnswerStatus::invalid_model: return "invalid_model";
        case AnswerStatus::workspace_too_small: return "workspace_too_small";
    }
    return "unknown";
}

/// Copies, and what is made of their predictions.
struct QueryScore::Model {
    /// What predictions come to.
    enum class Summary : std::uint8_t { largest_change, mean_change, mean_entropy };

    Model(std::size_t row_width, std::size_t copy_count, Summary summary_kind) noexcept
        : width(row_width), copies(copy_count), summary(summary_kind) {}
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;
    virtual ~Model() = default;

    /// Copy k of the row; `scratch` has `scratch_size` floats.
    virtual void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy,
                            float* scratch) const noexcept = 0;

    [[nodiscard]] bool asks_row() const noexcept { return summary != Summary::mean_entropy; }

    std::size_t width;
    std::size_t copies;
    Summary summary;
    std::size_t scratch_size = 0;
};

namespace {

using Summary = QueryScore::Model::Summary;

[[noreturn]] void refuse(ErrorCode code, const std::string& message) {
    throw Error(code, message);
}

void check_bounds(float lowest, float highest, const char* who) {
    if (!(lowest < highest))
        refuse(ErrorCode::invalid_argument, std::string(who) + ": the lowest value is not below the highest");
}

std::size_t checked_product(std::size_t a, std::size_t b, const char* who) {
    const std::size_t product = capped_product(a, b);
    if (product > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(float))
        refuse(ErrorCode::overflow, std::string(who) + ": too many copies for so wide a row");
    return product;
}

std::vector<float> copy_rows(MatrixView<float> rows, const char* who) {
    if (rows.rows() == 0 || rows.columns() == 0)
        refuse(ErrorCode::not_enough_data, std::string(who) + ": no row, or rows without a column");
    std::vector<float> values;
    values.reserve(checked_product(rows.rows(), rows.columns(), who));
    for (std::size_t i = 0; i < rows.rows(); ++i)
        for (std::size_t j = 0; j < rows.columns(); ++j) {
            if (!std::isfinite(rows(i, j)))
                refuse(ErrorCode::invalid_argument, std::string(who) + ": row " + std::to_string(i) + ", column " +
                                                        std::to_string(j) + " is not finite");
            values.push_back(rows(i, j));
        }
    return values;
}

class Squeezing final : public QueryScore::Model {
  public:
    explicit Squeezing(const FeatureSqueezingOptions& options)
        : Model(options.shape.size(), options.squeezers.size(), Summary::largest_change), options_(options) {
        for (const Squeezer& squeezer : options_.squeezers)
            scratch_size = std::max(scratch_size, squeezer_workspace(squeezer, options_.shape));
    }
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy,
                    float* scratch) const noexcept override {
        squeeze(options_.squeezers[k], row.data(), options_.shape, options_.highest, copy.data(), scratch);
    }

  private:
    FeatureSqueezingOptions options_;
};

class Overlays final : public QueryScore::Model {
  public:
    Overlays(MatrixView<float> overlays, const StripOptions& options)
        : Model(overlays.columns(), overlays.rows(), Summary::mean_entropy),
          overlays_(copy_rows(overlays, "strip")),
          options_(options) {}
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        const float* const overlay = overlays_.data() + k * width;
        for (std::size_t j = 0; j < width; ++j)
            copy[j] = std::clamp(options_.row_weight * row[j] + options_.overlay_weight * overlay[j], options_.lowest,
                                 options_.highest);
    }

  private:
    std::vector<float> overlays_;
    StripOptions options_;
};

class Noise final : public QueryScore::Model {
  public:
    explicit Noise(const NoiseStabilityOptions& options)
        : Model(options.width, options.copies, Summary::mean_change),
          noise_(checked_product(options.width, options.copies, "noise_stability")),
          lowest_(options.lowest),
          highest_(options.highest) {
        Random random(options.seed);
        for (float& x : noise_) x = static_cast<float>(options.standard_deviation * random.normal());
    }
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        const float* const noise = noise_.data() + k * width;
        for (std::size_t j = 0; j < width; ++j) copy[j] = std::clamp(row[j] + noise[j], lowest_, highest_);
    }

  private:
    std::vector<float> noise_;
    float lowest_, highest_;
};

class Resampling final : public QueryScore::Model {
  public:
    Resampling(MatrixView<float> reference, const MarginalResamplingOptions& options)
        : Model(reference.columns(), options.copies, Summary::mean_change) {
        const std::vector<float> rows = copy_rows(reference, "marginal_resampling");
        const auto below = [](Random& random, std::size_t n) {
            return std::min(n - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(n)));
        };
        Random random(options.seed);
        begins_.push_back(0);
        for (std::size_t k = 0; k < copies; ++k) {
            const auto replace = [&](std::size_t feature) {
                changes_.push_back({feature, rows[below(random, reference.rows()) * width + feature]});
            };
            for (std::size_t j = 0; j < width; ++j)
                if (random.uniform() < options.share) replace(j);
            if (changes_.size() == begins_.back()) replace(below(random, width));
            begins_.push_back(changes_.size());
        }
    }
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        std::copy(row.begin(), row.end(), copy.begin());
        for (std::size_t i = begins_[k]; i < begins_[k + 1]; ++i) copy[changes_[i].feature] = changes_[i].value;
    }

  private:
    struct Change {
        std::size_t feature;
        float value;
    };
    std::vector<Change> changes_;
    std::vector<std::size_t> begins_;  // of each copy's changes, and their end
};

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
    const ImageShape& shape = options.shape;
    if (options.squeezers.empty()) refuse(ErrorCode::invalid_argument, "feature_squeezing: no squeezer");
    if (capped_product(capped_product(shape.height, shape.width), shape.channels) - 1 >= std::size_t{1} << 40U)
        refuse(ErrorCode::invalid_argument, "feature_squeezing: an image without a pixel, or beyond 2^40 values");
    if (!(options.highest > 0.0F) || std::isinf(options.highest))
        refuse(ErrorCode::invalid_argument, "feature_squeezing: the highest value is not finite and positive");
    for (const Squeezer& squeezer : options.squeezers) check_squeezer(squeezer, shape);
    return QueryScore(std::make_shared<const Squeezing>(options));
}

QueryScore QueryScore::strip(MatrixView<float> overlays, const StripOptions& options) {
    if (!std::isfinite(options.row_weight) || !std::isfinite(options.overlay_weight))
        refuse(ErrorCode::invalid_argument, "strip: a weight is not finite");
    check_bounds(options.lowest, options.highest, "strip");
    return QueryScore(std::make_shared<const Overlays>(overlays, options));
}

QueryScore QueryScore::noise_stability(const NoiseStabilityOptions& options) {
    if (options.width == 0 || options.copies == 0)
        refuse(ErrorCode::invalid_argument, "noise_stability: a row without an entry, or no copy");
    if (!(options.standard_deviation > 0.0) || !std::isfinite(static_cast<float>(options.standard_deviation)))
        refuse(ErrorCode::invalid_argument, "noise_stability: the standard deviation is not finite and positive");
    check_bounds(options.lowest, options.highest, "noise_stability");
    return QueryScore(std::make_shared<const Noise>(options));
}

QueryScore QueryScore::marginal_resampling(MatrixView<float> reference, const MarginalResamplingOptions& options) {
    if (options.copies == 0) refuse(ErrorCode::invalid_argument, "marginal_resampling: no copy");
    if (!(options.share > 0.0 && options.share <= 1.0))
        refuse(ErrorCode::invalid_argument, "marginal_resampling: the share is not in (0, 1]");
    return QueryScore(std::make_shared<const Resampling>(reference, options));
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

stats::ConformalCalibration QueryScore::calibrate(MatrixView<float> benign, const PredictModel& model,
                                                  const stats::ConformalOptions& options, ModelQueries* queries) const {
    const std::size_t needed = workspace_size(model);
    if (needed > std::numeric_limits<std::size_t>::max() / 8)
        refuse(ErrorCode::overflow, "calibrate: the model's batch is too large");
    std::vector<float> workspace(needed), row(benign.columns());
    std::vector<double> scores;
    scores.reserve(benign.rows());
    for (std::size_t i = 0; i < benign.rows(); ++i) {
        for (std::size_t j = 0; j < row.size(); ++j) row[j] = benign(i, j);
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
    return stats::ConformalCalibration(scores, options);
}

}  // namespace vedette::inline v0::perturbation
