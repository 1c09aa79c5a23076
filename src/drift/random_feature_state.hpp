// SPDX-License-Identifier: Apache-2.0
// What a fitted RandomFeatureMmd holds, and how it is completed from what is stored.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

#include "drift/feature_map.hpp"
#include "vedette/drift/random_feature_mmd.hpp"

namespace vedette::inline v0::drift {

template <class T>
struct RandomFeatureMmd<T>::State {
    FeatureMap map;
    double bandwidth = 1.0;       // in the unit of the caller
    double regularisation = 0.0;  // g; infinite without whitening
    std::uint64_t count = 0;      // reference rows
    std::vector<std::int64_t> sums;
    Eigen::VectorXd spectrum;      // of S, ascending
    Eigen::VectorXd null_weights;  // of the chi-squares
    double mean_error = 0.0;       // relative variance of the estimate of their sum
    Eigen::MatrixXd directions;    // eigenvectors that the metric shortens
    Eigen::VectorXd shrinkage;     // by how much: 1 - g/(eigenvalue + g)
    Eigen::MatrixXf moments;       // E(x_j cos), E(x_j sin) in the features' units: 2 features x columns

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
};

/// S, metric and null law from features of some reference rows (one row each, in z).
struct FeatureLaw {
    double regularisation = 0.0;
    double mean_error = 0.0;
    Eigen::VectorXd spectrum;
    Eigen::VectorXd null_weights;
    Eigen::MatrixXd directions;
    Eigen::VectorXd shrinkage;
};
FeatureLaw fit_feature_law(Eigen::MatrixXd rows, double whitening);

}  // namespace vedette::inline v0::drift
