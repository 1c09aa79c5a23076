// SPDX-License-Identifier: Apache-2.0
// The classifier two-sample test: from progressive models to evidence and contributions.
#include "vedette/drift/classifier_test.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "drift/out_of_fold.hpp"
#include "drift/row_matrix.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "classifier_two_sample";
constexpr std::size_t most_folds = 100;
constexpr double least_inverse_regularisation = 1e-6;
constexpr double largest_inverse_regularisation = 1e6;
// Below so many ways to deal the labels of the scored folds, steps of the law are too coarse for a smooth one:
// simulated with 5 rows a side (16 ways), 6.2 % alarms at 5 %; with 10 (512 ways), 4.8 %.
constexpr double fewest_ways = 200.0;

void check_options(const ClassifierTestOptions& options) {
    const auto refuse = [](const char* option, const std::string& value, const char* limit) {
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": " + option + " is " + value + ", must be " + limit);
    };
    check_confidence(options.test.confidence, name);
    if (options.test.permutations == 0) refuse("permutations", "0", "at least 1");
    if (options.folds < 2 || options.folds > most_folds)
        refuse("folds", std::to_string(options.folds), "between 2 and 100");
    if (options.maximum_iterations == 0) refuse("maximum_iterations", "0", "at least 1");
    if (!(options.inverse_regularisation >= least_inverse_regularisation &&
          options.inverse_regularisation <= largest_inverse_regularisation))
        refuse("inverse_regularisation", std::to_string(options.inverse_regularisation), "between 1e-6 and 1e6");
    if (options.test.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported, std::string(name) + ": has no one-sided alternative");
    if (options.test.method == Method::exact)
        throw Error(ErrorCode::unsupported,
                    std::string(name) + ": method is exact, which this test does not have; permutation is");
}

double normal_p(const Separation& separation) {
    if (!(separation.null_variance > 0.0)) return 1.0;
    return stats::normal_sf((separation.area - 0.5) / std::sqrt(separation.null_variance));
}

bool is_coarse(const Separation& separation) {
    double ways = 1.0;
    for (const PlacementSums& sums : separation.sums) {
        // The binomial coefficient, n + m over the smaller; ways only grow, so the first excess decides.
        const double few = std::min(sums.n, sums.m);
        for (double i = 1.0; i <= few; i += 1.0) {
            ways *= (sums.n + sums.m - few + i) / i;
            if (ways >= fewest_ways) return false;
        }
    }
    return true;
}

// Labels are dealt within folds, so that what does not depend on them, down to the folds' counts, stays.
double permutation_p(ProgressiveClassifier& classifier, const FoldedRows& folded, double observed,
                     const TestOptions& options) {
    const std::size_t folds = folded.live.size();
    std::vector<std::uint8_t> dealt(static_cast<std::size_t>(folded.labels.size()));
    Eigen::VectorXd labels(folded.labels.size());
    std::uint64_t as_extreme = 0;
    for (std::size_t i = 0; i < options.permutations; ++i) {
        for (std::size_t k = 0; k < folds; ++k) {
            const auto first = static_cast<std::size_t>(folded.begin[k]);
            const auto count = static_cast<std::size_t>(folded.begin[k + 1]) - first;
            stats::random_split(options.seed, i * folds + k, static_cast<std::size_t>(folded.live[k]),
                                std::span(dealt).subspan(first, count));
        }
        for (std::size_t row = 0; row < dealt.size(); ++row) labels[static_cast<Eigen::Index>(row)] = dealt[row];
        as_extreme += stats::is_as_extreme(classifier.separation(labels).area, observed) ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

Interval area_interval(const Separation& separation, double confidence) {
    double placements = 0.0;
    for (std::size_t k = 0; k < separation.sums.size(); ++k)
        placements += separation.weights[k] * separation.weights[k] * placement_variance(separation.sums[k]);
    const auto model = [&](double theta) {
        double variance = 0.0;
        for (std::size_t k = 0; k < separation.sums.size(); ++k)
            variance += separation.weights[k] * separation.weights[k] *
                        model_variance(theta, separation.sums[k].n, separation.sums[k].m);
        return variance;
    };
    return superiority_interval(separation.area, placements, stats::Confidence(confidence).z(), model);
}

void fill_contributions(MultivariateResult& result, const FoldedRows& folded, const LogisticModel& model,
                        const RowMatrix& live) {
    const auto m = static_cast<double>(live.values.rows());
    const double n = static_cast<double>(folded.labels.size()) - m;
    const Eigen::VectorXd sum = folded.rows.colwise().sum().transpose();
    const Eigen::VectorXd live_mean = folded.rows.transpose() * folded.labels / m;
    const Eigen::VectorXd reference_mean = (sum - m * live_mean) / n;
    const Eigen::VectorXd features = model.coefficients.cwiseProduct(live_mean - reference_mean);
    result.feature_contributions.assign(features.begin(), features.end());
    const double start = model.intercept + model.coefficients.dot(reference_mean);
    const Eigen::VectorXd all = scores(folded, model, 0, folded.rows.rows());
    Eigen::VectorXd rows(live.values.rows());
    for (Eigen::Index i = 0; i < rows.size(); ++i)
        rows[i] = (all[folded.live_row[static_cast<std::size_t>(i)]] - start) / m;
    result.row_contributions = spread_over_rows(rows, live);
}

}  // namespace

template <class T>
MultivariateResult classifier_two_sample(MatrixView<T> reference, MatrixView<T> live,
                                         const ClassifierTestOptions& options) {
    check_options(options);
    check_columns(reference.columns(), live.columns(), name);
    const RowMatrix first = read_rows(reference, options.test.nan, name, "reference");
    const RowMatrix second = read_rows(live, options.test.nan, name, "live");
    for (const auto* side : {&first, &second})
        if (side->kept.size() < 2)
            throw Error(ErrorCode::not_enough_data, std::string(name) + ": the " +
                                                        (side == &first ? "reference" : "live") + " sample has " +
                                                        std::to_string(side->kept.size()) + " rows, at least 2 needed");
    const std::size_t folds = std::min({options.folds, first.kept.size(), second.kept.size()});
    const FoldedRows folded =
        fold_rows(first.values, second.values, assign_folds(first.kept.size(), folds, options.test.seed, 0),
                  assign_folds(second.kept.size(), folds, options.test.seed, 1), folds);
    ProgressiveClassifier classifier(folded, options.inverse_regularisation, options.maximum_iterations);
    const Separation separation = classifier.separation(folded.labels);
    MultivariateResult result;
    fill_contributions(result, folded, classifier.model_of_all(), second);
    result.test.statistic = separation.area;
    result.test.effect = separation.area - 0.5;
    const Interval interval = area_interval(separation, options.test.confidence);
    result.test.effect_interval = {interval.lower - 0.5, interval.upper - 0.5};
    result.test.reference_count = static_cast<double>(first.kept.size());
    result.test.live_count = static_cast<double>(second.kept.size());
    const bool permute = options.test.method == Method::permutation ||
                         (options.test.method == Method::automatic && is_coarse(separation));
    result.test.p_value =
        permute ? permutation_p(classifier, folded, separation.area, options.test) : normal_p(separation);
    return result;
}

template MultivariateResult classifier_two_sample(MatrixView<float>, MatrixView<float>, const ClassifierTestOptions&);
template MultivariateResult classifier_two_sample(MatrixView<double>, MatrixView<double>, const ClassifierTestOptions&);

}  // namespace vedette::inline v0::drift
