// SPDX-License-Identifier: Apache-2.0
// A comparison of statistics in every format.
#include "comparison_output.hpp"

#include <fmt/format.h>

#include <vector>

#include "guard/render_common.hpp"
#include "input.hpp"
#include "points_output.hpp"
#include "text_table.hpp"

namespace vedette::inline v0::cli {

namespace {

using validation::ColumnComparison;
using validation::StatisticsComparison;

std::string value_of(const ColumnComparison& one) {
    std::string value = one.reason.empty() || one.upper > 0.0 ? fmt::format("{:.4g}", one.value) : "-";
    if (one.upper > one.value) value += fmt::format(" to {:.4g}", one.upper);
    return value;
}
std::string limit_of(const ColumnComparison& one) {
    return one.limit ? fmt::format("{:.4g}", *one.limit) : "-";
}
std::string chance_of(const ColumnComparison& one) {
    return one.expected > 0.0 ? fmt::format("{:.2g}", one.expected) : "-";
}
std::string rows_of(const StatisticsComparison& comparison) {
    return fmt::format("{} rows against {}", comparison.live_rows, comparison.reference_rows);
}

std::string table_of(const StatisticsComparison& comparison, bool tell_values) {
    std::vector<std::vector<std::string>> rows{{"decision", "column", "comparator", "value", "limit", "by chance"}};
    if (tell_values) rows.front().emplace_back("most");
    for (const ColumnComparison& one : comparison.columns) {
        rows.push_back({decision_name(one.decision), rendering::shortened(one.column, 32),
                        comparator_name(one.comparator), value_of(one), limit_of(one), chance_of(one)});
        if (tell_values) rows.back().push_back(rendering::shortened(one.worst, 20));
    }
    std::string text = text_table(rows) + "\n";
    for (const std::string& name : comparison.only_in_reference)
        text += fmt::format("only in the reference: {}\n", rendering::shortened(name, 64));
    for (const std::string& name : comparison.only_in_live)
        text += fmt::format("only in the live data: {}\n", rendering::shortened(name, 64));
    for (const ColumnComparison& one : comparison.columns) {
        if (!one.reason.empty())
            text += fmt::format("not evaluated: {} {}: {}\n", rendering::shortened(one.column, 32),
                                comparator_name(one.comparator), one.reason);
    }
    return text + fmt::format("{}: {}\n", rows_of(comparison), decision_name(comparison.decision));
}

std::string markdown_of(const StatisticsComparison& comparison, bool tell_values) {
    using rendering::markdown_text;
    std::string text = fmt::format("## Comparison of statistics\n\n{}: **{}**\n", rows_of(comparison),
                                   rendering::decision_word(comparison.decision));
    if (!comparison.columns.empty())
        text += fmt::format(
            "\n| decision | column | comparator | value | limit | by chance |{}\n| --- | --- | --- | ---: | ---: | "
            "---: "
            "|{}\n",
            tell_values ? " most |" : "", tell_values ? " --- |" : "");
    for (const ColumnComparison& one : comparison.columns) {
        text += fmt::format("| {} | {} | {} | {} | {} | {} |", rendering::decision_word(one.decision),
                            markdown_text(one.column), markdown_text(comparator_name(one.comparator)),
                            markdown_text(value_of(one)), limit_of(one), chance_of(one));
        text += tell_values ? fmt::format(" {} |\n", markdown_text(rendering::shortened(one.worst, 20))) : "\n";
    }
    for (const std::string& name : comparison.only_in_reference)
        text += fmt::format("\nOnly in the reference: {}\n", markdown_text(name));
    for (const std::string& name : comparison.only_in_live)
        text += fmt::format("\nOnly in the live data: {}\n", markdown_text(name));
    for (const ColumnComparison& one : comparison.columns) {
        if (!one.reason.empty())
            text += fmt::format("\nNot evaluated: {} {}: {}\n", markdown_text(one.column),
                                markdown_text(comparator_name(one.comparator)), markdown_text(one.reason));
    }
    return text;
}

// A missing column alarms if it alarms the whole: which of several does is for its own limits to say.
std::vector<Point> points_of(const StatisticsComparison& comparison) {
    std::vector<Point> points;
    for (const ColumnComparison& one : comparison.columns) {
        const std::string words = !one.reason.empty() ? one.reason
                                  : one.limit         ? describe(one)
                                                      : fmt::format("{}, without a limit", value_of(one));
        points.push_back({comparator_name(one.comparator), one.column, words, one.decision});
    }
    if (comparison.rows_decision != Decision::not_evaluated)
        points.push_back({"rows", "(table)", rows_of(comparison), comparison.rows_decision});
    for (const std::string& name : comparison.only_in_reference)
        points.push_back({"columns", name, "only in the reference", Decision::not_evaluated});
    for (const std::string& name : comparison.only_in_live)
        points.push_back({"columns", name, "only in the live data", Decision::not_evaluated});
    bool is_told = false;
    for (const Point& point : points) is_told = is_told || point.decision == comparison.decision;
    if (comparison.decision == Decision::alarm && !is_told)
        points.push_back({"columns", "(table)", "a column with a limit is in one of the two alone", Decision::alarm});
    return points;
}

const PointRules& rules() {
    static const PointRules of_statistics{
        "compare",
        "Comparison of statistics",
        "Statistics differ",
        {"infinity_norm", "jensen_shannon", "normalized_difference", "rows", "columns"}};
    return of_statistics;
}

}  // namespace

std::string comparison_text(ReportFormat format, const StatisticsComparison& comparison, const std::string& live_name,
                            bool tell_values) {
    switch (format) {
        case ReportFormat::table: return table_of(comparison, tell_values);
        case ReportFormat::json: return to_json(comparison, tell_values) + "\n";
        case ReportFormat::markdown: return markdown_of(comparison, tell_values);
        case ReportFormat::junit: return junit_of_points(rules(), points_of(comparison));
        case ReportFormat::sarif:
            return sarif_of_points(rules(), points_of(comparison), live_name,
                                   rows_of(comparison) + ": " + decision_name(comparison.decision));
        case ReportFormat::html:
        case ReportFormat::openmetrics: break;
    }
    throw InputError(
        fmt::format("--format {}: a comparison of statistics has none; there are table, json, markdown, "
                    "junit and sarif",
                    report_format_name(format)));
}

}  // namespace vedette::inline v0::cli
