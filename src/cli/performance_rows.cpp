// SPDX-License-Identifier: Apache-2.0
// Columns of a file to estimates, realised performance and the ranking of features.
#include "performance_rows.hpp"

#include <algorithm>
#include <utility>

#include "input.hpp"

namespace vedette::inline v0::cli {

namespace {

drift::PerformanceReference fit(const LabelledOptions& options, char delimiter) {
    if (options.scores.empty() || options.prediction.empty() || options.label.empty())
        throw InputError("--labelled needs --scores, --prediction and --label, its columns");
    const LabelledRows rows = read_labelled(options, delimiter);
    return drift::PerformanceReference::fit(rows.matrix(), rows.predictions, rows.labels);
}

}  // namespace

std::optional<LabelledWindows> count_labelled(const Baseline& baseline, const LabelledOptions& options,
                                              char delimiter) {
    RowSource source(options.source(delimiter));
    const std::vector<std::string>& names = source.columns();
    std::vector<std::size_t> places;
    for (const FeatureBaseline& feature : baseline.features()) {
        if (std::find(names.begin(), names.end(), feature.name) == names.end()) return std::nullopt;
        places.push_back(source.column(feature.name));
    }
    const std::size_t prediction = source.column(options.prediction), label = source.column(options.label);
    LabelledWindows windows{Window(baseline), Window(baseline)};
    std::vector<Value> row(places.size());
    while (source.next()) {
        for (std::size_t f = 0; f < places.size(); ++f) row[f] = source.value(places[f], baseline.features()[f].kind);
        const std::uint32_t predicted = class_in(source, prediction), truth = class_in(source, label);
        if (predicted == no_class) throw InputError(source.place(prediction) + ": no class, a whole number from 0 on");
        if (truth == no_class) throw InputError(source.place(label) + ": no class, a whole number from 0 on");
        static_cast<void>(windows.labelled.observe(std::span<const Value>(row)));
        if (predicted == truth) static_cast<void>(windows.right.observe(std::span<const Value>(row)));
    }
    return windows;
}

PerformanceRows::PerformanceRows(const Baseline& baseline, const LabelledOptions& labelled, char delimiter,
                                 RowSource& live)
    : live_(live),
      now_([&] {
          const drift::PerformanceReference reference = fit(labelled, delimiter);
          return Counted{drift::PerformanceWindow(reference), drift::RealisedWindow(reference)};
      }()),
      last_(now_),
      cells_(count_labelled(baseline, labelled, delimiter)),
      score_columns_(score_columns(labelled, live)),
      prediction_column_(live.column(labelled.prediction)),
      scores_(score_columns_.size()) {
    const std::vector<std::string>& names = live.columns();
    if (std::find(names.begin(), names.end(), labelled.label) != names.end())
        label_column_ = live.column(labelled.label);
}

void PerformanceRows::observe() {
    for (std::size_t k = 0; k < scores_.size(); ++k) scores_[k] = number_in(live_, score_columns_[k]);
    const std::uint32_t prediction = class_in(live_, prediction_column_);
    static_cast<void>(now_.estimated.observe(scores_, prediction));
    if (label_column_ && !live_.is_null(*label_column_))
        static_cast<void>(now_.realised.observe(scores_, prediction, class_in(live_, *label_column_)));
}

void PerformanceRows::tell(Report& report, const Policy& policy) {
    attach(report,
           {.estimated = &now_.estimated,
            .realised = label_column_ ? &now_.realised : nullptr,
            .labelled = cells_ ? &cells_->labelled : nullptr,
            .right = cells_ ? &cells_->right : nullptr},
           policy);
    std::swap(now_, last_);
    now_.estimated.reset();
    now_.realised.reset();
}

void PerformanceRows::join_last() {
    now_.estimated.merge(last_.estimated);
    now_.realised.merge(last_.realised);
}

}  // namespace vedette::inline v0::cli
