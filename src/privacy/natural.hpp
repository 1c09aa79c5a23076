// SPDX-License-Identifier: Apache-2.0
// Natural numbers of any size: the little arithmetic that exact thresholds need, at set-up and on the rare lazy path.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace vedette::inline v0::privacy {

/// A natural number in 64-bit limbs, the least first, without leading zeros. Value semantics; not constant-time.
class Natural {
  public:
    Natural() = default;
    explicit Natural(std::uint64_t value) {
        if (value != 0) limbs_.push_back(value);
    }
    /// 2^exponent.
    static Natural power_of_two(std::size_t exponent);

    [[nodiscard]] bool is_zero() const noexcept { return limbs_.empty(); }
    /// The number of bits up to the highest set one; 0 for 0.
    [[nodiscard]] std::size_t bit_width() const noexcept;
    [[nodiscard]] bool bit(std::size_t place) const noexcept;
    /// The lowest 64 bits.
    [[nodiscard]] std::uint64_t low() const noexcept { return limbs_.empty() ? 0 : limbs_[0]; }

    Natural& operator+=(const Natural& other);
    /// Needs *this >= other.
    Natural& operator-=(const Natural& other);
    Natural& operator<<=(std::size_t bits);
    /// Rounds down.
    Natural& operator>>=(std::size_t bits);
    /// The quotient, rounded down; whether the division left a remainder.
    bool divide_by(std::uint64_t divisor);

    friend Natural operator+(Natural a, const Natural& b) { return std::move(a += b); }
    friend Natural operator-(Natural a, const Natural& b) { return std::move(a -= b); }
    friend Natural operator<<(Natural a, std::size_t bits) { return std::move(a <<= bits); }
    friend Natural operator>>(Natural a, std::size_t bits) { return std::move(a >>= bits); }
    friend Natural operator*(const Natural& a, const Natural& b);
    friend std::strong_ordering operator<=>(const Natural& a, const Natural& b) noexcept;
    friend bool operator==(const Natural& a, const Natural& b) noexcept = default;

  private:
    void trim() noexcept;

    std::vector<std::uint64_t> limbs_;
};

/// a / 2^bits, rounded up.
Natural shift_up(const Natural& a, std::size_t bits);
/// The quotient a / b rounded down, and whether a remainder is left. Needs b > 0; O(width of a, bit by bit).
std::pair<Natural, bool> divide(const Natural& a, const Natural& b);

}  // namespace vedette::inline v0::privacy
