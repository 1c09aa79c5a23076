// SPDX-License-Identifier: Apache-2.0
// The hockey-stick curve of composed grid measures, tilted to a saddle point, with bounds for all numerical errors.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "privacy/loss_grid.hpp"

namespace vedette::inline v0::privacy {

/// One factor: measures above and below the true one, and how often.
struct LossFactor {
    LossMeasure above;
    LossMeasure below;
    std::uint64_t times = 1;
};

/// Logarithm of the moment generating function of the composed finite losses, with derivatives.
struct Cumulants {
    double value = 0.0;
    double mean = 0.0;
    double variance = 0.0;
};

/// One composition at one tilt. All factors share the step.
class ComposedLoss {
  public:
    /// Too large a composition leaves an object that is not `valid`.
    ComposedLoss(std::span<const LossFactor> factors, double step, double tilt, std::size_t max_cells);

    [[nodiscard]] bool valid() const noexcept { return cells_ != 0; }
    /// What it takes, also where that is too many.
    [[nodiscard]] double cells_needed() const noexcept { return cells_needed_; }
    /// The curve's logarithm at any real epsilon.
    [[nodiscard]] Interval log_delta(double epsilon) const noexcept;
    /// The real, maybe negative, epsilon at which the curve takes the value delta; NaN in place of an end that lies
    /// below the window of a positive tilt, so that a smaller tilt is called for.
    [[nodiscard]] Interval epsilon(double delta) const noexcept;
    /// The logarithm of the greatest P-probability of a test whose Q-probability has this logarithm: the least of
    /// H(x) + rate x over all x = e^epsilon, for the curve H (Neyman and Pearson).
    [[nodiscard]] Interval log_power(double log_rate) const noexcept;

  private:
    // Sums over the losses from cell i on, relative to its loss: of e^(-tilt l), of e^(-(tilt + 1) l), and their
    // difference, without cancellation.
    struct Side {
        double log_scale = 0.0;  // the cumulant at the tilt
        double infinite = 0.0;
        double relative = 0.0;  // error of everything, by factors
        std::vector<double> high, low, difference;
    };
    void place_window(std::span<const LossFactor> factors, std::size_t max_cells);
    void transform(std::span<const LossFactor> factors);
    void accumulate(Side& side, const std::vector<double>& mass, std::uint64_t offset) const;
    [[nodiscard]] double loss(std::size_t cell) const noexcept;
    [[nodiscard]] double log_curve(const Side& side, double epsilon, double sign) const noexcept;
    [[nodiscard]] double solve(const Side& side, double delta, double sign) const noexcept;
    [[nodiscard]] double log_sum(const Side& side, std::size_t cell, double log_rate, double sign) const noexcept;
    [[nodiscard]] std::size_t power_cell(const Side& side, double log_rate) const noexcept;

    double step_;
    double tilt_;
    std::size_t cells_ = 0;
    double cells_needed_ = 0.0;
    std::int64_t first_ = 0;
    std::size_t centre_ = 0;  // the cell of the tilted mean
    double outside_ = 0.0;    // tilted mass outside the window, both sides and both measures
    double noise_ = 0.0;      // of one cell, from the transform's rounding
    double error_ = 0.0;      // of a weighted sum over all cells
    bool is_single_ = false;
    Side above_;
    Side below_;
};

/// Of the product of the upper measures, or of the lower ones.
Cumulants cumulants(std::span<const LossFactor> factors, bool above, double step, double tilt);
/// The tilt at which the exponential bound on the hockey-stick curve gives the least epsilon: tilt K' - K +
/// log(1 + tilt) = log(1/delta); capped.
double tilt_for_delta(std::span<const LossFactor> factors, double step, double log_delta);
/// The tilt at which the same bound on delta is least: K' - log(1 + 1 / tilt) = epsilon; 0 where the mean loss is
/// greater without any.
double tilt_for_epsilon(std::span<const LossFactor> factors, double step, double epsilon);
/// The tilt at whose mean the same bound on Q's tail is the rate: (tilt + 1) K' - K = log(1/rate); 0 where it would be
/// negative.
double tilt_for_rate(std::span<const LossFactor> factors, double step, double log_rate);
/// An upper end of epsilon by one moment of the upper measures alone, for compositions of any size; infinite where
/// there is none.
double epsilon_by_moment(std::span<const LossFactor> factors, double step, double tilt, double delta);

}  // namespace vedette::inline v0::privacy
