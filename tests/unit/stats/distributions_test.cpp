// SPDX-License-Identifier: Apache-2.0
// Tails and quantiles against SciPy, and at the ends of their domains.
#include "vedette/stats/distributions.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <vector>

#include "unit/oracle_data.hpp"

namespace s = vedette::stats;

namespace {

constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

using Arguments = std::vector<double>;

std::uint64_t whole(double x) {
    return static_cast<std::uint64_t>(x);
}

const std::map<std::string, std::function<double(const Arguments&)>> functions{
    {"normal_cdf", [](const Arguments& a) { return s::normal_cdf(a[0]); }},
    {"normal_sf", [](const Arguments& a) { return s::normal_sf(a[0]); }},
    {"normal_quantile", [](const Arguments& a) { return s::normal_quantile(a[0]); }},
    {"chi_squared_sf", [](const Arguments& a) { return s::chi_squared_sf(a[0], a[1]); }},
    {"chi_squared_quantile", [](const Arguments& a) { return s::chi_squared_quantile(a[0], a[1]); }},
    {"student_t_sf", [](const Arguments& a) { return s::student_t_sf(a[0], a[1]); }},
    {"student_t_quantile", [](const Arguments& a) { return s::student_t_quantile(a[0], a[1]); }},
    {"f_sf", [](const Arguments& a) { return s::f_sf(a[0], a[1], a[2]); }},
    {"binomial_cdf", [](const Arguments& a) { return s::binomial_cdf(whole(a[0]), whole(a[1]), a[2]); }},
    {"beta_quantile", [](const Arguments& a) { return s::beta_quantile(a[0], a[1], a[2]); }},
    {"hypergeometric_cdf",
     [](const Arguments& a) { return s::hypergeometric_cdf(whole(a[0]), whole(a[1]), whole(a[2]), whole(a[3])); }},
    {"kolmogorov_sf", [](const Arguments& a) { return s::kolmogorov_sf(a[0]); }},
    {"kolmogorov_quantile_upper", [](const Arguments& a) { return s::kolmogorov_quantile_upper(a[0]); }},
};

}  // namespace

TEST_CASE("distributions match SciPy") {
    const auto data = oracle_data("distributions.json");
    std::size_t checked = 0;
    for (const auto& row : data["rows"]) {
        const std::string name = row["function"];
        const auto found = functions.find(name);
        if (found == functions.end()) continue;
        const Arguments arguments = row["arguments"];
        const double expected = row["value"];
        const double got = found->second(arguments);
        CAPTURE(name);
        CAPTURE(arguments[0]);
        CAPTURE(got);
        CAPTURE(expected);
        // Logarithms of large factorials cancel in the hypergeometric law.
        const double tolerance = name == "hypergeometric_cdf" ? 1e-8 : 1e-9;
        CHECK(std::abs(got - expected) <= tolerance * std::abs(expected) + 1e-300);
        ++checked;
    }
    CHECK(checked > 180);
}

TEST_CASE("Kolmogorov's finite law matches SciPy's kstwo within SciPy's errors") {
    const auto data = oracle_data("distributions.json");
    std::size_t checked = 0;
    for (const auto& row : data["rows"]) {
        if (row["function"] != "kolmogorov_finite_sf") continue;
        const double d = row["arguments"][0];
        const double n = row["arguments"][1];
        const double expected = row["value"];
        const double got = s::kolmogorov_finite_sf(d, n);
        CAPTURE(d);
        CAPTURE(n);
        CAPTURE(expected);
        CAPTURE(got);
        // From n = 141 SciPy is in error: by its series up to 2.4e-5 (at 141), and by twice the one-sided tail from
        // n d^2 = 2.2 on, as kolmogorov_oracle.py tells.
        CHECK(std::abs(got - expected) <= (n > 140 ? 5e-6 : 1e-10) * expected);
        ++checked;
    }
    CHECK(checked > 120);
}

TEST_CASE("Kolmogorov's finite law matches the exact one to 1e-10") {
    const auto data = oracle_data("kolmogorov_finite.json");
    CHECK(data["rows"].size() > 200);
    for (const auto& row : data["rows"]) {
        const double d = row[0];
        const double n = row[1];
        const double expected = row[2];
        const double got = s::kolmogorov_finite_sf(d, n);
        CAPTURE(d);
        CAPTURE(n);
        CAPTURE(expected);
        CAPTURE(got);
        CHECK(std::abs(got - expected) <= 1e-10 * expected);
        const double quick = s::kolmogorov_finite_sf(d, n, 1e-4);
        CAPTURE(quick);
        CHECK(std::abs(quick - expected) <= 1e-4 * (n * d * d < 4.3 ? 1.0 : expected));
    }
}

