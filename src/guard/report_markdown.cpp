// SPDX-License-Identifier: Apache-2.0
// The report for a job summary or a ticket.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "guard/released_tables.hpp"
#include "guard/render_common.hpp"
#include "vedette/core/version.hpp"

namespace vedette::inline v0::rendering {

namespace {

std::string verdict(Decision decision) {
    return decision == Decision::pass ? decision_word(decision) : fmt::format("**{}**", decision_word(decision));
}

std::string feature_row(const Report& report, std::size_t f) {
    const FeatureReport& feature = report.features[f];
    const FeatureBaseline& known = report.baseline.features()[f];
    const Evidence* evidence = feature.decisive();
    if (evidence == nullptr || std::isnan(evidence->adjusted_p_value)) {
        return fmt::format("| {} | {} | - | - | - | {} |\n", markdown_text(known.name), verdict(feature.decision),
                           markdown_text(report.reason(f)));
    }
    const std::string open = left_open(feature);
    return fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(known.name), verdict(feature.decision),
                       percent_with_interval(evidence->moved_share, evidence->moved_share_interval),
                       markdown_text(p_value(evidence->adjusted_p_value)), markdown_text(evidence_test_word(*evidence)),
                       markdown_text(report.reason(f) + (open.empty() ? open : "; " + open)));
}

std::string performance(const Report& report, std::size_t limit) {
    const PerformanceReport& found = *report.performance;
    std::string text = fmt::format("\n{}: {}\n", verdict(found.decision), markdown_text(found.reason()));
    text += "\n| metric | reference | estimated | by labels |\n|---|--:|--:|--:|\n";
    const auto cell = [](const std::optional<drift::PerformanceEstimate>& estimate, std::size_t m) {
        if (!estimate) return std::string("-");
        return percent_with_interval(estimate->metrics[m].value, estimate->metrics[m].interval);
    };
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m)
        text +=
            fmt::format("| {} | {} | {} | {} |\n",
                        markdown_text(drift::performance_metric_name(static_cast<drift::PerformanceMetric>(m))),
                        percent(found.reference.metrics[m].value), cell(found.estimated, m), cell(found.realised, m));
    if (found.gap && found.gap->rows > 0)
        text += fmt::format("\nOf {} rows with labels: estimated accuracy {}, realised {}, p {}.\n",
                            grouped(found.gap->rows), percent(found.gap->estimated), percent(found.gap->realised),
                            markdown_text(p_value(found.gap->p_value)));
    if (!found.ranking.empty())
        text += "\n| drift of | effect on accuracy | from | to | adjusted p |\n|---|--:|--:|--:|--:|\n";
    for (std::size_t i = 0; i < std::min(limit, found.ranking.size()); ++i) {
        const drift::PerformanceEffect& effect = found.ranking[i].effect;
        text +=
            fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(report.baseline.features()[effect.feature].name),
                        number(effect.effect), number(effect.interval.lower), number(effect.interval.upper),
                        markdown_text(p_value(found.ranking[i].adjusted_p_value)));
    }
    return text;
}

