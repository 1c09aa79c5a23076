// SPDX-License-Identifier: Apache-2.0
// Sorting numbers by their bits: no comparisons, so no data that makes it slow.
#pragma once

#include <span>

namespace vedette::inline v0::stats {

/// Ascending, without NaN; -0 before +0. Least-significant-digit radix sort by digits of eight bits, of which constant
/// ones are skipped; std::sort for a few hundred values. O(n), with a buffer of the same size. Time depends on n alone,
/// but for digits that are constant (less) and for the cache.
void sort_ascending(std::span<float> values);
void sort_ascending(std::span<double> values);

}  // namespace vedette::inline v0::stats
