// SPDX-License-Identifier: Apache-2.0
// Monitors over rows and outputs, their alarms in short memory, and what they say of a period.
#include "vedette/guard/watch.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "drift/monitor_options.hpp"
#include "guard/render_common.hpp"
#include "guard/watch_plan.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/stats/distributions.hpp"

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

// Whether so many of a period's values could not be taken as would come once in a million by their share before it;
// where little came before, by a half. 32 at least. What they hide is not judged.
bool is_flooded(std::uint64_t missed_before, std::uint64_t before, std::uint64_t missed, std::uint64_t values) {
    if (missed < 32) return false;
    const double share = before >= 100 ? static_cast<double>(missed_before + 1) / static_cast<double>(before + 2) : 0.5;
    return 1.0 - stats::binomial_cdf(missed - 1, values, share) < 1e-6;
}

// Of so many values given, those that the monitor looks at: of thinned ones the first of each block.
template <class Monitor>
std::uint64_t offered(const Monitor& monitor, std::uint64_t seen) noexcept {
    const std::uint64_t step = monitor.is_thinned() ? monitor.block_length() : 1;
    return seen / step + (seen % step != 0 ? 1 : 0);
}

// The same of what a period brought to a monitor that had been given `seen_before` and taken `accepted_before`. Of a
// block that had begun before it, what was taken counts as missed then: at most a block's values are too many.
template <class Monitor>
bool is_flooded(const Monitor& monitor, std::uint64_t seen_before, std::uint64_t accepted_before) {
    const std::uint64_t whole = monitor.is_thinned() ? 1 : monitor.block_length();
    const drift::MonitorCounts& counts = monitor.counts();
    const std::uint64_t turned_away = counts.nan + counts.infinite + counts.refused;
    const std::uint64_t before = offered(monitor, seen_before);
    const std::uint64_t missed_before = std::min(before - accepted_before * whole, turned_away);
    return is_flooded(missed_before, before, turned_away - missed_before, offered(monitor, monitor.seen()) - before);
}

// Of a process that is judged with others and must not start anew; the smallest that there is.
std::string with_unreachable_level(const MonitorRule& rule) {
    drift::OptionList options = drift::parse_options(rule.kind.c_str(), rule.options);
    options.push_back({"level", 1e-100});
    return drift::write_options(options);
}

}  // namespace

std::vector<std::string> planned_outputs(const Policy& policy) {
    std::vector<std::string> names;
    for (const auto& [name, rules] : policy.outputs) names.push_back(name);
    return names;
}

std::vector<PlannedStream> plan_streams(const Baseline& baseline, const Policy& policy) {
    policy.validate();
    for (const auto& [name, rules] : policy.features) {
        const auto feature = baseline.find(name);
        if (!feature)
            throw Error(ErrorCode::invalid_policy,
                        "policy /features/" + name + ": the baseline has no feature of this name");
        const bool own = !rules.monitors.empty() && rules.monitors != policy.defaults.monitors;
        if (own && baseline.features()[*feature].kind != FeatureKind::numeric)
            throw Error(ErrorCode::invalid_policy,
                        "policy /features/" + name + "/monitors: the feature is categorical, its values have no order");
    }
    std::vector<PlannedStream> streams;
    const bool joins = policy.joined_evidence.false_discovery_rate > 0.0;
    const auto add = [&](const std::string& name, StreamSource source, std::size_t index, MonitorRule rule) {
        if (joins && rule.kind == drift::monitor_kind_name(drift::MonitorKind::e_process))
            rule.options = with_unreachable_level(rule);
        streams.push_back({name, source, index, std::move(rule)});
    };
    for (std::size_t f = 0; f < baseline.feature_count(); ++f) {
        const FeatureBaseline& feature = baseline.features()[f];
        const FeaturePolicy& rules = policy.for_feature(feature.name);
        if (rules.ignore || feature.kind != FeatureKind::numeric) continue;
        for (const MonitorRule& rule : rules.monitors) add(feature.name, StreamSource::feature, f, rule);
    }
    std::size_t output = 0;
    for (const auto& [name, rules] : policy.outputs) {
        for (const MonitorRule& rule : rules) add(name, StreamSource::output, output, rule);
        ++output;
    }
    for (const MonitorRule& rule : policy.performance.monitors)
        add(drift::performance_metric_name(policy.performance.metric), StreamSource::performance, 0, rule);
    return streams;
}

std::vector<PlannedGroup> plan_groups(const Baseline& baseline, const Policy& policy) {
    std::vector<PlannedGroup> groups;
    for (const auto& [name, rules] : policy.groups) {
        const auto refuse = [&group = name](const std::string& what) {
            throw Error(ErrorCode::invalid_policy, "policy /groups/" + group + "/features: " + what);
        };
        groups.push_back({name, {}, rules.monitors});
        for (const std::string& wanted : rules.features) {
            const auto feature = baseline.find(wanted);
            if (!feature) refuse("the baseline has no feature \"" + wanted + "\"");
            if (baseline.features()[*feature].kind != FeatureKind::numeric)
                refuse("\"" + wanted + "\" is categorical, its values have no distances");
            groups.back().features.push_back(*feature);
        }
    }
    return groups;
}

