// SPDX-License-Identifier: Apache-2.0
// The Page-Hinkley test: has the mean of a stream moved away from its own past?
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

enum class PageHinkleyRule : std::uint8_t {
    page = 0,  ///< the sum less its minimum; river's too
    moa = 1,   ///< the sum itself, as in MOA's releases: blind for long after the mean has moved the other way
};

struct PageHinkleyOptions {
    std::uint64_t minimum_observations =
        30;                      ///< no alarm before; 1 to 2^53. MOA's 30 counts from 1: give 29 for its rule
    double delta = 0.005;        ///< a change of the mean too small to matter, in the unit of the values, >= 0
    double threshold = 50.0;     ///< lambda, in the unit of the values, > 0: larger = rarer alarms, later
    double forgetting = 0.9999;  ///< alpha, weight of the past sums, in (0, 1]; 1 is Page's own test
    Direction direction = Direction::both;
    PageHinkleyRule rule = PageHinkleyRule::page;
};

/// Page (1954), Hinkley (1971), with the fading sums of Sebastiao and Fernandes (2017) that river and MOA compute. With
/// d = x less the mean of all values so far (x among them):
///     up = alpha up + d - delta, down = alpha down + d + delta;
/// a change when up exceeds its own minimum, or down falls below its own maximum, by more than the threshold. Parity:
/// river.drift.PageHinkley, update for update. MOA looks for increases alone. The threshold has no level: it is in the
/// unit of the values, so scale it by their spread. Cusum is for streams whose mean and spread are known.
///
/// O(1) per update, 152 bytes.
class PageHinkley : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit PageHinkley(const PageHinkleyOptions& options = {});

    MonitorState update(double x) noexcept {
        if (!admit(x)) return state();
        if (take_restart()) clear();
        count_ += 1.0;
        mean_ += (1.0 / count_) * (x - mean_);
        const double deviation = x - mean_;
        up_ = options_.forgetting * up_ + deviation - options_.delta;
        down_ = options_.forgetting * down_ + deviation + options_.delta;
        const bool first = count_ == 1.0;
        if (keeps_extremes_) {
            lowest_up_ = first ? up_ : std::min(lowest_up_, up_);
            highest_down_ = first ? down_ : std::max(highest_down_, down_);
        }
        const bool risen = looks_up_ && increase() > options_.threshold;
        const bool fallen = looks_down_ && decrease() > options_.threshold;
        const bool changed = count_ >= minimum_ && (risen || fallen);
        return settle(changed ? MonitorState::change : MonitorState::in_control);
    }
    void reset() noexcept;

    [[nodiscard]] const PageHinkleyOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return static_cast<std::uint64_t>(count_); }
    /// Their mean.
    [[nodiscard]] double estimate() const noexcept { return mean_; }
    /// What is compared with the threshold, for a rise and for a fall of the mean.
    [[nodiscard]] double increase() const noexcept { return up_ - lowest_up_; }
    [[nodiscard]] double decrease() const noexcept { return highest_down_ - down_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no PageHinkley writes, Error(unsupported_version).
    [[nodiscard]] static PageHinkley deserialize(std::span<const std::byte> bytes);

  private:
    void clear() noexcept;

    PageHinkleyOptions options_;
    double minimum_;
    bool looks_up_;
    bool looks_down_;
    bool keeps_extremes_;
    double count_ = 0.0;
    double mean_ = 0.0;
    double up_ = 0.0;
    double down_ = 0.0;
    double lowest_up_ = 0.0;
    double highest_down_ = 0.0;
};

}  // namespace vedette::inline v0::drift
