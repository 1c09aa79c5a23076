// SPDX-License-Identifier: Apache-2.0
// PRADA, similarity of updates, links between accounts, and the watch over all of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/perturbation/account_unions.hpp"
#include "vedette/perturbation/prada.hpp"
#include "vedette/perturbation/prada_accounts.hpp"
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
    // A copy has all of the memory that it will ever need.
    Prada fresh({.values = 8, .classes = 3, .capacity = 50, .distances = 200});
    Prada copy = fresh;
    CHECK(copy.memory() == taken);
    row.assign(8, 0.5F);
    const std::size_t copied = allocation_count();
    for (int i = 0; i < 30; ++i) copy.update(row, static_cast<std::uint32_t>(i % 3));
    CHECK(allocation_count() == copied);
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
    // From one end of the floats to the other: no step, and what is saved comes back.
    UpdateSimilarity far = updates;
    for (const float value : {3e38F, -3e38F, 1.0F, 2.0F}) {
        row.assign(70, 0.0F);
        row[0] = value;
        const UpdateEvidence found = far.update(std::span<const float>(row), "far");
        CHECK(std::isnan(found.length) == (std::abs(value) > 1e38F));
        CHECK(UpdateSimilarity::deserialize(far.serialize()).serialize() == far.serialize());
    }
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

TEST_CASE("links: what a forgotten account shared is certain no more, and bounded still") {
    AccountLinks links(8);
    for (int i = 0; i < 5; ++i) {
        links.count(1, 2);
        links.count(3, 4);
    }
    links.forget(2);
    CHECK(links.count(1, 2) == 2);
    CHECK(links.count(3, 4) == 6);
    CHECK(links.groups(3).size() == 1);
    CHECK(links.strongest(1)[0].shared == 6);
    // What is certain no more does not become it by forgetting: 1 and 2 share half an input after ageing twice.
    links.age(2);
    REQUIRE(links.groups(1).size() == 1);
    links.forget(2);
    CHECK(links.groups(1).size() == 1);
    CHECK(AccountLinks::deserialize(links.serialize()).serialize() == links.serialize());
}

