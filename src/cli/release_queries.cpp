// SPDX-License-Identifier: Apache-2.0
// Releases that are no statistic of one column's numbers: names of categories, answers to queries, running totals,
// randomised responses.
#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <unordered_map>

#include "csv_writer.hpp"
#include "guard/render_common.hpp"
#include "release_kinds.hpp"
#include "release_rows.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/above_threshold.hpp"
#include "vedette/privacy/continual_count.hpp"
#include "vedette/privacy/correlated_count.hpp"
#include "vedette/privacy/partition_selection.hpp"
#include "vedette/privacy/randomized_response.hpp"

namespace vedette::inline v0::cli {

using namespace privacy;
using Json = nlohmann::ordered_json;

namespace {

constexpr const char* others = "(all others)";

Epsilon epsilon_of(const ReleaseOptions& options) {
    return Epsilon(options.epsilon.value_or(0.0));
}

// Where each of the listed categories is.
class Places {
  public:
    explicit Places(const std::vector<std::string>& categories) {
        if (categories.empty()) throw InputError("--categories are needed for this statistic");
        for (const std::string& category : categories) {
            if (category == others)
                throw InputError(fmt::format("--categories: \"{}\" is the name of whatever is not listed", others));
            if (!places_.emplace(category, places_.size()).second)
                throw InputError(fmt::format("--categories name \"{}\" twice", category));
        }
    }
    [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }
    /// size() for what is not listed.
    [[nodiscard]] std::size_t of(const std::string& category) const {
        const auto found = places_.find(category);
        return found == places_.end() ? size() : found->second;
    }

