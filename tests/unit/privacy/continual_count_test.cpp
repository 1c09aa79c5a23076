// SPDX-License-Identifier: Apache-2.0
// Report-noisy-max beside its exact law, and the running total beside the tree it stands for.
#include "vedette/privacy/continual_count.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "fixed_keystream.hpp"
#include "privacy/noise.hpp"
#include "test_budget.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/privacy/histogram.hpp"
#include "vedette/privacy/report_noisy_max.hpp"

namespace {

using namespace vedette::privacy;
using vedette::ErrorCode;
using Utilities = std::vector<std::int64_t>;
const PrivacyUnit anyone = PrivacyUnit::record(Neighbouring::add_remove);

double tail(NoisyMaxNoise noise, double scale, std::int64_t x) {  // P(X >= x)
    const double q = std::exp(-1.0 / scale), at = static_cast<double>(x);
    if (noise == NoisyMaxNoise::geometric) return x <= 0 ? 1.0 : std::pow(q, at);
    return x > 0 ? std::pow(q, at) / (1.0 + q) : 1.0 - std::pow(q, 1.0 - at) / (1.0 + q);
}

// P(i wins) = sum over x of P(X_i = x) P(all before stay below) P(all after stay at or below).
std::vector<double> noisy_max_law(const Utilities& u, NoisyMaxNoise noise, double scale) {
    std::vector<double> law(u.size());
    const auto reach = static_cast<std::int64_t>(45.0 * scale) + 10;
    for (std::size_t i = 0; i < u.size(); ++i)
        for (std::int64_t x = -reach; x <= reach; ++x) {
            double p = tail(noise, scale, x) - tail(noise, scale, x + 1);
            for (std::size_t j = 0; j < u.size(); ++j)
                if (j != i) p *= 1.0 - tail(noise, scale, u[i] + x - u[j] + (j < i ? 0 : 1));
            law[i] += p;
        }
    return law;
}

Utilities vector_of(int i) {
    return {i % 4, i / 4 % 4, i / 16};
}

// Over all pairs of utilities of three candidates from 0 to 3 that a record may turn into each other.
double worst_loss(NoisyMaxNoise noise, double scale, std::int64_t sensitivity, bool one_sided) {
    std::vector<std::vector<double>> laws;
    for (int i = 0; i < 64; ++i) laws.push_back(noisy_max_law(vector_of(i), noise, scale));
    double worst = 0.0;
    for (std::size_t i = 0; i < 64; ++i)
        for (std::size_t j = 0; j < 64; ++j) {
            const Utilities u = vector_of(static_cast<int>(i)), v = vector_of(static_cast<int>(j));
            bool neighbours = true, up = true, down = true;
            for (std::size_t k = 0; k < 3; ++k) {
                neighbours = neighbours && std::abs(u[k] - v[k]) <= sensitivity;
                up = up && u[k] >= v[k];
                down = down && u[k] <= v[k];
            }
            if (!neighbours || (one_sided && !up && !down)) continue;
            for (std::size_t k = 0; k < 3; ++k) worst = std::max(worst, std::log(laws[i][k] / laws[j][k]));
        }
    return worst;
}

TEST_CASE(
    "report-noisy-max: the exact law's loss over all neighbours is at most epsilon, and half the noise is too little") {
    for (const auto noise : {NoisyMaxNoise::laplace, NoisyMaxNoise::geometric})
        for (const std::uint64_t steps : {1U, 2U})
            for (const double epsilon : {0.5, 1.5}) {
                CAPTURE(epsilon);
                const auto d = static_cast<std::int64_t>(steps);
                const StepSensitivity sensitivity(steps);
                const ReportNoisyMax any(sensitivity, Epsilon(epsilon), UtilityChange::any, noise);
                const ReportNoisyMax one(sensitivity, Epsilon(epsilon), UtilityChange::one_sided, noise);
                CHECK(std::fma(any.scale(), epsilon, -2.0 * static_cast<double>(steps)) >= 0.0);
                CHECK(std::fma(one.scale(), epsilon, -static_cast<double>(steps)) >= 0.0);
                CHECK(worst_loss(noise, any.scale(), d, false) <= epsilon + 1e-12);
                CHECK(worst_loss(noise, any.scale(), d, false) > 0.5 * epsilon);
                CHECK(worst_loss(noise, one.scale(), d, true) <= epsilon + 1e-12);
                CHECK(worst_loss(noise, one.scale(), d, true) > 0.5 * epsilon);
                CHECK(worst_loss(noise, 0.5 * one.scale(), d, true) > epsilon);
                // The noise for one-sided changes is not enough for others.
                CHECK(worst_loss(noise, one.scale(), d, false) > epsilon);
            }
}

// Pearson's statistic of 25,000 seeded draws; 3 degrees of freedom: beyond 25.9 with probability 1e-5.
double statistic(const ReportNoisyMax& mechanism, const Utilities& u, const std::vector<double>& law) {
    constexpr int draws = 25'000;
    FixedKeystream stream(7);
    std::vector<double> counts(u.size());
    for (int i = 0; i < draws; ++i) counts[mechanism.choose(u, stream)] += 1.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i)
        sum += (counts[i] - draws * law[i]) * (counts[i] - draws * law[i]) / (draws * law[i]);
    return sum;
}

