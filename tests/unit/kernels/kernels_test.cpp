// SPDX-License-Identifier: Apache-2.0
// Every kernel of every instruction set of this CPU against the scalar reference, and the reference against the
// definitions in extended precision.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "bank_checks.hpp"
#include "kernel_checks.hpp"
#include "kernels/dispatch.hpp"
#include "vedette/core/error.hpp"

namespace {

using namespace vedette::kernels;
using kernel_checks::Failure;

TEST_CASE_TEMPLATE("every available table agrees with the scalar reference bit for bit", T, float, double) {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const Failure failure = kernel_checks::check_all<T>(typed<T>(*table));
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE("every available table sums pooled cells as the scalar reference does, bit for bit") {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const Failure failure = kernel_checks::check_pooled(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE("every available table sums ordered cells as the scalar reference does, bit for bit") {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const Failure failure = kernel_checks::check_ordered(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE("heights in blocks move alike on every instruction set, and their largest is found") {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const Failure failure = kernel_checks::check_sliding(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE("banks of monitors are the same on every instruction set") {
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        const Failure failure = kernel_checks::check_banks(*table);
        CHECK_MESSAGE(failure.empty(), failure);
    }
}

TEST_CASE("sums over ordered cells are those of the definitions") {
    // Differences 0.05, -0.05, 0.1, 0: over the second and third cell they change sign.
    const std::vector<double> f{0.25, 0.35, 0.8, 1.0}, widths{1.0, 2.0, 3.0, 0.5}, positions{0.0, 0.2, 0.5, 1.0};
    const std::vector<std::uint64_t> live{4, 4, 6, 6};
    OrderedBlock block{f.data(), live.data(), widths.data(), positions.data(), 4, 0.05, false};
    OrderedSums straight, jumping;
    scalar::ordered_sums(&block, &straight);
    block.discrete = true;
    scalar::ordered_sums(&block, &jumping);
    const double triangles = (0.05 * 0.05 + 0.1 * 0.1) / (2 * 0.15);
    CHECK(straight.live_total == 20);
    CHECK(straight.largest_difference == doctest::Approx(0.1).epsilon(1e-12));
    CHECK(straight.distance == doctest::Approx(0.025 + 2 * 0.025 + 3 * triangles + 0.5 * 0.05).epsilon(1e-12));
    CHECK(jumping.distance == doctest::Approx(0.05 + 2 * 0.05 + 3 * 0.1).epsilon(1e-12));
    CHECK(straight.first == doctest::Approx(0.8 + 3.0 + 6.0).epsilon(1e-12));
    CHECK(straight.second == doctest::Approx(0.16 + 1.5 + 6.0).epsilon(1e-12));
}

TEST_CASE("sums over pooled cells are those of the definitions") {
    const std::vector<double> r{10, 0, 250, 31, 7, 90, 1, 44, 13}, l{12, 3, 200, 0, 9, 120, 5, 44, 2};
    const long double n = 446.0L, m = 395.0L, k = 9.0L;
    const PooledScale scale = kernel_checks::pooled_scale(446.0, 395.0, 9.0);
    PooledSums sums;
    scalar::pooled_sums(r.data(), l.data(), r.size(), &scale, &sums);
    long double pearson = 0, likelihood = 0, psi = 0, shannon = 0, hellinger = 0, variation = 0, folded = 0;
    for (std::size_t i = 0; i < r.size(); ++i) {
        const long double x = r[i], y = l[i], t = x + y, p = x / n, q = y / m;
        pearson += (p - q) * (p - q) / t;
        if (x > 0) likelihood += x * std::log(x * (n + m) / (n * t));
        if (y > 0) likelihood += y * std::log(y * (n + m) / (m * t));
        variation += std::fabs(p - q);
        folded += std::sqrt(t * (n + m - t)) / (n + m);
        const long double a = (x + 0.5L) / (n + 0.5L * k), b = (y + 0.5L) / (m + 0.5L * k);
        psi += (a - b) * std::log(a / b);
        shannon += a * std::log(2 * a / (a + b)) + b * std::log(2 * b / (a + b));
        hellinger += (std::sqrt(a) - std::sqrt(b)) * (std::sqrt(a) - std::sqrt(b));
    }
    const auto close = [](double got, long double wanted) {
        return std::fabs(static_cast<long double>(got) - wanted) <= 1e-13L * std::fabs(wanted);
    };
    CHECK(close(sums.pearson, pearson));
    CHECK(close(sums.likelihood, likelihood));
    CHECK(close(sums.variation, variation));
    CHECK(close(sums.folded, folded));
    CHECK(close(sums.psi, psi));
    CHECK(close(sums.shannon_p + sums.shannon_q, shannon));
    CHECK(close(sums.hellinger, hellinger));
    CHECK(sums.largest_total == 450.0);
}

TEST_CASE("a pair of logarithms by one division") {
    std::mt19937_64 random(12);
    std::uniform_real_distribution<double> uniform(-0.5, 0.5);
    for (int i = 0; i < 20'000; ++i) {
        const double far = std::exp(1300.0 * uniform(random));
        const double near = 1.0 + 0.01 * uniform(random);
        double log_far = 0.0, log_near = 0.0;
        log_pair<PlainDouble>(far, near, log_far, log_near);
        REQUIRE(std::fabs(log_far - std::log(far)) <= 1e-14 * std::max(1.0, std::fabs(std::log(far)) / 10));
        REQUIRE(std::fabs(log_near - std::log(near)) <= 2e-15 * std::fabs(std::log(near)));
    }
    for (double x = -near_one; x <= near_one; x += 1.0 / 4096) {
        const double log_x = log_near<PlainDouble>(x / (2.0 + x));
        REQUIRE(std::fabs(log_x - std::log1p(x)) <= 2e-14 * std::fabs(std::log1p(x)));
    }
    for (double x = -near_shares; x <= near_shares; x += 1.0 / 4096) {
        double odd = 0.0, even = 0.0;
        log_parts<PlainDouble>(x, odd, even);
        REQUIRE(std::fabs(odd - std::atanh(x)) <= 2e-14 * std::fabs(std::atanh(x)));
        REQUIRE(std::fabs(even - 0.5 * std::log1p(-x * x)) <= 2e-14 * std::fabs(even));
    }
    double one = 1.0, other = 0.0;
    log_pair<PlainDouble>(1.0, 1.0, one, other);
    CHECK(one == 0.0);
}

// Two passes in long double: independent of shifts, blocks and lanes.
struct Moments {
    long double mean;
    long double m2;
};
template <class T>
Moments two_pass(const std::vector<T>& x) {
    long double sum = 0.0L, m2 = 0.0L;
    for (const T v : x) sum += static_cast<long double>(v);
    const long double mean = sum / static_cast<long double>(x.size());
    for (const T v : x) m2 += (static_cast<long double>(v) - mean) * (static_cast<long double>(v) - mean);
    return {mean, m2};
}

template <class T>
void check_accuracy(const std::vector<T>& x) {
    const Moments exact = two_pass(x);
    const long double spread = std::sqrt(exact.m2 / static_cast<long double>(x.size()));
    for (const KernelTable* table : available_tables()) {
        CAPTURE(table->name);
        MomentsState state;
        typed<T>(*table).moments(x.data(), x.size(), 1, &state);
        const auto mean_error = std::fabs(static_cast<long double>(state.mean) - exact.mean);
        CHECK(mean_error <= 1e-13L * (std::fabs(exact.mean) + spread));
        // The mean between blocks is a double: its rounding is what a far-off mean costs.
        const long double tolerance = 1e-12L + 4e-16L * std::fabs(exact.mean) / spread;
        CHECK(std::fabs(static_cast<long double>(state.m2) - exact.m2) <= tolerance * exact.m2);
    }
}

TEST_CASE_TEMPLATE("moments of blocks with none, few and many values that are not finite", T, float, double) {
    const std::size_t block = moment_block_bytes / sizeof(T);
    std::mt19937_64 random(11);
    std::uniform_real_distribution<double> uniform(-0.5, 0.5);
    for (const double offset : {0.0, 1000.0}) {
        std::vector<T> x(12 * block + 37);
        for (T& value : x) value = static_cast<T>(offset + uniform(random));
        const std::size_t holes[] = {0, 3, 0, 1, block / 250, block / 250 + 1, block / 2, 2, block, block - 1, 0, 5};
        for (std::size_t b = 0; b < std::size(holes); ++b)
            for (std::size_t k = 0; k < holes[b]; ++k)
                x[b * block + k * block / holes[b]] =
                    k % 3 == 2 ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::quiet_NaN();
        x.back() = std::numeric_limits<T>::infinity();
        MomentsState expected;
        scalar::moments(x.data(), x.size(), 1, &expected);
        for (const KernelTable* table : available_tables()) {
            CAPTURE(table->name);
            MomentsState actual;
            typed<T>(*table).moments(x.data(), x.size(), 1, &actual);
            CHECK(std::memcmp(&expected, &actual, sizeof expected) == 0);
        }
    }
}

TEST_CASE("moments are accurate where naive sums are not") {
    std::mt19937_64 random(5);
    std::normal_distribution<double> normal;
    std::vector<double> far, further, ramp, border, outlier_first, outliers, sorted;
    for (std::size_t i = 0; i < 100000; ++i) {
        far.push_back(1e8 + normal(random));
        further.push_back(1e9 + 1e-3 * normal(random));
        ramp.push_back(1e6 + static_cast<double>(i));
        border.push_back(7.5 + normal(random));  // about as far off as sums about zero are kept
        outlier_first.push_back(i == 0 ? 1e9 : normal(random));
        outliers.push_back(i % 2048 == 0 ? 1e6 * normal(random) : 1e3 + normal(random));
        sorted.push_back(std::exp(static_cast<double>(i) / 5000.0));
    }
    check_accuracy(far);
    check_accuracy(further);
    check_accuracy(ramp);
    check_accuracy(border);
    check_accuracy(std::vector<float>(far.begin(), far.end()));
    check_accuracy(std::vector<float>(ramp.begin(), ramp.end()));
    check_accuracy(std::vector<float>(border.begin(), border.end()));
    check_accuracy(outlier_first);
    check_accuracy(outliers);
    check_accuracy(sorted);
    check_accuracy(std::vector<float>(sorted.begin(), sorted.end()));
    check_accuracy(std::vector<float>(outlier_first.begin(), outlier_first.end()));
}

TEST_CASE("equal values have no spread at all") {
    for (const KernelTable* table : available_tables()) {
        MomentsState state;
        const std::vector<float> x(10007, 0.1F);
        table->f32.moments(x.data(), x.size(), 1, &state);
        CHECK(state.m2 == 0.0);
        CHECK(state.mean == static_cast<double>(0.1F));
        CHECK(state.min == state.max);
    }
}

TEST_CASE("huge values overflow the spread, never the mean") {
    constexpr double big = std::numeric_limits<double>::max();
    for (const KernelTable* table : available_tables()) {
        std::vector<double> x(5000);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2 == 0 ? big : -big;
        MomentsState state;
        table->f64.moments(x.data(), x.size(), 1, &state);
        CHECK(std::fabs(state.mean) <= 1e-12 * big);
        CHECK(state.m2 == std::numeric_limits<double>::infinity());
        // Two blocks whose means lie further apart than any double reaches.
        std::vector<double> halves(4096, big);
        std::fill(halves.begin() + 2048, halves.end(), -big);
        MomentsState apart;
        table->f64.moments(halves.data(), halves.size(), 1, &apart);
        CHECK(std::fabs(apart.mean) <= 1e-12 * big);
        CHECK(apart.m2 == std::numeric_limits<double>::infinity());
        CHECK(apart.min == -big);
        CHECK(apart.max == big);
    }
}

TEST_CASE("the empty state: no extremes, and a zero is positive") {
    for (const KernelTable* table : available_tables()) {
        MomentsState state;
        const float specials[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                                  -std::numeric_limits<float>::infinity()};
        table->f32.moments(specials, 3, 1, &state);
        CHECK(std::isnan(state.min));
        CHECK(std::isnan(state.max));
        CHECK(state.count == 0);
        CHECK((state.nan == 1 && state.pos_inf == 1 && state.neg_inf == 1));
        const float zeros[] = {-0.0F, -0.0F};
        table->f32.moments(zeros, 2, 1, &state);
        CHECK(!std::signbit(state.min));
        CHECK(!std::signbit(state.max));
        CHECK(state.zeros == 2);
    }
}

TEST_CASE("a row plan refuses what is no grid") {
    const auto refuse = [](std::vector<float> edges) {
        const std::vector<std::span<const float>> grids = {edges};
        CHECK_THROWS_AS(RowPlan<float>{grids}, vedette::Error);
    };
    refuse({2.0F, 1.0F});
    refuse({std::numeric_limits<float>::quiet_NaN()});
    refuse({0.0F, std::numeric_limits<float>::quiet_NaN()});
    refuse({-std::numeric_limits<float>::infinity(), 0.0F});
    std::vector<float> many(1024);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<float>(i);
    refuse(many);
    many.pop_back();
    const std::vector<std::span<const float>> grids = {many, {}, many};
    const RowPlan<float> plan(grids);
    CHECK(plan.counter_count() == 2 * 1027);
    CHECK(plan.counter_offset(1) == 1027);
    CHECK(plan.counter_offset(2) == 1027);
}

TEST_CASE_TEMPLATE("edges that became equal or infinite in a narrower type leave their cells empty", T, float, double) {
    constexpr T infinity = std::numeric_limits<T>::infinity();
    std::vector<T> edges;
    for (int i = 0; i < 90; ++i) edges.push_back(static_cast<T>(i / 3));
    edges.insert(edges.end(), 5, infinity);
    const std::vector<std::span<const T>> grids = {edges};
    const std::vector<std::uint32_t> offsets = {7};
    const RowPlan<T> plan(grids, offsets);
    const std::vector<T> row = {T{4}};
    const std::vector<T> flood = {T{4}, infinity, -infinity, std::numeric_limits<T>::quiet_NaN(), T{-1}, T{31},
                                  T{4}, infinity, T{29},     std::numeric_limits<T>::max(),       T{0},  T{1},
                                  T{2}};
    for (const KernelTable* table : available_tables()) {
        for (std::size_t count = 1; count <= edges.size(); ++count) {
            std::vector<std::uint64_t> expected(count + 4), actual(count + 4);
            const auto stride = std::ptrdiff_t{1};
            scalar::count_cells(flood.data(), flood.size(), stride, edges.data(), count, expected.data(),
                                &expected[count + 1]);
            typed<T>(*table).count_cells(flood.data(), flood.size(), stride, edges.data(), count, actual.data(),
                                         &actual[count + 1]);
            CHECK(expected == actual);
        }
        std::uint16_t code = 0;
        std::vector<std::uint64_t> counters(7 + edges.size() + 4);
        typed<T>(*table).observe_row(row.data(), plan.view(), counters.data(), &code);
        CHECK(code == 15);
        CHECK(counters[7 + 15] == 1);
    }
}

}  // namespace
