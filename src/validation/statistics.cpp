// SPDX-License-Identifier: Apache-2.0
// Tables counted column by column, statistics merged, moments told.
#include "vedette/validation/statistics.hpp"

#include <algorithm>
#include <cmath>

#include "validation/column_counter.hpp"
#include "validation/list_rules.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

constexpr std::uint64_t most_rows = std::uint64_t{1} << 61U;

void merge_column(ColumnStatistics& into, const ColumnStatistics& from) {
    into.is_text = from.is_text;
    into.dtypes |= from.dtypes;
    into.rows += from.rows;
    into.nulls += from.nulls;
    into.nan += from.nan;
    into.positive_infinity += from.positive_infinity;
    into.negative_infinity += from.negative_infinity;
    into.invalid_utf8 += from.invalid_utf8;
    into.numbers.merge(from.numbers);
    into.distinct.merge(from.distinct);
    into.values.merge(from.values);
}

void require_kind(const std::string& name, const ColumnStatistics& column, bool is_text) {
    if (column.is_text != is_text)
        throw Error(ErrorCode::invalid_argument, "column \"" + name + "\" holds texts in one part, numbers in another");
}

}  // namespace

double NumberStatistics::mean() const {
    if (count == 0) return std::numeric_limits<double>::quiet_NaN();
    return std::clamp(stats::mean(count, sum), minimum, maximum);
}

double NumberStatistics::variance() const {
    if (count < 2) return std::numeric_limits<double>::quiet_NaN();
    return stats::centred_squares(count, sum, squares) / static_cast<double>(count - 1);
}

double NumberStatistics::standard_deviation() const {
    return std::sqrt(variance());
}

double NumberStatistics::quantile(double q) const {
    if (!(q >= 0.0 && q <= 1.0)) throw Error(ErrorCode::invalid_argument, "q lies outside [0, 1]");
    if (histogram.count() == 0) return std::numeric_limits<double>::quiet_NaN();
    if (q == 0.0) return minimum;
    if (q == 1.0) return maximum;
    return std::clamp(histogram.quantile(q), minimum, maximum);
}

void NumberStatistics::merge(const NumberStatistics& other) {
    count += other.count;
    zeros += other.zeros;
    negatives += other.negatives;
    minimum = std::min(minimum, other.minimum);
    maximum = std::max(maximum, other.maximum);
    sum.merge(other.sum);
    squares.merge(other.squares);
    histogram.merge(other.histogram);
}

double ColumnStatistics::distinct_count(const StatisticsOptions& options) const {
    if (options.values && values.is_complete()) return static_cast<double>(values.entries().size());
    return options.distinct ? distinct.estimate() : std::numeric_limits<double>::quiet_NaN();
}

void TableStatistics::require_room(std::uint64_t rows) const {
    if (rows > most_rows - rows_) throw Error(ErrorCode::overflow, "more than 2^61 rows");
}

namespace {

// The column of lengths of lists of a level, the outermost being 0.
std::string length_name(const ListColumn& lists, std::size_t level) {
    std::string name(lists.name);
    for (std::size_t k = 0; k <= level; ++k) name += "[]";
    return name;
}

}  // namespace

void TableStatistics::require_fit(const Table& table, std::span<const ListColumn> lists) const {
    require_room(check_lists(table, lists));
    const auto require = [&](const std::string& name, bool is_text) {
        const auto own = columns_.find(name);
        if (own != columns_.end()) require_kind(own->first, own->second, is_text);
    };
    for (const ListColumn& column : lists) {
        require(std::string(column.name), !column.values.is_numeric());
        for (std::size_t k = 0; k < column.levels.size(); ++k) {
            const std::string name = length_name(column, k);
            const auto is_taken = [&](const auto& other) { return other.name == name; };
            if (table.find(name) != nullptr || std::any_of(lists.begin(), lists.end(), is_taken))
                throw Error(ErrorCode::invalid_argument,
                            "column \"" + name + "\" has the name of the lengths of lists beside it");
            require(name, false);
        }
    }
    for (const NamedColumn& named : table.columns()) {
        const auto own = columns_.find(named.name);
        if (own != columns_.end()) require_kind(own->first, own->second, !named.column.is_numeric());
    }
}

void TableStatistics::count_lists(std::span<const ListColumn> lists) {
    for (const ListColumn& column : lists) {
        const ListedValues listed(column);
        ColumnCounter(columns_[std::string(column.name)], options_).count(listed.column());
        for (std::size_t k = 0; k < column.levels.size(); ++k)
            ColumnCounter(columns_[length_name(column, k)], options_).count(listed.lengths(k));
    }
}

void TableStatistics::update(const Table& table) {
    update(NestedTable{table, {}});
}

void TableStatistics::update(const NestedTable& table) {
    require_fit(table.flat, table.lists);
    TableStatistics part(options_);
    part.rows_ = check_lists(table.flat, table.lists);
    for (const NamedColumn& named : table.flat.columns()) {
        ColumnStatistics& column = part.columns_[std::string(named.name)];
        ColumnCounter(column, options_).count(named.column);
    }
    part.count_lists(table.lists);
    merge(part);
}

void TableStatistics::merge(const TableStatistics& other) {
    if (!(options_ == other.options_))
        throw Error(ErrorCode::invalid_argument, "statistics of other options do not merge");
    require_room(other.rows_);
    for (const auto& [name, column] : other.columns_) {
        const auto own = columns_.find(name);
        if (own != columns_.end()) require_kind(name, own->second, column.is_text);
    }
    // A failed allocation must leave all as it was.
    std::map<std::string, ColumnStatistics, std::less<>> merged = columns_;
    for (const auto& [name, column] : other.columns_) merge_column(merged[name], column);
    columns_ = std::move(merged);
    rows_ += other.rows_;
}

}  // namespace vedette::inline v0::validation