bool matches(const MonitorRule& rule, const drift::AnyMonitor& monitor) {
    // Made anew with what the rule names over what the monitor has: the same again, unless they differ.
    const char* const name = drift::monitor_kind_name(monitor.kind());
    drift::OptionList has = drift::parse_options(name, monitor.options_json());
    const drift::OptionList asked = drift::parse_options(name, rule.options);
    std::uint64_t block = 1;
    for (const drift::Option& option : asked) {
        if (option.key == "block" || option.key == "thin") {
            block = std::max(block, drift::read_whole(name, option.key, option.value, ~0ULL));
            if (block > 1 && drift::find_option(has, option.key) == nullptr) return false;
            continue;
        }
        if (option.key == "average_run_length" && monitor.kind() == drift::MonitorKind::cusum) continue;
        const drift::OptionValue* const value = drift::find_option(has, option.key);
        if (value == nullptr || !drift::same_value(*value, option.value)) return false;
    }
    return block == monitor.block_length();
}

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

WatchMark Watch::mark() const {
    WatchMark mark;
    each([&](const auto& stream) {
        mark.seen.push_back(stream.monitor.seen());
        mark.accepted.push_back(stream.monitor.counts().accepted);
        mark.changes.push_back(alarms_of(stream));
    });
    return mark;
}

std::vector<StreamContribution> Watch::contributions_of(const RowStream& stream) const {
    const drift::MmdMonitor<double>& monitor = stream.at_alarm->monitor();
    const auto found = monitor.fitted().test(monitor.live());
    const std::vector<std::size_t>& features = groups_[stream.index].features;
    std::vector<StreamContribution> list;
    for (std::size_t i = 0; i < found.feature_contributions.size(); ++i)
        list.push_back({i < features.size() ? baseline_.features()[features[i]].name : fmt::format("f{}", i),
                        found.feature_contributions[i]});
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.value > b.value; });
    return list;
}

std::vector<StreamReport> Watch::report(const WatchMark& since) const {
    const bool from_the_start = since.seen.empty();
    const std::size_t count = stream_count();
    if (!from_the_start &&
        (since.seen.size() != count || since.accepted.size() != count || since.changes.size() != count))
        throw Error(ErrorCode::invalid_argument, "watch: the mark is that of another watch");
    std::vector<StreamReport> reports;
    each([&](const auto& stream) {
        const std::size_t i = reports.size();
        const drift::MonitorCounts& counts = stream.monitor.counts();
        StreamReport report{.name = stream.name,
                            .source = stream.source,
                            .kind = stream.monitor.kind(),
                            .options = stream.monitor.options_json(),
                            .state = stream.monitor.state(),
                            .counts = counts,
                            .seen = stream.monitor.seen(),
                            .reading = stream.monitor.reading(),
                            .alarms = stream.alarms};
        std::rotate(report.alarms.begin(), report.alarms.begin() + static_cast<std::ptrdiff_t>(stream.oldest),
                    report.alarms.end());
        report.counts.changes = alarms_of(stream);
        if (stream.joined && joined_) {
            report.joined_e_value = joined_->e_values()[*stream.joined];
            report.is_discovered = joined_->is_discovered(*stream.joined);
            report.state = report.is_discovered ? MonitorState::change : MonitorState::in_control;
        }
        if (stream.source == StreamSource::performance && predictions_->sequence) {
            const Interval bounds = predictions_->sequence->bounds();
            report.reading.estimate = 1.0 - predictions_->sequence->value();
            report.reading.interval = {1.0 - bounds.upper, 1.0 - bounds.lower};
        }
        const std::uint64_t accepted_before = from_the_start ? 0 : since.accepted[i];
        report.period_begin = from_the_start ? 0 : since.seen[i];
        report.period_alarms = report.counts.changes - (from_the_start ? 0 : since.changes[i]);
        report.decision = report.period_alarms > 0                                        ? Decision::alarm
                          : counts.accepted == accepted_before                            ? Decision::not_evaluated
                          : report.state == MonitorState::warning || report.is_discovered ? Decision::warn
                                                                                          : Decision::pass;
        if constexpr (std::is_same_v<std::decay_t<decltype(stream)>, RowStream>)
            if (stream.has_alarmed) report.contributions = contributions_of(stream);
        if (report.decision == Decision::pass && report.seen >= report.period_begin &&
            is_flooded(stream.monitor, report.period_begin, accepted_before))
            report.decision = Decision::not_evaluated;
        reports.push_back(std::move(report));
    });
    return reports;
}

