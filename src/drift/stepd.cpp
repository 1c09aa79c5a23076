// SPDX-License-Identifier: Apache-2.0
// The test of equal proportions on a ring of errors.
#include "vedette/drift/stepd.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "drift/monitor_codec.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "stepd";

double share(std::uint64_t part, std::uint64_t whole) noexcept {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The statistic whose tail, or tails, hold this level.
double quantile_of(double level, Direction direction) {
    return -stats::normal_quantile(direction == Direction::both ? 0.5 * level : level);
}

}  // namespace

Stepd::Stepd(const StepdOptions& options)
    : options_(options),
      drift_quantile_(quantile_of(options.drift_level, options.direction)),
      warning_quantile_(quantile_of(options.warning_level, options.direction)) {
    require_option(name, "window", options.window, 1, 65'536);
    require_option_inside(name, "drift_level", options.drift_level, 0.0, 1.0);
    require_option(name, "warning_level", options.warning_level, options.drift_level, std::nextafter(1.0, 0.0));
    require_choice(name, "direction", static_cast<unsigned>(options.direction), 2);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 1);
    bits_.resize((options.window + 63U) / 64U);
}

void Stepd::clear() noexcept {
    std::fill(bits_.begin(), bits_.end(), 0U);
    next_ = 0;
    recent_ = recent_errors_ = older_ = older_errors_ = 0;
}

void Stepd::reset() noexcept {
    clear();
    forget();
}

// Puts the error into the ring's next place; what stood there.
bool Stepd::exchange(bool error) noexcept {
    std::uint64_t& word = bits_[next_ / 64U];
    const std::uint64_t mask = std::uint64_t{1} << (next_ % 64U);
    const bool before = (word & mask) != 0;
    word = error ? word | mask : word & ~mask;
    next_ = next_ + 1 == options_.window ? 0 : next_ + 1;
    return before;
}

MonitorState Stepd::update(double error) noexcept {
    if (!admit_error(error)) return state();
    if (take_restart()) clear();
    const bool wrong = error == 1.0;
    const bool left = exchange(wrong);
    if (recent_ == options_.window) {
        ++older_;
        older_errors_ += left ? 1U : 0U;
        recent_errors_ -= left ? 1U : 0U;
    } else {
        ++recent_;
    }
    recent_errors_ += wrong ? 1U : 0U;
    const double z = statistic();
    if (z < 0.0) return settle(MonitorState::in_control);
    if (z > drift_quantile_) return settle(MonitorState::change);
    return settle(z > warning_quantile_ ? MonitorState::warning : MonitorState::in_control);
}

double Stepd::statistic() const noexcept {
    if (older_ < options_.window) return -1.0;
    const double p = share(older_errors_ + recent_errors_, older_ + recent_);
    // MOA divides by zero here, and alarms.
    if (p == 0.0 || p == 1.0) return options_.rule == StepdRule::moa ? std::numeric_limits<double>::infinity() : -1.0;
    const double inverse = 1.0 / static_cast<double>(older_) + 1.0 / static_cast<double>(recent_);
    double difference = estimate() - older_rate();
    if (options_.direction == Direction::both) difference = std::abs(difference);
    if (options_.direction == Direction::down) difference = -difference;
    double corrected = difference - inverse / 2.0;
    if (options_.rule == StepdRule::moa) corrected = difference < 0.0 ? -1.0 : std::abs(corrected);
    return corrected < 0.0 ? -1.0 : corrected / std::sqrt(p * (1.0 - p) * inverse);
}

double Stepd::estimate() const noexcept {
    return share(recent_errors_, recent_);
}

double Stepd::older_rate() const noexcept {
    return share(older_errors_, older_);
}

double Stepd::p_value() const noexcept {
    const double z = statistic();
    if (z < 0.0) return 1.0;
    return options_.direction == Direction::both ? 2.0 * stats::normal_sf(z) : stats::normal_sf(z);
}

std::vector<std::byte> Stepd::serialize() const {
    MonitorCodec file;
    file.options = {options_.drift_level, options_.warning_level};
    file.settings = {options_.window, static_cast<std::uint64_t>(options_.direction),
                     static_cast<std::uint64_t>(options_.rule)};
    file.integers = {next_, recent_, older_, older_errors_};
    file.integers.insert(file.integers.end(), bits_.begin(), bits_.end());
    return file.write(name, *this);
}

Stepd Stepd::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 2, 3);
    const StepdOptions options{.window = file.setting32(0),
                               .drift_level = file.options[0],
                               .warning_level = file.options[1],
                               .direction = static_cast<Direction>(file.choice(1, 2)),
                               .rule = static_cast<StepdRule>(file.choice(2, 1))};
    auto monitor = MonitorCodec::make([&] { return Stepd(options); });
    const auto& integers = file.integers;
    MonitorCodec::require(file.numbers.empty() && integers.size() == 4 + monitor.bits_.size(),
                          "a state of another length");
    MonitorCodec::require(integers[0] < options.window && integers[1] <= options.window, "an impossible place");
    // A ring that is not full has been filled from its beginning.
    MonitorCodec::require(integers[1] == options.window || (integers[0] == integers[1] && integers[2] == 0),
                          "values before the window was full");
    MonitorCodec::require(integers[2] <= std::uint64_t{1} << 62U && integers[3] <= integers[2], "an impossible count");
    std::copy(integers.begin() + 4, integers.end(), monitor.bits_.begin());
    const auto filled = static_cast<unsigned>(integers[1] % 64U);
    const std::size_t whole = static_cast<std::size_t>(integers[1] / 64U);
    for (std::size_t i = 0; i < monitor.bits_.size(); ++i) {
        const std::uint64_t unused = i < whole ? 0 : i > whole ? ~std::uint64_t{0} : ~std::uint64_t{0} << filled;
        MonitorCodec::require((monitor.bits_[i] & unused) == 0, "errors beyond the window");
        monitor.recent_errors_ += static_cast<std::uint64_t>(std::popcount(monitor.bits_[i]));
    }
    monitor.next_ = static_cast<std::uint32_t>(integers[0]);
    monitor.recent_ = integers[1];
    monitor.older_ = integers[2];
    monitor.older_errors_ = integers[3];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
