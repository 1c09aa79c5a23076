// SPDX-License-Identifier: Apache-2.0
// Regular expressions between ECMA-262's syntax, which JSON Schema uses, and RE2's.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vedette::inline v0::validation {

/// The pattern in RE2's syntax with the meaning that ECMA-262 gives it (without flags but `u`); empty where this reader
/// does not know one: look-around, back-references, named groups, properties other than a general category or
/// script's name in braces. Whatever it gives, RE2 may still refuse.
[[nodiscard]] std::optional<std::string> pattern_from_ecma(std::string_view pattern);

/// The reverse, of a pattern that RE2 accepts; empty for flags, \A, \z, \Q, \C, POSIX classes and named groups.
[[nodiscard]] std::optional<std::string> pattern_to_ecma(std::string_view pattern);

}  // namespace vedette::inline v0::validation
