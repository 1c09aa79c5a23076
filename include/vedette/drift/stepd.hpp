// SPDX-License-Identifier: Apache-2.0
// STEPD: is a model's recent error rate that of the time before?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

enum class StepdRule : std::uint8_t {
    nishida = 0,  ///< the paper: a difference within the continuity correction is none
    moa = 1,  ///< MOA's takes the size of the corrected difference, so that a small one can be a large statistic, and
              ///< alarms where all values of a run are equal
};

struct StepdOptions {
    std::uint32_t window = 30;              ///< recent values, 1 to 65,536
    double drift_level = 0.003;             ///< of the test, for a change, in (0, 1)
    double warning_level = 0.05;            ///< for a warning, at least drift_level
    Direction direction = Direction::both;  ///< of the error rate; both: two-sided p-value
    StepdRule rule = StepdRule::nishida;
};

/// Statistical test of equal proportions, Nishida and Yamauchi (2007), on a stream of errors: 1 for a wrong prediction,
/// 0 for a right one; anything else is refused and counted. From 2 * window values on, at each: the normal test, with
/// continuity correction, of the error rate of the last `window` values against that of all before. A level is that of
/// one look; there is one per value.
///
/// O(1) per update, 160 bytes and a bit per value of the window.
class Stepd : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit Stepd(const StepdOptions& options = {});

    MonitorState update(double error) noexcept;
    void reset() noexcept;

    [[nodiscard]] const StepdOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return older_ + recent_; }
    /// The error rate of the window, and that of all before it; 0 without values.
    [[nodiscard]] double estimate() const noexcept;
    [[nodiscard]] double older_rate() const noexcept;
    /// Of the last look; 1 where there was none. Of the chosen direction.
    [[nodiscard]] double p_value() const noexcept;

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Stepd writes, Error(unsupported_version).
    [[nodiscard]] static Stepd deserialize(std::span<const std::byte> bytes);

  private:
    void clear() noexcept;
    bool exchange(bool error) noexcept;
    /// The statistic in the chosen direction, -1 where there is none.
    [[nodiscard]] double statistic() const noexcept;

    StepdOptions options_;
    double drift_quantile_;
    double warning_quantile_;
    std::vector<std::uint64_t> bits_;  // the window, a ring
    std::uint32_t next_ = 0;
    std::uint64_t recent_ = 0;
    std::uint64_t recent_errors_ = 0;
    std::uint64_t older_ = 0;
    std::uint64_t older_errors_ = 0;
};

}  // namespace vedette::inline v0::drift
