// SPDX-License-Identifier: Apache-2.0
// The grid tests against SciPy, against their definitions, and on counters from hell.
#include "vedette/drift/grid_tests.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "unit/drift/oracle_cases.hpp"
#include "unit/oracle_data.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/stats/distributions.hpp"

namespace d = vedette::drift;
using vedette::TestResult;
using Counts = std::vector<std::uint64_t>;

namespace {

const vedette::stats::Confidence confidence(0.95);

std::array<const TestResult*, 8> all(const d::GridEvidence& e) {
    return {&e.ks, &e.chi_square, &e.g, &e.psi, &e.jensen_shannon, &e.hellinger, &e.total_variation, &e.wasserstein};
}

void check_sane(const d::GridEvidence& evidence) {
    for (const TestResult* result : all(evidence)) {
        if (std::isnan(result->p_value)) continue;
        CHECK(result->p_value >= 0.0);
        CHECK(result->p_value <= 1.0);
        if (std::isnan(result->effect)) continue;
        CHECK(std::isfinite(result->effect));
        CHECK(result->effect >= 0.0);
        CHECK(result->effect_interval.lower >= 0.0);
        CHECK(result->effect_interval.lower <= result->effect_interval.upper);
    }
}

}  // namespace

TEST_CASE("every statistic matches SciPy's on the same table") {
    const auto data = oracle_data("drift.json");
    for (const auto& row : data["cases"]) {
        const Counts reference = row["reference"];
        const Counts live = row["live"];
        CAPTURE(reference.size());
        // No cell of these tables is rare, so that nothing is pooled.
        const auto nominal = d::evaluate(d::GridReference::nominal(reference), live, confidence);
        const auto ordered = d::evaluate(discrete_reference(reference, row["places"]), with_outer(live), confidence);
        REQUIRE(nominal.pooled_cells == reference.size());
        REQUIRE(ordered.pooled_cells == reference.size());
        for (const auto* evidence : {&nominal, &ordered}) {
            const auto near = [](double got, double expected) {
                return std::abs(got - expected) <= 1e-10 + 1e-9 * std::abs(expected);
            };
            CHECK(near(evidence->chi_square.statistic, row["chi_square"]));
            CHECK(near(evidence->chi_square.p_value, row["chi_square_p"]));
            CHECK(evidence->chi_square.degrees_of_freedom == row["dof"].get<double>());
            CHECK(near(evidence->chi_square.effect, row["cramers_v"]));
            CHECK(near(evidence->g.statistic, row["g"]));
            CHECK(near(evidence->psi.effect, row["psi"]));
            CHECK(near(std::sqrt(evidence->jensen_shannon.effect), row["jensen_shannon_distance_bits"]));
            // The oracle's 1 - sum sqrt(ab) loses digits where the distance is small.
            CHECK(evidence->hellinger.effect == doctest::Approx(row["hellinger"].get<double>()).epsilon(1e-8));
            CHECK(near(evidence->total_variation.effect, row["total_variation"]));
            check_sane(*evidence);
        }
        CHECK(ordered.ks.effect == doctest::Approx(row["ks"].get<double>()).epsilon(1e-12));
        CHECK(ordered.ks.p_value == doctest::Approx(row["ks_p"].get<double>()).epsilon(2e-3));
        CHECK(ordered.wasserstein.statistic == doctest::Approx(row["wasserstein"].get<double>()).epsilon(1e-10));
        CHECK(ordered.wasserstein.effect == doctest::Approx(row["wasserstein"].get<double>() / 2.0).epsilon(1e-10));
        CHECK(std::isnan(nominal.ks.p_value));
        CHECK(std::isnan(nominal.wasserstein.p_value));
    }
}

