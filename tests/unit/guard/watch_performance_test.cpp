// SPDX-License-Identifier: Apache-2.0
// Watches over the performance of a model: estimated prediction by prediction or block by block, with its alarms.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sample.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/watch.hpp"
#include "watch_checks.hpp"

using namespace vedette;
using vedette::testing::code_of;
using vedette::testing::contains;
using vedette::testing::draw_sample;
using vedette::testing::refusal;
using vedette::testing::sample_baseline;

namespace {

const double not_a_number = std::nan("");

// Scores that are probabilities, labels drawn by them: of a spread of 1 three quarters are right; of less, fewer.
struct Predictions {
    std::vector<double> scores;
    std::vector<std::uint32_t> classes;
    std::vector<std::uint32_t> labels;

    Predictions(std::size_t rows, std::uint64_t seed, double spread = 1.0) {
        Random random(seed);
        for (std::size_t i = 0; i < rows; ++i) {
            const double p = 0.5 + spread * (random.uniform() - 0.5);
            scores.push_back(p);
            classes.push_back(p > 0.5 ? 1 : 0);
            labels.push_back(random.uniform() < p ? 1 : 0);
        }
    }
    [[nodiscard]] drift::PerformanceReference reference() const {
        return drift::PerformanceReference::fit(scores, classes, labels);
    }
    [[nodiscard]] std::vector<double> estimates(const Policy& policy) const {
        return Watch::estimates(policy.performance, reference(),
                                MatrixView<double>::row_major(scores.data(), scores.size(), 1), classes);
    }
};

Policy performance_policy(const std::string& members) {
    return Policy::from_json(R"({"performance": {)" + members + "}}");
}

}  // namespace

TEST_CASE("a policy names what of the performance is watched") {
    const Policy policy = performance_policy(
        R"("metric": "f1", "rows": 200, "margin": 0.1, "monitors": [{"kind": "cusum", "direction": "up"}])");
    CHECK(policy.watches_streams());
    CHECK(policy.performance.metric == drift::PerformanceMetric::f1);
    CHECK(policy.performance.rows == 200);
    CHECK(policy.performance.margin == 0.1);
    CHECK(Policy::from_json(policy.to_json()).performance == policy.performance);
    CHECK_FALSE(performance_policy(R"("metric": "f1")").watches_streams());
    const auto said = [](const std::string& members) { return refusal(R"({"performance": {)" + members + "}}"); };
    CHECK(contains(said(R"("metric": "f2")"), "/performance/metric: must be one of accuracy"));
    CHECK(contains(said(R"("rows": -1)"), "/performance/rows"));
    CHECK(contains(said(R"("rows": 0, "monitors": [{"kind": "adwin"}])"), "0 lies outside [1, 2147483648]"));
    CHECK(contains(said(R"("metric": "f1", "monitors": [{"kind": "adwin"}])"), "1 lies outside [50, "));
    CHECK(contains(said(R"("margin": 1)"), "/performance/margin: 1 lies outside [0, 1)"));
    CHECK(contains(said(R"("row": 1)"), "/performance/row: unknown key"));
    CHECK(contains(said(R"("monitors": [{"kind": "ddm"}])"), "takes errors, 0 or 1"));
    CHECK(contains(said(R"("monitors": [{"kind": "mean_monitor", "rule": "proportion", "most": 0.2}])"),
                   "takes errors, 0 or 1"));
    CHECK(contains(said(R"("monitors": [{"kind": "e_detector"}])"), "needs values of the reference"));
    CHECK(contains(said(R"("monitors": [{"kind": "adwin"}])"), "needs a reference of scores and labels"));
    // What the reference cannot answer.
    const auto made = [](const std::string& members, const drift::PerformanceReference& reference) {
        return code_of([&] {
            (void)Watch(sample_baseline(), performance_policy(members),
                        {.outputs = {}, .performance = reference, .estimates = {}});
        });
    };
    const drift::PerformanceReference good = Predictions(500, 1).reference();
    CHECK(made(R"("monitors": [{"kind": "harm_monitor"}])", good) == ErrorCode{});
    CHECK(made(R"("margin": 0.9, "monitors": [{"kind": "harm_monitor"}])", good) == ErrorCode::invalid_policy);
    const std::vector<double> low(50, 0.25);
    const std::vector<std::uint32_t> none(50, 0);
    CHECK(made(R"("metric": "precision", "rows": 50, "monitors": [{"kind": "adwin"}])",
               drift::PerformanceReference::fit(low, none, none)) == ErrorCode::invalid_policy);
}

