// SPDX-License-Identifier: Apache-2.0
// Tests of means and spreads: Welch's t, and Levene's family.
#pragma once

#include <span>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

// T is float or double; sums run in double, on values shifted and scaled by a power of two, so that neither large
// means nor values near the limits of T spoil them. Thread-safe; one copy of the samples is made. Errors:
// invalid_argument for an infinity, for a NaN under NanPolicy::refuse, and for a confidence outside (0, 1); unsupported
// for a method other than automatic and asymptotic.

/// Welch's (1947) t test of equal means, variances unequal. The statistic is positive where live values are larger.
/// Fewer than two values in a sample, or no spread in both: all but the counts is NaN, since there is no error to
/// compare with. The effect is the standardised mean difference, live minus reference, over the root of the mean of
/// both variances (no equal variances assumed), with Hedges' factor 1 - 3/(4(n + m) - 9). Its interval is Bonett's
/// (2008), asymptotic, two-sided whatever the alternative. O(n + m).
template <class T>
TestResult welch_t(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});

/// What Levene's test takes deviations from. `trimmed`: the mean of a sample without its most extreme 5 % at both ends,
/// for all of its values (as SciPy since 1.17; earlier ones left the extreme values out). Values are pinned.
enum class Centre : unsigned char { median = 0, mean = 1, trimmed = 2 };

/// Levene's (1960) test of equal spread in two or more samples, the first one the reference: analysis of variance of
/// absolute deviations from each sample's centre. `degrees_of_freedom` is the denominator's (the numerator's is the
/// number of samples - 1). NaN where a sample is empty, where there are no degrees of freedom, or where all deviations
/// are equal within each sample, up to rounding of the largest value. The p-value is approximate; Centre::mean is
/// liberal for skewed data. For two samples the effect is log(live / reference) of the mean absolute deviation from the
/// median whatever the centre, with Bonett and Seier's (2003) interval without their small-sample factor; NaN where
/// such a deviation is 0, and for more samples. Throws Error(invalid_argument) for fewer than two samples,
/// Error(unsupported) for one-sided alternatives. O(n log n).
template <class T>
TestResult levene(std::span<const ColumnView<T>> samples, Centre centre, const TestOptions& options = {});

/// Brown and Forsythe's (1974) test of two samples: levene about the median.
template <class T>
TestResult brown_forsythe(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});

}  // namespace vedette::inline v0::drift
