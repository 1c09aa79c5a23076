// SPDX-License-Identifier: Apache-2.0
// Permutation tests: random splits of the pooled sample, and the p-value that counts the observed one in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::inline v0::stats {

/// Split number `index` under `seed`: a uniformly random choice of `chosen` of the labels.size() pooled observations,
/// 1 where chosen and 0 elsewhere. A function of its arguments alone, so splits may be drawn in any order, on any
/// number of threads, on any machine. Exactly uniform given Philox's words (selection sampling, Knuth's algorithm S,
/// with draws refined where 32 bits do not decide). Throws Error(invalid_argument) for chosen > labels.size() or more
/// than 2^32 - 1 labels. O(labels.size()), thread-safe, no allocation.
void random_split(std::uint64_t seed, std::uint64_t index, std::size_t chosen, std::span<std::uint8_t> labels);

/// (1 + as_extreme)/(permutations + 1): never 0, and P(p <= level) <= level exactly (Phipson and Smyth 2010).
double permutation_p_value(std::uint64_t as_extreme, std::uint64_t permutations) noexcept;

/// Whether a permuted statistic counts as at least as extreme as the observed one. Equal statistics may differ by
/// rounding, since sums run in another order; a relative 1e-12 keeps such ties on the conservative side.
constexpr bool is_as_extreme(double permuted, double observed) noexcept {
    const double size = observed < 0.0 ? -observed : observed;
    return permuted >= observed - 1e-12 * size;
}

}  // namespace vedette::inline v0::stats
