// SPDX-License-Identifier: Apache-2.0
// The snapping mechanism, a reference, beside 120 digits: its logarithm, its rounding, its law, and its loss.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

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

// The least u from which on (of the one sign upwards, of the other downwards) the outcome is at least `at`: found among
// all doubles in (0, 1). P(U < u) = u exactly, as each double stands for the interval to the next one.
double share_at_least(double value, double scale, double bound, double at, bool negative) {
    // The outcome rises with u where noise scale log(u) is added, and falls where it is subtracted.
    const auto reaches = [&](std::uint64_t bits) {
        return (reference::snap(value, scale, bound, std::bit_cast<double>(bits), negative) >= at) != negative;
    };
    std::uint64_t low = std::bit_cast<std::uint64_t>(0x1p-200), high = std::bit_cast<std::uint64_t>(1.0);
    if (reaches(low)) return negative ? 0.0 : 1.0;
    while (low + 1 < high) {
        const std::uint64_t middle = low + (high - low) / 2;
        (middle < std::bit_cast<std::uint64_t>(1.0) && reaches(middle) ? high : low) = middle;
    }
    const double u = std::bit_cast<double>(high);
    return negative ? u : 1.0 - u;
}

// The whole law of a value, from the exact measure of the doubles that lead to each outcome.
std::vector<double> snapped_law(double value, double scale, double bound, double step) {
    std::vector<double> tails, law;
    for (double at = -bound; at <= bound; at += step)
        tails.push_back(
            0.5 * (share_at_least(value, scale, bound, at, false) + share_at_least(value, scale, bound, at, true)));
    for (std::size_t i = 0; i + 1 < tails.size(); ++i) law.push_back(tails[i] - tails[i + 1]);
    law.push_back(tails.back());
    return law;
}

TEST_CASE("snapping: the loss of the theorem holds for the exact law of the mechanism as it is") {
    // Not asked of draws: all outcomes of all doubles. Tails as sums lose digits, hence 2^-40 instead of 2^-49 B.
    double greatest = 0.0;
    for (const double scale : {1.0, 2.0}) {
        const double bound = 8.0;
        for (const double value : {0.0, 0.1, 1.0 / 3.0, 0.5, 2.75, 6.9, -3.3}) {
            const std::vector<double> law = snapped_law(value, scale, bound, scale);
            double sum = 0.0;
            for (const double p : law) sum += p;
            CHECK(std::abs(sum - 1.0) < 1e-12);
            for (const double shift : {1.0, 0.5, -0.7}) {
                const std::vector<double> other = snapped_law(value + shift, scale, bound, scale);
                for (std::size_t i = 0; i < law.size(); ++i) {
                    REQUIRE(law[i] > 0.0);
                    REQUIRE(other[i] > 0.0);
                    const double loss = std::abs(std::log(law[i] / other[i])) * scale;
                    greatest = std::max(greatest, loss);
                    CHECK(loss <= 1.0 + 0x1p-40 / law[i]);
                }
            }
        }
    }
    CHECK(greatest > 0.99);  // and it is no more than the theorem says that is lost
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
