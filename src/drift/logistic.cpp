// SPDX-License-Identifier: Apache-2.0
// Newton's method for a strictly convex loss: it converges whatever the data, separable ones included.
#include "drift/logistic.hpp"

#include <algorithm>
#include <cmath>

namespace vedette::inline v0::drift {
namespace {

// Of the squared Newton decrement, twice what the next step gains. Below this, the quadratic model is as good as the
// loss, whose comparison would compare rounding; and one more step, whose error is the square, ends the fit. In parts
// of the loss where that is small, that is where data are separated.
double last_decrement(double loss) {
    return 1e-7 * std::min(1.0, loss);
}

}  // namespace

struct LogisticTrainer::State {
    Point point;
    Eigen::VectorXd log_odds;
    Eigen::VectorXd weights;  // p (1 - p)
    Point gradient;
    double loss = 0.0;
};

LogisticTrainer::LogisticTrainer(const Rows& rows, const Eigen::MatrixXd& cross_products, double positive_share,
                                 double inverse_regularisation)
    : rows_(rows),
      centre_(rows.colwise().mean().transpose()),
      curvature_(positive_share * (1.0 - positive_share)),
      ridge_(1.0 / inverse_regularisation),
      dual_(rows.cols() > rows.rows()) {
    const auto count = static_cast<double>(rows.rows());
    Eigen::MatrixXd scatter;
    if (dual_) {
        // (s X'X + r)^-1 = (1 - X'(X X' + r/s)^-1 X)/r
        const Eigen::MatrixXd centred = rows.rowwise() - centre_.transpose();
        scatter = Eigen::MatrixXd::Zero(rows.rows(), rows.rows());
        scatter.selfadjointView<Eigen::Lower>().rankUpdate(centred);
        scatter.diagonal().array() += ridge_ / curvature_;
        diagonal_ = curvature_ * centred.colwise().squaredNorm().transpose();
        diagonal_.array() += ridge_;
    } else {
        scatter = curvature_ * (cross_products - count * centre_ * centre_.transpose());
        scatter.diagonal().array() += ridge_;
        diagonal_ = scatter.diagonal();
    }
    factor_.compute(scatter);
}

Eigen::VectorXd LogisticTrainer::apply(const Point& point) const {
    Eigen::VectorXd result(rows_.rows());
    result.noalias() = rows_ * point.slope;
    result.array() += point.level - centre_.dot(point.slope);
    return result;
}

LogisticTrainer::Point LogisticTrainer::apply_transposed(const Eigen::VectorXd& values) const {
    Point point{Eigen::VectorXd(rows_.cols()), values.sum()};
    point.slope.noalias() = rows_.transpose() * values;
    point.slope -= point.level * centre_;
    return point;
}

LogisticTrainer::Point LogisticTrainer::precondition(const Point& gradient, const Eigen::VectorXd& scale) const {
    Point result;
    const Eigen::VectorXd slope = gradient.slope.cwiseProduct(scale);
    result.level = gradient.level / (curvature_ * static_cast<double>(rows_.rows()));
    if (dual_) {
        const Eigen::VectorXd inner = factor_.solve(apply({slope, 0.0}));
        result.slope = (slope - apply_transposed(inner).slope) / ridge_;
    } else {
        result.slope = factor_.solve(slope);
    }
    result.slope.array() *= scale.array();
    return result;
}

void LogisticTrainer::evaluate(State& state, const Eigen::Ref<const Eigen::VectorXd>& labels) const {
    Eigen::VectorXd residuals(rows_.rows());
    state.weights.resize(rows_.rows());
    double loss = 0.0;
    for (Eigen::Index i = 0; i < rows_.rows(); ++i) {
        const double odds = state.log_odds[i];
        const double small = std::exp(-std::abs(odds));
        const double likelier = 1.0 / (1.0 + small);
        const double probability = odds >= 0.0 ? likelier : small * likelier;
        residuals[i] = probability - labels[i];
        state.weights[i] = small * likelier * likelier;
        loss += std::max(odds, 0.0) - labels[i] * odds + std::log1p(small);
    }
    state.loss = loss + 0.5 * ridge_ * state.point.slope.squaredNorm();
    state.gradient = apply_transposed(residuals);
    state.gradient.slope += ridge_ * state.point.slope;
}

// What makes the preconditioner's diagonal that of the Hessian. Rows far from all others hold most of a heavy-tailed
// column's squares, and once the model knows them they weigh next to nothing: without this, Cauchy columns take ten
// times the conjugate gradients of normal ones.
Eigen::VectorXd LogisticTrainer::rescaling(const State& state) const {
    constexpr double worth_it = 0.25;
    if (state.weights.minCoeff() >= worth_it * curvature_) return Eigen::VectorXd::Ones(rows_.cols());
    Eigen::VectorXd scale(rows_.cols());
    for (Eigen::Index j = 0; j < rows_.cols(); ++j) {
        const double curved = (rows_.col(j).array() - centre_[j]).square().matrix().dot(state.weights) + ridge_;
        scale[j] = std::sqrt(diagonal_[j] / curved);
    }
    return scale;
}

// Conjugate gradients on the Hessian, stopped the sooner the farther the minimum is: a rough step is then as good.
LogisticTrainer::Point LogisticTrainer::newton_step(const State& state) const {
    const Eigen::VectorXd scale = rescaling(state);
    Point step{Eigen::VectorXd::Zero(rows_.cols()), 0.0};
    Point residual{-state.gradient.slope, -state.gradient.level};
    Point preconditioned = precondition(residual, scale);
    Point direction = preconditioned;
    // Squared, of the gradient, by the preconditioner.
    double norm = residual.slope.dot(preconditioned.slope) + residual.level * preconditioned.level;
    const double enough = std::min(1e-2, norm) * norm;
    const Eigen::Index limit = 2 * std::min(rows_.rows(), rows_.cols()) + 20;
    for (Eigen::Index iteration = 0; iteration < limit && norm > enough; ++iteration) {
        const Eigen::VectorXd change = apply(direction);
        Point curved = apply_transposed(state.weights.cwiseProduct(change));
        curved.slope += ridge_ * direction.slope;
        const double curvature = direction.slope.dot(curved.slope) + direction.level * curved.level;
        if (!(curvature > 0.0)) break;  // rounding: the exact one is positive
        const double length = norm / curvature;
        step.slope += length * direction.slope;
        step.level += length * direction.level;
        residual.slope -= length * curved.slope;
        residual.level -= length * curved.level;
        preconditioned = precondition(residual, scale);
        const double next = residual.slope.dot(preconditioned.slope) + residual.level * preconditioned.level;
        direction.slope = preconditioned.slope + next / norm * direction.slope;
        direction.level = preconditioned.level + next / norm * direction.level;
        norm = next;
    }
    return step;
}

// Halves the step until the loss falls by a fair part of what its slope promises; false when it does not fall at all.
bool LogisticTrainer::descend(State& state, const Point& step, double slope,
                              const Eigen::Ref<const Eigen::VectorXd>& labels) const {
    const Eigen::VectorXd change = apply(step);
    const State before = state;
    double length = 1.0;
    for (int halving = 0; halving < 60; ++halving, length *= 0.5) {
        state.point.slope = before.point.slope + length * step.slope;
        state.point.level = before.point.level + length * step.level;
        state.log_odds = before.log_odds + length * change;
        evaluate(state, labels);
        if (-slope <= last_decrement(before.loss) || state.loss <= before.loss + 1e-4 * length * slope) return true;
    }
    state = before;
    return false;
}

LogisticModel LogisticTrainer::fit(const Eigen::Ref<const Eigen::VectorXd>& labels, std::size_t maximum_iterations,
                                   const LogisticModel& start) const {
    State state;
    state.point = {start.coefficients, start.intercept + centre_.dot(start.coefficients)};
    state.log_odds = apply(state.point);
    evaluate(state, labels);
    bool converged = false;
    for (std::size_t i = 0; i < maximum_iterations && !converged; ++i) {
        const Point step = newton_step(state);
        const double slope = state.gradient.slope.dot(step.slope) + state.gradient.level * step.level;
        // By the curvature here: the preconditioner's estimate is too small where data are separated, and flat.
        converged = -slope <= last_decrement(state.loss);
        converged = !descend(state, step, slope, labels) || converged;
    }
    return {state.point.slope, state.point.level - centre_.dot(state.point.slope), converged};
}

}  // namespace vedette::inline v0::drift
