// SPDX-License-Identifier: Apache-2.0
// The monitor of a mean: its sequence's own bounds, the moment of an alarm by each rule, files, refusals.
#include "vedette/drift/mean_monitor.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/core/concepts.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/monitor.hpp"

namespace drift = vedette::drift;
using drift::MeanMonitor;
using drift::MeanRule;
using vedette::ErrorCode;
using vedette::Interval;
using vedette::MonitorState;
using vedette::testing::code_of;

static_assert(vedette::PersistentMonitor<MeanMonitor>);

namespace {

template <class Sequence, class Take>
void check_by(drift::MeanOptions options, Sequence fresh, Take take) {
    vedette::Random random(7);
    MeanMonitor monitor(options);
    Sequence sequence = fresh;
    std::size_t alarms = 0, differences = 0;
    for (int i = 0; i < 6000; ++i) {
        const double x = random.uniform() < (i < 1500 ? 0.3 : 0.7) ? 1.0 : 0.0;
        take(sequence, x);
        const Interval bounds = sequence.bounds();
        const bool expected = std::isnan(bounds.lower) || bounds.lower > options.most || bounds.upper < options.least;
        differences += (monitor.update(x) == MonitorState::change) == expected ? 0U : 1U;
        differences += std::isnan(bounds.lower) || monitor.bounds().lower == bounds.lower ? 0U : 1U;
        alarms += expected ? 1U : 0U;
        if (i % 1000 == 0) {
            const auto bytes = monitor.serialize();
            monitor = MeanMonitor::deserialize(bytes);
            CHECK(monitor.serialize() == bytes);
        }
        if (expected) sequence = fresh;
        if (i < 1500) CHECK(!expected);
    }
    CHECK(differences == 0);
    CHECK(alarms > 0);
    CHECK(monitor.counts().changes == alarms);
}

}  // namespace

TEST_CASE("a mean monitor alarms when its confidence sequence leaves the limits, by each rule") {
    const drift::MeanOptions options{.least = 0.2, .most = 0.35, .level = 0.01};
    check_by(options, vedette::stats::MeanConfidenceSequence({.level = 0.01}),
             [](auto& sequence, double x) { sequence.update(x); });
    drift::MeanOptions betting = options;
    betting.rule = MeanRule::betting;
    betting.cells = 200;
    check_by(betting, vedette::stats::BettingConfidenceSequence({.level = 0.01, .cells = 200}),
             [](auto& sequence, double x) { sequence.update(x); });
    drift::MeanOptions proportion = options;
    proportion.rule = MeanRule::proportion;
    check_by(proportion, vedette::stats::ProportionConfidenceSequence({.level = 0.01}),
             [](auto& sequence, double x) { sequence.update(x == 1.0); });
}

TEST_CASE("a mean monitor counts what it does not take, and looks down as well as up") {
    MeanMonitor monitor({.least = 0.4});
    for (const double x : {-0.1, 1.1, std::nan(""), std::numeric_limits<double>::infinity()}) monitor.update(x);
    CHECK(monitor.counts().refused == 2);
    CHECK(monitor.counts().nan == 1);
    CHECK(monitor.counts().infinite == 1);
    CHECK(monitor.observations() == 0);
    CHECK(std::isnan(monitor.mean()));
    CHECK(monitor.bounds().lower == 0.0);
    int until = 0;
    while (monitor.update(0.2) != MonitorState::change && until < 5000) ++until;
    CHECK(until < 5000);
    CHECK(monitor.mean() == doctest::Approx(0.2));
    CHECK(monitor.bounds().upper < 0.4);
    monitor.update(0.5);
    CHECK(monitor.observations() == 1);
    MeanMonitor errors({.most = 0.5, .rule = MeanRule::proportion});
    CHECK(errors.update(0.5) == MonitorState::in_control);
    CHECK(errors.counts().refused == 1);
    // With every mean in order it tells bounds and never alarms.
    MeanMonitor silent;
    for (int i = 0; i < 3000; ++i) CHECK(silent.update(1.0) == MonitorState::in_control);
    CHECK(silent.bounds().lower > 0.9);
}

TEST_CASE("mean monitors of several streams merge as their sequences do, by each rule") {
    for (const MeanRule rule : {MeanRule::stitched, MeanRule::betting, MeanRule::proportion}) {
        const drift::MeanOptions options{.least = 0.1, .most = 0.3, .level = 0.01, .rule = rule, .cells = 100};
        MeanMonitor one(options), two(options), whole(options);
        vedette::Random random(10);
        std::size_t rows = 0;
        MonitorState said = MonitorState::in_control;
        while (said != MonitorState::change && rows < 5000) {
            const double x = random.uniform() < 0.5 ? 1.0 : 0.0;
            MeanMonitor& shard = rows % 2 == 0 ? one : two;
            CHECK(shard.update(x) == MonitorState::in_control);
            whole.update(x);
            ++rows;
            MeanMonitor merged = one;
            said = merged.merge(two);
            CHECK(merged.observations() == rows);
            if (said != MonitorState::change) continue;
            CHECK(merged.bounds().lower > 0.3);
            CHECK(merged.counts().changes == 1);
            CHECK(MeanMonitor::deserialize(merged.serialize()).serialize() == merged.serialize());
            CHECK(merged.merge(MeanMonitor(options)) == MonitorState::in_control);
            CHECK(merged.observations() == 0);
        }
        CHECK(said == MonitorState::change);
        // A proportion is its two counts: merged is one pass.
        MeanMonitor both(options);
        both.merge(one);
        both.merge(two);
        if (rule == MeanRule::proportion) CHECK(both.bounds().lower == whole.bounds().lower);
        const auto before = one.serialize();
        drift::MeanOptions other = options;
        other.most = 0.4;
        CHECK(code_of([&] { one.merge(one); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { one.merge(MeanMonitor(other)); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] {
                  for (int i = 0; i < 64; ++i) two.merge(MeanMonitor(two));
              }) == ErrorCode::overflow);
        CHECK(one.serialize() == before);
    }
}

TEST_CASE("a mean monitor refuses options out of range, and bytes that are none") {
    MeanMonitor monitor({.level = 0.01, .rule = MeanRule::betting, .cells = 100});
    for (int i = 0; i < 50; ++i) monitor.update(0.25);
    const auto refused = [](const drift::MeanOptions& options) {
        return code_of([&] { MeanMonitor{options}; }) == ErrorCode::invalid_argument;
    };
    CHECK(refused({.least = -0.1}));
    CHECK(refused({.least = 0.6, .most = 0.5}));
    CHECK(refused({.level = 0.0}));
    CHECK(refused({.level = 1.0}));
    CHECK(refused({.cells = 15}));
    CHECK(refused({.most = 1.1}));
    auto bytes = monitor.serialize();
    bytes[bytes.size() / 2] ^= std::byte{1};
    CHECK(code_of([&] { (void)MeanMonitor::deserialize(bytes); }) == ErrorCode::corrupt_data);
}
