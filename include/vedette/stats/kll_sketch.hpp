// SPDX-License-Identifier: Apache-2.0
// A sketch of an unbounded stream's distribution: small, mergeable, with a rank error that is guaranteed, not guessed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// A value and how many values of the stream it stands for.
template <class T>
struct WeightedValue {
    T value{};
    std::uint64_t weight = 0;
};

/// The quantile sketch of Karnin, Lang and Liberty (2016), T float or double. Values wait in levels; a value of level h
/// stands for 2^h of the stream. When all levels together are full, the lowest full one is sorted and every other value
/// of it moves up, a coin deciding which; coins come in pairs of opposite faces (Ivkin, Liberty, Lang, Karnin and
/// Braverman 2019). Until then the sketch is exact. About 3 k + 16 log2(n / k) + 64 values are kept.
///
/// **Error.** When coins fall, no rank moves by more than the weight of the level per pair of compactions, to either
/// side alike, and what a level holds depends on the coins of lower levels alone. So the error of the rank of any fixed
/// value is a martingale with bounded steps, and Azuma's inequality holds with the sum of squared steps V, which the
/// sketch counts while it runs: P(|error| >= t) <= 2 exp(-t^2 / (2 V)), for any data, order and n, through merges.
/// Values must not be chosen by someone who knows the seed. (Why not the sketch of Apache DataSketches: README.)
///
/// NaN and infinities are counted apart and have no rank; -0 is kept as 0. Deterministic: the same calls under the same
/// seed give the same sketch on every machine. Concurrent const calls are safe. Allocates only while levels still grow.
template <class T>
class KllSketch {
  public:
    static constexpr std::uint32_t minimum_k = 8;
    static constexpr std::uint32_t maximum_k = 65'535;

    /// Larger k: smaller error, about in proportion. Sketches that are to be merged should have different seeds: their
    /// errors then average out; with a seed in common the bound of the merged sketch assumes that they add up. Throws
    /// Error(invalid_argument) for k outside [8, 65535].
    explicit KllSketch(std::uint32_t k = 200, std::uint64_t seed = 0);

    /// Adds a value: amortised constant time at a fixed k. Throws only what a failed allocation throws; the value is
    /// then not in, the sketch as good as before.
    void update(T value) {
        // Not finite: NaN fails every comparison.
        if (!(value >= -std::numeric_limits<T>::max() && value <= std::numeric_limits<T>::max())) {
            count_special(value);
            return;
        }
        if (buffered_ == buffer_size) flush();
        buffer_[buffered_++] = value + T(0);
    }
    void update(std::span<const T> values) {
        for (const T value : values) update(value);
    }

    /// Adds another sketch of any k; k and seed stay those of this one. Counts, minimum and maximum merge exactly.
    /// Throws Error(overflow), changing nothing, beyond 2^62 values.
    void merge(const KllSketch& other);

    [[nodiscard]] std::uint32_t k() const noexcept { return k_; }
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }
    /// How many finite values have been seen.
    [[nodiscard]] std::uint64_t count() const noexcept { return flushed_ + buffered_; }
    [[nodiscard]] bool empty() const noexcept { return count() == 0; }
    [[nodiscard]] std::uint64_t nan_count() const noexcept { return nan_; }
    [[nodiscard]] std::uint64_t positive_infinity_count() const noexcept { return positive_infinity_; }
    [[nodiscard]] std::uint64_t negative_infinity_count() const noexcept { return negative_infinity_; }
    /// Exact; NaN while empty.
    [[nodiscard]] T minimum() const noexcept;
    [[nodiscard]] T maximum() const noexcept;

    /// How many values are held.
    [[nodiscard]] std::size_t retained() const noexcept { return held_ + buffered_; }
    /// Whether nothing has been thinned out yet: every answer is exact.
    [[nodiscard]] bool is_exact() const noexcept { return error_variance_ == 0.0; }

    /// Estimate of the share of values <= x; NaN while empty or for a NaN. O(levels log k).
    [[nodiscard]] double rank(T x) const noexcept;
    /// The ranks of several values, in one pass over the sorted sketch when they are many.
    [[nodiscard]] std::vector<double> cdf(std::span<const T> points) const;
    /// The smallest kept value whose rank is at least q: the inverse of `rank`. 0 and 1 give minimum and maximum.
    /// Throws Error(invalid_argument) for q outside [0, 1], Error(not_enough_data) while empty. O(retained).
    [[nodiscard]] T quantile(double q) const;
    [[nodiscard]] std::vector<T> quantiles(std::span<const double> q) const;
    /// The kept values, ascending, equal ones joined; the weights sum to count(). O(retained log levels).
    [[nodiscard]] std::vector<WeightedValue<T>> sorted_values() const;

    /// With at least this probability (over the coins) the rank of any one value, chosen without looking at the sketch,
    /// is off by at most the returned share. 0 while exact, NaN while empty. Throws Error(invalid_argument) for a
    /// confidence outside (0, 1).
    [[nodiscard]] double rank_error(double confidence) const;
    /// The same for all values at once, so also for those that one looks for in the sketch: m - 1 quantiles of the
    /// stream cannot all but fail together (union bound), and between two of them ranks grow by 1/m at most; the best
    /// m, in steps of a tenth.
    [[nodiscard]] double uniform_rank_error(double confidence) const;

    /// Canonical bytes (core/container.hpp): the same state gives the same bytes.
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for anything that no sketch of this T writes, Error(unsupported_version).
    [[nodiscard]] static KllSketch deserialize(std::span<const std::byte> bytes);

  private:
    static constexpr std::size_t buffer_size = 64;
    static constexpr std::uint32_t smallest_level = 16;
    static constexpr std::size_t most_levels = 62;

    struct Level {
        std::vector<T> values;    // ascending
        std::uint64_t coins = 0;  // no coin of this index or above has fallen at this level, here or in what was merged
        std::uint8_t next_face = 0;  // of the next compaction: 0 = a new coin, else 1 + the face opposite to the last
    };
    struct Codec;

    void count_special(T value) noexcept;
    void flush();
    void compress();
    void compact(std::size_t level);
    void add_level();
    std::size_t face(std::size_t level) noexcept;
    void set_capacities();

    std::uint32_t k_;
    std::uint64_t seed_;
    std::size_t buffered_ = 0;
    std::array<T, buffer_size> buffer_;  // not yet sorted; the first buffered_ count
    std::vector<Level> levels_;
    std::array<std::uint32_t, most_levels> capacities_{};
    std::size_t capacity_ = 0;          // of all levels
    std::size_t held_ = 0;              // in all levels
    std::uint64_t flushed_ = 0;         // what the levels stand for
    double error_variance_ = 0.0;       // V
    std::vector<std::uint64_t> seeds_;  // whose coins are in the error; ascending
    T minimum_ = std::numeric_limits<T>::infinity();
    T maximum_ = -std::numeric_limits<T>::infinity();
    std::uint64_t nan_ = 0;
    std::uint64_t positive_infinity_ = 0;
    std::uint64_t negative_infinity_ = 0;
};

extern template class KllSketch<float>;
extern template class KllSketch<double>;

}  // namespace vedette::inline v0::stats
