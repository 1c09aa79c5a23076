// SPDX-License-Identifier: Apache-2.0
// Two-sample tests that see only the order of the values: the null law is the same for every continuous distribution.
#pragma once

#include <cstdint>
#include <span>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/bucketed_sample.hpp"
#include "vedette/drift/sample_range.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

// All tests take samples sorted once, with which the statistic is one pass, O(n + m); or columns and ranges of float or
// double, which they sort only where they must: large samples with few ties and an asymptotic p-value take a few
// nanoseconds a value, O(n + m). F is the distribution function of the reference, G of the live values; n and m
// are the sizes. Infinities are ordinary values. Thread-safe. All throw Error: not_enough_data for an empty sample (or
// what the test names), invalid_argument for a NaN under NanPolicy::refuse, a confidence outside (0, 1) or zero
// permutations, unsupported for a method that the test does not have. `Method::permutation` is valid for any ties and
// sizes, and costs O((n + m) permutations).
//
// Intervals of the distances (ks, kuiper, cramer_von_mises, anderson_darling) add and subtract a bound of the
// distance's sampling error; by the triangle inequality they cover at least as often as asked, often more.

/// Kolmogorov and Smirnov: the largest difference of F and G. Two-sided |F - G|, `greater` F - G, `less` G - F.
/// Statistic and effect are that D in [0, 1]; the interval, valid at any n (Dvoretzky, Kiefer, Wolfowitz and Massart,
/// half the error to each sample), is of the two-sided or one-sided supremum.
///
/// Exact: the share of arrangements of the pooled values, ties and all, with a D at least as large; Viehmann's (2021)
/// recursion over shares that are only added and multiplied, so a p of 1e-200 is as accurate as one of 0.5. SciPy's
/// exact p ignores ties and is too large with them. 2 n m D steps without ties, up to n m with many; more than 10^10
/// throw Error(unsupported). Asymptotic: two-sided the finite law of one sample of round(n m/(n + m)) values, one-sided
/// Hodges' (1958) equation 5.3, both as in SciPy; ties make it conservative. `automatic` is exact up to 10,000 values
/// on the larger side if that takes at most 10^8 steps, else asymptotic.
template <class T>
TestResult ks_two_sample(const SortedSample<T>& reference, const SortedSample<T>& live,
                         const TestOptions& options = {});

/// The same of columns, and of live columns against a frozen reference: without sorting either where the p-value is
/// asymptotic, which is where nothing more than D itself is needed. O(n + m), about 2 ns a value.
template <class T>
TestResult ks_two_sample(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});
template <class T>
TestResult ks_two_sample(const BucketedSample<T>& reference, ColumnView<T> live, const TestOptions& options = {});

/// Kuiper (1960): V = max(F - G) + max(G - F), as sensitive in the tails as in the middle. Statistic and effect are V
/// in [0, 1]. Asymptotic with Stephens' (1965) correction: conservative with ties. `automatic` permutes up to 200
/// pooled values. No direction: Error(unsupported) for a one-sided alternative; no exact law.
template <class T>
TestResult kuiper_two_sample(const SortedSample<T>& reference, const SortedSample<T>& live,
                             const TestOptions& options = {});
template <class T>
TestResult kuiper_two_sample(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});
template <class T>
TestResult kuiper_two_sample(const BucketedSample<T>& reference, ColumnView<T> live, const TestOptions& options = {});

/// Cramer and von Mises: the mean squared difference of F and G over the pooled values. Statistic: Anderson's (1962) T,
/// as in SciPy; where values are tied, F - G runs straight from one end of the tie to the other. (SciPy's midranks then
/// add a term linear in F - G that grows with n - m, so ties cost it its level.) Effect: the root of the mean squared
/// difference, in [0, 0.58]; asymptotic interval. Exact: counts of all arrangements by T (Xiao, Gordon and Yakovlev
/// 2007), here conditional on the ties, which SciPy ignores; Error(unsupported) beyond some 20 values a side.
/// Asymptotic: without ties the limit law of the standardised T, as in SciPy, with its tail to the last digit; with
/// ties worth mentioning the law of T given their shares (a chi- square mixture with the eigenvalues of the tied
/// bridge). `automatic`: exact up to 20 values a side where quick. At least two values each. Error(unsupported) for a
/// one-sided alternative.
template <class T>
TestResult cramer_von_mises(const SortedSample<T>& reference, const SortedSample<T>& live,
                            const TestOptions& options = {});
template <class T>
TestResult cramer_von_mises(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});

