// SPDX-License-Identifier: Apache-2.0
// Black-box shift estimation, its errors by the delta method.
#include "vedette/drift/label_shift.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>

#include "stats/matrix_factors.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

constexpr std::uint64_t most_rows = std::uint64_t{1} << 53U;

std::uint64_t total_of(std::span<const std::uint64_t> counts) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : counts) {
        if (count > most_rows - total)
            throw Error(ErrorCode::overflow, fmt::format("label shift: more than {} rows", most_rows));
        total += count;
    }
    return total;
}

void check(std::span<const std::uint64_t> confusion, std::size_t classes, const LabelShiftOptions& options) {
    if (classes < 2 || classes > 1024 || confusion.size() != classes * classes)
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("label shift: a table of {} counts for {} classes, which must be 2 to 1024",
                                confusion.size(), classes));
    if (!(options.largest_condition >= 1.0 && options.largest_condition <= 1e12))
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("label shift: largest_condition = {}, must be in [1, 1e12]", options.largest_condition));
    if (total_of(confusion) == 0) throw Error(ErrorCode::not_enough_data, "label shift: an empty reference");
}

// Predictions of reference and live rows, row after row.
TestResult compare_predictions(std::span<const std::uint64_t> confusion, std::span<const std::uint64_t> live,
                               double confidence) {
    const std::size_t classes = live.size();
    std::vector<std::uint64_t> table(2 * classes);
    for (std::size_t i = 0; i < classes; ++i) {
        for (std::size_t j = 0; j < classes; ++j) table[i] += confusion[i * classes + j];
        table[classes + i] = live[i];
    }
    return chi_square({table, 2, classes}, {.confidence = confidence});
}

struct Problem {
    MatrixXd conditional;  // P(prediction | label), a label a column
    VectorXd labels;       // reference rows of each label
    VectorXd predicted;    // live shares of predictions
    double n;              // reference rows
    double m;              // live rows
};

// The covariance of a share vector's estimate from one row.
MatrixXd multinomial(const VectorXd& shares) {
    MatrixXd out = -shares * shares.transpose();
    out.diagonal() += shares;
    return out;
}

// Of the residual conditional * shares - predicted, by label: independent columns, each of its own rows.
MatrixXd share_noise(const Problem& problem, const VectorXd& shares) {
    MatrixXd noise = multinomial(problem.predicted) / problem.m;
    for (Index j = 0; j < shares.size(); ++j)
        noise += shares[j] * shares[j] / problem.labels[j] * multinomial(problem.conditional.col(j));
    return noise;
}

// Of C w - mu, C the joint shares.
MatrixXd weight_noise(const Problem& problem, const MatrixXd& joint, const VectorXd& weights) {
    MatrixXd noise = multinomial(problem.predicted) / problem.m;
    const VectorXd fitted = joint * weights;
    MatrixXd own = -fitted * fitted.transpose();
    own.diagonal() += joint * weights.cwiseAbs2();
    return noise + own / problem.n;
}

// sum of share times recall: a small change of conditional entry (i, j) moves recall_j where i = j, and the shares by
// -A^-1 (change) shares.
double accuracy_variance(const Problem& problem, const VectorXd& shares, const MatrixXd& inverse) {
    const VectorXd recall = problem.conditional.diagonal();
    const VectorXd pull = inverse.transpose() * recall;
    double variance = pull.dot(multinomial(problem.predicted) * pull) / problem.m;
    for (Index j = 0; j < shares.size(); ++j) {
        VectorXd gradient = -pull;
        gradient[j] += 1.0;
        variance += shares[j] * shares[j] / problem.labels[j] *
                    gradient.dot(multinomial(problem.conditional.col(j)) * gradient);
    }
    return variance;
}

Interval around(double value, double error, double z) {
    return {std::clamp(value - z * error, 0.0, 1.0), std::clamp(value + z * error, 0.0, 1.0)};
}

void solve(const Problem& problem, const stats::Confidence& confidence, LabelShift& out) {
    const Index k = problem.labels.size();
    const MatrixXd inverse = problem.conditional.partialPivLu().inverse();
    const VectorXd shares = inverse * problem.predicted;
    const VectorXd reference = problem.labels / problem.n;
    const VectorXd weights = shares.cwiseQuotient(reference);
    const MatrixXd joint = problem.conditional * reference.asDiagonal();
    const MatrixXd joint_inverse = reference.cwiseInverse().asDiagonal() * inverse;
    const VectorXd cut = shares.cwiseMax(0.0);
    const double total = cut.sum();
    // Where shares were cut, predictions say less than they seem to: five of one class have no variance of their own.
    // Then the noise is that of the shares which remain.
    Problem drawn = problem;
    out.was_cut = (shares.array() < 0.0).any();
    if (out.was_cut) drawn.predicted = problem.conditional * (cut / total);
    const MatrixXd share_cover = inverse * share_noise(drawn, shares) * inverse.transpose();
    const MatrixXd weight_cover = joint_inverse * weight_noise(drawn, joint, weights) * joint_inverse.transpose();
    for (Index j = 0; j < k; ++j) {
        ClassShare& one = out.classes[static_cast<std::size_t>(j)];
        one.live = cut[j] / total;
        one.share_error = std::sqrt(std::max(0.0, share_cover(j, j)));
        one.live_interval = around(one.live, one.share_error, confidence.z());
        one.weight = one.live / reference[j];
        one.weight_error = std::sqrt(std::max(0.0, weight_cover(j, j)));
    }
    out.accuracy = cut.dot(problem.conditional.diagonal()) / total;
    const double error = std::sqrt(std::max(0.0, accuracy_variance(drawn, shares, inverse)));
    out.accuracy_interval = around(out.accuracy, error, confidence.z());
    out.decision = Decision::pass;
}

}  // namespace

LabelShift estimate_label_shift(std::span<const std::uint64_t> confusion, std::span<const std::uint64_t> live,
                                const LabelShiftOptions& options) {
    const std::size_t classes = live.size();
    check(confusion, classes, options);
    const stats::Confidence confidence(options.confidence);
    const auto k = static_cast<Index>(classes);
    Problem problem{MatrixXd(k, k), VectorXd::Zero(k), VectorXd(k), static_cast<double>(total_of(confusion)),
                    static_cast<double>(total_of(live))};
    for (Index i = 0; i < k; ++i)
        for (Index j = 0; j < k; ++j) {
            const auto count = static_cast<double>(confusion[static_cast<std::size_t>(i * k + j)]);
            problem.conditional(i, j) = count;
            problem.labels[j] += count;
        }
    LabelShift out;
    out.classes.resize(classes);
    for (Index j = 0; j < k; ++j) out.classes[static_cast<std::size_t>(j)].reference = problem.labels[j] / problem.n;
    out.test = compare_predictions(confusion, live, options.confidence);
    if ((problem.labels.array() == 0.0).any() || problem.m == 0.0) return out;
    for (Index j = 0; j < k; ++j) {
        problem.conditional.col(j) /= problem.labels[j];
        problem.predicted[j] = static_cast<double>(live[static_cast<std::size_t>(j)]) / problem.m;
    }
    const VectorXd singular = stats::singular_values(problem.conditional);
    out.condition = singular[k - 1] > 0.0 ? singular[0] / singular[k - 1] : std::numeric_limits<double>::infinity();
    if (out.condition <= options.largest_condition) solve(problem, confidence, out);
    return out;
}

}  // namespace vedette::inline v0::drift
