// SPDX-License-Identifier: Apache-2.0
// Monitors over the stream of requests: the policy's words, the moments of change, periods, files, and every format.
#include "vedette/guard/watch.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "guard/report_plots.hpp"
#include "sample.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/container.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/drift/harm_monitor.hpp"
#include "vedette/guard/render.hpp"

using namespace vedette;
using vedette::testing::code_of;
using vedette::testing::draw_sample;
using vedette::testing::sample_baseline;

namespace {

const double not_a_number = std::nan("");

constexpr const char* watching = R"({
    "features": {"income": {"monitors": [{"kind": "adwin", "delta": 0.001}, {"kind": "e_detector"}]},
                 "score": {"monitors": [{"kind": "cusum", "average_run_length": 100000, "direction": "up"}]}},
    "outputs": {"loss": [{"kind": "harm_monitor", "tolerated": 0.2}]}})";

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::string refusal(const std::string& policy) {
    try {
        (void)Watch(sample_baseline(), Policy::from_json(policy));
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_policy);
        return error.what();
    }
    return "accepted";
}

// Row i of a stream whose score rises by two at row 500.
std::vector<double> row_of(Random& random, int i) {
    return {std::exp(random.normal()), 0.0, random.normal() + (i < 500 ? 0.0 : 2.0), 0.0};
}

void feed(Watch& watch, Random& random, int begin, int end) {
    for (int i = begin; i < end; ++i) {
        watch.observe(row_of(random, i), 1000 + i);
        if (i % 2 == 0) watch.observe_output(0, random.uniform() < 0.1 ? 1.0 : 0.0, 1000 + i);
    }
}

}  // namespace

TEST_CASE("a policy names monitors, and is refused where they make no sense") {
    const Policy policy = Policy::from_json(watching);
    CHECK(policy.watches_streams());
    CHECK_FALSE(Policy{}.watches_streams());
    CHECK(Policy::from_json(policy.to_json()).to_json() == policy.to_json());
    CHECK(policy.for_feature("income").monitors.size() == 2);
    const auto json = nlohmann::json::parse(policy.to_json());
    CHECK(json["features"]["score"]["monitors"][0]["average_run_length"] == 100000);
    CHECK(json["outputs"]["loss"][0]["kind"] == "harm_monitor");
    Policy by_hand;
    by_hand.defaults.monitors = {{"cusum", "slack=0.25, direction=up"}};
    CHECK(Policy::from_json(by_hand.to_json()).to_json() == by_hand.to_json());
    const auto feature = [](const std::string& monitor) {
        return refusal(R"({"features": {"income": {"monitors": [)" + monitor + "]}}}");
    };
    CHECK(contains(feature(R"({"kind": "adwn"})"), "policy /features/income/monitors/0: monitor: there is no kind"));
    CHECK(contains(feature(R"({"delta": 1})"), "/features/income/monitors/0/kind"));
    CHECK(contains(feature("3"), "must be an object"));
    CHECK(contains(feature(R"({"kind": "adwin", "delta": 2})"), "delta must lie between"));
    CHECK(contains(feature(R"({"kind": "adwin", "dleta": 2})"), "no option \"dleta\""));
    CHECK(contains(feature(R"({"kind": "adwin", "delta": [2]})"), "delta must be a number"));
    CHECK(contains(feature(R"({"kind": "adwin"}, {"kind": "adwin", "delta": 0.1})"), "names adwin twice"));
    CHECK(contains(feature(R"({"kind": "incremental_ks"})"), "a baseline keeps none"));
    CHECK(contains(feature(R"({"kind": "cusum", "block": 5})"), "two blocks"));
    CHECK(feature(R"({"kind": "cusum", "block": 5, "mean": 1, "sd": 0.5})") == "accepted");
    CHECK(contains(refusal(R"({"features": {"country": {"monitors": [{"kind": "adwin"}]}}})"), "categorical"));
    CHECK(contains(refusal(R"({"features": {"nothing": {"monitors": [{"kind": "adwin"}]}}})"), "no feature"));
    CHECK(contains(refusal(R"({"outputs": {"loss": []}})"), "names no monitor"));
    CHECK(contains(refusal(R"({"outputs": {"loss": [{"kind": "cusum"}]}})"), "output \"loss\": monitor cusum: needs"));
    CHECK(contains(refusal(R"({"outputs": {"loss": {"kind": "adwin"}}})"), "an array of monitors"));
    // The defaults' are for all numeric features that are not ignored.
    const Watch all(sample_baseline(), Policy::from_json(R"({"defaults": {"monitors": [{"kind": "adwin"}]},
        "features": {"claims": {"ignore": true}, "score": {"monitors": []}}})"));
    CHECK(all.stream_count() == 1);
    CHECK(all.report().front().name == "income");
}

