// SPDX-License-Identifier: Apache-2.0
// DP-SGD by numerical composition, and the search for its noise.
#include "vedette/privacy/dp_sgd.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "privacy/arguments.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

LossInterval dp_sgd_epsilon(const DpSgd& training, double delta, const PrivacyLossOptions& options) {
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
    const auto training = [&target](double noise) {
        return PrivacyLossDistribution::gaussian({.noise_multiplier = noise, .sampling_rate = target.sampling_rate})
            .compose(target.steps);
    };
    return calibrate_noise(target.guarantee, training, {.precision = target.precision});
}

double calibrate_noise(const Guarantee& guarantee,
                       const std::function<PrivacyLossDistribution(double noise)>& composition,
                       const NoiseSearch& search) {
    require_within("epsilon", guarantee.epsilon, 1e-6, 1e4);
    require_within("delta", guarantee.delta, 1e-280, std::nextafter(1.0, 0.0));
    require_within("precision", search.precision, 1e-6, 0.1);
    require_within("least", search.least, 1e-9, 1e9);
    require_within("most", search.most, search.least, 1e9);
    const double error = std::max(1e-7, 0.5 * search.precision * guarantee.epsilon);
    // A bracket first, by bounds as coarse as a tenth of epsilon; only what falls between them is looked at closely.
    const auto suffices = [&](double noise) {
        const PrivacyLossDistribution loss = composition(noise);
        const Interval coarse = loss.epsilon(guarantee.delta, {.error = std::max(error, 0.1 * guarantee.epsilon)});
        if (coarse.upper <= guarantee.epsilon) return true;
        if (coarse.lower > guarantee.epsilon) return false;
        return loss.epsilon(guarantee.delta, {.error = error}).upper <= guarantee.epsilon;
    };
    double high = std::clamp(1.0, search.least, search.most);
    while (!suffices(high)) {
        if (high >= search.most) {
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("epsilon is {}; no noise up to {} achieves it", guarantee.epsilon, search.most));
        }
        high = std::min(2.0 * high, search.most);
    }
    double low = 0.5 * high;
    while (low >= search.least && suffices(low)) {
        high = low;
        low *= 0.5;
    }
    low = std::max(low, search.least);
    while (high > low * (1.0 + search.precision)) {
        const double middle = std::sqrt(low * high);
        (suffices(middle) ? high : low) = middle;
    }
    return high;
}

}  // namespace vedette::inline v0::privacy
