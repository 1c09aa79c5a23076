// SPDX-License-Identifier: Apache-2.0
// Closed forms, Renyi divergences, filters and odometers against 40-digit values and their own definitions.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/budget.hpp"
#include "vedette/privacy/dp_sgd.hpp"
#include "vedette/privacy/renyi.hpp"

using namespace vedette::privacy;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const nlohmann::json& oracle() {
    return oracle_data("privacy_accounting.json");
}

// Never below the truth, and above it by no more than `slack`, relative.
void check_upper(double ours, double truth, double slack) {
    CHECK(ours >= truth * (1.0 - 4e-16));
    CHECK(ours <= truth * (1.0 + slack));
}

}  // namespace

TEST_CASE("the Gaussian mechanism in closed form, at 40 digits") {
    for (const auto& row : oracle()["gaussian_delta"]) check_upper(gaussian_delta(row[0], row[1]), row[2], 1e-10);
    for (const auto& row : oracle()["gaussian_sigma"]) {
        CAPTURE(row.dump());
        check_upper(gaussian_sigma({row[0], row[1]}), row[2], 1e-11);
        CHECK(gaussian_epsilon(row[2].get<double>() * (1.0 + 1e-14), row[1]) ==
              doctest::Approx(row[0].get<double>()).epsilon(1e-10));
    }
    CHECK(gaussian_log_delta(1.0, 60.0) < -1700.0);
    CHECK(gaussian_delta(1.0, 60.0) == 0.0);
    CHECK_THROWS_AS(gaussian_delta(nan_value, 1.0), vedette::Error);
    CHECK_THROWS_AS(gaussian_sigma({1.0, 0.0}), vedette::Error);
    CHECK_THROWS_AS(gaussian_sigma({-1.0, 0.1}), vedette::Error);
}

TEST_CASE("Renyi divergences: the exact series is the integral, the absolute one is dp-accounting's") {
    for (const auto& row : oracle()["renyi"]) {
        CAPTURE(row.dump());
        const double exact = renyi_gaussian(row[1], row[0], row[2]);
        const double truth = row[3];
        const double absolute = renyi_gaussian(row[1], row[0], row[2], RenyiSeries::absolute);
        // Order 1.5 at q = 1e-4 subtracts 1 from 1 + 6e-9.
        check_upper(exact, truth, 2e-5);
        CHECK(absolute == doctest::Approx(row[4].get<double>()).epsilon(2e-5));
        CHECK(exact <= absolute * (1.0 + 1e-12));
    }
    CHECK(renyi_gaussian(2.0, 1.0, 8.0) == doctest::Approx(1.0));
    CHECK(renyi_gaussian(2.0, 0.0, 8.0) == 0.0);
    CHECK_THROWS_AS(renyi_gaussian(0.0, 0.1, 2.0), vedette::Error);
    CHECK_THROWS_AS(renyi_gaussian(1.0, 1.1, 2.0), vedette::Error);
    CHECK_THROWS_AS(renyi_gaussian(1.0, 0.1, nan_value), vedette::Error);
}

TEST_CASE("the Renyi accountant reproduces published values") {
    RenyiAccountant training;
    training.add_gaussian(1.5, 0.04, 2250);
    CHECK(training.epsilon(1e-5) == doctest::Approx(7.32911117143).epsilon(1e-9));
    std::vector<double> orders;
    for (int a = 2; a <= 32; ++a) orders.push_back(a);
    RenyiAccountant constant(orders);
    constant.add(std::vector<double>(orders.size(), 1.1));
    CHECK(constant.epsilon(1e-5) == doctest::Approx(1.32783806176).epsilon(1e-10));
    RenyiAccountant gaussian;
    gaussian.add_gaussian(4.530877117, 1.0, 1);
    CHECK(gaussian.epsilon(1e-6) == doctest::Approx(1.0).epsilon(1e-6));
    CHECK(gaussian.delta(1.0) == doctest::Approx(1e-6).epsilon(1e-5));
    // A binary tree over 1,600 leaves has 11 levels, as ContinualCount's has.
    for (const auto& [noise, limit] : {std::pair{1.13, 19.74}, std::pair{8.83, 2.04}}) {
        RenyiAccountant tree;
        tree.add_gaussian(noise, 1.0, 11);
        CHECK(tree.epsilon(1e-6) < limit);
        CHECK(tree.epsilon(1e-6) > 0.85 * limit);
    }
    RenyiAccountant none;
    CHECK(none.epsilon(1e-6) == 0.0);
    RenyiAccountant unbounded;
    unbounded.add(std::vector<double>(unbounded.orders().size(), infinity));
    CHECK(unbounded.epsilon(1e-6) == infinity);
    CHECK(unbounded.delta(5.0) == doctest::Approx(1.0));
    CHECK_THROWS_AS(unbounded.add(std::vector<double>{1.0}), vedette::Error);
    CHECK_THROWS_AS(RenyiAccountant(std::vector<double>{1.0}), vedette::Error);
}

