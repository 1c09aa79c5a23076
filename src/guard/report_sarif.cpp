// SPDX-License-Identifier: Apache-2.0
// The report for code-scanning dashboards: SARIF 2.1.0, one result per warning, alarm or missing verdict.
#include <array>
#include <nlohmann/json.hpp>

#include "guard/render_common.hpp"
#include "vedette/core/version.hpp"
#include "vedette/guard/guard.hpp"

namespace vedette::inline v0::rendering {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::array rule_texts{
    "The values come from another distribution than the reference's",
    "Nulls come at another rate than in the reference",
    "NaN values come at another rate than in the reference",
    "+Infinity comes at another rate than in the reference",
    "-Infinity comes at another rate than in the reference",
    "More values lie outside the reference's range than chance explains",
    "More categories come that the reference did not hold than chance explains",
    "Values come that have the wrong type",
    "Several features together come from another distribution than the reference's",
    "A monitor saw a change in a stream of values",
    "More requests exceed a score than its calibration allows",
    "More requests fail the schema than the policy tolerates",
    "Accounts probe or copy the model",
    "The model does worse than on the reference",
};
constexpr std::size_t joint_rule = rule_texts.size() - 6;
constexpr std::size_t stream_rule = rule_texts.size() - 5;
constexpr std::size_t score_rule = rule_texts.size() - 4;
constexpr std::size_t schema_rule = rule_texts.size() - 3;
constexpr std::size_t memory_rule = rule_texts.size() - 2;
constexpr std::size_t performance_rule = rule_texts.size() - 1;

std::string rule_id(std::size_t hypothesis) {
    if (hypothesis == joint_rule) return "vedette/joint_distribution";
    if (hypothesis == stream_rule) return "vedette/stream";
    if (hypothesis == score_rule) return "vedette/score";
    if (hypothesis == schema_rule) return "vedette/schema";
    if (hypothesis == memory_rule) return "vedette/memory";
    if (hypothesis == performance_rule) return "vedette/performance";
    return std::string("vedette/") + hypothesis_name(static_cast<Hypothesis>(hypothesis));
}

Json rules_json() {
    Json rules = Json::array();
    for (std::size_t h = 0; h < rule_texts.size(); ++h) {
        rules.push_back({{"id", rule_id(h)}, {"shortDescription", {{"text", rule_texts[h]}}}});
        if (h != score_rule && h != memory_rule) continue;
        Json tags = Json::array();
        for (const Reason reason : {Reason::calibrated_score, Reason::query_attack, Reason::extraction}) {
            if ((reason == Reason::calibrated_score) != (h == score_rule)) continue;
            for (const ThreatTag& tag : threat_tags(reason))
                tags.push_back(std::string(tag.catalogue) + ": " + tag.id + " " + tag.name);
        }
        rules.back()["properties"] = {{"tags", tags}};
    }
    return rules;
}

/// `name` is what the result is about, a feature or the test of several.
Json result_json(const Item& item, std::size_t rule, const std::string& name, Decision decision, std::string message,
                 const RenderOptions& options) {
    const bool open = decision == Decision::not_evaluated;
    if (!item.label.empty()) message = "window " + clean(item.label) + ": " + message;
    Json location{
        {"logicalLocations", Json::array({{{"name", name}, {"fullyQualifiedName", name}, {"kind", "member"}}})}};
    if (!options.live_name.empty()) {
        location["physicalLocation"] = {{"artifactLocation", {{"uri", uri_reference(options.live_name)}}},
                                        {"region", {{"startLine", 1}}}};
    }
    const std::string key = rule_id(rule) + '\n' + name + '\n' + clean(item.label);
    return {{"ruleId", rule_id(rule)},
            {"ruleIndex", rule},
            {"kind", open ? "open" : "fail"},
            {"level", open                          ? "none"
                      : decision == Decision::alarm ? "error"
                                                    : "warning"},
            {"message", {{"text", message}}},
            {"locations", Json::array({location})},
            {"partialFingerprints", {{"vedetteFeature/v1", to_hex(sha256(key))}}}};
}

Json feature_result(const Item& item, std::size_t f, const Evidence& evidence, const RenderOptions& options) {
    const Report& report = *item.report;
    const std::string name = clean(report.baseline.features()[f].name);
    const auto rule = static_cast<std::size_t>(evidence.hypothesis);
    const std::string message =
        &evidence == report.features[f].decisive()
            ? clean(report.reason(f))
            : std::string(rule_texts[rule]) + ": " + name + ", adjusted p " + p_value(evidence.adjusted_p_value);
    return result_json(item, rule, name, evidence.decision, message, options);
}

}  // namespace

std::string sarif(Items items, const RenderOptions& options) {
    Json results = Json::array();
    for (const Item& item : items) {
        for (const std::size_t f : item.report->ranking()) {
            if (item.report->features[f].ignored) continue;
            for (const Evidence& evidence : item.report->features[f].evidence()) {
                if (evidence.decision != Decision::pass) results.push_back(feature_result(item, f, evidence, options));
            }
        }
        for (std::size_t j = 0; j < item.report->joint.size(); ++j) {
            const JointEvidence& joint = item.report->joint[j];
            if (joint.decision != Decision::pass)
                results.push_back(result_json(item, joint_rule, multivariate_test_name(joint.by), joint.decision,
                                              clean(item.report->joint_reason(j)), options));
        }
        for (const StreamReport& stream : item.report->streams)
            if (stream.decision != Decision::pass)
                results.push_back(result_json(item, stream_rule,
                                              clean(stream.name) + ":" + drift::monitor_kind_name(stream.kind),
                                              stream.decision, clean(stream.reason()), options));
        const std::optional<EvidenceReport>& evidence = item.report->joined_evidence;
        if (evidence && evidence->decision != Decision::pass)
            results.push_back(result_json(item, stream_rule, "joined_evidence", evidence->decision,
                                          clean(evidence->reason()), options));
        for (const ScoreReport& score : item.report->scores)
            if (score.decision != Decision::pass)
                results.push_back(
                    result_json(item, score_rule, clean(score.name), score.decision, clean(score.reason()), options));
        const std::optional<MemoryReport>& memory = item.report->memory;
        if (memory && memory->decision != Decision::pass)
            results.push_back(result_json(item, memory_rule, "accounts", memory->decision, memory->reason(), options));
        const std::optional<PerformanceReport>& performance = item.report->performance;
        if (performance && performance->decision != Decision::pass)
            results.push_back(result_json(item, performance_rule, drift::performance_metric_name(performance->metric),
                                          performance->decision, performance->reason(), options));
        const std::optional<SchemaReport>& schema = item.report->schema;
        if (!schema || schema->decision == Decision::pass) continue;
        std::string message = schema->reason();
        for (std::size_t i = 0; i < schema->failures.size(); ++i)
            message += (i == 0 ? ": " : "; ") + clean(item.report->schema_reason(i));
        results.push_back(result_json(item, schema_rule, "requests", schema->decision, message, options));
    }
    const Json driver{{"name", "vedette"}, {"version", version_string}, {"rules", rules_json()}};
    const Json run{{"tool", {{"driver", driver}}},
                   {"columnKind", "unicodeCodePoints"},
                   {"results", results},
                   {"properties",
                    {{"decision", decision_name(overall(items))},
                     {"summary", summary(items)},
                     {"baseline", to_hex(items.front().report->baseline.id())}}}};
    const Json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                   {"version", "2.1.0"},
                   {"runs", Json::array({run})}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace vedette::inline v0::rendering
