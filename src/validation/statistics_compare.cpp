// SPDX-License-Identifier: Apache-2.0
// Comparators on what statistics keep.
#include "vedette/validation/statistics_compare.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "validation/bucket_divergence.hpp"
#include "vedette/core/error.hpp"

namespace vedette::inline v0::validation {

namespace {

using Counts = std::vector<std::pair<double, double>>;

const std::optional<double>& limit_of(const ComparatorLimits& limits, Comparator comparator) {
    switch (comparator) {
        case Comparator::infinity_norm: return limits.infinity_norm;
        case Comparator::jensen_shannon: return limits.jensen_shannon;
        case Comparator::normalized_difference: break;
    }
    return limits.normalized_difference;
}

constexpr std::array comparators{Comparator::infinity_norm, Comparator::jensen_shannon,
                                 Comparator::normalized_difference};

void check_limits(const ComparatorLimits& limits, const std::string& where) {
    for (const Comparator comparator : comparators) {
        const std::optional<double>& limit = limit_of(limits, comparator);
        if (limit && !(*limit >= 0.0 && *limit <= 1.0))
            throw Error(ErrorCode::invalid_argument,
                        fmt::format("{}.{}: {} lies outside [0, 1]", where, comparator_name(comparator), *limit));
    }
}

void check_options(const ComparisonOptions& options) {
    check_limits(options.limits, "limits");
    for (const auto& [name, limits] : options.columns) check_limits(limits, fmt::format("columns[\"{}\"]", name));
    if (options.cells < 2 || options.cells > 1024)
        throw Error(ErrorCode::invalid_argument, fmt::format("cells: {} lies outside [2, 1024]", options.cells));
    for (const std::optional<double>& ratio : {options.minimum_rows_ratio, options.maximum_rows_ratio}) {
        if (ratio && !(*ratio >= 0.0 && std::isfinite(*ratio)))
            throw Error(ErrorCode::invalid_argument, fmt::format("rows ratio: {} is negative or not finite", *ratio));
    }
}

// The different texts of both sides, and what is not known of them.
class TextCells {
  public:
    struct Cell {
        double reference = 0.0, live = 0.0;
        bool is_in_reference = false, is_in_live = false;
        std::string text;
    };

    TextCells(const ColumnStatistics& reference, const ColumnStatistics& live, bool with_nulls) {
        add(reference, true);
        add(live, false);
        is_complete_ = reference.values.is_complete() && live.values.is_complete();
        totals_ = {static_cast<double>(reference.values.total()), static_cast<double>(live.values.total())};
        missing_ = {static_cast<double>(reference.values.missing_count()),
                    static_cast<double>(live.values.missing_count())};
        if (!with_nulls || reference.nulls + live.nulls == 0) return;
        const double x = static_cast<double>(reference.nulls), y = static_cast<double>(live.nulls);
        cells_.push_back({x, y, true, true, "null"});
        totals_.first += x;
        totals_.second += y;
    }

    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    [[nodiscard]] Counts counts() const {
        Counts counts;
        for (const Cell& cell : cells_) counts.emplace_back(cell.reference, cell.live);
        return counts;
    }
    [[nodiscard]] bool is_empty() const noexcept { return !(totals_.first > 0.0) || !(totals_.second > 0.0); }

    // The largest |x / n - y / m| and where.
    void largest(double n, double m, ColumnComparison& result) const {
        const double missing_x = missing_.first / n, missing_y = missing_.second / m;
        if (!is_complete_) result.upper = std::max(missing_x, missing_y);
        for (const Cell& cell : cells_) {
            const double x = cell.reference / n, y = cell.live / m;
            double lower = std::abs(x - y), upper = lower;
            if (!cell.is_in_live) std::tie(lower, upper) = against(x, missing_y);
            if (!cell.is_in_reference) std::tie(lower, upper) = against(y, missing_x);
            result.upper = std::max(result.upper, upper);
            if (lower < result.value || (lower == result.value && !result.worst.empty())) continue;
            result.value = lower;
            result.worst = cell.text;
        }
    }
    [[nodiscard]] std::pair<double, double> totals() const noexcept { return totals_; }

