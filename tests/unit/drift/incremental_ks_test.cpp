// SPDX-License-Identifier: Apache-2.0
// The sliding Kolmogorov-Smirnov distance beside SciPy, beside the test on samples, and beside the definition at every
// value.
#include "vedette/drift/incremental_ks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/drift/monitor_streams.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/rank_tests.hpp"

namespace drift = vedette::drift;
using vedette::ErrorCode;
using vedette::MonitorState;

namespace {

// max over all values of |n #(reference <= v) - m #(live <= v)|, by counting.
std::int64_t height_of(const std::vector<double>& reference, const std::vector<double>& live) {
    std::int64_t height = 0;
    const auto below = [](const std::vector<double>& values, double v) {
        return std::count_if(values.begin(), values.end(), [&](double x) { return x <= v; });
    };
    for (const auto* sample : {&reference, &live})
        for (const double v : *sample)
            height =
                std::max<std::int64_t>(height, std::abs(static_cast<std::int64_t>(live.size()) * below(reference, v) -
                                                        static_cast<std::int64_t>(reference.size()) * below(live, v)));
    return height;
}

}  // namespace

TEST_CASE("D at every value is that of the definition, with the same bits on every instruction set") {
    vedette::Random random(11);
    int looks = 0;
    for (int run = 0; run < 60; ++run) {
        const auto m = static_cast<std::size_t>(1 + random.uniform() * 40.0);
        const auto n = static_cast<std::uint32_t>(1 + random.uniform() * 30.0);
        // From many ties to none.
        const double grain = run % 3 == 0 ? 1.0 : run % 3 == 1 ? 8.0 : 1e12;
        const auto draw = [&] { return std::floor(grain * random.normal()) / grain; };
        std::vector<double> reference(m);
        for (double& value : reference) value = draw();
        // No alarm, so that the window is never emptied.
        drift::IncrementalKs monitor(reference, {.window = n, .threshold = 1.0});
        std::vector<double> live;
        for (int i = 0; i < 120; ++i) {
            live.push_back(draw() + (i > 80 ? 0.5 : 0.0));
            if (live.size() > n) live.erase(live.begin());
            const MonitorState state = monitor.update(live.back());
            if (live.size() < n) {
                REQUIRE(std::isnan(monitor.statistic()));
                continue;
            }
            const double height = static_cast<double>(height_of(reference, live));
            const double distance = height / (static_cast<double>(m) * n);
            REQUIRE(monitor.statistic() == doctest::Approx(distance).epsilon(1e-15));
            REQUIRE((state == MonitorState::change) == (distance == 1.0));
            if (state == MonitorState::change) live.clear();
            ++looks;
        }
    }
    CHECK(looks > 4000);
}

TEST_CASE("D and p are SciPy's, and those of the test on samples") {
    for (const auto& row : oracle_data("monitors.json")["sliding"]) {
        const auto values = monitor_streams::stream(row["stream"].get<std::string>());
        const std::size_t m = row["reference"];
        const std::uint32_t n = row["window"];
        std::vector<double> reference;
        for (std::size_t i = 0; i < m; ++i) reference.push_back(values[i * (values.size() / m)]);
        drift::IncrementalKs monitor(reference, {.window = n, .threshold = 1.0});
        std::size_t at = 0;
        for (const auto& look : row["looks"]) {
            const std::size_t until = look[0];
            for (; at < until; ++at) monitor.update(values[at]);
            CHECK(monitor.statistic() == doctest::Approx(look[1].get<double>()).epsilon(1e-13));
            const double p = look[2];
            if (p > 1e-9) CHECK(std::abs(monitor.p_value() - p) < std::max(1e-4, 0.01 * p));
            const std::vector<double> live(values.begin() + static_cast<std::ptrdiff_t>(at - n),
                                           values.begin() + static_cast<std::ptrdiff_t>(at));
            const auto result = drift::ks_two_sample(reference, live, {.method = drift::Method::asymptotic});
            CHECK(monitor.statistic() == doctest::Approx(result.statistic).epsilon(1e-14));
            CHECK(monitor.p_value() == doctest::Approx(result.p_value).epsilon(1e-12));
        }
        CHECK(at > 1000);
    }
}

