// SPDX-License-Identifier: Apache-2.0
// False-alarm rates of the tests on samples without drift: continuous, tied and unequal samples, every method; coverage
// of the interval of Mann and Whitney's effect; and what autocorrelation does to a level until rows are thinned.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "vedette/core/random.hpp"
#include "vedette/drift/comparison.hpp"
#include "vedette/drift/distance_tests.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/stats/autocorrelation.hpp"
#include "vedette/stats/intervals.hpp"

namespace d = vedette::drift;
namespace stats = vedette::stats;
using vedette::DriftTest;
using vedette::Random;
using Sample = std::vector<double>;

namespace {

// The exact binomial band, at a confidence that all checks of this file together fail less than once in a hundred runs
// of fresh seeds.
const stats::Confidence band(1.0 - 1e-4);

struct Rate {
    std::uint64_t runs = 0;
    std::uint64_t alarms = 0;

    void add(bool alarm) {
        ++runs;
        alarms += alarm ? 1U : 0U;
    }
    [[nodiscard]] bool at_most(double level) const { return stats::clopper_pearson(alarms, runs, band).lower <= level; }
    [[nodiscard]] bool at_least(double level) const {
        return stats::clopper_pearson(alarms, runs, band).upper >= level;
    }
    [[nodiscard]] double value() const { return static_cast<double>(alarms) / static_cast<double>(runs); }
};

enum class Law { continuous, whole, coin };

Sample draw(Law law, std::size_t n, Random& random) {
    Sample values(n);
    for (double& value : values) {
        switch (law) {
            case Law::continuous: value = std::exp(random.normal()); break;
            case Law::whole: value = std::floor(8.0 * random.uniform() * random.uniform()); break;
            case Law::coin: value = random.uniform() < 0.3 ? 1.0 : 0.0; break;
        }
    }
    return values;
}

struct Setting {
    const char* name;
    Law law;
    std::size_t n;
    std::size_t m;
};
constexpr Setting settings[] = {{"continuous, 12 and 18", Law::continuous, 12, 18},
                                {"continuous, 100 and 300", Law::continuous, 100, 300},
                                {"whole numbers, 150 and 90", Law::whole, 150, 90},
                                {"coin tosses, 200 and 120", Law::coin, 200, 120}};

// `liberal` is the level that the asymptotic law may reach at 5 %.
template <class Test>
void check_level(const Setting& setting, std::uint64_t seed, std::uint64_t runs, double liberal, Test&& test) {
    Random random(seed);
    Rate five, one;
    for (std::uint64_t run = 0; run < runs; ++run) {
        const d::SortedSample<double> x(draw(setting.law, setting.n, random)), y(draw(setting.law, setting.m, random));
        const double p = test(x, y);
        five.add(p <= 0.05);
        one.add(p <= 0.01);
    }
    CAPTURE(setting.name);
    CAPTURE(five.value());
    CAPTURE(one.value());
    CHECK(five.at_most(liberal));
    CHECK(one.at_most(0.2 * liberal + 0.002));
}

}  // namespace

TEST_CASE("exact laws never exceed their level, ties or not") {
    for (const Setting& setting : {settings[0], Setting{"whole numbers, 10 and 14", Law::whole, 10, 14}}) {
        const d::TestOptions exact{.method = d::Method::exact};
        check_level(setting, 1, 4000, 0.05, [&](auto& x, auto& y) { return d::ks_two_sample(x, y, exact).p_value; });
        check_level(setting, 2, 4000, 0.05, [&](auto& x, auto& y) { return d::mann_whitney(x, y, exact).p_value; });
        const d::TestOptions greater{.alternative = d::Alternative::greater, .method = d::Method::exact};
        check_level(setting, 3, 4000, 0.05, [&](auto& x, auto& y) { return d::ks_two_sample(x, y, greater).p_value; });
        check_level(setting, 4, 4000, 0.05, [&](auto& x, auto& y) { return d::mann_whitney(x, y, greater).p_value; });
    }
    const Setting tiny{"whole numbers, 7 and 9", Law::whole, 7, 9};
    check_level(tiny, 5, 2000, 0.05,
                [&](auto& x, auto& y) { return d::cramer_von_mises(x, y, {.method = d::Method::exact}).p_value; });
}

