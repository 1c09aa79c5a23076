// SPDX-License-Identifier: Apache-2.0
// DDM: has a model's error rate risen above the lowest it has had?
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/drift/monitor.hpp"

namespace vedette::inline v0::drift {

enum class DdmRule : std::uint8_t {
    gama = 0,   ///< the paper, with the minimum taken among rates that are neither 0 nor 1 (see Ddm)
    river = 1,  ///< river 0.26's: > in place of >=, from one value later, and the minimum of any rate
    moa = 2,    ///< MOA's: as river's, warnings from one value earlier than changes
};

struct DdmOptions {
    std::uint64_t warm_start = 30;  ///< values before anything is judged, 1 to 2^53
    double warning_level = 2.0;     ///< in standard errors above the minimum, > 0, at most drift_level
    double drift_level = 3.0;
    DdmRule rule = DdmRule::gama;
};

/// Drift detection method, Gama, Medas, Castillo and Rodrigues (2004), on a stream of errors: 1 for a wrong prediction,
/// 0 for a right one (true and false do as well); anything else is refused and counted. With p the error rate so far
/// and s = sqrt(p (1 - p)/n), and p_min, s_min their values where p + s was smallest: a warning at p + s >= p_min + 2
/// s_min, a change at p + s >= p_min + 3 s_min.
///
/// As printed, thirty right predictions make p_min = s_min = 0, and the next value alarms whatever it is (in river and
/// MOA, whose comparison is strict, the next error does). By default a rate of 0 or 1, of which no normal approximation
/// exists, is therefore no minimum. Looks for rises alone. There is no guarantee on false alarms: the minimum is taken
/// over all times, so p + s exceeds it by 3 s_min in a large part of long runs without any change. HddmA has one.
///
/// O(1) per update, 128 bytes.
class Ddm : public MonitorBase {
  public:
    /// Throws Error(invalid_argument) for an option out of range.
    explicit Ddm(const DdmOptions& options = {});

    MonitorState update(double error) noexcept;
    void reset() noexcept;

    [[nodiscard]] const DdmOptions& options() const noexcept { return options_; }
    /// Values since the start or the last change.
    [[nodiscard]] std::uint64_t observations() const noexcept { return count_; }
    /// The error rate among them.
    [[nodiscard]] double estimate() const noexcept { return rate_; }
    /// Its standard error.
    [[nodiscard]] double standard_error() const noexcept { return error_; }
    /// p_min and s_min; 0 while there is no minimum.
    [[nodiscard]] double minimum_rate() const noexcept { return minimum_rate_; }
    [[nodiscard]] double minimum_standard_error() const noexcept { return minimum_error_; }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no Ddm writes, Error(unsupported_version).
    [[nodiscard]] static Ddm deserialize(std::span<const std::byte> bytes);

  private:
    void clear() noexcept;
    MonitorState judge() noexcept;
    void track_minimum(double level) noexcept;

    DdmOptions options_;
    std::uint64_t count_ = 0;
    double rate_ = 0.0;
    double error_ = 0.0;
    bool has_minimum_ = false;
    double minimum_rate_ = 0.0;
    double minimum_error_ = 0.0;
};

}  // namespace vedette::inline v0::drift
