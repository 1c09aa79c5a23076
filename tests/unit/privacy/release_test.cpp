// SPDX-License-Identifier: Apache-2.0
// Calibration against 400 digits, and sums released through integers.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bounded_sum.hpp"
#include "vedette/privacy/gaussian_calibration.hpp"

namespace {

using namespace vedette::privacy;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("no number passes for a quantity, and no quantity for another one") {
    static_assert(!std::is_convertible_v<double, Epsilon> && !std::is_convertible_v<double, Delta>);
    static_assert(!std::is_convertible_v<double, Rho> && !std::is_convertible_v<double, L2Norm>);
    static_assert(!std::is_constructible_v<Epsilon, Rho> && !std::is_convertible_v<Epsilon, double>);
    static_assert(!std::is_constructible_v<LaplaceSum, Bounds, Neighbouring, double>);
    static_assert(!std::is_constructible_v<GaussianSum, Bounds, Neighbouring, Epsilon>);
    for (const double bad : {0.0, -1.0, infinity, not_a_number}) {
        CHECK_THROWS_AS(Epsilon{bad}, vedette::Error);
        CHECK_THROWS_AS(Rho{bad}, vedette::Error);
        CHECK_THROWS_AS(Delta{bad}, vedette::Error);
        CHECK_THROWS_AS(Bounds(bad == 0.0 ? 1.0 : 0.0, bad), vedette::Error);
    }
    CHECK_THROWS_AS(Delta{1.0}, vedette::Error);
    CHECK_THROWS_AS(Bounds(-infinity, 0.0), vedette::Error);
}

TEST_CASE("the Gaussian's privacy curve") {
    for (const auto& row : oracle_data("privacy_noise.json")["gaussian_curve"]) {
        CAPTURE(row.dump());
        const double expected = row[2];
        // An error of log delta is a relative error of delta.
        CHECK(std::abs(gaussian_log_delta(NoiseMultiplier(row[0]), row[1]) - expected) <=
              1e-11 + 1e-15 * std::abs(expected));
    }
    CHECK(std::isnan(gaussian_log_delta(NoiseMultiplier(1.0), -1.0)));
    CHECK(std::isnan(gaussian_log_delta(NoiseMultiplier(1.0), infinity)));
    CHECK(std::isnan(gaussian_log_delta(NoiseMultiplier(1.0), not_a_number)));
    CHECK(std::exp(gaussian_log_delta(NoiseMultiplier(1.0), 1.0)) == doctest::Approx(0.126936737506644).epsilon(1e-13));
}

TEST_CASE("calibrated noise is the least that keeps the promise, rounded up") {
    for (const auto& row : oracle_data("privacy_noise.json")["gaussian_calibrations"]) {
        CAPTURE(row.dump());
        const double expected = row[2], got = gaussian_noise_multiplier(Epsilon(row[0]), Delta(row[1])).value();
        CHECK(got >= expected * (1.0 - 1e-15));
        CHECK(got <= expected * (1.0 + 2e-10));
    }
}

TEST_CASE("the discrete Gaussian's bound holds, and is close for fine grains") {
    // Theorem 7 by direct sums, for noise as coarse as it gets.
    for (const auto& [sigma, sensitivity, epsilon] :
         {std::tuple{0.7, 1.0, 1.0}, {2.0, 1.0, 0.5}, {3.0, 4.0, 1.5}, {50.0, 16.0, 1.0}}) {
        double total = 0.0, delta = 0.0;
        for (int y = -1000; y <= 1000; ++y) total += std::exp(-0.5 * y * y / (sigma * sigma));
        const double t = epsilon * sigma * sigma / sensitivity - 0.5 * sensitivity;
        for (int y = -1000; y <= 1000; ++y) {
            if (y <= t) continue;
            const double z = y + sensitivity;
            delta += std::exp(-0.5 * y * y / (sigma * sigma)) - std::exp(epsilon - 0.5 * z * z / (sigma * sigma));
        }
        CHECK(std::log(delta / total) <= discrete_gaussian_log_delta(sigma, sensitivity, epsilon));
    }
    const double fine = discrete_gaussian_log_delta(0x1p30, 0x1p30, 1.0);
    CHECK(fine > gaussian_log_delta(NoiseMultiplier(1.0), 1.0));
    CHECK(fine == doctest::Approx(gaussian_log_delta(NoiseMultiplier(1.0), 1.0)).epsilon(1e-8));
}

TEST_CASE("a sum's sensitivity is that of its integers") {
    for (const auto& [lower, upper] :
         {std::pair{0.0, 1.0}, {-3.7, 2.9}, {-1e-20, 1e-20}, {1e10, 1.1e10}, {-1e200, 0.0}, {5.0, 5.0}}) {
        const Bounds bounds(lower, upper);
        for (const double epsilon : {0x1p-29, 0.1, 1.0, 1000.0, 0x1p20}) {
            const LaplaceSum one(bounds, Neighbouring::add_remove, Epsilon(epsilon));
            const double farthest = std::max(std::abs(lower), std::abs(upper));
            CHECK(static_cast<double>(one.sensitivity()) * one.grain() == doctest::Approx(farthest).epsilon(0.001));
            CHECK(one.scale() == doctest::Approx(farthest / epsilon).epsilon(0.001));
            // The proven loss: sensitivity / scale <= epsilon, in exact terms.
            CHECK(std::fma(one.scale() / one.grain(), epsilon, -static_cast<double>(one.sensitivity())) >= 0.0);
            CHECK(one.scale() / one.grain() >= 0x1p29);
            if (lower == upper) continue;
            const LaplaceSum other(bounds, Neighbouring::replace_one, Epsilon(epsilon));
            CHECK(static_cast<double>(other.sensitivity()) * other.grain() ==
                  doctest::Approx(upper - lower).epsilon(0.001));
        }
    }
    CHECK_THROWS_AS(LaplaceSum(Bounds(5.0, 5.0), Neighbouring::replace_one, Epsilon(1.0)), vedette::Error);
    CHECK_THROWS_AS(LaplaceSum(Bounds(0.0, 0.0), Neighbouring::add_remove, Epsilon(1.0)), vedette::Error);
    CHECK_THROWS_AS(LaplaceSum(Bounds(1e15, 1e15 + 1), Neighbouring::replace_one, Epsilon(1.0)), vedette::Error);
    CHECK_THROWS_AS(LaplaceSum(Bounds(-1e308, 1e308), Neighbouring::replace_one, Epsilon(1.0)), vedette::Error);
    CHECK_THROWS_AS(LaplaceSum(Bounds(0.0, 1.0), Neighbouring::add_remove, Epsilon(1e-10)), vedette::Error);
    CHECK_THROWS_AS(LaplaceSum(Bounds(0.0, 1.0), Neighbouring::add_remove, Epsilon(1e7)), vedette::Error);
    CHECK_THROWS_AS(GaussianSum(Bounds(0.0, 1.0), Neighbouring::add_remove, Rho(1e9)), vedette::Error);
    CHECK_THROWS_AS(GaussianSum(Bounds(0.0, 1.0), Neighbouring::add_remove, Rho(1e-20)), vedette::Error);
}

TEST_CASE("hostile values count as their bounds, and order does not matter") {
    const LaplaceSum mechanism(Bounds(-2.0, 3.0), Neighbouring::add_remove, Epsilon(0x1p20));
    const double tiny = 1e-4;  // a hundred times the noise's scale
    const auto close_to = [&](std::vector<double> values, double expected) {
        CHECK(std::abs(mechanism.release(values) - expected) < tiny);
    };
    close_to({}, 0.0);
    close_to({infinity}, 3.0);
    close_to({-infinity}, -2.0);
    close_to({not_a_number}, 0.0);
    close_to({std::numeric_limits<double>::max(), 1e-300, -0.0, std::numeric_limits<double>::denorm_min()}, 3.0);
    // A floating-point sum would lose the ones; integers do not.
    const LaplaceSum wide(Bounds(-0x1p40, 0x1p40), Neighbouring::add_remove, Epsilon(0x1p20));
    std::vector<double> values(1001, 1.0);
    values.front() = 0x1p40;
    values.back() = -0x1p40;
    CHECK(std::abs(wide.release(values) - 999.0) < 200.0 * wide.scale());
    BoundedSum left = wide.sum(), right = wide.sum();
    left.add(std::span(values).first(500));
    right.add(std::span(values).subspan(500));
    left.merge(right);
    CHECK(std::abs(wide.release(left) - 999.0) < 200.0 * wide.scale());
    BoundedSum foreign = mechanism.sum();
    CHECK_THROWS_AS(left.merge(foreign), vedette::Error);
    CHECK_THROWS_AS((void)wide.release(foreign), vedette::Error);
    // 2^30 additions of the largest integer pass 64 bits.
    BoundedSum many = wide.sum();
    many.add(0x1p40);
    for (int i = 0; i < 30; ++i) many.merge(BoundedSum(many));
    CHECK(wide.release(many) == doctest::Approx(0x1p70).epsilon(1e-9));
    BoundedSum fewer = wide.sum();
    fewer.add(-0x1p40);
    for (int i = 0; i < 30; ++i) fewer.merge(BoundedSum(fewer));
    CHECK(wide.release(fewer) == doctest::Approx(-0x1p70).epsilon(1e-9));
    many.merge(fewer);
    CHECK(std::abs(wide.release(many)) < 200.0 * wide.scale());
}

// Releases of one value: mean, variance, and that all lie on the grid.
template <class Mechanism>
void check_noise(const Mechanism& mechanism, double value, double variance, double fourth_ratio) {
    constexpr int runs = 20000;
    double sum = 0.0, squares = 0.0;
    for (int i = 0; i < runs; ++i) {
        const double released = mechanism.release(std::vector<double>{value});
        CHECK(std::remainder(released, mechanism.grain()) == 0.0);
        sum += released - value;
        squares += (released - value) * (released - value);
    }
    CHECK(std::abs(sum / runs) < 6.0 * std::sqrt(variance / runs));
    CHECK(std::abs(squares / runs / variance - 1.0) < 6.0 * std::sqrt((fourth_ratio - 1.0) / runs));
}

TEST_CASE("releases carry the noise that was promised, and nothing off the grid") {
    const Bounds bounds(0.0, 10.0);
    check_noise(LaplaceSum(bounds, Neighbouring::add_remove, Epsilon(0.5)), 3.3, 2.0 * 20.0 * 20.0, 6.0);
    const GaussianSum gaussian(bounds, Neighbouring::replace_one, Epsilon(1.0), Delta(1e-5));
    CHECK(gaussian.sigma() == doctest::Approx(37.3063163481594).epsilon(1e-7));
    CHECK(gaussian.sigma() >= 37.3063163481594);
    check_noise(gaussian, 9.9, gaussian.sigma() * gaussian.sigma(), 3.0);
    const GaussianSum concentrated(bounds, Neighbouring::add_remove, Rho(0.125));
    CHECK(concentrated.sigma() == doctest::Approx(20.0).epsilon(1e-9));
    CHECK(concentrated.rho() <= 0.125 * (1.0 + 1e-12));
    CHECK(concentrated.rho() >= 0.125 * (1.0 - 1e-8));
    check_noise(concentrated, 0.0, 400.0, 3.0);
}

}  // namespace
