// SPDX-License-Identifier: Apache-2.0
// Sorted samples: NaN as asked, infinities at the ends, strides; and their tie groups.
#include "vedette/drift/sorted_sample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "drift/tie_groups.hpp"
#include "vedette/core/error.hpp"

namespace drift = vedette::drift;

TEST_CASE_TEMPLATE("values ascend and NaN is set apart", T, float, double) {
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const T infinity = std::numeric_limits<T>::infinity();
    const std::vector<T> values{T(3), nan, -infinity, T(1), infinity, T(-0.0), nan, T(0.0)};
    CHECK_THROWS_WITH_AS(static_cast<void>(drift::SortedSample<T>{values}),
                         "sample: element 1 is NaN; NanPolicy::omit leaves such values out", vedette::Error);
    const drift::SortedSample<T> sample(values, drift::NanPolicy::omit);
    CHECK(sample.nan_count() == 2);
    REQUIRE(sample.size() == 6);
    CHECK_FALSE(sample.is_finite());
    for (std::size_t i = 1; i < sample.size(); ++i) CHECK(sample.values()[i - 1] <= sample.values()[i]);
    CHECK(sample.values().front() == -infinity);
    CHECK(drift::SortedSample<T>(std::vector<T>{}).is_finite());
    CHECK(drift::SortedSample<T>(std::vector<T>{}).empty());
}

TEST_CASE("a strided view is copied") {
    const std::vector<double> values{5, 0, 4, 0, 3, 0};
    const drift::SortedSample<double> sample(vedette::ColumnView<double>(values.data(), 3, 2));
    CHECK(std::vector<double>(sample.values().begin(), sample.values().end()) == std::vector<double>{3, 4, 5});
}

TEST_CASE("tie groups name each distinct value once with its counts") {
    const std::vector<double> reference{-0.0, 0.0, 1, 1, 3};
    const std::vector<double> live{0.0, 1, 2, 4, 4};
    std::vector<std::vector<double>> seen;
    drift::for_each_tie_group<double>(reference, live, [&](double value, std::size_t r, std::size_t l) {
        seen.push_back({value, static_cast<double>(r), static_cast<double>(l)});
    });
    CHECK(seen == std::vector<std::vector<double>>{{0, 2, 1}, {1, 2, 1}, {2, 0, 1}, {3, 1, 0}, {4, 0, 2}});
}
