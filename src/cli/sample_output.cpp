// SPDX-License-Identifier: Apache-2.0
// Tests of weighted rows, or of more than two files, in every format.
#include "sample_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/render_common.hpp"
#include "points_output.hpp"
#include "text_table.hpp"

namespace vedette::inline v0::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string what_is_compared(const SampleComparison& comparison) {
    return comparison.weights.empty()
               ? fmt::format("{} files together", comparison.files.size())
               : fmt::format("rows weighted by {}", rendering::shortened(comparison.weights, 32));
}
std::string terms_of(const SampleComparison& comparison) {
    return fmt::format(
        "level {} over all, {}; the tests tell no share of the traffic: they warn, and alarm at tolerance 0",
        comparison.level, stats::correction_name(comparison.correction));
}
constexpr const char* smallest_p_hint =
    "* the smallest p possible with so many permutations; --permutations asks for more";

bool has_smallest_p(const SampleComparison& comparison) {
    return std::any_of(comparison.answers.begin(), comparison.answers.end(),
                       [](const SampleAnswer& answer) { return answer.named.is_smallest_p; });
}

std::string counts_of(const SampleAnswer& answer) {
    std::string counts;
    for (const std::uint64_t count : answer.observations)
        counts += (counts.empty() ? "" : " / ") + rendering::grouped(count);
    return counts;
}

std::string or_dash(double value, const std::string& text) {
    return std::isnan(value) ? "-" : text;
}
std::string p_of(const SampleAnswer& answer) {
    const double p = answer.named.result.p_value;
    return or_dash(p, rendering::p_value(p) + (answer.named.is_smallest_p ? " *" : ""));
}

const std::vector<std::string>& heading() {
    static const std::vector<std::string> words{"feature", "decision",   "test",   "statistic",
                                                "p",       "adjusted p", "effect", "n"};
    return words;
}

/// Under the heading; the first cell, a name from the data, is not made safe yet.
std::vector<std::string> cells_of(const SampleAnswer& answer) {
    const TestResult& result = answer.named.result;
    return {answer.feature,
            rendering::decision_word(answer.decision),
            drift_test_name(answer.named.test),
            or_dash(result.statistic, rendering::number(result.statistic)),
            p_of(answer),
            or_dash(answer.adjusted_p_value, rendering::p_value(answer.adjusted_p_value)),
            or_dash(result.effect, rendering::number(result.effect)),
            counts_of(answer)};
}

std::string table_of(const SampleComparison& comparison) {
    std::vector<std::vector<std::string>> rows{heading()};
    for (const SampleAnswer& answer : comparison.answers) {
        rows.push_back(cells_of(answer));
        rows.back().front() = rendering::shortened(answer.feature, 32);
    }
    std::string text =
        fmt::format("{}: {}\n{}\n\n{}", what_is_compared(comparison), rendering::decision_word(comparison.decision),
                    terms_of(comparison), text_table(rows));
    if (has_smallest_p(comparison)) text += fmt::format("{}\n", smallest_p_hint);
    for (const std::string& name : comparison.left_out)
        text += fmt::format("left out, no test for its kind: {}\n", rendering::shortened(name, 32));
    return text;
}

