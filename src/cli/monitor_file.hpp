// SPDX-License-Identifier: Apache-2.0
// The file of `vedette monitor --state`: monitors of several columns, and where the stream stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/joined_evidence.hpp"
#include "vedette/drift/row_monitor.hpp"

namespace vedette::inline v0::cli {

/// One monitor of one column, or of several together, or the values from which it is still to learn.
struct WatchedColumn {
    std::string column;  ///< of several: their names with commas between
    drift::MonitorKind kind = drift::MonitorKind::adwin;
    std::string options;          ///< as asked for
    std::vector<double> learned;  ///< finite, row by row; empty once there is a monitor
    std::optional<drift::AnyMonitor> monitor;
    std::vector<std::string> joined{};  ///< of a kind that takes rows: its columns; else none
    std::optional<drift::RowMonitor> rows{};
    bool is_joined = false;      ///< an e_process that is judged with the others
    bool is_discovered = false;  ///< by them

    [[nodiscard]] bool takes_rows() const noexcept { return !joined.empty(); }
    [[nodiscard]] bool is_learning() const noexcept { return !monitor && !rows; }
};

/// What a monitor says of itself, whether it takes values or rows.
struct MonitorSummary {
    MonitorState state = MonitorState::in_control;
    drift::MonitorCounts counts{};
    std::uint64_t seen = 0;
    drift::MonitorReading reading{};
};
/// The names, with commas between.
[[nodiscard]] std::string joined_name(const std::vector<std::string>& columns);
/// Blank while it learns.
[[nodiscard]] MonitorSummary summary(const WatchedColumn& column) noexcept;

struct WatchState {
    std::uint64_t rows = 0;  ///< read so far
    std::vector<WatchedColumn> columns;
    std::optional<drift::JoinedEvidence> joined{};  ///< of its columns of kind e_process, in their order
};
/// Marks the columns that are joined, and those of them that are discovered.
void mark_joined(WatchState& state) noexcept;

/// Canonical bytes (core/container.hpp, kind "monitors"): metadata `watched` is a JSON array of {column, kind,
/// options}, with `columns`, a list, in place of `column` for a kind that takes rows; `rows` a number; tensor "i" holds
/// the bytes of monitor i (u8) or the values learned so far (f64); tensor "joined" (u8)
/// the bytes of `joined`, where there is some. Throws Error(invalid_argument) for names that are no
/// UTF-8.
[[nodiscard]] std::vector<std::byte> write_monitors(const WatchState& state);
/// Throws Error(corrupt_data) for anything that write_monitors does not write, Error(unsupported_version).
[[nodiscard]] WatchState read_monitors(std::span<const std::byte> bytes);

}  // namespace vedette::inline v0::cli
