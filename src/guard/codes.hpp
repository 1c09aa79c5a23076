// SPDX-License-Identifier: Apache-2.0
// What one entry of a row turned out to be: a cell, a code of the row kernels, or one of the two codes added here.
#pragma once

#include <cstdint>

#include "kernels/table.hpp"

namespace vedette::inline v0::codes {

inline constexpr std::uint16_t nan = kernels::code_nan;
inline constexpr std::uint16_t positive_infinity = kernels::code_positive_infinity;
inline constexpr std::uint16_t negative_infinity = kernels::code_negative_infinity;
inline constexpr std::uint16_t null = 0xFFFB;
inline constexpr std::uint16_t invalid = 0xFFFA;

}  // namespace vedette::inline v0::codes
