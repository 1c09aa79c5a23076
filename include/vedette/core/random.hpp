// SPDX-License-Identifier: Apache-2.0
// A counter-based random generator for simulation: reproducible, splittable, never for privacy or security.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace vedette::inline v0 {

/// Philox4x32 with 10 rounds (Salmon, Moraes, Dror and Shaw 2011): `counter` and `key` to 128 random bits.
constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                  std::array<std::uint32_t, 2> key) noexcept {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
        const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
        counter = {static_cast<std::uint32_t>(b >> 32U) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(b),
                   static_cast<std::uint32_t>(a >> 32U) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(a)};
        key[0] += 0x9E3779B9U;
        key[1] += 0xBB67AE85U;
    }
    return counter;
}

/// A stream of random 64-bit words, a UniformRandomBitGenerator. Every (seed, stream) pair is its own sequence of 2^65
/// words. One object per thread.
class Random {
  public:
    using result_type = std::uint64_t;

    explicit constexpr Random(std::uint64_t seed, std::uint64_t stream = 0) noexcept : seed_(seed), stream_(stream) {}

    static constexpr result_type min() noexcept { return 0; }
    static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }

    constexpr result_type operator()() noexcept {
        if (second_ready_) {
            second_ready_ = false;
            return second_;
        }
        const auto block =
            philox4x32({low(block_), high(block_), low(stream_), high(stream_)}, {low(seed_), high(seed_)});
        ++block_;
        second_ = join(block[2], block[3]);
        second_ready_ = true;
        return join(block[0], block[1]);
    }

    /// Uniform on [0, 1) with 53 bits.
    constexpr double uniform() noexcept { return static_cast<double>((*this)() >> 11U) * 0x1p-53; }

    /// Standard normal (Box and Muller 1958; the second value of a pair is kept for the next call).
    double normal() noexcept {
        if (normal_ready_) {
            normal_ready_ = false;
            return spare_normal_;
        }
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        const double angle = 2.0 * std::numbers::pi * uniform();
        spare_normal_ = radius * std::sin(angle);
        normal_ready_ = true;
        return radius * std::cos(angle);
    }

  private:
    static constexpr std::uint32_t low(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x); }
    static constexpr std::uint32_t high(std::uint64_t x) noexcept { return static_cast<std::uint32_t>(x >> 32U); }
    static constexpr std::uint64_t join(std::uint32_t a, std::uint32_t b) noexcept {
        return std::uint64_t{a} | (std::uint64_t{b} << 32U);
    }

    std::uint64_t seed_;
    std::uint64_t stream_;
    std::uint64_t block_ = 0;
    std::uint64_t second_ = 0;
    double spare_normal_ = 0.0;
    bool second_ready_ = false;
    bool normal_ready_ = false;
};

}  // namespace vedette::inline v0
