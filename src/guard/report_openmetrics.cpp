// SPDX-License-Identifier: Apache-2.0
// The report for a scraper: OpenMetrics 1.0 text of the last window, with a cap on the features.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <functional>

#include "guard/render_common.hpp"
#include "vedette/core/version.hpp"

namespace vedette::inline v0::rendering {

std::string metric_value(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0.0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

std::string metric_label(std::string_view text) {
    std::string out;
    for (const char c : clean(text)) {
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
    return out;
}

namespace {

std::string family(std::string_view name, std::string_view type, std::string_view help) {
    return fmt::format("# TYPE vedette_{0} {1}\n# HELP vedette_{0} {2}\n", name, type, help);
}

using PerFeature = std::function<double(const FeatureReport&)>;

struct Gauge {
    const char* name;
    const char* help;
    PerFeature value;
    bool names_test;
};

double adjusted_p(const FeatureReport& feature) {
    for (const Evidence& evidence : feature.evidence()) {
        if (evidence.hypothesis == Hypothesis::distribution) return evidence.adjusted_p_value;
    }
    return std::nan("");
}

const Evidence& distribution(const FeatureReport& feature) {
    static const Evidence none{};
    for (const Evidence& evidence : feature.evidence()) {
        if (evidence.hypothesis == Hypothesis::distribution) return evidence;
    }
    return none;
}

const std::array<Gauge, 8>& gauges() {
    static const std::array<Gauge, 8> all{{
        {"feature_decision", "Verdict on a feature: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
         [](const FeatureReport& f) { return static_cast<double>(f.decision); }, false},
        {"feature_live_observations", "Values that took part in the drift test.",
         [](const FeatureReport& f) { return static_cast<double>(f.live_observations); }, false},
        {"drift_statistic", "Statistic of the deciding drift test.",
         [](const FeatureReport& f) { return distribution(f).test.statistic; }, true},
        {"drift_adjusted_p_value", "p-value of the deciding drift test, adjusted for all tests of the report.",
         adjusted_p, true},
        {"drift_moved_share", "Share of the values that moved.",
         [](const FeatureReport& f) { return distribution(f).moved_share; }, false},
        {"drift_moved_share_lower", "Lower confidence bound of the moved share.",
         [](const FeatureReport& f) { return distribution(f).moved_share_interval.lower; }, false},
        {"drift_moved_share_upper", "Upper confidence bound of the moved share.",
         [](const FeatureReport& f) { return distribution(f).moved_share_interval.upper; }, false},
        {"drift_tolerance", "Moved share that the policy tolerates.",
         [](const FeatureReport& f) { return f.tolerance; }, false},
    }};
    return all;
}

std::string rates(const Report& report, const std::vector<std::size_t>& features) {
    std::string text = family("value_rate", "gauge", "Rate of nulls, NaN and the like among a feature's values.");
    for (const std::size_t f : features) {
        const std::string name = metric_label(report.baseline.features()[f].name);
        for (const Evidence& evidence : report.features[f].evidence()) {
            if (evidence.hypothesis == Hypothesis::distribution) continue;
            for (const bool live : {false, true}) {
                text += fmt::format("vedette_value_rate{{feature=\"{}\",rate=\"{}\",sample=\"{}\"}} {}\n", name,
                                    hypothesis_name(evidence.hypothesis), live ? "live" : "reference",
                                    metric_value(live ? evidence.live_rate : evidence.reference_rate));
            }
        }
    }
    return text;
}

std::string together(const Report& report) {
    if (report.joint.empty()) return {};
    std::string text;
    const auto gauge = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        for (const JointEvidence& joint : report.joint)
            text += fmt::format("vedette_{}{{test=\"{}\"}} {}\n", name, multivariate_test_name(joint.by),
                                metric_value(value(joint)));
    };
    gauge("joint_decision", "Verdict on features together: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
          [](const JointEvidence& joint) { return static_cast<double>(joint.decision); });
    gauge("joint_statistic", "Statistic of a test of several features together.",
          [](const JointEvidence& joint) { return joint.test.statistic; });
    gauge("joint_adjusted_p_value", "Its p-value, adjusted for all tests of the report.",
          [](const JointEvidence& joint) { return joint.adjusted_p_value; });
    gauge("joint_moved_share", "Share of the rows that moved.",
          [](const JointEvidence& joint) { return joint.moved_share; });
    return text;
}

std::string joined_evidence(const Report& report) {
    if (!report.joined_evidence) return {};
    const EvidenceReport& evidence = *report.joined_evidence;
    std::string text;
    const auto one = [&text](const char* name, const char* help, double value) {
        text += family(name, "gauge", help) + fmt::format("vedette_{} {}\n", name, metric_value(value));
    };
    one("joined_evidence_decision", "Verdict on e-processes together: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
        static_cast<double>(evidence.decision));
    one("joined_evidence_threshold",
        "E-value that discovered streams had to reach; without any, that a first one must.", evidence.threshold);
    const auto each = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        for (const EvidenceReport::Stream& stream : evidence.streams)
            text += fmt::format("vedette_{}{{stream=\"{}\"}} {}\n", name, metric_label(stream.subject),
                                metric_value(value(stream)));
    };
    each("joined_evidence_e_value", "E-value of a stream at any time.",
         [](const EvidenceReport::Stream& stream) { return stream.e_value; });
    each("joined_evidence_discovered", "Whether the stream is discovered as changed.",
         [](const EvidenceReport::Stream& stream) { return stream.is_discovered ? 1.0 : 0.0; });
    return text;
}

std::string streams(const Report& report) {
    std::string text = joined_evidence(report);
    if (report.streams.empty()) return text;
    const auto metric = [&](const char* name, const char* type, const char* help, auto&& value) {
        text += family(name, type, help);
        const bool counts = std::string_view(type) == "counter";
        for (const StreamReport& stream : report.streams)
            text += fmt::format("vedette_{}{}{{{}=\"{}\",monitor=\"{}\"}} {}\n", name, counts ? "_total" : "",
                                stream_source_name(stream.source), metric_label(stream.name),
                                drift::monitor_kind_name(stream.kind), metric_value(value(stream)));
    };
    metric("stream_decision", "gauge", "Verdict of a monitor: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
           [](const StreamReport& s) { return static_cast<double>(s.decision); });
    metric("stream_alarms", "counter", "Alarms of a monitor since its watch began.",
           [](const StreamReport& s) { return static_cast<double>(s.counts.changes); });
    metric("stream_values", "counter", "Values that a monitor was given.",
           [](const StreamReport& s) { return static_cast<double>(s.seen); });
    metric("stream_estimate", "gauge", "Present level, where a monitor knows it.",
           [](const StreamReport& s) { return s.reading.estimate; });
    metric("stream_statistic", "gauge", "What a monitor compares with its limit.",
           [](const StreamReport& s) { return s.reading.statistic; });
    metric("stream_limit", "gauge", "Limit of that statistic.", [](const StreamReport& s) { return s.reading.limit; });
    return text;
}

std::string scores(const Report& report) {
    if (report.scores.empty()) return {};
    std::string text;
    const auto gauge = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        for (const ScoreReport& score : report.scores)
            text += fmt::format("vedette_{}{{score=\"{}\",kind=\"{}\"}} {}\n", name, metric_label(score.name),
                                score.kind, metric_value(value(score)));
    };
    gauge("score_decision", "Verdict on a score: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
          [](const ScoreReport& score) { return static_cast<double>(score.decision); });
    gauge("score_evaluated", "Requests of the window that a score decided on.",
          [](const ScoreReport& score) { return static_cast<double>(score.evaluated); });
    gauge("score_exceeded", "Requests with a p-value of at most the score's level.",
          [](const ScoreReport& score) { return static_cast<double>(score.exceeded); });
    gauge("score_not_evaluated", "Requests without a decision of the score.",
          [](const ScoreReport& score) { return static_cast<double>(score.unevaluated); });
    if (!report.release) {
        gauge("score_model_rows", "Rows that a score sent to the model.",
              [](const ScoreReport& score) { return static_cast<double>(score.queries.rows); });
        gauge("score_model_aborted", "Requests whose questions to the model its callback ended.",
              [](const ScoreReport& score) { return static_cast<double>(score.aborted); });
    }
    gauge("score_level", "False-alarm level of a score.", [](const ScoreReport& score) { return score.level; });
    gauge("score_allowed_rate", "Share of requests that a benign window may exceed the level with.",
          [](const ScoreReport& score) { return score.allowed_rate; });
    gauge("score_stale", "1 where the calibration of a score no longer holds.",
          [](const ScoreReport& score) { return score.is_stale ? 1.0 : 0.0; });
    return text;
}

std::string schema(const Report& report) {
    if (!report.schema) return {};
    std::string text;
    const auto gauge = [&](const char* name, const char* help, double value) {
        text += family(name, "gauge", help) + fmt::format("vedette_{} {}\n", name, metric_value(value));
    };
    gauge("schema_decision", "Verdict of the schema: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
          static_cast<double>(report.schema->decision));
    gauge("schema_errors", "Requests of the window with an error.", static_cast<double>(report.schema->errors));
    gauge("schema_warnings", "Requests of the window with a warning and no error.",
          static_cast<double>(report.schema->warnings));
    if (report.release && !report.release->releases(ReleasedOutput::schema_checks)) return text;
    text += family("schema_failures", "gauge", "Requests of the window that fail a check of a feature.");
    for (const SchemaFailure& failure : report.schema->failures)
        text += fmt::format("vedette_schema_failures{{feature=\"{}\",check=\"{}\",severity=\"{}\"}} {}\n",
                            metric_label(failure.subject), validation::check_name(failure.check),
                            validation::severity_name(failure.severity), failure.count);
    return text;
}

// A value and its interval are three samples, told apart by a label.
template <class Value>
void with_interval(std::string& text, const char* name, const std::string& labels, const Value& value) {
    text += fmt::format(
        "vedette_{0}{{{1},bound=\"value\"}} {2}\nvedette_{0}{{{1},bound=\"lower\"}} {3}\n"
        "vedette_{0}{{{1},bound=\"upper\"}} {4}\n",
        name, labels, metric_value(value.value), metric_value(value.interval.lower),
        metric_value(value.interval.upper));
}

std::string released_statistics(const ReleaseReport& release) {
    if (!release.statistics) return {};
    std::string text = family("release_column_count", "gauge", "Noised rows of a column, by what they hold.");
    for (const auto& [name, column] : release.statistics->columns) {
        const std::string label = fmt::format("column=\"{}\"", metric_label(name));
        const std::pair<const char*, const ReleasedCount*> counts[] = {
            {"any", &column.rows},
            {"null", &column.nulls},
            {"nan", &column.nans},
            {"positive_infinity", &column.positive_infinities},
            {"negative_infinity", &column.negative_infinities}};
        for (const auto& [kind, count] : counts)
            with_interval(text, "release_column_count", fmt::format("{},holds=\"{}\"", label, kind), *count);
    }
    text += family("release_column_bound", "gauge", "Powers of two that a column's numbers seem to lie between.");
    for (const auto& [name, column] : release.statistics->columns)
        if (column.bounds)
            text += fmt::format(
                "vedette_release_column_bound{{column=\"{0}\",bound=\"lower\"}} {1}\n"
                "vedette_release_column_bound{{column=\"{0}\",bound=\"upper\"}} {2}\n",
                metric_label(name), metric_value(column.bounds->lower()), metric_value(column.bounds->upper()));
    return text;
}

std::string released_fairness(const ReleaseReport& release) {
    if (!release.fairness) return {};
    const privacy::FairnessRelease& fairness = *release.fairness;
    std::string text = family("release_group_rows", "gauge", "Noised decisions on a group; on all others, rest 1.");
    const auto label = [&](std::size_t i) {
        return fmt::format("group=\"{}\",rest=\"{}\"", metric_label(fairness.groups[i].group),
                           i + 1 == fairness.groups.size() ? 1 : 0);
    };
    for (std::size_t i = 0; i < fairness.groups.size(); ++i)
        with_interval(text, "release_group_rows", label(i), fairness.groups[i].rows);
    text += family("release_group_rate", "gauge", "Noised rate of a group's decisions.");
    for (std::size_t i = 0; i < fairness.groups.size(); ++i) {
        const privacy::GroupRates& group = fairness.groups[i];
        with_interval(text, "release_group_rate", label(i) + ",rate=\"selection\"", group.selection);
        with_interval(text, "release_group_rate", label(i) + ",rate=\"true_positive\"", group.true_positive);
        with_interval(text, "release_group_rate", label(i) + ",rate=\"false_positive\"", group.false_positive);
    }
    text += family("release_group_difference", "gauge", "Largest less smallest noised rate of the groups.");
    with_interval(text, "release_group_difference", "of=\"parity\"", fairness.parity_difference);
    with_interval(text, "release_group_difference", "of=\"opportunity\"", fairness.opportunity_difference);
    with_interval(text, "release_group_difference", "of=\"odds\"", fairness.odds_difference);
    return text;
}

std::string noise(const Report& report) {
    if (!report.release) return {};
    std::string text;
    const auto gauge = [&](const char* name, const char* help, double value) {
        text += family(name, "gauge", help) + fmt::format("vedette_{} {}\n", name, metric_value(value));
    };
    const ReleaseReport& release = *report.release;
    gauge("release_epsilon", "Epsilon that the release of this window spent; all live counts are noised.",
          release.spent.epsilon);
    gauge("release_delta", "Delta that the release of this window spent.", release.spent.delta);
    gauge("release_rows_per_user", "Rows of a user that the noise hides.",
          static_cast<double>(release.noise.rows_per_user));
    gauge("release_standard_deviation", "Standard deviation of the noise on each live count.",
          release.noise.standard_deviation());
    return text + released_statistics(release) + released_fairness(release);
}

std::string performance(const Report& report) {
    if (!report.performance) return {};
    const PerformanceReport& found = *report.performance;
    std::string text = family("performance_decision", "gauge",
                              "Verdict of the performance: 0 pass, 1 not evaluated, 2 warning, 3 alarm.") +
                       fmt::format("vedette_performance_decision {}\n", static_cast<int>(found.decision));
    const auto each = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        const std::pair<const char*, const drift::PerformanceEstimate*> known[] = {
            {"reference", &found.reference},
            {"estimate", found.estimated ? &*found.estimated : nullptr},
            {"labels", found.realised ? &*found.realised : nullptr}};
        for (const auto& [by, estimate] : known) {
            if (estimate == nullptr) continue;
            for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
                const double x = value(estimate->metrics[m]);
                if (estimate == &found.reference && std::isnan(x)) continue;
                text += fmt::format("vedette_{}{{metric=\"{}\",by=\"{}\"}} {}\n", name,
                                    drift::performance_metric_name(static_cast<drift::PerformanceMetric>(m)), by,
                                    metric_value(x));
            }
        }
    };
    each("performance", "A metric of the model.", [](const drift::MetricEstimate& m) { return m.value; });
    each("performance_lower", "Lower bound of the metric.",
         [](const drift::MetricEstimate& m) { return m.interval.lower; });
    each("performance_upper", "Upper bound of the metric.",
         [](const drift::MetricEstimate& m) { return m.interval.upper; });
    if (found.gap)
        text += family("performance_gap", "gauge", "Realised less estimated accuracy, of rows with labels.") +
                fmt::format("vedette_performance_gap {}\n", metric_value(found.gap->gap));
    if (found.ranking.empty()) return text;
    const auto effect = [&](const char* name, const char* help, auto&& value) {
        text += family(name, "gauge", help);
        for (const FeatureEffect& each_effect : found.ranking)
            text += fmt::format("vedette_{}{{feature=\"{}\"}} {}\n", name,
                                metric_label(report.baseline.features()[each_effect.effect.feature].name),
                                metric_value(value(each_effect)));
    };
    effect("performance_effect", "Change of the accuracy by a feature's drift.",
           [](const FeatureEffect& e) { return e.effect.effect; });
    effect("performance_effect_adjusted_p_value", "Of no such change, adjusted for all features.",
           [](const FeatureEffect& e) { return e.adjusted_p_value; });
    return text;
}

