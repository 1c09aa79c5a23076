// SPDX-License-Identifier: Apache-2.0
// Covariances, two-way tables and rates by group under a unit that is a user: what counts, how wide the noise is, and
// that no user, however many rows they have, is told apart by more than epsilon.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "fixed_keystream.hpp"
#include "test_budget.hpp"
#include "vedette/privacy/audit.hpp"
#include "vedette/privacy/group_rates.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/statistics.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);
const Epsilon sharp(1e5);

PrivacyUnit user_of(std::uint64_t partitions, std::uint64_t rows,
                    Neighbouring neighbouring = Neighbouring::add_remove) {
    return PrivacyUnit::user(neighbouring, {.partitions = partitions, .rows = rows});
}

TEST_CASE("a covariance is of the rows that count: the first, or as many random ones") {
    // numpy 2.4.6: cov(bias=True) of the clamped values, as of records; the rows beyond the limit are far off.
    const std::vector<double> x = {1.5, -0.25, 3.0, 9.0, 2.0, -7.0, 0.5}, y = {0.1, 0.9, 0.4, 0.5, 0.2, 1.0, 0.0};
    TestBudget budget;
    const PrivacyUnit unit = user_of(1, 2);
    const PrivateCovariance covariance(unit, Bounds(-2.0, 4.0), Bounds(0.0, 1.0), sharp);
    PairContributions all(unit), first(unit), second(unit);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const std::string user = "user " + std::to_string(i / 2);
        all.add(user, {x[i], y[i]});
        (i < 3 ? first : second).add(user, {x[i], y[i]});
        if (i % 2 == 1)
            for (int more = 0; more < 50; ++more) all.add(user, {4.0, 1.0});
    }
    first.merge(second);
    CHECK(all.users() == 4);
    CHECK(all.rows() == 7);
    CHECK(covariance.release(all, budget).value == doctest::Approx(-0.3357142857142857).epsilon(1e-2));
    CHECK(covariance.release(first, budget).value == doctest::Approx(-0.3357142857142857).epsilon(1e-2));
    // A row with a missing value counts towards the limit, and is left out.
    const double missing = std::numeric_limits<double>::quiet_NaN();
    PairContributions holes(unit);
    for (const char* user : {"a", "b"}) {
        holes.add(user, {missing, 1.0});
        holes.add(user, {user[0] == 'a' ? 4.0 : -2.0, user[0] == 'a' ? 1.0 : 0.0});
        holes.add(user, {1.0, 0.5});
    }
    CHECK(covariance.release(holes, budget).value == doctest::Approx(1.5).epsilon(1e-2));  // of (4, 1) and (-2, 0)
    PairContributions random(unit, ContributionChoice::random);
    for (int i = 0; i < 100; ++i) random.add("one", {1.0 * i, 0.0});
    CHECK(random.rows() == 2);
}

