// SPDX-License-Identifier: Apache-2.0
// Whitening by Cholesky's factor or by eigenvectors, and its panels.
#include "perturbation/whitening.hpp"

#include <algorithm>
#include <cmath>

#include "stats/matrix_factors.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::perturbation {
namespace {

constexpr double least_variance = 1e-10;

}  // namespace

PanelMatrix::PanelMatrix(std::size_t rows, std::size_t columns, bool is_lower_triangle)
    : rows_(rows), columns_(columns), is_lower_triangle_(is_lower_triangle) {
    std::size_t size = 0;
    for (std::size_t panel = 0; panel < panels(); ++panel) size += depth_of(panel) * kernels::product_rows;
    lines_.resize(size / 16);
}

Eigen::MatrixXd matrix_of(std::span<const float> rows, std::size_t columns) {
    using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const std::size_t count = columns == 0 ? 0 : rows.size() / columns;
    return Eigen::Map<const RowMajor>(rows.data(), static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(columns))
        .cast<double>();
}

PanelMatrix PanelMatrix::from(const Eigen::MatrixXd& matrix, bool is_lower_triangle) {
    PanelMatrix made(static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols()),
                     is_lower_triangle);
    float* out = made.data();
    for (std::size_t panel = 0; panel < made.panels(); ++panel) {
        for (std::size_t k = 0; k < made.depth_of(panel); ++k) {
            for (std::size_t i = 0; i < kernels::product_rows; ++i) {
                const std::size_t row = panel * kernels::product_rows + i;
                *out++ = row < made.rows_
                             ? static_cast<float>(matrix(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(k)))
                             : 0.0F;
            }
        }
    }
    return made;
}

PanelMatrix PanelMatrix::from_values(std::span<const float> values, std::size_t rows, std::size_t columns,
                                     bool is_lower_triangle) {
    PanelMatrix made(rows, columns, is_lower_triangle);
    if (values.size() != made.size() ||
        !std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); }))
        throw Error(ErrorCode::corrupt_data, "a matrix of the wrong size, or not finite");
    std::copy(values.begin(), values.end(), made.data());
    return made;
}

void PanelMatrix::multiply(const float* x, float* out) const noexcept {
    const auto product = kernels::kernels().scores.panel_product;
    const float* panel = data();
    for (std::size_t p = 0; p < panels(); ++p) {
        const std::size_t depth = depth_of(p);
        product(panel, x, depth, out + p * kernels::product_rows);
        panel += depth * kernels::product_rows;
    }
}

Eigen::MatrixXd whitening_of(const Eigen::MatrixXd& covariance, std::size_t rank, bool& is_lower_triangle) {
    const Eigen::Index d = covariance.rows();
    const Eigen::VectorXd inverse_scale =
        covariance.diagonal().unaryExpr([](double v) { return v > 0.0 ? 1.0 / std::sqrt(v) : 0.0; });
    const Eigen::MatrixXd correlation = inverse_scale.asDiagonal() * covariance * inverse_scale.asDiagonal();
    is_lower_triangle = false;
    if (rank == 0) {
        const stats::CholeskyFactor factor = stats::cholesky(correlation);
        const bool is_regular =
            factor.converged && factor.lower.diagonal().array().square().minCoeff() > least_variance;
        if (is_regular) {
            is_lower_triangle = true;
            return factor.lower.triangularView<Eigen::Lower>().solve(Eigen::MatrixXd(inverse_scale.asDiagonal()));
        }
    }
    // Low rank keeps the largest variances of the embedding itself; all directions are judged in units of features.
    const bool keeps_units = rank != 0;
    const stats::SymmetricEigen eigen = stats::symmetric_eigen(keeps_units ? covariance : correlation);
    if (!eigen.converged) throw Error(ErrorCode::internal, "the covariance has no eigenvalues");
    const Eigen::VectorXd& values = eigen.values;
    const double limit = least_variance * std::max(0.0, values[d - 1]);
    Eigen::Index kept = 0;
    while (kept < d && values[d - 1 - kept] > limit) ++kept;
    if (keeps_units) kept = std::min(kept, static_cast<Eigen::Index>(rank));
    Eigen::MatrixXd directions =
        values.tail(kept).cwiseSqrt().cwiseInverse().asDiagonal() * eigen.vectors.rightCols(kept).transpose();
    if (keeps_units) return directions;
    return directions * inverse_scale.asDiagonal();
}

}  // namespace vedette::inline v0::perturbation
