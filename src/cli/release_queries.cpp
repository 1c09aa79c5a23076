// SPDX-License-Identifier: Apache-2.0
// Releases that are no statistic of one column's numbers: names of categories, answers to queries.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "guard/render_common.hpp"
#include "release_kinds.hpp"
#include "release_places.hpp"
#include "release_rows.hpp"
#include "text_table.hpp"
#include "vedette/privacy/above_threshold.hpp"
#include "vedette/privacy/partition_selection.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

Epsilon epsilon_of(const ReleaseOptions& options) {
    return Epsilon(options.epsilon.value_or(0.0));
}

// Queries of which each row is one: what they are called, and their values.
std::vector<std::int64_t> values_of(const ReleaseOptions& options) {
    constexpr double largest = 9007199254740992.0;  // 2^53: beyond, not every whole number is read as what it is
    RowSource source(options.source);
    const std::size_t column = source.column(options.column);
    std::vector<std::int64_t> values;
    while (source.next()) {
        const std::optional<double> number = source.number(column);
        if (!number || !(std::abs(*number) <= largest) || *number != std::nearbyint(*number))
            throw InputError(source.place(column) + ": a query's value must be a whole number, within 2^53 of 0");
        values.push_back(static_cast<std::int64_t>(*number));
    }
    return values;
}

}  // namespace

Answer release_partitions(const ReleaseOptions& options, ReleaseBudget& budget) {
    const PartitionSelection mechanism(unit_of(options), epsilon_of(options), Delta(options.delta));
    std::map<std::string, std::uint64_t, std::less<>> users;
    Rows rows(options);
    rows.read(Rows::As::categories, [&](double, const std::string& text) { ++users[text]; });
    const SelectedPartitions selected =
        rows.limited() ? mechanism.release(*rows.limited(), budget) : mechanism.release(users, budget);
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["names"] = selected.names;
    told["certain_from"] = mechanism.certain();
    for (const std::string& name : selected.names) answer.text += rendering::clean(name) + "\n";
    answer.text += fmt::format(
        "{} told; whatever {} {} have is told for sure, what one alone has at most once in "
        "1/delta times\n",
        selected.names.size() == 1 ? "1 category" : fmt::format("{} categories", selected.names.size()),
        mechanism.certain(), options.user.empty() ? "rows" : "users");
    return answer;
}

Answer release_above_threshold(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (!options.threshold) throw InputError("--threshold is needed for this statistic");
    const bool has_values = options.sensitivity > 0;
    if (has_values == !options.categories.empty())
        throw InputError(
            "above_threshold: either --categories, whose counts are the queries, or --sensitivity, where "
            "each row is one");
    if (has_values && !options.user.empty())
        throw InputError("--user: with --sensitivity it is the queries that say how much of them is whose");
    // A record changes a category's count by one, and a user by the rows that count in it, whichever the neighbours.
    const PrivacyUnit unit = unit_of(options);
    const std::uint64_t sensitivity = has_values ? options.sensitivity : unit.limit().rows;
    std::vector<std::int64_t> values;
    if (has_values) {
        values = values_of(options);
    } else {
        const Places places(options.categories);
        for (const std::uint64_t count : counts_of(options, places)) values.push_back(static_cast<std::int64_t>(count));
        values.pop_back();
    }
    const Epsilon epsilon = epsilon_of(options);
    AboveThreshold queries(*options.threshold, StepSensitivity(sensitivity), epsilon, options.positives);
    budget.spend({epsilon.value(), 0.0});
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["threshold"] = *options.threshold;
    told["threshold_scale"] = queries.threshold_scale();
    told["query_scale"] = queries.query_scale();
    told["queries"] = Json::array();
    std::vector<std::vector<std::string>> lines = {{"query", "answer"}};
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::string name = has_values ? fmt::format("{}", i + 1) : options.categories[i];
        Json query = {{"query", has_values ? Json(i + 1) : Json(name)}, {"above", nullptr}};
        const char* said = "not asked";
        if (queries.left() > 0) {
            const bool above = queries.query(values[i]);
            query["above"] = above;
            said = above ? "above" : "below";
        }
        told["queries"].push_back(query);
        lines.push_back({rendering::clean(name), said});
    }
    told["positives_left"] = queries.left();
    answer.text =
        text_table(lines) + fmt::format("threshold {}, noise of scale {:.6g} on it and {:.6g} on each query\n",
                                        *options.threshold, queries.threshold_scale(), queries.query_scale());
    if (has_values)
        answer.hidden = fmt::format("hidden: whoever changes no query by more than {}\n", options.sensitivity);
    return answer;
}

}  // namespace vedette::inline v0::cli
