// SPDX-License-Identifier: Apache-2.0
// Integer thresholds of coins whose odds keep a promise.
#pragma once

#include <cstdint>

namespace vedette::inline v0::privacy {

/// The least T, or one more, with (2^64 - T) / (T / others) <= e^epsilon: a lie of T / 2^64 shared by so many other
/// answers leaves the truth odds of at most e^epsilon against each. epsilon in [2^-30, 40], others at least 1.
std::uint64_t lie_threshold(double epsilon, std::uint64_t others);

}  // namespace vedette::inline v0::privacy
