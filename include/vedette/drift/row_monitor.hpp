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
/// "mmd_monitor", an MmdMonitor<double>; the rules of MonitorBase hold, with a row in place of a value.
///
/// Against autocorrelation take `block` = K, means of K rows, or `thin` = K, the first of each K rows, as AnyMonitor
/// does: rows that may not enter (a NaN, an infinity, another width) are counted at once and belong to no block, and
/// the rows of the reference are taken in the same way, so give them in their order. Counts, `window` and
/// `expected_run` are of what enters, so of blocks; `seen` is of rows.
class RowMonitor {
  public:
    /// `options` as make_monitor takes them; names are those of MmdMonitorOptions but `nan`: rows of the reference with
    /// a NaN are left out. Fits, which takes seconds at the default options. Throws Error(invalid_argument) for an
    /// unknown kind, an unknown name or a value out of range, and as MmdMonitor does; with `block` and `thin`, of what
    /// they leave of the reference.
    RowMonitor(std::string_view kind, std::string_view options, MatrixView<double> reference);

    /// Throws Error(invalid_argument) for what the constructor would refuse, without a reference.
    static void check(std::string_view kind, std::string_view options);
    /// All options with their defaults, as one line of JSON.
    [[nodiscard]] static std::string defaults();

    MonitorState update(std::span<const double> row) noexcept;
    void reset() noexcept;

    [[nodiscard]] MonitorKind kind() const noexcept { return MonitorKind::mmd_monitor; }
    /// A change is said once: by the row with which it came.
    [[nodiscard]] MonitorState state() const noexcept;
    [[nodiscard]] const MonitorCounts& counts() const noexcept { return monitor_.counts(); }
    /// estimate: the MMD of the window, `distance()`.
    [[nodiscard]] MonitorReading reading() const noexcept;
    /// Rows given since it was made or reset, whatever became of them.
    [[nodiscard]] std::uint64_t seen() const noexcept;
    /// Of `block` or `thin`; 1 without.
    [[nodiscard]] std::uint32_t block_length() const noexcept { return length_; }
    /// Whether it is of `thin`.
    [[nodiscard]] bool is_thinned() const noexcept { return thin_; }
    [[nodiscard]] std::size_t dimension() const noexcept { return monitor_.dimension(); }
    /// All options, as one line of JSON; what follows from others is written out.
    [[nodiscard]] std::string options_json() const;
    /// Whether these options make such a monitor. Throws as `check`.
    [[nodiscard]] bool has_options(std::string_view options) const;

    /// For what lies behind an alarm: `monitor().fitted().test(monitor().live())` names the features.
    [[nodiscard]] const MmdMonitor<double>& monitor() const noexcept { return monitor_; }

    /// Without blocks, the bytes of the class itself; else kind "blocked_row_monitor".
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data), Error(unsupported_version).
    [[nodiscard]] static RowMonitor deserialize(std::span<const std::byte> bytes);

  private:
    RowMonitor(MmdMonitor<double> monitor, std::uint32_t length, bool thin);
    [[nodiscard]] bool may_enter(std::span<const double> row) const noexcept;
    MonitorState update_block(std::span<const double> row) noexcept;

    MmdMonitor<double> monitor_;
    std::uint32_t length_ = 1;
    bool thin_ = false;
    std::uint32_t place_ = 0;    // of the next row in its block
    std::uint64_t given_ = 0;    // rows, with blocks
    std::vector<double> block_;  // the mean so far, as if the rest were 0
};

}  // namespace vedette::inline v0::drift
