// SPDX-License-Identifier: Apache-2.0
// Rows with scores, predictions and labels in the columns of a file, and what is learned from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "row_source.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::cli {

/// Rows with labels, from which is learned what scores mean, and the columns that say so there and in live data.
struct LabelledOptions {
    std::string path;                            ///< empty = none
    std::vector<std::string> scores;             ///< one column for two classes, else one for each
    std::string prediction;                      ///< classes from 0 on
    std::string label;                           ///< of live data only where labels have come
    std::shared_ptr<const std::string> bytes{};  ///< of the file, where it can be read only once: see read_once

    [[nodiscard]] SourceOptions source(char delimiter) const {
        return {.path = path, .delimiter = delimiter, .bytes = bytes};
    }
};

/// What stands for a class that is none: every consumer counts it as an unknown class.
inline constexpr std::uint32_t no_class = 0xFFFFFFFFU;

/// The class in a column: a whole number from 0 on; no_class where it is none.
[[nodiscard]] std::uint32_t class_in(const RowSource& source, std::size_t column);
/// The number in a column; NaN where there is none.
[[nodiscard]] double number_in(const RowSource& source, std::size_t column);
/// The columns of scores. Throws InputError for a name that there is not, or none.
[[nodiscard]] std::vector<std::size_t> score_columns(const LabelledOptions& options, const RowSource& source);

struct LabelledRows {
    std::vector<double> scores;  ///< row by row
    std::size_t columns = 0;     ///< of scores
    std::vector<std::uint32_t> predictions;
    std::vector<std::uint32_t> labels;

    [[nodiscard]] MatrixView<double> matrix() const {
        return MatrixView<double>::row_major(scores.data(), labels.size(), columns);
    }
};

/// Every row of the file. Throws InputError, with the place, for a score outside [0, 1] or a class that is none.
[[nodiscard]] LabelledRows read_labelled(const LabelledOptions& options, char delimiter);

}  // namespace vedette::inline v0::cli
