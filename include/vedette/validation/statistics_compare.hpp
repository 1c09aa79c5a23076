// SPDX-License-Identifier: Apache-2.0
// Skew and drift by statistics alone: training against serving, one day against the next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "vedette/core/verdict.hpp"
#include "vedette/validation/statistics.hpp"

namespace vedette::inline v0::validation {

/// The comparators of TensorFlow Data Validation. Each lies in [0, 1], 0 for equal laws.
enum class Comparator : std::uint8_t {
    infinity_norm = 0,         ///< of texts: the largest difference of two shares
    jensen_shannon = 1,        ///< Jensen-Shannon divergence in bits, of texts or numbers
    normalized_difference = 2  ///< of texts: the largest difference of two counts, over the sum of all counts
};

/// Above which value (not at it) a comparator alarms; absent: not judged. There is no default that suits all data.
struct ComparatorLimits {
    std::optional<double> infinity_norm = {};
    std::optional<double> jensen_shannon = {};
    std::optional<double> normalized_difference = {};
};

struct ComparisonOptions {
    /// As TensorFlow Data Validation computes: nulls are left out; numbers are counted in ten buckets of equal width
    /// per side, cut up as if each bucket's values lay evenly in it; NaN, and infinite values, of the two sides are put
    /// into cells of their own *each*, so that equal shares of NaN differ, too. (The ten counts are taken from the
    /// statistics' finer buckets, whose edges are within 1/256 of a value.)
    /// Otherwise: null, NaN and either infinity are cells that both sides share, and numbers are counted in at most
    /// `cells` cells of about equal mass in both together, cut where the statistics' buckets end: nothing is assumed.
    bool as_tfdv = false;
    std::uint32_t cells = 32;      ///< 2 to 1024
    ComparatorLimits limits = {};  ///< of columns that `columns` does not name
    std::map<std::string, ComparatorLimits, std::less<>> columns = {};
    /// Bounds of live rows / reference rows.
    std::optional<double> minimum_rows_ratio = {};
    std::optional<double> maximum_rows_ratio = {};
};

struct ColumnComparison {
    std::string column;
    Comparator comparator = Comparator::infinity_norm;
    /// `alarm` above the limit, `pass` else; `not_evaluated` without a limit, or where `reason` says why.
    Decision decision = Decision::not_evaluated;
    /// The comparator lies between `value` and `upper`: equal while the statistics hold all different texts (up to
    /// ValueSample::capacity), else what their sample says for certain. A limit in between is not evaluated.
    double value = 0.0;
    double upper = 0.0;
    /// Of the divergence: its mean where nothing changed, (cells - 1) (1/n + 1/m) / (8 ln 2) to first order; else 0.
    double expected = 0.0;
    std::optional<double> limit;
    /// The cell that differs the most: a text of the data (its first bytes), or "null"; empty of numbers.
    std::string worst;
    std::string reason;
};

struct StatisticsComparison {
    std::uint64_t reference_rows = 0;
    std::uint64_t live_rows = 0;
    Decision rows_decision = Decision::not_evaluated;  ///< of the ratio of rows, if it has a bound
    std::vector<ColumnComparison> columns;             ///< by name, then comparator
    std::vector<std::string> only_in_reference;        ///< an alarm where a limit was set for the column
    std::vector<std::string> only_in_live;             ///< the same
    Decision decision = Decision::not_evaluated;       ///< the gravest of all that has a limit
};

/// Compares columns of the same name. Texts need `options().values` in both, numbers `quantiles`; a column without
/// values on a side, or of texts on one and numbers on the other, is not evaluated. Symmetric in its arguments but for
/// the ratio of rows. Throws Error(invalid_argument) for limits outside [0, 1], bounds of the ratio that are negative
/// or not finite, and `cells` out of range. O(different values + buckets) per column.
[[nodiscard]] StatisticsComparison compare_statistics(const TableStatistics& reference, const TableStatistics& live,
                                                      const ComparisonOptions& options = {});

/// "infinity_norm", "jensen_shannon", "normalized_difference"; "unknown" for others.
[[nodiscard]] const char* comparator_name(Comparator comparator) noexcept;
/// The anomaly of TensorFlow Data Validation, e.g. "COMPARATOR_L_INFTY_HIGH"; "" for others.
[[nodiscard]] const char* anomaly_name(Comparator comparator) noexcept;
/// One line, e.g. `alarm: "country" infinity_norm 0.31 > 0.1 (COMPARATOR_L_INFTY_HIGH)`. No value of the data.
[[nodiscard]] std::string describe(const ColumnComparison& comparison);
/// A document of all of it. Texts of the data are told only with `tell_values`.
[[nodiscard]] std::string to_json(const StatisticsComparison& comparison, bool tell_values = false);

}  // namespace vedette::inline v0::validation
