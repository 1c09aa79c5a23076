// SPDX-License-Identifier: Apache-2.0
// Blocks of the binary tree, and how far the sum of their noise reaches.
#include "vedette/privacy/continual_count.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "privacy/noise.hpp"
#include "privacy/secret_state.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::privacy {

namespace {

constexpr std::uint64_t most_counted = std::uint64_t{1} << 61U;
constexpr std::int64_t widest_noise = std::int64_t{1} << 55U;

std::uint64_t checked_horizon(std::uint64_t horizon) {
    if (horizon == 0 || horizon > ContinualCount::longest_horizon)
        throw Error(ErrorCode::invalid_argument, fmt::format("horizon is {}: it must be from 1 to 2^40", horizon));
    return horizon;
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
    const auto draws = static_cast<std::uint64_t>(std::popcount(steps_));
    const double reach =
        draws == 1 ? laplace_reach(noise_.scale(), alpha_) : laplace_sum_reach(noise_.scale(), draws, alpha_);
    const auto value = static_cast<double>(released);
    return {value, around_count(value, reach), {}};
}

Release ContinualCount::step(std::uint64_t rows) {
    return step(rows, detail::Keystream::of_this_thread());
}

ContinualCount::ContinualCount(std::uint64_t horizon, double scale, double alpha)
    : horizon_(horizon),
      noise_(scale),
      alpha_(alpha),
      exact_(static_cast<std::size_t>(std::bit_width(horizon))),
      noisy_(exact_.size()) {}

std::vector<std::byte> ContinualCount::to_bytes() const {
    SecretWriter writer;
    writer.add_scalar("horizon", horizon_);
    writer.add_scalar("scale", noise_.scale());
    writer.add_scalar("alpha", alpha_);
    writer.add_scalar("steps", steps_);
    writer.add_scalar("total", total_);
    writer.add("exact", std::span<const std::int64_t>(exact_));
    writer.add("noisy", std::span<const std::int64_t>(noisy_));
    return writer.finish("continual_count");
}

ContinualCount ContinualCount::from_bytes(std::span<const std::byte> bytes) {
    const auto check = [](bool holds) {
        if (!holds) throw Error(ErrorCode::corrupt_data, "the bytes hold no state of a running total");
    };
    const SecretBytes own(bytes);
    const Container container = Container::view(own.get());
    container.require_kind("continual_count");
    const auto horizon = container.scalar<std::uint64_t>("horizon");
    const auto scale = container.scalar<double>("scale"), alpha = container.scalar<double>("alpha");
    check(horizon >= 1 && horizon <= longest_horizon && alpha > 0.0 && alpha < 1.0 &&
          scale >= DiscreteLaplace::least_scale && scale <= DiscreteLaplace::largest_scale);
    ContinualCount count(horizon, scale, alpha);
    count.steps_ = container.scalar<std::uint64_t>("steps");
    count.total_ = container.scalar<std::uint64_t>("total");
    const auto exact = container.values<std::int64_t>("exact", count.exact_.size());
    const auto noisy = container.values<std::int64_t>("noisy", count.noisy_.size());
    check(count.steps_ <= horizon && count.total_ <= most_counted);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        const bool filled = (count.steps_ >> i & 1U) != 0;
        check(filled || (exact[i] == 0 && noisy[i] == 0));
        check(exact[i] >= 0 && static_cast<std::uint64_t>(exact[i]) <= count.total_ - total);
        // So that sums over all levels have room; noise of the largest scale is wider with probability e^-32768.
        check(noisy[i] >= exact[i] - widest_noise && noisy[i] <= exact[i] + widest_noise);
        total += static_cast<std::uint64_t>(exact[i]);
    }
    check(total == count.total_);
    std::copy(exact.begin(), exact.end(), count.exact_.begin());
    std::copy(noisy.begin(), noisy.end(), count.noisy_.begin());
    return count;
}

double ContinualCount::variance(std::uint64_t step) const noexcept {
    // 2 q / (1 - q)^2 = 1 / (2 sinh^2(1 / (2 scale))).
    const double root = std::sinh(0.5 / noise_.scale());
    return std::popcount(step) / (2.0 * root * root);
}

}  // namespace vedette::inline v0::privacy