TEST_CASE("any metric of a binary classifier is watched prediction by prediction, with bounds at all times") {
    const Baseline baseline = sample_baseline();
    const drift::PerformanceReference known = Predictions(2000, 1).reference();
    for (const char* const metric : {"precision", "recall", "specificity", "f1", "roc_auc"}) {
        CAPTURE(metric);
        const Policy policy = performance_policy(R"("metric": ")" + std::string(metric) +
                                                 R"(", "margin": 0.02, "monitors": [{"kind": "harm_monitor"}])");
        Watch watch(baseline, policy, {.outputs = {}, .performance = known, .estimates = {}});
        Random random(4);
        const auto feed_scores = [&random](Watch& to, double low, int rows) {
            for (int i = 0; i < rows; ++i) {
                const double score = low + (1.0 - 2.0 * low) * random.uniform();
                to.observe_prediction(score, score > 0.5 ? 1 : 0, i);
            }
        };
        feed_scores(watch, 0.0, 1500);
        const StreamReport quiet = watch.report()[0];
        CHECK(quiet.decision == Decision::pass);
        CHECK(quiet.reading.interval.lower < quiet.reading.estimate);
        CHECK(quiet.reading.interval.upper > quiet.reading.estimate);
        const auto saved = watch.to_bytes();
        Watch resumed = Watch::from_bytes(baseline, policy, saved, known);
        CHECK(resumed.to_bytes() == saved);
        feed_scores(watch, 0.4, 6000);  // scores that are hardly surer than a coin
        CHECK(watch.report()[0].decision == Decision::alarm);
        watch.observe_prediction(not_a_number, 1);
        CHECK(watch.report()[0].counts.nan == 1);
        watch.reset();
        CHECK(watch.report()[0].seen == 0);
    }
}