TEST_CASE("report-noisy-max: draws follow the exact law, ties by index, and clamping at the ends") {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(), least = -most - 1;
    const Utilities u = {0, 3, 2, 3};
    for (const auto noise : {NoisyMaxNoise::laplace, NoisyMaxNoise::geometric}) {
        const ReportNoisyMax any(StepSensitivity(1), Epsilon(1.5), UtilityChange::any, noise);
        const auto other = noise == NoisyMaxNoise::laplace ? NoisyMaxNoise::geometric : NoisyMaxNoise::laplace;
        CHECK(statistic(any, u, noisy_max_law(u, noise, any.scale())) < 25.9);
        CHECK(statistic(any, u, noisy_max_law(u, other, any.scale())) > 25.9);
        CHECK(statistic(any, u, noisy_max_law(u, noise, 1.3 * any.scale())) > 25.9);
        const ReportNoisyMax certain(StepSensitivity(1), Epsilon(0x1p20), UtilityChange::any, noise);
        CHECK(certain.choose(Utilities{1, 5, 5, 2}) == 1);
        CHECK(certain.choose(Utilities{least, most, most}) == 1);
        CHECK(certain.choose(Utilities{least}) == 0);
    }
    CHECK(code_of([] { (void)ReportNoisyMax(StepSensitivity(1), Epsilon(1.0)).choose({}); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)ReportNoisyMax(StepSensitivity(1), Epsilon(0x1p-30)); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)ReportNoisyMax(StepSensitivity(1U << 26U), Epsilon(0x1p-20)); }) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("beside sums in 50 digits: laws of report-noisy-max, reach of the noise, thresholds, variances") {
    const auto& oracle = oracle_data("privacy_release.json");
    for (const auto& entry : oracle["noisy_max"]) {
        CAPTURE(entry.dump());
        const auto noise = entry["geometric"].get<bool>() ? NoisyMaxNoise::geometric : NoisyMaxNoise::laplace;
        const Utilities u = entry["utilities"];
        const auto law = noisy_max_law(u, noise, entry["scale"]);
        for (std::size_t i = 0; i < u.size(); ++i)
            CHECK(law[i] == doctest::Approx(entry["law"][i].get<double>()).epsilon(1e-11));
        // The mechanism of that scale draws it: 2 steps / epsilon.
        const ReportNoisyMax mechanism(StepSensitivity(1), Epsilon(2.0 / entry["scale"].get<double>()),
                                       UtilityChange::any, noise);
        CHECK(mechanism.scale() == doctest::Approx(entry["scale"].get<double>()).epsilon(1e-15));
        const auto drawn = statistic(mechanism, u, entry["law"].get<std::vector<double>>());
        CHECK(drawn < 25.9);
    }
    for (const auto& row : oracle["reach"]) CHECK(laplace_reach(row[0], row[1]) == row[2].get<double>());
    for (const auto& row : oracle["thresholds"]) {
        CAPTURE(row.dump());
        const PrivacyUnit unit = PrivacyUnit::user(Neighbouring::add_remove, {.partitions = row[2], .rows = row[3]});
        const double sensitivity = row[2].get<double>() * row[3].get<double>();
        const ThresholdedHistogram histogram(unit, Epsilon(sensitivity / row[0].get<double>()), Delta(row[1]));
        CHECK(histogram.threshold() >= row[4].get<std::int64_t>());
        CHECK(histogram.threshold() <= row[4].get<std::int64_t>() + 1);
    }
    for (const auto& row : oracle["variances"]) {
        TestBudget budget;
        const ContinualCount count(anyone, 3, Epsilon(2.0 / row[0].get<double>()), budget);  // two levels
        const std::uint64_t step = row[1] == 1 ? 1 : 7;
        CHECK(count.variance(step) == doctest::Approx(row[2].get<double>()).epsilon(1e-9));
    }
}

