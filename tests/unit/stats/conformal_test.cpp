// SPDX-License-Identifier: Apache-2.0
#include "vedette/stats/conformal.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "unit/oracle_data.hpp"
#include "unit/test_values.hpp"

namespace {

namespace stats = vedette::stats;

using vedette::Decision;
using vedette::ErrorCode;
using vedette::stats::conformal_count_needed;
using vedette::stats::conformal_count_needed_for_threshold;
using vedette::stats::ConformalCalibration;
using vedette::stats::ConformalGuarantee;
using vedette::stats::MondrianCalibration;
using vedette::stats::WeightedCalibration;
using vedette::testing::code_of;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr ConformalGuarantee guarantees[] = {ConformalGuarantee::marginal, ConformalGuarantee::conditional_dkw,
                                             ConformalGuarantee::conditional_simes};

std::vector<double> ramp(std::size_t n) {
    std::vector<double> values(n);
    std::iota(values.begin(), values.end(), 1.0);
    return values;
}

}  // namespace

TEST_CASE("conformal: p-values of every kind against exact fractions") {
    for (const auto& each : oracle_data("conformal.json")["cases"]) {
        const auto scores = each["scores"].get<std::vector<double>>();
        const double failure = each["failure_probability"];
        const ConformalCalibration marginal(scores);
        const ConformalCalibration dkw(scores, {ConformalGuarantee::conditional_dkw, failure});
        const ConformalCalibration simes(scores, {ConformalGuarantee::conditional_simes, failure});
        const WeightedCalibration weighted(scores, each["weights"].get<std::vector<double>>());
        for (const auto& query : each["queries"]) {
            const double score = query["score"];
            CHECK(marginal.p_value(score) == doctest::Approx(query["marginal"].get<double>()).epsilon(1e-14));
            CHECK(marginal.p_value(score, query["uniform"]) ==
                  doctest::Approx(query["randomised"].get<double>()).epsilon(1e-14));
            CHECK(dkw.p_value(score) == doctest::Approx(query["dkw"].get<double>()).epsilon(1e-13));
            CHECK(simes.p_value(score) == doctest::Approx(query["simes"].get<double>()).epsilon(1e-12));
            CHECK(simes.p_value(score, 0.5) == simes.p_value(score));
            CHECK(weighted.p_value(score, query["weight"]) ==
                  doctest::Approx(query["weighted"].get<double>()).epsilon(1e-13));
        }
    }
}

TEST_CASE("conformal: a threshold alarms exactly where the p-value does") {
    std::vector<double> scores = vedette::testing::normals(997, 5);
    for (double& score : scores) score = std::round(score * 20.0) / 20.0;
    for (const ConformalGuarantee guarantee : guarantees) {
        const ConformalCalibration calibration(scores, {guarantee, 0.1});
        for (const double level : {0.0101, 0.05, 0.2, 0.5, 0.999}) {
            if (calibration.smallest_p_value() > level) continue;
            const double threshold = calibration.threshold(level);
            for (double score = -5.0; score < 5.0; score += 0.025)
                REQUIRE((score > threshold) == (calibration.p_value(score) <= level));
            CHECK(calibration.decide(std::nextafter(threshold, infinity), level) == Decision::alarm);
            CHECK(calibration.decide(threshold, level) == Decision::pass);
        }
    }
}

TEST_CASE("conformal: the threshold for one level takes the rank that the beta law gives") {
    for (const auto& each : oracle_data("conformal.json")["ranks"]) {
        const std::size_t n = each["n"], rank = each["rank"];
        const double level = each["level"], failure = each["failure_probability"];
        const ConformalCalibration calibration(ramp(n));
        if (rank == 0) {
            CHECK(code_of([&] { (void)calibration.single_threshold(level, failure); }) == ErrorCode::not_enough_data);
            CHECK(conformal_count_needed_for_threshold(level, failure) > n);
        } else {
            CHECK(calibration.single_threshold(level, failure) == static_cast<double>(n + 1 - rank));
            CHECK(conformal_count_needed_for_threshold(level, failure) <= n);
        }
    }
    CHECK(conformal_count_needed_for_threshold(0.05, 0.05) == 59);
}