std::string memory(const Report& report) {
    if (!report.memory) return {};
    std::string text;
    const auto gauge = [&](const char* name, const char* help, std::uint64_t value) {
        text += family(name, "gauge", help) + fmt::format("vedette_{} {}\n", name, value);
    };
    gauge("memory_decision", "Verdict of the memory across requests: 0 pass, 1 not evaluated, 2 warning, 3 alarm.",
          static_cast<std::uint64_t>(report.memory->decision));
    gauge("memory_requests", "Requests of the window shown to the memory.", report.memory->watched);
    gauge("memory_query_attacks", "Of those, by accounts accused of a query attack.", report.memory->query_attacks);
    gauge("memory_extractions", "Of those, by accounts that seem to copy the model.", report.memory->extractions);
    gauge("memory_not_evaluated", "Of those, without a word of the memory.", report.memory->untold);
    return text;
}

std::string whole(const Report& report) {
    std::string text = family("reference", "info", "The baseline that the window is judged against.");
    text += fmt::format("vedette_reference_info{{baseline=\"{}\",name=\"{}\",version=\"{}\"}} 1\n",
                        to_hex(report.baseline.id()), metric_label(report.baseline.name()), version_string);
    text += family("reference_rows", "gauge", "Rows of the reference.");
    text += fmt::format("vedette_reference_rows {}\n", report.reference_rows);
    if (!report.release || report.release->releases(ReleasedOutput::features)) {
        text += family("live_rows", "gauge", "Rows of the window.");
        text += fmt::format("vedette_live_rows {}\n", report.live_rows);
    }
    text += family("level", "gauge", "False-alarm level of the report over all its tests.");
    text += fmt::format("vedette_level {}\n", metric_value(report.level));
    text += family("decision", "stateset", "Verdict on the window.");
    constexpr std::array decisions{Decision::pass, Decision::not_evaluated, Decision::warn, Decision::alarm};
    for (const Decision decision : decisions) {
        text += fmt::format("vedette_decision{{vedette_decision=\"{}\"}} {}\n", decision_name(decision),
                            report.decision == decision ? 1 : 0);
    }
    if (!report.release || report.release->releases(ReleasedOutput::requests)) {
        text += family("window_requests", "gauge", "Requests of the window that the guard judged, by decision.");
        for (const Decision decision : decisions)
            text += fmt::format("vedette_window_requests{{decision=\"{}\"}} {}\n", decision_name(decision),
                                report.window.requests(decision));
    }
    text += family("features", "gauge", "Features of the window by decision.");
    for (const Decision decision : decisions) {
        text +=
            fmt::format("vedette_features{{decision=\"{}\"}} {}\n", decision_name(decision), report.count(decision));
    }
    return text;
}

}  // namespace

