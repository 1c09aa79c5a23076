// SPDX-License-Identifier: Apache-2.0
// Options and files of the EWMA chart.
#include "vedette/drift/ewma_chart.hpp"

#include <limits>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "ewma_chart";

}  // namespace

EwmaChart::EwmaChart(const EwmaChartOptions& options)
    : options_(options),
      squared_complement_((1.0 - options.weight) * (1.0 - options.weight)),
      final_error_(options.sd * std::sqrt(options.weight / (2.0 - options.weight))) {
    constexpr double least = std::numeric_limits<double>::min();
    require_option(name, "mean", options.mean, -largest_value, largest_value);
    require_option(name, "sd", options.sd, 1.0 / largest_value, largest_value);
    require_option(name, "weight", options.weight, 1e-12, 1.0);
    require_option(name, "width", options.width, least, largest_value);
    require_option(name, "warning_width", options.warning_width, 0.0, std::nextafter(options.width, 0.0));
    require_choice(name, "direction", static_cast<unsigned>(options.direction), 2);
    clear();
}

void EwmaChart::clear() noexcept {
    count_ = 0;
    average_ = options_.mean;
    decay_ = 1.0;
}

void EwmaChart::reset() noexcept {
    clear();
    forget();
}

std::vector<std::byte> EwmaChart::serialize() const {
    MonitorCodec file;
    file.options = {options_.mean, options_.sd, options_.weight, options_.width, options_.warning_width};
    file.settings = {options_.time_varying_limits ? 1U : 0U, static_cast<std::uint64_t>(options_.direction)};
    file.numbers = {average_, decay_};
    file.integers = {count_};
    return file.write(name, *this);
}

EwmaChart EwmaChart::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 5, 2);
    const EwmaChartOptions options{.mean = file.options[0],
                                   .sd = file.options[1],
                                   .weight = file.options[2],
                                   .width = file.options[3],
                                   .warning_width = file.options[4],
                                   .time_varying_limits = file.choice(0, 1) == 1,
                                   .direction = static_cast<Direction>(file.choice(1, 2))};
    auto monitor = MonitorCodec::make([&] { return EwmaChart(options); });
    MonitorCodec::require(file.numbers.size() == 2 && file.integers.size() == 1, "a state of another length");
    MonitorCodec::require_within(file.numbers[0], -1.001 * largest_value, 1.001 * largest_value, "an impossible mean");
    MonitorCodec::require_within(file.numbers[1], 0.0, 1.0, "an impossible weight of the past");
    monitor.average_ = file.numbers[0];
    monitor.decay_ = file.numbers[1];
    monitor.count_ = file.integers[0];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
