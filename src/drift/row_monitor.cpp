// SPDX-License-Identifier: Apache-2.0
// Monitors of rows by name.
#include "vedette/drift/row_monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "drift/mmd_options.hpp"
#include "drift/monitor_blocks.hpp"
#include "drift/monitor_codec.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

using detail::MemberOf;

constexpr const char* mmd = "mmd_monitor";
constexpr const char* blocked_kind = "blocked_row_monitor";
constexpr detail::OptionOwner owner{"monitor", mmd};

#define VEDETTE_OPTION(name) MemberOf<&MmdMonitorOptions::name>::field(#name)
constexpr detail::OptionField<MmdMonitorOptions> fields[] = {
    VEDETTE_OPTION(window),      VEDETTE_OPTION(expected_run), VEDETTE_OPTION(features),    VEDETTE_OPTION(bandwidth),
    VEDETTE_OPTION(standardise), VEDETTE_OPTION(first_look),   VEDETTE_OPTION(simulations), VEDETTE_OPTION(seed),
};
#undef VEDETTE_OPTION

struct RowOptions {
    MmdMonitorOptions monitor{.nan = NanPolicy::omit};
    BlockRule blocks;
};

// Checked, and complete.
RowOptions read_options(std::string_view kind, std::string_view text) {
    if (!is_row_monitor(kind))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("monitor: there is no kind \"{}\" for rows; there is {}", kind, mmd));
    RowOptions options;
    OptionList given = parse_options(mmd, text);
    options.blocks = BlockRule::take(mmd, given);
    for (const Option& option : given) {
        if (detail::read_field(options.monitor, owner, option, fields)) continue;
        std::string known;
        for (const auto& field : fields) known += fmt::format("{}, ", field.key);
        throw Error(
            ErrorCode::invalid_argument,
            fmt::format("monitor {}: there is no option \"{}\"; there are {}block and thin", mmd, option.key, known));
    }
    check_options({.features = options.monitor.features, .bandwidth = options.monitor.bandwidth});
    options.monitor = complete(options.monitor);
    return options;
}

std::string text_of(const MmdMonitorOptions& options, BlockRule blocks = {}) {
    OptionList list = list_fields(options, fields);
    blocks.write(list);
    return write_options(list);
}

// Rows of the reference as the monitor will see the stream. Those with a NaN belong to no block.
std::vector<double> take_in_blocks(const MatrixView<double>& rows, BlockRule blocks) {
    const std::size_t width = rows.columns();
    std::vector<double> taken;
    std::vector<double> mean(width);
    std::uint32_t place = 0;
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        if (blocks.thin) {
            for (std::size_t j = 0; i % blocks.length == 0 && j < width; ++j) taken.push_back(rows(i, j));
            continue;
        }
        const ColumnView<double> row = rows.row(i);
        bool whole = true;
        for (std::size_t j = 0; j < width; ++j) whole = whole && !std::isnan(row[j]);
        if (!whole) continue;
        for (std::size_t j = 0; j < width; ++j) mean[j] += row[j] / static_cast<double>(blocks.length);
        if (++place < blocks.length) continue;
        taken.insert(taken.end(), mean.begin(), mean.end());
        std::ranges::fill(mean, 0.0);
        place = 0;
    }
    return taken;
}

MmdMonitor<double> fit(const RowOptions& options, const MatrixView<double>& reference) {
    if (options.blocks.length == 1) return MmdMonitor<double>(reference, options.monitor);
    const std::vector<double> rows = take_in_blocks(reference, options.blocks);
    const std::size_t width = reference.columns();
    return MmdMonitor<double>(MatrixView<double>::row_major(rows.data(), width == 0 ? 0 : rows.size() / width, width),
                              options.monitor);
}

}  // namespace

bool is_row_monitor(std::string_view kind) noexcept {
    return kind == mmd;
}

RowMonitor::RowMonitor(MmdMonitor<double> monitor, std::uint32_t length, bool thin)
    : monitor_(std::move(monitor)),
      length_(length),
      thin_(thin),
      block_(length > 1 && !thin ? monitor_.dimension() : 0) {}

RowMonitor::RowMonitor(std::string_view kind, std::string_view options, MatrixView<double> reference)
    : RowMonitor([&] {
          const RowOptions read = read_options(kind, options);
          return RowMonitor(fit(read, reference), read.blocks.length, read.blocks.thin);
      }()) {}

void RowMonitor::check(std::string_view kind, std::string_view options) {
    static_cast<void>(read_options(kind, options));
}

std::string RowMonitor::defaults() {
    return text_of({});
}

