// SPDX-License-Identifier: Apache-2.0
// Random Fourier features in fixed point: frequencies that are the same on every machine, sums that are integers.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vedette/core/digest.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::drift {

/// One is this many units of a feature.
inline constexpr double feature_unit = 1048576.0;  // 2^20
/// A scaled value beyond it counts as it: the features cannot tell such distances apart anyway, and phases stay small.
inline constexpr double furthest_value = 1024.0;

/// Where the features come from. Everything is computed by additions, multiplications, divisions and square roots in a
/// fixed order, which IEEE 754 rounds alike everywhere.
struct FeatureMap {
    static constexpr std::size_t panel = 8;             ///< frequencies side by side
    static constexpr std::size_t most_features = 1024;  ///< frequencies

    std::size_t columns = 0;
    std::size_t features = 0;
    std::vector<double> offset;         ///< per column
    std::vector<double> inverse_scale;  ///< per column, the bandwidth included
    std::vector<float> weights;         ///< in turns (of 2 pi); [features / panel][columns][panel]
    double limit = furthest_value;  ///< of scaled values; lower for so many columns that phases would grow too large
    Digest digest{};

    [[nodiscard]] float weight(std::size_t feature, std::size_t column) const noexcept {
        return weights[((feature / panel) * columns + column) * panel + feature % panel];
    }
    /// From one scaled row to the next: long rows a whole number of pages apart would push each other out of the cache.
    [[nodiscard]] std::size_t stride() const noexcept { return columns < 256 ? columns : columns + 16; }
    /// Rows of a block, a multiple of 4.
    [[nodiscard]] std::size_t block_rows() const noexcept;
    /// Draws `features` orthogonal Gaussian frequencies.
    void draw_weights(std::uint64_t seed);
    void set_limit();
    /// Of all of the above.
    void set_digest();

    /// Row i of the view in the features' units; false, and `out` undefined, when a value is not finite.
    template <class T>
    bool scale_row(const MatrixView<T>& view, std::size_t i, float* out) const noexcept;
    /// Adds the features of up to block_rows() scaled rows, stride() apart: cosines, then sines. `rows` holds a
    /// multiple of 4 rows.
    void add(const float* rows, std::size_t count, std::int64_t* sums) const noexcept;
    /// Sums the rows of a view by way of `scratch` (block_rows() x stride()); returns how many were left out.
    template <class T>
    std::uint64_t add_rows(const MatrixView<T>& view, std::span<float> scratch, std::int64_t* sums) const noexcept;
    /// The features, in units, of up to block_rows() scaled rows (`rows` holds a multiple of 4): what `add` would add,
    /// row after row.
    void evaluate(const float* rows, std::size_t count, std::int32_t* out) const noexcept;
};

/// The median distance between points (one per column), pairs of equal ones left out: of an even number of distances
/// the upper of the two in the middle. 1 when there is no other pair.
double median_distance(const Eigen::MatrixXd& points);

}  // namespace vedette::inline v0::drift
