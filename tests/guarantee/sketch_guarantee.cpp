// SPDX-License-Identifier: Apache-2.0
// Promises of the sketch: its rank errors at the stated confidence, the interval of D, the level of the test's p-value,
// beside two rules in use that keep neither level nor power.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/sketch_tests.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/intervals.hpp"
#include "vedette/stats/kll_sketch.hpp"

using vedette::Random;
using vedette::stats::KllSketch;
namespace drift = vedette::drift;
namespace stats = vedette::stats;

namespace {

// Is `hits` of `runs` compatible with a rate of at most `rate`? Exact, at 1e-4 per comparison.
const stats::Confidence band(1.0 - 1e-4);
bool not_above(std::uint64_t hits, std::uint64_t runs, double rate) {
    return stats::clopper_pearson(hits, runs, band).lower <= rate;
}

double percent(std::uint64_t hits, std::uint64_t runs) {
    return 100.0 * static_cast<double>(hits) / static_cast<double>(runs);
}

// 0 .. n - 1 in a random order, so that true ranks are known without sorting.
std::vector<double> shuffled(std::size_t n, Random& random) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto j = static_cast<std::size_t>(random.uniform() * static_cast<double>(i + 1));
        values[i] = values[j];
        values[j] = static_cast<double>(i);
    }
    return values;
}

// The largest error of all ranks: between kept values the truth runs from one end of the gap to the other.
double worst_error(const KllSketch<double>& sketch) {
    const auto n = static_cast<double>(sketch.count());
    double worst = 0.0;
    double sum = 0.0;
    for (const auto& item : sketch.sorted_values()) {
        worst = std::max(worst, std::abs(sum - item.value) / n);  // just below the value, `value` many are smaller
        sum += static_cast<double>(item.weight);
        worst = std::max(worst, std::abs(sum - item.value - 1.0) / n);
    }
    return worst;
}

KllSketch<double> normal_sketch(std::size_t n, double shift, std::uint32_t k, std::uint64_t seed, Random& random) {
    KllSketch<double> sketch(k, seed);
    for (std::size_t i = 0; i < n; ++i) sketch.update(random.normal() + shift);
    return sketch;
}

// D as whylogs computes it, at 100 quantiles of both sketches, with the law for exact data.
double naive_p_value(const KllSketch<double>& a, const KllSketch<double>& b) {
    std::vector<double> shares;
    for (int i = 0; i < 100; ++i) shares.push_back(i / 99.0);
    double d = 0.0;
    for (const auto* side : {&a, &b})
        for (const double x : side->quantiles(shares)) d = std::max(d, std::abs(a.rank(x) - b.rank(x)));
    const auto n = static_cast<double>(a.count());
    const auto m = static_cast<double>(b.count());
    return stats::kolmogorov_finite_sf(d, n * m / (n + m));
}

// The rule of Apache DataSketches: the kept values as the size of the sample, their published error on top.
bool retained_items_rule_rejects(const KllSketch<double>& a, const KllSketch<double>& b, double statistic,
                                 double level) {
    const auto n = static_cast<double>(a.retained());
    const auto m = static_cast<double>(b.retained());
    const double epsilon = 2.296 / std::pow(a.k(), 0.9723) + 2.296 / std::pow(b.k(), 0.9723);
    return statistic > std::sqrt(-0.5 * std::log(0.5 * level)) * std::sqrt((n + m) / (n * m)) + epsilon;
}

}  // namespace

