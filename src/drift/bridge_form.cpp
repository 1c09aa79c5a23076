// SPDX-License-Identifier: Apache-2.0
// Eigenvalues of quadratic forms of the Brownian bridge.
#include "drift/bridge_form.hpp"

#include <Eigen/Core>

#include "stats/matrix_factors.hpp"

namespace vedette::inline v0::drift {

void BridgeForm::add_cell(double mass, double left_square, double product, double right_square) {
    ends_.push_back((ends_.empty() ? 0.0 : ends_.back()) + mass);
    left_.push_back(left_square);
    product_.push_back(product);
    right_.push_back(right_square);
}

std::vector<double> BridgeForm::weights() const {
    const auto inner = static_cast<Eigen::Index>(ends_.size()) - 1;
    const double total = ends_.back();
    Eigen::MatrixXd form = Eigen::MatrixXd::Zero(inner, inner);
    Eigen::MatrixXd covariance(inner, inner);
    for (Eigen::Index a = 0; a < inner; ++a) {
        const auto cell = static_cast<std::size_t>(a);
        // The end of cell a is the left end of cell a + 1; the bridge is 0 at both ends of the whole.
        form(a, a) = right_[cell] + left_[cell + 1];
        if (a + 1 < inner) form(a, a + 1) = form(a + 1, a) = 0.5 * product_[cell + 1];
        for (Eigen::Index b = a; b < inner; ++b) {
            const double s = ends_[cell] / total;
            const double t = ends_[static_cast<std::size_t>(b)] / total;
            covariance(a, b) = covariance(b, a) = s * (1.0 - t);
        }
    }
    const Eigen::MatrixXd root = stats::cholesky(covariance).lower;
    const Eigen::MatrixXd symmetric = root.transpose() * form * root;
    const Eigen::VectorXd values = stats::symmetric_eigenvalues(symmetric);
    return {values.data(), values.data() + inner};
}

}  // namespace vedette::inline v0::drift
