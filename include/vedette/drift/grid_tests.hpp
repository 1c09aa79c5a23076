// SPDX-License-Identifier: Apache-2.0
// Two-sample drift tests from the integer counters of a frozen grid or of a list of categories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "vedette/core/evidence.hpp"
#include "vedette/drift/drift_test.hpp"
#include "vedette/stats/grid.hpp"
#include "vedette/stats/intervals.hpp"

namespace vedette::inline v0::drift {

/// The reference side of the tests, prepared once: counts, cumulated counts, pooling order, widths and null moments.
/// Immutable, safe to share between threads. At most 2^20 cells, each count below 2^42.
class GridReference {
  public:
    GridReference() = default;

    /// Numeric cells in ascending order. With `edges` (counts.size() - 1 of them, ascending) Wasserstein-1 is defined
    /// too: mass is spread evenly over a cell, or sits at its start when `discrete`, and live values outside
    /// [minimum, maximum] count as lying at the nearer end. `standard_deviation` is the reference's, to express the
    /// distance in; NaN or 0 leaves the effect NaN. Throws Error: dimension_mismatch for lengths that do not fit,
    /// invalid_argument for edges that do not ascend or a range that is not finite.
    static GridReference ordered(std::span<const std::uint64_t> counts, std::span<const double> edges = {},
                                 double minimum = std::numeric_limits<double>::quiet_NaN(),
                                 double maximum = std::numeric_limits<double>::quiet_NaN(),
                                 double standard_deviation = std::numeric_limits<double>::quiet_NaN(),
                                 bool discrete = false);
    static GridReference ordered(const stats::Grid& grid, double standard_deviation);

    /// Categories in any order, an "unseen" cell (reference count 0) among them.
    static GridReference nominal(std::span<const std::uint64_t> counts);

    [[nodiscard]] std::size_t size() const noexcept { return counts_.size(); }
    [[nodiscard]] std::uint64_t total() const noexcept { return total_; }
    [[nodiscard]] bool is_ordered() const noexcept { return ordered_; }
    [[nodiscard]] std::span<const std::uint64_t> counts() const noexcept { return counts_; }

  private:
    friend class GridEvaluation;
    void prepare_wasserstein(std::span<const double> edges, double minimum, double maximum);

    std::vector<std::uint64_t> counts_;
    std::vector<double> cumulated_;  // ordered: the distribution function at the cells' ends
    std::vector<double> widths_;     // of the cells in units of the range; empty when there is none
    std::vector<double> positions_;  // a cell's place in [0, 1], at which its live mass adds to the variance
    std::uint64_t total_ = 0;
    bool ordered_ = true;
    bool discrete_ = false;
    double range_ = 0.0;  // maximum - minimum, halved where that would overflow
    double range_scale_ = 1.0;
    double standard_deviation_ = std::numeric_limits<double>::quiet_NaN();
    double smallest_inner_count_ = 0.0;  // 0 when an outer cell holds reference values
    double smallest_inner_mass_ = 0.0;   // 0 when the inner cells are far from equal: no continuity correction
    // Null moments of Wasserstein-1 in units of the range at 1/n + 1/m = 1, and the deviation of its signed sum.
    double wasserstein_mean_ = 0.0;
    double wasserstein_variance_ = 0.0;
    double wasserstein_signed_ = 0.0;
    double skewness_ = 0.0;  // of the positions
    double kurtosis_ = 0.0;  // in excess of the normal law's
};

/// Every test of one feature. Ordered features have all; nominal ones have NaN in `ks` and `wasserstein`. An empty
/// side, or fewer than two cells, gives NaN p-values and effects. `pooled_cells` counts the cells after pooling.
///
/// | test | effect | range | statistic |
/// |---|---|---|---|
/// | ks | D, largest difference of the distribution functions on the grid | [0, 1] | D |
/// | chi_square, g | Cramer's V | [0, 1] | Pearson's X^2; the likelihood ratio G |
/// | psi | population stability index, natural logarithm | [0, inf) | PSI/(1/n+1/m), ~ chi-square |
/// | jensen_shannon | divergence in bits (the distance is its square root) | [0, 1] | 8 JS/(1/n+1/m), JS in nats |
/// | hellinger | Hellinger distance sqrt(1 - BC) | [0, 1] | 8 H^2/(1/n+1/m) |
/// | total_variation | half the sum of absolute differences | [0, 1] | standardised |
/// | wasserstein | Wasserstein-1 in reference standard deviations | [0, inf) | Wasserstein-1 in the feature's unit |
///
/// Effects are plain estimates, hence above zero on average without drift; the intervals correct for that, so an effect
/// counts only where its lower end is above zero. They are accurate for small and moderate drift.
///
/// All but ks and wasserstein work on pooled cells, of which each side expects at least 5 * max(1, sqrt(cells)/4)
/// values: neighbours (ordered), chosen by reference counts and the two totals alone, or the categories rare in both
/// samples together, with those absent from the reference (nominal). Fewer than two pooled cells (a live side below ten
/// values, say) leave these tests undefined. psi, jensen_shannon and hellinger use shares smoothed by half a count per
/// pooled cell; the p-value of g has Williams's correction. Null laws: Kolmogorov's finite law with Broadie, Glasserman
/// and Kou's (1997) correction for looking at edges only (ks, when inner cells are of near-equal mass, else
/// conservative); chi-square; and, for total variation and Wasserstein, a chi law of matched moments, no smaller than
/// the normal tail of the largest set of cells or of the difference of means; up to a fifth off in far tails.
struct GridEvidence {
    TestResult ks;
    TestResult chi_square;
    TestResult g;
    TestResult psi;
    TestResult jensen_shannon;
    TestResult hellinger;
    TestResult total_variation;
    TestResult wasserstein;
    double psi_null_mean = std::numeric_limits<double>::quiet_NaN();  ///< expected PSI without drift
    std::size_t pooled_cells = 0;
};

/// The result of one test among all; null for `automatic` and for tests that do not run on counters.
const TestResult* result_of(const GridEvidence& all, DriftTest test) noexcept;

/// All tests of a feature in a few passes over its cells; no allocation, no exception. `live` has reference.size()
/// counts, each below 2^42, or every result is NaN.
GridEvidence evaluate(const GridReference& reference, std::span<const std::uint64_t> live,
                      const stats::Confidence& confidence) noexcept;

/// One test alone; the same numbers as `evaluate`. `ks` and `wasserstein` need an ordered reference.
TestResult ks(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult chi_square(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult g_test(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult psi(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult jensen_shannon(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult hellinger(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;
TestResult total_variation(const GridReference&, std::span<const std::uint64_t> live,
                           const stats::Confidence&) noexcept;
TestResult wasserstein_1(const GridReference&, std::span<const std::uint64_t> live, const stats::Confidence&) noexcept;

}  // namespace vedette::inline v0::drift
