// SPDX-License-Identifier: Apache-2.0
// Statistics of a table's columns that merge: any number of shards, in any order, give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/stats/exact_sum.hpp"
#include "vedette/stats/hyper_log_log.hpp"
#include "vedette/stats/log_histogram.hpp"
#include "vedette/stats/value_sample.hpp"
#include "vedette/validation/list_column.hpp"

namespace vedette::inline v0::validation {

/// What is kept beside counts, extremes and moments. Statistics merge with those of the same options only.
struct StatisticsOptions {
    bool quantiles = true;  ///< a histogram, of numbers and of lengths
    bool distinct = true;   ///< how many different values
    bool values = true;     ///< the commonest
    bool operator==(const StatisticsOptions&) const = default;
};

/// Of finite numbers, or of the lengths of texts in bytes. Moments are of exact sums, so that they too merge exactly.
struct NumberStatistics {
    std::uint64_t count = 0;
    std::uint64_t zeros = 0;  ///< of either sign
    std::uint64_t negatives = 0;
    double minimum = std::numeric_limits<double>::infinity();  ///< 64-bit integers: to the nearest double
    double maximum = -std::numeric_limits<double>::infinity();
    stats::ExactSum sum;
    stats::ExactSum squares;
    stats::LogHistogram histogram;  ///< empty without `quantiles`

    /// NaN for no values; within two units in the last place.
    [[nodiscard]] double mean() const;
    /// The unbiased sample variance, NaN below two values: never negative, and without cancellation, however far the
    /// values lie from 0. Within a few units in the last place.
    [[nodiscard]] double variance() const;
    [[nodiscard]] double standard_deviation() const;
    /// As LogHistogram::quantile, but within [minimum, maximum], which are those of 0 and 1. NaN without a histogram or
    /// values. Throws Error(invalid_argument) for q outside [0, 1].
    [[nodiscard]] double quantile(double q) const;

    void merge(const NumberStatistics& other);
};

struct ColumnStatistics {
    bool is_text = false;
    /// Bit 1 << Dtype for each element type that was met.
    std::uint32_t dtypes = 0;
    std::uint64_t rows = 0;  ///< of the values of lists: how many there are
    std::uint64_t nulls = 0;
    std::uint64_t nan = 0;
    std::uint64_t positive_infinity = 0;
    std::uint64_t negative_infinity = 0;
    std::uint64_t invalid_utf8 = 0;  ///< texts that are not UTF-8
    NumberStatistics numbers;        ///< of a text column: of the lengths
    stats::HyperLogLog distinct;     ///< of finite numbers or of texts
    stats::ValueSample values;       ///< the same

    [[nodiscard]] std::uint64_t total() const noexcept { return rows - nulls; }
    /// Different finite numbers or texts: exact while `values` is complete, else HyperLogLog's estimate.
    [[nodiscard]] double distinct_count(const StatisticsOptions& options) const;
};

/// Statistics of the columns of any number of tables, by name. The state is a function of the multiset of values of
/// each column alone: sums are exact, quantiles come from counts of fixed buckets, distinct values from maxima, the
/// commonest from a sample by hash. So shards of rows, merged in any order or tree, on any instruction set, save as the
/// same bytes as the whole table; columns need not come in the same order, nor be in every shard.
///
/// Nulls, NaN and infinities are counted apart. Numbers of all types are counted as the doubles that they are, sums of
/// 64-bit integers exactly. Distinct values and samples use a fixed, public hash: they are no defence against someone
/// who chooses values for it. Memory per column: about 70 kB, of texts up to 256 kB more; with a histogram of widely
/// scattered numbers up to 128 kB more; during an update up to 4 MB.
/// Compatible with threads: concurrent const calls are safe.
class TableStatistics {
  public:
    explicit TableStatistics(const StatisticsOptions& options = {}) : options_(options) {}

    /// Counts every row. Throws Error(invalid_argument) for a column that holds texts here and numbers before, or the
    /// reverse, Error(overflow) beyond 2^61 rows; nothing is changed then. O(values) in one pass over each column.
    void update(const Table& table);
    /// And columns of lists: "tags" counts the values in them, "tags[]" how many values each row's list holds, of lists
    /// of lists how many lists, and "tags[][]" how many values each of these; a null list is a null there. Throws as
    /// `check_lists`, too, and Error(invalid_argument) for a column that has such a name of its own.
    void update(const NestedTable& table);
    /// Throws as `update`, and Error(invalid_argument) for other options.
    void merge(const TableStatistics& other);

    [[nodiscard]] const StatisticsOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::uint64_t rows() const noexcept { return rows_; }
    /// By name, in the order of bytes.
    [[nodiscard]] const std::map<std::string, ColumnStatistics, std::less<>>& columns() const noexcept {
        return columns_;
    }

    /// Canonical bytes (core/container.hpp).
    [[nodiscard]] std::vector<std::byte> serialize() const;
    /// Throws Error(corrupt_data) for what no statistics write, Error(unsupported_version).
    [[nodiscard]] static TableStatistics deserialize(std::span<const std::byte> bytes);

    /// A canonical document for people and other programs: counts, extremes, moments, quantiles and commonest values of
    /// each column. Texts that are not UTF-8 have the replacement character in place of what is not.
    [[nodiscard]] std::string to_json(std::size_t commonest = 20) const;

  private:
    struct Codec;
    friend class BatchStream;
    void require_room(std::uint64_t rows) const;
    void require_fit(const Table& table, std::span<const ListColumn> lists = {}) const;
    void count_lists(std::span<const ListColumn> lists);

    StatisticsOptions options_;
    std::uint64_t rows_ = 0;
    std::map<std::string, ColumnStatistics, std::less<>> columns_;
};

}  // namespace vedette::inline v0::validation
