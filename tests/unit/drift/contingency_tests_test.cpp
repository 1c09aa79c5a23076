// SPDX-License-Identifier: Apache-2.0
// Tests on tables of counts: SciPy's values, and tables that are empty, thin, huge or misshapen.
#include "vedette/drift/contingency_tests.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace drift = vedette::drift;
using vedette::TestResult;
using Counts = std::vector<std::uint64_t>;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

doctest::Approx near(double value, double tolerance = 1e-9) {
    return doctest::Approx(value).epsilon(tolerance).scale(0.0);
}

void check_independence(const TestResult& result, const nlohmann::json& expected) {
    const double statistic = expected[0].get<double>();
    CHECK((result.statistic == statistic || result.statistic == near(statistic)));  // 0 has no relative error
    CHECK(result.p_value == near(expected[1].get<double>()));
    CHECK(result.degrees_of_freedom == expected[2].get<double>());
}

void check_fisher(const drift::CountTable& table, const nlohmann::json& expected) {
    using drift::Alternative;
    const auto p = [&](Alternative side) { return drift::fisher_exact(table, {.alternative = side}).p_value; };
    CHECK(p(Alternative::two_sided) == near(expected["fisher_two_sided"].get<double>()));
    CHECK(p(Alternative::less) == near(expected["fisher_less"].get<double>()));
    CHECK(p(Alternative::greater) == near(expected["fisher_greater"].get<double>()));
    const vedette::Interval interval = drift::fisher_exact(table).effect_interval;
    const auto& limits = expected["log_odds"];
    // SciPy's root finder stops earlier than ours; null is infinite.
    if (limits[0].is_null()) CHECK(interval.lower == -infinity);
    if (!limits[0].is_null()) CHECK(interval.lower == near(limits[0].get<double>(), 1e-6));
    if (limits[1].is_null()) CHECK(interval.upper == infinity);
    if (!limits[1].is_null()) CHECK(interval.upper == near(limits[1].get<double>(), 1e-6));
}

}  // namespace

TEST_CASE("SciPy's values") {
    const auto oracle = oracle_data("contingency.json");
    for (const auto& expected : oracle["tables"]) {
        const auto counts = expected["counts"].get<Counts>();
        const drift::CountTable table{counts, expected["rows"].get<std::size_t>(),
                                      expected["columns"].get<std::size_t>()};
        CAPTURE(expected["counts"].dump());
        check_independence(drift::chi_square(table), expected["chi_square"]);
        check_independence(drift::chi_square(table, {.yates = true}), expected["chi_square_yates"]);
        check_independence(drift::g_test(table), expected["g_test"]);
        check_independence(drift::g_test(table, {.yates = true}), expected["g_test_yates"]);
        CHECK(drift::cramers_v(table).value == near(expected["cramers_v"].get<double>()));
        if (expected.contains("fisher_less")) check_fisher(table, expected);
        if (counts.size() == 4) {
            const TestResult z = drift::two_proportion_z(table);
            CHECK(z.statistic * z.statistic == near(expected["chi_square"][0].get<double>()));
            CHECK(z.p_value == near(expected["chi_square"][1].get<double>()));
        }
    }
    for (const auto& row : oracle["noncentral"]) {
        const double x = row["x"].get<double>();
        const double dof = row["dof"].get<double>();
        const double cdf = row["cdf"].get<double>();
        CHECK(vedette::stats::noncentral_chi_squared_cdf(x, dof, row["noncentrality"].get<double>()) == near(cdf));
        CHECK(vedette::stats::chi_squared_noncentrality(x, dof, cdf) == near(row["noncentrality"].get<double>(), 1e-7));
    }
}