std::string feature_table(const Report& report, std::size_t limit) {
    std::string text =
        "| feature | verdict | moved share | adjusted p | test | why |\n"
        "|---|---|---|--:|---|---|\n";
    std::size_t shown = 0;
    std::size_t left_out = 0;
    for (const std::size_t f : report.ranking()) {
        if (report.features[f].ignored) continue;
        if (shown++ < limit) {
            text += feature_row(report, f);
        } else {
            ++left_out;
        }
    }
    if (left_out != 0) text += fmt::format("\n{} more features are not listed.\n", left_out);
    if (!report.joint.empty())
        text += "\n| features together | verdict | moved share | adjusted p | why |\n|---|---|---|--:|---|\n";
    for (std::size_t j = 0; j < report.joint.size(); ++j) {
        const JointEvidence& joint = report.joint[j];
        text +=
            fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(multivariate_test_word(joint.by)),
                        verdict(joint.decision), percent_with_interval(joint.moved_share, joint.moved_share_interval),
                        markdown_text(p_value(joint.adjusted_p_value)), markdown_text(report.joint_reason(j)));
    }
    if (report.joined_evidence)
        text += fmt::format("\n{}: {} ({})\n", verdict(report.joined_evidence->decision),
                            markdown_text(report.joined_evidence->reason()), report.joined_evidence->condition());
    if (!report.streams.empty()) text += "\n| stream | monitor | verdict | alarms | why |\n|---|---|---|--:|---|\n";
    for (const StreamReport& stream : report.streams)
        text += fmt::format("| {} | {} | {} | {} | {} |\n", markdown_text(stream.subject()),
                            markdown_text(drift::monitor_kind_name(stream.kind)), verdict(stream.decision),
                            stream.period_alarms, markdown_text(stream.reason()));
    if (report.schema) {
        text += fmt::format("\n{}: {}\n", verdict(report.schema->decision), markdown_text(report.schema->reason()));
        if (!report.schema->failures.empty())
            text += "\n| feature | check | severity | requests |\n|---|---|---|--:|\n";
        for (const SchemaFailure& failure : report.schema->failures)
            text += fmt::format("| {} | {} | {} | {} |\n", markdown_text(failure.subject),
                                validation::check_name(failure.check), validation::severity_name(failure.severity),
                                grouped(failure.count));
    }
    if (report.performance) text += performance(report, limit);
    if (report.memory)
        text += fmt::format("\n{}: {}\n", verdict(report.memory->decision), markdown_text(report.memory->reason()));
    if (!report.scores.empty())
        text += "\n| score | kind | verdict | exceeded | allowed | why |\n|---|---|---|--:|--:|---|\n";
    for (const ScoreReport& score : report.scores)
        text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(score.name), markdown_text(score.kind),
                            verdict(score.decision), percent_with_interval(score.rate, score.rate_interval),
                            percent(score.allowed_rate), markdown_text(score.reason()));
    return text;
}

std::string released(const Report& report) {
    std::string text;
    for (const ReleasedTable& table : released_tables(report)) {
        text += fmt::format("\n### {}\n\n", table.title);
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            text += '|';
            for (const std::string& cell : table.rows[i]) text += fmt::format(" {} |", markdown_text(cell));
            text += '\n';
            if (i != 0) continue;
            text += "|---|";
            for (std::size_t c = 1; c < table.rows.front().size(); ++c) text += "--:|";
            text += '\n';
        }
        text += fmt::format("\n{}\n", markdown_text(table.note));
    }
    return text;
}

std::string window_table(Items items) {
    std::string text = "| window | rows | verdict | alarms | warnings | why |\n|---|--:|---|--:|--:|---|\n";
    for (const Item& item : items) {
        const Report& report = *item.report;
        const std::vector<std::size_t> order = report.ranking();
        const bool changed = !order.empty() && report.features[order.front()].decision >= Decision::warn;
        text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", markdown_text(item.label), live_rows_told(report),
                            verdict(report.decision), report.count(Decision::alarm), report.count(Decision::warn),
                            changed ? markdown_text(report.reason(order.front())) : std::string("-"));
    }
    return text;
}

}  // namespace

std::string markdown(Items items, const RenderOptions& options) {
    const Report& closest = *items[focus(items)].report;
    std::string text =
        fmt::format("## {}\n\n**{}**\n\n", markdown_text(title(items, options)), markdown_text(summary(items)));
    if (!options.live_name.empty()) text += fmt::format("Live data: {}\n\n", markdown_text(options.live_name));
    if (items.size() > 1) {
        text += window_table(items);
        text += fmt::format("\n### {}, the window to look at first\n\n", markdown_text(items[focus(items)].label));
    }
    text += feature_table(closest, options.max_features);
    if (closest.release) text += fmt::format("\n{}\n", markdown_text(closest.release->reason()));
    text += released(closest);
    text += fmt::format(
        "\n<sub>Baseline {} ({} rows). False alarm level {} per window, {}. An alarm needs an adjusted p-value at or "
        "below the level and a moved share surely above the tolerance. vedette {}.</sub>\n",
        to_hex(closest.baseline.id()).substr(0, 16), grouped(closest.reference_rows), closest.level,
        markdown_text(stats::correction_name(closest.correction)), version_string);
    return text;
}

}  // namespace vedette::inline v0::rendering
