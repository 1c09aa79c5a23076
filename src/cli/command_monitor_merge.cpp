// SPDX-License-Identifier: Apache-2.0
// `vedette monitor merge`: states of shards, each with monitors of its own, put together where that means something.
#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands.hpp"
#include "guard/evidence_json.hpp"
#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "monitor_file.hpp"
#include "monitor_output.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;
using drift::MonitorKind;
using rendering::grouped;
using rendering::number;

std::vector<WatchState> read_states(const std::vector<std::string>& paths) {
    std::vector<WatchState> states;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (std::find(paths.begin(), paths.begin() + static_cast<std::ptrdiff_t>(i), paths[i]) !=
            paths.begin() + static_cast<std::ptrdiff_t>(i))
            throw InputError(paths[i] + ": is there twice; its values would count twice");
        try {
            states.push_back(read_monitors(read_file(paths[i])));
        } catch (const Error& error) {
            throw Error(error.code(), paths[i] + ": " + error.what());
        }
        const auto same = [](const WatchedColumn& a, const WatchedColumn& b) {
            return a.column == b.column && a.kind == b.kind && a.options == b.options;
        };
        const std::vector<WatchedColumn>& own = states.back().columns;
        if (!std::equal(own.begin(), own.end(), states[0].columns.begin(), states[0].columns.end(), same))
            throw InputError(paths[i] + ": watches other columns, or by other monitors, than " + paths[0]);
        if (states.back().joined.has_value() != states[0].joined.has_value() ||
            (states[0].joined &&
             states[0].joined->false_discovery_rate() != states.back().joined->false_discovery_rate()))
            throw InputError(paths[i] + ": was saved with another --false-discovery-rate than " + paths[0]);
    }
    return states;
}

// The e-processes of all shards, judged together.
std::optional<EvidenceReport> evidence_of(const std::vector<WatchState>& states, const MonitorMergeOptions& options) {
    std::vector<const drift::AnyMonitor*> processes;
    std::vector<std::string> names;
    std::uint64_t accepted = 0;
    for (std::size_t i = 0; i < states[0].columns.size(); ++i) {
        if (states[0].columns[i].kind != MonitorKind::e_process) continue;
        names.push_back(states[0].columns[i].column);
        for (std::size_t k = 0; k < states.size(); ++k) {
            const WatchedColumn& each = states[k].columns[i];
            if (each.is_learning())
                throw InputError(options.states[k] + ": " + rendering::clean(each.column) +
                                 " still learns its reference");
            if (each.monitor->counts().changes > 0 && !each.is_joined)
                throw InputError(
                    fmt::format("{}: {} reached its own level and began anew, which forgot evidence; watch shards with "
                                "--false-discovery-rate",
                                options.states[k], rendering::clean(each.column)));
            accepted += each.monitor->counts().accepted;
            processes.push_back(&*each.monitor);
        }
    }
    if (processes.empty()) return std::nullopt;
    const double rate =
        options.false_discovery_rate.value_or(states[0].joined ? states[0].joined->false_discovery_rate() : 0.01);
    const drift::JoinedEvidence joined = drift::join_evidence(processes, states.size(), rate, options.merge);
    EvidenceReport out{.decision = accepted == 0                  ? Decision::not_evaluated
                                   : joined.discoveries().empty() ? Decision::pass
                                                                  : Decision::alarm,
                       .false_discovery_rate = rate,
                       .threshold = joined.threshold(),
                       .shards = states.size(),
                       .merge = options.merge,
                       .streams = {}};
    for (std::size_t i = 0; i < names.size(); ++i)
        out.streams.push_back({names[i], joined.e_values()[i], joined.is_discovered(i)});
    return out;
}

struct MergedColumn {
    const WatchedColumn* column;
    std::optional<drift::AnyMonitor> monitor{};  // of a kind that merges
    MonitorState said = MonitorState::in_control;
    std::uint64_t values = 0;
    std::string left_out{};  // why it does not merge
};

