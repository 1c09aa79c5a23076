// SPDX-License-Identifier: Apache-2.0
// DP-SGD by numerical composition, and the search for its noise.
#include "vedette/privacy/dp_sgd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/arguments.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

Interval dp_sgd_epsilon(const DpSgd& training, double delta, const PrivacyLossOptions& options) {
    return PrivacyLossDistribution::gaussian(
               {.noise_multiplier = training.noise_multiplier, .sampling_rate = training.sampling_rate})
        .compose(training.steps)
        .epsilon(delta, options);
}

double calibrate_noise(const NoiseTarget& target) {
    require_within("epsilon", target.guarantee.epsilon, 1e-6, 1e4);
    require_within("delta", target.guarantee.delta, 1e-280, std::nextafter(1.0, 0.0));
    require_within("precision", target.precision, 1e-6, 0.1);
    require_within("sampling_rate", target.sampling_rate, 1e-12, 1.0);
    require_within("steps", static_cast<double>(target.steps), 1.0, 4294967296.0);
    if (target.sampling_rate == 1.0) {  // one Gaussian of all steps together: a closed form
        const double sigma =
            gaussian_sigma(target.guarantee) * std::sqrt(static_cast<double>(target.steps)) * (1.0 + 1e-15);
        return std::max(sigma, 0.05);
    }
    const PrivacyLossOptions options{.error = std::max(1e-7, 0.5 * target.precision * target.guarantee.epsilon)};
    // A bracket first, by bounds as coarse as a tenth of epsilon; only what falls between them is looked at closely.
    const auto suffices = [&](double noise) {
        const DpSgd training{noise, target.sampling_rate, target.steps};
        const Interval coarse = dp_sgd_epsilon(training, target.guarantee.delta,
                                               {.error = std::max(options.error, 0.1 * target.guarantee.epsilon)});
        if (coarse.upper <= target.guarantee.epsilon) return true;
        if (coarse.lower > target.guarantee.epsilon) return false;
        return dp_sgd_epsilon(training, target.guarantee.delta, options).upper <= target.guarantee.epsilon;
    };
    double high = 1.0;
    while (!suffices(high)) {
        if (high >= 1e6) {
            throw Error(
                ErrorCode::invalid_argument,
                fmt::format("epsilon is {}; no noise multiplier up to 1e6 achieves it", target.guarantee.epsilon));
        }
        high = std::min(2.0 * high, 1e6);
    }
    double low = 0.5 * high;
    while (low >= 0.05 && suffices(low)) {
        high = low;
        low *= 0.5;
    }
    low = std::max(low, 0.05);
    while (high > low * (1.0 + target.precision)) {
        const double middle = std::sqrt(low * high);
        (suffices(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace vedette::inline v0::privacy
