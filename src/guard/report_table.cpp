// SPDX-License-Identifier: Apache-2.0
// The report for a terminal.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "guard/released_tables.hpp"
#include "guard/render_common.hpp"

namespace vedette::inline v0::rendering {

namespace {

constexpr std::size_t ranked_features = 5;

/// Left-aligned columns (right-aligned where asked), as wide as their widest cell.
class Grid {
  public:
    explicit Grid(std::vector<std::string> header, std::vector<bool> right) : right_(std::move(right)) {
        add(std::move(header));
    }
    void add(std::vector<std::string> cells, std::string color = {}) {
        rows_.push_back(std::move(cells));
        colors_.push_back(std::move(color));
    }
    [[nodiscard]] std::string text() const {
        std::vector<std::size_t> widths(rows_.front().size(), 0);
        for (const auto& row : rows_) {
            for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
        }
        std::string out;
        for (std::size_t r = 0; r < rows_.size(); ++r) {
            std::string line = " ";
            for (std::size_t c = 0; c < rows_[r].size(); ++c) {
                const std::string& cell = rows_[r][c];
                const std::string padding(widths[c] - width_of(cell), ' ');
                line += ' ';
                line += right_[c] ? padding + cell : cell + padding;
                line += ' ';
            }
            line.erase(line.find_last_not_of(' ') + 1);
            out += colors_[r].empty() ? line + '\n' : colors_[r] + line + "\x1b[0m\n";
        }
        return out;
    }

