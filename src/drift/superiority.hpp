// SPDX-License-Identifier: Apache-2.0
// The probability that a live value exceeds a reference value: its estimate from two sorted samples, its variances with
// ties, and the interval that follows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "vedette/core/evidence.hpp"

namespace vedette::inline v0::drift {

/// Twice Mann and Whitney's U, tie cubes and the sums of squared placements, in one pass over the tie groups.
struct PlacementSums {
    double n = 0.0;
    double m = 0.0;
    double below = 0.0;       // reference values passed
    double live_below = 0.0;  // live values passed
    double twice_u = 0.0;     // of the live values: 2 (below + ties/2) each
    double tie_cubes = 0.0;   // sum of t^3 - t
    double live_squares = 0.0;
    double reference_squares = 0.0;

    template <class T>
    void operator()(T, std::size_t c_count, std::size_t d_count) {
        const auto c = static_cast<double>(c_count);
        const auto d = static_cast<double>(d_count);
        const double live_place = 2.0 * below + c;
        const double reference_place = 2.0 * live_below + d;
        twice_u += d * live_place;
        live_squares += d * live_place * live_place;
        reference_squares += c * reference_place * reference_place;
        const double t = c + d;
        tie_cubes += t * (t * t - 1.0);
        below += c;
        live_below += d;
    }
    [[nodiscard]] double estimate() const { return 0.5 * twice_u / (n * m); }
};

/// The variance of U when labels are a random choice, given the ties.
inline double permutation_variance(const PlacementSums& sums) {
    const double total = sums.n + sums.m;
    // Two values can only be tied or not; their correction's denominator is not 0.
    const double ties = total > 1.0 ? sums.tie_cubes / (total * (total - 1.0)) : 0.0;
    return sums.n * sums.m / 12.0 * std::max(0.0, total + 1.0 - ties);
}

/// Newcombe's (2006) variance of the estimate at the true value theta.
inline double model_variance(double theta, double n, double m) {
    const double rest = 0.5 * (n + m) - 1.0;
    return theta * (1.0 - theta) * (1.0 + rest * ((1.0 - theta) / (2.0 - theta) + theta / (1.0 + theta))) / (n * m);
}

/// DeLong's variance of the estimate, from the spread of the placements: of live values among the reference, whose mean
/// is the estimate, and of reference values among the live ones, whose mean is the rest.
inline double placement_variance(const PlacementSums& sums) {
    const double mean = sums.twice_u / (sums.n * sums.m);
    const auto part = [](double squares, double count, double other, double centre) {
        if (count < 2.0) return 0.0;
        return 0.25 * std::max(0.0, squares / (other * other * count) - centre * centre) / (count - 1.0);
    };
    return part(sums.live_squares, sums.m, sums.n, mean) + part(sums.reference_squares, sums.n, sums.m, 2.0 - mean);
}

/// Where |estimate - theta| = z sqrt(variance(theta)), on either side, within [0, 1]. `model(theta)` is a variance,
/// widened where the placements vary more than it says.
template <class Model>
Interval superiority_interval(double estimate, double placements, double z, Model&& model) {
    const double here = model(estimate);
    const double widen = here > 0.0 ? std::max(1.0, placements / here) : 1.0;
    const auto edge = [&](double outer) {
        double inside = estimate;
        double outside = outer;
        for (int step = 0; step < 60; ++step) {
            const double theta = 0.5 * (inside + outside);
            const double distance = estimate - theta;
            const bool covered = distance * distance <= z * z * widen * model(theta);
            (covered ? inside : outside) = theta;
        }
        return outside;
    };
    return {edge(0.0), edge(1.0)};
}

}  // namespace vedette::inline v0::drift
