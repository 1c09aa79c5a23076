// SPDX-License-Identifier: Apache-2.0
// Statistics under privacy: limits per user, exact loss on neighbours, who pays first, hostile input, misuse.
#include "vedette/privacy/statistics.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "fixed_keystream.hpp"
#include "memory_disk.hpp"
#include "privacy/noise.hpp"
#include "test_budget.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);
const PrivacyUnit someone = PrivacyUnit::record(Neighbouring::replace_one);
const Epsilon sharp(0x1p19);

PrivacyUnit user_of(std::uint64_t partitions, std::uint64_t rows) {
    return PrivacyUnit::user(Neighbouring::add_remove, {.partitions = partitions, .rows = rows});
}

using Rows = std::multiset<std::pair<std::string, double>>;

Rows rows_of(const Contributions& contributions) {
    Rows rows;
    contributions.for_each(
        [&](double value, std::string_view partition) { rows.emplace(std::string(partition), value); });
    return rows;
}

struct Row {
    std::string user, partition;
    double value;
};

std::vector<Row> random_rows(std::uint64_t seed, int count) {
    vedette::Random random(seed);
    std::vector<Row> rows;
    for (int i = 0; i < count; ++i)
        rows.push_back({"u" + std::to_string(static_cast<int>(random.uniform() * 6.0)),
                        "p" + std::to_string(static_cast<int>(random.uniform() * 5.0)), static_cast<double>(i)});
    return rows;
}

// The rule, said plainly.
Rows limited_plainly(const std::vector<Row>& rows, const ContributionLimit& limit) {
    Rows kept;
    std::map<std::string, std::map<std::string, std::uint64_t>> users;
    for (const Row& row : rows) {
        auto& partitions = users[row.user];
        if (!partitions.contains(row.partition) && partitions.size() == limit.partitions) continue;
        if (++partitions[row.partition] <= limit.rows) kept.emplace(row.partition, row.value);
    }
    return kept;
}

// Of each user at most so many partitions, and of each of those at most so many rows.
void check_limit(const Contributions& kept, const std::vector<Row>& rows, const ContributionLimit& limit) {
    std::map<std::string, std::map<std::string, std::uint64_t>> counts;
    std::map<double, std::string> owner;
    for (const Row& row : rows) owner[row.value] = row.user;
    kept.for_each([&](double value, std::string_view partition) { ++counts[owner[value]][std::string(partition)]; });
    CHECK(counts.size() == 6);
    for (const auto& [user, partitions] : counts) {
        CHECK(partitions.size() <= limit.partitions);
        for (const auto& [partition, count] : partitions) CHECK(count <= limit.rows);
    }
}

// A statistic of a user's own: all that the release shows to it.
class Peeking final : public PrivateMoments {
  public:
    explicit Peeking(const PrivacyUnit& unit)
        : PrivateMoments(unit, {Bounds(0.0, 1.0)}, {Bounds(0.0, 1.0)}, false, Epsilon(1.0),
                         vedette::stats::Confidence(0.95)) {}

  private:
    [[nodiscard]] Noisy estimate(const std::vector<Noisy>& parts) const override {
        return {static_cast<double>(parts.size()), {}};
    }
};

TEST_CASE("moments: a number of rows that is not public and was not paid for reaches no estimate") {
    TestBudget budget;
    FixedKeystream stream(5);
    CHECK(Peeking(anyone).release(Peeking(anyone).partial(), budget, stream.operator->()).value == 1.0);
    CHECK(Peeking(someone).release(Peeking(someone).partial(), budget, stream.operator->()).value == 2.0);
}