std::string json_of(const SampleComparison& comparison) {
    const auto finite = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
    Json results = Json::array();
    for (const SampleAnswer& answer : comparison.answers) {
        const TestResult& result = answer.named.result;
        results.push_back({{"feature", answer.feature},
                           {"kind", answer.numeric ? "numeric" : "categorical"},
                           {"decision", decision_name(answer.decision)},
                           {"test", drift_test_name(answer.named.test)},
                           {"statistic", finite(result.statistic)},
                           {"degrees_of_freedom", finite(result.degrees_of_freedom)},
                           {"p_value", finite(result.p_value)},
                           {"is_smallest_p", answer.named.is_smallest_p},
                           {"adjusted_p_value", finite(answer.adjusted_p_value)},
                           {"effect", finite(result.effect)},
                           {"effect_interval",
                            Json::array({finite(result.effect_interval.lower), finite(result.effect_interval.upper)})},
                           {"counts", answer.observations}});
    }
    const Json out{{"format", "vedette-sample-tests"},
                   {"decision", decision_name(comparison.decision)},
                   {"files", comparison.files},
                   {"weights", comparison.weights.empty() ? Json(nullptr) : Json(comparison.weights)},
                   {"level", comparison.level},
                   {"correction", stats::correction_name(comparison.correction)},
                   {"results", results},
                   {"left_out", comparison.left_out}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::string markdown_of(const SampleComparison& comparison) {
    using rendering::markdown_text;
    std::string text =
        fmt::format("## Tests of samples\n\n{}: **{}**\n\n{}\n", markdown_text(what_is_compared(comparison)),
                    rendering::decision_word(comparison.decision), markdown_text(terms_of(comparison)));
    if (!comparison.answers.empty()) {
        text += fmt::format("\n| {} |\n| --- | --- | --- | ---: | ---: | ---: | ---: | ---: |\n",
                            fmt::join(heading(), " | "));
        for (const SampleAnswer& answer : comparison.answers) {
            std::vector<std::string> cells = cells_of(answer);
            for (std::string& cell : cells) cell = markdown_text(cell);
            text += fmt::format("| {} |\n", fmt::join(cells, " | "));
        }
    }
    if (has_smallest_p(comparison)) text += fmt::format("\n{}\n", markdown_text(smallest_p_hint));
    for (const std::string& name : comparison.left_out)
        text += fmt::format("\nLeft out, no test for its kind: {}\n", markdown_text(name));
    return text;
}

std::string html_of(const SampleComparison& comparison) {
    using rendering::escape_xml;
    std::string body = fmt::format("<section><p class=\"hint\">{}</p><p>", escape_xml(terms_of(comparison)));
    for (const std::string& file : comparison.files)
        body += fmt::format("{}{}", &file == comparison.files.data() ? "reference: " : "; against ", escape_xml(file));
    body += "</p><div class=\"scroll\"><table><thead><tr>";
    for (const std::string& word : heading()) body += fmt::format("<th>{}</th>", word);
    body += "</tr></thead><tbody>\n";
    for (const SampleAnswer& answer : comparison.answers) {
        const std::vector<std::string> cells = cells_of(answer);
        body += fmt::format("<tr><th>{}</th><td>{}</td>", escape_xml(rendering::shortened(answer.feature, 60)),
                            rendering::badge(answer.decision));
        for (std::size_t i = 2; i < cells.size(); ++i) body += fmt::format("<td>{}</td>", escape_xml(cells[i]));
        body += "</tr>\n";
    }
    body += "</tbody></table></div>";
    if (has_smallest_p(comparison)) body += fmt::format("<p class=\"hint\">{}</p>", escape_xml(smallest_p_hint));
    for (const std::string& name : comparison.left_out)
        body += fmt::format("<p class=\"hint\">left out, no test for its kind: {}</p>",
                            escape_xml(rendering::shortened(name, 60)));
    return rendering::page_around("Tests of samples", what_is_compared(comparison), comparison.decision,
                                  body + "</section>\n");
}

// A test case or result for each.
std::vector<Point> points_of(const SampleComparison& comparison) {
    std::vector<Point> points;
    for (const SampleAnswer& answer : comparison.answers) {
        const TestResult& result = answer.named.result;
        const std::string counts = counts_of(answer);
        const std::string words = answer.decision != Decision::not_evaluated
                                      ? fmt::format("{}: statistic {}, p {}, adjusted {}, effect {}, n {}",
                                                    answer.feature, rendering::number(result.statistic), p_of(answer),
                                                    rendering::p_value(answer.adjusted_p_value),
                                                    or_dash(result.effect, rendering::number(result.effect)), counts)
                                  : std::isnan(result.p_value)
                                      ? fmt::format("{}, n {}", rendering::undefined_test, counts)
                                      : fmt::format("too few rows for the policy, n {}", counts);
        points.push_back({drift_test_name(answer.named.test), answer.feature, words, answer.decision});
    }
    for (const std::string& name : comparison.left_out)
        points.push_back({"left_out", name, "no test for its kind", Decision::not_evaluated});
    return points;
}

PointRules rules_of(const std::vector<Point>& points) {
    PointRules rules{"samples", "Tests of samples", "Samples differ by", {}};
    for (const Point& point : points)
        if (std::find(rules.rules.begin(), rules.rules.end(), point.rule) == rules.rules.end())
            rules.rules.push_back(point.rule);
    return rules;
}

std::string openmetrics_of(const SampleComparison& comparison) {
    using rendering::metric_label, rendering::metric_value;
    std::string text;
    const auto gauge = [&](const char* name, const char* help, auto&& value) {
        text += fmt::format("# TYPE vedette_{0} gauge\n# HELP vedette_{0} {1}\n", name, help);
        for (const SampleAnswer& answer : comparison.answers)
            text += fmt::format("vedette_{}{{feature=\"{}\",test=\"{}\"}} {}\n", name, metric_label(answer.feature),
                                drift_test_name(answer.named.test), metric_value(value(answer)));
    };
    gauge("samples_decision", "Verdict on a test of samples: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
          [](const SampleAnswer& answer) { return static_cast<double>(answer.decision); });
    gauge("samples_statistic", "Statistic of a test of samples.",
          [](const SampleAnswer& answer) { return answer.named.result.statistic; });
    gauge("samples_adjusted_p_value", "p-value of a test of samples, adjusted for all of them.",
          [](const SampleAnswer& answer) { return answer.adjusted_p_value; });
    gauge("samples_effect", "Effect size of a test of samples.",
          [](const SampleAnswer& answer) { return answer.named.result.effect; });
    return text + "# EOF\n";
}

}  // namespace

std::string sample_text(ReportFormat format, const SampleComparison& comparison) {
    const auto summary = [&] {
        return what_is_compared(comparison) + ": " + rendering::decision_word(comparison.decision);
    };
    switch (format) {
        case ReportFormat::table: break;
        case ReportFormat::json: return json_of(comparison);
        case ReportFormat::markdown: return markdown_of(comparison);
        case ReportFormat::html: return html_of(comparison);
        case ReportFormat::openmetrics: return openmetrics_of(comparison);
        case ReportFormat::junit: {
            const std::vector<Point> points = points_of(comparison);
            return junit_of_points(rules_of(points), points);
        }
        case ReportFormat::sarif: {
            const std::vector<Point> points = points_of(comparison);
            return sarif_of_points(rules_of(points), points, comparison.files.back(), summary());
        }
    }
    return table_of(comparison);
}

}  // namespace vedette::inline v0::cli
