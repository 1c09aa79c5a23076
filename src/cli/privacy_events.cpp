// SPDX-License-Identifier: Apache-2.0
// Parsing of mechanisms, and what each of them is to the accountants.
#include "privacy_events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::cli {

namespace {

struct Kind {
    const char* name;
    const char* noise;  // null: none to be sought
    bool has_rate;
    const char* whole;  // null: none
    std::uint32_t default_whole;
    bool has_loss;
};

constexpr Kind kinds[] = {{"gaussian", "sigma", true, nullptr, 0, true},
                          {"laplace", "scale", true, nullptr, 0, true},
                          {"discrete_gaussian", "sigma", true, "sensitivity", 1, true},
                          {"discrete_laplace", "scale", true, "sensitivity", 1, true},
                          {"randomized_response", "epsilon", false, "categories", 2, true},
                          {"pure", "epsilon", false, nullptr, 0, true},
                          {"approximate", "epsilon", false, nullptr, 0, true},
                          {"mixture", "sigma", false, nullptr, 0, true},
                          {"gdp", "mu", false, nullptr, 0, true},
                          {"zcdp", "rho", false, nullptr, 0, false},
                          {"renyi", nullptr, false, nullptr, 0, false}};

const Kind& kind_of(const std::string& name) {
    for (const Kind& kind : kinds)
        if (name == kind.name) return kind;
    std::string known;
    for (const Kind& kind : kinds) known += (known.empty() ? "" : ", ") + std::string(kind.name);
    throw Error(ErrorCode::invalid_argument, fmt::format("event \"{}\" is none of {}; see --help", name, known));
}

double number(const std::string& key, const std::string& text) {
    double value = 0.0;
    const char* end = text.data() + text.size();
    const auto [stop, code] = std::from_chars(text.data(), end, value);
    if (code != std::errc() || stop != end || !std::isfinite(value))
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: \"{}\" is no number", key, text));
    return value;
}

std::uint64_t whole_number(const std::string& key, const std::string& text) {
    const double value = number(key, text);
    if (!(value >= 1.0 && value <= 4294967296.0 && value == std::floor(value)))
        throw Error(ErrorCode::invalid_argument, fmt::format("{} is {}; it must be whole, from 1 to 2^32", key, text));
    return static_cast<std::uint64_t>(value);
}

}  // namespace

const char* PrivacyEvent::help() noexcept {
    return "  gaussian:sigma=S[,rate=Q]  laplace:scale=B[,rate=Q]   noise over the sensitivity\n"
           "  discrete_gaussian:sigma=S[,sensitivity=K][,rate=Q]    noise on integers\n"
           "  discrete_laplace:scale=B[,sensitivity=K][,rate=Q]\n"
           "  randomized_response:epsilon=E[,categories=K]\n"
           "  pure:epsilon=E  approximate:epsilon=E,delta=D         guarantees of which no more is known\n"
           "  gdp:mu=M  zcdp:rho=R  renyi:ORDER=DIVERGENCE,...\n"
           "  mixture:sigma=S,SHIFT=PROBABILITY,...                 a Gaussian sum of random sensitivity\n"
           "each with times=N (or steps=N); rate is that of Poisson sampling";
}

PrivacyEvent::PrivacyEvent(const std::string& text, bool may_lack_noise, privacy::Neighbouring neighbouring)
    : neighbouring_(neighbouring) {
    const std::size_t colon = text.find(':');
    kind_ = text.substr(0, colon);
    whole_ = kind_of(kind_).default_whole;
    std::vector<std::string> seen;
    for (std::size_t begin = colon; begin != std::string::npos && begin + 1 < text.size();) {
        const std::size_t end = text.find(',', begin + 1);
        const std::string part = text.substr(begin + 1, end == std::string::npos ? end : end - begin - 1);
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos)
            throw Error(ErrorCode::invalid_argument, fmt::format("event \"{}\": \"{}\" has no =", text, part));
        std::string key = part.substr(0, equals);
        if (key == "steps") key = "times";
        if (std::find(seen.begin(), seen.end(), key) != seen.end())
            throw Error(ErrorCode::invalid_argument, fmt::format("event \"{}\": {} is given twice", text, key));
        seen.push_back(key);
        set(key, part.substr(equals + 1));
        begin = end;
    }
    const bool takes_points = kind_ == "mixture" || kind_ == "renyi";
    if (takes_points && points_.empty())
        throw Error(ErrorCode::invalid_argument, fmt::format("event \"{}\" has no points; see --help", text));
    std::sort(points_.begin(), points_.end());
    if (!noise_ && noise_name() != nullptr && !may_lack_noise)
        throw Error(ErrorCode::invalid_argument, fmt::format("event \"{}\": {} is not given", text, noise_name()));
    check_neighbouring();
    if (noise_ && has_loss()) (void)loss();  // what is out of range is told at once
}

