// SPDX-License-Identifier: Apache-2.0
// The check of a parameter's range.
#include "privacy/arguments.hpp"

#include <fmt/format.h>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

void require_within(const char* name, double value, double least, double most) {
    if (value >= least && value <= most) return;
    throw Error(ErrorCode::invalid_argument,
                fmt::format("{} is {}; it must lie from {} to {}", name, value, least, most));
}

}  // namespace vedette::inline v0::privacy
