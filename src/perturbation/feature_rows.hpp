// SPDX-License-Identifier: Apache-2.0
// What scores of raw features share: reading the reference, judging a row, and contributions that add up exactly.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

inline constexpr double not_a_score = std::numeric_limits<double>::quiet_NaN();

/// Throws Error unless lowest <= value <= highest.
inline void require_option(const char* who, const char* name, std::size_t value, std::size_t lowest,
                           std::size_t highest) {
    if (value >= lowest && value <= highest) return;
    throw Error(ErrorCode::invalid_argument, std::string(who) + ": " + name + " is " + std::to_string(value) +
                                                 ", must lie in " + std::to_string(lowest) + " to " +
                                                 std::to_string(highest));
}

inline void require_file(bool condition, const char* who) {
    if (!condition) throw Error(ErrorCode::corrupt_data, std::string(who) + ": a file that no score writes");
}

/// The reference, a row after the other. Throws Error for fewer than two rows, no column, more than 65,535 columns,
/// 2^31 rows or more, or a value that is not finite.
inline std::vector<float> reference_rows(MatrixView<float> reference, const char* who) {
    const auto refuse = [who](ErrorCode code, const std::string& what) { throw Error(code, who + (": " + what)); };
    const std::size_t n = reference.rows(), d = reference.columns();
    if (n < 2 || d == 0)
        refuse(ErrorCode::not_enough_data,
               std::to_string(n) + " rows of " + std::to_string(d) + " columns, at least 2 rows and a column needed");
    if (n >= (std::size_t{1} << 31U)) refuse(ErrorCode::overflow, std::to_string(n) + " rows, must be below 2^31");
    if (d > 0xFFFF) refuse(ErrorCode::invalid_argument, std::to_string(d) + " columns, must be at most 65535");
    std::vector<float> rows(n * d);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < d; ++j) {
            const float x = reference(i, j);
            if (!std::isfinite(x))
                refuse(ErrorCode::invalid_argument,
                       "row " + std::to_string(i) + ", column " + std::to_string(j) + " is not finite");
            rows[i * d + j] = x;
        }
    }
    return rows;
}

/// No two are equal.
[[nodiscard]] inline bool all_differ(std::vector<std::uint64_t> words) {
    std::sort(words.begin(), words.end());
    return std::adjacent_find(words.begin(), words.end()) == words.end();
}

[[nodiscard]] inline bool has_nan(std::span<const float> row) noexcept {
    bool found = false;
    for (const float x : row) found |= std::isnan(x);
    return found;
}

[[nodiscard]] inline bool is_finite(std::span<const float> row) noexcept {
    bool all = true;
    for (const float x : row) all &= std::isfinite(x);
    return all;
}

/// Uniform on 0 to below - 1; below at most 2^32.
inline std::size_t draw_below(Random& random, std::size_t below) noexcept {
    return static_cast<std::size_t>(((random() >> 32U) * below) >> 32U);
}

/// To a multiple of 2^-50, where |x| < 2: sums of such numbers are exact in any order while they stay below 8.
[[nodiscard]] inline double on_grid(double x) noexcept {
    return (x + 6.0) - 6.0;
}

/// Makes contributions multiples of a step so fine that they still sum to the score, a multiple of the step: what is
/// left over by rounding goes to the largest.
inline void close_sum(double score, double step, std::span<double> contributions) noexcept {
    double sum = 0.0;
    std::size_t largest = 0;
    for (std::size_t j = 0; j < contributions.size(); ++j) {
        contributions[j] = std::nearbyint(contributions[j] / step) * step;
        sum += contributions[j];
        if (contributions[j] > contributions[largest]) largest = j;
    }
    contributions[largest] += score - sum;
}

/// Divides a score >= 0 by weights >= 0, or equally where they sum to nothing; contributions (the weights, before)
/// are multiples of the score's last digit and add up to it exactly, in any order.
inline void share_score(double score, std::span<double> contributions) noexcept {
    if (!(score > 0.0)) {
        std::fill(contributions.begin(), contributions.end(), 0.0);
        return;
    }
    double most = 0.0, sum = 0.0;
    for (const double weight : contributions) most = std::max(most, weight);
    if (!(most > 0.0) || !std::isfinite(most)) {
        std::fill(contributions.begin(), contributions.end(), 1.0);
        most = 1.0;
    }
    for (double& weight : contributions) sum += weight /= most;
    // Rounded down, so that no partial sum exceeds the score.
    const double step = std::ldexp(1.0, std::max(std::ilogb(score) - 52, -1074));
    double given = 0.0;
    std::size_t largest = 0;
    for (std::size_t j = 0; j < contributions.size(); ++j) {
        const double share = std::floor(score * (contributions[j] / sum) / step) * step;
        contributions[j] = std::min(share, score - given);
        given += contributions[j];
        if (contributions[j] > contributions[largest]) largest = j;
    }
    contributions[largest] += score - given;
}

}  // namespace vedette::inline v0::perturbation
