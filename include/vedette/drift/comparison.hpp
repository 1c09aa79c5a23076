// SPDX-License-Identifier: Apache-2.0
// Tests on samples by name: of one feature, or of every feature that two tables share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/bucketed_sample.hpp"
#include "vedette/drift/divergences.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/sorted_sample.hpp"
#include "vedette/drift/test_form.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// One test on two samples of numbers. `automatic` is Kolmogorov-Smirnov. The tests of counts (chi_square, g_test) and
/// the divergences run on a grid of 64 cells of equal mass learned from the reference, as those of a window do; their
/// law is asymptotic whatever options.method, since a grid learned from one side leaves nothing to permute. Throws
/// Error: unsupported for a test that is not for numbers or a form that it does not have, and what the test itself
/// throws.
template <class T>
TestResult run_test(DriftTest test, const SortedSample<T>& reference, const SortedSample<T>& live,
                    const TestOptions& options = {}, TestForm form = TestForm::standard);
/// The same of columns, which are sorted only where the test must.
template <class T>
TestResult run_test(DriftTest test, ColumnView<T> reference, ColumnView<T> live, const TestOptions& options = {},
                    TestForm form = TestForm::standard);

/// The same against a frozen reference. Kolmogorov-Smirnov and Kuiper do not sort the live values where the p-value is
/// asymptotic; every other test sorts them here. options.nan is that of the live values.
template <class T>
TestResult run_test(DriftTest test, const BucketedSample<T>& reference, ColumnView<T> live,
                    const TestOptions& options = {});

/// One test on the counts of categories, in the same order on both sides. `automatic` is chi-square. chi_square, g_test
/// and fisher_exact take the table as it is, and options.method; the divergences pool rare categories. Throws Error:
/// unsupported for a test that is not for categories; dimension_mismatch for different lengths; and what the test
/// itself throws.
TestResult run_test(DriftTest test, std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                    const TestOptions& options = {}, TestForm form = TestForm::standard);

/// One test of one feature. A test that the data do not allow (too few values, no spread, ...) leaves all but the
/// counts NaN: not evaluated, never passed.
struct NamedResult {
    DriftTest test = DriftTest::automatic;  ///< never `automatic` in an answer
    TestResult result{};
    bool is_smallest_p = false;  ///< no relabelling reached the statistic: p is the smallest that so many can give
};

/// The tests of one feature, in the order asked for; a test that is not for its kind is left out.
struct FeatureComparison {
    std::string name;
    bool numeric = false;
    std::vector<NamedResult> results;
};

/// Compares the columns that both tables have, by name and in the reference's order, as double or as texts. Nulls, NaN
/// and infinities are left out, whatever options.nan says: they are rates, not values. Throws Error: schema_mismatch
/// when no column is in both tables, or one is numeric here and categorical there; unsupported for a test that never
/// runs on samples, or for a method that one of them does not have; invalid_argument for options out of range. O(n) a
/// feature, but for permutations. `rows`: against autocorrelation. `form` is that of every test named, each of which
/// must have it.
std::vector<FeatureComparison> compare(const Table& reference, const Table& live, std::span<const DriftTest> tests,
                                       const TestOptions& options = {}, const RowBlocks& rows = {},
                                       TestForm form = TestForm::standard);

/// A numeric column and the weights of its rows.
struct WeightedColumn {
    Column values;
    Column weights;
};

/// Whether a test has a form for weighted rows (wasserstein, energy_distance), as SciPy's has.
bool runs_on_weights(DriftTest test) noexcept;

/// One test of weighted rows (drift/distance_tests.hpp); `automatic` is wasserstein. Rows whose value is null, NaN or
/// infinite are left out with their weights. Throws Error: unsupported for a test without a weighted form;
/// type_mismatch for categories; dimension_mismatch where a row has no weight; invalid_argument for a weight that is
/// null, negative or not finite, or weights that are all 0. Too few rows: not evaluated.
NamedResult compare_weighted(DriftTest test, const WeightedColumn& reference, const WeightedColumn& live,
                             const TestOptions& options = {});

/// Whether a test has a form for more than two samples of a numeric (anderson_darling, levene, brown_forsythe) or of a
/// categorical feature (chi_square, g_test, fisher_exact).
bool runs_on_several(DriftTest test, bool numeric) noexcept;

/// One test of whether at least two columns of one kind, the first the reference, all come from one distribution.
/// `automatic` is anderson_darling or, of categories, chi_square. Read as `compare` reads columns. In the result,
/// `live_count` is that of all but the first. A column without a value: not evaluated. Throws Error: unsupported for a
/// test without such a form, or an option that it does not have; schema_mismatch for columns of both kinds;
/// invalid_argument for fewer than two, or options out of range.
NamedResult compare_several(DriftTest test, std::span<const Column> samples, const TestOptions& options = {},
                            const RowBlocks& rows = {}, TestForm form = TestForm::standard);

/// A numeric column as a frozen reference, read as `compare` reads columns: nulls, NaN and infinities are left out or,
/// under NanPolicy::refuse, NaN and infinities refused. Values are rounded to T. Throws Error: type_mismatch for
/// categories, not_enough_data where no value is left, invalid_argument for a value that is refused.
template <class T>
BucketedSample<T> freeze(const Column& reference, NanPolicy nan = NanPolicy::omit);

/// One test of a live column against a frozen reference, as `compare` runs it: for T = double, or float and a column
/// whose values are floats, the same answer as of the columns but for the order of sums and draws. Live values are
/// rounded to T, as the reference was. Throws Error: type_mismatch for categories, unsupported for a test that is not
/// for numbers, and as `compare`. O(m).
template <class T>
NamedResult compare(DriftTest test, const BucketedSample<T>& reference, const Column& live,
                    const TestOptions& options = {});

/// What another package reports of two columns of the same kind (drift/divergences.hpp), read as `compare` reads them:
/// nulls, NaN and infinities are left out. Throws Error: schema_mismatch for numbers against categories; unsupported
/// and not_enough_data as preset_divergence of samples.
PresetResult preset_divergence(DivergencePreset preset, Divergence divergence, const Column& reference,
                               const Column& live);

}  // namespace vedette::inline v0::drift
