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
constexpr double eta = 2.0;
constexpr double s = 1.4;
constexpr double zeta_of_s = 3.105547277977581;  // Riemann's zeta(1.4)
constexpr double most_count = 0x1p53;

double level_term(double level) noexcept {
    return std::log(zeta_of_s / (level * std::pow(std::log(eta), s)));
}

}  // namespace

HarmMonitor::HarmMonitor(const HarmOptions& options)
    : options_(options), level_term_(level_term(options.level)), warning_term_(level_term(options.warning_level)) {
    require_option(name, "tolerated", options.tolerated, 0.0, std::nextafter(1.0, 0.0));
    require_option_inside(name, "level", options.level, 0.0, 1.0);
    require_option(name, "warning_level", options.warning_level, options.level, std::nextafter(1.0, 0.0));
    require_option(name, "intrinsic_time", options.intrinsic_time, 1.0, 1e9);
}

void HarmMonitor::clear() noexcept {
    count_ = 0;
    sum_ = squares_ = 0.0;
}

void HarmMonitor::reset() noexcept {
    clear();
    forget();
}

double HarmMonitor::mean() const noexcept {
    return count_ == 0 ? std::numeric_limits<double>::quiet_NaN() : sum_ / static_cast<double>(count_);
}

// Equation 10 of Howard et al. at scale 1, the range of a loss; each stitch costs its share of the level.
double HarmMonitor::half_width(double term) const noexcept {
    const double time = std::max(squares_, options_.intrinsic_time);
    const double ell = s * std::log(std::log(eta * time / options_.intrinsic_time)) + term;
    const double fourth = std::pow(eta, 0.25);
    const double k1 = (fourth + 1.0 / fourth) / std::sqrt(2.0);
    const double k2 = (std::sqrt(eta) + 1.0) / 2.0;
    return (std::sqrt(k1 * k1 * time * ell + k2 * ell * (k2 * ell)) + k2 * ell) / static_cast<double>(count_);
}

Interval HarmMonitor::bounds() const noexcept {
    if (count_ == 0) return {0.0, 1.0};
    const double half = half_width(level_term_);
    return {std::max(0.0, mean() - half), std::min(1.0, mean() + half)};
}

MonitorState HarmMonitor::update(double loss) noexcept {
    if (!admit_share(loss)) return state();
    if (take_restart()) clear();
    // The prediction is the mean so far, of an imagined 1/2 as well.
    const double deviation = loss - (0.5 + sum_) / (static_cast<double>(count_) + 1.0);
    squares_ += deviation * deviation;
    sum_ += loss;
    ++count_;
    const double excess = mean() - options_.tolerated;
    // Most rows are far from any alarm: no logarithm for them.
    if (excess <= 0.0) return settle(MonitorState::in_control);
    if (excess > half_width(level_term_)) return settle(MonitorState::change);
    return settle(excess > half_width(warning_term_) ? MonitorState::warning : MonitorState::in_control);
}

std::vector<std::byte> HarmMonitor::serialize() const {
    MonitorCodec file;
    file.options = {options_.tolerated, options_.level, options_.warning_level, options_.intrinsic_time};
    file.numbers = {sum_, squares_};
    file.integers = {count_};
    return file.write(name, *this);
}

HarmMonitor HarmMonitor::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 4, 0);
    const HarmOptions options{file.options[0], file.options[1], file.options[2], file.options[3]};
    auto monitor = MonitorCodec::make([&] { return HarmMonitor(options); });
    MonitorCodec::require(file.numbers.size() == 2 && file.integers.size() == 1, "a state of another length");
    const auto count = static_cast<double>(file.integers[0]);
    MonitorCodec::require_within(count, 0.0, most_count, "a count out of range");
    MonitorCodec::require_within(file.numbers[0], 0.0, count, "a sum that its losses cannot have");
    MonitorCodec::require_within(file.numbers[1], 0.0, count, "squares that its losses cannot have");
    monitor.sum_ = file.numbers[0];
    monitor.squares_ = file.numbers[1];
    monitor.count_ = file.integers[0];
    file.restore(monitor);
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
