// SPDX-License-Identifier: Apache-2.0
// Forms of tests that are not their defaults, by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vedette/drift/drift_test.hpp"

namespace vedette::inline v0::drift {

/// Which form of a test. Values are pinned.
enum class TestForm : std::uint8_t {
    standard = 0,
    trimmed = 1,   ///< levene: deviations from the trimmed mean (Centre::trimmed)
    yates = 2,     ///< chi_square and g_test of categories: Yates' correction, at one degree of freedom
    separate = 3,  ///< epps_singleton: each sample's own covariance, as in SciPy; its level needs equal sizes
    clamped = 4    ///< anderson_darling: p-value by Scholz and Stephens' table, between 0.001 and 0.25, as in SciPy
};

inline constexpr std::uint8_t test_form_count = 5;

/// The word in a policy and on the command line; "unknown" for any other value.
const char* test_form_name(TestForm form) noexcept;
/// The form of that word; empty for any other.
std::optional<TestForm> test_form(std::string_view name) noexcept;
/// Whether a test has that form.
bool has_form(DriftTest test, TestForm form) noexcept;

}  // namespace vedette::inline v0::drift