TEST_CASE("the critical distance is where the p-value passes the level") {
    std::vector<double> reference = vedette::testing::normals(500, 1);
    for (const double level : {0.05, 1e-3, 1e-6}) {
        drift::IncrementalKs monitor(reference, {.window = 200, .level = level});
        const double critical = monitor.critical_distance();
        vedette::Random random(5);
        bool changed = false;
        for (int i = 0; i < 3000 && !changed; ++i) {
            changed = monitor.update(random.normal() + i * 1e-3) == MonitorState::change;
            if (monitor.width() == 200) REQUIRE(changed == (monitor.statistic() >= critical));
            if (monitor.width() == 200) REQUIRE(changed == (monitor.p_value() <= level));
        }
        CHECK(changed);
        // Emptied after the alarm; the next look is a whole window away.
        monitor.update(0.0);
        CHECK(monitor.width() == 1);
    }
    const drift::IncrementalKs by_distance(reference, {.window = 200, .threshold = 0.25});
    CHECK(by_distance.critical_distance() == 0.25);
}

TEST_CASE("values beyond all of the reference, and a reference of one value") {
    drift::IncrementalKs monitor(std::vector<double>{2.0, 2.0, 2.0, 2.0}, {.window = 4, .threshold = 1.0});
    for (const double value : {2.0, 2.0, 3.0, 1.0}) monitor.update(value);
    CHECK(monitor.statistic() == 0.25);
    monitor.update(4.0);  // 2, 3, 1, 4
    CHECK(monitor.statistic() == 0.5);
    for (int i = 0; i < 3; ++i) monitor.update(4.0);  // 4, 4, 4, 4
    CHECK(monitor.statistic() == 1.0);
    CHECK(monitor.state() == MonitorState::change);
    drift::IncrementalKs below(std::vector<double>{2.0, 3.0}, {.window = 3, .threshold = 1.0});
    for (const double value : {-1.0, -0.0, 0.0}) below.update(value);
    CHECK(below.statistic() == 1.0);
}

TEST_CASE("skewed, crowded and far references: D is that of the definition") {
    vedette::Random random(17);
    for (int kind = 0; kind < 5; ++kind) {
        const auto draw = [&] {
            const double normal = random.normal();
            switch (kind) {
                case 0: return std::exp(8.0 * normal);                               // most in one cell
                case 1: return random.uniform() < 0.02 ? 1e100 : normal;             // all but some in one
                case 2: return 5e-324 * std::floor(40.0 * random.uniform());         // subnormal cells
                case 3: return 1e100 * (normal < 0.0 ? -1.0 : 1.0) + 1e85 * normal;  // ends far apart
                default: return random.uniform() < 0.5 ? std::floor(5.0 * normal) : normal;
            }
        };
        std::vector<double> reference(300);
        for (double& value : reference) value = std::clamp(draw(), -1e100, 1e100);
        std::sort(reference.begin(), reference.end());
        const std::uint32_t n = 50;
        drift::IncrementalKs monitor(reference, {.window = n, .threshold = 1.0});
        std::vector<double> live;
        bool same = true;
        for (int i = 0; i < 400; ++i) {
            // Half of them are values of the reference.
            const double fresh = std::clamp(draw(), -1e100, 1e100);
            live.push_back(i % 2 == 0 ? fresh : reference[static_cast<std::size_t>(random.uniform() * 300.0)]);
            monitor.update(live.back());
            if (live.size() > n) live.erase(live.begin());
            if (live.size() < n) continue;
            std::int64_t largest = 0;
            for (const auto* sample : {&reference, &live})
                for (const double at : *sample) {
                    const auto f = std::upper_bound(reference.begin(), reference.end(), at) - reference.begin();
                    const auto g = std::count_if(live.begin(), live.end(), [&](double x) { return x <= at; });
                    largest = std::max<std::int64_t>(largest, std::abs(f * 50 - g * 300));
                }
            same = same && monitor.statistic() == static_cast<double>(largest) / (50.0 * 300.0);
        }
        CHECK(same);
    }
}
