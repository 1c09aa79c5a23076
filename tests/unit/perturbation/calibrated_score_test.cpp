// SPDX-License-Identifier: Apache-2.0
#include "vedette/perturbation/calibrated_score.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "unit/drift/allocation_count.hpp"
#include "unit/test_values.hpp"
#include "vedette/stats/e_values.hpp"

namespace {

namespace perturbation = vedette::perturbation;
namespace stats = vedette::stats;
using perturbation::AnyScore;
using perturbation::CalibratedScore;
using vedette::Decision;
using vedette::ErrorCode;
using vedette::MatrixView;
using vedette::testing::code_of;

constexpr std::size_t width = 4;

struct Rows {
    std::vector<float> values;
    MatrixView<float> view;

    Rows(std::size_t count, std::uint64_t seed) {
        for (const double x : vedette::testing::normals(count * width, seed)) values.push_back(static_cast<float>(x));
        view = MatrixView<float>::row_major(values.data(), count, width);
    }
};

AnyScore tails() {
    const Rows reference(200, 1);
    return perturbation::fit_score("ecod", "", {.rows = reference.view});
}

}  // namespace

TEST_CASE("calibrated score: evidence is the score and its conformal p-value, in each form") {
    const Rows benign(99, 2), live(10, 3);
    std::vector<std::uint32_t> groups(99);
    std::vector<double> weights(99), scores;
    for (std::size_t i = 0; i < 99; ++i) {
        groups[i] = static_cast<std::uint32_t>(i % 3);
        weights[i] = 0.5 + static_cast<double>(i % 5);
        scores.push_back(tails().score(std::span(benign.values).subspan(i * width, width)));
    }
    const auto plain = CalibratedScore::calibrate(tails(), {.rows = benign.view});
    const auto grouped = CalibratedScore::calibrate(tails(), {.rows = benign.view, .groups = groups});
    const auto weighted = CalibratedScore::calibrate(tails(), {.rows = benign.view, .weights = weights});
    for (const CalibratedScore* each : {&plain, &grouped, &weighted}) {
        CHECK(each->calibration_count() == 99);
        const CalibratedScore again = CalibratedScore::deserialize(each->serialize());
        CHECK(again.serialize() == each->serialize());
        for (std::size_t i = 0; i < 10; ++i) {
            const std::span<const float> row(&live.values[i * width], width);
            const perturbation::RowContext context{.group = 1, .weight = 2.0};
            const auto evidence = each->evaluate(row, context);
            CHECK(evidence.score == tails().score(row));
            CHECK(again.evaluate(row, context).p_value == evidence.p_value);
            const double expected = each == &plain ? stats::ConformalCalibration(scores).p_value(evidence.score)
                                    : each == &grouped
                                        ? stats::MondrianCalibration(scores, groups, 3).p_value(evidence.score, 1)
                                        : stats::WeightedCalibration(scores, weights).p_value(evidence.score, 2.0);
            CHECK(evidence.p_value == expected);
            const bool alarms = expected <= 0.2;
            CHECK(each->decide(evidence, 0.2, context) == (alarms ? Decision::alarm : Decision::pass));
        }
    }
    CHECK(std::isnan(grouped.evaluate(std::span(live.values).first(width), {.group = 3}).p_value));
    CHECK(grouped.decide(grouped.evaluate(std::span(live.values).first(width), {.group = 3}), 0.2, {.group = 3}) ==
          Decision::not_evaluated);
}

TEST_CASE("calibrated score: too few rows are said beforehand, and never pass") {
    const Rows benign(99, 2);
    const auto score = CalibratedScore::calibrate(tails(), {.rows = benign.view});
    score.require_level(0.01);
    CHECK(code_of([&] { score.require_level(0.0099); }) == ErrorCode::not_enough_data);
    CHECK(code_of([&] { score.require_level(0.0); }) == ErrorCode::invalid_argument);
    try {
        score.require_level(0.001);
    } catch (const vedette::Error& error) {
        CHECK(std::string(error.what()).find("999") != std::string::npos);
    }
    const std::vector<float> far(width, 100.0F);
    CHECK(score.decide(score.evaluate(far), 0.01) == Decision::alarm);
    CHECK(score.decide(score.evaluate(far), 0.0099) == Decision::not_evaluated);
}

