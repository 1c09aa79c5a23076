// SPDX-License-Identifier: Apache-2.0
// The EWMA control chart: has the mean left its reference value? Sees small shifts, and shows a current level.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

struct EwmaChartOptions {
    double mean = 0.0;           ///< of the reference
    double sd = 1.0;             ///< of the reference, 1e-100 to 1e100
    double weight = 0.1;         ///< lambda, of the newest value, in (0, 1]: smaller finds smaller shifts
    double width = 2.814;        ///< L of the limits, > 0. In control, normal values alarm every 500 values on average
    double warning_width = 0.0;  ///< of a warning, below `width`; 0: no warnings
    bool time_varying_limits = true;  ///< of the exact variance, narrow at first; false: of the limit of that variance
    Direction direction = Direction::both;
};

/// Roberts (1959), Lucas and Saccucci (1990): z = weight x + (1 - weight) z from z = mean; a change when |z - mean|
/// exceeds width sd sqrt(weight/(2 - weight) (1 - (1 - weight)^(2 t))) after t values. Constant limits whose run length
/// in control is 500: weight 0.05, 0.1, 0.2, 0.25, 0.4 with width 2.615, 2.814, 2.962, 2.998, 3.054; time-varying ones
/// shorten it by a few per cent. Assumes independent values; of heavy tails a small weight makes little.
///
/// O(1) per update, 136 bytes.
class EwmaChart : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit EwmaChart(const EwmaChartOptions& options = {});

    MonitorState update(double x) noexcept {
        if (!admit(x)) return state();
        if (take_restart()) clear();
        ++count_;
        average_ = options_.weight * x + (1.0 - options_.weight) * average_;
        // Below, 1 - decay is 1; further down, numbers would stay subnormal, and slow, for ever.
        decay_ = decay_ < 1e-30 ? 0.0 : decay_ * squared_complement_;
        const double apart = average_ - options_.mean;
        const double reach = options_.direction == Direction::up     ? apart
                             : options_.direction == Direction::down ? -apart
                                                                     : std::abs(apart);
        const double unit = standard_error();
        if (reach > options_.width * unit) return settle(MonitorState::change);
        const bool warned = options_.warning_width > 0.0 && reach > options_.warning_width * unit;
        return settle(warned ? MonitorState::warning : MonitorState::in_control);
    }
    void reset() noexcept;

    [[nodiscard]] const EwmaChartOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return count_; }
    /// z, in the unit of the values.
    [[nodiscard]] double estimate() const noexcept { return average_; }
    /// The standard error of z that the limits are made of: they lie `width` times it from the mean.
    [[nodiscard]] double standard_error() const noexcept {
        return options_.time_varying_limits ? final_error_ * std::sqrt(1.0 - decay_) : final_error_;
    }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no EwmaChart writes, Error(unsupported_version).
    [[nodiscard]] static EwmaChart deserialize(std::span<const std::byte> bytes);

  private:
    void clear() noexcept;

    EwmaChartOptions options_;
    double squared_complement_;
    double final_error_;
    std::uint64_t count_ = 0;
    double average_ = 0.0;
    double decay_ = 1.0;  // (1 - weight)^(2 t)
};

}  // namespace vedette::inline v0::drift
