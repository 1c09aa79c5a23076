// SPDX-License-Identifier: Apache-2.0
// The sketch at work: levels fill, get thinned out and merge; ranks, quantiles and their error.
#include "vedette/stats/kll_sketch.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>

#include "stats/small_sort.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace vedette::inline v0::stats {
namespace {

constexpr std::uint64_t most_values = std::uint64_t{1} << 62U;

void check_confidence(double confidence) {
    if (!(confidence > 0.0 && confidence < 1.0))
        throw Error(ErrorCode::invalid_argument,
                    "confidence is " + std::to_string(confidence) + ", must lie strictly between 0 and 1");
}

// Coin number `index` of a level: a function of its arguments, so that no generator needs to be kept or stored.
bool coin(std::uint64_t seed, std::size_t level, std::uint64_t index) noexcept {
    const std::uint64_t block = index >> 7U;
    const auto words = philox4x32({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32U),
                                   static_cast<std::uint32_t>(level), 0x4B4C4C00U},
                                  {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)});
    return ((words[(index >> 5U) & 3U] >> (index & 31U)) & 1U) != 0;
}

}  // namespace

template <class T>
KllSketch<T>::KllSketch(std::uint32_t k, std::uint64_t seed) : k_(k), seed_(seed), buffer_{}, seeds_{seed} {
    if (k < minimum_k || k > maximum_k)
        throw Error(ErrorCode::invalid_argument, "k is " + std::to_string(k) + ", must lie between " +
                                                     std::to_string(minimum_k) + " and " + std::to_string(maximum_k));
    add_level();
}

template <class T>
void KllSketch<T>::count_special(T value) noexcept {
    if (std::isnan(value)) {
        ++nan_;
    } else {
        ++(value > 0 ? positive_infinity_ : negative_infinity_);
    }
}

// k at the top, two thirds of the level above further down, never below the smallest.
template <class T>
void KllSketch<T>::set_capacities() {
    double share = k_;
    capacity_ = 0;
    for (std::size_t i = levels_.size(); i-- > 0; share *= 2.0 / 3.0) {
        capacities_[i] = std::max(smallest_level, static_cast<std::uint32_t>(std::ceil(share)));
        capacity_ += capacities_[i];
    }
}

template <class T>
void KllSketch<T>::add_level() {
    levels_.emplace_back();
    set_capacities();
}

template <class T>
void KllSketch<T>::flush() {
    sort_64(buffer_);
    minimum_ = std::min(minimum_, buffer_.front());
    maximum_ = std::max(maximum_, buffer_.back());
    std::vector<T>& lowest = levels_.front().values;
    const std::size_t size = lowest.size();
    lowest.resize(size + buffer_size);
    merge_into<1>(lowest.data(), size, buffer_.data(), buffer_size);
    held_ += buffer_size;
    flushed_ += buffer_size;
    buffered_ = 0;
    if (held_ > capacity_) compress();
}

// Someone is at or above its capacity as long as all together are.
template <class T>
void KllSketch<T>::compress() {
    while (held_ > capacity_) {
        std::size_t level = 0;
        while (levels_[level].values.size() < capacities_[level]) ++level;
        compact(level);
    }
}

// Which of each two neighbours moves up: 0 the lower, 1 the higher.
template <class T>
std::size_t KllSketch<T>::face(std::size_t level) noexcept {
    Level& of = levels_[level];
    if (of.next_face != 0) {
        const std::size_t face = of.next_face - 1U;
        of.next_face = 0;
        return face;
    }
    const bool higher = coin(seed_, level, of.coins++);
    of.next_face = higher ? 1 : 2;
    error_variance_ += std::ldexp(1.0, 2 * static_cast<int>(level));
    return higher ? 1 : 0;
}

template <class T>
void KllSketch<T>::compact(std::size_t level) {
    if (level + 1 == levels_.size()) add_level();
    std::vector<T>& from = levels_[level].values;
    std::vector<T>& to = levels_[level + 1].values;
    // Of an odd number the smallest stays, whatever the coin says.
    const std::size_t odd = from.size() & 1U;
    const std::size_t half = from.size() / 2;
    const std::size_t size = to.size();
    to.resize(size + half);
    merge_into<2>(to.data(), size, from.data() + odd + face(level), half);
    from.resize(odd);
    held_ -= half;
}

template <class T>
void KllSketch<T>::merge(const KllSketch& other) {
    if (this == &other) {
        const KllSketch copy(other);  // NOLINT(performance-unnecessary-copy-initialization): what changes is *this
        merge(copy);
        return;
    }
    if (other.count() > most_values - std::min(most_values, count()))
        throw Error(ErrorCode::overflow, "merge: " + std::to_string(count()) + " and " + std::to_string(other.count()) +
                                             " values are more than 2^62");
    std::vector<std::uint64_t> seeds;
    std::set_union(seeds_.begin(), seeds_.end(), other.seeds_.begin(), other.seeds_.end(), std::back_inserter(seeds));
    const bool independent = seeds.size() == seeds_.size() + other.seeds_.size();
    while (levels_.size() < other.levels_.size()) add_level();
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        Level& level = levels_[i];
        if (!independent) level.next_face = 0;
        if (i >= other.levels_.size()) continue;
        const Level& added = other.levels_[i];
        const std::size_t size = level.values.size();
        level.values.resize(size + added.values.size());
        merge_into<1>(level.values.data(), size, added.values.data(), added.values.size());
        // New coins come after all that may have fallen, and an opposite face serves whoever needs it first.
        level.coins = std::max(level.coins, added.coins);
        if (independent && level.next_face == 0) level.next_face = added.next_face;
    }
    // Errors of common coins may add up; sums of sub-Gaussian errors under any dependence.
    const double together = std::sqrt(error_variance_) + std::sqrt(other.error_variance_);
    error_variance_ = independent ? error_variance_ + other.error_variance_ : together * together;
    seeds_ = std::move(seeds);
    held_ += other.held_;
    flushed_ += other.flushed_;
    minimum_ = std::min(minimum_, other.minimum_);
    maximum_ = std::max(maximum_, other.maximum_);
    nan_ += other.nan_;
    positive_infinity_ += other.positive_infinity_;
    negative_infinity_ += other.negative_infinity_;
    compress();
    update(std::span<const T>(other.buffer_.data(), other.buffered_));
}

