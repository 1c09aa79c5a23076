// SPDX-License-Identifier: Apache-2.0
// The geometric law and the discrete Laplace law: exact, in bulk, with a fixed amount of work per draw.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "vedette/privacy/secure_random.hpp"

namespace vedette::inline v0::privacy {

namespace detail {
struct GeometricState;
}

// How. With q = exp(-1 / scale), a geometric G = d_0 + 2^a d_1 + 2^b d_2 + ... has independent digits, each a geometric
// law cut at the digit's size but for the last one, which is a geometric law whose scale is at most 1. Each digit is
// drawn from a word of its own by comparison with every threshold of an integer table; the lowest one of the Laplace
// law draws the sign along, by X = G or -1 - G with odds 1 : q. From a scale of 2^13 on only the upper two digits are
// drawn so: G = 2^b H + L, with L uniform below 2^b and kept with probability exp(-L / scale), which is above
// exp(-1/8), by a fixed-point exponential of proven error; the sign is uniform, and minus zero is thrown
// away. Where a word falls on a table's rounding rest, or a coin's on the exponential's, more bits are drawn until
// interval arithmetic decides: every outcome has exactly its probability.
//
// Time: instructions and addresses depend on the scale, on the number of values, and, from a scale of 2^13 on, on which
// candidates were kept, which is independent of the values of those. The residual: the lazy path, with a
// probability below 2^-55 per value; derived in secure_random.hpp. Words are wiped.

/// P(X = x) proportional to exp(-|x| / scale) on all integers x, for the double `scale` exactly as it is.
/// Immutable, safe for concurrent use; copies share the tables. Set-up takes a few hundred microseconds.
class DiscreteLaplace {
  public:
    static constexpr double least_scale = 0.01;
    static constexpr double largest_scale = 0x1p40;

    /// Throws invalid_argument unless least_scale <= scale <= largest_scale.
    explicit DiscreteLaplace(double scale);

    [[nodiscard]] double scale() const noexcept;

    /// Fills `out` with independent draws. Throws io_error if the operating system gives no entropy (`out` is zeroed
    /// then). O(n log scale) up to a scale of 2^13, O(n) beyond, without allocation but on the lazy path.
    void sample(std::span<std::int64_t> out) const;
    [[nodiscard]] std::int64_t operator()() const;

    /// For the library's own use.
    void sample(std::span<std::int64_t> out, detail::Keystream& keystream) const;

  private:
    std::shared_ptr<const detail::GeometricState> state_;
};

/// P(X = x) = (1 - q) q^x, x = 0, 1, 2, ..., with q = exp(-1 / scale). Everything else as DiscreteLaplace.
class Geometric {
  public:
    static constexpr double least_scale = DiscreteLaplace::least_scale;
    static constexpr double largest_scale = DiscreteLaplace::largest_scale;

    /// Throws invalid_argument unless least_scale <= scale <= largest_scale.
    explicit Geometric(double scale);

    [[nodiscard]] double scale() const noexcept;

    void sample(std::span<std::int64_t> out) const;
    [[nodiscard]] std::int64_t operator()() const;

    /// For the library's own use.
    void sample(std::span<std::int64_t> out, detail::Keystream& keystream) const;

  private:
    std::shared_ptr<const detail::GeometricState> state_;
};

}  // namespace vedette::inline v0::privacy
