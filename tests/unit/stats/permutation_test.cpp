// SPDX-License-Identifier: Apache-2.0
// Random splits: uniform over all of them, a function of seed and number alone; and the p-value that is never zero.
#include "vedette/stats/permutation.hpp"

#include <doctest/doctest.h>

#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace stats = vedette::stats;

TEST_CASE("every split of six observations is equally likely") {
    constexpr std::size_t total = 6;
    constexpr std::size_t chosen = 2;
    constexpr int draws = 60'000;
    std::map<std::string, int> seen;  // g++ 12 warns of its own comparison of byte vectors
    std::vector<std::uint8_t> labels(total);
    for (std::uint64_t i = 0; i < draws; ++i) {
        stats::random_split(7, i, chosen, labels);
        REQUIRE(std::accumulate(labels.begin(), labels.end(), std::size_t{0}) == chosen);
        ++seen[std::string(labels.begin(), labels.end())];
    }
    REQUIRE(seen.size() == 15);
    double chi_squared = 0.0;
    for (const auto& [split, count] : seen) chi_squared += (count - draws / 15.0) * (count - draws / 15.0);
    chi_squared /= draws / 15.0;
    CHECK(stats::chi_squared_sf(chi_squared, 14.0) > 1e-4);
    CHECK(stats::chi_squared_sf(chi_squared, 14.0) < 1.0 - 1e-4);
}

TEST_CASE("a split depends on its seed and number only") {
    std::vector<std::uint8_t> first(1000), second(1000);
    stats::random_split(1, 5, 300, first);
    stats::random_split(1, 6, 300, second);
    CHECK(first != second);
    stats::random_split(2, 5, 300, second);
    CHECK(first != second);
    stats::random_split(1, 5, 300, second);
    CHECK(first == second);
}

TEST_CASE("splits at the ends, and misuse") {
    std::vector<std::uint8_t> labels(10, 9);
    stats::random_split(0, 0, 0, labels);
    CHECK(labels == std::vector<std::uint8_t>(10, 0));
    stats::random_split(0, 0, 10, labels);
    CHECK(labels == std::vector<std::uint8_t>(10, 1));
    stats::random_split(0, 0, 0, {});
    CHECK_THROWS_AS(stats::random_split(0, 0, 11, labels), vedette::Error);
}

TEST_CASE("a permutation p-value counts the observed split in") {
    CHECK(stats::permutation_p_value(0, 999) == 0.001);
    CHECK(stats::permutation_p_value(999, 999) == 1.0);
    CHECK(stats::permutation_p_value(0, 0) == 1.0);
    CHECK(stats::is_as_extreme(1.0, 1.0));
    CHECK(stats::is_as_extreme(1.0 - 1e-15, 1.0));
    CHECK_FALSE(stats::is_as_extreme(0.999, 1.0));
    CHECK(stats::is_as_extreme(-1.0, -1.0));
    CHECK_FALSE(stats::is_as_extreme(-1.001, -1.0));
}