TEST_CASE("alarms come at their moment, and a report says them") {
    const Baseline baseline = sample_baseline(5000);
    const Policy policy = Policy::from_json(watching);
    Watch watch(baseline, policy);
    CHECK(watch.stream_count() == 4);
    CHECK(watch.output("loss") == 0);
    CHECK(code_of([&] { (void)watch.output("los"); }) == ErrorCode::invalid_argument);
    Random random(3);
    feed(watch, random, 0, 500);
    CHECK(watch.alarms() == 0);
    const WatchMark mark = watch.mark();
    for (const StreamReport& stream : watch.report()) CHECK(stream.decision == Decision::pass);
    for (const StreamReport& stream : watch.report(mark)) CHECK(stream.decision == Decision::not_evaluated);
    int told_at = -1;
    for (int i = 500; i < 800; ++i)
        if (watch.observe(row_of(random, i), 1000 + i) == MonitorState::change && told_at < 0) told_at = i;
    CHECK(told_at > 500);
    CHECK(told_at < 520);
    const auto reports = watch.report(mark);
    REQUIRE(reports.size() == 4);
    CHECK(reports[0].decision == Decision::pass);
    CHECK(reports[3].decision == Decision::not_evaluated);
    CHECK(reports[3].seen == 250);
    const StreamReport& score = reports[2];
    CHECK(score.name == "score");
    CHECK(score.decision == Decision::alarm);
    CHECK(score.period_begin == 500);
    CHECK(score.period_alarms == score.counts.changes);
    CHECK(score.seen == 800);
    REQUIRE_FALSE(score.alarms.empty());
    CHECK(score.alarms.front().position == static_cast<std::uint64_t>(told_at) + 1);
    CHECK(score.alarms.front().time == 1000 + told_at);
    CHECK(score.alarms.front().reading.statistic > score.alarms.front().reading.limit);
    CHECK(contains(score.reason(), "score: cusum saw"));

    // The same as the monitor itself, over what the baseline knows.
    const FeatureBaseline& known = baseline.features()[2];
    auto alone = drift::make_monitor("cusum", "average_run_length=100000,direction=up",
                                     {.mean = known.moments.mean, .sd = known.moments.standard_deviation()});
    Random again(3);
    for (int i = 0; i < 500; ++i) {
        alone.update(row_of(again, i)[2]);
        if (i % 2 == 0) (void)again.uniform();
    }
    for (int i = 500; i < 800; ++i) alone.update(row_of(again, i)[2]);
    CHECK(alone.counts().changes == score.counts.changes);
    CHECK(alone.options_json() == score.options);

    // Beside a window: the gravest of both.
    Window window(baseline);
    window.observe(draw_sample(5000, 99).table());
    Report report = assess(baseline, window, policy);
    CHECK(report.decision == Decision::pass);
    attach(report, watch, mark);
    CHECK(report.decision == Decision::alarm);
    CHECK(contains(report.summary(), "monitors saw changes (score by cusum)"));
    for (const ReportFormat format :
         {ReportFormat::table, ReportFormat::json, ReportFormat::markdown, ReportFormat::junit, ReportFormat::sarif,
          ReportFormat::html, ReportFormat::openmetrics}) {
        CAPTURE(report_format_name(format));
        const std::string text = render(format, report);
        CHECK(contains(text, "cusum"));
        CHECK((contains(text, "harm_monitor") || contains(text, "harm monitor")));
        CHECK(contains(text, "alarm"));
    }
    CHECK(contains(render_openmetrics(report), "vedette_stream_decision{feature=\"score\",monitor=\"cusum\"} 3\n"));
    CHECK(contains(render_openmetrics(report),
                   "vedette_stream_values_total{output=\"loss\",monitor=\"harm_monitor\"} 250\n"));
    const auto streams = nlohmann::json::parse(render_json(report))["windows"][0]["streams"];
    CHECK(streams[2]["feature"] == "score");
    CHECK(streams[2]["newest_alarms"][0]["position"] == told_at + 1);
    CHECK(streams[3]["output"] == "loss");
    CHECK(contains(render_html(report), "Streams, value by value"));
    CHECK(contains(render_html(report), rendering::stream_plot(score)));
    CHECK(contains(rendering::stream_plot(score), "<title>value 5"));
    CHECK(contains(rendering::stream_plot(score), "class=\"period\" x=\"211.5\""));  // 500 of 800 values

    // What nobody fed was not checked.
    Report quiet = assess(baseline, window, policy);
    Watch fresh(baseline, policy);
    attach(quiet, fresh);
    CHECK(quiet.decision == Decision::not_evaluated);
    CHECK(contains(quiet.summary(), "monitors were given no value"));
    CHECK(code_of([&] { attach(quiet, Watch(sample_baseline(600), policy)); }) == ErrorCode::baseline_mismatch);
    CHECK(code_of([&] { (void)Watch(baseline).report(mark); }) == ErrorCode::invalid_argument);
}