TEST_CASE("one test alone gives the numbers of the fused evaluation") {
    const Counts reference{0, 40, 50, 60, 70, 0};
    const Counts live{3, 30, 60, 60, 50, 1};
    const std::vector<double> edges{0, 1, 2, 3, 4};
    const auto prepared = d::GridReference::ordered(reference, edges, 0.0, 4.0, 1.2);
    const auto e = d::evaluate(prepared, live, confidence);
    CHECK(d::ks(prepared, live, confidence).p_value == e.ks.p_value);
    CHECK(d::chi_square(prepared, live, confidence).p_value == e.chi_square.p_value);
    CHECK(d::g_test(prepared, live, confidence).p_value == e.g.p_value);
    CHECK(d::psi(prepared, live, confidence).p_value == e.psi.p_value);
    CHECK(d::jensen_shannon(prepared, live, confidence).p_value == e.jensen_shannon.p_value);
    CHECK(d::hellinger(prepared, live, confidence).p_value == e.hellinger.p_value);
    CHECK(d::total_variation(prepared, live, confidence).p_value == e.total_variation.p_value);
    CHECK(d::wasserstein_1(prepared, live, confidence).p_value == e.wasserstein.p_value);
    CHECK(e.ks.reference_count == 220);
    CHECK(e.ks.live_count == 204);
    CHECK(e.psi_null_mean == doctest::Approx(3 * (1.0 / 220 + 1.0 / 204)));
}

TEST_CASE("ordered pooling joins neighbours, and its choice ignores where live values fell") {
    Counts reference(66, 2);
    reference.front() = reference.back() = 0;
    const auto prepared = d::GridReference::ordered(reference);
    vedette::Random random(4);
    std::size_t pooled = 0;
    for (int round = 0; round < 50; ++round) {
        Counts live(66, 0);
        for (int i = 0; i < 500; ++i) ++live[static_cast<std::size_t>(random() % (round % 2 == 0 ? 66 : 9))];
        const auto evidence = d::evaluate(prepared, live, confidence);
        if (pooled == 0) pooled = evidence.pooled_cells;
        CHECK(evidence.pooled_cells == pooled);
        check_sane(evidence);
    }
    CHECK(pooled > 1);
    CHECK(pooled < 13);
}

TEST_CASE("a new category that takes over is found although it has no reference count") {
    const Counts reference{500, 300, 200, 0};
    const auto prepared = d::GridReference::nominal(reference);
    const auto none = d::evaluate(prepared, Counts{500, 300, 200, 0}, confidence);
    CHECK(none.chi_square.p_value == 1.0);
    CHECK(none.chi_square.effect == 0.0);
    CHECK(none.total_variation.p_value > 0.99);
    const auto taken = d::evaluate(prepared, Counts{300, 180, 120, 400}, confidence);
    CHECK(taken.pooled_cells == 4);
    for (const TestResult* result : all(taken))
        if (!std::isnan(result->p_value)) CHECK(result->p_value < 1e-20);
    CHECK(taken.total_variation.effect == doctest::Approx(0.4));
    check_sane(taken);
}

TEST_CASE("total drift reaches the end of every range, and identical counts the other") {
    const Counts reference{0, 1000, 1000, 0, 0, 0};
    const std::vector<double> edges{0, 1, 2, 3, 4};
    const auto prepared = d::GridReference::ordered(reference, edges, 0.0, 4.0, 1.0);
    const auto moved = d::evaluate(prepared, Counts{0, 0, 0, 0, 2000, 0}, confidence);
    CHECK(moved.ks.effect == 1.0);
    CHECK(moved.ks.p_value < 1e-100);
    // From an even spread over [0, 2) to one over [3, 4).
    CHECK(moved.wasserstein.statistic == doctest::Approx(2.5));
    check_sane(moved);
    const auto same = d::evaluate(prepared, reference, confidence);
    for (const TestResult* result : all(same)) {
        CHECK(result->effect == doctest::Approx(0.0));
        CHECK(result->p_value > 0.99);
        CHECK(result->effect_interval.lower == 0.0);
    }
}

