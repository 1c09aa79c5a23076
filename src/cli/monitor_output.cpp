// SPDX-License-Identifier: Apache-2.0
// Events and states of monitors as text, JSON lines and OpenMetrics.
#include "monitor_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "guard/evidence_json.hpp"
#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "guard/stream_page.hpp"
#include "input.hpp"
#include "outputs.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;
using rendering::clean;
using rendering::grouped;
using rendering::number;

Json finite_or_null(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

std::string line_of(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void add_reading(Json& json, const drift::MonitorReading& reading) {
    json["estimate"] = finite_or_null(reading.estimate);
    json["statistic"] = finite_or_null(reading.statistic);
    json["limit"] = finite_or_null(reading.limit);
    json["p_value"] = finite_or_null(reading.p_value);
    json["e_value"] = finite_or_null(reading.e_value);
    json["interval"] = rendering::interval_json(reading.interval);
}

std::string words_of(const drift::MonitorReading& reading) {
    std::string words;
    const auto add = [&](const std::string& part) { words += (words.empty() ? "" : ", ") + part; };
    if (std::isfinite(reading.statistic))
        add("statistic " + number(reading.statistic) +
            (std::isfinite(reading.limit) ? ", limit " + number(reading.limit) : ""));
    if (std::isfinite(reading.p_value)) add("p " + rendering::p_value(reading.p_value));
    if (std::isfinite(reading.estimate)) add("level " + number(reading.estimate));
    if (std::isfinite(reading.interval.lower))
        add(fmt::format("from {} to {} at all times", number(reading.interval.lower), number(reading.interval.upper)));
    return words;
}

// Which columns an alarm of rows is due to, the largest contribution first, while its window is there.
std::vector<std::pair<std::string, double>> contributions_of(const WatchedColumn& column) {
    std::vector<std::pair<std::string, double>> list;
    if (!column.rows || column.rows->monitor().width() == 0) return list;
    const drift::MmdMonitor<double>& monitor = column.rows->monitor();
    const auto found = monitor.fitted().test(monitor.live());
    for (std::size_t i = 0; i < found.feature_contributions.size() && i < column.joined.size(); ++i)
        list.emplace_back(column.joined[i], found.feature_contributions[i]);
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return list;
}

// The rows of the window with which an alarm of rows came, the last of them its own.
std::uint64_t first_row_of(const WatchedColumn& column, std::uint64_t row) {
    const std::uint64_t rows = std::uint64_t{column.rows->monitor().width()} * column.rows->block_length();
    return row - std::min(row - 1, rows - std::min<std::uint64_t>(rows, 1));
}

std::string event_text(const WatchedColumn& column, const WatchEvent& event) {
    const std::string when = event.time.empty() ? "" : fmt::format(" ({})", clean(event.time));
    const std::string value = std::isnan(event.value) ? "" : fmt::format(" with the value {}", number(event.value));
    std::string due;
    if (event.state == MonitorState::change) {
        const auto contributions = contributions_of(column);
        for (std::size_t i = 0; i < std::min<std::size_t>(3, contributions.size()); ++i)
            due += (due.empty() ? "" : ", ") + clean(contributions[i].first);
        if (!due.empty())
            due = fmt::format("; in rows {} to {}, due to {}{} first", grouped(first_row_of(column, event.row)),
                              grouped(event.row), due, contributions.size() > 3 ? ", ..." : "");
    }
    return fmt::format("row {}{}: {}: {}: {}{}: {}{}\n", grouped(event.row), when, clean(column.column),
                       drift::monitor_kind_name(column.kind), monitor_state_name(event.state), value,
                       words_of(summary(column).reading), due);
}

std::string event_json(const WatchedColumn& column, const WatchEvent& event) {
    Json json{{"event", monitor_state_name(event.state)}, {"row", event.row}};
    if (!event.time.empty()) json["time"] = event.time;
    json["column"] = column.column;
    json["monitor"] = drift::monitor_kind_name(column.kind);
    json["value"] = finite_or_null(event.value);
    add_reading(json, summary(column).reading);
    if (column.rows && event.state == MonitorState::change) {
        json["first_row"] = first_row_of(column, event.row);
        json["contributions"] = Json::array();
        for (const auto& [name, value] : contributions_of(column))
            json["contributions"].push_back({{"column", name}, {"contribution", finite_or_null(value)}});
    }
    return line_of(json);
}

// In the words of a report.
EvidenceReport evidence_of(const WatchState& state) {
    EvidenceReport out{.decision = Decision::not_evaluated,
                       .false_discovery_rate = state.joined->false_discovery_rate(),
                       .threshold = state.joined->threshold(),
                       .shards = 1,
                       .merge = {},
                       .streams = {}};
    bool any = false;
    for (const WatchedColumn& each : state.columns) {
        if (!each.is_joined) continue;
        out.streams.push_back({each.column, state.joined->e_values()[out.streams.size()], each.is_discovered});
        any = any || summary(each).counts.accepted > 0;
    }
    if (any) out.decision = out.discovered() > 0 ? Decision::alarm : Decision::pass;
    return out;
}

std::string state_text(const WatchState& state) {
    std::vector<std::vector<std::string>> rows = {
        {"column", "monitor", "values", "not taken", "alarms", "state", "level", "statistic", "limit"}};
    for (const WatchedColumn& each : state.columns) {
        std::vector<std::string> row = {clean(each.column), drift::monitor_kind_name(each.kind)};
        if (!each.is_learning()) {
            const auto [state_now, counts, seen, reading] = summary(each);
            for (const std::uint64_t count : {seen, counts.nan + counts.infinite + counts.refused, counts.changes})
                row.push_back(grouped(count));
            row.emplace_back(monitor_state_name(state_now));
            for (const double value : {reading.estimate, reading.statistic, reading.limit})
                row.push_back(number(value));
        } else {
            row.push_back(grouped(each.learned.size() / std::max<std::size_t>(each.joined.size(), 1)));
            for (const char* const word : {"-", "-", "learning", "-", "-", "-"}) row.emplace_back(word);
        }
        rows.push_back(std::move(row));
    }
    return fmt::format("{} rows\n{}{}", grouped(state.rows), text_table(rows),
                       state.joined ? evidence_text(evidence_of(state)) : std::string());
}

std::string state_json(const WatchState& state) {
    std::string lines;
    for (const WatchedColumn& each : state.columns) {
        Json json{{"event", "end"},
                  {"row", state.rows},
                  {"column", each.column},
                  {"monitor", drift::monitor_kind_name(each.kind)}};
        if (each.takes_rows()) json["columns"] = each.joined;
        if (!each.is_learning()) {
            const auto [state_now, counts, seen, reading] = summary(each);
            json["options"] = Json::parse(each.rows ? each.rows->options_json() : each.monitor->options_json());
            json["state"] = monitor_state_name(state_now);
            json["seen"] = seen;
            json["accepted"] = counts.accepted;
            json["nan"] = counts.nan;
            json["infinite"] = counts.infinite;
            json["refused"] = counts.refused;
            json["changes"] = counts.changes;
            add_reading(json, reading);
        } else {
            json["state"] = "learning";
            json["learned"] = each.learned.size() / std::max<std::size_t>(each.joined.size(), 1);
        }
        lines += line_of(json);
    }
    if (state.joined) {
        Json json{{"event", "joined_evidence"}, {"row", state.rows}};
        json.update(rendering::joined_evidence_json(evidence_of(state)));
        lines += line_of(json);
    }
    return lines;
}

std::string family(std::string_view name, std::string_view type, std::string_view help) {
    return fmt::format("# TYPE vedette_monitor_{0} {1}\n# HELP vedette_monitor_{0} {2}\n", name, type, help);
}

std::string labels_of(const WatchedColumn& column) {
    return fmt::format("column=\"{}\",monitor=\"{}\"", rendering::metric_label(column.column),
                       drift::monitor_kind_name(column.kind));
}

std::string metrics(const WatchState& state) {
    std::string text = family("rows", "counter", "Rows read.");
    text += fmt::format("vedette_monitor_rows_total {}\n", state.rows);
    text += family("values", "counter", "Values (or means of blocks of them), by what became of them.");
    for (const WatchedColumn& each : state.columns) {
        const drift::MonitorCounts counts = summary(each).counts;
        const std::pair<const char*, std::uint64_t> fates[] = {{"accepted", counts.accepted},
                                                               {"nan", counts.nan},
                                                               {"infinite", counts.infinite},
                                                               {"refused", counts.refused}};
        for (const auto& [fate, count] : fates)
            text += fmt::format("vedette_monitor_values_total{{{},fate=\"{}\"}} {}\n", labels_of(each), fate, count);
    }
    text += family("changes", "counter", "Alarms.");
    for (const WatchedColumn& each : state.columns)
        text += fmt::format("vedette_monitor_changes_total{{{}}} {}\n", labels_of(each), summary(each).counts.changes);
    const auto gauge = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        for (const WatchedColumn& each : state.columns)
            if (!each.is_learning())
                text += fmt::format("vedette_monitor_{}{{{}}} {}\n", name, labels_of(each),
                                    rendering::metric_value(value(summary(each))));
    };
    gauge("state", "What the last value led to: 0 in control, 1 warning, 2 change.",
          [](const MonitorSummary& m) { return static_cast<double>(m.state); });
    gauge("estimate", "Present level.", [](const MonitorSummary& m) { return m.reading.estimate; });
    gauge("statistic", "What is compared with the limit.", [](const MonitorSummary& m) { return m.reading.statistic; });
    gauge("limit", "Limit of the statistic.", [](const MonitorSummary& m) { return m.reading.limit; });
    if (state.joined) {
        text += family("joined_threshold", "gauge",
                       "E-value that discovered columns had to reach; without any, that a first one must.");
        text +=
            fmt::format("vedette_monitor_joined_threshold {}\n", rendering::metric_value(state.joined->threshold()));
        text += family("joined_e_value", "gauge", "E-value of a column at any time.");
        for (const EvidenceReport::Stream& stream : evidence_of(state).streams)
            text += fmt::format("vedette_monitor_joined_e_value{{column=\"{}\"}} {}\n",
                                rendering::metric_label(stream.subject), rendering::metric_value(stream.e_value));
        text += family("joined_discovered", "gauge", "Whether the column is discovered as changed.");
        for (const EvidenceReport::Stream& stream : evidence_of(state).streams)
            text += fmt::format("vedette_monitor_joined_discovered{{column=\"{}\"}} {}\n",
                                rendering::metric_label(stream.subject), stream.is_discovered ? 1 : 0);
    }
    return text + "# EOF\n";
}

}  // namespace

