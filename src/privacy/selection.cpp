// SPDX-License-Identifier: Apache-2.0
// Uniform candidates and exact coins.
#include "vedette/privacy/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "privacy/keystream.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bernoulli.hpp"

namespace vedette::inline v0::privacy {

namespace {

// The greatest double of 26 bits with rate * divisor <= epsilon; divisor has at most 27 bits, so the product is exact.
double rate_down(double epsilon, double divisor) noexcept {
    constexpr int bits = 26;
    int exponent = 0;
    const double fraction = std::frexp(epsilon / divisor, &exponent);
    double whole = std::floor(std::ldexp(fraction, bits));
    if (std::ldexp(whole, exponent - bits) * divisor > epsilon) whole -= 1.0;
    return std::ldexp(whole, exponent - bits);
}

std::uint64_t below(std::uint64_t bound, detail::Keystream& keystream) {
    std::uint64_t value = 0;
    UniformInteger(bound).sample({&value, 1}, keystream);
    return value;
}

}  // namespace

UtilityGrid::UtilityGrid(std::int64_t lower, std::int64_t upper) : lower_(lower), upper_(upper) {
    if (!(lower >= -farthest && upper <= farthest && lower < upper && upper - lower <= largest_width))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("utility grid is [{}, {}]: it must lie within 2^61 of 0 and be 1 to 2^26 steps wide",
                                lower, upper));
}

StepSensitivity::StepSensitivity(std::uint64_t steps) : steps_(steps) {
    if (steps == 0 || steps > largest)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("sensitivity is {} steps: it must be from 1 to 2^26", steps));
}

Selection::Selection(const UtilityGrid& grid, StepSensitivity sensitivity, Epsilon epsilon)
    : grid_(grid), rate_(rate_down(epsilon.value(), 2.0 * static_cast<double>(sensitivity.steps()))) {
    if (epsilon.value() < least_epsilon || epsilon.value() > largest_epsilon)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-29 to 2^20", epsilon.value()));
}

std::int64_t Selection::best(std::span<const std::int64_t> utilities) const {
    if (utilities.empty())
        throw Error(ErrorCode::invalid_argument, "utilities has 0 candidates: there must be at least 1");
    return std::clamp(*std::max_element(utilities.begin(), utilities.end()), grid_.lower(), grid_.upper());
}

bool Selection::accept(std::int64_t best, std::int64_t utility, detail::Keystream& keystream) const {
    const std::int64_t gap = best - std::clamp(utility, grid_.lower(), grid_.upper());
    std::uint8_t coin = 0;
    ExponentialBernoulli(rate_ * static_cast<double>(gap)).sample({&coin, 1}, keystream);
    return coin != 0;
}

std::size_t ExponentialMechanism::choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const {
    const std::int64_t top = best(utilities);
    for (;;) {
        const std::size_t candidate = below(utilities.size(), keystream);
        if (accept(top, utilities[candidate], keystream)) return candidate;
    }
}

std::size_t PermuteAndFlip::choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const {
    const std::int64_t top = best(utilities);
    std::vector<std::size_t> left(utilities.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    for (;;) {  // ends at the best candidate, whose coin is certain
        const std::size_t drawn = below(left.size(), keystream);
        if (accept(top, utilities[left[drawn]], keystream)) return left[drawn];
        left[drawn] = left.back();
        left.pop_back();
    }
}

std::size_t ExponentialMechanism::choose(std::span<const std::int64_t> utilities) const {
    return choose(utilities, detail::Keystream::of_this_thread());
}

std::size_t PermuteAndFlip::choose(std::span<const std::int64_t> utilities) const {
    return choose(utilities, detail::Keystream::of_this_thread());
}

}  // namespace vedette::inline v0::privacy
