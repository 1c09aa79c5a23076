// SPDX-License-Identifier: Apache-2.0
// Image filters after their checks: what a score runs per request.
#pragma once

#include "vedette/perturbation/query_score.hpp"

namespace vedette::inline v0::perturbation {

/// Throw Error(invalid_argument) for what `squeeze` could not do.
void check_bits(unsigned bits, unsigned most);
void check_squeezer(const Squeezer& squeezer, const ImageShape& shape);

/// Floats that `squeeze` needs besides the output.
std::size_t squeezer_workspace(const Squeezer& squeezer, const ImageShape& shape) noexcept;
void squeeze(const Squeezer& squeezer, const float* image, const ImageShape& shape, float highest, float* out,
             float* workspace) noexcept;
void find_non_local_means(const float* image, const ImageShape& shape, const NonLocalMeansOptions& options, float* out,
                          float* workspace) noexcept;

}  // namespace vedette::inline v0::perturbation
