// SPDX-License-Identifier: Apache-2.0
// One row per test: its word, and where it runs.
#include "vedette/drift/drift_test.hpp"

#include <array>
#include <cstddef>

#include "vedette/drift/grid_tests.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0 {
namespace {

struct Row {
    const char* name;
    bool counters;
    bool numeric_samples;
    bool categorical_samples;
};

constexpr std::array<Row, drift_test_count> rows{{
    {"automatic", true, true, true},
    {"kolmogorov_smirnov", true, true, false},
    {"chi_square", true, true, true},
    {"g_test", true, true, true},
    {"population_stability", true, true, true},
    {"jensen_shannon", true, true, true},
    {"hellinger", true, true, true},
    {"total_variation", true, true, true},
    {"wasserstein", true, true, false},
    {"two_proportion", false, false, true},
    {"kuiper", false, true, false},
    {"cramer_von_mises", false, true, false},
    {"anderson_darling", false, true, false},
    {"mann_whitney", false, true, false},
    {"epps_singleton", false, true, false},
    {"energy_distance", false, true, false},
    {"welch_t", false, true, false},
    {"levene", false, true, false},
    {"brown_forsythe", false, true, false},
    {"fisher_exact", false, false, true},
}};

const Row* row_of(DriftTest test) noexcept {
    const auto index = static_cast<std::size_t>(test);
    return index < rows.size() ? &rows[index] : nullptr;
}

}  // namespace

const char* drift::alternative_name(Alternative alternative) noexcept {
    constexpr std::array names{"two_sided", "less", "greater"};
    const auto index = static_cast<std::size_t>(alternative);
    return index < names.size() ? names[index] : "unknown";
}

const char* drift::method_name(Method method) noexcept {
    constexpr std::array names{"automatic", "exact", "asymptotic", "permutation"};
    const auto index = static_cast<std::size_t>(method);
    return index < names.size() ? names[index] : "unknown";
}

const char* drift_test_name(DriftTest test) noexcept {
    const Row* row = row_of(test);
    return row != nullptr ? row->name : "unknown";
}

std::optional<DriftTest> drift_test(std::string_view name) noexcept {
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (name == rows[i].name) return static_cast<DriftTest>(i);
    return std::nullopt;
}

bool runs_on_counters(DriftTest test) noexcept {
    const Row* row = row_of(test);
    return row != nullptr && row->counters;
}

bool runs_on_samples(DriftTest test, bool numeric) noexcept {
    const Row* row = row_of(test);
    return row != nullptr && (numeric ? row->numeric_samples : row->categorical_samples);
}

namespace drift {

const TestResult* result_of(const GridEvidence& all, DriftTest test) noexcept {
    constexpr std::array<TestResult GridEvidence::*, 9> members{
        nullptr,
        &GridEvidence::ks,
        &GridEvidence::chi_square,
        &GridEvidence::g,
        &GridEvidence::psi,
        &GridEvidence::jensen_shannon,
        &GridEvidence::hellinger,
        &GridEvidence::total_variation,
        &GridEvidence::wasserstein,
    };
    const auto index = static_cast<std::size_t>(test);
    return index < members.size() && members[index] != nullptr ? &(all.*members[index]) : nullptr;
}

}  // namespace drift

}  // namespace vedette::inline v0
