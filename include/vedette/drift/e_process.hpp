// SPDX-License-Identifier: Apache-2.0
// Drift from a reference as evidence that may be looked at after every value, for ever.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"
#include "vedette/drift/rank_bets.hpp"

namespace vedette::inline v0::drift {

struct EProcessOptions {
    double level = 0.01;     ///< of all looks together, 1e-100 to 0.5
    std::size_t cells = 32;  ///< 4 to 1024, of a reference given as values
    std::uint64_t seed = 1;  ///< of the numbers that break ties
};

/// A test martingale against "reference and live values are exchangeable": starts at 1 and, if they are, has mean 1 at
/// any stopping time, so that it ever reaches 1/level with a probability of at most `level` (Ville 1939), however often
/// it is looked at. A change when it does. See RankBets for the null, the proof with a finite reference, and limits.
///
/// The capital is spread over the times at which a change may come: the values 2^i to 2^(i+1) - 1 share
/// 1/((i+1)(i+2)) equally, each part from then on split over the bets of RankBets. A change after T values so needs
/// log(T) + 2 log(log2 T + 1) or so more nats than one at the start, and no evidence decays while nothing happens.
///
/// After a change the next value starts a new run beside the same reference: `level` bounds the first alarm. For
/// e-values that go on growing (e-BH, merging) take a level below what they are to reach.
///
/// O(log cells) per update, 80 bytes or less per cell.
class EProcess : public MonitorBase {
  public:
    /// Throws what RankBets does, and Error(invalid_argument) for an option out of range.
    explicit EProcess(std::span<const double> reference, const EProcessOptions& options = {});
    /// From a frozen grid, whose cells are taken; options.cells is not looked at.
    explicit EProcess(const stats::Grid& grid, const EProcessOptions& options = {});

    MonitorState update(double x) noexcept {
        if (!admit(x)) return state();
        if (take_restart()) clear();
        const RankBets::Factors factors = bets_.bet(x, counts().accepted);
        const std::uint64_t time = bets_.observations();
        const auto block = static_cast<std::size_t>(std::bit_width(time)) - 1;
        const double flow = shares_[block] * (1.0 / static_cast<double>(RankBets::count));
        for (std::size_t i = 0; i < RankBets::count; ++i) stakes_[i] = (stakes_[i] + flow) * factors[i];
        const std::uint64_t begin = std::uint64_t{1} << block;
        const double reserve =
            reserves_[block] - static_cast<double>(static_cast<std::int64_t>(time - begin + 1)) * shares_[block];
        e_value_ = RankBets::sum(stakes_) + reserve;
        maximum_ = std::max(maximum_, e_value_);
        return settle(e_value_ >= threshold_ ? MonitorState::change : MonitorState::in_control);
    }
    void reset() noexcept;

    [[nodiscard]] const EProcessOptions& options() const noexcept { return options_; }
    /// The current e-value of this run.
    [[nodiscard]] double e_value() const noexcept { return e_value_; }
    /// The largest e-value of this run. 1/maximum is a p-value at any time, and stays one under optional stopping.
    [[nodiscard]] double maximum() const noexcept { return maximum_; }
    [[nodiscard]] double p_value() const noexcept { return 1.0 / maximum_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return bets_.observations(); }
    [[nodiscard]] const RankBets& bets() const noexcept { return bets_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no EProcess writes, Error(unsupported_version).
    [[nodiscard]] static EProcess deserialize(std::span<const std::byte> bytes);

  private:
    EProcess(RankBets bets, const EProcessOptions& options);
    void clear() noexcept;

    // What each value of block i puts in.
    static constexpr std::array<double, 64> shares_ = [] {
        std::array<double, 64> shares{};
        double width = 1.0;
        for (std::size_t i = 0; i < 64; ++i, width *= 2.0)
            shares[i] = 1.0 / (static_cast<double>((i + 1) * (i + 2)) * width);
        return shares;
    }();

    // What is left when block i begins.
    static constexpr std::array<double, 64> reserves_ = [] {
        std::array<double, 64> reserves{};
        for (std::size_t i = 0; i < 64; ++i) reserves[i] = 1.0 / static_cast<double>(i + 1);
        return reserves;
    }();

    EProcessOptions options_;
    double threshold_;
    RankBets bets_;
    RankBets::Factors stakes_{};
    double e_value_ = 1.0;
    double maximum_ = 1.0;
};

}  // namespace vedette::inline v0::drift
