// SPDX-License-Identifier: Apache-2.0
// Forms of tests: their words, and which test has which.
#include "vedette/drift/test_form.hpp"

#include <array>
#include <cstddef>

namespace vedette::inline v0::drift {
namespace {

constexpr std::array<const char*, test_form_count> names{"standard", "trimmed", "yates", "separate", "clamped"};

}  // namespace

const char* test_form_name(TestForm form) noexcept {
    const auto index = static_cast<std::size_t>(form);
    return index < names.size() ? names[index] : "unknown";
}

std::optional<TestForm> test_form(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i)
        if (name == names[i]) return static_cast<TestForm>(i);
    return std::nullopt;
}

bool has_form(DriftTest test, TestForm form) noexcept {
    switch (form) {
        case TestForm::standard: return true;
        case TestForm::trimmed: return test == DriftTest::levene;
        case TestForm::yates: return test == DriftTest::chi_square || test == DriftTest::g_test;
        case TestForm::separate: return test == DriftTest::epps_singleton;
        case TestForm::clamped: return test == DriftTest::anderson_darling;
    }
    return false;
}

}  // namespace vedette::inline v0::drift
