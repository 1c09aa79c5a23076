// SPDX-License-Identifier: Apache-2.0
// Sums of doubles and of their squares without any rounding: the same in whatever order they are added.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::inline v0::stats {

/// A sum held as one long integer, wide enough for the square of any double (a superaccumulator: Kulisch; the chunks
/// with deferred carries are Neal's, "Fast exact summation using small and large superaccumulators", 2015). Addition is
/// associative and commutative: any number of parts, merged in any order, gives the same state. About 1.1 kB.
/// Not finite values must not be added. Room for 2^62 values and their squares.
class ExactSum {
  public:
    static constexpr std::size_t chunk_count = 136;
    static constexpr int base_exponent = -2176;  ///< chunk i counts multiples of 2^(32 i + base_exponent)

    /// Adds a finite value; constant time.
    void add(double value) noexcept;
    /// Adds the square of a finite value, all 106 bits of it.
    void add_square(double value) noexcept;
    void add(std::int64_t value) noexcept;
    void add(std::uint64_t value) noexcept;
    void add_square(std::int64_t value) noexcept;
    void add_square(std::uint64_t value) noexcept;
    /// Adds +-(high 2^64 + low) 2^exponent, for exponents from -2148 to 1942.
    void add_scaled(std::uint64_t low, std::uint64_t high, int exponent, bool is_negative) noexcept;
    void merge(const ExactSum& other) noexcept;

    /// The nearest double (ties to even); beyond the range +-Inf.
    [[nodiscard]] double value() const noexcept;
    [[nodiscard]] bool operator==(const ExactSum& other) const noexcept;

    /// The canonical chunks: all but the last in [0, 2^32), the last with the sign.
    [[nodiscard]] std::array<std::int64_t, chunk_count> chunks() const noexcept;
    /// Throws Error(corrupt_data) for chunks that are not canonical.
    [[nodiscard]] static ExactSum from_chunks(std::span<const std::int64_t, chunk_count> chunks);

  private:
    void carry() noexcept;

    std::array<std::int64_t, chunk_count> chunks_{};
    std::uint32_t pending_ = 0;  // additions since the last carry
};

/// The mean of `count` values of that sum, in range even where the sum is not; NaN for none. Within two units in the
/// last place.
[[nodiscard]] double mean(std::uint64_t count, const ExactSum& sum);

/// The sum of squared deviations from the mean of `count` values with these sums, from the exact difference
/// count * squares - sum^2; 0 where that is negative (the sums are then of no values). A few units in the last place.
[[nodiscard]] double centred_squares(std::uint64_t count, const ExactSum& sum, const ExactSum& squares);

}  // namespace vedette::inline v0::stats
