// SPDX-License-Identifier: Apache-2.0
// Level of the tests on tables of counts and of moments, and coverage of their intervals, over thousands of seeded
// runs.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using vedette::Random;

namespace {

constexpr std::uint64_t runs = 20000;
const stats::Confidence band(1.0 - 1e-4);

bool not_above_of(std::uint64_t hits, std::uint64_t of, double rate) {
    return stats::clopper_pearson(hits, of, band).lower <= rate;
}
bool not_below_of(std::uint64_t hits, std::uint64_t of, double rate) {
    return stats::clopper_pearson(hits, of, band).upper >= rate;
}
bool not_above(std::uint64_t hits, double rate) {
    return not_above_of(hits, runs, rate);
}
bool not_below(std::uint64_t hits, double rate) {
    return not_below_of(hits, runs, rate);
}

template <std::size_t columns>
void fill(Random& random, const std::array<double, columns>& cumulative, std::size_t count, std::uint64_t* row) {
    for (std::size_t i = 0; i < count; ++i) {
        const double u = random.uniform();
        std::size_t column = 0;
        while (column + 1 < columns && u >= cumulative[column]) ++column;
        ++row[column];
    }
}

}  // namespace

TEST_CASE("Pearson and G keep their level of 5 % at 300 against 200 observations in four columns") {
    Random random(11);
    std::uint64_t chi_square = 0;
    std::uint64_t g = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::array<std::uint64_t, 8> counts{};
        const std::array<double, 4> cumulative{0.1, 0.3, 0.6, 1.0};
        fill(random, cumulative, 300, counts.data());
        fill(random, cumulative, 200, counts.data() + 4);
        const drift::CountTable table{counts, 2, 4};
        chi_square += drift::chi_square(table).p_value <= 0.05 ? 1U : 0U;
        g += drift::g_test(table).p_value <= 0.05 ? 1U : 0U;
    }
    CHECK(not_above(chi_square, 0.05));
    CHECK(not_below(chi_square, 0.05));
    CHECK(not_above(g, 0.055));  // the G law approaches chi-square more slowly
    CHECK(not_below(g, 0.05));
}

// Forty columns of falling frequency, 60 against 2000: hardly a column expects five of the reference's observations.
TEST_CASE("sparse tables break the asymptotic level of Pearson's test, permutation keeps it") {
    constexpr std::size_t columns = 40;
    constexpr std::uint64_t sparse_runs = 3000;
    std::array<double, columns> cumulative{};
    double total = 0.0;
    for (std::size_t i = 0; i < columns; ++i) {
        const double place = static_cast<double>(i + 1);
        cumulative[i] = total += 1.0 / (place * place);
    }
    for (double& edge : cumulative) edge /= total;
    cumulative.back() = 1.0;
    Random random(15);
    std::uint64_t asymptotic = 0, chi_square = 0, g = 0;
    for (std::uint64_t run = 0; run < sparse_runs; ++run) {
        std::array<std::uint64_t, 2 * columns> counts{};
        fill(random, cumulative, 60, counts.data());
        fill(random, cumulative, 2000, counts.data() + columns);
        const drift::CountTable table{counts, 2, columns};
        const drift::ContingencyOptions permuted{.method = drift::Method::permutation, .permutations = 99, .seed = run};
        asymptotic += drift::chi_square(table).p_value <= 0.05 ? 1U : 0U;
        chi_square += drift::chi_square(table, permuted).p_value <= 0.05 ? 1U : 0U;
        g += drift::g_test(table, permuted).p_value <= 0.05 ? 1U : 0U;
    }
    CAPTURE(asymptotic);
    CAPTURE(chi_square);
    CAPTURE(g);
    CHECK(!not_above_of(asymptotic, sparse_runs, 0.05));
    CHECK(not_above_of(chi_square, sparse_runs, 0.05));
    CHECK(not_below_of(chi_square, sparse_runs, 0.05));
    CHECK(not_above_of(g, sparse_runs, 0.05));
    CHECK(not_below_of(g, sparse_runs, 0.05));
}