TEST_CASE("estimated accuracy, prediction by prediction: harm is told, from the reference's own loss") {
    const Baseline baseline = sample_baseline();
    const Predictions past(4000, 1);
    const drift::PerformanceReference reference = past.reference();
    const Policy policy = performance_policy(R"("margin": 0.03, "monitors": [{"kind": "harm_monitor"},
        {"kind": "cusum", "direction": "up", "average_run_length": 1e6}])");
    const std::vector<double> estimates = past.estimates(policy);
    REQUIRE(estimates.size() == 4000);
    Watch watch(baseline, policy, {.outputs = {}, .performance = reference, .estimates = {.values = estimates}});
    // Without them an sd of labels stands in, which is larger: 0.43 for 0.14.
    const auto sd_of = [](const Watch& w) { return nlohmann::json::parse(w.report()[1].options)["sd"].get<double>(); };
    CHECK(sd_of(watch) < 0.2);
    CHECK(sd_of(Watch(baseline, policy, {.outputs = {}, .performance = reference, .estimates = {}})) > 0.4);
    REQUIRE(watch.stream_count() == 2);
    const auto errors = reference.confusion()[1] + reference.confusion()[2];
    const double tolerated = drift::tolerated_loss(errors, 4000, 0.01, 0.03);
    const auto options = nlohmann::json::parse(watch.report()[0].options);
    CHECK(options["tolerated"] == tolerated);
    CHECK(tolerated > 0.28);
    drift::PerformanceWindow window(reference);
    drift::HarmMonitor alone({.tolerated = tolerated});
    const Predictions same(2000, 2);
    for (std::size_t i = 0; i < 2000; ++i) {
        CHECK(watch.observe_prediction(same.scores[i], same.classes[i]) != MonitorState::change);
        alone.update(1.0 - window.observe(same.scores[i], same.classes[i]));
    }
    const WatchMark mark = watch.mark();
    // Scores move to the middle: 55 of 100 right, as the estimate says without a label.
    const Predictions worse(4000, 3, 0.2);
    std::size_t told = 0;
    for (std::size_t i = 0; i < 4000; ++i) {
        const auto said = watch.observe_prediction(worse.scores[i], worse.classes[i], static_cast<std::int64_t>(i));
        alone.update(1.0 - window.observe(worse.scores[i], worse.classes[i]));
        if (told == 0 && said == MonitorState::change) told = i;
    }
    CHECK(told > 0);
    CHECK(told < 30);  // by the chart; of harm since the start is told later
    const auto reports = watch.report(mark);
    CHECK(reports[0].decision == Decision::alarm);
    CHECK(reports[1].decision == Decision::alarm);
    CHECK(reports[0].counts.changes == alone.counts().changes);
    CHECK(reports[0].reading.estimate == alone.mean());
    CHECK(reports[0].subject() == "1 - estimated accuracy");
    CHECK(contains(reports[0].reason(), "1 - estimated accuracy: harm monitor saw"));

    // What is refused is said to every monitor, and is no part of anything.
    watch.observe_prediction(not_a_number, 1);
    watch.observe_prediction(0.5, 7);
    watch.observe_prediction(std::vector<double>{0.1, 0.2}, 1);
    CHECK(watch.report()[1].counts.nan == 3);
    CHECK(watch.report()[1].counts.accepted == 6000);

    Window rows(baseline);
    rows.observe(draw_sample(2000, 9).table());
    Report report = assess(baseline, rows, policy);
    attach(report, watch, mark);
    CHECK(report.decision == Decision::alarm);
    CHECK(code_of([&] { attach(report, watch); }) == ErrorCode::invalid_argument);
    for (const ReportFormat format :
         {ReportFormat::table, ReportFormat::markdown, ReportFormat::junit, ReportFormat::sarif, ReportFormat::html})
        CHECK(contains(render(format, report), "1 - estimated accuracy"));
    CHECK(contains(render_openmetrics(report),
                   "vedette_stream_decision{performance=\"accuracy\",monitor=\"harm_monitor\"} 3\n"));
    CHECK(nlohmann::json::parse(render_json(report))["windows"][0]["streams"][0]["performance"] == "accuracy");
    // Where nobody watches it, a prediction is nobody's.
    CHECK(Watch(baseline).observe_prediction(0.5, 1) == MonitorState::in_control);
}

