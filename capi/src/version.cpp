// SPDX-License-Identifier: Apache-2.0
// Versions, and the words for statuses, decisions, reasons, tests and hypotheses.
#include "vedette/core/version.hpp"

#include <string>

#include "vedette.h"
#include "vedette/core/error.hpp"
#include "vedette/core/verdict.hpp"
#include "vedette/guard/guard.hpp"
#include "vedette/guard/policy.hpp"
#include "vedette/guard/report.hpp"

namespace {

#if defined(__clang__)
constexpr const char compiler[] = "clang " __clang_version__;
#else
constexpr const char compiler[] = "gcc " __VERSION__;
#endif

// Whether a number is the value of an enumerator, given the last one; they all begin at 0 without gaps.
template <class Enum>
constexpr bool is_one_of(int32_t value, Enum last) {
    return value >= 0 && value <= static_cast<int32_t>(last);
}

}  // namespace

extern "C" {

uint32_t vdt_version() noexcept {
    return VEDETTE_VERSION_MAJOR << 16 | VEDETTE_VERSION_MINOR << 8 | VEDETTE_VERSION_PATCH;
}

const char* vdt_version_string() noexcept {
    return vedette::version_string;
}

int32_t vdt_abi_version() noexcept {
    return VDT_ABI_VERSION;
}

const char* vdt_build_info() noexcept {
    try {
        static const std::string text = std::string("vedette ") + vedette::version_string + ", " + compiler +
                                        ", kernels " + vedette::active_instruction_set();
        return text.c_str();
    } catch (...) {
        return vedette::version_string;
    }
}

const char* vdt_status_name(vdt_status status) noexcept {
    return status == VDT_OK ? "ok" : vedette::error_code_name(static_cast<vedette::ErrorCode>(status));
}

const char* vdt_decision_name(vdt_decision decision) noexcept {
    if (!is_one_of(decision, vedette::Decision::alarm)) return "unknown";
    return vedette::decision_name(static_cast<vedette::Decision>(decision));
}

const char* vdt_reason_name(vdt_reason reason) noexcept {
    if (!is_one_of(reason, vedette::Reason::foreign_window)) return "unknown";
    return vedette::reason_name(static_cast<vedette::Reason>(reason));
}

const char* vdt_multivariate_test_name(vdt_multivariate_test test) noexcept {
    const bool known = test >= 0 && test < vedette::multivariate_test_count;
    return known ? vedette::multivariate_test_name(static_cast<vedette::MultivariateTest>(test)) : "unknown";
}

const char* vdt_drift_test_name(vdt_drift_test test) noexcept {
    if (!is_one_of(test, vedette::DriftTest::fisher_exact)) return "unknown";
    return vedette::drift_test_name(static_cast<vedette::DriftTest>(test));
}

const char* vdt_hypothesis_name(vdt_hypothesis hypothesis) noexcept {
    if (!is_one_of(hypothesis, vedette::Hypothesis::invalid_rate)) return "unknown";
    return vedette::hypothesis_name(static_cast<vedette::Hypothesis>(hypothesis));
}

}  // extern "C"
