// SPDX-License-Identifier: Apache-2.0
// What a privacy guarantee is about, each as a type of its own, so that no bare number can stand for another one.
#pragma once

#include <concepts>
#include <cstdint>

namespace vedette::inline v0::privacy {

namespace detail {
/// Throws invalid_argument, naming the quantity, unless value is finite and positive.
double check_positive(double value, const char* name);
}  // namespace detail

/// Which data sets must not be told apart.
enum class Neighbouring : std::uint8_t {
    add_remove,   ///< one has a record more than the other
    replace_one,  ///< one record differs; the number of records is public
};

/// The range that every value is clamped to before it counts. It is chosen without looking at the data.
class Bounds {
  public:
    /// Throws invalid_argument unless both are finite and lower <= upper.
    Bounds(double lower, double upper);
    [[nodiscard]] double lower() const noexcept { return lower_; }
    [[nodiscard]] double upper() const noexcept { return upper_; }

  private:
    double lower_, upper_;
};

/// A finite positive number with a meaning of its own; made explicitly, never converted from a number.
template <class Meaning>
class Quantity {
  public:
    /// Throws invalid_argument unless value is finite and positive.
    explicit Quantity(double value) : value_(detail::check_positive(value, Meaning::name)) {}
    [[nodiscard]] double value() const noexcept { return value_; }

  private:
    double value_;
};

struct EpsilonMeaning {
    static constexpr const char* name = "epsilon";
};
struct RhoMeaning {
    static constexpr const char* name = "rho";
};
struct L1NormMeaning {
    static constexpr const char* name = "L1 norm";
};
struct L2NormMeaning {
    static constexpr const char* name = "L2 norm";
};
struct NoiseMultiplierMeaning {
    static constexpr const char* name = "noise multiplier";
};

/// The privacy loss of pure differential privacy, or the first parameter of the approximate kind.
using Epsilon = Quantity<EpsilonMeaning>;
/// The parameter of zero-concentrated differential privacy (Bun and Steinke 2016).
using Rho = Quantity<RhoMeaning>;
/// The length in the L1 norm, the sum of sizes, that records are clipped to.
using L1Norm = Quantity<L1NormMeaning>;
/// The length in Euclid's norm that records are clipped to.
using L2Norm = Quantity<L2NormMeaning>;
/// A Gaussian's standard deviation per unit of L2 sensitivity.
using NoiseMultiplier = Quantity<NoiseMultiplierMeaning>;

/// By how much one unit changes a whole number.
class WholeSensitivity {
  public:
    static constexpr std::uint64_t largest = std::uint64_t{1} << 40U;

    /// Throws invalid_argument unless 1 <= value <= 2^40.
    explicit WholeSensitivity(std::uint64_t value);
    /// A fraction would be cut off, and the noise be too little.
    template <std::floating_point Fraction>
    explicit WholeSensitivity(Fraction) = delete;
    [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

  private:
    std::uint64_t value_;
};

/// The second parameter of approximate differential privacy.
class Delta {
  public:
    /// Throws invalid_argument unless 0 < value < 1.
    explicit Delta(double value);
    [[nodiscard]] double value() const noexcept { return value_; }

  private:
    double value_;
};

}  // namespace vedette::inline v0::privacy
