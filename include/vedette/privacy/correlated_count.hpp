// SPDX-License-Identifier: Apache-2.0
// A running total under correlated Gaussian noise: less of it than a tree's, from a few numbers of state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/privacy_unit.hpp"
#include "vedette/privacy/release_loss.hpp"
#include "vedette/privacy/secret_vector.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

/// How the matrix of running totals (ones on and below the diagonal) is factored into B C.
enum class CountFactor : std::uint8_t {
    /// C = B = its root, the Toeplitz matrix of c_0 = 1, c_k = c_(k-1) (1 - 1 / (2k)), the coefficients of
    /// (1 - x)^(-1/2), whose square is that of ones, 1 / (1 - x) (for counting: Fichtenberger, Henzinger and Upadhyay
    /// 2023). Step t takes O(t) time, the state 32 bytes per step of the horizon.
    toeplitz_root,
    /// C = the buffered linear Toeplitz matrix of c_0 = 1, c_k = sum_j scale_j decay_j^(k-1) with d buffers
    /// (Dvijotham, McMahan, Pillutla, Steinke and Thakurta 2024; the definition as in McMahan and Pillutla 2025): O(d)
    /// time and memory. Decays and scales are ours, not theirs: the nodes and weights of the
    /// trapezoidal rule, in the logarithm of the rate from e^-3 / horizon to about 1, for the Beta integral that the
    /// root's coefficients are, c_k = B(k + 1/2, 1/2) / pi = 1/pi integral of x^(k-1) sqrt(x / (1 - x)) over (0, 1).
    /// Privacy does not hang on how near they come to the root: the sensitivity is that of the coefficients as they
    /// are.
    buffered_toeplitz,
};

/// The matrix mechanism on counts (Li, Miklau, Hay, McGregor and Rastogi 2015), streaming: of the rows x_1, x_2, ... of
/// each step, w = C x, rounded down to a grid of 2^-k, and independent discrete Gaussian noise on it; what is released
/// is w turned into running totals by B alone, so that floating point on that side costs no privacy. All releases
/// together, even where each is published before the next step's rows are known (Denisov et al. 2022), lose what w
/// with its noise does: rho, by the sensitivity in Euclid's norm
///   units x ||first column of C|| + sqrt(horizon) grid steps for rounding down,
/// units = unit.counts_sensitivity(): a unit's rows may lie in any steps. The state, the coefficients and the rounding
/// are exact integers.
///
/// Variance of release t: at most sigma^2 (b_0^2 + ... + b_(t-1)^2), b the first column of B. At horizon 2^10 the worst
/// is about a tenth of a binary tree's under Gaussian noise of the same rho. Move-only, as ContinualCount; and as
/// there, what is moved from refuses steps, and under a unit that is a user the caller limits the rows.
/// Thread-compatible.
class CorrelatedCount {
  public:
    static constexpr std::uint64_t longest_root_horizon = std::uint64_t{1} << 20U;
    static constexpr std::uint64_t longest_buffered_horizon = std::uint64_t{1} << 40U;
    static constexpr std::size_t most_buffers = 64;

    /// Pays for the whole stream. `buffers` 0: (log(horizon) + 3) / 2.5 + 2 of them, from 3 to 15, with which the
    /// worst variance is within 1 % of the root's; of no meaning for the root. Throws invalid_argument for a pure loss,
    /// a horizon of 0 or beyond the longest, more than 64 buffers, or rho outside [2^-24, 2^20], and what the budget
    /// throws.
    CorrelatedCount(const PrivacyUnit& unit, std::uint64_t horizon, CountFactor factor, const ReleaseLoss& loss,
                    ReleaseBudget& budget, std::size_t buffers = 0,
                    const stats::Confidence& confidence = stats::Confidence(0.95));
    CorrelatedCount(const CorrelatedCount&) = delete;
    CorrelatedCount& operator=(const CorrelatedCount&) = delete;
    CorrelatedCount(CorrelatedCount&& other) noexcept;
    CorrelatedCount& operator=(CorrelatedCount&& other) noexcept;
    ~CorrelatedCount() { detail::wipe_memory(&total_, sizeof total_); }

