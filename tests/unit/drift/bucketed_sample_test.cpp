// SPDX-License-Identifier: Apache-2.0
// Differences of distribution functions from buckets are those from sorted samples, to the last bit, on any data.
#include "vedette/drift/bucketed_sample.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "drift/bucket_map.hpp"
#include "value_sources.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/rank_tests.hpp"
#include "vedette/drift/sorted_sample.hpp"

namespace drift = vedette::drift;
using vedette::ColumnView;
using vedette::Random;
using vedette::testing::draw;
using vedette::testing::Source;
using vedette::testing::sources;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T>
void check_all_ways(const std::vector<T>& x, const std::vector<T>& y) {
    const drift::SortedSample<T> a(x), b(y);
    const drift::BucketedSample<T> frozen(x);
    drift::TestOptions options;
    options.method = drift::Method::asymptotic;
    for (const auto alternative :
         {drift::Alternative::two_sided, drift::Alternative::less, drift::Alternative::greater}) {
        options.alternative = alternative;
        const auto sorted = drift::ks_two_sample(a, b, options);
        for (const auto& other : {drift::ks_two_sample(x, y, options), drift::ks_two_sample(frozen, y, options)}) {
            CHECK(other.statistic == sorted.statistic);
            CHECK(other.p_value == sorted.p_value);
            CHECK(other.effect_interval.upper == sorted.effect_interval.upper);
            CHECK(other.live_count == sorted.live_count);
        }
    }
    options.alternative = drift::Alternative::two_sided;
    const auto sorted = drift::kuiper_two_sample(a, b, options);
    CHECK(drift::kuiper_two_sample(x, y, options).statistic == sorted.statistic);
    CHECK(drift::kuiper_two_sample(frozen, y, options).p_value == sorted.p_value);
}

}  // namespace

TEST_CASE_TEMPLATE("bucketed and sorted samples agree to the last bit", T, float, double) {
    Random random(71);
    for (const Source& reference : sources) {
        for (const Source& live : sources) {
            CAPTURE(std::string(reference.name));
            CAPTURE(std::string(live.name));
            for (const std::size_t n : {1U, 2U, 37U, 1000U, 20000U}) {
                CAPTURE(n);
                check_all_ways<T>(draw<T>(reference, n, random), draw<T>(live, n == 37 ? 5000 : n + 3, random));
            }
        }
    }
}

TEST_CASE("small samples take the exact law, as sorted ones do") {
    Random random(72);
    const auto x = draw<double>(sources[0], 300, random), y = draw<double>(sources[7], 200, random);
    const drift::BucketedSample<double> frozen(x);
    const double expected =
        drift::ks_two_sample(drift::SortedSample<double>(x), drift::SortedSample<double>(y)).p_value;
    CHECK(drift::ks_two_sample(x, y).p_value == expected);
    CHECK(drift::ks_two_sample(frozen, y).p_value == expected);
    CHECK(drift::kuiper_two_sample(frozen, y).statistic > 0.0);
}

TEST_CASE("NaN and misuse") {
    Random random(73);
    auto x = draw<double>(sources[0], 20'000, random), y = draw<double>(sources[0], 20'000, random);
    const drift::BucketedSample<double> frozen(x);
    const double expected = drift::ks_two_sample(x, y).statistic;
    y.insert(y.begin() + 17, std::nan(""));
    CHECK_THROWS_WITH_AS((void)drift::ks_two_sample(frozen, y), doctest::Contains("element 17 is NaN"), vedette::Error);
    CHECK_THROWS_AS((void)drift::ks_two_sample(x, y), vedette::Error);
    const drift::TestOptions omit{.nan = drift::NanPolicy::omit};
    CHECK(drift::ks_two_sample(frozen, y, omit).statistic == expected);
    CHECK(drift::ks_two_sample(x, y, omit).statistic == expected);
    CHECK(drift::ks_two_sample(x, y, omit).live_count == 20'000);
    CHECK_THROWS_AS((void)drift::ks_two_sample(frozen, std::vector<double>{}), vedette::Error);
    CHECK_THROWS_AS((void)drift::ks_two_sample(drift::BucketedSample<double>(std::vector<double>{}), x),
                    vedette::Error);
    CHECK_THROWS_AS(drift::BucketedSample<double>{y}, vedette::Error);
    CHECK_THROWS_AS((void)drift::kuiper_two_sample(frozen, x, {.alternative = drift::Alternative::less}),
                    vedette::Error);
    // Every second value.
    const ColumnView<double> strided(x.data(), 10'000, 2);
    std::vector<double> copied;
    for (std::size_t i = 0; i < 20'000; i += 2) copied.push_back(x[i]);
    CHECK(drift::ks_two_sample(frozen, strided).statistic == drift::ks_two_sample(frozen, copied).statistic);
}

TEST_CASE_TEMPLATE("buckets keep the order of values, and spread all but equal ones", T, float, double) {
    Random random(74);
    for (const Source& source : sources) {
        CAPTURE(std::string(source.name));
        const drift::SortedSample<T> sample(draw<T>(source, 10'000, random));
        const drift::BucketMap<T> map(sample.values(), 12);
        CHECK(map.crowding() < 0.01);
        std::vector<T> probes(sample.values().begin(), sample.values().end());
        for (const double extra : {-infinity, -1.0, -0.0, 0.0, 1e-300, 1.0, 1e300, infinity})
            probes.push_back(static_cast<T>(extra));
        std::sort(probes.begin(), probes.end());
        std::vector<std::uint16_t> buckets(probes.size());
        map(probes, buckets.data());
        for (std::size_t i = 1; i < probes.size(); ++i) {
            CHECK(buckets[i] < map.size());
            CHECK(buckets[i] >= buckets[i - 1]);
            if (probes[i] == probes[i - 1]) CHECK(buckets[i] == buckets[i - 1]);
        }
    }
    const std::vector<T> some{T{1}, T{2}, T{3}};
    const drift::BucketMap<T> map(some, 4);
    const T missing = std::numeric_limits<T>::quiet_NaN();
    std::uint16_t bucket = 0;
    map({&missing, 1}, &bucket);
    CHECK(bucket < map.size());
}
