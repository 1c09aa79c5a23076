// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/account_places.hpp"

#include <doctest/doctest.h>

#include <array>
#include <optional>
#include <vector>

using vedette::perturbation::AccountPlaces;

TEST_CASE(
    "places of accounts: the one silent for longest makes room, and words with one account or turn twice are refused") {
    AccountPlaces places("test", 2, vedette::perturbation::FingerprintKey{1, 2, 3, 4});
    CHECK_FALSE(places.find("a"));
    const auto a = places.place_of("a"), b = places.place_of("b");
    CHECK(a.is_new);
    CHECK(a.place != b.place);
    CHECK_FALSE(places.place_of("a").is_new);
    const auto c = places.place_of("c");
    CHECK(c.is_new);
    CHECK(c.place == b.place);
    CHECK_FALSE(places.find("b"));
    CHECK(places.find("a") == a.place);
    CHECK(places.release("a") == a.place);
    CHECK_FALSE(places.release("a"));
    CHECK(places.taken() == 1);

    (void)places.place_of("a");
    const std::vector<std::uint64_t> words = places.words();
    const std::array<std::uint64_t, 3> settings = places.settings();
    const auto again = AccountPlaces::from_words(words, settings);
    REQUIRE(again);
    CHECK(again->find("a") == places.find("a"));
    std::vector<std::uint64_t> lies = words;
    lies[2] = lies[0];
    CHECK_FALSE(AccountPlaces::from_words(lies, settings));
    lies = words;
    lies[3] = lies[1];
    CHECK_FALSE(AccountPlaces::from_words(lies, settings));
}
