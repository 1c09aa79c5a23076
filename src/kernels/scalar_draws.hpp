// SPDX-License-Identifier: Apache-2.0
// The plain twin of draws.inl.hpp: for CPUs without kernels of their own, and for the tests. Static, since the baseline
// kernels use it too: nothing in a kernel object may be shared with another.
#pragma once

#include "kernels/binary_exp.hpp"
#include "kernels/draw_table.hpp"

namespace vedette::inline v0::kernels::scalar {

static inline bool count_thresholds(const std::uint64_t* words, std::size_t count, const std::int64_t* thresholds,
                                    std::size_t threshold_count, unsigned shift, std::uint64_t sign_mask,
                                    std::int64_t* outcomes) noexcept {
    bool passed = false;
    for (std::size_t i = 0; i < count; ++i) {
        const auto u = static_cast<std::int64_t>(words[i] >> 1U);
        std::uint64_t outcome = 0;
        for (std::size_t k = 0; k < threshold_count; ++k)
            outcome += static_cast<std::uint64_t>(thresholds[k] - u) >> 63U;
        passed |= outcome == threshold_count;
        if (shift < 64) outcome += static_cast<std::uint64_t>(outcomes[i]) << shift;
        const std::uint64_t negative = 0U - (words[i] & sign_mask);
        outcomes[i] = static_cast<std::int64_t>((outcome ^ negative) - negative);
    }
    return passed;
}

/// The upper half of a product.
static constexpr std::uint64_t multiply_high(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ typedef unsigned __int128 Wide;  // NOLINT(modernize-use-using)
    return static_cast<std::uint64_t>((Wide{a} * b) >> 64U);
}

/// (1 - 2^(-g/4)) / g in units of 2^-64, for g in the same units.
static inline std::uint64_t exp_quotient(std::uint64_t g) noexcept {
    const std::uint64_t square = multiply_high(g, g);
    std::uint64_t even = exp_even[4], odd = exp_odd[3];
    for (int k = 3; k >= 0; --k) even = multiply_high(even, square) + exp_even[k];
    for (int k = 2; k >= 0; --k) odd = multiply_high(odd, square) + exp_odd[k];
    return even - multiply_high(odd, g);
}

/// 2^63 2^-y, for y in units of 2^-61, rounded down here and there.
///
/// y = whole + j / 4 + g / 4; 2^-y = 2^-whole 2^(-j/4) (1 - g P(g)). The error in units of 2^-64, with products that
/// are up to 3 too small as those of the kernels: P 1.3; each step of its two chains 3.5, times numbers below 1
/// afterwards, and the square's error times at most 0.2, 27 with the product of the odd chain; the product with g, the
/// complement, the quarter power, the product with it and the shift 9. Together 38, hence 19 of 2^-63.
static inline std::int64_t binary_exp(std::uint64_t y) noexcept {
    const std::uint64_t f = y << exp_integer_bits, g = f << 2U;
    const std::uint64_t is_high = 0U - (f >> 63U), is_odd = 0U - ((f >> 62U) & 1U);
    const std::uint64_t quarter =
        quarter_powers[0] ^ (quarter_odd & is_odd) ^ (quarter_high & is_high) ^ (quarter_both & is_odd & is_high);
    return static_cast<std::int64_t>(multiply_high(~multiply_high(exp_quotient(g), g), quarter) >>
                                     ((y >> (64U - exp_integer_bits)) + 1U));
}

/// The same for y below 1/4: without the last product, whose factor is 1.
static inline std::int64_t small_binary_exp(std::uint64_t y) noexcept {
    const std::uint64_t g = y << (exp_integer_bits + 2U);
    return static_cast<std::int64_t>(~multiply_high(exp_quotient(g), g) >> 1U);
}

template <bool is_gaussian>
static inline bool judge_candidates(const NoiseCandidates* c, std::int64_t* accepted, std::size_t* kept) noexcept {
    const std::uint64_t mask = ~std::uint64_t{0} << (64 - c->low_bits);
    std::uint64_t open = 0;
    std::size_t place = *kept;
    for (std::size_t i = 0; i < c->count; ++i) {
        const auto large = static_cast<std::uint64_t>(c->large[i]);
        const std::uint64_t low = (c->low[i] << c->low_shift) & mask, sign = c->signs[i] & c->sign_mask;
        std::int64_t bound = 0;
        if constexpr (is_gaussian) {
            const std::uint64_t sum = (low >> c->large_bits) + (large << (65 - c->large_bits));
            bound = binary_exp(multiply_high(multiply_high(low, sum), c->factor));
        } else {
            bound = small_binary_exp(multiply_high(low, c->factor));
        }
        const std::uint64_t distance = static_cast<std::uint64_t>(bound) - (c->coins[i] >> 1U);
        const std::uint64_t yes = (static_cast<std::uint64_t>(c->error) - distance) >> 63U;
        const std::uint64_t no = (static_cast<std::uint64_t>(c->error) + distance) >> 63U;
        open |= (yes | no) ^ 1U;
        const std::uint64_t size = (large << c->low_bits) + (low >> (64 - c->low_bits));
        accepted[place] = static_cast<std::int64_t>((size ^ (0U - sign)) + sign);
        place += static_cast<std::size_t>(yes & ~(((size - 1) >> 63U) & sign));
    }
    *kept = place;
    return open != 0;
}

}  // namespace vedette::inline v0::kernels::scalar
