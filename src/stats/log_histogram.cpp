// SPDX-License-Identifier: Apache-2.0
// Buckets by the leading bits of doubles.
#include "vedette/stats/log_histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::stats {

namespace {

// Of a positive value, key - 1 is the exponent's 11 bits and the first 7 of the fraction; at a coarser resolution fewer
// of the latter. Of a negative one: the same, negated. Subnormals go to the first of their binade.
std::int32_t coarser(std::int32_t key, unsigned bits) noexcept {
    if (key == 0) return 0;
    const std::int32_t magnitude = ((std::abs(key) - 1) >> bits) + 1;
    return key < 0 ? -magnitude : magnitude;
}

double edge(std::int64_t index, unsigned resolution) noexcept {
    const auto bits = static_cast<std::uint64_t>(index) << (52U - resolution);
    return bits >> 52U == 0 ? 0.0 : std::bit_cast<double>(std::min(bits, std::uint64_t{0x7FEFFFFFFFFFFFFF}));
}

}  // namespace

std::int32_t LogHistogram::key_of(double value) noexcept {
    if (value == 0.0) return 0;
    const auto bits = std::bit_cast<std::uint64_t>(std::abs(value));
    const std::int32_t magnitude = bits >> 52U == 0 ? 1 : static_cast<std::int32_t>(bits >> (52U - finest)) + 1;
    return value < 0.0 ? -magnitude : magnitude;
}

double LogHistogram::lower(std::int32_t key) const noexcept {
    return key > 0 ? edge(key - 1, resolution_) : key == 0 ? 0.0 : -upper(-key);
}
double LogHistogram::upper(std::int32_t key) const noexcept {
    if (key == 0) return 0.0;
    if (key < 0) return -lower(-key);
    return key == 1 ? std::max(edge(1, resolution_), 0x1p-1022) : edge(key, resolution_);
}

void LogHistogram::coarsen(unsigned resolution) {
    if (resolution >= resolution_) return;
    const unsigned bits = resolution_ - resolution;
    std::size_t kept = 0;
    for (const Bucket& bucket : buckets_) {
        const std::int32_t key = coarser(bucket.key, bits);
        if (kept != 0 && buckets_[kept - 1].key == key) {
            buckets_[kept - 1].count += bucket.count;
        } else {
            buckets_[kept++] = {key, bucket.count};
        }
    }
    buckets_.resize(kept);
    resolution_ = resolution;
}

// The added ones are of this resolution.
void LogHistogram::merge_buckets(std::span<const Bucket> added) {
    std::vector<Bucket> merged;
    merged.reserve(buckets_.size() + added.size());
    auto a = buckets_.begin();
    for (const Bucket& b : added) {
        while (a != buckets_.end() && a->key < b.key) merged.push_back(*a++);
        if (a != buckets_.end() && a->key == b.key) {
            merged.push_back({b.key, a->count + b.count});
            ++a;
        } else {
            merged.push_back(b);
        }
        count_ += b.count;
    }
    merged.insert(merged.end(), a, buckets_.end());
    buckets_ = std::move(merged);
    // Each sign has 2047 buckets at resolution 0, and zero has one: that always fits.
    while (buckets_.size() > most_buckets) coarsen(resolution_ - 1);
}

void LogHistogram::add(double value, std::uint64_t count) {
    if (count == 0) return;
    const Bucket bucket{coarser(key_of(value), finest - resolution_), count};
    const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), bucket.key,
                                     [](const Bucket& b, std::int32_t key) { return b.key < key; });
    if (at != buckets_.end() && at->key == bucket.key) {
        at->count += count;
        count_ += count;
    } else {
        merge_buckets({&bucket, 1});
    }
}

void LogHistogram::add(std::span<const Bucket> counted) {
    LogHistogram other;
    other.buckets_.assign(counted.begin(), counted.end());
    for (const Bucket& bucket : counted) other.count_ += bucket.count;
    merge(other);
}

void LogHistogram::merge(const LogHistogram& other) {
    coarsen(other.resolution_);
    if (other.resolution_ == resolution_) return merge_buckets(std::vector<Bucket>(other.buckets_));
    LogHistogram same = other;
    same.coarsen(resolution_);
    merge_buckets(same.buckets_);
}

double LogHistogram::quantile(double q) const {
    if (!(q >= 0.0 && q <= 1.0))
        throw Error(ErrorCode::invalid_argument, "q = " + std::to_string(q) + " lies outside [0, 1]");
    if (count_ == 0) throw Error(ErrorCode::not_enough_data, "an empty histogram has no quantiles");
    const double wanted = std::ceil(q * static_cast<double>(count_));
    const std::uint64_t rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, count_);
    std::uint64_t below = 0;
    std::int32_t key = buckets_.back().key;
    for (const Bucket& bucket : buckets_) {
        below += bucket.count;
        if (below >= rank) {
            key = bucket.key;
            break;
        }
    }
    return lower(key) + (upper(key) - lower(key)) / 2;
}

LogHistogram LogHistogram::from_buckets(unsigned resolution, std::vector<Bucket> buckets) {
    const auto require = [](bool condition, const char* what) {
        if (!condition) throw Error(ErrorCode::corrupt_data, std::string("histogram: ") + what);
    };
    require(resolution <= finest && buckets.size() <= most_buckets, "impossible size");
    const std::int32_t largest = 0x7FF << resolution;
    LogHistogram histogram;
    std::int64_t before = -std::int64_t{1} << 40U;
    for (const Bucket& bucket : buckets) {
        require(bucket.key > before && std::abs(std::int64_t{bucket.key}) <= largest, "impossible keys");
        // Subnormals have but the first bucket of their binade.
        const std::int64_t magnitude = std::abs(std::int64_t{bucket.key}) - 1;
        require(magnitude <= 0 || magnitude >> resolution != 0, "a bucket below the least");
        require(bucket.count != 0 && bucket.count < (std::uint64_t{1} << 62U) - histogram.count_, "impossible counts");
        histogram.count_ += bucket.count;
        before = bucket.key;
    }
    histogram.resolution_ = resolution;
    histogram.buckets_ = std::move(buckets);
    return histogram;
}

}  // namespace vedette::inline v0::stats
