// SPDX-License-Identifier: Apache-2.0
// `vedette schema compare`: skew and drift between two files of statistics.
#include <algorithm>
#include <optional>

#include "commands.hpp"
#include "comparison_output.hpp"
#include "core/number_text.hpp"
#include "input.hpp"
#include "outputs.hpp"
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

}  // namespace

ExitStatus schema_compare(const SchemaCompareOptions& options) {
    const std::vector<Output> outputs = parse_outputs(options.formats);
    validation::ComparisonOptions rules = options.comparison;
    for (const std::string& text : options.limits) add_limit(text, rules);
    const validation::StatisticsComparison comparison =
        validation::compare_statistics(read_statistics(options.reference), read_statistics(options.live), rules);
    for (const Output& output : outputs)
        write_text(output.path, comparison_text(output.format, comparison, options.live, options.tell_values));
    if (comparison.decision == Decision::alarm) return exit_failed;
    const bool has_rows = comparison.reference_rows != 0 && comparison.live_rows != 0;
    const bool is_judged = comparison.decision != Decision::not_evaluated || !has_limit(rules);
    return has_rows && is_judged ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
