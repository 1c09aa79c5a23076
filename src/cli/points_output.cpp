// SPDX-License-Identifier: Apache-2.0
// Points as JUnit and as SARIF.
#include "points_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "guard/render_common.hpp"
#include "vedette/core/version.hpp"

namespace vedette::inline v0::cli {

using Json = nlohmann::ordered_json;

std::string junit_of_points(const PointRules& rules, std::span<const Point> points) {
    using rendering::escape_xml;
    std::string cases;
    std::size_t failures = 0, skipped = 0;
    for (const Point& point : points) {
        cases += fmt::format("    <testcase classname=\"vedette.{}.{}\" name=\"{}\" time=\"0\"", rules.kind, point.rule,
                             escape_xml(point.name));
        if (point.decision == Decision::alarm) {
            ++failures;
            cases += fmt::format(">\n      <failure type=\"comparison\">{}</failure>\n    </testcase>\n",
                                 escape_xml(point.words));
        } else if (point.decision == Decision::not_evaluated) {
            ++skipped;
            cases += fmt::format(">\n      <skipped message=\"{}\"/>\n    </testcase>\n", escape_xml(point.words));
        } else if (point.decision == Decision::warn) {
            cases += fmt::format(">\n      <system-out>warning: {}</system-out>\n    </testcase>\n",
                                 escape_xml(point.words));
        } else {
            cases += "/>\n";
        }
    }
    const std::string counts =
        fmt::format("tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"{}\"", points.size(), failures, skipped);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vedette\" {}>\n"
        "  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n</testsuites>\n",
        counts, rules.suite, counts, cases);
}

std::string sarif_of_points(const PointRules& rules, std::span<const Point> points, const std::string& artifact,
                            const std::string& summary) {
    Json results = Json::array(), descriptors = Json::array();
    for (const std::string& rule : rules.rules)
        descriptors.push_back({{"id", fmt::format("vedette/{}/{}", rules.kind, rule)},
                               {"shortDescription", {{"text", fmt::format("{}: {}", rules.complaint, rule)}}}});
    for (const Point& point : points) {
        if (point.decision != Decision::alarm && point.decision != Decision::warn) continue;
        const std::string name = rendering::clean(point.name);
        Json location{
            {"logicalLocations", Json::array({{{"name", name}, {"fullyQualifiedName", name}, {"kind", "member"}}})},
            {"physicalLocation",
             {{"artifactLocation", {{"uri", rendering::uri_reference(artifact)}}}, {"region", {{"startLine", 1}}}}}};
        const auto rule = static_cast<std::size_t>(std::find(rules.rules.begin(), rules.rules.end(), point.rule) -
                                                   rules.rules.begin());
        results.push_back({{"ruleId", descriptors[rule]["id"]},
                           {"ruleIndex", rule},
                           {"level", point.decision == Decision::alarm ? "error" : "warning"},
                           {"message", {{"text", rendering::clean(point.words)}}},
                           {"locations", Json::array({location})}});
    }
    const Json driver{{"name", "vedette"}, {"version", version_string}, {"rules", descriptors}};
    const Json run{{"tool", {{"driver", driver}}}, {"results", results}, {"properties", {{"summary", summary}}}};
    const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace vedette::inline v0::cli
