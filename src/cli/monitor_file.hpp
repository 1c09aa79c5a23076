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

namespace vedette::inline v0::cli {

/// One monitor of one column, or the values from which it is still to learn.
struct WatchedColumn {
    std::string column;
    drift::MonitorKind kind = drift::MonitorKind::adwin;
    std::string options;          ///< as asked for
    std::vector<double> learned;  ///< finite; empty once there is a monitor
    std::optional<drift::AnyMonitor> monitor;
};

struct WatchState {
    std::uint64_t rows = 0;  ///< read so far
    std::vector<WatchedColumn> columns;
};

/// Canonical bytes (core/container.hpp, kind "monitors"): metadata `watched` is a JSON array of {column, kind,
/// options}, `rows` a number; tensor "i" holds the bytes of monitor i (u8) or the values learned so far (f64). Throws
/// Error(invalid_argument) for names that are no UTF-8.
[[nodiscard]] std::vector<std::byte> write_monitors(const WatchState& state);
/// Throws Error(corrupt_data) for anything that write_monitors does not write, Error(unsupported_version).
[[nodiscard]] WatchState read_monitors(std::span<const std::byte> bytes);

}  // namespace vedette::inline v0::cli
