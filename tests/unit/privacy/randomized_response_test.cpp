// SPDX-License-Identifier: Apache-2.0
// Local privacy: thresholds against 60 digits, exact odds, the laws of reports, and estimators that undo them.
#include "vedette/privacy/randomized_response.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <type_traits>
#include <vector>

#include "guarantee/rate.hpp"
#include "privacy/odds.hpp"
#include "unit/oracle_data.hpp"
#include "unit/privacy/fixed_keystream.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/stats/distributions.hpp"

namespace {

using namespace vedette::privacy;

const vedette::stats::Confidence confidence(0.95);

TEST_CASE("thresholds of lies keep the odds, and no more than that") {
    for (const auto& row : oracle_data("privacy_response.json")["lie_thresholds"]) {
        CAPTURE(row.dump());
        const std::uint64_t least = row[2], got = lie_threshold(row[0], row[1]);
        CHECK(got >= least);  // T >= 2^64 m x / (1 + m x) is (2^64 - T) m / T <= e^epsilon
        CHECK(got - least <= 1);
    }
}

TEST_CASE("odds of every answer under any two truths") {
    for (const double epsilon : {0.1, 1.0, 8.0, 32.0}) {
        CAPTURE(epsilon);
        const RandomizedResponse response(Epsilon(epsilon), 5);
        const auto lie = static_cast<double>(lie_threshold(epsilon, 4)) * 0x1p-64;
        CHECK(std::log(response.truth_probability() / (lie / 4.0)) == doctest::Approx(epsilon).epsilon(1e-6));
        CHECK(response.guarantee().epsilon == epsilon);
        CHECK(response.guarantee().delta == 0.0);
        for (const UnaryForm form : {UnaryForm::symmetric, UnaryForm::optimised}) {
            const UnaryEncoding unary(Epsilon(epsilon), 5, form);
            const double p = unary.true_one_probability(), q = unary.false_one_probability();
            // 1 - p by the threshold: where p is near 1 the difference of doubles would lose it.
            const double zero = form == UnaryForm::symmetric ? q : 0.5;
            CHECK(std::log(p / q) + std::log((1.0 - q) / zero) == doctest::Approx(epsilon).epsilon(1e-6));
        }
    }
    CHECK(RandomizedResponse(Epsilon(1.0), 2).privacy_loss().epsilon(1e-9).upper == doctest::Approx(1.0).epsilon(0.02));
}

// Reports of 40,000 respondents with the truths 0, 1, 1, 2, 2, 2, 2, 2 over again.
constexpr std::uint32_t pattern[] = {0, 1, 1, 2, 2, 2, 2, 2};
constexpr std::size_t respondents = 40000;
constexpr double shares[] = {0.125, 0.25, 0.625, 0.0};

TEST_CASE("reports follow their law, and estimates find the shares") {
    const RandomizedResponse response(Epsilon(1.0), 4);
    std::vector<std::uint32_t> truths(respondents), answers(respondents);
    for (std::size_t i = 0; i < respondents; ++i) truths[i] = pattern[i % 8];
    FixedKeystream stream(31);
    response.respond(truths, answers, stream);
    std::vector<std::uint64_t> named(4), cells(16), truth_counts(4);
    for (std::size_t i = 0; i < respondents; ++i) {
        ++named[answers[i]];
        ++cells[truths[i] * 4U + answers[i]];
        ++truth_counts[truths[i]];
    }
    const double kept = response.truth_probability();
    double statistic = 0.0;
    for (std::uint32_t truth = 0; truth < 3; ++truth) {
        for (std::uint32_t answer = 0; answer < 4; ++answer) {
            const double p = truth == answer ? kept : (1.0 - kept) / 3.0;
            const double expected = p * static_cast<double>(truth_counts[truth]);
            statistic += std::pow(static_cast<double>(cells[truth * 4 + answer]) - expected, 2) / expected;
        }
    }
    CHECK(vedette::stats::chi_squared_sf(statistic, 9.0) > 1e-5);
    double total = 0.0;
    for (std::size_t v = 0; v < 4; ++v) {
        const ShareEstimate estimate = response.estimate(named[v], respondents, confidence);
        CHECK(std::abs(estimate.share - shares[v]) < 5.0 * std::sqrt(estimate.variance));
        CHECK(estimate.interval.lower <= estimate.interval.upper);
        total += estimate.share;
    }
    CHECK(total == doctest::Approx(1.0).epsilon(1e-9));
}

TEST_CASE("bits of unary encodings are independent coins, and estimates find the shares") {
    for (const UnaryForm form : {UnaryForm::symmetric, UnaryForm::optimised}) {
        const UnaryEncoding unary(Epsilon(2.0), 4, form);
        FixedKeystream stream(32);
        std::vector<std::uint8_t> bits(4);
        std::vector<std::uint64_t> ones(4);
        Rate true_ones, false_ones, both;
        for (std::size_t i = 0; i < respondents; ++i) {
            const std::uint32_t truth = pattern[i % 8];
            unary.respond(truth, bits, stream);
            for (std::uint32_t v = 0; v < 4; ++v) {
                ones[v] += bits[v];
                (v == truth ? true_ones : false_ones).add(bits[v] == 1);
            }
            both.add(bits[truth] == 1 && bits[3] == 1);
        }
        const double p = unary.true_one_probability(), q = unary.false_one_probability();
        CHECK((true_ones.at_most(p) && true_ones.at_least(p)));
        CHECK((false_ones.at_most(q) && false_ones.at_least(q)));
        CHECK((both.at_most(p * q) && both.at_least(p * q)));
        for (std::size_t v = 0; v < 4; ++v) {
            const ShareEstimate estimate = unary.estimate(ones[v], respondents, confidence);
            CHECK(std::abs(estimate.share - shares[v]) < 5.0 * std::sqrt(estimate.variance));
        }
    }
}

TEST_CASE("the estimator's interval covers, and its variance is that of the estimates") {
    const RandomizedResponse response(Epsilon(1.0), 2);
    FixedKeystream stream(33);
    const vedette::privacy::Bernoulli holds(0.3);
    Rate covered;
    double sum = 0.0, squares = 0.0, variances = 0.0;
    constexpr int runs = 2000;
    std::vector<std::uint8_t> truths(200);
    std::vector<std::uint32_t> values(200);
    for (int run = 0; run < runs; ++run) {
        holds.sample(truths, stream);
        values.assign(truths.begin(), truths.end());
        response.respond(values, values, stream);
        std::uint64_t named = 0;
        for (const std::uint32_t v : values) named += v;
        const ShareEstimate e = response.estimate(named, 200, confidence);
        covered.add(e.interval.lower <= 0.3 && 0.3 <= e.interval.upper);
        sum += e.share;
        squares += (e.share - 0.3) * (e.share - 0.3);
        variances += e.variance;
    }
    CHECK(covered.at_least(0.95));
    CHECK(std::abs(sum / runs - 0.3) < 5.0 * std::sqrt(variances / runs / runs));
    CHECK(squares / variances == doctest::Approx(1.0).epsilon(5.0 * std::sqrt(2.0 / runs)));
}

TEST_CASE("misuse of randomised response is refused") {
    using vedette::Error;
    static_assert(!std::is_constructible_v<RandomizedResponse, double, std::uint32_t>);
    for (const double bad : {1e-7, 32.5}) CHECK_THROWS_AS(RandomizedResponse(Epsilon(bad), 2), Error);
    for (const std::uint32_t bad : {0U, 1U, (1U << 20U) + 1U}) {
        CHECK_THROWS_AS(RandomizedResponse(Epsilon(1.0), bad), Error);
        CHECK_THROWS_AS(UnaryEncoding(Epsilon(1.0), bad, UnaryForm::optimised), Error);
    }
    const RandomizedResponse response(Epsilon(1.0), 3);
    const UnaryEncoding unary(Epsilon(1.0), 3, UnaryForm::symmetric);
    CHECK_THROWS_AS((void)response.respond(3), Error);
    CHECK(response.respond(2) < 3);
    const std::vector<std::uint32_t> truths{0, 1, 7};
    std::vector<std::uint32_t> out{9, 9, 9}, fewer(2);
    CHECK_THROWS_AS(response.respond(truths, out), Error);
    CHECK(out == std::vector<std::uint32_t>{9, 9, 9});
    CHECK_THROWS_AS(response.respond(truths, fewer), Error);
    response.respond({}, {});
    std::vector<std::uint8_t> bits(3), few(2);
    CHECK_THROWS_AS(unary.respond(3, bits), Error);
    CHECK_THROWS_AS(unary.respond(0, few), Error);
    CHECK_THROWS_AS((void)response.estimate(0, 0, confidence), Error);
    CHECK_THROWS_AS((void)unary.estimate(3, 2, confidence), Error);
    CHECK(std::isnan(response.estimate(1, 1, confidence).variance));
    CHECK(response.estimate(1, 1, confidence).interval.lower == 0.0);
}

}  // namespace
