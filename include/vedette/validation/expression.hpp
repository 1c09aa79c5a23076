// SPDX-License-Identifier: Apache-2.0
// Rules that hold several features of a row against each other.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "vedette/validation/check.hpp"

namespace vedette::inline v0::validation {

/// A statement about a row, e.g. `pickup_time <= dropoff_time`, `abs(total - (fare + tip)) <= 0.01` or
/// `country == "US" implies zip != null`. A row for which it is false fails `Check::expression`.
///
/// From the weakest to the strongest: `implies` (groups to the right), `or`, `and`, `not`; one of `< <= > >= == !=`,
/// `in (1, 2)`, `not in ("a", "b")`; `+ -`, `* / %`, the sign; `abs(x)`, `min(x, y)`, `max(x, y)`, `length(text)` in
/// bytes; parentheses. A name is a feature's; in backquotes where it is not made of ASCII letters, digits and `_`, is a
/// word of the language, or begins with a digit (a backquote in it is doubled). Texts stand in double or single quotes,
/// with \\, \" and \' for these three characters. `true`, `false`, and, only right of == and !=, `null`.
///
/// Types are checked when the schema is made: numbers (floating and integer features), truth values (boolean ones) and
/// texts (text and bytes). Only equals of a type are compared, texts byte by byte, truth values with == and != alone;
/// the whole is a truth value and names at least one feature.
///
/// Null is unknown, and so is NaN, a value of another type than its feature's, a feature that a row does not reach, and
/// a number that has no value (0 / 0). Arithmetic and comparisons with something unknown are unknown; `and`, `or`,
/// `not` and `implies` follow Kleene: unknown unless the known side decides. `x == null` and `x != null` are always
/// known. What is unknown as a whole does not fail, as in SQL's CHECK: `x != null and x <= y` demands a value,
/// `required` too.
///
/// Whole numbers of 64 bits are added, subtracted, multiplied and compared exactly, also with doubles; on overflow, and
/// by `/`, they go on as doubles. `%` has the sign of its left side, and is unknown for x % 0. Floating features
/// are doubles: 0.1 as f32 is not 0.1.
///
/// At most 4096 bytes, 256 operations and literals, 32 features, and 32 levels of nesting.
struct Expression {
    std::string name;  ///< 1 to 1024 bytes of UTF-8, unique among the schema's expressions
    std::string expression;
    Severity severity = Severity::error;  ///< `none`: not evaluated

    friend bool operator==(const Expression&, const Expression&) = default;
};

}  // namespace vedette::inline v0::validation