const char* stream_source_name(StreamSource source) noexcept {
    switch (source) {
        case StreamSource::feature: return "feature";
        case StreamSource::output: return "output";
        case StreamSource::performance: return "performance";
        case StreamSource::group: return "group";
    }
    return "unknown";
}

std::string StreamReport::subject() const {
    switch (source) {
        case StreamSource::feature: break;
        case StreamSource::output: return "output " + name;
        case StreamSource::performance: return "1 - estimated " + name;
        case StreamSource::group: return "group " + name;
    }
    return name;
}

std::string StreamReport::reason() const {
    std::string monitor = drift::monitor_kind_name(kind);
    std::replace(monitor.begin(), monitor.end(), '_', ' ');
    const std::string subject = fmt::format("{}: {}", this->subject(), monitor);
    const std::uint64_t count = seen - std::min(seen, period_begin);
    const char* const what = source == StreamSource::group ? "row" : "value";
    const std::string values = fmt::format("{} {}s", count, what);
    if (!std::isnan(joined_e_value) && decision != Decision::not_evaluated)
        return fmt::format("{} has an e-value of {} after {}{}", subject, rendering::number(joined_e_value), values,
                           !is_discovered ? std::string(", not discovered among the joined ones")
                           : alarms.empty()
                               ? std::string(", discovered")
                               : fmt::format(", discovered {}at value {}", period_alarms == 0 ? "earlier, " : "",
                                             alarms.back().position));
    switch (decision) {
        case Decision::not_evaluated:
            if (counts.accepted > 0 && count > 0)
                return fmt::format("{} not evaluated: of {} too many could not be taken", subject, values);
            return fmt::format("{} not evaluated, no {} entered", subject, what);
        case Decision::pass: return fmt::format("{} saw no change in {}", subject, values);
        case Decision::warn: return fmt::format("{} warns, which is weak evidence of a change", subject);
        case Decision::alarm: break;
    }
    std::string text = fmt::format("{} saw {} in {}", subject,
                                   period_alarms == 1 ? "a change" : fmt::format("{} changes", period_alarms), values);
    if (alarms.empty()) return text;
    const StreamAlarm& last = alarms.back();
    text += fmt::format(", {} at {} {}", period_alarms == 1 ? "told" : "the last told", what, last.position);
    if (std::isfinite(last.reading.estimate))
        text += fmt::format("; {} {} then", source == StreamSource::group ? "distance" : "level",
                            rendering::number(last.reading.estimate));
    std::string due;
    for (std::size_t i = 0; i < std::min<std::size_t>(3, contributions.size()); ++i)
        due += (due.empty() ? "" : ", ") + contributions[i].name;
    if (!due.empty()) text += fmt::format("; due to {}{} first", due, contributions.size() > 3 ? ", ..." : "");
    return text;
}

namespace {

// Drift that monitors saw voids calibrations.
void void_scores(Report& report) {
    const bool drifted = (report.joined_evidence && report.joined_evidence->decision == Decision::alarm) ||
                         std::any_of(report.streams.begin(), report.streams.end(),
                                     [](const StreamReport& stream) { return stream.decision == Decision::alarm; });
    for (ScoreReport& score : report.scores) {
        if (!drifted) break;
        score.is_stale = true;
        score.decision = Decision::not_evaluated;
    }
}

}  // namespace

void attach(Report& report, const Watch& watch, const WatchMark& since) {
    if (watch.baseline().id() != report.baseline.id())
        throw Error(ErrorCode::baseline_mismatch, "the watch is that of another baseline");
    if (report.release)
        throw Error(ErrorCode::invalid_argument, "the report is on a released window; what monitors say is not noised");
    // Two watches of one baseline would be told apart by nothing.
    if (!report.streams.empty()) throw Error(ErrorCode::invalid_argument, "the report has a watch already");
    report.streams = watch.report(since);
    report.joined_evidence = watch.evidence(since);
    for (const StreamReport& stream : report.streams) report.decision = worst(report.decision, stream.decision);
    if (report.joined_evidence) report.decision = worst(report.decision, report.joined_evidence->decision);
    void_scores(report);
}

void attach(Report& report, std::span<const Watch* const> shards) {
    if (report.release)
        throw Error(ErrorCode::invalid_argument, "the report is on a released window; what monitors say is not noised");
    if (report.joined_evidence) throw Error(ErrorCode::invalid_argument, "the report has joined evidence already");
    EvidenceReport evidence = Watch::evidence(shards);
    if (shards.front()->baseline().id() != report.baseline.id())
        throw Error(ErrorCode::baseline_mismatch, "the watches are those of another baseline");
    report.decision = worst(report.decision, evidence.decision);
    report.joined_evidence = std::move(evidence);
    void_scores(report);
}

}  // namespace vedette::inline v0
