// SPDX-License-Identifier: Apache-2.0
// `vedette privacy account` and `vedette privacy calibrate`.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "privacy_events.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Towards the reader's harm: the upper end up, the lower end down.
double rounded(double value, bool up) {
    if (!std::isfinite(value) || value == 0.0) return value;
    const double scale = std::pow(10.0, 5.0 - std::floor(std::log10(value)));
    if (!std::isfinite(scale)) return value;
    return (up ? std::ceil(value * scale) : std::floor(value * scale)) / scale;
}

nlohmann::ordered_json json_number(double value) {
    if (std::isfinite(value)) return value;
    return nullptr;
}

nlohmann::ordered_json json_interval(const Interval& bounds) {
    // No number stands for an infinite epsilon.
    return {{"lower", json_number(bounds.lower)}, {"upper", json_number(bounds.upper)}};
}

// The flags of a training are one event more.
std::vector<PrivacyEvent> events_of(const PrivacyOptions& options, bool is_calibration) {
    std::vector<PrivacyEvent> events;
    const privacy::Neighbouring neighbouring = options.neighbouring.value_or(privacy::Neighbouring::add_remove);
    for (const std::string& text : options.events) events.emplace_back(text, is_calibration, neighbouring);
    const bool has_training = options.noise_multiplier || options.sampling_rate || options.steps;
    if (has_training) {
        if (!is_calibration && !options.noise_multiplier)
            throw Error(ErrorCode::invalid_argument, "--noise-multiplier is not given");
        if (!options.sampling_rate || !options.steps)
            throw Error(ErrorCode::invalid_argument, "a training takes --sampling-rate and --steps");
        std::string text = "gaussian:";
        if (!is_calibration) text += fmt::format("sigma={},", *options.noise_multiplier);
        events.emplace_back(text + fmt::format("rate={},times={}", *options.sampling_rate, *options.steps),
                            is_calibration, neighbouring);
    }
    if (events.empty()) throw Error(ErrorCode::invalid_argument, "no --event, and no training either; see --help");
    return events;
}

void require_positive(const char* name, const std::optional<double>& value) {
    if (value && !(*value >= 0.0 && std::isfinite(*value)))
        throw Error(ErrorCode::invalid_argument, fmt::format("{} is {}; it must be 0 or more", name, *value));
}

bool is_replaced(const PrivacyOptions& options) noexcept {
    return options.neighbouring == privacy::Neighbouring::replace_one;
}

bool any_sampled(const std::vector<PrivacyEvent>& events) {
    return std::any_of(events.begin(), events.end(), [](const PrivacyEvent& event) { return event.is_sampled(); });
}

nlohmann::ordered_json document_of(const PrivacyOptions& options, const std::vector<PrivacyEvent>& events) {
    nlohmann::ordered_json document;
    if (options.noise_multiplier) document["noise_multiplier"] = *options.noise_multiplier;
    if (options.sampling_rate) document["sampling_rate"] = *options.sampling_rate;
    if (options.steps) document["steps"] = *options.steps;
    for (const PrivacyEvent& event : events) document["events"].push_back(event.to_json());
    const bool sampled = any_sampled(events);
    if (options.neighbouring) {
        document["neighbours"] = is_replaced(options) ? "one_record_replaced" : "one_record_added_or_removed";
    } else {
        document["neighbours"] = sampled ? "one_record_added_or_removed" : "as_the_events_state";
    }
    document["sampling"] = sampled ? "poisson" : "none";
    return document;
}

std::string validity(const PrivacyOptions& options, const std::vector<PrivacyEvent>& events) {
    const bool sampled = any_sampled(events);
    std::string text = "for the neighbours that sensitivities and guarantees are stated for";
    if (is_replaced(options)) {
        text =
            "for data of which one record is replaced by another one; sigma, scale and sensitivity are those of one "
            "added or removed, guarantees those of one replaced";
    } else if (sampled || options.neighbouring) {
        text = "for data that differ by one record added or removed";
    }
    return text + (sampled ? "; every rate is of Poisson sampling: of shuffled batches this says nothing\n" : "\n");
}

// What all events know of themselves by some quick definition: the sum over them, or nothing.
template <class Value>
std::optional<double> summed(const std::vector<PrivacyEvent>& events, const Value& value) {
    double sum = 0.0;
    for (const PrivacyEvent& event : events) {
        const std::optional<double> one = value(event);
        if (!one) return std::nullopt;
        sum = std::nextafter(sum + *one, infinity);
    }
    return sum;
}

