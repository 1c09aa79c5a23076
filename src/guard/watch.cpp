// SPDX-License-Identifier: Apache-2.0
// Monitors over rows and outputs, and their alarms in short memory.
#include "vedette/guard/watch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "drift/monitor_options.hpp"
#include "guard/watch_plan.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/harm_monitor.hpp"

namespace vedette::inline v0 {

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double number_of(double value) noexcept {
    return value;
}
double number_of(const Value& value) noexcept {
    return value.kind == Value::Kind::number ? value.number : not_a_number;
}

// What the baseline knows of a feature, in the words of a monitor's reference.
drift::MonitorReference reference_of(const FeatureBaseline& feature) {
    return {.values = {},
            .grid = &feature.grid,
            .mean = feature.moments.count > 0 ? feature.moments.mean : not_a_number,
            .sd = feature.moments.standard_deviation()};
}

// What the labels of the reference say of the values that predictions will make.
drift::MonitorReference reference_of(const PerformancePolicy& rules, const drift::PerformanceReference& known) {
    return {.values = {},
            .grid = nullptr,
            .mean = 1.0 - known.realised(rules.metric),
            .sd = known.sampling_error(rules.metric, rules.rows)};
}

// Harm is measured from the reference where the rule does not say what is tolerated.
MonitorRule with_tolerance(const MonitorRule& rule, const PerformancePolicy& policy,
                           const drift::PerformanceReference& known) {
    if (drift::monitor_kind(rule.kind) != drift::MonitorKind::harm_monitor) return rule;
    drift::OptionList options = drift::parse_options(rule.kind.c_str(), rule.options);
    if (drift::find_option(options, "tolerated") != nullptr) return rule;
    const double loss = 1.0 - known.realised(policy.metric);
    double tolerated = loss + policy.margin;
    if (policy.metric == drift::PerformanceMetric::accuracy) {
        std::uint64_t right = 0;
        for (std::size_t k = 0; k < known.classes(); ++k) right += known.confusion()[k * known.classes() + k];
        const drift::OptionValue* const level = drift::find_option(options, "level");
        tolerated = drift::tolerated_loss(
            known.rows() - right, known.rows(),
            level != nullptr ? drift::read_number(rule.kind.c_str(), "level", *level) : drift::HarmOptions{}.level,
            policy.margin);
    }
    options.push_back({"tolerated", tolerated});
    return {rule.kind, drift::write_options(options)};
}

drift::AnyMonitor make(const PlannedStream& plan, const drift::MonitorReference& reference,
                       const PerformancePolicy& policy, const drift::PerformanceReference* known) {
    try {
        const bool judged = plan.source == StreamSource::performance && known != nullptr;
        const MonitorRule rule = judged ? with_tolerance(plan.rule, policy, *known) : plan.rule;
        return drift::make_monitor(rule.kind, rule.options, reference);
    } catch (const Error& error) {
        throw Error(ErrorCode::invalid_policy,
                    fmt::format("{} \"{}\": {}", stream_source_name(plan.source), plan.name, error.what()));
    }
}

}  // namespace

void Watch::Predictions::clear() noexcept {
    window.reset();
    if (sequence) sequence->reset();
    filled = 0;
    loss = 0.0;
}

std::optional<double> Watch::Predictions::add(std::span<const double> scores, std::uint32_t prediction) noexcept {
    if (sequence) {
        const std::uint64_t before = sequence->counts().rows;
        static_cast<void>(sequence->observe(scores, prediction));
        if (sequence->counts().rows == before) return not_a_number;
        // A row that has no part in the metric, or waits for its pair, makes no value.
        return std::isnan(sequence->loss()) ? std::nullopt : std::optional<double>(sequence->loss());
    }
    const double right = window.observe(scores, prediction);
    if (std::isnan(right)) return not_a_number;
    loss += 1.0 - right;
    if (++filled < rows) {
        // Of accuracy the counters are not looked at; they must only not run over.
        if (window.counts().rows >= drift::PerformanceWindow::maximum_rows) window.reset();
        return std::nullopt;
    }
    const bool counted = metric != drift::PerformanceMetric::accuracy;
    const double value = counted ? 1.0 - window.value(metric) : loss / static_cast<double>(rows);
    filled = 0;
    loss = 0.0;
    // Emptying them for each row would cost more than all else.
    if (counted || window.counts().rows >= drift::PerformanceWindow::maximum_rows) window.reset();
    return value;
}