std::string evidence_text(const EvidenceReport& evidence) {
    return fmt::format("{}\n({})\n", clean(evidence.reason()), evidence.condition());
}

WatchOutputs::WatchOutputs(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        const std::size_t sign = std::min(text.find('='), text.size());
        const std::string_view word = std::string_view(text).substr(0, sign);
        std::string path = sign == text.size() ? "" : text.substr(sign + 1);
        if (sign != text.size() && path.empty()) throw InputError("--format " + text + ": the path is empty");
        if (path == "-") path.clear();
        Format format = Format::text;
        if (word == "json") {
            format = Format::json;
        } else if (word == "openmetrics") {
            format = Format::openmetrics;
        } else if (word == "html") {
            format = Format::html;
        } else if (word != "text") {
            throw InputError("--format " + text + ": here the formats are text, json, html and openmetrics");
        }
        if (std::any_of(outputs_.begin(), outputs_.end(), [&](const Output& other) { return other.path == path; }))
            throw InputError("--format " + text + ": two outputs for " + (path.empty() ? "standard output" : path));
        outputs_.push_back({format, path, nullptr});
    }
    if (outputs_.empty()) outputs_.push_back({Format::text, {}, nullptr});
    for (Output& output : outputs_) {
        if (output.path.empty() || output.format == Format::openmetrics || output.format == Format::html) continue;
        output.stream = std::make_shared<std::ofstream>(output.path, std::ios::binary);
        if (!*output.stream) throw Error(ErrorCode::io_error, output.path + ": cannot be written");
    }
}