TEST_CASE("the first rows of a user's first partitions count, however the rows were sharded") {
    for (const ContributionLimit limit : {ContributionLimit{1, 1}, {2, 3}, {3, 1}, {5, 100}, {1, 4}}) {
        const PrivacyUnit unit = user_of(limit.partitions, limit.rows);
        for (std::uint64_t seed = 0; seed < 10; ++seed) {
            const std::vector<Row> rows = random_rows(seed, 120);
            Contributions whole(unit), left(unit), right(unit);
            for (std::size_t i = 0; i < rows.size(); ++i) {
                whole.add(rows[i].user, rows[i].value, rows[i].partition);
                (i < 50 ? left : right).add(rows[i].user, rows[i].value, rows[i].partition);
            }
            CHECK(rows_of(whole) == limited_plainly(rows, limit));
            left.merge(right);
            if (limit.rows == 1 || limit.partitions == 5) CHECK(rows_of(left) == rows_of(whole));
            check_limit(left, rows, limit);
            const Rows before = rows_of(left);
            left.merge(left);  // its own rows once more come too late where the limit is reached
            for (const auto& row : before) CHECK(rows_of(left).contains(row));
        }
    }
}

TEST_CASE("a user who comes or goes moves nobody else's rows") {
    for (const ContributionChoice choice : {ContributionChoice::first, ContributionChoice::random}) {
        const PrivacyUnit unit = user_of(2, 2);
        Contributions all(unit, choice);
        for (const Row& row : random_rows(3, 200)) all.add(row.user, row.value, row.partition);
        check_limit(all, random_rows(3, 200), unit.limit());
        if (choice != ContributionChoice::first) continue;
        Contributions without(unit);
        for (const Row& row : random_rows(3, 200))
            if (row.user != "u0") without.add(row.user, row.value, row.partition);
        Rows rest = rows_of(all);
        for (const auto& row : rows_of(without)) {
            REQUIRE(rest.contains(row));
            rest.erase(rest.find(row));
        }
        CHECK(rest.size() <= unit.rows());
    }
}

TEST_CASE("a random choice prefers no row") {
    // One of four rows each: 4,000 users; beyond 6 standard deviations with a probability of 2e-9.
    Contributions rows(user_of(1, 1), ContributionChoice::random);
    for (int user = 0; user < 4000; ++user)
        for (int i = 0; i < 4; ++i) rows.add(std::to_string(user), i);
    std::map<double, int> counts;
    rows.for_each([&](double value, std::string_view) { ++counts[value]; });
    for (int i = 0; i < 4; ++i) CHECK(std::abs(counts[i] - 1000) < 6.0 * std::sqrt(4000 * 0.25 * 0.75));
}

TEST_CASE("a share of epsilon is never more than its part") {
    for (const double epsilon : {0.1, 1.0 / 3.0, 1.0, 0x1.fffffffffffffp0, 3.7})
        for (const std::uint64_t parts : {1U, 2U, 3U, 7U, 12345U, 1U << 20U}) {
            const double share = share_of(Epsilon(epsilon), parts).value();
            CHECK(std::fma(share, static_cast<double>(parts), -epsilon) <= 0.0);
            CHECK(share >= epsilon / static_cast<double>(parts) * (1.0 - 1e-15));
        }
}

TEST_CASE("the noise reaches beyond the interval with at most alpha, by the law summed term by term") {
    for (const double scale : {0.01, 0.05, 0.3, 0.5, 1.0, 2.5, 10.0, 77.7, 1000.0})
        for (const double alpha : {0.5, 0.05, 0.01, 1e-6}) {
            const double q = std::exp(-1.0 / scale), t = laplace_reach(scale, alpha);
            const auto beyond = [&](double reach) { return 2.0 * std::pow(q, reach + 1.0) / (1.0 + q); };
            double plainly = 0.0;
            for (int x = static_cast<int>(t) + 1; x < 40000; ++x)
                plainly += 2.0 * std::exp(-x / scale) * (1.0 - q) / (1.0 + q);
            CHECK(plainly == doctest::Approx(beyond(t)).epsilon(1e-9));
            CHECK(beyond(t) <= alpha * (1.0 + 1e-12));
            if (t > 0.0) CHECK(beyond(t - 1.0) > alpha * (1.0 - 1e-9));
            const double u = laplace_upper_reach(scale, alpha);
            CHECK(std::pow(q, u + 1.0) / (1.0 + q) <= alpha * (1.0 + 1e-12));
        }
}

