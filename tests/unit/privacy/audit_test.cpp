// SPDX-License-Identifier: Apache-2.0
// Audits: their formulas against sums in 50 digits and published values, the event chosen, and misuse.
#include "vedette/privacy/audit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/privacy/accounting.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;
using vedette::Error;
using vedette::ErrorCode;
using vedette::stats::Confidence;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
const Confidence usual(0.95);

double number(const nlohmann::json& text) {
    return std::stod(text.get<std::string>());
}

// A lower bound may be `slack` below the truth, never above it.
void check_below(double bound, double truth, double slack) {
    CHECK(bound <= truth);
    CHECK(bound >= truth - slack);
}

template <class Call>
void check_refused(ErrorCode code, const Call& call) {
    try {
        static_cast<void>(call());
        FAIL("accepted");
    } catch (const Error& error) {
        CHECK(error.code() == code);
    }
}

TEST_CASE("p-values of one run are those of the theorem, rounded up") {
    for (const auto& row : oracle_data("privacy_audit.json")["one_run_p_values"]) {
        CAPTURE(row.dump());
        const double truth = number(row[5]);
        const double p = one_run_p_value({row[0], row[1], row[2]}, row[3], row[4]);
        CHECK(p >= truth);
        CHECK(p <= truth * (1.0 + 1e-8) + 1e-300);
    }
}

TEST_CASE("epsilon of one run") {
    for (const auto& row : oracle_data("privacy_audit.json")["one_run_epsilons"]) {
        CAPTURE(row.dump());
        check_below(one_run_epsilon({row[0], row[1], row[2]}, row[3], Confidence(row[4])), number(row[5]), 1e-6);
    }
    // As printed by Steinke, Nasr and Jagielski (2023), appendix D and section 7, the second one cut off.
    CHECK(one_run_epsilon({1000, 100, 75}, 1e-4, usual) == doctest::Approx(0.673).epsilon(1e-3));
    CHECK(std::floor(1000.0 * one_run_epsilon({100000, 1510, 1439}, 1e-5, usual)) == 2675.0);
    // Without delta it is Clopper and Pearson's end, here of all guesses right: q^n = 1 - level.
    const double q = std::pow(0.05, 1.0 / 1000.0);
    check_below(one_run_epsilon({1000, 1000, 1000}, 0.0, usual), std::log(q / -std::expm1(std::log(0.05) / 1000.0)),
                1e-6);
}