  private:
    std::vector<bool> right_;
    std::vector<std::vector<std::string>> rows_;
    std::vector<std::string> colors_;
};

std::string color_of(Decision decision, bool color) {
    if (!color) return {};
    switch (decision) {
        case Decision::alarm: return "\x1b[1;31m";
        case Decision::warn: return "\x1b[33m";
        case Decision::not_evaluated: return "\x1b[2m";
        case Decision::pass: break;
    }
    return "\x1b[32m";
}

std::string headline(Items items, bool color) {
    const std::string code = color_of(overall(items), color);
    return code + summary(items) + (color ? "\x1b[0m\n" : "\n");
}

std::string change_of(const FeatureBaseline& known, const FeatureReport& feature, const Evidence& evidence) {
    if (evidence.hypothesis != Hypothesis::distribution) {
        return fmt::format("{}: {} -> {}", hypothesis_word(evidence.hypothesis), percent(evidence.reference_rate),
                           percent(evidence.live_rate));
    }
    if (known.kind == FeatureKind::numeric && !std::isnan(feature.live_median)) {
        return fmt::format("median {} -> {}", number(feature.reference_median), number(feature.live_median));
    }
    return {};
}

std::string joint_lines(const Report& report, const RenderOptions& options) {
    std::string text;
    for (std::size_t j = 0; j < report.joint.size(); ++j) {
        const std::string code = color_of(report.joint[j].decision, options.color);
        text += fmt::format("{}  {}: {}{}\n", code, decision_word(report.joint[j].decision),
                            clean(report.joint_reason(j)), code.empty() ? "" : "\x1b[0m");
    }
    return text.empty() ? text : '\n' + text;
}

std::string stream_lines(const Report& report, const RenderOptions& options) {
    std::string text;
    for (const StreamReport& stream : report.streams) {
        const std::string code = color_of(stream.decision, options.color);
        text += fmt::format("{}  {}: {}{}\n", code, decision_word(stream.decision), clean(stream.reason()),
                            code.empty() ? "" : "\x1b[0m");
    }
    return text.empty() ? text : '\n' + text;
}

std::string evidence_lines(const Report& report, const RenderOptions& options) {
    if (!report.joined_evidence) return {};
    const std::string code = color_of(report.joined_evidence->decision, options.color);
    return fmt::format("{}  {}: {}{}\n  ({})\n", code, decision_word(report.joined_evidence->decision),
                       clean(report.joined_evidence->reason()), code.empty() ? "" : "\x1b[0m",
                       report.joined_evidence->condition());
}

std::string score_lines(const Report& report, const RenderOptions& options) {
    std::string text;
    for (const ScoreReport& score : report.scores) {
        const std::string code = color_of(score.decision, options.color);
        text += fmt::format("{}  {}: {}{}\n", code, decision_word(score.decision), clean(score.reason()),
                            code.empty() ? "" : "\x1b[0m");
    }
    return text.empty() ? text : '\n' + text;
}

std::string memory_lines(const Report& report, const RenderOptions& options) {
    if (!report.memory) return {};
    const std::string code = color_of(report.memory->decision, options.color);
    return fmt::format("\n{}  {}: {}{}\n", code, decision_word(report.memory->decision), report.memory->reason(),
                       code.empty() ? "" : "\x1b[0m");
}

std::string performance_lines(const Report& report, const RenderOptions& options) {
    if (!report.performance) return {};
    const PerformanceReport& found = *report.performance;
    const std::string code = color_of(found.decision, options.color);
    std::string text = fmt::format("\n{}  {}: {}{}\n", code, decision_word(found.decision), found.reason(),
                                   code.empty() ? "" : "\x1b[0m");
    if (found.gap && found.gap->rows > 0)
        text +=
            fmt::format("  of {} labelled rows: estimated accuracy {}, realised {}, p {}\n", grouped(found.gap->rows),
                        number(found.gap->estimated), number(found.gap->realised), p_value(found.gap->p_value));
    std::size_t shown = 0;
    for (const auto& [effect, adjusted_p_value] : found.ranking) {
        if (std::isnan(effect.effect) || shown++ == ranked_features) break;
        text += fmt::format("  {}: its drift changes the accuracy by {} ({} to {}), adjusted p {}\n",
                            shortened(report.baseline.features()[effect.feature].name, 32), number(effect.effect),
                            number(effect.interval.lower), number(effect.interval.upper), p_value(adjusted_p_value));
    }
    return text;
}

std::string schema_lines(const Report& report, const RenderOptions& options) {
    if (!report.schema) return {};
    const SchemaReport& schema = *report.schema;
    const std::string code = color_of(schema.decision, options.color);
    std::string text = fmt::format("\n{}  {}: {}{}\n", code, decision_word(schema.decision), schema.reason(),
                                   code.empty() ? "" : "\x1b[0m");
    const std::size_t shown = std::min(schema.failures.size(), options.max_features);
    for (std::size_t i = 0; i < shown; ++i) text += fmt::format("    {}\n", clean(report.schema_reason(i)));
    if (shown < schema.failures.size())
        text += fmt::format("    ... and {} more checks\n", schema.failures.size() - shown);
    return text;
}

std::string released_lines(const Report& report) {
    std::string text;
    for (const ReleasedTable& table : released_tables(report)) {
        std::vector<bool> right(table.rows.front().size(), true);
        right.front() = false;
        Grid grid(table.rows.front(), right);
        for (std::size_t i = 1; i < table.rows.size(); ++i) {
            std::vector<std::string> row = table.rows[i];
            row.front() = shortened(row.front(), 32);
            grid.add(std::move(row));
        }
        text += "\n  " + table.title + "\n" + grid.text() + "  " + table.note + "\n";
    }
    return text;
}

std::string feature_table(const Report& report, const RenderOptions& options) {
    Grid grid({"feature", "verdict", "moved share", "adjusted p", "test", "what changed"},
              {false, false, false, true, false, false});
    std::size_t left_out = 0;
    std::size_t shown = 0;
    for (const std::size_t f : report.ranking()) {
        const FeatureReport& feature = report.features[f];
        if (feature.ignored) continue;
        if (shown++ >= options.max_features) {
            ++left_out;
            continue;
        }
        const FeatureBaseline& known = report.baseline.features()[f];
        const std::string name = shortened(known.name, 32);
        const Evidence* evidence = feature.decisive();
        if (evidence == nullptr || std::isnan(evidence->adjusted_p_value)) {
            grid.add({name, decision_word(feature.decision), "-", "-", "-",
                      feature.live_observations < report.minimum_rows
                          ? fmt::format("{} observations, {} needed", grouped(feature.live_observations),
                                        grouped(report.minimum_rows))
                          : std::string(feature.compared_.empty() ? "too little for this test" : undefined_test)},
                     color_of(feature.decision, options.color));
            continue;
        }
        std::string change = change_of(known, feature, *evidence);
        if (evidence->is_smallest_p) change += (change.empty() ? "p" : "; p") + smallest_p_note(*evidence).substr(1);
        const std::string open = left_open(feature);
        if (!open.empty()) change += (change.empty() ? "" : "; ") + open;
        grid.add({name, decision_word(feature.decision),
                  percent_with_interval(evidence->moved_share, evidence->moved_share_interval),
                  p_value(evidence->adjusted_p_value), evidence_test_word(*evidence), change},
                 color_of(feature.decision, options.color));
    }
    std::string text = grid.text();
    if (left_out != 0) text += fmt::format("  ... and {} more features\n", left_out);
    if (report.release) text += fmt::format("\n  {}\n", report.release->reason());
    text += released_lines(report);
    return text + joint_lines(report, options) + stream_lines(report, options) + evidence_lines(report, options) +
           score_lines(report, options) + schema_lines(report, options) + performance_lines(report, options) +
           memory_lines(report, options);
}

std::string most_changed(const Report& report) {
    std::string text;
    std::size_t shown = 0;
    for (const std::size_t f : report.ranking()) {
        const FeatureReport& feature = report.features[f];
        if (feature.ignored || feature.decision < Decision::warn || shown++ == 3) break;
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", shortened(report.baseline.features()[f].name, 24),
                            percent(largest_move(feature)->moved_share));
    }
    return text.empty() ? std::string("-") : text;
}

std::string window_table(Items items, bool color) {
    Grid grid({"window", "rows", "verdict", "alarms", "warnings", "most changed (share of the values that moved)"},
              {false, true, false, true, true, false});
    for (const Item& item : items) {
        const Report& report = *item.report;
        grid.add({shortened(item.label, 24), live_rows_told(report), decision_word(report.decision),
                  std::to_string(report.count(Decision::alarm)), std::to_string(report.count(Decision::warn)),
                  most_changed(report)},
                 color_of(report.decision, color));
    }
    return grid.text();
}

}  // namespace

std::string table(Items items, const RenderOptions& options) {
    std::string text = headline(items, options.color) + '\n';
    if (items.size() == 1) return text + feature_table(*items.front().report, options);
    const Item& closest = items[focus(items)];
    text += window_table(items, options.color);
    text += fmt::format("\nThe window to look at first, {}:\n\n", shortened(closest.label, 40));
    return text + feature_table(*closest.report, options);
}

}  // namespace vedette::inline v0::rendering