// The greatest change of the integers that noise is added to, over all data sets of up to three rows from a few values
// and their neighbours by one record, beside the noise's scale: the loss, exactly.
TEST_CASE("over all small neighbours the loss of a sum is at most epsilon, and is reached") {
    const std::vector<double> values = {-infinity, -2.0, -0.7, 0.0, 0.3, 3.0, 1e300, not_a_number};
    for (const auto& [lower, upper] : {std::pair{-2.0, 3.0}, {0.0, 5.0}, {1.0, 4.0}, {-3.0, -1.0}})
        for (const PrivacyUnit& unit : {anyone, someone}) {
            const Bounds bounds(lower, upper);
            const LaplaceSum sum(bounds, unit.neighbouring(), Epsilon(0.5));
            const auto contribution = [&, lower = lower,
                                       upper = upper](double x) {  // as the statistic adds it, in grains
                const double middle = 0.5 * lower + 0.5 * upper;
                if (std::isnan(x)) return unit.knows_rows() ? std::nearbyint(middle / sum.grain()) : 0.0;
                return std::nearbyint(std::clamp(x, lower, upper) / sum.grain());
            };
            double worst = 0.0;
            for (const double a : values) {
                if (!unit.knows_rows()) worst = std::max(worst, std::abs(contribution(a)));
                for (const double b : values)
                    if (unit.knows_rows()) worst = std::max(worst, std::abs(contribution(a) - contribution(b)));
            }
            const double loss = worst / (sum.scale() / sum.grain());
            CHECK(loss <= 0.5);
            CHECK(loss > 0.35);
        }
}

// Values at a noise of practically none: what the statistic is of.
double exactly(const vedette::privacy::Release& release) {
    return release.value;
}

TEST_CASE("statistics of users: what one user's rows can do is what the noise is for") {
    // With little noise, the release is the statistic: remove one user, and see how far it moves.
    for (const Neighbouring neighbouring : {Neighbouring::add_remove, Neighbouring::replace_one})
        for (const auto& [lower, upper] : {std::pair{-2.0, 3.0}, {1.0, 4.0}, {-5.0, -1.0}}) {
            const PrivacyUnit unit = PrivacyUnit::user(neighbouring, {.partitions = 2, .rows = 3});
            const Bounds bounds(lower, upper);
            TestBudget budget;
            const auto sum_of = [&](double value, int rows) {
                Contributions contributions(unit);
                contributions.add("other", 0.5);
                for (int i = 0; i < rows; ++i)
                    contributions.add("user", value, std::string(1, static_cast<char>('a' + i % 4)));
                return exactly(PrivateSum(unit, bounds, sharp).release(contributions, budget));
            };
            double least = infinity, most = -infinity;
            for (const double value : {-1e9, -1.0, 0.0, 2.0, 1e9})
                for (const int rows : {0, 1, 7, 40}) {
                    least = std::min(least, sum_of(value, rows));
                    most = std::max(most, sum_of(value, rows));
                }
            const double without = sum_of(0.0, 0);
            const double change =
                neighbouring == Neighbouring::replace_one ? most - least : std::max(most - without, without - least);
            // Scale times epsilon is the sensitivity that noise was calibrated for: of 6 rows.
            const double paid = change / 6.0;
            const LaplaceSum one(bounds,
                                 neighbouring == Neighbouring::replace_one && lower < 0.0 && upper > 0.0
                                     ? Neighbouring::replace_one
                                     : Neighbouring::add_remove,
                                 Epsilon(1.0));
            CHECK(paid == doctest::Approx(one.scale()).epsilon(1e-3));
        }
}

