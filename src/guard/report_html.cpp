// SPDX-License-Identifier: Apache-2.0
// The report for people: one self-contained page without scripts, for light and dark screens, phones and paper.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "guard/released_tables.hpp"
#include "guard/render_common.hpp"
#include "guard/report_html_style.hpp"
#include "guard/report_plots.hpp"
#include "guard/stream_page.hpp"
#include "vedette/core/version.hpp"
#include "vedette/guard/guard.hpp"

namespace vedette::inline v0::rendering {

std::string badge(Decision decision) {
    return fmt::format("<span class=\"badge {}\">{}</span>", decision_name(decision), decision_word(decision));
}

namespace {

constexpr std::size_t most_timelines = 6;
constexpr std::size_t plots_of_focus = 40;
constexpr std::size_t plots_of_others = 6;
constexpr std::size_t most_detailed_windows = 24;

/// The first letter in upper case: the words begin sentences here.
std::string sentence(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return text;
}

std::string header(Items items, const RenderOptions& options) {
    const Report& first = *items.front().report;
    const Decision decision = overall(items);
    std::uint64_t rows = 0;
    for (const Item& item : items) rows += item.report->live_rows;
    std::string text =
        fmt::format("<header class=\"{}\"><p class=\"eyebrow\">{}</p><h1>{}</h1>", decision_name(decision),
                    escape_xml(title(items, options)), escape_xml(sentence(decision_word(decision))));
    std::string words = summary(items);
    words = words.substr(words.find(": ") == std::string::npos ? 0 : words.find(": ") + 2);
    text += fmt::format("<p class=\"lead\">{}</p><dl class=\"figures\">", escape_xml(sentence(words)));
    const auto figure = [&text](std::string_view name, std::string_view value) {
        text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, escape_xml(value));
    };
    figure("reference rows", grouped(first.reference_rows));
    if (!first.release) {
        figure("live rows", grouped(rows));
    } else if (first.release->releases(ReleasedOutput::features)) {
        figure("live rows, noised", grouped(rows));
    }
    if (items.size() > 1) figure("windows", std::to_string(items.size()));
    figure("features", std::to_string(ranking(items).size()));
    const std::string_view live(options.live_name);
    if (!live.empty()) figure("live data", shortened(live.substr(live.rfind('/') + 1), 48));
    return text + "</dl></header>\n";
}

std::string heat_cell(const FeatureReport& feature) {
    const Evidence* evidence = largest_move(feature);
    const double share = evidence == nullptr ? std::nan("") : evidence->moved_share;
    return fmt::format("<td class=\"cell {}\" title=\"{}\">{}</td>", decision_name(feature.decision),
                       decision_word(feature.decision), percent(share));
}

std::string timeline(Items items, const RenderOptions& options) {
    const std::vector<std::size_t> order = ranking(items);
    const auto features = items.front().report->baseline.features();
    std::string text =
        "<section><h2>Windows</h2><p class=\"hint\">The share of a feature's values that moved away from the "
        "reference, "
        "window by window. Colour says the verdict: an alarm needs statistical evidence <em>and</em> a share that is "
        "surely above the tolerance.</p><div class=\"scroll\"><table class=\"heat\"><thead><tr>";
    const std::size_t prefix = common_prefix(items);
    text += fmt::format("<th>{}</th>", prefix == 0 ? "window" : escape_xml(items.front().label.substr(0, prefix)));
    for (const Item& item : items) {
        text += fmt::format("<th>{}</th>", escape_xml(shortened(item.label.substr(prefix), 16)));
    }
    text += "</tr><tr><th>rows</th>";
    for (const Item& item : items) text += fmt::format("<td>{}</td>", live_rows_told(*item.report));
    text += "</tr><tr><th>verdict</th>";
    for (const Item& item : items) text += fmt::format("<td>{}</td>", badge(item.report->decision));
    text += "</tr></thead><tbody>";
    for (std::size_t i = 0; i < std::min(order.size(), options.max_features); ++i) {
        text += fmt::format("<tr><th>{}</th>", escape_xml(shortened(features[order[i]].name, 32)));
        for (const Item& item : items) text += heat_cell(item.report->features[order[i]]);
        text += "</tr>";
    }
    text += "</tbody></table></div><div class=\"multiples\">";
    for (std::size_t i = 0; i < std::min(order.size(), most_timelines); ++i) {
        text += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>",
                            escape_xml(shortened(features[order[i]].name, 32)), timeline_plot(items, order[i]));
    }
    return text +
           "</div><p class=\"hint\">Bars: confidence interval. Dashed line: the policy's tolerance.</p></section>\n";
}

