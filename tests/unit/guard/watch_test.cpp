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
#include "vedette/guard/render.hpp"
#include "watch_checks.hpp"

using namespace vedette;
using vedette::testing::code_of;
using vedette::testing::contains;
using vedette::testing::draw_sample;
using vedette::testing::refusal;
using vedette::testing::sample_baseline;

namespace {

const double not_a_number = std::nan("");

constexpr const char* watching = R"({
    "features": {"income": {"monitors": [{"kind": "adwin", "delta": 0.001}, {"kind": "e_detector"}]},
                 "score": {"monitors": [{"kind": "cusum", "average_run_length": 100000, "direction": "up"}]}},
    "outputs": {"loss": [{"kind": "harm_monitor", "tolerated": 0.2}]}})";

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
    // Good values of a block that had begun before the mark hide nothing.
    for (const int good : {998, 999, 1000, 1999}) {
        CAPTURE(good);
        Watch blocked(sample_baseline(),
                      Policy::from_json(R"({"outputs": {"loss": [{"kind": "adwin", "block": 1000}]}})"));
        Random draws(7);
        for (int i = 0; i < good; ++i) blocked.observe_output(0, draws.uniform());
        const WatchMark mark = blocked.mark();
        for (int i = 0; i < 20'000; ++i)
            blocked.observe_output(0, draws.uniform() < 0.9 ? not_a_number : draws.uniform());
        CHECK(blocked.report(mark)[0].decision == Decision::not_evaluated);
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
