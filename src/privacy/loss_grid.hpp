// SPDX-License-Identifier: Apache-2.0
// Privacy losses put upon a grid so that the hockey-stick curve lies above, or below, the true one.
#pragma once

#include <cstdint>
#include <vector>

#include "privacy/loss_law.hpp"

namespace vedette::inline v0::privacy {

/// Masses under P at the losses (first + i) * step, and at infinity. What it lacks of 1 is at minus infinity.
struct LossMeasure {
    std::int64_t first = 0;
    std::vector<double> mass;
    double infinite = 0.0;
};

/// The number of grid points that a law takes.
double grid_points(const LossLaw& law, double step, double tail);
/// Above the true curve everywhere, and equal to it at the grid points but for P-masses of `tail` at the ends.
LossMeasure chords(const LossLaw& law, double step, double tail);
/// Below the true curve everywhere: it touches it between the grid points.
LossMeasure tangents(const LossLaw& law, double step, double tail);

}  // namespace vedette::inline v0::privacy