std::string facts(const Report& report, std::size_t f) {
    const FeatureReport& feature = report.features[f];
    const FeatureBaseline& known = report.baseline.features()[f];
    const Evidence* evidence = feature.decisive();
    std::string text = "<dl class=\"facts\">";
    const auto fact = [&text](std::string_view name, std::string_view value) {
        text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_xml(name), escape_xml(value));
    };
    if (evidence != nullptr && !std::isnan(evidence->adjusted_p_value)) {
        fact("moved share", percent_with_interval(evidence->moved_share, evidence->moved_share_interval));
        fact("adjusted p-value", p_value(evidence->adjusted_p_value));
        fact("decided by", evidence_test_word(*evidence));
    }
    if (known.kind == FeatureKind::numeric) {
        fact("medians", number(feature.reference_median) + " to " + number(feature.live_median));
        fact("distance (SDs)", number(feature.statistics.wasserstein.effect));
    } else {
        fact("categories in the reference", grouped(known.categories.size()));
    }
    fact("stability index (PSI)", number(feature.statistics.psi.effect));
    fact("observations", grouped(known.observations()) + " / " + grouped(feature.live_observations) + " live");
    return text + "</dl>";
}

std::string with_interval(double value, const Interval& bounds) {
    if (std::isnan(bounds.lower) || std::isnan(bounds.upper)) return number(value);
    return fmt::format("{} ({} to {})", number(value), number(bounds.lower), number(bounds.upper));
}

std::string observations(double count) {
    return count >= 0.0 && count < 0x1p63 ? grouped(static_cast<std::uint64_t>(std::llround(count))) : "-";
}

// Statistic, p, adjusted p, effect with its interval, and both numbers of observations, as cells.
std::string test_cells(const TestResult& test, double adjusted_p_value) {
    return fmt::format("<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{} / {}</td>", number(test.statistic),
                       escape_xml(p_value(test.p_value)), escape_xml(p_value(adjusted_p_value)),
                       with_interval(test.effect, test.effect_interval), observations(test.reference_count),
                       observations(test.live_count));
}

// Every test of a feature, folded: those that count towards the verdict, then what else the counters tell.
std::string tests_of(const FeatureReport& feature) {
    std::string rows;
    std::size_t count = 0;
    std::array<bool, drift_test_count> listed{};
    for (const Evidence& evidence : feature.evidence()) {
        const bool distribution = evidence.hypothesis == Hypothesis::distribution;
        if (distribution) listed[static_cast<std::size_t>(evidence.by)] = true;
        rows += fmt::format("<tr{}><th>{}{}</th>{}<td>{}</td></tr>",
                            &evidence == feature.decisive() ? " class=\"decided\"" : "",
                            escape_xml(evidence_test_word(evidence)),
                            distribution ? "" : fmt::format(", {}", hypothesis_word(evidence.hypothesis)),
                            test_cells(evidence.test, evidence.adjusted_p_value), badge(evidence.decision));
        ++count;
    }
    for (std::size_t i = 0; i < listed.size(); ++i) {
        const auto test = static_cast<DriftTest>(i);
        const TestResult* result = drift::result_of(feature.statistics, test);
        if (result == nullptr || std::isnan(result->p_value) || (listed[i] && feature.compared_.empty())) continue;
        rows += fmt::format("<tr><th>{}{}</th>{}<td></td></tr>", test_word(test), listed[i] ? ", of the counters" : "",
                            test_cells(*result, std::numeric_limits<double>::quiet_NaN()));
        ++count;
    }
    if (count == 0) return {};
    return fmt::format(
        "<details class=\"tests\"><summary>All tests <span class=\"hint\">{}</span></summary><div "
        "class=\"scroll\"><table><thead><tr><th>test</th><th>statistic</th><th>p</th><th>adjusted p</th>"
        "<th>effect (interval)</th><th>n reference / live</th><th>verdict</th></tr></thead><tbody>{}</tbody></table>"
        "</div></details>",
        count, rows);
}

