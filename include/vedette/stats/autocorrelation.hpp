// SPDX-License-Identifier: Apache-2.0
// How far a series remembers itself, and so how far apart its rows must be taken to pass for independent ones.
#pragma once

#include <cstddef>
#include <span>

namespace vedette::inline v0::stats {

/// The integrated autocorrelation time 1 + 2 (rho_1 + rho_2 + ...) of a series in the order of time: its n values tell
/// about a mean as much as n / time independent ones. Never below 1; 1 for a constant series or fewer than 4 values; at
/// most n, which stands for "no end of the correlation in sight" (a trend). Geyer's (1992) initial monotone sequence
/// estimator. Throws Error(invalid_argument) for a value that is not finite. About 2^28 operations at most: a longer
/// memory than they reach is looked for in the series thinned by eight.
double autocorrelation_time(std::span<const double> values);

/// Of how many consecutive rows to keep one, so that tests which take rows as exchangeable hold their level: twice the
/// longest autocorrelation time of the ranks (level) and of their distances from the middle (spread, as in bursts of
/// extremes), or 1 when neither shows more memory than noise does: Ljung and Box's test of ten lags at the level 1e-5,
/// so that hardly one in 50,000 independent series gives another answer. At most n: such a series cannot be thinned.
/// Ranks make the answer indifferent to monotone transformations and to heavy tails. Errors and cost as above, plus a
/// sort.
std::size_t thinning_interval(std::span<const double> values);

}  // namespace vedette::inline v0::stats
