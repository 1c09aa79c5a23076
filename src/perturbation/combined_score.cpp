// SPDX-License-Identifier: Apache-2.0
// The tails of scores, and their weights by coordinate descent.
#include "vedette/perturbation/combined_score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr const char* file_kind = "combined_score";
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

[[noreturn]] void refuse(ErrorCode code, const std::string& what) {
    throw Error(code, "CombinedScore: " + what);
}

void check(MatrixView<float> scores, std::span<const std::uint32_t> labels, const CombinedScoreOptions& options) {
    if (!labels.empty() && labels.size() != scores.rows())
        refuse(ErrorCode::dimension_mismatch,
               std::to_string(labels.size()) + " labels of " + std::to_string(scores.rows()) + " rows");
    if (scores.columns() == 0) refuse(ErrorCode::not_enough_data, "no column");
    if (scores.columns() > CombinedScore::most_scores)
        refuse(ErrorCode::invalid_argument,
               std::to_string(scores.columns()) + " columns, at most " + std::to_string(CombinedScore::most_scores));
    if (scores.rows() >= (std::size_t{1} << 31U))
        refuse(ErrorCode::overflow, std::to_string(scores.rows()) + " rows, must be below 2^31");
    if (!(options.ridge >= 1e-6 && options.ridge <= 1e3))
        refuse(ErrorCode::invalid_argument, "ridge is " + std::to_string(options.ridge) + ", must lie in [1e-6, 1e3]");
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (labels[i] > 1)
            refuse(ErrorCode::invalid_argument,
                   "labels[" + std::to_string(i) + "] is " + std::to_string(labels[i]) + ", must be 0 or 1");
    for (std::size_t i = 0; i < scores.rows(); ++i)
        for (std::size_t j = 0; j < scores.columns(); ++j)
            if (std::isnan(scores(i, j)))
                refuse(ErrorCode::invalid_argument,
                       "row " + std::to_string(i) + ", column " + std::to_string(j) + " is NaN");
}

// Logistic regression with an intercept, weights of at least 0 and a ridge, by Newton steps along one coordinate after
// the other, halved until the loss falls: it is convex, so that this ends at its least.
class Regression {
  public:
    Regression(std::vector<double> terms, std::span<const std::uint32_t> labels, std::size_t width, double ridge)
        : terms_(std::move(terms)),
          signs_(labels.size()),
          shares_(labels.size()),
          margins_(labels.size()),
          ridge_(ridge) {
        weights_.resize(width);
        const auto examples = static_cast<double>(std::count(labels.begin(), labels.end(), 1U));
        const double benign = static_cast<double>(labels.size()) - examples;
        for (std::size_t i = 0; i < labels.size(); ++i) {
            signs_[i] = labels[i] == 1 ? 1.0 : -1.0;
            shares_[i] = 0.5 / (labels[i] == 1 ? examples : benign);
        }
    }

    std::vector<double> solve() {
        constexpr int most_sweeps = 200;
        for (int sweep = 0; sweep < most_sweeps; ++sweep) {
            double moved = step(nullptr, intercept_);
            for (std::size_t j = 0; j < weights_.size(); ++j)
                moved = std::max(moved, step(terms_.data() + j * signs_.size(), weights_[j]));
            if (moved < 1e-9) break;
        }
        return weights_;
    }

  private:
    // ln(1 + e^-x)
    static double loss_of(double x) noexcept {
        return x > 0.0 ? std::log1p(std::exp(-x)) : -x + std::log1p(std::exp(x));
    }

    [[nodiscard]] double loss_at(const double* terms, double shift, double value) const noexcept {
        double loss = terms != nullptr ? 0.5 * ridge_ * value * value : 0.0;
        for (std::size_t i = 0; i < signs_.size(); ++i)
            loss += shares_[i] * loss_of(signs_[i] * (margins_[i] + shift * (terms != nullptr ? terms[i] : 1.0)));
        return loss;
    }

    // Terms of null are ones: the intercept, which has no ridge and no bound. How far the coordinate moved.
    double step(const double* terms, double& value) noexcept {
        double slope = terms != nullptr ? ridge_ * value : 0.0, curvature = terms != nullptr ? ridge_ : 1e-12;
        for (std::size_t i = 0; i < signs_.size(); ++i) {
            const double term = terms != nullptr ? terms[i] : 1.0;
            const double p = 1.0 / (1.0 + std::exp(signs_[i] * margins_[i]));  // of being wrong
            slope -= shares_[i] * signs_[i] * p * term;
            curvature += shares_[i] * p * (1.0 - p) * term * term;
        }
        double shift = -slope / curvature;
        if (terms != nullptr) shift = std::max(shift, -value);
        const double before = loss_at(terms, 0.0, value);
        for (int halving = 0; halving < 40 && !(loss_at(terms, shift, value + shift) <= before); ++halving)
            shift *= 0.5;
        if (!(loss_at(terms, shift, value + shift) <= before)) return 0.0;
        for (std::size_t i = 0; i < margins_.size(); ++i) margins_[i] += shift * (terms != nullptr ? terms[i] : 1.0);
        value += shift;
        return std::abs(shift);
    }