  private:
    std::unordered_map<std::string, std::size_t> places_;
};

// The rows that count, in each of the listed categories and (at the end) in none of them. Not private.
std::vector<std::uint64_t> counts_of(const ReleaseOptions& options, const Places& places) {
    std::vector<std::uint64_t> counts(places.size() + 1);
    Rows rows(options);
    rows.read(Rows::As::categories, [&](double, const std::string& text) { ++counts[places.of(text)]; });
    if (rows.limited())
        rows.limited()->for_each([&](double, std::string_view name) { ++counts[places.of(std::string(name))]; });
    return counts;
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

// A running total of either kind.
class RunningCount {
  public:
    RunningCount(const ReleaseOptions& options, std::uint64_t horizon, ReleaseBudget& budget) {
        const PrivacyUnit unit = unit_of(options);
        const stats::Confidence confidence(options.confidence);
        const ReleaseLoss loss = loss_of(options);
        if (!options.rho && options.delta == 0.0) {
            if (std::find(options.given.begin(), options.given.end(), "--factor") != options.given.end())
                throw InputError("--factor: it is of the Gaussian noise of --rho or --delta");
            tree_.emplace(unit, horizon, epsilon_of(options), budget, confidence);
        } else {
            const CountFactor factor = options.buffered ? CountFactor::buffered_toeplitz : CountFactor::toeplitz_root;
            correlated_.emplace(unit, horizon, factor, loss, budget, 0, confidence);
        }
    }
    Release step(std::uint64_t rows) { return tree_ ? tree_->step(rows) : correlated_->step(rows); }
    [[nodiscard]] const char* noise() const noexcept {
        if (tree_) return "binary_tree";
        return correlated_->factor() == CountFactor::toeplitz_root ? "toeplitz_root" : "buffered_toeplitz";
    }

  private:
    std::optional<ContinualCount> tree_;
    std::optional<CorrelatedCount> correlated_;
};

// The shares of all categories by their numbers of responses.
Answer shares_answer(const RandomizedResponse& response, const std::vector<std::string>& categories,
                     const std::vector<std::uint64_t>& named, const stats::Confidence& confidence) {
    std::uint64_t reports = 0;
    for (const std::uint64_t count : named) reports += count;
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["responses"] = reports;
    told["truth_probability"] = response.truth_probability();
    told["shares"] = Json::array();
    std::vector<std::vector<std::string>> lines = {
        {"category", "responses", "share", fmt::format("{:g}% from", 100.0 * confidence.level()), "to"}};
    for (std::size_t i = 0; i < named.size(); ++i) {
        const std::string& name = i < categories.size() ? categories[i] : others;
        lines.push_back({rendering::clean(name), fmt::format("{}", named[i])});
        Json cell = {{"category", name}, {"responses", named[i]}};
        if (reports == 0) {
            cell["share"] = nullptr;
            lines.back().insert(lines.back().end(), 3, "-");
        } else {
            const ShareEstimate share = response.estimate(named[i], reports, confidence);
            cell["share"] = share.share;
            cell["interval"] = interval_json(share.interval);
            for (const double number : {share.share, share.interval.lower, share.interval.upper})
                lines.back().push_back(fmt::format("{:.4g}", number));
        }
        told["shares"].push_back(cell);
    }
    answer.text = text_table(lines) + "shares of whatever the rows are a random sample of\n";
    return answer;
}

// A place for the responses that is neither the ledger nor what is released, found before anything is paid.
void require_place(const ReleaseOptions& options) {
    const std::string& path = options.responses;
    if (path == "-" && options.as_json) throw InputError("--responses -: with --format json they need a file");
    if (path.empty() || path == "-") return;
    std::error_code code;
    const std::filesystem::file_status status = std::filesystem::status(path, code);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))
        throw InputError(fmt::format("--responses {}: not a regular file", path));
    for (const std::string& other : {options.use.file.path, options.use.file.key_path, options.source.path})
        if (std::filesystem::equivalent(path, other, code))
            throw InputError(fmt::format("--responses {}: that is the ledger, its key or the data", path));
    const std::filesystem::path folder = std::filesystem::absolute(path, code).parent_path();
    if (!std::filesystem::is_directory(folder, code))
        throw InputError(fmt::format("--responses {}: there is no such folder", path));
}

RandomizedResponse response_among(const Places& places, double epsilon) {
    return {Epsilon(epsilon), static_cast<std::uint32_t>(std::min<std::size_t>(places.size() + 1, 0xffffffffU))};
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

Answer release_running_count(const ReleaseOptions& options, ReleaseBudget& budget) {
    const Places steps(options.categories);
    const std::vector<std::uint64_t> counts = counts_of(options, steps);
    RunningCount total(options, steps.size(), budget);
    Answer answer(Json::object());
    Json& told = *answer.told;
    told["noise"] = total.noise();
    told["totals"] = Json::array();
    std::vector<std::vector<std::string>> lines = {
        {"step", "total", fmt::format("{:g}% from", 100.0 * options.confidence), "to"}};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const Release release = total.step(counts[i]);
        told["totals"].push_back(
            {{"step", options.categories[i]}, {"value", release.value}, {"interval", interval_json(release.interval)}});
        lines.push_back({rendering::clean(options.categories[i])});
        for (const double number : {release.value, release.interval.lower, release.interval.upper})
            lines.back().push_back(fmt::format("{:.10g}", number));
    }
    answer.text = text_table(lines);
    return answer;
}

Answer release_randomized_response(const ReleaseOptions& options, ReleaseBudget& budget) {
    if (!options.user.empty())
        throw InputError("--user: each row is one respondent's only answer; of users with several, give one row each");
    if (options.neighbouring != Neighbouring::replace_one)
        throw InputError(
            "randomized_response tells how many rows there are: it hides what each says, with --neighbours "
            "replace_one");
    const Places places(options.categories);
    const RandomizedResponse response = response_among(places, epsilon_of(options).value());
    const stats::Confidence confidence(options.confidence);
    require_place(options);
    std::vector<std::uint32_t> answers;
    Rows rows(options);
    rows.read(Rows::As::categories,
              [&](double, const std::string& text) { answers.push_back(static_cast<std::uint32_t>(places.of(text))); });
    budget.spend(response.guarantee());
    response.respond(answers, answers);
    std::vector<std::uint64_t> named(places.size() + 1);
    std::string csv = csv_field(options.column) + "\n";
    for (const std::uint32_t answer : answers) {
        ++named[answer];
        if (!options.responses.empty())
            csv += csv_field(answer < places.size() ? options.categories[answer] : others) + "\n";
    }
    if (!options.responses.empty()) write_text(options.responses, csv);
    Answer answer = shares_answer(response, options.categories, named, confidence);
    answer.hidden =
        "hidden: what any one row says, from whoever sees its response, too, but not how many rows there are "
        "(neighbours replace_one)\n";
    return answer;
}

ExitStatus privacy_estimate(const EstimateOptions& options) {
    const Places places(options.categories);
    const RandomizedResponse response = response_among(places, options.epsilon);
    ReleaseOptions read;
    read.source = options.source;
    read.column = options.column;
    const Answer answer =
        shares_answer(response, options.categories, counts_of(read, places), stats::Confidence(options.confidence));
    if (!options.as_json) {
        write_text("-", answer.text);
        return exit_pass;
    }
    Json document = {{"column", options.column}, {"epsilon", options.epsilon}};
    document.update(*answer.told);
    document["confidence"] = options.confidence;
    write_text("-", document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    return exit_pass;
}

}  // namespace vedette::inline v0::cli