TEST_CASE("with next to no noise the releases are NumPy's statistics") {
    // numpy 2.4.6: numpy.sum, mean, var and cov(bias=True) of the clamped values.
    const std::vector<double> x = {1.5, -0.25, 3.0, 9.0, 2.0, -7.0, 0.5}, y = {0.1, 0.9, 0.4, 0.5, 0.2, 1.0, 0.0};
    TestBudget budget;
    const Bounds bounds(-2.0, 4.0), unit_bounds(0.0, 1.0);
    for (const PrivacyUnit& unit : {anyone, someone}) {
        const PrivateSum sum(unit, bounds, sharp);
        const PrivateMean mean(unit, bounds, sharp);
        const PrivateVariance variance(unit, bounds, sharp);
        const PrivateCovariance covariance(unit, bounds, unit_bounds, sharp);
        MomentsPartial s = sum.partial(), m = mean.partial(), v = variance.partial(), c = covariance.partial();
        s.add(x);
        MomentsPartial m2 = mean.partial();
        m.add(std::span(x).first(3));
        m2.add(std::span(x).subspan(3));
        m.merge(m2);
        v.add(x);
        for (std::size_t i = 0; i < x.size(); ++i) c.add(x[i], y[i]);
        CHECK(sum.release(s, budget).value == doctest::Approx(8.75).epsilon(1e-3));
        CHECK(mean.release(m, budget).value == doctest::Approx(1.25).epsilon(1e-3));
        CHECK(variance.release(v, budget).value == doctest::Approx(3.517857142857143).epsilon(1e-3));
        CHECK(covariance.release(c, budget).value == doctest::Approx(-0.3357142857142857).epsilon(1e-3));
        const Release interval = variance.release(v, budget);
        CHECK(interval.interval.lower <= interval.value);
        CHECK(interval.interval.upper >= interval.value);
        CHECK(interval.interval.upper - interval.interval.lower < 0.01);
    }
    CountPartial n = PrivateCount(anyone, sharp).partial(), more = n;
    n.add(7);
    more.add();
    n.merge(more);
    const Release count = PrivateCount(anyone, sharp).release(n, budget);
    CHECK(count.value == 8.0);
    CHECK(count.interval.lower == 8.0);
    CHECK(count.spent.epsilon == sharp.value());
}

TEST_CASE("hostile values: clamped, or left out, or the middle where the number of records is public") {
    TestBudget budget;
    const Bounds bounds(-1.0, 3.0);
    const auto mean_of = [&](const PrivacyUnit& unit, const std::vector<double>& values) {
        // The noise is real: an interval misses once in a billion releases.
        const PrivateMean mean(unit, bounds, sharp, vedette::stats::Confidence(1.0 - 1e-9));
        MomentsPartial partial = mean.partial();
        partial.add(values);
        return mean.release(partial, budget);
    };
    CHECK(mean_of(anyone, {infinity, -infinity}).value == doctest::Approx(1.0).epsilon(1e-3));
    CHECK(mean_of(anyone, {not_a_number, 3.0}).value == doctest::Approx(3.0).epsilon(1e-3));
    CHECK(mean_of(someone, {not_a_number, 3.0}).value == doctest::Approx(2.0).epsilon(1e-3));
    CHECK(mean_of(anyone, {std::numeric_limits<double>::denorm_min(), -0.0, 1e308}).value ==
          doctest::Approx(1.0).epsilon(1e-3));
    for (const PrivacyUnit& unit : {anyone, someone}) {
        const Release none = mean_of(unit, {});
        CHECK(none.value == 1.0);  // the middle
        CHECK(none.interval.lower <= none.value);
        CHECK(none.interval.upper >= none.value);
    }
    const PrivateVariance variance(anyone, bounds, Epsilon(0.01));
    for (int i = 0; i < 200; ++i) {
        const Release noisy = variance.release(variance.partial(), budget);
        CHECK((noisy.value >= 0.0 && noisy.value <= 4.0));
        CHECK((noisy.interval.lower >= 0.0 && noisy.interval.upper <= 4.0));
        CHECK(noisy.interval.lower <= noisy.interval.upper);
    }
}

