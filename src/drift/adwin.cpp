// SPDX-License-Identifier: Apache-2.0
// The window of ADWIN: an exponential histogram, and the search for a cut.
#include "vedette/drift/adwin.hpp"

#include <algorithm>
#include <cmath>

#include "drift/monitor_codec.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr const char* name = "adwin";

double size_of_level(std::size_t level) noexcept {
    return static_cast<double>(std::uint64_t{1} << level);
}

double square(double x) noexcept {
    return x * x;
}

// The bound on the difference of means, for given numbers of values less min_window_length - 1.
struct CutBound {
    double log_term;  // ln(2 ln(W)/delta)
    double variance;

    // As river and MOA compute it, to the last bit: which cut is found must not depend on rounding.
    [[nodiscard]] bool is_exceeded(double difference, double older, double newer) const noexcept {
        const double m = 1.0 / older + 1.0 / newer;
        const double bound = std::sqrt(2.0 * m * variance * log_term) + 2.0 / 3.0 * log_term * m;
        return std::abs(difference) > bound;
    }
};

// How many cuts may exceed the bound, give or take rounding: without roots or branches, for the usual answer is none.
std::size_t count_candidates(const double* older, const double* older_total, const double* newer_total,
                             std::size_t count, double width, double margin, const CutBound& bound) noexcept {
    const double root_part = 2.0 * bound.variance * bound.log_term * (1.0 - 1e-9);
    const double linear_part = 2.0 / 3.0 * bound.log_term * (1.0 - 1e-9);
    const double both = width - 2.0 * margin;
    std::uint64_t candidates = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double n0 = older[i];
        const double n1 = width - n0;
        const double m = both / ((n0 - margin) * (n1 - margin));
        const double difference = std::abs(older_total[i] / n0 - newer_total[i] / n1);
        const double excess = difference - linear_part * m;
        candidates += excess * std::abs(excess) >= root_part * m ? 1U : 0U;
    }
    return candidates;
}

}  // namespace

Adwin::Adwin(const AdwinOptions& options)
    : options_(options), stride_(std::size_t{options.max_buckets} + 1), until_check_(options.clock) {
    constexpr double most = 2147483648.0;
    require_option_inside(name, "delta", options.delta, 0.0, 1.0);
    require_option(name, "clock", options.clock, 1, most);
    require_option(name, "max_buckets", options.max_buckets, 2, 1000);
    require_option(name, "min_window_length", options.min_window_length, 1, most);
    require_option(name, "grace_period", options.grace_period, 0, most);
    require_choice(name, "rule", static_cast<unsigned>(options.rule), 1);
    buckets_.resize(levels * stride_);
    counts_of_level_.resize(levels);
    older_.resize(levels * stride_);
    older_total_.resize(levels * stride_);
    newer_total_.resize(levels * stride_);
}

void Adwin::clear() noexcept {
    std::fill(counts_of_level_.begin(), counts_of_level_.end(), 0U);
    used_levels_ = 1;
    width_ = 0;
    total_ = 0.0;
    deviations_ = 0.0;
    until_check_ = options_.clock;
}

void Adwin::reset() noexcept {
    clear();
    dropped_ = 0;
    dropped_total_ = 0.0;
    forget();
}

MonitorState Adwin::update(double x) noexcept {
    if (!admit(x)) return state();
    if (take_restart() && options_.restart_after_change) clear();
    insert(x);
    if (--until_check_ > 0) return settle(MonitorState::in_control);
    until_check_ = options_.clock;
    const bool cut = width_ > options_.grace_period && shrink();
    return settle(cut ? MonitorState::change : MonitorState::in_control);
}

void Adwin::insert(double x) noexcept {
    const auto before = static_cast<double>(width_);
    ++width_;
    if (before > 0.0) {
        const double deviation = x - total_ / before;
        deviations_ += before * deviation * deviation / (before + 1.0);
    }
    total_ += x;
    level(0)[counts_of_level_[0]++] = {x, 0.0};
    if (counts_of_level_[0] == stride_) merge_full_levels();
}

