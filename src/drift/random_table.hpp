// SPDX-License-Identifier: Apache-2.0
// Random tables of counts with given margins, as relabelling all items at random would give them, without the items.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {

/// ln(k!) by basic arithmetic alone, so that every machine and instruction set has the same bits; relative error below
/// 1e-14. Numbers below `table_size` are looked up.
class LogFactorials {
  public:
    explicit LogFactorials(std::size_t table_size);
    [[nodiscard]] double operator()(std::uint64_t k) const {
        return k < table_.size() ? table_[static_cast<std::size_t>(k)] : stirling(k);
    }
    /// ln of the number of ways to choose.
    [[nodiscard]] double choose(std::uint64_t from, std::uint64_t chosen) const {
        return (*this)(from) - (*this)(chosen) - (*this)(from - chosen);
    }

  private:
    static double stirling(std::uint64_t k);
    std::vector<double> table_;
};

/// How many of `draws` items, drawn without replacement from `successes + failures`, are successes; draws is at most
/// their sum, which is at most 2^32. Item by item where few are drawn, else Stadlober's (1990) ratio of uniforms: O(1)
/// whatever the numbers.
std::uint64_t random_hypergeometric(Random& random, const LogFactorials& log_factorial, std::uint64_t successes,
                                    std::uint64_t failures, std::uint64_t draws);

/// Fills `cells` (rows.size() * columns.size(), row after row) with a table of these margins. O(cells).
void random_table(Random& random, const LogFactorials& log_factorial, std::span<const std::uint64_t> rows,
                  std::span<const std::uint64_t> columns, std::span<std::uint64_t> cells);

}  // namespace vedette::inline v0::drift
