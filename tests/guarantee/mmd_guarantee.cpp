// SPDX-License-Identifier: Apache-2.0
// Level and power of the kernel and energy two-sample tests: any dimension, ties, heavy tails, a frozen reference.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/energy_test.hpp"
#include "vedette/drift/maximum_mean_discrepancy.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;

namespace {

enum class World { normal, ties, heavy };

void fill(std::vector<float>& values, World world, vedette::Random& random) {
    for (float& value : values) {
        const double normal = random.normal();
        if (world == World::normal) value = static_cast<float>(normal);
        if (world == World::ties) value = static_cast<float>(normal > 0.8);
        if (world == World::heavy) value = static_cast<float>(std::tan(3.14159 * (random.uniform() - 0.5)));
    }
}

struct Alarms {
    std::uint64_t mean = 0, fuse = 0, energy = 0, frozen = 0, stopped = 0;
};

void count(Alarms& alarms, vedette::MatrixView<float> a, vedette::MatrixView<float> b, std::uint64_t seed) {
    const drift::TestOptions test{.permutations = 99, .seed = seed};
    drift::MmdOptions options{.test = test, .feature_contributions = false};
    const auto alarm = [](const drift::MultivariateResult& result) { return result.test.p_value <= 0.05 ? 1U : 0U; };
    alarms.mean += alarm(drift::maximum_mean_discrepancy(a, b, options));
    alarms.frozen += alarm(drift::MaximumMeanDiscrepancy<float>(a, options).test(b));
    options.stop_after = 10;
    alarms.stopped += alarm(drift::maximum_mean_discrepancy(a, b, options));
    alarms.energy += alarm(drift::energy_test(a, b, {.test = test, .feature_contributions = false}));
    options = {.test = test, .aggregation = drift::KernelAggregation::fuse, .feature_contributions = false};
    alarms.fuse += alarm(drift::maximum_mean_discrepancy(a, b, options));
}

std::string describe(const Alarms& a) {
    return "mean kernel " + std::to_string(a.mean) + ", fuse " + std::to_string(a.fuse) + ", energy " +
           std::to_string(a.energy) + ", frozen " + std::to_string(a.frozen) + ", stopped early " +
           std::to_string(a.stopped);
}

}  // namespace

TEST_CASE("level: the nominal one, whatever the rows") {
    constexpr std::uint64_t runs = 2000;
    const stats::Confidence band(1.0 - 1e-4);
    struct Case {
        World world;
        std::size_t n, m, d;
    };
    for (const Case c : {Case{World::normal, 12, 9, 1}, Case{World::normal, 20, 20, 50}, Case{World::ties, 20, 15, 2},
                         Case{World::heavy, 15, 25, 3}}) {
        vedette::Random random(17, c.n * 100 + c.d);
        std::vector<float> x(c.n * c.d), y(c.m * c.d);
        Alarms alarms;
        for (std::uint64_t run = 0; run < runs; ++run) {
            fill(x, c.world, random);
            fill(y, c.world, random);
            count(alarms, vedette::MatrixView<float>::row_major(x.data(), c.n, c.d),
                  vedette::MatrixView<float>::row_major(y.data(), c.m, c.d), run);
        }
        MESSAGE(c.n, "/", c.m, ", ", c.d, " features, of ", runs, " runs at 5 %: ", describe(alarms));
        const auto check = [&](std::uint64_t hits, bool reaches) {
            CHECK(stats::clopper_pearson(hits, runs, band).lower <= 0.05);
            if (reaches) CHECK(stats::clopper_pearson(hits, runs, band).upper >= 0.05);
        };
        // Ties among few splits' statistics are counted against the observed one: below the level, then.
        const bool reaches = c.world != World::ties;
        check(alarms.mean, reaches);
        check(alarms.frozen, reaches);
        check(alarms.fuse, reaches);
        check(alarms.energy, reaches);
        check(alarms.stopped, reaches);
    }
}

// More rows than the 256 that bandwidths come from: which of them are drawn must not know the labels. An alarm in 8.5 %
// of runs, as 200 once gave by chance, would be seen with near certainty: the band ends at 6.4 %.
TEST_CASE("level: of MMD-FUSE where bandwidths come from a part of the rows, at small and usual levels") {
    constexpr std::uint64_t runs = 4000;
    constexpr std::size_t n = 150, m = 120, d = 2;
    const stats::Confidence band(1.0 - 1e-4);
    vedette::Random random(19);
    std::vector<float> x(n * d), y(m * d);
    std::uint64_t at_1 = 0, at_5 = 0, at_20 = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        fill(x, run % 2 == 0 ? World::normal : World::heavy, random);
        fill(y, run % 2 == 0 ? World::normal : World::heavy, random);
        const double p = drift::maximum_mean_discrepancy(vedette::MatrixView<float>::row_major(x.data(), n, d),
                                                         vedette::MatrixView<float>::row_major(y.data(), m, d),
                                                         {.test = {.permutations = 99, .seed = run},
                                                          .aggregation = drift::KernelAggregation::fuse,
                                                          .feature_contributions = false})
                             .test.p_value;
        at_1 += p <= 0.01 ? 1U : 0U;
        at_5 += p <= 0.05 ? 1U : 0U;
        at_20 += p <= 0.2 ? 1U : 0U;
    }
    MESSAGE("of ", runs, " runs at 1, 5 and 20 %: ", at_1, ", ", at_5, ", ", at_20);
    for (const auto& [hits, level] : {std::pair{at_1, 0.01}, std::pair{at_5, 0.05}, std::pair{at_20, 0.2}}) {
        const auto found = stats::clopper_pearson(hits, runs, band);
        CHECK(found.lower <= level);
        CHECK(found.upper >= level);
    }
}