// The two oldest buckets of an overfull level become one of the next.
void Adwin::merge_full_levels() noexcept {
    for (std::size_t i = 0; counts_of_level_[i] == stride_; ++i) {
        if (i + 1 == levels) return drop_oldest();
        Bucket* const own = level(i);
        const double n = size_of_level(i);
        const double apart = own[0].total / n - own[1].total / n;
        // n n/(n + n) = n/2
        const Bucket joined{own[0].total + own[1].total,
                            own[0].deviations + own[1].deviations + 0.5 * n * square(apart)};
        std::copy(own + 2, own + stride_, own);
        counts_of_level_[i] -= 2;
        used_levels_ = std::max(used_levels_, i + 2);
        level(i + 1)[counts_of_level_[i + 1]++] = joined;
    }
}

bool Adwin::shrink() noexcept {
    if (!find_cut()) return false;
    dropped_ = 0;
    dropped_total_ = 0.0;
    do {
        dropped_total_ += level(used_levels_ - 1)[0].total;
        const std::uint64_t before = width_;
        drop_oldest();
        dropped_ += before - width_;
    } while (find_cut());
    return true;
}

// The cuts with at least so many values on either side, oldest first, into the lists; how many.
std::size_t Adwin::list_cuts(double least) noexcept {
    const auto width = static_cast<double>(width_);
    double n0 = 0.0;
    double u0 = 0.0;
    double u1 = total_;
    std::size_t count = 0;
    for (std::size_t i = used_levels_; i-- > 0;) {
        const double n = size_of_level(i);
        const Bucket* const own = level(i);
        for (std::size_t k = 0; k < counts_of_level_[i]; ++k) {
            n0 += n;
            u0 += own[k].total;
            u1 -= own[k].total;
            if (width - n0 < least) return count;
            older_[count] = n0;
            older_total_[count] = u0;
            newer_total_[count] = u1;
            count += n0 >= least ? 1U : 0U;
        }
    }
    return count;
}

bool Adwin::find_cut() noexcept {
    const double length = options_.min_window_length;
    const std::size_t count = list_cuts(options_.rule == AdwinRule::moa ? length + 2.0 : length);
    if (count == 0) return false;
    const auto width = static_cast<double>(width_);
    const double margin = length - 1.0;
    const CutBound bound{std::log(2.0 * std::log(width) / options_.delta), deviations_ / width};
    if (count_candidates(older_.data(), older_total_.data(), newer_total_.data(), count, width, margin, bound) == 0)
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        const double newer = width - older_[i];
        const double difference = older_total_[i] / older_[i] - newer_total_[i] / newer;
        if (bound.is_exceeded(difference, older_[i] - margin, newer - margin)) return true;
    }
    return false;
}

void Adwin::drop_oldest() noexcept {
    const std::size_t last = used_levels_ - 1;
    Bucket* const own = level(last);
    std::copy(own + 1, own + counts_of_level_[last], own);
    --counts_of_level_[last];
    width_ -= std::uint64_t{1} << last;
    while (used_levels_ > 1 && counts_of_level_[used_levels_ - 1] == 0) --used_levels_;
    sum_up();
}

// Length, sum and squared deviations of all buckets, oldest first.
void Adwin::sum_up() noexcept {
    double n0 = 0.0;
    double total = 0.0;
    double deviations = 0.0;
    for (std::size_t i = used_levels_; i-- > 0;) {
        const double n = size_of_level(i);
        const Bucket* const own = level(i);
        for (std::size_t k = 0; k < counts_of_level_[i]; ++k) {
            if (n0 > 0.0) deviations += n0 * n * square(total / n0 - own[k].total / n) / (n0 + n);
            deviations += own[k].deviations;
            n0 += n;
            total += own[k].total;
        }
    }
    total_ = total;
    deviations_ = deviations;
}

struct Adwin::Codec {
    static void read_buckets(const MonitorCodec& file, Adwin& adwin);
};

