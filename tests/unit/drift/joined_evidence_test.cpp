// SPDX-License-Identifier: Apache-2.0
// Joined e-processes: e-BH over lifted maxima at every step, what is discovered stays so, and the promised rate.
#include "vedette/drift/joined_evidence.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/drift/e_process.hpp"
#include "vedette/stats/e_values.hpp"

namespace drift = vedette::drift;
namespace stats = vedette::stats;
using vedette::ErrorCode;
using vedette::testing::code_of;
using vedette::testing::normals;

namespace {

constexpr const char* unreachable = "level=1e-100, cells=16";

drift::AnyMonitor process(std::uint64_t seed, std::size_t rows = 500) {
    return drift::make_monitor("e_process", unreachable, {.values = normals(rows, seed)});
}

}  // namespace

TEST_CASE("joined evidence is e-BH over the largest lifted e-values at every step, and never takes back") {
    constexpr std::size_t streams = 7;
    std::vector<drift::EProcess> processes;
    for (std::size_t i = 0; i < streams; ++i) processes.emplace_back(normals(500, i), drift::EProcessOptions{1e-100});
    drift::JoinedEvidence joined(streams, 0.1);
    CHECK(joined.threshold() == doctest::Approx(70.0));
    CHECK(joined.e_values()[0] == stats::lift_e_process(1.0));
    vedette::Random random(1);
    std::size_t before = 0;
    for (int row = 0; row < 600; ++row) {
        for (std::size_t i = 0; i < streams; ++i) {
            const double shift = row >= 100 && i < 3 ? 0.5 * static_cast<double>(i + 1) : 0.0;
            processes[i].update(random.normal() + shift);
            joined.update(i, processes[i].p_value());
        }
        std::vector<double> lifted;
        for (const drift::EProcess& each : processes) lifted.push_back(stats::lift_e_process(each.maximum()));
        const auto adjusted = stats::adjust_e_values(lifted);
        for (std::size_t i = 0; i < streams; ++i) {
            CHECK(joined.e_values()[i] == doctest::Approx(lifted[i]).epsilon(1e-12));
            CHECK(joined.is_discovered(i) == (adjusted[i] <= 0.1));
        }
        REQUIRE(joined.discoveries().size() >= before);
        before = joined.discoveries().size();
    }
    CHECK(before == 3);
    CHECK(joined.discoveries()[0] == 2);  // the largest shift first
    CHECK(joined.threshold() == doctest::Approx(7.0 / 0.3));

    const auto bytes = joined.serialize();
    auto again = drift::JoinedEvidence::deserialize(bytes);
    CHECK(again.serialize() == bytes);
    CHECK(std::equal(again.discoveries().begin(), again.discoveries().end(), joined.discoveries().begin()));
    const std::size_t allocations = allocation_count();
    CHECK(again.update(5, 1e-9));
    CHECK_FALSE(again.update(5, 1e-12));  // known already
    CHECK_FALSE(again.update(6, std::nan("")));
    CHECK_FALSE(again.update(99, 1e-12));
    again.reset();
    CHECK(allocation_count() == allocations);
    CHECK(again.discoveries().empty());
    for (std::size_t cut = 0; cut < bytes.size(); cut += 7)
        CHECK_THROWS_AS((void)drift::JoinedEvidence::deserialize(std::span(bytes).first(cut)), vedette::Error);
}

TEST_CASE("one stream's evidence brings in another that waited below its threshold") {
    drift::JoinedEvidence joined(2, 0.1);
    CHECK_FALSE(joined.update(0, 1.0 / 400.0));  // lifted: above 10, below 20
    CHECK(joined.e_values()[0] > 10.0);
    CHECK(joined.e_values()[0] < 20.0);
    CHECK(joined.update(1, 1e-12));
    CHECK(joined.discoveries().size() == 2);
}

TEST_CASE("the share of false discoveries keeps to its rate where time and streams conspire") {
    // 12 streams in order, copies of three with their own references, and three changed ones; looked at after each row,
    // and stopped where the share of false discoveries looks worst. Expected share <= 0.2; 300 runs, so that the mean
    // is above 0.2 + 4 * 0.5 / sqrt(300) = 0.32 with a probability below 1e-4.
    constexpr int runs = 300;
    double share = 0.0;
    double found = 0.0;
    for (int run = 0; run < runs; ++run) {
        vedette::Random random(1000 + static_cast<std::uint64_t>(run));
        std::vector<drift::EProcess> processes;
        for (std::size_t i = 0; i < 15; ++i)
            processes.emplace_back(normals(100, 20 * static_cast<std::uint64_t>(run) + i),
                                   drift::EProcessOptions{1e-100, 8});
        drift::JoinedEvidence joined(processes.size(), 0.2);
        double worst = 0.0;
        for (int row = 0; row < 400; ++row) {
            double values[3] = {random.normal(), random.normal(), random.normal()};
            for (std::size_t i = 0; i < processes.size(); ++i) {
                processes[i].update(i < 12 ? values[i % 3] : 1.0 + values[i % 3]);
                joined.update(i, processes[i].p_value());
            }
            const auto all = joined.discoveries();
            const auto wrong = std::count_if(all.begin(), all.end(), [](std::uint32_t i) { return i < 12; });
            if (!all.empty()) worst = std::max(worst, static_cast<double>(wrong) / static_cast<double>(all.size()));
        }
        share += worst / runs;
        for (std::size_t i = 12; i < 15; ++i) found += joined.is_discovered(i) ? 1.0 / (3.0 * runs) : 0.0;
    }
    CAPTURE(share);
    CHECK(share <= 0.32);
    CHECK(found > 0.9);
}

TEST_CASE("shards are averaged beside one reference, and multiplied where each has its own") {
    drift::AnyMonitor same_a = process(1), same_b = process(1), own_a = process(2), own_b = process(3);
    vedette::Random random(5);
    for (int i = 0; i < 60; ++i) {
        for (drift::AnyMonitor* each : {&same_a, &same_b, &own_a, &own_b}) each->update(0.8 + random.normal());
    }
    const drift::AnyMonitor* const shards[] = {&same_a, &same_b, &own_a, &own_b};
    const auto averaged = drift::join_evidence(shards, 2, 0.05);
    CHECK(averaged.size() == 2);
    CHECK(averaged.e_values()[1] ==
          doctest::Approx(0.5 * (drift::lifted_e_value(own_a) + drift::lifted_e_value(own_b))));
    const auto multiplied = drift::join_evidence(std::span(shards).subspan(2), 2, 0.05, drift::EvidenceMerge::product);
    CHECK(multiplied.e_values()[0] == doctest::Approx(drift::lifted_e_value(own_a) * drift::lifted_e_value(own_b)));
    CHECK(code_of([&] { (void)drift::join_evidence(shards, 2, 0.05, drift::EvidenceMerge::product); }) ==
          ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)drift::join_evidence(shards, 3, 0.05); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)drift::join_evidence({}, 1, 0.05); }) == ErrorCode::invalid_argument);
    const auto adwin = drift::make_monitor("adwin");
    const drift::AnyMonitor* const other[] = {&adwin};
    CHECK(code_of([&] { (void)drift::join_evidence(other, 1, 0.05); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)drift::lifted_e_value(adwin); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::JoinedEvidence(0, 0.1); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::JoinedEvidence(3, 0.6); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { drift::JoinedEvidence(3, std::nan("")); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)stats::lift_e_process(0.5); }) == ErrorCode::invalid_argument);
}
