// SPDX-License-Identifier: Apache-2.0
// False alarms of the monitors beside what is promised: the level of a look, the mean run length of a chart.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "guarantee/rate.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/adwin.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/incremental_ks.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/stepd.hpp"

namespace drift = vedette::drift;
using vedette::MonitorState;
using vedette::Random;

namespace {

struct World {
    const char* name;
    double (*draw)(Random&);
};

const World worlds[] = {
    {"normal", [](Random& random) { return random.normal(); }},
    {"uniform", [](Random& random) { return random.uniform(); }},
    {"rare", [](Random& random) { return random.uniform() < 0.02 ? 1.0 : 0.0; }},
    {"coin", [](Random& random) { return random.uniform() < 0.5 ? 1.0 : 0.0; }},
    {"exponential", [](Random& random) { return -std::log(1.0 - random.uniform()); }},
};

// The number of values until a change.
template <class M>
double run_length(M& monitor, Random& random, double shift) {
    monitor.reset();
    double length = 1.0;
    while (monitor.update(random.normal() + shift) != MonitorState::change) length += 1.0;
    return length;
}

// Whether the mean of so many runs is the exact one, within 4.5 standard errors.
template <class M>
void check_run_length(M monitor, double shift, double exact, int runs) {
    Random random(42, static_cast<std::uint64_t>(exact * 1e6));
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < runs; ++i) {
        const double length = run_length(monitor, random, shift);
        sum += length;
        squares += length * length;
    }
    const double mean = sum / runs;
    const double error = std::sqrt((squares / runs - mean * mean) / runs);
    CAPTURE(exact);
    CAPTURE(mean);
    CHECK(std::abs(mean - exact) < 4.5 * error);
    CHECK(error < 0.02 * exact);
}

}  // namespace

TEST_CASE("ADWIN: a check alarms with probability delta at most") {
    for (const World& world : worlds) {
        CAPTURE(world.name);
        for (const double delta : {0.002, 0.1}) {
            // The last check of each run; what came before may have cut, as in use.
            Rate rate;
            Random random(7, static_cast<std::uint64_t>(delta * 1e4));
            for (int run = 0; run < 4000; ++run) {
                drift::Adwin adwin({.delta = delta});
                MonitorState last = MonitorState::in_control;
                for (int i = 0; i < 32 * 12; ++i) last = adwin.update(world.draw(random));
                rate.add(last == MonitorState::change);
            }
            CAPTURE(rate.value());
            CHECK(rate.at_most(delta));
        }
    }
}

TEST_CASE("ADWIN: a shift by one standard deviation is seen within two hundred values") {
    Rate rate;
    Random random(8);
    for (int run = 0; run < 1000; ++run) {
        drift::Adwin adwin;
        for (int i = 0; i < 1000; ++i) adwin.update(random.normal());
        bool seen = false;
        for (int i = 0; i < 200; ++i) seen = adwin.update(random.normal() + 1.0) == MonitorState::change || seen;
        rate.add(seen);
    }
    CHECK(rate.at_least(0.999));
}

TEST_CASE("CUSUM and EWMA chart: mean run lengths are the exact ones") {
    int rows = 0;
    for (const auto& row : oracle_data("monitors.json")["run_lengths"]) {
        const double shift = row["shift"];
        const double both = row["both"];
        // A long run is an exponential time: its mean needs as many runs as a short one's.
        if (row["chart"] == "cusum") {
            const drift::CusumOptions options{.slack = row["slack"], .threshold = row["threshold"]};
            check_run_length(drift::Cusum(options), shift, both, 6000);
            drift::CusumOptions up = options;
            up.direction = drift::Direction::up;
            if (shift <= 0.5) check_run_length(drift::Cusum(up), shift, row["up"], 4000);
        } else {
            check_run_length(
                drift::EwmaChart({.weight = row["weight"], .width = row["width"], .time_varying_limits = false}), shift,
                both, 6000);
        }
        ++rows;
    }
    CHECK(rows == 56);
}

