// SPDX-License-Identifier: Apache-2.0
// Moments: one pass, merges in any split, and values that are not numbers.
#include "vedette/stats/moments.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "vedette/core/random.hpp"

using vedette::stats::Moments;

TEST_CASE("moments equal the two-pass ones, far from zero too") {
    vedette::Random random(5);
    for (const double offset : {0.0, 1e9}) {
        std::vector<double> values(5000);
        Moments moments;
        long double sum = 0.0L;
        for (double& value : values) {
            value = offset + random.normal();
            moments.add(value);
            sum += static_cast<long double>(value);
        }
        const long double mean = sum / 5000.0L;
        long double squares = 0.0L;
        for (const double value : values)
            squares += (static_cast<long double>(value) - mean) * (static_cast<long double>(value) - mean);
        CHECK(moments.mean == doctest::Approx(static_cast<double>(mean)).epsilon(1e-14));
        CHECK(moments.variance() == doctest::Approx(static_cast<double>(squares / 4999.0L)).epsilon(1e-6));
        CHECK(moments.count == 5000);
    }
}

TEST_CASE("merging parts gives the whole, whatever the split") {
    vedette::Random random(6);
    const double infinity = std::numeric_limits<double>::infinity();
    for (const std::size_t split : {0UL, 1UL, 37UL, 999UL, 1000UL}) {
        Moments whole;
        Moments left;
        Moments right;
        for (std::size_t i = 0; i < 1000; ++i) {
            double value = random.normal();
            if (i % 50 == 0) value = std::nan("");
            if (i % 51 == 0) value = infinity;
            if (i % 52 == 0) value = -infinity;
            if (i % 53 == 0) value = -0.0;
            whole.add(value);
            (i < split ? left : right).add(value);
        }
        left.merge(right);
        CHECK(left.count == whole.count);
        CHECK(left.nan == whole.nan);
        CHECK(left.positive_infinity == whole.positive_infinity);
        CHECK(left.negative_infinity == whole.negative_infinity);
        CHECK(left.zeros == whole.zeros);
        CHECK(left.zeros > 10);
        CHECK(left.minimum == whole.minimum);
        CHECK(left.maximum == whole.maximum);
        CHECK(left.total() == 1000);
        CHECK(left.mean == doctest::Approx(whole.mean).epsilon(1e-12));
        CHECK(left.m2 == doctest::Approx(whole.m2).epsilon(1e-12));
    }
}

TEST_CASE("empty and single moments are defined") {
    Moments moments;
    CHECK(moments.total() == 0);
    CHECK(std::isnan(moments.variance()));
    Moments empty;
    moments.merge(empty);
    CHECK(moments.count == 0);
    moments.add(4.0);
    CHECK(moments.mean == 4.0);
    CHECK(std::isnan(moments.standard_deviation()));
    moments.merge(empty);
    CHECK(moments.mean == 4.0);
    empty.merge(moments);
    CHECK(empty.mean == 4.0);
    CHECK(empty.minimum == 4.0);
}
