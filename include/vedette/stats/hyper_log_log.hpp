// SPDX-License-Identifier: Apache-2.0
// How many different values there were, from 4096 bytes that merge in any order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace vedette::inline v0::stats {

/// HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007) of 64-bit hashes with 2^12 registers, and the improved raw
/// estimator of Ertl (2017), which needs no table of biases and no change of method. The state is the maximum of what
/// was seen: any order, any number of parts, the same bytes. The hash must mix well; whoever can choose values knowing
/// the hash can make the estimate wrong at will.
class HyperLogLog {
  public:
    static constexpr unsigned precision = 12;
    static constexpr std::size_t register_count = std::size_t{1} << precision;
    /// Standard deviation of the estimate, as a share of the truth: 1.04 / sqrt(registers).
    static constexpr double relative_error = 0.01625;

    void add(std::uint64_t hash) noexcept {
        const auto index = static_cast<std::size_t>(hash >> (64U - precision));
        // The place of the first one among the other 52 bits; 53 without.
        const std::uint64_t rest = hash << precision | std::uint64_t{1} << (precision - 1U);
        const auto rank = static_cast<std::uint8_t>(__builtin_clzll(rest) + 1);
        const std::uint8_t before = registers_[index];
        registers_[index] = rank > before ? rank : before;  // no branch: it could not be foretold
    }
    void merge(const HyperLogLog& other) noexcept;
    /// O(registers).
    [[nodiscard]] double estimate() const noexcept;

    [[nodiscard]] std::span<const std::uint8_t, register_count> registers() const noexcept { return registers_; }
    /// Throws Error(corrupt_data) for a register above 53.
    [[nodiscard]] static HyperLogLog from_registers(std::span<const std::uint8_t, register_count> registers);

    bool operator==(const HyperLogLog&) const = default;

  private:
    std::array<std::uint8_t, register_count> registers_{};
};

}  // namespace vedette::inline v0::stats
