// SPDX-License-Identifier: Apache-2.0
// Eigen's matrices, blocks and maps seen through our views.
#include "vedette/adapters/eigen.hpp"

#include <doctest/doctest.h>

using namespace vedette;

TEST_CASE("column-major, row-major, blocks and vectors keep their elements") {
    Eigen::MatrixXf a = Eigen::MatrixXf::Random(7, 5);
    Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> b = a.cast<double>();
    const auto left = adapters::matrix_view(a);
    const auto right = adapters::matrix_view(b);
    const auto inner = adapters::matrix_view(a.block(2, 1, 3, 2));
    for (Eigen::Index i = 0; i < 7; ++i) {
        for (Eigen::Index j = 0; j < 5; ++j) {
            const auto r = static_cast<std::size_t>(i);
            const auto c = static_cast<std::size_t>(j);
            CHECK(left(r, c) == a(i, j));
            CHECK(right(r, c) == b(i, j));
            if (i < 3 && j < 2) CHECK(inner(r, c) == a(i + 2, j + 1));
        }
    }
    const auto row = adapters::column_view(a.row(3));
    CHECK(row.size() == 5);
    CHECK(row[4] == a(3, 4));
    Eigen::Map<Eigen::MatrixXf, 0, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>> sparse(
        a.data(), 2, 2, Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>(14, 2));
    CHECK_THROWS_AS((void)adapters::matrix_view(sparse), Error);
}
