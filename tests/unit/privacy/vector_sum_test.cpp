// SPDX-License-Identifier: Apache-2.0
// Vectors: no record reaches farther than the sensitivity, hostile ones count as nothing, noise as promised.
#include "vedette/privacy/vector_sum.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace {

using namespace vedette::privacy;

constexpr double infinity = std::numeric_limits<double>::infinity();

double length_of(const std::vector<double>& v) {
    return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0));
}

// The release less its noise: as little of it as there may be, on average over the coordinates nothing.
std::vector<double> clipped(const GaussianVectorSum& mechanism, const std::vector<double>& record) {
    std::vector<double> out(record.size());
    mechanism.release(record, out);
    return out;
}

TEST_CASE("vectors are clipped to the norm, short ones left alone") {
    vedette::Random random(1);
    for (const std::size_t dimension : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        for (const double clip : {1.0, 0.7, 1e-200, 1e200}) {
            CAPTURE(dimension);
            CAPTURE(clip);
            const GaussianVectorSum mechanism(dimension, L2Norm(clip), Neighbouring::add_remove,
                                              NoiseMultiplier(0x1p-10));
            const double noise = mechanism.sigma() * std::sqrt(static_cast<double>(dimension));
            for (const double length : {0.0, 0.3, 0.999, 1.0, 1.001, 20.0, 1e80}) {
                std::vector<double> record(dimension);
                for (double& x : record) x = random.normal();
                const double scale = length * clip / length_of(record);
                for (double& x : record) x *= scale;
                const std::vector<double> out = clipped(mechanism, record);
                const double target = std::min(1.0, length), ratio = length == 0.0 ? 0.0 : target / length;
                double distance = 0.0;
                for (std::size_t i = 0; i < dimension; ++i)
                    distance += std::pow((out[i] - ratio * record[i]) / clip, 2);
                CHECK(std::sqrt(distance) <= 6.0 * noise / clip + 0x1p-9);
            }
        }
    }
}

TEST_CASE("hostile records") {
    const GaussianVectorSum mechanism(4, L2Norm(2.0), Neighbouring::add_remove, NoiseMultiplier(0x1p-10));
    const auto is_near = [&](const std::vector<double>& record, const std::vector<double>& expected) {
        const auto out = clipped(mechanism, record);
        for (std::size_t i = 0; i < out.size(); ++i) CHECK(std::abs(out[i] - expected[i]) < 0.03);
    };
    const double nan = std::numeric_limits<double>::quiet_NaN(), huge = std::numeric_limits<double>::max();
    const double denormal = std::numeric_limits<double>::denorm_min();
    is_near({1.0, nan, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0});
    is_near({infinity, 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0});
    is_near({-infinity, infinity, nan, 1.0}, {0.0, 0.0, 0.0, 0.0});
    is_near({huge, huge, -huge, huge}, {1.0, 1.0, -1.0, 1.0});
    is_near({huge, 1.0, 0.0, denormal}, {2.0, 0.0, 0.0, 0.0});
    is_near({denormal, -denormal, 0.0, -0.0}, {0.0, 0.0, 0.0, 0.0});
    const double least = 0x1p-900;
    const GaussianVectorSum tiny(2, L2Norm(least), Neighbouring::add_remove, NoiseMultiplier(0x1p-10));
    const auto out = clipped(tiny, {3e-320, 1.0});
    CHECK(std::abs(out[1] / least - 1.0) < 0.02);
}

TEST_CASE("the integers of any record stay within the sensitivity") {
    // Without noise to speak of, and on the grid: the squares of what is released add up to at most the bound and
    // noise.
    vedette::Random random(2);
    const GaussianVectorSum mechanism(50, L2Norm(1.3), Neighbouring::add_remove, NoiseMultiplier(0x1p-10));
    const double bound = static_cast<double>(mechanism.sensitivity()) * mechanism.grain();
    CHECK(bound <= 1.3);
    CHECK(bound >= 1.3 * (1.0 - 0x1p-18));
    std::vector<double> mean(50), record(50);
    for (double& x : record) x = 10.0 * random.normal();
    constexpr int runs = 400;
    for (int i = 0; i < runs; ++i) {
        const auto out = clipped(mechanism, record);
        for (std::size_t j = 0; j < 50; ++j) {
            CHECK(std::remainder(out[j], mechanism.grain()) == 0.0);
            mean[j] += out[j] / runs;
        }
    }
    CHECK(length_of(mean) <= bound + 3.0 * mechanism.sigma() * std::sqrt(50.0 / runs));
    CHECK(length_of(mean) >= bound * 0.99);
}

