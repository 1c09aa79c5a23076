// SPDX-License-Identifier: Apache-2.0
// Means of classes and the covariance about them, read from the caller's rows a block at a time.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

using RowMajorMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// In double throughout; the same bits on every instruction set.
struct ClassCovariance {
    Eigen::RowVectorXd mean;          ///< of all rows
    RowMajorMatrix means;             ///< a row for each class
    std::vector<std::size_t> counts;  ///< of each class' rows, at least 1
    Eigen::MatrixXd within;           ///< about the classes' means, over the number of rows

    /// About the mean of all: that within classes and that of their means.
    [[nodiscard]] Eigen::MatrixXd total() const;
};

/// Of rows as they are, or divided by their norms. O(n d^2) time and O(d^2 + classes d) memory beside the rows. Throws
/// Error, with messages that begin with `owner`: invalid_argument for a label from `classes` on, a value that is not
/// finite or beyond 1e30, or a row of norm zero to be divided by; not_enough_data for a class without rows.
ClassCovariance class_covariance(const std::string& owner, MatrixView<float> rows,
                                 std::span<const std::uint32_t> labels, std::size_t classes, bool normalise);

}  // namespace vedette::inline v0::perturbation
