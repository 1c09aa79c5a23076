// SPDX-License-Identifier: Apache-2.0
// Bets are fair by enumeration, and e-process and e-detector are what their definitions say.
#include "vedette/drift/e_process.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/drift/e_detector.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using vedette::ErrorCode;
using vedette::MonitorState;
using vedette::testing::code_of;
using vedette::testing::normals;

TEST_CASE("whatever came before, every bet has mean 1 under the urn and no negative outcome") {
    const auto reference = normals(100, 1);
    drift::RankBets bets(reference, 12, 1);
    auto sorted = reference;
    std::sort(sorted.begin(), sorted.end());
    // One value inside each cell: between the edges, which are the values of ranks 1, 10, 20 ... 100.
    std::vector<double> inside = {sorted.front() - 1.0};
    std::vector<double> live(12, 0.0);
    std::vector<double> alpha = {1.0};
    for (std::size_t i = 0; i + 1 < 11; ++i) {
        const std::size_t from = i * 99 / 10;
        const std::size_t to = (i + 1) * 99 / 10;
        inside.push_back(0.5 * (sorted[from] + sorted[from + 1]));
        alpha.push_back(static_cast<double>(to - from));
    }
    inside.push_back(sorted.back() + 1.0);
    alpha.push_back(1.0);
    REQUIRE(bets.cells() == 12);
    vedette::Random random(2);
    double worst = 0.0;
    double least = 1.0;
    for (int step = 0; step < 60'000; ++step) {
        if (step % 97 == 0 || step < 100) {
            drift::RankBets::Factors mean{};
            for (std::size_t j = 0; j < 12; ++j) {
                drift::RankBets tried = bets;
                const auto factors = tried.bet(inside[j], 0);
                for (std::size_t k = 0; k < mean.size(); ++k) {
                    mean[k] += factors[k] * (alpha[j] + live[j]) / (101.0 + step);
                    least = std::min(least, factors[k]);
                }
            }
            for (const double m : mean) worst = std::max(worst, std::abs(m - 1.0));
        }
        // First all, then the upper cells alone: the means of the scores move to an end.
        const auto j =
            static_cast<std::size_t>(random.uniform() * (step < 20'000 ? 12.0 : 2.0)) + (step < 20'000 ? 0 : 10);
        bets.bet(inside[j], 0);
        live[j] += 1.0;
    }
    CHECK(worst < 1e-12);
    CHECK(least >= 0.0);
    CHECK(bets.observations() == 60'000);
}

TEST_CASE("a grid of distinct values gives the bets of its cells; one that ties moved is refused") {
    auto values = normals(1000, 3);
    for (const std::size_t size : {std::size_t{70}, std::size_t{500}, std::size_t{997}, std::size_t{1000}}) {
        std::vector<double> part(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size));
        const auto grid = stats::fit_grid(part, 64);
        const drift::RankBets bets(grid, 1);
        CHECK(bets.reference_size() == size);
        CHECK(bets.cells() >= 63);
    }
    std::vector<double> tied = values;
    for (std::size_t i = 0; i < 300; ++i) tied[i] = 0.0;
    const auto grid = stats::fit_grid(tied, 64);
    CHECK(code_of([&] { drift::EProcess{grid}; }) == ErrorCode::unsupported);
    CHECK_NOTHROW(drift::EProcess(std::span<const double>(tied)));
}

TEST_CASE("e-process and e-detector are those of their definitions in exact fractions") {
    for (const auto& item : oracle_data("e_process.json")["cases"]) {
        const auto reference = item["reference"].get<std::vector<double>>();
        const std::size_t cells = item["cells"];
        CAPTURE(cells);
        drift::EProcess process(reference, {.level = 1e-100, .cells = cells});
        drift::EDetector sum(reference, {.average_run_length = 1e100, .cells = cells});
        drift::EDetector cusum(reference,
                               {.average_run_length = 1e100, .rule = drift::EDetectorRule::cusum, .cells = cells});
        std::size_t i = 0;
        for (const auto& value : item["live"]) {
            CAPTURE(i);
            process.update(value);
            sum.update(value);
            cusum.update(value);
            CHECK(process.e_value() == doctest::Approx(item["e_values"][i].get<double>()).epsilon(1e-12));
            CHECK(sum.statistic() == doctest::Approx(item["sums"][i].get<double>()).epsilon(1e-12));
            CHECK(cusum.statistic() == doctest::Approx(item["cusums"][i].get<double>()).epsilon(1e-12));
            ++i;
        }
        CHECK(i == item["e_values"].size());
    }
}

TEST_CASE("the e-value starts at 1, finds a change, and starts anew beside the same reference") {
    const auto reference = normals(1000, 4);
    drift::EProcess monitor(reference);
    CHECK(monitor.e_value() == 1.0);
    CHECK(monitor.p_value() == 1.0);
    int changes = 0;
    for (const double z : normals(1000, 5))
        if (monitor.update(z + 1.5) == MonitorState::change) {
            ++changes;
            CHECK(monitor.e_value() >= 100.0);
            CHECK(monitor.p_value() <= 0.01);
        }
    CHECK(changes > 5);
    monitor.reset();
    CHECK(monitor.serialize() == drift::EProcess(reference).serialize());
    CHECK(monitor.bets() == drift::EProcess(reference).bets());
}

TEST_CASE("the CUSUM rule never exceeds the Shiryaev-Roberts rule") {
    const auto reference = normals(300, 6);
    drift::EDetector sum(reference, {.average_run_length = 1e90});
    drift::EDetector largest(reference, {.average_run_length = 1e90, .rule = drift::EDetectorRule::cusum});
    bool below = true;
    for (const double z : normals(5000, 7)) {
        sum.update(z);
        largest.update(z);
        below = below && largest.statistic() <= sum.statistic();
    }
    CHECK(below);
}

TEST_CASE("references and options out of range are refused") {
    const auto reference = normals(100, 8);
    const auto refused = [](auto&& make) { return code_of(make) == ErrorCode::invalid_argument; };
    for (const double level : {0.0, 0.6, -1.0, std::nan("")})
        CHECK(refused([&] { drift::EProcess(reference, {.level = level}); }));
    CHECK(refused([&] { drift::EProcess(reference, {.cells = 3}); }));
    CHECK(refused([&] { drift::EDetector(reference, {.cells = 1025}); }));
    CHECK(refused([&] { drift::EDetector(reference, {.average_run_length = 1.0}); }));
    CHECK(refused([&] { drift::EDetector(reference, {.rule = static_cast<drift::EDetectorRule>(2)}); }));
    CHECK(refused([&] { drift::EProcess(std::vector<double>(10, std::nan(""))); }));
    CHECK(refused([&] { drift::EProcess(std::vector<double>(10, 1e101)); }));
    CHECK(code_of([&] { drift::EProcess(std::vector<double>(7, 1.0)); }) == ErrorCode::not_enough_data);
}
