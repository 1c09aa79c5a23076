// SPDX-License-Identifier: Apache-2.0
// Canonne, Kamath and Steinke's (2020) samplers word by word: slow, variable in time, simple to check. The tests'
// oracle.
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

}  // namespace vedette::inline v0::privacy::reference
