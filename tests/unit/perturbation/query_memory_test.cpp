// SPDX-License-Identifier: Apache-2.0
// PRADA, similarity of updates, links between accounts, and the watch over all of it.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/perturbation/prada.hpp"
#include "vedette/perturbation/query_watch.hpp"

namespace {

using vedette::ErrorCode;
using vedette::Random;
using vedette::testing::code_of;
namespace perturbation = vedette::perturbation;
using perturbation::AccountLinks;
using perturbation::Prada;
using perturbation::PradaState;
using perturbation::UpdateEvidence;
using perturbation::UpdateSimilarity;

constexpr perturbation::FingerprintKey key{1, 2, 3, 4};
constexpr float nan_f = std::numeric_limits<float>::quiet_NaN();

std::vector<float> row_of(Random& random, std::size_t values) {
    std::vector<float> row(values);
    for (float& x : row) x = static_cast<float>(random.normal());
    return row;
}

}  // namespace

TEST_CASE("PRADA: distances, sets and W by the oracle") {
    const auto& data = oracle_data("prada.json");
    std::vector<float> inputs;
    for (const auto& x : data["inputs"]) inputs.push_back(static_cast<float>(x.get<double>()));
    Prada prada({.values = 3, .classes = 4});
    for (std::size_t i = 0; i < inputs.size() / 3; ++i) {
        CAPTURE(i);
        const PradaState state =
            prada.update(std::span(inputs).subspan(3 * i, 3), data["classes"][i].get<std::uint32_t>());
        const auto& distance = data["distances"][i];
        CHECK(std::isnan(state.distance) == distance.is_null());
        if (!distance.is_null()) CHECK(state.distance == doctest::Approx(distance.get<double>()).epsilon(1e-6));
        if ((i + 1) % 10 != 0) continue;
        const auto& look = data["looks"][i / 10];
        CHECK(std::isnan(state.statistic) == look.is_null());
        if (!look.is_null()) CHECK(state.statistic == doctest::Approx(look.get<double>()).epsilon(1e-5));
        CHECK(state.is_alarm == (state.statistic < 0.9));
    }
    CHECK(prada.kept() == data["kept"].get<std::size_t>());
}

