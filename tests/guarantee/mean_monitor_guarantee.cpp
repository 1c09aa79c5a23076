// SPDX-License-Identifier: Apache-2.0
// A mean that stays within its limits is never taken for one that left them more often than the level allows, by any
// rule, at every one of 1e5 looks; one that leaves them is found.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
constexpr std::size_t soon = 2000;

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

struct Rates {
    Rate ever, soon;  // within all looks, within the first of them
    Rate narrowed;    // bounds of a share of their width ever miss the mean of 0.2
};

// Of bounds, what a rule that is wrong might say. A level twice too large shows in no rate of the stitched rule, which
// is wide by its construction (its curve is held to the definition instead); bounds this much narrower do, where values
// vary as trials do: at 1e5 of them they are 2.5 standard errors.
constexpr double narrow = 0.6;

Rates alarms(const drift::MeanOptions& options, const Law& law, std::uint64_t runs, bool narrows) {
    Rates rates;
    for (std::uint64_t run = 0; run < runs; ++run) {
        vedette::Random random(run, 83);
        drift::MeanMonitor monitor(options);
        std::size_t taken = 0;
        bool alarmed = false;
        bool missed = !narrows;
        for (; taken < looks && !alarmed; ++taken) {
            alarmed = monitor.update(law.draw(random, taken)) == MonitorState::change;
            if (missed || taken % 8 != 0) continue;
            const vedette::Interval bounds = monitor.bounds();
            const double mean = monitor.mean();
            missed = mean - narrow * (mean - bounds.lower) > 0.2 || mean + narrow * (bounds.upper - mean) < 0.2;
        }
        rates.ever.add(alarmed);
        rates.soon.add(alarmed && taken <= soon);
        rates.narrowed.add(missed || alarmed);
    }
    return rates;
}

// The wealth of the gambler who bets that the mean is above (1) or below (-1) `mean`, by the definition (Waudby-Smith
// and Ramdas 2024, equation 26): 1 at the start, and a martingale where it is the mean.
class Wealth {
  public:
    Wealth(double mean, double of_all_looks) : mean_(mean), enough_(2.0 / of_all_looks) {}

    [[nodiscard]] double enough() const { return enough_; }
    [[nodiscard]] double operator[](std::size_t side) const { return wealth_[side]; }
    void update(double value) {
        count_ += 1.0;
        const double stake = std::sqrt(2.0 * std::log(enough_) / ((0.25 + squares_) * std::log1p(count_)));
        wealth_[0] *= 1.0 + std::min(stake, 0.5 / mean_) * (value - mean_);
        wealth_[1] *= 1.0 - std::min(stake, 0.5 / (1.0 - mean_)) * (value - mean_);
        sum_ += value;
        const double deviation = value - (0.5 + sum_) / (count_ + 1.0);
        squares_ += deviation * deviation;
    }

  private:
    double mean_, enough_;
    double wealth_[2] = {1.0, 1.0};
    double count_ = 0.0, sum_ = 0.0, squares_ = 0.0;
};

// The exact probability that trials of rate p ever leave the bounds of the beta-binomial mixture within `soon` looks:
// how many successes there may be after n trials without an alarm so far, one trial after the other.
double leaves_soon(double p) {
    constexpr double a = 0.5;
    std::vector<double> gamma(soon + 1), whole(soon + 1);
    for (std::size_t n = 0; n <= soon; ++n) {
        gamma[n] = std::lgamma(a + static_cast<double>(n)) - std::lgamma(a);
        whole[n] = std::lgamma(2.0 * a + static_cast<double>(n)) - std::lgamma(2.0 * a);
    }
    std::vector<double> inside(soon + 2, 0.0);
    inside[0] = 1.0;
    double left = 0.0;
    for (std::size_t n = 1; n <= soon; ++n)
        for (std::size_t k = n + 1; k-- > 0;) {
            double probability = (k < n ? inside[k] * (1.0 - p) : 0.0) + (k > 0 ? inside[k - 1] * p : 0.0);
            const double evidence = gamma[k] + gamma[n - k] - whole[n] - static_cast<double>(k) * std::log(p) -
                                    static_cast<double>(n - k) * std::log1p(-p);
            if (evidence >= -std::log(level)) {
                left += probability;
                probability = 0.0;
            }
            inside[k] = probability;
        }
    return left;
}

}  // namespace

TEST_CASE("A mean monitor of a mean in order ever alarms within 1e5 looks in at most 5 % of runs, by rules of sums") {
    // With one mean in order, both sides of the bounds are at stake.
    const drift::MeanOptions point{.least = 0.2, .most = 0.2, .level = level, .cells = 20};
    const drift::MeanOptions below{.least = 0.0, .most = 0.2, .level = level, .cells = 20};
    struct Case {
        const char* name;
        MeanRule rule;
        drift::MeanOptions limits;
        Law law;
        std::uint64_t runs;
    };
    const Case cases[] = {{"stitched, trials", MeanRule::stitched, point, trials, 200},
                          {"stitched, shares", MeanRule::stitched, point, shares, 200},
                          {"stitched, drifting", MeanRule::stitched, below, drifting, 200},
                          {"proportion, trials", MeanRule::proportion, point, trials, 400}};
    for (const Case& each : cases) {
        drift::MeanOptions options = each.limits;
        options.rule = each.rule;
        const bool narrows = each.rule == MeanRule::stitched && each.law.draw == trials.draw;
        const auto [ever, soonest, narrowed] = alarms(options, each.law, runs_of(each.runs), narrows);
        MESSAGE(std::string(each.name) << ": " << ever.value() << ", soon " << soonest.value() << ", narrowed "
                                       << narrowed.value());
        CHECK(ever.at_most(level));
        if (narrows) CHECK_FALSE(narrowed.at_most(level));
        if (each.rule != MeanRule::proportion) continue;
        // The exact rule alarms as often as its law says, and so does not keep the level by silence.
        const double exact = leaves_soon(0.2);
        MESSAGE("exactly " << exact);
        CHECK(soonest.at_most(exact));
        CHECK(soonest.at_least(exact));
        CHECK(ever.at_least(exact));
    }
}

