// SPDX-License-Identifier: Apache-2.0
// Texts in a normal form of Unicode, without allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// The code points of a text while it is normalised. So many bound the time that marks out of order take, too.
using NormalScratch = std::array<std::int32_t, 513>;

/// The text in the form, which lies in `scratch`; the text itself where it is ASCII or the form is `none`. Empty for
/// what is not UTF-8, and for a text that decomposes into more than 512 code points. Unicode as the utf8proc that is
/// linked knows it (15.0 in 2.8).
[[nodiscard]] std::optional<std::string_view> normalised(std::string_view text, NormalForm form,
                                                         NormalScratch& scratch) noexcept;

}  // namespace vedette::inline v0::validation
