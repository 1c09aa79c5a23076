// SPDX-License-Identifier: Apache-2.0
// Coins and uniform integers, exact: Bernoulli(p), Bernoulli(exp(-x)), and the integers below a bound.
#pragma once

#include <cstdint>
#include <span>

#include "vedette/privacy/secure_random.hpp"

namespace vedette::inline v0::privacy {

/// 1 with probability p, exactly: a 64-bit word is compared with the upper bits of p, further words with the rest where
/// the first ones are equal. Time depends on the number of draws alone, but for a probability of 2^-64 per draw (none
/// from p = 2^-11 on, where 64 bits hold all of p). Immutable, safe for concurrent use.
class Bernoulli {
  public:
    /// Throws invalid_argument unless 0 <= p <= 1.
    explicit Bernoulli(double p);

    [[nodiscard]] double probability() const noexcept { return probability_; }
    /// Fills `out` with 0 and 1. Throws io_error if the operating system gives no entropy (`out` is zeroed then).
    void sample(std::span<std::uint8_t> out) const;
    [[nodiscard]] bool operator()() const;

    /// For the library's own use.
    void sample(std::span<std::uint8_t> out, detail::Keystream& keystream) const;

  private:
    double probability_;
    std::uint64_t threshold_;
};

/// 1 with probability exp(-x), exactly. Where 64 bits of a uniform number do not decide (a probability of 2^-63 per
/// draw), more are drawn until interval arithmetic proves the answer; but for that, time depends on the number of draws
/// alone. Immutable, safe for concurrent use. Set-up takes some microseconds.
class ExponentialBernoulli {
  public:
    /// Throws invalid_argument unless x is finite and not negative.
    explicit ExponentialBernoulli(double x);

    [[nodiscard]] double exponent() const noexcept { return exponent_; }
    /// Fills `out` with 0 and 1. Throws io_error if the operating system gives no entropy (`out` is zeroed then).
    void sample(std::span<std::uint8_t> out) const;
    [[nodiscard]] bool operator()() const;

    /// For the library's own use.
    void sample(std::span<std::uint8_t> out, detail::Keystream& keystream) const;

  private:
    double exponent_;
    std::uint64_t threshold_;
};

/// 0, ..., bound - 1 with equal probabilities, exactly (Lemire 2019: the upper half of word times bound; a word whose
/// lower half falls into the uneven rest is thrown away). Time depends on the number of draws and of words thrown away,
/// which is independent of the values. Immutable, safe for concurrent use.
class UniformInteger {
  public:
    /// Throws invalid_argument if bound is 0.
    explicit UniformInteger(std::uint64_t bound);

    [[nodiscard]] std::uint64_t bound() const noexcept { return bound_; }
    /// Throws io_error if the operating system gives no entropy (`out` is zeroed then).
    void sample(std::span<std::uint64_t> out) const;
    [[nodiscard]] std::uint64_t operator()() const;

    /// For the library's own use.
    void sample(std::span<std::uint64_t> out, detail::Keystream& keystream) const;

  private:
    std::uint64_t bound_;
    std::uint64_t uneven_;
};

}  // namespace vedette::inline v0::privacy
