// SPDX-License-Identifier: Apache-2.0
// Scores of many rows by any score.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "vedette/core/concepts.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::perturbation {

/// scores[i] is what `score` says of row i, NaN where it cannot tell: the same as row by row. Throws
/// Error(dimension_mismatch) unless there are as many scores as rows. Allocates one row where rows are not row-major,
/// else nothing.
template <Score S>
void score_rows(const S& score, MatrixView<float> rows, std::span<double> scores) {
    if (scores.size() != rows.rows())
        throw Error(ErrorCode::dimension_mismatch, "score_rows: " + std::to_string(scores.size()) + " scores for " +
                                                       std::to_string(rows.rows()) + " rows");
    std::vector<float> copy(rows.is_row_major() ? 0 : rows.columns());
    for (std::size_t i = 0; i < rows.rows(); ++i) {
        const ColumnView<float> row = rows.row(i);
        for (std::size_t j = 0; j < copy.size(); ++j) copy[j] = row[j];
        scores[i] = score.score(rows.is_row_major() ? std::span<const float>(row.data(), row.size()) : copy);
    }
}

}  // namespace vedette::inline v0::perturbation
