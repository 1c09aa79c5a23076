// SPDX-License-Identifier: Apache-2.0
// Fisher's test beyond 2 x 2 against sums over all tables, and the random tables against the law of their cells.
#include "drift/fisher_tables.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "unit/drift/oracle_cases.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/contingency_tests.hpp"
#include "vedette/stats/distributions.hpp"

namespace drift = vedette::drift;
using drift::Method;
using vedette::ErrorCode;
using Counts = std::vector<std::uint64_t>;

namespace {

using Table = OracleTable;

double p(const Table& table, const drift::TestOptions& options = {}) {
    return drift::fisher_exact(table.view(), options).p_value;
}

ErrorCode code_of(const Table& table, const drift::TestOptions& options) {
    try {
        (void)drift::fisher_exact(table.view(), options);
    } catch (const vedette::Error& error) {
        CHECK(std::string(error.what()).find("fisher_exact") != std::string::npos);
        return error.code();
    }
    return ErrorCode{};
}

}  // namespace

TEST_CASE("exact p-values are the sums over all tables, either way round") {
    const auto& cases = oracle_data("fisher.json")["exact"];
    REQUIRE(cases.size() == 11);
    for (const auto& row : cases) {
        const Table table = oracle_table(row["table"]);
        CAPTURE(row["table"].dump());
        const auto expected = doctest::Approx(row["p"].get<double>()).epsilon(1e-9);
        const auto result = drift::fisher_exact(table.view(), {.method = Method::exact});
        CHECK(result.p_value == expected);
        CHECK(p(table) == expected);
        CHECK(p(table.transposed()) == expected);
        CHECK(result.statistic == doctest::Approx(row["log_probability"].get<double>()).epsilon(1e-9));
        CHECK(result.effect == drift::cramers_v(table.view()).value);
        // Permutation: within five standard errors of 9999 draws.
        const double share = row["p"].get<double>();
        CHECK(std::abs(p(table, {.method = Method::permutation, .permutations = 9999}) - share) <=
              5.0 * std::sqrt(share * (1.0 - share) / 9999.0) + 2e-4);
    }
}

