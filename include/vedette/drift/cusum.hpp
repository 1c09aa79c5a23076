// SPDX-License-Identifier: Apache-2.0
// The tabular CUSUM: has the mean left its reference value? Quickest for a lasting shift of a known size.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

struct CusumOptions {
    double mean = 0.0;        ///< of the reference
    double sd = 1.0;          ///< of the reference, 1e-100 to 1e100
    double slack = 0.5;       ///< k, in sd, >= 0: half the shift to be found soonest
    double threshold = 5.0;   ///< h, in sd, > 0
    double head_start = 0.0;  ///< both sums start here, in sd, 0 <= head_start < threshold; h/2 (Lucas and Crosier
                              ///< 1982) finds what is wrong from the beginning sooner
    Direction direction = Direction::both;
};

/// Page (1954) in tabular form: with z = (x - mean)/sd,
///     upper = max(0, upper + z - k), lower = max(0, lower - z - k); a change when either exceeds h.
/// In control, independent normal values alarm every 465 values on average at k = 0.5, h = 5 (168 at h = 4), and 10.4
/// values after a shift by one sd; see cusum_average_run_length. Heavier tails alarm more often. A reference mean that
/// is itself an estimate of n values adds a shift of about sd/sqrt(n): take k well above that.
///
/// O(1) per update, 144 bytes.
class Cusum : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit Cusum(const CusumOptions& options = {});

    MonitorState update(double x) noexcept {
        if (!admit(x)) return state();
        if (take_restart()) clear();
        ++count_;
        const double z = (x - options_.mean) * per_sd_;
        upper_ = positive_part(upper_ + z - upper_slack_);
        lower_ = positive_part(lower_ - z - lower_slack_);
        const bool changed = upper_ > options_.threshold || lower_ > options_.threshold;
        return settle(changed ? MonitorState::change : MonitorState::in_control);
    }
    void reset() noexcept;

    [[nodiscard]] const CusumOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return count_; }
    /// What is compared with the threshold, in sd.
    [[nodiscard]] double upper() const noexcept { return upper_; }
    [[nodiscard]] double lower() const noexcept { return lower_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Cusum writes, Error(unsupported_version).
    [[nodiscard]] static Cusum deserialize(std::span<const std::byte> bytes);

  private:
    /// max(0, x), exactly, and never as a branch, which nobody could predict.
    static double positive_part(double x) noexcept { return 0.5 * (x + std::abs(x)); }
    void clear() noexcept;

    CusumOptions options_;
    double per_sd_;
    double upper_slack_;  // larger than any value where that side is not looked at
    double lower_slack_;
    std::uint64_t count_ = 0;
    double upper_ = 0.0;
    double lower_ = 0.0;
};

/// The mean number of values until a Cusum with these options alarms, when the true mean of independent normal values
/// lies `shift` sd above the reference's: Siegmund's (1985) approximation, for both sides together where both are
/// looked at, without head start (whose effect on a run without a shift is small). For h >= 3 within 7 % of the exact
/// value where that is above 3, within 2 % at the usual k <= 0.5, h >= 4 and shifts up to 1; 11 % above short ones.
/// Throws Error(invalid_argument) for a shift beyond +-1e6, and what Cusum does.
double cusum_average_run_length(const CusumOptions& options, double shift);

/// The threshold h at which the mean run length without a shift is `run_length`: cusum_average_run_length inverted.
/// Throws Error(invalid_argument) for a run length outside [20, 1e12] or another option out of range.
double cusum_threshold(const CusumOptions& options, double run_length);

}  // namespace vedette::inline v0::drift