Watch::Watch(Baseline baseline, const Policy& policy, std::optional<drift::PerformanceReference> performance)
    : baseline_(std::move(baseline)), outputs_(planned_outputs(policy)) {
    if (policy.performance.monitors.empty()) return;
    if (!performance)
        throw Error(ErrorCode::invalid_policy,
                    "policy /performance: needs a reference of scores and labels, see WatchReferences");
    if (std::isnan(performance->realised(policy.performance.metric)))
        throw Error(ErrorCode::invalid_policy, "policy /performance/metric: labels of the reference do not define it");
    predictions_.emplace(Predictions{policy.performance.metric, policy.performance.rows,
                                     drift::PerformanceWindow(std::move(*performance)), 0, 0.0});
}

Watch::Watch(Baseline baseline, const Policy& policy, const WatchReferences& references)
    : Watch(std::move(baseline), policy, references.performance) {
    for (const PlannedStream& plan : plan_streams(baseline_, policy)) {
        drift::MonitorReference reference;
        if (plan.source == StreamSource::feature) {
            reference = reference_of(baseline_.features()[plan.index]);
        } else if (plan.source == StreamSource::performance) {
            const drift::MonitorReference& known = references.estimates;
            reference = known.values.empty() && std::isnan(known.mean)
                            ? reference_of(policy.performance, *references.performance)
                            : known;
        } else if (const auto output = references.outputs.find(plan.name); output != references.outputs.end()) {
            reference = output->second;
        }
        const drift::PerformanceReference* const performance =
            references.performance ? &*references.performance : nullptr;
        streams_.push_back(
            {plan.name, plan.source, plan.index, make(plan, reference, policy.performance, performance), {}, 0});
        streams_.back().alarms.reserve(kept_alarms);
    }
    join(policy);
    make_sequence();
    for (PlannedGroup& plan : plan_groups(baseline_, policy)) {
        const auto refuse = [&](const std::string& what) {
            throw Error(ErrorCode::invalid_policy, "group \"" + plan.name + "\": " + what);
        };
        const auto reference = references.groups.find(plan.name);
        if (reference == references.groups.end()) refuse("needs rows of the reference, see WatchReferences");
        const MatrixView<double>& rows = reference->second;
        if (!plan.features.empty() && rows.columns() != plan.features.size())
            refuse(fmt::format("has {} features, and its reference {} columns", plan.features.size(), rows.columns()));
        for (const MonitorRule& rule : plan.rules) {
            try {
                rows_.push_back({plan.name,
                                 StreamSource::group,
                                 groups_.size(),
                                 drift::RowMonitor(rule.kind, rule.options, rows),
                                 {},
                                 0});
            } catch (const Error& error) {
                refuse(error.what());
            }
            rows_.back().alarms.reserve(kept_alarms);
            rows_.back().at_alarm = rows_.back().monitor;
        }
        groups_.push_back({std::move(plan.name), std::move(plan.features), std::vector<double>(rows.columns())});
    }
}

std::vector<double> Watch::estimates(const PerformancePolicy& rules, const drift::PerformanceReference& performance,
                                     MatrixView<double> scores, std::span<const std::uint32_t> predictions) {
    if (scores.rows() != predictions.size())
        throw Error(ErrorCode::dimension_mismatch,
                    fmt::format("watch: {} rows of scores for {} predictions", scores.rows(), predictions.size()));
    if (rules.rows == 0) throw Error(ErrorCode::invalid_argument, "watch: performance.rows must be a positive integer");
    Predictions block{rules.metric, rules.rows, drift::PerformanceWindow(performance), 0, 0.0};
    std::vector<double> row(scores.columns());
    std::vector<double> values;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
        for (std::size_t k = 0; k < row.size(); ++k) row[k] = scores(i, k);
        if (const std::optional<double> value = block.add(row, predictions[i])) values.push_back(*value);
    }
    return values;
}