TEST_CASE("unions: as connected components, whose older number stays, in a bounded number of places") {
    perturbation::AccountUnions unions(64);
    std::map<std::uint32_t, std::uint64_t> group;  // the slow way
    Random random(41);
    std::uint64_t groups = 0;
    [[maybe_unused]] const std::size_t before = allocation_count(), taken = unions.memory();
    std::size_t allocated = 0;
    for (int i = 0; i < 60; ++i) {
        const auto a = static_cast<std::uint32_t>(random() % 50), b = static_cast<std::uint32_t>(random() % 50);
        const std::size_t at = allocation_count();
        const auto joined = unions.unite(a, b);
        allocated += allocation_count() - at;
        if (a == b) continue;
        const std::uint64_t one = group[a], two = group[b];
        const std::uint64_t kept = one == 0 && two == 0   ? ++groups
                                   : one == 0 || two == 0 ? one + two
                                                          : std::min(one, two);
        const std::uint64_t ended = one != 0 && two != 0 && one != two ? std::max(one, two) : 0;
        for (auto& [account, number] : group)
            if (ended != 0 && number == ended) number = kept;
        group[a] = group[b] = kept;
        CHECK(joined.group == kept);
        CHECK(joined.ended == ended);
    }
#if !defined(VEDETTE_SANITIZED)
    CHECK(before > 0);  // or nothing is counted
#endif
    CHECK(allocated == 0);
    CHECK(unions.memory() == taken);
    std::map<std::uint64_t, std::size_t> sizes;
    for (std::uint32_t account = 0; account < 50; ++account) {
        const auto known = group.find(account);
        const std::uint64_t number = known == group.end() ? 0 : known->second;
        CHECK(unions.group_of(account) == number);
        if (number != 0) ++sizes[number];
    }
    for (const auto& [number, size] : sizes) CHECK(unions.size_of(number) == size);
    auto again = perturbation::AccountUnions::from_words(unions.words());
    REQUIRE(again);
    CHECK(again->words() == unions.words());
    CHECK(again->unite(1000, 1001).group == unions.unite(1000, 1001).group);
    // The account linked or asked for longest ago leaves, and a number is never given twice.
    perturbation::AccountUnions few(3);
    CHECK(few.unite(1, 2).group == 1);
    CHECK(few.unite(3, 4).group == 2);  // 1 was linked before 2
    CHECK(few.group_of(1) == 0);
    CHECK(few.group_of(2) == 1);
    CHECK(few.unite(1, 5).group == 3);
    CHECK(few.release(5));
    CHECK_FALSE(few.release(5));
    CHECK(few.size_of(3) == 1);
    // Words that no object writes.
    const std::vector<std::uint64_t> words = few.words();
    CHECK(perturbation::AccountUnions::from_words(words));
    for (const auto& [at, value] :
         std::vector<std::pair<std::size_t, std::uint64_t>>{{words.size() - 3, 0},
                                                            {words.size() - 2, 0},
                                                            {words.size() - 2, ~std::uint64_t{0}},
                                                            {words.size() - 1, 1},
                                                            {words.size() - 1, 1U << 17U}}) {
        std::vector<std::uint64_t> lies = words;
        lies[at] = value;
        CHECK_FALSE(perturbation::AccountUnions::from_words(lies));
    }
    CHECK_FALSE(perturbation::AccountUnions::from_words(std::span(words).first(words.size() - 1)));
    std::vector<std::uint64_t> twice = perturbation::AccountUnions(2).words();
    constexpr std::uint64_t fresh = std::uint64_t{2} << 32U;
    twice = {1, 1, fresh | 7, 1, 2, fresh | 8, 1, 2, 64};
    CHECK(perturbation::AccountUnions::from_words(twice));
    for (const auto& [at, value] : std::vector<std::pair<std::size_t, std::uint64_t>>{
             {5, fresh | 7}, {4, 1}, {2, 7}, {2, (std::uint64_t{3} << 32U) | 7}}) {
        std::vector<std::uint64_t> lies =
            twice;  // an account or a turn twice, one that is to leave or to stay too long
        lies[at] = value;
        CHECK_FALSE(perturbation::AccountUnions::from_words(lies));
    }
    CHECK_FALSE(perturbation::AccountUnions::from_words(
        std::vector<std::uint64_t>{1, 1, fresh | 7, 1, 2, fresh | 8, 1, 3, fresh | 9, 1, 3, 2}));  // three of two
    CHECK(code_of([] { perturbation::AccountUnions(1); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { perturbation::AccountUnions(65'537); }) == ErrorCode::invalid_argument);
}

TEST_CASE("unions: no group grows beyond the largest, and accounts that are not linked anew leave") {
    perturbation::AccountUnions unions(64, 4);
    for (std::uint32_t account = 2; account <= 40; ++account) (void)unions.unite(1, account);  // what everybody shares
    CHECK(unions.size_of(unions.group_of(1)) == 4);
    CHECK(unions.group_of(4) == unions.group_of(1));
    CHECK(unions.group_of(5) == 0);
    CHECK(unions.unite(5, 6).group == 2);
    CHECK(unions.unite(1, 5).ended == 0);  // 4 and 2 are too many
    CHECK(unions.unite(7, 5).group == 2);
    CHECK(unions.size_of(2) == 3);
    CHECK(unions.unite(8, 9).group == 3);
    CHECK(unions.unite(9, 7).group == 3);  // 2 and 3, too
    CHECK(perturbation::AccountUnions::from_words(unions.words())->words() == unions.words());
    unions.age();
    (void)unions.unite(1, 2);  // linked anew
    const auto again = perturbation::AccountUnions::from_words(unions.words());
    REQUIRE(again);
    unions.age();
    CHECK(unions.group_of(1) == 1);
    CHECK(unions.group_of(2) == 1);
    CHECK(unions.group_of(3) == 0);
    CHECK(unions.group_of(5) == 0);
    CHECK(unions.unite(1, 20).group == 1);  // there is room again
    CHECK(again->largest() == 4);
    CHECK(code_of([] { perturbation::AccountUnions(8, 1); }) == ErrorCode::invalid_argument);
}

TEST_CASE("links: aged counters keep both promises, by exact counts") {
    Random random(51);
    for (const std::size_t capacity : {8U, 50U, 300U}) {
        AccountLinks links(capacity);
        std::map<std::pair<std::uint32_t, std::uint32_t>, double> exact;
        for (int i = 0; i < 20'000; ++i) {
            const auto a = static_cast<std::uint32_t>(random.uniform() * random.uniform() * 40.0) + 1;
            const auto b = static_cast<std::uint32_t>(random.uniform() * 40.0) + 1;
            links.count(a, b);
            if (a != b) exact[{std::min(a, b), std::max(a, b)}] += 1.0;
            if (i % 1000 != 999) continue;
            const std::uint32_t times = i % 7000 == 6999 ? 3 : 1;
            links.age(times);
            for (auto& [pair, count] : exact) count = std::ldexp(count, -static_cast<int>(times));
            std::map<std::pair<std::uint32_t, std::uint32_t>, bool> found;
            for (const auto& link : links.strongest(capacity, 0)) {
                const double count = exact[{link.first, link.second}];
                CHECK(count <= static_cast<double>(link.shared));
                CHECK(count >= static_cast<double>(link.shared - link.overcount));
                found[{link.first, link.second}] = true;
            }
            for (const auto& [pair, count] : exact)
                if (count > static_cast<double>(links.total() / capacity)) CHECK(found.count(pair) == 1);
            CHECK(AccountLinks::deserialize(links.serialize()).serialize() == links.serialize());
        }
        for (const auto& link : links.strongest(1, 1)) CHECK(link.shared > link.overcount);
        const std::size_t before = allocation_count();
        links.age(64);
        CHECK(allocation_count() == before);
        CHECK(links.strongest(capacity, 1).empty());
        CHECK(links.total() <= capacity);
    }
}

TEST_CASE("query watch: links age when all that is remembered has passed, and repeats that are left out link nobody") {
    const perturbation::Fingerprinter fingerprinter(
        perturbation::RowFingerprintOptions{.values = 40, .steps = {0.5}, .key = key});
    Random random(8);
    std::vector<double> benign(999);
    for (double& score : benign) score = static_cast<double>(random() % 4) / 38.0;
    for (const auto rule : {perturbation::RepeatRule::judged, perturbation::RepeatRule::left_out}) {
        perturbation::QueryWatch watch(
            perturbation::FingerprintStore(fingerprinter, {.memory = 200'000, .period = 10, .periods = 3}),
            vedette::stats::ConformalCalibration(benign), {.links = 16, .repeats = rule});
        const std::size_t memory = watch.memory();
        std::uint64_t time = 1'790'000'000;
        const auto both_ask = [&](bool is_exact) {
            std::vector<float> row = row_of(random, 40);
            const auto first = watch.observe(std::span<const float>(row), "a", time);
            if (!is_exact) row[7] += 3.0F;
            const auto second = watch.observe(std::span<const float>(row), "b", time);
            CHECK(second.aged == 0);
            return std::pair(first.aged, second.shared);
        };
        const bool links_repeats = rule == perturbation::RepeatRule::judged;
        for (int i = 0; i < 4; ++i) CHECK(both_ask(true).second == (links_repeats ? static_cast<unsigned>(i) + 1 : 0U));
        watch = perturbation::QueryWatch::deserialize(watch.serialize());
        for (unsigned i = 0; i < 4; ++i) CHECK(both_ask(false).second == (links_repeats ? 4 : 0) + i + 1);
        time += 30;  // all that was remembered has passed
        CHECK(both_ask(false) == std::pair<std::uint32_t, std::uint64_t>(1, links_repeats ? 5 : 3));
        time += 10'000'000;
        CHECK(both_ask(false) == std::pair<std::uint32_t, std::uint64_t>(64, 1));
        // Merged, what the one whose time is behind has counted is as old as it would be here.
        perturbation::QueryWatch early(
            perturbation::FingerprintStore(fingerprinter, {.memory = 200'000, .period = 10, .periods = 3}),
            vedette::stats::ConformalCalibration(benign), {.links = 16, .repeats = rule});
        perturbation::QueryWatch late = early;
        for (int i = 0; i < 4; ++i) {
            std::vector<float> row = row_of(random, 40);
            (void)early.observe(std::span<const float>(row), "a", time);
            row[7] += 3.0F;
            (void)early.observe(std::span<const float>(row), "b", time);
        }
        (void)late.observe(std::span<const float>(row_of(random, 40)), "c", time + 30);
        CHECK(early.links().strongest(1).front().shared == 4);
        perturbation::QueryWatch both = late;
        both.merge(early);
        CHECK(both.links().strongest(1).front().shared == 2);
        early.merge(late);
        CHECK(early.links().strongest(1).front().shared == 2);
        time -= 5'000'000;  // a clock that runs backwards ages nothing
        CHECK(both_ask(false).first == 0);
        CHECK(watch.memory() == memory);
    }
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

namespace {

// What a reader must refuse: every truncation, and a changed byte.
template <class Read>
void check_refusals(const std::vector<std::byte>& bytes, Read&& read) {
    for (std::size_t length = 0; length < bytes.size(); length += 1 + bytes.size() / 40)
        CHECK(code_of([&] { read(std::span(bytes).first(length)); }) == ErrorCode::corrupt_data);
    std::vector<std::byte> changed = bytes;
    changed[changed.size() / 2] ^= std::byte{4};
    CHECK(code_of([&] { read(std::span<const std::byte>(changed)); }) == ErrorCode::corrupt_data);
}

// The bytes with one number changed, and a digest that fits.
template <class T>
std::vector<std::byte> with(const std::vector<std::byte>& bytes, const char* tensor, std::size_t at, T value) {
    const vedette::Container file = vedette::Container::view(bytes);
    vedette::ContainerWriter writer;
    for (const vedette::TensorView& each : file.tensors()) {
        std::vector<std::byte> data(each.data.begin(), each.data.end());
        if (each.name == tensor) std::memcpy(data.data() + at * sizeof value, &value, sizeof value);
        writer.add_tensor(each.name, each.dtype, each.shape, data);
    }
    return writer.finish(file.kind());
}

perturbation::QueryWatch watch_of(std::uint64_t seed) {
    const auto scores = vedette::testing::normals(199, seed);
    return {perturbation::FingerprintStore(perturbation::Fingerprinter(perturbation::RowFingerprintOptions{
                                               .values = 8, .steps = {0.1}, .window = 1, .key = key}),
                                           {.memory = 1U << 18U}),
            vedette::stats::ConformalCalibration(scores),
            {.callers = {.level = 0.01, .capacity = 64, .key = std::array<std::uint64_t, 2>{1, 2}}, .links = 16},
            perturbation::CalibratedUpdates{UpdateSimilarity({.values = 8, .accounts = 16, .key = key}),
                                            vedette::stats::ConformalCalibration(scores)}};
}

}  // namespace

TEST_CASE("query watch: exact repeats are left out where the options say so, and of whom") {
    const perturbation::Fingerprinter fingerprinter(
        perturbation::RowFingerprintOptions{.values = 40, .steps = {0.5}, .key = key});
    Random random(7);
    std::vector<double> benign(999);
    for (double& score : benign) score = static_cast<double>(random() % 4) / 38.0;
    const auto watch_with = [&](perturbation::RepeatRule repeats) {
        return perturbation::QueryWatch(
            perturbation::FingerprintStore(fingerprinter, {.memory = 200'000}),
            vedette::stats::ConformalCalibration(benign),
            {.callers = {.level = 1e-3, .capacity = 4096}, .repeats = repeats},
            perturbation::CalibratedUpdates{UpdateSimilarity({.values = 40, .accounts = 64, .key = key}),
                                            vedette::stats::ConformalCalibration(benign)});
    };
    for (const auto rule : {perturbation::RepeatRule::judged, perturbation::RepeatRule::own_left_out,
                            perturbation::RepeatRule::left_out}) {
        perturbation::QueryWatch watch = watch_with(rule);
        CHECK(watch.repeats() == rule);
        const std::vector<float> input = row_of(random, 40);
        bool own_accused = false, other_accused = false;
        (void)watch.observe(std::span<const float>(input), "a", 5);
        for (int i = 0; i < 50; ++i) {
            const auto own = watch.observe(std::span<const float>(input), "a", 5);
            CHECK(own.match.repeat == perturbation::Repeat::own);
            CHECK(std::isnan(own.p_value) == (rule != perturbation::RepeatRule::judged));
            own_accused |= own.account.is_alarm;
            // Ever another account: none has asked it before, all are of one name's length.
            const char name[3] = {'x', static_cast<char>('A' + i), 0};
            const auto other = watch.observe(std::span<const float>(input), name, 5);
            CHECK(other.match.repeat == perturbation::Repeat::other);
            CHECK(std::isnan(other.p_value) == (rule == perturbation::RepeatRule::left_out));
            other_accused |= other.account.is_alarm;
        }
        CHECK(own_accused == (rule == perturbation::RepeatRule::judged));
        CHECK(!other_accused);  // one request each
        // What is left out links nobody: benign accounts share default images without knowing each other.
        CHECK((watch.links().total() > 0) == (rule != perturbation::RepeatRule::left_out));
        // An attack is found among its own repeats.
        bool accused = false;
        std::vector<float> row = input;
        for (std::size_t i = 0; i < 60; ++i) {
            row = input;
            row[i % 40] += 0.05F;
            accused |= watch.observe(std::span<const float>(row), "m", 5).account.is_alarm;
            if (rule != perturbation::RepeatRule::judged)
                CHECK(std::isnan(watch.observe(std::span<const float>(row), "m", 5).p_value));
        }
        CHECK(accused);
        CHECK(perturbation::QueryWatch::deserialize(watch.serialize()).repeats() == rule);
        CHECK(code_of([&] {
                  (void)perturbation::QueryWatch::deserialize(with(watch.serialize(), "repeats", 0, std::uint8_t{3}));
              }) == ErrorCode::corrupt_data);
    }
}

TEST_CASE("memory files: links, updates, PRADA and the watch go on bit for bit") {
    Random random(11);
    AccountLinks links(16);
    for (int i = 0; i < 500; ++i)
        links.count(static_cast<std::uint32_t>(random.uniform() * 9.0),
                    static_cast<std::uint32_t>(random.uniform() * 9.0));
    UpdateSimilarity updates({.values = 8, .accounts = 16, .key = key});
    Prada prada({.values = 8, .classes = 3, .capacity = 40, .distances = 120});
    perturbation::PradaAccounts accounts({.values = 8, .classes = 3, .capacity = 40, .distances = 120}, 3, key);
    perturbation::QueryWatch watch = watch_of(1);
    const auto feed = [&](int i, auto& u, auto& p, auto& a, auto& w) {
        Random own(static_cast<std::uint64_t>(i));
        const std::vector<float> row = row_of(own, 8);
        const std::string name(1, static_cast<char>('a' + i % 5));
        const auto label = static_cast<std::uint32_t>(i % 3);
        const UpdateEvidence update = u.update(std::span<const float>(row), name);
        const PradaState state = p.update(row, label), one = a.update(row, label, name);
        const auto seen = w.observe(std::span<const float>(row), name, static_cast<std::uint64_t>(i));
        return std::vector<double>{update.score, state.distance, state.statistic,
                                   one.distance, seen.p_value,   seen.account.e_value};
    };
    for (int i = 0; i < 300; ++i) (void)feed(i, updates, prada, accounts, watch);

    AccountLinks links2 = AccountLinks::deserialize(links.serialize());
    UpdateSimilarity updates2 = UpdateSimilarity::deserialize(updates.serialize());
    Prada prada2 = Prada::deserialize(prada.serialize());
    perturbation::PradaAccounts accounts2 = perturbation::PradaAccounts::deserialize(accounts.serialize());
    perturbation::QueryWatch watch2 = perturbation::QueryWatch::deserialize(watch.serialize());
    for (int i = 300; i < 420; ++i) {
        const auto one = feed(i, updates, prada, accounts, watch), two = feed(i, updates2, prada2, accounts2, watch2);
        for (std::size_t k = 0; k < one.size(); ++k)
            CHECK((one[k] == two[k] || (std::isnan(one[k]) && std::isnan(two[k]))));
        links.count(1, static_cast<std::uint32_t>(i % 13));
        links2.count(1, static_cast<std::uint32_t>(i % 13));
    }
    CHECK(links2.serialize() == links.serialize());
    CHECK(updates2.serialize() == updates.serialize());
    CHECK(prada2.serialize() == prada.serialize());
    CHECK(accounts2.serialize() == accounts.serialize());
    CHECK(watch2.serialize() == watch.serialize());
    CHECK(accounts.accounts() == 3);
    CHECK(accounts.forget("e"));  // the last heard of
    CHECK_FALSE(accounts.forget("e"));

    check_refusals(links.serialize(), [](auto bytes) { (void)AccountLinks::deserialize(bytes); });
    check_refusals(updates.serialize(), [](auto bytes) { (void)UpdateSimilarity::deserialize(bytes); });
    check_refusals(prada.serialize(), [](auto bytes) { (void)Prada::deserialize(bytes); });
    check_refusals(accounts.serialize(), [](auto bytes) { (void)perturbation::PradaAccounts::deserialize(bytes); });
    check_refusals(watch.serialize(), [](auto bytes) { (void)perturbation::QueryWatch::deserialize(bytes); });
}

TEST_CASE("memory files: lies under a digest that fits are refused, and no file takes more than is allowed") {
    Prada prada({.values = 2, .classes = 3, .capacity = 40, .distances = 120});
    Random random(12);
    for (std::uint32_t i = 0; i < 60; ++i) prada.update(row_of(random, 2), i % 3);
    const std::vector<std::byte> bytes = prada.serialize();
    CHECK(Prada::memory_needed(prada.options()) == prada.memory());
    CHECK(Prada::deserialize(bytes, prada.memory()).serialize() == bytes);
    CHECK(code_of([&] { (void)Prada::deserialize(bytes, prada.memory() - 1); }) == ErrorCode::overflow);
    const auto refuses = [&](const std::vector<std::byte>& lie) {
        return code_of([&] { (void)Prada::deserialize(lie); }) == ErrorCode::corrupt_data;
    };
    for (std::size_t i = 0; i < 4; ++i)
        for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1} << 40U, ~std::uint64_t{0}})
            CHECK(refuses(with(bytes, "options", i, value)));
    CHECK(refuses(with(bytes, "threshold", 0, 1.5)));
    CHECK(refuses(with(bytes, "rows", 0, nan_f)));
    CHECK(refuses(with(bytes, "kept", 0, std::uint32_t{3})));
    CHECK(refuses(with(bytes, "joined", 0, std::uint64_t{41})));
    CHECK(refuses(with(bytes, "limits", 0, -1.0)));
    CHECK(refuses(with(bytes, "distances", 0, -1.0)));
    CHECK(refuses(with(bytes, "distance_classes", 0, std::uint32_t{3})));
    CHECK(refuses(with(bytes, "counts", 0, std::uint64_t{1})));  // the ring is not full
    CHECK(refuses(with(bytes, "counts", 1, std::uint64_t{0})));
    // A few bytes that ask for 12 MiB.
    const std::vector<std::byte> large = with(bytes, "options", 2, std::uint64_t{1} << 20U);
    CHECK(code_of([&] { (void)Prada::deserialize(large, 1U << 20U); }) == ErrorCode::overflow);
    // Many free places of large objects.
    const perturbation::PradaAccounts accounts({.values = 2, .classes = 3, .capacity = 40, .distances = 120}, 64, key);
    const std::vector<std::byte> many = accounts.serialize();
    CHECK(perturbation::PradaAccounts::deserialize(many, accounts.memory()).serialize() == many);
    CHECK(code_of([&] { (void)perturbation::PradaAccounts::deserialize(many, accounts.memory() / 2); }) ==
          ErrorCode::overflow);
    CHECK(code_of([] { perturbation::PradaAccounts({.values = 1, .classes = 65'536}, 65'536); }) ==
          ErrorCode::overflow);

    AccountLinks links(8);
    links.count(1, 2);
    for (const std::size_t i : {0U, 1U})  // the first is the least, and free
        CHECK(code_of([&] {
                  (void)AccountLinks::deserialize(with(links.serialize(), "counters", i, std::uint64_t{9}));
              }) == ErrorCode::corrupt_data);
}

TEST_CASE("PRADA of accounts: one each, and the one silent for longest gives way") {
    const perturbation::PradaOptions options{.values = 2, .classes = 1};
    perturbation::PradaAccounts accounts(options, 2, key);
    Prada alone(options);
    Random random(3);
    const std::size_t taken = accounts.memory(), before = allocation_count();
    for (int i = 0; i < 100; ++i) {
        const float input[2] = {static_cast<float>(random.normal()), static_cast<float>(random.normal())};
        const double expected = alone.update(input, 0).distance, found = accounts.update(input, 0, "one").distance;
        CHECK((found == expected || (std::isnan(found) && std::isnan(expected))));
        (void)accounts.update(input, 0, i % 2 == 0 ? "two" : "three");  // they drive each other out
    }
    CHECK(allocation_count() == before);
    CHECK(accounts.memory() == taken);
    const float again[2] = {0.0F, 0.0F};
    CHECK(std::isnan(accounts.update(again, 0, "two").distance));
    CHECK(code_of([&] { perturbation::PradaAccounts(options, 0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              perturbation::PradaAccounts({.values = 1U << 10U, .classes = 1, .capacity = 1U << 20U}, 65'536);
          }) == ErrorCode::overflow);
}

TEST_CASE("links: merged counters keep both promises, by exact counts") {
    Random random(21);
    for (int run = 0; run < 20; ++run) {
        constexpr std::size_t capacity = 12;
        AccountLinks one(capacity), two(capacity);
        std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> exact;
        for (int i = 0; i < 900; ++i) {
            const auto draw = [&] { return static_cast<std::uint32_t>(random.uniform() * random.uniform() * 12.0); };
            std::uint32_t a = draw(), b = draw();
            (i % 3 == 0 ? one : two).count(a, b);
            if (a == b) continue;
            if (a > b) std::swap(a, b);
            ++exact[{a, b}];
        }
        one.merge(two);
        std::map<std::pair<std::uint32_t, std::uint32_t>, perturbation::AccountLink> held;
        for (const auto& link : one.strongest(capacity)) held[{link.first, link.second}] = link;
        for (const auto& link : one.strongest(capacity, 0)) {
            const std::uint64_t truth = exact[{link.first, link.second}];
            CHECK(link.shared >= truth);
            CHECK(link.shared - link.overcount <= truth);
        }
        std::map<std::pair<std::uint32_t, std::uint32_t>, bool> all;
        for (const auto& link : one.strongest(capacity, 0)) all[{link.first, link.second}] = true;
        for (const auto& [pair, count] : exact)
            if (count > one.total() / capacity) CHECK(all.count(pair) == 1);
        // It goes on counting as any other, through its bytes too.
        AccountLinks again = AccountLinks::deserialize(one.serialize());
        again.count(100, 101);
        one.count(100, 101);
        CHECK(again.serialize() == one.serialize());
    }
    CHECK(code_of([] { AccountLinks(8).merge(AccountLinks(9)); }) == ErrorCode::baseline_mismatch);
}