TEST_CASE("zero-concentrated privacy and its conversions") {
    for (const auto& row : oracle()["zcdp_delta"]) {
        check_upper(zcdp_delta(row[0], row[1]), row[2], 1e-10);
        CHECK(zcdp_epsilon(row[0], row[2]) == doctest::Approx(row[1].get<double>()).epsilon(1e-9));
    }
    CHECK(zcdp_epsilon(0.5, 1e-6) == doctest::Approx(5.22153444453017).epsilon(1e-11));
    CHECK(zcdp_epsilon(1.0, 1e-5) == doctest::Approx(7.07719669580634).epsilon(1e-11));
    CHECK(zcdp_of_gaussian(2.0) == doctest::Approx(0.125));
    // The tight divergence of pure privacy lies below both epsilon and epsilon^2 a / 2, and is that of its two answers.
    for (const double epsilon : {1e-6, 0.1, 1.0, 20.0}) {
        for (const double a : {1.5, 2.0, 50.0}) {
            const double divergence = renyi_of_pure(epsilon, a);
            CHECK(divergence <= epsilon * (1.0 + 1e-11));
            CHECK(divergence <= 0.5 * a * epsilon * epsilon * (1.0 + 1e-11));
            const double p = 1.0 / (1.0 + std::exp(-epsilon));
            const double direct =
                std::log(std::pow(p, a) * std::pow(1.0 - p, 1.0 - a) + std::pow(1.0 - p, a) * std::pow(p, 1.0 - a)) /
                (a - 1.0);
            if (epsilon == 0.1 || epsilon == 1.0) CHECK(divergence == doctest::Approx(direct).epsilon(1e-9));
        }
    }
}

TEST_CASE("composition theorems") {
    for (const auto& row : oracle()["optimal_composition"]) {
        check_upper(optimal_composition({row[0], 0.0}, row[1].get<std::uint64_t>(), row[2]), row[3], 1e-9);
    }
    const std::vector<Guarantee> parts{{0.5, 1e-7}, {1.0, 2e-7}};
    CHECK(basic_composition(parts).epsilon == doctest::Approx(1.5));
    CHECK(basic_composition(parts).delta >= 3e-7);
    // Advanced is never tighter than optimal.
    const Guarantee advanced = advanced_composition({0.1, 0.0}, 100, 1e-6);
    CHECK(optimal_composition({0.1, 0.0}, 100, advanced.delta) < advanced.epsilon);
    CHECK(optimal_composition({1.0, 0.1}, 3, 0.2) == infinity);
    CHECK(optimal_composition({0.0, 0.0}, 3, 0.2) == 0.0);
    CHECK_THROWS_AS(optimal_composition({nan_value, 0.0}, 3, 0.2), vedette::Error);
    // 1.5, .04, 2250: 6.59 to 6.60 by the central limit, where the truth is 6.77.
    const double mu = gdp_optimistic_mu(1.5, 0.04, 2250);
    const double epsilon = gaussian_epsilon(1.0 / mu, 1e-5);
    CHECK(epsilon > 6.59);
    CHECK(epsilon < 6.61);
}