std::string feature_card(const Report& report, std::size_t f, bool with_plots, bool with_tests) {
    const FeatureReport& feature = report.features[f];
    const FeatureBaseline& known = report.baseline.features()[f];
    const std::string name = clean(known.name);
    std::string reason = report.reason(f);
    if (reason.starts_with(known.name + ": ")) reason.erase(0, known.name.size() + 2);
    std::string text = fmt::format(
        "<article class=\"feature {}\"><div class=\"words\"><h3>{} {}</h3><p class=\"kind\">{}</p><p>{}.</p>",
        decision_name(feature.decision), escape_xml(shortened(name, 60)), badge(feature.decision),
        feature_kind_name(known.kind), escape_xml(sentence(clean(reason))));
    const std::string open = left_open(feature);
    if (!open.empty()) text += fmt::format("<p>{}.</p>", escape_xml(sentence(open)));
    const Evidence* evidence = feature.decisive();
    if (evidence != nullptr) text += share_bar(*evidence, feature.tolerance);
    text += "</div>";
    if (with_plots) {
        const auto live = report.window.counts(f);
        text += "<div class=\"plots\">";
        const auto figure = [&text](const char* caption, const std::string& plot) {
            if (!plot.empty()) text += fmt::format("<figure><figcaption>{}</figcaption>{}</figure>", caption, plot);
        };
        if (known.kind == FeatureKind::numeric) {
            figure("share of the values here", distribution_plot(known, live));
            figure("share of the values up to here", cumulative_plot(known, live));
        } else {
            figure("share of each category", category_plot(known, live));
        }
        text += "</div>";
    }
    return text + facts(report, f) + (with_tests ? tests_of(feature) : "") + "</article>\n";
}

// Of the window looked at closely every feature with its tests, of the others those with plots.
std::string features_of(const Report& report, std::size_t plots, std::size_t limit, bool close) {
    std::string text;
    std::size_t shown = 0;
    std::size_t left_out = 0;
    for (const std::size_t f : report.ranking()) {
        if (report.features[f].ignored) continue;
        if (shown >= limit) {
            ++left_out;
            continue;
        }
        const bool with_plots = shown++ < plots;
        text += feature_card(report, f, with_plots, close || with_plots);
    }
    if (left_out != 0) text += fmt::format("<p class=\"hint\">{} more features are not listed.</p>", left_out);
    return text;
}

// What a joint test's answer rests on: features and live rows, the largest contribution first.
std::string rests_on(const Report& report, const JointEvidence& joint) {
    std::string features;
    std::string rows;
    for (const std::size_t i : joint.ranking())
        features += fmt::format("<tr><th>{}</th><td>{}</td></tr>",
                                escape_xml(clean(report.baseline.features()[joint.features[i]].name)),
                                escape_xml(number(joint.contributions[i])));
    for (const drift::RowContribution& row : joint.rows)
        rows += fmt::format("<tr><th>row {}</th><td>{}</td></tr>", grouped(row.position),
                            escape_xml(number(row.contribution)));
    if (features.empty() && rows.empty()) return {};
    return fmt::format(
        "<details class=\"tests\"><summary>What {} rests on</summary><div "
        "class=\"scroll\"><table><thead><tr><th>feature, "
        "or live row</th><th>contribution</th></tr></thead><tbody>{}{}</tbody></table></div></details>",
        escape_xml(multivariate_test_word(joint.by)), features, rows);
}

