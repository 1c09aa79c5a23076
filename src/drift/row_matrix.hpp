// SPDX-License-Identifier: Apache-2.0
// Rows of a caller's matrix as doubles that Eigen can work on, checked once.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <vector>

#include "vedette/core/view.hpp"
#include "vedette/drift/test_options.hpp"

namespace vedette::inline v0::drift {

struct RowMatrix {
    Eigen::MatrixXd values;         ///< the kept rows
    std::vector<std::size_t> kept;  ///< their places in the view, ascending
    std::size_t total = 0;          ///< rows of the view
};

/// The rows that take part, ascending; `test` and `side` name the caller in messages. Throws Error(invalid_argument)
/// for an infinity, or a NaN under NanPolicy::refuse.
template <class T>
std::vector<std::size_t> kept_rows(MatrixView<T> view, NanPolicy nan, const char* test, const char* side);

/// Copies those rows.
template <class T>
RowMatrix read_rows(MatrixView<T> view, NanPolicy nan, const char* test, const char* side);

/// Throws Error(dimension_mismatch) unless both have the same number of columns, not_enough_data when that is none.
void check_columns(std::size_t reference, std::size_t live, const char* test);
/// Throws Error(invalid_argument) unless strictly between 0 and 1.
void check_confidence(double confidence, const char* test);

/// `values`, one per kept row, at their places among all rows; NaN elsewhere.
std::vector<double> spread_over_rows(const Eigen::VectorXd& values, const RowMatrix& rows);

}  // namespace vedette::inline v0::drift
