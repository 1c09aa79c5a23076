// SPDX-License-Identifier: Apache-2.0
// Nearly constant features: the level and the power of a report in which the commonest value may decide.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/guard/report.hpp"
#include "vedette/stats/intervals.hpp"

using namespace vedette;

namespace {

constexpr std::size_t runs = 3000;
constexpr double level = 0.05;

// One feature: 0 but for a share of other values, which are `others` equally likely ones (0: all different).
struct World {
    const char* name;
    bool numeric;
    std::size_t reference_rows;
    std::size_t live_rows;
    double rare;
    std::size_t others;
};

std::vector<double> draw(Random& random, std::size_t rows, double rare, std::size_t others) {
    std::vector<double> values(rows, 0.0);
    for (double& value : values) {
        if (random.uniform() >= rare) continue;
        const double u = random.uniform();
        value = others == 0 ? u : 1.0 + std::floor(static_cast<double>(others) * u);
    }
    return values;
}

// The data of one side, as a table of one column.
class Side {
  public:
    Side(Random& random, const World& world, std::size_t rows, double rare)
        : numeric_(world.numeric), values_(draw(random, rows, rare, world.others)) {
        static const std::array<std::string, 41> names = [] {
            std::array<std::string, 41> made;
            for (std::size_t i = 0; i < made.size(); ++i) made[i] = std::to_string(i);
            return made;
        }();
        if (numeric_) return;
        for (const double value : values_) words_.push_back(names[static_cast<std::size_t>(value)]);
    }
    [[nodiscard]] Table table() const {
        return Table({{"x", numeric_ ? Column::numeric(values_) : Column::strings(words_)}});
    }

  private:
    bool numeric_;
    std::vector<double> values_;
    std::vector<std::string_view> words_;
};

struct Tally {
    std::size_t judged = 0, evidence = 0;                     // over the distribution, by whichever test
    std::size_t by_commonest = 0, evidence_by_commonest = 0;  // by the commonest value
};

Tally simulate(const World& world, double live_rare, std::uint64_t seed) {
    Policy policy;
    policy.level = level;
    policy.correction = stats::Correction::none;
    policy.defaults.test = DriftTest::chi_square;
    Tally tally;
    for (std::size_t run = 0; run < runs; ++run) {
        Random random(seed, run);
        const Side reference(random, world, world.reference_rows, world.rare);
        const Side live(random, world, world.live_rows, live_rare);
        const Baseline baseline = Baseline::build(reference.table(), {.minimum_rows = 1});
        Window window(baseline);
        window.observe(live.table());
        const Report report = assess(baseline, window, policy);
        const FeatureReport& feature = report.features.front();
        if (feature.evidence().empty()) continue;
        const Evidence& evidence = feature.evidence().front();
        if (evidence.hypothesis != Hypothesis::distribution || std::isnan(evidence.test.p_value)) continue;
        const bool found = evidence.test.p_value <= level;
        const bool commonest = feature.test == DriftTest::two_proportion;
        ++tally.judged;
        tally.evidence += found ? 1U : 0U;
        tally.by_commonest += commonest ? 1U : 0U;
        tally.evidence_by_commonest += commonest && found ? 1U : 0U;
    }
    return tally;
}

// The least rate that the runs leave possible, at a confidence of 1 - 1e-4.
double least_rate(std::size_t events, std::size_t trials) {
    return trials == 0 ? 0.0 : stats::clopper_pearson(events, trials, stats::Confidence(1.0 - 1e-4)).lower;
}

}  // namespace

TEST_CASE("nearly constant features keep the level, whichever test decides") {
    constexpr World worlds[] = {
        {"numbers, one in 1000 rare", true, 5000, 1000, 0.001, 20},
        {"numbers, between both tests", true, 2000, 2000, 0.003, 20},
        {"numbers, small reference between both tests", true, 200, 1000, 0.02, 20},
        {"continuous besides an atom", true, 300, 5000, 0.02, 0},
        {"continuous besides a large atom", true, 5000, 1000, 0.002, 0},
        {"categories, one in 1000 rare", false, 5000, 1000, 0.001, 20},
        {"categories, between both tests", false, 2000, 1000, 0.005, 20},
        {"a flag between both tests", false, 1000, 1000, 0.01, 1},
        {"a rare flag, small reference", false, 100, 5000, 0.02, 1},
    };
    std::uint64_t seed = 70;
    for (const World& world : worlds) {
        const Tally tally = simulate(world, world.rare, ++seed);
        CAPTURE(std::string(world.name));
        MESSAGE(std::string(world.name) << ": " << tally.evidence << " false alarms of " << tally.judged << ", "
                                        << tally.evidence_by_commonest << " of " << tally.by_commonest
                                        << " by the commonest value");
        CHECK(tally.by_commonest >= 100);
        CHECK(least_rate(tally.evidence, tally.judged) <= level);
        CHECK(least_rate(tally.evidence_by_commonest, tally.by_commonest) <= level);
    }
}

TEST_CASE("a small reference of several common values is not judged by the one that chance made commonest") {
    // 30 categories seen 15 times; three values seen 18 times, of which chance may leave one pooled cell. The largest
    // reference count, tested as if chosen beforehand, would give evidence in 34 % and 70 % of such runs.
    constexpr World worlds[] = {{"categories", false, 15, 1000, 29.0 / 30.0, 29},
                                {"numbers", true, 18, 1000, 2.0 / 3, 2}};
    for (const World& world : worlds) {
        const Tally tally = simulate(world, world.rare, 90);
        CAPTURE(std::string(world.name));
        CHECK(tally.by_commonest == 0);
        CHECK(least_rate(tally.evidence, tally.judged) <= level);
    }
}

TEST_CASE("a rare value that becomes ten times as frequent is found") {
    for (const bool numeric : {true, false}) {
        const World world{"rare", numeric, 5000, 1000, 0.002, 20};
        const Tally tally = simulate(world, 0.02, 95);
        CAPTURE(numeric);
        CHECK(tally.judged == runs);
        CHECK(tally.evidence >= runs * 98 / 100);
    }
}
