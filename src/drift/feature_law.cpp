// SPDX-License-Identifier: Apache-2.0
// The metric of feature space and the law of squared differences of means in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "drift/random_feature_state.hpp"
#include "stats/matrix_factors.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr double least_regularisation = 0.05;  // of the largest eigenvalue
constexpr double negligible = 1e-3;            // of g: a direction that the metric leaves as it is
constexpr Eigen::Index most_paired_rows = 512;
constexpr Eigen::Index most_triangle_rows = 256;

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

// `rows` are centred and turned by the root of M. Row i has pulled M towards itself; had it been left out of S, its
// length would be q/(1 - a) by the formula of Sherman and Morrison, and of two rows likewise.
FeatureMoments leave_out(const Eigen::MatrixXd& rows, double g) {
    const auto n = static_cast<double>(rows.rows());
    const double centring = n / (n - 1.0);
    const double pull = centring / (g * (n - 1.0));
    const Eigen::ArrayXd squares = rows.rowwise().squaredNorm().array();
    const Eigen::ArrayXd kept = 1.0 - pull * squares;
    const Eigen::ArrayXd own = centring * squares / kept;
    FeatureMoments moments;
    moments.mean = own.mean();
    const Eigen::ArrayXd excess = own - moments.mean;
    moments.row_second = excess.square().mean();
    moments.row_third = excess.cube().mean();
    moments.mean_variance = moments.row_second / (n * moments.mean * moments.mean);

    const Eigen::Index paired = std::min(rows.rows(), most_paired_rows);
    Eigen::MatrixXd products = rows.topRows(paired) * rows.topRows(paired).transpose();
    for (Eigen::Index k = 0; k < paired; ++k)
        for (Eigen::Index i = 0; i < paired; ++i) {
            const double both = pull * products(i, k);
            products(i, k) = i == k ? 0.0 : centring * products(i, k) / (kept[i] * kept[k] - both * both);
        }
    const auto count = static_cast<double>(paired);
    const double pairs = count * (count - 1.0);
    const Eigen::VectorXd some = excess.head(paired).matrix();
    moments.pair_second = products.squaredNorm() / pairs;
    moments.pair_third = products.array().cube().sum() / pairs;
    moments.row_pair = some.dot(products.array().square().matrix().rowwise().sum()) / pairs;
    moments.rows_pair = some.dot(products * some) / pairs;
    // Cubic in the rows, and as exact from fewer of them.
    const Eigen::Index corner = std::min(paired, most_triangle_rows);
    const auto corners = static_cast<double>(corner);
    const Eigen::MatrixXd part = products.topLeftCorner(corner, corner);
    moments.triangle = (part * part).cwiseProduct(part).sum() / (corners * (corners - 1.0) * (corners - 2.0));
    return moments;
}

}  // namespace

double FeatureMoments::tail(double x, double n, double m) const {
    // The difference of means is a sum of rows times a, a = 1/m live and -1/n in the reference; sums of powers of a.
    const double harmonic = n / (n + m) * m;
    const double second = 1.0 / harmonic;
    const double third = 1.0 / (m * m) - 1.0 / (n * n);
    const double fourth = 1.0 / (m * m * m) + 1.0 / (n * n * n);
    const double sixth = std::pow(m, -5.0) + std::pow(n, -5.0);
    const double variance =
        harmonic * harmonic * (2.0 * pair_second * (second * second - fourth) + row_second * fourth);
    const double triples = second * second * second - 3.0 * second * fourth + 2.0 * sixth;
    const double skew = std::pow(harmonic, 3.0) *
                        (row_third * sixth + 12.0 * row_pair * (fourth * second - sixth) +
                         (6.0 * rows_pair + 4.0 * pair_third) * (third * third - sixth) + 8.0 * triangle * triples);
    // A skewness that is not positive can only be an estimate's error; a gamma law needs some.
    const double degrees =
        8.0 * std::pow(variance, 3.0) / std::pow(std::max(skew, 0.01 * std::pow(variance, 1.5)), 2.0);
    // Gauss and Hermite's five points of a lognormal law.
    constexpr std::array<double, 5> points{-2.8569700138728056, -1.3556261799742659, 0.0, 1.3556261799742659,
                                           2.8569700138728056};
    constexpr std::array<double, 5> weights{0.011257411327720689, 0.22207592200561264, 0.53333333333333333,
                                            0.22207592200561264, 0.011257411327720689};
    double sum = 0.0;
    for (std::size_t i = 0; i < points.size(); ++i) {
        const double scaled = x * std::exp(std::sqrt(mean_variance) * points[i] - 0.5 * mean_variance);
        const double value = degrees + (scaled - mean) * std::sqrt(2.0 * degrees / variance);
        sum += weights[i] * (value > 0.0 ? stats::chi_squared_sf(value, degrees) : 1.0);
    }
    return std::min(1.0, sum);
}

FeatureLaw fit_feature_law(Eigen::MatrixXd rows, double whitening) {
    const auto n = static_cast<double>(rows.rows());
    const Eigen::RowVectorXd mean = rows.colwise().mean();
    rows.rowwise() -= mean;
    Eigen::MatrixXd covariance = Eigen::MatrixXd::Zero(rows.cols(), rows.cols());
    covariance.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose(), 1.0 / (n - 1.0));
    const stats::SymmetricEigen eigen = stats::symmetric_eigen(covariance);
    if (!eigen.converged) throw Error(ErrorCode::internal, "the covariance has no eigenvalues");
    FeatureLaw law;
    law.spectrum = eigen.values.cwiseMax(0.0);
    const double largest = law.spectrum.maxCoeff();
    // Features are whole numbers of units of 1e-6: equal rows have a covariance of 0 up to rounding.
    if (largest < 1e-20) {
        law.spectrum.setZero();
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
    law.directions = eigen.vectors.rightCols(shortened);
    law.shrinkage = law.spectrum.tail(shortened).array() / (law.spectrum.tail(shortened).array() + law.regularisation);
    metric.tail(shortened) -= law.shrinkage;
    const Eigen::MatrixXd turned = rows * (eigen.vectors * metric.cwiseSqrt().asDiagonal());
    law.moments = leave_out(turned, law.regularisation);
    return law;
}

}  // namespace vedette::inline v0::drift
