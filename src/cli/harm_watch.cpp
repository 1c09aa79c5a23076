// SPDX-License-Identifier: Apache-2.0
// A harm monitor beside the bounds of the accuracy, and both as bytes.
#include "harm_watch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr const char* kind = "harm_watch";

using Json = nlohmann::ordered_json;
using rendering::grouped;
using rendering::number;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("harm watch: ") + what);
}

std::span<const std::uint8_t> octets(const std::vector<std::byte>& bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

HarmWatch::HarmWatch(double level, double level_of_monitor, double tolerated)
    : level_(level),
      monitor_({.tolerated = tolerated, .level = level_of_monitor, .warning_level = std::max(0.05, level)}),
      sequence_({.level = level}) {}

void HarmWatch::update(double loss, std::uint64_t row) noexcept {
    static_cast<void>(sequence_.update(loss));
    if (monitor_.update(loss) != MonitorState::change) return;
    if (first_alarm_ == 0) first_alarm_ = row;
    ++alarms_;
}

Json HarmWatch::json() const {
    const Interval loss = sequence_.bounds();
    Json out{{"values", sequence_.count()},
             {"accuracy", rendering::finite_json(1.0 - sequence_.mean())},
             {"accuracy_at_all_times", rendering::interval_json({1.0 - loss.upper, 1.0 - loss.lower})},
             {"level", level_},
             {"tolerated_loss", monitor_.options().tolerated},
             {"alarms", alarms_}};
    if (alarms_ > 0) out["first_alarm_row"] = first_alarm_;
    return out;
}

std::string HarmWatch::text() const {
    const Interval loss = sequence_.bounds();
    std::string text = fmt::format(
        "accuracy at all times: {} ({} to {}, level {:g}); tolerated is a loss of {}: ", number(1.0 - sequence_.mean()),
        number(1.0 - loss.upper), number(1.0 - loss.lower), level_, number(monitor_.options().tolerated));
    return text + (alarms_ == 0
                       ? std::string("no alarm\n")
                       : fmt::format("{} alarms, the first at row {}\n", grouped(alarms_), grouped(first_alarm_)));
}

std::vector<std::byte> HarmWatch::serialize() const {
    ContainerWriter writer;
    writer.add("monitor", octets(monitor_.serialize()));
    writer.add("sequence", octets(sequence_.serialize()));
    writer.add("alarms", std::vector<std::uint64_t>{alarms_, first_alarm_});
    return writer.finish(kind);
}

void HarmWatch::restore(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 3, "parts that none writes");
    auto monitor = drift::HarmMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>("monitor")));
    auto sequence = stats::MeanConfidenceSequence::deserialize(std::as_bytes(file.values<std::uint8_t>("sequence")));
    const auto alarms = file.values<std::uint64_t>("alarms");
    require(monitor.options().tolerated == monitor_.options().tolerated &&
                monitor.options().level == monitor_.options().level &&
                monitor.options().warning_level == monitor_.options().warning_level &&
                monitor.options().intrinsic_time == monitor_.options().intrinsic_time &&
                sequence.options().level == sequence_.options().level &&
                sequence.options().intrinsic_time == sequence_.options().intrinsic_time &&
                sequence.options().lower == 0.0 && sequence.options().upper == 1.0,
            "other options");
    require(alarms.size() == 2 && monitor.counts().accepted == sequence.count() &&
                monitor.counts().changes == alarms[0] && (alarms[0] == 0) == (alarms[1] == 0),
            "counts that do not fit");
    monitor_ = monitor;
    sequence_ = sequence;
    alarms_ = alarms[0];
    first_alarm_ = alarms[1];
}

}  // namespace vedette::inline v0::cli
