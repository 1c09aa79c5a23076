// SPDX-License-Identifier: Apache-2.0
// A watch as bytes: its monitors, their kept alarms, and whose they are; and back, believing nothing.
#include <fmt/core.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "guard/watch_plan.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/watch.hpp"

namespace vedette::inline v0 {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kind = "watch";
constexpr std::size_t numbers_of_alarm = 5;

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("watch: ") + what);
}

std::string part(std::size_t stream, const char* name) {
    return fmt::format("{}.{}", stream, name);
}

// A kept alarm has no interval, and of an e-process its statistic twice, of which one is written.
double e_value_of(drift::MonitorKind monitor, double statistic) {
    return monitor == drift::MonitorKind::e_process ? statistic : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

struct Watch::Codec {
    // What a stream is, as far as the file tells; monitors speak for their options themselves.
    static std::string streams_of(const Watch& watch) {
        Json list = Json::array();
        watch.each([&](const auto& stream) {
            list.push_back({{stream_source_name(stream.source), stream.name},
                            {"kind", drift::monitor_kind_name(stream.monitor.kind())}});
        });
        return list.dump(-1, ' ', false, Json::error_handler_t::replace);
    }

    template <class Monitor>
    static void write_alarms(ContainerWriter& writer, std::size_t index, const Watched<Monitor>& stream) {
        std::vector<std::uint64_t> positions;
        std::vector<std::int64_t> times;
        std::vector<double> numbers;
        for (std::size_t i = 0; i < stream.alarms.size(); ++i) {
            const StreamAlarm& alarm = stream.alarms[(stream.oldest + i) % stream.alarms.size()];
            positions.push_back(alarm.position);
            times.push_back(alarm.time);
            numbers.insert(numbers.end(), {alarm.value, alarm.reading.estimate, alarm.reading.statistic,
                                           alarm.reading.limit, alarm.reading.p_value});
        }
        writer.add(part(index, "positions"), positions);
        writer.add(part(index, "times"), times);
        writer.add(part(index, "numbers"), numbers);
    }

    // Counters of accuracy are not looked at, so they are written empty.
    static void write_predictions(ContainerWriter& writer, const Predictions& predictions) {
        const bool counted = predictions.metric != drift::PerformanceMetric::accuracy;
        const std::vector<std::byte> bytes =
            (counted ? predictions.window : drift::PerformanceWindow(predictions.window.reference())).serialize();
        writer.add("performance.block",
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
        writer.add("performance.filled", std::vector<std::uint64_t>{predictions.rows, predictions.filled});
        writer.add_scalar("performance.loss", predictions.loss);
        if (!predictions.sequence) return;
        const std::vector<std::byte> sequence = predictions.sequence->serialize();
        writer.add(
            "performance.sequence",
            std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(sequence.data()), sequence.size()));
    }

    static void read_predictions(const Container& file, Predictions& predictions) {
        require(file.tensor("performance.block").shape.size() == 1, "no list");
        predictions.window = drift::PerformanceWindow::deserialize(
            predictions.window.reference(), std::as_bytes(file.values<std::uint8_t>("performance.block")));
        require(file.tensor("performance.filled").shape.size() == 1, "no list");
        const auto filled = file.values<std::uint64_t>("performance.filled", 2);
        if (predictions.sequence) {
            require(file.tensor("performance.sequence").shape.size() == 1, "no list");
            auto sequence = drift::MetricSequence::deserialize(
                predictions.window.reference(), std::as_bytes(file.values<std::uint8_t>("performance.sequence")));
            if (!(sequence.options() == predictions.sequence->options()))
                throw Error(ErrorCode::invalid_policy, "the watch was saved with other monitors than the policy's");
            predictions.sequence = std::move(sequence);
        }
        if (filled[0] != predictions.rows)
            throw Error(ErrorCode::invalid_policy, "the watch was saved with other blocks of predictions");
        predictions.filled = filled[1];
        predictions.loss = file.scalar<double>("performance.loss");
        const bool counted = predictions.metric != drift::PerformanceMetric::accuracy;
        const drift::PerformanceCounts& counts = predictions.window.counts();
        require(predictions.filled < predictions.rows && counts.rows == (counted ? predictions.filled : 0) &&
                    (counted || counts == drift::PerformanceCounts{}),
                "a block of predictions of another length");
        require(predictions.loss >= 0.0 && predictions.loss <= static_cast<double>(predictions.filled),
                "a sum of losses that its rows cannot have");
    }

    template <class Monitor>
    static void read_alarms(const Container& file, std::size_t index, const Watch& watch, Watched<Monitor>& stream) {
        const auto positions = file.values<std::uint64_t>(part(index, "positions"));
        const std::uint64_t count = positions.size();
        const auto times = file.values<std::int64_t>(part(index, "times"), count);
        require(count == std::min<std::uint64_t>(kept_alarms, watch.alarms_of(stream)),
                "another number of alarms than its monitor counted");
        const auto numbers = file.values<double>(part(index, "numbers"), count * numbers_of_alarm);
        std::uint64_t before = 0;
        stream.alarms.reserve(kept_alarms);
        for (std::size_t i = 0; i < count; ++i) {
            require(positions[i] > before && positions[i] <= stream.monitor.seen(), "alarms out of their order");
            before = positions[i];
            const double* const n = numbers.data() + i * numbers_of_alarm;
            stream.alarms.push_back({positions[i], times[i], n[0], {n[1], n[2], n[3], n[4], {}, {}}});
            stream.alarms.back().reading.e_value = e_value_of(stream.monitor.kind(), n[2]);
        }
    }

    static drift::JoinedEvidence read_joined(const Container& file, const Policy& policy) {
        require(file.tensor("joined").shape.size() == 1, "no list");
        auto joined = drift::JoinedEvidence::deserialize(std::as_bytes(file.values<std::uint8_t>("joined")));
        if (joined.false_discovery_rate() != policy.joined_evidence.false_discovery_rate)
            throw Error(ErrorCode::invalid_policy, "the watch was saved with another false discovery rate");
        return joined;
    }

    // What its monitors were fitted to, and the width of an embedding, are the file's.
    static void read_group(const Container& file, const PlannedGroup& plan, Watch& watch) {
        std::size_t width = plan.features.size();
        for (const MonitorRule& rule : plan.rules) {
            const std::size_t i = watch.streams_.size() + watch.rows_.size();
            RowStream stream{
                plan.name,
                StreamSource::group,
                watch.groups_.size(),
                drift::RowMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>(part(i, "monitor")))),
                {},
                0};
            if (width == 0) width = stream.monitor.dimension();
            if (stream.monitor.dimension() != width || !stream.monitor.has_options(rule.options))
                throw Error(ErrorCode::invalid_policy, "the watch was saved with other monitors than the policy's");
            read_alarms(file, i, watch, stream);
            watch.rows_.push_back(std::move(stream));
            watch.rows_.back().at_alarm = watch.rows_.back().monitor;
        }
        watch.groups_.push_back({plan.name, plan.features, std::vector<double>(width)});
    }
};

