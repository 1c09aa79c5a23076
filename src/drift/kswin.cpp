// SPDX-License-Identifier: Apache-2.0
// The window of KSWIN, kept sorted, so that a look is one pass over it.
#include "vedette/drift/kswin.hpp"

#include <algorithm>
#include <cmath>

#include "drift/monitor_codec.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "kswin";

// P(D >= height/n) of two samples of n values without ties (Gnedenko and Korolyuk 1951).
double exact_tail(std::uint32_t height, std::uint32_t n) noexcept {
    if (height == 0) return 1.0;
    double sum = 0.0;
    double share = 1.0;  // paths that reach j times the height, over all: C(2 n, n - j height)/C(2 n, n)
    double sign = 2.0;
    std::uint32_t reached = 0;
    while (reached + height <= n) {
        for (std::uint32_t i = 0; i < height; ++i, ++reached)
            share *= static_cast<double>(n - reached) / static_cast<double>(n + reached + 1);
        sum += sign * share;
        sign = -sign;
    }
    return std::min(1.0, sum);
}

bool is_change(std::uint32_t height, const KswinOptions& options) noexcept {
    const double distance = static_cast<double>(height) / options.recent;
    if (options.rule == KswinRule::river) return distance > 0.1 && exact_tail(height, options.recent) <= options.level;
    return distance > std::sqrt(-std::log(options.level) / options.recent);
}

// Uniform integers below a limit, from halves of random words; without bias (Lemire 2019).
class Dice {
  public:
    Dice(std::uint64_t seed, std::uint64_t stream) noexcept : random_(seed, stream) {}

    std::uint32_t below(std::uint32_t limit) noexcept {
        std::uint64_t product = std::uint64_t{half()} * limit;
        if (static_cast<std::uint32_t>(product) < limit) {
            const std::uint32_t least = (0U - limit) % limit;
            while (static_cast<std::uint32_t>(product) < least) product = std::uint64_t{half()} * limit;
        }
        return static_cast<std::uint32_t>(product >> 32U);
    }

  private:
    std::uint32_t half() noexcept {
        if (left_) {
            left_ = false;
            return static_cast<std::uint32_t>(word_ >> 32U);
        }
        word_ = random_();
        left_ = true;
        return static_cast<std::uint32_t>(word_);
    }

    Random random_;
    std::uint64_t word_ = 0;
    bool left_ = false;
};

}  // namespace

Kswin::Kswin(const KswinOptions& options) : options_(options), critical_(0) {
    require_option_inside(name, "level", options.level, 0.0, 1.0);
    require_option(name, "window", options.window, 2, 4096);
    const std::uint32_t half = options.window / 2;
    require_option(name, "recent", options.recent, 1, half);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 1);
    while (critical_ <= options.recent && !is_change(critical_, options)) ++critical_;
    if (critical_ > options.recent)
        throw Error(ErrorCode::invalid_argument,
                    std::string(name) + ": level " + std::to_string(options.level) +
                        " is below what samples of recent = " + std::to_string(options.recent) + " values can reach");
    values_.resize(options.window);
    sorted_.resize(options.window);
    marks_.resize(options.window);
}

void Kswin::clear() noexcept {
    oldest_ = width_ = height_ = 0;
}

void Kswin::reset() noexcept {
    clear();
    looks_ = 0;
    forget();
}

std::uint32_t Kswin::slot_of(std::uint32_t place) const noexcept {
    const std::uint32_t slot = oldest_ + place;
    return slot < options_.window ? slot : slot - options_.window;
}

void Kswin::remove_oldest() noexcept {
    const auto end = sorted_.begin() + width_;
    auto at = std::lower_bound(sorted_.begin(), end, values_[oldest_],
                               [](const Entry& entry, double value) { return entry.value < value; });
    while (at->slot != oldest_) ++at;  // among its equals
    std::copy(at + 1, end, at);
    --width_;
    oldest_ = slot_of(1);
}

void Kswin::insert(double x) noexcept {
    const std::uint32_t slot = slot_of(width_);
    values_[slot] = x;
    const auto end = sorted_.begin() + width_;
    // Behind its equals, so that the oldest of them is found at once.
    const auto at =
        std::upper_bound(sorted_.begin(), end, x, [](double value, const Entry& entry) { return value < entry.value; });
    std::copy_backward(at, end, end + 1);
    *at = {x, slot};
    ++width_;
}

