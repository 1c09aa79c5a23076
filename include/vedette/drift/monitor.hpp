// SPDX-License-Identifier: Apache-2.0
// What all monitors of one stream have in common: their state, what they count, and which values they take.
#pragma once

#include <cmath>
#include <cstdint>

#include "vedette/core/monitor_state.hpp"

namespace vedette::inline v0::drift {

/// Which changes of a mean (or of an error rate) are looked for.
enum class Direction : std::uint8_t { up = 0, down = 1, both = 2 };

/// What a monitor has seen since it was made or reset.
struct MonitorCounts {
    std::uint64_t accepted = 0;  ///< values that entered its statistics
    std::uint64_t nan = 0;       ///< NaN: counted here, in no statistic
    std::uint64_t infinite = 0;  ///< infinities, and values beyond +-1e100, whose squares could not be summed up
    std::uint64_t refused = 0;   ///< values that are no error (0 or 1), no share (in [0, 1]), where those are asked for
    std::uint64_t changes = 0;   ///< alarms
};

/// The base of all monitors. Rules that hold for each of them:
/// - `update` is noexcept, takes no lock and allocates nothing; memory is bounded and taken at construction.
/// - A value that cannot enter the statistics changes nothing but its count (and ends a `change`, which is said once).
/// - After a `change` the statistics stay readable until the next accepted value, with which the monitor starts anew
///   (Adwin goes on with the part of its window after the change).
/// - What is saved by `serialize` and read by `deserialize` goes on bit for bit; see core/container.hpp.
/// - One object per thread; concurrent const calls are safe. Results are the same on every machine.
class MonitorBase {
  public:
    /// The largest size of a value that enters a statistic.
    static constexpr double largest_value = 1e100;

    /// What the last update said.
    [[nodiscard]] MonitorState state() const noexcept { return state_; }
    [[nodiscard]] const MonitorCounts& counts() const noexcept { return counts_; }

  protected:
    friend struct MonitorCodec;

    MonitorBase() = default;

    /// Whether x may enter; counts it.
    bool admit(double x) noexcept {
        if (std::abs(x) <= largest_value) [[likely]] {
            ++counts_.accepted;
            return true;
        }
        turn_away(x);
        return false;
    }
    bool admit_share(double x) noexcept {
        if (x >= 0.0 && x <= 1.0) [[likely]] {
            ++counts_.accepted;
            return true;
        }
        turn_away(x);
        return false;
    }
    bool admit_error(double x) noexcept {
        if (x == 0.0 || x == 1.0) [[likely]] {
            ++counts_.accepted;
            return true;
        }
        turn_away(x);
        return false;
    }

    /// Whether the last accepted value was a change, so that this one starts anew; says so once.
    bool take_restart() noexcept {
        const bool pending = restart_pending_;
        restart_pending_ = false;
        return pending;
    }

    [[nodiscard]] bool restart_is_pending() const noexcept { return restart_pending_; }

    /// Counts x as what it is, or, where it might have entered, as refused.
    MonitorState refuse(double x) noexcept {
        turn_away(x);
        return state_;
    }

    MonitorState settle(MonitorState state) noexcept {
        state_ = state;
        if (state == MonitorState::change) {
            ++counts_.changes;
            restart_pending_ = true;
        }
        return state;
    }

    void forget() noexcept {
        counts_ = {};
        state_ = MonitorState::in_control;
        restart_pending_ = false;
    }

  private:
    void turn_away(double x) noexcept {
        if (std::isnan(x)) {
            ++counts_.nan;
        } else if (std::abs(x) > largest_value) {
            ++counts_.infinite;
        } else {
            ++counts_.refused;
        }
        if (state_ == MonitorState::change) state_ = MonitorState::in_control;
    }

    MonitorCounts counts_;
    MonitorState state_ = MonitorState::in_control;
    bool restart_pending_ = false;
};

}  // namespace vedette::inline v0::drift
