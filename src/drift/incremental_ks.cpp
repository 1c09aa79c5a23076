// SPDX-License-Identifier: Apache-2.0
// The heights of n m (F - G) at the reference's values, in blocks, moved by single live values.
#include "vedette/drift/incremental_ks.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "drift/monitor_codec.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "incremental_ks";
constexpr std::size_t most_values = 1'000'000;
constexpr std::size_t looks = 8;                              // values that are compared without a search
constexpr std::int64_t most_height = std::int64_t{1} << 30U;  // sums of two fit into 32 bits

std::vector<double> sorted_reference(std::span<const double> reference) {
    if (reference.empty()) throw Error(ErrorCode::not_enough_data, std::string(name) + ": the reference is empty");
    require_option(name, "reference values", static_cast<double>(reference.size()), 1.0, most_values);
    for (const double value : reference)
        require_option(name, "a reference value", value, -MonitorBase::largest_value, MonitorBase::largest_value);
    std::vector<double> sorted(reference.begin(), reference.end());
    for (double& value : sorted) value += 0.0;  // -0 is 0
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

// The probability of D = 1: one of the two samples stands whole before the other. No p-value is smaller.
double least_p_value(double m, double n) noexcept {
    double p = 2.0;
    for (double i = 1.0; i <= std::min(m, n) && p > 1e-300; i += 1.0) p *= i / (std::max(m, n) + i);
    return std::min(1.0, p);
}

}  // namespace

IncrementalKs::IncrementalKs(std::span<const double> reference, const IncrementalKsOptions& options)
    : options_(options), reference_count_(reference.size()) {
    require_option(name, "window", options.window, 1, most_values);
    require_option_inside(name, "level", options.level, 0.0, 1.0);
    require_option(name, "threshold", options.threshold, 0.0, 1.0);
    for (const double value : sorted_reference(reference)) {
        if (values_.empty() || value != values_.back()) {
            values_.push_back(value);
            multiplicities_.push_back(0);
        }
        ++multiplicities_.back();
    }
    const auto m = static_cast<std::int64_t>(reference_count_);
    const auto n = static_cast<std::int64_t>(options.window);
    const std::int64_t common = std::gcd(m, n);
    reference_step_ = static_cast<std::int32_t>(n / common);
    live_step_ = static_cast<std::int32_t>(m / common);
    unit_ = m * n / common;
    if (unit_ > most_height)
        throw Error(ErrorCode::unsupported,
                    std::string(name) + ": reference size times window, over their greatest common divisor, is " +
                        std::to_string(unit_) + ", at most 2^30 is supported: choose a window that divides the size");
    least_p_ = least_p_value(static_cast<double>(m), static_cast<double>(n));
    critical_ = find_critical_height();
    places_ = 2 * values_.size();
    place_blocks();
    place_cells();
    ring_.resize(options.window);
    clear();
}

double IncrementalKs::p_of(double distance) const noexcept {
    const auto m = static_cast<double>(reference_count_);
    const auto n = static_cast<double>(options_.window);
    return std::max(stats::kolmogorov_finite_sf(distance, std::nearbyint(m * n / (m + n))), least_p_);
}

std::int64_t IncrementalKs::find_critical_height() const {
    const auto unit = static_cast<double>(unit_);
    const auto is_change = [&](std::int64_t height) {
        const double distance = static_cast<double>(height) / unit;
        return options_.threshold > 0.0 ? distance >= options_.threshold : p_of(distance) <= options_.level;
    };
    if (!is_change(unit_))
        throw Error(ErrorCode::invalid_argument, std::string(name) + ": level " + std::to_string(options_.level) +
                                                     " is below what samples of these sizes can reach");
    std::int64_t below = 0;
    std::int64_t above = unit_;
    while (above - below > 1) {
        const std::int64_t middle = below + (above - below) / 2;
        (is_change(middle) ? above : below) = middle;
    }
    return above;
}