std::string together(const Report& report) {
    if (report.joint.empty()) return {};
    std::string text =
        "<section><h2>Features together</h2><p class=\"hint\">Numeric features as one: what changes between them, with "
        "each by itself unchanged, shows here only.</p><div class=\"scroll\"><table><thead><tr><th>test</th>"
        "<th>verdict</th><th>statistic</th><th>p</th><th>adjusted p</th><th>effect (interval)</th><th>rows reference / "
        "live</th><th>moved share</th><th>what was found</th></tr>"
        "</thead><tbody>";
    for (std::size_t j = 0; j < report.joint.size(); ++j) {
        const JointEvidence& joint = report.joint[j];
        text += fmt::format("<tr><th>{}</th><td>{}</td>{}<td>{}</td><td>{}.</td></tr>",
                            escape_xml(multivariate_test_word(joint.by)), badge(joint.decision),
                            test_cells(joint.test, joint.adjusted_p_value),
                            percent_with_interval(joint.moved_share, joint.moved_share_interval),
                            escape_xml(sentence(clean(report.joint_reason(j)))));
    }
    text += "</tbody></table></div>";
    for (const JointEvidence& joint : report.joint) text += rests_on(report, joint);
    return text + "</section>\n";
}

std::string joined_evidence(const std::optional<EvidenceReport>& joined) {
    if (!joined) return {};
    const EvidenceReport& evidence = *joined;
    std::string text = fmt::format(
        "<section><h2>Evidence of streams together</h2><p class=\"hint\">{} {}. The rate holds {}.</p><div "
        "class=\"scroll\"><table><thead><tr><th>stream</th><th>e-value</th><th>discovered</th></tr></thead><tbody>",
        badge(evidence.decision), escape_xml(sentence(clean(evidence.reason()))), escape_xml(evidence.condition()));
    for (const EvidenceReport::Stream& stream : evidence.streams)
        text += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td></tr>", escape_xml(shortened(stream.subject, 48)),
                            escape_xml(number(stream.e_value)), stream.is_discovered ? "yes" : "no");
    return text + "</tbody></table></div></section>\n";
}

std::string streams(std::span<const StreamReport> list, const std::optional<EvidenceReport>& joined) {
    std::string together = joined_evidence(joined);
    if (list.empty()) return together;
    std::string text =
        "<section><h2>Streams, value by value</h2><p class=\"hint\">Monitors, in the order in which "
        "values came: each dot an alarm, the shaded part the period of this report. Their rates of false alarms are "
        "their own, beside the level of the report.</p><div class=\"scroll\"><table class=\"stream\"><thead><tr>"
        "<th>stream</th><th>monitor</th><th>verdict</th><th>alarms here</th><th>level now</th><th>time line</th></tr>"
        "</thead><tbody>";
    for (const StreamReport& stream : list) {
        std::string monitor = drift::monitor_kind_name(stream.kind);
        std::replace(monitor.begin(), monitor.end(), '_', ' ');
        text += fmt::format(
            "<tr><th>{}</th><td title=\"{}\">{}</td><td title=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape_xml(shortened(stream.subject(), 48)), escape_xml(stream.options), escape_xml(monitor),
            escape_xml(clean(stream.reason())), badge(stream.decision), grouped(stream.period_alarms),
            escape_xml(number(stream.reading.estimate)), stream_plot(stream));
    }
    return text + "</tbody></table></div></section>\n" + together;
}

std::string scores(const Report& report) {
    if (report.scores.empty()) return {};
    std::string text =
        "<section><h2>Scores, request by request</h2><p class=\"hint\">Calibrated scores of the policy: how many "
        "requests exceeded each one&rsquo;s level, and how many a benign window may have. Requests found may be "
        "signs of: ";
    for (const ThreatTag& tag : threat_tags(Reason::calibrated_score))
        text += fmt::format("{}{} {} {}", text.ends_with(": ") ? "" : ", ", tag.catalogue, tag.id, tag.name);
    text +=
        ".</p><div class=\"scroll\"><table><thead><tr><th>score</th><th>kind</th><th>verdict</th><th>scored</th>"
        "<th>exceeded</th><th>allowed</th><th>not evaluated</th><th>what was found</th></tr></thead><tbody>";
    for (const ScoreReport& score : report.scores)
        text += fmt::format(
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}.</td></tr>",
            escape_xml(shortened(score.name, 48)), escape_xml(score.kind), badge(score.decision),
            grouped(score.evaluated), percent_with_interval(score.rate, score.rate_interval),
            percent(score.allowed_rate), grouped(score.unevaluated), escape_xml(sentence(clean(score.reason()))));
    return text + "</tbody></table></div></section>\n";
}

