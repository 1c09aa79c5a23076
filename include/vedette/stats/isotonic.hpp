// SPDX-License-Identifier: Apache-2.0
// Isotonic regression: the nearest non-decreasing function to some points, frozen as a map of scores to probabilities.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace vedette::inline v0::stats {

/// A continuous, non-decreasing, piecewise linear function: constant before its first and after its last knot.
/// Immutable once made; safe to share between threads.
class IsotonicMap {
  public:
    /// The map that changes nothing on [0, 1].
    IsotonicMap();

    /// The non-decreasing values that are nearest to y in the sum of squares, by pooling adjacent violators (Ayer,
    /// Brunk, Ewing, Reid and Silverman 1955), with a straight line between neighbouring points. Equal x (within 1e-15)
    /// are one point with their mean and weight. The same function as scikit-learn's
    /// IsotonicRegression(out_of_bounds="clip"). x and y are finite, as long as each other, in any order. Throws Error:
    /// not_enough_data for no point, dimension_mismatch, invalid_argument for a value that is not finite. O(n log n).
    static IsotonicMap fit(std::span<const double> x, std::span<const double> y);

    /// From knots as stored: x strictly ascending, y non-decreasing, both finite and at least one. Throws
    /// Error(invalid_argument) for anything else.
    static IsotonicMap from_knots(std::vector<double> x, std::vector<double> y);

    /// The value at x; NaN for NaN. O(log knots).
    [[nodiscard]] double operator()(double x) const noexcept;

    /// The points at which the slope changes, and the values there.
    [[nodiscard]] std::span<const double> knots() const noexcept { return x_; }
    [[nodiscard]] std::span<const double> values() const noexcept { return y_; }

  private:
    std::vector<double> x_;
    std::vector<double> y_;
};

/// Whether calibration by an IsotonicMap would help: NannyML's rule. The rows are split ten times into nine tenths to
/// fit and one tenth to judge, each class by itself; over all rows judged, in ten groups of equal size by score, the
/// expected calibration error (mean distance of a group's mean score from its rate of positives, weighted by size) must
/// become smaller. False for a single class, fewer than two rows of either, a ROC-AUC above 0.999 or fewer than 20
/// rows. The splits are drawn by `seed`, so that an answer near the border may differ from NannyML's. Scores are
/// finite, labels 0 or 1, of equal lengths; throws Error as fit. O(n log n).
bool needs_calibration(std::span<const double> scores, std::span<const double> labels, std::uint64_t seed = 1);

/// The area under the curve of true against false positives: the chance that a positive (label 1) has a higher score
/// than a negative, ties one half (Mann and Whitney 1947). NaN without either. Scores are no NaN. O(n log n).
double roc_auc(std::span<const double> scores, std::span<const double> labels);

}  // namespace vedette::inline v0::stats
