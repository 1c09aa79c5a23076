// SPDX-License-Identifier: Apache-2.0
// Canonne, Kamath and Steinke's (2020) samplers word by word, and Mironov's (2012) snapping mechanism: slow, variable
// in time, simple to check. The tests' oracle; nothing releases through them.
#pragma once

#include <cstdint>

#include "privacy/keystream.hpp"
#include "privacy/wide_product.hpp"

namespace vedette::inline v0::privacy::reference {

/// A positive rational; products of its parts with the samplers' counters must stay below 2^127.
struct Ratio {
    Wide numerator;
    Wide denominator;
};

/// Uniform below `bound`, by masked words and rejection.
Wide uniform_below(Wide bound, detail::Keystream& keystream);
/// Bernoulli(exp(-x)): their algorithm 1.
bool bernoulli_exp(Ratio x, detail::Keystream& keystream);
/// P(X = x) proportional to exp(-|x| denominator / numerator): their algorithm 2, scale = numerator / denominator.
std::int64_t discrete_laplace(std::uint64_t numerator, std::uint64_t denominator, detail::Keystream& keystream);
/// Their algorithm 3, for a variance sigma^2 = numerator / denominator.
std::int64_t discrete_gaussian(std::uint64_t numerator, std::uint64_t denominator, detail::Keystream& keystream);

/// log(u) of a double in (0, 1), correctly rounded to nearest, as the snapping mechanism asks; proven by interval
/// arithmetic, whatever the C library's logarithm does.
double rounded_log(double u);
/// A double in (0, 1), each with a probability in proportion to its last place.
double uniform_double(detail::Keystream& keystream);
/// Mironov's mechanism on a value of sensitivity 1, by its two draws: clamp to +-bound, add +-scale log(u) in doubles,
/// round to the nearest multiple of the least power of two that is not below the scale (ties upwards), clamp again.
double snap(double value, double scale, double bound, double u, bool negative);
/// The same with draws of its own. Pure privacy of 1 / scale + 2^-49 bound / scale where scale < bound < 2^46 scale
/// (his theorem 1; the paper itself was not read for it, but two independent implementations, one of them
/// ryll-spectre/DP-Snapping-Mech, quote it with these very numbers; tested on the mechanism's exact law for some
/// scales, bounds and values); throws invalid_argument elsewhere.
double snapping(double value, double scale, double bound, detail::Keystream& keystream);

}  // namespace vedette::inline v0::privacy::reference