template <class Monitor>
void Watch::note(Watched<Monitor>& stream, double value, std::int64_t time) noexcept {
    StreamAlarm alarm{stream.monitor.seen(), time, value, stream.monitor.reading()};
    alarm.reading.interval = {};  // its file has no place for it; of the two bounds the one that told is the statistic
    if (stream.alarms.size() < kept_alarms) {
        stream.alarms.push_back(alarm);  // within what was reserved
    } else {
        stream.alarms[stream.oldest] = alarm;
        stream.oldest = (stream.oldest + 1) % kept_alarms;
    }
}

bool Watch::watches_ratio() const noexcept {
    return predictions_ && predictions_->rows == 1 && predictions_->metric != drift::PerformanceMetric::accuracy;
}

// Of the harm_monitor, the only kind that the policy may name then.
void Watch::make_sequence() {
    if (!watches_ratio()) return;
    for (const Stream& stream : streams_) {
        if (stream.source != StreamSource::performance) continue;
        const char* const kind = drift::monitor_kind_name(stream.monitor.kind());
        const drift::OptionList options = drift::parse_options(kind, stream.monitor.options_json());
        const auto number = [&](const char* name) {
            return drift::read_number(kind, name, *drift::find_option(options, name));
        };
        predictions_->sequence.emplace(predictions_->window.reference(),
                                       drift::MetricSequenceOptions{.metric = predictions_->metric,
                                                                    .with_labels = false,
                                                                    .level = number("level"),
                                                                    .alarm_level = number("level"),
                                                                    .tolerated = number("tolerated"),
                                                                    .intrinsic_time = number("intrinsic_time")});
    }
    if (!predictions_->sequence->has_loss())
        throw Error(
            ErrorCode::invalid_policy,
            fmt::format("policy /performance/rows: a macro average over several classes is watched in blocks of "
                        "{} rows at least",
                        PerformancePolicy::minimum_rows));
}

void Watch::join(const Policy& policy) {
    if (!(policy.joined_evidence.false_discovery_rate > 0.0)) return;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
        if (streams_[i].monitor.kind() != drift::MonitorKind::e_process) continue;
        streams_[i].joined = static_cast<std::uint32_t>(joined_streams_.size());
        joined_streams_.push_back(i);
    }
    if (joined_streams_.empty())
        throw Error(ErrorCode::invalid_policy,
                    "policy /joined_evidence: no e_process watches a stream of this baseline");
    if (!joined_) joined_.emplace(joined_streams_.size(), policy.joined_evidence.false_discovery_rate);
}

// One stream's evidence may bring in others.
void Watch::discover(const Stream& by, std::size_t before, double value, std::int64_t time) noexcept {
    for (const std::uint32_t place : joined_->discoveries().subspan(before)) {
        Stream& found = streams_[joined_streams_[place]];
        note(found, &found == &by ? value : not_a_number, time);
    }
}

MonitorState Watch::take(Stream& stream, double value, std::int64_t time) noexcept {
    const MonitorState said = stream.monitor.update(value);
    if (stream.joined) {
        const std::size_t before = joined_->discoveries().size();
        if (!joined_->update(*stream.joined, stream.monitor.reading().p_value)) return MonitorState::in_control;
        discover(stream, before, value, time);
        return MonitorState::change;
    }
    if (said == MonitorState::change) note(stream, value, time);
    return said;
}

MonitorState Watch::take_row(std::size_t group, std::span<const double> row, std::int64_t time) noexcept {
    MonitorState gravest = MonitorState::in_control;
    for (RowStream& stream : rows_) {
        if (stream.index != group) continue;
        const MonitorState said = stream.monitor.update(row);
        if (said == MonitorState::change) {
            note(stream, not_a_number, time);
            stream.has_alarmed = stream.at_alarm.has_value();
            try {
                if (stream.has_alarmed) *stream.at_alarm = stream.monitor;  // of the same sizes: allocates nothing
            } catch (...) {
                stream.has_alarmed = false;
            }
        }
        gravest = std::max(gravest, said);
    }
    return gravest;
}

template <class T>
MonitorState Watch::observe_row(std::span<const T> row, std::int64_t time) noexcept {
    MonitorState gravest = MonitorState::in_control;
    if (row.size() != baseline_.feature_count()) {
        ++rejected_;
        return gravest;
    }
    for (Stream& stream : streams_) {
        if (stream.source != StreamSource::feature) break;
        gravest = std::max(gravest, take(stream, number_of(row[stream.index]), time));
    }
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        Group& group = groups_[g];
        if (group.features.empty()) continue;
        for (std::size_t i = 0; i < group.features.size(); ++i) group.row[i] = number_of(row[group.features[i]]);
        gravest = std::max(gravest, take_row(g, group.row, time));
    }
    return gravest;
}

