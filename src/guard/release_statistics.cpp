// SPDX-License-Identifier: Apache-2.0
// Counts of columns, noised together.
#include "vedette/guard/release_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "guard/released_columns.hpp"
#include "privacy/cipher.hpp"
#include "privacy/noise.hpp"
#include "privacy/range_cells.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/privacy_unit.hpp"

namespace vedette::inline v0 {

namespace {

using validation::ColumnStatistics;

constexpr std::size_t kinds = 4;  // nulls, NaN and either infinity come before the cells
constexpr std::size_t most_columns = 4096;
constexpr std::uint64_t most_counted = std::uint64_t{1} << 61U;
constexpr double false_cell = 1e-3;  // of each column

// A bucket lies within a power of two, whatever the resolution: its end that is nearest to 0 tells which.
double near_end(const stats::LogHistogram& histogram, std::int32_t key) noexcept {
    if (key == 0) return 0.0;
    return key > 0 ? histogram.lower(key) : histogram.upper(key);
}

void add_counts(const ColumnStatistics& column, const privacy::RangeScale& scale, std::span<std::int64_t> counts) {
    const auto add = [](std::int64_t& into, std::uint64_t count) {
        into = static_cast<std::int64_t>(std::min(static_cast<std::uint64_t>(into) + count, most_counted));
    };
    add(counts[0], column.nulls);
    add(counts[1], column.nan);
    add(counts[2], column.positive_infinity);
    add(counts[3], column.negative_infinity);
    const stats::LogHistogram& histogram = column.numbers.histogram;
    for (const auto& bucket : histogram.buckets())
        add(counts[kinds + privacy::cell_of(near_end(histogram, bucket.key), scale)], bucket.count);
}

ReleasedColumn column_of(std::span<const std::int64_t> noisy, const privacy::RangeScale& scale, double reach,
                         double sum_reach, std::int64_t threshold) {
    const auto count = [reach](std::int64_t x) {
        const auto value = static_cast<double>(x);
        return ReleasedCount{value, privacy::around_count(value, reach)};
    };
    ReleasedColumn column{count(noisy[0]), count(noisy[1]), count(noisy[2]), count(noisy[3]), {}, {}, {}};
    double rows = 0.0;
    for (const std::int64_t x : noisy) rows += static_cast<double>(x);
    column.rows = {rows, privacy::around_count(rows, sum_reach)};
    std::optional<std::size_t> first, last;
    for (std::size_t i = kinds; i < noisy.size(); ++i) {
        column.cells.push_back(count(noisy[i]));
        if (noisy[i] < threshold) continue;
        if (!first) first = i - kinds;
        last = i - kinds;
    }
    if (first) column.bounds.emplace(privacy::lower_end(*first, scale), privacy::upper_end(*last, scale));
    return column;
}

}  // namespace

Interval ReleasedColumn::null_rate() const noexcept {
    const double least = std::max(0.0, nulls.interval.lower), most = std::max(0.0, nulls.interval.upper);
    const double lower = rows.interval.upper > 0.0 ? std::min(1.0, least / rows.interval.upper) : 0.0;
    return {lower, rows.interval.lower > 0.0 ? std::min(1.0, most / rows.interval.lower) : 1.0};
}

std::optional<privacy::Bounds> ReleasedStatistics::quantile(std::string_view column, double q) const {
    const auto found = columns.find(column);
    if (found == columns.end())
        throw Error(ErrorCode::invalid_argument, "column: " + std::string(column) + " is not among the released ones");
    if (!(q >= 0.0 && q <= 1.0)) throw Error(ErrorCode::invalid_argument, "q must lie in [0, 1]");
    // Noise of cells without values, cut off at 0, adds up: beyond the bounds it would pass for values.
    const std::optional<privacy::Bounds>& bounds = found->second.bounds;
    if (!bounds) return {};
    const std::vector<ReleasedCount>& cells = found->second.cells;
    const auto weight = [&](std::size_t i) {
        const bool inside =
            privacy::lower_end(i, scale) >= bounds->lower() && privacy::upper_end(i, scale) <= bounds->upper();
        return inside ? std::max(0.0, cells[i].value) : 0.0;
    };
    double total = 0.0;
    for (std::size_t i = 0; i < cells.size(); ++i) total += weight(i);
    if (!(total > 0.0)) return {};
    double run = 0.0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (weight(i) <= 0.0) continue;
        last = i;
        run += weight(i);
        if (run >= q * total) break;
    }
    return privacy::Bounds(privacy::lower_end(last, scale), privacy::upper_end(last, scale));
}