TEST_CASE("rank errors: of one value and of all, streamed and merged, at the stated confidence") {
    constexpr std::uint64_t runs = 2000;
    for (const auto& [k, n, parts] : {std::tuple{20U, 2000UL, 1UL}, std::tuple{20U, 7000UL, 5UL},
                                      std::tuple{100U, 20'000UL, 1UL}, std::tuple{64U, 20'000UL, 16UL}}) {
        Random random(k, n);
        const auto values = shuffled(n, random);
        std::uint64_t median_missed = 0;
        std::uint64_t uniform_missed = 0;
        std::uint64_t published_missed = 0;
        double bound = 0.0;
        double everywhere = 0.0;
        double largest = 0.0;
        for (std::uint64_t run = 0; run < runs; ++run) {
            KllSketch<double> sketch(k, 1000 * run);
            for (std::size_t part = 0; part < parts; ++part) {
                KllSketch<double> shard(k, 1000 * run + 1 + part);
                const std::size_t begin = n * part / parts;
                const std::size_t size = n * (part + 1) / parts - begin;
                (parts == 1 ? sketch : shard).update(std::span<const double>(values).subspan(begin, size));
                if (parts > 1) sketch.merge(shard);
            }
            REQUIRE(sketch.count() == n);
            const auto middle = static_cast<double>(n / 2);
            const double error = std::abs(sketch.rank(middle - 1.0) - middle / static_cast<double>(n));
            bound = sketch.rank_error(0.95);
            everywhere = sketch.uniform_rank_error(0.95);
            largest = std::max(largest, error);
            median_missed += error > bound ? 1U : 0U;
            uniform_missed += worst_error(sketch) > everywhere ? 1U : 0U;
            published_missed += error > 2.296 / std::pow(k, 0.9723) ? 1U : 0U;
        }
        MESSAGE("k ", k, ", n ", n, ", parts ", parts, ": bound ", bound, " missed in % of runs ",
                percent(median_missed, runs), "; uniform ", everywhere, " missed ", percent(uniform_missed, runs),
                "; the error that DataSketches states for 99 % missed ", percent(published_missed, runs),
                "; largest error seen ", largest);
        CHECK(not_above(median_missed, runs, 0.05));
        CHECK(not_above(uniform_missed, runs, 0.05));
        CHECK(not_above(published_missed, runs, 0.01));  // no less accurate than the sketch others use
        CHECK(bound < 4.0 / k);
        CHECK(largest > 0.4 * bound);  // nor a bound so wide that nothing could break it
    }
}

TEST_CASE("level of the sketches' test, its interval of D, and the naive p-value that forgets the sketch") {
    constexpr std::uint64_t runs = 300;
    constexpr std::size_t n = 60'000;
    Random random(77);
    std::uint64_t missed = 0;
    std::uint64_t rejected = 0;
    std::uint64_t naive = 0;
    std::uint64_t full_rejected = 0;
    std::vector<double> reference(n);
    std::vector<double> live(n);
    for (std::uint64_t run = 0; run < runs; ++run) {
        for (double& value : reference) value = random.uniform();
        for (double& value : live) value = random.uniform();
        KllSketch<double> a(64, 2 * run);
        KllSketch<double> b(64, 2 * run + 1);
        a.update(reference);
        b.update(live);
        const auto result = drift::ks_two_sample(a, b, {0.95, 0.01});
        std::sort(live.begin(), live.end());
        KllSketch<double> exact(65'535, 1);  // holds everything
        exact.update(live);
        REQUIRE(exact.is_exact());
        const auto truth = drift::ks_two_sample(drift::SortedSample<double>(reference), exact);
        missed += truth.statistic < result.statistic_interval.lower || truth.statistic > result.statistic_interval.upper
                      ? 1U
                      : 0U;
        rejected += result.p_value <= 0.05 ? 1U : 0U;
        full_rejected += truth.p_value <= 0.05 ? 1U : 0U;
        naive += naive_p_value(a, b) <= 0.05 ? 1U : 0U;
    }
    MESSAGE("no drift, k 64, n 60000: % of runs where the interval misses D ", percent(missed, runs),
            ", false alarms at 5 %: with the interval ", percent(rejected, runs), ", all values ",
            percent(full_rejected, runs), ", sketch taken for exact ", percent(naive, runs));
    CHECK(not_above(missed, runs, 0.01));
    CHECK(not_above(rejected, runs, 0.05));
    CHECK(not_above(full_rejected, runs, 0.05));
    CHECK_FALSE(not_above(naive, runs, 0.30));  // the promised 5 % are far off
}

TEST_CASE("power: what the kept values as sample size cannot see") {
    constexpr std::uint64_t runs = 20;
    constexpr std::size_t n = 300'000;
    Random random(78);
    std::uint64_t found = 0;
    std::uint64_t retained_rule = 0;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const auto a = normal_sketch(n, 0.0, 1024, 2 * run, random);
        const auto b = normal_sketch(n, 0.05, 1024, 2 * run + 1, random);
        const auto result = drift::ks_two_sample(a, b);
        found += result.p_value <= 0.01 ? 1U : 0U;
        retained_rule += retained_items_rule_rejects(a, b, result.statistic, 0.01) ? 1U : 0U;
        CHECK(result.effect_interval.lower <= 0.01995);  // 2 Phi(0.025) - 1
        CHECK(result.effect_interval.upper >= 0.01994);
    }
    MESSAGE("shift 0.05 sd, k 1024, n 300000, level 1 %: found in % of runs ", percent(found, runs),
            ", by the rule of kept values ", percent(retained_rule, runs));
    CHECK(found >= runs * 9 / 10);
    CHECK(retained_rule == 0);
}
