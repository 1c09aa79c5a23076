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

#include "guard/render_common.hpp"
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
}

std::string words_of(const drift::MonitorReading& reading) {
    std::string words;
    const auto add = [&](const std::string& part) { words += (words.empty() ? "" : ", ") + part; };
    if (std::isfinite(reading.statistic))
        add("statistic " + number(reading.statistic) +
            (std::isfinite(reading.limit) ? ", limit " + number(reading.limit) : ""));
    if (std::isfinite(reading.p_value)) add("p " + rendering::p_value(reading.p_value));
    if (std::isfinite(reading.estimate)) add("level " + number(reading.estimate));
    return words;
}

std::string event_text(const WatchedColumn& column, const WatchEvent& event) {
    const std::string when = event.time.empty() ? "" : fmt::format(" ({})", clean(event.time));
    const std::string value = column.takes_rows() ? "" : " at " + number(event.value);
    return fmt::format("row {}{}: {}: {}: {}{}: {}\n", grouped(event.row), when, clean(column.column),
                       drift::monitor_kind_name(column.kind), monitor_state_name(event.state), value,
                       words_of(summary(column).reading));
}

std::string event_json(const WatchedColumn& column, const WatchEvent& event) {
    Json json{{"event", monitor_state_name(event.state)}, {"row", event.row}};
    if (!event.time.empty()) json["time"] = event.time;
    json["column"] = column.column;
    json["monitor"] = drift::monitor_kind_name(column.kind);
    json["value"] = finite_or_null(event.value);
    add_reading(json, summary(column).reading);
    return line_of(json);
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
    return fmt::format("{} rows\n{}", grouped(state.rows), text_table(rows));
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
    return text + "# EOF\n";
}

}  // namespace

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
        } else if (word != "text") {
            throw InputError("--format " + text + ": here the formats are text, json and openmetrics");
        }
        if (std::any_of(outputs_.begin(), outputs_.end(), [&](const Output& other) { return other.path == path; }))
            throw InputError("--format " + text + ": two outputs for " + (path.empty() ? "standard output" : path));
        outputs_.push_back({format, path, nullptr});
    }
    if (outputs_.empty()) outputs_.push_back({Format::text, {}, nullptr});
    for (Output& output : outputs_) {
        if (output.path.empty() || output.format == Format::openmetrics) continue;
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
    for (const Output& output : outputs_) {
        if (output.format == Format::text) write(output, event_text(column, event));
        if (output.format == Format::json) write(output, event_json(column, event));
    }
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
        }
    }
}

}  // namespace vedette::inline v0::cli
