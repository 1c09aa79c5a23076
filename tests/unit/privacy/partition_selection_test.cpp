// SPDX-License-Identifier: Apache-2.0
// Optimal partition selection and the staircase law: their definitions in wider arithmetic, privacy at every step,
// frequencies, misuse.
#include "vedette/privacy/partition_selection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "fixed_keystream.hpp"
#include "test_budget.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/staircase.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;
using Users = std::map<std::string, std::uint64_t, std::less<>>;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);

}  // namespace

TEST_CASE("partition selection: the optimal probabilities, from below") {
    for (const double epsilon : {0.01, 0.5, 1.0, 8.0})
        for (const double delta : {1e-3, 1e-9, 1e-40}) {
            CAPTURE(epsilon);
            CAPTURE(delta);
            const PartitionSelection selection(anyone, Epsilon(epsilon), Delta(delta));
            long double told = 0.0L, hidden = 1.0L;
            for (std::uint64_t n = 0; n < selection.certain() + 3; ++n) {
                const double p = selection.probability(n);
                REQUIRE(p <= static_cast<double>(told) * (1.0 + 1e-15));
                if (told > 0.0L) REQUIRE(p >= static_cast<double>(told) * (1.0 - 1e-8));
                const long double grown = std::exp(static_cast<long double>(epsilon)) * told + delta;
                const long double left = std::exp(-static_cast<long double>(epsilon)) * (hidden - delta);
                hidden = std::max({0.0L, left, 1.0L - grown});
                told = std::min({1.0L, grown, 1.0L - left});
            }
            CHECK(selection.probability(0) == 0.0);
            CHECK(selection.probability(selection.certain()) == 1.0);
        }
}

TEST_CASE("partition selection: tells more categories than the threshold of the same loss") {
    const PartitionSelection selection(anyone, Epsilon(1.0), Delta(1e-5));
    const ThresholdedHistogram histogram(anyone, Epsilon(1.0), Delta(1e-5));
    const auto at = static_cast<std::uint64_t>(histogram.threshold());
    CHECK(selection.probability(at) > 0.5);
    CHECK(selection.probability(at - 3) > std::exp(-3.0) / (1.0 + std::exp(-1.0)));
}