TEST_CASE("rows of every type, and of another width") {
    const Baseline baseline = sample_baseline();
    const Policy policy = Policy::from_json(R"({"features": {"income": {"monitors": [{"kind": "adwin"}]}}})");
    Watch wide(baseline, policy);
    Watch narrow(baseline, policy);
    Watch mixed(baseline, policy);
    Random random(1);
    for (int i = 0; i < 300; ++i) {
        const float income =
            i % 50 == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(random.normal());
        wide.observe(std::vector<double>{income, 0.0, 0.0, 0.0});
        narrow.observe(std::vector<float>{income, 0.0F, 0.0F, 0.0F});
        const Value first = i % 100 == 0 ? Value("text") : i % 50 == 0 ? Value() : Value(static_cast<double>(income));
        mixed.observe(std::vector<Value>{first, 0.0, 0.0, "CH"});
    }
    CHECK(wide.to_bytes() == narrow.to_bytes());
    CHECK(wide.to_bytes() == mixed.to_bytes());
    CHECK(wide.report().front().counts.nan == 6);
    wide.observe(std::vector<double>{1.0});
    CHECK(wide.rejected() == 1);
    CHECK(wide.report().front().seen == 300);
    CHECK(wide.observe_output(7, 1.0) == MonitorState::in_control);
    wide.reset();
    CHECK(wide.to_bytes() == Watch(baseline, policy).to_bytes());
}

