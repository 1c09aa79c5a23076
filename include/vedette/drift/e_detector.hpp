// SPDX-License-Identifier: Apache-2.0
// Drift from a reference with a stated mean time between false alarms, for streams that are watched for ever.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"
#include "vedette/drift/rank_bets.hpp"

namespace vedette::inline v0::drift {

/// How the e-processes that start at each value are put together.
enum class EDetectorRule : std::uint8_t {
    shiryaev_roberts = 0,  ///< their sum
    cusum = 1,             ///< each bet's largest, restarted at 1: never above the sum, alarms later
};

struct EDetectorOptions {
    double average_run_length = 10'000.0;  ///< 2 to 1e100: the mean number of values to a false alarm is no smaller
    EDetectorRule rule = EDetectorRule::shiryaev_roberts;
    std::size_t cells = 32;  ///< 4 to 1024, of a reference given as values
    std::uint64_t seed = 1;  ///< of the numbers that break ties
};

/// The e-detector of Shin, Ramdas and Rinaldo (2024) over the bets of RankBets: with M = 0 at the start,
///     M <- (M + 1) factor, averaged over the bets; a change when M >= average_run_length.
/// While reference and live values are exchangeable M - t is a martingale, so the mean time to an alarm equals the mean
/// of M then, at least `average_run_length`: exact, whatever the law and the reference's size, unconditionally over the
/// draw of the reference (given an unlucky reference it may be shorter). Unlike EProcess it pays nothing for a late
/// change, but will alarm some day. After a change the next value starts anew beside the same reference.
///
/// O(log cells) per update, 80 bytes or less per cell.
class EDetector : public MonitorBase {
  public:
    /// Throws what RankBets does, and Error(invalid_argument) for an option out of range.
    explicit EDetector(std::span<const double> reference, const EDetectorOptions& options = {});
    /// From a frozen grid, whose cells are taken; options.cells is not looked at.
    explicit EDetector(const stats::Grid& grid, const EDetectorOptions& options = {});

    MonitorState update(double x) noexcept {
        if (!admit(x)) return state();
        if (take_restart()) clear();
        const RankBets::Factors factors = bets_.bet(x, counts().accepted);
        constexpr double stake = 1.0 / static_cast<double>(RankBets::count);
        const bool sum_up = options_.rule == EDetectorRule::shiryaev_roberts;
        for (std::size_t i = 0; i < RankBets::count; ++i) {
            const double before = sum_up ? stakes_[i] + stake : std::max(stakes_[i], stake);
            stakes_[i] = before * factors[i];
        }
        statistic_ = RankBets::sum(stakes_);
        return settle(statistic_ >= options_.average_run_length ? MonitorState::change : MonitorState::in_control);
    }
    void reset() noexcept;

    [[nodiscard]] const EDetectorOptions& options() const noexcept { return options_; }
    /// What is compared with the average run length.
    [[nodiscard]] double statistic() const noexcept { return statistic_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return bets_.observations(); }
    [[nodiscard]] const RankBets& bets() const noexcept { return bets_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no EDetector writes, Error(unsupported_version).
    [[nodiscard]] static EDetector deserialize(std::span<const std::byte> bytes);

  private:
    EDetector(RankBets bets, const EDetectorOptions& options);
    void clear() noexcept;

    EDetectorOptions options_;
    RankBets bets_;
    RankBets::Factors stakes_{};
    double statistic_ = 0.0;
};

}  // namespace vedette::inline v0::drift
