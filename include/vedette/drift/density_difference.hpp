// SPDX-License-Identifier: Apache-2.0
// How far apart are the densities of two samples? The least-squares density difference, and its permutation test.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vedette/core/view.hpp"
#include "vedette/drift/multivariate.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

struct DensityDifferenceOptions {
    /// s of the Gaussians exp(-|x - c|^2/(2 s^2)), in standard deviations of all rows. 0: the median distance between
    /// (at most 1000) distinct rows (the upper median, of an even number of pairs), divided by the root of 2.
    double bandwidth = 0.0;
    std::size_t centres = 200;    ///< at most: that many distinct rows, of both samples, chosen by seed
    double regularisation = 0.0;  ///< lambda; 0: chosen without a look at which row is of which sample
    NanPolicy nan = NanPolicy::refuse;
    std::size_t permutations = 999;
    std::uint64_t seed = 0;  ///< of centres and permutations
};

/// The integral of the squared difference of two densities, estimated at once instead of from two estimated densities
/// (Sugiyama, Kanamori, Suzuki, du Plessis, Liu and Takeuchi 2013; as a test of change Bu, Alippi and Zhao 2018). The
/// difference, live - reference, is modelled as a sum of Gaussians, theta'k(x), one on each centre; h = mean of k over
/// live rows - mean over the reference, H = the Gaussians' inner products, theta = (H + lambda I)^-1 h, and
/// test.statistic = 2 theta'h - theta'H theta. All is in units of (pi s^2)^(d/2), which would leave the range of a
/// double for many features.
///
/// The p-value is exact at any size for exchangeable rows (over the draw of the seed): the statistic sees the two
/// samples as one sorted heap of rows, and labels. Scale (standard deviations of all rows), bandwidth, centres and
/// lambda are functions of the heap and the seed, so none is set aside or refitted, and relabelling costs one product.
/// lambda is the largest of 4^-i at which, over all relabellings, the two halves of the statistic agree: mean theta'h -
/// mean theta'H theta is below a fifth of mean theta'h (Bu et al. compare the same on bootstrap samples; over
/// relabellings the means have a closed form).
///
/// alibi-detect's LSDD differs in definition: it standardises by the reference and sets some of its rows aside as
/// centres. Here no row is lost to the test, and none is treated unlike another before labels are looked at.
///
/// test.effect: the statistic less its mean over relabellings, as a share of what two samples without overlap would
/// give (the same form of either sample's own mean of k, added up): 0 for equal laws, at most 1. It has no interval.
/// row_contributions: theta'k(x) of the live rows, where the live density exceeds the reference's and by how much;
/// their mean less that of the reference rows is theta'h. feature_contributions sum to theta'h too: with the fitted
/// theta, k(x) - 1 of every row and centre is shared among the features in proportion to their squared differences, as
/// in maximum_mean_discrepancy. Constant features play no part and contribute 0; repeated rows weigh in the means, and
/// are one centre; if all rows are equal the statistic is 0, p = 1.
///
/// Throws Error: dimension_mismatch for different numbers of columns; not_enough_data for no column, or fewer than 2
/// rows on a side; invalid_argument for infinities, NaN under refuse, an option out of range. O(N b (d + permutations)
/// + b^3) for N rows and b centres, memory O(N b). Thread-safe. T is float or double.
template <class T>
MultivariateResult least_squares_density_difference(MatrixView<T> reference, MatrixView<T> live,
                                                    const DensityDifferenceOptions& options = {});

}  // namespace vedette::inline v0::drift
