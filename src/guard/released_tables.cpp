// SPDX-License-Identifier: Apache-2.0
// Released statistics and rates by group in words.
#include "guard/released_tables.hpp"

#include <fmt/core.h>

#include <cmath>

#include "guard/render_common.hpp"

namespace vedette::inline v0::rendering {

namespace {

std::string count_text(double value, const Interval& interval) {
    return fmt::format("{:.0f} ({:.0f} to {:.0f})", value, std::floor(interval.lower), std::ceil(interval.upper));
}

std::string range_text(const std::optional<privacy::Bounds>& bounds) {
    return bounds ? fmt::format("{} to {}", number(bounds->lower()), number(bounds->upper())) : std::string("-");
}

ReleasedTable statistics_table(const ReleasedStatistics& statistics, const std::string& confidence) {
    ReleasedTable table{"Statistics of columns, noised",
                        {{"column", "rows", "null", "NaN", "+Inf", "-Inf", "range", "median between"}},
                        "Each count with its interval at " + confidence + "; ranges are whole powers of two."};
    for (const auto& [name, column] : statistics.columns) {
        std::vector<std::string> row{name};
        for (const ReleasedCount* count :
             {&column.rows, &column.nulls, &column.nans, &column.positive_infinities, &column.negative_infinities})
            row.push_back(count_text(count->value, count->interval));
        row.push_back(range_text(column.bounds));
        row.push_back(range_text(statistics.quantile(name, 0.5)));
        table.rows.push_back(std::move(row));
    }
    return table;
}

ReleasedTable fairness_table(const privacy::FairnessRelease& fairness, const std::string& confidence) {
    const auto rate = [](const privacy::NoisyRate& each) { return percent_with_interval(each.value, each.interval); };
    ReleasedTable table{"Decisions by group, noised",
                        {{"group", "rows", "selected", "true positives", "false positives"}},
                        fmt::format("Differences: selection {}, opportunity {}, odds {}; all intervals together at {}.",
                                    rate(fairness.parity_difference), rate(fairness.opportunity_difference),
                                    rate(fairness.odds_difference), confidence)};
    for (std::size_t i = 0; i < fairness.groups.size(); ++i) {
        const privacy::GroupRates& group = fairness.groups[i];
        const bool is_rest = i + 1 == fairness.groups.size();
        table.rows.push_back({is_rest ? std::string("(all others)") : group.group,
                              count_text(group.rows.value, group.rows.interval), rate(group.selection),
                              rate(group.true_positive), rate(group.false_positive)});
    }
    return table;
}

}  // namespace

std::vector<ReleasedTable> released_tables(const Report& report) {
    std::vector<ReleasedTable> tables;
    if (!report.release) return tables;
    const std::string confidence = percent(1.0 - report.level);
    if (report.release->statistics) tables.push_back(statistics_table(*report.release->statistics, confidence));
    if (report.release->fairness) tables.push_back(fairness_table(*report.release->fairness, confidence));
    return tables;
}

}  // namespace vedette::inline v0::rendering
