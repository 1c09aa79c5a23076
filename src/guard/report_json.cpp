// SPDX-License-Identifier: Apache-2.0
// The report for programs: everything that was found, under stable keys.
#include <cmath>
#include <nlohmann/json.hpp>

#include "guard/evidence_json.hpp"
#include "guard/performance_json.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/version.hpp"
#include "vedette/guard/guard.hpp"

namespace vedette::inline v0::rendering {

namespace {

using Json = nlohmann::ordered_json;

Json finite(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json interval(const Interval& bounds) {
    return Json::array({finite(bounds.lower), finite(bounds.upper)});
}

Json test_json(const TestResult& test) {
    return {{"reference_count", test.reference_count},
            {"live_count", test.live_count},
            {"statistic", finite(test.statistic)},
            {"degrees_of_freedom", finite(test.degrees_of_freedom)},
            {"p_value", finite(test.p_value)},
            {"effect", finite(test.effect)},
            {"effect_interval", interval(test.effect_interval)}};
}

Json evidence_json(const Evidence& evidence) {
    Json out{{"hypothesis", hypothesis_name(evidence.hypothesis)},
             {"by", rendering::evidence_test_key(evidence)},
             {"decision", decision_name(evidence.decision)},
             {"adjusted_p_value", finite(evidence.adjusted_p_value)},
             {"moved_share", finite(evidence.moved_share)},
             {"moved_share_interval", interval(evidence.moved_share_interval)}};
    if (evidence.hypothesis != Hypothesis::distribution) {
        out["reference_rate"] = finite(evidence.reference_rate);
        out["live_rate"] = finite(evidence.live_rate);
    }
    out["test"] = test_json(evidence.test);
    out["is_smallest_p"] = evidence.is_smallest_p;
    return out;
}

Json statistics_json(const drift::GridEvidence& all) {
    return {{"kolmogorov_smirnov", test_json(all.ks)},
            {"chi_square", test_json(all.chi_square)},
            {"g_test", test_json(all.g)},
            {"population_stability", test_json(all.psi)},
            {"population_stability_null_mean", finite(all.psi_null_mean)},
            {"jensen_shannon", test_json(all.jensen_shannon)},
            {"hellinger", test_json(all.hellinger)},
            {"total_variation", test_json(all.total_variation)},
            {"wasserstein", test_json(all.wasserstein)},
            {"pooled_cells", all.pooled_cells}};
}

Json feature_json(const Report& report, std::size_t f) {
    const FeatureReport& feature = report.features[f];
    const FeatureBaseline& known = report.baseline.features()[f];
    Json out{{"name", known.name},
             {"kind", feature_kind_name(known.kind)},
             {"decision", decision_name(feature.decision)},
             {"ignored", feature.ignored},
             {"reason", report.reason(f)},
             {"test", drift_test_name(feature.test)},
             {"tolerance", feature.tolerance},
             {"reference_observations", known.observations()},
             {"live_rows", feature.live_rows},
             {"live_observations", feature.live_observations}};
    if (known.kind == FeatureKind::numeric) {
        out["reference_median"] = finite(feature.reference_median);
        out["live_median"] = finite(feature.live_median);
    }
    out["evidence"] = Json::array();
    for (const Evidence& evidence : feature.evidence()) out["evidence"].push_back(evidence_json(evidence));
    out["statistics"] = statistics_json(feature.statistics);
    return out;
}

Json joint_json(const Report& report, std::size_t index) {
    const JointEvidence& joint = report.joint[index];
    Json out{{"by", multivariate_test_name(joint.by)},
             {"decision", decision_name(joint.decision)},
             {"reason", report.joint_reason(index)},
             {"adjusted_p_value", finite(joint.adjusted_p_value)},
             {"moved_share", finite(joint.moved_share)},
             {"moved_share_interval", interval(joint.moved_share_interval)},
             {"test", test_json(joint.test)},
             {"is_smallest_p", joint.is_smallest_p},
             {"features", Json::array()}};
    for (std::size_t i = 0; i < joint.features.size(); ++i) {
        Json feature{{"name", report.baseline.features()[joint.features[i]].name}};
        if (i < joint.contributions.size()) feature["contribution"] = finite(joint.contributions[i]);
        out["features"].push_back(std::move(feature));
    }
    out["rows"] = Json::array();
    for (const drift::RowContribution& row : joint.rows)
        out["rows"].push_back({{"row", row.position}, {"contribution", finite(row.contribution)}});
    return out;
}

Json reading_json(const drift::MonitorReading& reading) {
    return {{"estimate", finite(reading.estimate)}, {"statistic", finite(reading.statistic)},
            {"limit", finite(reading.limit)},       {"p_value", finite(reading.p_value)},
            {"e_value", finite(reading.e_value)},   {"interval", interval(reading.interval)}};
}

Json stream_json(const StreamReport& stream) {
    Json out{{stream_source_name(stream.source), stream.name},
             {"monitor", drift::monitor_kind_name(stream.kind)},
             {"options", Json::parse(stream.options)},
             {"decision", decision_name(stream.decision)},
             {"reason", stream.reason()},
             {"state", monitor_state_name(stream.state)},
             {"period_begin", stream.period_begin},
             {"period_alarms", stream.period_alarms},
             {"seen", stream.seen},
             {"accepted", stream.counts.accepted},
             {"nan", stream.counts.nan},
             {"infinite", stream.counts.infinite},
             {"refused", stream.counts.refused},
             {"alarms", stream.counts.changes},
             {"reading", reading_json(stream.reading)},
             {"newest_alarms", Json::array()}};
    if (!stream.contributions.empty()) {
        out["contributions"] = Json::array();
        for (const StreamContribution& each : stream.contributions)
            out["contributions"].push_back({{"name", each.name}, {"contribution", finite(each.value)}});
    }
    if (!std::isnan(stream.joined_e_value)) {
        out["joined_e_value"] = finite(stream.joined_e_value);
        out["is_discovered"] = stream.is_discovered;
    }
    for (const StreamAlarm& alarm : stream.alarms)
        out["newest_alarms"].push_back({{"position", alarm.position},
                                        {"time", alarm.time},
                                        {"value", finite(alarm.value)},
                                        {"reading", reading_json(alarm.reading)}});
    return out;
}

Json schema_json(const Report& report) {
    const SchemaReport& schema = *report.schema;
    Json failures = Json::array();
    for (const SchemaFailure& failure : schema.failures)
        failures.push_back({{"feature", failure.subject},
                            {"check", validation::check_name(failure.check)},
                            {"severity", validation::severity_name(failure.severity)},
                            {"count", failure.count}});
    return {{"decision", decision_name(schema.decision)},
            {"reason", schema.reason()},
            {"requests", schema.requests},
            {"errors", schema.errors},
            {"warnings", schema.warnings},
            {"error_rate_interval", interval(schema.error_rate)},
            {"tolerance", schema.tolerance},
            {"failures", std::move(failures)}};
}

Json tags_json(std::initializer_list<Reason> reasons) {
    Json tags = Json::array();
    for (const Reason reason : reasons)
        for (const ThreatTag& tag : threat_tags(reason))
            tags.push_back({{"catalogue", tag.catalogue}, {"id", tag.id}, {"name", tag.name}});
    return tags;
}

Json memory_json(const MemoryReport& memory) {
    return {{"decision", decision_name(memory.decision)},
            {"reason", memory.reason()},
            {"silent", memory.is_silent},
            {"requests", memory.watched},
            {"query_attacks", memory.query_attacks},
            {"extractions", memory.extractions},
            {"not_evaluated", memory.untold},
            {"threats", tags_json({Reason::query_attack, Reason::extraction})}};
}

Json performance_json(const Report& report) {
    const PerformanceReport& found = *report.performance;
    Json out{{"decision", decision_name(found.decision)},
             {"reason", found.reason()},
             {"metric", drift::performance_metric_name(found.metric)},
             {"margin", found.margin},
             {"confidence", found.confidence},
             {"by_labels", found.by_labels},
             {"reference", {{"rows", found.reference.rows}}}};
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m)
        out["reference"][drift::performance_metric_name(static_cast<drift::PerformanceMetric>(m))] =
            finite(found.reference.metrics[m].value);
    if (found.estimated) out["estimated"] = estimate_json(*found.estimated);
    if (found.realised) out["realised"] = estimate_json(*found.realised);
    if (found.gap) out["gap"] = gap_json(*found.gap);
    out["ranking"] = Json::array();
    for (const auto& [effect, adjusted_p_value] : found.ranking)
        out["ranking"].push_back(
            effect_json(report.baseline.features()[effect.feature].name, effect, adjusted_p_value));
    return out;
}

Json score_json(const ScoreReport& score) {
    Json out{{"name", score.name},
             {"kind", score.kind},
             {"input", perturbation::score_input_name(score.input)},
             {"decision", decision_name(score.decision)},
             {"reason", score.reason()},
             {"level", score.level},
             {"action", action_name(score.action)},
             {"stale", score.is_stale},
             {"calibration_rows", score.calibration_count},
             {"evaluated", score.evaluated},
             {"exceeded", score.exceeded},
             {"not_evaluated", score.unevaluated},
             {"rate", finite(score.rate)},
             {"rate_interval", interval(score.rate_interval)},
             {"allowed_rate", finite(score.allowed_rate)},
             {"p_value_tenths", score.p_values},
             {"model_calls", score.queries.calls},
             {"model_rows", score.queries.rows},
             {"model_aborted", score.aborted},
             {"threats", tags_json({Reason::calibrated_score})}};
    return out;
}

Json bounds_json(const std::optional<privacy::Bounds>& bounds) {
    if (!bounds) return nullptr;
    return Json::array({bounds->lower(), bounds->upper()});
}

Json statistics_json(const ReleasedStatistics& statistics) {
    const auto count = [](const ReleasedCount& each) {
        return Json{{"value", each.value}, {"interval", interval(each.interval)}};
    };
    Json out{{"least_power", statistics.scale.least},
             {"largest_power", statistics.scale.largest},
             {"columns", Json::object()}};
    for (const auto& [name, column] : statistics.columns) {
        Json each{{"rows", count(column.rows)},
                  {"null", count(column.nulls)},
                  {"nan", count(column.nans)},
                  {"positive_infinity", count(column.positive_infinities)},
                  {"negative_infinity", count(column.negative_infinities)},
                  {"null_rate_interval", interval(column.null_rate())},
                  {"bounds", bounds_json(column.bounds)},
                  {"median_between", bounds_json(statistics.quantile(name, 0.5))},
                  {"cells", Json::array()}};
        for (const ReleasedCount& cell : column.cells) each["cells"].push_back(cell.value);
        out["columns"][name] = std::move(each);
    }
    return out;
}

Json fairness_json(const privacy::FairnessRelease& fairness) {
    const auto rate = [](const privacy::NoisyRate& each) {
        return Json{{"value", finite(each.value)}, {"interval", interval(each.interval)}};
    };
    Json out{{"groups", Json::array()}};
    for (std::size_t i = 0; i < fairness.groups.size(); ++i) {
        const privacy::GroupRates& group = fairness.groups[i];
        out["groups"].push_back({{"group", i + 1 < fairness.groups.size() ? Json(group.group) : Json(nullptr)},
                                 {"rows", {{"value", group.rows.value}, {"interval", interval(group.rows.interval)}}},
                                 {"selection", rate(group.selection)},
                                 {"true_positive", rate(group.true_positive)},
                                 {"false_positive", rate(group.false_positive)}});
    }
    out["parity_difference"] = rate(fairness.parity_difference);
    out["opportunity_difference"] = rate(fairness.opportunity_difference);
    out["odds_difference"] = rate(fairness.odds_difference);
    return out;
}

Json release_json(const ReleaseReport& release) {
    Json out{{"reason", release.reason()},
             {"epsilon", release.spent.epsilon},
             {"delta", release.spent.delta},
             {"rows_per_user", release.noise.rows_per_user},
             {"noise", release.noise.is_gaussian ? "discrete_gaussian" : "discrete_laplace"},
             {"scale", release.noise.scale},
             {"counters_per_row", release.noise.counters_per_row},
             {"outputs", Json::array()}};
    for (const ReleasedOutput output : release.outputs) out["outputs"].push_back(released_output_name(output));
    if (release.statistics) out["statistics"] = statistics_json(*release.statistics);
    if (release.fairness) out["fairness"] = fairness_json(*release.fairness);
    return out;
}

// What was not released reads as 0 in the window: null says that nobody knows.
void hide_unreleased(Json& window, const ReleaseReport& release) {
    if (!release.releases(ReleasedOutput::requests)) window["requests"] = nullptr;
    if (!release.releases(ReleasedOutput::features)) window["live_rows"] = nullptr;
    if (window.contains("schema") && !release.releases(ReleasedOutput::schema_checks))
        window["schema"]["failures"] = nullptr;
    for (Json& score : window["scores"])
        for (const char* key : {"model_calls", "model_rows", "model_aborted"}) score[key] = nullptr;
}

Json window_json(const Item& item) {
    const Report& report = *item.report;
    Json out{{"label", item.label},
             {"decision", decision_name(report.decision)},
             {"summary", report.summary()},
             {"live_rows", report.live_rows},
             {"requests",
              {{"pass", report.window.requests(Decision::pass)},
               {"not_evaluated", report.window.requests(Decision::not_evaluated)},
               {"warn", report.window.requests(Decision::warn)},
               {"alarm", report.window.requests(Decision::alarm)},
               {"rejected", report.window.rejected()}}},
             {"features", Json::array()}};
    for (std::size_t f = 0; f < report.features.size(); ++f) out["features"].push_back(feature_json(report, f));
    if (report.release) out["release"] = release_json(*report.release);
    out["joint"] = Json::array();
    for (std::size_t j = 0; j < report.joint.size(); ++j) out["joint"].push_back(joint_json(report, j));
    out["streams"] = Json::array();
    for (const StreamReport& stream : report.streams) out["streams"].push_back(stream_json(stream));
    if (report.joined_evidence) out["joined_evidence"] = joined_evidence_json(*report.joined_evidence);
    if (report.schema) out["schema"] = schema_json(report);
    if (report.performance) out["performance"] = performance_json(report);
    if (report.memory) out["memory"] = memory_json(*report.memory);
    out["scores"] = Json::array();
    for (const ScoreReport& score : report.scores) out["scores"].push_back(score_json(score));
    if (report.release) hide_unreleased(out, *report.release);
    return out;
}

}  // namespace

std::string json(Items items, const RenderOptions& options) {
    const Report& first = *items.front().report;
    Json out{{"format", "vedette-report"},
             {"format_version", 1},
             {"library_version", version_string},
             {"title", title(items, options)},
             {"live", options.live_name},
             {"decision", decision_name(overall(items))},
             {"summary", summary(items)},
             {"baseline",
              {{"id", to_hex(first.baseline.id())},
               {"name", first.baseline.name()},
               {"model_digest", first.baseline.model_digest()},
               {"rows", first.reference_rows}}},
             {"policy",
              {{"level", first.level},
               {"correction", stats::correction_name(first.correction)},
               {"minimum_rows", first.minimum_rows}}},
             {"windows", Json::array()}};
    for (const Item& item : items) out["windows"].push_back(window_json(item));
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace vedette::inline v0::rendering
