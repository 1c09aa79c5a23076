// SPDX-License-Identifier: Apache-2.0
// Hotelling's two-sample T2: by the F law, or by permutation of rows turned so that T2 is a plain squared distance.
#include "vedette/drift/hotelling.hpp"

#include <cmath>
#include <string>

#include "drift/mean_shift.hpp"
#include "drift/row_matrix.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/permutation.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "hotelling_t2";

// Both samples, reference first, centred at the mean of all and in units of the features' standard deviations.
struct Pooled {
    Eigen::MatrixXd rows;
    Eigen::VectorXd difference;  // of the means, live - reference
    Eigen::Index n = 0;
    Eigen::Index m = 0;
    double harmonic = 0.0;  // n m / (n + m)
};

Pooled pool(const RowMatrix& reference, const RowMatrix& live) {
    Pooled pooled;
    pooled.n = reference.values.rows();
    pooled.m = live.values.rows();
    const auto n = static_cast<double>(pooled.n);
    const auto m = static_cast<double>(pooled.m);
    pooled.harmonic = n / (n + m) * m;
    pooled.rows.resize(pooled.n + pooled.m, reference.values.cols());
    pooled.rows << reference.values, live.values;
    // Twice, since a first mean of large values is off by rounding.
    for (int pass = 0; pass < 2; ++pass) pooled.rows.rowwise() -= pooled.rows.colwise().mean().eval();
    for (Eigen::Index j = 0; j < pooled.rows.cols(); ++j) {
        const double largest = pooled.rows.col(j).cwiseAbs().maxCoeff();
        if (largest > 0.0) pooled.rows.col(j) /= largest;  // squares stay in range
        const double deviation = std::sqrt(pooled.rows.col(j).squaredNorm() / (n + m - 1.0));
        if (deviation > 0.0) pooled.rows.col(j) /= deviation;
        const double raw =
            std::max(reference.values.col(j).cwiseAbs().maxCoeff(), live.values.col(j).cwiseAbs().maxCoeff());
        // What a constant leaves after centring is rounding.
        if (largest <= 1e-14 * raw) pooled.rows.col(j).setZero();
    }
    pooled.difference =
        (pooled.rows.bottomRows(pooled.m).colwise().mean() - pooled.rows.topRows(pooled.n).colwise().mean())
            .transpose();
    return pooled;
}

Eigen::MatrixXd within_covariance(const Pooled& pooled) {
    Eigen::MatrixXd centred = pooled.rows;
    centred.topRows(pooled.n).rowwise() -= centred.topRows(pooled.n).colwise().mean().eval();
    centred.bottomRows(pooled.m).rowwise() -= centred.bottomRows(pooled.m).colwise().mean().eval();
    return centred.transpose() * centred / static_cast<double>(pooled.n + pooled.m - 2);
}

// How many of the relabelled samples differ by at least as much, after rows have been turned by `turn`.
double permutation_p(const Pooled& pooled, const Eigen::MatrixXd& turn, const TestOptions& options) {
    const Eigen::MatrixXd turned = pooled.rows * turn;
    const Eigen::VectorXd total = turned.colwise().sum().transpose();
    const auto n = static_cast<double>(pooled.n);
    const auto m = static_cast<double>(pooled.m);
    const auto distance = [&](const Eigen::VectorXd& live_sum) {
        return (live_sum / m - (total - live_sum) / n).squaredNorm();
    };
    const double observed = distance(turned.bottomRows(pooled.m).colwise().sum().transpose());
    std::vector<std::uint8_t> labels(static_cast<std::size_t>(turned.rows()));
    Eigen::VectorXd chosen(turned.rows());
    std::uint64_t as_extreme = 0;
    for (std::size_t i = 0; i < options.permutations; ++i) {
        stats::random_split(options.seed, i, static_cast<std::size_t>(pooled.m), labels);
        for (Eigen::Index row = 0; row < chosen.size(); ++row) chosen[row] = labels[static_cast<std::size_t>(row)];
        as_extreme += stats::is_as_extreme(distance(turned.transpose() * chosen), observed) ? 1U : 0U;
    }
    return stats::permutation_p_value(as_extreme, options.permutations);
}

// Contributions of features and live rows, given the weights S^-1 d of the differences.
void fill_contributions(MultivariateResult& result, const Pooled& pooled, const Eigen::VectorXd& weights,
                        const RowMatrix& live) {
    const Eigen::VectorXd features = pooled.harmonic * pooled.difference.cwiseProduct(weights);
    result.feature_contributions.assign(features.begin(), features.end());
    const double start = pooled.rows.topRows(pooled.n).colwise().mean().dot(weights);
    const Eigen::VectorXd rows = pooled.harmonic / static_cast<double>(pooled.m) *
                                 ((pooled.rows.bottomRows(pooled.m) * weights).array() - start).matrix();
    result.row_contributions = spread_over_rows(rows, live);
}

