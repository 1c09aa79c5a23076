// SPDX-License-Identifier: Apache-2.0
// `vedette sketch compare`: Kolmogorov-Smirnov of two sketches, and rates of what has no rank, judged by a policy.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "guard/decide.hpp"
#include "guard/render_common.hpp"
#include "sketch_file.hpp"
#include "text_table.hpp"
#include "vedette/core/error.hpp"
#include "vedette/drift/rate_tests.hpp"
#include "vedette/drift/sketch_tests.hpp"
#include "vedette/guard/report.hpp"

namespace vedette::inline v0::cli {

namespace {

using Sketch = stats::KllSketch<double>;
using rendering::grouped;

/// The verdict on one column: the distribution first, then the rates of NaN and infinities that occurred.
struct ColumnVerdict {
    std::string name;
    const Sketch* reference = nullptr;
    const Sketch* live = nullptr;
    drift::SketchKsResult test;
    std::vector<Evidence> evidence;
    double tolerance = 0.0;
    Decision decision = Decision::not_evaluated;
};

std::uint64_t specials(const Sketch& sketch) {
    return sketch.nan_count() + sketch.positive_infinity_count() + sketch.negative_infinity_count();
}

std::string word_for(const std::string& name) {
    return name.empty() ? "(unnamed)" : rendering::shortened(name, 32);
}

// The tool counts an empty field as a NaN.
const char* word_for(Hypothesis hypothesis) {
    return hypothesis == Hypothesis::nan_rate ? "empty or NaN" : rendering::hypothesis_word(hypothesis);
}

Evidence rate_of(Hypothesis hypothesis, std::uint64_t before, std::uint64_t now, const ColumnVerdict& column,
                 const stats::Confidence& confidence) {
    const std::uint64_t n = column.reference->count() + specials(*column.reference);
    const std::uint64_t m = column.live->count() + specials(*column.live);
    Evidence evidence;
    evidence.hypothesis = hypothesis;
    evidence.by = DriftTest::two_proportion;
    evidence.test = drift::two_proportion(before, n, now, m, confidence);
    evidence.moved_share = std::abs(evidence.test.effect);
    evidence.moved_share_interval = magnitude(evidence.test.effect_interval);
    evidence.reference_rate = static_cast<double>(before) / static_cast<double>(n);
    evidence.live_rate = static_cast<double>(now) / static_cast<double>(m);
    return evidence;
}

ColumnVerdict examine(const NamedSketch& reference, const NamedSketch& live, const Policy& policy) {
    ColumnVerdict column{reference.name, &reference.sketch, &live.sketch, {}, {}, 0.0, Decision::not_evaluated};
    column.tolerance = policy.for_feature(reference.name).tolerance;
    Evidence distribution;
    distribution.by = DriftTest::kolmogorov_smirnov;
    distribution.test.p_value = std::nan("");
    if (!reference.sketch.empty() && live.sketch.count() >= policy.minimum_rows) {
        column.test = drift::ks_two_sample(reference.sketch, live.sketch, {.confidence = 1.0 - policy.level});
        distribution.test.statistic = column.test.statistic;
        distribution.test.p_value = column.test.p_value;
        distribution.moved_share = column.test.statistic;
        distribution.moved_share_interval = column.test.effect_interval;
    }
    // Of a reference without a value the rates are all there is to judge.
    const bool only_rates =
        reference.sketch.empty() && live.sketch.count() + specials(live.sketch) >= policy.minimum_rows;
    if (!only_rates) column.evidence.push_back(distribution);
    const stats::Confidence confidence(1.0 - policy.level);
    const auto add = [&](Hypothesis hypothesis, std::uint64_t before, std::uint64_t now) {
        if (before + now > 0) column.evidence.push_back(rate_of(hypothesis, before, now, column, confidence));
    };
    if (live.sketch.count() + specials(live.sketch) < policy.minimum_rows) return column;
    add(Hypothesis::nan_rate, reference.sketch.nan_count(), live.sketch.nan_count());
    add(Hypothesis::positive_infinity_rate, reference.sketch.positive_infinity_count(),
        live.sketch.positive_infinity_count());
    add(Hypothesis::negative_infinity_rate, reference.sketch.negative_infinity_count(),
        live.sketch.negative_infinity_count());
    return column;
}

// One family of p-values over all columns.
void decide_all(std::vector<ColumnVerdict>& columns, const Policy& policy) {
    std::vector<double> p_values;
    for (const ColumnVerdict& column : columns)
        for (const Evidence& evidence : column.evidence) p_values.push_back(evidence.test.p_value);
    const std::vector<double> adjusted = stats::adjust(p_values, policy.correction);
    std::size_t next = 0;
    for (ColumnVerdict& column : columns) {
        column.decision = column.evidence.empty() ? Decision::not_evaluated : Decision::pass;
        for (Evidence& evidence : column.evidence) {
            evidence.adjusted_p_value = adjusted[next++];
            evidence.decision = decide(evidence, policy.level, column.tolerance);
            column.decision = worst(column.decision, evidence.decision);
        }
    }
}

bool has_distribution(const ColumnVerdict& column) {
    return !column.evidence.empty() && column.evidence.front().hypothesis == Hypothesis::distribution &&
           !std::isnan(column.evidence.front().test.p_value);
}

std::string interval(double value, const Interval& around) {
    return fmt::format("{:.4f} ({:.4f} to {:.4f})", value, around.lower, around.upper);
}

std::string rates_of(const ColumnVerdict& column) {
    std::string text;
    for (const Evidence& evidence : column.evidence) {
        if (evidence.hypothesis == Hypothesis::distribution) continue;
        text += fmt::format("{}{} {} to {}{}", text.empty() ? "" : ", ", word_for(evidence.hypothesis),
                            rendering::percent(evidence.reference_rate), rendering::percent(evidence.live_rate),
                            evidence.decision == Decision::pass
                                ? ""
                                : fmt::format(" ({})", rendering::decision_word(evidence.decision)));
    }
    return text.empty() ? "-" : text;
}

std::string summary(std::span<const ColumnVerdict> columns, Decision decision) {
    std::string drifted;
    std::size_t count = 0;
    for (const ColumnVerdict& column : columns) {
        if (column.decision != decision) continue;
        ++count;
        drifted += (drifted.empty() ? "" : ", ") + word_for(column.name);
    }
    if (decision == Decision::pass) return fmt::format("pass: none of {} columns changed", columns.size());
    return fmt::format("{}: {} of {} columns ({})", rendering::decision_word(decision), count, columns.size(), drifted);
}

std::string table_of(std::span<const ColumnVerdict> columns, Decision decision) {
    std::vector<std::vector<std::string>> rows{{"column", "reference", "live", "D (sketch error)", "p (sketch error)",
                                                "adjusted p", "moved, at least", "without a rank", "verdict"}};
    for (const ColumnVerdict& column : columns) {
        const bool known = has_distribution(column);
        const Evidence tested = known ? column.evidence.front() : Evidence{};
        rows.push_back({word_for(column.name), grouped(column.reference->count()), grouped(column.live->count()),
                        known ? interval(column.test.statistic, column.test.statistic_interval) : "-",
                        known ? fmt::format("{} ({} to {})", rendering::p_value(column.test.p_value),
                                            rendering::p_value(column.test.p_value_interval.lower),
                                            rendering::p_value(column.test.p_value_interval.upper))
                              : "-",
                        rendering::p_value(tested.adjusted_p_value),
                        known ? rendering::percent(tested.moved_share_interval.lower) : "-", rates_of(column),
                        rendering::decision_word(column.decision)});
    }
    return summary(columns, decision) + "\n\n" + text_table(rows);
}

nlohmann::ordered_json side_of(const Sketch& sketch) {
    return {{"count", sketch.count()},
            {"nan", sketch.nan_count()},
            {"positive_infinity", sketch.positive_infinity_count()},
            {"negative_infinity", sketch.negative_infinity_count()},
            {"k", sketch.k()},
            {"exact", sketch.is_exact()}};
}

std::string json_of(std::span<const ColumnVerdict> columns, Decision decision, const Policy& policy) {
    using Json = nlohmann::ordered_json;
    const auto pair = [](const Interval& interval) { return Json::array({interval.lower, interval.upper}); };
    Json list = Json::array();
    for (const ColumnVerdict& column : columns) {
        Json evidence = Json::array();
        for (const Evidence& each : column.evidence)
            evidence.push_back({{"hypothesis", hypothesis_name(each.hypothesis)},
                                {"by", drift_test_name(each.by)},
                                {"decision", decision_name(each.decision)},
                                {"p_value", each.test.p_value},
                                {"adjusted_p_value", each.adjusted_p_value},
                                {"moved_share", each.moved_share},
                                {"moved_share_interval", pair(each.moved_share_interval)},
                                {"reference_rate", each.reference_rate},
                                {"live_rate", each.live_rate}});
        Json out{{"name", column.name},           {"decision", decision_name(column.decision)},
                 {"tolerance", column.tolerance}, {"reference", side_of(*column.reference)},
                 {"live", side_of(*column.live)}, {"evidence", std::move(evidence)}};
        if (has_distribution(column)) {
            out["statistic"] = column.test.statistic;
            out["statistic_interval"] = pair(column.test.statistic_interval);
            out["p_value_interval"] = pair(column.test.p_value_interval);
            out["rank_error"] = column.test.rank_error;
            out["sketch_error_probability"] = column.test.sketch_error_probability;
        }
        list.push_back(std::move(out));
    }
    const Json out{{"format", "vedette-sketch-comparison"},
                   {"decision", decision_name(decision)},
                   {"summary", summary(columns, decision)},
                   {"level", policy.level},
                   {"correction", stats::correction_name(policy.correction)},
                   {"columns", list}};
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

ExitStatus sketch_compare(const SketchCompareOptions& options) {
    const std::vector<Output> outputs = parse_table_or_json(options.formats);
    const Policy policy = read_policy(options.policy_path);
    const std::vector<NamedSketch> reference = load_sketches(options.reference);
    const std::vector<NamedSketch> live = load_sketches(options.live);
    for (const auto& feature : policy.features) {
        const std::string& name = feature.first;  // clang 14 cannot capture structured bindings
        const bool known =
            std::any_of(reference.begin(), reference.end(), [&](const NamedSketch& each) { return each.name == name; });
        if (!known) throw Error(ErrorCode::invalid_policy, "policy /features/" + name + ": there is no such column");
    }
    std::vector<ColumnVerdict> columns;
    for (const NamedSketch& known : reference) {
        if (policy.for_feature(known.name).ignore) continue;
        const auto same =
            std::find_if(live.begin(), live.end(), [&](const NamedSketch& each) { return each.name == known.name; });
        if (same == live.end())
            throw Error(ErrorCode::schema_mismatch,
                        fmt::format("{}: there is no column \"{}\"", options.live, known.name));
        columns.push_back(examine(known, *same, policy));
    }
    decide_all(columns, policy);
    Decision decision = columns.empty() ? Decision::not_evaluated : Decision::pass;
    bool complete = !columns.empty();
    for (const ColumnVerdict& column : columns) {
        decision = worst(decision, column.decision);
        complete = complete && !column.evidence.empty();
        for (const Evidence& each : column.evidence) complete = complete && each.decision != Decision::not_evaluated;
    }
    for (const Output& output : outputs)
        write_text(output.path, output.format == ReportFormat::json ? json_of(columns, decision, policy)
                                                                    : table_of(columns, decision));
    if (decision == Decision::alarm || (decision == Decision::warn && options.fail_on_warn)) return exit_failed;
    return complete ? exit_pass : exit_not_enough_data;
}

}  // namespace vedette::inline v0::cli
