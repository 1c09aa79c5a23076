// SPDX-License-Identifier: Apache-2.0
// Copying and checking rows.
#include "drift/row_matrix.hpp"

#include <cmath>
#include <limits>
#include <string>

#include "vedette/core/error.hpp"

namespace vedette::inline v0::drift {
namespace {

template <class T>
bool is_finite(ColumnView<T> row) noexcept {
    unsigned bad = 0;
    if (row.is_contiguous()) {  // a loop that compilers vectorise
        const T* const x = row.data();
        for (std::size_t j = 0; j < row.size(); ++j) bad |= std::fabs(x[j]) <= std::numeric_limits<T>::max() ? 0U : 1U;
    } else {
        for (std::size_t j = 0; j < row.size(); ++j) bad |= std::isfinite(row[j]) ? 0U : 1U;
    }
    return bad == 0;
}

}  // namespace

template <class T>
std::vector<std::size_t> kept_rows(MatrixView<T> view, NanPolicy nan, const char* test, const char* side) {
    std::vector<std::size_t> kept;
    kept.reserve(view.rows());
    const auto complain = [&](std::size_t i, std::size_t j, const char* what) {
        throw Error(ErrorCode::invalid_argument, std::string(test) + ": row " + std::to_string(i) + ", column " +
                                                     std::to_string(j) + " of the " + side + " sample is " + what);
    };
    for (std::size_t i = 0; i < view.rows(); ++i) {
        if (is_finite(view.row(i))) {
            kept.push_back(i);
            continue;
        }
        for (std::size_t j = 0; j < view.columns(); ++j) {
            const T value = view(i, j);
            if (std::isinf(value)) complain(i, j, "infinite");
            if (std::isnan(value) && nan == NanPolicy::refuse)
                complain(i, j, "NaN; NanPolicy::omit leaves such rows out");
        }
    }
    return kept;
}

template std::vector<std::size_t> kept_rows(MatrixView<float>, NanPolicy, const char*, const char*);
template std::vector<std::size_t> kept_rows(MatrixView<double>, NanPolicy, const char*, const char*);

template <class T>
RowMatrix read_rows(MatrixView<T> view, NanPolicy nan, const char* test, const char* side) {
    RowMatrix rows;
    rows.total = view.rows();
    rows.kept = kept_rows(view, nan, test, side);
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
