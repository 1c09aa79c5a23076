// SPDX-License-Identifier: Apache-2.0
// Rational arithmetic in 128 bits, and coins of rational probability, are all these samplers need.
#include "privacy/reference_samplers.hpp"

#include <bit>

namespace vedette::inline v0::privacy::reference {

namespace {

bool bernoulli(Ratio p, detail::Keystream& keystream) {
    return uniform_below(p.denominator, keystream) < p.numerator;
}

// exp(-x) for 0 <= x <= 1: the first k at which a coin of x / k fails is odd.
bool bernoulli_exp_fraction(Ratio x, detail::Keystream& keystream) {
    std::uint64_t k = 1;
    while (bernoulli({x.numerator, x.denominator * k}, keystream)) ++k;
    return k % 2 == 1;
}

std::uint64_t integer_root(std::uint64_t x) noexcept {
    std::uint64_t root = 0;
    for (std::uint64_t bit = std::uint64_t{1} << 31U; bit != 0; bit >>= 1U)
        if ((root | bit) * (root | bit) <= x) root |= bit;
    return root;
}

}  // namespace

Wide uniform_below(Wide bound, detail::Keystream& keystream) {
    const Wide last = bound - 1;
    const auto upper = static_cast<std::uint64_t>(last >> 64U);
    if (upper == 0) {
        const auto low = static_cast<std::uint64_t>(last);
        const std::uint64_t mask = low == 0 ? 0 : ~std::uint64_t{0} >> static_cast<unsigned>(std::countl_zero(low));
        for (;;)
            if (const std::uint64_t x = keystream.word() & mask; x <= low) return x;
    }
    const std::uint64_t mask = ~std::uint64_t{0} >> static_cast<unsigned>(std::countl_zero(upper));
    for (;;) {
        const Wide high = keystream.word() & mask;
        if (const Wide x = (high << 64U) | keystream.word(); x <= last) return x;
    }
}

bool bernoulli_exp(Ratio x, detail::Keystream& keystream) {
    for (; x.numerator > x.denominator; x.numerator -= x.denominator)
        if (!bernoulli_exp_fraction({1, 1}, keystream)) return false;
    return bernoulli_exp_fraction(x, keystream);
}

std::int64_t discrete_laplace(std::uint64_t numerator, std::uint64_t denominator, detail::Keystream& keystream) {
    for (;;) {
        const Wide u = uniform_below(numerator, keystream);
        if (!bernoulli_exp_fraction({u, numerator}, keystream)) continue;
        std::uint64_t whole = 0;
        while (bernoulli_exp_fraction({1, 1}, keystream)) ++whole;
        const auto size = static_cast<std::int64_t>((u + Wide{numerator} * whole) / denominator);
        const bool negative = uniform_below(2, keystream) == 1;
        if (negative && size == 0) continue;
        return negative ? -size : size;
    }
}

std::int64_t discrete_gaussian(std::uint64_t numerator, std::uint64_t denominator, detail::Keystream& keystream) {
    const std::uint64_t scale = integer_root(numerator / denominator) + 1;
    for (;;) {
        const std::int64_t y = discrete_laplace(scale, 1, keystream);
        // (|y| - sigma^2 / scale)^2 / (2 sigma^2), over 2 numerator denominator scale^2.
        const auto size = static_cast<std::uint64_t>(y < 0 ? -y : y);
        const Wide left = Wide{size} * scale * denominator;
        const Wide distance = left > numerator ? left - numerator : numerator - left;
        if (bernoulli_exp({distance * distance, Wide{2} * numerator * denominator * scale * scale}, keystream))
            return y;
    }
}

}  // namespace vedette::inline v0::privacy::reference
