// SPDX-License-Identifier: Apache-2.0
// Epps and Singleton's two-sample test: do the empirical characteristic functions differ?
#pragma once

#include <cstdint>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/sample_range.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// Whose covariance the difference is measured in. Values are pinned.
enum class EppsSingletonCovariance : std::uint8_t {
    pooled = 0,   ///< that of all values together, as if there were no drift: keeps its level at any two sizes
    separate = 1  ///< each sample's own, as in Epps and Singleton (1986) and SciPy, for comparison: needs equal sizes
};

struct EppsSingletonOptions : TestOptions {
    EppsSingletonCovariance covariance = EppsSingletonCovariance::pooled;
    /// Where the characteristic functions are compared, in units of 1/half the interquartile range of all values: 1 to
    /// 16 of them, each positive and at most 1000.
    std::vector<double> points{0.4, 0.8};
};

/// Epps and Singleton (1986): compares the means of cos(t x) and sin(t x), for each t of `points`, between the samples.
/// Sees any difference of shape, such as scale or two humps, where tests of means see none; often more powerful than
/// Kolmogorov-Smirnov, and as valid for tied and discrete values.
///
/// Values are taken from the pooled median, in units of half the pooled interquartile range. Where that is 0 (at least
/// half of all values are one) the unit is the median distance from the pooled median of the values that differ from
/// it. All values equal: statistic 0, p = 1, no degrees of freedom, effect 0.
///
/// `pooled`: the statistic is N R^2, with R^2 the share of the variance of those cosines and sines, in their best
/// linear combination, which the two samples' means explain, and N = n + m. R^2/(1 - R^2) (N - 1 - r)/r has the law
/// F(r, N - 1 - r), exact for normal variables and the limit law of these; r is the rank of the covariance, at most
/// twice the number of points (directions whose variance is below 1e-10 of the largest are left out), and reported as
/// degrees_of_freedom. `asymptotic` uses this law and throws Error(not_enough_data) for r >= N - 1. `permutation`
/// relabels: valid for any sizes and ties. `automatic` permutes up to 10,000 pooled values where a side has fewer than
/// 100 (the law may reach 9 % at a nominal 5 % for 300 and 30 values of which 80 % are tied), else is asymptotic.
/// Effect: R in [0, 1], 0 = no difference, its bias removed; the interval inverts the noncentral F law, asymptotic.
///
/// `separate`: SciPy's statistic, law (chi-square with r degrees) and correction below 25 values a side. Its covariance
/// is governed by the smaller sample, so its level needs sizes that are alike: at a nominal 5 % it alarms in 31 % of
/// runs without drift at 300 and 30 values, in 91 % at 1000 and 6. Only `automatic` and `asymptotic`, else
/// Error(unsupported); Error(not_enough_data) where the samples differ in a direction in which neither has spread
/// (SciPy leaves that direction out, and two different constants pass). Effect as above.
///
/// Throws Error: not_enough_data for fewer than 5 values a side; invalid_argument for an infinite value, a NaN under
/// NanPolicy::refuse, points or another option out of range; unsupported for `exact` and for a one-sided alternative.
/// O((n + m) points^2), permutations O((n + m) points) each. Thread-safe. T is float or double.
template <class T>
TestResult epps_singleton(const SortedSample<T>& reference, const SortedSample<T>& live,
                          const EppsSingletonOptions& options = {});

template <class R, class L>
requires SampleRanges<R, L> TestResult epps_singleton(const R& reference, const L& live,
                                                      const EppsSingletonOptions& options = {}) {
    return epps_singleton(sorted(reference, options.nan), sorted(live, options.nan), options);
}

}  // namespace vedette::inline v0::drift
