// SPDX-License-Identifier: Apache-2.0
// The kinds of scores that ask the model: what the copies of a row are.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "perturbation/model_asker.hpp"
#include "perturbation/squeezers.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/perturbation/query_score.hpp"

namespace vedette::inline v0::perturbation {

/// Copies, and what is made of their predictions.
struct QueryScore::Model {
    /// What predictions come to.
    enum class Summary : std::uint8_t { largest_change, mean_change, mean_entropy };

    Model(std::size_t row_width, std::size_t copy_count, Summary summary_kind, Options given)
        : width(row_width), copies(copy_count), summary(summary_kind), options(std::move(given)) {}
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
    Options options;
    std::size_t scratch_size = 0;
};

namespace query_models {

using Summary = QueryScore::Model::Summary;

[[noreturn]] inline void refuse(ErrorCode code, const std::string& message) {
    throw Error(code, message);
}

inline std::size_t checked_product(std::size_t a, std::size_t b, const char* who) {
    const std::size_t product = capped_product(a, b);
    if (product > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / sizeof(float))
        refuse(ErrorCode::overflow, std::string(who) + ": too many copies for so wide a row");
    return product;
}

inline std::vector<float> copy_rows(MatrixView<float> rows, const char* who) {
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

/// Throw Error(invalid_argument).
void check(const FeatureSqueezingOptions& options);
void check(const StripOptions& options);
void check(const NoiseStabilityOptions& options);
void check(const MarginalResamplingOptions& options);

class Squeezing final : public QueryScore::Model {
  public:
    explicit Squeezing(const FeatureSqueezingOptions& given)
        : Model(given.shape.size(), given.squeezers.size(), Summary::largest_change, given), options_(given) {
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
    Overlays(std::vector<float> overlays, std::size_t columns, const StripOptions& given)
        : Model(columns, overlays.size() / columns, Summary::mean_entropy, given),
          overlays_(std::move(overlays)),
          options_(given) {}
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        const float* const overlay = overlays_.data() + k * width;
        for (std::size_t j = 0; j < width; ++j)
            copy[j] = std::clamp(options_.row_weight * row[j] + options_.overlay_weight * overlay[j], options_.lowest,
                                 options_.highest);
    }
    [[nodiscard]] const std::vector<float>& overlays() const noexcept { return overlays_; }

  private:
    std::vector<float> overlays_;
    StripOptions options_;
};

class Noise final : public QueryScore::Model {
  public:
    explicit Noise(const NoiseStabilityOptions& given) : Noise(given, draw(given)) {}
    Noise(const NoiseStabilityOptions& given, std::vector<float> noise)
        : Model(given.width, given.copies, Summary::mean_change, given),
          noise_(std::move(noise)),
          lowest_(given.lowest),
          highest_(given.highest) {}
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        const float* const noise = noise_.data() + k * width;
        for (std::size_t j = 0; j < width; ++j) copy[j] = std::clamp(row[j] + noise[j], lowest_, highest_);
    }
    [[nodiscard]] const std::vector<float>& noise() const noexcept { return noise_; }

  private:
    static std::vector<float> draw(const NoiseStabilityOptions& given) {
        std::vector<float> noise(checked_product(given.width, given.copies, "noise_stability"));
        Random random(given.seed);
        for (float& x : noise) x = static_cast<float>(given.standard_deviation * random.normal());
        return noise;
    }
    std::vector<float> noise_;
    float lowest_, highest_;
};

class Resampling final : public QueryScore::Model {
  public:
    struct Change {
        std::size_t feature;
        float value;
    };
    Resampling(MatrixView<float> reference, const MarginalResamplingOptions& given)
        : Model(reference.columns(), given.copies, Summary::mean_change, given) {
        const std::vector<float> rows = copy_rows(reference, "marginal_resampling");
        const auto below = [](Random& random, std::size_t n) {
            return std::min(n - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(n)));
        };
        Random random(given.seed);
        begins_.push_back(0);
        for (std::size_t k = 0; k < copies; ++k) {
            const auto replace = [&](std::size_t feature) {
                changes_.push_back({feature, rows[below(random, reference.rows()) * width + feature]});
            };
            for (std::size_t j = 0; j < width; ++j)
                if (random.uniform() < given.share) replace(j);
            if (changes_.size() == begins_.back()) replace(below(random, width));
            begins_.push_back(changes_.size());
        }
    }
    Resampling(const MarginalResamplingOptions& given, std::size_t columns, std::vector<Change> changes,
               std::vector<std::size_t> begins)
        : Model(columns, given.copies, Summary::mean_change, given),
          changes_(std::move(changes)),
          begins_(std::move(begins)) {}
    void write_copy(std::size_t k, std::span<const float> row, std::span<float> copy, float*) const noexcept override {
        std::copy(row.begin(), row.end(), copy.begin());
        for (std::size_t i = begins_[k]; i < begins_[k + 1]; ++i) copy[changes_[i].feature] = changes_[i].value;
    }
    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
    [[nodiscard]] const std::vector<std::size_t>& begins() const noexcept { return begins_; }

  private:
    std::vector<Change> changes_;
    std::vector<std::size_t> begins_;  // of each copy's changes, and their end
};

}  // namespace query_models

}  // namespace vedette::inline v0::perturbation
