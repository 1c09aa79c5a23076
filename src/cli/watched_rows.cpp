// SPDX-License-Identifier: Apache-2.0
// Columns of a file to the streams of a watch.
#include "watched_rows.hpp"

#include <fmt/core.h>

#include <map>

#include "input.hpp"

namespace vedette::inline v0::cli {

namespace {

// Of each group its columns, row by row.
std::map<std::string, std::vector<double>> read_groups(const Policy& policy, const SourceOptions& reference) {
    std::map<std::string, std::vector<double>> rows;
    if (policy.groups.empty()) return rows;
    for (const auto& [name, group] : policy.groups)
        if (group.features.empty())
            throw InputError("the policy watches the embedding \"" + name +
                             "\", and a file has columns; a group of "
                             "features may name them");
    if (reference.path.empty())
        throw InputError("the policy watches groups of features: name --group-reference FILE, rows of the reference");
    RowSource source(reference);
    std::map<std::string, std::vector<std::size_t>> columns;
    for (const auto& [name, group] : policy.groups)
        for (const std::string& feature : group.features) columns[name].push_back(source.column(feature));
    while (source.next())
        for (const auto& [name, places] : columns)
            for (const std::size_t place : places) rows[name].push_back(number_in(source, place));
    return rows;
}

Watch make_watch(const Baseline& baseline, const Policy& policy, const LabelledOptions& options,
                 const SourceOptions& reference) {
    const auto rows = read_groups(policy, reference);
    WatchReferences references;
    for (const auto& [name, group] : policy.groups) {
        const auto found = rows.find(name);
        if (found == rows.end()) throw InputError(reference.path + ": no row");
        const std::size_t width = group.features.size();
        references.groups.emplace(
            name, MatrixView<double>::row_major(found->second.data(), found->second.size() / width, width));
    }
    if (policy.performance.monitors.empty()) return Watch(baseline, policy, references);
    if (options.path.empty() || options.scores.empty() || options.prediction.empty() || options.label.empty())
        throw InputError(
            "the policy watches the estimated performance: name --labelled FILE with its --scores, --prediction and "
            "--label");
    const LabelledRows rows_with_labels = read_labelled(options, reference.delimiter);
    references.performance = drift::PerformanceReference::fit(rows_with_labels.matrix(), rows_with_labels.predictions,
                                                              rows_with_labels.labels);
    const std::vector<double> estimates = Watch::estimates(policy.performance, *references.performance,
                                                           rows_with_labels.matrix(), rows_with_labels.predictions);
    references.estimates.values = estimates;
    return Watch(baseline, policy, references);
}

}  // namespace

WatchedRows::WatchedRows(const Baseline& baseline, const Policy& policy, const LabelledOptions& labelled,
                         const SourceOptions& reference, RowSource& live)
    : live_(live), watch_(make_watch(baseline, policy, labelled, reference)), mark_(watch_.mark()), before_(mark_) {
    for (const auto& [name, rules] : policy.outputs) outputs_.emplace_back(watch_.output(name), live.column(name));
    if (policy.performance.monitors.empty()) return;
    score_columns_ = score_columns(labelled, live);
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
