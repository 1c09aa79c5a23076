// SPDX-License-Identifier: Apache-2.0
// The kernels of column statistics against their plain twins, on every instruction set that this CPU has.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/dispatch.hpp"

using namespace vedette::kernels;

TEST_CASE("column kernels agree with their twins, bit for bit") {
    std::mt19937_64 random(11);
    std::normal_distribution<double> normal;
    for (const std::size_t n : {1U, 3U, 15U, 16U, 31U, 64U, 1000U, 4095U, 4096U}) {
        for (int kind = 0; kind < 4; ++kind) {
            std::vector<float> x(n);
            for (float& value : x) {
                value = static_cast<float>(normal(random));
                if (kind == 1 && random() % 5 == 0) value = random() % 2 == 0 ? 0.0F : -0.0F;
                if (kind == 2) value = std::ldexp(value, static_cast<int>(random() % 250) - 140);
                if (kind == 3 && random() % 50 == 0)
                    value = random() % 2 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                              : -std::numeric_limits<float>::infinity();
            }
            for (const KernelTable* table : available_tables()) {
                CAPTURE(table->name);
                CAPTURE(n);
                ColumnCensus found, expected;
                table->columns.census(x.data(), n, &found);
                scalar::column_census(x.data(), n, &expected);
                CHECK(found.is_finite == expected.is_finite);
                if (!expected.is_finite) continue;
                CHECK(found.zeros == expected.zeros);
                CHECK(found.negatives == expected.negatives);
                CHECK(found.minimum == expected.minimum);
                CHECK(found.maximum == expected.maximum);
                CHECK(!std::signbit(found.minimum + 0.0F) == !std::signbit(expected.minimum));
                CHECK(found.least == expected.least);
                for (int exponent = -140; exponent <= 128; exponent += 18) {
                    const double high = std::ldexp(1.0, exponent);
                    ColumnSums a, b;
                    table->columns.window_sums(x.data(), n, high * 0x1p-18, high, 1.5 * 0x1p11 * high * high, &a);
                    scalar::window_sums(x.data(), n, high * 0x1p-18, high, 1.5 * 0x1p11 * high * high, &b);
                    CHECK(a.sum == b.sum);
                    CHECK(a.square == b.square);
                    CHECK(a.rest == b.rest);
                }
            }
        }
    }
}
