// SPDX-License-Identifier: Apache-2.0
// Error rates of the drift tests over thousands of seeded runs: level, family-wise and false-discovery rate, coverage
// of the intervals, and power beside the full-sample test.
#include <doctest/doctest.h>

#include <array>
#include <iomanip>
#include <sstream>
#include <string>
#include <tuple>

#include "simulate.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/stats/distributions.hpp"
#include "vedette/stats/multiple_testing.hpp"

using namespace simulate;
using vedette::Random;
using vedette::TestResult;
namespace drift = vedette::drift;
namespace stats = vedette::stats;

namespace {

constexpr std::size_t test_count = 8;
constexpr std::array<const char*, test_count> test_names{
    "ks", "chi_square", "g", "psi", "jensen_shannon", "hellinger", "total_variation", "wasserstein"};

std::array<const TestResult*, test_count> results(const drift::GridEvidence& e) {
    return {&e.ks, &e.chi_square, &e.g, &e.psi, &e.jensen_shannon, &e.hellinger, &e.total_variation, &e.wasserstein};
}

// Is `hits` of `runs` compatible with a rate of at most, or at least, `rate`? Exact, at 1e-4 per comparison.
const stats::Confidence band(1.0 - 1e-4);
bool not_above(std::uint64_t hits, std::uint64_t runs, double rate) {
    return stats::clopper_pearson(hits, runs, band).lower <= rate;
}
bool not_below(std::uint64_t hits, std::uint64_t runs, double rate) {
    return stats::clopper_pearson(hits, runs, band).upper >= rate;
}

std::string percent(std::uint64_t hits, std::uint64_t runs) {
    std::ostringstream text;
    text << std::fixed << std::setprecision(2) << 100.0 * static_cast<double>(hits) / static_cast<double>(runs);
    return text.str();
}

struct Sizes {
    std::uint64_t reference;
    std::uint64_t live;
};

constexpr std::array<Sizes, 9> sizes{{{100, 100},
                                      {10'000, 100},
                                      {1000, 1000},
                                      {1000, 10'000},
                                      {10'000, 10'000},
                                      {1000, 1'000'000},
                                      {1'000'000, 1000},
                                      {1'000'000, 10'000},
                                      {1'000'000, 1'000'000}}};

void check_levels(World world, std::uint64_t runs) {
    const stats::Confidence confidence(0.99);
    std::ostringstream table;
    for (const Sizes& size : sizes) {
        Random random(2024, size.reference * 31 + size.live);
        std::array<std::uint64_t, test_count> at_5{};
        std::array<std::uint64_t, test_count> at_1{};
        for (std::uint64_t run = 0; run < runs; ++run) {
            const Draw draw = draw_null(world, random, size.reference, size.live);
            const auto evidence = drift::evaluate(draw.reference, draw.live, confidence);
            const auto tests = results(evidence);
            for (std::size_t k = 0; k < test_count; ++k) {
                at_5[k] += tests[k]->p_value <= 0.05 ? 1U : 0U;
                at_1[k] += tests[k]->p_value <= 0.01 ? 1U : 0U;
            }
        }
        table << "\n" << size.reference << "/" << size.live;
        for (std::size_t k = 0; k < test_count; ++k) {
            if (world == World::nominal && (k == 0 || k == 7)) continue;
            table << "  " << test_names[k] << " " << percent(at_5[k], runs) << "," << percent(at_1[k], runs);
            CAPTURE(size.reference);
            CAPTURE(size.live);
            CAPTURE(std::string(test_names[k]));
            CAPTURE(at_5[k]);
            CAPTURE(at_1[k]);
            CHECK(not_above(at_5[k], runs, 0.05));
            CHECK(not_above(at_1[k], runs, 0.01));
            // Two-sided where nothing makes the law conservative: equal-mass cells and plenty of values in each.
            if (world == World::continuous && size.live >= 10'000 && size.reference >= 10'000) {
                CHECK(not_below(at_5[k], runs, 0.05));
                CHECK(not_below(at_1[k], runs, 0.01));
            }
        }
    }
    MESSAGE("false alarms in % at 5 and 1 %, ", std::string(name(world)), " (reference/live):", table.str());
}

}  // namespace

TEST_CASE("level: continuous") {
    check_levels(World::continuous, 2500);
}
TEST_CASE("level: heavy-tailed") {
    check_levels(World::skewed, 2500);
}
TEST_CASE("level: discrete") {
    check_levels(World::discrete, 2500);
}
TEST_CASE("level: 60 % zeros") {
    check_levels(World::tied, 2500);
}
TEST_CASE("level: categories, rare ones among them") {
    check_levels(World::nominal, 2500);
}

TEST_CASE("level: other grids than the default") {
    const stats::Confidence confidence(0.99);
    constexpr std::uint64_t runs = 2000;
    for (const std::size_t cells : {8UL, 256UL, 1024UL}) {
        Random random(7, cells);
        std::array<std::uint64_t, test_count> at_5{};
        for (std::uint64_t run = 0; run < runs; ++run) {
            const Draw draw = draw_null(World::continuous, random, 5000, 5000, cells);
            const auto evidence = drift::evaluate(draw.reference, draw.live, confidence);
            const auto tests = results(evidence);
            for (std::size_t k = 0; k < test_count; ++k) at_5[k] += tests[k]->p_value <= 0.05 ? 1U : 0U;
        }
        for (std::size_t k = 0; k < test_count; ++k) {
            CAPTURE(cells);
            CAPTURE(std::string(test_names[k]));
            CAPTURE(at_5[k]);
            CHECK(not_above(at_5[k], runs, 0.05));
        }
    }
}

TEST_CASE("level: rates") {
    const stats::Confidence confidence(0.99);
    constexpr std::uint64_t runs = 4000;
    for (const double rate : {0.0005, 0.01, 0.3})
        for (const Sizes& size : sizes) {
            Random random(5, size.reference + size.live);
            std::uint64_t at_5 = 0;
            std::uint64_t at_1 = 0;
            std::uint64_t beyond_5 = 0;
            std::uint64_t beyond_1 = 0;
            std::uint64_t covered = 0;
            for (std::uint64_t run = 0; run < runs; ++run) {
                const std::uint64_t events = binomial(random, size.reference, rate);
                const std::uint64_t live_events = binomial(random, size.live, rate);
                const TestResult result =
                    drift::two_proportion(events, size.reference, live_events, size.live, confidence);
                at_5 += result.p_value <= 0.05 ? 1U : 0U;
                at_1 += result.p_value <= 0.01 ? 1U : 0U;
                covered += result.effect_interval.lower <= 0.0 && result.effect_interval.upper >= 0.0 ? 1U : 0U;
                // The mass beyond n uniform values' extremes is Beta(2, n - 1).
                const double a = std::gamma_distribution<double>(2.0, 1.0)(random);
                const double b =
                    std::gamma_distribution<double>(static_cast<double>(size.reference) - 1.0, 1.0)(random);
                const double p =
                    drift::exceedance(size.reference, binomial(random, size.live, a / (a + b)), size.live, confidence)
                        .p_value;
                beyond_5 += p <= 0.05 ? 1U : 0U;
                beyond_1 += p <= 0.01 ? 1U : 0U;
            }
            CAPTURE(rate);
            CAPTURE(size.reference);
            CAPTURE(size.live);
            CAPTURE(at_5);
            CAPTURE(at_1);
            CAPTURE(beyond_5);
            CAPTURE(beyond_1);
            CHECK(not_above(at_5, runs, 0.05));
            CHECK(not_above(at_1, runs, 0.01));
            CHECK(not_above(beyond_5, runs, 0.05));
            CHECK(not_above(beyond_1, runs, 0.01));
            // Newcombe's interval undercovers slightly, and markedly where hardly an event is expected.
            if (rate * static_cast<double>(std::min(size.reference, size.live)) >= 5.0)
                CHECK(not_below(covered, runs, 0.985));
        }
}

TEST_CASE("level: unseen categories, from many rare ones to a few") {
    const stats::Confidence confidence(0.99);
    constexpr std::uint64_t runs = 3000;
    for (const double exponent : {0.7, 1.2, 2.0})
        for (const Sizes& size : {Sizes{1000, 1000}, Sizes{1000, 10'000}, Sizes{10'000, 1000}}) {
            std::vector<double> probabilities(400);
            double total = 0.0;
            for (std::size_t i = 0; i < probabilities.size(); ++i)
                total += probabilities[i] = std::pow(static_cast<double>(i + 1), -exponent);
            for (double& p : probabilities) p /= total;
            Random random(3, size.live);
            std::uint64_t at_5 = 0;
            std::uint64_t at_1 = 0;
            for (std::uint64_t run = 0; run < runs; ++run) {
                const Counts reference = multinomial(random, size.reference, probabilities);
                const Counts live = multinomial(random, size.live, probabilities);
                std::uint64_t unseen = 0;
                for (std::size_t i = 0; i < live.size(); ++i) unseen += reference[i] == 0 ? live[i] : 0;
                const auto times = [&reference](std::uint64_t n) {
                    return static_cast<std::uint64_t>(std::count(reference.begin(), reference.end(), n));
                };
                const double p =
                    drift::unseen_category(times(1), times(2), size.reference, unseen, size.live, confidence).p_value;
                at_5 += p <= 0.05 ? 1U : 0U;
                at_1 += p <= 0.01 ? 1U : 0U;
            }
            CAPTURE(exponent);
            CAPTURE(size.reference);
            CAPTURE(size.live);
            CAPTURE(at_5);
            CAPTURE(at_1);
            CHECK(not_above(at_5, runs, 0.05));
            CHECK(not_above(at_1, runs, 0.01));
        }
}

TEST_CASE("many features: family-wise error and false discovery rate") {
    const stats::Confidence confidence(0.95);
    constexpr std::size_t features = 20;
    constexpr std::size_t drifted = 5;  // in the second half of the runs
    constexpr std::uint64_t runs = 2000;
    constexpr std::array<World, 4> worlds{World::continuous, World::discrete, World::tied, World::nominal};
    for (const std::size_t k : {0UL, 3UL}) {  // ks where there is one, psi elsewhere; psi throughout
        Random random(77, k);
        std::array<std::uint64_t, 4> any_rejected{};
        double false_share = 0.0;
        double false_share_squares = 0.0;
        std::uint64_t found = 0;
        for (std::uint64_t run = 0; run < 2 * runs; ++run) {
            const bool with_drift = run >= runs;
            std::vector<double> p;
            for (std::size_t feature = 0; feature < features; ++feature) {
                const World world = worlds[feature % worlds.size()];
                Draw draw = draw_null(world, random, 1000, 1000);
                if (with_drift && feature < drifted)
                    std::rotate(draw.live.begin(), draw.live.begin() + 2, draw.live.end());
                const auto evidence = drift::evaluate(draw.reference, draw.live, confidence);
                p.push_back(world == World::nominal ? evidence.psi.p_value : results(evidence)[k]->p_value);
            }
            if (!with_drift) {
                std::size_t slot = 0;
                for (const auto correction :
                     {stats::Correction::bonferroni, stats::Correction::holm, stats::Correction::benjamini_hochberg,
                      stats::Correction::benjamini_yekutieli}) {
                    const auto adjusted = stats::adjust(p, correction);
                    any_rejected[slot++] += *std::min_element(adjusted.begin(), adjusted.end()) <= 0.05 ? 1U : 0U;
                }
                continue;
            }
            const auto adjusted = stats::adjust(p, stats::Correction::benjamini_hochberg);
            double wrong = 0.0;
            double right = 0.0;
            for (std::size_t feature = 0; feature < features; ++feature)
                if (adjusted[feature] <= 0.05) (feature < drifted ? right : wrong) += 1.0;
            const double share = wrong / std::max(1.0, wrong + right);
            false_share += share;
            false_share_squares += share * share;
            found += static_cast<std::uint64_t>(right);
        }
        const double mean = false_share / static_cast<double>(runs);
        const double error =
            std::sqrt((false_share_squares / static_cast<double>(runs) - mean * mean) / static_cast<double>(runs));
        MESSAGE(std::string(test_names[k]), ": no drift, % of runs with an alarm at 5 %: bonferroni ",
                percent(any_rejected[0], runs), " holm ", percent(any_rejected[1], runs), " bh ",
                percent(any_rejected[2], runs), " by ", percent(any_rejected[3], runs),
                "; 5 of 20 drifted: false discovery rate ", 100.0 * mean, " %, found ", percent(found, runs * drifted),
                " %");
        for (const std::uint64_t count : any_rejected) CHECK(not_above(count, runs, 0.05));
        CHECK(mean - 4.0 * error <= 0.05 * (features - drifted) / features);
        CHECK(found > runs * drifted / 2);
    }
}

namespace {

// The divergences between known shares, over the cells that the evaluation has after pooling.
std::array<double, test_count> true_effects(const std::vector<double>& p, const std::vector<double>& q,
                                            const std::vector<double>& edges, double n, double m) {
    std::array<double, test_count> truth{};
    double f = 0.0;
    double previous = 0.0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        f += p[i] - q[i];
        truth[0] = std::max(truth[0], std::abs(f));
        if (i > 0 && i + 1 < p.size()) {
            const double width = edges[i] - edges[i - 1];
            const double a = std::abs(previous);
            const double b = std::abs(f);
            truth[7] += width * 0.5 * (previous * f < 0.0 ? (a * a + b * b) / (a + b) : a + b);
        }
        previous = f;
    }
    double coefficient = 0.0;
    for (std::size_t i = 1; i + 1 < p.size(); ++i) {
        // The outer cells hold no reference value: their neighbours take them in.
        const bool first = i == 1;
        const bool last = i + 2 == p.size();
        const double a = p[i] + (first ? p[0] : 0.0) + (last ? p.back() : 0.0);
        const double b = q[i] + (first ? q[0] : 0.0) + (last ? q.back() : 0.0);
        const double middle = 0.5 * (a + b);
        truth[1] += n * m / (n + m) * (a - b) * (a - b) / (n * a + m * b);
        truth[3] += (a - b) * std::log(a / b);
        truth[4] += 0.5 * (a * std::log2(a / middle) + b * std::log2(b / middle));
        coefficient += std::sqrt(a * b);
        truth[6] += 0.5 * std::abs(a - b);
    }
    truth[1] = truth[2] = std::sqrt(truth[1]);
    truth[5] = std::sqrt(std::max(0.0, 1.0 - coefficient));
    return truth;
}

}  // namespace

TEST_CASE("coverage of the effect intervals, from no drift to strong drift") {
    constexpr std::uint64_t runs = 1500;
    constexpr std::uint64_t n = 10'000;
    constexpr std::uint64_t m = 4000;
    for (const double level : {0.95, 0.99}) {
        const stats::Confidence confidence(level);
        for (const double power : {1.0, 1.05, 1.2, 2.0}) {
            Random random(31, static_cast<std::uint64_t>(1000 * power));
            std::array<std::uint64_t, test_count> covered{};
            for (std::uint64_t run = 0; run < runs; ++run) {
                stats::Grid grid = spaced_grid(random, n, 62, 0.0);
                grid.minimum = grid.edges.front();
                grid.maximum = grid.edges.back();
                const auto reference = drift::GridReference::ordered(grid, 1.0);
                const auto p = cell_probabilities(World::continuous, grid.edges);
                std::vector<double> moved = grid.edges;
                for (double& edge : moved) edge = std::pow(edge, power);  // live values are uniform^(1/power)
                const auto q = cell_probabilities(World::continuous, moved);
                const auto evidence = drift::evaluate(reference, multinomial(random, m, q), confidence);
                REQUIRE(evidence.pooled_cells == 62);
                const auto truth = true_effects(p, q, grid.edges, static_cast<double>(n), static_cast<double>(m));
                const auto tests = results(evidence);
                for (std::size_t k = 0; k < test_count; ++k)
                    covered[k] += tests[k]->effect_interval.lower <= truth[k] * (1 + 1e-12) &&
                                          truth[k] <= tests[k]->effect_interval.upper * (1 + 1e-12)
                                      ? 1U
                                      : 0U;
            }
            std::ostringstream table;
            for (std::size_t k = 0; k < test_count; ++k) {
                table << "  " << test_names[k] << " " << percent(covered[k], runs);
                CAPTURE(level);
                CAPTURE(power);
                CAPTURE(std::string(test_names[k]));
                CAPTURE(covered[k]);
                CHECK(not_below(covered[k], runs, level));
            }
            MESSAGE("coverage in % of nominal ", 100.0 * level, ", exponent ", power, ":", table.str());
        }
    }
}

TEST_CASE("power of the grid's Kolmogorov-Smirnov test beside the full-sample test") {
    const stats::Confidence confidence(0.95);
    constexpr std::uint64_t runs = 1500;
    for (const auto& [n, m, shift] :
         {std::tuple{1000UL, 1000UL, 0.10}, std::tuple{5000UL, 1000UL, 0.08}, std::tuple{5000UL, 5000UL, 0.045}}) {
        Random random(13, n + m);
        std::uint64_t on_grid = 0;
        std::uint64_t full = 0;
        std::vector<double> reference(n);
        std::vector<double> live(m);
        for (std::uint64_t run = 0; run < runs; ++run) {
            for (double& value : reference) value = random.normal();
            for (double& value : live) value = random.normal() + shift;
            const stats::Grid grid = stats::fit_grid(reference);  // sorts
            std::sort(live.begin(), live.end());
            Counts counts(grid.cells());
            for (const double value : live) ++counts[grid.cell(value)];
            const auto result = drift::ks(drift::GridReference::ordered(grid, 1.0), counts, confidence);
            on_grid += result.p_value <= 0.05 ? 1U : 0U;
            double largest = 0.0;
            for (std::size_t i = 0, j = 0; i < n && j < m;) {
                live[j] < reference[i] ? ++j : ++i;
                largest = std::max(largest, std::abs(static_cast<double>(i) / static_cast<double>(n) -
                                                     static_cast<double>(j) / static_cast<double>(m)));
            }
            const double effective = static_cast<double>(n * m) / static_cast<double>(n + m);
            CHECK(result.effect <= largest + 1e-12);
            full += stats::kolmogorov_finite_sf(largest, effective) <= 0.05 ? 1U : 0U;
        }
        MESSAGE("power at 5 %, reference ", n, ", live ", m, ", shift ", shift, " sd: 64 cells ",
                percent(on_grid, runs), " %, full sample ", percent(full, runs), " %");
        CHECK(full > runs / 4);
        CHECK(static_cast<double>(on_grid) >= 0.85 * static_cast<double>(full));
    }
}