// Blocks of about as many places as there are blocks, so that neither is many.
void IncrementalKs::place_blocks() {
    while (std::size_t{1} << (2 * block_bits_) < 2 * places_) ++block_bits_;
    const std::size_t block_size = std::size_t{1} << block_bits_;
    block_count_ = (places_ + block_size - 1) >> block_bits_;
    const std::size_t lines = (block_count_ + 15) / 16;
    heights_.resize(block_count_ * block_size / 16);
    offsets_.resize(lines);
    highest_.resize(lines);
    lowest_.resize(lines);
}

// Two cells for each value, and infinities behind the last for a search that looks further than there are values. A
// value in a lower cell is smaller, one in a higher cell larger: rounding keeps the order.
void IncrementalKs::place_cells() {
    const std::size_t count = values_.size();
    const std::size_t cells = 2 * std::bit_ceil(count);
    const double scale = static_cast<double>(cells) / (values_.back() - values_.front());
    cells_per_unit_ = std::isfinite(scale) ? scale : 0.0;
    last_cell_ = static_cast<double>(cells - 1);
    cells_.resize(cells + 1);
    for (const double value : values_) ++cells_[cell_of(value) + 1];
    const std::size_t fullest = *std::max_element(cells_.begin(), cells_.end());
    std::partial_sum(cells_.begin(), cells_.end(), cells_.begin());
    first_step_ = fullest < looks ? 0 : std::bit_floor(fullest);
    values_.resize(count + 2 * first_step_ + looks, std::numeric_limits<double>::infinity());
}

void IncrementalKs::clear() noexcept {
    next_ = width_ = 0;
    height_ = 0;
    std::fill(offsets_.begin(), offsets_.end(), Line{});
    std::fill(highest_.begin(), highest_.end(), Line{});
    std::fill(lowest_.begin(), lowest_.end(), Line{});
    std::fill(heights_.begin(), heights_.end(), Line{});
    // Of an empty window: F before and at each value.
    std::int32_t* const heights = heights_.front().values;
    std::int32_t height = 0;
    for (std::size_t i = 0; i < multiplicities_.size(); ++i) {
        heights[2 * i] = height;
        height += static_cast<std::int32_t>(multiplicities_[i]) * reference_step_;
        heights[2 * i + 1] = height;
    }
    find_extremes();
}

void IncrementalKs::find_extremes() noexcept {
    const std::int32_t* const heights = heights_.front().values;
    std::int32_t* const all_highest = highest_.front().values;
    std::int32_t* const all_lowest = lowest_.front().values;
    for (std::size_t block = 0; block < block_count_; ++block) {
        const std::int32_t* const begin = heights + (block << block_bits_);
        const std::int32_t* const end = begin + (std::size_t{1} << block_bits_);
        const std::int32_t highest = *std::max_element(begin, end);
        const std::int32_t lowest = *std::min_element(begin, end);
        all_highest[block] = highest;
        all_lowest[block] = lowest;
        height_ = std::max({height_, highest, -lowest});
    }
}

void IncrementalKs::reset() noexcept {
    clear();
    forget();
}

// The first place whose G counts the value: 2 i before reference value i, 2 i + 1 at it; none, places_, above them all.
inline std::uint32_t IncrementalKs::place_of(double x) const noexcept {
    std::size_t found = cells_[cell_of(x)];
    const double* const values = values_.data();
    for (std::size_t step = first_step_; step >= looks; step /= 2)
        found += values[found + step - 1] < x ? step : std::size_t{0};
    // Side by side: none waits for another.
    std::size_t passed = 0;
    for (std::size_t i = 0; i < looks; ++i) passed += values[found + i] < x ? std::size_t{1} : std::size_t{0};
    found += passed;
    // Infinity, behind them all, is no value: none is equal to it.
    return static_cast<std::uint32_t>(2 * found + (values[found] == x ? 1U : 0U));
}