std::vector<std::byte> Adwin::serialize() const {
    MonitorCodec file;
    file.options = {options_.delta};
    file.settings = {options_.clock,
                     options_.max_buckets,
                     options_.min_window_length,
                     options_.grace_period,
                     static_cast<std::uint64_t>(options_.rule),
                     options_.restart_after_change ? 1U : 0U};
    file.numbers = {total_, deviations_, dropped_total_};
    file.integers = {until_check_, dropped_};
    for (std::size_t i = 0; i < used_levels_; ++i) {
        file.integers.push_back(counts_of_level_[i]);
        for (std::size_t k = 0; k < counts_of_level_[i]; ++k) {
            file.numbers.push_back(level(i)[k].total);
            file.numbers.push_back(level(i)[k].deviations);
        }
    }
    return file.write(name, *this);
}

void Adwin::Codec::read_buckets(const MonitorCodec& file, Adwin& adwin) {
    constexpr double most = largest_value * largest_value * 0x1p120;
    const std::size_t used = file.integers.size() - 2;
    MonitorCodec::require(used >= 1 && used <= levels, "an impossible number of levels");
    std::size_t next = 3;
    for (std::size_t i = 0; i < used; ++i) {
        const std::uint64_t count = file.integers[2 + i];
        MonitorCodec::require(count <= adwin.options_.max_buckets && 2 * count <= file.numbers.size() - next,
                              "buckets without their values");
        MonitorCodec::require(count > 0 || used == 1, "a level without buckets");
        const double size = size_of_level(i);
        for (std::size_t k = 0; k < count; ++k, next += 2) {
            const Bucket bucket{file.numbers[next], file.numbers[next + 1]};
            MonitorCodec::require_within(std::abs(bucket.total) / size, 0.0, largest_value * 1.001,
                                         "an impossible sum");
            MonitorCodec::require_within(bucket.deviations, 0.0, most, "an impossible variance");
            adwin.level(i)[k] = bucket;
        }
        adwin.counts_of_level_[i] = static_cast<std::uint32_t>(count);
        adwin.width_ += count << i;
    }
    MonitorCodec::require(next == file.numbers.size(), "values without a bucket");
    adwin.used_levels_ = used;
}

Adwin Adwin::deserialize(std::span<const std::byte> bytes) {
    const auto file = MonitorCodec::read(name, bytes, 1, 6);
    const AdwinOptions options{.delta = file.options[0],
                               .clock = file.setting32(0),
                               .max_buckets = file.setting32(1),
                               .min_window_length = file.setting32(2),
                               .grace_period = file.setting32(3),
                               .rule = static_cast<AdwinRule>(file.choice(4, 1)),
                               .restart_after_change = file.choice(5, 1) == 1};
    Adwin adwin = MonitorCodec::make([&] { return Adwin(options); });
    MonitorCodec::require(file.numbers.size() >= 3 && file.integers.size() >= 3, "a state that is too short");
    MonitorCodec::require(file.integers[0] >= 1 && file.integers[0] <= options.clock, "an impossible clock");
    Codec::read_buckets(file, adwin);
    // What was saved may have other rounding errors than the sums of the buckets, but it is no other window.
    constexpr double limit = largest_value * 0x1p60;
    MonitorCodec::require_within(std::abs(file.numbers[0]), 0.0, limit, "an impossible sum");
    MonitorCodec::require_within(file.numbers[1], 0.0, limit * limit, "an impossible variance");
    MonitorCodec::require_within(std::abs(file.numbers[2]), 0.0, limit, "an impossible sum");
    adwin.total_ = file.numbers[0];
    adwin.deviations_ = file.numbers[1];
    adwin.dropped_total_ = file.numbers[2];
    adwin.until_check_ = static_cast<std::uint32_t>(file.integers[0]);
    adwin.dropped_ = file.integers[1];
    file.restore(adwin);
    return adwin;
}

}  // namespace vedette::inline v0::drift