  private:
    // |x - y| for a y somewhere in [0, most].
    static std::pair<double, double> against(double x, double most) {
        return {std::max(0.0, x - most), std::max(x, std::abs(most - x))};
    }
    void add(const ColumnStatistics& column, bool is_reference) {
        for (const stats::ValueSample::Entry& entry : column.values.entries()) {
            const auto [place, is_new] = places_.try_emplace(entry.hash, cells_.size());
            if (is_new) cells_.push_back({0.0, 0.0, false, false, entry.text});
            Cell& cell = cells_[place->second];
            (is_reference ? cell.reference : cell.live) = static_cast<double>(entry.count);
            (is_reference ? cell.is_in_reference : cell.is_in_live) = true;
        }
    }

    std::unordered_map<std::uint64_t, std::size_t> places_;
    std::vector<Cell> cells_;
    std::pair<double, double> totals_, missing_;
    bool is_complete_ = true;
};

// Cells of about equal mass in both histograms together, cut where their buckets end.
Counts pooled_cells(const stats::LogHistogram& reference, const stats::LogHistogram& live, std::uint32_t most) {
    stats::LogHistogram pooled = reference;
    pooled.merge(live);
    const auto buckets = pooled.buckets();
    std::vector<std::size_t> cell_of(buckets.size());
    std::uint64_t before = 0;
    std::size_t cells = 0, last_slot = most;
    for (std::size_t i = 0; i < buckets.size(); ++i) {
        // By the middle of its mass; a bucket that holds much leaves slots empty.
        const double middle = static_cast<double>(before) + 0.5 * static_cast<double>(buckets[i].count);
        const auto slot = static_cast<std::size_t>(middle * most / static_cast<double>(pooled.count()));
        if (i == 0 || slot != last_slot) ++cells;
        last_slot = slot;
        cell_of[i] = cells - 1;
        before += buckets[i].count;
    }
    Counts counts(cells);
    const auto add = [&](const stats::LogHistogram& side, double std::pair<double, double>::*count) {
        std::size_t i = 0;
        for (const stats::LogHistogram::Bucket& bucket : side.buckets()) {
            // A finer bucket lies within one of the pooled ones.
            const double middle = 0.5 * side.lower(bucket.key) + 0.5 * side.upper(bucket.key);
            while (i + 1 < buckets.size() && pooled.upper(buckets[i].key) < middle) ++i;
            counts[cell_of[i]].*count += static_cast<double>(bucket.count);
        }
    };
    add(reference, &std::pair<double, double>::first);
    add(live, &std::pair<double, double>::second);
    return counts;
}

// Ten buckets of equal width between minimum and maximum.
WidthHistogram ten_buckets(const ColumnStatistics& column) {
    constexpr std::size_t count = 10;
    WidthHistogram result;
    result.nan = static_cast<double>(column.nan);
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const NumberStatistics& numbers = column.numbers;
    const auto infinite = static_cast<double>(column.positive_infinity + column.negative_infinity);
    if (infinite > 0.0) result.buckets.push_back({-infinity, infinity, infinite});
    if (numbers.count == 0) return result;
    const double low = numbers.minimum, high = numbers.maximum;
    if (low == high) {
        result.buckets.push_back({low, high, static_cast<double>(numbers.count)});
        return result;
    }
    std::array<double, count + 1> edges{};
    for (std::size_t i = 0; i <= count; ++i) {
        const double share = static_cast<double>(i) / count;
        edges[i] = i == count ? high : low * (1.0 - share) + high * share;
    }
    std::array<double, count> counts{};
    std::size_t first = 0;
    for (const stats::LogHistogram::Bucket& bucket : numbers.histogram.buckets()) {
        const double from = std::max(low, numbers.histogram.lower(bucket.key));
        const double to = std::min(high, numbers.histogram.upper(bucket.key));
        while (first + 1 < count && edges[first + 1] <= from) ++first;
        for (std::size_t i = first; i < count; ++i) {
            const double begin = std::max(from, edges[i]), end = std::min(to, edges[i + 1]);
            const double part = to > from    ? (0.5 * end - 0.5 * begin) / (0.5 * to - 0.5 * from)
                                : i == first ? 1.0
                                             : 0.0;
            if (part > 0.0) counts[i] += part * static_cast<double>(bucket.count);
            if (edges[i + 1] >= to) break;
        }
    }
    for (std::size_t i = 0; i < count; ++i) result.buckets.push_back({edges[i], edges[i + 1], counts[i]});
    return result;
}

class Comparing {
  public:
    Comparing(const TableStatistics& reference, const TableStatistics& live, const ComparisonOptions& options)
        : reference_(reference), live_(live), options_(options) {}

