// SPDX-License-Identifier: Apache-2.0
// Factors of matrices, compiled once: Eigen's templates for them are the slowest things there are to compile.
#pragma once

#include <Eigen/Core>

namespace vedette::inline v0::stats {

struct SymmetricEigen {
    Eigen::VectorXd values;   ///< ascending
    Eigen::MatrixXd vectors;  ///< a column for each value, orthonormal
    bool converged;           ///< what it holds is meaningless otherwise (a NaN or an infinity in the matrix)
};

/// Of a symmetric matrix; only its lower triangle is read. O(d^3).
SymmetricEigen symmetric_eigen(const Eigen::MatrixXd& matrix);
/// The values alone, ascending: a third of the time.
Eigen::VectorXd symmetric_eigenvalues(const Eigen::MatrixXd& matrix);

/// L of a symmetric positive definite matrix, L L^T; `converged` is false where a pivot is not positive.
struct CholeskyFactor {
    Eigen::MatrixXd lower;
    bool converged;
};
CholeskyFactor cholesky(const Eigen::MatrixXd& matrix);

/// Descending. One-sided Jacobi rotations: exact to small values, for matrices of some hundred columns.
Eigen::VectorXd singular_values(const Eigen::MatrixXd& matrix);
/// The shortest x of those nearest to matrix x = target; pivots below `threshold` of the largest count as 0.
Eigen::VectorXd least_norm_solution(const Eigen::MatrixXd& matrix, const Eigen::VectorXd& target, double threshold);

}  // namespace vedette::inline v0::stats