TEST_CASE("both laws of the noncentral tail agree where they meet") {
    for (const double noncentrality : {9700.0, 9990.0, 10'300.0}) {
        const double below = vedette::stats::noncentral_chi_squared_cdf(1e4, 3.0, noncentrality);
        const double above = vedette::stats::noncentral_chi_squared_cdf(std::nextafter(1e4, 2e4), 3.0, noncentrality);
        CHECK(std::abs(below - above) < 1e-5);
    }
    CHECK(std::isnan(vedette::stats::noncentral_chi_squared_cdf(1.0, 0.0, 1.0)));
    CHECK(std::isnan(vedette::stats::noncentral_chi_squared_cdf(1.0, 1.0, -1.0)));
    CHECK(vedette::stats::chi_squared_noncentrality(0.01, 5.0, 0.9) == 0.0);
}

TEST_CASE("empty rows and columns are left out; nothing to compare is NaN, one column passes") {
    const Counts plain{12, 30, 25, 18};
    const Counts padded{12, 0, 30, 0, 0, 0, 25, 0, 18};
    const TestResult a = drift::chi_square({plain, 2, 2});
    const TestResult b = drift::chi_square({padded, 3, 3});
    CHECK(a.statistic == b.statistic);
    CHECK(b.degrees_of_freedom == 1.0);
    CHECK(b.live_count == 43.0);
    for (const Counts& counts : {Counts{0, 0, 3, 4}, Counts{3, 4, 0, 0}, Counts{0, 0, 0, 0}}) {
        CHECK(std::isnan(drift::chi_square({counts, 2, 2}).p_value));
        CHECK(std::isnan(drift::g_test({counts, 2, 2}).statistic));
        CHECK(std::isnan(drift::fisher_exact({counts, 2, 2}).p_value));
        CHECK(std::isnan(drift::two_proportion_z({counts, 2, 2}).p_value));
        CHECK(std::isnan(drift::cramers_v({counts, 2, 2}).value));
    }
    const Counts column{3, 4};
    CHECK(drift::chi_square({column, 2, 1}).p_value == 1.0);
    CHECK(drift::chi_square({column, 2, 1}).degrees_of_freedom == 0.0);
    const Counts only_events{3, 0, 4, 0};
    CHECK(drift::two_proportion_z({only_events, 2, 2}).p_value == 1.0);
    CHECK(drift::fisher_exact({only_events, 2, 2}).p_value == 1.0);
    CHECK(std::isnan(drift::fisher_exact({only_events, 2, 2}).statistic));
}

TEST_CASE("cells of zero give infinite odds and an open interval") {
    const Counts counts{0, 9, 7, 2};
    const TestResult result = drift::fisher_exact({counts, 2, 2});
    CHECK(result.statistic == infinity);
    CHECK(result.effect_interval.upper == infinity);
    CHECK(result.effect_interval.lower > 0.0);
    CHECK(result.p_value < 0.01);
}

TEST_CASE("huge counts") {
    constexpr std::uint64_t big = std::uint64_t{1} << 60U;
    const Counts equal{big, 2 * big, big, 2 * big};
    CHECK(drift::chi_square({equal, 2, 2}).statistic < 1e-3);
    CHECK(drift::g_test({equal, 2, 2}).p_value > 0.9);
    const Counts moved{big, 2 * big, big + (big >> 20U), 2 * big};
    const TestResult result = drift::g_test({moved, 2, 2});
    CHECK(result.statistic == near(drift::chi_square({moved, 2, 2}).statistic, 1e-5));
    CHECK(result.effect_interval.lower < result.effect);
    CHECK(result.effect < result.effect_interval.upper);
    const Counts overflowing{~std::uint64_t{0}, 1, 1, 1};
    CHECK_THROWS_WITH_AS(static_cast<void>(drift::chi_square({overflowing, 2, 2})),
                         "table: the sum of all counts exceeds 2^64 - 1 at count 1", vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::fisher_exact({equal, 2, 2})), vedette::Error);
}

TEST_CASE("misuse") {
    const Counts counts{1, 2, 3, 4};
    constexpr std::size_t half = std::size_t{1} << 63U;
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({counts, 2, 3})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({counts, 0, 0})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({counts, half, 2})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({{}, 2, 2})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::two_proportion_z({counts, 4, 1})), vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({counts, 2, 2}, {.confidence = 1.0})), vedette::Error);
    using drift::Method;
    CHECK_THROWS_WITH_AS(static_cast<void>(drift::g_test({counts, 2, 2}, {.method = Method::exact})),
                         "g_test: method is exact, which this test does not have; fisher_exact does", vedette::Error);
    CHECK_THROWS_AS(
        static_cast<void>(drift::chi_square({counts, 2, 2}, {.method = Method::permutation, .permutations = 0})),
        vedette::Error);
    const Counts many{std::uint64_t{1} << 32U, 1, 1, 1};
    CHECK_THROWS_AS(static_cast<void>(drift::chi_square({many, 2, 2}, {.method = Method::permutation})),
                    vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(drift::fisher_exact({counts, 2, 2}, {.method = drift::Method::asymptotic})),
                    vedette::Error);
    CHECK_THROWS_AS(static_cast<void>(
                        drift::fisher_exact({counts, 2, 2}, {.method = drift::Method::permutation, .permutations = 0})),
                    vedette::Error);
}