TEST_CASE("one run: more right guesses never say less, more canaries, delta or confidence never more") {
    double before = 0.0;
    for (std::uint64_t correct = 0; correct <= 200; ++correct) {
        const double epsilon = one_run_epsilon({400, 200, correct}, 1e-5, usual);
        CHECK(epsilon >= before);
        CHECK(one_run_epsilon({800, 200, correct}, 1e-5, usual) <= epsilon);
        CHECK(one_run_epsilon({400, 200, correct}, 1e-4, usual) <= epsilon);
        CHECK(one_run_epsilon({400, 200, correct}, 1e-5, Confidence(0.99)) <= epsilon);
        before = epsilon;
    }
    CHECK(before > 3.0);
    // The largest sizes, in which sums must not run over every guess.
    const double large = one_run_epsilon({1'000'000'000, 1'000'000'000, 800'000'000}, 1e-15, usual);
    CHECK(large < std::log(4.0));
    CHECK(large > std::log(4.0) - 1e-3);
    CHECK(one_run_p_value({1'000'000'000, 1'000'000'000, 1'000'000'000}, 0.0, 1e-9) ==
          doctest::Approx(4e-9).epsilon(1e-3));
    CHECK(one_run_p_value({10, 10, 10}, 700.0, 0.5) == 1.0);
    // Beyond what doubles hold, delta's share must not be rounded away: here 2 m delta / (v - i) of nearly all mass.
    const double share = one_run_p_value({1'000'000, 1'000'000, 1'000'000}, 5.0, 1e-3);
    const double wrong = 1.0 / (1.0 + std::exp(5.0));
    CHECK(share > 2e3 / (1e6 * wrong + 400.0));
    CHECK(share < 2e3 / (1e6 * wrong - 400.0));
}

TEST_CASE("bounds from the counts of one event") {
    for (const auto& entry : oracle_data("privacy_audit.json")["events"]) {
        CAPTURE(entry.dump());
        const auto& c = entry["counts"];
        const AuditCounts counts{c[0], c[1], c[2], c[3]};
        const Confidence confidence(entry["confidence"].get<double>());
        const AuditErrorRates rates = audit_error_rates(counts, confidence);
        CHECK(rates.false_positive.upper >= number(entry["false_positive"]));
        CHECK(rates.false_positive.upper <= number(entry["false_positive"]) * (1.0 + 1e-8));
        CHECK(rates.false_negative.upper >= number(entry["false_negative"]));
        CHECK(rates.false_negative.upper <= number(entry["false_negative"]) * (1.0 + 1e-8));
        for (const auto& row : entry["epsilons"])
            check_below(audit_epsilon(counts, row[0], confidence), number(row[1]), 1e-7);
        check_below(audit_gdp_mu(counts, confidence), number(entry["mu"]), 1e-7);
        check_below(audit_gaussian_epsilon(counts, 1e-5, confidence), number(entry["gaussian_epsilon"]), 1e-6);
        for (const auto& row : entry["renyi"]) {
            const double truth = number(row[1]);
            check_below(audit_renyi(counts, row[0], confidence), truth, 1e-6 * (1.0 + truth));
        }
    }
}

// Where quantiles of the beta law were seen to be off by more than 1e-9.
TEST_CASE("rates of few hits in a thousand million runs are bounded from above all the same") {
    const auto check = [](std::uint64_t hits, std::uint64_t runs, double level) {
        const AuditErrorRates rates = audit_error_rates({runs, runs, runs, hits}, Confidence(level));
        const double tail = 0.5 * (1.0 - level);
        const double reached = vedette::stats::binomial_cdf(hits, runs, rates.false_positive.upper);
        CHECK(reached <= tail);
        CHECK(reached >= tail * (1.0 - 1e-5));
        CHECK(rates.false_positive.lower <= static_cast<double>(hits) / static_cast<double>(runs));
    };
    check(14, 1'047'364'436, 0.775862);
    check(18, 573'080'832, 0.999976);
    check(4, 1'513'956'704, 0.999985);
    check(12, 358'638'220, 0.989859);
    for (std::uint64_t hits = 0; hits < 40; ++hits) check(hits, 100'000'000'000, 0.95);
}

TEST_CASE("an event that tells nothing, or the wrong thing, refutes nothing") {
    for (const AuditCounts& counts : {AuditCounts{100, 0, 100, 0}, {100, 100, 100, 100}, {1000, 300, 1000, 700}}) {
        CHECK(audit_epsilon(counts, 0.0, usual) == 0.0);
        CHECK(audit_gdp_mu(counts, usual) == 0.0);
        CHECK(audit_gaussian_epsilon(counts, 1e-6, usual) == 0.0);
        CHECK(audit_renyi(counts, 2.0, usual) == 0.0);
    }
    CHECK(audit_epsilon({1000, 1000, 1000, 0}, 0.999, usual) == 0.0);
    const std::uint64_t many = std::uint64_t{1} << 62;
    CHECK(audit_epsilon({many, many, many, 0}, 0.0, usual) > 40.0);
}

TEST_CASE("the event is found wherever the laws differ") {
    vedette::Random random(11);
    const auto draw = [&](std::size_t n, const auto& law) {
        std::vector<double> values(n);
        for (double& x : values) x = law();
        return values;
    };
    const std::size_t n = 20000;
    const auto normal = [&] { return random.normal(); };
    SUBCASE("a shift") {
        const auto audit = audit_outputs(draw(n, [&] { return random.normal() + 1.0; }), draw(n, normal), 1e-3, usual);
        CHECK(audit.epsilon > 1.7);
        CHECK(audit.epsilon <= gaussian_epsilon(1.0, 1e-3));
        CHECK(audit.counts.first_runs == n / 2);
        CHECK(audit.event.contains(infinity));
        CHECK_FALSE(audit.event.contains(-infinity));
        CHECK_FALSE(audit.event.contains(nan));
        CHECK(audit_gdp_mu(audit.counts, usual) > 0.5);
        CHECK(audit_gdp_mu(audit.counts, usual) <= 1.0);
    }
    SUBCASE("two bumps around one: no threshold tells them apart") {
        const auto bumps = [&] { return (random.uniform() < 0.5 ? 3.0 : -3.0) + 0.5 * random.normal(); };
        const auto audit = audit_outputs(draw(n, bumps), draw(n, [&] { return 0.5 * random.normal(); }), 0.0, usual);
        CHECK(audit.epsilon > 7.0);
        CHECK(audit.event.ranges.size() == 2);
        CHECK(audit.event.contains(-3.0));
        CHECK(audit.event.contains(3.0));
        CHECK_FALSE(audit.event.contains(0.0));
    }
    SUBCASE("NaN where the other input has none") {
        const auto audit = audit_outputs(draw(n, [&] { return random.uniform() < 0.1 ? nan : random.normal(); }),
                                         draw(n, normal), 0.0, usual);
        CHECK(audit.epsilon > 5.0);
        CHECK(audit.event.contains(nan));
        CHECK(audit.event.ranges.empty());
    }
    SUBCASE("NaN where the other input never has it, the other way round") {
        const auto audit = audit_outputs(
            draw(n, normal), draw(n, [&] { return random.uniform() < 0.1 ? nan : random.normal(); }), 0.0, usual);
        CHECK(audit.epsilon > 5.0);
        CHECK_FALSE(audit.event.contains(nan));
    }
    SUBCASE("a single value among ties, infinities and denormals") {
        const double tiny = std::numeric_limits<double>::denorm_min();
        const std::vector<double> common = {-infinity, -1.0, -tiny, 0.0, tiny, 1.0, infinity};
        const auto pick = [&] { return common[static_cast<std::size_t>(random.uniform() * 7.0)]; };
        const auto audit = audit_outputs(draw(n, [&] { return random.uniform() < 0.3 ? 2.0 * tiny : pick(); }),
                                         draw(n, pick), 0.0, usual);
        CHECK(audit.epsilon > 6.0);
        CHECK(audit.event.contains(2.0 * tiny));
        CHECK_FALSE(audit.event.contains(tiny));
        CHECK_FALSE(audit.event.contains(1.0));
        CHECK_FALSE(audit.event.contains(-0.0));
    }
    SUBCASE("integers that doubles cannot tell apart, up to the ends of their range") {
        std::vector<std::int64_t> first(2000), second(2000);
        const std::int64_t end = std::numeric_limits<std::int64_t>::max();
        for (std::size_t i = 0; i < first.size(); ++i) {
            first[i] = i % 2 == 0 ? end : std::numeric_limits<std::int64_t>::min();
            second[i] = i % 2 == 0 ? end - 1 : std::numeric_limits<std::int64_t>::min();
        }
        const auto audit = audit_outputs(std::span<const std::int64_t>(first), second, 0.0, usual);
        CHECK(audit.epsilon > 4.0);
        CHECK(audit.event.contains(end));
        CHECK_FALSE(audit.event.contains(end - 1));
    }
    SUBCASE("outputs all alike") {
        const std::vector<double> same(100, 3.0), none(100, nan);
        CHECK(audit_outputs(same, same, 0.0, usual).epsilon == 0.0);
        CHECK(audit_outputs(none, none, 0.0, usual).epsilon == 0.0);
        CHECK(audit_outputs(same, none, 0.0, usual).epsilon > 2.0);
        CHECK(audit_outputs(none, same, 0.0, usual).epsilon > 2.0);
        const std::vector<double> two = {1.0, 2.0};
        CHECK(audit_outputs(two, two, 0.0, usual).counts.first_runs == 1);
    }
}

TEST_CASE("a mechanism is run in turns, and an event that is given counts all runs") {
    std::string order;
    const auto audit = audit_mechanism(
        [&](AuditInput input) {
            order += input == AuditInput::first ? 'a' : 'b';
            return input == AuditInput::first ? 1.0 : 0.0;
        },
        200, 0.0, usual);
    CHECK(order.substr(0, 6) == "ababab");
    CHECK(order.size() == 400);
    CHECK(audit.counts.first_runs == 100);
    CHECK(audit.counts.first_hits == 100);
    CHECK(audit.counts.second_hits == 0);
    const AuditCounts counts = count_event([](AuditInput input) { return input == AuditInput::first; }, 200);
    CHECK(counts.first_hits == 200);
    CHECK(counts.second_hits == 0);
    CHECK(counts.second_runs == 200);
    CHECK(audit_epsilon(counts, 0.0, usual) > audit.epsilon);
    const auto broken = [](AuditInput) -> double { throw std::runtime_error("no"); };
    CHECK_THROWS_WITH(static_cast<void>(audit_mechanism(broken, 3, 0.0, usual)), "no");
}

TEST_CASE("misuse of audits is refused") {
    const auto invalid = [](const auto& call) { check_refused(ErrorCode::invalid_argument, call); };
    invalid([] { return audit_epsilon({0, 0, 10, 1}, 0.0, usual); });
    invalid([] { return audit_epsilon({10, 1, 0, 0}, 0.0, usual); });
    invalid([] { return audit_epsilon({10, 11, 10, 0}, 0.0, usual); });
    invalid([] { return audit_gdp_mu({10, 1, 10, 11}, usual); });
    const AuditCounts counts{10, 9, 10, 1};
    for (const double delta : {-1e-300, 1.0, 2.0, nan, infinity}) {
        invalid([&] { return audit_epsilon(counts, delta, usual); });
        invalid([&] { return audit_gaussian_epsilon(counts, delta, usual); });
        invalid([&] { return one_run_epsilon({10, 5, 5}, delta, usual); });
        invalid([&] { return one_run_p_value({10, 5, 5}, 1.0, delta); });
        invalid([&] { return audit_outputs(std::vector<double>(9), std::vector<double>(9), delta, usual).epsilon; });
    }
    invalid([&] { return audit_gaussian_epsilon(counts, 0.0, usual); });
    for (const double order : {1.0, 0.5, nan, infinity}) invalid([&] { return audit_renyi(counts, order, usual); });
    for (const double epsilon : {-1.0, 701.0, nan, infinity})
        invalid([&] { return one_run_p_value({10, 5, 5}, epsilon, 0.0); });
    invalid([] { return one_run_p_value({10, 11, 5}, 1.0, 0.0); });
    invalid([] { return one_run_epsilon({10, 5, 6}, 0.0, usual); });
    invalid([] { return one_run_epsilon({1'000'000'001, 5, 5}, 0.0, usual); });
    invalid([] { return count_event(nullptr, 5).first_hits; });
    invalid([] { return audit_mechanism(nullptr, 5, 0.0, usual).epsilon; });
    check_refused(ErrorCode::not_enough_data,
                  [] { return audit_outputs(std::vector<double>(1), std::vector<double>(9), 0.0, usual).epsilon; });
    check_refused(ErrorCode::not_enough_data,
                  [] { return audit_mechanism([](AuditInput) { return 0.0; }, 0, 0.0, usual).epsilon; });
}

}  // namespace

TEST_CASE("one run against mu-GDP: the oracle's recursion at 50 digits, limits, misuse") {
    const vedette::stats::Confidence confidence(0.95);
    const auto mu = [&](std::uint64_t canaries, std::uint64_t guesses, std::uint64_t correct) {
        return vedette::privacy::one_run_gdp_mu({canaries, guesses, correct}, confidence);
    };
    for (const auto& row : oracle_data("privacy_audit.json")["one_run_gdp_mu"]) {
        CAPTURE(row.dump());
        check_below(one_run_gdp_mu({row[0], row[1], row[2]}, Confidence(row[3])), number(row[4]), 1e-6);
    }
    CHECK(mu(1000, 1000, 500) == 0.0);
    CHECK(mu(1000, 100, 0) == 0.0);
    double before = 0.0;
    for (std::uint64_t correct = 60; correct <= 100; correct += 5) {
        const double found = mu(1000, 100, correct);
        CHECK(found >= before);
        before = found;
    }
    CHECK(before > 1.0);
    CHECK(vedette::privacy::one_run_gdp_mu({1000, 100, 95}, vedette::stats::Confidence(0.999)) < mu(1000, 100, 95));
    for (const vedette::privacy::CanaryGuesses& wrong :
         {vedette::privacy::CanaryGuesses{0, 0, 0}, {10, 11, 5}, {10, 5, 6}, {2'000'000, 1'000'001, 1'000'000}})
        CHECK_THROWS_AS(static_cast<void>(vedette::privacy::one_run_gdp_mu(wrong, confidence)), vedette::Error);
}
