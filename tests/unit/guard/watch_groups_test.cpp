// SPDX-License-Identifier: Apache-2.0
// Groups of a policy: features together and embeddings, watched by rows; what no single feature shows is seen.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "sample.hpp"
#include "unit/test_values.hpp"
#include "vedette/core/error.hpp"
#include "vedette/core/random.hpp"
#include "vedette/guard/render.hpp"
#include "vedette/guard/watch.hpp"

using namespace vedette;
using vedette::testing::code_of;
using vedette::testing::sample_baseline;

namespace {

constexpr std::size_t embedded = 6;

constexpr const char* watching = R"({
    "features": {"income": {"monitors": [{"kind": "adwin"}]}},
    "groups": {
        "money": {"features": ["score", "income"], "monitors": [{"kind": "mmd_monitor", "window": 80,
            "expected_run": 5000, "features": 64, "bandwidth": 0.5, "simulations": 2000}]},
        "text": {"monitors": [{"kind": "mmd_monitor", "window": 20, "expected_run": 2000, "features": 16, "seed": 7,
            "simulations": 1000}]}}})";

// Both are standard normal, before and after; from row `change` on they go together.
std::pair<double, double> pair_of(Random& random, bool together) {
    const double a = random.normal();
    const double b = random.normal();
    return {a, together ? 0.95 * a + std::sqrt(1.0 - 0.95 * 0.95) * b : b};
}

struct Rows {
    std::vector<double> money;
    std::vector<double> text;

    explicit Rows(std::size_t count, std::uint64_t seed) {
        Random random(seed);
        for (std::size_t i = 0; i < count; ++i) {
            const auto [score, income] = pair_of(random, false);
            money.insert(money.end(), {score, income});
            for (std::size_t k = 0; k < embedded; ++k) text.push_back(static_cast<float>(random.normal()));
        }
    }
    [[nodiscard]] WatchReferences references() const {
        return {.groups = {{"money", MatrixView<double>::row_major(money.data(), money.size() / 2, 2)},
                           {"text", MatrixView<double>::row_major(text.data(), text.size() / embedded, embedded)}}};
    }
};

void feed(Watch& watch, Random& random, int begin, int end, int change) {
    for (int i = begin; i < end; ++i) {
        const auto [score, income] = pair_of(random, i >= change);
        const double hole = i % 97 == 5 ? std::nan("") : income;
        watch.observe(std::vector<double>{hole, 0.0, score, 0.0}, 1000 + i);
        std::vector<float> row(embedded);
        for (float& value : row) value = static_cast<float>(random.normal());
        watch.observe_embedding(1, row, 1000 + i);
    }
}

std::string refusal(const std::string& groups, const WatchReferences& references = {}) {
    try {
        (void)Watch(sample_baseline(200), Policy::from_json(R"({"groups": )" + groups + "}"), references);
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::invalid_policy);
        return error.what();
    }
    return "accepted";
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a policy names groups, and is refused where they make no sense") {
    const Policy policy = Policy::from_json(watching);
    CHECK(policy.watches_streams());
    CHECK(Policy::from_json(policy.to_json()).to_json() == policy.to_json());
    CHECK(Policy::from_json(policy.to_json()).groups == policy.groups);
    const auto json = nlohmann::json::parse(policy.to_json());
    CHECK(json["groups"]["money"]["features"] == nlohmann::json({"score", "income"}));
    CHECK_FALSE(json["groups"]["text"].contains("features"));
    CHECK(json["groups"]["text"]["monitors"][0]["seed"] == 7);

    const auto with = [](const std::string& options) {
        return refusal(R"({"g": {"features": ["score"], "monitors": [{"kind": "mmd_monitor")" + options + "}]}}");
    };
    CHECK(contains(refusal(R"({"g": {"monitors": []}})"), "policy /groups/g: names no monitor"));
    CHECK(contains(refusal(R"({"g": {"monitors": [{"kind": "adwin"}]}})"),
                   R"(/groups/g/monitors/0: monitor: there is no kind "adwin" for rows)"));
    CHECK(contains(with(R"(, "windw": 5)"), "no option \"windw\""));
    CHECK(contains(with(R"(, "window": 1)"), "window"));
    CHECK(contains(with(R"(, "features": 12)"), "multiple of 8"));
    CHECK(contains(with(R"(, "bandwidth": -1)"), "bandwidth"));
    CHECK(contains(with(R"(, "expected_run": 50)"), "expected_run"));
    CHECK(contains(with(R"(, "block": 0)"), "block must be a whole number from 1"));
    CHECK(contains(with(R"(, "block": 2, "thin": 3)"), "exclude each other"));
    CHECK(contains(with(R"(}, {"kind": "mmd_monitor")"), "names mmd_monitor twice"));
    CHECK(contains(refusal(R"({"g": {"features": [], "monitors": [{"kind": "mmd_monitor"}]}})"), "array of names"));
    const auto of = [](const std::string& features) {
        return refusal(R"({"g": {"features": [)" + features + R"(], "monitors": [{"kind": "mmd_monitor"}]}})");
    };
    CHECK(contains(of(R"("score", "score")"), "names a feature twice"));
    CHECK(contains(of(R"("scor")"), "no feature \"scor\""));
    CHECK(contains(of(R"("country")"), "categorical"));
    CHECK(contains(of(R"("score")"), "group \"g\": needs rows of the reference"));
    const Rows rows(100, 1);
    WatchReferences narrow;
    narrow.groups.emplace("g", MatrixView<double>::row_major(rows.money.data(), 200, 1));
    CHECK(
        contains(refusal(R"({"g": {"features": ["score", "income"], "monitors": [{"kind": "mmd_monitor"}]}})", narrow),
                 "2 features, and its reference 1 columns"));
    WatchReferences few;
    few.groups.emplace("g", MatrixView<double>::row_major(rows.money.data(), 10, 1));
    CHECK(contains(refusal(R"({"g": {"features": ["score"], "monitors": [{"kind": "mmd_monitor"}]}})", few), "group"));
}

