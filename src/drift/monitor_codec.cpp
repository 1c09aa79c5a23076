// SPDX-License-Identifier: Apache-2.0
// The container of monitors, read without believing it.
#include "drift/monitor_codec.hpp"

#include <fmt/format.h>

#include "vedette/core/container.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t count_fields = 7;

}  // namespace

std::vector<std::byte> MonitorCodec::write(std::string_view kind, const MonitorBase& monitor) const {
    MonitorCodec whole = *this;
    whole.counts = counts_of(monitor);
    return whole.write(kind);
}

std::vector<std::uint64_t> MonitorCodec::counts_of(const MonitorBase& monitor) {
    const MonitorCounts& seen = monitor.counts_;
    return {seen.accepted,
            seen.nan,
            seen.infinite,
            seen.refused,
            seen.changes,
            static_cast<std::uint64_t>(monitor.state_),
            monitor.restart_pending_ ? 1U : 0U};
}

void MonitorCodec::check_counts() const {
    require(counts.size() == count_fields, "counts that no monitor has");
    // Counters that could run over are no counters.
    for (std::size_t i = 0; i < 5; ++i) require(counts[i] <= std::uint64_t{1} << 62U, "a count out of range");
    require(counts[4] <= counts[0], "more changes than values");
    require(counts[5] <= 2 && counts[6] <= 1, "an unknown state");
    // A change waits for the next value; whoever waits has changed.
    require(counts[5] != 2 || counts[6] == 1, "a change without its end");
    require(counts[6] == 0 || counts[4] > 0, "a state without its change");
}

std::vector<std::byte> MonitorCodec::write(std::string_view kind) const {
    ContainerWriter writer;
    writer.add("options", options);
    writer.add("settings", settings);
    writer.add("counts", counts);
    writer.add("numbers", numbers);
    writer.add("integers", integers);
    return writer.finish(kind);
}

MonitorCodec MonitorCodec::read(std::string_view kind, std::span<const std::byte> bytes, std::size_t option_count,
                                std::size_t setting_count) {
    const Container file = Container::view(bytes);
    file.require_kind(kind);
    require(file.tensors().size() == 5 && file.metadata_keys().size() == 4, "parts that no monitor has");
    for (const TensorView& tensor : file.tensors()) require(tensor.shape.size() == 1, "no list");
    const auto doubles = [&](const char* name, std::optional<std::uint64_t> count) {
        const auto values = file.values<double>(name, count);
        return std::vector<double>(values.begin(), values.end());
    };
    const auto words = [&](const char* name, std::optional<std::uint64_t> count) {
        const auto values = file.values<std::uint64_t>(name, count);
        return std::vector<std::uint64_t>(values.begin(), values.end());
    };
    MonitorCodec codec;
    codec.options = doubles("options", option_count);
    codec.settings = words("settings", setting_count);
    codec.counts = words("counts", count_fields);
    codec.numbers = doubles("numbers", {});
    codec.integers = words("integers", {});
    for (const double number : codec.numbers) require(std::isfinite(number), "a statistic that is not finite");
    codec.check_counts();
    return codec;
}

void MonitorCodec::add_counts(MonitorBase& monitor, const MonitorBase& other) {
    constexpr std::uint64_t most_accepted = std::uint64_t{1} << 53U, most = std::uint64_t{1} << 62U;
    MonitorCounts sum = monitor.counts_;
    const auto add = [](std::uint64_t& to, std::uint64_t count, std::uint64_t limit) {
        if (to > limit || count > limit - to)
            throw Error(ErrorCode::overflow, "monitor: more values than can be counted");
        to += count;
    };
    add(sum.accepted, other.counts_.accepted, most_accepted);
    add(sum.nan, other.counts_.nan, most);
    add(sum.infinite, other.counts_.infinite, most);
    add(sum.refused, other.counts_.refused, most);
    add(sum.changes, other.counts_.changes, most);
    monitor.counts_ = sum;
}

void MonitorCodec::restore(MonitorBase& monitor) const {
    monitor.counts_ = {counts[0], counts[1], counts[2], counts[3], counts[4]};
    monitor.state_ = static_cast<MonitorState>(counts[5]);
    monitor.restart_pending_ = counts[6] == 1;
}

void require_option(const char* monitor, const char* option, double value, double least, double most) {
    if (value >= least && value <= most) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{}: {} must be from {} to {}, is {}", monitor, option, least, most, value));
}

void require_option_inside(const char* monitor, const char* option, double value, double least, double most) {
    if (value > least && value < most) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{}: {} must lie between {} and {}, is {}", monitor, option, least, most, value));
}

void require_choice(const char* monitor, const char* option, unsigned value, unsigned last) {
    if (value <= last) return;
    throw Error(ErrorCode::invalid_argument, fmt::format("{}: {} has no choice {}", monitor, option, value));
}

}  // namespace vedette::inline v0::drift
