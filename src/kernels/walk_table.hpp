// SPDX-License-Identifier: Apache-2.0
// Kernels that walk through two samples in their pooled order without sorting them first.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vedette::inline v0::kernels {

/// What is added up over the tie groups. With c and d a group's reference and live values, n m (F - G) before and after
/// it, H the pooled distribution function:
enum class WalkSum : std::uint8_t {
    squares,              ///< (c + d)(before^2 + before after + after^2); (c + d)^3
    midrank_squares,      ///< Anderson and Darling's terms by midranks; (c + d)^3 - (c + d)
    right_squares,        ///< the same at the group's end
    placements,           ///< twice U; its tie cubes; the squared placements of live, and of reference values
    absolute_difference,  ///< half the integral of |F - G|
    squared_difference,   ///< half the integral of (F - G)^2
};
inline constexpr std::size_t walk_sums = 4;

/// Values go to buckets with so many places each; a chunk with a fuller bucket is declined.
inline constexpr std::size_t walk_places = 16;
/// Buckets run in groups of so many, each in a lane of its own.
template <class T>
inline constexpr std::size_t walk_lanes = 64 / sizeof(T);
inline constexpr std::size_t most_walk_values = 32768;
/// How many buckets a chunk of `count` values takes: 4.5 values each, so that ten places mostly do.
template <class T>
constexpr std::size_t walk_buckets(std::size_t count) noexcept {
    return (2 * count / 9 / walk_lanes<T> + 1) * walk_lanes<T>;
}

/// Neighbouring values of the pooled order, not sorted, and room to sort them in.
template <class T>
struct WalkChunk {
    const T* values;  ///< the reference's, then the live ones
    std::size_t reference_count;
    std::size_t live_count;
    WalkSum sum;
    double n, m;             ///< of all values of the reference, and of the live side
    T* places;               ///< (walk_places + 1) * walk_buckets, aligned to 64 bytes
    std::uint16_t* buckets;  ///< as many as values
    std::uint16_t* counts;   ///< 4 * walk_buckets
};

/// How far the walk has come.
struct WalkState {
    double reference_below = 0.0;  ///< values passed
    double live_below = 0.0;
    double previous = __builtin_nan("");  ///< the last of them
    double sums[walk_sums] = {};
};

template <class T>
struct WalkKernels {
    /// Walks through a chunk of at most `most_walk_values` values, all finite or infinite; false, and nothing changed,
    /// if they are not spread evenly enough or not finite. noexcept, allocates nothing, gives the same bits on every
    /// instruction set. Its time depends on the values only by whether it declines and by how full the fullest buckets
    /// are.
    bool (*walk)(const WalkChunk<T>*, WalkState*) noexcept;
};

}  // namespace vedette::inline v0::kernels
