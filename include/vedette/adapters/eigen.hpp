// SPDX-License-Identifier: Apache-2.0
// Opt-in: Eigen matrices and vectors as views, without a copy. The only header that needs more than the standard
// library.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <type_traits>

#include "vedette/core/error.hpp"
#include "vedette/core/view.hpp"

namespace vedette::inline v0::adapters {

/// A view of an Eigen matrix, map, block or reference that has its elements in memory. It must outlive the view. Throws
/// Error(invalid_argument) when neither rows nor columns are contiguous.
template <class Derived>
MatrixView<typename Derived::Scalar> matrix_view(const Eigen::DenseBase<Derived>& matrix) {
    static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                  "an expression has no elements in memory: evaluate it");
    const Derived& m = matrix.derived();
    if (m.innerStride() != 1) throw Error(ErrorCode::invalid_argument, "the matrix has an inner stride other than 1");
    const auto rows = static_cast<std::size_t>(m.rows());
    const auto columns = static_cast<std::size_t>(m.cols());
    const auto outer = static_cast<std::size_t>(m.outerStride());
    using View = MatrixView<typename Derived::Scalar>;
    return Derived::IsRowMajor ? View::row_major(m.data(), rows, columns, outer)
                               : View::column_major(m.data(), rows, columns, outer);
}

/// A view of an Eigen vector, of any inner stride. It must outlive the view.
template <class Derived>
ColumnView<typename Derived::Scalar> column_view(const Eigen::DenseBase<Derived>& vector) {
    static_assert(Derived::IsVectorAtCompileTime, "a matrix is no column");
    static_assert((Derived::Flags & Eigen::DirectAccessBit) != 0,
                  "an expression has no elements in memory: evaluate it");
    const Derived& v = vector.derived();
    return {v.data(), static_cast<std::size_t>(v.size()), static_cast<std::ptrdiff_t>(v.innerStride())};
}

// A temporary would be gone before the view is used.
template <class Derived>
void matrix_view(const Eigen::PlainObjectBase<Derived>&& matrix) = delete;
template <class Derived>
void column_view(const Eigen::PlainObjectBase<Derived>&& vector) = delete;

}  // namespace vedette::inline v0::adapters
