// SPDX-License-Identifier: Apache-2.0
// Distances between samples in the unit, and with the shortcuts, of other packages.
#pragma once

#include "vedette/drift/divergences.hpp"

namespace vedette::inline v0::drift::presets {

/// Wasserstein-1, the energy distance or that of Kolmogorov and Smirnov of two finite samples that are not empty, as
/// the package has it; the caller has checked that it does.
template <class T>
double distance(DivergencePreset preset, Divergence divergence, const SortedSample<T>& reference,
                const SortedSample<T>& live);

}  // namespace vedette::inline v0::drift::presets
