// SPDX-License-Identifier: Apache-2.0
// Intervals against statsmodels and against their own definitions.
#include "vedette/stats/intervals.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/stats/distributions.hpp"

namespace s = vedette::stats;

namespace {
void check_near(const vedette::Interval& got, const nlohmann::json& expected) {
    CHECK(got.lower == doctest::Approx(expected[0].get<double>()).epsilon(1e-9));
    CHECK(got.upper == doctest::Approx(expected[1].get<double>()).epsilon(1e-9));
}
}  // namespace

TEST_CASE("rate intervals match statsmodels") {
    const auto data = oracle_data("intervals.json");
    for (const auto& row : data["rates"]) {
        const std::uint64_t k = row["successes"];
        const std::uint64_t n = row["trials"];
        const s::Confidence confidence(row["level"].get<double>());
        CAPTURE(k);
        CAPTURE(n);
        check_near(s::wilson(k, n, confidence), row["wilson"]);
        check_near(s::clopper_pearson(k, n, confidence), row["clopper_pearson"]);
    }
    const s::Confidence confidence(0.95);
    for (const auto& row : data["differences"]) {
        CAPTURE(row.dump());
        check_near(s::newcombe(row["k1"], row["n1"], row["k2"], row["n2"], confidence), row["newcombe"]);
    }
}

TEST_CASE("Clopper-Pearson covers at least at its level for every rate") {
    const s::Confidence confidence(0.9);
    constexpr std::uint64_t n = 25;
    for (double rate = 0.005; rate < 1.0; rate += 0.005) {
        double covered = 0.0;
        for (std::uint64_t k = 0; k <= n; ++k) {
            const vedette::Interval interval = s::clopper_pearson(k, n, confidence);
            const double below = k == 0 ? 0.0 : s::binomial_cdf(k - 1, n, rate);
            if (interval.lower <= rate && rate <= interval.upper) covered += s::binomial_cdf(k, n, rate) - below;
        }
        REQUIRE(covered >= 0.9 - 1e-12);
    }
}

TEST_CASE("Clopper-Pearson of few hits among many trials holds the exact limits, and hardly more") {
    for (const auto& row : oracle_data("clopper_pearson.json")["rows"]) {
        const std::uint64_t k = row["successes"], n = row["trials"];
        const s::Confidence confidence(row["level"].get<double>());
        CAPTURE(row.dump());
        // Twenty digits are written; a double holds sixteen of them.
        const double lower = std::stod(row["interval"][0].get<std::string>());
        const double upper = std::stod(row["interval"][1].get<std::string>());
        const vedette::Interval got = s::clopper_pearson(k, n, confidence);
        CHECK(got.lower <= lower);
        CHECK(got.upper >= upper);
        CHECK(got.lower >= lower * (1.0 - 2e-12));
        CHECK(got.upper <= upper * (1.0 + 2e-12));
        const vedette::Interval mirrored = s::clopper_pearson(n - k, n, confidence);
        CHECK(mirrored.lower <= 1.0 - got.upper);
        CHECK(mirrored.upper >= 1.0 - got.lower);
    }
}

TEST_CASE("confidence constants and the DKW band are their formulas") {
    const s::Confidence confidence(0.95);
    CHECK(confidence.z() == doctest::Approx(1.959963984540054));
    CHECK(confidence.kolmogorov() == doctest::Approx(1.3580986393225505));
    CHECK(s::dkw_half_width(100, confidence) == doctest::Approx(std::sqrt(std::log(40.0) / 200.0)));
}

TEST_CASE("intervals refuse what has no answer") {
    const s::Confidence confidence(0.95);
    CHECK(std::isnan(s::wilson(0, 0, confidence).lower));
    CHECK(std::isnan(s::wilson(5, 4, confidence).upper));
    CHECK(std::isnan(s::clopper_pearson(1, 0, confidence).lower));
    CHECK(std::isnan(s::newcombe(0, 0, 1, 2, confidence).lower));
    CHECK(std::isnan(s::dkw_half_width(0, confidence)));
    for (const double level : {0.0, 1.0, -1.0, 2.0, std::nan("")})
        CHECK_THROWS_AS(s::Confidence{level}, vedette::Error);
    CHECK_THROWS_WITH(s::Confidence(1.5), doctest::Contains("1.5"));
}
