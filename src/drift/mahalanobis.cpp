// SPDX-License-Identifier: Apache-2.0
// A reference's mean and covariance, frozen, and the test of live means against them.
#include <cmath>
#include <limits>
#include <string>

#include "drift/mean_shift.hpp"
#include "drift/row_matrix.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/hotelling.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "MahalanobisDistance";

Eigen::Index index_of(std::size_t i) {
    return static_cast<Eigen::Index>(i);
}

Eigen::Map<const Eigen::VectorXd> vector_of(const std::vector<double>& values) {
    return {values.data(), index_of(values.size())};
}

constexpr double largest_value = 1e290;

}  // namespace

template <class T>
MahalanobisDistance<T>::MahalanobisDistance(MatrixView<T> reference, NanPolicy nan) {
    check_columns(reference.columns(), reference.columns(), name);
    RowMatrix read = read_rows(reference, nan, name, "reference");
    Eigen::MatrixXd& rows = read.values;
    count_ = read.kept.size();
    if (count_ < 2)
        throw Error(ErrorCode::not_enough_data, std::string(name) + ": the reference sample has " +
                                                    std::to_string(count_) + " rows, at least 2 needed");
    const Eigen::RowVectorXd raw = rows.cwiseAbs().colwise().maxCoeff();
    if (raw.maxCoeff() > largest_value)
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": a value of the reference is beyond 1e290, and sums would overflow");
    Eigen::RowVectorXd mean = rows.colwise().mean();
    rows.rowwise() -= mean;
    const Eigen::RowVectorXd rest = rows.colwise().mean();  // a first mean of large values is off by rounding
    rows.rowwise() -= rest;
    mean += rest;
    mean_.assign(mean.begin(), mean.end());
    scale_.assign(reference.columns(), 0.0);
    for (Eigen::Index j = 0; j < rows.cols(); ++j) {
        const double largest = rows.col(j).cwiseAbs().maxCoeff();
        if (largest <= 1e-14 * raw[j]) {
            rows.col(j).setZero();  // constant up to rounding
            continue;
        }
        rows.col(j) /= largest;
        const double deviation = std::sqrt(rows.col(j).squaredNorm() / static_cast<double>(count_ - 1));
        rows.col(j) /= deviation;
        scale_[static_cast<std::size_t>(j)] = largest * deviation;
    }
    const Spectrum spectrum = spectrum_of(rows.transpose() * rows / static_cast<double>(count_ - 1));
    rank_ = static_cast<std::size_t>(spectrum.rank());
    if (count_ < rank_ + 2)
        throw Error(ErrorCode::not_enough_data, std::string(name) + ": " + std::to_string(count_) +
                                                    " rows leave nothing to judge a covariance of rank " +
                                                    std::to_string(rank_) + " by");
    const Eigen::MatrixXd precision =
        spectrum.vectors * spectrum.values.cwiseInverse().asDiagonal() * spectrum.vectors.transpose();
    precision_.assign(precision.data(), precision.data() + precision.size());
    if (spectrum.rank() < rows.cols()) {
        const Eigen::MatrixXd projector = spectrum.vectors * spectrum.vectors.transpose();
        projector_.assign(projector.data(), projector.data() + projector.size());
    }
}

template <class T>
MultivariateResult MahalanobisDistance<T>::mean_shift(MatrixView<T> live, double confidence, NanPolicy nan) const {
    check_confidence(confidence, name);
    check_columns(dimension(), live.columns(), name);
    RowMatrix read = read_rows(live, nan, name, "live");
    if (read.kept.empty()) throw Error(ErrorCode::not_enough_data, std::string(name) + ": no live row");
    const Eigen::Index d = index_of(dimension());
    const auto n = static_cast<double>(count_);
    const auto m = static_cast<double>(read.kept.size());
    const double harmonic = n / (n + m) * m;
    Eigen::MatrixXd& rows = read.values;
    rows.rowwise() -= vector_of(mean_).transpose();
    std::vector<bool> has_moved(dimension(), false);
    for (Eigen::Index j = 0; j < d; ++j) {
        const double scale = scale_[static_cast<std::size_t>(j)];
        if (scale > 0.0) {
            rows.col(j) /= scale;
        } else {
            const double size = std::abs(mean_[static_cast<std::size_t>(j)]);
            has_moved[static_cast<std::size_t>(j)] = rows.col(j).cwiseAbs().maxCoeff() > 1e-13 * size;
            rows.col(j).setZero();
        }
    }
    const Eigen::VectorXd difference = rows.colwise().mean().transpose();
    const Eigen::Map<const Eigen::MatrixXd> precision(precision_.data(), d, d);
    const Eigen::VectorXd weights = precision * difference;
    const Eigen::VectorXd features = harmonic * difference.cwiseProduct(weights);
    MultivariateResult result;
    result.feature_contributions.assign(features.begin(), features.end());
    result.row_contributions = spread_over_rows(harmonic / m * (rows * weights), read);
    if (!projector_.empty()) {
        const Eigen::Map<const Eigen::MatrixXd> projector(projector_.data(), d, d);
        const Eigen::VectorXd residual = difference - projector * difference;
        for (Eigen::Index j = 0; j < d; ++j)
            if (std::abs(residual[j]) > residual_limit) has_moved[static_cast<std::size_t>(j)] = true;
    }
    double t2 = harmonic * difference.dot(weights);
    for (std::size_t j = 0; j < has_moved.size(); ++j) {
        if (!has_moved[j]) continue;
        result.feature_contributions[j] = t2 = std::numeric_limits<double>::infinity();
        result.row_contributions.assign(read.total, std::numeric_limits<double>::quiet_NaN());
    }
    const auto rank = static_cast<double>(rank_);
    fill_f_test(result.test, t2, (n - rank) / (rank * (n - 1.0)), rank, n - rank, harmonic, confidence);
    if (rank_ == 0 && std::isinf(t2)) {
        result.test.p_value = 0.0;
        result.test.effect = t2;
        result.test.effect_interval = {t2, t2};
    }
    result.test.reference_count = n;
    result.test.live_count = m;
    return result;
}

template class MahalanobisDistance<float>;
template class MahalanobisDistance<double>;

}  // namespace vedette::inline v0::drift