TEST_CASE("other metrics, block by block, saved in the midst of one") {
    const Baseline baseline = sample_baseline();
    const Predictions past(2000, 1);
    const drift::PerformanceReference reference = past.reference();
    const Predictions live(900, 4, 0.7);
    for (const char* const metric : {"accuracy", "f1", "roc_auc"}) {
        CAPTURE(metric);
        const std::string members =
            std::string(R"("metric": ")") + metric +
            R"(", "rows": 60, "monitors": [{"kind": "cusum", "direction": "up", "threshold": 3}])";
        const Policy policy = performance_policy(members);
        const auto which = *drift::performance_metric(metric);
        const std::vector<double> estimates = past.estimates(policy);
        Watch watch(baseline, policy, {.outputs = {}, .performance = reference, .estimates = {.values = estimates}});
        Watch through = watch;
        drift::PerformanceWindow block(reference);
        auto alone = drift::make_monitor("cusum", "direction=up, threshold=3", {.values = estimates});
        for (std::size_t i = 0; i < live.scores.size(); ++i) {
            watch.observe_prediction(live.scores[i], live.classes[i]);
            through.observe_prediction(live.scores[i], live.classes[i]);
            block.observe(live.scores[i], live.classes[i]);
            if (block.counts().rows == 60) {
                CHECK(block.value(which) == block.estimate()[which].value);
                alone.update(1.0 - block.value(which));
                block.reset();
            }
            if (i % 171 != 0) continue;
            const auto bytes = watch.to_bytes();
            Watch resumed = Watch::from_bytes(baseline, policy, bytes, reference);
            CHECK(resumed.to_bytes() == bytes);
            watch = std::move(resumed);
        }
        CHECK(watch.to_bytes() == through.to_bytes());
        const StreamReport told = watch.report().front();
        CHECK(told.seen == 15);
        CHECK(told.counts.changes == alone.counts().changes);
        CHECK(told.counts.changes > 0);
        CHECK(std::abs(told.reading.statistic - alone.reading().statistic) < 1e-6);
        const auto bytes = watch.to_bytes();
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, policy, bytes); }) == ErrorCode::invalid_policy);
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, policy, bytes, Predictions(2000, 7).reference()); }) ==
              ErrorCode::baseline_mismatch);
        Policy longer = policy;
        longer.performance.rows = 70;
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, longer, bytes, reference); }) ==
              ErrorCode::invalid_policy);
        watch.reset();
        CHECK(watch.to_bytes() ==
              Watch(baseline, policy, {.outputs = {}, .performance = reference, .estimates = {.values = estimates}})
                  .to_bytes());
    }
    CHECK(code_of([&] {
              (void)Watch::estimates({}, reference, MatrixView<double>::row_major(live.scores.data(), 5, 1),
                                     live.classes);
          }) == ErrorCode::dimension_mismatch);
    // Several classes: the same without allocation as with.
    const std::size_t classes = 3;
    Random random(6);
    std::vector<double> scores;
    std::vector<std::uint32_t> predictions;
    for (std::size_t i = 0; i < 300; ++i) {
        const double a = random.uniform();
        const double b = (1.0 - a) * random.uniform();
        scores.insert(scores.end(), {a, b, 1.0 - a - b});
        predictions.push_back(static_cast<std::uint32_t>(random.uniform() * 3.0));
    }
    const auto many = drift::PerformanceReference::fit(MatrixView<double>::row_major(scores.data(), 300, classes),
                                                       predictions, predictions);
    drift::PerformanceWindow window(many);
    for (std::size_t i = 0; i < 300; ++i) window.observe(std::span(scores).subspan(3 * i, 3), predictions[i]);
    for (std::uint8_t m = 0; m < drift::performance_metric_count; ++m) {
        const auto metric = static_cast<drift::PerformanceMetric>(m);
        CHECK(window.value(metric) == window.estimate()[metric].value);
    }
}

TEST_CASE("a hostile block of predictions in a file is refused") {
    const Baseline baseline = sample_baseline();
    const drift::PerformanceReference reference = Predictions(200, 1).reference();
    const Policy policy = performance_policy(R"("metric": "f1", "rows": 50, "monitors": [{"kind": "adwin"}])");
    Watch watch(baseline, policy, {.outputs = {}, .performance = reference, .estimates = {}});
    for (int i = 0; i < 10; ++i) watch.observe_prediction(0.75, 1);
    const auto saved = watch.to_bytes();
    const Container file = Container::view(saved);
    const auto with = [&](std::uint64_t filled, double loss) {
        ContainerWriter writer;
        for (const char* const key : {"baseline", "streams"}) writer.set_metadata(key, file.metadata(key));
        writer.add_scalar("rejected", std::uint64_t{0});
        for (const char* const name : {"0.monitor", "performance.block"})
            writer.add(name, file.values<std::uint8_t>(name));
        writer.add("0.positions", std::vector<std::uint64_t>{});
        writer.add("0.times", std::vector<std::int64_t>{});
        writer.add("0.numbers", std::vector<double>{});
        writer.add("performance.filled", std::vector<std::uint64_t>{50, filled});
        writer.add_scalar("performance.loss", loss);
        return code_of([&] { (void)Watch::from_bytes(baseline, policy, writer.finish("watch"), reference); });
    };
    CHECK(with(10, 2.5) == ErrorCode{});
    CHECK(with(9, 2.5) == ErrorCode::corrupt_data);
    CHECK(with(50, 2.5) == ErrorCode::corrupt_data);
    CHECK(with(10, 10.5) == ErrorCode::corrupt_data);
    CHECK(with(10, -1.0) == ErrorCode::corrupt_data);
    CHECK(with(10, not_a_number) == ErrorCode::corrupt_data);
}