std::string schema(const Report& report) {
    if (!report.schema) return {};
    std::string text = fmt::format(
        "<section><h2>Schema, request by request</h2><p class=\"hint\">{} {}.</p><div class=\"scroll\"><table><thead>"
        "<tr><th>feature</th><th>check</th><th>severity</th><th>requests</th></tr></thead><tbody>",
        badge(report.schema->decision), escape_xml(sentence(report.schema->reason())));
    for (const SchemaFailure& failure : report.schema->failures)
        text += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>",
                            escape_xml(shortened(failure.subject, 48)), validation::check_name(failure.check),
                            validation::severity_name(failure.severity), grouped(failure.count));
    return text + "</tbody></table></div></section>\n";
}

// The metrics, in a section that the caller ends.
std::string metrics(const PerformanceReport& found, const std::string& reason) {
    std::string text = fmt::format(
        "<section><h2>Performance of the model</h2><p class=\"hint\">{} {}. An estimate without labels assumes that "
        "scores mean what they meant on the reference; labels tell whether they do.</p><div class=\"scroll\"><table>"
        "<thead><tr><th>metric</th><th>reference</th><th>estimated</th><th>by labels</th></tr></thead><tbody>",
        badge(found.decision), escape_xml(sentence(clean(reason))));
    const auto cell = [](const std::optional<drift::PerformanceEstimate>& estimate, std::size_t m) {
        if (!estimate) return std::string("-");
        const drift::MetricEstimate& metric = estimate->metrics[m];
        return percent_with_interval(metric.value, metric.interval);
    };
    for (std::size_t m = 0; m < drift::performance_metric_count; ++m) {
        std::string name = drift::performance_metric_name(static_cast<drift::PerformanceMetric>(m));
        std::replace(name.begin(), name.end(), '_', ' ');
        text +=
            fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td></tr>", name,
                        percent(found.reference.metrics[m].value), cell(found.estimated, m), cell(found.realised, m));
    }
    text += "</tbody></table></div>";
    if (found.gap && found.gap->rows > 0)
        text += fmt::format(
            "<p class=\"hint\">Of the {} rows with labels the estimated accuracy is {}, the realised one {} (p "
            "{}).</p>",
            grouped(found.gap->rows), percent(found.gap->estimated), percent(found.gap->realised),
            escape_xml(p_value(found.gap->p_value)));
    return text;
}

std::string performance(const Report& report) {
    if (!report.performance) return {};
    const PerformanceReport& found = *report.performance;
    std::string text = metrics(found, found.reason());
    if (found.ranking.empty()) return text + "</section>\n";
    text +=
        "<p class=\"hint\">Features by what their drift alone does to the accuracy:</p><div class=\"scroll\"><table>"
        "<thead><tr><th>feature</th><th>effect</th><th>from</th><th>to</th><th>adjusted p</th><th>unknown</th></tr>"
        "</thead><tbody>";
    for (const auto& [effect, adjusted_p_value] : found.ranking)
        text += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                            escape_xml(shortened(report.baseline.features()[effect.feature].name, 32)),
                            number(effect.effect), number(effect.interval.lower), number(effect.interval.upper),
                            escape_xml(p_value(adjusted_p_value)), percent(effect.live_unseen));
    return text + "</tbody></table></div></section>\n";
}

