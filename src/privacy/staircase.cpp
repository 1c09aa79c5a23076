// SPDX-License-Identifier: Apache-2.0
// Candidates of the staircase law in tiles: place, coin, step and sign, all drawn for all of them.
#include "vedette/privacy/staircase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/draws.hpp"
#include "privacy/rounding.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::size_t tile = 256;

double checked(Epsilon epsilon) {
    if (!(epsilon.value() >= Staircase::least_epsilon && epsilon.value() <= Staircase::largest_epsilon))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-20 to 100", epsilon.value()));
    return epsilon.value();
}

// The law of |X|: places j below D in steps k, weights q^(k + [j >= edge]), zero once and others twice.
double mean_size_of(double width, double edge, double epsilon) noexcept {
    const double q = std::exp(-epsilon), rest = -std::expm1(-epsilon);
    const double mass = edge + (width - edge) * q;   // of a step's places
    const double first = 0.5 * edge * (edge - 1.0);  // sum of the places below the edge
    const double places = first + (0.5 * width * (width - 1.0) - first) * q;
    const double all = 2.0 * mass / rest - 1.0;  // with both signs
    return 2.0 * (places / rest + width * mass * q / (rest * rest)) / all;
}

// The mean size falls and then rises with the edge.
std::uint64_t best_edge(std::uint64_t sensitivity, double epsilon) {
    const auto width = static_cast<double>(sensitivity);
    const auto size = [&](std::uint64_t edge) { return mean_size_of(width, static_cast<double>(edge), epsilon); };
    std::uint64_t low = 1, high = sensitivity;
    while (low < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        if (size(middle) <= size(middle + 1)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// The coin's exponent is epsilon itself, the geometric law's scale a double at least 1 / epsilon: steps fall no faster
// than e^-epsilon.
Geometric steps_of(double epsilon) {
    return Geometric(std::max(divide_up(1.0, epsilon), Geometric::least_scale));
}

}  // namespace

Staircase::Staircase(WholeSensitivity sensitivity, Epsilon epsilon)
    : Staircase(sensitivity, epsilon, best_edge(sensitivity.value(), checked(epsilon))) {}

Staircase::Staircase(WholeSensitivity sensitivity, Epsilon epsilon, std::uint64_t edge)
    : place_(sensitivity.value()), beyond_(checked(epsilon)), step_(steps_of(epsilon.value())), edge_(edge) {
    if (!(static_cast<double>(sensitivity.value()) / epsilon.value() <= DiscreteLaplace::largest_scale))
        throw Error(ErrorCode::invalid_argument, "sensitivity / epsilon is above 2^40");
    if (edge == 0 || edge > sensitivity.value())
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("edge is {}: it must be from 1 to the sensitivity, {}", edge, sensitivity.value()));
}

double Staircase::mean_size() const noexcept {
    return mean_size_of(static_cast<double>(sensitivity()), static_cast<double>(edge_), epsilon());
}

void Staircase::sample(std::span<std::int64_t> out, detail::Keystream& keystream) const {
    ZeroOnFailure guard(out);
    SecretArray<std::uint64_t, tile> places, signs;
    SecretArray<std::uint8_t, tile> coins;
    SecretArray<std::int64_t, tile> steps;
    const UniformInteger sign(2);
    const auto width = static_cast<std::int64_t>(sensitivity());
    for (std::size_t done = 0; done < out.size();) {
        place_.sample({places.data(), tile}, keystream);
        beyond_.sample({coins.data(), tile}, keystream);
        step_.sample({steps.data(), tile}, keystream);
        sign.sample({signs.data(), tile}, keystream);
        for (std::size_t i = 0; i < tile && done < out.size(); ++i) {
            const std::int64_t size = steps[i] * width + static_cast<std::int64_t>(places[i]);
            const std::int64_t mask = -static_cast<std::int64_t>(signs[i]);
            // Written in any case, and kept or overwritten: no branch looks at the value.
            out[done] = (size ^ mask) - mask;
            const auto inside = static_cast<unsigned>(places[i] < edge_), coin = static_cast<unsigned>(coins[i]);
            const auto minus_zero = static_cast<unsigned>(signs[i]) & static_cast<unsigned>(size == 0);
            done += (inside | coin) & (minus_zero ^ 1U);
        }
    }
    keystream.forget();
    guard.done();
}

void Staircase::sample(std::span<std::int64_t> out) const {
    ZeroOnFailure guard(out);
    sample(out, detail::Keystream::of_this_thread());
    guard.done();
}

std::int64_t Staircase::operator()() const {
    std::int64_t value = 0;
    sample({&value, 1});
    return value;
}

}  // namespace vedette::inline v0::privacy