template <class T>
T KllSketch<T>::minimum() const noexcept {
    if (empty()) return std::numeric_limits<T>::quiet_NaN();
    T least = minimum_;
    for (std::size_t i = 0; i < buffered_; ++i) least = std::min(least, buffer_[i]);
    return least;
}

template <class T>
T KllSketch<T>::maximum() const noexcept {
    if (empty()) return std::numeric_limits<T>::quiet_NaN();
    T largest = maximum_;
    for (std::size_t i = 0; i < buffered_; ++i) largest = std::max(largest, buffer_[i]);
    return largest;
}

template <class T>
double KllSketch<T>::rank(T x) const noexcept {
    if (empty() || std::isnan(x)) return std::numeric_limits<double>::quiet_NaN();
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < buffered_; ++i) below += buffer_[i] <= x ? 1U : 0U;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const auto& values = levels_[i].values;
        const auto end = std::upper_bound(values.begin(), values.end(), x);
        below += static_cast<std::uint64_t>(end - values.begin()) << i;
    }
    return static_cast<double>(below) / static_cast<double>(count());
}

template <class T>
std::vector<double> KllSketch<T>::cdf(std::span<const T> points) const {
    std::vector<double> ranks;
    ranks.reserve(points.size());
    for (const T point : points) ranks.push_back(rank(point));
    return ranks;
}

template <class T>
std::vector<WeightedValue<T>> KllSketch<T>::sorted_values() const {
    std::vector<WeightedValue<T>> all;
    all.reserve(retained());
    for (std::size_t i = 0; i < levels_.size(); ++i)
        for (const T value : levels_[i].values) all.push_back({value, std::uint64_t{1} << i});
    for (std::size_t i = 0; i < buffered_; ++i) all.push_back({buffer_[i], 1});
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
    std::size_t size = 0;
    for (const WeightedValue<T>& item : all) {
        if (size > 0 && all[size - 1].value == item.value) {
            all[size - 1].weight += item.weight;
        } else {
            all[size++] = item;
        }
    }
    all.resize(size);
    return all;
}

template <class T>
T KllSketch<T>::quantile(double q) const {
    return quantiles(std::span<const double>(&q, 1)).front();
}

template <class T>
std::vector<T> KllSketch<T>::quantiles(std::span<const double> q) const {
    for (const double share : q)
        if (!(share >= 0.0 && share <= 1.0))
            throw Error(ErrorCode::invalid_argument, "q is " + std::to_string(share) + ", must lie in [0, 1]");
    if (empty()) throw Error(ErrorCode::not_enough_data, "quantile: the sketch has seen no finite value");
    auto values = sorted_values();
    std::uint64_t sum = 0;
    for (auto& item : values) item.weight = sum += item.weight;
    std::vector<T> found;
    found.reserve(q.size());
    const auto total = static_cast<double>(sum);
    for (const double share : q) {
        // The same division as in `rank`, so that quantile(rank(x)) is x.
        const auto at = std::partition_point(values.begin(), values.end(), [&](const auto& item) {
            return static_cast<double>(item.weight) / total < share;
        });
        found.push_back(share == 0.0 ? minimum() : share == 1.0 ? maximum() : at->value);
    }
    return found;
}

template <class T>
double KllSketch<T>::rank_error(double confidence) const {
    check_confidence(confidence);
    if (empty()) return std::numeric_limits<double>::quiet_NaN();
    const double deviation = std::sqrt(error_variance_) / static_cast<double>(count());
    return std::min(1.0, deviation * std::sqrt(2.0 * std::log(2.0 / (1.0 - confidence))));
}

template <class T>
double KllSketch<T>::uniform_rank_error(double confidence) const {
    check_confidence(confidence);
    if (empty()) return std::numeric_limits<double>::quiet_NaN();
    if (is_exact()) return 0.0;
    const double deviation = std::sqrt(error_variance_) / static_cast<double>(count());
    double best = 1.0;
    // Each of the m - 1 quantiles must not be overrun from below nor undercut from above: 2 (m - 1) one-sided events.
    for (double m = 2.0; m < 1e9; m = std::ceil(1.1 * m))
        best = std::min(best, deviation * std::sqrt(2.0 * std::log(2.0 * (m - 1.0) / (1.0 - confidence))) + 1.0 / m);
    return best;
}

template class KllSketch<float>;
template class KllSketch<double>;

}  // namespace vedette::inline v0::stats
