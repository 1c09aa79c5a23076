// SPDX-License-Identifier: Apache-2.0
// The metric of feature space and the law of squared differences of means in it.
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/random_feature_state.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double least_regularisation = 0.05;  // of the largest eigenvalue
constexpr double negligible = 1e-3;            // of g: a direction that the metric leaves as it is
constexpr Eigen::Index most_paired_rows = 1024;

// The smallest g at which tr S (S + g)^-1 does not exceed `limit`.
double regularisation_for(const Eigen::VectorXd& spectrum, double limit) {
    const double largest = spectrum.maxCoeff();
    const auto directions = [&](double g) { return (spectrum.array() / (spectrum.array() + g)).sum(); };
    double low = least_regularisation * largest;
    if (directions(low) <= limit) return low;
    double high = 2.0 * low;
    while (directions(high) > limit) high *= 2.0;
    for (int step = 0; step < 60; ++step) {
        const double middle = 0.5 * (low + high);
        (directions(middle) > limit ? low : high) = middle;
    }
    return high;
}

// tr M S and tr (M S)^2 of the true S, M = (I + S/g)^-1 of the estimated one.
struct Traces {
    double first = 0.0;
    double second = 0.0;
    double relative_variance = 0.0;  // of `first`
};

// `rows` are centred and turned by the root of M. Row i has pulled M towards itself; had it been left out of S, its
// length would be q/(1 - a) by the formula of Sherman and Morrison, and of two rows likewise.
Traces leave_out(const Eigen::MatrixXd& rows, double g) {
    const auto n = static_cast<double>(rows.rows());
    const double centring = n / (n - 1.0);
    const Eigen::ArrayXd squares = rows.rowwise().squaredNorm().array();
    const Eigen::ArrayXd kept = 1.0 - centring / (g * (n - 1.0)) * squares;
    const Eigen::ArrayXd own = centring * squares / kept;
    Traces traces;
    traces.first = own.mean();
    traces.relative_variance = (own - traces.first).square().mean() / (n * traces.first * traces.first);
    const Eigen::Index paired = std::min(rows.rows(), most_paired_rows);
    const Eigen::MatrixXd products = rows.topRows(paired) * rows.topRows(paired).transpose();
    double sum = 0.0;
    for (Eigen::Index i = 0; i < paired; ++i)
        for (Eigen::Index k = 0; k < i; ++k) {
            const double pull = centring / (g * (n - 1.0)) * products(i, k);
            const double product = centring * products(i, k) / (kept[i] * kept[k] - pull * pull);
            sum += product * product;
        }
    traces.second = 2.0 * sum / (static_cast<double>(paired) * static_cast<double>(paired - 1));
    return traces;
}

// Weights of the given shape whose sum and sum of squares are those traces.
Eigen::VectorXd matched(const Eigen::VectorXd& shape, const Traces& traces) {
    const auto rank = static_cast<double>((shape.array() > 1e-12 * shape.maxCoeff()).count());
    Eigen::ArrayXd weights = shape.array() * (traces.first / shape.sum());
    const double even = traces.first * traces.first / rank;
    const double spread = weights.square().sum() - even;
    if (spread <= 1e-9 * even) return weights.matrix();
    const double shrink = std::sqrt(std::max(0.0, (traces.second - even) / spread));
    const auto present = (shape.array() > 1e-12 * shape.maxCoeff()).cast<double>();
    weights = (shrink * weights + (1.0 - shrink) * traces.first / rank * present).max(0.0);
    return (weights * (traces.first / weights.sum())).matrix();
}

}  // namespace

FeatureLaw fit_feature_law(Eigen::MatrixXd rows, double whitening) {
    const auto n = static_cast<double>(rows.rows());
    const Eigen::RowVectorXd mean = rows.colwise().mean();
    rows.rowwise() -= mean;
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(rows.cols(), rows.cols());
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose(), 1.0 / (n - 1.0));
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(covariance);
    if (solver.info() != Eigen::Success) throw Error(ErrorCode::internal, "the covariance has no eigenvalues");
    FeatureLaw law;
    law.spectrum = solver.eigenvalues().cwiseMax(0.0);
    const double largest = law.spectrum.maxCoeff();
    // Features are whole numbers of units of 1e-6: equal rows have a covariance of 0 up to rounding.
    if (largest < 1e-20) {
        law.spectrum.setZero();
        law.null_weights = law.spectrum;
        law.regularisation = std::numeric_limits<double>::infinity();
        law.directions.resize(rows.cols(), 0);
        return law;
    }
    law.regularisation =
        whitening > 0.0 ? regularisation_for(law.spectrum, whitening * n) : std::numeric_limits<double>::infinity();
    Eigen::VectorXd metric = Eigen::VectorXd::Ones(rows.cols());
    Eigen::Index first = 0;
    while (first < rows.cols() && law.spectrum[first] <= negligible * law.regularisation) ++first;
    const Eigen::Index shortened = rows.cols() - first;
    law.directions = solver.eigenvectors().rightCols(shortened);
    law.shrinkage = law.spectrum.tail(shortened).array() / (law.spectrum.tail(shortened).array() + law.regularisation);
    metric.tail(shortened) -= law.shrinkage;
    const Eigen::MatrixXd turned = rows * (solver.eigenvectors() * metric.cwiseSqrt().asDiagonal());
    const Traces traces = leave_out(turned, law.regularisation);
    law.mean_error = traces.relative_variance;
    law.null_weights = matched(law.spectrum.cwiseProduct(metric), traces);
    return law;
}

}  // namespace vedette::inline v0::drift
