// SPDX-License-Identifier: Apache-2.0
// Numbers from text, without a locale.
#pragma once

#include <optional>
#include <string_view>

#include "vedette/core/value.hpp"

namespace vedette::inline v0 {

/// A decimal number: surrounding spaces and tabs are ignored, a leading + is allowed, "nan", "inf" and "infinity" in
/// any case. Beyond the range of a double it is infinite, too small it is zero. Empty for any other text (hexadecimal,
/// thousands separators, a decimal comma, trailing units). Independent of the locale.
[[nodiscard]] std::optional<double> parse_number(std::string_view text) noexcept;

/// The same as a value: a whole number of 64 bits without point or exponent exactly; a text that is no number stays
/// one.
[[nodiscard]] Value number_or_text(std::string_view text) noexcept;

}  // namespace vedette::inline v0
