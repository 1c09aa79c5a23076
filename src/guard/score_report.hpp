// SPDX-License-Identifier: Apache-2.0
// What the scores of a policy found in a window.
#pragma once

#include <vector>

#include "vedette/guard/report.hpp"

namespace vedette::inline v0 {

/// `drifted`: a test of the window is an alarm, so that calibrations no longer hold.
/// `noise`: of a noised window's counters; null for exact ones.
std::vector<ScoreReport> assess_scores(const Baseline& baseline, const Window& window, const Policy& policy,
                                       bool drifted, const ReleaseNoise* noise = nullptr);

}  // namespace vedette::inline v0
