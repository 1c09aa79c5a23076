// SPDX-License-Identifier: Apache-2.0
// The snapping mechanism, a reference, beside 120 digits: its logarithm, its rounding, its law, and its loss.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "fixed_keystream.hpp"
#include "privacy/reference_samplers.hpp"
#include "test_budget.hpp"
#include "unit/oracle_data.hpp"

namespace {

namespace reference = vedette::privacy::reference;
using vedette::ErrorCode;

TEST_CASE("snapping: logarithms are rounded correctly, and what is snapped is what the paper's arithmetic gives") {
    const auto& oracle = oracle_data("privacy_snapping.json");
    for (const auto& row : oracle["logs"]) {
        CAPTURE(row.dump());
        CHECK(reference::rounded_log(row[0]) == row[1].get<double>());
    }
    for (const auto& row : oracle["snapped"]) {
        CAPTURE(row.dump());
        CHECK(reference::snap(row[0], row[1], row[2], row[3], row[4]) == row[5].get<double>());
    }
}

TEST_CASE("snapping: the law of Laplace on a lattice, each point near its probability") {
    // Scale 1, lattice 1: P(k) = integral of exp(-|x|) / 2 from k - 1/2 to k + 1/2.
    FixedKeystream stream(12);
    constexpr int draws = 4000;
    std::map<double, int> counts;
    for (int i = 0; i < draws; ++i) ++counts[reference::snapping(0.0, 1.0, 4.0, stream)];
    const double zero = 1.0 - std::exp(-0.5), one = 0.5 * (std::exp(-0.5) - std::exp(-1.5)),
                 end = 0.5 * std::exp(-3.5);  // beyond the bound all of the tail lies at it
    const auto check = [&](double at, double probability) {
        const double deviation = std::sqrt(draws * probability * (1.0 - probability));
        CHECK(std::abs(counts[at] - draws * probability) < 5.5 * deviation);  // 4e-8 each
    };
    check(0.0, zero);
    check(1.0, one);
    check(-1.0, one);
    check(4.0, end);
    check(-4.0, end);
    for (const auto& [at, count] : counts) {
        CHECK(at == std::nearbyint(at));
        CHECK(std::abs(at) <= 4.0);
    }
    // The mechanism's odds on neighbours: of the exact law at most e^(1 / scale), of draws within 5.5 deviations.
    std::map<double, int> shifted;
    for (int i = 0; i < draws; ++i) ++shifted[reference::snapping(1.0, 1.0, 4.0, stream)];
    for (const double at : {-1.0, 0.0, 1.0, 2.0}) {
        const double a = counts[at], b = shifted[at];
        CHECK(a <= std::exp(1.0) * b + 5.5 * std::sqrt(a + 7.4 * b));
        CHECK(b <= std::exp(1.0) * a + 5.5 * std::sqrt(b + 7.4 * a));
    }
}

TEST_CASE("snapping: where its theorem does not reach it refuses") {
    FixedKeystream stream(13);
    const auto code = [&](double value, double scale, double bound) {
        return code_of([&] { (void)reference::snapping(value, scale, bound, stream); });
    };
    const auto invalid = ErrorCode::invalid_argument;
    CHECK(code(0.0, 0.0, 1.0) == invalid);
    CHECK(code(0.0, -1.0, 1.0) == invalid);
    CHECK(code(0.0, 1.0, 1.0) == invalid);
    CHECK(code(0.0, 1.0, 0x1p46) == invalid);
    CHECK(code(std::nan(""), 1.0, 2.0) == invalid);
    CHECK(code(0.0, std::nan(""), 2.0) == invalid);
    CHECK(std::abs(reference::snapping(1e308, 1.0, 2.0, stream)) <= 2.0);
    for (int i = 0; i < 1000; ++i) {
        const double u = reference::uniform_double(stream);
        CHECK(u > 0.0);
        CHECK(u < 1.0);
    }
}

}  // namespace
