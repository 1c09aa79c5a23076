// SPDX-License-Identifier: Apache-2.0
// Level of Epps-Singleton for any sizes and ties, where the original's separate covariances lose it, power against
// changes that tests of means do not see, and coverage of the effect's interval.
#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "guarantee/rate.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/epps_singleton.hpp"
#include "vedette/drift/moment_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/stats/intervals.hpp"

namespace d = vedette::drift;
namespace stats = vedette::stats;
using vedette::Random;
using Sample = std::vector<double>;

namespace {

enum class Law { normal, skewed, heavy, whole, coin, inflated };
constexpr Law laws[] = {Law::normal, Law::skewed, Law::heavy, Law::whole, Law::coin, Law::inflated};

Sample draw(Law law, std::size_t n, Random& random) {
    Sample values(n);
    for (double& value : values) {
        switch (law) {
            case Law::normal: value = random.normal(); break;
            case Law::skewed: value = std::exp(random.normal()); break;
            case Law::heavy: value = std::tan(3.14159265 * (random.uniform() - 0.5)); break;
            case Law::whole: value = std::floor(8.0 * random.uniform() * random.uniform()); break;
            case Law::coin: value = random.uniform() < 0.3 ? 1.0 : 0.0; break;
            case Law::inflated: value = random.uniform() < 0.8 ? 0.0 : random.normal() + 2.0; break;
        }
    }
    return values;
}

d::EppsSingletonOptions chosen(d::Method method, d::EppsSingletonCovariance covariance) {
    d::EppsSingletonOptions options;
    options.method = method;
    options.covariance = covariance;
    options.permutations = 99;
    return options;
}

}  // namespace

namespace {

struct Levels {
    Rate five, one;
};

Levels levels(d::Method method, Law law, std::size_t n, std::size_t m) {
    Random random(7, n * m + static_cast<std::uint64_t>(law));
    Levels rates;
    for (std::uint64_t run = 0; run < 2000; ++run) {
        auto options = chosen(method, d::EppsSingletonCovariance::pooled);
        options.seed = run;
        const double p = d::epps_singleton(draw(law, n, random), draw(law, m, random), options).p_value;
        rates.five.add(p <= 0.05);
        rates.one.add(p <= 0.01);
    }
    MESSAGE(n, "/", m, ", law ", static_cast<int>(law), ": ", rates.five.value(), " and ", rates.one.value());
    return rates;
}

}  // namespace

TEST_CASE("where a side is small the test permutes, and no law or ties exceed the level") {
    for (const auto& [n, m] : {std::pair{5UL, 5UL}, std::pair{12UL, 40UL}, std::pair{200UL, 10UL}}) {
        for (const Law law : {Law::normal, n == 12 ? Law::whole : Law::inflated}) {
            if ((n == 5 && law != Law::normal) || (n == 200 && law == Law::normal)) continue;
            const Levels rates = levels(d::Method::automatic, law, n, m);
            CHECK(rates.five.at_most(0.05));
            CHECK(rates.one.at_most(0.01));
            if (law == Law::normal && m > 5) CHECK(rates.five.at_least(0.048));
        }
    }
}

TEST_CASE("the F law keeps the level of larger samples, alike in size or not") {
    for (const auto& [n, m] : {std::pair{100UL, 100UL}, std::pair{150UL, 1000UL}}) {
        for (const Law law : laws) {
            if (n == 150 && law != Law::normal && law != Law::inflated) continue;
            const Levels rates = levels(d::Method::automatic, law, n, m);
            CHECK(rates.five.at_most(0.055));
            CHECK(rates.one.at_most(0.013));
            if (law == Law::normal) CHECK(rates.five.at_least(0.045));
        }
    }
}

TEST_CASE("the original's separate covariances keep the level at equal sizes and lose it at unequal ones") {
    Random random(8);
    Rate equal, unequal;
    const auto separate = chosen(d::Method::asymptotic, d::EppsSingletonCovariance::separate);
    for (int run = 0; run < 2000; ++run) {
        equal.add(d::epps_singleton(draw(Law::normal, 200, random), draw(Law::normal, 200, random), separate).p_value <=
                  0.05);
        unequal.add(
            d::epps_singleton(draw(Law::normal, 300, random), draw(Law::normal, 30, random), separate).p_value <= 0.05);
    }
    MESSAGE("separate covariances: ", equal.value(), " at 200/200, ", unequal.value(), " at 300/30");
    CHECK(equal.at_most(0.055));
    CHECK(equal.at_least(0.045));
    CHECK(unequal.at_least(0.25));
}

TEST_CASE("power: a change of scale or shape at an unchanged mean, which tests of means do not see") {
    Random random(9);
    Rate scale, scale_permuted, scale_mean, scale_ks, humps, humps_ks, shift;
    for (std::uint64_t run = 0; run < 500; ++run) {
        const Sample x = draw(Law::normal, 200, random);
        Sample wide = draw(Law::normal, 150, random), two = wide, moved = wide;
        for (std::size_t i = 0; i < wide.size(); ++i) {
            wide[i] *= 1.5;
            two[i] = 0.5 * two[i] + (i % 2 == 0 ? 0.866 : -0.866);  // mean 0, variance 1, two humps
            moved[i] += 0.5;
        }
        auto permute = chosen(d::Method::permutation, d::EppsSingletonCovariance::pooled);
        permute.seed = run;
        scale.add(d::epps_singleton(x, wide).p_value <= 0.05);
        if (run < 100) scale_permuted.add(d::epps_singleton(x, wide, permute).p_value <= 0.05);
        scale_mean.add(d::welch_t<double>(x, wide).p_value <= 0.05);
        scale_ks.add(d::ks_two_sample(x, wide).p_value <= 0.05);
        humps.add(d::epps_singleton(x, two).p_value <= 0.05);
        humps_ks.add(d::ks_two_sample(x, two).p_value <= 0.05);
        shift.add(d::epps_singleton(x, moved).p_value <= 0.05);
    }
    MESSAGE("scale 1.5: ", scale.value(), " (permuted ", scale_permuted.value(), "), Welch ", scale_mean.value(),
            ", KS ", scale_ks.value(), "; humps: ", humps.value(), ", KS ", humps_ks.value(), "; shift ",
            shift.value());
    CHECK(scale.value() > 0.95);
    CHECK(scale_permuted.value() > 0.9);
    CHECK(scale_mean.value() < 0.15);
    CHECK(scale_ks.value() < scale.value() - 0.2);
    CHECK(humps.value() > humps_ks.value());
    CHECK(shift.value() > 0.9);
}

TEST_CASE("the effect's interval covers what a large sample shows") {
    for (const double factor : {1.0, 1.3, 2.0}) {
        Random random(10);
        const auto pair = [&](std::size_t n, std::size_t m) {
            Sample y = draw(Law::normal, m, random);
            for (double& value : y) value = factor * value + 0.3 * (factor - 1.0);
            return std::pair{draw(Law::normal, n, random), y};
        };
        // The truth is of equal shares of both laws, as the samples below.
        const auto [many_x, many_y] = pair(100'000, 100'000);
        const double truth = factor == 1.0 ? 0.0 : d::epps_singleton(many_x, many_y).effect;
        Rate missed;
        for (int run = 0; run < 2000; ++run) {
            const auto [x, y] = pair(150, 150);
            const auto interval = d::epps_singleton(x, y).effect_interval;
            missed.add(truth < interval.lower - 1e-12 || truth > interval.upper);
        }
        MESSAGE("factor ", factor, ", truth ", truth, ", missed ", missed.value());
        CHECK(missed.at_most(0.06));
    }
}