TEST_CASE("partition selection: frequencies are the probabilities, users are limited, a budget pays") {
    const PartitionSelection selection(anyone, Epsilon(0.5), Delta(1e-3));
    TestBudget budget;
    FixedKeystream stream(31);
    Users users;
    for (std::uint64_t n = 0; n <= selection.certain() + 1; ++n) users["n" + std::to_string(1000 + n)] = n;
    constexpr int runs = 4000;
    std::map<std::string, int> told;
    for (int run = 0; run < runs; ++run)
        for (const std::string& name : selection.release(users, budget, stream.operator->()).names) ++told[name];
    for (const auto& user : users) {
        const std::string& name = user.first;
        const std::uint64_t n = user.second;
        CAPTURE(n);
        const double p = selection.probability(n);
        const double off = 5.0 * std::sqrt(p * (1.0 - p) * runs) + 1.0;
        CHECK(std::abs(told[name] - p * runs) <= off);
        if (p == 0.0) CHECK(told[name] == 0);
        if (p == 1.0) CHECK(told[name] == runs);
    }
    CHECK(budget.spent == 0.5 * runs);
    const PrivacyUnit unit = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = 2, .rows = 1});
    Contributions rows(unit);
    for (int i = 0; i < 4000; ++i) rows.add("u" + std::to_string(i % 200), 0.0, i % 20 == 0 ? "seldom" : "often");
    for (int i = 0; i < 50; ++i) rows.add("x", 0.0, "own" + std::to_string(i));
    const PartitionSelection by_user(unit, Epsilon(1.0), Delta(1e-6));
    const auto selected = by_user.release(rows, budget, stream.operator->());
    CHECK(std::find(selected.names.begin(), selected.names.end(), "often") != selected.names.end());
    CHECK(selected.names.size() <= 2);
    TestBudget none(0.0);
    CHECK(code_of([&] { static_cast<void>(by_user.release(rows, none)); }) == ErrorCode::budget_exhausted);
    CHECK(code_of([&] { static_cast<void>(by_user.release(users, budget)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(selection.release(rows, budget)); }) == ErrorCode::dimension_mismatch);
    for (const auto& unfit : {PrivacyUnit::user(Neighbouring::add_remove, {.partitions = 1, .rows = 2}),
                              PrivacyUnit::record(Neighbouring::replace_one)})
        CHECK(code_of([&] { static_cast<void>(PartitionSelection(unfit, Epsilon(1.0), Delta(1e-6))); }) ==
              ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(PartitionSelection(anyone, Epsilon(1e-4), Delta(1e-6))); }) ==
          ErrorCode::invalid_argument);
    // Half of the least double is 0: its table would have no end.
    CHECK(code_of([&] { static_cast<void>(PartitionSelection(unit, Epsilon(1.0), Delta(5e-324))); }) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("staircase: its law by chi-square, its mean size, and the edge that makes it least") {
    for (const auto& given : {std::pair{1ULL, 0.7}, {5ULL, 0.5}, {10ULL, 2.0}, {7ULL, 5.0}}) {
        const auto width = given.first;
        const double epsilon = given.second;
        CAPTURE(width);
        CAPTURE(epsilon);
        const Staircase law{WholeSensitivity(width), Epsilon(epsilon)};
        for (std::uint64_t edge = 1; edge <= width; ++edge)
            CHECK(Staircase(WholeSensitivity(width), Epsilon(epsilon), edge).mean_size() >=
                  law.mean_size() * (1.0 - 1e-13));
        CHECK(law.mean_size() <= 1.0 / std::sinh(epsilon / static_cast<double>(width)) * (1.0 + 1e-12));
        const auto weight = [&](std::int64_t x) {
            const auto size = static_cast<std::uint64_t>(std::abs(x));
            return std::exp(-epsilon * static_cast<double>(size / width + (size % width >= law.edge() ? 1 : 0)));
        };
        constexpr std::int64_t reach = 400;
        double all = 0.0, mean = 0.0, worst = 0.0;
        for (std::int64_t x = -reach; x <= reach; ++x) all += weight(x), mean += weight(x) * std::abs(double(x));
        CHECK(law.mean_size() == doctest::Approx(mean / all).epsilon(1e-9));
        for (std::int64_t x = -60; x <= 60; ++x)
            for (std::int64_t d = 1; d <= static_cast<std::int64_t>(width); ++d)
                worst = std::max(worst, std::abs(std::log(weight(x) / weight(x + d))));
        CHECK(worst == doctest::Approx(epsilon));
        FixedKeystream stream(41);
        constexpr std::size_t n = 100'000;
        std::vector<std::int64_t> draws(n);
        law.sample(draws, stream);
        std::map<std::int64_t, double> seen;
        for (const std::int64_t x : draws) seen[x] += 1.0;
        double statistic = 0.0, rest = n, rest_seen = n;
        int cells = 0;
        for (std::int64_t x = -reach; x <= reach; ++x) {
            const double expected = n * weight(x) / all;
            if (expected < 20.0) continue;
            statistic += (seen[x] - expected) * (seen[x] - expected) / expected;
            rest -= expected;
            rest_seen -= seen[x];
            ++cells;
        }
        if (rest >= 20.0) statistic += (rest_seen - rest) * (rest_seen - rest) / rest, ++cells;
        CHECK(vedette::stats::chi_squared_sf(statistic, cells - 1.0) > 1e-5);
    }
    for (const auto& wrong : {std::pair{0ULL, 1.0}, {(1ULL << 40U) + 1, 1.0}, {1ULL, 101.0}, {1ULL << 40U, 0.5}})
        CHECK(code_of([&] { static_cast<void>(Staircase(WholeSensitivity(wrong.first), Epsilon(wrong.second))); }) ==
              ErrorCode::invalid_argument);
    CHECK(code_of([&] { static_cast<void>(Staircase(WholeSensitivity(3), Epsilon(1.0), 4)); }) ==
          ErrorCode::invalid_argument);
}
