// SPDX-License-Identifier: Apache-2.0
// Tests of several features at once: their names, their answers, and all of them on the numeric columns of two tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0 {

/// A multivariate drift test. Values are pinned and shared with the C interface.
enum class MultivariateTest : std::uint8_t {
    hotelling_t2 = 0,              ///< another mean; drift/hotelling.hpp
    maximum_mean_discrepancy = 1,  ///< anything, most of all near the median distance of rows
    energy = 2,                    ///< anything, without a bandwidth; drift/energy_test.hpp
    density_difference = 3,        ///< anything smooth; drift/density_difference.hpp
    classifier = 4,                ///< what a linear classifier can tell apart; drift/classifier_test.hpp
    mmd_fuse = 5,                  ///< maximum_mean_discrepancy at ten bandwidths, for changes of unknown scale
    mean_shift = 6,                ///< another mean, by the reference's covariance alone; MahalanobisDistance
    random_feature_mmd = 7,        ///< as MMD, in linear time; 100 rows of reference or more; RandomFeatureMmd
};

inline constexpr std::uint8_t multivariate_test_count = 8;

/// The word used on the command line and in reports, e.g. "hotelling_t2".
const char* multivariate_test_name(MultivariateTest test) noexcept;
/// The test of that word; empty for any other.
std::optional<MultivariateTest> multivariate_test(std::string_view name) noexcept;

namespace drift {

/// The answer of a multivariate two-sample test. Each test documents what its contributions mean, whether they sum to
/// anything and which rows they stand for; an empty vector says that the test defines none.
struct MultivariateResult {
    TestResult test;
    std::vector<double> feature_contributions;
    std::vector<double> row_contributions;
    /// The share of the rows that moved, in total variation: as the effect implies for normal rows (hotelling_t2,
    /// mean_shift), at least (classifier, maximum_mean_discrepancy, mmd_fuse; random_feature_mmd: half the effect,
    /// which the distance of means of vectors of length 1 cannot exceed), or NaN (the other tests do not tell).
    double moved_share = std::numeric_limits<double>::quiet_NaN();
    Interval moved_share_interval{};
};

/// One test by name, with the test's own defaults for what TestOptions does not hold. Throws what the test throws.
/// mean_shift and random_feature_mmd freeze the reference and ask it once: they have one law, so that any other method
/// than automatic and asymptotic is unsupported; row contributions of the latter are its witness, n/(n + m) times,
/// which sum to the statistic.
template <class T>
MultivariateResult run_test(MultivariateTest test, MatrixView<T> reference, MatrixView<T> live,
                            const TestOptions& options = {});

struct JointOptions {
    TestOptions test{};
    /// The tests that compare all pairs of rows take at most so many rows of a side, drawn by test.seed.
    std::size_t most_rows = 2000;
    /// Against autocorrelation; of means no test tells what share of the rows moved.
    RowBlocks rows{};
    /// Of the tests by a kernel (maximum_mean_discrepancy, mmd_fuse), as MmdOptions has them, in pooled standard
    /// deviations of a column; empty: learned from the rows.
    std::vector<double> bandwidths{};
    std::size_t named_rows = 5;  ///< how many of JointComparison::rows at most
};

/// A live row, and how much of a test's statistic rests on it.
struct RowContribution {
    std::uint64_t position = 0;  ///< in the live table, from 1; of a block of rows, that of its first
    double contribution = 0.0;   ///< as the test defines MultivariateResult::row_contributions

    friend bool operator==(const RowContribution&, const RowContribution&) = default;
};

/// One test of several columns together.
struct JointComparison {
    MultivariateTest test = MultivariateTest::hotelling_t2;
    std::vector<std::string> columns;  ///< what was compared, in the reference's order
    TestResult result{};
    std::vector<double>
        contributions;  ///< per column, as the test defines them; often empty or NaN where not evaluated
    double moved_share = std::numeric_limits<double>::quiet_NaN();  ///< as in MultivariateResult
    Interval moved_share_interval{};
    /// The live rows that contribute most, of those that speak for a change (more than 0): the largest first, equals in
    /// their order. Of a test that draws rows, of the drawn ones.
    std::vector<RowContribution> rows{};
    bool is_smallest_p = false;  ///< as of NamedResult
};

/// Compares the numeric columns that both tables have, together, each in units of the pooled standard deviation (a
/// constant column is left as it is). Rows in which any of them is null, NaN or infinite are left out. A test that the
/// data do not allow leaves all but the counts NaN. Throws Error: schema_mismatch when no numeric column is in both
/// tables; invalid_argument for options out of range or most_rows below 4. Cost: that of the tests, and two copies.
std::vector<JointComparison> compare_jointly(const Table& reference, const Table& live,
                                             std::span<const MultivariateTest> tests, const JointOptions& options = {});

}  // namespace drift

}  // namespace vedette::inline v0