TEST_CASE(
    "power: of a shift of means, of a change of scale and of a narrow ripple; contributions point at the feature") {
    constexpr std::uint64_t runs = 200;
    constexpr std::size_t n = 60, d = 5;
    Alarms shifted, widened, rippled;
    std::uint64_t first = 0, energy_first = 0;
    vedette::Random random(18);
    std::vector<float> x(n * d), y(n * d);
    const auto a = vedette::MatrixView<float>::row_major(x.data(), n, d);
    const auto b = vedette::MatrixView<float>::row_major(y.data(), n, d);
    for (std::uint64_t run = 0; run < runs; ++run) {
        fill(x, World::normal, random);
        fill(y, World::normal, random);
        for (float& value : y) value *= 1.6F;
        count(widened, a, b, run);
        fill(y, World::normal, random);
        for (std::size_t i = 0; i < n; ++i) y[i * d + 3] += 1.2F;
        count(shifted, a, b, run);
        const auto largest = [](const drift::MultivariateResult& r) {
            return std::max_element(r.feature_contributions.begin(), r.feature_contributions.end()) -
                   r.feature_contributions.begin();
        };
        first += largest(drift::maximum_mean_discrepancy(a, b, {.test = {.permutations = 1}})) == 3 ? 1U : 0U;
        energy_first += largest(drift::energy_test(a, b, {.test = {.permutations = 1}})) == 3 ? 1U : 0U;
        // One feature: a law with ripples much narrower than its spread, which the median bandwidth smooths away.
        for (float& value : x) value = static_cast<float>(6.0 * random.normal());
        for (float& value : y)
            value = static_cast<float>(std::round(4.0 * random.normal()) * 1.5 + 0.1 * random.normal());
        count(rippled, vedette::MatrixView<float>::row_major(x.data(), n * d, 1),
              vedette::MatrixView<float>::row_major(y.data(), n * d, 1), run);
    }
    MESSAGE("of ", runs, " runs, shift: ", describe(shifted), "; right feature first ", first, ", energy ",
            energy_first);
    MESSAGE("scale: ", describe(widened));
    MESSAGE("ripple: ", describe(rippled));
    for (const Alarms& alarms : {shifted, widened}) {
        CHECK(alarms.mean >= runs * 8 / 10);
        CHECK(alarms.frozen >= runs * 8 / 10);
        CHECK(alarms.fuse >= runs * 8 / 10);
    }
    CHECK(shifted.energy >= runs * 8 / 10);
    CHECK(rippled.fuse >= rippled.mean + runs / 5);
    CHECK(first >= runs * 9 / 10);
    CHECK(energy_first >= runs * 9 / 10);
}

TEST_CASE("coverage of the effect and of the moved share, from no change to a large one, at equal and unequal sizes") {
    constexpr std::uint64_t runs = 1000;
    constexpr double s = 1.5;
    const drift::MmdOptions options{
        .test = {.confidence = 0.9, .permutations = 1}, .bandwidths = {s}, .feature_contributions = false};
    for (const auto& [n, m, d] :
         {std::tuple{40UL, 40UL, 1UL}, std::tuple{30UL, 80UL, 3UL}, std::tuple{100UL, 50UL, 10UL}}) {
        for (const double shift : {0.0, 0.3, 1.0, 2.5}) {
            // Of normal rows a distance apart, by the law of their difference.
            const auto dimensions = static_cast<double>(d);
            const auto mean = [&](double apart) {
                return std::pow(s * s / (s * s + 2.0), 0.5 * dimensions) *
                       std::exp(-apart * apart / (2.0 * (s * s + 2.0)));
            };
            const double truth = std::sqrt(2.0 * (mean(0.0) - mean(shift)) / (1.0 - mean(0.0)));
            vedette::Random random(19, n * d + static_cast<std::uint64_t>(10.0 * shift));
            std::vector<float> x(n * d), y(m * d);
            const double true_share = std::sqrt(mean(0.0) - mean(shift));
            const double total_variation = 1.0 - 2.0 * stats::normal_sf(0.5 * shift);
            CHECK(true_share <= total_variation + 1e-12);
            std::uint64_t covered = 0, share_covered = 0, beyond = 0;
            double width = 0.0;
            for (std::uint64_t run = 0; run < runs; ++run) {
                fill(x, World::normal, random);
                fill(y, World::normal, random);
                for (std::size_t i = 0; i < m; ++i) y[i * d] += static_cast<float>(shift);
                const auto got =
                    drift::maximum_mean_discrepancy(vedette::MatrixView<float>::row_major(x.data(), n, d),
                                                    vedette::MatrixView<float>::row_major(y.data(), m, d), options);
                const vedette::Interval interval = got.test.effect_interval;
                covered += interval.lower <= truth && truth <= interval.upper ? 1U : 0U;
                const vedette::Interval share = got.moved_share_interval;
                share_covered += share.lower <= true_share && true_share <= share.upper ? 1U : 0U;
                beyond += share.lower > total_variation ? 1U : 0U;
                width += (interval.upper - interval.lower) / static_cast<double>(runs);
            }
            MESSAGE(n, "/", m, ", ", d, " features, effect ", truth, ": covered ", covered, " of ", runs,
                    " at 90 %, mean width ", width);
            const stats::Confidence certain(1.0 - 1e-4);
            CHECK(stats::clopper_pearson(covered, runs, certain).upper >= 0.9);
            CHECK(stats::clopper_pearson(share_covered, runs, certain).upper >= 0.9);
            CHECK(stats::clopper_pearson(beyond, runs, certain).lower <= 0.05);
        }
    }
}
