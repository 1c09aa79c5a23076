// SPDX-License-Identifier: Apache-2.0
// Interval arithmetic with guard bits, so that results are a few units of the precision wide.
#include "privacy/enclosure.hpp"

#include <cmath>

namespace vedette::inline v0::privacy {

namespace {

constexpr int mantissa_bits = 53;

// x = mantissa 2^exponent, the mantissa odd.
std::pair<std::uint64_t, int> split_odd(double x) noexcept {
    int exponent = 0;
    auto mantissa = static_cast<std::uint64_t>(std::ldexp(std::frexp(x, &exponent), mantissa_bits));
    exponent -= mantissa_bits;
    for (; mantissa % 2 == 0 && mantissa != 0; mantissa /= 2) ++exponent;
    return {mantissa, exponent};
}

Enclosure shift_out(const Enclosure& a, std::size_t bits) {
    return {a.low >> bits, shift_up(a.high, bits)};
}

}  // namespace

std::pair<std::uint64_t, Rate> Rate::split(double x) noexcept {
    const auto [mantissa, exponent] = split_odd(x);
    return {mantissa, {1, exponent, 1}};
}

Rate Rate::inverse(double x) noexcept {
    const auto [mantissa, exponent] = split_odd(x);
    return {mantissa, -exponent, 1};
}

Rate Rate::gaussian(double sigma) noexcept {
    const auto [mantissa, exponent] = split_odd(sigma);
    return {mantissa, -2 * exponent - 1, 2};
}

Enclosure Intervals::one() const {
    return {Natural::power_of_two(precision_), Natural::power_of_two(precision_)};
}

Enclosure Intervals::multiply(const Enclosure& a, const Enclosure& b) const {
    return shift_out({a.low * b.low, a.high * b.high}, precision_);
}

Enclosure Intervals::divide(const Enclosure& a, const Enclosure& b) const {
    auto [low, low_rest] = privacy::divide(a.low << precision_, b.high);
    auto [high, high_rest] = privacy::divide(a.high << precision_, b.low);
    if (high_rest) high += Natural(1);
    return {std::move(low), std::move(high)};
}

Enclosure Intervals::scaled(const Natural& n, const Rate& rate) const {
    Natural divisor(rate.mantissa);
    if (rate.power == 2) divisor = divisor * divisor;
    const std::ptrdiff_t shift = static_cast<std::ptrdiff_t>(precision_) + rate.exponent;
    Natural dividend = n;
    if (shift >= 0) {
        dividend <<= static_cast<std::size_t>(shift);
    } else {
        divisor <<= static_cast<std::size_t>(-shift);
    }
    auto [low, rest] = privacy::divide(dividend, divisor);
    Natural high = low;
    if (rest) high += Natural(1);
    return {std::move(low), std::move(high)};
}

Enclosure Intervals::exp_minus(const Natural& n, const Rate& rate) const {
    constexpr std::size_t guard = 16;
    // The magnitude of the argument, then halvings until it is below 1/8; each squaring doubles the relative error.
    const Enclosure magnitude = Intervals(8).scaled(n, rate);
    const std::size_t halvings = magnitude.high.bit_width() > 5 ? magnitude.high.bit_width() - 5 : 0;
    const Intervals wide(precision_ + 2 * halvings + guard);
    const Enclosure x = wide.scaled(n, rate.scaled(-static_cast<int>(halvings)));
    // Partial sums of 1 - x + x^2/2 - ... lie alternately above and below the limit: the series is cut once a term
    // rounds up to one unit, and that unit pays for the rest.
    Enclosure positive = wide.one(), negative, term = wide.one();
    for (std::uint64_t k = 1;; ++k) {
        term = wide.multiply(term, x);
        term.low.divide_by(k);
        if (term.high.divide_by(k)) term.high += Natural(1);
        Enclosure& sum = k % 2 == 0 ? positive : negative;
        sum.low += term.low;
        sum.high += term.high;
        if (term.high <= Natural(1)) break;
    }
    positive.high += Natural(1);
    negative.high += Natural(1);
    Enclosure result{positive.low - negative.high, positive.high - negative.low};
    if (result.high > wide.one().high) result.high = wide.one().high;
    for (std::size_t i = 0; i < halvings; ++i) result = wide.multiply(result, result);
    return shift_out(result, wide.precision() - precision_);
}

Enclosure Intervals::log_two() const {
    Enclosure sum;
    for (std::uint64_t k = 1; k <= precision_ + 1; ++k) {
        Natural term = Natural::power_of_two(precision_ + 1 - k);
        const bool rest = term.divide_by(k) || k == precision_ + 1;
        sum.low += term;
        sum.high += term;
        if (rest) sum.high += Natural(1);
    }
    // What is left out is below its first term, itself below one unit.
    sum.low >>= 1;
    sum.high = shift_up(sum.high, 1);
    sum.high += Natural(1);
    return sum;
}

}  // namespace vedette::inline v0::privacy
