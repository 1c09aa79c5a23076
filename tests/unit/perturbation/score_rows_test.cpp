// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/score_rows.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "unit/perturbation/score_checks.hpp"
#include "vedette/perturbation/tail_scores.hpp"

using vedette::ErrorCode;
using vedette::testing::code_of;
using vedette::testing::float_normals;
using View = vedette::MatrixView<float>;

TEST_CASE("scores of many rows are those row by row, in any layout") {
    const std::vector<float> reference = float_normals(50 * 3, 1);
    std::vector<float> rows = float_normals(20 * 4, 2);
    rows[9] = std::nanf("");
    const vedette::perturbation::TailScore score(View::row_major(reference.data(), 50, 3));
    std::vector<double> by_row(20), by_column(20);
    score_rows(score, View::row_major(rows.data(), 20, 3, 4), by_row);
    std::vector<float> turned(60);
    for (std::size_t i = 0; i < 20; ++i)
        for (std::size_t j = 0; j < 3; ++j) turned[j * 20 + i] = rows[i * 4 + j];
    score_rows(score, View::column_major(turned.data(), 20, 3), by_column);
    for (std::size_t i = 0; i < 20; ++i) {
        const double expected = score.score(std::span(rows).subspan(i * 4, 3));
        CHECK((by_row[i] == expected || (i == 2 && std::isnan(by_row[i]))));
        CHECK((by_column[i] == expected || (i == 2 && std::isnan(by_column[i]))));
    }
    score_rows(score, View::row_major(rows.data(), 20, 4), by_row);
    CHECK(std::isnan(by_row[0]));  // rows of another width
    CHECK(code_of([&] { score_rows(score, View::row_major(rows.data(), 19, 3), by_row); }) ==
          ErrorCode::dimension_mismatch);
    score_rows(score, {}, {});
}
