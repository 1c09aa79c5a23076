// SPDX-License-Identifier: Apache-2.0
// Element types: pinned values, names, and the 16-bit floats against their defining formula.
#include "vedette/core/dtype.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace vedette;

TEST_CASE("dtype: values, sizes and names are pinned") {
    struct Row {
        Dtype dtype;
        int value;
        std::size_t size;
        std::string_view name;
    };
    constexpr Row rows[] = {{Dtype::f32, 1, 4, "F32"},   {Dtype::f64, 2, 8, "F64"},       {Dtype::i8, 3, 1, "I8"},
                            {Dtype::i16, 4, 2, "I16"},   {Dtype::i32, 5, 4, "I32"},       {Dtype::i64, 6, 8, "I64"},
                            {Dtype::u8, 7, 1, "U8"},     {Dtype::u16, 8, 2, "U16"},       {Dtype::u32, 9, 4, "U32"},
                            {Dtype::u64, 10, 8, "U64"},  {Dtype::boolean, 11, 1, "BOOL"}, {Dtype::f16, 12, 2, "F16"},
                            {Dtype::bf16, 13, 2, "BF16"}};
    for (const Row& row : rows) {
        CHECK(static_cast<int>(row.dtype) == row.value);
        CHECK(dtype_size(row.dtype) == row.size);
        CHECK(dtype_name(row.dtype) == row.name);
        CHECK(dtype_from_name(row.name) == row.dtype);
    }
    CHECK(dtype_size(static_cast<Dtype>(0)) == 0);
    CHECK(dtype_size(static_cast<Dtype>(14)) == 0);
    CHECK(dtype_name(static_cast<Dtype>(200)).empty());
    CHECK_FALSE(dtype_from_name("f32").has_value());
    CHECK_FALSE(dtype_from_name("").has_value());
}

TEST_CASE("dtype: C++ types map by width and sign") {
    CHECK(dtype_of<float> == Dtype::f32);
    CHECK(dtype_of<bool> == Dtype::boolean);
    CHECK(dtype_of<signed char> == Dtype::i8);
    CHECK(dtype_of<long long> == Dtype::i64);
    CHECK(dtype_of<unsigned long> == (sizeof(unsigned long) == 8 ? Dtype::u64 : Dtype::u32));
    static_assert(!Element<char> && !Element<long double>);
}

TEST_CASE("dtype: every binary16 equals its formula") {
    for (unsigned bits = 0; bits < 0x10000; ++bits) {
        const int exponent = static_cast<int>(bits >> 10 & 31);
        const double fraction = bits & 1023;
        const double sign = bits & 0x8000 ? -1.0 : 1.0;
        const float value = half_to_float(static_cast<std::uint16_t>(bits));
        if (exponent == 31 && fraction != 0) {
            REQUIRE(std::isnan(value));
            continue;
        }
        double expected = sign * std::ldexp(fraction, -24);
        if (exponent == 31) expected = sign * std::numeric_limits<double>::infinity();
        if (exponent > 0 && exponent < 31) expected = sign * std::ldexp(1024 + fraction, exponent - 25);
        REQUIRE(static_cast<double>(value) == expected);
        REQUIRE(std::signbit(value) == (sign < 0));
    }
}

TEST_CASE("dtype: bfloat16 is the upper half of binary32") {
    CHECK(bfloat16_to_float(0x3f80) == 1.0f);
    CHECK(bfloat16_to_float(0xc049) == -3.140625f);
    CHECK(std::isinf(bfloat16_to_float(0x7f80)));
    CHECK(std::isnan(bfloat16_to_float(0x7fc0)));
    CHECK(bfloat16_to_float(0x0001) == std::ldexp(1.0f, -133));
}
