// SPDX-License-Identifier: Apache-2.0
// Spectra, the noncentral F law and its inversion.
#include "drift/mean_shift.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/matrix_factors.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {

double noncentral_f_sf(double x, double numerator_degrees, double denominator_degrees, double noncentrality) noexcept {
    if (!(noncentrality > 0.0)) return stats::f_sf(x, numerator_degrees, denominator_degrees);
    if (noncentrality > 2000.0) {
        const double mean = numerator_degrees + noncentrality;
        return stats::f_sf(x * numerator_degrees / mean, mean * mean / (mean + noncentrality), denominator_degrees);
    }
    const double half = 0.5 * noncentrality;
    const double spread = 10.0 * std::sqrt(half) + 20.0;
    double sum = 0.0;
    for (double j = std::max(0.0, std::floor(half - spread)); j <= half + spread; j += 1.0) {
        const double weight = std::exp(j * std::log(half) - half - std::lgamma(j + 1.0));
        const double degrees = numerator_degrees + 2.0 * j;
        sum += weight * stats::f_sf(x * numerator_degrees / degrees, degrees, denominator_degrees);
    }
    return std::min(1.0, sum);
}

namespace {

// The noncentrality at which P(F > f) is `tail`; the tail grows with it.
double noncentrality_at(double f, double numerator, double denominator, double tail) {
    if (noncentral_f_sf(f, numerator, denominator, 0.0) >= tail) return 0.0;
    double high = 1.0;
    while (noncentral_f_sf(f, numerator, denominator, high) < tail && high < 1e300) high *= 4.0;
    double low = high / 4.0 < 1.0 ? 0.0 : high / 4.0;
    for (int step = 0; step < 60 && high - low > 1e-10 * high; ++step) {
        const double middle = 0.5 * (low + high);
        (noncentral_f_sf(f, numerator, denominator, middle) < tail ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace

Eigen::VectorXd Spectrum::solve(const Eigen::VectorXd& d, double ridge) const {
    const Eigen::VectorXd inner = (vectors.transpose() * d).array() / (values.array() + ridge);
    return vectors * inner;
}

Eigen::VectorXd Spectrum::residual(const Eigen::VectorXd& d) const {
    return d - vectors * (vectors.transpose() * d);
}

Spectrum spectrum_of(const Eigen::MatrixXd& covariance, bool keep_all) {
    const stats::SymmetricEigen eigen = stats::symmetric_eigen(covariance);
    if (!eigen.converged) throw Error(ErrorCode::internal, "the covariance has no eigenvalues");
    const Eigen::VectorXd& values = eigen.values;
    const double limit = values.size() == 0 ? 0.0 : 1e-10 * std::max(0.0, values[values.size() - 1]);
    Eigen::Index first = 0;
    while (!keep_all && first < values.size() && !(values[first] > limit)) ++first;
    const Eigen::Index rank = values.size() - first;
    return {eigen.vectors.rightCols(rank), values.tail(rank).cwiseMax(0.0)};
}

void fill_f_test(TestResult& test, double t2, double factor, double rank, double denominator, double harmonic,
                 double confidence) {
    test.statistic = t2;
    test.degrees_of_freedom = rank;
    if (rank == 0.0) {
        test.p_value = 1.0;
        test.effect = 0.0;
        test.effect_interval = {0.0, 0.0};
        return;
    }
    const double f = t2 * factor;
    test.p_value = stats::f_sf(f, rank, denominator);
    if (!std::isfinite(f)) {
        test.effect = t2;
        test.effect_interval = {t2, t2};
        return;
    }
    const auto distance = [&](double noncentrality) { return std::sqrt(noncentrality / harmonic); };
    test.effect_interval = {distance(noncentrality_at(f, rank, denominator, 0.5 - 0.5 * confidence)),
                            distance(noncentrality_at(f, rank, denominator, 0.5 + 0.5 * confidence))};
    // E F = denominator/(denominator - 2) (rank + noncentrality)/rank; below three degrees F has no mean.
    const double shrink = denominator > 2.0 ? (denominator - 2.0) / denominator : 0.0;
    test.effect = std::clamp(distance(std::max(0.0, f * rank * shrink - rank)), test.effect_interval.lower,
                             test.effect_interval.upper);
}

}  // namespace vedette::inline v0::drift
