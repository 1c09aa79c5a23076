// SPDX-License-Identifier: Apache-2.0
// Folds, progressive training and the areas under the curve of what was not trained on.
#include "drift/out_of_fold.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "drift/tie_groups.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

// Uniform on 0 .. bound - 1, exactly: words in the last, incomplete round of remainders are drawn again.
std::size_t below(std::size_t bound, Random& random) {
    const std::uint64_t surplus = (0 - static_cast<std::uint64_t>(bound)) % bound;  // 2^64 mod bound
    for (;;) {
        const std::uint64_t word = random();
        if (word >= surplus) return static_cast<std::size_t>(word % bound);
    }
}

// Centres and scales a column; equal values become 0. Powers of two first, so that nothing overflows or is lost.
void standardise(Eigen::Ref<Eigen::VectorXd> column) {
    const double low = column.minCoeff();
    const double high = column.maxCoeff();
    if (!(low < high)) {
        column.setZero();
        return;
    }
    const int exponent = std::ilogb(std::max(std::abs(low), std::abs(high)));
    const auto scaled = [&](double value) { return std::scalbn(value, -exponent - 2); };
    const double origin = scaled(low);
    for (double& value : column) value = scaled(value) - origin;
    column /= column.maxCoeff();
    column.array() -= column.mean();
    column /= std::sqrt(column.squaredNorm() / static_cast<double>(column.size()));
}

}  // namespace

std::vector<std::size_t> assign_folds(std::size_t count, std::size_t folds, std::uint64_t seed, std::uint64_t stream) {
    std::vector<std::size_t> fold(count);
    for (std::size_t i = 0; i < count; ++i) fold[i] = i % folds;
    // From the far end of the streams, where no permutation's index comes.
    Random random(seed, ~stream);
    for (std::size_t i = count; i > 1; --i) std::swap(fold[i - 1], fold[below(i, random)]);
    return fold;
}

FoldedRows fold_rows(const Eigen::MatrixXd& reference, const Eigen::MatrixXd& live,
                     const std::vector<std::size_t>& reference_folds, const std::vector<std::size_t>& live_folds,
                     std::size_t folds) {
    FoldedRows result;
    const Eigen::Index n = reference.rows();
    const Eigen::Index m = live.rows();
    result.rows.resize(n + m, reference.cols());
    result.labels.resize(n + m);
    result.live.assign(folds, 0);
    result.begin.assign(folds + 1, 0);
    for (const std::size_t fold : reference_folds) ++result.begin[fold + 1];
    for (const std::size_t fold : live_folds) {
        ++result.begin[fold + 1];
        ++result.live[fold];
    }
    std::partial_sum(result.begin.begin(), result.begin.end(), result.begin.begin());
    std::vector<Eigen::Index> place(result.begin.begin(), result.begin.end() - 1);
    const auto copy = [&](const Eigen::MatrixXd& rows, const std::vector<std::size_t>& fold, double label) {
        std::vector<Eigen::Index> where(fold.size());
        for (std::size_t i = 0; i < fold.size(); ++i) {
            where[i] = place[fold[i]]++;
            result.labels[where[i]] = label;
        }
        for (Eigen::Index j = 0; j < rows.cols(); ++j)
            for (Eigen::Index i = 0; i < rows.rows(); ++i)
                result.rows(where[static_cast<std::size_t>(i)], j) = rows(i, j);
        return where;
    };
    copy(reference, reference_folds, 0.0);
    result.live_row = copy(live, live_folds, 1.0);
    for (Eigen::Index j = 0; j < result.rows.cols(); ++j) standardise(result.rows.col(j));
    return result;
}

Eigen::VectorXd scores(const FoldedRows& folded, const LogisticModel& model, Eigen::Index first, Eigen::Index count) {
    Eigen::VectorXd result = Eigen::VectorXd::Constant(count, model.intercept);
    // Column by column: every row goes through the same roundings, which a blocked product does not promise.
    for (Eigen::Index j = 0; j < folded.rows.cols(); ++j) {
        const double coefficient = model.coefficients[j];
        const double* column = folded.rows.col(j).data() + first;
        double* sum = result.data();
        for (Eigen::Index i = 0; i < count; ++i) sum[i] += coefficient * column[i];
    }
    return result;
}