TEST_CASE("Pearson and G by permutation have the law of all tables with the same margins, drawn") {
    const Counts counts{1, 6, 2, 9, 4, 3};
    const auto log_factorial = [](std::uint64_t k) { return std::lgamma(static_cast<double>(k) + 1.0); };
    const drift::ContingencyOptions drawn{.method = drift::Method::permutation, .permutations = 40'000, .seed = 5};
    const auto check = [&](auto&& test) {
        const double bound = test({counts, 2, 3}, {}).statistic - 1e-9;
        double all = 0.0, extreme = 0.0;
        for (std::uint64_t a = 0; a <= 9; ++a)
            for (std::uint64_t b = 0; a + b <= 9; ++b) {
                const std::uint64_t c = 9 - a - b;
                if (c > 5) continue;
                const Counts each{a, b, c, 10 - a, 10 - b, 5 - c};
                double log_weight = 0.0;
                for (const std::uint64_t cell : each) log_weight -= log_factorial(cell);
                all += std::exp(log_weight);
                if (test({each, 2, 3}, {}).statistic >= bound) extreme += std::exp(log_weight);
            }
        const TestResult result = test({counts, 2, 3}, drawn);
        CHECK(result.statistic == test({counts, 2, 3}, {}).statistic);
        CHECK(result.p_value == test({counts, 2, 3}, drawn).p_value);
        const double exact = extreme / all;
        CHECK(std::abs(result.p_value - exact) < 5.0 * std::sqrt(exact / 40'000.0));
    };
    using Options = drift::ContingencyOptions;
    check([](const drift::CountTable& table, const Options& options) { return drift::chi_square(table, options); });
    check([](const drift::CountTable& table, const Options& options) { return drift::g_test(table, options); });
    // Empty rows and columns change nothing, and one column leaves nothing to permute.
    const Counts holes{1, 0, 6, 2, 0, 0, 0, 0, 9, 0, 4, 3};
    CHECK(drift::chi_square({holes, 3, 4}, drawn).p_value == drift::chi_square({counts, 2, 3}, drawn).p_value);
    CHECK(drift::chi_square({Counts{3, 4}, 2, 1}, drawn).p_value == 1.0);
    CHECK(std::isnan(drift::g_test({Counts{0, 0, 4, 1}, 2, 2}, drawn).p_value));
}

TEST_CASE("Fisher's test of 2 x 2 by permutation is the exact one, drawn") {
    constexpr std::size_t draws = 40'000;
    for (const Counts& counts : {Counts{7, 12, 9, 3}, Counts{30, 70, 45, 55}, Counts{5, 20'000, 15, 18'000}}) {
        const drift::CountTable table{counts, 2, 2};
        for (const auto side : {drift::Alternative::two_sided, drift::Alternative::less, drift::Alternative::greater}) {
            const TestResult exact = drift::fisher_exact(table, {.alternative = side});
            const TestResult drawn = drift::fisher_exact(
                table, {.alternative = side, .method = drift::Method::permutation, .permutations = draws, .seed = 4});
            CAPTURE(exact.p_value);
            // Five standard errors, and the step of 1/(draws + 1).
            const double error = std::sqrt(exact.p_value * (1.0 - exact.p_value) / draws);
            CHECK(std::abs(drawn.p_value - exact.p_value) < 5.0 * error + 1.1 / draws);
            CHECK(drawn.effect == exact.effect);
            CHECK(drawn.effect_interval.lower == exact.effect_interval.lower);
        }
    }
    const Counts huge{1, std::uint64_t{1} << 33U, 2, std::uint64_t{1} << 33U};
    CHECK(drift::fisher_exact({huge, 2, 2}).p_value > 0.5);
    CHECK_THROWS_AS(static_cast<void>(drift::fisher_exact({huge, 2, 2}, {.method = drift::Method::permutation})),
                    vedette::Error);
}
