// SPDX-License-Identifier: Apache-2.0
// Strided views: element positions and refused sizes.
#include "vedette/core/view.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "vedette/core/error.hpp"

using namespace vedette;

namespace {
constexpr std::size_t huge = std::numeric_limits<std::size_t>::max();

template <class Call>
int code_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return static_cast<int>(error.code());
    }
    return 0;
}
constexpr int invalid = static_cast<int>(ErrorCode::invalid_argument);
constexpr int overflow = static_cast<int>(ErrorCode::overflow);
}  // namespace

TEST_CASE("view: strides of a column, also negative and zero") {
    const std::vector<int> values{0, 1, 2, 3, 4, 5};
    const ColumnView<int> every_second(values.data(), 3, 2);
    CHECK((every_second[0] == 0 && every_second[1] == 2 && every_second[2] == 4));
    CHECK_FALSE(every_second.is_contiguous());
    const ColumnView<int> backwards(values.data() + 5, 6, -1);
    CHECK((backwards[0] == 5 && backwards[5] == 0));
    const ColumnView<int> constant(values.data() + 3, 1000, 0);
    CHECK(constant[999] == 3);
    const ColumnView<int> whole(values);
    CHECK((whole.size() == 6 && whole.is_contiguous() && whole[5] == 5));
    CHECK(ColumnView<int>().empty());
}

TEST_CASE("view: impossible columns are refused") {
    const double x = 0;
    CHECK(code_of([] { ColumnView<double>(nullptr, 1); }) == invalid);
    CHECK(code_of([] { ColumnView<double>(nullptr, 0); }) == 0);
    CHECK(code_of([&] { ColumnView<double>(&x, huge); }) == overflow);
    CHECK(code_of([&] { ColumnView<double>(&x, huge / 8); }) == overflow);
    CHECK(code_of([&] { ColumnView<double>(&x, 3, std::numeric_limits<std::ptrdiff_t>::max()); }) == overflow);
    CHECK(code_of([&] { ColumnView<double>(&x, 3, std::numeric_limits<std::ptrdiff_t>::min()); }) == overflow);
}

TEST_CASE("view: both orders of a matrix, with padding") {
    const std::vector<int> v{0, 1, 2, 9, 10, 11, 12, 9};
    const auto rows = MatrixView<int>::row_major(v.data(), 2, 3, 4);
    CHECK((rows(0, 2) == 2 && rows(1, 0) == 10 && rows(1, 2) == 12));
    CHECK((rows.row(1)[1] == 11 && rows.column(2)[1] == 12 && rows.column(2).stride() == 4));
    CHECK(rows.is_row_major());
    const auto columns = MatrixView<int>::column_major(v.data(), 3, 2, 4);
    CHECK((columns(2, 0) == 2 && columns(0, 1) == 10 && columns(2, 1) == 12));
    CHECK((columns.row(1)[1] == 11 && columns.column(1)[2] == 12 && columns.row(0).size() == 2));
    CHECK(MatrixView<int>::row_major(v.data(), 2, 3)(1, 0) == 9);
    CHECK(MatrixView<int>::row_major(nullptr, 0, 3).column(2).empty());
}

TEST_CASE("view: impossible matrices are refused") {
    const float x = 0;
    CHECK(code_of([] { (void)MatrixView<float>::row_major(nullptr, 1, 1); }) == invalid);
    CHECK(code_of([&] { (void)MatrixView<float>::row_major(&x, 2, 3, 2); }) == invalid);
    CHECK(code_of([&] { (void)MatrixView<float>::column_major(&x, 3, 2, 2); }) == invalid);
    CHECK(code_of([&] { (void)MatrixView<float>::row_major(&x, huge / 2, 3); }) == overflow);
    CHECK(code_of([&] { (void)MatrixView<float>::row_major(&x, std::size_t{1} << 32, std::size_t{1} << 32); }) ==
          overflow);
    CHECK(code_of([&] { (void)MatrixView<float>::column_major(&x, 1, huge, 1); }) == overflow);
    CHECK(code_of([&] { (void)MatrixView<float>::row_major(&x, 1, huge / 4); }) == overflow);
}
