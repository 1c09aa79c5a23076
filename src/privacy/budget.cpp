// SPDX-License-Identifier: Apache-2.0
// Fixed-point costs, filters and odometers.
#include "vedette/privacy/budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "privacy/arguments.hpp"

namespace vedette::inline v0::privacy {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double units_per_one = 0x1p40;

// Down, for limits.
PrivacyCost limit_of(double value) noexcept {
    const double units = std::floor(value * units_per_one);
    return units >= 0x1p64 ? PrivacyCost::unlimited() : PrivacyCost::from_units(static_cast<std::uint64_t>(units));
}

bool usable(double cost) noexcept {
    return cost >= 0.0 && cost < infinity;
}

}  // namespace

PrivacyCost PrivacyCost::of(double value) {
    require_within("cost", value, 0.0, infinity);
    const double units = std::ceil(value * units_per_one);
    if (units >= 0x1p64) return unlimited();
    return from_units(std::max<std::uint64_t>(static_cast<std::uint64_t>(units), value > 0.0 ? 1 : 0));
}

double PrivacyCost::value() const noexcept {
    if (*this == unlimited()) return infinity;
    const auto nearest = static_cast<double>(units_);
    const bool below = nearest < 0x1p64 && static_cast<std::uint64_t>(nearest) < units_;
    return (below ? std::nextafter(nearest, infinity) : nearest) / units_per_one;
}

PrivacyFilter::PrivacyFilter(const Guarantee& budget, double slack_share) : budget_(budget) {
    require_within("epsilon", budget.epsilon, 0.0, 1e6);
    require_within("delta", budget.delta, 0.0, std::nextafter(1.0, 0.0));
    require_within("slack_share", slack_share, 1e-9, 1.0);
    if (budget.delta == 0.0) {
        limit_ = limit_of(budget.epsilon);
        return;
    }
    kind_ = Kind::approximate;
    const double slack = budget.delta * slack_share;
    delta_limit_ = std::max(0.0, (budget.delta - slack) * (1.0 - 1e-15));
    // x = sum of squares: sqrt(2 L x) + x / 2 = epsilon, sqrt(x) = sqrt(2 L + 2 epsilon) - sqrt(2 L).
    const double l = -2.0 * std::log(slack);
    const double root = 2.0 * budget.epsilon / (std::sqrt(l + 2.0 * budget.epsilon) + std::sqrt(l));
    limit_ = limit_of(root * root * (1.0 - 1e-14));
}

PrivacyFilter PrivacyFilter::zcdp(const Guarantee& budget) {
    require_within("epsilon", budget.epsilon, 0.0, 1e6);
    require_within("delta", budget.delta, 1e-300, std::nextafter(1.0, 0.0));
    PrivacyFilter filter;
    filter.budget_ = budget;
    filter.kind_ = Kind::zcdp;
    double low = 0.0;
    double high = budget.epsilon + 1.0;
    for (int i = 0; i < 100; ++i) {
        const double middle = 0.5 * (low + high);
        (zcdp_delta(middle, budget.epsilon) <= budget.delta ? low : high) = middle;
    }
    filter.limit_ = limit_of(low);
    return filter;
}

bool PrivacyFilter::try_spend(const Guarantee& mechanism) noexcept {
    if (!usable(mechanism.epsilon) || !usable(mechanism.delta)) return false;
    if (kind_ == Kind::zcdp) {
        return mechanism.delta == 0.0 && try_spend_zcdp(0.5 * mechanism.epsilon * mechanism.epsilon * (1.0 + 1e-15));
    }
    const double amount =
        kind_ == Kind::pure ? mechanism.epsilon : mechanism.epsilon * mechanism.epsilon * (1.0 + 1e-15);
    PrivacyCost after = spent_ + PrivacyCost::of(std::min(amount, std::numeric_limits<double>::max()));
    // A square may vanish where its root does not.
    if (mechanism.epsilon > 0.0 && after == spent_) after = spent_ + PrivacyCost::from_units(1);
    const double delta_after =
        mechanism.delta == 0.0 ? delta_spent_ : std::nextafter(delta_spent_ + mechanism.delta, infinity);
    if (after > limit_ || after == PrivacyCost::unlimited() || delta_after > delta_limit_) return false;
    spent_ = after;
    delta_spent_ = delta_after;
    return true;
}

bool PrivacyFilter::try_spend_zcdp(double rho) noexcept {
    if (kind_ != Kind::zcdp || !usable(rho)) return false;
    const PrivacyCost after = spent_ + PrivacyCost::of(rho);
    if (after > limit_ || after == PrivacyCost::unlimited()) return false;
    spent_ = after;
    return true;
}

PrivacyOdometer::PrivacyOdometer(double delta, double first_rho) : delta_(delta), first_rho_(first_rho) {
    require_within("delta", delta, 1e-280, std::nextafter(1.0, 0.0));
    require_within("first_rho", first_rho, 1e-12, 1e6);
}

void PrivacyOdometer::spend_zcdp(double rho) {
    spent_ = spent_ + PrivacyCost::of(rho);
}

void PrivacyOdometer::spend_pure(double epsilon) {
    spend_zcdp(zcdp_of_pure(epsilon));
}

Guarantee PrivacyOdometer::read() const {
    const double spent = spent_.value();
    if (spent == infinity) return {infinity, delta_};
    double budget = first_rho_;
    double j = 1.0;
    while (budget < spent) {
        budget *= 2.0;
        j += 1.0;
    }
    const double share = 6.0 / (std::numbers::pi * std::numbers::pi * j * j) * (1.0 - 1e-15);
    return {zcdp_epsilon(budget, delta_ * share), delta_};
}

}  // namespace vedette::inline v0::privacy