TEST_CASE("a watch saved at any point goes on bit for bit, and keeps the newest alarms") {
    const Baseline baseline = sample_baseline();
    const Policy policy = Policy::from_json(
        R"({"features": {"score": {"monitors": [{"kind": "cusum", "threshold": 1, "thin": 2}]},
            "income": {"monitors": [{"kind": "e_process", "level": 0.2}]}},
            "outputs": {"loss": [{"kind": "incremental_ks", "window": 20}]}})");
    const std::vector<double> past = vedette::testing::normals(100, 5);
    const WatchReferences references{.outputs = {{"loss", {.values = past}}}};
    Watch watch(baseline, policy, references);
    Random random(8);
    for (int i = 0; i < 3000; ++i) {
        watch.observe(row_of(random, i), i);
        watch.observe_output(0, random.normal(), i);
        if (i % 499 != 0) continue;
        const auto bytes = watch.to_bytes();
        Watch resumed = Watch::from_bytes(baseline, policy, bytes);
        CHECK(resumed.to_bytes() == bytes);
        watch = std::move(resumed);
    }
    Watch through(baseline, policy, references);
    Random same(8);
    for (int i = 0; i < 3000; ++i) {
        through.observe(row_of(same, i), i);
        through.observe_output(0, same.normal(), i);
    }
    CHECK(through.to_bytes() == watch.to_bytes());
    const auto reports = watch.report();
    const StreamReport& score = reports[1];
    REQUIRE(score.counts.changes > Watch::kept_alarms);
    REQUIRE(score.alarms.size() == Watch::kept_alarms);
    for (std::size_t i = 1; i < score.alarms.size(); ++i)
        CHECK(score.alarms[i].position > score.alarms[i - 1].position);
    CHECK(score.alarms.back().position > 2900);
    CHECK(contains(rendering::stream_plot(score), "the newest 64 of"));

    const auto bytes = watch.to_bytes();
    CHECK(code_of([&] { (void)Watch::from_bytes(sample_baseline(600), policy, bytes); }) ==
          ErrorCode::baseline_mismatch);
    for (const char* other :
         {"{}", R"({"features": {"score": {"monitors": [{"kind": "cusum", "threshold": 2, "thin": 2}]},
                    "income": {"monitors": [{"kind": "e_process", "level": 0.2}]}},
                    "outputs": {"loss": [{"kind": "incremental_ks", "window": 20}]}})",
          R"({"features": {"score": {"monitors": [{"kind": "cusum", "threshold": 1}]},
                    "income": {"monitors": [{"kind": "e_process", "level": 0.2}]}},
                    "outputs": {"loss": [{"kind": "incremental_ks", "window": 20}]}})"})
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, Policy::from_json(other), bytes); }) ==
              ErrorCode::invalid_policy);
    const auto renamed = Policy::from_json(
        R"({"features": {"score": {"monitors": [{"kind": "cusum", "threshold": 1, "thin": 2}]},
            "income": {"monitors": [{"kind": "e_process", "level": 0.2}]}},
            "outputs": {"cost": [{"kind": "incremental_ks", "window": 20}]}})");
    CHECK(code_of([&] { (void)Watch::from_bytes(baseline, renamed, bytes); }) == ErrorCode::invalid_policy);
    CHECK(code_of([&] { (void)Watch::from_bytes(baseline, policy, baseline.to_bytes()); }) == ErrorCode::corrupt_data);
    CHECK(code_of([&] {
              (void)Watch::from_bytes(baseline, policy, std::vector<std::byte>(bytes.begin(), bytes.end() - 1));
          }) == ErrorCode::corrupt_data);
}

TEST_CASE("hostile alarms in a file are refused") {
    const Baseline baseline = sample_baseline();
    const Policy policy =
        Policy::from_json(R"({"features": {"score": {"monitors": [{"kind": "cusum", "threshold": 1}]}}})");
    Watch watch(baseline, policy);
    for (int i = 0; i < 6; ++i) watch.observe(std::vector<double>{0.0, 0.0, 50.0, 0.0}, i);
    REQUIRE(watch.alarms() == 6);
    const auto bytes = watch.to_bytes();
    const Container file = Container::view(bytes);
    const auto monitor = file.values<std::uint8_t>("0.monitor");
    const auto with = [&](std::vector<std::uint64_t> positions, std::size_t times, std::size_t numbers) {
        ContainerWriter writer;
        writer.set_metadata("baseline", to_hex(baseline.id()));
        writer.set_metadata("streams", file.metadata("streams"));
        writer.add_scalar("rejected", std::uint64_t{0});
        writer.add("0.monitor", monitor);
        writer.add("0.positions", positions);
        writer.add("0.times", std::vector<std::int64_t>(times, 1));
        writer.add("0.numbers", std::vector<double>(numbers, not_a_number));
        return code_of([&] { (void)Watch::from_bytes(baseline, policy, writer.finish("watch")); });
    };
    CHECK(with({1, 2, 3, 4, 5, 6}, 6, 30) == ErrorCode{});
    CHECK(with({1, 2, 3, 4, 5, 7}, 6, 30) == ErrorCode::corrupt_data);
    CHECK(with({0, 2, 3, 4, 5, 6}, 6, 30) == ErrorCode::corrupt_data);
    CHECK(with({1, 2, 4, 3, 5, 6}, 6, 30) == ErrorCode::corrupt_data);
    CHECK(with({1, 2, 3, 4, 5}, 5, 25) == ErrorCode::corrupt_data);
    CHECK(with({1, 2, 3, 4, 5, 6}, 5, 30) == ErrorCode::corrupt_data);
    CHECK(with({1, 2, 3, 4, 5, 6}, 6, 29) == ErrorCode::corrupt_data);
}

