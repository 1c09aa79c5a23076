// SPDX-License-Identifier: Apache-2.0
// Copying and checking rows.
#include "drift/row_matrix.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {

template <class T>
RowMatrix read_rows(MatrixView<T> view, NanPolicy nan, const char* test, const char* side) {
    RowMatrix rows;
    rows.total = view.rows();
    rows.kept.reserve(view.rows());
    const auto complain = [&](std::size_t i, std::size_t j, const char* what) {
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": row " + std::to_string(i) + ", column " +
                                                     std::to_string(j) + " of the " + side + " sample is " + what);
    };
    for (std::size_t i = 0; i < view.rows(); ++i) {
        bool keep = true;
        for (std::size_t j = 0; j < view.columns(); ++j) {
            const T value = view(i, j);
            if (std::isinf(value)) complain(i, j, "infinite");
            if (!std::isnan(value)) continue;
            if (nan == NanPolicy::refuse) complain(i, j, "NaN; NanPolicy::omit leaves such rows out");
            keep = false;
        }
        if (keep) rows.kept.push_back(i);
    }
    rows.values.resize(static_cast<Eigen::Index>(rows.kept.size()), static_cast<Eigen::Index>(view.columns()));
    for (std::size_t k = 0; k < rows.kept.size(); ++k)
        for (std::size_t j = 0; j < view.columns(); ++j)
            rows.values(static_cast<Eigen::Index>(k), static_cast<Eigen::Index>(j)) = view(rows.kept[k], j);
    return rows;
}

template RowMatrix read_rows(MatrixView<float>, NanPolicy, const char*, const char*);
template RowMatrix read_rows(MatrixView<double>, NanPolicy, const char*, const char*);

void check_columns(std::size_t reference, std::size_t live, const char* test) {
    if (reference != live)
        throw Error(ErrorCode::dimension_mismatch, std::string(test) + ": the reference has " +
                                                       std::to_string(reference) + " columns, the live sample " +
                                                       std::to_string(live));
    if (reference == 0) throw Error(ErrorCode::not_enough_data, std::string(test) + ": no columns");
}

void check_confidence(double confidence, const char* test) {
    if (!(confidence > 0.0 && confidence < 1.0))
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": confidence is " + std::to_string(confidence) +
                                                     ", must lie strictly between 0 and 1");
}

std::vector<double> spread_over_rows(const Eigen::VectorXd& values, const RowMatrix& rows) {
    std::vector<double> all(rows.total, std::numeric_limits<double>::quiet_NaN());
    for (std::size_t k = 0; k < rows.kept.size(); ++k) all[rows.kept[k]] = values[static_cast<Eigen::Index>(k)];
    return all;
}

}  // namespace vedette::inline v0::drift
