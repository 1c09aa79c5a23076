// SPDX-License-Identifier: Apache-2.0
// The sketches' Kolmogorov-Smirnov test: exact where the sketch is, bounded where it is not, and hostile input.
#include "vedette/drift/sketch_tests.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"

namespace drift = vedette::drift;
using vedette::Error;
using vedette::ErrorCode;
using vedette::stats::KllSketch;
using vedette::testing::code_of;

namespace {

template <class T>
KllSketch<T> sketch_of(const std::vector<T>& values, std::uint32_t k, std::uint64_t seed = 1) {
    KllSketch<T> sketch(k, seed);
    sketch.update(values);
    return sketch;
}

}  // namespace

TEST_CASE("exact sketches give SciPy's answer, without an interval") {
    const auto data = oracle_data("sketch.json");
    REQUIRE(data["ks"].size() == 4);
    for (const auto& row : data["ks"]) {
        const std::vector<double> reference = row["reference"];
        const std::vector<double> live = row["live"];
        const auto a = drift::ks_two_sample(drift::SortedSample<double>(reference), sketch_of(live, 1000));
        const auto b = drift::ks_two_sample(sketch_of(reference, 1000), sketch_of(live, 1000));
        const auto swapped = drift::ks_two_sample(sketch_of(live, 1000), sketch_of(reference, 1000));
        for (const auto& result : {a, b, swapped}) {
            CHECK(result.statistic == doctest::Approx(row["d"].get<double>()).epsilon(1e-12));
            CHECK(result.statistic_interval.lower == result.statistic);
            CHECK(result.statistic_interval.upper == result.statistic);
            // The law of one sample at n m / (n + m), as SciPy's; its accuracy is stated where it lives.
            CHECK(result.p_value == doctest::Approx(row["p_asymptotic"].get<double>()).epsilon(2e-3));
            CHECK(result.p_value == result.p_value_interval.lower);
            CHECK(result.p_value == result.p_value_interval.upper);
            CHECK(result.sketch_error_probability == 0.0);
        }
        CHECK(a.reference_count == reference.size());
        CHECK(a.live_count == live.size());
    }
}

TEST_CASE_TEMPLATE("the intervals hold the answer of the full streams", T, float, double) {
    vedette::Random random(8);
    for (const double shift : {0.0, 0.02, 0.3, 20.0}) {
        std::vector<T> reference(60'000);
        std::vector<T> live(40'000);
        for (T& value : reference) value = static_cast<T>(random.normal());
        for (T& value : live) value = static_cast<T>(random.normal() + shift);
        const auto frozen = sketch_of(reference, 70'000 / 2, 1);  // exact
        REQUIRE(frozen.is_exact() == (frozen.retained() == 60'000));
        const drift::SortedSample<T> sample(reference);
        std::sort(live.begin(), live.end());
        double d = 0.0;
        const auto below = [](const auto& v, T x) {
            return static_cast<double>(std::upper_bound(v.begin(), v.end(), x) - v.begin()) /
                   static_cast<double>(v.size());
        };
        for (const T x : live) d = std::max(d, std::abs(below(sample.values(), x) - below(live, x)));
        for (const T x : reference) d = std::max(d, std::abs(below(sample.values(), x) - below(live, x)));
        for (const std::uint32_t k : {50U, 400U}) {
            const auto one = drift::ks_two_sample(sample, sketch_of(live, k, 2));
            const auto two = drift::ks_two_sample(sketch_of(reference, k, 3), sketch_of(live, k, 2));
            CAPTURE(shift);
            CAPTURE(k);
            for (const auto& result : {one, two}) {
                CHECK(result.statistic_interval.lower <= d);
                CHECK(d <= result.statistic_interval.upper);
                CHECK(result.p_value_interval.lower <= result.p_value_interval.upper);
                CHECK(result.p_value >= result.p_value_interval.upper);
                CHECK(result.effect_interval.lower <= result.statistic_interval.lower);
                CHECK(result.effect_interval.upper >= result.statistic_interval.upper);
                CHECK(result.sketch_error_probability == 1e-4);
            }
            CHECK(two.rank_error > one.rank_error);
        }
        if (shift == 20.0) CHECK(d == 1.0);
    }
}

TEST_CASE("half of the error probability is spent when one sketch is exact") {
    const std::vector<double> few{1, 2, 3};
    std::vector<double> many(5000);
    for (std::size_t i = 0; i < many.size(); ++i) many[i] = static_cast<double>(i);
    const auto result = drift::ks_two_sample(sketch_of(few, 20), sketch_of(many, 20), {0.9, 0.01});
    CHECK(result.sketch_error_probability == 0.005);
    CHECK(result.statistic == doctest::Approx(1.0).epsilon(0.01));
}

TEST_CASE("all ties, one value, infinities, nothing, and options out of range") {
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> ties(3000, 2.0);
    const auto same = drift::ks_two_sample(drift::SortedSample<double>(ties), sketch_of(ties, 8));
    CHECK(same.statistic == 0.0);
    CHECK(same.p_value == 1.0);
    const auto apart = drift::ks_two_sample(drift::SortedSample<double>(std::vector<double>{1.0}), sketch_of(ties, 8));
    CHECK(apart.statistic == 1.0);
    KllSketch<double> some(8);
    CHECK(code_of([&] { (void)drift::ks_two_sample(some, some); }) == ErrorCode::not_enough_data);
    some.update(infinity);
    some.update(std::nan(""));
    const drift::SortedSample<double> sample(std::vector<double>{0.0, 1.0});
    CHECK(code_of([&] { (void)drift::ks_two_sample(sample, some); }) == ErrorCode::not_enough_data);
    some.update(0.0);
    CHECK(drift::ks_two_sample(sample, some).live_count == 1);
    const drift::SortedSample<double> endless(std::vector<double>{0.0, infinity});
    CHECK(code_of([&] { (void)drift::ks_two_sample(endless, some); }) == ErrorCode::invalid_argument);
    const drift::SortedSample<double> nothing(std::vector<double>{});
    CHECK(code_of([&] { (void)drift::ks_two_sample(nothing, some); }) == ErrorCode::not_enough_data);
    for (const double bad : {0.0, 1.0, -1.0, std::nan("")}) {
        CHECK(code_of([&] { (void)drift::ks_two_sample(sample, some, {bad, 0.01}); }) == ErrorCode::invalid_argument);
        CHECK(code_of([&] { (void)drift::ks_two_sample(some, some, {0.9, bad}); }) == ErrorCode::invalid_argument);
    }
}
