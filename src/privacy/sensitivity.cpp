// SPDX-License-Identifier: Apache-2.0
// Checks of the parameter types.
#include "vedette/privacy/sensitivity.hpp"

#include <fmt/format.h>

#include <cmath>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace detail {

double check_positive(double value, const char* name) {
    if (!(value > 0.0 && std::isfinite(value)))
        throw Error(ErrorCode::invalid_argument, fmt::format("{} is {}: it must be positive and finite", name, value));
    return value;
}

}  // namespace detail

Bounds::Bounds(double lower, double upper) : lower_(lower), upper_(upper) {
    if (!(std::isfinite(lower) && std::isfinite(upper) && lower <= upper))
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("bounds are [{}, {}]: they must be finite and in order", lower, upper));
}

Delta::Delta(double value) : value_(value) {
    if (!(value > 0.0 && value < 1.0))
        throw Error(ErrorCode::invalid_argument, fmt::format("delta is {}: it must lie between 0 and 1", value));
}

WholeSensitivity::WholeSensitivity(std::uint64_t value) : value_(value) {
    if (value == 0 || value > largest)
        throw Error(ErrorCode::invalid_argument, fmt::format("sensitivity is {}: it must be from 1 to 2^40", value));
}

}  // namespace vedette::inline v0::privacy