TEST_CASE("sums: noise as promised, merging, and foreign sums refused") {
    constexpr std::size_t dimension = 20000;
    const GaussianVectorSum mechanism(dimension, L2Norm(5.0), Neighbouring::replace_one, NoiseMultiplier(0.8));
    CHECK(mechanism.sigma() == doctest::Approx(8.0).epsilon(1e-5));
    CHECK(mechanism.rho() == doctest::Approx(0.5 / 0.64).epsilon(1e-12));
    CHECK(mechanism.rho() <= 0.5 / 0.64 * (1.0 + 1e-14));
    VectorSum left = mechanism.sum(), right = mechanism.sum();
    std::vector<float> record(dimension, 0.01F);
    for (int i = 0; i < 100; ++i) mechanism.add(record, i % 2 == 0 ? left : right);
    left.merge(right);
    std::vector<float> out(dimension);
    mechanism.release(left, out);
    double mean = 0.0, squares = 0.0;
    for (const float x : out) {
        mean += (static_cast<double>(x) - 1.0) / dimension;
        squares += std::pow(static_cast<double>(x) - 1.0, 2) / dimension;
    }
    const double sigma = mechanism.sigma();
    // Cutting towards 0 takes up to a grain off each of 100 records.
    CHECK(std::abs(mean) < 6.0 * sigma / std::sqrt(double{dimension}) + 100.0 * mechanism.grain());
    CHECK(std::abs(squares / (sigma * sigma) - 1.0) < 6.0 * std::sqrt(2.0 / dimension));
    const GaussianVectorSum other(dimension, L2Norm(500.0), Neighbouring::add_remove, NoiseMultiplier(1.0));
    VectorSum foreign = other.sum();
    CHECK_THROWS_AS(left.merge(foreign), vedette::Error);
    CHECK_THROWS_AS(mechanism.add(record, foreign), vedette::Error);
    CHECK_THROWS_AS(mechanism.release(foreign, out), vedette::Error);
    CHECK_THROWS_AS(mechanism.release(left, std::span(out).first(5)), vedette::Error);
    CHECK_THROWS_AS(mechanism.add(std::span(record).first(5), left), vedette::Error);
    // In place.
    mechanism.release(std::span<const float>(out), std::span(out));
}

double l1_of(const std::vector<double>& v) {
    double sum = 0.0;
    for (const double x : v) sum += std::abs(x);
    return sum;
}