void IncrementalKs::shift(std::size_t from, std::size_t to, std::int32_t step) noexcept {
    if (from == to) return;
    const kernels::SlidingHeights view{heights_.front().values,
                                       offsets_.front().values,
                                       highest_.front().values,
                                       lowest_.front().values,
                                       block_bits_,
                                       block_count_};
    height_ = kernels::kernels().shift_heights(&view, from, to, step);
}

MonitorState IncrementalKs::update(double x) noexcept {
    if (!admit(x)) return state();
    if (take_restart()) clear();
    const std::uint32_t entered = place_of(x);
    if (width_ == options_.window) {
        // G falls from where the oldest value counted, and rises from where the new one does: between the two.
        const std::uint32_t left = ring_[next_];
        // Chosen without a branch, for nobody could predict it.
        const bool falls = entered < left;
        shift(falls ? entered : left, falls ? left : entered, falls ? -live_step_ : live_step_);
    } else {
        ++width_;
        shift(entered, places_, -live_step_);
    }
    ring_[next_] = entered;
    next_ = next_ + 1 == options_.window ? 0 : next_ + 1;
    const bool changed = width_ == options_.window && height_ >= critical_;
    return settle(changed ? MonitorState::change : MonitorState::in_control);
}

double IncrementalKs::statistic() const noexcept {
    if (width_ < options_.window) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(height_) / static_cast<double>(unit_);
}

double IncrementalKs::p_value() const noexcept {
    return p_of(statistic());
}

double IncrementalKs::critical_distance() const noexcept {
    return static_cast<double>(critical_) / static_cast<double>(unit_);
}

std::vector<std::byte> IncrementalKs::serialize() const {
    MonitorCodec file;
    file.options = {options_.level, options_.threshold};
    file.settings = {options_.window};
    file.integers = {width_};
    for (std::size_t i = 0; i < multiplicities_.size(); ++i)
        file.numbers.insert(file.numbers.end(), multiplicities_[i], values_[i]);
    // Oldest first.
    std::uint32_t at = width_ == options_.window ? next_ : 0;
    for (std::uint32_t i = 0; i < width_; ++i) {
        file.integers.push_back(ring_[at]);
        at = at + 1 == options_.window ? 0 : at + 1;
    }
    return file.write(name, *this);
}

IncrementalKs IncrementalKs::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 2, 1);
    const IncrementalKsOptions options{
        .window = file.setting32(0), .level = file.options[0], .threshold = file.options[1]};
    MonitorCodec::require(!file.numbers.empty() && std::is_sorted(file.numbers.begin(), file.numbers.end()),
                          "a reference that is not sorted");
    auto monitor = MonitorCodec::make([&] { return IncrementalKs(file.numbers, options); });
    MonitorCodec::require(
        !file.integers.empty() && file.integers[0] <= options.window && file.integers.size() == file.integers[0] + 1,
        "a window of another length");
    std::vector<std::int32_t> entering(monitor.places_ + 1);
    for (std::size_t i = 1; i < file.integers.size(); ++i) {
        MonitorCodec::require(file.integers[i] <= monitor.places_, "a value at no place");
        monitor.ring_[i - 1] = static_cast<std::uint32_t>(file.integers[i]);
        ++entering[monitor.ring_[i - 1]];
    }
    std::int32_t* const heights = monitor.heights_.front().values;
    std::int32_t counted = 0;
    for (std::size_t place = 0; place < monitor.places_; ++place) {
        counted += entering[place];
        heights[place] -= counted * monitor.live_step_;
    }
    monitor.height_ = 0;
    monitor.find_extremes();
    monitor.width_ = static_cast<std::uint32_t>(file.integers[0]);
    monitor.next_ = monitor.width_ == options.window ? 0 : monitor.width_;
    file.restore(monitor);
    return monitor;
}

}  // namespace vedette::inline v0::drift
