// SPDX-License-Identifier: Apache-2.0
// What a statistical test hands back: never a bare score, always evidence with an effect and its interval.
#pragma once

#include <limits>

namespace vedette::inline v0 {

/// A closed interval that contains the true value with the stated confidence.
struct Interval {
    double lower = std::numeric_limits<double>::quiet_NaN();
    double upper = std::numeric_limits<double>::quiet_NaN();
};

/// A two-sample test's answer. NaN marks what a test does not define.
struct TestResult {
    double statistic = std::numeric_limits<double>::quiet_NaN();
    double p_value = std::numeric_limits<double>::quiet_NaN();  ///< in [0, 1]
    double degrees_of_freedom = std::numeric_limits<double>::quiet_NaN();
    double effect = std::numeric_limits<double>::quiet_NaN();  ///< in the unit the test documents; 0 = no change
    Interval effect_interval{};                                ///< at the confidence the caller asked for
    double reference_count = 0.0;                              ///< observations that took part
    double live_count = 0.0;
};

}  // namespace vedette::inline v0