// Columns whose sums would overflow, by a power of two smaller on both sides: no answer depends on the unit.
void keep_sums_finite(RowMatrix& first, RowMatrix& second) {
    constexpr double largest = 0x1p960;
    for (Eigen::Index j = 0; j < first.values.cols(); ++j) {
        const double size =
            std::max(first.values.col(j).cwiseAbs().maxCoeff(), second.values.col(j).cwiseAbs().maxCoeff());
        if (size <= largest) continue;
        first.values.col(j) *= 0x1p-100;
        second.values.col(j) *= 0x1p-100;
    }
}

void check_options(const TestOptions& options) {
    check_confidence(options.confidence, name);
    if (options.permutations == 0)
        throw Error(ErrorCode::invalid_argument, std::string(name) + ": permutations is 0, must be at least 1");
    if (options.alternative != Alternative::two_sided)
        throw Error(ErrorCode::unsupported, std::string(name) + ": has no one-sided alternative");
}

MultivariateResult ridge_test(const Pooled& pooled, const RowMatrix& live, const TestOptions& options) {
    if (options.method == Method::asymptotic || options.method == Method::exact)
        throw Error(ErrorCode::unsupported, std::string(name) +
                                                ": the F law needs more rows than features and no shift along a "
                                                "direction without spread; Method::permutation answers");
    constexpr double ridge = 1.0;
    const Eigen::MatrixXd covariance =
        pooled.rows.transpose() * pooled.rows / static_cast<double>(pooled.rows.rows() - 1);
    const Spectrum spectrum = spectrum_of(covariance, true);
    MultivariateResult result;
    const Eigen::VectorXd weights = spectrum.solve(pooled.difference, ridge);
    fill_contributions(result, pooled, weights, live);
    result.test.statistic = pooled.harmonic * pooled.difference.dot(weights);
    const Eigen::VectorXd scale = (spectrum.values.array() + ridge).rsqrt();
    result.test.p_value = permutation_p(pooled, spectrum.vectors * scale.asDiagonal(), options);
    return result;
}

}  // namespace

template <class T>
MultivariateResult hotelling_t2(MatrixView<T> reference, MatrixView<T> live, const TestOptions& options) {
    check_options(options);
    check_columns(reference.columns(), live.columns(), name);
    RowMatrix first = read_rows(reference, options.nan, name, "reference");
    RowMatrix second = read_rows(live, options.nan, name, "live");
    for (const auto* side : {&first, &second})
        if (side->kept.size() < 2)
            throw Error(ErrorCode::not_enough_data, std::string(name) + ": the " +
                                                        (side == &first ? "reference" : "live") + " sample has " +
                                                        std::to_string(side->kept.size()) + " rows, at least 2 needed");
    keep_sums_finite(first, second);
    const Pooled pooled = pool(first, second);
    const Spectrum spectrum = spectrum_of(within_covariance(pooled));
    const auto total = static_cast<double>(pooled.n + pooled.m);
    const auto rank = static_cast<double>(spectrum.rank());
    MultivariateResult result;
    if (rank >= total - 2.0 || spectrum.residual(pooled.difference).norm() > residual_limit) {
        result = ridge_test(pooled, second, options);
    } else {
        const Eigen::VectorXd weights = spectrum.solve(pooled.difference);
        fill_contributions(result, pooled, weights, second);
        const double t2 = pooled.harmonic * pooled.difference.dot(weights);
        fill_f_test(result.test, t2, (total - rank - 1.0) / (rank * (total - 2.0)), rank, total - rank - 1.0,
                    pooled.harmonic, options.confidence);
        // T2 grows with the distance in units of the covariance of all rows, which relabelling leaves alone.
        if (options.method == Method::permutation && rank > 0.0) {
            const Eigen::MatrixXd covariance = pooled.rows.transpose() * pooled.rows / (total - 1.0);
            const Spectrum all = spectrum_of(covariance);
            const Eigen::VectorXd scale = all.values.array().rsqrt();
            result.test.p_value = permutation_p(pooled, all.vectors * scale.asDiagonal(), options);
        }
    }
    result.test.reference_count = static_cast<double>(pooled.n);
    result.test.live_count = static_cast<double>(pooled.m);
    return result;
}

template MultivariateResult hotelling_t2(MatrixView<float>, MatrixView<float>, const TestOptions&);
template MultivariateResult hotelling_t2(MatrixView<double>, MatrixView<double>, const TestOptions&);

}  // namespace vedette::inline v0::drift
