// SPDX-License-Identifier: Apache-2.0
// Changes of a schema that are told without a second schema to compare.
#pragma once

#include "vedette/validation/schema_diff.hpp"

namespace vedette::inline v0::validation {

[[nodiscard]] SchemaChange removal_of(const Expression& expression);

}  // namespace vedette::inline v0::validation
