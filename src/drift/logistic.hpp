// SPDX-License-Identifier: Apache-2.0
// Logistic regression with a ridge, by Newton steps whose linear systems are solved by conjugate gradients.
#pragma once

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <cstddef>

namespace vedette::inline v0::drift {

/// log-odds of label 1 = intercept + rows * coefficients.
struct LogisticModel {
    Eigen::VectorXd coefficients;
    double intercept = 0.0;
    bool converged = false;
};

/// Rows to train on, with all that does not depend on their labels worked out once: relabelling costs fits alone. Holds
/// a reference to the rows.
class LogisticTrainer {
  public:
    using Rows = Eigen::Ref<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;

    /// `cross_products`: rows' rows, may be empty when there are more columns than rows. `positive_share`: of labels 1,
    /// strictly between 0 and 1. O(min(rows, columns)^3), and O(rows^2 columns) with more columns than rows.
    LogisticTrainer(const Rows& rows, const Eigen::MatrixXd& cross_products, double positive_share,
                    double inverse_regularisation);

    /// Minimises sum log(1 + exp(-(2 label - 1) log-odds)) + |coefficients|^2/(2 inverse_regularisation), from `start`
    /// on (the minimum is unique), until a Newton step's gain is below 1e-7, or that part of a loss below 1; that step
    /// is taken, and leaves an error of about the square.
    [[nodiscard]] LogisticModel fit(const Eigen::Ref<const Eigen::VectorXd>& labels, std::size_t maximum_iterations,
                                    const LogisticModel& start) const;

  private:
    // Coefficients, and the intercept at the rows' centre, which the curvature all but separates from them.
    struct Point {
        Eigen::VectorXd slope;
        double level = 0.0;
    };
    struct State;

    [[nodiscard]] Eigen::VectorXd apply(const Point& point) const;              // log-odds of all rows
    [[nodiscard]] Point apply_transposed(const Eigen::VectorXd& values) const;  // its adjoint
    [[nodiscard]] Point precondition(const Point& gradient, const Eigen::VectorXd& scale) const;
    [[nodiscard]] Eigen::VectorXd rescaling(const State& state) const;
    [[nodiscard]] Point newton_step(const State& state) const;
    [[nodiscard]] bool descend(State& state, const Point& step, double slope,
                               const Eigen::Ref<const Eigen::VectorXd>& labels) const;
    void evaluate(State& state, const Eigen::Ref<const Eigen::VectorXd>& labels) const;

    Rows rows_;
    Eigen::VectorXd centre_;
    Eigen::LLT<Eigen::MatrixXd> factor_;
    Eigen::VectorXd diagonal_;  // of what was factored, in the columns
    double curvature_;          // of the loss per row, when all rows have log-odds of the labels' share
    double ridge_;
    bool dual_;  // factor_ is of rows x rows, not columns x columns
};

}  // namespace vedette::inline v0::drift