std::string memory(const Report& report) {
    if (!report.memory) return {};
    std::string tags;
    for (const Reason reason : {Reason::query_attack, Reason::extraction})
        for (const ThreatTag& tag : threat_tags(reason))
            tags += fmt::format("{}{}: {} {}", tags.empty() ? "" : ", ", tag.catalogue, tag.id, tag.name);
    return fmt::format(
        "<section><h2>Memory across requests</h2><p class=\"hint\">{} {}. What it may be a sign of: "
        "{}.</p></section>\n",
        badge(report.memory->decision), escape_xml(sentence(report.memory->reason())), escape_xml(tags));
}

std::string rates(const Report& report) {
    std::string rows;
    for (const std::size_t f : report.ranking()) {
        const FeatureReport& feature = report.features[f];
        if (feature.ignored) continue;
        for (const Evidence& evidence : feature.evidence()) {
            if (evidence.hypothesis == Hypothesis::distribution) continue;
            rows += fmt::format("<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                                escape_xml(shortened(report.baseline.features()[f].name, 32)),
                                hypothesis_word(evidence.hypothesis), percent(evidence.reference_rate),
                                percent(evidence.live_rate), escape_xml(p_value(evidence.adjusted_p_value)),
                                badge(evidence.decision));
        }
    }
    if (rows.empty()) rows = "<tr><td colspan=\"6\">None occurred, in the reference or live.</td></tr>";
    return "<section><h2>Missing, unseen and out-of-range values</h2><div class=\"scroll\"><table><thead><tr>"
           "<th>feature</th><th>values</th><th>reference</th><th>live</th><th>adjusted "
           "p</th><th>verdict</th></tr></thead>"
           "<tbody>" +
           rows + "</tbody></table></div></section>\n";
}

std::string requests(Items items) {
    std::uint64_t counts[4] = {};
    std::uint64_t rejected = 0;
    for (const Item& item : items) {
        for (std::size_t d = 0; d < 4; ++d) counts[d] += item.report->window.requests(static_cast<Decision>(d));
        rejected += item.report->window.rejected();
    }
    if (counts[0] + counts[1] + counts[2] + counts[3] == 0) return {};
    std::string text = "<section><h2>Row by row</h2><p>The guard judged every row by itself, too: ";
    for (const Decision decision : {Decision::pass, Decision::warn, Decision::alarm, Decision::not_evaluated}) {
        const auto d = static_cast<std::size_t>(decision);
        if (counts[d] != 0) {
            text +=
                fmt::format("{} {} {}", text.ends_with(": ") ? "" : ",", grouped(counts[d]), decision_word(decision));
        }
    }
    if (rejected != 0) text += fmt::format("; {} had the wrong width and were not counted", grouped(rejected));
    return text + ".</p></section>\n";
}

std::string metadata(Items items) {
    const Report& report = *items.front().report;
    std::string text = "<section><h2>About this report</h2><dl class=\"facts wide\">";
    const auto fact = [&text](std::string_view name, std::string_view value) {
        if (!value.empty()) text += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, escape_xml(value));
    };
    fact("baseline", clean(report.baseline.name()));
    fact("baseline SHA-256", to_hex(report.baseline.id()));
    fact("model digest", clean(report.baseline.model_digest()));
    fact("false-alarm level", fmt::format("{} for each window, over all its tests", percent(report.level)));
    std::string correction = stats::correction_name(report.correction);
    std::replace(correction.begin(), correction.end(), '_', ' ');
    fact("correction", correction);
    fact("observations needed", grouped(report.minimum_rows) + " per feature");
    fact("made by", std::string("vedette ") + version_string);
    return text +
           "</dl><p class=\"hint\">Moved share: Kolmogorov-Smirnov distance (numeric), total variation (categorical) "
           "or "
           "difference of rates. Too little data is said as &ldquo;not evaluated&rdquo;, never as a "
           "pass. Of the tests beside the verdict&rsquo;s own, without an adjusted p, none counts towards "
           "it.</p></section>\n";
}

std::string noise_of(const Report& report) {
    if (!report.release) return {};
    return fmt::format(
        "<section><h2>Noise</h2><p>This window was released under differential privacy; {}. Every live number on this "
        "page is made of noised counts, and p-values and intervals allow for that. The reference is shown as it is."
        "</p></section>\n",
        escape_xml(report.release->reason()));
}

