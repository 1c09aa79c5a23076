// SPDX-License-Identifier: Apache-2.0
// Local privacy of one categorical answer: randomised response and unary encodings, with their estimators.
#pragma once

#include <cstdint>
#include <span>

#include "vedette/core/evidence.hpp"
#include "vedette/privacy/accounting.hpp"
#include "vedette/privacy/privacy_loss.hpp"
#include "vedette/privacy/secure_random.hpp"
#include "vedette/privacy/sensitivity.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::privacy {

// Every coin is a comparison of a random 64-bit word with an integer threshold T, so that it shows heads with
// probability T / 2^64 exactly. The thresholds are rounded so that the odds of any answer under two truths are at most
// e^epsilon, proven by interval arithmetic of 192 bits. Epsilons are in [2^-20, 32]: what rounding gives away of
// epsilon is below 1e-5 then. Work does not depend on the truth.

/// A category's share among respondents, unbiased; it may fall outside [0, 1].
struct ShareEstimate {
    double share = 0.0;
    double variance = 0.0;  ///< unbiased, of drawing respondents and of noise together; NaN for a single report
    Interval interval;      ///< of the population's share, cut to [0, 1]: coverage is never below the level
};

/// The truth among k categories with probability e^epsilon / (e^epsilon + k - 1), else one of the others, all alike
/// (Warner 1965 for k = 2; Kairouz, Oh and Viswanath 2016). Immutable, safe for concurrent use.
class RandomizedResponse {
  public:
    static constexpr double least_epsilon = 0x1p-20;
    static constexpr double largest_epsilon = 32.0;

    /// Throws invalid_argument for an epsilon outside that range or fewer than 2 or more than 2^20 categories.
    RandomizedResponse(Epsilon epsilon, std::uint32_t categories);

    [[nodiscard]] std::uint32_t categories() const noexcept { return categories_; }
    /// Of one report, with delta 0.
    [[nodiscard]] Guarantee guarantee() const noexcept { return {epsilon_, 0.0}; }
    [[nodiscard]] PrivacyLossDistribution privacy_loss() const;
    [[nodiscard]] double truth_probability() const noexcept;

    /// One report of each truth; `out` may be `truths` itself. Throws invalid_argument for a truth that is no category,
    /// dimension_mismatch for lengths that differ (`out` is as it was), io_error if the operating system gives no
    /// entropy (`out` is zeroed). O(n).
    void respond(std::span<const std::uint32_t> truths, std::span<std::uint32_t> out) const;
    [[nodiscard]] std::uint32_t respond(std::uint32_t truth) const;

    /// The share of a category that `named` of all `reports` name, for independent respondents. Throws
    /// invalid_argument unless 0 < reports and named <= reports.
    [[nodiscard]] ShareEstimate estimate(std::uint64_t named, std::uint64_t reports,
                                         const stats::Confidence& confidence) const;

    /// For the library's own use.
    void respond(std::span<const std::uint32_t> truths, std::span<std::uint32_t> out,
                 detail::Keystream& keystream) const;

  private:
    double epsilon_;
    std::uint32_t categories_;
    std::uint64_t lie_threshold_;
};

/// How the bits of a unary encoding are disturbed.
enum class UnaryForm : std::uint8_t {
    /// Every bit is flipped with probability 1 / (e^(epsilon/2) + 1): the permanent response of basic one-time RAPPOR
    /// (Erlingsson, Pihur and Korolova 2014), whose f is twice that probability.
    symmetric,
    /// The one is kept with probability 1/2, zeros are flipped with 1 / (e^epsilon + 1): the least variance of rare
    /// categories (Wang, Blocki, Li and Jha 2017).
    optimised,
};

/// The truth as a one among k bits, each disturbed on its own. Immutable, safe for concurrent use.
class UnaryEncoding {
  public:
    /// Epsilon and categories as for RandomizedResponse.
    UnaryEncoding(Epsilon epsilon, std::uint32_t categories, UnaryForm form);

    [[nodiscard]] std::uint32_t categories() const noexcept { return categories_; }
    /// Of one report, all its bits together, with delta 0.
    [[nodiscard]] Guarantee guarantee() const noexcept { return {epsilon_, 0.0}; }
    /// Of a one where the truth is, and of a one elsewhere.
    [[nodiscard]] double true_one_probability() const noexcept;
    [[nodiscard]] double false_one_probability() const noexcept;

    /// One report into `bits`, each 0 or 1. Throws invalid_argument and dimension_mismatch (bits.size() is not
    /// categories) as above, io_error (`bits` is zeroed). O(k).
    void respond(std::uint32_t truth, std::span<std::uint8_t> bits) const;

    /// The share of a category whose bit is one in `ones` of all `reports`. Throws as RandomizedResponse::estimate.
    [[nodiscard]] ShareEstimate estimate(std::uint64_t ones, std::uint64_t reports,
                                         const stats::Confidence& confidence) const;

    /// For the library's own use.
    void respond(std::uint32_t truth, std::span<std::uint8_t> bits, detail::Keystream& keystream) const;

  private:
    double epsilon_;
    std::uint32_t categories_;
    std::uint64_t true_one_;   // a word below says one
    std::uint64_t false_one_;  // likewise
};

}  // namespace vedette::inline v0::privacy
