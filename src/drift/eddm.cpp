// SPDX-License-Identifier: Apache-2.0
// The rules of EDDM: the paper's, river's and MOA's.
#include "vedette/drift/eddm.hpp"

#include <cmath>
#include <limits>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "eddm";
constexpr std::uint64_t most_values = std::uint64_t{1} << 62U;  // after which it begins anew, as after a change

}  // namespace

Eddm::Eddm(const EddmOptions& options) : options_(options) {
    require_option(name, "warm_start", static_cast<double>(options.warm_start), 2.0, 0x1p53);
    require_option_inside(name, "warning_level", options.warning_level, 0.0, 1.0);
    require_option(name, "drift_level", options.drift_level, std::numeric_limits<double>::min(), options.warning_level);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 2);
}

void Eddm::clear() noexcept {
    count_ = errors_ = last_error_ = distances_ = 0;
    mean_ = deviations_ = maximum_ = 0.0;
}

void Eddm::reset() noexcept {
    clear();
    forget();
}

double Eddm::standard_deviation() const noexcept {
    const std::uint64_t less = options_.rule == EddmRule::river ? 1 : 0;
    return distances_ > less ? std::sqrt(deviations_ / static_cast<double>(distances_ - less)) : 0.0;
}

MonitorState Eddm::update(double error) noexcept {
    if (!admit_error(error)) return state();
    MonitorState before = state();
    if (take_restart()) {
        clear();
        before = MonitorState::in_control;
    }
    if (count_ >= most_values) clear();
    ++count_;
    if (error == 0.0) return settle(before);
    ++errors_;
    // The paper's distances are those between two errors.
    if (errors_ > 1 || options_.rule != EddmRule::baena_garcia) add_distance(static_cast<double>(count_ - last_error_));
    last_error_ = count_;
    return settle(judge(before));
}

void Eddm::add_distance(double distance) noexcept {
    ++distances_;
    const auto n = static_cast<double>(distances_);
    const double old_mean = mean_;
    mean_ += options_.rule == EddmRule::river ? (1.0 / n) * (distance - mean_) : (distance - mean_) / n;
    deviations_ += (distance - old_mean) * (distance - mean_);
}

MonitorState Eddm::judge(MonitorState before) noexcept {
    const std::uint64_t start = options_.warm_start;
    const bool is_river = options_.rule == EddmRule::river;
    const bool is_paper = options_.rule == EddmRule::baena_garcia;
    const bool is_warm = is_paper ? errors_ >= start : count_ >= (is_river ? start + 1 : start);
    const MonitorState otherwise = is_river ? before : MonitorState::in_control;
    if (!is_warm) return otherwise;
    const double reach = mean_ + 2.0 * standard_deviation();
    if (reach > maximum_) {
        maximum_ = reach;
        return otherwise;
    }
    if (!is_paper && errors_ <= start) return otherwise;
    const double ratio = reach / maximum_;
    if (ratio < options_.drift_level) return MonitorState::change;
    return ratio < options_.warning_level ? MonitorState::warning : MonitorState::in_control;
}

std::vector<std::byte> Eddm::serialize() const {
    MonitorCodec file;
    file.options = {options_.warning_level, options_.drift_level};
    file.settings = {options_.warm_start, static_cast<std::uint64_t>(options_.rule)};
    file.numbers = {mean_, deviations_, maximum_};
    file.integers = {count_, errors_, last_error_, distances_};
    return file.write(name, *this);
}

Eddm Eddm::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 2, 2);
    const EddmOptions options{.warm_start = file.settings[0],
                              .warning_level = file.options[0],
                              .drift_level = file.options[1],
                              .rule = static_cast<EddmRule>(file.choice(1, 2))};
    auto monitor = MonitorCodec::make([&] { return Eddm(options); });
    const auto& integers = file.integers;
    MonitorCodec::require(file.numbers.size() == 3 && integers.size() == 4, "a state of another length");
    MonitorCodec::require(integers[0] <= most_values, "a count out of range");
    MonitorCodec::require(integers[1] <= integers[0] && integers[2] <= integers[0], "more errors than values");
    MonitorCodec::require(
        integers[3] + (options.rule == EddmRule::baena_garcia && integers[1] > 0 ? 1U : 0U) == integers[1],
        "another number of distances than of errors");
    for (const double number : file.numbers) MonitorCodec::require_within(number, 0.0, 1e60, "an impossible distance");
    monitor.mean_ = file.numbers[0];
    monitor.deviations_ = file.numbers[1];
    monitor.maximum_ = file.numbers[2];
    monitor.count_ = integers[0];
    monitor.errors_ = integers[1];
    monitor.last_error_ = integers[2];
    monitor.distances_ = integers[3];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
