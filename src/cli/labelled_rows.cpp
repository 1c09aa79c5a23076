// SPDX-License-Identifier: Apache-2.0
// Columns of scores, predictions and labels, read strictly.
#include "labelled_rows.hpp"

#include <cmath>
#include <limits>

#include "input.hpp"
#include "vedette/drift/performance_estimate.hpp"

namespace vedette::inline v0::cli {

std::uint32_t class_in(const RowSource& source, std::size_t column) {
    const double number = source.number(column).value_or(-1.0);
    const bool is_class =
        number >= 0.0 && number < drift::PerformanceReference::maximum_classes && number == std::floor(number);
    return is_class ? static_cast<std::uint32_t>(number) : no_class;
}

double number_in(const RowSource& source, std::size_t column) {
    return source.number(column).value_or(std::numeric_limits<double>::quiet_NaN());
}

std::vector<std::size_t> score_columns(const LabelledOptions& options, const RowSource& source) {
    if (options.scores.empty()) throw InputError("--scores: name the columns of scores");
    std::vector<std::size_t> columns;
    for (const std::string& name : options.scores) columns.push_back(source.column(name));
    return columns;
}

LabelledRows read_labelled(const LabelledOptions& options, char delimiter) {
    RowSource source(options.source(delimiter));
    const std::vector<std::size_t> columns = score_columns(options, source);
    const std::size_t prediction = source.column(options.prediction);
    const std::size_t label = source.column(options.label);
    LabelledRows rows;
    rows.columns = columns.size();
    const auto take = [&](std::vector<std::uint32_t>& classes, std::size_t column) {
        classes.push_back(class_in(source, column));
        if (classes.back() == no_class) throw InputError(source.place(column) + ": no class, a whole number from 0 on");
    };
    while (source.next()) {
        for (const std::size_t column : columns) {
            rows.scores.push_back(number_in(source, column));
            // "Not a number" fails the comparison too.
            if (!(rows.scores.back() >= 0.0 && rows.scores.back() <= 1.0))
                throw InputError(source.place(column) + ": no score, which lies in [0, 1]");
        }
        take(rows.predictions, prediction);
        take(rows.labels, label);
    }
    return rows;
}

}  // namespace vedette::inline v0::cli
