// SPDX-License-Identifier: Apache-2.0
// Type-erased columns and tables: every element type, strides, validity, categories, refused input.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "vedette/core/error.hpp"
#include "vedette/core/view.hpp"

using namespace vedette;

namespace {
template <class Call>
int code_of(Call&& call) {
    try {
        call();
    } catch (const Error& error) {
        return static_cast<int>(error.code());
    }
    return 0;
}

template <class T>
void check_type(std::vector<T> values) {
    // Element by element, in bulk, strided, and at an odd address.
    std::vector<std::byte> packed(values.size() * (sizeof(T) + 3) + 1);
    for (std::size_t i = 0; i < values.size(); ++i) {
        std::memcpy(packed.data() + 1 + i * (sizeof(T) + 3), &values[i], sizeof(T));
    }
    const Column dense = Column::numeric(values);
    const Column strided = Column::numeric(dtype_of<T>, packed.data() + 1, values.size(), sizeof(T) + 3);
    std::vector<double> a(values.size());
    std::vector<double> b(values.size());
    std::vector<float> c(values.size());
    dense.copy_as_double(0, a.size(), a.data());
    strided.copy_as_double(0, b.size(), b.data());
    strided.copy_as_float(0, c.size(), c.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto expected = static_cast<double>(values[i]);
        CHECK(dense.number(i) == expected);
        CHECK(strided.number(i) == expected);
        CHECK(a[i] == expected);
        CHECK(b[i] == expected);
        CHECK(c[i] == static_cast<float>(values[i]));
    }
    CHECK(dense.dtype() == dtype_of<T>);
}

template <class T>
void check_integer() {
    check_type<T>({std::numeric_limits<T>::min(), 0, 1, 100, std::numeric_limits<T>::max()});
}
}  // namespace

TEST_CASE("column: every element type") {
    check_integer<std::int8_t>();
    check_integer<std::int16_t>();
    check_integer<std::int32_t>();
    check_integer<std::int64_t>();
    check_integer<std::uint8_t>();
    check_integer<std::uint16_t>();
    check_integer<std::uint32_t>();
    check_integer<std::uint64_t>();
    check_type<float>({-1.5f, 0.0f, std::numeric_limits<float>::infinity()});
    check_type<double>({-1.5, 1e-300, -std::numeric_limits<double>::infinity()});

    const std::uint16_t half[] = {0x3c00, 0xc000, 0x7c00};
    const Column f16 = Column::numeric(Dtype::f16, half, 3, 2);
    CHECK((f16.number(0) == 1.0 && f16.number(1) == -2.0 && std::isinf(f16.number(2))));
    const std::uint16_t brain[] = {0x3f80, 0xc000};
    CHECK(Column::numeric(Dtype::bf16, brain, 2, 2).number(1) == -2.0);
    const std::uint8_t flags[] = {0, 1, 255};
    const Column boolean = Column::numeric(Dtype::boolean, flags, 3, 1);
    CHECK((boolean.number(0) == 0.0 && boolean.number(1) == 1.0 && boolean.number(2) == 1.0));
}

