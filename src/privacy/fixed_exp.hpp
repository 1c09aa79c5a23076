// SPDX-License-Identifier: Apache-2.0
// exp(-n rate) in 64-bit fixed point, in constant time, with a proven error.
#pragma once

#include <cstdint>

#include "kernels/scalar_draws.hpp"
#include "privacy/exact_law.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

/// 2^63 exp(-n rate) within +-39, for integers n below 2^width, given as floor(2^(64 - width) n) or up to 3 less.
///
/// y = n rate / log 2 is a product of 64 and 64 bits, in units of 2^-61. It is too small by at most 7 of them: n 3, the
/// product 3, the rounded factor 1; that makes 2^-y 7 8 log 2 = 39 units of 2^-64 too large at most. With the error of
/// `binary_exp`, 38 units of 2^-64, that is below 39 of 2^-63.
class FixedExp {
  public:
    /// What a coin's distance is held against: more than the proven bound.
    static constexpr std::int64_t error = 64;

    FixedExp() = default;
    /// n rate / log 2 must stay below 8 for n < 2^width.
    FixedExp(const Rate& rate, unsigned width) {
        if (binary_rate(rate, width) >= 8) throw Error(ErrorCode::internal, "exponential: its argument is too large");
        factor_ = binary_rate(rate, width + 64 - kernels::exp_integer_bits);
    }

    [[nodiscard]] std::uint64_t factor() const noexcept { return factor_; }
    [[nodiscard]] std::int64_t operator()(std::uint64_t top) const noexcept {
        return kernels::scalar::binary_exp(kernels::scalar::multiply_high(top, factor_));
    }

  private:
    std::uint64_t factor_ = 0;
};

}  // namespace vedette::inline v0::privacy