/// Mann, Whitney and Wilcoxon: are live values larger (smaller)? Statistic: U of the live values, the number of pairs
/// with live above reference plus half the tied ones; SciPy's mannwhitneyu(live, reference). Effect:
/// P(live > reference) + P(equal)/2 - 1/2, in [-1/2, 1/2], 0 when neither tends to be larger. Interval: Newcombe's
/// (2006) score method 5, widened where the placements vary more than his model (DeLong et al. 1988); asymptotic.
/// Exact: the counts of all arrangements by U, conditional on the ties (SciPy's exact law ignores them), two-sided
/// twice the smaller tail; at most 2 * 10^9 steps, else Error(unsupported). Asymptotic: normal, corrected for ties and
/// continuity, as in SciPy. `automatic`: exact where that takes at most 10^6 steps (about 25 values a side). All values
/// tied: p = 1.
template <class T>
TestResult mann_whitney(const SortedSample<T>& reference, const SortedSample<T>& live, const TestOptions& options = {});
template <class T>
TestResult mann_whitney(ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {});

/// How Anderson and Darling's statistic treats ties. Values are pinned.
enum class AndersonDarlingVariant : std::uint8_t {
    midrank = 0,          ///< Scholz and Stephens' (1987) equation 7, SciPy's default
    right_continuous = 1  ///< their equation 6
};

/// Its asymptotic law. Values are pinned.
enum class AndersonDarlingLaw : std::uint8_t {
    limit = 0,  ///< the whole law
    table = 1   ///< Scholz and Stephens' table, interpolated and clamped to [0.001, 0.25]: SciPy's p, for comparison
};

struct AndersonDarlingOptions : TestOptions {
    AndersonDarlingVariant variant = AndersonDarlingVariant::midrank;
    AndersonDarlingLaw law = AndersonDarlingLaw::limit;
};

/// Anderson and Darling: squared differences weighted by 1/variance, hence sensitive in both tails. Statistic: A^2
/// standardised as in Scholz and Stephens (1987) and SciPy. Effect, of two samples: the root of the mean over pooled
/// values of (F - G)^2/(H (1 - H)), H the pooled distribution function; in [0, 2], asymptotic interval; NaN of more.
/// The limit law is the chi-square mixture with weights 1/(j (j + 1)), scaled to the finite variance, with its tail to
/// the last digit; with ties worth mentioning and two samples, the mixture given their shares. (SciPy's table ignores
/// ties, for which the midrank statistic varies more: 11 % false alarms at 5 % for coin tosses.) More than two tied
/// samples, one below 100 values: `automatic` permutes. No exact law, no one-sided alternative: Error(unsupported).
/// Error(not_enough_data) for fewer than two distinct values or fewer than four values in all.
template <class T>
TestResult anderson_darling(const SortedSample<T>& reference, const SortedSample<T>& live,
                            const AndersonDarlingOptions& options = {});
template <class T>
TestResult anderson_darling(ColumnView<T> reference, ColumnView<T> live, const AndersonDarlingOptions& options = {});

/// Of k samples, at least two: do all come from one distribution? `reference_count` is the size of the first and
/// `live_count` of all others together.
template <class T>
TestResult anderson_darling(std::span<const SortedSample<T>> samples, const AndersonDarlingOptions& options = {});

template <class R, class L>
requires SampleRanges<R, L> TestResult ks_two_sample(const R& reference, const L& live,
                                                     const TestOptions& options = {}) {
    return ks_two_sample(column(reference), column(live), options);
}
template <class T, SampleRange L>
TestResult ks_two_sample(const BucketedSample<T>& reference, const L& live, const TestOptions& options = {}) {
    return ks_two_sample(reference, column(live), options);
}
template <class R, class L>
requires SampleRanges<R, L> TestResult kuiper_two_sample(const R& reference, const L& live,
                                                         const TestOptions& options = {}) {
    return kuiper_two_sample(column(reference), column(live), options);
}
template <class T, SampleRange L>
TestResult kuiper_two_sample(const BucketedSample<T>& reference, const L& live, const TestOptions& options = {}) {
    return kuiper_two_sample(reference, column(live), options);
}
template <class R, class L>
requires SampleRanges<R, L> TestResult cramer_von_mises(const R& reference, const L& live,
                                                        const TestOptions& options = {}) {
    return cramer_von_mises(column(reference), column(live), options);
}
template <class R, class L>
requires SampleRanges<R, L> TestResult mann_whitney(const R& reference, const L& live,
                                                    const TestOptions& options = {}) {
    return mann_whitney(column(reference), column(live), options);
}
template <class R, class L>
requires SampleRanges<R, L> TestResult anderson_darling(const R& reference, const L& live,
                                                        const AndersonDarlingOptions& options = {}) {
    return anderson_darling(column(reference), column(live), options);
}

}  // namespace vedette::inline v0::drift