TEST_CASE("column: validity bitmaps with an offset") {
    const std::vector<std::int32_t> values{10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    const std::array<std::uint8_t, 2> bits{0b1011'1000, 0b0000'1101};  // bits 3.. : 1 1 1 0 1 1 0 1 1 0
    const Column column = Column::numeric(values, {bits.data(), 3});
    const bool expected[] = {true, true, true, false, true, true, false, true, true, false};
    std::array<double, 7> out{};
    std::array<bool, 7> valid{};
    column.copy_as_double(2, 7, out.data(), valid.data());
    for (std::size_t i = 0; i < 10; ++i) {
        CHECK(column.is_valid(i) == expected[i]);
        CHECK(std::isnan(column.number(i)) == !expected[i]);
        if (i < 2 || i >= 9) continue;
        CHECK(valid[i - 2] == expected[i]);
        CHECK((expected[i] ? out[i - 2] == values[i] : std::isnan(out[i - 2])));
    }
    std::array<bool, 10> all{};
    std::array<float, 10> floats{};
    Column::numeric(values).copy_as_float(0, 10, floats.data(), all.data());
    CHECK((all[3] && floats[3] == 13.0f));
}

TEST_CASE("column: a negative stride and a column of a matrix") {
    const std::vector<float> values{1, 2, 3, 4, 5, 6};
    const auto matrix = MatrixView<float>::row_major(values.data(), 3, 2);
    const Column second = Column::numeric(matrix.column(1));
    CHECK((second.size() == 3 && second.number(0) == 2 && second.number(2) == 6));
    const Column backwards = Column::numeric(Dtype::f32, values.data() + 5, 6, -4);
    std::array<double, 6> out{};
    backwards.copy_as_double(0, 6, out.data());
    CHECK((out[0] == 6 && out[5] == 1));
}

TEST_CASE("column: categories as dictionary and as strings") {
    const std::vector<std::string_view> dictionary{"red", "", "blue"};
    const std::vector<std::int32_t> codes{2, -1, 0, 1, 2};
    const std::uint8_t bits = 0b0000'1111;
    const Column column = Column::dictionary(codes, dictionary, {&bits, 0});
    CHECK((column.kind() == ColumnKind::dictionary && !column.is_numeric()));
    CHECK((column.text(0) == "blue" && column.text(2) == "red" && column.text(3).empty()));
    CHECK((column.is_valid(0) && !column.is_valid(1) && column.is_valid(3) && !column.is_valid(4)));
    CHECK((column.code(2) == 0 && column.dictionary().size() == 3));
    std::array<double, 5> out{};
    std::array<bool, 5> valid{};
    column.copy_as_double(0, 5, out.data(), valid.data());
    CHECK((std::isnan(out[0]) && valid[0] && !valid[1] && !valid[4]));

    const std::vector<std::string_view> values{"a", "b"};
    const std::uint8_t second_only = 0b10;
    const Column strings = Column::strings(values, {&second_only, 0});
    CHECK((!strings.is_valid(0) && strings.text(0).empty() && strings.text(1) == "b"));
    CHECK(std::isnan(strings.number(1)));
}

TEST_CASE("column and table: impossible input is refused") {
    const std::vector<double> two{1, 2};
    const std::vector<double> three{1, 2, 3};
    const std::vector<std::string_view> dictionary{"x"};
    const std::vector<std::int32_t> codes{0, 1};
    constexpr int invalid = static_cast<int>(ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)Column::dictionary(codes, dictionary); }) == invalid);
    CHECK(code_of([&] { (void)Column::numeric(Dtype::f64, nullptr, 1, 8); }) == invalid);
    CHECK(code_of([&] { (void)Column::numeric(static_cast<Dtype>(99), two.data(), 1, 8); }) == invalid);
    CHECK(code_of([&] {
              (void)Column::numeric(Dtype::f64, two.data(), 3, std::numeric_limits<std::ptrdiff_t>::min());
          }) == static_cast<int>(ErrorCode::overflow));
    const Column a = Column::numeric(two);
    CHECK(code_of([&] {
              Table({{"a", a}, {"b", Column::numeric(three)}});
          }) == static_cast<int>(ErrorCode::dimension_mismatch));
    CHECK(code_of([&] { Table({{"a", a}, {"b", a}, {"a", a}}); }) == invalid);
    CHECK(code_of([&] { Table({{"", a}}); }) == invalid);
}

TEST_CASE("table: rows, columns and names") {
    const std::vector<double> x{1, 2};
    const std::vector<std::int32_t> y{3, 4};
    const Table table({{"zeta", Column::numeric(x)}, {"alpha", Column::numeric(y)}});
    CHECK((table.rows() == 2 && table.column_count() == 2));
    CHECK(table.columns()[0].name == "zeta");
    REQUIRE(table.find("alpha") != nullptr);
    CHECK(table.find("alpha")->number(1) == 4);
    CHECK(table.find("beta") == nullptr);
    CHECK(table.find("") == nullptr);
    CHECK(Table().rows() == 0);
}
