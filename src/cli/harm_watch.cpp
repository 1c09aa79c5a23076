// SPDX-License-Identifier: Apache-2.0
// A metric's sequence with the row of its first alarm, in words and as bytes.
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

}  // namespace

HarmWatch::HarmWatch(double level, drift::MetricSequence sequence) : level_(level), sequence_(std::move(sequence)) {}

void HarmWatch::note(std::uint64_t row) {
    if (sequence_.alarms() == noted_) return;
    noted_ = sequence_.alarms();
    if (first_alarm_ == 0) first_alarm_ = row;
    if (noted_alarms_.size() == ::vedette::Watch::kept_alarms) noted_alarms_.erase(noted_alarms_.begin());
    noted_alarms_.push_back({row, static_cast<std::int64_t>(row), sequence_.loss(), reading()});
}

drift::MonitorReading HarmWatch::reading() const noexcept {
    const Interval bounds = sequence_.bounds();
    return {.estimate = 1.0 - sequence_.value(),
            .statistic = 1.0 - bounds.upper,
            .limit = sequence_.options().tolerated,
            .interval = {1.0 - bounds.upper, 1.0 - bounds.lower}};
}

void HarmWatch::merge(const HarmWatch& other) {
    sequence_.merge(other.sequence_);
    noted_ = sequence_.alarms();
    // Rows of shards have no common order; the earlier number is told.
    if (other.first_alarm_ != 0)
        first_alarm_ = first_alarm_ == 0 ? other.first_alarm_ : std::min(first_alarm_, other.first_alarm_);
    if (noted_ > 0 && first_alarm_ == 0) first_alarm_ = std::max<std::uint64_t>(1, sequence_.counts().rows);
}

Json HarmWatch::json() const {
    const std::string metric = drift::performance_metric_name(sequence_.options().metric);
    Json out{{"metric", metric},
             {"values", sequence_.values()},
             {metric, rendering::finite_json(sequence_.value())},
             {metric + "_at_all_times", rendering::interval_json(sequence_.bounds())},
             {"level", level_},
             {"tolerated_loss", sequence_.options().tolerated},
             {"alarms", alarms()}};
    if (alarms() > 0) out["first_alarm_row"] = first_alarm_;
    return out;
}

std::string HarmWatch::text() const {
    const Interval bounds = sequence_.bounds();
    std::string metric = drift::performance_metric_name(sequence_.options().metric);
    std::replace(metric.begin(), metric.end(), '_', ' ');
    const bool pairs = sequence_.options().metric == drift::PerformanceMetric::roc_auc;
    std::string text = fmt::format("{} at all times{}: {} ({} to {}, level {:g}); tolerated is a loss of {}: ", metric,
                                   pairs ? fmt::format(", of {} pairs of rows", grouped(sequence_.values())) : "",
                                   number(sequence_.value()), number(bounds.lower), number(bounds.upper), level_,
                                   number(sequence_.options().tolerated));
    return text + (alarms() == 0
                       ? std::string("no alarm\n")
                       : fmt::format("{} alarms, the first at row {}\n", grouped(alarms()), grouped(first_alarm_)));
}

std::vector<std::byte> HarmWatch::serialize() const {
    const std::vector<std::byte> bytes = sequence_.serialize();
    ContainerWriter writer;
    writer.add("sequence",
               std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    writer.add("first_alarm", std::vector<std::uint64_t>{first_alarm_});
    return writer.finish(kind);
}

void HarmWatch::restore(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 2, "parts that none writes");
    auto sequence =
        drift::MetricSequence::deserialize(sequence_.reference(), std::as_bytes(file.values<std::uint8_t>("sequence")));
    const auto first = file.values<std::uint64_t>("first_alarm");
    require(sequence.options() == sequence_.options(), "other options");
    require(first.size() == 1 && (first[0] == 0) == (sequence.alarms() == 0), "counts that do not fit");
    sequence_ = std::move(sequence);
    noted_ = sequence_.alarms();
    first_alarm_ = first[0];
}

}  // namespace vedette::inline v0::cli
