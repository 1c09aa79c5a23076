// SPDX-License-Identifier: Apache-2.0
// Losses in their notions, and the laws of noise that keep them.
#include "vedette/privacy/release_loss.hpp"

#include <algorithm>
#include <cmath>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace vedette::inline v0::privacy {

namespace {

std::variant<DiscreteLaplace, DiscreteGaussian> law_for(const ReleaseLoss& loss, const CountSensitivity& sensitivity) {
    if (!loss.is_gaussian()) return laplace_for(sensitivity.l1, Epsilon(loss.guarantee().epsilon));
    const double length = up(std::sqrt(at_least(sensitivity.l2_squared)));
    return DiscreteGaussian(std::max(sigma_for(length, loss.rho()), DiscreteGaussian::least_sigma));
}

}  // namespace

ReleaseLoss::ReleaseLoss(Epsilon epsilon, Delta delta)
    : epsilon_(epsilon.value()), delta_(delta.value()), rho_(rho_within({epsilon.value(), delta.value()})) {
    if (!(rho_ > 0.0)) throw Error(ErrorCode::invalid_argument, "epsilon: too small for this delta; take pure privacy");
}

void ReleaseLoss::spend(ReleaseBudget& budget) const {
    if (epsilon_ > 0.0) {
        budget.spend({epsilon_, delta_});
    } else {
        budget.spend_zcdp(rho_);
    }
}

ReleaseLoss ReleaseLoss::share(std::uint64_t parts, std::uint64_t times) const {
    if (!is_gaussian()) return share_of(Epsilon(epsilon_), parts * times);
    // Gaussian losses add up in rho, and grow with the square of the sensitivity: parts times^2, times up to 2^20.
    double rho = rho_;
    for (const std::uint64_t divisor : {parts, times, times}) rho = share_of(Epsilon(rho), divisor).value();
    return Rho(rho);
}

NoiseLaw::NoiseLaw(const ReleaseLoss& loss, const CountSensitivity& sensitivity) : law_(law_for(loss, sensitivity)) {}

double NoiseLaw::scale() const noexcept {
    const auto* const laplace = std::get_if<DiscreteLaplace>(&law_);
    return laplace != nullptr ? laplace->scale() : std::get_if<DiscreteGaussian>(&law_)->sigma();
}

double NoiseLaw::variance() const noexcept {
    if (is_gaussian()) return scale() * scale();
    const double root = std::sinh(0.5 / scale());
    return 0.5 / (root * root);
}

double NoiseLaw::reach(double alpha) const noexcept {
    return is_gaussian() ? gaussian_reach(scale(), alpha) : laplace_reach(scale(), alpha);
}

void NoiseLaw::sample(std::span<std::int64_t> out, detail::Keystream* keystream) const {
    std::visit([&](const auto& law) { law.sample(out, own_unless(keystream)); }, law_);
}

double gaussian_reach(double sigma, double alpha) noexcept {
    // A margin for the quantile's own error. Below sigma 1 the law is narrower than the step of 1 that the bound costs.
    const double quantile = -stats::normal_quantile(0.5 * std::clamp(alpha, 1e-300, 1.0));
    const double bound = std::ceil(sigma * quantile * (1.0 + 1e-12));
    if (sigma >= 1.0) return bound;
    // P(|X| >= m) <= 2 sum_{k >= m} exp(-k^2 / (2 sigma^2)), which is at most twice its first term over 1 - e^-1.5.
    for (double t = 0.0; t < bound; t += 1.0) {
        const double m = t + 1.0;
        if (2.0 * std::exp(-0.5 * m * m / (sigma * sigma)) / (1.0 - std::exp(-1.5)) * (1.0 + 1e-12) <= alpha) return t;
    }
    return bound;
}

}  // namespace vedette::inline v0::privacy
