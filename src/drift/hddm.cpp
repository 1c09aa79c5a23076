// SPDX-License-Identifier: Apache-2.0
// The A- and the W-test of HDDM.
#include "vedette/drift/hddm.hpp"

#include <cmath>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name_a = "hddm_a";
constexpr const char* name_w = "hddm_w";
constexpr double most_count = 0x1p53;

void check_levels(const char* name, double drift, double warning, Direction direction) {
    require_option_inside(name, "drift_confidence", drift, 0.0, 1.0);
    require_option(name, "warning_confidence", warning, drift, std::nextafter(1.0, 0.0));
    require_choice(name, "direction", static_cast<unsigned>(direction), 2);
}

// Two sides judged apart: a change of either is one.
MonitorState graver(MonitorState a, MonitorState b) noexcept {
    return a < b ? b : a;
}

}  // namespace

HddmA::HddmA(const HddmAOptions& options)
    : options_(options),
      cut_log_(std::log(1.0 / options.drift_confidence)),
      drift_log_(std::log(2.0 / options.drift_confidence)),
      warning_log_(std::log(2.0 / options.warning_confidence)) {
    check_levels(name_a, options.drift_confidence, options.warning_confidence, options.direction);
}

void HddmA::clear() noexcept {
    all_ = low_ = high_ = {};
}

void HddmA::reset() noexcept {
    clear();
    forget();
}

double HddmA::hoeffding_bound(const Part& part) const noexcept {
    return std::sqrt(1.0 / (2.0 * part.count) * cut_log_);
}

double HddmA::bound(const Part& part, double log_level) const noexcept {
    const double m = (all_.count - part.count) / part.count * (1.0 / all_.count);
    return std::sqrt(m / 2.0 * log_level);
}

MonitorState HddmA::update(double value) noexcept {
    if (!admit_share(value)) return state();
    if (take_restart()) clear();
    all_.count += 1.0;
    all_.mean += (1.0 / all_.count) * (value - all_.mean);
    if (low_.count == 0.0) low_ = high_ = all_;
    const double own = hoeffding_bound(all_);
    if (low_.mean + hoeffding_bound(low_) >= all_.mean + own) low_ = all_;
    if (high_.mean - hoeffding_bound(high_) <= all_.mean - own) high_ = all_;
    return settle(judge());
}

MonitorState HddmA::judge() const noexcept {
    const auto side = [&](const Part& part, double difference) {
        if (part.count == all_.count) return MonitorState::in_control;
        if (difference >= bound(part, drift_log_)) return MonitorState::change;
        return difference >= bound(part, warning_log_) ? MonitorState::warning : MonitorState::in_control;
    };
    MonitorState state = MonitorState::in_control;
    if (options_.direction != Direction::down) state = side(low_, all_.mean - low_.mean);
    if (options_.direction != Direction::up) state = graver(state, side(high_, high_.mean - all_.mean));
    return state;
}

std::vector<std::byte> HddmA::serialize() const {
    MonitorCodec file;
    file.options = {options_.drift_confidence, options_.warning_confidence};
    file.settings = {static_cast<std::uint64_t>(options_.direction)};
    file.numbers = {all_.count, all_.mean, low_.count, low_.mean, high_.count, high_.mean};
    return file.write(name_a, *this);
}

HddmA HddmA::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name_a, bytes, 2, 1);
    const HddmAOptions options{.drift_confidence = file.options[0],
                               .warning_confidence = file.options[1],
                               .direction = static_cast<Direction>(file.choice(0, 2))};
    auto monitor = MonitorCodec::make([&] { return HddmA(options); });
    const auto& numbers = file.numbers;
    MonitorCodec::require(numbers.size() == 6 && file.integers.empty(), "a state of another length");
    for (std::size_t i = 0; i < 6; i += 2) {
        MonitorCodec::require_within(numbers[i], 0.0, most_count, "a count out of range");
        MonitorCodec::require(numbers[i] == std::floor(numbers[i]) && numbers[i] <= numbers[0], "an impossible count");
        MonitorCodec::require((numbers[i] > 0.0) == (numbers[0] > 0.0), "a part without values");
        MonitorCodec::require_within(numbers[i + 1], 0.0, 1.0, "a mean that is no share");
    }
    monitor.all_ = {numbers[0], numbers[1]};
    monitor.low_ = {numbers[2], numbers[3]};
    monitor.high_ = {numbers[4], numbers[5]};
    file.restore(monitor);
    return monitor;
}