TEST_CASE("calibrated score: stale calibrations decide nothing, and stay stale through their bytes") {
    const Rows benign(99, 2);
    auto score = CalibratedScore::calibrate(tails(), {.rows = benign.view});
    const std::vector<float> far(width, 100.0F);
    CHECK(score.decide(score.evaluate(far), 0.05) == Decision::alarm);
    score.mark_stale();
    CHECK(score.evaluate(far).p_value == 0.01);
    CHECK(score.decide(score.evaluate(far), 0.05) == Decision::not_evaluated);
    CHECK(CalibratedScore::deserialize(score.serialize()).is_stale());
}

TEST_CASE("calibrated score: misuse, rows that cannot be scored, damaged bytes, no allocation") {
    Rows benign(20, 2);
    benign.values[5] = std::nanf("");
    std::size_t unscored = 0;
    const auto score = CalibratedScore::calibrate(tails(), {.rows = benign.view}, {}, &unscored);
    CHECK(unscored == 1);
    CHECK(score.calibration_count() == 19);
    const std::vector<std::uint32_t> groups(20, 1);
    const std::vector<double> weights(20, 1.0);
    const auto code = [&](const perturbation::CalibrationRows& rows) {
        return code_of([&] { (void)CalibratedScore::calibrate(tails(), rows); });
    };
    CHECK(code({.rows = {}}) == ErrorCode::not_enough_data);
    CHECK(code({.rows = MatrixView<float>::row_major(benign.values.data(), 10, 3)}) == ErrorCode::dimension_mismatch);
    CHECK(code({.rows = benign.view, .groups = groups, .weights = weights}) == ErrorCode::invalid_argument);
    CHECK(code({.rows = benign.view, .groups = std::span(groups).first(3)}) == ErrorCode::dimension_mismatch);
    CHECK(code({.rows = benign.view, .weights = std::span(weights).first(3)}) == ErrorCode::dimension_mismatch);
    CHECK(code({.rows = benign.view, .groups = groups}) == ErrorCode::not_enough_data);  // group 0 has no row
    const std::vector<float> nan(width * 3, std::nanf(""));
    CHECK(code({.rows = MatrixView<float>::row_major(nan.data(), 3, width)}) == ErrorCode::not_enough_data);

    const std::vector<std::byte> bytes = score.serialize();
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64)
        CHECK(code_of([&] { (void)CalibratedScore::deserialize(std::span(bytes).first(size)); }) ==
              ErrorCode::corrupt_data);
    const std::vector<float> row(width, 0.5F);
    const std::size_t before = allocation_count();
    for (int i = 0; i < 10; ++i) CHECK(score.decide(score.evaluate(row), 0.1) != Decision::warn);
    CHECK(allocation_count() == before);
}

TEST_CASE("fused e-value: the mean of calibrated p-values") {
    const double nan = std::nan("");
    const std::vector<double> two{0.01, 0.4};
    CHECK(perturbation::fused_e_value(two) ==
          doctest::Approx((stats::mixture_calibrator(0.01) + stats::mixture_calibrator(0.4)) / 2));
    CHECK(perturbation::fused_e_value(std::vector<double>{nan, 0.01}) == stats::mixture_calibrator(0.01));
    CHECK(std::isnan(perturbation::fused_e_value(std::vector<double>{nan})));
    CHECK(std::isnan(perturbation::fused_e_value({})));
    CHECK(std::isnan(perturbation::fused_e_value(std::vector<double>{1.5})));
    CHECK(std::isinf(perturbation::fused_e_value(std::vector<double>{0.0, 1.0})));
}
