// SPDX-License-Identifier: Apache-2.0
// Quantiles of finite values with a bound on their relative error, from exact counts that merge in any order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// Counts of values in buckets whose edges are set beforehand: every binade, of either sign, is cut into 2^resolution
/// equal parts. The idea of DDSketch (Masson, Rim and Lee 2019) with the bits of a double in place of a logarithm, and
/// the uniform collapse of UDDSketch (Epicoco et al. 2020).
///
/// Why not KLL: which values a KLL sketch keeps depends on the order of updates and merges. Here the state is a
/// function of the multiset of values alone: counts add up, and the resolution is the finest, at most 7, at which no
/// more than `most_buckets` buckets have a count. (A part of the data fills no more buckets than the whole, so no part
/// is ever coarser than the whole.) Any shards, in any order: the same state.
///
/// **Error.** No quantile is off by more than the share `relative_error()` of itself: 1/256 at resolution 7; always,
/// not with a probability. Values below 2^-1022 share one bucket and are off by at most 2^-1022.
class LogHistogram {
  public:
    static constexpr unsigned finest = 7;
    static constexpr std::size_t most_buckets = 8192;

    struct Bucket {
        std::int32_t key = 0;  ///< ascending with the values; 0 is zero, of either sign
        std::uint64_t count = 0;
        bool operator==(const Bucket&) const = default;
    };

    /// Adds `count` times a finite value; O(log buckets), and O(buckets) for a bucket that is new.
    void add(double value, std::uint64_t count = 1);
    /// Adds counts of keys at resolution `finest`, ascending and each once; O(buckets).
    void add(std::span<const Bucket> counted);
    void merge(const LogHistogram& other);

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] unsigned resolution() const noexcept { return resolution_; }
    [[nodiscard]] double relative_error() const noexcept { return 0.5 / static_cast<double>(1U << resolution_); }
    /// Ascending; with at least one value each.
    [[nodiscard]] std::span<const Bucket> buckets() const noexcept { return buckets_; }
    /// A bucket holds the values from lower to upper: of positive ones [lower, upper), of negative ones (lower, upper].
    [[nodiscard]] double lower(std::int32_t key) const noexcept;
    [[nodiscard]] double upper(std::int32_t key) const noexcept;

    /// The middle of the bucket of the ceil(q n)-th least value (of the first for q = 0). Throws
    /// Error(invalid_argument) for q outside [0, 1], Error(not_enough_data) while empty. O(buckets).
    [[nodiscard]] double quantile(double q) const;

    /// The key of a finite value at resolution `finest`.
    [[nodiscard]] static std::int32_t key_of(double value) noexcept;
    /// Throws Error(corrupt_data) for what no histogram holds.
    [[nodiscard]] static LogHistogram from_buckets(unsigned resolution, std::vector<Bucket> buckets);

    bool operator==(const LogHistogram&) const = default;

  private:
    void coarsen(unsigned resolution);
    void merge_buckets(std::span<const Bucket> added);

    unsigned resolution_ = finest;
    std::uint64_t count_ = 0;
    std::vector<Bucket> buckets_;
};

}  // namespace vedette::inline v0::stats
