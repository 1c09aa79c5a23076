// SPDX-License-Identifier: Apache-2.0
// Sums of features over a sliding window, and the thresholds that streams of the reference itself pass at a given rate.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::drift {

/// When a growing and then sliding window is looked at.
struct LookPlan {
    std::uint64_t window = 0;
    std::uint64_t first_look = 0;
    double expected_run = 0.0;

    /// Rows of a stage; stages begin at the first look.
    [[nodiscard]] std::uint64_t stage_rows() const noexcept {
        const std::uint64_t rows = (window + 31) / 32;
        return rows == 0 ? 1 : rows;
    }
    /// Stages while the window grows; one more comes with the first row that leaves it.
    [[nodiscard]] std::size_t growing_stages() const noexcept {
        return static_cast<std::size_t>((window - first_look) / stage_rows() + 1);
    }
    /// Of a row, the first is number 1, that is looked at.
    [[nodiscard]] std::size_t stage_of(std::uint64_t row) const noexcept {
        return row > window ? growing_stages() : static_cast<std::size_t>((row - first_look) / stage_rows());
    }
};

/// n/(n + m)/m: by it the sum of squares becomes n m/(n + m) |D|^2.
inline double harmonic_scale(double n, double m) noexcept {
    return n / (n + m) / m;
}

/// The threshold of each stage and that of a full window, in units of scaled sums of squares. `values` are features of
/// reference rows, `width` a row, `reference_count` is how many rows the reference has.
std::vector<double> simulate_thresholds(std::span<const std::int32_t> values, std::size_t width, double reference_count,
                                        const LookPlan& plan, std::size_t simulations, std::uint64_t seed);

}  // namespace vedette::inline v0::drift
