// SPDX-License-Identifier: Apache-2.0
// The extremes of a difference of distribution functions, from counts in buckets and the few values that matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drift/bucket_map.hpp"
#include "vedette/drift/sorted_sample.hpp"

namespace vedette::inline v0::drift {

/// The largest and smallest n m (F - G), F of n reference and G of m live values. Where only one of them, or the larger
/// of their sizes, is asked for, the other may be reported smaller in size than it is.
struct DifferenceExtremes {
    std::int64_t largest = 0;
    std::int64_t smallest = 0;
};
enum class Wanted : std::uint8_t { largest_size, largest, smallest, both };

/// What BucketedSample freezes.
template <class T>
struct BucketTable {
    explicit BucketTable(SortedSample<T> sorted);

    SortedSample<T> sample;
    std::optional<BucketMap<T>> map;  // none for an empty sample
    /// levels[s]: reference values at or below the last of each 2^s neighbouring buckets, after a leading 0.
    std::vector<std::vector<std::uint32_t>> levels;
};

/// Neither sample is empty; fewer than 2^32 values each. O(n) and O(m), no sort but of single buckets.
template <class T>
DifferenceExtremes difference_extremes(const BucketTable<T>& reference, std::span<const T> live, Wanted wanted);
/// The same for two samples that are seen once. Empty when no buckets spread them evenly enough: sorting is quicker.
template <class T>
std::optional<DifferenceExtremes> difference_extremes(std::span<const T> reference, std::span<const T> live,
                                                      Wanted wanted);

}  // namespace vedette::inline v0::drift
