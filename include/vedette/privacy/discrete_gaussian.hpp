// SPDX-License-Identifier: Apache-2.0
// The discrete Gaussian law on the integers: exact, in bulk, in a time that does not depend on what is drawn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "vedette/privacy/secure_random.hpp"

namespace vedette::inline v0::privacy {

/// P(X = x) proportional to exp(-x^2 / (2 sigma^2)) on all integers x, for the double sigma exactly as it is: no
/// rounded probability decides an outcome. (Canonne, Kamath and Steinke 2020, who give its privacy: the
/// zero-concentrated loss of the continuous law of the same sigma.)
///
/// How. Up to sigma = 20 the size |X| comes from one word's 63 bits, compared with every threshold of an integer table,
/// its sign from the 64th. Beyond, X = +-(2^b H + L): H from such a table for sigma / 2^b, L uniform below 2^b, kept
/// with probability exp(-(L^2 + 2^(b+1) H L) / (2 sigma^2)) by a fixed-point exponential of proven error,
/// and minus zero is thrown away. Where 63 or 64 bits do not decide, more bits are drawn until interval arithmetic
/// does.
///
/// Time: which instructions run, and which addresses are touched, depends on sigma, on the number of values asked for,
/// and on how many candidates were kept; the last is independent of the values returned. The residual: the lazy path,
/// with a probability below 2^-55 per value; derived in secure_random.hpp. Memory of words and candidates is wiped.
///
/// Immutable, safe for concurrent use; copies share the table. Set-up takes a few hundred microseconds.
class DiscreteGaussian {
  public:
    static constexpr double least_sigma = 0.01;
    static constexpr double largest_sigma = 0x1p40;

    /// Throws invalid_argument unless least_sigma <= sigma <= largest_sigma.
    explicit DiscreteGaussian(double sigma);

    [[nodiscard]] double sigma() const noexcept;

    /// Fills `out` with independent draws. Throws io_error if the operating system gives no entropy (`out` is zeroed
    /// then). O(n), without allocation but on the lazy path.
    void sample(std::span<std::int64_t> out) const;
    [[nodiscard]] std::int64_t operator()() const;

    /// For the library's own use.
    void sample(std::span<std::int64_t> out, detail::Keystream& keystream) const;

  private:
    friend void sample_lazily(double, std::span<std::int64_t>, detail::Keystream&);  // for tests
    struct State;
    std::shared_ptr<const State> state_;
};

}  // namespace vedette::inline v0::privacy
