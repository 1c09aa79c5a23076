// SPDX-License-Identifier: Apache-2.0
// Noised statistics of a table: what a row changes, intervals, and no trace of how fine the exact histogram is.
#include "vedette/guard/release_statistics.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "unit/privacy/fixed_keystream.hpp"
#include "unit/privacy/test_budget.hpp"

namespace {

using namespace vedette;
using privacy::RangeScale;

constexpr double infinity = std::numeric_limits<double>::infinity();
const std::vector<std::string> names{"amount", "balance"};

validation::TableStatistics statistics_of(const std::vector<double>& amounts, const std::vector<double>& balances) {
    validation::TableStatistics statistics;
    statistics.update(Table({{"amount", Column::numeric(std::span<const double>(amounts))},
                             {"balance", Column::numeric(std::span<const double>(balances))}}));
    return statistics;
}

bool holds(const ReleasedCount& count, double truth) {
    return count.interval.lower <= truth && truth <= count.interval.upper;
}

TEST_CASE("released statistics: counts by kind and power of two, bounds and quantiles") {
    std::vector<double> amounts(1000), balances(1000, -3.0);
    for (std::size_t i = 0; i < 1000; ++i) amounts[i] = static_cast<double>(i % 60 + 4);  // 4 to 63
    for (std::size_t i = 0; i < 50; ++i) amounts[i] = std::nan("");
    for (std::size_t i = 50; i < 80; ++i) amounts[i] = infinity;
    amounts[80] = -1e9;  // one of a kind: not told
    TestBudget budget;
    const auto statistics = statistics_of(amounts, balances);
    for (const privacy::ReleaseLoss& loss : {privacy::ReleaseLoss(privacy::Epsilon(2.0)),
                                             privacy::ReleaseLoss(privacy::Epsilon(2.0), privacy::Delta(1e-6))}) {
        FixedKeystream stream(81);
        const auto released = release_statistics(statistics, names, {}, 1, loss, budget, stats::Confidence(0.999999),
                                                 stream.operator->());
        REQUIRE(released.columns.size() == 2);
        const ReleasedColumn& amount = released.columns.at("amount");
        CHECK(holds(amount.nans, 50.0));
        CHECK(holds(amount.positive_infinities, 30.0));
        CHECK(holds(amount.negative_infinities, 0.0));
        CHECK(holds(amount.nulls, 0.0));
        CHECK(holds(amount.rows, 1000.0));
        CHECK(amount.null_rate().lower == 0.0);
        REQUIRE(amount.cells.size() == 141);
        for (int exponent = 2; exponent < 6; ++exponent) {
            double truth = 0.0;
            for (const double x : amounts)
                truth += std::isfinite(x) && x > 0.0 && std::ilogb(x) == exponent ? 1.0 : 0.0;
            CHECK(holds(amount.cells[static_cast<std::size_t>(70 + 31 + exponent)], truth));
        }
        REQUIRE(amount.bounds);
        CHECK(amount.bounds->lower() == 4.0);
        CHECK(amount.bounds->upper() == 64.0);
        const auto top = released.quantile("amount", 0.5);
        REQUIRE(top);
        CHECK(top->lower() >= 16.0);
        CHECK(top->upper() <= 64.0);
        // The noise of 137 empty cells weighs as much as 70 rows, or more: it must not pass for the tails.
        for (const double q : {0.0, 0.01, 0.99, 1.0}) {
            const auto tail = released.quantile("amount", q);
            REQUIRE(tail);
            CHECK(tail->lower() >= 4.0);
            CHECK(tail->upper() <= 64.0);
        }
        CHECK(released.columns.at("balance").bounds->lower() == -4.0);
        CHECK(released.columns.at("balance").bounds->upper() == -2.0);
        CHECK(released.spent.epsilon == 2.0);
    }
    CHECK(budget.spent == 4.0);
    CHECK(budget.delta == 1e-6);
}

TEST_CASE("released statistics: noise by what a user changes, and a row changes one count of each column") {
    TestBudget budget;
    const auto scale_of = [&](std::uint64_t rows, const privacy::ReleaseLoss& loss) {
        return release_statistics(validation::TableStatistics(), names, {}, rows, loss, budget).noise_scale;
    };
    CHECK(scale_of(1, privacy::Epsilon(1.0)) == 2.0);
    CHECK(scale_of(3, privacy::Epsilon(1.0)) == 6.0);
    const privacy::ReleaseLoss approximate(privacy::Epsilon(1.0), privacy::Delta(1e-6));
    CHECK(scale_of(3, approximate) ==
          doctest::Approx(3.0 * std::sqrt(2.0) / std::sqrt(2.0 * approximate.rho())).epsilon(1e-12));
    // The same noise on neighbours: exact counts differ by 1 in one cell of each column, even where the row makes the
    // histogram coarser: 20,000 buckets become fewer.
    std::vector<double> scattered, balances;
    for (int i = 0; i < 8192; ++i) scattered.push_back(std::ldexp(1.0 + i % 128 / 128.0, i / 128 - 20));
    balances.assign(scattered.size(), 1.0);
    const auto before = statistics_of(scattered, balances);
    scattered.push_back(-1000.0);
    balances.push_back(0.0);
    const auto after = statistics_of(scattered, balances);
    REQUIRE(before.columns().at("amount").numbers.histogram.resolution() !=
            after.columns().at("amount").numbers.histogram.resolution());
    FixedKeystream one(91), two(91);
    const auto a = release_statistics(before, names, {-30, 60}, 1, privacy::Epsilon(1.0), budget,
                                      stats::Confidence(0.95), one.operator->());
    const auto b = release_statistics(after, names, {-30, 60}, 1, privacy::Epsilon(1.0), budget,
                                      stats::Confidence(0.95), two.operator->());
    for (const std::string& name : names) {
        double moved = 0.0;
        const auto& x = a.columns.at(name).cells;
        const auto& y = b.columns.at(name).cells;
        for (std::size_t i = 0; i < x.size(); ++i) moved += std::abs(x[i].value - y[i].value);
        CHECK(moved == 1.0);
    }
}

TEST_CASE("released statistics: the values of lists, of which a row may have many, are refused before they are paid") {
    std::vector<double> values(100, 1.5);  // all of one row
    const std::vector<std::int64_t> inner_begins{0, 40}, inner_ends{40, 100}, begins{0}, ends{100}, two{2};
    const validation::ListColumn flat{"tags", {{begins, ends, {}}}, Column::numeric(std::span<const double>(values))};
    const validation::ListColumn nested{
        "deep", {{begins, two, {}}, {inner_begins, inner_ends, {}}}, Column::numeric(std::span<const double>(values))};
    validation::TableStatistics statistics;
    statistics.update(validation::NestedTable{{}, {flat, nested}});
    REQUIRE(statistics.rows() == 1);
    REQUIRE(statistics.columns().at("tags").rows == 100);
    TestBudget budget;
    for (const char* name : {"tags", "deep", "deep[][]"}) {
        CAPTURE(name);
        CHECK(code_of([&] { (void)release_statistics(statistics, {name}, {}, 1, privacy::Epsilon(1.0), budget); }) ==
              ErrorCode::invalid_argument);
    }
    CHECK(budget.spent == 0.0);
    // A row has one list, of one length.
    CHECK(release_statistics(statistics, {"tags[]"}, {}, 1, privacy::Epsilon(1.0), budget).noise_scale == 1.0);
}

TEST_CASE("released statistics: misuse costs nothing") {
    TestBudget budget(0.5);
    const auto code = [&](const std::vector<std::string>& columns, const RangeScale& scale, std::uint64_t rows,
                          double epsilon, const validation::StatisticsOptions& options = {}) {
        return code_of([&] {
            (void)release_statistics(validation::TableStatistics(options), columns, scale, rows,
                                     privacy::Epsilon(epsilon), budget);
        });
    };
    const auto invalid = ErrorCode::invalid_argument;
    CHECK(code({}, {}, 1, 0.1) == invalid);
    CHECK(code({"a", "a"}, {}, 1, 0.1) == invalid);
    CHECK(code({"a"}, {5, 5}, 1, 0.1) == invalid);
    CHECK(code({"a"}, {}, 0, 0.1) == invalid);
    CHECK(code({"a"}, {}, 1, 0.1, {.quantiles = false}) == invalid);
    CHECK(code({"a"}, {}, 1, 0.6) == ErrorCode::budget_exhausted);
    CHECK(budget.spent == 0.0);
    const auto empty = release_statistics(validation::TableStatistics(), {"a"}, {}, 1, privacy::Epsilon(0.4), budget);
    CHECK(code_of([&] { (void)empty.quantile("b", 0.5); }) == invalid);
    CHECK(code_of([&] { (void)empty.quantile("a", std::nan("")); }) == invalid);
}

}  // namespace
