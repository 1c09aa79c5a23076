// SPDX-License-Identifier: Apache-2.0
// The sparse vector technique: which of many queries lie above a threshold, at a price for the few that do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vedette/privacy/discrete_laplace.hpp"
#include "vedette/privacy/selection.hpp"

namespace vedette::inline v0::privacy {

/// Answers one integer query after another, each possibly chosen in sight of the answers before: is it at least the
/// threshold, but for noise? All answers together, up to the c-th positive one, have pure differential privacy of
/// epsilon; after that one every query is refused. Nothing but the answers may leave: not the noisy values.
///
/// The standard form of Lyu, Su and Li (2017): the threshold is noised once by a discrete Laplace law of scale
/// sensitivity / epsilon_1, each query anew by one of 2 c sensitivity / epsilon_2, both exact. That the loss is at most
/// epsilon_1 + epsilon_2 is tested on the exact law of all answers. The split epsilon_1 : epsilon_2 = 1 : (2c)^(2/3),
/// rounded against us, is the one of the least variance of query less threshold, 2 / epsilon_1^2 + 2 (2c)^2 /
/// epsilon_2^2 in squares of the sensitivity (its derivatives are equal there). Move-only: a copy could be asked again
/// under the same noise. Thread-compatible.
class AboveThreshold {
  public:
    static constexpr std::size_t most_positives = std::size_t{1} << 20;

    /// Throws invalid_argument unless |threshold| <= 2^61, 1 <= positives <= 2^20, and neither scale is above
    /// DiscreteLaplace's largest (its least is used below it); io_error if the operating system gives no entropy.
    AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, Epsilon epsilon, std::size_t positives);
    /// For the library's own use.
    AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, Epsilon epsilon, std::size_t positives,
                   detail::Keystream& keystream);

    AboveThreshold(const AboveThreshold&) = delete;
    AboveThreshold& operator=(const AboveThreshold&) = delete;
    AboveThreshold(AboveThreshold&& other) noexcept;
    AboveThreshold& operator=(AboveThreshold&& other) noexcept;
    ~AboveThreshold() = default;

    /// The query's value on the data, clamped to +-2^61. Throws budget_exhausted after the last positive answer (and
    /// for an object that was moved from), io_error without entropy; nothing has changed then.
    [[nodiscard]] bool query(std::int64_t value);
    /// For the library's own use.
    [[nodiscard]] bool query(std::int64_t value, detail::Keystream& keystream);

    /// Positive answers that are left.
    [[nodiscard]] std::size_t left() const noexcept { return left_; }
    [[nodiscard]] double threshold_scale() const noexcept { return threshold_noise_.scale(); }
    [[nodiscard]] double query_scale() const noexcept { return query_noise_.scale(); }

  private:
    struct Split {
        double threshold, queries;
    };
    static Split split(Epsilon epsilon, std::size_t positives);
    AboveThreshold(std::int64_t threshold, StepSensitivity sensitivity, const Split& split, std::size_t positives,
                   detail::Keystream& keystream);

    DiscreteLaplace threshold_noise_, query_noise_;
    std::int64_t noisy_threshold_ = 0;
    std::size_t left_;
};

}  // namespace vedette::inline v0::privacy
