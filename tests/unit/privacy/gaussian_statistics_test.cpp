// SPDX-License-Identifier: Apache-2.0
// Statistics under Gaussian noise, private ranges and rates by group: what they spend, how wide, and what they hold.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "fixed_keystream.hpp"
#include "test_budget.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/range_bounds.hpp"
#include "vedette/privacy/statistics.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;
using vedette::Interval;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);

bool holds(const Interval& interval, double x) {
    return interval.lower <= x && x <= interval.upper;
}

class RhoBudget final : public ReleaseBudget {
  public:
    void spend(const Guarantee& loss) override { epsilon += loss.epsilon; }
    void spend_zcdp(double loss) override { rho += loss; }
    double epsilon = 0.0, rho = 0.0;
};

TEST_CASE("losses: shares add up to no more, and each is spent in its own notion") {
    RhoBudget budget;
    const ReleaseLoss pure = Epsilon(1.0), approximate(Epsilon(1.0), Delta(1e-6)), concentrated = Rho(0.3);
    CHECK(!pure.is_gaussian());
    CHECK(approximate.rho() > 0.0);
    CHECK(zcdp_epsilon(approximate.rho(), 1e-6) <= 1.0);
    CHECK(zcdp_epsilon(approximate.rho() * 1.001, 1e-6) > 1.0);
    pure.spend(budget);
    approximate.spend(budget);
    concentrated.spend(budget);
    CHECK(budget.epsilon == 2.0);
    CHECK(budget.rho == 0.3);
    CHECK(concentrated.told_rho() == 0.3);
    CHECK(concentrated.guarantee().epsilon == 0.0);
    for (const std::uint64_t parts : {1U, 3U, 7U})
        for (const std::uint64_t times : {1U, 5U, 1U << 20U}) {
            const auto n = static_cast<double>(parts), m = static_cast<double>(times);
            CHECK(concentrated.share(parts, times).rho() * n * m * m <= 0.3 * (1.0 + 1e-15));
            CHECK(concentrated.share(parts, times).rho() * n * m * m >= 0.3 * (1.0 - 1e-14));
            CHECK(pure.share(parts, times).guarantee().epsilon * n * m <= 1.0 + 1e-15);
        }
    CHECK(code_of([] { (void)ReleaseLoss(Epsilon(1e-7), Delta(1e-300)); }) == ErrorCode::invalid_argument);
    // A budget that is not kept in rho refuses it, one that is refuses a delta.
    TestBudget plain;
    CHECK(code_of([&] { concentrated.spend(plain); }) == ErrorCode::invalid_argument);
    PrivacyFilter filter = PrivacyFilter::zcdp({1.0, 1e-6});
    FilterBudget filtered(filter);
    CHECK(code_of([&] { concentrated.spend(filtered); }) == ErrorCode::budget_exhausted);
    ReleaseLoss(Rho(0.001)).spend(filtered);
    CHECK(filter.spent().value() >= 0.001);
}

TEST_CASE("sigma is the Euclidean sensitivity over sqrt(2 rho), which many categories make less than Laplace's") {
    const ReleaseLoss loss = Rho(0.5);
    const PrivacyUnit user = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = 16, .rows = 3}),
                      swapped = PrivacyUnit::user(Neighbouring::replace_one, {.partitions = 16, .rows = 3}),
                      someone = PrivacyUnit::record(Neighbouring::replace_one);
    const auto is = [](double a, double b) { return a >= b && a <= b * (1.0 + 1e-14); };
    CHECK(is(PrivateHistogram(anyone, {"a"}, loss).scale(), 1.0));
    CHECK(is(PrivateHistogram(someone, {"a"}, loss).scale(), std::sqrt(2.0)));
    CHECK(is(PrivateHistogram(user, {"a"}, loss).scale(), 12.0));
    CHECK(is(PrivateHistogram(swapped, {"a"}, loss).scale(), 12.0 * std::sqrt(2.0)));
    CHECK(is(PrivateHistogram(user, {"a"}, Epsilon(1.0)).scale(), 48.0));
    CHECK(is(PrivateCount(user, loss).scale(), 48.0));
    CHECK(is(PrivateContingencyTable(someone, {"a"}, {"b"}, loss).scale(), std::sqrt(2.0)));
    // At one (epsilon, delta) it is less by categories alone: rows of a user widen both laws alike.
    const ReleaseLoss pure = Epsilon(1.0), approximate(Epsilon(1.0), Delta(1e-6));
    const auto wider = [&](std::uint64_t partitions, std::uint64_t rows) {
        const PrivacyUnit many = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = partitions, .rows = rows});
        const std::uint64_t l1 = many.counts_sensitivity(), squares = many.counts_l2_squared();
        return NoiseLaw(approximate, {l1, squares}).variance() > NoiseLaw(pure, {l1, squares}).variance();
    };
    for (const std::uint64_t rows : {1U, 100U, 10'000U}) {
        CHECK(wider(1, rows));
        CHECK(wider(8, rows));
        CHECK(!wider(20, rows));
    }
}

