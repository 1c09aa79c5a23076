// SPDX-License-Identifier: Apache-2.0
// `vedette privacy account` and `vedette privacy calibrate`.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "vedette/privacy/renyi.hpp"

namespace vedette::inline v0::cli {

namespace {

// Towards the reader's harm: the upper end up, the lower end down.
double rounded(double value, bool up) {
    if (!std::isfinite(value) || value == 0.0) return value;
    const double scale = std::pow(10.0, 5.0 - std::floor(std::log10(value)));
    return (up ? std::ceil(value * scale) : std::floor(value * scale)) / scale;
}

nlohmann::ordered_json json_number(double value) {
    if (std::isfinite(value)) return value;
    return nullptr;
}

nlohmann::ordered_json training_json(const PrivacyOptions& options, double noise) {
    return {{"noise_multiplier", noise},
            {"sampling_rate", options.training.sampling_rate},
            {"steps", options.training.steps},
            {"delta", options.delta}};
}

}  // namespace

ExitStatus privacy_account(const PrivacyOptions& options) {
    Interval bounds = privacy::dp_sgd_epsilon(options.training, options.delta, {.error = options.error});
    privacy::RenyiAccountant renyi;
    renyi.add_gaussian(options.training.noise_multiplier, options.training.sampling_rate, options.training.steps);
    const double renyi_epsilon = renyi.epsilon(options.delta);
    bounds.upper = std::min(bounds.upper, renyi_epsilon);  // both are above the truth
    const bool is_narrow = bounds.upper - bounds.lower <= options.error * (1.0 + 1e-9);
    const bool kept = !options.epsilon || bounds.upper <= *options.epsilon;
    if (options.as_json) {
        nlohmann::ordered_json document = training_json(options, options.training.noise_multiplier);
        // No number stands for an infinite epsilon.
        document["epsilon"] = {{"lower", json_number(bounds.lower)}, {"upper", json_number(bounds.upper)}};
        document["renyi_epsilon"] = json_number(renyi_epsilon);
        document["width_reached"] = is_narrow;
        if (options.epsilon) document["max_epsilon"] = *options.epsilon;
        if (options.epsilon) document["passed"] = kept;
        write_text("-", document.dump(2) + "\n");
    } else {
        std::string text = fmt::format("epsilon {:.6g} at delta {:g} (at least {:.6g}; by Renyi divergences {:.6g})\n",
                                       rounded(bounds.upper, true), options.delta, rounded(bounds.lower, false),
                                       rounded(renyi_epsilon, true));
        if (!is_narrow)
            text += fmt::format(
                "the interval is wider than {:g}: memory allows no finer grid, or delta lies too far in the tail\n",
                options.error);
        if (!kept) text += fmt::format("more than {:g} may be spent\n", *options.epsilon);
        write_text("-", text);
    }
    return kept ? exit_pass : exit_failed;
}

ExitStatus privacy_calibrate(const PrivacyOptions& options) {
    const privacy::Guarantee guarantee{*options.epsilon, options.delta};
    const double noise = privacy::calibrate_noise(
        {.guarantee = guarantee, .sampling_rate = options.training.sampling_rate, .steps = options.training.steps});
    if (options.as_json) {
        nlohmann::ordered_json document = training_json(options, noise);
        document["epsilon"] = guarantee.epsilon;
        write_text("-", document.dump(2) + "\n");
    } else {
        write_text("-", fmt::format("noise multiplier {:.6g} for epsilon {:g} at delta {:g}\n", rounded(noise, true),
                                    guarantee.epsilon, options.delta));
    }
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