std::string released(const Report& report) {
    std::string text;
    for (const ReleasedTable& table : released_tables(report)) {
        text += "<section><h2>" + escape_xml(table.title) + "</h2><div class=\"scroll\"><table>";
        for (std::size_t i = 0; i < table.rows.size(); ++i) {
            const char* const cell = i == 0 ? "th" : "td";
            text += i == 0 ? "<thead><tr>" : "<tr>";
            for (const std::string& each : table.rows[i]) text += fmt::format("<{0}>{1}</{0}>", cell, escape_xml(each));
            text += i == 0 ? "</tr></thead><tbody>" : "</tr>";
        }
        text += "</tbody></table></div><p class=\"hint\">" + escape_xml(table.note) + "</p></section>\n";
    }
    return text;
}

std::string details(Items items, const RenderOptions& options) {
    const std::size_t closest = focus(items);
    std::string text = "<section><h2>Features";
    if (items.size() > 1) text += fmt::format(", window {}", escape_xml(shortened(items[closest].label, 40)));
    text += "</h2><p class=\"legend\"><span class=\"key ref\"></span> reference <span class=\"key live\"></span> live";
    if (items.size() > 1) text += " &middot; the window with the most alarms; the others are folded below";
    text += "</p>" + features_of(*items[closest].report, plots_of_focus, options.max_features, true) + "</section>\n";
    text += noise_of(*items[closest].report);
    text += released(*items[closest].report);
    text += together(*items[closest].report);
    text += streams(items[closest].report->streams, items[closest].report->joined_evidence);
    text += scores(*items[closest].report);
    text += schema(*items[closest].report);
    text += performance(*items[closest].report);
    text += memory(*items[closest].report);
    text += rates(*items[closest].report);
    if (items.size() == 1) return text;
    text += "<section><h2>The other windows</h2>";
    const std::size_t first = items.size() > most_detailed_windows ? items.size() - most_detailed_windows : 0;
    if (first != 0) {
        text +=
            fmt::format("<p class=\"hint\">The last {} windows; the table above has all.</p>", most_detailed_windows);
    }
    for (std::size_t i = first; i < items.size(); ++i) {
        if (i == closest) continue;
        const Report& report = *items[i].report;
        text +=
            fmt::format("<details><summary>{} {} <span class=\"hint\">{} rows</span></summary><p>{}</p>{}</details>\n",
                        escape_xml(shortened(items[i].label, 40)), badge(report.decision), live_rows_told(report),
                        escape_xml(sentence(clean(report.summary()))),
                        features_of(report, plots_of_others, options.max_features, false));
    }
    return text + "</section>\n";
}

std::string open_page(std::string_view name, Decision decision) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
        "<meta name=\"color-scheme\" content=\"light dark\"/>"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
        "<title>{}: {}</title><style>{}</style></head>\n<body><main>\n",
        escape_xml(name), decision_word(decision), report_style);
}

}  // namespace

std::string html(Items items, const RenderOptions& options) {
    std::string page = open_page(title(items, options), overall(items));
    page += header(items, options);
    if (items.size() > 1) page += timeline(items, options);
    page += details(items, options);
    page += requests(items);
    page += metadata(items);
    return page + "</main></body></html>\n";
}

std::string page_around(std::string_view name, std::string_view summary, Decision decision, std::string_view body) {
    return open_page(name, decision) +
           fmt::format("<header><h1>{}</h1><p>{} {}.</p></header>\n", escape_xml(clean(name)), badge(decision),
                       escape_xml(clean(summary))) +
           std::string(body) +
           fmt::format("<section><p class=\"hint\">made by vedette {}</p></section></main></body></html>\n",
                       version_string);
}

std::string stream_page(std::string_view name, std::string_view summary, Decision decision,
                        std::span<const StreamReport> list, const StreamPageParts& parts) {
    const std::string performance =
        parts.performance ? metrics(*parts.performance, parts.performance_reason) + "</section>\n" : std::string();
    return page_around(name, summary, decision, performance + streams(list, parts.joined));
}

}  // namespace vedette::inline v0::rendering