    StatisticsComparison run() {
        result_.reference_rows = reference_.rows();
        result_.live_rows = live_.rows();
        compare_rows();
        for (const auto& [name, column] : reference_.columns()) {
            const auto other = live_.columns().find(name);
            if (other == live_.columns().end()) {
                add_missing(name, result_.only_in_reference);
            } else {
                compare(name, column, other->second);
            }
        }
        for (const auto& [name, column] : live_.columns()) {
            if (reference_.columns().find(name) == reference_.columns().end()) add_missing(name, result_.only_in_live);
        }
        return std::move(result_);
    }

  private:
    [[nodiscard]] const ComparatorLimits& limits(const std::string& name) const {
        const auto found = options_.columns.find(name);
        return found == options_.columns.end() ? options_.limits : found->second;
    }
    void compare_rows() {
        if (!options_.minimum_rows_ratio && !options_.maximum_rows_ratio) return;
        const double ratio = static_cast<double>(live_.rows()) / static_cast<double>(reference_.rows());
        if (reference_.rows() == 0) return;
        const bool is_low = options_.minimum_rows_ratio && ratio < *options_.minimum_rows_ratio;
        const bool is_high = options_.maximum_rows_ratio && ratio > *options_.maximum_rows_ratio;
        result_.rows_decision = is_low || is_high ? Decision::alarm : Decision::pass;
        decide(result_.rows_decision);
    }
    // Passed once anything was judged; what has a limit and could not be judged is graver than a pass.
    void decide(Decision decision) {
        result_.decision = is_decided_ ? worst(result_.decision, decision) : decision;
        is_decided_ = true;
    }
    void add_missing(const std::string& name, std::vector<std::string>& names) {
        names.push_back(name);
        const ComparatorLimits& asked = limits(name);
        if (asked.infinity_norm || asked.jensen_shannon || asked.normalized_difference) decide(Decision::alarm);
    }

    void compare(const std::string& name, const ColumnStatistics& reference, const ColumnStatistics& live) {
        for (const Comparator comparator : comparators) {
            ColumnComparison one;
            one.column = name;
            one.comparator = comparator;
            one.limit = limit_of(limits(name), comparator);
            // What numbers have no comparator for is told only where it was asked for of this column.
            const bool is_named = options_.columns.find(name) != options_.columns.end() && one.limit;
            if (!reference.is_text && !live.is_text && comparator != Comparator::jensen_shannon && !is_named) continue;
            one.reason = evaluate(reference, live, one);
            if (one.reason.empty() && one.limit) {
                one.decision = one.value > *one.limit    ? Decision::alarm
                               : one.upper <= *one.limit ? Decision::pass
                                                         : Decision::not_evaluated;
                if (one.decision == Decision::not_evaluated)
                    one.reason = "too many different texts: the limit lies between what is certain";
            }
            if (one.limit) decide(one.decision);
            result_.columns.push_back(std::move(one));
        }
    }

    std::string evaluate(const ColumnStatistics& reference, const ColumnStatistics& live, ColumnComparison& one) const {
        if (reference.is_text != live.is_text) return "texts on one side, numbers on the other";
        if (!reference.is_text) {
            if (one.comparator != Comparator::jensen_shannon) return "is for texts";
            return compare_numbers(reference, live, one);
        }
        if (!reference_.options().values || !live_.options().values) return "the statistics hold no values";
        const TextCells cells(reference, live, !options_.as_tfdv);
        if (cells.is_empty()) return "no values on one side";
        const auto [n, m] = cells.totals();
        if (one.comparator == Comparator::jensen_shannon) {
            if (!cells.is_complete()) return "too many different texts";
            set_divergence(cells.counts(), one);
        } else if (one.comparator == Comparator::infinity_norm) {
            cells.largest(n, m, one);
        } else {
            cells.largest(n + m, n + m, one);
        }
        return {};
    }
    std::string compare_numbers(const ColumnStatistics& reference, const ColumnStatistics& live,
                                ColumnComparison& one) const {
        if (!reference_.options().quantiles || !live_.options().quantiles) return "the statistics hold no histogram";
        Counts counts;
        if (options_.as_tfdv) {
            counts = aligned_counts(ten_buckets(reference), ten_buckets(live));
        } else {
            if (reference.numbers.count + live.numbers.count != 0)
                counts = pooled_cells(reference.numbers.histogram, live.numbers.histogram, options_.cells);
            const auto add = [&](std::uint64_t x, std::uint64_t y) {
                counts.emplace_back(static_cast<double>(x), static_cast<double>(y));
            };
            add(reference.nulls, live.nulls);
            add(reference.nan, live.nan);
            add(reference.positive_infinity, live.positive_infinity);
            add(reference.negative_infinity, live.negative_infinity);
        }
        set_divergence(counts, one);
        return std::isnan(one.value) ? "no values on one side" : std::string();
    }
    static void set_divergence(const Counts& counts, ColumnComparison& one) {
        one.value = one.upper = jensen_shannon_bits(counts);
        double n = 0.0, m = 0.0, used = 0.0;
        for (const auto& [x, y] : counts) {
            n += x;
            m += y;
            if (x > 0.0 || y > 0.0) used += 1.0;
        }
        constexpr double ln2 = 0.693147180559945309417;
        if (n > 0.0 && m > 0.0) one.expected = (used - 1.0) * (1.0 / n + 1.0 / m) / (8.0 * ln2);
    }