MonitorState Watch::observe(std::span<const float> row, std::int64_t time) noexcept {
    return observe_row(row, time);
}
MonitorState Watch::observe(std::span<const double> row, std::int64_t time) noexcept {
    return observe_row(row, time);
}
MonitorState Watch::observe(std::span<const Value> row, std::int64_t time) noexcept {
    return observe_row(row, time);
}

MonitorState Watch::observe_output(std::size_t output, double value, std::int64_t time) noexcept {
    MonitorState gravest = MonitorState::in_control;
    for (Stream& stream : streams_)
        if (stream.source == StreamSource::output && stream.index == output)
            gravest = std::max(gravest, take(stream, value, time));
    return gravest;
}

MonitorState Watch::observe_prediction(std::span<const double> scores, std::uint32_t prediction,
                                       std::int64_t time) noexcept {
    MonitorState gravest = MonitorState::in_control;
    if (!predictions_) return gravest;
    const std::optional<double> value = predictions_->add(scores, prediction);
    if (!value) return gravest;
    for (Stream& stream : streams_)
        if (stream.source == StreamSource::performance) gravest = std::max(gravest, take(stream, *value, time));
    return gravest;
}

MonitorState Watch::observe_embedding(std::size_t group, std::span<const double> row, std::int64_t time) noexcept {
    if (group >= groups_.size() || !groups_[group].features.empty()) return MonitorState::in_control;
    return take_row(group, row, time);
}

MonitorState Watch::observe_embedding(std::size_t group, std::span<const float> row, std::int64_t time) noexcept {
    if (group >= groups_.size() || !groups_[group].features.empty()) return MonitorState::in_control;
    std::vector<double>& wide = groups_[group].row;
    // Of another width, refused whatever it holds.
    if (row.size() != wide.size()) return take_row(group, {}, time);
    std::copy(row.begin(), row.end(), wide.begin());
    return take_row(group, wide, time);
}

void Watch::reset() noexcept {
    if (predictions_) predictions_->clear();
    const auto empty = [](auto& stream) {
        stream.monitor.reset();
        stream.alarms.clear();
        stream.oldest = 0;
        stream.has_alarmed = false;
    };
    std::for_each(streams_.begin(), streams_.end(), empty);
    std::for_each(rows_.begin(), rows_.end(), empty);
    if (joined_) joined_->reset();
    rejected_ = 0;
}

std::size_t Watch::output(std::string_view name) const {
    const auto found = std::find(outputs_.begin(), outputs_.end(), name);
    if (found != outputs_.end()) return static_cast<std::size_t>(found - outputs_.begin());
    std::string known;
    for (const std::string& each : outputs_) known += (known.empty() ? "" : ", ") + each;
    throw Error(ErrorCode::invalid_argument, fmt::format("the policy has no output \"{}\"; it has {}", name,
                                                         known.empty() ? std::string("none") : known));
}

std::size_t Watch::embedding(std::string_view name) const {
    std::string known;
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        if (!groups_[g].features.empty()) continue;
        if (groups_[g].name == name) return g;
        known += (known.empty() ? "" : ", ") + groups_[g].name;
    }
    throw Error(ErrorCode::invalid_argument, fmt::format("the policy has no embedding \"{}\"; it has {}", name,
                                                         known.empty() ? std::string("none") : known));
}

const drift::RowMonitor& Watch::group_monitor(std::string_view name, std::string_view kind) const {
    for (const RowStream& stream : rows_)
        if (stream.name == name && drift::monitor_kind_name(stream.monitor.kind()) == kind) return stream.monitor;
    throw Error(ErrorCode::invalid_argument, fmt::format("the policy has no group \"{}\" with a {}", name, kind));
}

std::uint64_t Watch::alarms() const noexcept {
    std::uint64_t sum = 0;
    each([&](const auto& stream) { sum += alarms_of(stream); });
    return sum;
}

}  // namespace vedette::inline v0
