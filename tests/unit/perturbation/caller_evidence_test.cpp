// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/caller_evidence.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"

namespace {

using vedette::ErrorCode;
using vedette::perturbation::CallerEvidence;
using vedette::perturbation::CallerEvidenceOptions;
using vedette::perturbation::CallerState;
using vedette::testing::code_of;

constexpr std::array<std::uint64_t, 2> key{1, 2};

}  // namespace

TEST_CASE("caller evidence: the mixture over beginnings, by its definition") {
    CallerEvidence table({.capacity = 8, .key = key});
    const std::vector<double> p{0.3, 0.002, 0.9, 0.04, 0.7, 0.001};
    constexpr double exponents[] = {0.25, 0.5, 0.75, 0.95};
    for (std::size_t n = 1; n <= p.size(); ++n) {
        const CallerState state = table.update("a", p[n - 1], n);
        double expected = 1.0 / static_cast<double>(n + 1);
        for (std::size_t begin = 0; begin < n; ++begin) {
            const auto t = static_cast<double>(begin + 1);
            for (const double k : exponents) {
                double product = 1.0;
                for (std::size_t i = begin; i < n; ++i) product *= k * std::pow(p[i], k - 1.0);
                expected += product / (t * (t + 1.0)) / 4.0;
            }
        }
        CHECK(state.e_value == doctest::Approx(0.25 * expected).epsilon(1e-12));  // the first entry starts from 1/4
        CHECK(state.requests == n);
        CHECK_FALSE(state.is_shared);
    }
}

TEST_CASE("caller evidence: an accused caller stays accused, whatever it does next, until it is forgotten") {
    CallerEvidence table({.level = 1e-3, .capacity = 8, .key = key});
    std::uint64_t time = 0;
    while (!table.update("mallory", 0.001, ++time).is_alarm) REQUIRE(time < 100);
    CHECK(time >= 3);
    for (int i = 0; i < 5000; ++i) CHECK(table.update("mallory", 1.0, ++time).is_alarm);
    CHECK(table.alarms() == 1);
    // A flood of new names does not move it, nor do those that find no place go free.
    bool shared_alarm = false;
    for (int i = 0; i < 2000; ++i) {
        const CallerState state = table.update("sybil " + std::to_string(i), 0.001, ++time);
        shared_alarm = shared_alarm || (state.is_alarm && state.is_shared);
    }
    CHECK(table.state("mallory").is_alarm);
    CHECK(shared_alarm);
    CHECK(table.forget("mallory"));
    CHECK_FALSE(table.forget("mallory"));
    CHECK(table.state("mallory").requests == 0);
}

TEST_CASE("caller evidence: evidence is not shed by being pushed out") {
    // One set. Mallory gathers some evidence, then fills the table with names of its own.
    CallerEvidence table({.capacity = 8, .key = key});
    for (int i = 0; i < 3; ++i) table.update("mallory", 0.01, 1);
    const double before = table.state("mallory").e_value;
    REQUIRE(before > 1.0);
    for (int i = 0; i < 10'000; ++i) table.update("name " + std::to_string(i), 0.5, 2);
    CHECK(table.state("mallory").e_value == before);
    CHECK(table.callers() == 7);
}

TEST_CASE("caller evidence: places of idle callers are given away, those of accused ones never") {
    CallerEvidence table({.level = 0.01, .capacity = 8, .idle_time = 10, .key = key});
    for (int i = 0; i < 7; ++i) {
        table.update("caller " + std::to_string(i), 0.01, 0);
        table.update("caller " + std::to_string(i), 0.01, 0);
    }
    for (std::uint64_t time = 1; time < 20 && !table.update("caller 6", 1e-6, 0).is_alarm; ++time) continue;
    CHECK(table.update("late", 0.5, 10).is_shared);
    CHECK_FALSE(table.update("later", 0.5, 11).is_shared);
    for (int i = 0; i < 50; ++i)
        table.update("new " + std::to_string(i), 0.5, 100 + 11 * static_cast<std::uint64_t>(i));
    CHECK(table.state("caller 6").is_alarm);
    CHECK(table.state("caller 0").requests == 0);
}

TEST_CASE("caller evidence: hostile values, canonical bytes, no allocation") {
    CallerEvidence table({.capacity = 64, .key = key});
    const std::size_t before = allocation_count();
    for (const double p : {-0.1, 1.1, std::nan(""), std::numeric_limits<double>::infinity()})
        CHECK(table.update("a", p, 0).requests == 0);
    CHECK(table.ignored() == 4);
    CHECK(table.update("zero", 0.0, 0).is_alarm);
    for (int i = 0; i < 400; ++i) CHECK(std::isfinite(table.update("zero", 0.0, 0).e_value));
    CHECK(table.update(std::string_view(), 0.5, std::numeric_limits<std::uint64_t>::max()).requests == 1);
    CHECK(table.update(std::string_view(), 1e-300, 0).e_value > 1.0);
    CHECK(allocation_count() == before);
    CHECK(table.memory() == 64 * 64);

    CallerEvidence again = CallerEvidence::deserialize(table.serialize());
    CHECK(again.serialize() == table.serialize());
    for (int i = 0; i < 100; ++i) {
        const std::string caller = "c" + std::to_string(i % 30);
        CHECK(again.update(caller, 0.1, 5).e_value == table.update(caller, 0.1, 5).e_value);
    }
    CHECK(again.serialize() == table.serialize());
    const std::vector<std::byte> bytes = table.serialize();
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64)
        CHECK(code_of([&] { (void)CallerEvidence::deserialize(std::span(bytes).first(size)); }) ==
              ErrorCode::corrupt_data);
}

TEST_CASE("caller evidence: options, and keys of its own") {
    const auto code = [](const CallerEvidenceOptions& options) { return code_of([&] { CallerEvidence{options}; }); };
    CHECK(code({.level = 0.0}) == ErrorCode::invalid_argument);
    CHECK(code({.level = 0.6}) == ErrorCode::invalid_argument);
    CHECK(code({.capacity = 12}) == ErrorCode::invalid_argument);
    CHECK(code({.capacity = 4}) == ErrorCode::invalid_argument);
    CHECK(CallerEvidence({.capacity = 8}).options().key != CallerEvidence({.capacity = 8}).options().key);
}
