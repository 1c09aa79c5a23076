// SPDX-License-Identifier: Apache-2.0
// Blocks of the binary tree, and how far the sum of their noise reaches.
#include "vedette/privacy/continual_count.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <limits>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_counted = std::uint64_t{1} << 61U;

std::uint64_t checked_horizon(std::uint64_t horizon) {
    if (horizon == 0 || horizon > ContinualCount::longest_horizon)
        throw Error(ErrorCode::invalid_argument, fmt::format("horizon is {}: it must be from 1 to 2^40", horizon));
    return horizon;
}

// Chernoff: P(|X_1 + ... + X_n| >= t) <= 2 exp(-u t) M(u)^n for every 0 < u < 1 / scale, where
// M(u) = (1 - q)^2 / ((1 - q e^u) (1 - q e^-u)). Any u makes a bound: the best of many is taken.
double sum_reach(double scale, int draws, double alpha) noexcept {
    const double q = std::exp(-1.0 / scale);
    double best = std::numeric_limits<double>::infinity();
    for (int i = 1; i < 64; ++i) {
        const double u = i / 64.0 / scale;
        // 1 - q e^u = -expm1(u - 1 / scale), and so on.
        const double log_m = 2.0 * std::log(-std::expm1(-1.0 / scale)) - std::log(-std::expm1(u - 1.0 / scale)) -
                             std::log1p(-q * std::exp(-u));
        best = std::min(best, (draws * log_m + std::log(2.0 / alpha)) / u);
    }
    return std::ceil(best * (1.0 + 1e-12));
}

}  // namespace

ContinualCount::ContinualCount(const PrivacyUnit& unit, std::uint64_t horizon, Epsilon epsilon, ReleaseBudget& budget,
                               const stats::Confidence& confidence)
    : horizon_(checked_horizon(horizon)),
      noise_(laplace_for(static_cast<std::uint64_t>(std::bit_width(horizon)) * unit.counts_sensitivity(), epsilon)),
      alpha_(1.0 - confidence.level()),
      exact_(static_cast<std::size_t>(std::bit_width(horizon))),
      noisy_(exact_.size()) {
    budget.spend({epsilon.value(), 0.0});
}

Release ContinualCount::step(std::uint64_t rows, detail::Keystream& keystream) {
    if (noisy_.empty() || steps_ >= horizon_)
        throw Error(ErrorCode::budget_exhausted, "step: all steps that were paid for have been released");
    if (rows > most_counted - total_) throw Error(ErrorCode::overflow, "rows: more than 2^61 of them");
    const std::int64_t noise = draw(noise_, keystream);
    ++steps_;
    total_ += rows;
    const auto level = static_cast<std::size_t>(std::countr_zero(steps_));
    auto sum = static_cast<std::int64_t>(rows);
    for (std::size_t i = 0; i < level; ++i) {
        sum += exact_[i];
        exact_[i] = noisy_[i] = 0;
    }
    exact_[level] = sum;
    noisy_[level] = sum + noise;
    std::int64_t released = 0;
    for (const std::int64_t block : noisy_) released += block;
    const int draws = std::popcount(steps_);
    const double reach = draws == 1 ? laplace_reach(noise_.scale(), alpha_) : sum_reach(noise_.scale(), draws, alpha_);
    const auto value = static_cast<double>(released);
    return {value, around(value, reach), {}};
}

Release ContinualCount::step(std::uint64_t rows) {
    return step(rows, detail::Keystream::of_this_thread());
}

double ContinualCount::variance(std::uint64_t step) const noexcept {
    // 2 q / (1 - q)^2 = 1 / (2 sinh^2(1 / (2 scale))).
    const double root = std::sinh(0.5 / noise_.scale());
    return std::popcount(step) / (2.0 * root * root);
}

}  // namespace vedette::inline v0::privacy
