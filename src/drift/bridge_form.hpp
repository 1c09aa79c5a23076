// SPDX-License-Identifier: Apache-2.0
// Quadratic forms of the difference of two empirical distribution functions, and their null weights.
#pragma once

#include <cstddef>
#include <vector>

namespace vedette::inline v0::drift {

/// A quadratic form in the values of a Brownian bridge at the inner ends of consecutive cells of the pooled sample. The
/// matrix is tridiagonal, since a cell adds squares and products of the values at its own two ends only.
class BridgeForm {
  public:
    /// Adds a cell of so much pooled mass, with the coefficients of left^2, left * right and right^2.
    void add_cell(double mass, double left_square, double product, double right_square);

    /// The eigenvalues of the form under the bridge's covariance min(s, t) - s t: the form is distributed as their
    /// chi-square mixture. At least two cells, of positive mass. O(cells^3).
    [[nodiscard]] std::vector<double> weights() const;

    [[nodiscard]] std::size_t cells() const noexcept { return ends_.size(); }

  private:
    std::vector<double> ends_;  // cumulated mass at the right end of each cell
    std::vector<double> left_;
    std::vector<double> product_;
    std::vector<double> right_;
};

/// Cuts a sequence of tie groups into some sixty cells: an atom of more than a cell's mass is a cell of its own, small
/// groups share one. Calls close(mass, single) at the end of each cell.
class CellCutter {
  public:
    static constexpr double cell_mass = 1.0 / 48.0;

    template <class Close>
    void add(double mass, Close&& close) {
        if (mass >= cell_mass) {
            finish(close);
            close(mass, true);
            return;
        }
        open_ += mass;
        ++groups_;
        if (open_ >= cell_mass) finish(close);
    }
    template <class Close>
    void finish(Close&& close) {
        if (groups_ > 0) close(open_, groups_ == 1);
        open_ = 0.0;
        groups_ = 0;
    }

  private:
    double open_ = 0.0;
    std::size_t groups_ = 0;
};

}  // namespace vedette::inline v0::drift