TEST_CASE("costs are rounded up, never vanish, and saturate") {
    CHECK(PrivacyCost::of(5e-324).units() == 1);
    CHECK(PrivacyCost::of(0.0).units() == 0);
    CHECK(PrivacyCost::of(1.0).units() == std::uint64_t{1} << 40U);
    CHECK(PrivacyCost::of(0.1).value() >= 0.1);
    CHECK(PrivacyCost::of(1e300) == PrivacyCost::unlimited());
    CHECK((PrivacyCost::unlimited() + PrivacyCost::of(1.0)) == PrivacyCost::unlimited());
    CHECK(PrivacyCost::from_units((std::uint64_t{1} << 53U) + 1).value() * 0x1p40 >= 0x1p53 + 1.0);
    CHECK_THROWS_AS(PrivacyCost::of(-1e-300), vedette::Error);
    CHECK_THROWS_AS(PrivacyCost::of(nan_value), vedette::Error);
}

TEST_CASE("a filter stops where its theorem does") {
    PrivacyFilter pure({1.0, 0.0});
    for (int i = 0; i < 4; ++i) CHECK(pure.try_spend({0.25, 0.0}));
    CHECK_FALSE(pure.try_spend({1e-300, 0.0}));
    CHECK(pure.try_spend({0.0, 0.0}));

    PrivacyFilter approximate({2.0, 1e-6}, 0.5);
    int admitted = 0;
    while (approximate.try_spend({0.01, 1e-11})) ++admitted;
    const double squares = 1e-4 * admitted;
    const double slack = std::log(2e6);
    CHECK(std::sqrt(2.0 * slack * squares) + 0.5 * squares <= 2.0);
    CHECK(std::sqrt(2.0 * slack * (squares + 2e-4)) + 0.5 * (squares + 2e-4) > 2.0);
    CHECK_FALSE(approximate.try_spend({0.0, 1e-6}));
    CHECK_FALSE(approximate.try_spend({nan_value, 0.0}));
    CHECK_FALSE(approximate.try_spend({0.0, -1e-9}));

    PrivacyFilter concentrated = PrivacyFilter::zcdp({1.0, 1e-6});
    const double rho = concentrated.limit().value();
    CHECK(zcdp_delta(rho, 1.0) <= 1e-6);
    CHECK(zcdp_delta(rho * (1.0 + 1e-6), 1.0) > 1e-6);
    CHECK(concentrated.try_spend_zcdp(0.5 * rho));
    const PrivacyCost before = concentrated.spent();
    CHECK_FALSE(concentrated.try_spend_zcdp(0.51 * rho));
    CHECK_FALSE(concentrated.try_spend_zcdp(infinity));
    CHECK_FALSE(concentrated.try_spend({0.0, 1e-12}));
    CHECK(concentrated.spent() == before);
}

TEST_CASE("the type II error of Gaussian differential privacy is never above the truth, at any rate") {
    // Of mu = 0 it is one minus the rate.
    for (int k = 1; k <= 53; ++k) {
        const double rest = std::ldexp(1.0, -k);
        CAPTURE(k);
        CHECK(gdp_type_two_error(0.0, 1.0 - rest) <= rest);
        CHECK(gdp_type_two_error(0.0, 1.0 - rest) >= rest * (1.0 - 1e-10));
        CHECK(gdp_type_two_error(0.0, rest) <= 1.0 - rest);
    }
}

TEST_CASE("an odometer never reads less than a filter that had known the sum") {
    PrivacyOdometer odometer(1e-6);
    double last = 0.0;
    for (int i = 1; i <= 60; ++i) {
        odometer.spend_zcdp(0.01);
        const Guarantee reading = odometer.read();
        CHECK(reading.delta == 1e-6);
        CHECK(reading.epsilon >= zcdp_epsilon(0.01 * i, 1e-6));
        CHECK(reading.epsilon <= 1.9 * zcdp_epsilon(0.01 * i, 1e-6));
        CHECK(reading.epsilon >= last);
        last = reading.epsilon;
    }
    odometer.spend_pure(1e50);
    CHECK(odometer.read().epsilon == infinity);
    CHECK_THROWS_AS(odometer.spend_zcdp(nan_value), vedette::Error);
}
