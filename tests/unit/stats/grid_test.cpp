// SPDX-License-Identifier: Apache-2.0
// The grid: its invariants for any reference, equal mass, ties, and hostile values.
#include "vedette/stats/grid.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

using vedette::stats::fit_grid;
using vedette::stats::Grid;
using vedette::stats::Precision;

namespace {

// What must hold for every grid, whatever it was fitted to.
void check_invariants(const Grid& grid, const std::vector<double>& values, std::size_t cells) {
    REQUIRE(grid.edges.size() >= 2);
    REQUIRE(grid.cells() <= cells);
    REQUIRE(grid.reference_counts.size() == grid.cells());
    REQUIRE(std::is_sorted(grid.edges.begin(), grid.edges.end(), std::less_equal<>()));
    CHECK(grid.edges.front() == grid.minimum);
    CHECK(grid.edges.back() > grid.maximum);
    CHECK(grid.reference_counts.front() == 0);
    CHECK(grid.reference_counts.back() == 0);
    std::vector<std::uint64_t> counted(grid.cells());
    std::set<double> distinct;
    for (double value : values) {
        if (grid.precision == Precision::f32) value = static_cast<double>(static_cast<float>(value));
        ++counted[grid.cell(value)];
        distinct.insert(value);
    }
    CHECK(counted == grid.reference_counts);
    for (std::size_t i = 0; i + 1 < grid.edges.size(); ++i) {
        CHECK(distinct.count(grid.edges[i]) == 1);
        CHECK(grid.reference_counts[i + 1] > 0);
        if (grid.precision == Precision::f32)
            CHECK(static_cast<double>(static_cast<float>(grid.edges[i])) == grid.edges[i]);
    }
    const bool few = distinct.size() <= cells - 2;
    if (few) CHECK(grid.discrete);
    if (few) CHECK(grid.cells() == distinct.size() + 2);
    CHECK(grid.discrete == (grid.cells() == distinct.size() + 2));
}

Grid fit(std::vector<double> values, std::size_t cells = 64, Precision precision = Precision::f64) {
    const std::vector<double> original = values;
    Grid grid = fit_grid(values, cells, precision);
    check_invariants(grid, original, cells);
    return grid;
}

}  // namespace

TEST_CASE("continuous references get cells of equal mass") {
    vedette::Random random(1);
    for (const std::size_t n : {63UL, 100UL, 1000UL, 10'000UL})
        for (const std::size_t cells : {4UL, 5UL, 16UL, 64UL, 1024UL})
            for (const Precision precision : {Precision::f32, Precision::f64}) {
                std::vector<double> values(n);
                for (double& value : values) value = random.normal();
                const Grid grid = fit(values, cells, precision);
                if (grid.discrete || precision == Precision::f32) continue;
                REQUIRE(grid.cells() == cells);
                const double share = static_cast<double>(n) / static_cast<double>(cells - 2);
                for (std::size_t i = 1; i + 1 < cells; ++i)
                    CHECK(std::abs(static_cast<double>(grid.reference_counts[i]) - share) <= 1.0);
            }
}

TEST_CASE("a heavy value has a cell of its own, and the others share the rest") {
    vedette::Random random(2);
    std::vector<double> values(10'000);
    for (double& value : values) value = random.uniform() < 0.6 ? 0.0 : random.normal();
    const Grid grid = fit(values);
    const std::size_t zero = grid.cell(0.0);
    const auto zeros = static_cast<std::uint64_t>(std::count(values.begin(), values.end(), 0.0));
    CHECK(grid.reference_counts[zero] == zeros);
    CHECK(grid.edges[zero - 1] == 0.0);
    CHECK(grid.largest_inner_share == doctest::Approx(static_cast<double>(zeros) / 10'000));
    CHECK_FALSE(grid.discrete);
    for (std::size_t i = 1; i + 1 < grid.cells(); ++i)
        if (i != zero) CHECK(grid.reference_counts[i] <= 2 * 4000 / 60);
}

TEST_CASE("random tied references keep every invariant") {
    vedette::Random random(3);
    for (int round = 0; round < 300; ++round) {
        const std::size_t n = 1 + static_cast<std::size_t>(random() % 400);
        const double levels = 1.0 + static_cast<double>(random() % 120);
        const double power = 0.2 + 4.0 * random.uniform();
        std::vector<double> values(n);
        for (double& value : values) value = std::floor(levels * std::pow(random.uniform(), power)) - 3.0;
        fit(values, 4 + static_cast<std::size_t>(random() % 40), round % 2 == 0 ? Precision::f32 : Precision::f64);
    }
}

TEST_CASE("one value, equal values, extremes, denormals and signed zeros") {
    const double largest = std::numeric_limits<double>::max();
    const double smallest = std::numeric_limits<double>::denorm_min();
    const double infinity = std::numeric_limits<double>::infinity();
    const Grid one = fit({3.5});
    CHECK(one.cells() == 3);
    CHECK(one.cell(3.4) == 0);
    CHECK(one.cell(3.5) == 1);
    CHECK(one.cell(std::nextafter(3.5, 4.0)) == 2);
    CHECK(one.discrete);
    CHECK(fit(std::vector<double>(1000, -7.0)).largest_inner_share == 1.0);
    const Grid wide = fit({-largest, 0.0, largest});
    CHECK(wide.cell(largest) == 3);
    CHECK(wide.cell(infinity) == 4);
    CHECK(wide.cell(-infinity) == 0);
    fit({smallest, -smallest, 0.0, 2 * smallest});
    const Grid zeros = fit({-0.0, 0.0, 1.0});
    CHECK(zeros.cells() == 4);
    CHECK_FALSE(std::signbit(zeros.edges[0]));
    CHECK(zeros.cell(-0.0) == 1);
    CHECK(zeros.cell(std::nan("")) == 0);
}

TEST_CASE("f32 edges are floats, and nothing lies between the maximum and the last edge") {
    const Grid grid = fit({0.1, 0.2, 0.30000000000000004}, 64, Precision::f32);
    CHECK(grid.maximum == static_cast<double>(0.3F));
    CHECK(grid.edges.back() == static_cast<double>(std::nextafter(0.3F, 1.0F)));
    const double limit = std::numeric_limits<float>::max();
    CHECK(std::isinf(fit({1.0, limit}, 64, Precision::f32).edges.back()));
}

TEST_CASE("fit_grid refuses what it cannot learn from") {
    std::vector<double> values{1.0, 2.0};
    CHECK_THROWS_AS(fit_grid(values, 3), vedette::Error);
    CHECK_THROWS_AS(fit_grid(values, 1025), vedette::Error);
    CHECK_THROWS_AS(fit_grid({}, 64), vedette::Error);
    for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity()}) {
        std::vector<double> with{1.0, bad};
        CHECK_THROWS_WITH(fit_grid(with), doctest::Contains("values[1]"));
    }
    std::vector<double> too_large{1.0, 1e300};
    CHECK_THROWS_AS(fit_grid(too_large, 64, Precision::f32), vedette::Error);
}
