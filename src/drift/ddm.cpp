// SPDX-License-Identifier: Apache-2.0
// The rules of DDM: the paper's, river's and MOA's.
#include "vedette/drift/ddm.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "ddm";

}  // namespace

Ddm::Ddm(const DdmOptions& options) : options_(options) {
    require_option(name, "warm_start", static_cast<double>(options.warm_start), 1.0, 0x1p53);
    require_option(name, "drift_level", options.drift_level, std::numeric_limits<double>::min(), 1e6);
    require_option(name, "warning_level", options.warning_level, std::numeric_limits<double>::min(),
                   options.drift_level);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 2);
}

void Ddm::clear() noexcept {
    count_ = 0;
    rate_ = error_ = minimum_rate_ = minimum_error_ = 0.0;
    has_minimum_ = false;
}

void Ddm::reset() noexcept {
    clear();
    forget();
}

MonitorState Ddm::update(double error) noexcept {
    if (!admit_error(error)) return state();
    if (take_restart()) clear();
    ++count_;
    const auto n = static_cast<double>(count_);
    // Each as its model computes it: a rate that ties with the minimum must tie here too.
    rate_ += options_.rule == DdmRule::river ? (1.0 / n) * (error - rate_) : (error - rate_) / n;
    error_ = std::sqrt(std::max(0.0, rate_ * (1.0 - rate_)) / n);
    return settle(judge());
}

void Ddm::track_minimum(double level) noexcept {
    if (has_minimum_ && level > minimum_rate_ + minimum_error_) return;
    has_minimum_ = true;
    minimum_rate_ = rate_;
    minimum_error_ = error_;
}

MonitorState Ddm::judge() noexcept {
    // Observations from which on there are warnings, and changes.
    const std::uint64_t start = options_.warm_start;
    const bool is_paper = options_.rule == DdmRule::gama;
    const std::uint64_t from = options_.rule == DdmRule::river ? start + 1 : is_paper ? start : start - 1;
    const std::uint64_t change_from = options_.rule == DdmRule::moa ? start : from;
    if (count_ < from) return MonitorState::in_control;
    const double level = rate_ + error_;
    if (!is_paper || error_ > 0.0) track_minimum(level);
    if (!has_minimum_) return MonitorState::in_control;
    const auto reaches = [&](double width) {
        const double limit = minimum_rate_ + width * minimum_error_;
        return is_paper ? level >= limit : level > limit;
    };
    if (count_ >= change_from && reaches(options_.drift_level)) return MonitorState::change;
    return reaches(options_.warning_level) ? MonitorState::warning : MonitorState::in_control;
}

std::vector<std::byte> Ddm::serialize() const {
    MonitorCodec file;
    file.options = {options_.warning_level, options_.drift_level};
    file.settings = {options_.warm_start, static_cast<std::uint64_t>(options_.rule)};
    file.numbers = {rate_, error_, minimum_rate_, minimum_error_};
    file.integers = {count_, has_minimum_ ? 1U : 0U};
    return file.write(name, *this);
}

Ddm Ddm::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 2, 2);
    const DdmOptions options{.warm_start = file.settings[0],
                             .warning_level = file.options[0],
                             .drift_level = file.options[1],
                             .rule = static_cast<DdmRule>(file.choice(1, 2))};
    auto monitor = MonitorCodec::make([&] { return Ddm(options); });
    MonitorCodec::require(file.numbers.size() == 4 && file.integers.size() == 2, "a state of another length");
    for (const double number : file.numbers) MonitorCodec::require_within(number, 0.0, 1.0, "no rate");
    MonitorCodec::require(file.integers[0] <= std::uint64_t{1} << 62U && file.integers[1] <= 1, "an impossible count");
    monitor.rate_ = file.numbers[0];
    monitor.error_ = file.numbers[1];
    monitor.minimum_rate_ = file.numbers[2];
    monitor.minimum_error_ = file.numbers[3];
    monitor.count_ = file.integers[0];
    monitor.has_minimum_ = file.integers[1] == 1;
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
