// SPDX-License-Identifier: Apache-2.0
// Reports as text: what every format must say, that nothing from the data breaks out of it, and equal bytes.
#include "vedette/guard/render.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "guard/render_common.hpp"
#include "guard/report_plots.hpp"
#include "sample.hpp"
#include "vedette/core/error.hpp"

using namespace vedette;
using vedette::testing::draw_sample;
using vedette::testing::sample_baseline;

namespace {

Report judge(const Baseline& baseline, std::size_t rows, double shift = 0.0, const Policy& policy = {}) {
    Window window(baseline);
    window.observe(draw_sample(rows, 99, shift).table());
    return assess(baseline, window, policy);
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::size_t occurrences(const std::string& text, std::string_view part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
}

constexpr ReportFormat formats[] = {ReportFormat::table,      ReportFormat::json,  ReportFormat::markdown,
                                    ReportFormat::junit,      ReportFormat::sarif, ReportFormat::html,
                                    ReportFormat::openmetrics};

}  // namespace

TEST_CASE("formats have names, and names formats") {
    for (const ReportFormat format : formats) CHECK(report_format(report_format_name(format)) == format);
    CHECK_FALSE(report_format("pdf").has_value());
    CHECK_FALSE(report_format("").has_value());
    CHECK_FALSE(report_format("JSON").has_value());
}

TEST_CASE("every format says the verdict, and what changed") {
    const Baseline baseline = sample_baseline(5000);
    const Report alarm = judge(baseline, 5000, 0.5);
    const Report pass = judge(baseline, 5000);
    for (const ReportFormat format : formats) {
        CAPTURE(report_format_name(format));
        CHECK(contains(render(format, alarm), "alarm"));
        CHECK(contains(render(format, alarm), "income"));
        CHECK(render(format, alarm) == render(format, alarm));
        CHECK(render(format, alarm) != render(format, pass));
    }
    CHECK(render_table(alarm) == render(ReportFormat::table, alarm));
    CHECK(render_html(alarm) == render(ReportFormat::html, alarm));
    CHECK(render_openmetrics(alarm) == render(ReportFormat::openmetrics, alarm));
    CHECK(contains(render_junit(alarm), "failures=\"2\""));  // the window, and income's distribution
    CHECK(contains(render_junit(pass), "failures=\"0\""));
}

TEST_CASE("every format says what features show together") {
    const Baseline baseline = sample_baseline(5000);
    Window window(baseline);
    window.observe(draw_sample(5000, 99).table());
    drift::JointComparison moved{
        MultivariateTest::hotelling_t2, {baseline.features()[1].name, baseline.features()[0].name}, {}, {1.0, 9.0}};
    moved.result.p_value = 1e-9;
    moved.result.effect = 0.9;
    moved.result.effect_interval = {0.8, 1.0};
    moved.moved_share = 0.35;
    moved.moved_share_interval = {0.31, 0.38};
    moved.result.live_count = moved.result.reference_count = 5000.0;
    moved.rows = {{17, 0.25}, {4321, 0.125}};
    const Report report = assess(baseline, window, {}, {}, {&moved, 1});
    REQUIRE(report.decision == Decision::alarm);
    for (const ReportFormat format : formats) {
        CAPTURE(report_format_name(format));
        const std::string text = render(format, report);
        CHECK((contains(text, "Hotelling") || contains(text, "hotelling_t2")));
        CHECK(contains(text, "alarm"));
        if (format == ReportFormat::openmetrics) continue;
        CHECK(contains(text, "most of all in income"));
        CHECK(contains(text, "rows that contribute most: 17 (0.25), "));
    }
    CHECK(contains(render_openmetrics(report), "vedette_joint_decision{test=\"hotelling_t2\"} 3\n"));
    const auto json = nlohmann::json::parse(render_json(report));
    const auto& joint = json["windows"][0]["joint"][0];
    CHECK(joint["by"] == "hotelling_t2");
    CHECK(joint["features"][1]["contribution"] == 9.0);
    CHECK(joint["rows"][1] == nlohmann::json{{"row", 4321}, {"contribution", 0.125}});
    CHECK(contains(render_html(report), "<th>row 17</th><td>0.25</td>"));
    CHECK(contains(render_html(report), "<tr><th>income</th><td>9</td></tr>"));
    CHECK(contains(render_junit(report), "failures=\"2\""));
}

TEST_CASE("too little data is said in every format, and is no success for a build server") {
    const Baseline baseline = sample_baseline(5000);
    const Report report = judge(baseline, 20);
    REQUIRE(report.decision == Decision::not_evaluated);
    for (const ReportFormat format : formats) {
        CAPTURE(report_format_name(format));
        const std::string text = render(format, report);
        CHECK((contains(text, "not evaluated") || contains(text, "not_evaluated")));
    }
    CHECK(contains(render_junit(report), "errors=\"1\""));
    CHECK(contains(render_openmetrics(report), "vedette_decision{vedette_decision=\"not_evaluated\"} 1\n"));
}

TEST_CASE("json holds the numbers of the report") {
    const Baseline baseline = sample_baseline(5000);
    const Report report = judge(baseline, 5000, 0.5);
    const auto json = nlohmann::json::parse(render_json(report));
    CHECK(json["decision"] == "alarm");
    CHECK(json["baseline"]["id"] == to_hex(baseline.id()));
    const auto& window = json["windows"][0];
    CHECK(window["live_rows"] == 5000);
    REQUIRE(window["features"].size() == 4);
    for (std::size_t f = 0; f < 4; ++f) {
        const FeatureReport& feature = report.features[f];
        const auto& told = window["features"][f];
        CHECK(told["name"] == baseline.features()[f].name);
        CHECK(told["decision"] == decision_name(feature.decision));
        REQUIRE(told["evidence"].size() == feature.evidence().size());
        for (std::size_t e = 0; e < feature.evidence().size(); ++e) {
            CHECK(told["evidence"][e]["adjusted_p_value"] == feature.evidence()[e].adjusted_p_value);
            CHECK(told["evidence"][e]["moved_share"] == feature.evidence()[e].moved_share);
        }
    }
    CHECK(window["features"][3]["statistics"]["wasserstein"]["effect"].is_null());  // NaN: undefined for categories
}

TEST_CASE("several windows become a timeline") {
    const Baseline baseline = sample_baseline(5000);
    std::vector<LabelledReport> windows;
    windows.push_back({"day 1", judge(baseline, 2000)});
    windows.push_back({"day 2", judge(baseline, 2000, 1.0)});
    windows.push_back({"day 3", judge(baseline, 20)});
    CHECK(overall_decision(windows) == Decision::alarm);
    CHECK(overall_decision({}) == Decision::not_evaluated);
    const std::string table = render(ReportFormat::table, windows);
    CHECK(contains(table, "alarm: 1 of 3 windows drifted beyond tolerance, 1 had too little data, 1 passed"));
    CHECK(contains(table, "The window to look at first, day 2"));
    const std::string html = render(ReportFormat::html, windows);
    CHECK(contains(html, "<th>day </th><th>1</th><th>2</th><th>3</th>"));
    CHECK(occurrences(html, "<details>") == 2);
    CHECK(nlohmann::json::parse(render(ReportFormat::json, windows))["windows"].size() == 3);
    CHECK(occurrences(render(ReportFormat::junit, windows), "<testsuite ") == 3);
    // a scraper wants the state of now
    CHECK(contains(render(ReportFormat::openmetrics, windows), "vedette_live_rows 20\n"));
}

TEST_CASE("the page lists every test of every feature, with all its numbers") {
    using namespace vedette::rendering;
    const Baseline baseline = sample_baseline(5000);
    const auto check = [](const Report& report) {
        const std::string html = render_html(report);
        std::size_t at = html.find("<article");
        for (const std::size_t f : report.ranking()) {
            const FeatureReport& feature = report.features[f];
            REQUIRE(at != std::string::npos);
            const std::string card = html.substr(at, html.find("</article>", at) - at);
            at = html.find("<article", at + 1);
            CAPTURE(report.baseline.features()[f].name);
            std::size_t rows = 0;
            const auto listed = [&](const std::string& test, const TestResult& result, double adjusted) {
                ++rows;
                const std::string line =
                    card.substr(std::min(card.size(), card.find("<th>" + escape_xml(test) + "</th>")));
                const std::string row = line.substr(0, line.find("</tr>"));
                CAPTURE(test);
                CHECK(contains(row, "<td>" + number(result.statistic) + "</td>"));
                CHECK(contains(row, "<td>" + escape_xml(p_value(result.p_value)) + "</td>"));
                CHECK(contains(row, "<td>" + escape_xml(p_value(adjusted)) + "</td>"));
                CHECK(contains(row, "<td>" + number(result.effect)));
                CHECK(contains(row, "(" + number(result.effect_interval.lower) + " to " +
                                        number(result.effect_interval.upper) + ")"));
                CHECK(contains(row, grouped(static_cast<std::uint64_t>(result.reference_count)) + " / " +
                                        grouped(static_cast<std::uint64_t>(result.live_count))));
            };
            for (const Evidence& evidence : feature.evidence()) {
                std::string test = evidence_test_word(evidence);
                if (evidence.hypothesis != Hypothesis::distribution)
                    test += std::string(", ") + hypothesis_word(evidence.hypothesis);
                listed(test, evidence.test, evidence.adjusted_p_value);
            }
            for (std::uint8_t i = 1; i < drift_test_count; ++i) {
                const auto test = static_cast<DriftTest>(i);
                const TestResult* result = drift::result_of(feature.statistics, test);
                const bool own = feature.compared_.empty() && test == feature.test;
                if (result == nullptr || std::isnan(result->p_value) || own) continue;
                const bool twice = std::any_of(feature.compared_.begin(), feature.compared_.end(),
                                               [&](const Evidence& evidence) { return evidence.by == test; });
                listed(std::string(test_word(test)) + (twice ? ", of the counters" : ""), *result, std::nan(""));
            }
            CHECK(rows >= 7);
            CHECK(occurrences(card, "<tr") == rows + 1);
            CHECK(occurrences(card, "class=\"decided\"") == 1);
        }
        return html.size();
    };
    const std::size_t size = check(judge(baseline, 2000, 0.3));
    CHECK(size < 80'000);
    Policy policy;
    policy.defaults.sample_tests = {DriftTest::kolmogorov_smirnov, DriftTest::welch_t, DriftTest::g_test};
    policy.joint_tests = {MultivariateTest::hotelling_t2};
    const auto reference = draw_sample(2000, 1), live = draw_sample(2000, 99, 0.3);
    const Report compared = assess(reference.table(), live.table(), policy);
    check(compared);
    REQUIRE(compared.joint.size() == 1);
    const std::string html = render_html(compared);
    CHECK(contains(html, "<td>" + number(compared.joint[0].test.statistic) + "</td>"));
    CHECK(contains(html, "<td>" + escape_xml(p_value(compared.joint[0].test.p_value)) + "</td>"));
    CHECK(contains(html, "(" + number(compared.joint[0].test.effect_interval.lower) + " to "));
}

TEST_CASE("misuse is refused") {
    const Baseline one = sample_baseline(2000);
    const Baseline other = sample_baseline(2001);
    std::vector<LabelledReport> windows;
    CHECK_THROWS_AS(static_cast<void>(render(ReportFormat::html, windows)), Error);
    windows.push_back({"a", judge(one, 200)});
    windows.push_back({"b", judge(other, 200)});
    CHECK_THROWS_AS(static_cast<void>(render(ReportFormat::html, windows)), Error);
    CHECK_THROWS_AS(static_cast<void>(render(static_cast<ReportFormat>(99), windows.front().report)), Error);
}

TEST_CASE("text from outside is made safe") {
    using rendering::clean;
    const std::string replacement = "\xEF\xBF\xBD";
    CHECK(clean("plain \xC3\xA9 \xF0\x9F\x9B\xAB") == "plain \xC3\xA9 \xF0\x9F\x9B\xAB");
    CHECK(clean("a\nb\tc") == "a b c");
    CHECK(clean(std::string_view("a\0b\x1b[31m\x7f", 9)) ==
          "a" + replacement + "b" + replacement + "[31m" + replacement);
    CHECK(clean("\xC2\x9B") == replacement);                                  // a C1 control: CSI
    CHECK(clean("\xE2\x80\xAE") == replacement);                              // right-to-left override
    CHECK(clean("\xFF\xC3") == replacement + replacement);                    // no UTF-8
    CHECK(clean("\xED\xA0\x80") == replacement + replacement + replacement);  // a surrogate
    CHECK(rendering::escape_xml("<a b='c' d=\"e\">&") == "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;");
    CHECK(rendering::shortened("\xC3\xA9\xC3\xA9\xC3\xA9", 3) == "\xC3\xA9\xC3\xA9\xC3\xA9");
    CHECK(rendering::shortened("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 3) == "\xC3\xA9\xC3\xA9\xE2\x80\xA6");
    CHECK(rendering::grouped(0) == "0");
    CHECK(rendering::grouped(999) == "999");
    CHECK(rendering::grouped(1234567) == "1,234,567");
}

TEST_CASE("a hostile title and label stay text") {
    const Baseline baseline = sample_baseline(2000);
    const std::string evil = "\"><script>alert(1)</script>\xFF\x1b]0;x\x07\n# EOF\n]]>&";
    std::vector<LabelledReport> windows;
    windows.push_back({evil, judge(baseline, 500, 1.0)});
    windows.push_back({evil, judge(baseline, 500)});
    const RenderOptions options{.title = evil, .live_name = evil};
    for (const ReportFormat format : {ReportFormat::html, ReportFormat::junit, ReportFormat::markdown}) {
        CAPTURE(report_format_name(format));
        CHECK_FALSE(contains(render(format, windows, options), "<script"));
    }
    for (const ReportFormat format : formats) {
        CAPTURE(report_format_name(format));
        const std::string text = render(format, windows, options);
        CHECK_FALSE(contains(text, "\x1b"));
        CHECK_FALSE(contains(text, "\xFF"));
    }
    CHECK(nlohmann::json::accept(render(ReportFormat::json, windows, options)));
    CHECK(nlohmann::json::accept(render(ReportFormat::sarif, windows, options)));
    CHECK(occurrences(render(ReportFormat::openmetrics, windows, options), "\n# EOF\n") == 1);
}

TEST_CASE("the cap on features counts what it leaves out") {
    const Baseline baseline = sample_baseline(2000);
    const Report report = judge(baseline, 1000, 1.0);
    const RenderOptions options{.max_features = 1};
    CHECK(contains(render_table(report, options), "... and 3 more features"));
    CHECK(contains(render_markdown(report, options), "3 more features are not listed"));
    CHECK(contains(render_html(report, options), "3 more features are not listed"));
    CHECK(contains(render_openmetrics(report, options), "vedette_features_left_out 3\n"));
    CHECK_FALSE(contains(render_openmetrics(report, options), "claims"));
}

TEST_CASE("colours appear only when asked for") {
    const Baseline baseline = sample_baseline(2000);
    const Report report = judge(baseline, 1000, 1.0);
    CHECK_FALSE(contains(render_table(report), "\x1b"));
    CHECK(contains(render_table(report, {.color = true}), "\x1b[1;31m"));
}

TEST_CASE("plots survive degenerate features") {
    const std::vector<double> constant(200, 7.0);
    const std::vector<double> huge = [] {
        std::vector<double> values;
        for (int i = 0; i < 200; ++i) values.push_back((i % 2 == 0 ? 1.0 : -1.0) * 1.7e308 / (1 + i % 5));
        return values;
    }();
    const std::vector<double> nothing(200, std::nan(""));
    const std::vector<std::string_view> words(200, "only");
    const Table table({{"constant", Column::numeric(constant)},
                       {"huge", Column::numeric(huge)},
                       {"nothing", Column::numeric(nothing)},
                       {"words", Column::strings(words)}});
    const Baseline baseline = Baseline::build(table);
    Window window(baseline);
    window.observe(table);
    for (int i = 0; i < 100; ++i) {
        const Value row[] = {Value(8.0), Value(-1.7e308), Value(1.0), Value("new")};
        window.observe(std::span<const Value>(row));
    }
    const Report report = assess(baseline, window);
    for (const ReportFormat format : formats) {
        CAPTURE(report_format_name(format));
        const std::string text = render(format, report);
        CHECK_FALSE(text.empty());
        if (format == ReportFormat::html) {
            CHECK_FALSE(contains(text, "\"nan"));
            CHECK_FALSE(contains(text, "\"inf"));
            CHECK_FALSE(contains(text, "-nan"));
        }
    }
    Window empty(baseline);
    CHECK(contains(render_html(assess(baseline, empty)), "Not evaluated"));
}
