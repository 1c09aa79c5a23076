// SPDX-License-Identifier: Apache-2.0
// Values into a few thousand buckets that keep their order, in about a nanosecond each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::drift {

/// A map from values to buckets 0 .. size() - 1: never decreasing, equal for equal values (-0 and 0 too), defined for
/// infinities, and for NaN the first bucket. T is float or double.
template <class T>
class BucketMap {
  public:
    static constexpr unsigned most_bits = 15;

    /// Of equal width, by the leading bits of the number (even on a logarithmic scale) or, where both leave much in few
    /// buckets, by search among quantiles (1,024 buckets at most): chosen by how evenly they fill with the ascending
    /// finite or infinite `values`, of which there is at least one. 2^bits buckets, bits in 1 .. most_bits.
    BucketMap(std::span<const T> values, unsigned bits);

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// The probability that two random ones of `values` share a bucket though they differ.
    [[nodiscard]] double crowding() const noexcept { return crowding_; }

    void operator()(std::span<const T> values, std::uint16_t* buckets) const noexcept;

    /// Whether it takes so long that answers are worth keeping.
    [[nodiscard]] bool is_slow() const noexcept { return kind_ == Kind::search; }

  private:
    using Key = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    enum class Kind : std::uint8_t { width, bits, search };

    void fit_width(std::span<const T> values);
    void fit_bits(std::span<const T> values);
    void fit_search(std::span<const T> values);
    [[nodiscard]] double crowding_of(std::span<const T> values) const;

    Kind kind_ = Kind::width;
    std::size_t size_ = 0;
    double crowding_ = 1.0;
    T low_ = 0;
    T scale_ = 0;
    Key base_ = 0;
    unsigned shift_ = 0;
    std::vector<T> edges_;  // search: bucket = number of edges at or below the value; padded to a power of 2 minus 1
};

/// The buckets of values, joined by 2^shift, one block of values after the other, as often as they are asked for.
/// Borrows both.
template <class T>
class Buckets {
  public:
    Buckets(const BucketMap<T>& map, std::span<const T> values, unsigned shift = 0)
        : map_(map), values_(values), shift_(shift) {
        // A fast map is asked each time: the memory for its answers would cost more.
        if (!map.is_slow()) return;
        kept_.resize(values.size());
        number(0, values.size(), kept_.data());
    }
    Buckets(BucketMap<T>&&, std::span<const T>, unsigned = 0) = delete;

    /// Calls visit(values, buckets) for blocks of values.
    template <class Visit>
    void for_each_block(Visit&& visit) const {
        constexpr std::size_t block = 512;
        std::uint16_t buffer[block];
        for (std::size_t first = 0; first < values_.size(); first += block) {
            const std::size_t count = std::min(block, values_.size() - first);
            if (kept_.empty()) number(first, count, buffer);
            // The next block comes from memory while this one is worked on.
            for (std::size_t i = first + count; i < std::min(first + 2 * block, values_.size()); i += 64 / sizeof(T))
                __builtin_prefetch(values_.data() + i);
            visit(values_.subspan(first, count), kept_.empty() ? buffer : kept_.data() + first);
        }
    }
    /// Adds to `counts` how often each bucket comes.
    void count(std::uint32_t* counts) const {
        for_each_block([&](std::span<const T> values, const std::uint16_t* buckets) {
            for (std::size_t i = 0; i < values.size(); ++i) ++counts[buckets[i]];
        });
    }

  private:
    void number(std::size_t first, std::size_t count, std::uint16_t* buckets) const {
        map_(values_.subspan(first, count), buckets);
        if (shift_ == 0) return;
        for (std::size_t i = 0; i < count; ++i) buckets[i] = static_cast<std::uint16_t>(buckets[i] >> shift_);
    }

    const BucketMap<T>& map_;
    std::span<const T> values_;
    unsigned shift_;
    std::vector<std::uint16_t> kept_;
};

/// Some 2,000 values evenly from either sample (neither is empty), ascending, without NaN: enough to fit a map that
/// spreads both. 0 where there is nothing but NaN.
template <class T>
std::vector<T> glance_at(std::span<const T> reference, std::span<const T> live);

extern template class BucketMap<float>;
extern template class BucketMap<double>;

}  // namespace vedette::inline v0::drift
