// SPDX-License-Identifier: Apache-2.0
// A running total that is released after every step, at the price of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release.hpp"
#include "vedette/privacy/secret_vector.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

/// The binary tree mechanism (Dwork, Naor, Pitassi and Rothblum 2010; Chan, Shi and Song 2011): of the steps so far,
/// every block that the binary digits of their number stand for has a noisy sum of its own, and the total is theirs.
/// A row is in one block of each of the levels, so that all releases together, up to `horizon` of them and each
/// possibly published before the next step's rows are known, have pure differential privacy of epsilon. Noise: discrete
/// Laplace of scale levels x unit.counts_sensitivity() / epsilon, levels = the bits of horizon.
///
/// Memory: two integers per level. Variance of release t: (ones in the binary form of t) x the variance of one draw,
/// exactly. Under a unit that is a user the caller sees to it that no user has more than unit.rows() rows in the whole
/// stream. Where the number of records is public, rows may still move between steps. Move-only: a copy would release
/// other rows under the same noise; what was moved from may only be destroyed, assigned to, or asked for a step, which
/// it refuses. Thread-compatible.
class ContinualCount {
  public:
    static constexpr std::uint64_t longest_horizon = std::uint64_t{1} << 40U;

    /// Pays epsilon for the whole stream. Throws invalid_argument for a horizon outside [1, 2^40] or a scale above
    /// 2^40, and what the budget throws.
    ContinualCount(const PrivacyUnit& unit, std::uint64_t horizon, Epsilon epsilon, ReleaseBudget& budget,
                   const stats::Confidence& confidence = stats::Confidence(0.95));
    ContinualCount(const ContinualCount&) = delete;
    ContinualCount& operator=(const ContinualCount&) = delete;
    ContinualCount(ContinualCount&&) noexcept = default;
    ContinualCount& operator=(ContinualCount&&) noexcept = default;
    ~ContinualCount() { detail::wipe_memory(&total_, sizeof total_); }

    /// Ends a step in which so many rows came, and releases the total of all steps. The interval holds the true total
    /// at this step (Chernoff's bound of the sum of the draws). `spent` is 0: the constructor has paid. Throws
    /// budget_exhausted after the horizon, overflow beyond 2^61 rows, io_error without entropy; nothing has changed
    /// then. O(levels).
    Release step(std::uint64_t rows);
    /// For the library's own use.
    Release step(std::uint64_t rows, detail::Keystream& keystream);

    /// The state between two steps, for a process that goes on later. NOT private: the bytes hold true totals, and
    /// with what was released the noise; keep them as secret as the rows, and wipe them. Go on from each saved state
    /// once: two continuations would each release under noise that was paid for one.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    /// Throws Error: corrupt_data for what cannot be a state, unsupported_version.
    [[nodiscard]] static ContinualCount from_bytes(std::span<const std::byte> bytes);

    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    [[nodiscard]] std::uint64_t horizon() const noexcept { return horizon_; }
    [[nodiscard]] double scale() const noexcept { return noise_.scale(); }
    /// Of the release after `step` steps.
    [[nodiscard]] double variance(std::uint64_t step) const noexcept;

  private:
    ContinualCount(std::uint64_t horizon, double scale, double alpha);

    std::uint64_t horizon_;
    DiscreteLaplace noise_;
    double alpha_;
    std::uint64_t steps_ = 0;
    std::uint64_t total_ = 0;
    detail::SecretVector<std::int64_t> exact_, noisy_;  // of the block at each level
};

}  // namespace vedette::inline v0::privacy