ProgressiveClassifier::ProgressiveClassifier(const FoldedRows& folded, double inverse_regularisation,
                                             std::size_t maximum_iterations)
    : folded_(folded), maximum_iterations_(maximum_iterations) {
    const std::size_t folds = folded.live.size();
    const Eigen::Index d = folded.rows.cols();
    Eigen::MatrixXd cross_products = Eigen::MatrixXd::Zero(d, d);
    double live = 0.0;
    double total_weight = 0.0;
    Eigen::Index summed = 0;
    trainers_.reserve(folds);
    for (std::size_t k = 0; k < folds; ++k) {
        live += static_cast<double>(folded.live[k]);
        const Eigen::Index end = folded.begin[k + 1];
        if (end >= d) {
            cross_products.selfadjointView<Eigen::Lower>().rankUpdate(
                folded.rows.middleRows(summed, end - summed).transpose());
            summed = end;
        }
        const LogisticTrainer::Rows rows = folded.rows.topRows(end);
        trainers_.emplace_back(rows, cross_products, live / static_cast<double>(end), inverse_regularisation);
        if (k + 1 == folds) break;
        // Inverse variances, times the strength that a model of so many rows adds to a weak signal.
        const auto m = static_cast<double>(folded.live[k + 1]);
        const double n = static_cast<double>(folded.begin[k + 2] - end) - m;
        weights_.push_back(std::sqrt(static_cast<double>(end)) * n * m / (n + m + 1.0));
        total_weight += weights_.back();
    }
    for (double& weight : weights_) weight /= total_weight;
}

Separation ProgressiveClassifier::separation(const Eigen::VectorXd& labels) {
    Separation result;
    result.weights = weights_;
    result.area = 0.0;
    models_.clear();
    LogisticModel model{Eigen::VectorXd::Zero(folded_.rows.cols()), 0.0, false};
    double weight = 0.0;
    std::vector<double> sample;
    for (std::size_t k = 1; k < folded_.live.size(); ++k) {
        const Eigen::Index first = folded_.begin[k];
        const Eigen::Index count = folded_.begin[k + 1] - first;
        model = trainers_[k - 1].fit(labels.head(first), maximum_iterations_, model);
        models_.push_back(model);
        const Eigen::VectorXd score = scores(folded_, model, first, count);
        const auto live = static_cast<std::size_t>(folded_.live[k]);
        const std::size_t reference = static_cast<std::size_t>(count) - live;
        sample.resize(reference + live);
        std::size_t next[2] = {0, reference};
        for (Eigen::Index i = 0; i < count; ++i) sample[next[labels[first + i] > 0.5 ? 1 : 0]++] = score[i];
        const std::span<double> all(sample);
        std::sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(reference));
        std::sort(all.begin() + static_cast<std::ptrdiff_t>(reference), all.end());
        PlacementSums sums{.n = static_cast<double>(reference), .m = static_cast<double>(live)};
        for_each_tie_group<double>(all.first(reference), all.subspan(reference),
                                   [&](double v, std::size_t c, std::size_t d) { sums(v, c, d); });
        const double share = weights_[k - 1] / (sums.n * sums.m);
        result.area += weights_[k - 1] * sums.estimate();
        result.null_variance += share * share * permutation_variance(sums);
        result.sums.push_back(sums);
        weight += weights_[k - 1];
    }
    // 1 but for rounding, which an area of exactly 0, 1/2 or 1 is thus spared.
    result.area /= weight;
    return result;
}

LogisticModel ProgressiveClassifier::model_of_all() const {
    return trainers_.back().fit(folded_.labels, maximum_iterations_, models_.back());
}

}  // namespace vedette::inline v0::drift
