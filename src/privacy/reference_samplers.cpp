// SPDX-License-Identifier: Apache-2.0
// Rational arithmetic in 128 bits, coins of rational probability, and a logarithm that is rounded correctly.
#include "privacy/reference_samplers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "privacy/enclosure.hpp"
#include "vedette/core/error.hpp"

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

namespace {

// Whether log(u) < -x, x the middle of two doubles that lie next to each other: u < exp(-x), exactly. The precision
// doubles until the enclosure decides; it does, as exp of a rational is none.
bool log_is_below(double u, double near, double far) {
    const std::pair<std::uint64_t, Rate> a = Rate::split(near), b = Rate::split(far);
    const int exponent = std::min(a.second.exponent, b.second.exponent) - 1;
    const Natural sum = (Natural(a.first) << static_cast<std::size_t>(a.second.exponent - exponent - 1)) +
                        (Natural(b.first) << static_cast<std::size_t>(b.second.exponent - exponent - 1));
    const std::pair<std::uint64_t, Rate> given = Rate::split(u);
    const int needed = 192 - std::ilogb(u);  // positive and small
    for (auto precision = static_cast<std::size_t>(needed);; precision *= 2) {
        const Enclosure power = Intervals(precision).exp_minus(sum, {1, exponent, 1});
        const int places = given.second.exponent + static_cast<int>(precision);
        const Natural exact = Natural(given.first) << static_cast<std::size_t>(places);
        if (exact < power.low) return true;
        if (exact > power.high) return false;
    }
}

}  // namespace

double rounded_log(double u) {
    double x = -std::log(u);
    while (log_is_below(u, x, std::nextafter(x, 1e300))) x = std::nextafter(x, 1e300);
    while (!log_is_below(u, std::nextafter(x, 0.0), x)) x = std::nextafter(x, 0.0);
    return -x;
}

double uniform_double(detail::Keystream& keystream) {
    int exponent = -1;
    for (;; exponent -= 64) {
        const std::uint64_t word = keystream.word();
        if (word == 0 && exponent > -960) continue;  // 2^-1024 and less: as the smallest
        exponent -= std::countl_zero(word);
        break;
    }
    return std::ldexp(1.0 + static_cast<double>(keystream.word() >> 12U) * 0x1p-52, exponent);
}

double snap(double value, double scale, double bound, double u, bool negative) {
    const double noise = scale * rounded_log(u);
    const double noised = std::clamp(value, -bound, bound) + (negative ? -noise : noise);
    const double step = std::ldexp(1.0, std::ilogb(scale) + (std::ldexp(1.0, std::ilogb(scale)) < scale ? 1 : 0));
    // Multiples of a power of two: the quotient is exact, and so is what floor leaves.
    const double steps = noised / step, whole = std::floor(steps);
    return std::clamp((steps - whole >= 0.5 ? whole + 1.0 : whole) * step, -bound, bound);
}

double snapping(double value, double scale, double bound, detail::Keystream& keystream) {
    if (!(scale > 0.0 && scale < bound && bound < 0x1p46 * scale && std::isfinite(bound) && !std::isnan(value)))
        throw Error(ErrorCode::invalid_argument,
                    "snapping: its scale must be below its bound, and that below 2^46 scales");
    const double u = uniform_double(keystream);
    return snap(value, scale, bound, u, (keystream.word() >> 63U) != 0);
}

}  // namespace vedette::inline v0::privacy::reference