TEST_CASE("nothing is released, and no noise drawn, that is not paid for") {
    TestBudget budget(1.0);
    const PrivateCount count(anyone, Epsilon(0.75));
    FixedKeystream stream(11), twin(11);
    (void)count.release(count.partial(), budget, &static_cast<detail::Keystream&>(stream));
    (void)draw(laplace_for(1, Epsilon(0.75)), twin);
    CHECK(code_of([&] { (void)count.release(count.partial(), budget, &static_cast<detail::Keystream&>(stream)); }) ==
          ErrorCode::budget_exhausted);
    CHECK(budget.spent == 0.75);
    CHECK(stream->word() == twin->word());

    const auto disk = std::make_shared<vedette::testing::MemoryDisk>();
    Ledger ledger = Ledger::create(std::make_unique<vedette::testing::DiskStorage>(disk));
    const LedgerAccount account{"data", "analyst", "test"};
    ledger.grant(account, LedgerCost::budget(1.0), {0, 10});
    LedgerBudget from_ledger(ledger, account, 5);
    CHECK(count.release(count.partial(), from_ledger).spent.epsilon == 0.75);
    CHECK(ledger.balances(account)[0].spent == LedgerCost::of(0.75));
    CHECK(code_of([&] { (void)count.release(count.partial(), from_ledger); }) == ErrorCode::budget_exhausted);
    PrivacyFilter filter({1.0, 0.0});
    FilterBudget from_filter(filter);
    (void)count.release(count.partial(), from_filter);
    CHECK(code_of([&] { (void)count.release(count.partial(), from_filter); }) == ErrorCode::budget_exhausted);
}

TEST_CASE("misuse is refused, and a bare number stands for nothing") {
    static_assert(!std::is_constructible_v<PrivateCount, PrivacyUnit, double>);
    static_assert(!std::is_constructible_v<PrivateSum, PrivacyUnit, Bounds, double>);
    static_assert(!std::is_constructible_v<PrivateSum, Neighbouring, Bounds, Epsilon>);
    static_assert(!std::is_constructible_v<PrivateSum, PrivacyUnit, double, Epsilon>);
    TestBudget budget;
    const auto invalid = ErrorCode::invalid_argument, mismatch = ErrorCode::dimension_mismatch;
    for (const auto& [partitions, rows] :
         {std::pair{0U, 1U}, {1U, 0U}, {1U << 11U, 1U << 10U}, {~0U, ~0U}, {(1U << 20U) + 1U, 1U}})
        CHECK(code_of([&, p = partitions, r = rows] { (void)user_of(p, r); }) == invalid);
    CHECK(code_of([&] { (void)Contributions(anyone); }) == invalid);
    CHECK(code_of([&] { (void)PrivateCount(someone, Epsilon(1.0)); }) == invalid);
    CHECK(code_of([&] { (void)PrivateCount(anyone, Epsilon(0x1p-41)); }) == invalid);
    CHECK(code_of([&] { (void)PrivateSum(anyone, Bounds(0.0, 0.0), Epsilon(1.0)); }) == invalid);
    CHECK(code_of([&] { (void)PrivateVariance(anyone, Bounds(-1e300, 1e300), Epsilon(1.0)); }) == invalid);
    const PrivacyUnit user = user_of(1, 2);
    CHECK(code_of([&] { PrivateCount(user, Epsilon(1.0)).partial().add(); }) == invalid);
    CHECK(code_of([&] { PrivateSum(user, Bounds(0, 1), Epsilon(1.0)).partial().add(1.0); }) == invalid);
    CHECK(code_of([&] { PrivateSum(anyone, Bounds(0, 1), Epsilon(1.0)).partial().add(1.0, 2.0); }) == invalid);
    const PrivateMean mean(user, Bounds(0, 1), Epsilon(1.0));
    CHECK(code_of([&] { (void)mean.release(Contributions(user_of(1, 3)), budget); }) == mismatch);
    CHECK(code_of([&] { (void)mean.release(PrivateMean(user, Bounds(0, 2), Epsilon(1.0)).partial(), budget); }) ==
          mismatch);
    CHECK(code_of([&] { (void)mean.release(PrivateMean(user, Bounds(0, 1), Epsilon(0.001)).partial(), budget); }) ==
          mismatch);
    CHECK(code_of([&] { (void)mean.release(PrivateSum(user, Bounds(0, 1), Epsilon(1.0)).partial(), budget); }) ==
          mismatch);
    CHECK(code_of([&] { Contributions(user).merge(Contributions(user, ContributionChoice::random)); }) == mismatch);
    CountPartial full = PrivateCount(anyone, Epsilon(1.0)).partial();
    full.add(std::uint64_t{1} << 62U);
    CHECK(code_of([&] { full.add(); }) == ErrorCode::overflow);
    CHECK(budget.spent == 0.0);
}

