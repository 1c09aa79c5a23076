// SPDX-License-Identifier: Apache-2.0
// A monitor of rows whose kind and options are chosen by name at run time, in the words of AnyMonitor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/any_monitor.hpp"
#include "vedette/drift/mmd_monitor.hpp"

namespace vedette::inline v0::drift {

/// Whether a kind takes rows: it is then made as a RowMonitor, else as an AnyMonitor.
bool is_row_monitor(std::string_view kind) noexcept;

/// What AnyMonitor is for single values, for several at once: features together, embeddings. There is one kind,
/// "mmd_monitor", an MmdMonitor<double>; the rules of MonitorBase hold, with a row in place of a value. `block` and
/// `thin` are not for rows.
class RowMonitor {
  public:
    /// `options` as make_monitor takes them; names are those of MmdMonitorOptions but `nan`: rows of the reference with
    /// a NaN are left out. Fits, which takes seconds at the default options. Throws Error(invalid_argument) for an
    /// unknown kind, an unknown name or a value out of range, and as MmdMonitor does.
    RowMonitor(std::string_view kind, std::string_view options, MatrixView<double> reference);

    /// Throws Error(invalid_argument) for what the constructor would refuse, without a reference.
    static void check(std::string_view kind, std::string_view options);
    /// All options with their defaults, as one line of JSON.
    [[nodiscard]] static std::string defaults();

    MonitorState update(std::span<const double> row) noexcept { return monitor_.update(row); }
    void reset() noexcept { monitor_.reset(); }

    [[nodiscard]] MonitorKind kind() const noexcept { return MonitorKind::mmd_monitor; }
    [[nodiscard]] MonitorState state() const noexcept { return monitor_.state(); }
    [[nodiscard]] const MonitorCounts& counts() const noexcept { return monitor_.counts(); }
    /// estimate: the MMD of the window, `distance()`.
    [[nodiscard]] MonitorReading reading() const noexcept;
    /// Rows given since it was made or reset, whatever became of them.
    [[nodiscard]] std::uint64_t seen() const noexcept;
    [[nodiscard]] std::size_t dimension() const noexcept { return monitor_.dimension(); }
    /// All options, as one line of JSON; what follows from others is written out.
    [[nodiscard]] std::string options_json() const;
    /// Whether these options make such a monitor. Throws as `check`.
    [[nodiscard]] bool has_options(std::string_view options) const;

    /// For what lies behind an alarm: `monitor().fitted().test(monitor().live())` names the features.
    [[nodiscard]] const MmdMonitor<double>& monitor() const noexcept { return monitor_; }

    /// The bytes of the class itself.
    [[nodiscard]] std::vector<std::byte> serialize() const { return monitor_.serialize(); }
    /// Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static RowMonitor deserialize(std::span<const std::byte> bytes);

  private:
    explicit RowMonitor(MmdMonitor<double> monitor) noexcept;

    MmdMonitor<double> monitor_;
};

}  // namespace vedette::inline v0::drift
