// SPDX-License-Identifier: Apache-2.0
// What reading a policy and checking one share: the words of its document, its limits, and how it is refused.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "vedette/guard/policy.hpp"

namespace vedette::inline v0::policies {

inline constexpr std::array action_names{"pass", "warn", "alarm", "learned"};
inline constexpr std::array method_names{"automatic", "exact", "asymptotic", "permutation"};
inline constexpr std::array alternative_names{"two_sided", "less", "greater"};
inline constexpr std::uint64_t most_permutations = 10'000'000;
inline constexpr std::array correction_names{"none", "bonferroni", "holm", "benjamini_hochberg", "benjamini_yekutieli"};

inline constexpr double max_far_factor = 1e6;
inline constexpr double least_score_level = 1e-9;

/// Throws Error(invalid_policy) that names the place.
[[noreturn]] void refuse(const std::string& path, const std::string& what);

inline bool is_for_samples(DriftTest test) {
    return test != DriftTest::automatic && (runs_on_samples(test, true) || runs_on_samples(test, false));
}

}  // namespace vedette::inline v0::policies
