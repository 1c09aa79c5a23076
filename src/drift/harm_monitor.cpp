// SPDX-License-Identifier: Apache-2.0
// The mean loss against what is tolerated, by an empirical-Bernstein confidence sequence.
#include "vedette/drift/harm_monitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "drift/monitor_codec.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "harm_monitor";
// Before the boundaries are made, so that a refusal names the monitor's option.
const HarmOptions& checked(const HarmOptions& options) {
    require_option(name, "tolerated", options.tolerated, 0.0, std::nextafter(1.0, 0.0));
    require_option_inside(name, "level", options.level, 0.0, 1.0);
    require_option(name, "warning_level", options.warning_level, options.level, std::nextafter(1.0, 0.0));
    require_option(name, "intrinsic_time", options.intrinsic_time, 1.0, 1e9);
    return options;
}

}  // namespace

HarmMonitor::HarmMonitor(const HarmOptions& options)
    : options_(checked(options)),
      boundary_(options.level, options.intrinsic_time),
      warning_boundary_(options.warning_level, options.intrinsic_time) {}

void HarmMonitor::reset() noexcept {
    sums_ = {};
    forget();
}

Interval HarmMonitor::bounds() const noexcept {
    if (sums_.count == 0) return {0.0, 1.0};
    const double half = sums_.half_width(boundary_);
    return {std::max(0.0, mean() - half), std::min(1.0, mean() + half)};
}

MonitorState HarmMonitor::update(double loss) noexcept {
    if (!admit_share(loss)) return state();
    if (take_restart()) sums_ = {};
    sums_.add(loss);
    return judge();
}

MonitorState HarmMonitor::merge(const HarmMonitor& other) {
    if (&other == this)
        throw Error(ErrorCode::invalid_argument, "harm_monitor: merged with itself, each value would count twice");
    if (options_.tolerated != other.options_.tolerated || options_.level != other.options_.level ||
        options_.warning_level != other.options_.warning_level ||
        options_.intrinsic_time != other.options_.intrinsic_time)
        throw Error(ErrorCode::invalid_argument, "harm_monitor: only those of equal options merge");
    const auto since = [](const HarmMonitor& monitor) {
        return monitor.restart_is_pending() ? stats::PredictedDeviations{} : monitor.sums_;
    };
    const stats::PredictedDeviations mine = since(*this), theirs = since(other);
    MonitorCodec::add_counts(*this, other);
    take_restart();
    sums_ = {mine.count + theirs.count, mine.sum + theirs.sum, mine.squares + theirs.squares};
    return sums_.count == 0 ? settle(MonitorState::in_control) : judge();
}

MonitorState HarmMonitor::judge() noexcept {
    const double excess = mean() - options_.tolerated;
    // Most rows are far from any alarm: no logarithm for them.
    if (excess <= 0.0) return settle(MonitorState::in_control);
    if (excess > sums_.half_width(boundary_)) return settle(MonitorState::change);
    return settle(excess > sums_.half_width(warning_boundary_) ? MonitorState::warning : MonitorState::in_control);
}

std::vector<std::byte> HarmMonitor::serialize() const {
    MonitorCodec file;
    file.options = {options_.tolerated, options_.level, options_.warning_level, options_.intrinsic_time};
    file.numbers = {sums_.sum, sums_.squares};
    file.integers = {sums_.count};
    return file.write(name, *this);
}

HarmMonitor HarmMonitor::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 4, 0);
    const HarmOptions options{file.options[0], file.options[1], file.options[2], file.options[3]};
    auto monitor = MonitorCodec::make([&] { return HarmMonitor(options); });
    MonitorCodec::require(file.numbers.size() == 2 && file.integers.size() == 1, "a state of another length");
    monitor.sums_ = {file.integers[0], file.numbers[0], file.numbers[1]};
    MonitorCodec::require(monitor.sums_.is_possible(), "sums that no losses can have");
    file.restore(monitor);
    // A merge counts on it: what is accepted stays within 2^53, and with it the sums.
    const std::uint64_t accepted = monitor.counts().accepted;
    const bool never = monitor.counts().changes == 0;
    MonitorCodec::require(never ? monitor.sums_.count == accepted : monitor.sums_.count <= accepted,
                          "sums of other losses");
    return monitor;
}

double tolerated_loss(std::uint64_t errors, std::uint64_t rows, double level, double margin) {
    if (rows == 0) throw Error(ErrorCode::not_enough_data, "tolerated_loss: no rows");
    if (errors > rows)
        throw Error(ErrorCode::invalid_argument, fmt::format("tolerated_loss: {} errors among {} rows", errors, rows));
    require_option_inside("tolerated_loss", "level", level, 0.0, 1.0);
    require_option("tolerated_loss", "margin", margin, 0.0, std::nextafter(1.0, 0.0));
    const double upper = errors == rows ? 1.0
                                        : stats::beta_quantile(1.0 - level, static_cast<double>(errors) + 1.0,
                                                               static_cast<double>(rows - errors));
    if (!(upper + margin < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("tolerated_loss: the bound {} plus the margin {} must be below 1", upper, margin));
    return upper + margin;
}

}  // namespace vedette::inline v0::drift