    /// Ends a step in which so many rows came, and releases the total of all steps. The interval holds the true total
    /// (the sum of the draws is sub-Gaussian with its variance). `spent` is 0: the constructor has paid. Throws
    /// budget_exhausted after the horizon, overflow beyond 2^56 rows, io_error without entropy; nothing has changed
    /// then.
    Release step(std::uint64_t rows);
    /// For the library's own use.
    Release step(std::uint64_t rows, detail::Keystream& keystream);

    /// The state between two steps, for a process that goes on later. There is no noise in it but what was released:
    /// that of each step is new. NOT private all the same: the bytes hold sums of the true rows. Keep them as secret as
    /// the rows, and wipe them; what this object holds is wiped when it goes. Go on from each saved state once: of two
    /// continuations each would noise the same sums anew, and together they lose twice what was paid. Throws
    /// invalid_argument for what was moved from. O(steps) for the root.
    [[nodiscard]] std::vector<std::byte> to_bytes() const;
    /// Throws Error: corrupt_data for what cannot be a state, unsupported_version. Whoever can write the bytes can also
    /// ask for less noise: they are not signed.
    [[nodiscard]] static CorrelatedCount from_bytes(std::span<const std::byte> bytes);

    [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
    [[nodiscard]] std::uint64_t horizon() const noexcept { return horizon_; }
    [[nodiscard]] CountFactor factor() const noexcept { return factor_; }
    /// Of the noise on w, in rows.
    [[nodiscard]] double sigma() const noexcept;
    /// Of w in Euclid's norm, in rows, rounded up.
    [[nodiscard]] double sensitivity() const noexcept { return sensitivity_; }
    /// rho of all releases together, rounded up.
    [[nodiscard]] double rho() const noexcept;
    /// Of the release after `step` steps, at most. O(step d), or O(step^2) for the root.
    [[nodiscard]] double variance(std::uint64_t step) const;

    /// Decays and scales of the buffers, empty for the root.
    [[nodiscard]] std::span<const double> decays() const noexcept { return decays_; }
    [[nodiscard]] std::span<const double> scales() const noexcept { return scales_; }

  private:
    static constexpr std::uint64_t most_counted = std::uint64_t{1} << 56U;
    static constexpr unsigned fraction_bits = 60;  // of the buffers: totals take 57 bits more
    static constexpr int most_grid_bits = 50;      // the root's coefficients are exact in doubles

    /// A whole number of 2^-60 rows; the halves of a 128-bit integer.
    struct Fixed {
        std::uint64_t low = 0, high = 0;
    };
    /// Turns w into x by C's inverse, forwards.
    class Inverse {
      public:
        /// Before the first `next`, which then allocates nothing.
        void make_room(const CorrelatedCount& owner);
        double next(const CorrelatedCount& owner, double w);
        /// None before the first `next`, whether or not there is room.
        [[nodiscard]] std::span<const double> state() const noexcept {
            return {state_.data(), steps_ == 0 ? 0 : state_.size()};
        }
        void restore(std::span<const double> state, std::uint64_t steps);

      private:
        std::vector<double> state_;  // the buffers, or all x so far
        std::size_t steps_ = 0;
    };
    CorrelatedCount(std::uint64_t horizon, CountFactor factor, int grid_bits, double alpha);
    void make_buffers(std::size_t buffers);
    void make_root();
    void move_root_to_grid();
    [[nodiscard]] double column_length() const;
    [[nodiscard]] double noisy(std::uint64_t rows, std::int64_t noise) const;
    void remember(std::uint64_t rows);

    std::uint64_t horizon_;
    CountFactor factor_;
    int grid_bits_ = 0;
    double alpha_, sensitivity_ = 0.0;
    std::vector<double> decays_, scales_, root_;  // exact multiples of 2^-64, or of the grid
    std::vector<DiscreteGaussian> noise_;         // one; none once moved from
    std::uint64_t steps_ = 0, total_ = 0;
    detail::SecretVector<Fixed> buffers_;
    detail::SecretVector<std::uint64_t> rows_;  // of all steps, for the root
    Inverse rows_of_, column_of_;               // what B does to w, and to the first unit vector
    double value_ = 0.0, largest_ = 0.0, column_ = 0.0, squares_ = 0.0;
};

}  // namespace vedette::inline v0::privacy
