// SPDX-License-Identifier: Apache-2.0
// Expectation-maximisation of a mixture of Gaussians, in double.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/perturbation/mixture_score.hpp"

namespace vedette::inline v0::perturbation {

struct MixtureFit {
    Eigen::MatrixXd means;                   ///< a row per component
    Eigen::MatrixXd inverse_deviations;      ///< a row per component; of diagonal covariance only
    std::vector<Eigen::MatrixXd> whitening;  ///< lower triangles, W S W' = 1; of full covariance only
    std::vector<double> constants;           ///< ln weight - (d ln(2 pi) + ln det S) / 2
    bool converged = false;
};

/// k-means++ and k-means: the component of each row, none empty. Throws Error(not_enough_data) for too few distinct
/// rows.
std::vector<std::uint32_t> start_mixture(const Eigen::MatrixXd& rows, std::size_t components, std::uint64_t seed);

/// Throws Error(invalid_argument) for a singular covariance.
MixtureFit fit_mixture(const Eigen::MatrixXd& rows, std::span<const std::uint32_t> start,
                       const MixtureScoreOptions& options);

}  // namespace vedette::inline v0::perturbation