TEST_CASE("the reach of a sum of draws: of large scales it is that of the continuous law") {
    for (const std::uint64_t draws : {2ULL, 64ULL, 2000ULL}) {
        CAPTURE(draws);
        constexpr double scale = 1.1e12 / 3.0;
        double least = infinity;
        for (int i = 1; i < 64; ++i) {
            const double t = i / 64.0;
            least = std::min(least, (std::log(40.0) - static_cast<double>(draws) * std::log1p(-t * t)) / t);
        }
        CHECK(std::abs(laplace_sum_reach(scale, draws, 0.05) / (scale * least) - 1.0) < 1e-9);
    }
}

TEST_CASE("of hardly any rows: a statistic lies within its own interval, which holds what it is without noise") {
    const Bounds bounds(-3.0, 5.0);
    const PrivateMean mean(anyone, bounds, Epsilon(0.5), vedette::stats::Confidence(0.5));
    const PrivateVariance variance(anyone, bounds, Epsilon(0.5), vedette::stats::Confidence(0.5));
    const PrivateCovariance covariance(anyone, bounds, bounds, Epsilon(0.5), vedette::stats::Confidence(0.5));
    TestBudget budget;
    for (const int rows : {0, 1, 3}) {
        CAPTURE(rows);
        MomentsPartial m = mean.partial(), v = variance.partial(), c = covariance.partial();
        for (int i = 0; i < rows; ++i) {
            m.add(4.0);
            v.add(4.0);
            c.add(4.0, 4.0);
        }
        FixedKeystream stream(71);
        int covered = 0, moved = 0;
        constexpr int runs = 2000;
        for (int run = 0; run < runs; ++run) {
            const auto inside = [](const Release& release) {
                return release.interval.lower <= release.value && release.value <= release.interval.upper;
            };
            const Release of_mean = mean.release(m, budget, stream.operator->());
            CHECK(inside(of_mean));
            CHECK(inside(variance.release(v, budget, stream.operator->())));
            CHECK(inside(covariance.release(c, budget, stream.operator->())));
            const double truth = rows == 0 ? 1.0 : 4.0;  // the middle of the bounds, of none
            covered += of_mean.interval.lower <= truth && truth <= of_mean.interval.upper ? 1 : 0;
            moved += of_mean.interval.lower > 1.0 || of_mean.interval.upper < 1.0 ? 1 : 0;
        }
        // At least half, less 5 standard deviations of a binomial of one half.
        CHECK(covered >= runs / 2 - 5 * 23);
        // In some the middle lies outside: there the value is no longer the middle.
        if (rows == 0) CHECK(moved > 0);
    }
}

}  // namespace