TEST_CASE("Fisher never exceeds its level, and its interval covers, at 12 against 20 observations") {
    Random random(12);
    std::uint64_t two_sided = 0;
    std::uint64_t greater = 0;
    std::uint64_t covered = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::array<std::uint64_t, 4> counts{};
        fill(random, std::array<double, 2>{0.3, 1.0}, 12, counts.data());
        fill(random, std::array<double, 2>{0.3, 1.0}, 20, counts.data() + 2);
        const drift::CountTable table{counts, 2, 2};
        two_sided += drift::fisher_exact(table).p_value <= 0.05 ? 1U : 0U;
        greater += drift::fisher_exact(table, {.alternative = drift::Alternative::greater}).p_value <= 0.05 ? 1U : 0U;
        std::array<std::uint64_t, 4> moved{};
        fill(random, std::array<double, 2>{0.3, 1.0}, 12, moved.data());
        fill(random, std::array<double, 2>{0.6, 1.0}, 20, moved.data() + 2);
        const vedette::Interval interval = drift::fisher_exact({moved, 2, 2}).effect_interval;
        const double truth = std::log(0.6 / 0.4 / (0.3 / 0.7));
        // A table without information has no interval, which excludes nothing.
        covered += !(truth < interval.lower) && !(truth > interval.upper) ? 1U : 0U;
    }
    CHECK(not_above(two_sided, 0.05));
    CHECK(two_sided > 0);
    CHECK(not_above(greater, 0.05));
    CHECK(greater > 0);
    CHECK(not_below(covered, 0.95));
}

TEST_CASE("Fisher beyond 2 x 2 never exceeds its level, exact or permuted, where chi-square does") {
    Random random(15);
    const std::array<double, 6> rare{0.7, 0.9, 0.94, 0.97, 0.99, 1.0};  // cumulated
    std::uint64_t exact = 0, permuted = 0, large = 0, found = 0, chi_square = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::array<std::uint64_t, 12> counts{};
        fill(random, rare, 120, counts.data());
        fill(random, rare, 15, counts.data() + 6);
        const drift::CountTable table{counts, 2, 6};
        exact += drift::fisher_exact(table, {.method = drift::Method::exact}).p_value <= 0.05 ? 1U : 0U;
        const drift::TestOptions options{.method = drift::Method::permutation, .permutations = 99, .seed = run};
        permuted += drift::fisher_exact(table, options).p_value <= 0.05 ? 1U : 0U;
        chi_square += drift::chi_square(table).p_value <= 0.05 ? 1U : 0U;
        std::array<std::uint64_t, 9> three{};
        for (std::size_t i = 0; i < 3; ++i)
            fill(random, std::array<double, 3>{0.5, 0.9, 1.0}, 300 + 100 * i, three.data() + 3 * i);
        large += drift::fisher_exact({three, 3, 3}, {.permutations = 99, .seed = run}).p_value <= 0.05 ? 1U : 0U;
        std::array<std::uint64_t, 12> moved = counts;
        std::fill(moved.begin() + 6, moved.end(), 0);
        fill(random, std::array<double, 6>{0.4, 0.5, 0.6, 0.7, 0.9, 1.0}, 15, moved.data() + 6);
        found += drift::fisher_exact({moved, 2, 6}).p_value <= 0.05 ? 1U : 0U;
    }
    MESSAGE("of ", runs, " runs: exact ", exact, ", permuted ", permuted, ", chi-square ", chi_square,
            ", three samples ", large, ", found ", found);
    CHECK(not_above(exact, 0.05));
    CHECK(exact > 0);
    CHECK(not_above(permuted, 0.05));
    CHECK(not_below(permuted, 0.03));
    CHECK(not_above(large, 0.05));
    CHECK(not_below(large, 0.045));
    CHECK(found > runs * 3 / 4);
}

