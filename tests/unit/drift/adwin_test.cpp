// SPDX-License-Identifier: Apache-2.0
// What ADWIN keeps and drops; the places where river and MOA err, and we do not.
#include "vedette/drift/adwin.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "unit/drift/monitor_streams.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using vedette::MonitorState;

namespace {

// Mean and variance of the last values, in two passes.
struct Moments {
    double mean = 0.0;
    double variance = 0.0;
};
Moments moments_of(const std::vector<double>& values, std::size_t end, std::size_t count) {
    Moments moments;
    for (std::size_t i = end - count; i < end; ++i) moments.mean += values[i] / static_cast<double>(count);
    for (std::size_t i = end - count; i < end; ++i)
        moments.variance += (values[i] - moments.mean) * (values[i] - moments.mean) / static_cast<double>(count);
    return moments;
}

}  // namespace

TEST_CASE("the window is the newest values, and its moments are theirs") {
    const auto values = monitor_streams::levels(20'000);
    drift::Adwin adwin({.clock = 5});
    std::uint64_t before = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const MonitorState state = adwin.update(values[i]);
        REQUIRE(adwin.width() <= i + 1);
        REQUIRE((state == MonitorState::change) == (adwin.width() <= before));
        if (state == MonitorState::change) REQUIRE(adwin.width() + adwin.dropped() == before + 1);
        before = adwin.width();
        if (i % 97 != 0 && state != MonitorState::change) continue;
        const Moments moments = moments_of(values, i + 1, adwin.width());
        REQUIRE(adwin.estimate() == doctest::Approx(moments.mean).epsilon(1e-9));
        REQUIRE(adwin.variance() == doctest::Approx(moments.variance).epsilon(1e-9));
    }
    CHECK(adwin.counts().changes > 2);
}

TEST_CASE("a change says how far the mean moved") {
    drift::Adwin adwin;
    vedette::Random random(1);
    int changes = 0;
    for (int i = 0; i < 4000; ++i) {
        if (adwin.update(random.normal() + (i < 2000 ? 3.0 : 8.0)) != MonitorState::change) continue;
        CHECK(i >= 2000);
        CHECK(i < 2128);
        if (++changes > 1) continue;
        // Nearly all of the old has gone; the next checks drop what a bucket had mixed with the new.
        CHECK(adwin.dropped() > 1900);
        CHECK(adwin.dropped_mean() == doctest::Approx(3.0).epsilon(0.05));
        CHECK(adwin.estimate() > 4.0);
    }
    CHECK(changes >= 1);
    CHECK(changes < 5);
    CHECK(adwin.estimate() == doctest::Approx(8.0).epsilon(0.02));
}

TEST_CASE("a cut leaves no rounding error behind that could hide the next change") {
    // A level of 1e9 goes, values of a millionth come. Sums from which 1e9 has been subtracted would be off by more
    // than all that is left in them; river's variance is then below zero, of which the root is NaN, which nothing
    // exceeds.
    drift::Adwin adwin;
    vedette::Random random(2);
    for (int i = 0; i < 3000; ++i) adwin.update(1e9 + 1e3 * random.normal());
    int first = 0;
    for (int i = 0; i < 3000; ++i) first += adwin.update(1e-6 * random.normal()) == MonitorState::change ? 1 : 0;
    CHECK(first > 0);
    const std::uint64_t width = adwin.width();
    CHECK(width > 2000);
    CHECK(adwin.variance() == doctest::Approx(1e-12).epsilon(0.1));
    CHECK(std::abs(adwin.estimate()) < 1e-7);
    // The scale matters to the bound's second term, 2/3 m L, which is for values around 1: a jump by 1 is seen.
    bool seen = false;
    for (int i = 0; i < 64; ++i) seen = seen || adwin.update(1.0 + 1e-6 * random.normal()) == MonitorState::change;
    CHECK(seen);
}

TEST_CASE("one absurd value blinds it until it is reset, as it must by its bound; a clipped one does not") {
    const auto changes = [](double limit, bool reset) {
        drift::Adwin adwin;
        vedette::Random random(3);
        std::uint64_t seen = 0;
        for (int i = 0; i < 20'000; ++i) {
            const double value = i == 1000 ? 1e100 : random.normal() + (i < 15'000 ? 0.0 : 2.0);
            if (i == 1500 && reset) adwin.reset();
            const bool changed = adwin.update(std::min(value, limit)) == MonitorState::change;
            seen += changed && i > 15'000 ? 1U : 0U;
        }
        return seen;
    };
    CHECK(changes(1e100, false) == 0);
    CHECK(changes(1e100, true) > 0);
    CHECK(changes(10.0, false) > 0);
}

TEST_CASE("after a change the window goes on by default, and is emptied in the mode of river's class") {
    const auto run = [](bool restart) {
        drift::Adwin adwin({.restart_after_change = restart});
        vedette::Random random(4);
        while (true)
            if (adwin.update(random.normal() + (adwin.counts().accepted < 1000 ? 0.0 : 5.0)) == MonitorState::change)
                break;
        const std::uint64_t width = adwin.width();
        CHECK(width < 100);
        adwin.update(5.0);
        return adwin.width() == width + 1;
    };
    CHECK(run(false));
    CHECK_FALSE(run(true));
}

TEST_CASE("min_window_length and grace period keep short parts out") {
    // With at least 200 values on either side nothing can be found before value 400, whatever the jump.
    drift::Adwin adwin({.clock = 1, .min_window_length = 200});
    int first = -1;
    for (int i = 0; i < 1000 && first < 0; ++i)
        first = adwin.update(i < 100 ? 0.0 : 1e6) == MonitorState::change ? i : -1;
    CHECK(first >= 399);
    drift::Adwin patient({.clock = 1, .grace_period = 600});
    first = -1;
    for (int i = 0; i < 1000 && first < 0; ++i)
        first = patient.update(i < 100 ? 0.0 : 1e6) == MonitorState::change ? i : -1;
    CHECK(first == 600);
}
