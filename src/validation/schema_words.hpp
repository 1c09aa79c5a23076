// SPDX-License-Identifier: Apache-2.0
// The words that a schema's document uses for its choices, in the order of the enumerations.
#pragma once

#include <array>
#include <string>

namespace vedette::inline v0::validation {

inline constexpr std::array type_words{"floating", "integer", "boolean", "text", "bytes"};
inline constexpr std::array meaning_words{"unspecified", "continuous", "count",     "categorical",
                                          "ordinal",     "identifier", "timestamp", "free_text"};
inline constexpr std::array stage_words{"production", "planned",    "alpha",   "beta",
                                        "debug_only", "deprecated", "disabled"};
inline constexpr std::array order_words{"any", "increasing", "strictly_increasing", "decreasing",
                                        "strictly_decreasing"};
inline constexpr std::array unit_words{"bytes", "code_points"};
inline constexpr std::array case_words{"exact", "fold_ascii"};
inline constexpr std::array normal_form_words{"none", "nfc", "nfkc"};
inline constexpr std::array time_unit_words{"seconds", "milliseconds", "microseconds", "nanoseconds"};
inline constexpr std::array format_words{"none",  "date", "time", "date_time", "uuid",
                                         "email", "ipv4", "ipv6", "uri",       "hostname"};
inline constexpr std::array character_words{"control", "bidirectional", "joiner", "variation_selector",
                                            "tag",     "invisible"};
inline constexpr std::array scripts_words{"any", "highly_restrictive", "single"};
inline constexpr std::array text_unit_words{"words", "code_points"};
inline constexpr std::array repair_words{"clamp", "impute"};
inline constexpr std::array severity_words{"none", "warning", "error"};

/// Throws Error(invalid_argument): "schema <path>: <what>".
[[noreturn]] void refuse(const std::string& path, const std::string& what);

}  // namespace vedette::inline v0::validation
