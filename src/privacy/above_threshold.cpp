// SPDX-License-Identifier: Apache-2.0
// One noisy threshold, fresh noise for each query, and a count of what is left.
#include "vedette/privacy/above_threshold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "privacy/noise.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

// More noise than needed where the sampler has no smaller scale.
double enough_noise(double amount, double epsilon) {
    return std::max(divide_up(amount, epsilon), DiscreteLaplace::least_scale);
}

}  // namespace

AboveThreshold::Split AboveThreshold::split(Epsilon epsilon, std::size_t positives) {
    if (positives == 0 || positives > most_positives)
        throw Error(ErrorCode::invalid_argument, fmt::format("positives is {}: it must be from 1 to 2^20", positives));
    if (epsilon.value() < Selection::least_epsilon || epsilon.value() > Selection::largest_epsilon)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("epsilon is {}: it must be from 2^-29 to 2^20", epsilon.value()));
    const double share = 1.0 + std::pow(2.0 * static_cast<double>(positives), 2.0 / 3.0);
    const double threshold = epsilon.value() / share;
    return {threshold, std::nextafter(epsilon.value() - threshold, 0.0)};
}

AboveThreshold::AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, const Split& split,
                               std::size_t positives, detail::Keystream& keystream)
    : threshold_noise_(enough_noise(static_cast<double>(sensitivity.steps()), split.threshold)),
      query_noise_(
          enough_noise(2.0 * static_cast<double>(positives) * static_cast<double>(sensitivity.steps()), split.queries)),
      left_(positives) {
    if (threshold < -UtilityGrid::farthest || threshold > UtilityGrid::farthest)
        throw Error(ErrorCode::invalid_argument,
                    fmt::format("threshold is {}: it must lie within 2^61 of 0", threshold));
    noisy_threshold_ = threshold + draw(threshold_noise_, keystream);
}

AboveThreshold::AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, Epsilon epsilon,
                               std::size_t positives, detail::Keystream& keystream)
    : AboveThreshold(threshold, sensitivity, split(epsilon, positives), positives, keystream) {}

AboveThreshold::AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, Epsilon epsilon,
                               std::size_t positives)
    : AboveThreshold(threshold, sensitivity, epsilon, positives, detail::Keystream::of_this_thread()) {}

// The laws are shared, not taken, so that what was moved from still tells its scales.
// NOLINTBEGIN(performance-move-constructor-init)
AboveThreshold::AboveThreshold(AboveThreshold&& other) noexcept
    : threshold_noise_(other.threshold_noise_),
      query_noise_(other.query_noise_),
      noisy_threshold_(std::exchange(other.noisy_threshold_, 0)),
      left_(std::exchange(other.left_, 0)) {}
// NOLINTEND(performance-move-constructor-init)

AboveThreshold& AboveThreshold::operator=(AboveThreshold&& other) noexcept {
    if (this == &other) return *this;
    threshold_noise_ = other.threshold_noise_;
    query_noise_ = other.query_noise_;
    noisy_threshold_ = std::exchange(other.noisy_threshold_, 0);
    left_ = std::exchange(other.left_, 0);
    return *this;
}

bool AboveThreshold::query(std::int64_t value, detail::Keystream& keystream) {
    if (left_ == 0)
        throw Error(ErrorCode::budget_exhausted, "query: all positive answers that were paid for have been given");
    const std::int64_t bounded = std::clamp(value, -UtilityGrid::farthest, UtilityGrid::farthest);
    const bool above = bounded + draw(query_noise_, keystream) >= noisy_threshold_;
    if (above) --left_;
    return above;
}

bool AboveThreshold::query(std::int64_t value) {
    return query(value, detail::Keystream::of_this_thread());
}

}  // namespace vedette::inline v0::privacy