TEST_CASE("noise grows with a user's rows, twice where users are replaced in tables") {
    const auto width = [](const PrivacyUnit& unit) {
        TestBudget budget;
        FixedKeystream stream(5);
        const PrivateCovariance mechanism(unit, Bounds(0.0, 1.0), Bounds(0.0, 1.0), Epsilon(1.0));
        MomentsPartial partial = mechanism.partial();
        if (unit.is_user()) {
            PairContributions rows(unit);
            for (int i = 0; i < 40'000; ++i) rows.add(std::to_string(i), {0.5, 0.5});
            partial = mechanism.partial(rows);
        } else {
            for (int i = 0; i < 40'000; ++i) partial.add(0.5, 0.5);
        }
        const auto interval = mechanism.release(partial, budget, &static_cast<detail::Keystream&>(stream)).interval;
        return interval.upper - interval.lower;
    };
    const double one = width(anyone);
    CHECK(width(user_of(1, 1)) == doctest::Approx(one).epsilon(1e-6));
    CHECK(width(user_of(1, 10)) == doctest::Approx(10.0 * one).epsilon(0.1));
    CHECK(width(user_of(5, 2)) == doctest::Approx(10.0 * one).epsilon(0.1));
    for (const std::uint64_t partitions : {1U, 3U})
        for (const std::uint64_t rows : {1U, 7U}) {
            const auto scale = static_cast<double>(partitions * rows) / 0.5;
            CHECK(PrivateContingencyTable(user_of(partitions, rows), {"a"}, {"b"}, Epsilon(0.5)).scale() == scale);
            CHECK(PrivateContingencyTable(user_of(partitions, rows, Neighbouring::replace_one), {"a"}, {"b"},
                                          Epsilon(0.5))
                      .scale() == 2.0 * scale);
            CHECK(PrivateGroupRates(user_of(partitions, rows), {"a"}, Epsilon(0.5)).scale() == scale);
            CHECK(PrivateGroupRates(user_of(partitions, rows), {"a"}, Rho(0.5)).scale() ==
                  doctest::Approx(std::sqrt(static_cast<double>(partitions)) * static_cast<double>(rows)));
        }
}

// The squared Euclidean distance and the L1 distance of two states.
struct Distance {
    double l1 = 0.0, squares = 0.0;
};

Distance distance(const CellCounts& a, const CellCounts& b) {
    Distance result;
    for (std::size_t i = 0; i < a.exact().size(); ++i) {
        const double each = static_cast<double>(a.exact()[i]) - static_cast<double>(b.exact()[i]);
        result.l1 += std::abs(each);
        result.squares += each * each;
    }
    return result;
}

TEST_CASE("one user moves a table by no more than its sensitivities, whatever categories are listed") {
    const PrivacyUnit unit = user_of(6, 3);
    TableContributions without(unit);
    for (int i = 0; i < 30; ++i) without.add("someone " + std::to_string(i), "0", i % 2 == 0 ? "0" : "elsewhere");
    // Of 4 x 4 cells the user fills every one with 5 rows; names that hold each other's separators stay apart.
    TableContributions with = without;
    for (int row = 0; row < 4; ++row)
        for (int column = 0; column < 4; ++column)
            for (int i = 0; i < 5; ++i) with.add("one user", std::to_string(row), std::to_string(column));
    CHECK(with.rows() == without.rows() + 18);
    for (int listed = 1; listed <= 4; ++listed) {
        std::vector<std::string> names;
        for (int i = 0; i < listed; ++i) names.push_back(std::to_string(i));
        const PrivateContingencyTable table(unit, names, names, Epsilon(1.0));
        const Distance moved = distance(table.partial(with).counts(), table.partial(without).counts());
        CAPTURE(listed);
        CHECK(moved.l1 > 0.0);
        CHECK(moved.l1 <= static_cast<double>(unit.counts_sensitivity()));
        CHECK(moved.squares <= static_cast<double>(unit.counts_l2_squared()));
        if (listed == 4) {
            CHECK(moved.l1 == static_cast<double>(unit.counts_sensitivity()));
            CHECK(moved.squares == static_cast<double>(unit.counts_l2_squared()));
        }
    }
    const PrivateContingencyTable names(user_of(9, 9), {"a", "1:a", ""}, {"1:a", "a", ""}, Epsilon(1.0));
    TableContributions tricky(user_of(9, 9));
    tricky.add("u", "a", "1:a");
    tricky.add("u", "1:a", "a");
    tricky.add("u", "", "a");
    tricky.add("u", "", "");
    const std::vector<std::uint64_t> wanted = {1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0};
    const ContingencyPartial counted = names.partial(tricky);
    CHECK(std::vector<std::uint64_t>(counted.counts().exact().begin(), counted.counts().exact().end()) == wanted);
}

TEST_CASE("one user moves rates by group by no more than the sensitivities; outcomes of a group share its limit") {
    const PrivacyUnit unit = user_of(2, 3);
    DecisionContributions without(unit);
    for (int i = 0; i < 40; ++i)
        without.add("someone " + std::to_string(i), {i % 2 == 0, i % 4 < 2}, i % 3 == 0 ? "north" : "south");
    for (int listed = 0; listed < 3; ++listed) {
        std::vector<std::string> groups = {"north"};
        if (listed > 0) groups.emplace_back("south");
        if (listed > 1) groups.emplace_back("west");
        const PrivateGroupRates rates(unit, groups, Epsilon(1.0));
        double most = 0.0;
        // A user with one outcome, or with all of them, in groups that are listed or not.
        for (const bool mixed : {false, true})
            for (const auto& where : {std::vector<std::string>{"north", "south", "west"}, {"west", "east"}, {"east"}}) {
                DecisionContributions with = without;
                for (const std::string& group : where)
                    for (int i = 0; i < 8; ++i) with.add("one user", {mixed && i % 2 == 1, mixed && i % 3 == 1}, group);
                const Distance moved =
                    distance(rates.partial(with).counts().counts(), rates.partial(without).counts().counts());
                CHECK(moved.l1 <= static_cast<double>(unit.counts_sensitivity()));
                CHECK(moved.squares <= static_cast<double>(unit.counts_l2_squared()));
                most = std::max(most, moved.squares);
            }
        CHECK(most == static_cast<double>(unit.counts_l2_squared()));
    }
    // The first three decisions of each user of one group, and their rates.
    TestBudget budget;
    DecisionContributions few(user_of(1, 3));
    for (int user = 0; user < 100; ++user)
        for (int i = 0; i < 10; ++i) few.add(std::to_string(user), {i == 0, i < 2}, user < 50 ? "north" : "south");
    const FairnessRelease release = PrivateGroupRates(few.unit(), {"north", "south"}, sharp).release(few, budget);
    CHECK(release.groups[0].rows.value == doctest::Approx(150.0));
    CHECK(release.groups[1].selection.value == doctest::Approx(1.0 / 3.0));
    CHECK(release.groups[1].true_positive.value == doctest::Approx(0.5));
    CHECK(release.groups[1].false_positive.value == doctest::Approx(0.0));
}

TEST_CASE("an audit does not refute epsilon for a user of many rows, and does where no limit is kept") {
    FixedKeystream fixed(77);
    auto* const stream = &static_cast<detail::Keystream&>(fixed);
    TestBudget budget;
    const Bounds bounds(0.0, 1.0);
    const auto audit = [&](const PrivacyUnit& unit) {
        const PrivateCovariance mechanism(unit, bounds, bounds, Epsilon(1.0));
        std::vector<MomentsPartial> states;
        for (const bool is_in : {true, false}) {
            PairContributions rows(user_of(1, 4));
            MomentsPartial records = PrivateCovariance(anyone, bounds, bounds, Epsilon(1.0)).partial();
            const auto add = [&](const std::string& user, double x, double y) {
                rows.add(user, {x, y});
                if (!unit.is_user()) records.add(x, y);
            };
            for (int i = 0; i < 20; ++i) add(std::to_string(i), i % 2, (i / 2) % 2);
            for (int i = 0; is_in && i < 200; ++i) add("one user", i % 2, i % 2);
            states.push_back(unit.is_user() ? mechanism.partial(rows) : records);
        }
        return audit_mechanism(
                   [&](AuditInput input) {
                       const auto& state = states[input == AuditInput::first ? 0 : 1];
                       return mechanism.release(state, budget, stream).value;
                   },
                   20'000, 0.0, vedette::stats::Confidence(1.0 - 1e-9))
            .epsilon;
    };
    CHECK(audit(user_of(1, 4)) <= 1.0);
    CHECK(audit(anyone) > 1.0);
}

TEST_CASE("misuse is refused, and nothing is spent") {
    const auto invalid = ErrorCode::invalid_argument, mismatch = ErrorCode::dimension_mismatch;
    const PrivacyUnit user = user_of(1, 2), other = user_of(2, 1);
    const Bounds bounds(0.0, 1.0);
    TestBudget budget;
    const PrivateCovariance covariance(user, bounds, bounds, Epsilon(1.0));
    const PrivateContingencyTable table(user, {"a"}, {"b"}, Epsilon(1.0));
    const PrivateGroupRates rates(user, {"a"}, Epsilon(1.0));
    CHECK(code_of([&] { covariance.partial().add(0.0, 1.0); }) == invalid);
    CHECK(code_of([&] { table.partial().add("a", "b"); }) == invalid);
    CHECK(code_of([&] { rates.partial().add("a", true, true); }) == invalid);
    CHECK(code_of([&] { (void)PairContributions(anyone); }) == invalid);
    CHECK(code_of([&] { (void)TableContributions(anyone); }) == invalid);
    CHECK(code_of([&] { (void)DecisionContributions(anyone); }) == invalid);
    CHECK(code_of([&] { (void)covariance.release(PairContributions(other), budget); }) == mismatch);
    CHECK(code_of([&] { (void)table.release(TableContributions(other), budget); }) == mismatch);
    CHECK(code_of([&] { (void)rates.release(DecisionContributions(other), budget); }) == mismatch);
    CHECK(code_of([&] { (void)covariance.release(Contributions(user), budget); }) == invalid);
    CHECK(code_of([&] { (void)PrivateMean(user, bounds, Epsilon(1.0)).release(PairContributions(user), budget); }) ==
          invalid);
    PairContributions pairs(user);
    CHECK(code_of([&] { pairs.merge(PairContributions(user, ContributionChoice::random)); }) == mismatch);
    CHECK(budget.spent == 0.0);
}

}  // namespace
