// SPDX-License-Identifier: Apache-2.0
// Reference sets and the clock, as the library takes them.
#pragma once

#include "vedette.h"
#include "vedette/validation/reference_values.hpp"

namespace vedette::inline v0::capi {

/// NULL: none. Throws Error: invalid_argument for a NULL and a set that is given twice, overflow.
validation::RuleInputs read_rule_inputs(const vdt_rule_inputs* given);

}  // namespace vedette::inline v0::capi