HddmW::HddmW(const HddmWOptions& options)
    : options_(options),
      drift_log_(std::log(1.0 / options.drift_confidence)),
      warning_log_(std::log(1.0 / options.warning_confidence)) {
    check_levels(name_w, options.drift_confidence, options.warning_confidence, options.direction);
    require_option_inside(name_w, "weight", options.weight, 0.0, 1.0);
    require_choice(name_w, "rule", static_cast<unsigned>(options.rule), 1);
}

void HddmW::clear() noexcept {
    count_ = 0;
    all_ = {};
    low_ = high_ = {};
}

void HddmW::reset() noexcept {
    clear();
    forget();
}

void HddmW::add(Average& average, double value) const noexcept {
    const double rest = 1.0 - options_.weight;
    if (average.started || options_.rule == HddmWRule::river)
        average.squared_weights = options_.weight * options_.weight + rest * rest * average.squared_weights;
    average.mean = average.started ? options_.weight * value + rest * average.mean : value;
    average.started = true;
}

bool HddmW::is_apart(const Average& lower, const Average& upper, double log_level) const noexcept {
    if (!lower.started || !upper.started) return false;
    return upper.mean - lower.mean > std::sqrt((lower.squared_weights + upper.squared_weights) * log_level / 2.0);
}

MonitorState HddmW::update(double value) noexcept {
    if (!admit_share(value)) return state();
    if (take_restart()) clear();
    ++count_;
    add(all_, value);
    const double bound = std::sqrt(all_.squared_weights * drift_log_ / 2.0);
    if (count_ == 1 || all_.mean + bound < low_.bound) {
        low_ = {all_.mean + bound, all_, {}};
    } else {
        add(low_.after, value);
    }
    if (count_ == 1 || all_.mean - bound > high_.bound) {
        high_ = {all_.mean - bound, all_, {}};
    } else {
        add(high_.after, value);
    }
    return settle(judge());
}

MonitorState HddmW::judge() const noexcept {
    const auto side = [&](const Average& lower, const Average& upper) {
        if (is_apart(lower, upper, drift_log_)) return MonitorState::change;
        return is_apart(lower, upper, warning_log_) ? MonitorState::warning : MonitorState::in_control;
    };
    MonitorState state = MonitorState::in_control;
    if (options_.direction != Direction::down) state = side(low_.before, low_.after);
    if (options_.direction != Direction::up) state = graver(state, side(high_.after, high_.before));
    return state;
}

std::vector<std::byte> HddmW::serialize() const {
    MonitorCodec file;
    file.options = {options_.drift_confidence, options_.warning_confidence, options_.weight};
    file.settings = {static_cast<std::uint64_t>(options_.direction), static_cast<std::uint64_t>(options_.rule)};
    file.numbers = {low_.bound, high_.bound};
    file.integers = {count_};
    for (const Average* average : {&all_, &low_.before, &low_.after, &high_.before, &high_.after}) {
        file.numbers.push_back(average->mean);
        file.numbers.push_back(average->squared_weights);
        file.integers.push_back(average->started ? 1U : 0U);
    }
    return file.write(name_w, *this);
}

HddmW HddmW::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name_w, bytes, 3, 2);
    const HddmWOptions options{.drift_confidence = file.options[0],
                               .warning_confidence = file.options[1],
                               .weight = file.options[2],
                               .direction = static_cast<Direction>(file.choice(0, 2)),
                               .rule = static_cast<HddmWRule>(file.choice(1, 1))};
    auto monitor = MonitorCodec::make([&] { return HddmW(options); });
    MonitorCodec::require(file.numbers.size() == 12 && file.integers.size() == 6, "a state of another length");
    std::size_t i = 0;
    for (Average* average :
         {&monitor.all_, &monitor.low_.before, &monitor.low_.after, &monitor.high_.before, &monitor.high_.after}) {
        const double mean = file.numbers[2 + 2 * i];
        const double squared_weights = file.numbers[3 + 2 * i];
        MonitorCodec::require_within(mean, 0.0, 1.0, "a mean that is no share");
        MonitorCodec::require_within(squared_weights, 0.0, 1.0, "an impossible sum of weights");
        MonitorCodec::require(file.integers[1 + i] <= 1, "an unknown choice");
        *average = {file.integers[1 + i] == 1, mean, squared_weights};
        ++i;
    }
    MonitorCodec::require_within(std::abs(file.numbers[0]), 0.0, 1e3, "an impossible bound");
    MonitorCodec::require_within(std::abs(file.numbers[1]), 0.0, 1e3, "an impossible bound");
    MonitorCodec::require(file.integers[0] <= std::uint64_t{1} << 62U, "a count out of range");
    monitor.low_.bound = file.numbers[0];
    monitor.high_.bound = file.numbers[1];
    monitor.count_ = file.integers[0];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
