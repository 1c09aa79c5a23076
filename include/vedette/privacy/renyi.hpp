// SPDX-License-Identifier: Apache-2.0
// Renyi differential privacy: divergences of mechanisms and an accountant that adds them up.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "vedette/privacy/accounting.hpp"

namespace vedette::inline v0::privacy {

/// How the series for fractional orders is summed. `exact`: with the binomials' signs, as the integral is. `absolute`:
/// without them, an upper bound; only for comparison with packages that sum it so. Values are pinned.
enum class RenyiSeries : std::uint8_t { exact = 0, absolute = 1 };

/// The Renyi divergence of Gaussian noise on a Poisson sample (Mironov, Talwar and Zhang 2019), order > 1, rounded up;
/// infinite where the series does not settle. noise_multiplier in [1e-2, 1e6], sampling_rate in [0, 1].
double renyi_gaussian(double noise_multiplier, double sampling_rate, double order,
                      RenyiSeries series = RenyiSeries::exact);

/// 1.1, 1.2 .. 10.9, 11 .. 63, 128, 256, 512, 1024.
std::span<const double> default_renyi_orders() noexcept;

/// Adds up divergences at fixed orders, for mechanisms that may be chosen adaptively as long as their parameters are
/// not. Thread-compatible. Quick; looser than PrivacyLossDistribution by some 5 to 10 % of epsilon.
class RenyiAccountant {
  public:
    /// Orders in [1.01, 1e6], at least one; none = the default ones.
    explicit RenyiAccountant(std::span<const double> orders = {}, RenyiSeries series = RenyiSeries::exact);

    void add_gaussian(double noise_multiplier, double sampling_rate, std::uint64_t steps);
    void add_pure(double epsilon, std::uint64_t times = 1);
    void add_zcdp(double rho);
    /// Any curve, one value for each order.
    void add(std::span<const double> divergences, std::uint64_t times = 1);

    [[nodiscard]] std::span<const double> orders() const noexcept { return orders_; }
    [[nodiscard]] std::span<const double> divergences() const noexcept { return divergences_; }
    [[nodiscard]] double epsilon(double delta) const { return renyi_epsilon(orders_, divergences_, delta); }
    [[nodiscard]] double delta(double epsilon) const { return renyi_delta(orders_, divergences_, epsilon); }

  private:
    std::vector<double> orders_;
    std::vector<double> divergences_;
    RenyiSeries series_;
};

}  // namespace vedette::inline v0::privacy
