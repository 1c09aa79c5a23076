// SPDX-License-Identifier: Apache-2.0
// What the monitors of a watch say of a period.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "guard/render_common.hpp"
#include "guard/watch_plan.hpp"
#include "vedette/core/error.hpp"
#include "vedette/guard/watch.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0 {

namespace {

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

std::uint64_t turned_away(const drift::MonitorCounts& counts) noexcept {
    return counts.nan + counts.infinite + counts.refused;
}

// The same of what a period brought to a monitor that had been given `seen_before`, and turned some away.
template <class Monitor>
bool is_flooded(const Monitor& monitor, std::uint64_t seen_before, std::uint64_t turned_away_before) {
    const std::uint64_t before = offered(monitor, seen_before);
    const std::uint64_t missed = turned_away(monitor.counts());
    return is_flooded(turned_away_before, before, missed - std::min(missed, turned_away_before),
                      offered(monitor, monitor.seen()) - before);
}

}  // namespace

WatchMark Watch::mark() const {
    WatchMark mark;
    each([&](const auto& stream) {
        mark.seen.push_back(stream.monitor.seen());
        mark.accepted.push_back(stream.monitor.counts().accepted);
        mark.turned_away.push_back(turned_away(stream.monitor.counts()));
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
    if (!from_the_start && (since.seen.size() != count || since.accepted.size() != count ||
                            since.turned_away.size() != count || since.changes.size() != count))
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
            is_flooded(stream.monitor, report.period_begin, from_the_start ? 0 : since.turned_away[i]))
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