    const TableStatistics& reference_;
    const TableStatistics& live_;
    const ComparisonOptions& options_;
    StatisticsComparison result_;
    bool is_decided_ = false;
};

}  // namespace

StatisticsComparison compare_statistics(const TableStatistics& reference, const TableStatistics& live,
                                        const ComparisonOptions& options) {
    check_options(options);
    return Comparing(reference, live, options).run();
}

const char* comparator_name(Comparator comparator) noexcept {
    switch (comparator) {
        case Comparator::infinity_norm: return "infinity_norm";
        case Comparator::jensen_shannon: return "jensen_shannon";
        case Comparator::normalized_difference: return "normalized_difference";
    }
    return "unknown";
}

const char* anomaly_name(Comparator comparator) noexcept {
    switch (comparator) {
        case Comparator::infinity_norm: return "COMPARATOR_L_INFTY_HIGH";
        case Comparator::jensen_shannon: return "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH";
        case Comparator::normalized_difference: return "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH";
    }
    return "";
}

std::string describe(const ColumnComparison& comparison) {
    std::string text = fmt::format("{}: \"{}\" {}", decision_name(comparison.decision), comparison.column,
                                   comparator_name(comparison.comparator));
    if (!std::isnan(comparison.value) && (comparison.reason.empty() || comparison.upper > 0.0))
        text += fmt::format(" {:.4g}", comparison.value);
    if (comparison.upper > comparison.value) text += fmt::format(" to {:.4g}", comparison.upper);
    if (comparison.limit)
        text += fmt::format(" {} {:.4g}", comparison.decision == Decision::alarm ? ">" : "against", *comparison.limit);
    if (comparison.decision == Decision::alarm) text += fmt::format(" ({})", anomaly_name(comparison.comparator));
    return comparison.reason.empty() ? text : text + ": " + comparison.reason;
}

std::string to_json(const StatisticsComparison& comparison, bool tell_values) {
    using Json = nlohmann::ordered_json;
    const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); };
    Json columns = Json::array();
    for (const ColumnComparison& one : comparison.columns) {
        Json item{{"column", one.column},
                  {"comparator", comparator_name(one.comparator)},
                  {"decision", decision_name(one.decision)}};
        const bool has_value = one.reason.empty() || one.upper > 0.0;
        item["value"] = has_value ? number(one.value) : Json(nullptr);
        item["upper"] = has_value ? number(one.upper) : Json(nullptr);
        if (one.comparator == Comparator::jensen_shannon) item["expected"] = number(one.expected);
        item["limit"] = one.limit ? Json(*one.limit) : Json(nullptr);
        if (one.decision == Decision::alarm) item["anomaly"] = anomaly_name(one.comparator);
        if (tell_values && !one.worst.empty()) item["worst"] = one.worst;
        if (!one.reason.empty()) item["reason"] = one.reason;
        columns.push_back(std::move(item));
    }
    const Json out{{"decision", decision_name(comparison.decision)},
                   {"reference_rows", comparison.reference_rows},
                   {"live_rows", comparison.live_rows},
                   {"rows_decision", decision_name(comparison.rows_decision)},
                   {"only_in_reference", comparison.only_in_reference},
                   {"only_in_live", comparison.only_in_live},
                   {"columns", std::move(columns)}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace vedette::inline v0::validation
