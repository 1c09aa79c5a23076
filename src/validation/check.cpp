// SPDX-License-Identifier: Apache-2.0
// The names of checks, anomalies and severities.
#include "vedette/validation/check.hpp"

#include <array>

namespace vedette::inline v0::validation {

namespace {

struct Names {
    const char* check;
    const char* anomaly;          // of floats, or of any type
    const char* integer_anomaly;  // where integers have another
};

constexpr std::array<Names, check_count> names{{
    {"missing", "SCHEMA_MISSING_COLUMN", nullptr},
    {"null", "FEATURE_TYPE_NOT_PRESENT", nullptr},
    {"type", "UNEXPECTED_DATA_TYPE", nullptr},
    {"not_a_number", "FLOAT_TYPE_HAS_NAN", nullptr},
    {"infinity", "FLOAT_TYPE_HAS_INF", nullptr},
    {"minimum", "FLOAT_TYPE_SMALL_FLOAT", "INT_TYPE_SMALL_INT"},
    {"maximum", "FLOAT_TYPE_BIG_FLOAT", "INT_TYPE_BIG_INT"},
    {"standard_score", "", nullptr},
    {"integral", "", nullptr},
    {"step", "", nullptr},
    {"domain", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", nullptr},
    {"utf8", "ENUM_TYPE_INVALID_UTF8", nullptr},
    {"short_text", "", nullptr},
    {"long_text", "", nullptr},
    {"format", "", nullptr},
    {"shape", "INVALID_FEATURE_SHAPE", nullptr},
    {"nestedness", "VALUE_NESTEDNESS_MISMATCH", nullptr},
    {"few_values", "FEATURE_TYPE_LOW_NUMBER_VALUES", nullptr},
    {"many_values", "FEATURE_TYPE_HIGH_NUMBER_VALUES", nullptr},
    {"memory", "", nullptr},
    {"presence", "FEATURE_TYPE_LOW_FRACTION_PRESENT", nullptr},
    {"count", "FEATURE_TYPE_LOW_NUMBER_PRESENT", nullptr},
    {"unique", "FEATURE_TYPE_LOW_UNIQUE", nullptr},
    {"monotonic", "", nullptr},
    {"unexpected", "SCHEMA_NEW_COLUMN", nullptr},
    {"pattern", "", nullptr},
    {"expression", "", nullptr},
    {"control", "", nullptr},
    {"invisible", "", nullptr},
    {"confusable", "", nullptr},
    {"repetition", "", nullptr},
    {"freshness", "", nullptr},
}};

}  // namespace

const char* check_name(Check check) noexcept {
    const auto index = static_cast<std::size_t>(check);
    return index < names.size() ? names[index].check : "unknown";
}

std::optional<Check> check_from_name(std::string_view name) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (name == names[i].check) return static_cast<Check>(i);
    }
    return std::nullopt;
}

const char* anomaly_name(Check check, bool is_integer) noexcept {
    const auto index = static_cast<std::size_t>(check);
    if (index >= names.size()) return "";
    return is_integer && names[index].integer_anomaly != nullptr ? names[index].integer_anomaly : names[index].anomaly;
}

const char* severity_name(Severity severity) noexcept {
    switch (severity) {
        case Severity::none: return "none";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    return "unknown";
}

}  // namespace vedette::inline v0::validation
