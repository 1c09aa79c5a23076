// SPDX-License-Identifier: Apache-2.0
// The mean loss of a model at all times, and the alarm when it is worse than tolerated.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "vedette/drift/harm_monitor.hpp"
#include "vedette/stats/confidence_sequence.hpp"

namespace vedette::inline v0::cli {

class HarmWatch {
  public:
    /// `level`: of an alarm ever, over the draw of the reference too; `level_of_monitor`, that of the monitor alone.
    HarmWatch(double level, double level_of_monitor, double tolerated);

    /// Rows are counted by the caller, from 1 on.
    void update(double loss, std::uint64_t row) noexcept;
    [[nodiscard]] std::uint64_t alarms() const noexcept { return alarms_; }
    /// Losses taken.
    [[nodiscard]] std::uint64_t values() const noexcept { return sequence_.count(); }

    [[nodiscard]] nlohmann::ordered_json json() const;
    [[nodiscard]] std::string text() const;

    /// Canonical bytes, kind "harm_watch".
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// What was saved takes the place of this one. Throws Error(corrupt_data) unless one with these options wrote it,
    /// Error(unsupported_version), and changes nothing then.
    void restore(std::span<const std::byte> bytes);

  private:
    double level_;
    drift::HarmMonitor monitor_;
    stats::MeanConfidenceSequence sequence_;
    std::uint64_t alarms_ = 0;
    std::uint64_t first_alarm_ = 0;
};

}  // namespace vedette::inline v0::cli
