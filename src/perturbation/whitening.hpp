// SPDX-License-Identifier: Apache-2.0
// A linear map that makes a covariance the identity, laid out for the product of one vector.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/dispatch.hpp"

namespace vedette::inline v0::perturbation {

/// Rows that follow each other, in double; none of no column.
[[nodiscard]] Eigen::MatrixXd matrix_of(std::span<const float> rows, std::size_t columns);

/// Rows of a matrix in panels as ScoreKernels::panel_product takes them.
class PanelMatrix {
  public:
    /// A copy, rounded to float; rows missing in the last panel are 0. Of a lower triangle only what is not 0 is kept:
    /// panel p has 32 (p + 1) columns, as far as there are so many.
    static PanelMatrix from(const Eigen::MatrixXd& matrix, bool is_lower_triangle);
    /// Throws Error(corrupt_data) unless `values` are as many as `from` would make, all finite.
    static PanelMatrix from_values(std::span<const float> values, std::size_t rows, std::size_t columns,
                                   bool is_lower_triangle);

    /// out[padded_rows()] = this * x[columns()]; out is aligned to 64 bytes.
    void multiply(const float* x, float* out) const noexcept;

    /// Calls each(first row, number of rows, products) panel by panel.
    template <class Each>
    void for_each_product(const float* x, Each&& each) const noexcept {
        alignas(64) float out[kernels::product_rows];
        const auto product = kernels::kernels().scores.panel_product;
        const float* panel = data();
        for (std::size_t p = 0; p < panels(); ++p) {
            const std::size_t depth = depth_of(p), first = p * kernels::product_rows;
            product(panel, x, depth, out);
            panel += depth * kernels::product_rows;
            each(first, rows_ - first < kernels::product_rows ? rows_ - first : kernels::product_rows,
                 static_cast<const float*>(out));
        }
    }

    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
    [[nodiscard]] std::size_t padded_rows() const noexcept { return panels() * kernels::product_rows; }
    [[nodiscard]] bool is_lower_triangle() const noexcept { return is_lower_triangle_; }
    [[nodiscard]] std::span<const float> values() const noexcept { return {data(), size()}; }

  private:
    struct alignas(64) Line {
        float x[16];
    };

    PanelMatrix(std::size_t rows, std::size_t columns, bool is_lower_triangle);
    [[nodiscard]] std::size_t panels() const noexcept {
        return (rows_ + kernels::product_rows - 1) / kernels::product_rows;
    }
    [[nodiscard]] std::size_t depth_of(std::size_t panel) const noexcept {
        const std::size_t last = (panel + 1) * kernels::product_rows;
        return is_lower_triangle_ && last < columns_ ? last : columns_;
    }
    [[nodiscard]] std::size_t size() const noexcept { return lines_.size() * 16; }
    [[nodiscard]] const float* data() const noexcept { return reinterpret_cast<const float*>(lines_.data()); }
    [[nodiscard]] float* data() noexcept { return reinterpret_cast<float*>(lines_.data()); }

    std::size_t rows_;
    std::size_t columns_;
    bool is_lower_triangle_;
    std::vector<Line> lines_;
};

/// W with W S W' = 1: a lower triangle where S has full rank and `rank` is 0, else the `rank` directions of largest
/// variance, or all whose variance is above 1e-10 of the largest, in units of the features' own. May have no row.
Eigen::MatrixXd whitening_of(const Eigen::MatrixXd& covariance, std::size_t rank, bool& is_lower_triangle);

}  // namespace vedette::inline v0::perturbation