std::string openmetrics(Items items, const RenderOptions& options) {
    const Report& report = *items.back().report;
    std::vector<std::size_t> features;
    std::size_t left_out = 0;
    for (const std::size_t f : report.ranking()) {
        if (report.features[f].ignored) continue;
        if (features.size() < options.max_features) {
            features.push_back(f);
        } else {
            ++left_out;
        }
    }
    std::string text = whole(report);
    text += family("features_left_out", "gauge", "Features that are not exported because of the cap.");
    text += fmt::format("vedette_features_left_out {}\n", left_out);
    for (const Gauge& gauge : gauges()) {
        text += family(gauge.name, "gauge", gauge.help);
        for (const std::size_t f : features) {
            const FeatureReport& feature = report.features[f];
            const std::string test =
                gauge.names_test ? fmt::format(",test=\"{}\"", drift_test_name(feature.test)) : std::string();
            text +=
                fmt::format("vedette_{}{{feature=\"{}\"{}}} {}\n", gauge.name,
                            metric_label(report.baseline.features()[f].name), test, metric_value(gauge.value(feature)));
        }
    }
    return text + rates(report, features) + together(report) + streams(report) + scores(report) + schema(report) +
           performance(report) + memory(report) + noise(report) + "# EOF\n";
}

}  // namespace vedette::inline v0::rendering