TEST_CASE("A mean monitor by betting alarms only where a gambler won enough, and gamblers win nothing on average") {
    constexpr double mean = 0.25;  // the border of a cell, where bounds are the least outward
    struct Case {
        const char* name;
        double (*draw)(vedette::Random&);
        double level;
        std::uint64_t runs;
    };
    // At 0.4 gamblers need to win little, and their mean is soon known: 200 of each law tell 1 from 1.8.
    const Case cases[] = {
        {"trials", [](vedette::Random& random) { return random.uniform() < mean ? 1.0 : 0.0; }, 0.4, 100},
        {"shares", [](vedette::Random& random) { return 2.0 * mean * random.uniform(); }, 0.4, 100},
        {"trials, at 5 %", [](vedette::Random& random) { return random.uniform() < mean ? 1.0 : 0.0; }, level, 50}};
    Mean won, won_at_twice;
    for (const Case& each : cases) {
        Rate alarms, rich;
        std::uint64_t early = 0;  // alarms before any gambler had won enough
        for (std::uint64_t run = 0; run < runs_of(each.runs); ++run) {
            vedette::Random random(run, 86);
            drift::MeanMonitor monitor(
                {.least = mean, .most = mean, .level = each.level, .rule = MeanRule::betting, .cells = 16});
            Wealth wealth(mean, each.level);
            const double enough = wealth.enough();
            double paid[2] = {};   // what a gambler is paid at 2/level, or has at the end
            double twice[2] = {};  // the same were wealth said to be twice as large
            bool alarmed = false;
            for (std::size_t i = 0; i < looks; ++i) {
                const double value = each.draw(random);
                wealth.update(value);
                for (std::size_t side = 0; side < 2; ++side) {
                    if (paid[side] == 0.0 && wealth[side] >= enough) paid[side] = enough;
                    if (twice[side] == 0.0 && 2.0 * wealth[side] >= enough) twice[side] = enough;
                }
                if (alarmed) continue;
                alarmed = monitor.update(value) == MonitorState::change;
                if (alarmed && paid[0] + paid[1] == 0.0) ++early;
            }
            for (std::size_t side = 0; side < 2 && each.level == 0.4; ++side) {
                won.add(paid[side] > 0.0 ? paid[side] : wealth[side]);
                won_at_twice.add(twice[side] > 0.0 ? twice[side] : 2.0 * wealth[side]);
            }
            alarms.add(alarmed);
            rich.add(paid[0] + paid[1] > 0.0);
        }
        MESSAGE(std::string(each.name) << ": " << alarms.value() << ", enough was won in " << rich.value());
        CHECK(early == 0);
        CHECK(alarms.at_most(each.level));
        CHECK(rich.at_most(each.level));
    }
    // Martingales that start at 1: their mean is 1 when they stop.
    MESSAGE("mean at the end " << won.value() << " +- " << won.error() << ", of twice the wealth "
                               << won_at_twice.value() << " +- " << won_at_twice.error());
    CHECK(won.at_most(1.0));
    CHECK_FALSE(won_at_twice.at_most(1.0));
}

TEST_CASE("Monitors of three streams, merged at every tenth of 1e5 values: the level is that of all looks together") {
    for (const MeanRule rule : {MeanRule::stitched, MeanRule::betting, MeanRule::proportion}) {
        const bool bets = rule == MeanRule::betting;  // a merge multiplies wealths, which remember their way
        Rate rate;
        for (std::uint64_t run = 0; run < runs_of(bets ? 50 : 200); ++run) {
            vedette::Random random(run, 85);
            std::vector<drift::MeanMonitor> shards;
            // Shards that tell bounds and never alarm; the limits are asked of what they say together.
            const drift::MeanOptions options{.level = level, .rule = rule, .cells = 20};
            for (int k = 0; k < 3; ++k) shards.emplace_back(options);
            bool missed = false;
            for (std::size_t i = 0; i < looks && !missed; ++i) {
                // Streams of unequal lengths.
                shards[i % 7 == 0 ? 0 : 1 + i % 2].update(random.uniform() < 0.2 ? 1.0 : 0.0);
                if (i % 10 != 0) continue;
                drift::MeanMonitor merged = shards[0];
                merged.merge(shards[1]);
                merged.merge(shards[2]);
                // Far from the mean is where bounds of sums could miss: no look at them elsewhere.
                const auto count = static_cast<double>(merged.observations());
                const double apart = std::abs(merged.mean() - 0.2);
                if (!bets && apart * apart * count < 0.16) continue;
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