TEST_CASE("one user moves a histogram by no more than its Euclidean sensitivity, whatever categories are listed") {
    RhoBudget budget;
    const double rho = 1e7;  // sigma is the sampler's least: the release is exact
    constexpr ContributionLimit limit{.partitions = 16, .rows = 3};
    const PrivacyUnit user = PrivacyUnit::user(Neighbouring::add_remove, limit);
    // Rows in the first `listed` of 16 categories, and in others.
    for (const int listed : {1, 8, 15, 16}) {
        std::vector<std::string> categories;
        for (int i = 0; i < listed; ++i) categories.push_back(std::to_string(i));
        const PrivateHistogram histogram(user, categories, Rho(rho));
        Contributions without(user), with(user);
        for (int i = 0; i < 100; ++i) without.add("someone " + std::to_string(i), 0.0, i % 2 == 0 ? "0" : "elsewhere");
        with.merge(without);
        for (int i = 0; i < 16; ++i)
            for (int j = 0; j < 5; ++j) with.add("one user", 0.0, std::to_string(i));
        const HistogramRelease a = histogram.release(without, budget), b = histogram.release(with, budget);
        double squares = 0.0;
        for (std::size_t i = 0; i < a.cells.size(); ++i) squares += std::pow(a.cells[i].value - b.cells[i].value, 2);
        CAPTURE(listed);
        CHECK(b.cells.back().value - a.cells.back().value <= 3.0);
        CHECK(squares <= static_cast<double>(user.counts_l2_squared()));
        if (listed == 16) CHECK(squares == static_cast<double>(user.counts_l2_squared()));
        CHECK(a.cells.back().value == 50.0);
    }
}

TEST_CASE("intervals under Gaussian noise hold their level, and errors have the law's size") {
    FixedKeystream fixed(31);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    RhoBudget budget;
    constexpr int runs = 2000;
    const vedette::stats::Confidence confidence(0.9);
    const ReleaseLoss loss = Rho(0.02);  // sigma 5 for a count
    const Bounds bounds(0.0, 10.0);
    const PrivateCount count(anyone, loss, confidence);
    const PrivateSum sum(anyone, bounds, loss, confidence);
    const PrivateMean mean(anyone, bounds, loss, confidence);
    const PrivateVariance variance(anyone, bounds, loss, confidence);
    const PrivateCovariance covariance(anyone, bounds, bounds, loss, confidence);
    CountPartial rows = count.partial();
    MomentsPartial s = sum.partial(), m = mean.partial(), v = variance.partial(), c = covariance.partial();
    rows.add(500);
    for (int i = 0; i < 500; ++i) {
        const double x = i % 11;
        s.add(x);
        m.add(x);
        v.add(x);
        c.add(x, 10.0 - x);
    }
    double total = 0.0, squares_sum = 0.0;
    for (int i = 0; i < 500; ++i) {
        total += i % 11;
        squares_sum += (i % 11) * (i % 11);
    }
    const double average = total / 500.0, spread = squares_sum / 500.0 - average * average;
    int held[5] = {};
    double error = 0.0, sum_error = 0.0;
    for (int i = 0; i < runs; ++i) {
        const Release a = count.release(rows, budget, stream), b = sum.release(s, budget, stream);
        error += (a.value - 500.0) * (a.value - 500.0) / runs;
        sum_error += (b.value - total) * (b.value - total) / runs;
        held[0] += holds(a.interval, 500.0) ? 1 : 0;
        held[1] += holds(b.interval, total) ? 1 : 0;
        held[2] += holds(mean.release(m, budget, stream).interval, average) ? 1 : 0;
        held[3] += holds(variance.release(v, budget, stream).interval, spread) ? 1 : 0;
        held[4] += holds(covariance.release(c, budget, stream).interval, -spread) ? 1 : 0;
    }
    CHECK(budget.rho == doctest::Approx(5 * runs * 0.02));
    // Chi-square of 2000 degrees: six standard deviations are 0.19.
    CHECK(std::abs(error / 25.0 - 1.0) < 0.19);
    CHECK(std::abs(sum_error / 2500.0 - 1.0) < 0.19);
    // Binomial(2000, 0.9) is below 1720 with probability 2e-8; the count's and the sum's hold it nearly exactly.
    for (const int each : held) CHECK(each >= 1720);
    CHECK(held[0] <= 1900);
    CHECK(held[1] <= 1875);
    CHECK(count.release(rows, budget, stream).rho == 0.02);
    CHECK(count.release(rows, budget, stream).spent.epsilon == 0.0);
}