namespace {

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

TEST_CASE("a period in which values turn into what cannot be taken is no pass") {
    Watch watch(sample_baseline(), Policy::from_json(R"({"outputs": {"loss": [{"kind": "adwin"}]}})"));
    Random random(5);
    for (int i = 0; i < 500; ++i) watch.observe_output(0, random.uniform());
    const WatchMark mark = watch.mark();
    CHECK(watch.report()[0].decision == Decision::pass);
    for (int i = 0; i < 200; ++i) watch.observe_output(0, i % 3 == 0 ? random.uniform() : not_a_number);
    CHECK(watch.report(mark)[0].decision == Decision::not_evaluated);
    CHECK(contains(watch.report(mark)[0].reason(), "could not be taken"));
    // Where two of three were missing before, it is as it was.
    const WatchMark used_to_it = watch.mark();
    for (int i = 0; i < 20; ++i) watch.observe_output(0, i % 3 == 0 ? random.uniform() : not_a_number);
    CHECK(watch.report(used_to_it)[0].decision == Decision::pass);
}

TEST_CASE("a flood of what cannot be taken is seen through blocks and between thinned values") {
    for (const char* const rule : {"\"block\": 4", "\"thin\": 4", "\"block\": 25", "\"thin\": 1"}) {
        CAPTURE(rule);
        const std::string policy = std::string(R"({"outputs": {"loss": [{"kind": "adwin", )") + rule + "}]}}";
        Watch watch(sample_baseline(), Policy::from_json(policy));
        Random random(5);
        const auto feed_loss = [&](int count, double missing) {
            for (int i = 0; i < count; ++i)
                watch.observe_output(0, random.uniform() < missing ? not_a_number : random.uniform());
        };
        feed_loss(998, 0.1);
        CHECK(watch.report()[0].decision == Decision::pass);
        WatchMark mark = watch.mark();
        feed_loss(800, 0.1);
        CHECK(watch.report(mark)[0].decision == Decision::pass);
        mark = watch.mark();
        feed_loss(800, 0.75);
        CHECK(watch.report(mark)[0].decision == Decision::not_evaluated);
    }
    // Between the values that a thinned monitor looks at, nothing is missed.
    Watch watch(sample_baseline(), Policy::from_json(R"({"outputs": {"loss": [{"kind": "adwin", "thin": 4}]}})"));
    Random random(6);
    for (int i = 0; i < 400; ++i) watch.observe_output(0, random.uniform());
    const WatchMark mark = watch.mark();
    for (int i = 0; i < 800; ++i) watch.observe_output(0, i % 4 == 0 ? random.uniform() : not_a_number);
    CHECK(watch.report(mark)[0].decision == Decision::pass);
}

TEST_CASE("a policy joins the e-processes of its features at a false discovery rate") {
    const Policy policy = Policy::from_json(R"({"joined_evidence": {"false_discovery_rate": 0.05},
        "features": {"income": {"monitors": [{"kind": "e_process"}]},
                     "score": {"monitors": [{"kind": "e_process"}]}}})");
    CHECK(Policy::from_json(policy.to_json()).to_json() == policy.to_json());
    CHECK(contains(refusal(R"({"joined_evidence": {"false_discovery_rate": 0.05}})"), "names no e_process"));
    CHECK(contains(refusal(R"({"joined_evidence": {"false_discovery_rate": 0.7},
        "defaults": {"monitors": [{"kind": "e_process"}]}})"),
                   "/joined_evidence/false_discovery_rate"));
    CHECK(contains(refusal(R"({"joined_evidence": {"false_discovery_rate": 0.05},
        "defaults": {"monitors": [{"kind": "e_process", "level": 0.1}]}})"),
                   "/defaults/monitors"));

    Watch watch(sample_baseline(), policy);
    CHECK(watch.evidence()->decision == Decision::not_evaluated);
    Random random(3);
    feed(watch, random, 0, 500);
    CHECK(watch.evidence()->decision == Decision::pass);
    const WatchMark quiet = watch.mark();
    const auto saved = watch.to_bytes();
    Watch resumed = Watch::from_bytes(sample_baseline(), policy, saved);
    CHECK(resumed.to_bytes() == saved);
    Random again = random;
    feed(watch, random, 500, 900);
    feed(resumed, again, 500, 900);
    CHECK(watch.to_bytes() == resumed.to_bytes());
    CHECK(Watch::from_bytes(sample_baseline(), policy, watch.to_bytes()).to_bytes() == watch.to_bytes());
    CHECK(watch.alarms() == 1);
    const auto found = watch.evidence(quiet);
    REQUIRE(found);
    CHECK(found->decision == Decision::alarm);
    CHECK(found->discovered() == 1);
    CHECK(watch.evidence(watch.mark())->decision == Decision::not_evaluated);
    for (const StreamReport& stream : watch.report()) {
        CHECK(stream.is_discovered == (stream.name == "score"));
        CHECK(stream.period_alarms == (stream.name == "score" ? 1 : 0));
        if (stream.is_discovered) CHECK(stream.alarms.back().position > 500);
    }
    // Other rates and other monitors are another watch's.
    Policy other = policy;
    other.joined_evidence.false_discovery_rate = 0.1;
    CHECK(code_of([&] { (void)Watch::from_bytes(sample_baseline(), other, saved); }) == ErrorCode::invalid_policy);
    other.joined_evidence.false_discovery_rate = 0.0;
    CHECK(code_of([&] { (void)Watch::from_bytes(sample_baseline(), other, saved); }) == ErrorCode::invalid_policy);

    Window window(sample_baseline());
    Report report = assess(sample_baseline(), window, policy);
    attach(report, watch, quiet);
    CHECK(report.decision == Decision::alarm);
    for (const std::string& text : {render_json(report), render_html(report), render_markdown(report),
                                    render_table(report), render_junit(report), render_sarif(report)})
        CHECK(contains(text, "oined evidence discovers changes in 1 of"));
    CHECK(contains(render_openmetrics(report), "vedette_joined_evidence_discovered{stream=\"score\"} 1\n"));
    const auto told = nlohmann::json::parse(render_json(report));
    CHECK(told["windows"][0]["joined_evidence"]["discovered"] == nlohmann::json({"score"}));

    // Shards: the average of two that saw the change is evidence too, and one may not stand for two.
    const Watch quiet_shard = Watch::from_bytes(sample_baseline(), policy, saved);
    const Watch* const shards[] = {&watch, &quiet_shard};
    Report merged = assess(sample_baseline(), window, policy);
    attach(merged, shards);
    REQUIRE(merged.joined_evidence);
    CHECK(merged.joined_evidence->shards == 2);
    CHECK(merged.joined_evidence->discovered() == 1);
    CHECK(contains(merged.joined_evidence->reason(), "2 shards averaged"));
    CHECK(code_of([&] { attach(merged, shards); }) == ErrorCode::invalid_argument);
    const Watch* const twice[] = {&watch, &watch};
    CHECK(code_of([&] { (void)Watch::evidence(twice); }) == ErrorCode::invalid_argument);
    watch.reset();
    CHECK(watch.evidence()->decision == Decision::not_evaluated);
}