void Kswin::keep_newest() noexcept {
    std::fill(marks_.begin(), marks_.end(), std::int8_t{0});
    const std::uint32_t leaving = width_ - std::min(width_, options_.recent);
    for (std::uint32_t place = 0; place < leaving; ++place) marks_[slot_of(place)] = 1;
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < width_; ++i)
        if (marks_[sorted_[i].slot] == 0) sorted_[kept++] = sorted_[i];
    oldest_ = slot_of(leaving);
    width_ = kept;
    height_ = 0;
}

bool Kswin::will_look() const noexcept {
    // A change has yet to shorten the window.
    if (restart_is_pending()) return options_.rule == KswinRule::raab && options_.recent + 1 >= options_.window;
    return width_ + 1 >= options_.window;
}

MonitorState Kswin::update(double x) noexcept {
    if (!admit(x)) return state();
    if (take_restart()) options_.rule == KswinRule::river ? clear() : keep_newest();
    if (width_ == options_.window) remove_oldest();
    insert(x);
    if (width_ < options_.window) return settle(MonitorState::in_control);
    std::fill(marks_.begin(), marks_.end(), std::int8_t{0});
    draw_older();
    return look();
}

MonitorState Kswin::update(double x, std::span<const std::uint32_t> draw) noexcept {
    const bool looks = will_look();
    if (looks && !is_draw(draw)) return refuse(x);
    if (!admit(x)) return state();
    if (take_restart()) options_.rule == KswinRule::river ? clear() : keep_newest();
    if (width_ == options_.window) remove_oldest();
    insert(x);
    if (!looks) return settle(MonitorState::in_control);
    std::fill(marks_.begin(), marks_.end(), std::int8_t{0});
    for (const std::uint32_t place : draw) marks_[slot_of(place)] = -1;
    return look();
}

// Whether the draw is one; leaves marks behind.
bool Kswin::is_draw(std::span<const std::uint32_t> draw) noexcept {
    if (draw.size() != options_.recent) return false;
    std::fill(marks_.begin(), marks_.end(), std::int8_t{0});
    for (const std::uint32_t place : draw) {
        if (place >= options_.window - options_.recent || marks_[place] != 0) return false;
        marks_[place] = 1;
    }
    return true;
}

// `recent` of the older values, all such sets alike likely (Floyd's method: Bentley and Floyd 1987).
void Kswin::draw_older() noexcept {
    Dice dice(options_.seed, looks_);
    const std::uint32_t older = options_.window - options_.recent;
    for (std::uint32_t last = older - options_.recent; last < older; ++last) {
        const std::uint32_t slot = slot_of(dice.below(last + 1));
        marks_[marks_[slot] == 0 ? slot : slot_of(last)] = -1;
    }
}

MonitorState Kswin::look() noexcept {
    ++looks_;
    for (std::uint32_t place = options_.window - options_.recent; place < options_.window; ++place)
        marks_[slot_of(place)] = 1;
    int difference = 0;
    int height = 0;
    for (std::uint32_t i = 0; i < width_; ++i) {
        difference += marks_[sorted_[i].slot];
        // Between equal values there is no place to look at.
        const bool is_last = i + 1 == width_ || sorted_[i + 1].value != sorted_[i].value;
        height = std::max(height, is_last ? std::abs(difference) : 0);
    }
    height_ = static_cast<std::uint32_t>(height);
    return settle(height_ >= critical_ ? MonitorState::change : MonitorState::in_control);
}

double Kswin::p_value() const noexcept {
    return exact_tail(height_, options_.recent);
}

std::vector<std::byte> Kswin::serialize() const {
    MonitorCodec file;
    file.options = {options_.level};
    file.settings = {options_.window, options_.recent, options_.seed, static_cast<std::uint64_t>(options_.rule)};
    file.integers = {height_, looks_};
    for (std::uint32_t place = 0; place < width_; ++place) file.numbers.push_back(values_[slot_of(place)]);
    return file.write(name, *this);
}

Kswin Kswin::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 1, 4);
    const KswinOptions options{.level = file.options[0],
                               .window = file.setting32(0),
                               .recent = file.setting32(1),
                               .seed = file.settings[2],
                               .rule = static_cast<KswinRule>(file.choice(3, 1))};
    auto monitor = MonitorCodec::make([&] { return Kswin(options); });
    MonitorCodec::require(file.integers.size() == 2 && file.numbers.size() <= options.window,
                          "a state of another length");
    MonitorCodec::require(file.integers[0] <= options.recent, "a distance beyond 1");
    for (const double value : file.numbers) {
        MonitorCodec::require_within(value, -largest_value, largest_value, "a value out of range");
        monitor.insert(value);
    }
    monitor.height_ = static_cast<std::uint32_t>(file.integers[0]);
    monitor.looks_ = file.integers[1];
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