TEST_CASE("the discrete Gaussian's reach against its tail, summed") {
    for (const double sigma : {0.05, 0.3, 0.9, 1.0, 2.5, 20.0})
        for (const double alpha : {0.5, 0.05, 1e-3, 1e-9}) {
            CAPTURE(sigma);
            CAPTURE(alpha);
            const NoiseLaw law(Rho(0.5 / (sigma * sigma)), {1, 1});
            double all = 0.0;
            for (int k = -400; k <= 400; ++k) all += std::exp(-0.5 * k * k / (law.scale() * law.scale()));
            const auto beyond = [&](double t) {  // P(|X| > t)
                double tail = 0.0;
                for (int k = 400; k > t; --k) tail += std::exp(-0.5 * k * k / (law.scale() * law.scale()));
                return 2.0 * tail / all;
            };
            const double reach = law.reach(alpha);
            CHECK(beyond(reach) <= alpha * (1.0 + 1e-12));
            if (reach >= 2.0) CHECK(beyond(reach - 2.0) > alpha);  // within two of the least
        }
}

TEST_CASE("a private range: the powers of two that hold values, and nothing of a single one") {
    FixedKeystream fixed(41);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    RhoBudget budget;
    for (const ReleaseLoss& loss : {ReleaseLoss(Epsilon(1.0)), ReleaseLoss(Rho(0.5))}) {
        const PrivateRange range(anyone, {}, loss);
        CHECK(range.cells() == 141);
        RangePartial left = range.partial(), right = range.partial();
        for (int i = 0; i < 2000; ++i) (i % 2 == 0 ? left : right).add(i % 100 + 1.0);  // 1 to 100
        right.add(-1e12);
        right.add(std::nan(""));
        left.merge(right);
        int as_expected = 0;
        for (int i = 0; i < 200; ++i) {
            const RangeRelease release = range.release(left, budget, stream);
            REQUIRE(release.bounds);
            as_expected += release.bounds->lower() == 1.0 && release.bounds->upper() == 128.0 ? 1 : 0;
        }
        // One false cell in a thousand runs, at most; the cell of 1 holds 20 values, below the threshold at times.
        CHECK(as_expected >= 150);
        int told = 0;
        for (int i = 0; i < 2000; ++i) told += range.release(range.partial(), budget, stream).bounds ? 1 : 0;
        CHECK(told <= 12);  // Binomial(2000, 1e-3): more with probability 1e-6
    }
    const PrivateRange sharp(anyone, {.least = -2, .largest = 3}, Epsilon(500.0));
    const auto bounds_of = [&](std::vector<double> values) {
        RangePartial partial = sharp.partial();
        for (const double x : values)
            for (int i = 0; i < 50; ++i) partial.add(x);
        const RangeRelease release = sharp.release(partial, budget);
        return release.bounds ? std::vector{release.bounds->lower(), release.bounds->upper()} : std::vector<double>{};
    };
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(bounds_of({}) == std::vector<double>{});
    CHECK(bounds_of({0.0}) == std::vector{-0.25, 0.25});
    CHECK(bounds_of({-0.0, 5e-324}) == std::vector{-0.25, 0.25});
    CHECK(bounds_of({1.0, 1.5}) == std::vector{1.0, 2.0});
    CHECK(bounds_of({-1.0, 7.9}) == std::vector{-2.0, 8.0});
    CHECK(bounds_of({-infinity, infinity, std::nan("")}) == std::vector{-8.0, 8.0});
    CHECK(bounds_of({-0.3}) == std::vector{-0.5, -0.25});
    CHECK(code_of([&] { (void)PrivateRange(anyone, {3, 3}, Epsilon(1.0)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)PrivateRange(anyone, {}, Epsilon(1.0), 0.0); }) == ErrorCode::invalid_argument);
    const PrivateRange other(anyone, {.least = -2, .largest = 4}, Epsilon(1.0));
    CHECK(code_of([&] { (void)sharp.release(other.partial(), budget); }) == ErrorCode::dimension_mismatch);
    const PrivacyUnit user = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = 1, .rows = 4});
    CHECK(code_of([&] { PrivateRange(user, {}, Epsilon(1.0)).partial().add(1.0); }) == ErrorCode::invalid_argument);
    Contributions rows(user);
    for (int i = 0; i < 100; ++i) rows.add("one user", 1e9);
    CHECK(!PrivateRange(user, {}, Epsilon(2.0), 1e-9).release(rows, budget).bounds);  // 4 rows, threshold about 45
}

