// SPDX-License-Identifier: Apache-2.0
// Run lengths of the CUSUM and of the EWMA chart, exact and published; head starts, directions, limits.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/drift/cusum.hpp"
#include "vedette/drift/ewma_chart.hpp"
#include "vedette/drift/page_hinkley.hpp"

namespace drift = vedette::drift;
using drift::Direction;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;

TEST_CASE("the formula for run lengths is near the exact ones") {
    int rows = 0;
    for (const auto& row : oracle_data("monitors.json")["run_lengths"]) {
        if (row["chart"] != "cusum") continue;
        const drift::CusumOptions both{.slack = row["slack"], .threshold = row["threshold"]};
        drift::CusumOptions up = both;
        up.direction = Direction::up;
        const double shift = row["shift"];
        CAPTURE(row.dump());
        const bool is_usual = both.slack <= 0.5 && both.threshold >= 4.0 && shift <= 1.0;
        const double tolerance = is_usual ? 0.02 : row["up"].get<double>() > 3.0 ? 0.07 : 0.11;
        CHECK(std::abs(drift::cusum_average_run_length(both, shift) / row["both"].get<double>() - 1.0) < tolerance);
        CHECK(std::abs(drift::cusum_average_run_length(up, shift) / row["up"].get<double>() - 1.0) < tolerance);
        CHECK(drift::cusum_average_run_length(both, shift) ==
              doctest::Approx(drift::cusum_average_run_length(both, -shift)));
        ++rows;
    }
    CHECK(rows == 36);
}

TEST_CASE("a threshold for a run length, and back") {
    for (const double run_length : {20.0, 370.0, 1e4, 1e6, 1e12})
        for (const double slack : {0.0, 0.25, 0.5, 1.0}) {
            drift::CusumOptions options{.slack = slack, .head_start = 1.0};
            options.threshold = drift::cusum_threshold({.slack = slack}, run_length);
            if (options.threshold < 1.0) continue;
            options.head_start = 0.0;
            CHECK(drift::cusum_average_run_length(options, 0.0) == doctest::Approx(run_length).epsilon(1e-9));
        }
    // Montgomery's table: 465 at h = 5.
    CHECK(drift::cusum_threshold({}, 465.0) == doctest::Approx(5.0).epsilon(0.01));
    CHECK(code_of([] { (void)drift::cusum_threshold({}, 1.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)drift::cusum_threshold({.sd = -1.0}, 100.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)drift::cusum_average_run_length({}, std::nan("")); }) == ErrorCode::invalid_argument);
}

TEST_CASE("the example of Montgomery's Introduction to Statistical Quality Control") {
    // Table 9.2: mean 10, sd 1, k = 0.5, h = 5; the upper sum passes 5 at sample 29.
    const double x[] = {9.45, 7.99,  9.29,  11.66, 12.16, 10.18, 8.04,  11.46, 9.2,   10.34,
                        9.03, 11.47, 10.51, 9.4,   10.08, 9.37,  10.62, 10.31, 8.52,  10.84,
                        10.9, 9.33,  12.29, 11.5,  10.6,  11.08, 10.38, 11.62, 11.31, 10.52};
    drift::Cusum cusum({.mean = 10.0, .sd = 1.0});
    for (int i = 0; i < 30; ++i) {
        const MonitorState state = cusum.update(x[i]);
        CHECK((state == MonitorState::change) == (i == 28));
        if (i == 4) CHECK(cusum.upper() == doctest::Approx(2.82));
        if (i == 2) CHECK(cusum.lower() == doctest::Approx(1.77));
        if (i == 28) CHECK(cusum.upper() == doctest::Approx(5.28));
    }
}

TEST_CASE("a head start finds sooner what is wrong from the beginning") {
    const auto first = [](double head_start) {
        drift::Cusum cusum({.head_start = head_start});
        int i = 0;
        while (cusum.update(1.0) != MonitorState::change) ++i;
        return i;
    };
    CHECK(first(0.0) == 10);
    CHECK(first(2.5) == 5);
}

TEST_CASE("each direction sees its own changes") {
    for (const double step : {3.0, -3.0}) {
        const auto seen = [&](auto monitor) {
            for (int i = 0; i < 400; ++i) monitor.update(i % 2 == 0 ? 0.5 : -0.5);
            for (int i = 0; i < 60; ++i) monitor.update(step);
            return monitor.counts().changes > 0;
        };
        for (const Direction direction : {Direction::up, Direction::down, Direction::both}) {
            const bool expected = direction == Direction::both || (direction == Direction::up) == (step > 0.0);
            CHECK(seen(drift::Cusum({.direction = direction})) == expected);
            CHECK(seen(drift::EwmaChart({.direction = direction})) == expected);
            CHECK(seen(drift::PageHinkley({.threshold = 20.0, .direction = direction})) == expected);
        }
    }
}

TEST_CASE("limits widen to those of the variance's limit") {
    drift::EwmaChart chart({.sd = 2.0, .weight = 0.2});
    chart.update(0.0);
    CHECK(chart.standard_error() == doctest::Approx(0.4));  // the first value alone
    for (int i = 0; i < 20'000; ++i) chart.update(0.0);
    CHECK(chart.standard_error() == doctest::Approx(2.0 / 3.0));
    const drift::EwmaChart constant({.sd = 2.0, .weight = 0.2, .time_varying_limits = false});
    CHECK(constant.standard_error() == doctest::Approx(2.0 / 3.0));
    // A Shewhart chart at weight 1.
    drift::EwmaChart shewhart({.weight = 1.0, .width = 3.0});
    CHECK(shewhart.update(2.999) == MonitorState::in_control);
    CHECK(shewhart.update(-3.001) == MonitorState::change);
}
