// SPDX-License-Identifier: Apache-2.0
// Tests of independence in tables of counts: Pearson, log-likelihood, Fisher, and two rates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// A table of counts, row after row; borrowed. A row is a sample (the first one the reference, the others live), a
/// column a category.
struct CountTable {
    std::span<const std::uint64_t> counts;  ///< rows * columns of them
    std::size_t rows = 2;
    std::size_t columns = 2;
};

/// Options of the tests by expected counts.
struct ContingencyOptions {
    bool yates = false;        ///< moves each count by up to 1/2 towards expectation; at one degree of freedom only
    double confidence = 0.95;  ///< of the effect's interval, in (0, 1)
    /// automatic: asymptotic. permutation: of all relabellings of the items, holds its level in any table.
    Method method = Method::automatic;
    std::size_t permutations = 999;  ///< p-values are (1 + #)/(permutations + 1)
    std::uint64_t seed = 0;          ///< of the permutations: same seed, same p-value
};

// All tests are thread-safe. They throw Error(dimension_mismatch) where the number of counts is not rows * columns,
// Error(overflow) where the sum of all counts exceeds 2^64 - 1, Error(invalid_argument) for a confidence outside
// (0, 1). Counts above 2^53 are rounded to the nearest double. `reference_count` is the sum of the first row,
// `live_count` that of all others.

/// Pearson's chi-square test of independence. Rows and columns without a count are left out, and do not count in the
/// degrees of freedom. Fewer than two rows with a count, or an empty reference: there is nothing to compare, and all
/// but the counts is NaN. A single column with a count: statistic 0, p = 1, no degrees of freedom, no interval.
/// The p-value is asymptotic and, below about 5 expected per cell, may be too small; `permutation` then keeps the
/// level, given the margins: items are relabelled at random, drawn as tables, O(rows * columns * permutations) for any
/// number of items. The effect is cramers_v, never corrected by Yates, its interval always asymptotic. Otherwise O(rows
/// * columns). Error(unsupported) for method `exact` (fisher_exact has it) and for permutations of more than 2^32
/// items, Error(invalid_argument) for 0 permutations.
TestResult chi_square(const CountTable& table, const ContingencyOptions& options = {});

/// The log-likelihood ratio (G) test of independence; all else as chi_square, the effect too. Stable where counts are
/// huge and close to expectation.
TestResult g_test(const CountTable& table, const ContingencyOptions& options = {});

/// An effect with its interval.
struct Association {
    double value;
    Interval interval;
};

/// Cramer's V, sqrt(X^2/(N (k - 1))) with k the smaller dimension of the table without its empty rows and columns; in
/// [0, 1], 0 = independent; NaN where chi_square has no statistic. The interval inverts the noncentral chi-square law
/// of X^2 (Steiger and Fouladi 1997): it is about the population's V, whereas the value is biased upwards by chance, so
/// that in small or wide tables the value may lie above the interval. Asymptotic.
Association cramers_v(const CountTable& table, double confidence = 0.95);

/// Fisher's exact test, given the margins of the table: p is the probability of all tables no likelier than the
/// observed one.
///
/// Of a 2 x 2 table whose columns are (event, no event). `greater`: the event is more frequent live. (SciPy's `less` on
/// the same table.) The statistic is the live sample's odds divided by the reference's, 0 and infinity included; NaN
/// for an empty row or column, where p = 1 (NaN where a row is empty). The effect is its logarithm; the interval,
/// two-sided whatever the alternative, is exact given the margins (Cornfield 1956): coverage is never below the level.
/// `automatic` is exact; `permutation`, for one method in tables of any size, draws the live events and approaches the
/// exact p. Error(unsupported) for `asymptotic`, a smallest margin above 100 000, where chi_square serves, and as
/// below. O(smallest margin).
///
/// Of any other table, rows and columns without a count left out (Freeman and Halton 1951). The statistic is the
/// logarithm of the observed table's probability; the effect is cramers_v with its interval. `exact`: Mehta and Patel's
/// (1983) network where two rows or two columns have counts, else every table; Error(unsupported) beyond some 3 * 10^7
/// steps. `permutation`: items relabelled at random, drawn as tables, so that the cost is O(rows * columns *
/// permutations) for any number of items; the same p for the same seed on every machine. `automatic`: exact within
/// some 2 * 10^6 steps (a hundred items in ten categories, a thousand in five), else permutation. A single row or
/// column with a count and an empty reference are as in chi_square, the statistic 0 or NaN. Error(unsupported) for
/// `asymptotic`, a one-sided alternative and more than 2^32 items; Error(invalid_argument) for 0 permutations.
TestResult fisher_exact(const CountTable& table, const TestOptions& options = {});

/// Pooled z test of two rates on the table of fisher_exact, without any exact correction (two_proportion has it).
/// The statistic is positive where the event is more frequent live; the effect is live rate minus reference rate with
/// Newcombe's interval. No event, or only events: statistic 0, p = 1. An empty row: NaN. A method other than automatic
/// and asymptotic throws Error(unsupported).
TestResult two_proportion_z(const CountTable& table, const TestOptions& options = {});

}  // namespace vedette::inline v0::drift
