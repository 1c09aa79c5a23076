// SPDX-License-Identifier: Apache-2.0
// The polynomial behind exponentials in fixed point, for the kernels and their scalar twin.
#pragma once

#include <cstdint>

namespace vedette::inline v0::kernels {

/// (1 - 2^(-g/4)) / g on [0, 1], within 2^-63: degree 8 through Chebyshev's points, coefficients of alternating sign in
/// units of 2^-64.
constexpr std::uint64_t exp_even[5] = {0x2C5C85FDF473DE6AU, 0x0038D611AE09329AU, 0x000015D87FE475E5U,
                                       0x00000003FF88C6DFU, 0x0000000000651B53U};
constexpr std::uint64_t exp_odd[4] = {0x03D7F7BFF058B146U, 0x000276556DF6B0B9U, 0x000000A1848090D1U,
                                      0x00000000161CE13EU};
/// 2^(-j/4), j = 0 to 3, in units of 2^-64; and the differences by which masks of j's bits choose among them.
constexpr std::uint64_t quarter_powers[4] = {0xFFFFFFFFFFFFFFFFU, 0xD744FCCAD69D6AF4U, 0xB504F333F9DE6484U,
                                             0x9837F0518DB8A96FU};
constexpr std::uint64_t quarter_odd = quarter_powers[0] ^ quarter_powers[1];
constexpr std::uint64_t quarter_high = quarter_powers[0] ^ quarter_powers[2];
constexpr std::uint64_t quarter_both = quarter_powers[0] ^ quarter_powers[1] ^ quarter_powers[2] ^ quarter_powers[3];
/// n rate / log 2 has so many integer bits.
constexpr unsigned exp_integer_bits = 3;

}  // namespace vedette::inline v0::kernels
