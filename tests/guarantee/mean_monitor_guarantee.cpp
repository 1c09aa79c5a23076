// SPDX-License-Identifier: Apache-2.0
// A mean that stays within its limits is never taken for one that left them more often than the level allows, by any
// rule, at every one of 1e5 looks; one that leaves them is found.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/mean_monitor.hpp"

namespace drift = vedette::drift;
using drift::MeanRule;
using vedette::MonitorState;

namespace {

constexpr double level = 0.05;
constexpr std::size_t looks = 100'000;

struct Law {
    const char* name;
    double (*draw)(vedette::Random&, std::size_t);
};

// Each has a mean of 0.2, the largest that is in order, where an alarm is likeliest.
const Law trials{"trials", [](vedette::Random& random, std::size_t) { return random.uniform() < 0.2 ? 1.0 : 0.0; }};
const Law shares{"shares", [](vedette::Random& random, std::size_t) { return 0.4 * random.uniform(); }};
// The same on average so far at most: what the stitched rule allows, and the others do not.
const Law drifting{"drifting", [](vedette::Random& random, std::size_t i) {
                       return random.uniform() < (i / 500 % 2 == 0 ? 0.05 : 0.35) ? 1.0 : 0.0;
                   }};

Rate alarms(const drift::MeanOptions& options, const Law& law, std::uint64_t runs) {
    Rate rate;
    for (std::uint64_t run = 0; run < runs; ++run) {
        vedette::Random random(run, 83);
        drift::MeanMonitor monitor(options);
        bool alarmed = false;
        for (std::size_t i = 0; i < looks && !alarmed; ++i)
            alarmed = monitor.update(law.draw(random, i)) == MonitorState::change;
        rate.add(alarmed);
    }
    return rate;
}

}  // namespace

TEST_CASE("A mean monitor of a mean in order ever alarms within 1e5 looks in at most 5 % of runs, by each rule") {
    // With one mean in order, both sides of the bounds are at stake.
    const drift::MeanOptions point{.least = 0.2, .most = 0.2, .level = level, .cells = 20};
    const drift::MeanOptions below{.least = 0.0, .most = 0.2, .level = level, .cells = 20};
    struct Case {
        const char* name;
        MeanRule rule;
        drift::MeanOptions limits;
        Law law;
        std::uint64_t runs;  // a value costs ten times as much by betting
    };
    const Case cases[] = {{"stitched, trials", MeanRule::stitched, point, trials, 200},
                          {"stitched, shares", MeanRule::stitched, point, shares, 200},
                          {"stitched, drifting", MeanRule::stitched, below, drifting, 200},
                          {"betting, trials", MeanRule::betting, point, trials, 40},
                          {"betting, shares", MeanRule::betting, below, shares, 40},
                          {"proportion, trials", MeanRule::proportion, point, trials, 400}};
    for (const Case& each : cases) {
        drift::MeanOptions options = each.limits;
        options.rule = each.rule;
        const Rate rate = alarms(options, each.law, each.runs);
        MESSAGE(std::string(each.name) << ": " << rate.value());
        CHECK(rate.at_most(level));
        // The exact rule keeps the level without being silent.
        if (each.rule == MeanRule::proportion) CHECK(rate.value() > 0.2 * level);
    }
}

TEST_CASE("Monitors of three streams, merged at every tenth of 1e5 values: the level is that of all looks together") {
    for (const MeanRule rule : {MeanRule::stitched, MeanRule::proportion}) {
        Rate rate;
        for (std::uint64_t run = 0; run < 200; ++run) {
            vedette::Random random(run, 85);
            std::vector<drift::MeanMonitor> shards;
            // Shards that tell bounds and never alarm; the limits are asked of what they say together.
            const drift::MeanOptions options{.level = level, .rule = rule};
            for (int k = 0; k < 3; ++k) shards.emplace_back(options);
            bool missed = false;
            for (std::size_t i = 0; i < looks && !missed; ++i) {
                // Streams of unequal lengths.
                shards[i % 7 == 0 ? 0 : 1 + i % 2].update(random.uniform() < 0.2 ? 1.0 : 0.0);
                if (i % 10 != 0) continue;
                drift::MeanMonitor merged = shards[0];
                merged.merge(shards[1]);
                merged.merge(shards[2]);
                // Far from the mean is where bounds could miss: no look at them elsewhere.
                const auto count = static_cast<double>(merged.observations());
                const double apart = std::abs(merged.mean() - 0.2);
                if (apart * apart * count < 0.16) continue;
                const vedette::Interval bounds = merged.bounds();
                missed = bounds.lower > 0.2 || bounds.upper < 0.2;
            }
            rate.add(missed);
        }
        MESSAGE("rule " << static_cast<int>(rule) << ": " << rate.value());
        CHECK(rate.at_most(level));
    }
}

TEST_CASE("A mean monitor finds a mean that left its limits by 0.1 within 2000 values, by each rule") {
    for (const MeanRule rule : {MeanRule::stitched, MeanRule::betting, MeanRule::proportion}) {
        Rate found;
        double delays = 0.0;
        for (std::uint64_t run = 0; run < 200; ++run) {
            vedette::Random random(run, 84);
            drift::MeanMonitor monitor({.most = 0.2, .level = level, .rule = rule, .cells = 100});
            std::size_t waited = 1;
            while (waited <= 2000 && monitor.update(random.uniform() < 0.3 ? 1.0 : 0.0) != MonitorState::change)
                ++waited;
            found.add(waited <= 2000);
            delays += static_cast<double>(waited) / 200.0;
        }
        MESSAGE("rule " << static_cast<int>(rule) << ": after " << delays << " values");
        CHECK(found.value() >= 0.99);
    }
}