    std::vector<double> terms_;  // column by column
    std::vector<double> signs_, shares_, margins_;
    double ridge_;
    double intercept_ = 0.0;
    std::vector<double> weights_;
};

}  // namespace

CombinedScore::CombinedScore(MatrixView<float> scores, std::span<const std::uint32_t> labels,
                             const CombinedScoreOptions& options)
    : options_(options) {
    check(scores, labels, options);
    const std::size_t n = scores.rows();
    count_ = labels.empty() ? n : static_cast<std::size_t>(std::count(labels.begin(), labels.end(), 0U));
    if (count_ < 2) refuse(ErrorCode::not_enough_data, std::to_string(count_) + " benign rows, at least 2 needed");
    columns_.reserve(count_ * scores.columns());
    for (std::size_t j = 0; j < scores.columns(); ++j) {
        for (std::size_t i = 0; i < n; ++i)
            if (labels.empty() || labels[i] == 0) columns_.push_back(scores(i, j));
        std::sort(columns_.end() - static_cast<std::ptrdiff_t>(count_), columns_.end());
    }
    weights_.assign(scores.columns(), 1.0);
    if (count_ < n) learn(scores, labels);
}

void CombinedScore::learn(MatrixView<float> scores, std::span<const std::uint32_t> labels) {
    std::vector<double> terms;
    terms.reserve(scores.rows() * dimension());
    for (std::size_t j = 0; j < dimension(); ++j)
        for (std::size_t i = 0; i < scores.rows(); ++i) terms.push_back(tail(j, scores(i, j)));
    weights_ = Regression(std::move(terms), labels, dimension(), options_.ridge).solve();
}

double CombinedScore::tail(std::size_t column, float x) const noexcept {
    const float* const first = columns_.data() + column * count_;
    const auto above = static_cast<double>(first + count_ - std::lower_bound(first, first + count_, x));
    return -std::log((1.0 + above) / (static_cast<double>(count_) + 1.0));
}

double CombinedScore::score(std::span<const float> row) const noexcept {
    if (row.size() != dimension()) return not_a_number;
    double sum = 0.0;
    for (std::size_t j = 0; j < row.size(); ++j) {
        if (std::isnan(row[j])) return not_a_number;
        sum += weights_[j] * tail(j, row[j]);
    }
    return sum;
}

double CombinedScore::score(std::span<const float> row, std::span<double> contributions) const noexcept {
    if (contributions.size() != dimension()) return not_a_number;
    const double total = score(row);
    if (std::isnan(total)) return total;
    for (std::size_t j = 0; j < row.size(); ++j) contributions[j] = weights_[j] * tail(j, row[j]);
    return total;
}

std::vector<std::byte> CombinedScore::serialize() const {
    ContainerWriter writer;
    const std::uint64_t shape[] = {dimension(), count_};
    writer.add("columns", std::span<const float>(columns_), shape);
    writer.add("weights", weights_);
    writer.add_scalar("ridge", options_.ridge);
    return writer.finish(file_kind);
}

CombinedScore CombinedScore::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(file_kind);
    const auto require = [](bool condition) {
        if (!condition) refuse(ErrorCode::corrupt_data, "a file that no score writes");
    };
    const auto shape = file.tensor("columns").shape;
    const auto columns = file.values<float>("columns");
    const auto weights = file.values<double>("weights");
    CombinedScore score;
    score.options_.ridge = file.scalar<double>("ridge");
    require(file.tensors().size() == 3 && file.tensor("weights").shape.size() == 1 && shape.size() == 2);
    require(file.tensor("ridge").shape.empty() && score.options_.ridge >= 1e-6 && score.options_.ridge <= 1e3);
    require(shape[0] == weights.size() && shape[0] >= 1 && shape[0] <= most_scores);
    require(shape[1] >= 2 && shape[1] < (std::uint64_t{1} << 31U));
    require(std::all_of(weights.begin(), weights.end(), [](double w) { return w >= 0.0 && w <= 1e12; }));
    require(std::none_of(columns.begin(), columns.end(), [](float x) { return std::isnan(x); }));
    score.count_ = static_cast<std::size_t>(shape[1]);
    score.columns_.assign(columns.begin(), columns.end());
    score.weights_.assign(weights.begin(), weights.end());
    for (std::size_t j = 0; j < score.dimension(); ++j) {
        const auto first = score.columns_.begin() + static_cast<std::ptrdiff_t>(j * score.count_);
        require(std::is_sorted(first, first + static_cast<std::ptrdiff_t>(score.count_)));
    }
    return score;
}

}  // namespace vedette::inline v0::perturbation