TEST_CASE("permutations agree with SciPy's Monte Carlo where all tables are too many") {
    for (const auto& row : oracle_data("fisher.json")["sampled"]) {
        const Table table = oracle_table(row["table"]);
        const double share = row["p"].get<double>();
        const auto result = drift::fisher_exact(table.view(), {.method = Method::permutation, .permutations = 19'999});
        CHECK(result.statistic == doctest::Approx(row["log_probability"].get<double>()).epsilon(1e-9));
        CHECK(std::abs(result.p_value - share) <= 5.0 * std::sqrt(share * (1.0 - share) * (1.0 / 2e4 + 1.0 / 2e5)));
    }
}

TEST_CASE("a 2 x 2 table with an empty column is the 2 x 2 table") {
    const Table padded{{3, 0, 9, 8, 0, 2}, 2, 3};
    const Counts counts{3, 9, 8, 2};
    CHECK(p(padded) == doctest::Approx(drift::fisher_exact({counts, 2, 2}).p_value).epsilon(1e-9));
    CHECK(p({{3, 9, 0, 0, 8, 2}, 3, 2}) == p(padded));
}

TEST_CASE("tables that leave nothing to compare") {
    CHECK(p({{3, 4, 0, 0}, 4, 1}) == 1.0);
    CHECK(p({{0, 3, 0, 0, 4, 0}, 2, 3}) == 1.0);
    CHECK(drift::fisher_exact({Counts{0, 3, 0, 0, 4, 0}, 2, 3}).statistic == 0.0);
    CHECK(std::isnan(p({{0, 0, 0, 1, 2, 3}, 2, 3})));
    CHECK(std::isnan(p({{1, 2, 3, 0, 0, 0}, 2, 3})));
    CHECK(std::isnan(p({{0, 0, 0, 0, 0, 0}, 2, 3})));
    CHECK(p({{1, 0, 0, 0, 1, 1}, 2, 3}) == 1.0);
}

TEST_CASE("misuse is named, and what would take too long") {
    const Table table{{3, 1, 4, 1, 5, 2}, 2, 3};
    CHECK(code_of(table, {.alternative = drift::Alternative::less}) == ErrorCode::unsupported);
    CHECK(code_of(table, {.method = Method::asymptotic}) == ErrorCode::unsupported);
    CHECK(code_of(table, {.permutations = 0}) == ErrorCode::invalid_argument);
    CHECK(code_of({{1ULL << 32U, 1, 1, 1, 1, 1}, 2, 3}, {}) == ErrorCode::unsupported);
    CHECK_THROWS_AS(p(table, {.confidence = 0.0}), vedette::Error);
    Table wide{Counts(2000), 2, 1000};
    for (std::size_t i = 0; i < wide.counts.size(); ++i) wide.counts[i] = 1000 + 37 * i % 101;
    CHECK(code_of(wide, {.method = Method::exact}) == ErrorCode::unsupported);
    Table cube{Counts(900, 3), 30, 30};
    CHECK(code_of(cube, {.method = Method::exact}) == ErrorCode::unsupported);
    CHECK(p(cube) == 1.0);
    CHECK(p(wide, {.permutations = 19}) > 0.0);
}

TEST_CASE("huge counts cost no more than small ones, and one in a thousand is found") {
    const Table same{{1'000'000'000, 600'000'000, 3, 1'000'000'000, 600'000'000, 4}, 2, 3};
    CHECK(p(same) > 0.3);
    const Table moved{{1'000'000'000, 600'000'000, 3, 1'001'000'000, 599'000'000, 4}, 2, 3};
    CHECK(p(moved) == 0.001);
}

TEST_CASE("the same seed gives the same p-value; these are pinned for every machine") {
    const Table table{{400, 300, 200, 100, 50, 9, 180, 190, 90, 60, 20, 12}, 2, 6};
    CHECK(p(table, {.method = Method::permutation}) == p(table, {.method = Method::permutation, .seed = 0}));
    vedette::Random random(1);
    const drift::LogFactorials log_factorial(100);
    Counts cells(6);
    drift::random_table(random, log_factorial, Counts{4'000'000, 70}, Counts{3'000'000, 1'000'000, 70}, cells);
    CHECK(cells[0] + cells[3] == 3'000'000);
    CHECK(cells[1] + cells[4] == 1'000'000);
    CHECK(cells[2] + cells[5] == 70);
    CHECK(cells[3] + cells[4] + cells[5] == 70);
    CHECK(cells == Counts{2'999'956, 999'974, 70, 44, 26, 0});
}

TEST_CASE("log factorials") {
    const drift::LogFactorials log_factorial(50);
    for (const std::uint64_t k : {0ULL, 1ULL, 2ULL, 15ULL, 16ULL, 17ULL, 49ULL, 50ULL, 1000ULL, 4'294'967'296ULL})
        CHECK(log_factorial(k) == doctest::Approx(std::lgamma(static_cast<double>(k) + 1.0)).epsilon(2e-15));
    CHECK(log_factorial.choose(60, 30) == doctest::Approx(std::log(118264581564861424.0)).epsilon(1e-14));
}

TEST_CASE("random hypergeometric counts follow their law, however they are drawn") {
    struct Law {
        std::uint64_t successes, failures, draws;
    };
    const Law laws[] = {
        {7, 9, 5},     {30, 50, 20},  {50, 30, 20},   {30, 50, 65},         {50, 30, 65},
        {9, 400, 200}, {12, 13, 12},  {11, 4000, 60}, {2000, 3000, 2500},   {10, 10, 10},
        {40, 40, 10},  {25, 900, 11}, {5, 5, 10},     {100'000, 5000, 200}, {1'000'000, 900'000, 77'000}};
    const drift::LogFactorials log_factorial(1000);
    vedette::Random random(77);
    for (const Law& law : laws) {
        CAPTURE(law.successes);
        CAPTURE(law.draws);
        constexpr std::size_t draws = 40'000;
        std::vector<std::uint64_t> drawn(draws);
        for (auto& count : drawn)
            count = drift::random_hypergeometric(random, log_factorial, law.successes, law.failures, law.draws);
        std::sort(drawn.begin(), drawn.end());
        // Kolmogorov's distance to the law, conservative for counts, and a check of both tails.
        double distance = 0.0;
        for (std::size_t i = 0; i < draws;) {
            std::size_t end = i;
            while (end < draws && drawn[end] == drawn[i]) ++end;
            const double below =
                vedette::stats::hypergeometric_cdf(drawn[i], law.successes + law.failures, law.successes, law.draws);
            distance = std::max(distance, std::abs(static_cast<double>(end) / draws - below));
            i = end;
        }
        CHECK(distance * std::sqrt(static_cast<double>(draws)) < 2.2);  // one in eight thousand
    }
}
