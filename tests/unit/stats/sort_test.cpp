// SPDX-License-Identifier: Apache-2.0
// The radix sort against std::sort: random, tied, crafted, and at every size around the switch between the two.
#include "stats/sort.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "vedette/core/random.hpp"

namespace {

template <class T>
void check(std::vector<T> values) {
    std::vector<T> expected(values);
    std::sort(expected.begin(), expected.end());
    vedette::stats::sort_ascending(std::span<T>(values));
    CHECK(values == expected);
}

}  // namespace

TEST_CASE_TEMPLATE("sorts as std::sort does", T, float, double) {
    using Limits = std::numeric_limits<T>;
    vedette::Random random(3);
    const auto normal = [&random] { return static_cast<T>(random.normal()); };
    const auto make = [](std::size_t n, auto&& draw) {
        std::vector<T> values(n);
        for (T& value : values) value = static_cast<T>(draw());
        return values;
    };
    for (const std::size_t n : {0U, 1U, 2U, 3U, 100U, 255U, 256U, 257U, 258U, 300U, 1000U, 3000U, 70000U}) {
        CAPTURE(n);
        check(make(n, normal));
        check(make(n, [&] { return std::floor(3.0 * random.uniform()); }));
        check(make(n, [] { return 7.0; }));
        check(make(n, [&] { return std::ldexp(random.normal(), static_cast<int>(random() % 200) - 100); }));
        // Equal in all but the last bits, on either side of zero.
        check(make(n, [&] {
            return (random() % 2 == 0 ? 1 : -1) * (T{1} + static_cast<T>(random() % 5) * Limits::epsilon());
        }));
        const T odd[] = {T{0},
                         -T{0},
                         Limits::infinity(),
                         -Limits::infinity(),
                         Limits::denorm_min(),
                         -Limits::denorm_min(),
                         Limits::max(),
                         Limits::lowest(),
                         Limits::min()};
        check(make(n, [&] { return odd[random() % 9]; }));
        std::vector<T> ordered = make(n, normal);
        std::sort(ordered.begin(), ordered.end());
        check(ordered);
        std::reverse(ordered.begin(), ordered.end());
        check(ordered);
    }
}

TEST_CASE("minus zero stands before zero") {
    std::vector<double> values(1000, 0.0);
    for (std::size_t i = 0; i < values.size(); i += 3) values[i] = -0.0;
    vedette::stats::sort_ascending(std::span<double>(values));
    CHECK(std::signbit(values.front()));
    CHECK_FALSE(std::signbit(values.back()));
    CHECK(std::is_sorted(values.begin(), values.end(),
                         [](double a, double b) { return std::signbit(a) > std::signbit(b); }));
}
