// SPDX-License-Identifier: Apache-2.0
// Watched columns as bytes and back, believing nothing.
#include "monitor_file.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kind = "monitors";

void require(bool condition, const char* what) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string("state file: ") + what);
}

std::string list_of(const std::vector<WatchedColumn>& columns) {
    Json list = Json::array();
    for (const WatchedColumn& each : columns) {
        Json entry = each.takes_rows() ? Json{{"columns", each.joined}} : Json{{"column", each.column}};
        entry["kind"] = drift::monitor_kind_name(each.kind);
        entry["options"] = each.options;
        list.push_back(std::move(entry));
    }
    return list.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_in(const Json& entry, const char* key) {
    require(entry.is_object() && entry.contains(key) && entry[key].is_string(), "a watched column that is none");
    return entry[key].get<std::string>();
}

// Names that are not there twice.
std::vector<std::string> names_in(const Json& list) {
    require(list.is_array() && !list.empty(), "columns that are no list");
    std::vector<std::string> names;
    for (const Json& name : list) {
        require(name.is_string(), "a column without a name");
        names.push_back(name.get<std::string>());
    }
    require(std::set<std::string>(names.begin(), names.end()).size() == names.size(), "a column that is there twice");
    return names;
}

std::vector<WatchedColumn> columns_in(const std::string& text) {
    const Json list = Json::parse(text, nullptr, false);
    require(list.is_array() && !list.empty(), "watched is no list");
    std::vector<WatchedColumn> columns;
    for (const Json& entry : list) {
        WatchedColumn column;
        column.options = text_in(entry, "options");
        if (entry.contains("columns")) {
            column.joined = names_in(entry["columns"]);
            column.column = joined_name(column.joined);
            require(drift::is_row_monitor(text_in(entry, "kind")), "a kind that takes no rows");
            column.kind = drift::MonitorKind::mmd_monitor;
            columns.push_back(std::move(column));
            continue;
        }
        column.column = text_in(entry, "column");
        try {
            column.kind = drift::monitor_kind(text_in(entry, "kind"));
        } catch (const Error& error) {
            throw Error(ErrorCode::corrupt_data, std::string("state file: ") + error.what());
        }
        columns.push_back(std::move(column));
    }
    require(list_of(columns) == text, "watched is not written as it should be");
    return columns;
}

std::uint64_t rows_in(const std::string& text) {
    std::uint64_t rows = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), rows);
    require(fault == std::errc{} && end == text.data() + text.size() && std::to_string(rows) == text,
            "rows is no number");
    return rows;
}

}  // namespace

std::string joined_name(const std::vector<std::string>& columns) {
    std::string name;
    for (const std::string& column : columns) name += (name.empty() ? "" : ",") + column;
    return name;
}

MonitorSummary summary(const WatchedColumn& column) noexcept {
    const auto of = [](const auto& monitor) {
        return MonitorSummary{monitor.state(), monitor.counts(), monitor.seen(), monitor.reading()};
    };
    MonitorSummary found = column.rows ? of(*column.rows) : column.monitor ? of(*column.monitor) : MonitorSummary{};
    if (column.is_joined) {  // its own level is one that it does not reach
        found.counts.changes = column.is_discovered ? 1 : 0;
        found.state = column.is_discovered ? MonitorState::change : MonitorState::in_control;
    }
    return found;
}

void mark_joined(WatchState& state) noexcept {
    if (!state.joined) return;
    std::size_t place = 0;
    for (WatchedColumn& each : state.columns) {
        each.is_joined = each.kind == drift::MonitorKind::e_process;
        each.is_discovered = each.is_joined && state.joined->is_discovered(place);
        place += each.is_joined ? 1 : 0;
    }
}

std::vector<std::byte> write_monitors(const WatchState& state) {
    ContainerWriter writer;
    writer.set_metadata("watched", list_of(state.columns));
    writer.set_metadata("rows", std::to_string(state.rows));
    for (std::size_t i = 0; i < state.columns.size(); ++i) {
        const WatchedColumn& column = state.columns[i];
        if (column.is_learning()) {
            writer.add(std::to_string(i), column.learned);
            continue;
        }
        const std::vector<std::byte> bytes = column.rows ? column.rows->serialize() : column.monitor->serialize();
        writer.add(std::to_string(i),
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    if (state.joined) {
        const std::vector<std::byte> bytes = state.joined->serialize();
        writer.add("joined",
                   std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }
    return writer.finish(kind);
}

WatchState read_monitors(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    WatchState state{rows_in(file.metadata("rows")), columns_in(file.metadata("watched"))};
    const bool joins = file.tensors().size() == state.columns.size() + 1;
    require(file.tensors().size() == state.columns.size() + (joins ? 1 : 0) && file.metadata_keys().size() == 6,
            "parts that no such file has");
    for (std::size_t i = 0; i < state.columns.size(); ++i) {
        WatchedColumn& column = state.columns[i];
        const TensorView part = file.tensor(std::to_string(i));
        require(part.shape.size() == 1, "a monitor that is no list");
        if (part.dtype == Dtype::f64) {
            const auto values = file.values<double>(part.name);
            column.learned.assign(values.begin(), values.end());
            for (const double value : values) require(std::isfinite(value), "a learned value that is not finite");
            require(!column.takes_rows() || values.size() % column.joined.size() == 0, "a part of a learned row");
            continue;
        }
        if (column.takes_rows()) {
            column.rows = drift::RowMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>(part.name)));
            require(column.rows->dimension() == column.joined.size(), "a monitor of another number of columns");
            continue;
        }
        column.monitor = drift::AnyMonitor::deserialize(std::as_bytes(file.values<std::uint8_t>(part.name)));
        require(column.monitor->kind() == column.kind, "a monitor of another kind");
    }
    if (joins) {
        require(file.tensor("joined").shape.size() == 1, "joined evidence that is no list");
        state.joined = drift::JoinedEvidence::deserialize(std::as_bytes(file.values<std::uint8_t>("joined")));
        const auto processes = std::count_if(state.columns.begin(), state.columns.end(), [](const WatchedColumn& each) {
            return each.kind == drift::MonitorKind::e_process;
        });
        require(state.joined->size() == static_cast<std::size_t>(processes), "joined evidence of other columns");
        mark_joined(state);
    }
    return state;
}

}  // namespace vedette::inline v0::cli