TEST_CASE("conformal: the number needed is enough, and one less is not") {
    CHECK(conformal_count_needed(0.001) == 999);
    CHECK(conformal_count_needed(0.01) == 99);
    CHECK(conformal_count_needed(0.05) == 19);
    CHECK(conformal_count_needed(0.0001) == 9999);
    for (const ConformalGuarantee guarantee : guarantees) {
        for (const double level : {0.3, 0.07, 0.02}) {
            const std::size_t needed = conformal_count_needed(level, {guarantee, 0.05});
            const ConformalCalibration enough(ramp(needed), {guarantee, 0.05});
            CHECK(enough.threshold(level) == static_cast<double>(needed));
            if (needed == 1) continue;
            const ConformalCalibration few(ramp(needed - 1), {guarantee, 0.05});
            CHECK(code_of([&] { (void)few.threshold(level); }) == ErrorCode::not_enough_data);
            CHECK(few.decide(1e9, level) == Decision::not_evaluated);
        }
    }
    CHECK(code_of([] { (void)conformal_count_needed(1e-300); }) == ErrorCode::overflow);
    CHECK(code_of([] { (void)conformal_count_needed(0.0); }) == ErrorCode::invalid_argument);
    CHECK(code_of([] { (void)conformal_count_needed(not_a_number); }) == ErrorCode::invalid_argument);
}

TEST_CASE("conformal: hostile scores") {
    const ConformalCalibration ties(std::vector<double>(50, 3.0));
    CHECK(ties.p_value(3.0) == 1.0);
    CHECK(ties.p_value(3.1) == doctest::Approx(1.0 / 51));
    CHECK(ties.p_value(3.0, 0.25) == doctest::Approx(0.25));
    CHECK(std::isnan(ties.p_value(not_a_number)));
    CHECK(std::isnan(ties.p_value(not_a_number, 0.5)));
    CHECK(std::isnan(ties.p_value(3.0, 1.5)));
    CHECK(ties.decide(not_a_number, 0.05) == Decision::not_evaluated);
    CHECK(ties.decide(9.0, not_a_number) == Decision::not_evaluated);
    const ConformalCalibration infinite(std::vector<double>{-infinity, 0.0, infinity});
    CHECK(infinite.p_value(infinity) == 0.5);
    CHECK(infinite.p_value(-infinity) == 1.0);
    CHECK(infinite.p_value(5e-324) == 0.5);
    CHECK(code_of([] { ConformalCalibration{std::vector<double>{}}; }) == ErrorCode::not_enough_data);
    CHECK(code_of([] { ConformalCalibration{std::vector<double>{1.0, not_a_number}}; }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              ConformalCalibration(std::vector<double>{1.0}, {ConformalGuarantee::conditional_dkw, 0.0});
          }) == ErrorCode::invalid_argument);
    CHECK(code_of([] {
              ConformalCalibration(std::vector<double>{1.0}, {static_cast<ConformalGuarantee>(9), 0.1});
          }) == ErrorCode::invalid_argument);
}

TEST_CASE("conformal: by group") {
    const std::vector<double> scores{1, 2, 3, 10, 20};
    const MondrianCalibration calibration(scores, std::vector<std::uint32_t>{0, 0, 0, 1, 1}, 2);
    CHECK(calibration.p_value(2.5, 0) == 0.5);
    CHECK(calibration.p_value(2.5, 1) == 1.0);
    CHECK(std::isnan(calibration.p_value(2.5, 2)));
    CHECK(calibration.decide(99.0, 0, 0.25) == Decision::alarm);
    CHECK(calibration.decide(99.0, 1, 0.25) == Decision::not_evaluated);
    CHECK(calibration.decide(99.0, 7, 0.25) == Decision::not_evaluated);
    CHECK(calibration.group(1).size() == 2);
    CHECK(code_of([&] { (void)calibration.group(2); }) == ErrorCode::invalid_argument);
    const auto make = [&](std::vector<std::uint32_t> groups, std::size_t count) {
        return code_of([&] { MondrianCalibration(scores, groups, count); });
    };
    CHECK(make({0, 0, 0, 1}, 2) == ErrorCode::dimension_mismatch);
    CHECK(make({0, 0, 0, 1, 2}, 2) == ErrorCode::invalid_argument);
    CHECK(make({0, 0, 0, 0, 0}, 2) == ErrorCode::not_enough_data);
}

