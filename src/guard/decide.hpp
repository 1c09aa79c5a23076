// SPDX-License-Identifier: Apache-2.0
// From evidence to a decision: the two keys of an alarm.
#pragma once

#include <algorithm>
#include <cmath>

#include "vedette/core/evidence.hpp"
#include "vedette/core/verdict.hpp"

namespace vedette::inline v0 {

/// A signed difference of rates as a share that moved, whichever way.
inline Interval magnitude(const Interval& signed_interval) {
    const double low = std::abs(signed_interval.lower);
    const double high = std::abs(signed_interval.upper);
    const bool spans_zero = signed_interval.lower <= 0.0 && signed_interval.upper >= 0.0;
    return {spans_zero ? 0.0 : std::min(low, high), std::max(low, high)};
}

// Both keys must turn: evidence at the level, and a moved share that is surely above the tolerance.
template <class AnyEvidence>
Decision decide(const AnyEvidence& evidence, double level, double tolerance) {
    if (std::isnan(evidence.adjusted_p_value)) return Decision::not_evaluated;
    if (evidence.adjusted_p_value > level) return Decision::pass;
    return tolerance == 0.0 || evidence.moved_share_interval.lower > tolerance ? Decision::alarm : Decision::warn;
}

}  // namespace vedette::inline v0
