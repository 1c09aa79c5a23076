// SPDX-License-Identifier: Apache-2.0
// What a schema can find wrong: checks, their anomaly names, and how grave they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::inline v0::validation {

/// How grave a finding is; ordered.
enum class Severity : std::uint8_t { none = 0, warning = 1, error = 2 };

/// One thing that a schema can find wrong with a feature. The values are bits of a CheckSet, and are never reused.
enum class Check : std::uint8_t {
    missing = 0,         ///< a required feature is absent
    null = 1,            ///< a null where none is allowed
    type = 2,            ///< another type than the schema's
    not_a_number = 3,    ///< NaN where none is allowed
    infinity = 4,        ///< +-Inf where none is allowed
    minimum = 5,         ///< below the minimum
    maximum = 6,         ///< above the maximum
    standard_score = 7,  ///< further from the mean than so many standard deviations
    integral = 8,        ///< a fraction where whole numbers are expected
    step = 9,            ///< no multiple of the step
    domain = 10,         ///< a value that is not among the domain's, or not in the reference set
    utf8 = 11,           ///< a text that is not UTF-8
    short_text = 12,     ///< a text below the least length
    long_text = 13,      ///< a text above the greatest length
    format = 14,         ///< a text that is not of the format
    shape = 15,          ///< other dimensions than the schema's
    nestedness = 16,     ///< another number of levels of lists than the schema's
    few_values = 17,     ///< fewer values in a list than allowed
    many_values = 18,    ///< more values in a list than allowed
    memory = 19,         ///< a tensor whose bytes cannot be read
    presence = 20,       ///< too small a share of the rows holds the feature (of batches)
    count = 21,          ///< too few rows hold the feature (of batches)
    unique = 22,         ///< a value is repeated (of batches)
    monotonic = 23,      ///< a value is out of order (of batches)
    unexpected = 24,     ///< more than the schema knows: a column, or an element of a row
    pattern = 25,        ///< a text in which the pattern is not found, or a refused one is
    expression = 26,     ///< an expression over several features that is false
    control = 27,        ///< a refused control or bidirectional control character
    invisible = 28,      ///< a refused joiner, variation selector, tag or other invisible character
    confusable = 29,     ///< a word that mixes scripts, or looks like another
    repetition = 30,     ///< a text that repeats itself
    freshness = 31,      ///< a time that lies too far back, or ahead, by the caller's clock
};
inline constexpr std::size_t check_count = 32;

/// A set of checks, bit i for the check of value i.
using CheckSet = std::uint32_t;

/// Every check there is.
inline constexpr CheckSet all_checks = ~CheckSet{0};

[[nodiscard]] constexpr CheckSet set_of(Check check) noexcept {
    return CheckSet{1} << static_cast<unsigned>(check);
}
[[nodiscard]] constexpr bool contains(CheckSet set, Check check) noexcept {
    return (set & set_of(check)) != 0;
}

/// The checks that only a batch can decide; of one request they are not evaluated.
inline constexpr CheckSet batch_checks =
    set_of(Check::presence) | set_of(Check::count) | set_of(Check::unique) | set_of(Check::monotonic);

/// The name in a schema's `severity` and in reports, e.g. "minimum"; "unknown" for a value that is no check.
[[nodiscard]] const char* check_name(Check check) noexcept;
[[nodiscard]] std::optional<Check> check_from_name(std::string_view name) noexcept;

/// The anomaly of TensorFlow Data Validation that a failed check stands for, e.g. "FLOAT_TYPE_SMALL_FLOAT";
/// `is_integer` tells integers' names from floats'. Checks that TensorFlow Data Validation does not know give "".
[[nodiscard]] const char* anomaly_name(Check check, bool is_integer = false) noexcept;

/// "none", "warning" or "error".
[[nodiscard]] const char* severity_name(Severity severity) noexcept;

}  // namespace vedette::inline v0::validation