TEST_CASE("tails of several statistics at once are those of each") {
    for (const double k : {1.0, 3.1, 39.0, 41.0, 61.0, 255.0, 1023.0, 20'000.0})
        for (const double base : {0.5, 1.0, 1.41, 1.5, 2.0, 5.0, 12.0}) {
            const std::array<double, 6> x{0.8 * base * k, base * k,       1.001 * base * k,
                                          1.3 * base * k, 3.0 * base * k, base * k};
            std::array<double, 6> tails{};
            s::chi_squared_sf(x, k, tails);
            for (std::size_t i = 0; i < x.size(); ++i) {
                CAPTURE(k);
                CAPTURE(x[i]);
                const double expected = s::chi_squared_sf(x[i], k);
                CHECK(std::abs(tails[i] - expected) <= 1e-10 * expected + 1e-290);
            }
        }
    // Statistics that lie close together, as those of one table do.
    for (const double k : {41.0, 61.0, 255.0, 1023.0, 20'000.0})
        for (double z = -5.0; z <= 6.0; z += 0.25) {
            const double unit = std::sqrt(2.0 * k);
            const double centre = k + z * unit;
            const std::array<double, 6> x{centre,        centre + 0.49 * unit, centre - 0.5 * unit,
                                          centre + 1e-3, centre + 2.0 * unit,  centre};
            std::array<double, 6> tails{};
            s::chi_squared_sf(x, k, tails);
            for (std::size_t i = 0; i < x.size(); ++i) {
                CAPTURE(k);
                CAPTURE(z);
                CAPTURE(i);
                const double expected = s::chi_squared_sf(x[i], k);
                CHECK(std::abs(tails[i] - expected) <= 1e-10 * expected + 1e-290);
            }
        }
    const std::array<double, 3> hostile{not_a_number, infinity, -1.0};
    std::array<double, 3> tails{};
    s::chi_squared_sf(hostile, 61.0, tails);
    CHECK(std::isnan(tails[0]));
    CHECK(tails[1] == 0.0);
    CHECK(tails[2] == 1.0);
}

TEST_CASE("Kolmogorov's finite law falls from one to zero and meets its limit") {
    for (const double n : {1.0, 2.0, 7.0, 63.0, 64.0, 1000.0, 1e12}) {
        double previous = 1.0;
        for (int i = 0; i <= 2000; ++i) {
            const double d = i / 2000.0;
            const double now = s::kolmogorov_finite_sf(d, n);
            REQUIRE(now >= 0.0);
            REQUIRE(now <= previous * (1.0 + 1e-10));
            previous = now;
        }
        CHECK(previous == 0.0);
        CHECK(s::kolmogorov_finite_sf(0.0, n) == 1.0);
    }
    CHECK(s::kolmogorov_finite_sf(1.36 / 1e6, 1e12) == doctest::Approx(s::kolmogorov_sf(1.36)).epsilon(1e-5));
    CHECK(s::kolmogorov_finite_sf(0.1, 100.4) == s::kolmogorov_finite_sf(0.1, 100.0));
}

TEST_CASE("binomial tails whose first term underflows are not 0, and beta quantiles that small come to an end") {
    // Exact rational arithmetic.
    CHECK(std::abs(s::binomial_cdf(399, 1400, 0.5) / 3.218250216581597e-60 - 1.0) < 1e-9);
    CHECK(std::abs(s::binomial_cdf(99, 1100, 0.5) / 1.1611486892080827e-188 - 1.0) < 1e-9);
    CHECK(std::abs(s::binomial_cdf(300, 1400, 0.45) / 7.305679269310934e-76 - 1.0) < 1e-9);
    CHECK_FALSE(s::beta_quantile(1e-320, 1.0, 1e10) > 1e-300);
    CHECK_FALSE(s::beta_quantile(1e-310, 3.0, 5000.0) > 1e-90);
}

TEST_CASE("distributions answer NaN outside their domain and the limit at its ends") {
    for (const double value : {s::normal_sf(not_a_number),
                               s::normal_quantile(-0.1),
                               s::normal_quantile(1.1),
                               s::chi_squared_sf(1.0, 0.0),
                               s::chi_squared_sf(not_a_number, 3.0),
                               s::chi_squared_sf(1.0, -2.0),
                               s::chi_squared_quantile(2.0, 3.0),
                               s::student_t_sf(not_a_number, 3.0),
                               s::student_t_quantile(0.5, 0.0),
                               s::f_sf(1.0, 0.0, 3.0),
                               s::binomial_cdf(1, 3, 1.5),
                               s::binomial_cdf(1, 3, not_a_number),
                               s::beta_quantile(0.5, 0.0, 1.0),
                               s::hypergeometric_cdf(1, 10, 11, 3),
                               s::hypergeometric_cdf(1, 10, 3, 11),
                               s::kolmogorov_sf(not_a_number),
                               s::kolmogorov_quantile_upper(0.0),
                               s::kolmogorov_quantile_upper(1.0),
                               s::kolmogorov_finite_sf(not_a_number, 10.0),
                               s::kolmogorov_finite_sf(0.1, 0.0),
                               s::kolmogorov_finite_sf(0.1, not_a_number)})
        CHECK(std::isnan(value));
    CHECK(s::normal_quantile(0.0) == -infinity);
    CHECK(s::normal_quantile(1.0) == infinity);
    CHECK(s::chi_squared_sf(0.0, 5.0) == 1.0);
    CHECK(s::chi_squared_sf(-3.0, 5.0) == 1.0);
    CHECK(s::chi_squared_sf(infinity, 5.0) == 0.0);
    CHECK(s::chi_squared_sf(1e6, 5.0) == 0.0);
    CHECK(s::student_t_sf(-infinity, 5.0) == 1.0);
    CHECK(s::f_sf(infinity, 5.0, 5.0) == 0.0);
    CHECK(s::hypergeometric_cdf(5, 10, 3, 2) == 1.0);
    CHECK(s::hypergeometric_cdf(0, 10, 8, 5) == 0.0);
    CHECK(s::kolmogorov_sf(-1.0) == 1.0);
    CHECK(s::kolmogorov_sf(infinity) == 0.0);
}