TEST_CASE("the L1 norm: clipped to it, noise as promised, and pure privacy of epsilon") {
    vedette::Random random(3);
    for (const std::size_t dimension : {std::size_t{1}, std::size_t{3}, std::size_t{5000}}) {
        for (const double clip : {1.0, 0.7, 1e-200, 1e200}) {
            CAPTURE(dimension);
            CAPTURE(clip);
            const LaplaceVectorSum mechanism(dimension, L1Norm(clip), Neighbouring::add_remove, Epsilon(0x1p20));
            const double bound = static_cast<double>(mechanism.sensitivity()) * mechanism.grain();
            CHECK(bound <= clip);
            CHECK(bound >= clip * (1.0 - 0x1p-24));
            CHECK(mechanism.grain() <= clip * 0x1p-25);
            CHECK(std::fma(mechanism.scale() / mechanism.grain(), 0x1p20,
                           -static_cast<double>(mechanism.sensitivity())) >= 0.0);
            for (const double length : {0.0, 0.3, 1.0, 20.0, 1e80}) {
                std::vector<double> record(dimension), out(dimension);
                for (double& x : record) x = random.normal();
                const double scale = length * clip / l1_of(record);
                for (double& x : record) x *= scale;
                mechanism.release(record, out);
                const double ratio = length == 0.0 ? 0.0 : std::min(1.0, length) / length;
                for (std::size_t i = 0; i < dimension; ++i) {
                    // 40 scales: e^-40 each. A grain for cutting.
                    REQUIRE(std::abs(out[i] - ratio * record[i]) <=
                            40.0 * mechanism.scale() + 2.0 * mechanism.grain() + 1e-12 * clip);
                    REQUIRE(std::remainder(out[i], mechanism.grain()) == 0.0);
                }
            }
        }
    }
    // The integers of a hostile record: all equal, rounding up everywhere if it did.
    const LaplaceVectorSum sharp(1000, L1Norm(1.3), Neighbouring::replace_one, Epsilon(0x1p20));
    CHECK(static_cast<double>(sharp.sensitivity()) * sharp.grain() <= 2.6);
    std::vector<double> record(1000, 1e30), mean(1000), out(1000);
    for (int i = 0; i < 100; ++i) {
        sharp.release(record, out);
        for (std::size_t j = 0; j < 1000; ++j) mean[j] += out[j] / 100.0;
    }
    // The mean noise of a coordinate has standard deviation sqrt(2 / 100) scale; sums of 1000: 4.5 scales, taken
    // sixfold.
    CHECK(l1_of(mean) <= 1.3 + 1000.0 * 0.2 * sharp.scale());
    constexpr std::size_t dimension = 20000;
    const LaplaceVectorSum wide(dimension, L1Norm(4.0), Neighbouring::add_remove, Epsilon(0.5));
    CHECK(wide.scale() == doctest::Approx(8.0).epsilon(1e-6));
    VectorSum left = wide.sum(), right = wide.sum();
    std::vector<float> floats(dimension, 0x1p-14F), noised(dimension);
    for (int i = 0; i < 64; ++i) wide.add(floats, i % 2 == 0 ? left : right);
    left.merge(right);
    wide.release(left, noised);
    double squares = 0.0, sizes = 0.0;
    for (const float x : noised) {
        squares += std::pow(static_cast<double>(x) - 0x1p-8, 2) / dimension;
        sizes += std::abs(static_cast<double>(x) - 0x1p-8) / dimension;
    }
    CHECK(std::abs(squares / 128.0 - 1.0) < 6.0 * std::sqrt(5.0 / dimension));  // 2 b^2, kurtosis 6
    CHECK(std::abs(sizes / 8.0 - 1.0) < 6.0 / std::sqrt(double{dimension}));
    const GaussianVectorSum other(dimension, L2Norm(4.0), Neighbouring::add_remove, NoiseMultiplier(1.0));
    VectorSum foreign = other.sum();
    CHECK_THROWS_AS(left.merge(foreign), vedette::Error);
    CHECK_THROWS_AS(wide.add(floats, foreign), vedette::Error);
    floats[7] = std::numeric_limits<float>::quiet_NaN();
    const LaplaceVectorSum plain(dimension, L1Norm(1.0), Neighbouring::add_remove, Epsilon(0x1p20));
    plain.release(std::span<const float>(floats), std::span(noised));
    for (const float x : noised) REQUIRE(std::abs(static_cast<double>(x)) < 1e-4);
    const auto make = [](double epsilon) {
        return LaplaceVectorSum(3, L1Norm(1.0), Neighbouring::add_remove, Epsilon(epsilon)).scale();
    };
    for (const double epsilon : {0x1p-20, 0x1.8p-15, 0x1.ffp-11}) {
        const LaplaceVectorSum coarse(3, L1Norm(1.0), Neighbouring::add_remove, Epsilon(epsilon));
        CHECK(coarse.grain() <= coarse.scale() * 0x1p-34);
    }
    CHECK(make(0x1p-20) == doctest::Approx(0x1p20).epsilon(1e-3));
    CHECK_THROWS_AS(make(0x1p-21), vedette::Error);
    CHECK_THROWS_AS(make(0x1p21), vedette::Error);
}

TEST_CASE("impossible parameters are refused") {
    const auto make = [](std::size_t dimension, double clip, double multiplier) {
        return GaussianVectorSum(dimension, L2Norm(clip), Neighbouring::add_remove, NoiseMultiplier(multiplier)).rho();
    };
    CHECK_THROWS_AS(make(0, 1.0, 1.0), vedette::Error);
    CHECK_THROWS_AS(make(~std::size_t{0}, 1.0, 1.0), vedette::Error);
    CHECK_THROWS_AS(make(1, 0x1p-901, 1.0), vedette::Error);
    CHECK_THROWS_AS(make(1, 0x1p901, 1.0), vedette::Error);
    CHECK_THROWS_AS(make(1, 1.0, 0x1p-11), vedette::Error);
    CHECK_THROWS_AS(make(1, 1.0, 5000.0), vedette::Error);
}

}  // namespace