// All that the accountants know of some events.
class Accounts {
  public:
    Accounts(const std::vector<PrivacyEvent>& events, double error) : options_{.error = error} {
        has_loss_ = std::all_of(events.begin(), events.end(), [](const PrivacyEvent& e) { return e.has_loss(); });
        if (has_loss_)
            for (const PrivacyEvent& event : events) loss_ = loss_.compose(event.loss());
        has_renyi_ = std::all_of(events.begin(), events.end(),
                                 [this](const PrivacyEvent& event) { return event.add_to(renyi_); });
        if (!has_loss_ && !has_renyi_)
            throw Error(
                ErrorCode::invalid_argument,
                "of some of these events only divergences are known, and of others none: account for them apart");
    }

    [[nodiscard]] bool has_loss() const noexcept { return has_loss_; }
    [[nodiscard]] const privacy::PrivacyLossDistribution& loss() const noexcept { return loss_; }
    [[nodiscard]] const privacy::PrivacyLossOptions& options() const noexcept { return options_; }

    // `by_renyi` is NaN where it is not known. Both upper ends are above the truth.
    [[nodiscard]] privacy::LossInterval epsilon(double delta, double& by_renyi) const {
        by_renyi = has_renyi_ ? renyi_.epsilon(delta) : std::nan("");
        if (!has_loss_) return {{0.0, by_renyi}, false};
        privacy::LossInterval bounds = loss_.epsilon(delta, options_);
        bounds.upper = std::fmin(bounds.upper, by_renyi);
        bounds.width_reached = bounds.width_reached || bounds.upper - bounds.lower <= options_.error;
        return bounds;
    }

    [[nodiscard]] privacy::LossInterval delta(double epsilon, double& by_renyi) const {
        by_renyi = has_renyi_ ? renyi_.delta(epsilon) : std::nan("");
        if (!has_loss_) return {{0.0, by_renyi}, false};
        privacy::LossInterval bounds = loss_.delta(epsilon, options_);
        bounds.upper = std::fmin(bounds.upper, by_renyi);
        return bounds;
    }

  private:
    privacy::PrivacyLossOptions options_;
    privacy::PrivacyLossDistribution loss_;
    privacy::RenyiAccountant renyi_;
    bool has_loss_ = false;
    bool has_renyi_ = false;
};

std::string bound_text(const char* what, const privacy::LossInterval& bounds, const std::string& at, double by_renyi,
                       bool has_loss) {
    std::string text = fmt::format("{} {:.6g} at {} (", what, rounded(bounds.upper, true), at);
    if (has_loss) text += fmt::format("at least {:.6g}", rounded(bounds.lower, false));
    if (has_loss && !std::isnan(by_renyi)) text += "; ";
    if (!std::isnan(by_renyi))
        text += has_loss ? fmt::format("by Renyi divergences {:.6g}", rounded(by_renyi, true)) : "by Renyi divergences";
    return text + ")\n";
}

}  // namespace

