// SPDX-License-Identifier: Apache-2.0
// Options, files and run lengths of the CUSUM.
#include "vedette/drift/cusum.hpp"

#include <cmath>
#include <limits>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "cusum";
constexpr double not_looked_at = 1e300;

// One side, whose increments have this mean (in sd); infinite where it drifts away from the threshold too fast.
double one_sided_run_length(double drift, double threshold) {
    const double b = threshold + 1.166;
    const double x = -2.0 * drift * b;
    // (exp(x) - x - 1)/(2 drift^2), whose limit at 0 is b^2
    if (std::abs(x) < 1e-4) return b * b * (1.0 + x / 3.0);
    return (std::expm1(x) - x) / (2.0 * drift * drift);
}

}  // namespace

Cusum::Cusum(const CusumOptions& options)
    : options_(options),
      per_sd_(1.0 / options.sd),
      upper_slack_(options.direction == Direction::down ? not_looked_at : options.slack),
      lower_slack_(options.direction == Direction::up ? not_looked_at : options.slack) {
    constexpr double least = std::numeric_limits<double>::min();
    require_option(name, "mean", options.mean, -largest_value, largest_value);
    require_option(name, "sd", options.sd, 1.0 / largest_value, largest_value);
    require_option(name, "slack", options.slack, 0.0, largest_value);
    require_option(name, "threshold", options.threshold, least, largest_value);
    require_option(name, "head_start", options.head_start, 0.0, std::nextafter(options.threshold, 0.0));
    require_choice(name, "direction", static_cast<unsigned>(options.direction), 2);
    clear();
}

void Cusum::clear() noexcept {
    count_ = 0;
    upper_ = options_.direction != Direction::down ? options_.head_start : 0.0;
    lower_ = options_.direction != Direction::up ? options_.head_start : 0.0;
}

void Cusum::reset() noexcept {
    clear();
    forget();
}

std::vector<std::byte> Cusum::serialize() const {
    MonitorCodec file;
    file.options = {options_.mean, options_.sd, options_.slack, options_.threshold, options_.head_start};
    file.settings = {static_cast<std::uint64_t>(options_.direction)};
    file.numbers = {upper_, lower_};
    file.integers = {count_};
    return file.write(name, *this);
}

Cusum Cusum::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 5, 1);
    const CusumOptions options{.mean = file.options[0],
                               .sd = file.options[1],
                               .slack = file.options[2],
                               .threshold = file.options[3],
                               .head_start = file.options[4],
                               .direction = static_cast<Direction>(file.choice(0, 2))};
    auto monitor = MonitorCodec::make([&] { return Cusum(options); });
    MonitorCodec::require(file.numbers.size() == 2 && file.integers.size() == 1, "a state of another length");
    for (const double number : file.numbers) MonitorCodec::require(number >= 0.0, "a negative sum");
    monitor.upper_ = file.numbers[0];
    monitor.lower_ = file.numbers[1];
    monitor.count_ = file.integers[0];
    file.restore(monitor);
    return monitor;
}

double cusum_average_run_length(const CusumOptions& options, double shift) {
    const Cusum checked(options);
    require_option(name, "shift", shift, -1e6, 1e6);
    const double up = one_sided_run_length(shift - options.slack, options.threshold);
    const double down = one_sided_run_length(-shift - options.slack, options.threshold);
    switch (options.direction) {
        case Direction::up: return up;
        case Direction::down: return down;
        case Direction::both: break;
    }
    return 1.0 / (1.0 / up + 1.0 / down);
}

double cusum_threshold(const CusumOptions& options, double run_length) {
    require_option(name, "run_length", run_length, 20.0, 1e12);
    CusumOptions tried = options;
    tried.head_start = 0.0;
    double low = 1e-3;
    double high = 4e6;  // without slack the run length grows as the square
    for (int i = 0; i < 200 && high - low > 1e-13 * high; ++i) {
        tried.threshold = 0.5 * (low + high);
        (cusum_average_run_length(tried, 0.0) < run_length ? low : high) = tried.threshold;
    }
    return high;
}

}  // namespace vedette::inline v0::drift