TEST_CASE("Wasserstein in f64 extremes and in the smallest range stays defined") {
    const double largest = std::numeric_limits<double>::max();
    const double smallest = std::numeric_limits<double>::denorm_min();
    for (const double scale : {largest, smallest}) {
        const std::vector<double> edges{-scale, 0.0,
                                        scale == largest ? std::numeric_limits<double>::infinity() : 2 * scale};
        const auto prepared = d::GridReference::ordered(Counts{0, 50, 50, 0}, edges, -scale, scale, scale / 2);
        const auto evidence = d::evaluate(prepared, Counts{0, 20, 80, 0}, confidence);
        CHECK(evidence.wasserstein.p_value < 1e-3);
        check_sane(evidence);
    }
    const auto constant =
        d::GridReference::ordered(Counts{0, 50, 0}, std::vector<double>{5.0, std::nextafter(5.0, 6.0)}, 5.0, 5.0, 0.0);
    const auto evidence = d::evaluate(constant, Counts{40, 5, 5}, confidence);
    CHECK(std::isnan(evidence.wasserstein.p_value));
    CHECK(evidence.ks.p_value < 1e-6);
}

TEST_CASE("empty sides, wrong sizes, single cells and corrupt counters give NaN, not nonsense") {
    const auto prepared = d::GridReference::ordered(Counts{0, 50, 50, 0});
    const auto expect_undefined = [](const d::GridEvidence& evidence) {
        for (const TestResult* result : all(evidence)) CHECK(std::isnan(result->p_value));
    };
    expect_undefined(d::evaluate(prepared, Counts{0, 0, 0, 0}, confidence));
    expect_undefined(d::evaluate(prepared, Counts{0, 5, 5}, confidence));
    expect_undefined(d::evaluate(prepared, Counts{0, 5, std::uint64_t{1} << 60U, 0}, confidence));
    expect_undefined(d::evaluate(d::GridReference::ordered(Counts{0, 0, 0}), Counts{1, 2, 3}, confidence));
    expect_undefined(d::evaluate(d::GridReference::nominal(Counts{5}), Counts{5}, confidence));
    expect_undefined(d::evaluate(d::GridReference(), {}, confidence));
    const auto few = d::evaluate(prepared, Counts{0, 2, 1, 0}, confidence);
    CHECK_FALSE(std::isnan(few.ks.p_value));
    CHECK(std::isnan(few.chi_square.p_value));
    CHECK(few.pooled_cells == 1);
}

TEST_CASE("random counters, sparse and vast, keep every number in its range") {
    vedette::Random random(8);
    for (int round = 0; round < 2000; ++round) {
        const std::size_t cells = 2 + static_cast<std::size_t>(random() % 90);
        Counts reference(cells);
        Counts live(cells);
        const unsigned reference_bits = static_cast<unsigned>(random() % 40);
        const unsigned live_bits = static_cast<unsigned>(random() % 40);
        for (std::size_t i = 0; i < cells; ++i) {
            reference[i] = random() % 3 == 0 ? 0 : random() >> (64U - reference_bits - 1U);
            live[i] = random() % 3 == 0 ? 0 : random() >> (64U - live_bits - 1U);
        }
        std::vector<double> edges(cells - 1);
        for (std::size_t i = 0; i + 1 < cells; ++i) edges[i] = static_cast<double>(i * i);
        check_sane(d::evaluate(d::GridReference::ordered(reference, edges, 0.0, edges.back(), 3.0), live, confidence));
        check_sane(d::evaluate(d::GridReference::nominal(reference), live, confidence));
    }
}

TEST_CASE("GridReference refuses what does not fit") {
    const Counts counts{0, 5, 5, 0};
    CHECK_THROWS_WITH(d::GridReference::ordered(counts, std::vector<double>{1.0, 2.0}, 1.0, 2.0),
                      doctest::Contains("one fewer"));
    CHECK_THROWS_AS(d::GridReference::ordered(counts, std::vector<double>{1.0, 1.0, 2.0}, 1.0, 2.0), vedette::Error);
    CHECK_THROWS_AS(d::GridReference::ordered(counts, std::vector<double>{1.0, 2.0, 3.0}, 3.0, 2.0), vedette::Error);
    CHECK_THROWS_AS(d::GridReference::ordered(counts, std::vector<double>{1.0, 2.0, 3.0}), vedette::Error);
    CHECK_THROWS_AS(d::GridReference::nominal(Counts{std::uint64_t{1} << 42U}), vedette::Error);
}
