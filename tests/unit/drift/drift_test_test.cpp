// SPDX-License-Identifier: Apache-2.0
// Every test has a word of its own, and runs somewhere.
#include "vedette/drift/drift_test.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

using vedette::DriftTest;

TEST_CASE("every test has a word that leads back to it") {
    std::set<std::string> words;
    for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        words.insert(vedette::drift_test_name(test));
        CHECK(vedette::drift_test(vedette::drift_test_name(test)) == test);
    }
    CHECK(words.size() == vedette::drift_test_count);
    CHECK(std::string(vedette::drift_test_name(static_cast<DriftTest>(vedette::drift_test_count))) == "unknown");
    CHECK_FALSE(vedette::drift_test("unknown").has_value());
    CHECK_FALSE(vedette::drift_test("").has_value());
}

TEST_CASE("every test runs on counters or on samples") {
    for (std::uint8_t i = 0; i < vedette::drift_test_count; ++i) {
        const auto test = static_cast<DriftTest>(i);
        const bool anywhere = vedette::runs_on_counters(test) || vedette::runs_on_samples(test, true) ||
                              vedette::runs_on_samples(test, false);
        CHECK(anywhere);
    }
    const auto none = static_cast<DriftTest>(200);
    CHECK_FALSE(vedette::runs_on_counters(none));
    CHECK_FALSE(vedette::runs_on_samples(none, true));
}