TEST_CASE(
    "EWMA chart: time-varying limits shorten the run in control by a few per cent, and find early shifts sooner") {
    const auto mean = [](bool varying, double shift) {
        drift::EwmaChart chart({.time_varying_limits = varying});
        Random random(4);
        double sum = 0.0;
        for (int i = 0; i < 10'000; ++i) sum += run_length(chart, random, shift);
        return sum / 10'000;
    };
    const double in_control = mean(true, 0.0);
    CHECK(in_control < 495.0);
    CHECK(in_control > 450.0);
    CHECK(mean(true, 1.0) < 0.85 * mean(false, 1.0));
}

TEST_CASE("STEPD: a look alarms with its level at most") {
    for (const double rate_of_errors : {0.05, 0.3, 0.5}) {
        CAPTURE(rate_of_errors);
        Rate rate;
        Random random(5);
        for (int run = 0; run < 40'000; ++run) {
            drift::Stepd stepd({.drift_level = 1e-9, .warning_level = 0.05});
            MonitorState last = MonitorState::in_control;
            for (int i = 0; i < 200; ++i) last = stepd.update(random.uniform() < rate_of_errors ? 1.0 : 0.0);
            rate.add(last == MonitorState::warning);
        }
        CAPTURE(rate.value());
        // The normal law of the statistic is a limit: with few errors its tails are heavier.
        CHECK(rate.at_most(rate_of_errors < 0.1 ? 0.06 : 0.05));
    }
}

TEST_CASE("KSWIN: a look of river's rule keeps its level, one of the paper's has about twice it") {
    for (const auto rule : {drift::KswinRule::river, drift::KswinRule::raab}) {
        Rate rate;
        Random random(6);
        for (int run = 0; run < 20'000; ++run) {
            drift::Kswin kswin({.level = 0.05, .window = 80, .seed = static_cast<std::uint64_t>(run), .rule = rule});
            MonitorState last = MonitorState::in_control;
            for (int i = 0; i < 80; ++i) last = kswin.update(random.normal());
            rate.add(last == MonitorState::change);
        }
        CAPTURE(rate.value());
        if (rule == drift::KswinRule::river) CHECK(rate.at_most(0.05));
        // Exactly P(D >= 10/30) = 0.0709.
        if (rule == drift::KswinRule::raab) CHECK((rate.at_most(0.0709) && rate.at_least(0.0708)));
    }
}

TEST_CASE("KSWIN: all older values are alike likely to be drawn") {
    // Older values of which one stands apart; D shows whether it was drawn.
    constexpr int older = 7;
    for (int place = 0; place < older; ++place) {
        Rate rate;
        for (int run = 0; run < 20'000; ++run) {
            drift::Kswin kswin({.level = 0.9, .window = 10, .recent = 3, .seed = static_cast<std::uint64_t>(run)});
            for (int i = 0; i < older; ++i) kswin.update(i == place ? 9.0 : 0.0);
            for (int i = 0; i < 3; ++i) kswin.update(0.0);
            rate.add(kswin.statistic() > 0.0);
        }
        CAPTURE(rate.value());
        CHECK(rate.at_most(3.0 / older));
        CHECK(rate.at_least(3.0 / older));
    }
}

TEST_CASE("sliding Kolmogorov-Smirnov: a look alarms with its level at most") {
    for (const World& world : worlds) {
        CAPTURE(world.name);
        Rate rate;
        Random random(9);
        for (int run = 0; run < 10'000; ++run) {
            std::vector<double> reference(150);
            for (double& value : reference) value = world.draw(random);
            drift::IncrementalKs monitor(reference, {.window = 100, .level = 0.05});
            MonitorState last = MonitorState::in_control;
            for (int i = 0; i < 100; ++i) last = monitor.update(world.draw(random));
            rate.add(last == MonitorState::change);
        }
        CAPTURE(rate.value());
        CHECK(rate.at_most(0.05));
    }
}

TEST_CASE("HDDM: how often a thousand values without a change alarm is as documented") {
    // Each look's bound holds; of a run nothing is promised, and the W-test shows it.
    struct Measured {
        double errors;
        double a_most;
        double w_least;
        double w_most;
    };
    for (const Measured& row : {Measured{0.1, 0.01, 0.0, 0.02}, Measured{0.5, 0.05, 0.4, 0.55}}) {
        Rate a;
        Rate w;
        Random random(10);
        for (int run = 0; run < 3000; ++run) {
            drift::HddmA average;
            drift::HddmW weighted;
            for (int i = 0; i < 1000; ++i) {
                const double error = random.uniform() < row.errors ? 1.0 : 0.0;
                average.update(error);
                weighted.update(error);
            }
            a.add(average.counts().changes > 0);
            w.add(weighted.counts().changes > 0);
        }
        CAPTURE(row.errors);
        CAPTURE(a.value());
        CAPTURE(w.value());
        CHECK(a.at_most(row.a_most));
        CHECK(w.at_most(row.w_most));
        CHECK(w.at_least(row.w_least));
    }
}
