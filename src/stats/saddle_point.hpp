// SPDX-License-Identifier: Apache-2.0
// The parts of Loader's (2000) saddle-point form of a binomial probability.
#pragma once

namespace vedette::inline v0::stats {

/// What Stirling's ln n! = (n + 1/2) ln n - n + ln(2 pi)/2 lacks, of any n above 0.
double stirling_error(double n) noexcept;

/// x ln(x/m) + m - x without the cancellation of its parts where x is near m. `difference` is x - m, given apart where
/// the caller knows it better than x and m tell.
double deviance(double x, double m, double difference) noexcept;

}  // namespace vedette::inline v0::stats