void PrivacyEvent::check_neighbouring() const {
    if (!is_replaced()) return;
    const auto refuse = [this](const char* why) {
        throw Error(ErrorCode::invalid_argument, fmt::format("{}: with replace_one {}", kind_, why));
    };
    if (kind_ == "mixture") refuse("the worst pair of a sum of random sensitivity is not known");
    if (is_sampled() && kind_ != "gaussian" && kind_ != "laplace")
        refuse("and a rate below 1 the worst pair is known of gaussian and laplace alone");
    if (whole_ > 0x7fffffffU) refuse("the sensitivity, twice as large, must be below 2^32");
}

void PrivacyEvent::set(const std::string& key, const std::string& text) {
    const Kind& kind = kind_of(kind_);
    const std::string name = kind_ + " " + key;
    if (key == "times") {
        times_ = whole_number(name, text);
    } else if (key == "rate" && kind.has_rate) {
        rate_ = number(name, text);
    } else if (key == "delta" && kind_ == "approximate") {
        delta_ = number(name, text);
    } else if (kind.whole != nullptr && key == kind.whole) {
        whole_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(whole_number(name, text), 0xffffffffU));
    } else if (kind.noise != nullptr && key == kind.noise) {
        noise_ = number(name, text);
        if (!(*noise_ >= 0.0)) throw Error(ErrorCode::invalid_argument, fmt::format("{} is {}", name, text));
    } else if ((kind_ == "mixture" || kind_ == "renyi") && !key.empty() &&
               (std::isdigit(static_cast<unsigned char>(key[0])) != 0 || key[0] == '.')) {
        points_.emplace_back(number(name, key), number(name, text));
    } else {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("event \"{}\" has no parameter \"{}\"; see --help", kind_, key));
    }
}

const char* PrivacyEvent::noise_name() const noexcept {
    const auto* found =
        std::find_if(std::begin(kinds), std::end(kinds), [this](const Kind& k) { return kind_ == k.name; });
    return found->noise;
}

bool PrivacyEvent::grows_with_privacy() const noexcept {
    const std::string name = noise_name();
    return name == "sigma" || name == "scale";
}

bool PrivacyEvent::has_loss() const noexcept {
    return kind_ != "zcdp" && kind_ != "renyi";
}

privacy::NoiseSearch PrivacyEvent::search(double precision) const {
    privacy::NoiseSearch search{.precision = precision};
    if (kind_ == "discrete_gaussian") {
        search.least = std::max(0.05, static_cast<double>(sensitivity()) / 13.0 * (1.0 + 1e-12));
        search.most = 1e4;
    } else if (kind_ == "discrete_laplace") {
        search.least = std::max(0.01, static_cast<double>(sensitivity()) / 500.0 * (1.0 + 1e-12));
        search.most = 1e4;
    } else if (is_replaced() && (kind_ == "gaussian" || kind_ == "laplace")) {
        search.least = 0.1;
    } else if (kind_ == "mixture") {
        search.least = std::max(0.05, points_.back().first / 20.0 * (1.0 + 1e-12));
    } else if (noise_name() == std::string("epsilon")) {
        search.least = 1.0 / 499.0;
    } else if (!has_loss()) {
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("{}: its {} is not looked for: of divergences alone no loss's distribution is known; "
                                "look for the sigma of gaussian noise, whose rho is 1 / (2 sigma^2), or for gdp's mu",
                                kind_, noise_name() == nullptr ? "curve" : noise_name()));
    }
    return search;
}

privacy::PrivacyLossDistribution PrivacyEvent::loss() const {
    using Loss = privacy::PrivacyLossDistribution;
    const double noise = noise_.value();
    const auto one = [&]() -> Loss {
        if (kind_ == "gaussian") return Loss::gaussian({noise, rate_, neighbouring_});
        if (kind_ == "laplace") return Loss::laplace({noise, rate_, neighbouring_});
        if (kind_ == "discrete_gaussian") return Loss::discrete_gaussian(noise, sensitivity(), rate_);
        if (kind_ == "discrete_laplace") return Loss::discrete_laplace(noise, sensitivity(), rate_);
        if (kind_ == "randomized_response") return Loss::randomized_response(noise, whole_);
        if (kind_ == "pure" || kind_ == "approximate") return Loss::approximate(noise, delta_);
        if (kind_ == "gdp") return Loss::gaussian({.noise_multiplier = 1.0 / noise * (1.0 - 0x1p-52)});
        privacy::GaussianMixture mixture{.noise_multiplier = noise, .shifts = {}, .probabilities = {}};
        for (const auto& [shift, probability] : points_) {
            mixture.shifts.push_back(shift);
            mixture.probabilities.push_back(probability);
        }
        return Loss::gaussian_mixture(mixture);
    };
    return one().compose(times_);
}

