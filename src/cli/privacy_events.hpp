// SPDX-License-Identifier: Apache-2.0
// Mechanisms as the command line states them: `gaussian:sigma=1.1,rate=0.01,times=1000`.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vedette/privacy/dp_sgd.hpp"
#include "vedette/privacy/renyi.hpp"

namespace vedette::inline v0::cli {

/// One mechanism, so many times. Throws Error(invalid_argument) for words and numbers that it cannot be made of.
class PrivacyEvent {
  public:
    /// The kinds and their parameters, one a line.
    static const char* help() noexcept;
    /// `may_lack_noise`: the parameter that says how much noise there is may be left out.
    /// With `replace_one`, where noise and sensitivities are stated for a record added or removed, what is lost when a
    /// record is replaced; throws for kinds of which that is not known.
    PrivacyEvent(const std::string& text, bool may_lack_noise,
                 privacy::Neighbouring neighbouring = privacy::Neighbouring::add_remove);

    [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
    [[nodiscard]] bool lacks_noise() const noexcept { return !noise_; }
    /// The name of that parameter.
    [[nodiscard]] const char* noise_name() const noexcept;
    /// Whether more of it is more privacy; of an epsilon, it is less.
    [[nodiscard]] bool grows_with_privacy() const noexcept;
    void set_noise(double value) noexcept { noise_ = value; }
    /// Where the noise, or 1 over it, is looked for.
    [[nodiscard]] privacy::NoiseSearch search(double precision) const;

    [[nodiscard]] bool is_sampled() const noexcept { return rate_ < 1.0; }
    [[nodiscard]] double rate() const noexcept { return rate_; }
    [[nodiscard]] std::uint64_t times() const noexcept { return times_; }
    /// Whether it has a distribution of privacy losses; zCDP and Renyi divergences alone do not.
    [[nodiscard]] bool has_loss() const noexcept;
    [[nodiscard]] privacy::PrivacyLossDistribution loss() const;
    /// False, and nothing added, where no bound on its divergences is known.
    [[nodiscard]] bool add_to(privacy::RenyiAccountant& accountant) const;
    /// Of all its times, for zCDP; of Gaussian noise on all records, for GDP.
    [[nodiscard]] std::optional<double> rho() const;
    [[nodiscard]] std::optional<double> mu() const;
    [[nodiscard]] nlohmann::ordered_json to_json() const;

  private:
    void set(const std::string& key, const std::string& text);
    void check_neighbouring() const;
    [[nodiscard]] bool is_replaced() const noexcept { return neighbouring_ == privacy::Neighbouring::replace_one; }
    /// The sensitivity of discrete noise, for the neighbours at hand.
    [[nodiscard]] std::uint32_t sensitivity() const noexcept { return is_replaced() ? 2 * whole_ : whole_; }

    privacy::Neighbouring neighbouring_;
    std::string kind_;
    std::optional<double> noise_;
    double rate_ = 1.0;
    double delta_ = 0.0;
    std::uint32_t whole_ = 0;  // sensitivity or categories
    std::uint64_t times_ = 1;
    std::vector<std::pair<double, double>> points_;  // shifts and probabilities; orders and divergences
};

}  // namespace vedette::inline v0::cli
