// SPDX-License-Identifier: Apache-2.0
// Quantiles under differential privacy: the exponential mechanism on a grid, over exact integers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/contributions.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/selection.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

/// Which quantile, as a fraction: {1, 2} is the median, {9, 10} the last decile.
class QuantileRank {
  public:
    static constexpr std::uint32_t largest_denominator = 1000;

    /// Throws invalid_argument unless 0 < numerator < denominator <= 1000. Kept in lowest terms.
    QuantileRank(std::uint32_t numerator, std::uint32_t denominator);
    [[nodiscard]] std::uint32_t numerator() const noexcept { return numerator_; }
    [[nodiscard]] std::uint32_t denominator() const noexcept { return denominator_; }

  private:
    std::uint32_t numerator_, denominator_;
};

/// The points that a quantile is chosen from: both bounds and what divides them into equal steps.
class QuantileGrid {
  public:
    static constexpr std::size_t most_steps = std::size_t{1} << 16U;

    /// Throws invalid_argument unless 1 <= steps <= 2^16, and lower < upper.
    QuantileGrid(const Bounds& bounds, std::size_t steps);
    [[nodiscard]] std::size_t points() const noexcept { return steps_ + 1; }
    [[nodiscard]] double point(std::size_t i) const noexcept;
    /// The nearest point of a value that is not NaN.
    [[nodiscard]] std::size_t nearest(double value) const noexcept;

    friend bool operator==(const QuantileGrid& a, const QuantileGrid& b) noexcept {
        return a.steps_ == b.steps_ && a.bounds_.lower() == b.bounds_.lower() && a.bounds_.upper() == b.bounds_.upper();
    }

  private:
    Bounds bounds_;
    std::size_t steps_;
};

/// Values counted at their nearest points; made by a mechanism, not private. Serves all quantiles of that grid.
class QuantilePartial {
  public:
    /// NaN is left out (where the number of records is public, it counts as the grid's middle). Throws invalid_argument
    /// under a unit that is a user, overflow beyond 2^50 values.
    void add(double value);
    void add(std::span<const double> values);
    /// Throws dimension_mismatch for another grid or unit.
    void merge(const QuantilePartial& other);

  private:
    friend class PrivateQuantile;
    QuantilePartial(const PrivacyUnit& unit, const QuantileGrid& grid);
    void count(double value);

    PrivacyUnit unit_;
    QuantileGrid grid_;
    std::vector<std::uint64_t> counts_;
    std::uint64_t total_ = 0;
};

struct QuantileRelease {
    double value = 0.0;
    /// At the confidence, so many rows at most lie between the value and the best point of the grid.
    double rank_error = 0.0;
    Guarantee spent{};
};

/// The quantile numerator / denominator = p / d of the values, each moved to its nearest point of the grid: a point c
/// is chosen with probability proportional to exp(-rate e(c)), where e(c) >= 0 is d times the number of rows by which
/// the rank of c misses p / d of all: the largest of (d - p) below - p (at + above), p above - (d - p) (below + at),
/// and 0. A record moves that by at most max(p, d - p), or d where it is replaced: exact integers throughout. Pure
/// privacy of epsilon per quantile. How long a choice takes depends on the values (see ExponentialMechanism): do not
/// let it be timed. O(points) on average.
class PrivateQuantile {
  public:
    /// Throws invalid_argument for more than 2^26 / d rows per unit, or an epsilon outside [2^-29, 2^20].
    PrivateQuantile(const PrivacyUnit& unit, const QuantileGrid& grid, const QuantileRank& rank, Epsilon epsilon,
                    const stats::Confidence& confidence = stats::Confidence(0.95));

    [[nodiscard]] QuantilePartial partial() const { return {unit_, grid_}; }
    [[nodiscard]] QuantilePartial partial(const Contributions& rows) const;
    [[nodiscard]] QuantileRelease release(const QuantilePartial& partial, ReleaseBudget& budget,
                                          detail::Keystream* keystream = nullptr) const;
    [[nodiscard]] QuantileRelease release(const Contributions& rows, ReleaseBudget& budget,
                                          detail::Keystream* keystream = nullptr) const {
        return release(partial(rows), budget, keystream);
    }
    /// For the library's own use: -e(c) of every point. Not private.
    [[nodiscard]] std::vector<std::int64_t> utilities(const QuantilePartial& partial) const;
    [[nodiscard]] const ExponentialMechanism& mechanism() const noexcept { return mechanism_; }

  private:
    PrivacyUnit unit_;
    QuantileGrid grid_;
    QuantileRank rank_;
    Epsilon epsilon_;
    double alpha_;
    ExponentialMechanism mechanism_;
};

}  // namespace vedette::inline v0::privacy
