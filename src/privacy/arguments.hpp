// SPDX-License-Identifier: Apache-2.0
// What a parameter of the accountants may be.
#pragma once

namespace vedette::inline v0::privacy {

/// Throws Error(invalid_argument) unless `value` lies within both ends; NaN never does.
void require_within(const char* name, double value, double least, double most);

}  // namespace vedette::inline v0::privacy