TEST_CASE("every test of ranks holds its level as it is chosen automatically") {
    for (const Setting& setting : settings) {
        for (const DriftTest test : {DriftTest::kolmogorov_smirnov, DriftTest::kuiper, DriftTest::cramer_von_mises,
                                     DriftTest::anderson_darling, DriftTest::mann_whitney}) {
            CAPTURE(vedette::drift_test_name(test));
            check_level(setting, 10 + static_cast<std::uint64_t>(test), 1000, 0.055,
                        [&](auto& x, auto& y) { return d::run_test(test, x, y, {.permutations = 99}).p_value; });
        }
    }
}

TEST_CASE("permutations hold the level of the distances") {
    for (const Setting& setting : {settings[0], settings[2]}) {
        const d::TestOptions options{.permutations = 99, .seed = 5};
        check_level(setting, 21, 1000, 0.05, [&](auto& x, auto& y) { return d::wasserstein_1(x, y, options).p_value; });
        check_level(setting, 22, 1000, 0.05,
                    [&](auto& x, auto& y) { return d::energy_distance(x, y, options).p_value; });
    }
}

TEST_CASE("the level is not merely kept but used: continuous samples alarm about as often as they may") {
    Random random(31);
    Rate mann_whitney, anderson_darling, cramer_von_mises;
    for (int run = 0; run < 2000; ++run) {
        const d::SortedSample<double> x(draw(Law::continuous, 80, random)), y(draw(Law::continuous, 60, random));
        mann_whitney.add(d::mann_whitney(x, y).p_value <= 0.05);
        anderson_darling.add(d::anderson_darling(x, y).p_value <= 0.05);
        cramer_von_mises.add(d::cramer_von_mises(x, y).p_value <= 0.05);
    }
    CHECK(mann_whitney.at_least(0.045));
    CHECK(anderson_darling.at_least(0.045));
    CHECK(cramer_von_mises.at_least(0.045));
}

TEST_CASE("the interval of Mann and Whitney's effect covers as often as it says") {
    Random random(41);
    Rate missed;
    for (int run = 0; run < 3000; ++run) {
        Sample x(40), y(30);
        for (double& value : x) value = random.normal();
        for (double& value : y) value = random.normal() + 0.8;
        const double truth = 0.5 * std::erfc(-0.8 / 2.0) - 0.5;  // P(N(0.8, 2) > 0) - 1/2
        const auto result = d::mann_whitney(x, y);
        missed.add(truth < result.effect_interval.lower || truth > result.effect_interval.upper);
    }
    CHECK(missed.at_most(0.055));
    CHECK(missed.at_least(0.02));
}

TEST_CASE("autocorrelated rows break the level, rows far enough apart keep it") {
    Random random(51);
    const auto chain = [&random](std::size_t n) {
        Sample values(n);
        double state = random.normal();
        for (double& value : values) value = state = 0.9 * state + std::sqrt(1.0 - 0.81) * random.normal();
        return values;
    };
    const auto thin = [](const Sample& values, std::size_t interval) {
        const std::size_t kept = (values.size() + interval - 1) / interval;
        return vedette::ColumnView<double>(values.data(), kept, static_cast<std::ptrdiff_t>(interval));
    };
    Rate naive, thinned;
    for (int run = 0; run < 600; ++run) {
        const Sample x = chain(4000), y = chain(4000);
        naive.add(d::ks_two_sample(x, y).p_value <= 0.05);
        const std::size_t interval = stats::thinning_interval(x);
        const d::SortedSample<double> a(thin(x, interval)), b(thin(y, interval));
        thinned.add(d::ks_two_sample(a, b).p_value <= 0.05);
    }
    CHECK(naive.value() > 0.5);
    CHECK(thinned.at_most(0.06));
}

// The guard's fallback: where all values but one are rare, the rate of the reference's commonest value decides.
TEST_CASE("the rate of the commonest value keeps its level for nearly constant features") {
    const stats::Confidence confidence(0.99);
    Random random(61);
    for (const double rare : {0.0005, 0.002, 0.01}) {
        Rate five, one;
        for (int run = 0; run < 4000; ++run) {
            const auto count = [&](std::uint64_t n) {
                std::uint64_t common = 0;
                for (std::uint64_t i = 0; i < n; ++i) common += random.uniform() >= rare ? 1U : 0U;
                return common;
            };
            const double p = d::two_proportion(count(2000), 2000, count(500), 500, confidence).p_value;
            five.add(p <= 0.05);
            one.add(p <= 0.01);
        }
        CAPTURE(rare);
        CHECK(five.at_most(0.05));
        CHECK(one.at_most(0.01));
    }
}
