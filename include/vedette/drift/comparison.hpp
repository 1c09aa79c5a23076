// SPDX-License-Identifier: Apache-2.0
// Two tables, feature by feature: the named tests on the samples themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

/// What to compare by.
struct ComparisonOptions {
    /// Each is run on every feature of its kind. `automatic` is KS for numeric and chi-square for categorical features.
    std::vector<DriftTest> tests{DriftTest::automatic};
    TestOptions test{.nan = NanPolicy::omit};
    /// Of so many consecutive rows one is kept, on both sides: for autocorrelated traffic (stats/autocorrelation.hpp
    /// suggests the number). 1 keeps all.
    std::size_t thinning = 1;
};

/// One test of one feature. A sample too small for the test leaves all of the result NaN but for the counts.
struct NamedResult {
    DriftTest test = DriftTest::automatic;  ///< never `automatic` in an answer
    TestResult result{};
};

/// The tests of one feature, in the order asked for; a test that is not for its kind is left out.
struct FeatureComparison {
    std::string name;
    bool numeric = false;
    std::vector<NamedResult> results;
};

/// One univariate test on two frozen samples of numbers, by name. Throws Error: unsupported for a test that is not for
/// numeric samples, and what the test itself throws.
template <class T>
TestResult run_test(DriftTest test, const SortedSample<T>& reference, const SortedSample<T>& live,
                    const TestOptions& options = {});

/// The same for the counts of categories, in one order on both sides.
TestResult run_test(DriftTest test, std::span<const std::uint64_t> reference, std::span<const std::uint64_t> live,
                    const TestOptions& options = {});

/// Compares the columns that both tables have, by name. Nulls, NaN and infinities are left out: they are rates, not
/// values. Numbers are compared as double. A feature is categorical when either side is. Throws Error:
/// schema_mismatch when no column is in both or a live column is categorical where the reference is numeric,
/// unsupported for a test that never runs on samples, invalid_argument for options out of range. O(n log n) a feature,
/// but for permutations.
std::vector<FeatureComparison> compare(const Table& reference, const Table& live,
                                       const ComparisonOptions& options = {});

}  // namespace vedette::inline v0::drift
