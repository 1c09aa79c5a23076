// SPDX-License-Identifier: Apache-2.0
// Mergeable moments of a column, with the values that are not numbers counted apart.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

namespace vedette::inline v0::stats {

/// Count, extremes, mean and centred second moment of the finite values. Not finite values are counted, never absorbed.
/// Zeros are those of either sign.
struct Moments {
    std::uint64_t count = 0;  ///< finite values
    std::uint64_t nan = 0;
    std::uint64_t positive_infinity = 0;
    std::uint64_t negative_infinity = 0;
    std::uint64_t zeros = 0;  ///< among the finite ones
    double minimum = std::numeric_limits<double>::infinity();
    double maximum = -std::numeric_limits<double>::infinity();
    double mean = 0.0;
    double m2 = 0.0;  ///< sum of squared deviations from the mean

    /// Adds one value (Welford 1962).
    void add(double value) noexcept {
        if (std::isnan(value)) {
            ++nan;
            return;
        }
        if (std::isinf(value)) {
            ++(value > 0 ? positive_infinity : negative_infinity);
            return;
        }
        ++count;
        zeros += value == 0.0 ? 1U : 0U;
        minimum = value < minimum ? value : minimum;
        maximum = value > maximum ? value : maximum;
        const double delta = value - mean;
        mean += delta / static_cast<double>(count);
        m2 += delta * (value - mean);
    }

    /// Adds another column's moments (Chan, Golub and LeVeque 1983). Counts and extremes merge exactly; mean and m2 up
    /// to rounding, which depends on the order of merges.
    void merge(const Moments& other) noexcept {
        nan += other.nan;
        positive_infinity += other.positive_infinity;
        negative_infinity += other.negative_infinity;
        zeros += other.zeros;
        minimum = other.minimum < minimum ? other.minimum : minimum;
        maximum = other.maximum > maximum ? other.maximum : maximum;
        if (other.count == 0) return;
        if (count == 0) {
            count = other.count;
            mean = other.mean;
            m2 = other.m2;
            return;
        }
        const double here = static_cast<double>(count);
        const double there = static_cast<double>(other.count);
        const double delta = other.mean - mean;
        const double share = there / (here + there);
        mean += delta * share;
        m2 += other.m2 + delta * delta * here * share;
        count += other.count;
    }

    [[nodiscard]] std::uint64_t total() const noexcept { return count + nan + positive_infinity + negative_infinity; }

    /// The unbiased sample variance; NaN below two finite values.
    [[nodiscard]] double variance() const noexcept {
        return count < 2 ? std::numeric_limits<double>::quiet_NaN() : m2 / static_cast<double>(count - 1);
    }
    [[nodiscard]] double standard_deviation() const noexcept { return std::sqrt(variance()); }
};

}  // namespace vedette::inline v0::stats