bool PrivacyEvent::add_to(privacy::RenyiAccountant& accountant) const {
    if (kind_ == "renyi") {
        // Divergences grow with the order: one bounds those of lesser orders.
        std::vector<double> curve;
        for (const double order : accountant.orders()) {
            const auto point =
                std::find_if(points_.begin(), points_.end(), [order](const auto& p) { return p.first >= order; });
            curve.push_back(point == points_.end() ? std::numeric_limits<double>::infinity() : point->second);
        }
        accountant.add(curve, times_);
        return true;
    }
    // Over the sensitivity for the neighbours at hand.
    const double noise = noise_.value() * (is_replaced() && (kind_ == "gaussian" || kind_ == "laplace") ? 0.5 : 1.0);
    if (kind_ == "gaussian") {
        if (is_replaced() && is_sampled()) return false;
        accountant.add_gaussian(noise, rate_, times_);
    } else if (kind_ == "gdp") {
        if (noise > 0.0) accountant.add_gaussian(1.0 / noise, 1.0, times_);
    } else if (const std::optional<double> zcdp = rho(); zcdp && (kind_ == "zcdp" || kind_ == "discrete_gaussian")) {
        accountant.add_zcdp(*zcdp);
    } else if (kind_ == "laplace" || kind_ == "discrete_laplace") {
        if (is_replaced() && is_sampled()) return false;
        // Poisson sampling of pure epsilon: log(1 + rate (e^epsilon - 1)).
        const double pure = (kind_ == "laplace" ? 1.0 : static_cast<double>(sensitivity())) / noise * (1.0 + 0x1p-50);
        accountant.add_pure(is_sampled() ? std::log1p(rate_ * std::expm1(pure)) * (1.0 + 0x1p-48) : pure, times_);
    } else if (kind_ == "pure" || kind_ == "randomized_response" || (kind_ == "approximate" && delta_ == 0.0)) {
        accountant.add_pure(noise, times_);
    } else {
        return false;
    }
    return true;
}

std::optional<double> PrivacyEvent::rho() const {
    if (is_sampled() || !noise_) return std::nullopt;
    const auto n = static_cast<double>(times_) * (1.0 + 0x1p-51);
    const double noise = *noise_ * (is_replaced() && (kind_ == "gaussian" || kind_ == "laplace") ? 0.5 : 1.0);
    if (kind_ == "zcdp") return noise * n;
    if (kind_ == "gaussian") return privacy::zcdp_of_gaussian(noise) * n;
    if (kind_ == "discrete_gaussian") return privacy::zcdp_of_gaussian(noise / static_cast<double>(sensitivity())) * n;
    if (kind_ == "gdp") return 0.5 * noise * noise * n * (1.0 + 0x1p-50);
    if (kind_ == "pure" || kind_ == "randomized_response") return privacy::zcdp_of_pure(noise) * n;
    if (kind_ == "laplace") return privacy::zcdp_of_pure(1.0 / noise) * n * (1.0 + 0x1p-50);
    if (kind_ == "discrete_laplace")
        return privacy::zcdp_of_pure(static_cast<double>(sensitivity()) / noise) * n * (1.0 + 0x1p-50);
    return std::nullopt;
}

std::optional<double> PrivacyEvent::mu() const {
    if (is_sampled() || !noise_ || (kind_ != "gaussian" && kind_ != "gdp")) return std::nullopt;
    const double one = kind_ == "gdp" ? *noise_ : (is_replaced() ? 2.0 : 1.0) / *noise_ * (1.0 + 0x1p-51);
    return one * std::sqrt(static_cast<double>(times_)) * (1.0 + 0x1p-50);
}

nlohmann::ordered_json PrivacyEvent::to_json() const {
    nlohmann::ordered_json result{{"kind", kind_}};
    if (noise_) result[noise_name()] = *noise_;
    const Kind& kind = kind_of(kind_);
    if (kind_ == "approximate") result["delta"] = delta_;
    if (kind.whole != nullptr) result[kind.whole] = whole_;
    if (kind.has_rate) result["rate"] = rate_;
    if (kind_ == "mixture" || kind_ == "renyi") result[kind_ == "mixture" ? "shifts" : "orders"] = points_;
    result["times"] = times_;
    return result;
}

}  // namespace vedette::inline v0::cli
