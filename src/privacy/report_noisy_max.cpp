// SPDX-License-Identifier: Apache-2.0
// Noise for every candidate, and the first of the largest.
#include "vedette/privacy/report_noisy_max.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "privacy/draws.hpp"
#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

std::uint64_t reach_of(StepSensitivity sensitivity, Epsilon epsilon, UtilityChange change) {
    if (epsilon.value() < Selection::least_epsilon || epsilon.value() > Selection::largest_epsilon)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-29 to 2^20", epsilon.value()));
    return sensitivity.steps() * (change == UtilityChange::any ? 2U : 1U);
}

}  // namespace

ReportNoisyMax::ReportNoisyMax(StepSensitivity sensitivity, Epsilon epsilon, UtilityChange change, NoisyMaxNoise noise)
    : noise_(noise),
      laplace_(laplace_for(reach_of(sensitivity, epsilon, change), epsilon)),
      geometric_(laplace_.scale()) {}

std::size_t ReportNoisyMax::choose(std::span<const std::int64_t> utilities, detail::Keystream& keystream) const {
    if (utilities.empty())
        throw Error(ErrorCode::invalid_argument, "utilities has 0 candidates: there must be at least 1");
    std::vector<std::int64_t> noisy(utilities.size());
    if (noise_ == NoisyMaxNoise::laplace) {
        laplace_.sample(noisy, keystream);
    } else {
        geometric_.sample(noisy, keystream);
    }
    for (std::size_t i = 0; i < noisy.size(); ++i)
        noisy[i] += std::clamp(utilities[i], -UtilityGrid::farthest, UtilityGrid::farthest);
    // Without a branch on what is compared.
    std::size_t best = 0;
    std::int64_t most = noisy[0];
    for (std::size_t i = 1; i < noisy.size(); ++i) {
        const bool larger = noisy[i] > most;
        best = larger ? i : best;
        most = larger ? noisy[i] : most;
    }
    wipe(std::as_writable_bytes(std::span(noisy)));
    return best;
}

std::size_t ReportNoisyMax::choose(std::span<const std::int64_t> utilities) const {
    return choose(utilities, detail::Keystream::of_this_thread());
}

}  // namespace vedette::inline v0::privacy
