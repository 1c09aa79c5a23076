// SPDX-License-Identifier: Apache-2.0
// What a fitted RandomFeatureMmd holds, and how it is completed from what is stored.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "drift/feature_map.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace vedette::inline v0::drift {

/// Moments of centred features under the metric M, of rows that M was not estimated from: q = c'Mc of a row, u = q - E
/// q, k = c'Mc' of two independent rows. In the order of the members they are stored.
struct FeatureMoments {
    double mean = 0.0;           // E q
    double row_second = 0.0;     // E u^2
    double row_third = 0.0;      // E u^3
    double pair_second = 0.0;    // E k^2
    double pair_third = 0.0;     // E k^3
    double row_pair = 0.0;       // E u k^2
    double rows_pair = 0.0;      // E u u' k
    double triangle = 0.0;       // E k k' k'' around three rows
    double mean_variance = 0.0;  // of the estimate of E q, relative

    /// P(n m/(n + m) D'MD > x) of the means of n and m rows: a gamma law with the first three cumulants of this
    /// quadratic form at these n and m, averaged over the standard error of its mean.
    [[nodiscard]] double tail(double x, double n, double m) const;
};

template <class T>
struct RandomFeatureMmd<T>::State {
    FeatureMap map;
    double bandwidth = 1.0;       // in the unit of the caller
    double regularisation = 0.0;  // g; infinite without whitening
    std::uint64_t count = 0;      // reference rows
    std::vector<std::int64_t> sums;
    FeatureMoments law;          // what the statistic's law is made of
    Eigen::VectorXd spectrum;    // of S, ascending
    Eigen::MatrixXd directions;  // eigenvectors that the metric shortens
    Eigen::VectorXd shrinkage;   // by how much: 1 - g/(eigenvalue + g)
    Eigen::MatrixXf moments;     // E(x_j cos), E(x_j sin) in the features' units: 2 features x columns

    // Made of the above by complete().
    Eigen::VectorXd mean;      // of z over the reference
    Eigen::MatrixXd tangents;  // per column: squared length of moving, of stretching, and their product, in the metric

    void complete();
    [[nodiscard]] Eigen::VectorXd mean_of(const std::vector<std::int64_t>& window_sums, std::uint64_t rows) const;
    /// (I + S/g)^-1 difference.
    [[nodiscard]] Eigen::VectorXd metric(const Eigen::VectorXd& difference) const;
    /// The derivative of the reference's mean with respect to moving, or stretching, a column.
    [[nodiscard]] Eigen::VectorXd moving(Eigen::Index column) const;
    [[nodiscard]] Eigen::VectorXd stretching(Eigen::Index column) const;
    /// Per column, how much of difference' weights, weights = metric(difference), both of them explain.
    [[nodiscard]] std::vector<double> explained(const Eigen::VectorXd& weights) const;
};

/// S, metric and moments from features of some reference rows (one row each, in z).
struct FeatureLaw {
    double regularisation = 0.0;
    FeatureMoments moments;
    Eigen::VectorXd spectrum;
    Eigen::MatrixXd directions;
    Eigen::VectorXd shrinkage;
};
FeatureLaw fit_feature_law(Eigen::MatrixXd rows, double whitening);

}  // namespace vedette::inline v0::drift