TEST_CASE("a group is watched as its monitor by itself would, saved and resumed bit for bit") {
    const Baseline baseline = sample_baseline();
    const Policy policy = Policy::from_json(watching);
    const Rows reference(1000, 1);
    const Watch fresh(baseline, policy, reference.references());
    CHECK(fresh.stream_count() == 3);
    CHECK(fresh.group_count() == 2);
    CHECK(fresh.embedding("text") == 1);
    CHECK(code_of([&] { (void)fresh.embedding("money"); }) == ErrorCode::invalid_argument);
    CHECK(code_of([&] { (void)fresh.group_monitor("mony"); }) == ErrorCode::invalid_argument);
    Watch watch = fresh;
    Watch pieces = fresh;
    Random random(5);
    feed(watch, random, 0, 600, 400);
    Random same(5);
    for (int begin = 0; begin < 600; begin += 75) {
        feed(pieces, same, begin, begin + 75, 400);
        const auto bytes = pieces.to_bytes();
        Watch resumed = Watch::from_bytes(baseline, policy, bytes);
        CHECK(resumed.to_bytes() == bytes);
        pieces = std::move(resumed);
    }
    CHECK(pieces.to_bytes() == watch.to_bytes());

    const auto reports = watch.report();
    REQUIRE(reports.size() == 3);
    CHECK(reports[0].decision == Decision::pass);  // income by itself is as it was
    const StreamReport& money = reports[1];
    CHECK(money.source == StreamSource::group);
    CHECK(money.kind == drift::MonitorKind::mmd_monitor);
    CHECK(money.decision == Decision::alarm);
    // What the alarm is due to, of both features, the larger part first.
    REQUIRE(money.contributions.size() == 2);
    CHECK(money.contributions[0].value >= money.contributions[1].value);
    CHECK(contains(money.reason(), "due to " + money.contributions[0].name));
    CHECK(money.counts.nan == 7);
    CHECK(money.seen == 600);
    REQUIRE_FALSE(money.alarms.empty());
    CHECK(money.alarms.front().position > 400);
    CHECK(money.alarms.front().position < 500);
    CHECK(money.alarms.front().time == static_cast<std::int64_t>(money.alarms.front().position) + 999);
    CHECK(std::isnan(money.alarms.front().value));
    CHECK(money.alarms.front().reading.statistic > money.alarms.front().reading.limit);
    CHECK(contains(money.reason(), "group money: mmd monitor saw"));
    CHECK(contains(money.reason(), "rows"));
    CHECK(reports[2].decision == Decision::pass);
    CHECK(reports[2].seen == 600);

    // The same by itself.
    const auto rows = MatrixView<double>::row_major(reference.money.data(), 1000, 2);
    drift::MmdMonitor<double> alone(rows, {.features = 64,
                                           .bandwidth = 0.5,
                                           .nan = drift::NanPolicy::omit,
                                           .window = 80,
                                           .expected_run = 5000.0,
                                           .simulations = 2000});
    Random again(5);
    for (int i = 0; i < 600; ++i) {
        const auto [score, income] = pair_of(again, i >= 400);
        alone.update(std::vector<double>{score, i % 97 == 5 ? std::nan("") : income});
        for (std::size_t k = 0; k < embedded; ++k) (void)again.normal();
    }
    CHECK(alone.serialize() == watch.group_monitor("money").serialize());

    // In every format, beside a window.
    Window window(baseline);
    window.observe(vedette::testing::draw_sample(2000, 99).table());
    Report report = assess(baseline, window, policy);
    attach(report, watch);
    CHECK(report.decision == Decision::alarm);
    for (const ReportFormat format :
         {ReportFormat::table, ReportFormat::json, ReportFormat::markdown, ReportFormat::junit, ReportFormat::sarif,
          ReportFormat::html, ReportFormat::openmetrics}) {
        CAPTURE(report_format_name(format));
        CHECK(contains(render(format, report), "money"));
    }
    CHECK(
        contains(render_openmetrics(report), R"(vedette_stream_values_total{group="text",monitor="mmd_monitor"} 600)"));
    CHECK(nlohmann::json::parse(render_json(report))["windows"][0]["streams"][1]["group"] == "money");

    // Whose watch it is.
    const auto bytes = watch.to_bytes();
    for (const char* const other :
         {R"({"money": {"features": ["income", "score"], "monitors": [{"kind": "mmd_monitor", "window": 40}]}})",
          R"({"money": {"features": ["score", "income"], "monitors": [{"kind": "mmd_monitor", "window": 80}]}})"}) {
        Policy changed = policy;
        changed.groups["money"] = Policy::from_json(R"({"groups": )" + std::string(other) + "}").groups["money"];
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, changed, bytes); }) == ErrorCode::invalid_policy);
    }
    Policy narrower = policy;
    narrower.groups["money"].features = {"score"};
    CHECK(code_of([&] { (void)Watch::from_bytes(baseline, narrower, bytes); }) == ErrorCode::invalid_policy);
    Policy renamed = policy;
    renamed.groups.emplace("cash", renamed.groups["money"]);
    renamed.groups.erase("money");
    CHECK(code_of([&] { (void)Watch::from_bytes(baseline, renamed, bytes); }) == ErrorCode::invalid_policy);
    CHECK(code_of([&] {
              (void)Watch::from_bytes(baseline, policy, {bytes.data(), bytes.size() / 2});
          }) == ErrorCode::corrupt_data);
    watch.reset();
    CHECK(watch.to_bytes() == fresh.to_bytes());
}