namespace released {

void check_columns(const std::vector<std::string>& columns, const privacy::RangeScale& scale) {
    if (columns.empty() || columns.size() > most_columns)
        throw Error(ErrorCode::invalid_argument, "columns: there must be from 1 to 4096 of them");
    if (std::set<std::string>(columns.begin(), columns.end()).size() != columns.size())
        throw Error(ErrorCode::invalid_argument, "columns: one is named twice");
    privacy::check_scale(scale);
}

void check_statistics(const validation::TableStatistics& statistics, const std::vector<std::string>& columns) {
    if (!statistics.options().quantiles)
        throw Error(ErrorCode::invalid_argument, "statistics: they were taken without quantiles");
    // By names alone: how many values there are would tell of the rows.
    for (const std::string& column : columns)
        if (column.ends_with("[][]") || statistics.columns().contains(column + "[]"))
            throw Error(ErrorCode::invalid_argument,
                        "columns: " + column + " is of lists, of which a row may have any number of values");
}

std::size_t counters(const privacy::RangeScale& scale) noexcept {
    return kinds + privacy::cells_of(scale);
}

void count(const validation::TableStatistics& statistics, const std::vector<std::string>& columns,
           const privacy::RangeScale& scale, std::span<std::int64_t> into) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto found = statistics.columns().find(columns[i]);
        if (found != statistics.columns().end())
            add_counts(found->second, scale, into.subspan(i * counters(scale), counters(scale)));
    }
}

ReleasedStatistics statistics_of(std::span<const std::int64_t> noisy, const std::vector<std::string>& columns,
                                 const privacy::RangeScale& scale, const ReleaseNoise& noise, double alpha) {
    const std::size_t each = counters(scale);
    const auto cells = static_cast<double>(privacy::cells_of(scale));
    const double reach = noise.reach(1, alpha), sum_reach = noise.reach(each, alpha);
    // P(X > reach) <= alpha / 2 on one side, by symmetry.
    const auto threshold = static_cast<std::int64_t>(noise.reach(1, 2.0 * false_cell / cells)) + 1;
    ReleasedStatistics statistics{{}, scale, {}, 0.0, noise.scale};
    for (std::size_t i = 0; i < columns.size(); ++i)
        statistics.columns.emplace(columns[i],
                                   column_of(noisy.subspan(i * each, each), scale, reach, sum_reach, threshold));
    return statistics;
}

}  // namespace released

ReleasedStatistics release_statistics(const validation::TableStatistics& statistics,
                                      const std::vector<std::string>& columns, const privacy::RangeScale& scale,
                                      std::uint64_t rows_per_user, const privacy::ReleaseLoss& loss,
                                      privacy::ReleaseBudget& budget, const stats::Confidence& confidence,
                                      privacy::detail::Keystream* keystream) {
    released::check_columns(columns, scale);
    released::check_statistics(statistics, columns);
    static_cast<void>(privacy::PrivacyUnit::user(privacy::Neighbouring::add_remove, {1, rows_per_user}));  // its limits
    const std::uint64_t size = rows_per_user * columns.size();
    const privacy::NoiseLaw law(loss, {size, size * rows_per_user});
    std::vector<std::int64_t> noisy(released::counters(scale) * columns.size()), drawn(noisy.size());
    released::count(statistics, columns, scale, noisy);
    loss.spend(budget);
    law.sample(drawn, keystream);
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] += drawn[i];
    privacy::wipe(std::as_writable_bytes(std::span(drawn)));
    const ReleaseNoise noise{law.is_gaussian(), law.scale(), rows_per_user, columns.size()};
    ReleasedStatistics result = released::statistics_of(noisy, columns, scale, noise, 1.0 - confidence.level());
    result.spent = loss.guarantee();
    result.rho = loss.told_rho();
    return result;
}

}  // namespace vedette::inline v0