// A harm_monitor's and a mean_monitor's bounds are of sums.
MergedColumn merge_column(const std::vector<WatchState>& states, std::size_t i) {
    MergedColumn merged{.column = &states[0].columns[i]};
    for (const WatchState& state : states) merged.values += summary(state.columns[i]).counts.accepted;
    if (merged.column->kind == MonitorKind::e_process) return merged;
    try {
        for (const WatchState& state : states) {
            const WatchedColumn& each = state.columns[i];
            if (!each.monitor) throw Error(ErrorCode::unsupported, "depends on the order of its rows");
            if (!merged.monitor) {
                merged.monitor = *each.monitor;
            } else {
                merged.said = std::max(merged.said, merged.monitor->merge(*each.monitor));
            }
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::unsupported) throw;
        merged.monitor.reset();
        merged.left_out = "does not merge: what it says depends on the order of values; look at each shard's";
    }
    return merged;
}

std::string text_of(const std::vector<MergedColumn>& columns, const std::optional<EvidenceReport>& evidence) {
    std::vector<std::vector<std::string>> table{{"column", "monitor", "values", "level", "from", "to", "merged"}};
    std::size_t process = 0;
    for (const MergedColumn& each : columns) {
        table.push_back({rendering::clean(each.column->column), drift::monitor_kind_name(each.column->kind),
                         grouped(each.values), "-", "-", "-", each.left_out});
        if (each.monitor) {
            const drift::MonitorReading reading = each.monitor->reading();
            table.back() = {table.back()[0],
                            table.back()[1],
                            table.back()[2],
                            number(reading.estimate),
                            number(reading.interval.lower),
                            number(reading.interval.upper),
                            monitor_state_name(each.said)};
        } else if (each.left_out.empty()) {
            const EvidenceReport::Stream& stream = evidence->streams[process++];
            table.back().back() =
                fmt::format("e-value {}{}", number(stream.e_value), stream.is_discovered ? ", discovered" : "");
        }
    }
    return text_table(table) + (evidence ? evidence_text(*evidence) : std::string());
}

Json json_of(const std::vector<MergedColumn>& columns, const std::optional<EvidenceReport>& evidence,
             std::size_t shards) {
    Json out{{"shards", shards}, {"columns", Json::array()}};
    for (const MergedColumn& each : columns) {
        Json json{{"column", each.column->column},
                  {"monitor", drift::monitor_kind_name(each.column->kind)},
                  {"accepted", each.values}};
        if (each.monitor) {
            const drift::MonitorReading reading = each.monitor->reading();
            json["state"] = monitor_state_name(each.said);
            json["estimate"] = rendering::finite_json(reading.estimate);
            json["interval"] = rendering::interval_json(reading.interval);
        }
        if (!each.left_out.empty()) json["left_out"] = each.left_out;
        out["columns"].push_back(std::move(json));
    }
    if (evidence) out["joined_evidence"] = rendering::joined_evidence_json(*evidence);
    return out;
}

}  // namespace

ExitStatus monitor_merge(const MonitorMergeOptions& options) {
    const std::vector<WatchState> states = read_states(options.states);
    std::vector<MergedColumn> columns;
    for (std::size_t i = 0; i < states[0].columns.size(); ++i) columns.push_back(merge_column(states, i));
    const std::optional<EvidenceReport> evidence = evidence_of(states, options);
    if (!evidence &&
        std::none_of(columns.begin(), columns.end(), [](const MergedColumn& each) { return each.monitor.has_value(); }))
        throw InputError(
            "none of these monitors merges: e_process, harm_monitor and mean_monitor do, what others say depends on "
            "the order of values");
    write_text(
        "-", options.as_json
                 ? json_of(columns, evidence, states.size()).dump(2, ' ', false, Json::error_handler_t::replace) + "\n"
                 : text_of(columns, evidence));
    const bool alarmed = (evidence && evidence->decision == Decision::alarm) ||
                         std::any_of(columns.begin(), columns.end(), [](const MergedColumn& each) {
                             return each.monitor && each.said == MonitorState::change;
                         });
    if (alarmed) return exit_failed;
    // What does not merge was not judged here; what had no value neither.
    const bool all = std::all_of(columns.begin(), columns.end(),
                                 [](const MergedColumn& each) { return each.left_out.empty() && each.values > 0; });
    return all ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