TEST_CASE("conformal: weights") {
    const std::vector<double> scores{1, 2, 3, 4};
    const WeightedCalibration equal(scores, std::vector<double>(4, 1e-200));
    const ConformalCalibration plain(scores);
    for (const double score : {0.5, 1.0, 2.5, 4.0, 5.0})
        CHECK(equal.p_value(score, 1e-200) == doctest::Approx(plain.p_value(score)));
    CHECK(equal.effective_size() == doctest::Approx(4.0));
    CHECK(equal.p_value(9.0, 1e300) == 1.0);
    CHECK(equal.smallest_p_value(1e300) == 1.0);
    CHECK(std::isnan(equal.p_value(9.0, -1.0)));
    CHECK(std::isnan(equal.p_value(9.0, infinity)));
    CHECK(std::isnan(equal.p_value(not_a_number, 1.0)));
    CHECK(equal.decide(9.0, 1e-200, 0.2) == Decision::alarm);
    CHECK(equal.decide(9.0, 1e-200, 0.19) == Decision::not_evaluated);
    const auto make = [&](std::vector<double> weights) {
        return code_of([&] { WeightedCalibration(scores, weights); });
    };
    CHECK(make({1, 1, 1}) == ErrorCode::dimension_mismatch);
    CHECK(make({1, 1, -1, 1}) == ErrorCode::invalid_argument);
    CHECK(make({1, not_a_number, 1, 1}) == ErrorCode::invalid_argument);
    CHECK(make({0, 0, 0, 0}) == ErrorCode::not_enough_data);
}

TEST_CASE("conformal: stale is never a pass, and survives the file") {
    ConformalCalibration calibration(vedette::testing::normals(100, 1), {ConformalGuarantee::conditional_simes, 0.2});
    const auto fresh = ConformalCalibration::deserialize(calibration.serialize());
    CHECK(!fresh.is_stale());
    CHECK(fresh.p_value(1.3) == calibration.p_value(1.3));
    calibration.mark_stale();
    CHECK(calibration.decide(9.0, 0.2) == Decision::not_evaluated);
    const auto bytes = calibration.serialize();
    const auto copy = ConformalCalibration::deserialize(bytes);
    CHECK(copy.is_stale());
    CHECK(copy.options().guarantee == ConformalGuarantee::conditional_simes);
    CHECK(copy.serialize() == bytes);
    auto broken = bytes;
    broken[broken.size() - 1] ^= std::byte{1};
    CHECK(code_of([&] { (void)ConformalCalibration::deserialize(broken); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] { (void)ConformalCalibration::deserialize(std::span(bytes).first(40)); }) ==
          ErrorCode::corrupt_data);
}

TEST_CASE("conformal: calibrations by group and by weight go on from their bytes as before") {
    const std::vector<double> scores{3.0, -1.0, 2.0, 2.0, 7.0, 0.5, INFINITY, 1.0};
    const std::vector<std::uint32_t> groups{0, 1, 0, 1, 0, 1, 0, 1};
    const std::vector<double> weights{1.0, 0.25, 3.0, 0.0, 2.0, 1e-3, 0.5, 1.7};
    for (const auto guarantee : {stats::ConformalGuarantee::marginal, stats::ConformalGuarantee::conditional_simes}) {
        for (const bool stale : {false, true}) {
            stats::MondrianCalibration mondrian(scores, groups, 2, {guarantee, 0.1});
            stats::WeightedCalibration weighted(scores, weights);
            if (stale) mondrian.mark_stale();
            if (stale) weighted.mark_stale();
            const auto mondrian_again = stats::MondrianCalibration::deserialize(mondrian.serialize());
            const auto weighted_again = stats::WeightedCalibration::deserialize(weighted.serialize());
            CHECK(mondrian_again.serialize() == mondrian.serialize());
            CHECK(weighted_again.serialize() == weighted.serialize());
            CHECK(mondrian_again.is_stale() == stale);
            CHECK(weighted_again.is_stale() == stale);
            CHECK(weighted_again.effective_size() == weighted.effective_size());
            for (const double live : {-2.0, 0.0, 2.0, 2.5, 7.0, 1e9}) {
                for (const std::uint32_t group : {0U, 1U})
                    CHECK(mondrian_again.p_value(live, group) == mondrian.p_value(live, group));
                for (const double weight : {0.0, 0.3, 4.0})
                    CHECK(weighted_again.p_value(live, weight) == weighted.p_value(live, weight));
            }
        }
    }
    const auto bytes = stats::MondrianCalibration(scores, groups, 2).serialize();
    CHECK(code_of([&] { (void)stats::WeightedCalibration::deserialize(bytes); }) == vedette::ErrorCode::corrupt_data);
    for (std::size_t size = 0; size < bytes.size(); size += 7)
        CHECK(code_of([&] { (void)stats::MondrianCalibration::deserialize(std::span(bytes).first(size)); }) ==
              vedette::ErrorCode::corrupt_data);
}
