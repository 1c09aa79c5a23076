// SPDX-License-Identifier: Apache-2.0
// Rigorous fixed-point intervals: every real number here lies between two integers times 2^-precision.
#pragma once

#include <cstdint>

#include "privacy/natural.hpp"

namespace vedette::inline v0::privacy {

/// A positive rational of the kind that exponents are made of: 2^exponent / mantissa^power. Exact for any double.
struct Rate {
    std::uint64_t mantissa = 1;
    int exponent = 0;
    unsigned power = 1;

    /// A positive finite double as mantissa times this rate (of mantissa 1); 1/x; 1/(2 x^2).
    static std::pair<std::uint64_t, Rate> split(double x) noexcept;
    static Rate inverse(double x) noexcept;
    static Rate gaussian(double sigma) noexcept;
    /// This rate times 2^shift.
    [[nodiscard]] Rate scaled(int shift) const noexcept { return {mantissa, exponent + shift, power}; }
};

/// low <= x 2^precision <= high.
struct Enclosure {
    Natural low, high;
};

/// Outward-rounded arithmetic on non-negative numbers at one precision.
class Intervals {
  public:
    explicit Intervals(std::size_t precision) : precision_(precision) {}

    [[nodiscard]] std::size_t precision() const noexcept { return precision_; }
    [[nodiscard]] Enclosure one() const;
    [[nodiscard]] Enclosure multiply(const Enclosure& a, const Enclosure& b) const;
    /// a / b; b's lower end must be positive.
    [[nodiscard]] Enclosure divide(const Enclosure& a, const Enclosure& b) const;
    /// n rate.
    [[nodiscard]] Enclosure scaled(const Natural& n, const Rate& rate) const;
    /// exp(-n rate), by Taylor's alternating series of an argument halved below 1/8, squared back.
    [[nodiscard]] Enclosure exp_minus(const Natural& n, const Rate& rate) const;
    /// log 2 = sum of 1/(k 2^k).
    [[nodiscard]] Enclosure log_two() const;

  private:
    std::size_t precision_;
};

}  // namespace vedette::inline v0::privacy
