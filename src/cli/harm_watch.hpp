// SPDX-License-Identifier: Apache-2.0
// A metric of a model at all times, and the row of the alarm when it is worse than tolerated.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vedette/drift/metric_sequence.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0::cli {

class HarmWatch {
  public:
    /// `level`: of an alarm ever, over the draw of the reference too; the sequence's alarm may have a part of it.
    HarmWatch(double level, drift::MetricSequence sequence);

    /// Tells of the row, from 1 on, that the sequence has just been given.
    void note(std::uint64_t row);
    [[nodiscard]] drift::MetricSequence& sequence() noexcept { return sequence_; }
    [[nodiscard]] const drift::MetricSequence& sequence() const noexcept { return sequence_; }
    [[nodiscard]] std::uint64_t alarms() const noexcept { return sequence_.alarms(); }
    /// Alarms that were noted by this object (no file keeps them), the newest Watch::kept_alarms of them.
    [[nodiscard]] std::span<const StreamAlarm> noted_alarms() const noexcept { return noted_alarms_; }
    /// The loss, 1 - metric, beside what is tolerated.
    [[nodiscard]] drift::MonitorReading reading() const noexcept;
    /// Rows, or pairs of them, that the metric is of.
    [[nodiscard]] std::uint64_t values() const noexcept { return sequence_.values(); }
    /// Adds another shard's. Throws what MetricSequence::merge does.
    void merge(const HarmWatch& other);

    [[nodiscard]] nlohmann::ordered_json json() const;
    [[nodiscard]] std::string text() const;

    /// Canonical bytes, kind "harm_watch".
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// What was saved takes the place of this one. Throws Error(corrupt_data) unless one with these options wrote it,
    /// Error(unsupported_version), and changes nothing then.
    void restore(std::span<const std::byte> bytes);

  private:
    double level_;
    drift::MetricSequence sequence_;
    std::uint64_t noted_ = 0;  // alarms
    std::uint64_t first_alarm_ = 0;
    std::vector<StreamAlarm> noted_alarms_;
};

}  // namespace vedette::inline v0::cli