ExitStatus privacy_account(const PrivacyOptions& options) {
    require_positive("--max-epsilon", options.max_epsilon);
    require_positive("--max-delta", options.max_delta);
    if (options.delta && options.epsilon)
        throw Error(ErrorCode::invalid_argument, "--delta asks for epsilon, --epsilon for delta: give one of them");
    if (!options.delta && !options.epsilon && !options.false_positive_rate)
        throw Error(ErrorCode::invalid_argument, "at which --delta, --epsilon or --false-positive-rate?");
    if (options.max_epsilon && !options.delta)
        throw Error(ErrorCode::invalid_argument, "--max-epsilon takes a --delta");
    if (options.max_delta && !options.epsilon)
        throw Error(ErrorCode::invalid_argument, "--max-delta takes an --epsilon");
    const std::vector<PrivacyEvent> events = events_of(options, false);
    const Accounts accounts(events, options.error);
    nlohmann::ordered_json document = document_of(options, events);
    std::string text;
    bool kept = true;
    bool is_narrow = true;
    const auto tell = [&](const char* what, const privacy::LossInterval& bounds, const std::string& at, double by_renyi,
                          const std::optional<double>& most) {
        is_narrow = is_narrow && (bounds.width_reached || !accounts.has_loss());
        document[what] = json_interval(bounds);
        if (!std::isnan(by_renyi)) document[fmt::format("renyi_{}", what)] = json_number(by_renyi);
        text += bound_text(what, bounds, at, by_renyi, accounts.has_loss());
        if (most && !(bounds.upper <= *most)) {
            kept = false;
            text += fmt::format("more than {:g} may be spent\n", *most);
        }
        if (most) document[fmt::format("max_{}", what)] = *most;
    };
    double by_renyi = 0.0;
    if (options.delta) {
        document["delta"] = *options.delta;
        const privacy::LossInterval bounds = accounts.epsilon(*options.delta, by_renyi);
        tell("epsilon", bounds, fmt::format("delta {:g}", *options.delta), by_renyi, options.max_epsilon);
    }
    if (options.epsilon) {
        document["epsilon"] = *options.epsilon;
        const privacy::LossInterval bounds = accounts.delta(*options.epsilon, by_renyi);
        tell("delta", bounds, fmt::format("epsilon {:g}", *options.epsilon), by_renyi, options.max_delta);
    }
    if (options.false_positive_rate) {
        if (!accounts.has_loss())
            throw Error(ErrorCode::invalid_argument, "--false-positive-rate: divergences alone tell no such rate");
        const privacy::LossInterval power =
            accounts.loss().true_positive_rate(*options.false_positive_rate, accounts.options());
        is_narrow = is_narrow && power.width_reached;
        document["false_positive_rate"] = *options.false_positive_rate;
        document["true_positive_rate"] = json_interval(power);
        text += fmt::format(
            "an attack that takes {:g} of non-members for members finds at most {:.6g} of the members (the best one at "
            "least {:.6g})\n",
            *options.false_positive_rate, rounded(power.upper, true), rounded(power.lower, false));
    }
    // What these two are above the truth by their rounding, some 1e-12, is not shown.
    if (const auto rho = summed(events, [](const PrivacyEvent& e) { return e.rho(); })) {
        document["rho"] = json_number(*rho);
        text += fmt::format("rho {:.6g} of zero-concentrated privacy\n", rounded(*rho * (1.0 - 1e-11), true));
    }
    const auto square = [](const PrivacyEvent& e) {
        const std::optional<double> mu = e.mu();
        return mu ? std::optional(*mu * *mu * (1.0 + 0x1p-51)) : std::nullopt;
    };
    if (const auto squares = summed(events, square)) {
        const double mu = std::nextafter(std::sqrt(*squares), infinity);
        document["mu"] = json_number(mu);
        text += fmt::format("mu {:.6g} of Gaussian differential privacy\n", rounded(mu * (1.0 - 1e-11), true));
    }
    document["width_reached"] = is_narrow;
    if (!is_narrow)
        text += fmt::format(
            "an interval is wider than {:g}: memory or rounding allows no finer grid, or delta lies too far in the "
            "tail\n",
            options.error);
    if (options.max_epsilon || options.max_delta) document["passed"] = kept;
    write_text("-", options.as_json ? document.dump(2) + "\n" : text + validity(options, events));
    return kept ? exit_pass : exit_failed;
}

ExitStatus privacy_calibrate(const PrivacyOptions& options) {
    const privacy::Guarantee guarantee{options.epsilon.value(), options.delta.value()};
    std::vector<PrivacyEvent> events = events_of(options, true);
    if (std::count_if(events.begin(), events.end(), [](const PrivacyEvent& e) { return e.lacks_noise(); }) != 1)
        throw Error(ErrorCode::invalid_argument,
                    "one event must be given without its sigma, scale, epsilon or mu, which is then looked for");
    PrivacyEvent& sought =
        *std::find_if(events.begin(), events.end(), [](const PrivacyEvent& e) { return e.lacks_noise(); });
    const bool grows = sought.noise_name() != nullptr && sought.grows_with_privacy();
    const privacy::NoiseSearch search = sought.search(options.precision);
    double value = 0.0;
    if (events.size() == 1 && sought.kind() == "gaussian" && !is_replaced(options)) {
        value = privacy::calibrate_noise({.guarantee = guarantee,
                                          .sampling_rate = sought.rate(),
                                          .steps = sought.times(),
                                          .precision = options.precision});
    } else {
        privacy::PrivacyLossDistribution others;
        for (const PrivacyEvent& event : events) {
            if (event.lacks_noise()) continue;
            if (!event.has_loss())
                throw Error(ErrorCode::invalid_argument,
                            fmt::format("{} has no distribution of losses to calibrate beside", event.kind()));
            others = others.compose(event.loss());
        }
        const auto composition = [&](double noise) {
            PrivacyEvent filled = sought;
            filled.set_noise(grows ? noise : 1.0 / noise);
            return others.compose(filled.loss());
        };
        const double noise = privacy::calibrate_noise(guarantee, composition, search);
        value = grows ? noise : 1.0 / noise;
    }
    sought.set_noise(value);
    nlohmann::ordered_json document = document_of(options, events);
    document["found"] = {{"kind", sought.kind()}, {"parameter", sought.noise_name()}, {"value", value}};
    if (options.steps) document["noise_multiplier"] = value;
    document["delta"] = guarantee.delta;
    document["epsilon"] = guarantee.epsilon;
    const std::string name =
        options.steps ? "noise multiplier" : fmt::format("{} {}", sought.kind(), sought.noise_name());
    const std::string text = fmt::format("{} {:.6g} for epsilon {:g} at delta {:g}\n", name, rounded(value, grows),
                                         guarantee.epsilon, guarantee.delta);
    write_text("-", options.as_json ? document.dump(2) + "\n" : text + validity(options, events));
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
