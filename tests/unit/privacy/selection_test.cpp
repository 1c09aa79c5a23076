// SPDX-License-Identifier: Apache-2.0
// Selections: the law in closed form, its privacy loss over all neighbours, draws beside the law, and misuse.
#include "vedette/privacy/selection.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <vector>

#include "fixed_keystream.hpp"
#include "vedette/core/error.hpp"

namespace {

using namespace vedette::privacy;
using Utilities = std::vector<std::int64_t>;
using Law = std::vector<double>;

Law exponential_law(const Utilities& u, double rate) {
    const std::int64_t best = *std::max_element(u.begin(), u.end());
    Law law;
    for (const std::int64_t x : u) law.push_back(std::exp(-rate * static_cast<double>(best - x)));
    const double total = std::accumulate(law.begin(), law.end(), 0.0);
    for (double& p : law) p /= total;
    return law;
}

// Over every order of the candidates.
Law permute_and_flip_law(const Utilities& u, double rate) {
    const std::int64_t best = *std::max_element(u.begin(), u.end());
    std::vector<std::size_t> order(u.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    Law law(u.size());
    double orders = 0.0;
    do {
        double reached = 1.0;
        for (const std::size_t i : order) {
            const double p = std::exp(-rate * static_cast<double>(best - u[i]));
            law[i] += reached * p;
            reached *= 1.0 - p;
        }
        orders += 1.0;
    } while (std::next_permutation(order.begin(), order.end()));
    for (double& p : law) p /= orders;
    return law;
}

// The i-th of all vectors of three utilities from 0 to 4.
Utilities vector_of(int i) {
    return {i % 5, i / 5 % 5, i / 25};
}

template <class LawOf>
double worst_loss(LawOf law_of, double rate, std::int64_t sensitivity) {
    double worst = 0.0;
    for (int i = 0; i < 125; ++i)
        for (int j = 0; j < 125; ++j) {
            const Utilities u = vector_of(i), v = vector_of(j);
            bool neighbours = true;
            for (std::size_t k = 0; k < 3; ++k) neighbours = neighbours && std::abs(u[k] - v[k]) <= sensitivity;
            if (!neighbours) continue;
            const Law p = law_of(u, rate), q = law_of(v, rate);
            for (std::size_t k = 0; k < 3; ++k) worst = std::max(worst, std::log(p[k] / q[k]));
        }
    return worst;
}

// Pearson's statistic of 25,000 seeded draws; 3 degrees of freedom: beyond 25.9 with probability 1e-5.
constexpr double critical = 25.9;

template <class Mechanism>
double statistic(const Mechanism& mechanism, const Utilities& u, const Law& law) {
    constexpr int draws = 25'000;
    FixedKeystream stream(7);
    Law counts(u.size());
    for (int i = 0; i < draws; ++i) counts[mechanism.choose(u, stream)] += 1.0;
    double sum = 0.0;
    for (std::size_t i = 0; i < u.size(); ++i)
        sum += (counts[i] - draws * law[i]) * (counts[i] - draws * law[i]) / (draws * law[i]);
    return sum;
}

TEST_CASE("over all neighbours the loss is at most epsilon, and a rate twice as high is found out") {
    for (const std::uint64_t steps : {1U, 2U})
        for (const double epsilon : {0.1, 1.0, 3.0}) {
            const double rate =
                ExponentialMechanism(UtilityGrid(0, 4), StepSensitivity(steps), Epsilon(epsilon)).rate();
            const auto d = static_cast<std::int64_t>(steps);
            CHECK(worst_loss(exponential_law, rate, d) <= epsilon + 1e-12);
            CHECK(worst_loss(permute_and_flip_law, rate, d) <= epsilon + 1e-12);
            CHECK(worst_loss(permute_and_flip_law, rate, d) > 0.6 * epsilon);
            CHECK(worst_loss(exponential_law, 2.0 * rate, d) > epsilon);
            CHECK(worst_loss(permute_and_flip_law, 2.0 * rate, d) > epsilon);
        }
}

TEST_CASE("draws follow the law, and another law is found out") {
    const Utilities u = {0, 3, 2, 3};
    const ExponentialMechanism exponential(UtilityGrid(0, 4), StepSensitivity(1), Epsilon(1.5));
    const PermuteAndFlip flip(UtilityGrid(0, 4), StepSensitivity(1), Epsilon(1.5));
    const Law a = exponential_law(u, exponential.rate()), b = permute_and_flip_law(u, flip.rate());
    CHECK(statistic(exponential, u, a) < critical);
    CHECK(statistic(flip, u, b) < critical);
    CHECK(statistic(exponential, u, b) > critical);
    CHECK(statistic(flip, u, a) > critical);
    const ExponentialMechanism broken(UtilityGrid(0, 4), StepSensitivity(1), Epsilon(1.8));
    CHECK(statistic(broken, u, a) > critical);
}

TEST_CASE("the rate is never above epsilon / (2 sensitivity), and loses at most 2^-25 of it") {
    for (const std::uint64_t steps : {1U, 3U, 7U, 1000003U, 1U << 26U})
        for (const double epsilon : {0x1p-29, 0.1, 1.0 / 3.0, 1.0, 0x1.fffffffffffffp0, 0x1p20}) {
            const double rate = PermuteAndFlip(UtilityGrid(0, 1), StepSensitivity(steps), Epsilon(epsilon)).rate();
            const double loss = rate * (2.0 * static_cast<double>(steps));
            CHECK(loss <= epsilon);
            CHECK(loss >= epsilon * (1.0 - 0x1p-25));
        }
}

TEST_CASE("utilities are clamped, one candidate is certain, ties at the ends of the integers are equal") {
    constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                           most = std::numeric_limits<std::int64_t>::max();
    const UtilityGrid grid(-1, 3);
    const ExponentialMechanism exponential(grid, StepSensitivity(1), Epsilon(1.5));
    const PermuteAndFlip flip(grid, StepSensitivity(1), Epsilon(1.5));
    const Utilities far = {least, most, 2, 3}, clamped = {-1, 3, 2, 3};
    CHECK(statistic(exponential, far, exponential_law(clamped, exponential.rate())) < critical);
    CHECK(statistic(flip, far, permute_and_flip_law(clamped, flip.rate())) < critical);
    CHECK(exponential.choose(Utilities{least}) == 0);
    CHECK(flip.choose(Utilities{most}) == 0);
    const PermuteAndFlip sharp(UtilityGrid(0, UtilityGrid::largest_width), StepSensitivity(1), Epsilon(0x1p20));
    CHECK(sharp.choose(Utilities{least, 0, most}) == 2);
}

TEST_CASE("misuse is refused") {
    const auto grid = [](std::int64_t a, std::int64_t b) { return UtilityGrid(a, b).lower(); };
    CHECK_THROWS_AS(grid(1, 1), vedette::Error);
    CHECK_THROWS_AS(grid(2, 1), vedette::Error);
    CHECK_THROWS_AS(grid(0, UtilityGrid::largest_width + 1), vedette::Error);
    CHECK_THROWS_AS(grid(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()),
                    vedette::Error);
    CHECK_THROWS_AS(StepSensitivity(0), vedette::Error);
    CHECK_THROWS_AS(StepSensitivity(StepSensitivity::largest + 1), vedette::Error);
    const auto make = [](double epsilon) {
        return ExponentialMechanism(UtilityGrid(0, 1), StepSensitivity(1), Epsilon(epsilon)).rate();
    };
    for (const double epsilon : {0.0, 0x1p-30, 0x1p21, std::numeric_limits<double>::quiet_NaN()})
        CHECK_THROWS_AS(make(epsilon), vedette::Error);
    const Utilities none;
    CHECK_THROWS_AS((void)ExponentialMechanism(UtilityGrid(0, 1), StepSensitivity(1), Epsilon(1.0)).choose(none),
                    vedette::Error);
    CHECK_THROWS_AS((void)PermuteAndFlip(UtilityGrid(0, 1), StepSensitivity(1), Epsilon(1.0)).choose(none),
                    vedette::Error);
}

}  // namespace