void WatchOutputs::write(const Output& output, const std::string& text) const {
    if (output.stream == nullptr) return write_text(output.path, text);
    output.stream->write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!output.stream->flush()) throw Error(ErrorCode::io_error, output.path + ": cannot be written");
}

void WatchOutputs::tell(const WatchedColumn& column, const WatchEvent& event) {
    if (event.state == MonitorState::change) {
        std::vector<StreamAlarm>& kept = alarms_[{column.column, column.kind}];
        if (kept.size() == ::vedette::Watch::kept_alarms) kept.erase(kept.begin());
        kept.push_back({event.row, static_cast<std::int64_t>(event.row), event.value, summary(column).reading});
    }
    for (const Output& output : outputs_) {
        if (output.format == Format::text) write(output, event_text(column, event));
        if (output.format == Format::json) write(output, event_json(column, event));
    }
}

// Places are rows of the stream; the period is this run.
std::string WatchOutputs::page(const WatchState& state) const {
    std::vector<StreamReport> streams;
    Decision gravest = Decision::pass;
    for (const WatchedColumn& each : state.columns) {
        const auto [state_now, counts, seen, reading] = summary(each);
        StreamReport stream{.name = each.column,
                            .source = each.takes_rows() ? StreamSource::group : StreamSource::feature,
                            .kind = each.kind,
                            .options = each.options,
                            .period_begin = first_row_,
                            .state = state_now,
                            .counts = counts,
                            .seen = state.rows,
                            .reading = reading,
                            .alarms = {}};
        const auto found = alarms_.find({each.column, each.kind});
        if (found != alarms_.end()) stream.alarms = found->second;
        stream.period_alarms = stream.alarms.size();
        stream.decision = !stream.alarms.empty()               ? Decision::alarm
                          : counts.accepted == 0               ? Decision::not_evaluated
                          : state_now == MonitorState::warning ? Decision::warn
                                                               : Decision::pass;
        gravest = worst(gravest, stream.decision);
        streams.push_back(std::move(stream));
    }
    std::optional<EvidenceReport> joined;
    if (state.joined) joined = evidence_of(state);
    return rendering::stream_page("Monitors", fmt::format("{} rows read", grouped(state.rows)), gravest, streams,
                                  {.joined = joined});
}

void WatchOutputs::refresh(const WatchState& state) const {
    for (const Output& output : outputs_)
        if (output.format == Format::openmetrics && !output.path.empty()) write(output, metrics(state));
}

void WatchOutputs::finish(const WatchState& state) {
    for (const Output& output : outputs_) {
        switch (output.format) {
            case Format::text: write(output, state_text(state)); break;
            case Format::json: write(output, state_json(state)); break;
            case Format::openmetrics: write(output, metrics(state)); break;
            case Format::html: write(output, page(state)); break;
        }
    }
}

}  // namespace vedette::inline v0::cli