TEST_CASE("rates by group hold the exact ones, all together") {
    FixedKeystream fixed(51);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    RhoBudget budget;
    const PrivateGroupRates rates(anyone, {"north", "south"}, Epsilon(1.0), vedette::stats::Confidence(0.9));
    GroupRatesPartial counts = rates.partial(), more = rates.partial();
    counts.add("north", true, true, 300);  // recall 0.75
    counts.add("north", false, true, 100);
    counts.add("north", true, false, 100);  // false positives 0.2
    counts.add("north", false, false, 400);
    more.add("south", true, true, 100);  // recall 0.5
    more.add("south", false, true, 100);
    more.add("south", true, false, 30);  // 0.1
    more.add("south", false, false, 270);
    more.add("east", true, true, 7);
    counts.merge(more);
    constexpr int runs = 1000;
    int held = 0;
    for (int i = 0; i < runs; ++i) {
        const FairnessRelease release = rates.release(counts, budget, stream);
        REQUIRE(release.groups.size() == 3);
        const GroupRates &north = release.groups[0], &south = release.groups[1];
        const double selected[] = {400.0 / 900.0, 130.0 / 500.0};
        held += holds(north.rows.interval, 900.0) && holds(south.rows.interval, 500.0) &&
                        holds(release.groups[2].rows.interval, 7.0) && holds(north.selection.interval, selected[0]) &&
                        holds(south.selection.interval, selected[1]) && holds(north.true_positive.interval, 0.75) &&
                        holds(south.true_positive.interval, 0.5) && holds(north.false_positive.interval, 0.2) &&
                        holds(south.false_positive.interval, 0.1) &&
                        holds(release.parity_difference.interval, selected[0] - selected[1]) &&
                        holds(release.opportunity_difference.interval, 0.25) &&
                        holds(release.odds_difference.interval, 0.25)
                    ? 1
                    : 0;
        CHECK(std::abs(release.opportunity_difference.value - 0.25) < 0.2);
        CHECK(release.opportunity_difference.interval.upper - release.opportunity_difference.interval.lower < 0.4);
    }
    CHECK(held >= 840);  // Binomial(1000, 0.9): below with probability 1e-9
    CHECK(budget.epsilon == runs);
    const FairnessRelease empty = PrivateGroupRates(anyone, {"a", "b"}, Epsilon(100.0))
                                      .release(PrivateGroupRates(anyone, {"a", "b"}, Epsilon(100.0)).partial(), budget);
    CHECK(std::isnan(empty.parity_difference.value));
    CHECK(empty.parity_difference.interval.lower == 0.0);
    CHECK(empty.parity_difference.interval.upper == 1.0);
    CHECK(empty.groups[2].group.empty());
}

}  // namespace
