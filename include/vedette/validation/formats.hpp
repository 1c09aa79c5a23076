// SPDX-License-Identifier: Apache-2.0
// Recognisers of the texts that `Format` names: no allocation, linear time, no locale.
#pragma once

#include <string_view>

#include "vedette/validation/schema.hpp"

namespace vedette::inline v0::validation {

/// Whether the whole text is of the format; see `Format` for the grammars. True for `none`, false for a value that is
/// no Format. Bytes beyond ASCII are in no format. O(length), thread-safe.
[[nodiscard]] bool matches(Format format, std::string_view text) noexcept;

}  // namespace vedette::inline v0::validation
