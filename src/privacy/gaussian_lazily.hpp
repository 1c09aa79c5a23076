// SPDX-License-Identifier: Apache-2.0
// The discrete Gaussian's rare path, made common for tests.
#pragma once

#include <cstdint>
#include <span>

#include "privacy/keystream.hpp"

namespace vedette::inline v0::privacy {

/// As DiscreteGaussian(sigma).sample for a sigma above 20, but with no coin left to fixed point that is not half its
/// range away: half of them and more go to interval arithmetic. The same law, a thousand times slower.
void sample_lazily(double sigma, std::span<std::int64_t> out, detail::Keystream& keystream);

}  // namespace vedette::inline v0::privacy
