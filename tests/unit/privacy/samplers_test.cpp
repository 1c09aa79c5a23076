// SPDX-License-Identifier: Apache-2.0
// The samplers' edges: ranges, sizes, ends of the scales, and the same draws on every instruction set.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "fixed_keystream.hpp"
#include "vedette/core/error.hpp"
#include "vedette/privacy/bernoulli.hpp"
#include "vedette/privacy/discrete_gaussian.hpp"
#include "vedette/privacy/discrete_laplace.hpp"

namespace {

using namespace vedette::privacy;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double denormal = std::numeric_limits<double>::denorm_min();

template <class Make>
void check_refused(Make make, std::initializer_list<double> values) {
    for (const double value : values) {
        CAPTURE(value);
        try {
            make(value);
            FAIL("accepted");
        } catch (const vedette::Error& error) {
            CHECK(error.code() == vedette::ErrorCode::invalid_argument);
            CHECK(std::string(error.what()).find(" is ") != std::string::npos);
        }
    }
}

TEST_CASE("parameters out of range are refused") {
    const auto scales = {0.0, -0.0, -1.0, 0.0099, denormal, 0x1.0000001p40, 1e300, infinity, -infinity, not_a_number};
    check_refused([](double x) { return DiscreteGaussian(x).sigma(); }, scales);
    check_refused([](double x) { return DiscreteLaplace(x).scale(); }, scales);
    check_refused([](double x) { return Geometric(x).scale(); }, scales);
    check_refused([](double x) { return Bernoulli(x).probability(); },
                  {-denormal, -1.0, std::nextafter(1.0, 2.0), 2.0, infinity, -infinity, not_a_number});
    check_refused([](double x) { return ExponentialBernoulli(x).exponent(); },
                  {-denormal, -1.0, infinity, -infinity, not_a_number});
    CHECK_THROWS_AS(UniformInteger(0), vedette::Error);
}

template <class T, class Sampler>
void check_sizes(const Sampler& sampler) {
    FixedKeystream stream(9);
    for (const std::size_t size : {0U, 1U, 2U, 31U, 32U, 33U, 255U, 256U, 257U, 511U, 512U, 513U, 1025U, 5000U}) {
        CAPTURE(size);
        std::vector<T> out(size + 2, T{77});
        sampler.sample(std::span(out).subspan(1, size), stream);
        CHECK((out.front() == T{77} && out.back() == T{77}));
    }
    (void)sampler();
}

TEST_CASE("any number of values, and not one more is written") {
    for (const double scale : {0.01, 0.6, 4.0, 20.0, 20.5, 1e5, 0x1p33, 0x1p40}) {
        CAPTURE(scale);
        check_sizes<std::int64_t>(DiscreteGaussian(scale));
        check_sizes<std::int64_t>(DiscreteLaplace(scale));
        check_sizes<std::int64_t>(Geometric(scale));
    }
    check_sizes<std::uint8_t>(Bernoulli(0.3));
    check_sizes<std::uint8_t>(ExponentialBernoulli(1.5));
    check_sizes<std::uint64_t>(UniformInteger(1000));
}

TEST_CASE("every scale can be set up, wherever the tables' sizes step") {
    FixedKeystream stream(10);
    std::vector<std::int64_t> values(3);
    for (int i = 0; i < 400; ++i) DiscreteGaussian(48.0 * std::exp2(i / 400.0)).sample(values, stream);
    for (int exponent = -6; exponent < 40; ++exponent) {
        for (const double step : {1.0, 1.0000001, 1.9999999}) {
            const double scale = std::ldexp(step, exponent);
            DiscreteGaussian(scale).sample(values, stream);
            DiscreteLaplace(scale).sample(values, stream);
            Geometric(scale).sample(values, stream);
        }
    }
}

TEST_CASE("the ends of the coins and of the uniform integers") {
    FixedKeystream stream(4);
    std::vector<std::uint8_t> coins(2000);
    const auto all = [&](auto sampler, std::uint8_t value) {
        sampler.sample(coins, stream);
        return std::accumulate(coins.begin(), coins.end(), 0) == 2000 * value;
    };
    CHECK(all(Bernoulli(0.0), 0));
    CHECK(all(Bernoulli(-0.0), 0));
    CHECK(all(Bernoulli(1.0), 1));
    CHECK(all(Bernoulli(denormal), 0));
    CHECK(all(ExponentialBernoulli(0.0), 1));
    CHECK(all(ExponentialBernoulli(denormal), 1));
    CHECK(all(ExponentialBernoulli(1e308), 0));
    std::vector<std::uint64_t> values(2000);
    UniformInteger(1).sample(values, stream);
    CHECK(std::accumulate(values.begin(), values.end(), std::uint64_t{0}) == 0);
    for (const std::uint64_t bound : {std::uint64_t{3}, (std::uint64_t{1} << 63U) + 1, ~std::uint64_t{0}}) {
        UniformInteger(bound).sample(values, stream);
        for (const std::uint64_t value : values) CHECK(value < bound);
    }
}

TEST_CASE("small scales draw almost only zeros, large ones fill their range") {
    FixedKeystream stream(5);
    std::vector<std::int64_t> values(4000);
    DiscreteGaussian(0.01).sample(values, stream);
    CHECK(std::count(values.begin(), values.end(), 0) == 4000);
    DiscreteLaplace(0.01).sample(values, stream);
    CHECK(std::count(values.begin(), values.end(), 0) == 4000);
    for (const bool gaussian : {true, false}) {
        if (gaussian)
            DiscreteGaussian(0x1p40).sample(values, stream);
        else
            DiscreteLaplace(0x1p40).sample(values, stream);
        double squares = 0.0;
        std::int64_t odd = 0;
        for (const std::int64_t x : values) {
            squares += std::ldexp(static_cast<double>(x), -40) * std::ldexp(static_cast<double>(x), -40);
            odd += x & 1;
        }
        CHECK(squares / 4000.0 == doctest::Approx(gaussian ? 1.0 : 2.0).epsilon(0.2));
        CHECK(std::abs(odd - 2000) < 5 * 32);
    }
}

// FNV-1a over 10,000 draws.
template <class Sampler, class T = std::int64_t>
std::uint64_t fingerprint(const Sampler& sampler) {
    FixedKeystream stream(2026);
    std::vector<T> values(10000);
    sampler.sample(values, stream);
    std::uint64_t hash = 0xCBF29CE484222325U;
    for (const T value : values) hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x100000001B3U;
    return hash;
}

TEST_CASE("the same keystream gives the same draws on every instruction set and compiler") {
    CHECK(fingerprint(DiscreteGaussian(3.7)) == 13202640166700712670U);
    CHECK(fingerprint(DiscreteGaussian(1234.5)) == 13470787519041659700U);
    CHECK(fingerprint(DiscreteLaplace(0.8)) == 3223985442186238491U);
    CHECK(fingerprint(DiscreteLaplace(54321.0)) == 11034181170308672294U);
    CHECK(fingerprint(Geometric(7.5)) == 10897037563876726821U);
    CHECK(fingerprint<Bernoulli, std::uint8_t>(Bernoulli(0.1)) == 17080158661262604494U);
    CHECK(fingerprint<UniformInteger, std::uint64_t>(UniformInteger(1000003)) == 7798496458806060427U);
}

// Why a sum of shares' noise must not be accounted as one draw. Of a discrete Gaussian law
// log(P(0) / P(2)) is 4 times log(P(0) / P(1)).
TEST_CASE("a sum of two discrete Gaussian numbers has no discrete Gaussian law") {
    for (const double sigma : {0.4, 0.7}) {
        const auto weight = [sigma](int x) { return std::exp(-0.5 * x * x / (sigma * sigma)); };
        const auto of_sum = [&](int s) {
            double sum = 0.0;
            for (int x = -40; x <= 40; ++x) sum += weight(x) * weight(s - x);
            return sum;
        };
        CHECK(std::log(weight(0) / weight(2)) == doctest::Approx(4.0 * std::log(weight(0) / weight(1))).epsilon(1e-12));
        const double one = std::log(of_sum(0) / of_sum(1)), two = std::log(of_sum(0) / of_sum(2));
        CHECK(std::abs(two / one - 4.0) > 1e-3);
    }
}

}  // namespace
