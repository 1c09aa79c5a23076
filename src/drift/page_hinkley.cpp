// SPDX-License-Identifier: Apache-2.0
// Options and files of the Page-Hinkley test.
#include "vedette/drift/page_hinkley.hpp"

#include <limits>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "page_hinkley";

}  // namespace

PageHinkley::PageHinkley(const PageHinkleyOptions& options)
    : options_(options),
      minimum_(static_cast<double>(options.minimum_observations)),
      looks_up_(options.direction != Direction::down),
      looks_down_(options.direction != Direction::up),
      keeps_extremes_(options.rule == PageHinkleyRule::page) {
    require_option(name, "minimum_observations", minimum_, 1.0, 0x1p53);
    require_option(name, "delta", options.delta, 0.0, largest_value);
    require_option(name, "threshold", options.threshold, std::numeric_limits<double>::min(), largest_value);
    require_option(name, "forgetting", options.forgetting, std::numeric_limits<double>::min(), 1.0);
    require_choice(name, "direction", static_cast<unsigned>(options.direction), 2);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 1);
}

void PageHinkley::clear() noexcept {
    count_ = mean_ = up_ = down_ = lowest_up_ = highest_down_ = 0.0;
}

void PageHinkley::reset() noexcept {
    clear();
    forget();
}

std::vector<std::byte> PageHinkley::serialize() const {
    MonitorCodec file;
    file.options = {options_.delta, options_.threshold, options_.forgetting};
    file.settings = {options_.minimum_observations, static_cast<std::uint64_t>(options_.direction),
                     static_cast<std::uint64_t>(options_.rule)};
    file.numbers = {mean_, up_, down_, lowest_up_, highest_down_};
    file.integers = {observations()};
    return file.write(name, *this);
}

PageHinkley PageHinkley::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 3, 3);
    const PageHinkleyOptions options{.minimum_observations = file.settings[0],
                                     .delta = file.options[0],
                                     .threshold = file.options[1],
                                     .forgetting = file.options[2],
                                     .direction = static_cast<Direction>(file.choice(1, 2)),
                                     .rule = static_cast<PageHinkleyRule>(file.choice(2, 1))};
    auto monitor = MonitorCodec::make([&] { return PageHinkley(options); });
    const auto& numbers = file.numbers;
    MonitorCodec::require(numbers.size() == 5 && file.integers.size() == 1, "a state of another length");
    MonitorCodec::require(file.integers[0] <= std::uint64_t{1} << 53U, "a count out of range");
    for (const double number : numbers)
        MonitorCodec::require_within(number, -largest_value * 0x1p64, largest_value * 0x1p64, "an impossible sum");
    MonitorCodec::require(options.rule == PageHinkleyRule::moa ? numbers[3] == 0.0 && numbers[4] == 0.0
                                                               : numbers[1] >= numbers[3] && numbers[2] <= numbers[4],
                          "sums beyond their extremes");
    monitor.count_ = static_cast<double>(file.integers[0]);
    monitor.mean_ = numbers[0];
    monitor.up_ = numbers[1];
    monitor.down_ = numbers[2];
    monitor.lowest_up_ = numbers[3];
    monitor.highest_down_ = numbers[4];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