TEST_CASE("PRADA: bounded, without allocation, and blind to what is no input") {
    Prada prada({.values = 8, .classes = 3, .capacity = 50, .distances = 200});
    Random random(2);
    std::vector<float> row(8);
    const std::size_t taken = prada.memory(), before = allocation_count();
    for (int i = 0; i < 3000; ++i) {
        for (float& x : row) x = static_cast<float>(random.normal());
        const PradaState state = prada.update(row, static_cast<std::uint32_t>(i % 3));
        CHECK(state.judged <= 200);
    }
    CHECK(prada.is_full());
    const double w = prada.state().statistic;
    CHECK(w > 0.9);
    prada.update(row, 3);
    prada.update(std::span(row).first(7), 0);
    row[3] = nan_f;
    prada.update(row, 0);
    CHECK(prada.ignored() == 3);
    CHECK(prada.inputs() == 3000);
    CHECK(prada.state().statistic == w);
    CHECK(allocation_count() == before);
    CHECK(prada.memory() == taken);
    // One input again and again has no spread to judge.
    row.assign(8, 1.0F);
    for (int i = 0; i < 300; ++i) prada.update(row, 0);
    CHECK(std::isnan(prada.state().statistic));
    CHECK_FALSE(prada.state().is_alarm);

    CHECK(code_of([] { Prada({.values = 0, .classes = 3}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { Prada({.values = 2, .classes = 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { Prada({.values = 2, .classes = 3, .threshold = 1.0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { Prada({.values = 2, .classes = 3, .distances = 5001}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { Prada({.values = 1U << 20U, .classes = 3}); }) == ErrorCode::overflow);
}

TEST_CASE("updates: lines, returns and independent inputs") {
    UpdateSimilarity updates({.values = 1000, .accounts = 8, .key = key});
    Random random(3);
    const std::vector<float> base = row_of(random, 1000), way = row_of(random, 1000);
    const auto at = [&](float t) {
        std::vector<float> x = base;
        for (std::size_t i = 0; i < x.size(); ++i) x[i] += t * way[i];
        return x;
    };
    CHECK(std::isnan(updates.update(std::span<const float>(at(0.0F)), "line").length));
    CHECK(std::isnan(updates.update(std::span<const float>(at(1.0F)), "line").score));
    CHECK(updates.update(std::span<const float>(at(1.5F)), "line").similarity == doctest::Approx(1.0).epsilon(1e-3));
    const UpdateEvidence back = updates.update(std::span<const float>(at(1.25F)), "line");
    CHECK(back.similarity == doctest::Approx(-1.0).epsilon(1e-3));
    CHECK(back.score == doctest::Approx(0.5).epsilon(1e-2));
    CHECK(back.length > 0.0);
    // An equal input is no step, and hides none.
    CHECK(std::isnan(updates.update(std::span<const float>(at(1.25F)), "line").score));
    CHECK(updates.update(std::span<const float>(at(1.0F)), "line").similarity == doctest::Approx(1.0).epsilon(1e-3));

    double sum = 0.0, squares = 0.0;
    constexpr int runs = 2000;
    for (int i = 0; i < runs + 2; ++i) {
        const double cosine = updates.update(std::span<const float>(row_of(random, 1000)), "benign").similarity;
        if (i < 2) continue;
        sum += cosine;
        squares += (cosine + 0.5) * (cosine + 0.5);
    }
    CHECK(sum / runs == doctest::Approx(-0.5).epsilon(0.05));
    CHECK(std::sqrt(squares / runs) < 0.15);
}

TEST_CASE("updates: hostile inputs, accounts beyond the places, misuse") {
    UpdateSimilarity updates({.values = 70, .accounts = 8, .key = key});
    Random random(4);
    std::vector<float> row = row_of(random, 70);
    const std::vector<std::uint8_t> bytes(70, 9);
    const std::size_t taken = updates.memory(), before = allocation_count();
    CHECK(std::isnan(updates.update(std::span<const float>(row).first(69), "a").length));
    for (const float value : {nan_f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::max()}) {
        row.assign(70, value);
        CHECK(std::isnan(updates.update(std::span<const float>(row), "a").length));
    }
    for (int i = 0; i < 1000; ++i) {
        const char name[2] = {static_cast<char>('a' + i % 20), static_cast<char>(i % 3)};
        (void)updates.update(std::span<const std::uint8_t>(bytes), {name, 2});
    }
    CHECK(allocation_count() == before);
    CHECK(updates.memory() == taken);
    CHECK(code_of([] { UpdateSimilarity({.values = 0}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { UpdateSimilarity({.values = 5, .accounts = 9}); }) == ErrorCode::invalid_argument);
}

TEST_CASE("links: every frequent pair is counted, and bounds hold, by exact counts") {
    Random random(5);
    for (const std::size_t capacity : {8U, 50U, 300U}) {
        AccountLinks links(capacity);
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> exact;
        const std::size_t before = allocation_count();
        std::size_t of_map = 0;
        for (int i = 0; i < 20'000; ++i) {
            const auto a = static_cast<std::uint32_t>(random.uniform() * random.uniform() * 40.0) + 1;
            const auto b = static_cast<std::uint32_t>(random.uniform() * 40.0) + 1;
            links.count(a, b);
            if (a == b) continue;
            const std::size_t at = allocation_count();
            ++exact[{std::min(a, b), std::max(a, b)}];
            of_map += allocation_count() - at;
        }
        CHECK(allocation_count() - before == of_map);
        std::map<std::pair<std::uint32_t, std::uint32_t>, perturbation::AccountLink> found;
        std::uint64_t last = ~std::uint64_t{0};
        for (const auto& link : links.strongest(capacity, 0)) {
            CHECK(link.first < link.second);
            CHECK(link.shared <= last);
            last = link.shared;
            const std::uint64_t count = exact[{link.first, link.second}];
            CHECK(count <= link.shared);
            CHECK(count >= link.shared - link.overcount);
            CHECK(link.overcount <= links.total() / capacity);
            found[{link.first, link.second}] = link;
        }
        for (const auto& [pair, count] : exact)
            if (count > links.total() / capacity) CHECK(found.count(pair) == 1);
    }
    CHECK(code_of([] { AccountLinks(7); }) == ErrorCode::invalid_argument);
}

TEST_CASE("links: groups are connected accounts, the strongest first") {
    AccountLinks links(64);
    for (int i = 0; i < 5; ++i) {
        links.count(1, 2);
        links.count(3, 2);
        links.count(8, 9);
    }
    links.count(9, 1);  // too weak
    links.count(7, 7);
    const auto groups = links.groups(5);
    REQUIRE(groups.size() == 2);
    CHECK(groups[0].accounts == std::vector<std::uint32_t>{1, 2, 3});
    CHECK(groups[0].shared == 10);
    CHECK(groups[1].accounts == std::vector<std::uint32_t>{8, 9});
    CHECK(links.groups(1).size() == 1);
    CHECK(links.strongest(1).front().shared == 5);
    links.reset();
    CHECK(links.groups(1).empty());
}

TEST_CASE("query watch: from request to evidence, without allocation") {
    const perturbation::Fingerprinter fingerprinter(
        perturbation::RowFingerprintOptions{.values = 40, .steps = {0.5}, .key = key});
    Random random(6);
    std::vector<double> benign(999);
    for (double& score : benign) score = static_cast<double>(random() % 4) / 38.0;
    std::vector<double> steps(999);
    for (double& score : steps) score = std::abs(random.normal()) * 0.15;
    perturbation::QueryWatch watch(
        perturbation::FingerprintStore(fingerprinter, {.memory = 200'000, .silent = true}),
        vedette::stats::ConformalCalibration(benign), {.callers = {.level = 1e-3, .capacity = 64}},
        perturbation::CalibratedUpdates{UpdateSimilarity({.values = 40, .accounts = 64, .key = key}),
                                        vedette::stats::ConformalCalibration(steps)});
    std::vector<float> base = row_of(random, 40), row;
    const std::size_t before = allocation_count();
    bool accused = false;
    int delay = 0;
    row.reserve(40);
    const std::size_t of_row = allocation_count() - before;
    for (int i = 0; i < 200 && !accused; ++i) {
        row = base;
        row[static_cast<std::size_t>(i) % 40] += 0.05F;
        const auto evidence = watch.observe(std::span<const float>(row), i % 2 == 0 ? "a" : "b", 5);
        CHECK(evidence.match.is_silent);
        if (i > 0) CHECK(evidence.match.score > 0.5);
        accused = evidence.account.is_alarm;
        ++delay;
    }
    CHECK(allocation_count() - before == of_row);
    CHECK(accused);
    CHECK(delay < 20);
    const auto groups = watch.links().groups(2);
    REQUIRE(groups.size() == 1);
    CHECK(groups[0].accounts.size() == 2);
    const auto wrong = watch.observe(std::span<const float>(row).first(3), "c", 5);
    CHECK(std::isnan(wrong.p_value));
    CHECK(wrong.account.requests == 0);
    CHECK(code_of([&] {
              perturbation::QueryWatch(perturbation::FingerprintStore(fingerprinter, {.memory = 200'000}),
                                       vedette::stats::ConformalCalibration(benign), {.linked_score = 0.0});
          }) == ErrorCode::invalid_argument);
}
