// SPDX-License-Identifier: Apache-2.0
// Fitting the map, and the loops that apply it.
#include "drift/bucket_map.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "kernels/buckets.inl.hpp"
#include "kernels/dispatch.hpp"
#include "kernels/table.hpp"
#include "stats/sort.hpp"

namespace vedette::inline v0::drift {
namespace {

constexpr std::size_t search_buckets = 1024;
constexpr double search_advantage = 4.0;  // a search costs a few times what the other maps do

// The values at these shares of a sample: what lies outside is for the first and the last bucket.
template <class T>
struct Ends {
    T low;
    T high;
};
template <class T>
Ends<T> ends_of(std::span<const T> values, double outside) {
    const auto skip = static_cast<std::size_t>(outside * static_cast<double>(values.size()));
    return {values[skip], values[values.size() - 1 - skip]};
}

// Several searches side by side, so that one's loads do not wait for another's.
template <class T>
void buckets_by_search(std::span<const T> values, std::span<const T> edges, std::uint16_t* buckets) noexcept {
    constexpr std::size_t lanes = 16;
    for (std::size_t begin = 0; begin < values.size(); begin += lanes) {
        const std::size_t count = std::min(lanes, values.size() - begin);
        std::uint32_t place[lanes] = {};
        for (std::size_t step = (edges.size() + 1) / 2; step > 0; step /= 2)
            for (std::size_t k = 0; k < count; ++k)
                place[k] += values[begin + k] >= edges[place[k] + step - 1] ? static_cast<std::uint32_t>(step) : 0U;
        for (std::size_t k = 0; k < count; ++k) buckets[begin + k] = static_cast<std::uint16_t>(place[k]);
    }
}

}  // namespace

template <class T>
BucketMap<T>::BucketMap(std::span<const T> values, unsigned bits) : size_(std::size_t{1} << bits) {
    fit_width(values);
    crowding_ = crowding_of(values);
    const BucketMap by_width = *this;
    fit_bits(values);
    crowding_ = crowding_of(values);
    if (by_width.crowding_ <= crowding_) *this = by_width;
    // Twice what an even spread would leave in common is nothing to mend.
    const double even = 2.0 / static_cast<double>(std::min(size_, search_buckets));
    if (crowding_ <= even) return;
    BucketMap by_search = *this;
    by_search.fit_search(values);
    by_search.crowding_ = by_search.crowding_of(values);
    if (by_search.crowding_ * search_advantage < crowding_) *this = std::move(by_search);
}

template <class T>
void BucketMap<T>::fit_width(std::span<const T> values) {
    kind_ = Kind::width;
    const auto [low, high] = ends_of(values, 0.01);
    // A quarter on either side for the tails.
    const T range = std::abs(high - low);  // 0 - (-0) may be -0
    low_ = low - range * T{0.25};
    if (!std::isfinite(low_)) low_ = std::numeric_limits<T>::lowest();
    scale_ = static_cast<T>(size_) / (range * T{1.5});
    if (std::isnan(scale_)) scale_ = 0;
}

template <class T>
void BucketMap<T>::fit_bits(std::span<const T> values) {
    kind_ = Kind::bits;
    const auto [low, high] = ends_of(values, 0.001);
    base_ = kernels::ordered_bits(low);
    using Word = std::make_unsigned_t<Key>;
    const Word range = static_cast<Word>(kernels::ordered_bits(high)) - static_cast<Word>(base_);
    const auto width = static_cast<unsigned>(std::bit_width(range));
    const auto bits = static_cast<unsigned>(std::bit_width(size_ - 1));
    shift_ = width > bits ? width - bits : 0;
}

template <class T>
void BucketMap<T>::fit_search(std::span<const T> values) {
    kind_ = Kind::search;
    size_ = std::min(size_, search_buckets);
    edges_.clear();
    for (std::size_t k = 1; k < size_; ++k) {
        const T edge = values[k * values.size() / size_];
        if (edges_.empty() || edge > edges_.back()) edges_.push_back(edge);
    }
    // NaN: at or below no value, so never counted.
    edges_.resize(size_ - 1, std::numeric_limits<T>::quiet_NaN());
}

template <class T>
double BucketMap<T>::crowding_of(std::span<const T> values) const {
    double sum = 0.0;    // squared counts of buckets
    double equal = 0.0;  // squared counts of distinct values
    double in_bucket = 0.0;
    double in_value = 0.0;
    std::uint16_t bucket = 0;
    T value = values.front();
    Buckets<T>(*this, values).for_each_block([&](std::span<const T> some, const std::uint16_t* buckets) {
        for (std::size_t i = 0; i < some.size(); ++i) {
            if (buckets[i] != bucket) {
                sum += in_bucket * in_bucket;
                in_bucket = 0.0;
                bucket = buckets[i];
            }
            if (some[i] != value) {
                equal += in_value * in_value;
                in_value = 0.0;
                value = some[i];
            }
            in_bucket += 1.0;
            in_value += 1.0;
        }
    });
    sum += in_bucket * in_bucket;
    equal += in_value * in_value;
    const auto n = static_cast<double>(values.size());
    return (sum - equal) / (n * n);
}

template <class T>
void BucketMap<T>::operator()(std::span<const T> values, std::uint16_t* buckets) const noexcept {
    const auto last = static_cast<std::uint16_t>(size_ - 1);
    const auto& kernel = kernels::buckets<T>(kernels::kernels());
    switch (kind_) {
        case Kind::width: return kernel.by_width(values.data(), values.size(), low_, scale_, last, buckets);
        case Kind::bits: return kernel.by_bits(values.data(), values.size(), base_, shift_, last, buckets);
        case Kind::search: return buckets_by_search<T>(values, edges_, buckets);
    }
}

template <class T>
std::vector<T> glance_at(std::span<const T> reference, std::span<const T> live) {
    constexpr std::size_t from_each = 1024;
    std::vector<T> glance;
    for (const std::span<const T> side : {reference, live}) {
        const std::size_t step = std::max<std::size_t>(1, side.size() / from_each);
        for (std::size_t i = 0; i < side.size(); i += step)
            if (side[i] == side[i]) glance.push_back(side[i]);
    }
    if (glance.empty()) glance.push_back(T{0});
    stats::sort_ascending(std::span<T>(glance));
    return glance;
}

template std::vector<float> glance_at<float>(std::span<const float>, std::span<const float>);
template std::vector<double> glance_at<double>(std::span<const double>, std::span<const double>);
template class BucketMap<float>;
template class BucketMap<double>;

}  // namespace vedette::inline v0::drift
