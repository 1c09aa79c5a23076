// SPDX-License-Identifier: Apache-2.0
// Monitors of errors, and KSWIN: where the models err, what we do instead, and that their own word is kept as a mode.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/ddm.hpp"
#include "vedette/drift/eddm.hpp"
#include "vedette/drift/hddm.hpp"
#include "vedette/drift/kswin.hpp"
#include "vedette/drift/stepd.hpp"

namespace drift = vedette::drift;
using vedette::MonitorState;

namespace {

// The number of the first change of `errors` after so many right predictions; 0 for none.
template <class M>
int first_change(M monitor, int right, int every) {
    for (int i = 1; i <= right; ++i)
        if (monitor.update(0.0) == MonitorState::change) return i;
    for (int i = right + 1; i <= right + 300; ++i)
        if (monitor.update(i % every == 0 ? 1.0 : 0.0) == MonitorState::change) return i;
    return 0;
}

}  // namespace

TEST_CASE("DDM: the first error after a flawless beginning is no change, as it is in river and MOA") {
    CHECK(first_change(drift::Ddm({.rule = drift::DdmRule::river}), 99, 100) == 100);
    CHECK(first_change(drift::Ddm({.rule = drift::DdmRule::moa}), 99, 100) == 100);
    CHECK(first_change(drift::Ddm(), 99, 100) == 0);
    // A real rise is seen all the same.
    const int seen = first_change(drift::Ddm(), 99, 2);
    CHECK(seen > 100);
    CHECK(seen < 110);
}

TEST_CASE("STEPD: a run of right predictions is no change, as it is in MOA") {
    CHECK(first_change(drift::Stepd({.rule = drift::StepdRule::moa}), 200, 100) == 60);
    CHECK(first_change(drift::Stepd(), 200, 100) == 0);
    drift::Stepd stepd({.window = 10, .direction = drift::Direction::up});
    for (int i = 0; i < 100; ++i) stepd.update(0.0);
    CHECK(stepd.p_value() == 1.0);
    int i = 0;
    while (stepd.update(1.0) != MonitorState::change) ++i;
    CHECK(i < 10);
    CHECK(stepd.p_value() < 0.003);
    CHECK(stepd.estimate() > 0.0);
    CHECK(stepd.older_rate() == 0.0);
    // One-sided downwards: the same is nothing.
    drift::Stepd down({.window = 10, .direction = drift::Direction::down});
    for (int k = 0; k < 200; ++k) CHECK(down.update(k < 100 ? 0.0 : 1.0) == MonitorState::in_control);
}

TEST_CASE("HDDM-W: the first value has all the weight") {
    // The bound of one value is that of its law on [0, 1]; river's begins as if it were a step further on, so that
    // right predictions, then errors, alarm one value sooner than the bound allows.
    const auto first = [](drift::HddmWRule rule) {
        drift::HddmW monitor({.drift_confidence = 0.2, .warning_confidence = 0.2, .weight = 0.5, .rule = rule});
        return first_change(monitor, 12, 1);
    };
    CHECK(first(drift::HddmWRule::river) < first(drift::HddmWRule::frias_blanco));
    CHECK(first(drift::HddmWRule::frias_blanco) > 0);
}

TEST_CASE("EDDM: the way to the first error is no distance between errors") {
    drift::Eddm paper;
    drift::Eddm river({.rule = drift::EddmRule::river});
    for (auto* monitor : {&paper, &river}) {
        for (int i = 0; i < 1000; ++i) monitor->update(0.0);
        for (int i = 0; i < 3; ++i) {
            monitor->update(1.0);
            monitor->update(0.0);
        }
    }
    CHECK(paper.estimate() == 2.0);
    CHECK(paper.standard_deviation() == 0.0);
    CHECK(river.estimate() == 335.0);
    CHECK(paper.errors() == 3);
}

TEST_CASE("HDDM sees falls when it is asked to") {
    for (const auto direction : {drift::Direction::up, drift::Direction::down, drift::Direction::both}) {
        drift::HddmA a({.direction = direction});
        drift::HddmW w({.direction = direction});
        vedette::Random random(8);
        for (int i = 0; i < 2000; ++i) {
            const double value = random.uniform() < (i < 1000 ? 0.75 : 0.125) ? 1.0 : 0.0;
            a.update(value);
            w.update(value);
        }
        CHECK((a.counts().changes > 0) == (direction != drift::Direction::up));
        CHECK((w.counts().changes > 0) == (direction != drift::Direction::up));
    }
}

TEST_CASE("KSWIN: after a change the newest values stay, but river's class loses them") {
    for (const auto rule : {drift::KswinRule::raab, drift::KswinRule::river}) {
        drift::Kswin monitor({.rule = rule});
        vedette::Random random(7);
        std::uint64_t i = 0;
        while (monitor.update(random.normal() + (i < 300 ? 0.0 : 5.0)) != MonitorState::change) ++i;
        CHECK(i >= 300);
        CHECK(i < 330);
        CHECK(monitor.statistic() > 0.4);
        CHECK(monitor.p_value() < 0.01);
        monitor.update(5.0);
        CHECK(monitor.width() == (rule == drift::KswinRule::raab ? 31U : 1U));
    }
}

TEST_CASE("KSWIN: exact p-values are SciPy's") {
    for (const auto& row : oracle_data("monitors.json")["tails"]) {
        const std::uint32_t n = row[0];
        const std::uint32_t height = row[1];
        if (n == 1) continue;  // no level
        CAPTURE(row.dump());
        // Older values 0 .. n - 1, newest ones such that D is height/n.
        drift::Kswin monitor({.level = 0.999999, .window = 2 * n, .recent = n, .rule = drift::KswinRule::river});
        for (std::uint32_t i = 0; i < n; ++i) monitor.update(i);
        for (std::uint32_t i = 0; i < n; ++i) monitor.update(i + height - 0.5);
        CHECK(monitor.statistic() == doctest::Approx(static_cast<double>(height) / n));
        CHECK(monitor.p_value() == doctest::Approx(row[2].get<double>()).epsilon(1e-10));
    }
}

TEST_CASE("KSWIN: a draw that is none refuses the value and changes nothing else") {
    drift::Kswin monitor({.level = 0.9, .window = 6, .recent = 2});
    const std::vector<std::uint32_t> good = {3, 0};
    for (int i = 0; i < 5; ++i) CHECK(monitor.update(i, {}) == MonitorState::in_control);
    CHECK(monitor.will_look());
    for (const auto& bad :
         std::vector<std::vector<std::uint32_t>>{{}, {1}, {1, 1}, {0, 4}, {0, 1, 2}, {0xFFFFFFFFU, 0}})
        CHECK(monitor.update(5.0, bad) == MonitorState::in_control);
    CHECK(monitor.counts().refused == 6);
    CHECK(monitor.counts().accepted == 5);
    CHECK(monitor.width() == 5);
    monitor.update(5.0, good);
    CHECK(monitor.counts().accepted == 6);
    CHECK(monitor.statistic() == 1.0);
}