std::vector<std::byte> Watch::to_bytes() const {
    ContainerWriter writer;
    writer.set_metadata("baseline", to_hex(baseline_.id()));
    writer.set_metadata("streams", Codec::streams_of(*this));
    writer.add_scalar("rejected", rejected_);
    std::size_t i = 0;
    each([&](const auto& stream) {
        const std::vector<std::byte> bytes = stream.monitor.serialize();
        writer.add(part(i, "monitor"),
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
        Codec::write_alarms(writer, i, stream);
        ++i;
    });
    if (predictions_) Codec::write_predictions(writer, *predictions_);
    if (joined_) {
        const std::vector<std::byte> bytes = joined_->serialize();
        writer.add("joined",
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    return writer.finish(kind);
}

Watch Watch::from_bytes(Baseline baseline, const Policy& policy, std::span<const std::byte> bytes,
                        std::optional<drift::PerformanceReference> performance) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    if (file.metadata("baseline") != to_hex(baseline.id()))
        throw Error(ErrorCode::baseline_mismatch, "the watch is that of another baseline");
    Watch watch(std::move(baseline), policy, std::move(performance));
    const std::vector<PlannedStream> plan = plan_streams(watch.baseline_, policy);
    const std::vector<PlannedGroup> groups = plan_groups(watch.baseline_, policy);
    std::size_t row_streams = 0;
    for (const PlannedGroup& group : groups) row_streams += group.rules.size();
    const bool joins = policy.joined_evidence.false_discovery_rate > 0.0;
    // Four of each stream, perhaps three of performance, perhaps one of joined evidence.
    require(file.metadata_keys().size() == 6 && !file.tensors().empty() && (file.tensors().size() - 1) % 4 != 2,
            "parts that no watch has");
    if (file.tensors().size() != 1 + 4 * (plan.size() + row_streams) + (watch.predictions_ ? 3 : 0) +
                                     (watch.watches_ratio() ? 1 : 0) + (joins ? 1 : 0))
        throw Error(ErrorCode::invalid_policy, "the watch was saved with other monitors than the policy's");
    watch.rejected_ = file.scalar<std::uint64_t>("rejected");
    for (std::size_t i = 0; i < plan.size() + row_streams; ++i)
        for (const char* const name : {"monitor", "positions", "times", "numbers"})
            require(file.tensor(part(i, name)).shape.size() == 1, "no list");
    for (std::size_t i = 0; i < plan.size(); ++i) {
        Stream stream{plan[i].name,
                      plan[i].source,
                      plan[i].index,
                      drift::AnyMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>(part(i, "monitor")))),
                      {},
                      0};
        // Options that the policy leaves to a reference are the file's own.
        if (stream.monitor.kind() != drift::monitor_kind(plan[i].rule.kind) || !matches(plan[i].rule, stream.monitor))
            throw Error(ErrorCode::invalid_policy, "the watch was saved with other monitors than the policy's");
        watch.streams_.push_back(std::move(stream));
    }
    if (joins) watch.joined_ = Codec::read_joined(file, policy);
    watch.join(policy);
    if (joins && watch.joined_->size() != watch.joined_streams_.size())
        throw Error(ErrorCode::invalid_policy, "the watch was saved with other e-processes than the policy joins");
    for (std::size_t i = 0; i < plan.size(); ++i) Codec::read_alarms(file, i, watch, watch.streams_[i]);
    watch.make_sequence();
    for (const PlannedGroup& group : groups) Codec::read_group(file, group, watch);
    if (watch.predictions_) Codec::read_predictions(file, *watch.predictions_);
    if (Codec::streams_of(watch) != file.metadata("streams"))
        throw Error(ErrorCode::invalid_policy, "the watch was saved with streams of other names than the policy's");
    return watch;
}

}  // namespace vedette::inline v0
