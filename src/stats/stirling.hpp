// SPDX-License-Identifier: Apache-2.0
// The remainder of Stirling's formula.
#pragma once

namespace vedette::inline v0::stats {

/// What Stirling's ln Gamma(a) = (a - 1/2) ln a - a + ln(2 pi)/2 lacks, by its series; for a > 20 the first term left
/// out is 1e-17.
inline double stirling_correction(double a) noexcept {
    const double per_a = 1.0 / a;
    const double z = per_a * per_a;
    return per_a * (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188)))));
}

}  // namespace vedette::inline v0::stats