MonitorReading RowMonitor::reading() const noexcept {
    return {.estimate = monitor_.distance(), .statistic = monitor_.statistic(), .limit = monitor_.threshold()};
}

bool RowMonitor::may_enter(std::span<const double> row) const noexcept {
    return row.size() == dimension() && std::ranges::all_of(row, [](double value) { return std::isfinite(value); });
}

MonitorState RowMonitor::update(std::span<const double> row) noexcept {
    return length_ == 1 ? monitor_.update(row) : update_block(row);
}

MonitorState RowMonitor::update_block(std::span<const double> row) noexcept {
    ++given_;
    if (thin_) {
        const bool first = place_ == 0;
        place_ = place_ + 1 == length_ ? 0 : place_ + 1;
        if (first) monitor_.update(row);
    } else if (!may_enter(row)) {
        monitor_.update(row);
    } else {
        // Shares, so that no sum of what may enter runs over.
        for (std::size_t j = 0; j < row.size(); ++j) block_[j] += row[j] / static_cast<double>(length_);
        if (++place_ == length_) {
            place_ = 0;
            monitor_.update(std::span<const double>(block_));
            std::ranges::fill(block_, 0.0);
        }
    }
    return state();
}

void RowMonitor::reset() noexcept {
    monitor_.reset();
    place_ = 0;
    given_ = 0;
    std::ranges::fill(block_, 0.0);
}

MonitorState RowMonitor::state() const noexcept {
    const MonitorState told = monitor_.state();
    if (length_ == 1 || told != MonitorState::change) return told;
    return place_ == (thin_ ? 1U : 0U) ? told : MonitorState::in_control;
}

std::uint64_t RowMonitor::seen() const noexcept {
    if (length_ > 1) return given_;
    const MonitorCounts& entered = counts();
    return entered.accepted + entered.nan + entered.infinite + entered.refused;
}

std::string RowMonitor::options_json() const {
    return text_of(monitor_.options(), {length_, thin_});
}

bool RowMonitor::has_options(std::string_view options) const {
    const RowOptions read = read_options(mmd, options);
    return text_of(read.monitor, read.blocks) == options_json();
}

std::vector<std::byte> RowMonitor::serialize() const {
    std::vector<std::byte> inner = monitor_.serialize();
    if (length_ == 1) return inner;
    ContainerWriter writer;
    writer.add("block", std::vector<std::uint64_t>{length_, thin_ ? 1U : 0U, place_, given_});
    writer.add("mean", block_);
    writer.add("monitor",
               std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(inner.data()), inner.size()));
    return writer.finish(blocked_kind);
}

RowMonitor RowMonitor::deserialize(std::span<const std::byte> bytes) {
    const Container file = Container::view(bytes);
    if (file.kind() != blocked_kind) return RowMonitor(MmdMonitor<double>::deserialize(bytes), 1, false);
    MonitorCodec::require(file.tensors().size() == 3 && file.metadata_keys().size() == 4, "parts that no monitor has");
    for (const TensorView& tensor : file.tensors()) MonitorCodec::require(tensor.shape.size() == 1, "no list");
    const auto block = file.values<std::uint64_t>("block", 4);
    MonitorCodec::require(block[0] >= 2 && block[0] <= longest_block, "a block of an impossible length");
    MonitorCodec::require(block[1] <= 1 && block[2] < block[0], "an impossible place in a block");
    RowMonitor monitor(MmdMonitor<double>::deserialize(std::as_bytes(file.values<std::uint8_t>("monitor"))),
                       static_cast<std::uint32_t>(block[0]), block[1] == 1);
    monitor.place_ = static_cast<std::uint32_t>(block[2]);
    monitor.given_ = block[3];
    const MonitorCounts& counts = monitor.counts();
    const std::uint64_t entered = counts.accepted + counts.nan + counts.infinite + counts.refused;
    // Of rows that were turned away a block's file does not tell how many were means.
    const std::uint64_t most = std::uint64_t{1} << 62U;
    const bool possible =
        monitor.thin_ ? block[3] % block[0] == block[2] && entered == block[3] / block[0] + (block[2] > 0 ? 1U : 0U)
                      : block[3] >= block[2] && entered <= block[3] - block[2] &&
                            counts.accepted <= (block[3] - block[2]) / block[0];
    MonitorCodec::require(block[3] <= most && possible, "a number of rows that others contradict");
    const auto mean = file.values<double>("mean", monitor.block_.size());
    for (const double value : mean)
        MonitorCodec::require(std::isfinite(value) && (block[2] > 0 || (value == 0.0 && !std::signbit(value))),
                              "an impossible mean");
    std::ranges::copy(mean, monitor.block_.begin());
    return monitor;
}

}  // namespace vedette::inline v0::drift