TEST_CASE("a running total is the sum of the noisy blocks of its binary digits") {
    constexpr std::uint64_t horizon = 100;
    TestBudget budget;
    ContinualCount count(anyone, horizon, Epsilon(0.7), budget);
    CHECK(budget.spent == 0.7);
    CHECK(std::fma(count.scale(), 0.7, -7.0) >= 0.0);  // a row is in a block of each of 7 levels
    FixedKeystream stream(3), twin(3);
    const DiscreteLaplace law(count.scale());
    std::vector<double> noise(horizon + 1);
    double total = 0.0;
    for (std::uint64_t t = 1; t <= horizon; ++t) {
        noise[t] = static_cast<double>(draw(law, twin));  // of the block that ends at t, of length lowbit(t)
        const Release release = count.step(t * t % 11, stream);
        total += static_cast<double>(t * t % 11);
        double expected = total;
        for (std::uint64_t end = t; end > 0; end &= end - 1) expected += noise[end];
        CHECK(release.value == expected);
        CHECK(release.interval.lower < expected);
        CHECK(count.variance(t) == doctest::Approx(count.variance(1) * std::popcount(t)));
    }
    CHECK(code_of([&] { (void)count.step(1); }) == ErrorCode::budget_exhausted);
    CHECK(count.steps() == horizon);
    CHECK(budget.spent == 0.7);
    // 2 q / (1 - q)^2
    const double q = std::exp(-1.0 / count.scale());
    CHECK(count.variance(1) == doctest::Approx(2.0 * q / ((1.0 - q) * (1.0 - q))).epsilon(1e-12));
}

// The loss of all releases together is that of all blocks: L1 change of the blocks over the scale, for every row.
TEST_CASE("a row changes one block of each level") {
    for (const std::uint64_t horizon : {1U, 2U, 3U, 7U, 8U, 21U}) {
        TestBudget budget;
        const ContinualCount count(anyone, horizon, Epsilon(1.0), budget);
        std::uint64_t worst = 0;
        for (std::uint64_t row = 1; row <= horizon; ++row) {
            std::uint64_t blocks = 0;
            for (std::uint64_t end = 1; end <= horizon; ++end)
                blocks += row <= end && row > end - (end & (~end + 1)) ? 1U : 0U;
            worst = std::max(worst, blocks);
        }
        CHECK(static_cast<double>(worst) / count.scale() <= 1.0);
        CHECK(static_cast<double>(worst) == std::bit_width(horizon));
    }
}

TEST_CASE("a running total: misuse and ends") {
    TestBudget budget(1.0);
    const auto invalid = ErrorCode::invalid_argument;
    CHECK(code_of([&] { (void)ContinualCount(anyone, 0, Epsilon(1.0), budget); }) == invalid);
    CHECK(code_of([&] { (void)ContinualCount(anyone, (std::uint64_t{1} << 40U) + 1, Epsilon(1.0), budget); }) ==
          invalid);
    CHECK(code_of([&] { (void)ContinualCount(anyone, 4, Epsilon(0x1p-41), budget); }) == invalid);
    CHECK(code_of([&] { (void)ContinualCount(anyone, 4, Epsilon(1.5), budget); }) == ErrorCode::budget_exhausted);
    CHECK(budget.spent == 0.0);
    ContinualCount count(anyone, std::uint64_t{1} << 40U, Epsilon(1.0), budget);
    (void)count.step(std::uint64_t{1} << 61U);
    CHECK(code_of([&] { (void)count.step(1); }) == ErrorCode::overflow);
    CHECK(count.steps() == 1);
    ContinualCount taken(std::move(count));
    CHECK(code_of([&] { (void)count.step(0); }) == ErrorCode::budget_exhausted);  // NOLINT(bugprone-use-after-move)
    (void)taken.step(0);
    TestBudget rich;
    CHECK(ContinualCount(PrivacyUnit::user(Neighbouring::replace_one, {.partitions = 1, .rows = 3}), 4, Epsilon(2.0),
                         rich)
              .scale() == 9.0);
}

}  // namespace

TEST_CASE("continual count: goes on from its bytes as if it had never stopped, and refuses others") {
    TestBudget budget;
    FixedKeystream one(77), other(77);
    ContinualCount whole(anyone, 100, Epsilon(0.7), budget), parts(anyone, 100, Epsilon(0.7), budget);
    for (std::uint64_t t = 1; t <= 100; ++t) {
        const Release a = whole.step(t % 7, one), b = parts.step(t % 7, other);
        REQUIRE(a.value == b.value);
        REQUIRE(a.interval.upper == b.interval.upper);
        if (t % 9 == 0) parts = ContinualCount::from_bytes(parts.to_bytes());
    }
    CHECK(budget.spent == 1.4);
    CHECK(code_of([&] { static_cast<void>(parts.step(1, other)); }) == ErrorCode::budget_exhausted);
    const std::vector<std::byte> bytes = whole.to_bytes();
    for (std::size_t cut = 0; cut < bytes.size(); cut += 37)
        CHECK(code_of([&] { static_cast<void>(ContinualCount::from_bytes(std::span(bytes).first(cut))); }) ==
              ErrorCode::corrupt_data);
    for (std::size_t i = 0; i < bytes.size(); i += 11) {
        std::vector<std::byte> altered = bytes;
        altered[i] ^= std::byte{1};
        const ErrorCode code = code_of([&] { static_cast<void>(ContinualCount::from_bytes(altered)); });
        CHECK((code == ErrorCode::corrupt_data || code == ErrorCode::unsupported_version));
    }
}
