// SPDX-License-Identifier: Apache-2.0
// Columns of a file to the streams of a watch.
#include "watched_rows.hpp"

#include <fmt/core.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "input.hpp"

namespace vedette::inline v0::cli {

namespace {

constexpr std::uint32_t no_class = std::numeric_limits<std::uint32_t>::max();

// The class in a column: a whole number from 0 on. No class where it is none.
std::uint32_t class_in(const RowSource& source, std::size_t column) {
    const double number = source.number(column).value_or(-1.0);
    const bool is_class =
        number >= 0.0 && number < drift::PerformanceReference::maximum_classes && number == std::floor(number);
    return is_class ? static_cast<std::uint32_t>(number) : no_class;
}

double number_in(const RowSource& source, std::size_t column) {
    return source.number(column).value_or(std::numeric_limits<double>::quiet_NaN());
}

struct Labelled {
    std::optional<drift::PerformanceReference> performance;
    std::vector<double> estimates;  // of its rows, as the watch makes them
};

Labelled read_labelled(const LabelledOptions& options, const PerformancePolicy& rules, char delimiter) {
    RowSource source({.path = options.path, .delimiter = delimiter});
    std::vector<std::size_t> columns;
    for (const std::string& name : options.scores) columns.push_back(source.column(name));
    const std::size_t prediction = source.column(options.prediction);
    const std::size_t label = source.column(options.label);
    std::vector<double> scores;
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> labels;
    const auto take = [&](std::vector<std::uint32_t>& classes, std::size_t column) {
        classes.push_back(class_in(source, column));
        if (classes.back() == no_class) throw InputError(source.place(column) + ": no class, a whole number from 0 on");
    };
    while (source.next()) {
        for (const std::size_t column : columns) {
            scores.push_back(number_in(source, column));
            // "Not a number" fails the comparison too.
            if (!(scores.back() >= 0.0 && scores.back() <= 1.0))
                throw InputError(source.place(column) + ": no score, which lies in [0, 1]");
        }
        take(predictions, prediction);
        take(labels, label);
    }
    const auto matrix = MatrixView<double>::row_major(scores.data(), labels.size(), columns.size());
    auto performance = drift::PerformanceReference::fit(matrix, predictions, labels);
    std::vector<double> estimates = Watch::estimates(rules, performance, matrix, predictions);
    return {std::move(performance), std::move(estimates)};
}

// Of each group its columns, row by row.
std::map<std::string, std::vector<double>> read_groups(const Policy& policy, const std::string& path, char delimiter) {
    std::map<std::string, std::vector<double>> rows;
    if (policy.groups.empty()) return rows;
    for (const auto& [name, group] : policy.groups)
        if (group.features.empty())
            throw InputError("the policy watches the embedding \"" + name +
                             "\", and a file has columns; a group of "
                             "features may name them");
    if (path.empty())
        throw InputError("the policy watches groups of features: name --group-reference FILE, rows of the reference");
    RowSource source({.path = path, .delimiter = delimiter});
    std::map<std::string, std::vector<std::size_t>> columns;
    for (const auto& [name, group] : policy.groups)
        for (const std::string& feature : group.features) columns[name].push_back(source.column(feature));
    while (source.next())
        for (const auto& [name, places] : columns)
            for (const std::size_t place : places) rows[name].push_back(number_in(source, place));
    return rows;
}

Watch make_watch(const Baseline& baseline, const Policy& policy, const LabelledOptions& options,
                 const std::string& reference, char delimiter) {
    const auto rows = read_groups(policy, reference, delimiter);
    WatchReferences references;
    for (const auto& [name, group] : policy.groups) {
        const auto found = rows.find(name);
        if (found == rows.end()) throw InputError(reference + ": no row");
        const std::size_t width = group.features.size();
        references.groups.emplace(
            name, MatrixView<double>::row_major(found->second.data(), found->second.size() / width, width));
    }
    if (policy.performance.monitors.empty()) return Watch(baseline, policy, references);
    if (options.path.empty() || options.scores.empty() || options.prediction.empty() || options.label.empty())
        throw InputError(
            "the policy watches the estimated performance: name --labelled FILE with its --scores, --prediction and "
            "--label");
    const Labelled labelled = read_labelled(options, policy.performance, delimiter);
    references.performance = labelled.performance;
    references.estimates.values = labelled.estimates;
    return Watch(baseline, policy, references);
}

}  // namespace

WatchedRows::WatchedRows(const Baseline& baseline, const Policy& policy, const LabelledOptions& labelled,
                         const std::string& reference, char delimiter, RowSource& live)
    : live_(live),
      watch_(make_watch(baseline, policy, labelled, reference, delimiter)),
      mark_(watch_.mark()),
      before_(mark_) {
    for (const auto& [name, rules] : policy.outputs) outputs_.emplace_back(watch_.output(name), live.column(name));
    if (policy.performance.monitors.empty()) return;
    for (const std::string& name : labelled.scores) score_columns_.push_back(live.column(name));
    prediction_column_ = live.column(labelled.prediction);
    scores_.resize(score_columns_.size());
}

void WatchedRows::observe(std::span<const Value> row) {
    const auto number = static_cast<std::int64_t>(live_.rows());
    static_cast<void>(watch_.observe(row, number));
    for (const auto& [output, column] : outputs_)
        static_cast<void>(watch_.observe_output(output, number_in(live_, column), number));
    if (scores_.empty()) return;
    for (std::size_t k = 0; k < scores_.size(); ++k) scores_[k] = number_in(live_, score_columns_[k]);
    static_cast<void>(watch_.observe_prediction(scores_, class_in(live_, prediction_column_), number));
}

void WatchedRows::tell(Report& report) {
    attach(report, watch_, mark_);
    before_ = std::exchange(mark_, watch_.mark());
}

}  // namespace vedette::inline v0::cli
