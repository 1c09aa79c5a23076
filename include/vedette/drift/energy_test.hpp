// SPDX-License-Identifier: Apache-2.0
// Has the joint law of several features moved? The energy test, which needs no bandwidth.
#pragma once

#include <cstddef>

#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

struct EnergyOptions {
    /// Used: nan, permutations, seed.
    TestOptions test{};
    /// As in MmdOptions.
    std::size_t stop_after = 0;
    /// Costs about as much as the distances themselves.
    bool feature_contributions = true;
};

/// The energy distance of two samples (Szekely and Rizzo 2004), E = 2 mean|x - y| - mean|x - x'| - mean|y - y'| over
/// all pairs, a row with itself included. It is zero in the limit if and only if the laws are equal (of rows with a
/// mean). Euclidean: scale features that are not of one unit first.
///
/// test.statistic: n m/(n + m) E. p: as maximum_mean_discrepancy, from the distances rounded to 255 steps (the
/// outermost 1 % clipped to half a range beyond); exact for any exchangeable rows, tied or heavy-tailed. test.effect:
/// E/(2 mean|x - y|), from 0 (equal samples) to 1 (two different constants), without interval. row_contributions: of
/// the live rows, sum to the statistic: n m/(n + m)/m times (w(y) - mean of w over reference rows), w(z) = mean|z - x|
/// - mean|z - y|. feature_contributions: each pair's distance is shared among the features in proportion to their
/// squared differences, as in maximum_mean_discrepancy (which is also the derivative of the statistic by the logarithm
/// of the feature's scale); they sum to the statistic too. Accuracy (relative to the distances), cost, errors: as
/// maximum_mean_discrepancy, but one row on a side suffices; a row beyond 2^400 times a typical row's size counts as
/// that far away. Thread-safe.
template <class T>
MultivariateResult energy_test(MatrixView<T> reference, MatrixView<T> live, const EnergyOptions& options = {});

}  // namespace vedette::inline v0::drift
