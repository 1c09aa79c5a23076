// SPDX-License-Identifier: Apache-2.0
// The names of the univariate drift tests, and what each can be asked of.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::inline v0 {

/// A univariate drift test. Values are pinned and shared with the C interface.
///
/// From the counters of a window alone come `kolmogorov_smirnov` to `wasserstein` (drift/grid_tests.hpp); the others,
/// and the full forms of `kolmogorov_smirnov` and `wasserstein`, need the two samples themselves
/// (drift/comparison.hpp).
enum class DriftTest : std::uint8_t {
    automatic = 0,  ///< numeric with evenly filled cells: ks; tied, discrete or categorical: chi_square
    kolmogorov_smirnov = 1,
    chi_square = 2,
    g_test = 3,
    population_stability = 4,
    jensen_shannon = 5,
    hellinger = 6,
    total_variation = 7,
    wasserstein = 8,
    two_proportion = 9,  ///< of the commonest category; on counters it decides by itself where all others are rare
    kuiper = 10,
    cramer_von_mises = 11,
    anderson_darling = 12,
    mann_whitney = 13,
    epps_singleton = 14,
    energy_distance = 15,
    welch_t = 16,
    levene = 17,
    brown_forsythe = 18,
    fisher_exact = 19,
};

inline constexpr std::uint8_t drift_test_count = 20;

/// The word used in policies and reports, e.g. "kolmogorov_smirnov".
const char* drift_test_name(DriftTest test) noexcept;
/// The test of that word; empty for any other.
std::optional<DriftTest> drift_test(std::string_view name) noexcept;

/// Whether the counters of a window suffice.
bool runs_on_counters(DriftTest test) noexcept;
/// Whether it can be run on two samples of a numeric, or of a categorical, feature.
bool runs_on_samples(DriftTest test, bool numeric) noexcept;

}  // namespace vedette::inline v0