TEST_CASE("rows of a group that cannot enter are counted, and an index that is none does nothing") {
    const Baseline baseline = sample_baseline(300);
    const Policy policy = Policy::from_json(watching);
    const Rows reference(200, 2);
    Watch watch(baseline, policy, reference.references());
    const auto before = watch.to_bytes();
    CHECK(watch.observe_embedding(0, std::vector<double>{1.0, 2.0}) == MonitorState::in_control);
    CHECK(watch.observe_embedding(2, std::vector<double>(embedded)) == MonitorState::in_control);
    CHECK(watch.to_bytes() == before);
    watch.observe_embedding(1, std::vector<double>(embedded + 1));
    watch.observe_embedding(1, std::vector<float>(1));
    watch.observe_embedding(1, std::vector<double>(embedded, INFINITY));
    watch.observe_embedding(1, std::vector<float>(embedded, std::nanf("")));
    watch.observe(std::vector<double>{1.0});
    watch.observe(std::vector<Value>{"text", 0.0, 0.5, "CH"});
    const auto reports = watch.report();
    CHECK(reports[1].counts.nan == 1);
    CHECK(reports[1].seen == 1);
    CHECK(reports[1].decision == Decision::not_evaluated);
    CHECK(contains(reports[1].reason(), "no row entered"));
    CHECK(reports[2].counts.refused == 2);
    CHECK(reports[2].counts.infinite == 1);
    CHECK(reports[2].counts.nan == 1);
    CHECK(reports[2].seen == 4);
    CHECK(watch.rejected() == 1);
}

TEST_CASE("blocks of a group's rows are watched as means, saved and resumed bit for bit") {
    const Baseline baseline = sample_baseline(300);
    const Rows reference(1200, 3);
    for (const char* const key : {"block", "thin"}) {
        CAPTURE(key);
        const Policy policy = Policy::from_json(R"({"groups": {"money": {"features": ["score", "income"], "monitors": [
            {"kind": "mmd_monitor", "window": 20, "expected_run": 2000, "features": 16, "simulations": 1000, ")" +
                                                std::string(key) + R"(": 4}]}}})");
        CHECK(Policy::from_json(policy.to_json()).groups == policy.groups);
        Watch watch(baseline, policy, reference.references());
        CHECK(watch.group_monitor("money").block_length() == 4);
        Watch pieces = watch;
        Random random(8);
        Random same(8);
        const auto rows = [&](Watch& of, Random& numbers, int begin, int end) {
            for (int i = begin; i < end; ++i)
                of.observe(std::vector<double>{i == 33 ? std::nan("") : numbers.normal() + (i < 200 ? 0.0 : 2.0), 0.0,
                                               numbers.normal(), 0.0});
        };
        rows(watch, random, 0, 411);
        for (int begin = 0; begin < 411; begin += 137) {
            rows(pieces, same, begin, begin + 137);
            pieces = Watch::from_bytes(baseline, policy, pieces.to_bytes());
        }
        CHECK(pieces.to_bytes() == watch.to_bytes());
        const StreamReport report = watch.report()[0];
        CHECK(report.seen == 411);
        CHECK(report.decision == Decision::alarm);
        CHECK(report.alarms.front().position > 200);
        CHECK(report.alarms.front().position < 280);
        CHECK(nlohmann::json::parse(report.options)[key] == 4);
        Policy unblocked = policy;
        unblocked.groups["money"].monitors[0].options =
            R"({"window": 20, "expected_run": 2000, "features": 16, "simulations": 1000})";
        CHECK(code_of([&] { (void)Watch::from_bytes(baseline, unblocked, watch.to_bytes()); }) ==
              ErrorCode::invalid_policy);
    }
}
