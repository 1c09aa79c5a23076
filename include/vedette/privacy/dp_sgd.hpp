// SPDX-License-Identifier: Apache-2.0
// The privacy of training with noisy gradients, and the noise that a wanted privacy takes.
#pragma once

#include <cstdint>
#include <functional>

#include "vedette/privacy/accounting.hpp"
#include "vedette/privacy/privacy_loss.hpp"

namespace vedette::inline v0::privacy {

/// DP-SGD: Gaussian noise on sums of clipped gradients over Poisson samples of the records.
struct DpSgd {
    double noise_multiplier = 1.0;  ///< standard deviation over the clipping norm, in [0.05, 1e6]
    double sampling_rate = 0.01;    ///< expected batch over records, in (0, 1]
    std::uint64_t steps = 1;        ///< at most 2^32
};

/// The epsilon at this delta. For batches that were shuffled, not Poisson-sampled, it says nothing.
[[nodiscard]] LossInterval dp_sgd_epsilon(const DpSgd& training, double delta, const PrivacyLossOptions& options = {});

/// What the noise shall achieve.
struct NoiseTarget {
    Guarantee guarantee;  ///< epsilon in (0, 1e4], delta in [1e-280, 1)
    double sampling_rate = 1.0;
    std::uint64_t steps = 1;
    double precision = 1e-3;  ///< relative, of the noise multiplier; 1e-6 to 0.1
};

/// The least noise multiplier whose upper bound of epsilon keeps the guarantee, at most `precision` too large apart
/// from the bound's own slack. Throws Error(invalid_argument) when none in [0.05, 1e6] does.
[[nodiscard]] double calibrate_noise(const NoiseTarget& target);

/// Where the noise of a mechanism is looked for.
struct NoiseSearch {
    double least = 0.05;
    double most = 1e6;
    double precision = 1e-3;  ///< relative; 1e-6 to 0.1
};

/// The same for any composition that loses the less the more noise a part of it has, e.g. of several mechanisms:
/// `composition(noise)`. What it throws is passed on. Every noise that is returned was checked: its upper bound of
/// epsilon keeps the guarantee. Throws Error(invalid_argument) when none within the search does.
[[nodiscard]] double calibrate_noise(const Guarantee& guarantee,
                                     const std::function<PrivacyLossDistribution(double noise)>& composition,
                                     const NoiseSearch& search = {});

}  // namespace vedette::inline v0::privacy
