// SPDX-License-Identifier: Apache-2.0
// Performance in reports: the ranking of features by their effect, verdicts by estimate and by labels, every format.
#include "vedette/guard/performance_report.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/report.hpp"

using namespace vedette;
using vedette::testing::code_of;

namespace {

// A model that is right for small `hard`, whatever `easy` is; both drift.
struct World {
    Baseline baseline;
    drift::PerformanceReference reference;
    Window labelled, right, live;
    drift::PerformanceWindow estimated;
    drift::RealisedWindow realised;
};

// Of a row: its score, and whether the prediction (score > 0.5) is right.
struct Drawn {
    double easy, hard, score;
    std::uint32_t prediction, label;
};

Drawn draw(Random& random, double easy_shift, double hard_shift) {
    const double easy = random.normal() + easy_shift, hard = random.normal() + hard_shift;
    const double sure = hard < 0.5 ? 0.95 : 0.6;
    const bool positive = random.uniform() < 0.5;
    const double score = positive ? sure : 1.0 - sure;
    const auto label = static_cast<std::uint32_t>(random.uniform() < score ? 1 : 0);
    return {easy, hard, score, positive ? 1U : 0U, label};
}

World make_world(double easy_shift, double hard_shift) {
    Random random(11);
    std::vector<double> easy, hard, scores;
    std::vector<std::uint32_t> predictions, labels;
    for (int i = 0; i < 6000; ++i) {
        const Drawn row = draw(random, 0.0, 0.0);
        easy.push_back(row.easy);
        hard.push_back(row.hard);
        scores.push_back(row.score);
        predictions.push_back(row.prediction);
        labels.push_back(row.label);
    }
    const Baseline baseline =
        Baseline::build(Table({{"easy", Column::numeric(easy)}, {"<hard>", Column::numeric(hard)}}));
    const auto reference = drift::PerformanceReference::fit(scores, predictions, labels);
    World world{baseline,
                reference,
                Window(baseline),
                Window(baseline),
                Window(baseline),
                drift::PerformanceWindow(reference),
                drift::RealisedWindow(reference)};
    for (std::size_t i = 0; i < easy.size(); ++i) {
        const std::vector<double> row{easy[i], hard[i]};
        world.labelled.observe(std::span<const double>(row));
        if (predictions[i] == labels[i]) world.right.observe(std::span<const double>(row));
    }
    for (int i = 0; i < 4000; ++i) {
        const Drawn row = draw(random, easy_shift, hard_shift);
        world.live.observe(std::span<const double>(std::vector<double>{row.easy, row.hard}));
        world.estimated.observe(row.score, row.prediction);
        if (i % 2 == 0) world.realised.observe(row.score, row.prediction, row.label);
    }
    return world;
}

PerformanceSources all_of(const World& world) {
    return {&world.estimated, &world.realised, &world.labelled, &world.right};
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("features are ranked by what their drift does to the accuracy, not by how much they drifted") {
    const World world = make_world(2.0, 0.75);
    const auto ranking = rank_by_performance(world.labelled, world.right, world.live);
    REQUIRE(ranking.size() == 2);
    CHECK(ranking[0].effect.feature == 1);
    // P(hard >= 0.5) goes from 0.3085 to 0.5987, at 0.35 each.
    CHECK(ranking[0].effect.interval.lower < -0.35 * 0.2902);
    CHECK(ranking[0].effect.interval.upper > -0.35 * 0.2902);
    CHECK(ranking[0].adjusted_p_value < 1e-10);
    CHECK(ranking[1].effect.interval.lower < 0.0);
    CHECK(ranking[1].effect.interval.upper > 0.0);
    const Policy ignoring = Policy::from_json(R"({"features": {"<hard>": {"ignore": true}}})");
    CHECK(rank_by_performance(world.labelled, world.right, world.live, ignoring).size() == 1);
    // Drift of `easy` alone is the larger, and does nothing.
    const Report report = assess(world.baseline, world.live);
    CHECK(report.ranking().front() == 0);
    CHECK(code_of([&] { (void)rank_by_performance(world.right, world.labelled, world.live); }) ==
          ErrorCode::invalid_argument);
}

TEST_CASE("a report with a performance: verdicts by labels and by estimate") {
    const Policy policy = Policy::from_json(R"({"defaults": {"tolerance": 1}, "performance": {"margin": 0.02}})");
    const World harmed = make_world(0.0, 0.75);
    Report report = assess(harmed.baseline, harmed.live, policy);
    CHECK(report.decision != Decision::alarm);
    attach(report, all_of(harmed), policy);
    REQUIRE(report.performance);
    CHECK(report.performance->decision == Decision::alarm);
    CHECK(report.performance->by_labels);
    CHECK(report.decision == Decision::alarm);
    CHECK(contains(report.summary(), "realised accuracy is lower"));
    CHECK(report.performance->gap->rows == 2000);
    CHECK(report.performance->gap->p_value > 1e-4);
    CHECK(code_of([&] { attach(report, all_of(harmed), policy); }) == ErrorCode::invalid_argument);

    Report by_estimate = assess(harmed.baseline, harmed.live, policy);
    attach(by_estimate, {.estimated = &harmed.estimated}, policy);
    CHECK(by_estimate.performance->decision == Decision::alarm);
    CHECK(!by_estimate.performance->by_labels);
    CHECK(by_estimate.performance->ranking.empty());
    // A wide margin leaves a warning; drift that does no harm is none.
    const Policy wide = Policy::from_json(R"({"defaults": {"tolerance": 1}, "performance": {"margin": 0.5}})");
    Report warned = assess(harmed.baseline, harmed.live, wide);
    attach(warned, all_of(harmed), wide);
    CHECK(warned.performance->decision == Decision::warn);
    const World harmless = make_world(2.0, 0.0);
    Report well = assess(harmless.baseline, harmless.live, policy);
    attach(well, all_of(harmless), policy);
    CHECK(well.performance->decision == Decision::pass);
    // Too few labels: the estimate decides; too little of either: nothing does.
    const drift::RealisedWindow none(harmed.reference);
    Report few = assess(harmed.baseline, harmed.live, policy);
    attach(few, {.estimated = &harmed.estimated, .realised = &none}, policy);
    CHECK(few.performance->decision == Decision::alarm);
    CHECK(!few.performance->by_labels);
    Report nothing = assess(harmed.baseline, harmed.live, policy);
    attach(nothing, {.realised = &none}, policy);
    CHECK(nothing.performance->decision == Decision::not_evaluated);
}

TEST_CASE("a small reference is a draw too: the level holds over both") {
    // One law before and after, right with probability 0.8; every verdict but a pass is false.
    const Policy policy =
        Policy::from_json(R"({"level": 0.02, "defaults": {"tolerance": 1}, "performance": {"margin": 0}})");
    std::vector<double> numbers(200);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i);
    const Baseline baseline = Baseline::build(Table({{"x", Column::numeric(numbers)}}));
    const Report bare = assess(baseline, Window(baseline), policy);
    Random random(17);
    int by_labels = 0, by_estimate = 0;
    for (int run = 0; run < 300; ++run) {
        std::vector<double> scores;
        std::vector<std::uint32_t> predictions, labels;
        for (int i = 0; i < 100; ++i) {
            predictions.push_back(random.uniform() < 0.5 ? 1 : 0);
            scores.push_back(predictions.back() == 1 ? 0.8 : 0.2);
            labels.push_back(random.uniform() < scores.back() ? 1 : 0);
        }
        const auto reference = drift::PerformanceReference::fit(scores, predictions, labels,
                                                                {.calibration = drift::CalibrationRule::never});
        drift::PerformanceWindow estimated(reference);
        drift::RealisedWindow realised(reference);
        for (int i = 0; i < 3000; ++i) {
            const std::uint32_t said = random.uniform() < 0.5 ? 1 : 0;
            const double score = said == 1 ? 0.8 : 0.2;
            estimated.observe(score, said);
            realised.observe(score, said, random.uniform() < score ? 1 : 0);
        }
        Report first = bare, second = bare;
        attach(first, {.realised = &realised}, policy);
        attach(second, {.estimated = &estimated}, policy);
        by_labels += first.performance->decision == Decision::pass ? 0 : 1;
        by_estimate += second.performance->decision == Decision::pass ? 0 : 1;
    }
    // One-sided at 0.01: P(more than 10 of 300) < 1e-3.
    CHECK(by_labels <= 10);
    CHECK(by_estimate <= 10);
}

TEST_CASE("what cannot be attached leaves the report as it was") {
    const World world = make_world(0.0, 0.0), other = make_world(0.5, 0.0);
    Report report = assess(world.baseline, world.live);
    const Decision before = report.decision;
    CHECK(code_of([&] { attach(report, PerformanceSources{}); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { attach(report, {.estimated = &world.estimated, .labelled = &world.labelled}); }) ==
          ErrorCode::invalid_argument);
    const std::vector<double> scores(40, 0.5);
    const std::vector<std::uint32_t> classes(40, 1);
    const drift::RealisedWindow foreign(drift::PerformanceReference::fit(scores, classes, classes));
    CHECK(code_of([&] { attach(report, {.estimated = &world.estimated, .realised = &foreign}); }) ==
          ErrorCode::baseline_mismatch);
    const std::vector<double> numbers(200, 1.0);
    const Window elsewhere(Baseline::build(Table({{"easy", Column::numeric(numbers)}})));
    CHECK(code_of([&] {
              attach(report, {.estimated = &world.estimated, .labelled = &elsewhere, .right = &elsewhere});
          }) == ErrorCode::baseline_mismatch);
    CHECK(!report.performance);
    CHECK(report.decision == before);
}

TEST_CASE("every format shows the performance") {
    const World world = make_world(0.0, 0.75);
    Report report = assess(world.baseline, world.live);
    attach(report, all_of(world));
    const auto json = nlohmann::json::parse(render_json(report));
    const auto& performance = json["windows"][0]["performance"];
    CHECK(performance["decision"] == "alarm");
    CHECK(performance["by_labels"] == true);
    CHECK(performance["ranking"][0]["feature"] == "<hard>");
    CHECK(performance["realised"]["accuracy"]["value"].get<double>() ==
          doctest::Approx(report.performance->realised->metrics[0].value));
    CHECK(performance["estimated"]["roc_auc"]["interval"].size() == 2);
    CHECK(performance["gap"]["rows"] == 2000);
    const std::string markdown = render_markdown(report), html = render_html(report), table = render_table(report);
    CHECK(contains(markdown, "| drift of | effect on accuracy |"));
    CHECK(contains(html, "Performance of the model"));
    CHECK(contains(html, "&lt;hard&gt;"));
    CHECK(!contains(html, "<hard>"));
    CHECK(contains(table, "its drift changes the accuracy by"));
    const std::string metrics = render_openmetrics(report);
    CHECK(contains(metrics, "vedette_performance_decision 3\n"));
    CHECK(contains(metrics, "vedette_performance{metric=\"accuracy\",by=\"labels\"} "));
    CHECK(contains(metrics, "vedette_performance_effect{feature=\"<hard>\"} -"));
    CHECK(contains(render_junit(report), "vedette.performance"));
    CHECK(contains(render_sarif(report), "vedette/performance"));
}
