// SPDX-License-Identifier: Apache-2.0
// `vedette schema compare`: skew and drift between two files of statistics.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "commands.hpp"
#include "core/number_text.hpp"
#include "guard/render_common.hpp"
#include "input.hpp"
#include "outputs.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/file.hpp"

namespace vedette::inline v0::cli {

namespace {

using validation::Comparator;

validation::TableStatistics read_statistics(const std::string& path) {
    constexpr std::size_t largest_file = std::size_t{1} << 30U;
    try {
        return validation::TableStatistics::deserialize(read_file(path, largest_file));
    } catch (const Error& error) {
        throw Error(error.code(), path + ": " + error.what());
    }
}

// COLUMN:COMPARATOR=LIMIT; a column's name may hold colons.
void add_limit(const std::string& text, validation::ComparisonOptions& options) {
    const std::size_t equals = text.rfind('=');
    const std::size_t colon = equals == std::string::npos ? equals : text.rfind(':', equals);
    if (colon == std::string::npos) throw InputError("--limit " + text + ": must be COLUMN:COMPARATOR=LIMIT");
    const std::string word = text.substr(colon + 1, equals - colon - 1);
    const std::string digits = text.substr(equals + 1);
    const std::optional<double> value = parse_number(digits);
    if (!value) throw InputError("--limit " + text + ": \"" + digits + "\" is no number");
    for (const Comparator comparator :
         {Comparator::infinity_norm, Comparator::jensen_shannon, Comparator::normalized_difference}) {
        if (word != comparator_name(comparator)) continue;
        validation::ComparatorLimits& limits = options.columns[text.substr(0, colon)];
        (comparator == Comparator::infinity_norm    ? limits.infinity_norm
         : comparator == Comparator::jensen_shannon ? limits.jensen_shannon
                                                    : limits.normalized_difference) = value;
        return;
    }
    throw InputError("--limit " + text + ": \"" + word + "\" is no comparator");
}

bool has_limit(const validation::ComparisonOptions& rules) {
    const auto is_set = [](const validation::ComparatorLimits& limits) {
        return limits.infinity_norm || limits.jensen_shannon || limits.normalized_difference;
    };
    return is_set(rules.limits) || rules.minimum_rows_ratio || rules.maximum_rows_ratio ||
           std::any_of(rules.columns.begin(), rules.columns.end(), [&](const auto& one) { return is_set(one.second); });
}

std::string table_of(const validation::StatisticsComparison& comparison, bool tell_values) {
    std::vector<std::vector<std::string>> rows{{"decision", "column", "comparator", "value", "limit", "by chance"}};
    if (tell_values) rows.front().emplace_back("most");
    for (const validation::ColumnComparison& one : comparison.columns) {
        std::string value = one.reason.empty() || one.upper > 0.0 ? fmt::format("{:.4g}", one.value) : "-";
        if (one.upper > one.value) value += fmt::format(" to {:.4g}", one.upper);
        rows.push_back({decision_name(one.decision), rendering::shortened(one.column, 32),
                        comparator_name(one.comparator), value, one.limit ? fmt::format("{:.4g}", *one.limit) : "-",
                        one.expected > 0.0 ? fmt::format("{:.2g}", one.expected) : "-"});
        if (tell_values) rows.back().push_back(rendering::shortened(one.worst, 20));
    }
    std::string text = text_table(rows) + "\n";
    for (const std::string& name : comparison.only_in_reference)
        text += fmt::format("only in the reference: {}\n", rendering::shortened(name, 64));
    for (const std::string& name : comparison.only_in_live)
        text += fmt::format("only in the live data: {}\n", rendering::shortened(name, 64));
    for (const validation::ColumnComparison& one : comparison.columns) {
        if (!one.reason.empty())
            text += fmt::format("not evaluated: {} {}: {}\n", rendering::shortened(one.column, 32),
                                comparator_name(one.comparator), one.reason);
    }
    return text + fmt::format("{} rows against {}: {}\n", comparison.live_rows, comparison.reference_rows,
                              decision_name(comparison.decision));
}

}  // namespace

ExitStatus schema_compare(const SchemaCompareOptions& options) {
    const std::vector<Output> outputs = parse_table_or_json(options.formats);
    validation::ComparisonOptions rules = options.comparison;
    for (const std::string& text : options.limits) add_limit(text, rules);
    const validation::StatisticsComparison comparison =
        validation::compare_statistics(read_statistics(options.reference), read_statistics(options.live), rules);
    for (const Output& output : outputs)
        write_text(output.path, output.format == ReportFormat::json ? to_json(comparison, options.tell_values) + "\n"
                                                                    : table_of(comparison, options.tell_values));
    if (comparison.decision == Decision::alarm) return exit_failed;
    const bool has_rows = comparison.reference_rows != 0 && comparison.live_rows != 0;
    const bool is_judged = comparison.decision != Decision::not_evaluated || !has_limit(rules);
    return has_rows && is_judged ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