TEST_CASE("the intervals of Cramer's V and of the difference of rates cover, the z test keeps its level") {
    Random random(13);
    std::uint64_t v_covered = 0;
    std::uint64_t rate_covered = 0;
    std::uint64_t z = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::array<std::uint64_t, 4> counts{};
        fill(random, std::array<double, 2>{0.40, 1.0}, 500, counts.data());
        fill(random, std::array<double, 2>{0.55, 1.0}, 500, counts.data() + 2);
        const drift::CountTable table{counts, 2, 2};
        const double truth = 0.15 / 2.0 / std::sqrt(0.475 * 0.525);
        const vedette::Interval v = drift::cramers_v(table).interval;
        v_covered += truth >= v.lower && truth <= v.upper ? 1U : 0U;
        const vedette::Interval rate = drift::two_proportion_z(table).effect_interval;
        rate_covered += rate.lower <= 0.15 && 0.15 <= rate.upper ? 1U : 0U;
        std::array<std::uint64_t, 4> same{};
        fill(random, std::array<double, 2>{0.4, 1.0}, 500, same.data());
        fill(random, std::array<double, 2>{0.4, 1.0}, 500, same.data() + 2);
        z += drift::two_proportion_z({same, 2, 2}).p_value <= 0.05 ? 1U : 0U;
    }
    CHECK(not_below(v_covered, 0.95));
    CHECK(not_above(v_covered, 0.97));
    CHECK(not_below(rate_covered, 0.95));
    CHECK(not_above(rate_covered, 0.97));
    CHECK(not_above(z, 0.055));
    CHECK(not_below(z, 0.045));
}

TEST_CASE("Welch keeps its level at unequal variances, Brown and Forsythe at equal ones, and their intervals cover") {
    Random random(14);
    std::uint64_t welch = 0;
    std::uint64_t spread = 0;
    std::uint64_t difference_covered = 0;
    std::uint64_t ratio_covered = 0;
    std::vector<double> x(80);
    std::vector<double> y(40);
    std::vector<double> z(40);
    for (std::uint64_t run = 0; run < runs; ++run) {
        for (double& value : x) value = random.normal();
        for (double& value : y) value = 3.0 * random.normal();
        for (double& value : z) value = 0.5 + random.normal();
        const vedette::TestResult moved = drift::welch_t<double>(x, z);
        const vedette::TestResult wider = drift::brown_forsythe<double>(x, y);
        const auto holds = [](const vedette::Interval& interval, double truth) {
            return interval.lower <= truth && truth <= interval.upper ? 1U : 0U;
        };
        welch += drift::welch_t<double>(x, y).p_value <= 0.05 ? 1U : 0U;
        spread += drift::brown_forsythe<double>(x, z).p_value <= 0.05 ? 1U : 0U;
        difference_covered += holds(moved.effect_interval, 0.5);
        ratio_covered += holds(wider.effect_interval, std::log(3.0));
    }
    CHECK(not_above(welch, 0.05));
    CHECK(not_below(welch, 0.05));
    CHECK(not_above(spread, 0.05));
    CHECK(not_below(spread, 0.04));
    CHECK(not_below(difference_covered, 0.95));
    CHECK(not_below(ratio_covered, 0.945));  // asymptotic
}

TEST_CASE("Fisher's 2 x 2 test by permutation keeps its level, one-sided and two-sided") {
    Random random(17);
    std::uint64_t two_sided = 0;
    std::uint64_t greater = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::array<std::uint64_t, 4> counts{};
        const std::array<double, 2> cumulative{0.3, 1.0};
        fill(random, cumulative, 60, counts.data());
        fill(random, cumulative, 90, counts.data() + 2);
        const drift::CountTable table{counts, 2, 2};
        drift::TestOptions options{.method = drift::Method::permutation, .permutations = 19, .seed = run};
        two_sided += drift::fisher_exact(table, options).p_value <= 0.05 ? 1U : 0U;
        options.alternative = drift::Alternative::greater;
        greater += drift::fisher_exact(table, options).p_value <= 0.05 ? 1U : 0U;
    }
    CHECK(not_above(two_sided, 0.05));
    CHECK(not_above(greater, 0.05));
    CHECK(not_below(two_sided, 0.02));  // ties among tables make it conservative, but not idle
    CHECK(not_below(greater, 0.02));
}
